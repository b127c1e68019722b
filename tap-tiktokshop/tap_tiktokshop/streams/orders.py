"""Orders."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import TimeFilter, Windows
from tap_tiktokshop.streams.base import Declaration

ORDERS = Declaration(
    name="orders",
    summary="Orders with their line items (one per unit), payment, recipient and packages.",
    keys=("shop_id", "id"),
    replication_key="update_time",
    reading=Windows(
        operation=operations.SEARCH_ORDERS,
        filter=TimeFilter("update_time"),
        key="id",
        query={"sort_field": "update_time", "sort_order": "ASC"},
    ),
)

STREAMS = (ORDERS,)
