"""Buyers who come now instead of later: one by the console's button, or thousands at once, as after a live show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.life import buying
from tiktokshop_sandbox.life.kinds import EventKind

if TYPE_CHECKING:
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.states import Order
    from tiktokshop_sandbox.storefront import Shop

_NEXT_ORDER: Final = "SELECT at, ref FROM events WHERE shop = ? AND kind = ? ORDER BY at LIMIT 1"
_TAKE: Final = "DELETE FROM events WHERE at = ? AND shop = ? AND kind = ? AND ref = ?"


def take_orders(world: World, now: int, shop: Shop, count: int, *, one_buyer: bool = False) -> list[Order]:
    """The shop's next orders, placed now and not paid yet; fewer where the shelves are empty.

    Args:
        world: The shops.
        now: The moment, by their clock.
        shop: The shop.
        count: How many buyers come.
        one_buyer: Whether they are one and the same, with one address.
    """
    world.advance(now)
    row = world.db.execute(_NEXT_ORDER, (shop.number, EventKind.PLACE)).fetchone()
    if row is None:
        return []
    at, first = row
    placed: list[Order] = []
    with world.writing(now) as life:
        world.db.execute(_TAKE, (at, shop.number, EventKind.PLACE, first))
        for number in range(first, first + count):
            like = placed[0] if one_buyer and placed else None
            order = buying.take_order(life, shop, number, like=like)
            placed += [] if order is None else [order]
        life.at(life.arrival(first + count), shop, EventKind.PLACE, first + count)
    return placed


def takes_more(world: World, shop: Shop) -> bool:
    """Whether the shop has buyers to come at all."""
    return world.db.execute(_NEXT_ORDER, (shop.number, EventKind.PLACE)).fetchone() is not None
