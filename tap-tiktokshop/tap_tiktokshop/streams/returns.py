"""Returns and cancellations."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import TimeFilter, Windows
from tap_tiktokshop.streams.base import Declaration

BY_UPDATE = {"sort_field": "update_time", "sort_order": "ASC"}

RETURNS = Declaration(
    name="returns",
    summary="Returns, refunds, replacements and exchanges with their line items and refund amounts.",
    keys=("shop_id", "return_id"),
    replication_key="update_time",
    reading=Windows(
        operation=operations.SEARCH_RETURNS,
        filter=TimeFilter("update_time"),
        key="return_id",
        query=BY_UPDATE,
    ),
)

CANCELLATIONS = Declaration(
    name="cancellations",
    summary="Cancellations of orders or single items, requested and decided.",
    keys=("shop_id", "cancel_id"),
    replication_key="update_time",
    reading=Windows(
        operation=operations.SEARCH_CANCELLATIONS,
        filter=TimeFilter("update_time"),
        key="cancel_id",
        query=BY_UPDATE,
    ),
)

STREAMS = (RETURNS, CANCELLATIONS)
