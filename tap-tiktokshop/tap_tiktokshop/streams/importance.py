"""What is read first when the requests of a day are limited: orders, stock, finance, reports, then everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_tiktokshop.streams.declaration import Declaration

FIRST: Final = (
    # orders
    *("orders", "packages", "returns", "cancellations", "aftersales", "rmas"),
    # stock
    *("warehouses", "products", "inventory", "fbt_inventory"),
    # finance
    *("statements", "statement_transactions", "payments", "withdrawals", "unsettled_transactions"),
    "order_transactions",
    # reports
    *("shop_performance", "shop_performance_hourly", "product_performance", "sku_performance"),
    *("video_performance", "live_performance", "shop_score", "shop_score_metrics"),
)
"""The streams that come first, in this order. What costs a call for each row and is none of these comes after them."""


def by_importance(streams: Sequence[Declaration]) -> list[Declaration]:
    """The most important first, the others in the order in which they are."""
    places = {name: place for place, name in enumerate(FIRST)}
    return sorted(streams, key=lambda stream: places.get(stream.name, len(places)))
