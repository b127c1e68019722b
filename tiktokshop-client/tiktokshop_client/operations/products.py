"""Products: search, details, stock, prices, status."""

from tiktokshop_client.operations._operation import Operation

SEARCH_PRODUCTS = Operation(
    "search_products",
    "POST",
    "/product/202502/products/search",
    "seller.product.basic",
    rows="products",
    paging="query",
    page_size=100,
)
GET_PRODUCT = Operation(
    "get_product",
    "GET",
    "/product/202309/products/{product_id}",
    "seller.product.basic",
)
SEARCH_INVENTORY = Operation(
    "search_inventory",
    "POST",
    "/product/202309/inventory/search",
    "seller.product.basic",
    rows="inventory",
)
UPDATE_INVENTORY = Operation(
    "update_inventory",
    "POST",
    "/product/202309/products/{product_id}/inventory/update",
    "seller.product.write",
    partial=("errors",),
)
UPDATE_PRICES = Operation(
    "update_prices",
    "POST",
    "/product/202309/products/{product_id}/prices/update",
    "seller.product.write",
)
ACTIVATE_PRODUCTS = Operation(
    "activate_products",
    "POST",
    "/product/202309/products/activate",
    "seller.product.write",
    partial=("errors",),
)
DEACTIVATE_PRODUCTS = Operation(
    "deactivate_products",
    "POST",
    "/product/202309/products/deactivate",
    "seller.product.write",
    partial=("errors",),
)
DELETE_PRODUCTS = Operation(
    "delete_products",
    "DELETE",
    "/product/202309/products",
    "seller.product.delete",
    partial=("errors",),
)
RECOVER_PRODUCTS = Operation(
    "recover_products",
    "POST",
    "/product/202309/products/recover",
    "seller.product.delete",
    partial=("errors",),
)
