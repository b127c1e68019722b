"""What happens to products and their stock, as events.

Their ids are whole numbers beyond 2**53 in some events and texts in others, as the platform's own are.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tiktokshop_sandbox.catalog import goods_of, is_bundle
from tiktokshop_sandbox.documents.products import audit
from tiktokshop_sandbox.webhooks.types import Happening

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tiktokshop_sandbox.states import Product, Sku
    from tiktokshop_sandbox.storefront import Shop

LIVE: Final = "ACTIVATE"
FEW: Final = 3  # units of a SKU, from which on the stock is low
# What buyers see of a product -> what events call it; anything else that the seller has written is told as others.
_TOLD: Final[Mapping[str, str]] = {
    "title": "title",
    "description": "description",
    "main_images": "main_images",
    "product_attributes": "product_attributes",
    "size_chart": "size_chart_image",
}
_OTHERS: Final = "others"
_CATEGORY: Final = frozenset({"category_chains", "recommended_categories"})  # told by an event of its own
_BY_API: Final = "OPEN_API"


class SkuMark(NamedTuple):
    """What a SKU is compared by: what is sold, what lies there, and what is promised to buyers."""

    look: tuple[Any, ...]
    stock: int
    committed: int


class ProductMark(NamedTuple):
    """What a product is compared by. `audit` is what the reviewers think, `information` what buyers see, by name."""

    status: str
    audit: str
    category: str
    promotion: int
    information: dict[str, str]
    skus: dict[str, SkuMark]


def product_mark(product: Product) -> ProductMark:
    """What a product is compared by."""
    information = {name: repr(value) for name, value in product.shown.items() if name not in _CATEGORY}
    return ProductMark(
        status=product.status,
        audit=audit(product)["status"],
        category=_leaf(product),
        promotion=product.promotion,
        information={"title": product.title, **information},
        skus={sku.id: _sku_mark(sku) for sku in product.skus},
    )


def _leaf(product: Product) -> str:
    chain = product.shown.get("category_chains")
    return str(chain[-1]["id"]) if chain else goods_of(product).categories[-1][0]


def _sku_mark(sku: Sku) -> SkuMark:
    look = (sku.seller_sku, tuple(map(tuple, sku.attributes)), tuple(map(tuple, sku.parts)), repr(sku.shown))
    return SkuMark(look, sum(sku.stock), sum(sku.committed))


def product_events(shop: Shop, before: ProductMark | None, product: Product, source: str) -> Iterator[Happening]:
    """What has happened to a product."""
    now = product_mark(product)
    if before is None:
        yield _event(shop, product, 16, product_id=int(product.id), product_types=_types(product))
    yield from _review_events(shop, before, now, product)
    yield from _sku_status_events(shop, before, now, product)
    if before is None:
        return
    if before.category != now.category:
        ids = {"previous_category_id": before.category, "current_category_id": now.category}
        yield _event(shop, product, 18, product_id=product.id, **ids)
    # What is written by the API takes effect when it has been reviewed.
    reviewed = before.audit == "AUDITING" != now.audit
    yield from _information_events(shop, (before, now), product, _BY_API if reviewed else source)
    if bool(before.promotion) != bool(now.promotion):
        yield _joined_or_left(shop, product)
    for sku in product.skus:
        was = before.skus.get(sku.id)
        if was and (was.stock, was.committed) != (now.skus[sku.id].stock, now.skus[sku.id].committed):
            yield from _stock_events(shop, product, sku, (was, now.skus[sku.id]))


def _event(shop: Shop, product: Product, number: int, **data: object) -> Happening:
    return Happening(shop.number, number, product.updated, {**data, "update_time": product.updated})


def _types(product: Product) -> list[str]:
    return ["COMBINED_PRODUCT"] if is_bundle(product) else []


def _review_events(shop: Shop, before: ProductMark | None, now: ProductMark, product: Product) -> Iterator[Happening]:
    """That the status has changed, which is not told, and what the reviewers think, which is."""
    if before is not None:
        name = _named(before, now)
        if name:
            yield _event(shop, product, 5, product_id=int(product.id), status=name, suspended_reason="")
    if now.audit != (before.audit if before else "NONE"):
        yield _event(
            shop,
            product,
            37,
            product_id=int(product.id),
            audit={"status": now.audit, "pre_approved_reasons": []},
            integrated_platform_statuses={"platform": "TIKTOK_SHOP", "status": product.status},
        )


def _named(before: ProductMark, now: ProductMark) -> str:
    """What the platform calls a change of status, or of the review of an edit; "" if nothing of that has changed."""
    if before.audit == "AUDITING" and now.audit == "FAILED":
        return "PRODUCT_AUDIT_FAILURE"
    if before.status == now.status:
        return ""
    return "PRODUCT_FIRST_PASS_REVIEW" if before.status == "PENDING" else "PRODUCT_STATUS_CHANGED"


def _sku_status_events(
    shop: Shop, before: ProductMark | None, now: ProductMark, product: Product
) -> Iterator[Happening]:
    """SKUs that are new or gone, and what the product's status means for those that stay."""
    known = before.skus if before else {}
    rows = [{"sku_id": sku, "status": "CREATED"} for sku in now.skus if sku not in known]
    rows += [{"sku_id": sku, "status": "DELETED"} for sku in known if sku not in now.skus]
    if before and before.status != now.status:
        status = {LIVE: "ACTIVATED", "DELETED": "DELETED"}.get(now.status)
        if status is None and before.status == LIVE:
            status = "DEACTIVATED"
        source = {"deactivation_source": "SELLER"} if status == "DEACTIVATED" else {}
        rows += [{"sku_id": sku, "status": status, **source} for sku in now.skus if sku in known and status]
    if rows:
        yield _event(shop, product, 50, product_id=product.id, skus=rows)


def _information_events(
    shop: Shop, sides: tuple[ProductMark, ProductMark], product: Product, source: str
) -> Iterator[Happening]:
    """What buyers see of a product that is on sale; prices are never told."""
    before, now = sides
    names = before.information.keys() | now.information.keys()
    changed = [name for name in names if before.information.get(name) != now.information.get(name)]
    fields = {_TOLD.get(name, _OTHERS) for name in changed}
    looks = [{sku: mark.look for sku, mark in side.skus.items()} for side in sides]
    if looks[0] != looks[1]:
        fields.add(_OTHERS)
    if fields and now.status == LIVE:
        yield _event(shop, product, 15, product_id=product.id, change_source=source, changed_fields=sorted(fields))


def _joined_or_left(shop: Shop, product: Product) -> Happening:
    """The seller has put a product into the standing discount, or taken it out."""
    changed = "product_update_list" if product.promotion else "product_remove_list"
    data = {
        "activity_id": shop.identify("promotion", 0),
        "update_time": product.updated,
        "change_type": "PRODUCT_UPDATE" if product.promotion else "PRODUCT_REMOVE",
        changed: {"product_ids": [product.id]},
    }
    return Happening(shop.number, 63, product.updated, data)


def _stock_events(shop: Shop, product: Product, sku: Sku, sides: tuple[SkuMark, SkuMark]) -> Iterator[Happening]:
    """Three events tell of the stock: one that no document names, one with all figures, one when it gets low."""
    was, now = sides
    at = product.updated
    ids = {"product_id": int(product.id), "sku_id": int(sku.id)}
    yield Happening(shop.number, 68, at, {**ids, "available_quantity": now.stock, "occurred_at": at})
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    event = f"{sku.id}-{at}-{now.stock}-{now.committed}"
    change = {
        "idempotency_key": event,
        "trigger_source": "ORDER" if was.committed != now.committed else "SELLER",
        "occurred_at": when,
        "total_quantity_delta": now.stock + now.committed - was.stock - was.committed,
        "available_quantity_delta": now.stock - was.stock,
        "committed_quantity_delta": now.committed - was.committed,
        "in_shop_quantity_delta": now.stock - was.stock,
        "campaign_locked_quantity_delta": 0,
        "creator_locked_quantity_delta": 0,
    }
    snapshot = {
        "total_quantity": now.stock + now.committed,
        "total_available_quantity": now.stock,
        "total_committed_quantity": now.committed,
        "in_shop_quantity": now.stock,
        "campaign_locked_quantity": 0,
        "creator_locked_quantity": 0,
    }
    data = {"event_id": event, "occurred_at": when, "shop_id": int(shop.id), **ids}
    yield Happening(
        shop.number, 71, at, {**data, "quantity_snapshot_after_change": snapshot, "change_detail": [change]}
    )
    if level(was.stock) != level(now.stock):
        yield _level_event(shop, product, sku, now)


def level(units: int) -> str:
    """What the platform calls so many units in stock."""
    return "SUFFICIENT_STOCK" if units > FEW else "LOW_STOCK" if units else "OUT_OF_STOCK"


def _level_event(shop: Shop, product: Product, sku: Sku, now: SkuMark) -> Happening:
    distribution = {
        "total_quantity": now.stock + now.committed,
        "available_quantity": now.stock,
        "creator_reserved_quantity": 0,
        "campaign_reserved_quantity": 0,
        "committed_quantity": now.committed,
    }
    return _event(
        shop,
        product,
        27,
        product_id=product.id,
        sku_id=sku.id,
        trigger_reason={"alert_type": "REALTIME", "low_stock_threshold": FEW},
        current_inventory_status=level(now.stock),
        inventory_distribution=distribution,
    )
