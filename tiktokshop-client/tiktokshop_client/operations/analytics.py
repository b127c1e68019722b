"""Reports by day: the shop, its products, SKUs, videos and live sessions, and its score."""

from tiktokshop_client.operations._operation import UNITED_STATES, Operation

GET_SHOP_PERFORMANCE = Operation(
    "get_shop_performance",
    "GET",
    "/analytics/202609/shop/performance",
    "data.shop_analytics.public.read",
    rows="performance.intervals",
    query={"granularity": "1D"},
    needs=("start_date_ge", "end_date_lt"),
)
GET_SHOP_PERFORMANCE_PER_HOUR = Operation(
    "get_shop_performance_per_hour",
    "GET",
    "/analytics/202510/shop/performance/{date}/performance_per_hour",
    "data.shop_analytics.public.read",
    rows="performance.intervals",
)
GET_PRODUCT_PERFORMANCE = Operation(
    "get_product_performance",
    "GET",
    "/analytics/202605/shop_products/performance",
    "data.shop_analytics.public.read",
    rows="products",
    paging="query",
    page_size=100,
    needs=("start_date_ge", "end_date_lt"),
)
GET_SKU_PERFORMANCE = Operation(
    "get_sku_performance",
    "GET",
    "/analytics/202509/shop_skus/performance",
    "data.shop_analytics.public.read",
    rows="skus",
    paging="query",
    page_size=100,
    needs=("start_date_ge", "end_date_lt"),
)
GET_VIDEO_PERFORMANCE = Operation(
    "get_video_performance",
    "GET",
    "/analytics/202605/shop_videos/performance",
    "data.shop_analytics.public.read",
    rows="videos",
    paging="query",
    page_size=100,
    needs=("start_date_ge", "end_date_lt"),
)
GET_LIVE_PERFORMANCE = Operation(
    "get_live_performance",
    "GET",
    "/analytics/202609/shop_lives/performance",
    "data.shop_analytics.public.read",
    rows="live_stream_sessions",
    paging="query",
    page_size=100,
    needs=("start_date_ge", "end_date_lt", "account_type"),
)
GET_SHOP_SCORE = Operation(
    "get_shop_score",
    "GET",
    "/analytics/202606/shop_performances/overview",
    "data.shop_analytics.public.read",
    markets=UNITED_STATES,
)
GET_SHOP_SCORE_METRICS = Operation(
    "get_shop_score_metrics",
    "GET",
    "/analytics/202606/shop_performances/metrics",
    "data.shop_analytics.public.read",
    rows="metrics",
    markets=UNITED_STATES,
)
