"""Fulfilled by TikTok: the goods the platform keeps for a shop. `COUNTS` are rows of a shop at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox.derived.fbt.centres import centres, is_onboarded
from tiktokshop_sandbox.derived.fbt.stand import Stand, stand

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sized

    from tiktokshop_sandbox.derived import Count
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

__all__ = ["COUNTS", "Stand", "centres", "is_onboarded", "stand"]


def _count(part: Callable[[Stand], Sized]) -> Count:
    def count(world: World, shop: Shop, now: int) -> int:
        return len(part(stand(world, shop, now))) if is_onboarded(shop) else 0

    return count


# Inventory records name every delivery there is: each has been counted, at least in part.
COUNTS: Mapping[str, Count] = {
    "fbt_warehouses": lambda _world, shop, _now: len(centres(shop)),
    "fbt_goods": _count(lambda found: found.goods),
    "fbt_inventory": _count(lambda found: found.shelves),
    "fbt_inventory_records": _count(lambda found: found.entries),
    "fbt_inbound_orders": _count(lambda found: found.deliveries),
}
