"""What happens to listings that the seller writes by the API: versions, and what the platform thinks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from tiktokshop_sandbox.documents.categories import CATEGORIES, INVITE_ONLY, tells_permissions
from tiktokshop_sandbox.life.kinds import EventKind
from tiktokshop_sandbox.life.products import ON_SALE, touch
from tiktokshop_sandbox.states import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tiktokshop_sandbox.life.engine import Life
    from tiktokshop_sandbox.states import Product, Sku
    from tiktokshop_sandbox.storefront import Shop

MINUTE: Final = 60
SOONEST, LATEST = 2 * MINUTE, 30 * MINUTE
"""Reviews of what comes by the API mostly take minutes."""
CLAIMS: Final = ("miracle", "replica", "guaranteed cure")
CONTACTS: Final = ("whatsapp", "wechat", "call us")
WITHOUT_REVIEW: Final = frozenset({"DRAFT", "PENDING", "FAILED"})
"""Products whose first version has never been live: an edit replaces it."""


def version_of(product: Product) -> Version:
    """The version that an edit begins with: the one under review, if there is one."""
    if product.review is not None:
        return product.review
    return Version(product.title, product.kind, product.shown, product.warehouses, product.skus)


def as_version(product: Product, version: Version) -> Product:
    """A product as it would be if a version of it were live, to look at."""
    return structs.replace(
        product,
        title=version.title,
        kind=version.kind,
        shown=version.shown,
        warehouses=version.warehouses,
        skus=version.skus,
    )


def take_version(life: Life, product: Product, version: Version) -> None:
    """Makes a version the live one. SKUs that stay keep their live stock and price; others go for good."""
    live = {sku.id: sku for sku in product.skus}
    kept = {sku.id for sku in version.skus}
    life.store.dropped_skus |= live.keys() - kept
    product.title, product.kind, product.shown = version.title, version.kind, version.shown
    for sku in version.skus:
        if sku.id in live:
            _keep_trade(sku, live[sku.id], product.warehouses, version.warehouses)
    product.skus, product.warehouses, product.review = version.skus, version.warehouses, None


def _keep_trade(sku: Sku, live: Sku, before: list[int], after: list[int]) -> None:
    """Stock and price need no review: what they were set to, or sold down to, meanwhile stays."""
    stock, held = dict(zip(before, live.stock, strict=True)), dict(zip(before, live.committed, strict=True))
    sku.stock = [stock.get(place, now) for place, now in zip(after, sku.stock, strict=True)]
    sku.committed = [held.get(place, 0) for place in after]
    sku.price, sku.list_price, sku.restocking = live.price, live.list_price, live.restocking


def submit(life: Life, shop: Shop, product: Product, version: Version) -> str:
    """The seller hands a version in; returns the status of its review."""
    product.verdict = []
    product.skus_made = max(product.skus_made, len(product.skus))
    if product.status in WITHOUT_REVIEW:
        take_version(life, product, version)
        product.status = "PENDING"
    else:
        product.review = version
    life.forget(shop, EventKind.AUDIT, product.n)
    delay = life.draws(shop, "review", product.n, life.now).between(SOONEST, LATEST)
    life.at(life.now + delay, shop, EventKind.AUDIT, product.n)
    touch(life, product)
    return "AUDITING"


def audit(life: Life, shop: Shop, number: int) -> None:
    """The platform has looked at a listing, or at an edit of one."""
    product = life.store.products[shop.key(number)]
    if product.review is not None:
        product.verdict = list(verdict(shop, product.review, life.now))
        if product.verdict:
            product.review = None
        else:
            take_version(life, product, product.review)
    elif product.status == "PENDING" and product.skus_made:
        product.verdict = list(verdict(shop, version_of(product), life.now))
        product.status = "FAILED" if product.verdict else ON_SALE
    elif product.status == "PENDING":
        product.status = ON_SALE if life.draws(shop, "audit", number, life.now).chance(850) else "FAILED"
    else:
        return
    touch(life, product)


def verdict(shop: Shop, version: Version, now: int) -> Iterator[dict[str, Any]]:
    """Why the platform does not want a version on sale."""
    title, words = version.title.casefold(), str(version.shown.get("description") or "").casefold()
    if any(claim in title for claim in CLAIMS):
        yield _reason("Title", "The title makes a claim that is not allowed.", "Take the claim out of the title.")
    if any(contact in words for contact in CONTACTS):
        yield _reason("Description", "The description leads buyers elsewhere.", "Remove the contact details.")
    category = _leaf(version.shown)
    if category in CATEGORIES and INVITE_ONLY in CATEGORIES[category].permissions and not tells_permissions(shop):
        yield _reason("Category", "The category is by invitation only.", "Apply for the category in Seller Center.")
    papers = version.shown.get("certifications") or []
    if any(0 < int(paper.get("expiration_date") or 0) <= now for paper in papers):
        yield _reason("Certification", "A certificate has expired.", "Upload one that is valid.")


def _leaf(shown: Mapping[str, Any]) -> str:
    chain = shown.get("category_chains") or [{}]
    return str(chain[-1].get("id") or "")


def _reason(position: str, reason: str, suggestion: str) -> dict[str, Any]:
    return {
        "position": position,
        "reasons": [reason],
        "suggestions": [suggestion],
        "listing_platform": "TIKTOK_SHOP",
    }
