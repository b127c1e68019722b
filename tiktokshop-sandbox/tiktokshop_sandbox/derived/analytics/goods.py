"""The shop's products as reports need them: which ones a filter lets through, and how they are called now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tiktokshop_sandbox.catalog import goods_of
from tiktokshop_sandbox.life.products import ON_SALE
from tiktokshop_sandbox.states import Product

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

_SQL: Final = "SELECT state FROM products WHERE shop = ? ORDER BY key"

_product = msgspec.msgpack.Decoder(Product).decode


def let_through(world: World, shop: Shop, status: str, categories: Collection[str]) -> frozenset[str]:
    """The ids of the products that are LIVE or INACTIVE now (or ALL), and in one of the categories, if any are given.

    A category is one of the chain that leads to the product, root and leaf included.
    """
    return frozenset(
        item.id
        for item in _products(world, shop)
        if status in {"ALL", "LIVE" if item.status == ON_SALE else "INACTIVE"}
        and (not categories or any(number in categories for number, _ in goods_of(item).categories))
    )


def titles(world: World, shop: Shop, numbers: Iterable[int]) -> dict[int, str]:
    """What products are called now, by number."""
    with world.reading() as store:
        return {number: store.products[shop.key(number)].title for number in numbers}


def _products(world: World, shop: Shop) -> list[Product]:
    def compute() -> list[Product]:
        return [_product(state) for (state,) in world.db.execute(_SQL, (shop.number,))]

    return world.remembered(("analytics: products held", shop.number), compute)
