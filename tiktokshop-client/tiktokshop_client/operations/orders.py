"""Orders, and what belongs to one."""

from tiktokshop_client.operations._operation import Operation

SEARCH_ORDERS = Operation(
    "search_orders",
    "POST",
    "/order/202309/orders/search",
    "seller.order.info",
    rows="orders",
    paging="query",
    page_size=100,
)
GET_ORDERS = Operation(
    "get_orders",
    "GET",
    "/order/202507/orders",
    "seller.order.info",
    rows="orders",
    needs=("ids",),
)
GET_PRICE_DETAIL = Operation(
    "get_price_detail",
    "GET",
    "/order/202407/orders/{order_id}/price_detail",
    "seller.order.info",
)
EXTERNAL_PLATFORMS = (
    "AMAZON",
    "BIGCOMMERCE",
    "CHANNEL_ADVISOR",
    "ERP_SYSTEM",
    "MAGENTO",
    "ORDER_MANAGEMENT_SYSTEM",
    "SALESFORCE_COMMERCE_CLOUD",
    "SHOPIFY",
    "WAREHOUSE_MANAGEMENT_SYSTEM",
    "WOOCOMMERCE",
)
"""The systems whose order numbers the platform keeps."""
GET_EXTERNAL_ORDERS = Operation(
    "get_external_orders",
    "GET",
    "/order/202406/orders/{order_id}/external_orders",
    "seller.order.info",
    rows="external_orders",
    needs=("platform",),
)
ADD_EXTERNAL_ORDERS = Operation(
    "add_external_orders",
    "POST",
    "/order/202406/orders/external_orders",
    "seller.order.info",
    partial=("errors",),
)
