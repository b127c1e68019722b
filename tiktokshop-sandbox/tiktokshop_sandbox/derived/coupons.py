"""Coupons: what buyers can claim, and until when they can use it. The seller makes one every other day."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tiktokshop_sandbox.derived.promotion import opened
from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.life.engine import DAY, HOUR
from tiktokshop_sandbox.storefront import storefront

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived import Count
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

PACE = 2 * DAY
DISPLAYS = ((420, "REGULAR"), (160, "LIVE"), (120, "CREATOR_EXCLUSIVE"), (180, "CHAT"), (120, "PROMO_CODE"))
SEGMENTS = ((600, "ALL"), (120, "NEW"), (100, "REPEAT_CUSTOMERS"), (90, "LAPSED_CUSTOMERS"), (90, "NEW_FOLLOWERS"))
TITLES = (
    "Welcome back",
    "Danke, dass du da bist",
    "Café treat",
    "Lucky Friday",
    "¡Otra vez!",
    "Kupon Gajian",
    "新春 gift",
)
_PER_MILLE_STOPPED, _PER_MILLE_RAISED = 80, 220


class Coupon(NamedTuple):
    """A coupon with all that will become of it. Times are unix seconds; 0 stands for never."""

    number: int
    id: str
    title: str
    display: str
    segment: str
    created: int
    begin: int
    end: int
    claims: int
    raised: int = 0
    more: int = 0
    stopped: int = 0

    def claims_at(self, now: int) -> int:
        """How many may be claimed, as the seller has it by then."""
        return self.claims + self.more if 0 < self.raised <= now else self.claims

    def updated_at(self, now: int) -> int:
        """When the seller last changed it."""
        return max(moment for moment in (self.created, self.raised, self.stopped) if moment <= now)

    def status_at(self, now: int) -> str:
        """Where it is in its life: it runs while it can be claimed."""
        if 0 < self.stopped <= now:
            return "DEACTIVATED"
        if now < self.begin:
            return "NOT_START"
        return "ONGOING" if now < self.end else "EXPIRED"


def coupons(world: World, shop: Shop, now: int) -> list[Coupon]:
    """Every coupon the seller has made up to now, the oldest first."""
    start = opened(world)
    planned = (_planned(shop.seed, shop.number, start, number) for number in range((now - start) // PACE + 1))
    return [coupon for coupon in planned if coupon.created <= now]


def claimable(world: World, shop: Shop, now: int) -> Coupon | None:
    """The newest coupon that can be claimed at a time, if there is one."""
    running = (coupon for coupon in reversed(coupons(world, shop, now)) if coupon.status_at(now) == "ONGOING")
    return next(running, None)


@lru_cache(maxsize=1 << 14)
def _planned(seed: int, shop: int, start: int, number: int) -> Coupon:
    draws = Draws(seed, shop, "coupon", number)
    created = start + number * PACE + draws.between(0, PACE - 1)
    begin = created + draws.between(60, 3 * DAY)
    end = begin + draws.between(2 * DAY, 25 * DAY) // HOUR * HOUR
    plan = Coupon(
        number=number,
        id=storefront(seed, shop).identify("coupon", number),
        title=f"{draws.pick(TITLES)} #{number + 1}",
        display=draws.weighted(DISPLAYS),
        segment=draws.weighted(SEGMENTS),
        created=created,
        begin=begin,
        end=end,
        claims=draws.between(1, 40) * 50,
    )
    if draws.chance(_PER_MILLE_STOPPED):
        return plan._replace(stopped=draws.between(created + 60, end - 1))
    if draws.chance(_PER_MILLE_RAISED):
        return plan._replace(raised=draws.between(created + 60, end - 1), more=draws.between(1, 20) * 50)
    return plan


def _count(world: World, shop: Shop, now: int) -> int:
    return len(coupons(world, shop, now))


COUNTS: Mapping[str, Count] = {"coupons": _count}
