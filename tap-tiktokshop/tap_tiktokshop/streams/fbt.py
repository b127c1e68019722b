"""Goods that the platform stores and ships (Fulfilled by TikTok)."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import IDENTITY, Children, IfOnboarded, Listed, Parents, TimeFilter, Windows
from tap_tiktokshop.streams.declaration import Declaration
from tap_tiktokshop.streams.shapes import inbound_orders, lifted

FBT_INVENTORY = Declaration(
    name="fbt_inventory",
    summary="Stock of goods in the platform's warehouses.",
    keys=("shop_id", "goods_id", "fbt_warehouse_id"),
    shape=lifted(goods_id="goods.id"),
    reading=IfOnboarded(Listed(operations.SEARCH_FBT_INVENTORY, ("goods", "fbt_warehouse_id"))),
)

READ_RECORDS = Windows(
    operation=operations.SEARCH_FBT_INVENTORY_RECORDS,
    filter=TimeFilter("create_time", inclusive=True),
    # The platform gives records no identifier: all that tells two of them apart.
    key=(
        "goods",
        "fbt_warehouse_id",
        "order",
        "create_time",
        "inventory_goods_type",
        "initial_on_hand_quantity",
        "final_on_hand_quantity",
    ),
)

FBT_INVENTORY_RECORDS = Declaration(
    name="fbt_inventory_records",
    summary="Every change of that stock: what came in, what was sold, what was corrected.",
    keys=(
        "shop_id",
        "goods_id",
        "fbt_warehouse_id",
        "order_id",
        "create_time",
        "inventory_goods_type",
        "initial_on_hand_quantity",
        "final_on_hand_quantity",
    ),
    replication_key="create_time",
    shape=lifted(goods_id="goods.id", order_id="order.id"),
    reading=IfOnboarded(READ_RECORDS),
)

READ_INBOUND_ORDERS = Children(
    parents=(Parents(READ_RECORDS, inbound_orders, ("order",), once=IDENTITY),),
    operation=operations.GET_FBT_INBOUND_ORDERS,
    key="order_id",
    key_fallbacks=("order_id_string",),
    ids="query.order_ids",
    most=20,
)

FBT_INBOUND_ORDERS = Declaration(
    name="fbt_inbound_orders",
    summary="Deliveries of goods to the platform's warehouses, with what was received.",
    keys=("shop_id", "order_id"),
    follows="create_time",
    how="those that stock records since then name",
    reading=IfOnboarded(READ_INBOUND_ORDERS),
)

FBT_GOODS = Declaration(
    name="fbt_goods",
    summary="The goods themselves: the SKUs they are sold as, weight, dimensions, dangerous contents.",
    keys=("shop_id", "id"),
    reading=IfOnboarded(Listed(operations.SEARCH_FBT_GOODS, "id")),
)

FBT_WAREHOUSES = Declaration(
    name="fbt_warehouses",
    summary="The platform's warehouses.",
    keys=("shop_id", "fbt_warehouse_id"),
    reading=IfOnboarded(Listed(operations.GET_FBT_WAREHOUSES, "fbt_warehouse_id")),
)

STREAMS = (FBT_INVENTORY, FBT_INVENTORY_RECORDS, FBT_INBOUND_ORDERS, FBT_GOODS, FBT_WAREHOUSES)
