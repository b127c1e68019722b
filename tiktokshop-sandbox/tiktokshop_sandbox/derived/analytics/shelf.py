"""What people can see of a shop from the first day on: the products it opened with on sale.

Which products are on sale changes, and nobody keeps when. So that a report of the past stays what it was, visits
without a sale and the products of videos are of those only that were on sale at the beginning.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tiktokshop_sandbox.catalog import first_product
from tiktokshop_sandbox.derived.analytics.days import world_start
from tiktokshop_sandbox.life.engine import DAY
from tiktokshop_sandbox.life.products import ON_SALE
from tiktokshop_sandbox.storefront import storefront

if TYPE_CHECKING:
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop


class Shown(NamedTuple):
    """A product as it was at the beginning: its number, title, kind of goods, and how many days it had been there."""

    number: int
    title: str
    kind: int
    days: int


def opening(world: World, shop: Shop) -> int:
    """How many products the shop opened with, on sale or not."""
    sql = "SELECT count(*) FROM products WHERE shop = ? AND create_time < ?"
    return world.total(sql, (shop.number, world_start(world)))


@lru_cache(maxsize=64)
def shelf(seed: int, number: int, region: str, count: int) -> tuple[Shown, ...]:
    """The products on sale, bestsellers first, when the shop of that seed, number and market opened with `count`."""
    shop = storefront(seed, number, region)
    products = (first_product(shop, index, 0) for index in range(count))
    return tuple(
        Shown(item.n, item.title, item.kind, -item.created // DAY) for item in products if item.status == ON_SALE
    )
