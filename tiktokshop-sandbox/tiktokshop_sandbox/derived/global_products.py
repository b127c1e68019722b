"""The products that a cross-border seller manages once for all its markets, behind those in its cross-border shops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox.documents.associations import LOCAL_EVERY, LOCAL_REST, crosses_borders, global_id
from tiktokshop_sandbox.documents.global_products import DELETED, STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived import Count
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

# The products that have a global one, in SQL.
GLOBAL = f"(key & 4294967295) % {LOCAL_EVERY} <> {LOCAL_REST}"


def statuses(wanted: str | None) -> list[str]:
    """What products in a shop are when the global ones are as wanted; without a wish, all that are not deleted."""
    return [local for local, status in STATUSES.items() if (status == wanted if wanted else status != DELETED)]


def global_keys(world: World, shop: Shop) -> Mapping[str, int]:
    """The keys of the products behind which there is a global one, by the id of that one."""

    def found() -> dict[str, int]:
        rows = world.db.execute(f"SELECT key FROM products WHERE shop = ? AND {GLOBAL}", (shop.number,))  # noqa: S608
        return {global_id(shop, key & 0xFFFF_FFFF): key for (key,) in rows}

    return world.remembered(("global products", shop.number), found) if crosses_borders(shop) else {}


def _kept(world: World, shop: Shop, _: int) -> int:
    sql = f"SELECT count(*) FROM products WHERE shop = ? AND status <> 'DELETED' AND {GLOBAL}"  # noqa: S608 - our names
    return world.total(sql, (shop.number,)) if crosses_borders(shop) else 0


COUNTS: Mapping[str, Count] = {"global_products": _kept, "global_product_details": _kept}
