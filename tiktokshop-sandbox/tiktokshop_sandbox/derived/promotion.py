"""Promotion activities: one that always runs, and those the seller plans day by day.

Activity 0 is the shop's standing discount. It holds every product whose `promotion` is set, at that percentage, and
runs for as long as the shop lives. The others are planned one a day, begin hours or days later and end; now and then
the seller prolongs one, or ends it early. Their state follows the clock, their update time only the seller.
"""

from __future__ import annotations

from datetime import datetime, timezone
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from tiktokshop_sandbox.activities import KeptActivity, held
from tiktokshop_sandbox.catalog import first_product
from tiktokshop_sandbox.derived.campaigns import kept
from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.life.engine import DAY, HOUR
from tiktokshop_sandbox.life.products import DOINGS, ON_SALE, PACE, promotion
from tiktokshop_sandbox.storefront import storefront

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived import Count
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.states import Product
    from tiktokshop_sandbox.storefront import Shop

WITHOUT_PRODUCTS = frozenset({"SHIPPING_DISCOUNT"})
_PER_MILLE_EDITED, _PER_MILLE_STOPPED = 250, 90
_TRIES = 24
_LONGEST_AUDIT = 2 * DAY
_LISTS_SOMETHING_NEW = (40, 7)  # every fortieth of the seller's doings, from the seventh on, is a new listing


class PromotionKind(NamedTuple):
    """What can be planned: at most how long ahead, for how long (seconds), and on which levels."""

    name: str
    lead: int
    shortest: int
    longest: int
    levels: tuple[str, ...]


_ON_GOODS = ("PRODUCT", "VARIATION")
KINDS = (
    (300, PromotionKind("FLASHSALE", 3 * DAY, 2 * HOUR, 3 * DAY, _ON_GOODS)),
    (260, PromotionKind("FIXED_PRICE", 5 * DAY, 3 * DAY, 21 * DAY, _ON_GOODS)),
    (220, PromotionKind("DIRECT_DISCOUNT", 6 * DAY, 4 * DAY, 30 * DAY, ("PRODUCT",))),
    (140, PromotionKind("SHIPPING_DISCOUNT", 4 * DAY, 7 * DAY, 40 * DAY, ("SHOP",))),
    (80, PromotionKind("BUY_MORE_SAVE_MORE", 4 * DAY, 5 * DAY, 28 * DAY, ("PRODUCT",))),
)
TITLES = {
    "FLASHSALE": ("Lightning hours ⚡", "Venta relámpago", "夜の市 flash"),
    "FIXED_PRICE": ("Prix doux", "Payday picks", "Kleine Preise, groß"),
    "DIRECT_DISCOUNT": ("Spring clear-out", "Señales de rebaja", "% % %"),
    "SHIPPING_DISCOUNT": ("We pay the postage", "Ongkir hemat", "Gratis Versand"),
    "BUY_MORE_SAVE_MORE": ("Two are merrier", "Mua nhiều giảm nhiều"),
}
_PROLONGED = (" (extended)", " · encore !", " (verlängert)")


class Activity(NamedTuple):
    """A planned activity with all that will become of it. Times are unix seconds; 0 stands for never."""

    number: int
    id: str
    kind: str
    title: str
    level: str
    created: int
    begin: int
    end: int
    edited: int = 0
    longer: int = 0
    suffix: str = ""
    stopped: int = 0

    def title_at(self, now: int) -> str:
        """The title the seller has given it by then."""
        return self.title + self.suffix if 0 < self.edited <= now else self.title

    def end_at(self, now: int) -> int:
        """When it ends, as planned by then."""
        return self.end + self.longer if 0 < self.edited <= now else self.end

    def updated_at(self, now: int) -> int:
        """When the seller last changed it."""
        return max(moment for moment in (self.created, self.edited, self.stopped) if moment <= now)

    def status_at(self, now: int) -> str:
        """Where it is in its life."""
        if 0 < self.stopped <= now:
            return "DEACTIVATED"
        if now < self.begin:
            return "NOT_START"
        return "ONGOING" if not self.end or now < self.end_at(now) else "EXPIRED"

    def ran_until(self, now: int) -> int:
        """Until when it has had an effect, at most until now (before it began: that is its beginning)."""
        ends = (moment for moment in (now, self.stopped, self.end and self.end_at(now)) if moment)
        return max(self.begin, min(ends))


def opened(world: World) -> int:
    """The first second of the shops' life."""
    return int(world.meta("world.start") or 0)


def activities(world: World, shop: Shop, now: int) -> list[Activity | KeptActivity]:
    """Every activity the seller has made up to now, the oldest first."""
    start, written = opened(world), kept(world, shop)
    drawn = (_planned(shop.seed, shop.number, start, number) for number in range(1, (now - start) // DAY + 2))
    planned = [_standing(shop, start, now), *(activity for activity in drawn if activity.created <= now)]
    found: list[Activity | KeptActivity] = [item for item in planned if item.id not in written]
    return sorted([*found, *written.values()], key=lambda activity: activity.created) if written else found


def _standing(shop: Shop, start: int, now: int) -> Activity:
    title = f"{shop.name}: always a little less"
    changed = _last_change(shop, start, now)
    return Activity(0, shop.identify("promotion", 0), "DIRECT_DISCOUNT", title, "PRODUCT", start, start, 0, changed)


def _last_change(shop: Shop, start: int, now: int) -> int:
    """When the seller last put a product into the standing discount or took one out.

    Products do not remember it, but what the seller does at which hour is drawn, by `life.products`, from the number
    of the doing alone.
    """
    every, first = _LISTS_SOMETHING_NEW
    for number in range((now - start - shop.number) // PACE, -1, -1):
        draws = Draws(shop.seed, shop.number, "seller", number)
        draws.between(0, 0)  # the draw that chooses the product
        if number % every != first and draws.weighted(DOINGS)[0] is promotion:
            return start + shop.number + number * PACE
    return start


@lru_cache(maxsize=1 << 14)
def _planned(seed: int, shop: int, start: int, number: int) -> Activity:
    draws = Draws(seed, shop, "activity", number)
    kind = draws.weighted(KINDS)
    created = start + (number - 1) * DAY + draws.between(0, DAY - 1)
    begin = created + draws.between(HOUR, kind.lead)
    end = begin + draws.between(kind.shortest, kind.longest) // HOUR * HOUR
    day = datetime.fromtimestamp(begin, timezone.utc)
    plan = Activity(
        number=number,
        id=storefront(seed, shop).identify("promotion", number),
        kind=kind.name,
        title=f"{draws.pick(TITLES[kind.name])} {day:%Y%m%d}",
        level=draws.pick(kind.levels),
        created=created,
        begin=begin,
        end=end,
    )
    if draws.chance(_PER_MILLE_STOPPED):
        return plan._replace(stopped=draws.between(created + HOUR // 2, end - 1))
    if draws.chance(_PER_MILLE_EDITED):
        edited = draws.between(created + 60, end - 1)
        return plan._replace(edited=edited, longer=draws.between(1, 5) * DAY, suffix=draws.pick(_PROLONGED))
    return plan


def participants(world: World, shop: Shop, activity: Activity) -> list[Product]:
    """The products that take part: what is in the standing discount now, or what the seller once chose."""
    if activity.kind in WITHOUT_PRODUCTS:
        return []
    if not activity.number:
        return world.remembered(("promoted products", shop.number), lambda: _promoted(world, shop))
    sql = "SELECT count(*) FROM products WHERE shop = ? AND create_time <= ?"
    listed = world.total(sql, (shop.number, activity.created - _LONGEST_AUDIT))
    draws = Draws(shop.seed, shop.number, "activity products", activity.number)
    wanted = draws.between(3, 8)
    numbers = dict.fromkeys(draws.skewed(listed) for _ in range(_TRIES))
    start, written = opened(world), kept(world, shop).values()
    with world.reading() as store:
        products = (store.products[shop.key(number)] for number in numbers)
        free = (
            item
            for item in products
            if _was_on_sale(shop, item, start, activity.created)
            and not held(written, activity.kind, item.id, activity.created)
        )
        return list(islice(free, wanted))


def _promoted(world: World, shop: Shop) -> list[Product]:
    with world.reading() as store:
        products = (store.products[shop.key(number)] for number in range(store.desks[shop.number].products))
        return [product for product in products if product.promotion]


def _was_on_sale(shop: Shop, product: Product, start: int, when: int) -> bool:
    """Whether the seller could choose the product then, told by what does not change any more.

    Products keep no history. So it goes by how the shop opened with them, and by deletions that came before.
    """
    if product.status == "DELETED" and product.updated <= when:
        return False
    return product.created >= start or first_product(shop, product.n, start).status == ON_SALE


def _count(world: World, shop: Shop, now: int) -> int:
    return len(activities(world, shop, now))


COUNTS: Mapping[str, Count] = {"promotions": _count, "promotion_details": _count}
