"""Products."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import TimeFilter, Windows
from tap_tiktokshop.streams.base import Declaration

PRODUCTS = Declaration(
    name="products",
    summary="Products with their SKUs, prices and stock per warehouse.",
    keys=("shop_id", "id"),
    replication_key="update_time",
    reading=Windows(
        operation=operations.SEARCH_PRODUCTS,
        filter=TimeFilter("update_time", inclusive=True),
        key="id",
    ),
)

STREAMS = (PRODUCTS,)
