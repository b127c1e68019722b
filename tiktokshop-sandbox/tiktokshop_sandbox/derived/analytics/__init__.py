"""What the platform reports of a shop by day: sales, traffic, videos, live sessions, and the shop's score.

Everything follows from the shop's orders and from draws by day. A report of a day is ready on the next morning and is
drawn up again on three more; from then on it stands (`days`). Rows of a report never go away again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox.derived.analytics.content import LIVE, VIDEO, on_air
from tiktokshop_sandbox.derived.analytics.days import calendar
from tiktokshop_sandbox.derived.analytics.sales import goods_sold
from tiktokshop_sandbox.derived.analytics.score import score
from tiktokshop_sandbox.derived.analytics.traffic import seen_unsold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from tiktokshop_sandbox.derived import Count
    from tiktokshop_sandbox.derived.analytics.days import Calendar
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

SCORED = frozenset({"US"})  # the markets whose shops have a score


def _a_day(rows: Callable[[World, Shop, Calendar, date], int]) -> Count:
    """Counts the rows of all days with a report."""

    def count(world: World, shop: Shop, now: int) -> int:
        days = calendar(world, shop, now)
        key = ("analytics: count", rows, shop.number, days.latest)
        return world.remembered(key, lambda: sum(rows(world, shop, days, day) for day in days.all))

    return count


def _products(world: World, shop: Shop, days: Calendar, day: date) -> int:
    sold = {product for product, _ in _goods_sold(world, shop, days)[day]}
    return len(sold.union(seen_unsold(world, shop, day)))


def _skus(world: World, shop: Shop, days: Calendar, day: date) -> int:
    return len({sku for _, sku in _goods_sold(world, shop, days)[day]})


def _metrics(world: World, shop: Shop, now: int) -> int:
    return len(score(world, shop, calendar(world, shop, now)).dimensions) if shop.region in SCORED else 0


def _goods_sold(world: World, shop: Shop, days: Calendar) -> Mapping[date, set[tuple[int, str]]]:
    return world.remembered(("analytics: goods", shop.number, days.latest), lambda: goods_sold(world, shop, days))


COUNTS: Mapping[str, Count] = {
    "shop_performance": _a_day(lambda *_: 1),
    "shop_performance_hourly": _a_day(lambda _, __, days, day: len(days.hours(day))),
    "product_performance": _a_day(_products),
    "sku_performance": _a_day(_skus),
    "video_performance": _a_day(lambda world, shop, _, day: len(on_air(world, shop, day)[VIDEO])),
    "live_performance": _a_day(lambda world, shop, _, day: len(on_air(world, shop, day)[LIVE])),
    "shop_score": lambda _, shop, __: int(shop.region in SCORED),
    "shop_score_metrics": _metrics,
}
