"""Orders, and what must be asked for each of them."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import Children, Listed, Parents, TimeFilter, Windows
from tap_tiktokshop.streams.declaration import Declaration
from tap_tiktokshop.streams.shapes import tracked

READ_ORDERS = Windows(
    operation=operations.SEARCH_ORDERS,
    filter=TimeFilter("update_time"),
    key="id",
    query={"sort_field": "update_time", "sort_order": "ASC"},
)
CHANGED_ORDERS = Parents(READ_ORDERS, "id")
NOT_SENT_YET = frozenset({"UNPAID", "ON_HOLD", "AWAITING_SHIPMENT"})
ON_THE_WAY = "IN_TRANSIT"

ORDERS = Declaration(
    name="orders",
    summary="Orders with their line items (one per unit), payment, recipient and packages.",
    keys=("shop_id", "id"),
    replication_key="update_time",
    reading=READ_ORDERS,
)

READ_PRICE_DETAILS = Children(
    parents=(CHANGED_ORDERS,),
    operation=operations.GET_PRICE_DETAIL,
    key=None,
    path="order_id",
    name="order_id",
    inherit={"order_update_time": "update_time"},
)

ORDER_PRICE_DETAILS = Declaration(
    name="order_price_details",
    summary="What the price of an order is made up of, line by line, with every discount and tax.",
    keys=("shop_id", "order_id"),
    replication_key="order_update_time",
    off=True,
    how="of changed orders",
    reading=READ_PRICE_DETAILS,
)

READ_EXTERNAL_REFERENCES = Children(
    parents=(CHANGED_ORDERS,),
    operation=operations.GET_EXTERNAL_ORDERS,
    key="id",
    path="order_id",
    each=("platform", "external_order_platforms"),
    name="order_id",
    inherit={"order_update_time": "update_time"},
)

EXTERNAL_ORDER_REFERENCES = Declaration(
    name="external_order_references",
    summary="The numbers that orders have in the seller's other systems.",
    keys=("shop_id", "order_id", "platform", "id"),
    replication_key="order_update_time",
    off=True,
    how="of changed orders, a call for each system",
    reading=READ_EXTERNAL_REFERENCES,
)

READ_TRACKING = Children(
    parents=(
        # A parcel moves without its order changing.
        Parents(Listed(operations.SEARCH_ORDERS, "id", body={"order_status": ON_THE_WAY}), "id", ("update_time",)),
        Parents(
            READ_ORDERS,
            "id",
            ("status",),
            where=lambda order: order.get("status") not in {*NOT_SENT_YET, ON_THE_WAY},
        ),
    ),
    operation=operations.GET_ORDER_TRACKING,
    key=("update_time_millis", "description"),
    path="order_id",
    name="order_id",
    inherit={"order_update_time": "update_time"},
)

ORDER_TRACKING = Declaration(
    name="order_tracking",
    summary="Where the parcels of an order have been.",
    keys=("shop_id", "order_id", "update_time_millis", "description"),
    replication_key="order_update_time",
    off=True,
    shape=tracked,
    how="of orders on their way, and of those that changed",
    reading=READ_TRACKING,
)

STREAMS = (ORDERS, ORDER_PRICE_DETAILS, EXTERNAL_ORDER_REFERENCES, ORDER_TRACKING)
