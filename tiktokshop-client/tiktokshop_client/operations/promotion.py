"""Promotions and coupons."""

from tiktokshop_client.operations._operation import Operation

SEARCH_ACTIVITIES = Operation(
    "search_activities",
    "POST",
    "/promotion/202309/activities/search",
    "seller.promotion.info",
    rows="activities",
    paging="body",
    page_size=100,
)
GET_ACTIVITY = Operation(
    "get_activity",
    "GET",
    "/promotion/202309/activities/{activity_id}",
    "seller.promotion.info",
)
SEARCH_COUPONS = Operation(
    "search_coupons",
    "POST",
    "/promotion/202406/coupons/search",
    "seller.promotion.info",
    rows="coupons",
    paging="query",
    page_size=100,
)
CREATE_ACTIVITY = Operation(
    "create_activity",
    "POST",
    "/promotion/202309/activities",
    "seller.promotion.write",
    repeatable=False,
)
UPDATE_ACTIVITY = Operation(
    "update_activity",
    "PUT",
    "/promotion/202309/activities/{activity_id}",
    "seller.promotion.write",
)
DEACTIVATE_ACTIVITY = Operation(
    "deactivate_activity",
    "POST",
    "/promotion/202309/activities/{activity_id}/deactivate",
    "seller.promotion.write",
)
UPDATE_ACTIVITY_PRODUCTS = Operation(
    "update_activity_products",
    "PUT",
    "/promotion/202309/activities/{activity_id}/products",
    "seller.promotion.write",
)
REMOVE_ACTIVITY_PRODUCTS = Operation(
    "remove_activity_products",
    "DELETE",
    "/promotion/202309/activities/{activity_id}/products",
    "seller.promotion.write",
)
