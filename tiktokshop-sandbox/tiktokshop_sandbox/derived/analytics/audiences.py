"""The reports on videos and live sessions: who watched on some days, and what they sold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from tiktokshop_sandbox.derived.analytics.content import LIVE, VIDEO, Content, on_air
from tiktokshop_sandbox.derived.analytics.sales import sold
from tiktokshop_sandbox.derived.analytics.tallies import SalesTally, tally
from tiktokshop_sandbox.derived.analytics.traffic import Traffic, ripened, spread, visits_by_channel
from tiktokshop_sandbox.draws import Draws

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from tiktokshop_sandbox.derived.analytics.days import Calendar
    from tiktokshop_sandbox.derived.analytics.sales import Unit
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

# The least and the most views of one on its first day, how many products a view shows at most, and what comes of a
# thousand views: the least and the most.
_VIEWS: Final = {VIDEO: (240, 9_000), LIVE: (180, 3_600)}
_SHOWN_A_VIEW: Final = {VIDEO: 1, LIVE: 4}
_REACTIONS: Final = (
    {VIDEO: (18, 90), LIVE: (300, 2_600)},  # likes
    {VIDEO: (1, 9), LIVE: (60, 420)},  # comments
    {VIDEO: (1, 14), LIVE: (3, 30)},  # shares
    {VIDEO: (0, 5), LIVE: (4, 28)},  # new followers
)


class Audience(NamedTuple):
    """What the people in front of a video or a live session did."""

    views: int = 0
    impressions: int = 0
    clicks: int = 0
    likes: int = 0
    comments: int = 0
    shares: int = 0
    followers: int = 0


@dataclass(frozen=True)
class ContentReport:
    """Who watched a video or a live session on some days, and the sales it is credited with.

    `direct` are the sales of what it shows; `sales` has the other goods of those orders, too.
    """

    content: Content
    audience: Audience
    sales: SalesTally
    direct: SalesTally
    days: int


def videos(world: World, shop: Shop, calendar: Calendar, days: Sequence[date]) -> dict[str, ContentReport]:
    """Every video that was watched on some days in a row, by id."""
    return _reports(world, shop, calendar, days, VIDEO)


def sessions(world: World, shop: Shop, calendar: Calendar, days: Sequence[date]) -> dict[str, ContentReport]:
    """Every live session that began on some days in a row, by id."""
    return _reports(world, shop, calendar, days, LIVE)


def _reports(world: World, shop: Shop, calendar: Calendar, days: Sequence[date], kind: str) -> dict[str, ContentReport]:
    def compute() -> dict[str, ContentReport]:
        contents: dict[str, Content] = {}
        audiences: dict[str, list[Audience]] = {}
        units: dict[str, list[Unit]] = {}
        for day in days:
            for unit in sold(world, shop, calendar, day):
                units.setdefault(unit.channel.source, []).append(unit)
            for item, audience in _watched(world, shop, calendar, day, kind):
                contents[item.id] = item
                audiences.setdefault(item.id, []).append(audience)
        return {name: _report(item, audiences[name], units.get(name, []), len(days)) for name, item in contents.items()}

    return world.remembered(("analytics: content", kind, shop.number, calendar.latest, *days[:1], *days[-1:]), compute)


def _report(content: Content, audiences: Sequence[Audience], units: Sequence[Unit], days: int) -> ContentReport:
    direct = tally(unit for unit in units if unit.channel.direct)
    audience = Audience(*map(sum, zip(*audiences, strict=True)))
    return ContentReport(content, audience, tally(units), direct, days)


def _watched(world: World, shop: Shop, calendar: Calendar, day: date, kind: str) -> Iterator[tuple[Content, Audience]]:
    """A day's videos or live sessions, each with its audience; they share the products' traffic of their channel."""
    units = Counter(unit.channel.source for unit in sold(world, shop, calendar, day))
    traffic = visits_by_channel(world, shop, calendar, day)
    shown = on_air(world, shop, day)[kind]
    for channel in dict.fromkeys(item.channel for item in shown):
        fame = {item.id: _fame(shop, item, day) for item in shown if item.channel == channel}
        parts = spread(traffic[channel], units, fame)
        for item in shown:
            if item.channel == channel:
                yield item, _audience(shop, item, day, parts[item.id], calendar.age(day))


def _fame(shop: Shop, content: Content, day: date) -> int:
    """How many want to see it on a day: interest in a video fades."""
    draws = Draws(shop.seed, shop.number, "fame", content.id)
    return draws.between(*_VIEWS[content.kind]) * 100 // (100 + 60 * (day - content.day).days) + 1


def _audience(shop: Shop, content: Content, day: date, traffic: Traffic, age: int) -> Audience:
    """The audience on a day: at least as many as saw and clicked on products in it."""
    draws = Draws(shop.seed, shop.number, "audience", content.id, day.isoformat())
    wanted = _fame(shop, content, day) * draws.between(70, 130) // 100 + 1
    views = max(ripened(wanted, 1, age), traffic.impressions // _SHOWN_A_VIEW[content.kind], traffic.clicks)
    reactions = (views * draws.between(*table[content.kind]) // 1_000 for table in _REACTIONS)
    return Audience(views, traffic.impressions, traffic.clicks, *reactions)
