"""When and how the platform's carriers take parcels: ways of handing over, and the hours in which they come."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.markets import SEA
from tiktokshop_sandbox.zones import zone

if TYPE_CHECKING:
    from tiktokshop_sandbox.storefront import Shop

DAYS, LEAD, SUNDAY = 4, 2 * 3_600, 7
HOURS = ((9, 12), (13, 17))
FULL = 150


class Slot(NamedTuple):
    """A span in which the carrier comes, unix seconds, and whether it still has room."""

    start: int
    end: int
    free: bool


def picks_up(shop: Shop) -> bool:
    """Whether carriers come to the seller; in Japan parcels are brought to them."""
    return shop.region != "JP"


def method_is_fixed(shop: Shop) -> bool:
    """Whether the way is set for each warehouse in Seller Center, so that a request cannot choose it."""
    return shop.region in SEA and shop.seller_type == "LOCAL"


def slots(shop: Shop, now: int) -> list[Slot]:
    """The hours of the next days, in the shop's own time; some are full."""
    if not picks_up(shop):
        return []
    here = zone(shop.region)
    today = datetime.fromtimestamp(now, here).date()
    found = []
    for day in (today + timedelta(days=number) for number in range(DAYS + 1)):
        for first, last in HOURS if day.isoweekday() != SUNDAY else ():
            start, end = (int(datetime.combine(day, time(hour), here).timestamp()) for hour in (first, last))
            if start >= now + LEAD:
                free = not Draws(shop.seed, shop.number, "pickup", start).chance(FULL)
                found.append(Slot(start, end, free))
    return found
