"""Where the platform keeps sellers' goods, and whose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tiktokshop_sandbox.markets import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.storefront import Shop


class Site(NamedTuple):
    """A building of the platform."""

    name: str
    street: str
    place: Place


_SITES: Final[Mapping[str, tuple[Site, ...]]] = {
    "US": (
        Site("FBT Joliet 2", "1800 Cherry Hill Rd", Place("Joliet", "Illinois", "Will", "60433")),
        Site("FBT Perris", "4120 Indian Ave", Place("Perris", "California", "Riverside", "92571")),
    ),
    "GB": (Site("FBT Daventry", "Unit 6, Royal Oak Way", Place("Daventry", "England", "Daventry", "NN11 8QL")),),
}


class Centre(NamedTuple):
    """A site as one shop knows it; `warehouse_ids` are the shop's own warehouses whose orders it fulfils."""

    number: int
    id: str
    site: Site
    warehouse_ids: tuple[str, ...]


def is_onboarded(shop: Shop) -> bool:
    """Whether the platform stores this shop's goods."""
    return shop.region in _SITES


def centres(shop: Shop) -> tuple[Centre, ...]:
    """The sites that keep the shop's goods; none where the platform does not offer it."""
    sites = _SITES.get(shop.region, ())
    kept = shop.sales_warehouses
    return tuple(
        Centre(number, shop.identify("fbt_warehouse", number), site, tuple(it.id for it in kept[number :: len(sites)]))
        for number, site in enumerate(sites)
    )
