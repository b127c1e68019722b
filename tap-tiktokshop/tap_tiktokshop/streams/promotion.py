"""Promotions and coupons. Their lists cannot be filtered by time, so they are read whole, and passed on if changed."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import Children, Listed, Parents
from tap_tiktokshop.streams.declaration import Declaration

READ_ACTIVITIES = Listed(
    operations.SEARCH_ACTIVITIES,
    "id",
    moments=("update_time", "create_time"),
    plans=("begin_time", "end_time"),
)

PROMOTIONS = Declaration(
    name="promotions",
    summary="Flash sales, discounts and other promotions: what kind, from when until when, in which state.",
    keys=("shop_id", "id"),
    replication_key="update_time",
    how="what changed, began or ended since, of a list that is read whole",
    reading=READ_ACTIVITIES,
)

READ_ACTIVITY = Children(
    parents=(Parents(READ_ACTIVITIES, "id"),),
    operation=operations.GET_ACTIVITY,
    key=None,
    path="activity_id",
    name="activity_id",
)

PROMOTION_DETAILS = Declaration(
    name="promotion_details",
    summary="The products of a promotion with their prices and limits, and how often they were sold.",
    keys=("shop_id", "activity_id"),
    replication_key="update_time",
    how="of promotions that changed, began or ended",
    reading=READ_ACTIVITY,
)

COUPONS = Declaration(
    name="coupons",
    summary="Coupons: discount, threshold, who may claim them and until when.",
    keys=("shop_id", "id"),
    replication_key="update_time",
    how="what changed, began or ended since, of a list that is read whole",
    reading=Listed(
        operations.SEARCH_COUPONS,
        "id",
        moments=("update_time", "create_time"),
        plans=(
            "claim_duration.start_time",
            "claim_duration.end_time",
            "redemption_duration.start_time",
            "redemption_duration.end_time",
        ),
    ),
)

STREAMS = (PROMOTIONS, PROMOTION_DETAILS, COUPONS)
