"""What happens to products and their stock, as events.

Their ids are whole numbers beyond 2**53 in some events and texts in others, as the platform's own are.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tiktokshop_sandbox.catalog import GOODS, is_bundle
from tiktokshop_sandbox.webhooks.types import Happening

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tiktokshop_sandbox.states import Product, Sku
    from tiktokshop_sandbox.storefront import Shop

LIVE: Final = "ACTIVATE"
FEW: Final = 3  # units of a SKU, from which on the stock is low
# Which fields of a product are told as what; fields that are told by other events, or by none, are left out.
_TOLD: Final[Mapping[str, str]] = {"title": "title"}
_OTHERS: Final = "others"
_NOT_INFORMATION: Final = frozenset(
    {"shop", "n", "id", "kind", "status", "created", "updated", "warehouses", "skus", "promotion", "edits"}
    | {"before_deletion"}
)
_AUDITS: Final[Mapping[str, str]] = {"PENDING": "AUDITING", "FAILED": "FAILED", LIVE: "APPROVED"}


class SkuMark(NamedTuple):
    """What a SKU is compared by: what is sold, what lies there, and what is promised to buyers."""

    look: tuple[Any, ...]
    stock: int
    committed: int


class ProductMark(NamedTuple):
    """What a product is compared by; `information` are its fields that buyers see, by the platform's names."""

    status: str
    kind: int
    promotion: int
    information: tuple[tuple[str, str], ...]
    skus: dict[str, SkuMark]


def product_mark(product: Product) -> ProductMark:
    """What a product is compared by."""
    seen = tuple((name, repr(getattr(product, name))) for name in _information(product))
    skus = {sku.id: _sku_mark(sku) for sku in product.skus}
    return ProductMark(product.status, product.kind, product.promotion, seen, skus)


def _information(product: Product) -> list[str]:
    return [name for name in product.__struct_fields__ if name not in _NOT_INFORMATION]


def _sku_mark(sku: Sku) -> SkuMark:
    look = (sku.seller_sku, tuple(map(tuple, sku.attributes)), tuple(map(tuple, sku.parts)))
    return SkuMark(look, sum(sku.stock), sum(sku.committed))


def product_events(shop: Shop, before: ProductMark | None, product: Product, source: str) -> Iterator[Happening]:
    """What has happened to a product."""
    now = product_mark(product)
    if before is None:
        yield _event(shop, product, 16, product_id=int(product.id), product_types=_types(product))
    if before is None or before.status != now.status:
        yield from _status_events(shop, before, product)
    if before is None:
        return
    if before.kind != now.kind:
        old, new = (GOODS[kind].categories[-1][0] for kind in (before.kind, now.kind))
        yield _event(shop, product, 18, product_id=product.id, previous_category_id=old, current_category_id=new)
    yield from _information_events(shop, (before, now), product, source)
    if bool(before.promotion) != bool(now.promotion):
        yield _joined_or_left(shop, product)
    yield from _sku_events(shop, before, now, product)


def _event(shop: Shop, product: Product, number: int, **data: object) -> Happening:
    return Happening(shop.number, number, product.updated, {**data, "update_time": product.updated})


def _types(product: Product) -> list[str]:
    return ["COMBINED_PRODUCT"] if is_bundle(product) else []


def _status_events(shop: Shop, before: ProductMark | None, product: Product) -> Iterator[Happening]:
    """The status, what the reviewers think, and what both mean for the SKUs."""
    was = before.status if before else ""
    if before:
        yield _event(shop, product, 5, product_id=int(product.id), status=_named(was, product), suspended_reason="")
    if product.status in _AUDITS and (was == "PENDING" or product.status == "PENDING"):
        audit = {"status": _AUDITS[product.status], "pre_approved_reasons": []}
        yield _event(
            shop,
            product,
            37,
            product_id=int(product.id),
            audit=audit,
            integrated_platform_statuses={"platform": "TIKTOK_SHOP", "status": product.status},
        )
    status = {"": "CREATED", LIVE: "ACTIVATED", "DELETED": "DELETED"}.get(product.status if before else "")
    if status is None and was == LIVE:
        status = "DEACTIVATED"
    if status:
        source = {"deactivation_source": "SELLER"} if status == "DEACTIVATED" else {}
        skus = [{"sku_id": sku.id, "status": status, **source} for sku in product.skus]
        yield _event(shop, product, 50, product_id=product.id, skus=skus)


def _named(was: str, product: Product) -> str:
    """What the platform calls a change of status; the status itself is not told."""
    if was == "PENDING":
        return "PRODUCT_AUDIT_FAILURE" if product.status == "FAILED" else "PRODUCT_FIRST_PASS_REVIEW"
    return "PRODUCT_STATUS_CHANGED"


def _information_events(
    shop: Shop, sides: tuple[ProductMark, ProductMark], product: Product, source: str
) -> Iterator[Happening]:
    """What buyers see of a product that is on sale; prices are never told."""
    before, now = sides
    old = dict(before.information)
    fields = {_TOLD.get(name, _OTHERS) for name, value in now.information if old.get(name) != value}
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


def _sku_events(shop: Shop, before: ProductMark, now: ProductMark, product: Product) -> Iterator[Happening]:
    for sku in product.skus:
        was, is_ = before.skus.get(sku.id), now.skus[sku.id]
        if was is None:
            row = {"sku_id": sku.id, "status": "CREATED"}
            yield _event(shop, product, 50, product_id=product.id, skus=[row])
        elif (was.stock, was.committed) != (is_.stock, is_.committed):
            yield from _stock_events(shop, product, sku, was, is_)
    gone = [{"sku_id": sku, "status": "DELETED"} for sku in before.skus if sku not in now.skus]
    if gone:
        yield _event(shop, product, 50, product_id=product.id, skus=gone)


def _stock_events(shop: Shop, product: Product, sku: Sku, was: SkuMark, now: SkuMark) -> Iterator[Happening]:
    """Three events tell of the stock: one that no document names, one with all figures, one when it gets low."""
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
