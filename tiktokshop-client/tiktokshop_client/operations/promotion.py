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
