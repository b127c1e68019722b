"""A shop's score: what the platform thinks of its goods, its shipping and its service, from the last thirty days."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.catalog import GOODS
from tiktokshop_sandbox.derived.analytics.shelf import opening, shelf
from tiktokshop_sandbox.draws import Draws

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.derived.analytics.days import Calendar
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

DAYS: Final = 30
BEST: Final = 500  # hundredths of a point
PRODUCT: Final = "PRODUCT_SATISFACTION"
FULFILLMENT: Final = "FULFILLMENT_AND_LOGISTICS"
SERVICE: Final = "CUSTOMER_SERVICE"
WEIGHTS: Final[Mapping[str, int]] = {PRODUCT: 40, FULFILLMENT: 40, SERVICE: 20}  # of a hundred

_CANCELLED_BY_SELLER: Final = """
SELECT count(*) FROM cancellations WHERE shop = ? AND create_time >= ? AND create_time < ?
AND type = 'CANCEL' AND json_extract(CAST(doc AS TEXT), '$.role') = 'SELLER'
"""
# What counts against a dimension, and by how many hundredths of a point for every one in a hundred orders.
_AGAINST: Final[Mapping[str, tuple[str, int]]] = {
    PRODUCT: ("SELECT count(*) FROM returns WHERE shop = ? AND create_time >= ? AND create_time < ?", 14),
    FULFILLMENT: (_CANCELLED_BY_SELLER, 45),
}
_WHOLE: Final = 10_000  # a hundred percent
_ORDERS: Final = "SELECT count(*) FROM orders WHERE shop = ? AND create_time >= ? AND create_time < ?"


@dataclass(frozen=True)
class Score:
    """A shop's score over the days from `start` to `end` (unix seconds), drawn up at `drawn_up`.

    `dimensions` are in hundredths of a point, `rates` (what each was measured by) in hundredths of a percent; both are
    empty for a shop without orders. `category` is (id, name) of what the shop mostly sells.
    """

    start: int
    end: int
    drawn_up: int
    dimensions: Mapping[str, int]
    rates: Mapping[str, int]
    category: tuple[str, str]

    @property
    def whole(self) -> int:
        """All dimensions by their weight, in hundredths of a point."""
        return sum(self.dimensions[name] * weight for name, weight in WEIGHTS.items()) // 100


def score(world: World, shop: Shop, calendar: Calendar) -> Score:
    """The shop's present score; it is drawn up every morning together with the other reports."""
    latest = calendar.latest
    start = calendar.midnight(latest - timedelta(days=DAYS - 1))
    end = calendar.midnight(latest + timedelta(days=1))
    window = (shop.number, start, end)
    orders = world.total(_ORDERS, window)
    dimensions, rates = _measured(world, shop, calendar, window, orders) if orders else ({}, {})
    return Score(
        start=start,
        end=end,
        drawn_up=calendar.drawn_up(latest),
        dimensions=dimensions,
        rates=rates,
        category=_category(world, shop),
    )


def _measured(
    world: World, shop: Shop, calendar: Calendar, window: tuple[int, int, int], orders: int
) -> tuple[dict[str, int], dict[str, int]]:
    """The points of each dimension, and the rate behind it."""
    found = {name: world.total(sql, window) for name, (sql, _) in _AGAINST.items()}
    against = {name: found[name] * 100 * points // orders for name, (_, points) in _AGAINST.items()}
    late = Draws(shop.seed, shop.number, "service", calendar.latest.isoformat()).between(20, 90)
    rates = {name: count * _WHOLE // orders for name, count in found.items()}
    rates[SERVICE] = _WHOLE - late * _WHOLE // 1000
    return {name: max(BEST - points, 0) for name, points in {**against, SERVICE: late}.items()}, rates


def _category(world: World, shop: Shop) -> tuple[str, str]:
    roots: Sequence[tuple[str, str]] = [
        GOODS[item.kind].categories[0] for item in shelf(shop.seed, shop.number, shop.region, opening(world, shop))
    ]
    ((category, _),) = Counter(roots).most_common(1)
    return category
