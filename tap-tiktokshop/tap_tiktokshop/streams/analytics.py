"""Reports by day in the shop's time zone, and the shop's score."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import Days, Listed, Single
from tap_tiktokshop.streams.declaration import Declaration
from tap_tiktokshop.streams.shapes import dated, hourly

DAILY = "a row a day; the last 7 days again"
ACCOUNTS = ("OFFICIAL_ACCOUNTS", "MARKETING_ACCOUNTS", "AFFILIATE_ACCOUNTS")

SHOP_PERFORMANCE = Declaration(
    name="shop_performance",
    summary="Sales and traffic of the shop by day.",
    keys=("shop_id", "date"),
    replication_key="date",
    how=DAILY,
    reading=Days(
        operation=operations.GET_SHOP_PERFORMANCE,
        key="start_date",
        span=30,
        day="start_date",
    ),
)

SHOP_PERFORMANCE_HOURLY = Declaration(
    name="shop_performance_hourly",
    summary="Sales and traffic of the shop by hour of the day.",
    keys=("shop_id", "date", "hour"),
    replication_key="date",
    how="a row an hour; the last 7 days again",
    shape=hourly,
    reading=Days(operation=operations.GET_SHOP_PERFORMANCE_PER_HOUR, key="index", path="date"),
)

PRODUCT_PERFORMANCE = Declaration(
    name="product_performance",
    summary="Sales and traffic of each product by day, by where they came from.",
    keys=("shop_id", "date", "id"),
    replication_key="date",
    how=DAILY,
    reading=Days(operation=operations.GET_PRODUCT_PERFORMANCE, key="id"),
)

SKU_PERFORMANCE = Declaration(
    name="sku_performance",
    summary="Sales of each SKU by day.",
    keys=("shop_id", "date", "id"),
    replication_key="date",
    how=DAILY,
    reading=Days(operation=operations.GET_SKU_PERFORMANCE, key="id"),
)

VIDEO_PERFORMANCE = Declaration(
    name="video_performance",
    summary="Views and sales of each video by day.",
    keys=("shop_id", "date", "id"),
    replication_key="date",
    how=DAILY,
    reading=Days(operation=operations.GET_VIDEO_PERFORMANCE, key="id"),
)

LIVE_PERFORMANCE = Declaration(
    name="live_performance",
    summary="Viewers and sales of each live session by day.",
    keys=("shop_id", "date", "id"),
    replication_key="date",
    how=DAILY,
    reading=Days(
        operation=operations.GET_LIVE_PERFORMANCE,
        key="id",
        each=tuple({"account_type": account} for account in ACCOUNTS),
    ),
)

SHOP_SCORE = Declaration(
    name="shop_score",
    summary="The platform's score of the shop, and what makes it up, as of `date`.",
    keys=("shop_id", "date"),
    how="the current one, each run",
    reading=Single(operations.GET_SHOP_SCORE, dated),
)

SHOP_SCORE_METRICS = Declaration(
    name="shop_score_metrics",
    summary="The metrics behind the shop's score: the value, points and status of each, with its benchmarks.",
    keys=("shop_id", "metric_code"),
    reading=Listed(operations.GET_SHOP_SCORE_METRICS, "metric_code"),
)

STREAMS = (
    SHOP_PERFORMANCE,
    SHOP_PERFORMANCE_HOURLY,
    PRODUCT_PERFORMANCE,
    SKU_PERFORMANCE,
    VIDEO_PERFORMANCE,
    LIVE_PERFORMANCE,
    SHOP_SCORE,
    SHOP_SCORE_METRICS,
)
