"""Who looked: impressions and clicks of products by day, and where and when they came about.

A product's visits are made up around what it sold, and come in late: the first report of a day has most of them, the
last one all. They only grow, and the parts (hours, channels) add up to the whole.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from tiktokshop_sandbox import money
from tiktokshop_sandbox.derived.analytics.content import BY_AFFILIATE, BY_SELLER, CARD, LIVE, VIDEO, on_air
from tiktokshop_sandbox.derived.analytics.sales import sold
from tiktokshop_sandbox.derived.analytics.shelf import opening, shelf
from tiktokshop_sandbox.draws import Draws

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping
    from datetime import date
    from typing import TypeVar

    from tiktokshop_sandbox.derived.analytics.days import Calendar
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

    K = TypeVar("K", bound=Hashable)

_COUNTED: Final = (900, 955, 985, 1_000)  # of a thousand visits, by how often the report was revised
_SEEN: Final = 150  # of a thousand products nobody buys on a day, how many somebody looks at
_UNIQUE: Final = 62  # of a hundred visits, how many are somebody's first

# How visits are spread over the hours of a day there, and over what a shop's products are met in.
_RHYTHM: Final = (14, 8, 5, 4, 4, 7, 14, 24, 34, 40, 44, 46, 52, 50, 46, 46, 48, 54, 62, 72, 78, 70, 48, 28)
CHANNELS: Final[Mapping[tuple[str, str], int]] = {
    (LIVE, BY_SELLER): 90,
    (VIDEO, BY_SELLER): 170,
    (CARD, BY_SELLER): 430,
    (LIVE, BY_AFFILIATE): 60,
    (VIDEO, BY_AFFILIATE): 200,
    (CARD, BY_AFFILIATE): 50,
}


class Traffic(NamedTuple):
    """How often products were shown, clicked on and put into carts."""

    impressions: int = 0
    clicks: int = 0
    carts: int = 0


def together(parts: Iterable[Traffic]) -> Traffic:
    """The sum."""
    columns = tuple(zip(*parts, strict=True))
    return Traffic(*map(sum, columns)) if columns else Traffic()


def unique(visits: int, least: int = 0) -> int:
    """How many people that many visits were made by, `least` of whom are known."""
    return max((visits * _UNIQUE + 99) // 100, least)


def ripened(value: int, floor: int, age: int) -> int:
    """A figure as a report that was revised `age` times has it; `floor` of it was known at once."""
    return floor + (value - floor) * _COUNTED[age] // _COUNTED[-1]


def visits(world: World, shop: Shop, days: Calendar, day: date) -> dict[int, dict[tuple[str, str], Traffic]]:
    """The day's traffic by product number and channel: of products that sold, and of some others."""

    def compute() -> dict[int, dict[tuple[str, str], Traffic]]:
        channels = _open_channels(world, shop, day)
        units: dict[int, Counter[tuple[str, str]]] = {number: Counter() for number in seen_unsold(world, shop, day)}
        for unit in sold(world, shop, days, day):
            units.setdefault(unit.product, Counter())[unit.channel.kind, unit.channel.side] += 1
        age = days.age(day)
        return {
            number: spread(_of_product(shop, number, day, sum(own.values()), age), own, channels)
            for number, own in units.items()
        }

    return world.remembered(("analytics: visits", shop.number, day, days.drawn_up(day)), compute)


def visits_by_channel(world: World, shop: Shop, days: Calendar, day: date) -> dict[tuple[str, str], Traffic]:
    """The day's traffic of all products, by channel."""
    parts = visits(world, shop, days, day).values()
    return {channel: together(part.get(channel, Traffic()) for part in parts) for channel in CHANNELS}


def _open_channels(world: World, shop: Shop, day: date) -> dict[tuple[str, str], int]:
    """The channels there were on a day: product cards always, videos and live sessions if anybody had one."""
    there = {item.channel for items in on_air(world, shop, day).values() for item in items}
    return {channel: weight for channel, weight in CHANNELS.items() if channel[0] == CARD or channel in there}


def seen_unsold(world: World, shop: Shop, day: date) -> list[int]:
    """The products that somebody looks at on a day whether they sell or not, by number."""
    draws = Draws(shop.seed, shop.number, "seen", day.isoformat())
    goods = shelf(shop.seed, shop.number, shop.region, opening(world, shop))
    return [item.number for item in goods if draws.chance(_SEEN)]


def _of_product(shop: Shop, number: int, day: date, sold: int, age: int) -> Traffic:
    draws = Draws(shop.seed, shop.number, "visits", number, day.isoformat())
    clicks = sold * draws.between(9, 28) + draws.between(1, 12)
    impressions = clicks * draws.between(8, 20) + draws.between(3, 60)
    carts = sold + clicks // draws.between(12, 30)
    known = ripened(clicks, max(sold, 1), age)
    return Traffic(ripened(impressions - clicks, 1, age) + known, known, ripened(carts, sold, age))


def spread(traffic: Traffic, sold: Mapping[K, int], weights: Mapping[K, int]) -> dict[K, Traffic]:
    """Traffic parted among the names of `weights`, so that each has as many clicks as units `sold` at least."""
    own = [sold.get(name, 0) for name in weights]
    total = sum(own)
    shares = list(weights.values())
    clicks = [a + b for a, b in zip(own, money.share(traffic.clicks - total, shares), strict=True)]
    unclicked = money.share(traffic.impressions - traffic.clicks, shares)
    carts = [a + b for a, b in zip(own, money.share(traffic.carts - total, shares), strict=True)]
    parts = zip(unclicked, clicks, carts, strict=True)
    return {
        name: Traffic(seen + clicked, clicked, put) for name, (seen, clicked, put) in zip(weights, parts, strict=True)
    }


def rhythm(hours: Iterable[int]) -> dict[int, int]:
    """The weights of hours."""
    return {hour: _RHYTHM[hour] for hour in hours}
