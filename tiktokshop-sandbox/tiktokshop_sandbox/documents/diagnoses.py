"""What the platform would improve about a listing, and its advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tiktokshop_sandbox.catalog import goods_of
from tiktokshop_sandbox.documents.products import TIERS, image_uri, image_url
from tiktokshop_sandbox.documents.size_charts import SIZED
from tiktokshop_sandbox.draws import Draws

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiktokshop_sandbox.states import Product
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]

_SHORT: Final = 40


class Diagnosis(NamedTuple):
    """Something to fix in a field of a listing; `applies` tells for which products it can be said."""

    field: str
    code: str
    advice: str
    applies: Callable[[Product], bool]


def _always(_: Product) -> bool:
    return True


_FINDINGS: Final = (
    Diagnosis(
        "TITLE",
        "TITLE_LESS_THAN_40_CHARACTERS",
        "Say in at least 40 characters what it is, of what and for whom.",
        lambda product: len(product.title) < _SHORT,
    ),
    Diagnosis("TITLE", "SEO_DIAGNOSTIC_ITEM", "Use the words people search for.", _always),
    Diagnosis("DESCRIPTION", "DESC_LESS_THAN_FIVE_HUNDRED_CHARS", "Describe it in 500 characters or more.", _always),
    Diagnosis("IMAGE", "MAIN_IMG_NUMBER_LESS_THAN_FIVE", "Show it from at least five sides.", _always),
    Diagnosis("IMAGE", "MAIN_IMG_FIRST_IMG_BACKGROUND_UNTIDY", "Take the first picture on a plain ground.", _always),
    Diagnosis("ATTRIBUTE", "ATTRIBUTE_MISSING_REQUIRED_ITEM", "Fill in the attributes that are missing.", _always),
    Diagnosis(
        "SIZE_CHART",
        "SIZE_CHART_INCOMPLETE",
        "Give the measures of every size.",
        lambda product: product.kind in SIZED,
    ),
)


def diagnosis_document(shop: Shop, product: Product) -> Document:
    """The product as Product Information Issue Diagnosis shows it: the better its tier, the less is found.

    What is said of a title goes when the title is fixed. Tiers are told in the US only.
    """
    tier = product.n % len(TIERS)
    found = _findings(shop, product, len(TIERS) - 1 - tier)
    shown: Document = {"id": product.id}
    if shop.region == "US":
        shown["listing_quality"] = {"current_tier": TIERS[tier], "remaining_recommendations": len(found)}
    fields = dict.fromkeys(finding.field for finding, _ in found)
    shown["diagnoses"] = [
        {
            "field": field,
            "diagnosis_results": [_result(shop, finding, rank) for finding, rank in found if finding.field == field],
            "suggestion": _suggestion(shop, product, field),
        }
        for field in fields
    ]
    return shown


def _findings(shop: Shop, product: Product, count: int) -> list[tuple[Diagnosis, str]]:
    """So many findings, each with the tier that fixing it leads to."""
    draws = Draws(shop.seed, shop.number, "diagnosis", product.n)
    possible = [finding for finding in _FINDINGS if finding.applies(product)]
    found = []
    for rank in TIERS[len(TIERS) - count :]:
        finding = draws.pick(possible)
        possible.remove(finding)
        found.append((finding, rank))
    return found


def _result(shop: Shop, finding: Diagnosis, rank: str) -> Document:
    shown = {"code": finding.code, "how_to_solve": finding.advice}
    return shown | {"quality_tier": rank} if shop.region == "US" else shown


def _suggestion(shop: Shop, product: Product, field: str) -> Document:
    goods = goods_of(product)
    leaf = goods.categories[-1][1]
    if field == "TITLE":
        words = [{"text": text} for text in (goods.noun.lower(), leaf.lower(), "gift idea")]
        return {"seo_words": words, "smart_texts": [{"text": f"{product.title} | {leaf} for every day"}]}
    if field == "DESCRIPTION":
        return {"smart_texts": [{"text": f"{product.title}: made in small batches, packed without plastic."}]}
    if field == "IMAGE":
        before, after = image_uri(shop, product.n * 8), image_uri(shop, product.n * 8 + 7)
        urls = {"uri": before, "url": image_url(before), "optimized_uri": after, "optimized_url": image_url(after)}
        return {"images": [{"height": 600, "width": 600, **urls}]}
    return {}
