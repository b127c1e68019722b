"""Returns, cancellations, and the requests and authorisations that they are part of."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import Children, NestedFilter, Parents, TimeFilter, Windows
from tap_tiktokshop.streams.declaration import Declaration
from tap_tiktokshop.streams.shapes import latest, numbered

BY_UPDATE = {"sort_field": "update_time", "sort_order": "ASC"}
SORT = {"sort_field": "UPDATE_TIME", "sort_order": "ASC"}

READ_RETURNS = Windows(
    operation=operations.SEARCH_RETURNS,
    filter=TimeFilter("update_time"),
    key="return_id",
    query=BY_UPDATE,
)
READ_CANCELLATIONS = Windows(
    operation=operations.SEARCH_CANCELLATIONS,
    filter=TimeFilter("update_time"),
    key="cancel_id",
    query=BY_UPDATE,
)

RETURNS = Declaration(
    name="returns",
    summary="Returns, refunds, replacements and exchanges with their line items and refund amounts.",
    keys=("shop_id", "return_id"),
    replication_key="update_time",
    reading=READ_RETURNS,
)

CANCELLATIONS = Declaration(
    name="cancellations",
    summary="Cancellations of orders or single items, requested and decided.",
    keys=("shop_id", "cancel_id"),
    replication_key="update_time",
    reading=READ_CANCELLATIONS,
)

READ_RETURN_RECORDS = Children(
    parents=(Parents(READ_RETURNS, "return_id"),),
    operation=operations.GET_RETURN_RECORDS,
    key=("create_time", "event", "role", "description"),
    path="return_id",
    name="return_id",
    inherit={"return_update_time": "update_time"},
)

RETURN_RECORDS = Declaration(
    name="return_records",
    summary="What happened to a return, step by step from its beginning.",
    keys=("shop_id", "return_id", "position"),
    replication_key="return_update_time",
    how="of changed returns",
    shape=numbered,
    reading=READ_RETURN_RECORDS,
)

READ_AFTERSALES = Windows(
    operation=operations.SEARCH_AFTERSALES,
    filter=NestedFilter("update_time"),
    key="id",
    body={
        "whitelisted_data_fields": ["LINE_ITEMS", "RETURN_MERCHANDISE_AUTHORIZATIONS", "SKU_RETURN_REQUESTS"],
        "sort": SORT,
    },
)

AFTERSALES = Declaration(
    name="aftersales",
    summary="After-sales requests: the returns that a buyer asked for together.",
    keys=("shop_id", "id"),
    replication_key="update_time",
    shape=latest("update_time", "sku_return_requests[].update_time"),
    reading=READ_AFTERSALES,
)

READ_RMAS = Windows(
    operation=operations.SEARCH_RMAS,
    filter=NestedFilter("update_time"),
    key="id",
    body={"whitelisted_data_fields": ["LINE_ITEMS", "SKU_RETURN_REQUESTS"], "sort": SORT},
)

RMAS = Declaration(
    name="rmas",
    summary="Return merchandise authorisations: the parcels in which goods come back, with what is in them.",
    keys=("shop_id", "id"),
    replication_key="update_time",
    shape=latest("update_time", "sku_return_requests[].update_time"),
    reading=READ_RMAS,
)

REJECT_REASONS = Declaration(
    name="reject_reasons",
    summary="The reasons for which the seller may refuse returns and cancellations.",
    keys=("shop_id", "name"),
    follows="update_time",
    how="whole, when returns or cancellations have changed",
    reading=Children(
        # The platform tells them for one return or cancellation only; those of a kind have the same.
        parents=(
            Parents(READ_RETURNS, "return_id", once="return_type"),
            Parents(READ_CANCELLATIONS, "cancel_id", once="cancel_type"),
        ),
        operation=operations.GET_REJECT_REASONS,
        key="name",
        ids="query.return_or_cancel_id",
        forgiving=True,
        distinct=True,
    ),
)

STREAMS = (RETURNS, CANCELLATIONS, RETURN_RECORDS, AFTERSALES, RMAS, REJECT_REASONS)
