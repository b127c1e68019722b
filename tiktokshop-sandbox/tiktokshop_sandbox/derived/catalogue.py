"""What products are listed with: categories, brands, size charts, and who makes the goods and answers for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.catalog import goods_of
from tiktokshop_sandbox.documents.attributes import attribute_documents
from tiktokshop_sandbox.documents.brands import BRANDS, Brand, is_authorized
from tiktokshop_sandbox.documents.categories import listed
from tiktokshop_sandbox.documents.compliance import (
    PRODUCTS_A_MANUFACTURER,
    PRODUCTS_A_PERSON,
    Contact,
    manufacturer,
    responsible_person,
)
from tiktokshop_sandbox.documents.size_charts import OWN_EVERY, OWN_REST, SIZED, Chart, chart_of, reusable_chart

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived import Count
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

NUMBER: Final = "(key & 4294967295)"  # of a product, in SQL
_KEPT: Final = "shop = ? AND status <> 'DELETED'"


def authorized_brands(world: World, shop: Shop, now: int) -> list[tuple[Brand, bool]]:
    """All brands, and whether the shop is authorised for them at `now`."""
    start = world.remembered("world start", lambda: int(world.meta("world.start") or 0))
    return [(brand, is_authorized(shop, brand, start=start, now=now)) for brand in BRANDS]


def leaf_categories(world: World, shop: Shop) -> frozenset[str]:
    """The categories that the shop's products are in, deleted products apart."""

    def found() -> frozenset[str]:
        keys = world.db.execute(f"SELECT key FROM products WHERE {_KEPT}", (shop.number,)).fetchall()  # noqa: S608
        with world.reading() as store:
            return frozenset(goods_of(store.products[key]).categories[-1][0] for (key,) in keys)

    return world.remembered(("leaf categories", shop.number), found)


def size_charts(world: World, shop: Shop) -> list[Chart]:
    """The shop's charts: one for each kind of clothes, and those of single products, deleted ones too."""

    def found() -> list[Chart]:
        sql = f"SELECT key FROM products WHERE shop = ? AND {NUMBER} % ? = ? ORDER BY key"  # noqa: S608 - our names
        keys = world.db.execute(sql, (shop.number, OWN_EVERY, OWN_REST)).fetchall()
        with world.reading() as store:
            own = [chart_of(shop, store.products[key]) for (key,) in keys]
        return [reusable_chart(shop, kind) for kind in SIZED] + [chart for chart in own if chart]

    return world.remembered(("size charts", shop.number), found)


def _listed_ever(world: World, shop: Shop) -> int:
    """How many products the shop has ever listed, drafts and deleted ones included."""
    return world.total("SELECT count(*) FROM products WHERE shop = ?", (shop.number,))


def manufacturers(world: World, shop: Shop) -> list[Contact]:
    """Who makes the shop's goods; known in the EU only. With new products come new manufacturers."""
    if not shop.market.eu:
        return []
    return [manufacturer(shop, number) for number in range(-(-_listed_ever(world, shop) // PRODUCTS_A_MANUFACTURER))]


def responsible_persons(world: World, shop: Shop) -> list[Contact]:
    """Who answers for the shop's goods; known in the EU only."""
    if not shop.market.eu:
        return []
    return [responsible_person(shop, number) for number in range(-(-_listed_ever(world, shop) // PRODUCTS_A_PERSON))]


def _products(world: World, shop: Shop, _: int) -> int:
    return world.total(f"SELECT count(*) FROM products WHERE {_KEPT}", (shop.number,))  # noqa: S608 - our own names


def _on_sale(world: World, shop: Shop, _: int) -> int:
    return world.total("SELECT count(*) FROM products WHERE shop = ? AND status = 'ACTIVATE'", (shop.number,))


def _attributes(world: World, shop: Shop, _: int) -> int:
    return sum(len(attribute_documents(shop, category)) for category in leaf_categories(world, shop))


COUNTS: Mapping[str, Count] = {
    "categories": lambda _world, shop, _now: len(listed(shop, prohibited=False)),
    "brands": lambda _world, _shop, _now: len(BRANDS),
    "category_rules": lambda world, shop, _now: len(leaf_categories(world, shop)),
    "category_attributes": _attributes,
    "product_details": _products,
    "product_diagnoses": _on_sale,
    "size_charts": lambda world, shop, _now: len(size_charts(world, shop)),
    "manufacturers": lambda world, shop, _now: len(manufacturers(world, shop)),
    "responsible_persons": lambda world, shop, _now: len(responsible_persons(world, shop)),
}
