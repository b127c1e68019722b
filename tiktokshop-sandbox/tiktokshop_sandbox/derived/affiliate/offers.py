"""Open collaborations: the products that any creator may sell for a commission, and how they are doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tiktokshop_sandbox.derived.affiliate.invitations import in_open_collaboration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.states import Product
    from tiktokshop_sandbox.storefront import Shop


class Offer(NamedTuple):
    """A product's open collaboration, which begins when the product is listed and outlives it."""

    at: int
    id: str
    product: Product


def open_collaborations(world: World, shop: Shop) -> Sequence[Offer]:
    """The shop's open collaborations, oldest first."""
    return world.remembered(("open collaborations", shop.number), lambda: _offers(world, shop))


def _offers(world: World, shop: Shop) -> list[Offer]:
    keys = world.db.execute("SELECT key FROM products WHERE shop = ?", (shop.number,)).fetchall()
    with world.reading() as store:
        products = [store.products[key] for (key,) in keys]
    return sorted(
        Offer(product.created, shop.identify("open_collaboration", product.n), product)
        for product in products
        if in_open_collaboration(product.n)
    )


def lowest_price(product: Product) -> int:
    """The price of the product's cheapest SKU, in minor units."""
    return min(sku.price for sku in product.skus)
