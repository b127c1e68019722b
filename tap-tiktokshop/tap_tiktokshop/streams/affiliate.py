"""What creators sell for the seller, and on which terms."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import Listed, TimeFilter, Windows
from tap_tiktokshop.reading.open_rows import OpenRows
from tap_tiktokshop.streams.declaration import Declaration

SETTLED = frozenset({"SETTLED", "INELIGIBLE"})
"""The statuses in which a commission is final; until then it is an estimate."""

AFFILIATE_ORDERS = Declaration(
    name="affiliate_orders",
    summary="Orders that creators brought, with their commissions, estimated and then actual.",
    keys=("shop_id", "id"),
    replication_key="create_time",
    open_rows=OpenRows(
        lambda order: any(sku.get("settlement_status") not in SETTLED for sku in order.get("skus") or ()),
        days=60,
    ),
    reading=Windows(
        operation=operations.SEARCH_AFFILIATE_ORDERS,
        filter=TimeFilter("create_time"),
        key="id",
    ),
)

OPEN_COLLABORATIONS = Declaration(
    name="open_collaborations",
    summary="Products that every creator may promote, and the commission for it.",
    keys=("shop_id", "id"),
    reading=Listed(operations.SEARCH_OPEN_COLLABORATIONS, "id"),
)

TARGET_COLLABORATIONS = Declaration(
    name="target_collaborations",
    summary="Offers to chosen creators.",
    keys=("shop_id", "id"),
    reading=Listed(  # its counts go on without its times moving
        operations.SEARCH_TARGET_COLLABORATIONS,
        "id",
        each=tuple({"collaboration_status": status} for status in ("VALID", "CANCELING", "COMPLETED")),
    ),
)

READ_SAMPLE_APPLICATIONS = Listed(operations.SEARCH_SAMPLE_APPLICATIONS, "id")

SAMPLE_APPLICATIONS = Declaration(
    name="sample_applications",
    summary="Creators' requests for free samples, and what happened to them.",
    keys=("shop_id", "id"),
    reading=READ_SAMPLE_APPLICATIONS,
)

STREAMS = (AFFILIATE_ORDERS, OPEN_COLLABORATIONS, TARGET_COLLABORATIONS, SAMPLE_APPLICATIONS)
