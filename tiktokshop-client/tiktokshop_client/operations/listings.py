"""Listings: what must be there before one, pictures, new products, edits of products, replicas in other markets."""

from tiktokshop_client.operations._operation import Operation

GET_PREREQUISITES = Operation(
    "get_prerequisites",
    "GET",
    "/product/202312/prerequisites",
    "seller.product.basic",
    rows="check_results",
)
RECOMMEND_CATEGORY = Operation(
    "recommend_category",
    "POST",
    "/product/202309/categories/recommend",
    "seller.product.basic",
)
UPLOAD_IMAGE = Operation(
    "upload_image",
    "POST",
    "/product/202309/images/upload",
    "seller.product.basic",
    cipher=False,
)
CHECK_LISTING = Operation(
    "check_listing",
    "POST",
    "/product/202309/products/listing_check",
    "seller.product.write",
)
CREATE_PRODUCT = Operation(
    "create_product",
    "POST",
    "/product/202309/products",
    "seller.product.write",
    repeatable=False,
)
EDIT_PRODUCT_PARTLY = Operation(
    "edit_product_partly",
    "POST",
    "/product/202509/products/{product_id}/partial_edit",
    "seller.product.write",
)
GET_REPLICATION_RULES = Operation(
    "get_replication_rules",
    "GET",
    "/product/202507/global_listing_rules",
    "seller.product.basic",
)
GET_REPLICAS = Operation(
    "get_replicas",
    "GET",
    "/product/202507/products/{product_id}/replicated_products",
    "seller.product.basic",
    rows="replicated_products",
)
REPLICATE_PRODUCT = Operation(
    "replicate_product",
    "POST",
    "/product/202507/products/{product_id}/global_replicate",
    "seller.product.write",
    repeatable=False,
    partial=("errors",),
)
