"""What a shop's goods are shown in: videos and live sessions, of its own accounts and of affiliate creators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.derived.analytics.creators import ACCOUNTS, AFFILIATE, MARKETING, OFFICIAL, Creator, creator
from tiktokshop_sandbox.derived.analytics.shelf import opening, shelf
from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.storefront import storefront
from tiktokshop_sandbox.zones import zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.derived.analytics.shelf import Shown
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

LIVE: Final = "LIVE"
VIDEO: Final = "VIDEO"
CARD: Final = "PRODUCT_CARD"
BY_SELLER: Final = "SELLER"
BY_AFFILIATE: Final = "AFFILIATE"
LONGEST: Final = 21  # days until nobody watches a video any more
_A_DAY: Final = 32  # numbers reserved for what begins on one day

# How many live sessions, and how many videos, an account of a type begins on a day: (weight, count).
_SESSIONS: Final[Mapping[str, Sequence[tuple[int, int]]]] = {
    OFFICIAL: ((800, 1), (200, 2)),
    MARKETING: ((700, 0), (300, 1)),
    AFFILIATE: ((300, 0), (400, 1), (200, 2), (100, 3)),
}
_VIDEOS: Final[Mapping[str, Sequence[tuple[int, int]]]] = {
    OFFICIAL: ((650, 0), (350, 1)),
    MARKETING: ((850, 0), (150, 1)),
    AFFILIATE: ((600, 0), (300, 1), (100, 2)),
}
# At which hours sessions of one account may begin: the first one, the second one, ….
_SLOTS: Final = ((7, 10), (14, 17), (18, 21))

_LIVE_TITLES: Final = (
    "Morning picks with {}",
    "LIVE ✨ {} & friends",
    "Flash hour: {}",
    "Q&A — all about {}",
    "Soirée shopping : {}",
    "Zum Feierabend: {}",
    "【LIVE】{}",
)
_VIDEO_TITLES: Final = (
    "Why I kept the {} 🤎",
    "{} in 30 seconds",
    "Unboxing: {}",
    "POV: your {} arrived",
    "Trois façons d'utiliser {}",
    "{}: ehrlicher Test",
    "Cómo elegir tu {}",
    "{} — before / after",
)
_TAGS: Final = ("tiktokmademebuyit", "smallshop", "unboxing", "déco", "ootd", "geschenkidee", "hogar", "收納", "newin")


@dataclass(frozen=True)
class Content:
    """A video or a live session.

    `begins` is when it was posted or went live (unix seconds), `seconds` how long it is, `days` on how many days it is
    watched. `products` are the numbers of the products it shows, the one it is about first.
    """

    kind: str
    account: str
    id: str
    day: date
    creator: Creator
    title: str
    tags: tuple[str, ...]
    begins: int
    seconds: int
    days: int
    products: tuple[int, ...]

    @property
    def channel(self) -> tuple[str, str]:
        """The (kind, side) that sales and visits are told apart by."""
        return self.kind, BY_AFFILIATE if self.account == AFFILIATE else BY_SELLER

    @property
    def ends(self) -> int:
        """When a live session was over, unix seconds."""
        return self.begins + self.seconds


def on_air(world: World, shop: Shop, day: date) -> Mapping[str, tuple[Content, ...]]:
    """What could be watched on a day, by kind: the day's live sessions, and the videos of the last weeks."""
    return _on_air(shop.seed, shop.number, shop.region, opening(world, shop), day)


def begun(world: World, shop: Shop, day: date) -> tuple[Content, ...]:
    """What went live or was posted on a day."""
    return _begun(shop.seed, shop.number, shop.region, opening(world, shop), day)


@lru_cache(maxsize=4_096)
def _on_air(seed: int, number: int, region: str, products: int, day: date) -> Mapping[str, tuple[Content, ...]]:
    recent = [
        item
        for age in range(LONGEST)
        for item in _begun(seed, number, region, products, date.fromordinal(day.toordinal() - age))
        if item.days > age
    ]
    return {kind: tuple(item for item in recent if item.kind == kind) for kind in (LIVE, VIDEO)}


@lru_cache(maxsize=4_096)
def _begun(seed: int, number: int, region: str, products: int, day: date) -> tuple[Content, ...]:
    shop = storefront(seed, number, region)
    # The oldest video of the first day was posted before the shop's life began, and shows what was there by then.
    goods = tuple(item for item in shelf(seed, number, region, products) if item.days > LONGEST)
    draws = Draws(seed, number, "content", day.isoformat())
    first = day.toordinal() * _A_DAY
    wanted = [
        (make, account, turn)
        for make, table in ((_session, _SESSIONS), (_video, _VIDEOS))
        for account in ACCOUNTS
        for turn in range(draws.weighted(table[account]))
    ]
    return tuple(
        make(shop, goods, day, account, (first + place, turn)) for place, (make, account, turn) in enumerate(wanted)
    )


def _session(shop: Shop, goods: tuple[Shown, ...], day: date, account: str, place: tuple[int, int]) -> Content:
    number, turn = place
    draws = Draws(shop.seed, shop.number, "live", number)
    shown = _some(goods, draws, draws.between(6, 40))
    return Content(
        kind=LIVE,
        account=account,
        id=shop.identify("live", number),
        day=day,
        creator=creator(shop, account, draws),
        title=draws.pick(_LIVE_TITLES).format(shown[0].title),
        tags=(),
        begins=_moment(shop, day, draws, _SLOTS[turn]),
        seconds=draws.between(40 * 60, 4 * 3_600),
        days=1,
        products=tuple(item.number for item in shown),
    )


def _video(shop: Shop, goods: tuple[Shown, ...], day: date, account: str, place: tuple[int, int]) -> Content:
    number, _ = place
    draws = Draws(shop.seed, shop.number, "video", number)
    shown = _some(goods, draws, draws.weighted(((600, 1), (300, 2), (100, 3))))
    return Content(
        kind=VIDEO,
        account=account,
        id=shop.identify("video", number),
        day=day,
        creator=creator(shop, account, draws),
        title=draws.pick(_VIDEO_TITLES).format(shown[0].title),
        tags=tuple(dict.fromkeys(draws.pick(_TAGS) for _ in range(draws.between(0, 4)))),
        begins=_moment(shop, day, draws, (0, 21)),
        seconds=draws.between(9, 95),
        days=draws.between(6, LONGEST),
        products=tuple(item.number for item in shown),
    )


def _some(goods: tuple[Shown, ...], draws: Draws, count: int) -> list[Shown]:
    """Up to `count` different products, bestsellers more often."""
    return list(dict.fromkeys(goods[draws.skewed(len(goods))] for _ in range(count)))


def _moment(shop: Shop, day: date, draws: Draws, hours: tuple[int, int]) -> int:
    clock = time(draws.between(*hours), draws.between(0, 59), draws.between(0, 59))
    return int(datetime.combine(day, clock, zone(shop.region)).timestamp())
