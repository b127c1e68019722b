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
_ORDERS: Final = "SELECT count(*) FROM orders WHERE shop = ? AND create_time >= ? AND create_time < ?"


@dataclass(frozen=True)
class Score:
    """A shop's score over the days from `start` to `end` (unix seconds), drawn up at `drawn_up`.

    `dimensions` are in hundredths of a point and empty for a shop without orders. `category` is (id, name) of what the
    shop mostly sells.
    """

    start: int
    end: int
    drawn_up: int
    dimensions: Mapping[str, int]
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
    return Score(
        start=start,
        end=end,
        drawn_up=calendar.drawn_up(latest),
        dimensions=_dimensions(world, shop, calendar, window, orders) if orders else {},
        category=_category(world, shop),
    )


def _dimensions(
    world: World, shop: Shop, calendar: Calendar, window: tuple[int, int, int], orders: int
) -> dict[str, int]:
    against = {name: world.total(sql, window) * 100 * points // orders for name, (sql, points) in _AGAINST.items()}
    against[SERVICE] = Draws(shop.seed, shop.number, "service", calendar.latest.isoformat()).between(20, 90)
    return {name: max(BEST - against[name], 0) for name in WEIGHTS}


def _category(world: World, shop: Shop) -> tuple[str, str]:
    roots: Sequence[tuple[str, str]] = [
        GOODS[item.kind].categories[0] for item in shelf(shop.seed, shop.number, opening(world, shop))
    ]
    ((category, _),) = Counter(roots).most_common(1)
    return category
