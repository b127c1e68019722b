"""A product of one market listed in others: what it costs and how many there are is said for each market."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tiktokshop_sandbox.contract import ApiError, Endpoint
from tiktokshop_sandbox.documents.associations import crosses_borders
from tiktokshop_sandbox.endpoints import _bodies
from tiktokshop_sandbox.endpoints._seller import granted_shops
from tiktokshop_sandbox.endpoints.offers import MOST_STOCK, NOT_IN_THIS_STATUS, price_of, refuse
from tiktokshop_sandbox.endpoints.products import product_key
from tiktokshop_sandbox.life import listings
from tiktokshop_sandbox.states import Product, Sku

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.life import Life
    from tiktokshop_sandbox.storefront import Shop

NO_SHOP: Final = (12052513, "The seller has no shop in the stated region.")
TWICE: Final = (12019212, "The product is published in the region already.")
SKUS_MISSING: Final = (12052511, "Missing SKU details: all SKUs of the source product must be given.")
SKU_UNKNOWN: Final = (12052508, "The source SKU id is invalid and cannot be found.")
WAREHOUSE: Final = (12052530, "The warehouse does not belong to the shop.")
QUANTITY: Final = (12052055, "The quantity of the warehouse is out of range.")
_OF_A_MARKET: Final = (
    "package_weight",
    "package_dimensions",
    "manufacturer_ids",
    "responsible_person_ids",
    "delivery_options",
    "is_cod_allowed",
    "size_chart",
)
_SKUS_OF_KINDS: Final = 32


def rules(call: ApiCall) -> Mapping[str, Any]:
    """How the seller lists in other markets: sellers of global products by those, others by replicas."""
    method = "GLOBAL_PUBLISHING" if crosses_borders(call.the_shop) else "LOCAL_REPLICATION"
    return {"listing_methods": [method], "inventory_rules": []}


def replicated(call: ApiCall) -> Mapping[str, Any]:
    """The replicas of a product, each with its status."""
    source = product_key(call, call.path["product_id"])
    shown = []
    with call.world.reading() as store:
        for region, key in _replicas(call, source).items():
            product = store.products[key]
            shop = call.world.shops[product.shop]
            facts = {"region": region, "shop_id": shop.id, "product_id": product.id}
            shown.append({**facts, "product_status": product.status})
    return {"replicated_products": shown}


def _replicas(call: ApiCall, source: int) -> dict[str, int]:
    """Market -> the key of the replica there."""
    return msgspec.json.decode(call.world.meta(f"replicas.{source}") or "{}", type=dict[str, int])


def replicate(call: ApiCall) -> Mapping[str, Any]:
    """Makes a replica in each market that is named; a market that is refused is named in `errors`.

    Raises:
        ApiError: 12052901, when the product cannot be replicated at all.
    """
    key = product_key(call, call.path["product_id"])
    errors = []
    with call.world.writing(call.now) as life:
        source = life.store.products[key]
        if source.status in {"DRAFT", "FREEZE", "DELETED"}:
            raise refuse(NOT_IN_THIS_STATUS)
        made = _replicas(call, key)
        for target in call.body["replicate_target"]:
            region = str(target.get("region") or "")
            try:
                made[region] = _replica(call, life, source, target, made)
            except ApiError as error:
                errors.append({"code": error.code, "message": error.message, "detail": {"region": region}})
        call.world.set_meta(f"replicas.{key}", msgspec.json.encode(made).decode())
    return {"errors": errors} if errors else {}


def _replica(call: ApiCall, life: Life, source: Product, target: Mapping[str, Any], made: Mapping[str, int]) -> int:
    """A replica, handed in for review; returns its key."""
    region = str(target.get("region") or "")
    shops = [shop for shop in granted_shops(call) if shop.region == region and shop.id != call.the_shop.id]
    if not shops:
        raise refuse(NO_SHOP)
    if region in made:
        raise refuse(TWICE)
    shop = shops[0]
    sent = {str(item.get("source_sku_id") or ""): item for item in target.get("skus") or ()}
    if sent.keys() - {sku.id for sku in source.skus}:
        raise refuse(SKU_UNKNOWN)
    if {sku.id for sku in source.skus} - sent.keys():
        raise refuse(SKUS_MISSING)
    desk = life.store.desks[shop.number]
    product = _copy(shop, source, desk.products, call.now)
    product.warehouses = _places(shop, list(sent.values()))
    product.skus = [_sku(shop, product, index, sku, sent[sku.id]) for index, sku in enumerate(source.skus)]
    desk.products += 1
    life.store.desks.put(shop.number, desk)
    listings.submit(life, shop, product, listings.version_of(product))
    return shop.key(product.n)


def _copy(shop: Shop, source: Product, number: int, now: int) -> Product:
    """The product as it will be in the other market, without SKUs. What follows from the market is its own there."""
    shown = {name: value for name, value in deepcopy(source.shown).items() if name not in _OF_A_MARKET}
    return Product(
        shop=shop.number,
        n=number,
        id=shop.identify("product", number),
        title=source.title,
        kind=source.kind,
        status="DRAFT",
        created=now,
        updated=now,
        warehouses=[],
        skus=[],
        shown={**shown, "is_replicated": True, "global_product_association": None},
    )


def _places(shop: Shop, sent: Sequence[Mapping[str, Any]]) -> list[int]:
    """The warehouses that the SKUs name, by their place among the shop's; the first one if they name none."""
    ids = {place.id: number for number, place in enumerate(shop.warehouses) if place in shop.sales_warehouses}
    named = {str(row.get("warehouse_id") or "") for item in sent for row in item.get("inventory") or ()}
    if named - ids.keys():
        raise refuse(WAREHOUSE)
    return sorted(ids[name] for name in named) or [0]


def _sku(shop: Shop, product: Product, index: int, source: Sku, item: Mapping[str, Any]) -> Sku:
    stock = {str(row.get("warehouse_id")): row.get("quantity") for row in item.get("inventory") or ()}
    units = [stock.get(shop.warehouses[place].id, 0) for place in product.warehouses]
    if not all(isinstance(count, int) and 0 <= count <= MOST_STOCK for count in units):
        raise refuse(QUANTITY)
    return Sku(
        id=shop.identify("sku", product.n * _SKUS_OF_KINDS + index),
        seller_sku=str(item.get("seller_sku") or source.seller_sku),
        price=price_of(shop, item.get("price") or {}),
        attributes=list(source.attributes),
        stock=units,
        committed=[0] * len(units),
        shown=deepcopy(source.shown),
    )


_READ: Final = "seller.product.basic"

ENDPOINTS = (
    Endpoint("GET", "/product/202507/global_listing_rules", _READ, rules),
    Endpoint("GET", "/product/202507/products/{product_id}/replicated_products", _READ, replicated),
    Endpoint(
        "POST",
        "/product/202507/products/{product_id}/global_replicate",
        "seller.product.write",
        replicate,
        body={
            "inventory_mode": _bodies.MODE,
            "replicate_target": replace(_bodies.TARGETS, required=True),
        },
    ),
)
