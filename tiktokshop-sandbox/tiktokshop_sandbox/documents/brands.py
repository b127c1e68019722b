"""Brands: the seller's own, which its products bear, and the platform's many others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tiktokshop_sandbox.documents.categories import BEAUTY, HOME, TECH, WEAR, root_of
from tiktokshop_sandbox.draws import Draws

if TYPE_CHECKING:
    from tiktokshop_sandbox.states import Product
    from tiktokshop_sandbox.storefront import Shop

_DAY: Final = 86_400
_OWN: Final = ("Maple Atelier", "Lumière", "Küche & Kelle", "Casa Ñandú", "Matahari ☀", "Hoa Sen", "Éloïse")
_FIRST: Final = (
    "Nord",
    "Petit",
    "Åsa",
    "Lumo",
    "Terra",
    "Bon",
    "Olive",
    "Kaya",
    "Süd",
    "Mori",
    "Alba",
    "Finch",
    "Río",
    "Velvet",
    "Ember",
    "Zephyr",
)
_SECOND: Final = (
    "haven",
    " & Daughters",
    "wick",
    " Studio",
    "bloom",
    " Garçon",
    "loom",
    " Works",
    "leaf",
    " Søn",
    "stone",
    " Línea",
    "craft",
    " Bros",
    "light",
)
_ROOTS: Final = (HOME, BEAUTY, WEAR, TECH)
_FIRST_OTHER: Final = 1_000
_RENOWNED: Final = 9  # every ninth brand is renowned ("T1")
_SPAN: Final = 400  # days before and after the world's start in which authorisations are granted


class Brand(NamedTuple):
    """A brand. `roots` are the categories it is registered for; `number` is the tail of its id."""

    number: int
    id: str
    name: str
    is_renowned: bool
    is_own: bool
    roots: frozenset[str]


def _brand(number: int, name: str, *, own: bool) -> Brand:
    roots = _ROOTS if own else {_ROOTS[number % 4], _ROOTS[number // 4 % 4]}
    return Brand(number, f"7082427311584{number:06d}", name, not own and number % _RENOWNED == 0, own, frozenset(roots))


BRANDS: Final = (
    *(_brand(number, name, own=True) for number, name in enumerate(_OWN)),
    *(
        _brand(_FIRST_OTHER + number, _FIRST[number % len(_FIRST)] + _SECOND[number // len(_FIRST)], own=False)
        for number in range(len(_FIRST) * len(_SECOND))
    ),
)


def brand_of(product: Product) -> Brand:
    """The brand a product bears: one of the seller's own."""
    return BRANDS[product.n % len(_OWN)]


def is_authorized(shop: Shop, brand: Brand, *, start: int, now: int) -> bool:
    """Whether the shop may show the brand at `now`, in a world that began at `start` (unix seconds).

    Its own always. Of the others every third is applied for one day, and stays authorised from then on.
    """
    if brand.is_own:
        return True
    draws = Draws(shop.seed, shop.number, "brand", brand.number)
    return draws.chance(330) and start + draws.between(-_SPAN, _SPAN) * _DAY <= now


def brand_document(brand: Brand, *, authorized: bool, category_id: str) -> dict[str, Any]:
    """The brand as Get Brands shows it.

    `brand_status` tells whether an authorised brand may be used in a category: without either there is none.
    """
    shown: dict[str, Any] = {
        "id": brand.id,
        "name": brand.name,
        "authorized_status": "AUTHORIZED" if authorized else "UNAUTHORIZED",
        "is_t1_brand": brand.is_renowned,
    }
    if authorized and category_id:
        shown["brand_status"] = "AVAILABLE" if root_of(category_id) in brand.roots else "UNAVAILABLE"
    return shown
