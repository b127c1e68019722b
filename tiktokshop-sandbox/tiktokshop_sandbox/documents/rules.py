"""What a category requires of sellers who list in it, beyond attributes, market by market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox.documents.attributes import HAS_BATTERIES, YES, condition
from tiktokshop_sandbox.documents.categories import BEAUTY, FOOD, TECH, root_of
from tiktokshop_sandbox.documents.size_charts import size_chart_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]


@dataclass(frozen=True)
class Certificate:
    """A paper that is required always, or under a condition: (attribute id, value id)."""

    id: str
    name: str
    details: str
    roots: tuple[str, ...]
    when: tuple[str, str] | None = None
    expires: bool = False


_CERTIFICATES: Final = (
    Certificate(
        "602362",
        "Cosmetic safety assessment",
        "A signed assessment of the recipe, as one PDF in the language of the market.",
        (BEAUTY,),
    ),
    Certificate(
        "602490",
        "Safety data sheet for batteries",
        "All sixteen sections; not older than three years.",
        (TECH,),
        when=(HAS_BATTERIES, YES),
        expires=True,
    ),
    Certificate("602618", "Food business registration", "The number must be legible.", (FOOD,), expires=True),
)
# What else than ordinary goods may be listed, where a market has anything of the kind.
_SPECIAL: Final[Mapping[str, tuple[str, ...]]] = {
    "US": ("PRE_ORDER", "MADE_TO_ORDER", "CUSTOM"),
    "GB": ("PRE_ORDER",),
    "ID": ("PRE_ORDER",),
    "VN": ("PRE_ORDER",),
}
_DEPOSIT: Final = "914824"  # soft drinks, for whose bottles Germany takes a deposit


def rules_document(shop: Shop, category_id: str) -> Document:
    """The rules of a leaf category as Get Category Rules shows them in the shop's market."""
    root, market = root_of(category_id), shop.market
    shown: Document = {
        "product_certifications": [_certificate(item) for item in _CERTIFICATES if root in item.roots],
        "size_chart": size_chart_rules(category_id),
        "package_dimension": {"is_required": not market.sea},
        "epr": {"is_required": market.eu},
        "fees": [{"type": "PFAND", "is_required": True}] if (market.region, category_id) == ("DE", _DEPOSIT) else [],
        "seller_sku": {"is_required": False},
    }
    if market.sea:
        shown["cod"] = {"is_supported": True}
    if market.eu:
        shown["responsible_person"] = {"is_required": True}
        shown["manufacturer"] = {"is_required": True}
    if market.region in _SPECIAL:
        shown["allowed_special_product_types"] = list(_SPECIAL[market.region])
    return shown


def _certificate(item: Certificate) -> Document:
    shown: Document = {
        "id": item.id,
        "name": item.name,
        "is_required": item.when is None,
        "document_details": item.details,
        "sample_image_url": f"https://p16-oec-va.ibyteimg.com/tos-maliva-i-o3syd03w52-us/sample-{item.id}.jpeg",
        "expiration_date": {"is_required": item.expires},
    }
    if item.when:
        shown["requirement_conditions"] = [condition(item.when)]
    return shown
