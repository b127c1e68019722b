"""Goods that the platform stores and ships (Fulfilled by TikTok)."""

from tiktokshop_client.operations._operation import Operation

GET_FBT_REGIONS = Operation(
    "get_fbt_regions",
    "GET",
    "/fbt/202409/merchants/onboarded_regions",
    "",
    rows="onboarded_regions",
)
SEARCH_FBT_INVENTORY = Operation(
    "search_fbt_inventory",
    "POST",
    "/fbt/202408/inventory/search",
    "",
    rows="inventory",
    paging="query",
    page_size=100,
    programme="Fulfilled by TikTok",
)
SEARCH_FBT_INVENTORY_RECORDS = Operation(
    "search_fbt_inventory_records",
    "POST",
    "/fbt/202410/inventory_records/search",
    "",
    rows="inventory_records",
    paging="query",
    page_size=100,
    programme="Fulfilled by TikTok",
)
GET_FBT_INBOUND_ORDERS = Operation(
    "get_fbt_inbound_orders",
    "GET",
    "/fbt/202602/inbound_orders",
    "",
    rows="inbound_orders",
    needs=("order_ids",),
    programme="Fulfilled by TikTok",
)
SEARCH_FBT_GOODS = Operation(
    "search_fbt_goods",
    "POST",
    "/fbt/202607/goods/search",
    "",
    rows="goods",
    paging="query",
    page_size=100,
    programme="Fulfilled by TikTok",
)
GET_FBT_WAREHOUSES = Operation(
    "get_fbt_warehouses",
    "GET",
    "/fbt/202408/warehouses",
    "",
    rows="warehouses",
    programme="Fulfilled by TikTok",
)
