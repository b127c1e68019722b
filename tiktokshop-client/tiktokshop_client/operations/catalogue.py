"""What products are listed with: categories, brands, compliance data, and the catalogue of cross-border sellers."""

from tiktokshop_client.operations._operation import CROSS_BORDER, Operation

# Every market has the second tree of categories by now; its ids are not those of the first, which is the default.
CATEGORY_VERSION = {"category_version": "v2"}

GET_PRODUCT_DIAGNOSES = Operation(
    "get_product_diagnoses",
    "GET",
    "/product/202405/products/diagnoses",
    "seller.product.optimize",
    rows="products",
    needs=("product_ids",),
)
GET_CATEGORIES = Operation(
    "get_categories",
    "GET",
    "/product/202309/categories",
    "seller.product.basic",
    rows="categories",
    query=CATEGORY_VERSION,
)
GET_BRANDS = Operation(
    "get_brands",
    "GET",
    "/product/202309/brands",
    "seller.product.basic",
    rows="brands",
    paging="query",
    page_size=100,
    query=CATEGORY_VERSION,
)
GET_CATEGORY_RULES = Operation(
    "get_category_rules",
    "GET",
    "/product/202309/categories/{category_id}/rules",
    "seller.product.basic",
    query=CATEGORY_VERSION,
)
GET_CATEGORY_ATTRIBUTES = Operation(
    "get_category_attributes",
    "GET",
    "/product/202309/categories/{category_id}/attributes",
    "seller.product.basic",
    rows="attributes",
    query=CATEGORY_VERSION,
)
SEARCH_SIZE_CHARTS = Operation(
    "search_size_charts",
    "POST",
    "/product/202407/sizecharts/search",
    "seller.product.basic",
    cipher=False,
    rows="size_chart",
    paging="query",
    page_size=100,
)
SEARCH_MANUFACTURERS = Operation(
    "search_manufacturers",
    "POST",
    "/product/202501/compliance/manufacturers/search",
    "seller.product.basic",
    cipher=False,
    rows="manufacturers",
    paging="query",
    page_size=100,
)
SEARCH_RESPONSIBLE_PERSONS = Operation(
    "search_responsible_persons",
    "POST",
    "/product/202501/compliance/responsible_persons/search",
    "seller.product.basic",
    cipher=False,
    rows="responsible_persons",
    paging="query",
    page_size=100,
)
SEARCH_GLOBAL_PRODUCTS = Operation(
    "search_global_products",
    "POST",
    "/product/202312/global_products/search",
    "seller.global_product.info",
    cipher=False,
    rows="global_products",
    paging="query",
    page_size=100,
    seller_types=CROSS_BORDER,
)
GET_GLOBAL_PRODUCT = Operation(
    "get_global_product",
    "GET",
    "/product/202309/global_products/{global_product_id}",
    "seller.global_product.info",
    cipher=False,
    seller_types=CROSS_BORDER,
)
