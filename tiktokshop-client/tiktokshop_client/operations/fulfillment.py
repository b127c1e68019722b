"""Packages, their tracking, and where they leave from."""

from tiktokshop_client.operations._operation import SHIPPED_BY_SELLER, Operation

SEARCH_PACKAGES = Operation(
    "search_packages",
    "POST",
    "/fulfillment/202309/packages/search",
    "seller.fulfillment.basic",
    rows="packages",
    paging="query",
    page_size=50,
)
GET_PACKAGE = Operation(
    "get_package",
    "GET",
    "/fulfillment/202309/packages/{package_id}",
    "seller.fulfillment.basic",
)
GET_WAREHOUSES = Operation(
    "get_warehouses",
    "GET",
    "/logistics/202309/warehouses",
    "seller.logistics",
    rows="warehouses",
)
GET_DELIVERY_OPTIONS = Operation(
    "get_delivery_options",
    "GET",
    "/logistics/202309/warehouses/{warehouse_id}/delivery_options",
    "seller.logistics",
    rows="delivery_options",
)
GET_SHIPPING_PROVIDERS = Operation(
    "get_shipping_providers",
    "GET",
    "/logistics/202309/delivery_options/{delivery_option_id}/shipping_providers",
    "seller.logistics",
    rows="shipping_providers",
)
MARK_PACKAGE_AS_SHIPPED = Operation(
    "mark_package_as_shipped",
    "POST",
    "/fulfillment/202610/orders/{order_id}/packages",
    "seller.fulfillment.basic",
    markets=SHIPPED_BY_SELLER,
    repeatable=False,
    partial=("warning",),
)
MARK_PACKAGE_AS_SHIPPED_202309 = Operation(
    "mark_package_as_shipped_202309",
    "POST",
    "/fulfillment/202309/orders/{order_id}/packages",
    "seller.fulfillment.basic",
    markets=SHIPPED_BY_SELLER,
    repeatable=False,
    partial=("warning",),
)
SHIP_PACKAGE = Operation(
    "ship_package",
    "POST",
    "/fulfillment/202309/packages/{package_id}/ship",
    "seller.fulfillment.basic",
    repeatable=False,
)
SHIP_PACKAGES = Operation(
    "ship_packages",
    "POST",
    "/fulfillment/202309/packages/ship",
    "seller.fulfillment.basic",
    repeatable=False,
    partial=("errors",),
)
UPDATE_ORDER_SHIPPING_INFO = Operation(
    "update_order_shipping_info",
    "POST",
    "/fulfillment/202309/orders/{order_id}/shipping_info/update",
    "seller.fulfillment.basic",
    repeatable=False,
)
UPDATE_PACKAGE_SHIPPING_INFO = Operation(
    "update_package_shipping_info",
    "POST",
    "/fulfillment/202610/packages/{package_id}/shipping_info/update",
    "seller.fulfillment.basic",
    repeatable=False,
)
UPDATE_PACKAGE_SHIPPING_INFO_202309 = Operation(
    "update_package_shipping_info_202309",
    "POST",
    "/fulfillment/202309/packages/{package_id}/shipping_info/update",
    "seller.fulfillment.basic",
    repeatable=False,
)
GET_ORDER_TRACKING = Operation(
    "get_order_tracking",
    "GET",
    "/fulfillment/202309/orders/{order_id}/tracking",
    "seller.fulfillment.basic",
    rows="tracking",
)
GET_HANDOVER_SLOTS = Operation(
    "get_handover_slots",
    "GET",
    "/fulfillment/202309/packages/{package_id}/handover_time_slots",
    "seller.fulfillment.package.write",
)
GET_SHIPPING_DOCUMENT = Operation(
    "get_shipping_document",
    "GET",
    "/fulfillment/202309/packages/{package_id}/shipping_documents",
    "seller.fulfillment.basic",
    needs=("document_type",),
)
GET_SHIPPING_SERVICES = Operation(
    "get_shipping_services",
    "POST",
    "/fulfillment/202309/orders/{order_id}/shipping_services/query",
    "seller.fulfillment.basic",
)
CREATE_PACKAGE = Operation(
    "create_package",
    "POST",
    "/fulfillment/202512/packages",
    "seller.fulfillment.basic",
    body_needs=("ship_type", "order_id"),
    repeatable=False,
)
CREATE_PACKAGE_202309 = Operation(
    "create_package_202309",
    "POST",
    "/fulfillment/202309/packages",
    "seller.fulfillment.basic",
    body_needs=("order_id",),
    repeatable=False,
)
GET_SPLIT_ATTRIBUTES = Operation(
    "get_split_attributes",
    "GET",
    "/fulfillment/202309/orders/split_attributes",
    "seller.fulfillment.package.write",
    needs=("order_ids",),
)
SPLIT_ORDER = Operation(
    "split_order",
    "POST",
    "/fulfillment/202309/orders/{order_id}/split",
    "seller.fulfillment.package.write",
    repeatable=False,
)
SEARCH_COMBINABLE_PACKAGES = Operation(
    "search_combinable_packages",
    "GET",
    "/fulfillment/202309/combinable_packages/search",
    "seller.fulfillment.package.write",
    rows="combinable_packages",
    paging="query",
    page_size=50,
)
COMBINE_PACKAGES = Operation(
    "combine_packages",
    "POST",
    "/fulfillment/202309/packages/combine",
    "seller.fulfillment.package.write",
    repeatable=False,
    partial=("errors",),
)
UNCOMBINE_PACKAGE = Operation(
    "uncombine_package",
    "POST",
    "/fulfillment/202309/packages/{package_id}/uncombine",
    "seller.fulfillment.package.write",
    repeatable=False,
)
