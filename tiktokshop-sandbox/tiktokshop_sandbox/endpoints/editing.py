"""Listing products and editing them: what may be listed, in which form, and what an omission means."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.documents.categories import CATEGORIES, category_document, listed, local_name
from tiktokshop_sandbox.documents.products import detail_document
from tiktokshop_sandbox.endpoints import _bodies
from tiktokshop_sandbox.endpoints._listing import TEXT, TEXTS
from tiktokshop_sandbox.endpoints._skus import read_skus, sku_document
from tiktokshop_sandbox.endpoints._writing import FIELDS, Draft, check_title, kind_of
from tiktokshop_sandbox.endpoints.categories import NEEDS_V2
from tiktokshop_sandbox.endpoints.offers import NOT_IN_THIS_STATUS, refuse
from tiktokshop_sandbox.endpoints.products import product_key
from tiktokshop_sandbox.life import listings, products
from tiktokshop_sandbox.states import Product, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.life import Life
    from tiktokshop_sandbox.storefront import Shop

AS_DRAFT: Final = "AS_DRAFT"
LONGEST_KEY: Final = 128
_SKUS_OF_KINDS, _MORE = 32, 1 << 40
_PREREQUISITES: Final = (
    "SHOP_STATUS",
    "SHOP_TAX",
    "PICKUP_WAREHOUSE",
    "RETURN_WAREHOUSE",
    "DELIVERY_OPTION",
    "SHIPPING_TEMPLATE",
    "PRODUCT_QUANTITY_LIMIT",
    "EXTENDED_PRODUCER_RESPONSIBILITY",
    "BANk_ACCOUNT",  # the platform spells it so
    "CONTACT_INFO",
)


def prerequisites(_: ApiCall) -> Mapping[str, Any]:
    """What a shop must have before it may list; these shops have it all."""
    return {"check_results": [{"check_item": item, "is_failed": False, "fail_reasons": []} for item in _PREREQUISITES]}


def recommend(call: ApiCall) -> Mapping[str, Any]:
    """The leaf category whose name has most words of the title.

    Raises:
        ApiError: 12019064, when none has any.
    """
    words = {word.rstrip("s") for word in call.body["product_title"].casefold().split()}
    leaves = [item for item in listed(call.the_shop, prohibited=False) if item.is_leaf]
    scored = [(len(words & {word.rstrip("s") for word in item.name.casefold().split()}), item) for item in leaves]
    best, found = max(scored, key=lambda pair: pair[0])
    if not best:
        raise ApiError(12019064, "No category matches the product.", 400)
    chain = [found]
    while chain[0].parent in CATEGORIES:
        chain.insert(0, CATEGORIES[chain[0].parent])
    shown = [
        {"id": item.id, "name": local_name(item, "en-US"), "is_leaf": item.is_leaf, "level": level}
        | {key: value for key, value in category_document(call.the_shop, item, "en-US").items() if key.endswith("uses")}
        for level, item in enumerate(chain, 1)
    ]
    return {"categories": shown, "leaf_category_id": found.id}


def listing_check(call: ApiCall) -> Mapping[str, Any]:
    """What would be refused, all of it, and nothing is listed."""
    blank = _blank(call.the_shop, 0, call.now)
    draft, _ = _read(call, blank, keeps=False)
    reasons = [{"code": code, "message": words} for code, words in draft.faults]
    return {
        "check_result": "FAILED" if reasons else "PASS",
        "fail_reasons": reasons,
        "warnings": {"message": "; ".join(draft.warnings)} if draft.warnings else {},
        "pre_check_results": [],
    }


def create(call: ApiCall) -> Mapping[str, Any]:
    """A new product, as a draft or handed in for review; the same key again gives the same answer.

    Raises:
        ApiError: The first thing that the platform does not take.
    """
    shop, key = call.the_shop, call.body.get("idempotency_key") or ""
    if len(key) > LONGEST_KEY:
        raise ApiError(12052910, "The idempotency key is too long.", 400)
    kept = call.world.meta(f"created.{shop.id}.{key}") if key else None
    if kept is not None:
        return msgspec.json.decode(kept, type=dict[str, Any])
    with call.world.writing(call.now) as life:
        desk = life.store.desks[shop.number]
        product = _blank(shop, desk.products, call.now)
        draft, version = _read(call, product, keeps=False)
        _raise_first(draft)
        desk.products += 1
        life.store.desks.put(shop.number, desk)
        product.kind = version.kind
        listings.take_version(life, product, version)
        if call.body["save_mode"] == AS_DRAFT:
            products.touch(life, product)
        else:
            listings.submit(life, shop, product, version)
        answer = _answer(product, version, draft)
        if key:
            call.world.set_meta(f"created.{shop.id}.{key}", msgspec.json.encode(answer).decode())
    return answer


def _blank(shop: Shop, number: int, now: int) -> Product:
    """A product of which nothing is known yet."""
    nothing = dict.fromkeys((*FIELDS, "global_product_association", "brand", "category_chains", "delivery_options"))
    shown = {name: None for name in nothing if name not in {"category_id", "brand_id", "delivery_option_ids"}}
    return Product(
        shop=shop.number,
        n=number,
        id=shop.identify("product", number),
        title="",
        kind=0,
        status="DRAFT",
        created=now,
        updated=now,
        warehouses=[],
        skus=[],
        shown=shown,
    )


def _read(call: ApiCall, product: Product, *, keeps: bool, partial: bool = False) -> tuple[Draft, Version]:
    """What a request makes of a product."""
    base = listings.version_of(product)
    now = detail_document(call.the_shop, listings.as_version(product, base))
    draft = Draft(call, now, category=str((now.get("category_chains") or [{}])[-1].get("id") or ""))
    body = call.body
    if "category_id" in body and body.get("category_version", "v2") != "v2":
        draft.refuse(NEEDS_V2, "The category version must be v2.")
    version = Version(base.title, base.kind, dict(base.shown), list(base.warehouses), deepcopy(base.skus))
    if product.title:
        version.shown.setdefault("description", now.get("description"))  # what follows from the old title stays
    if "title" in body or not partial:
        version.title = body.get("title") or ""
        check_title(draft, version.title)
    for name, write in FIELDS.items():
        if name in body or not partial:
            version.shown |= write(draft, body.get(name))
    if draft.category in CATEGORIES and "category_id" in body:
        version.kind = kind_of(draft.category)
    if "skus" in body or not partial:
        before = {sku.id: sku for sku in base.skus}
        version.skus, version.warehouses = read_skus(
            draft,
            body.get("skus") or (),
            before,
            base.warehouses,
            _ids(call.the_shop, product),
            keeps=keeps,
            is_draft=product.status == "DRAFT",
        )
    return draft, version


def _ids(shop: Shop, product: Product) -> Callable[[], str]:
    """New ids of SKUs, which no other SKU ever had."""

    def new() -> str:
        product.skus_made = max(product.skus_made, len(product.skus)) + 1
        index = product.skus_made - 1
        number = product.n * _SKUS_OF_KINDS + index if index < _SKUS_OF_KINDS else _MORE + product.n * 10_000 + index
        return shop.identify("sku", number)

    return new


def _raise_first(draft: Draft) -> None:
    if draft.faults:
        raise refuse(draft.faults[0])


def _answer(product: Product, version: Version, draft: Draft, audit: str = "") -> dict[str, Any]:
    shown: dict[str, Any] = {"product_id": product.id, "skus": [sku_document(sku) for sku in version.skus]}
    shown["warnings"] = [{"message": words} for words in draft.warnings]
    if audit:
        shown["audit"] = {"status": audit}
    return shown


def _edit(*, partial: bool) -> Callable[[ApiCall], Mapping[str, Any]]:
    def edit(call: ApiCall) -> Mapping[str, Any]:
        key = product_key(call, call.path["product_id"])
        with call.world.writing(call.now) as life:
            return _change(life, call, life.store.products[key], partial=partial)

    return edit


def _change(life: Life, call: ApiCall, product: Product, *, partial: bool) -> Mapping[str, Any]:
    """Hands an edit in. What is live stays so until the review has passed, and if it does not."""
    as_draft = call.body["save_mode"] == AS_DRAFT
    if product.status in {"FREEZE", "DELETED"} or (as_draft and product.status != "DRAFT"):
        raise refuse(NOT_IN_THIS_STATUS)
    draft, version = _read(call, product, keeps=not partial, partial=partial)
    _raise_first(draft)
    _set_trade(product, version)
    if as_draft:
        listings.take_version(life, product, version)
        products.touch(life, product)
        return _answer(product, version, draft, "NONE")
    return _answer(product, version, draft, listings.submit(life, call.the_shop, product, version))


def _set_trade(product: Product, version: Version) -> None:
    """Price and stock need no review: those of SKUs that are live are set at once."""
    sent = {sku.id: sku for sku in version.skus}
    for sku in product.skus:
        new = sent.get(sku.id)
        if new is not None:
            stock = dict(zip(version.warehouses, new.stock, strict=True))
            sku.stock = [stock.get(place, units) for place, units in zip(product.warehouses, sku.stock, strict=True)]
            sku.price, sku.list_price = new.price, new.list_price


_COMMON: Final[Mapping[str, Param]] = {
    "title": TEXT,
    "description": TEXT,
    "category_id": TEXT,
    "category_version": Param("string", values=("v1", "v2"), default="v1"),
    "brand_id": TEXT,
    "main_images": _bodies.IMAGES,
    "skus": _bodies.SKUS,
    "package_weight": _bodies.WEIGHT,
    "package_dimensions": _bodies.SIZE,
    "product_attributes": _bodies.ATTRIBUTES,
    "certifications": _bodies.CERTIFICATIONS,
    "size_chart": _bodies.SIZE_CHART,
    "manufacturer_ids": TEXTS,
    "responsible_person_ids": TEXTS,
    "is_cod_allowed": Param("boolean"),
    "delivery_option_ids": TEXTS,
    "external_product_id": TEXT,
    "minimum_order_quantity": Param("integer", low=1, high=20),
    "shipping_insurance_requirement": Param("string", values=("NOT_SUPPORTED", "OPTIONAL", "REQUIRED")),
    "is_pre_owned": Param("boolean"),
    "key_product_features": TEXTS,
    "search_terms": TEXTS,
    "video": _bodies.part("id"),
    "save_mode": Param("string", values=("LISTING", AS_DRAFT), default="LISTING"),
}
_NOT_IN_PARTS: Final = frozenset(
    {"category_id", "delivery_option_ids", "minimum_order_quantity", "shipping_insurance_requirement", "is_pre_owned"}
)
_CHECKED: Final = {name: param for name, param in _COMMON.items() if name not in {"category_version", "save_mode"}}
_PARTS: Final = {name: param for name, param in _COMMON.items() if name not in _NOT_IN_PARTS}
_WRITE, _READ = "seller.product.write", "seller.product.basic"

ENDPOINTS = (
    Endpoint("GET", "/product/202312/prerequisites", _READ, prerequisites),
    Endpoint(
        "POST",
        "/product/202309/categories/recommend",
        _READ,
        recommend,
        body={"product_title": Param("string", required=True), "description": TEXT, "category_version": TEXT},
    ),
    Endpoint("POST", "/product/202309/products/listing_check", _WRITE, listing_check, body=_CHECKED),
    Endpoint("POST", "/product/202309/products", _WRITE, create, body={**_COMMON, "idempotency_key": TEXT}),
    *(
        Endpoint("PUT", f"/product/{version}/products/{{product_id}}", _WRITE, _edit(partial=False), body=_COMMON)
        for version in ("202309", "202509")
    ),
    *(
        Endpoint(
            "POST",
            f"/product/{version}/products/{{product_id}}/partial_edit",
            _WRITE,
            _edit(partial=True),
            body=_PARTS,
        )
        for version in ("202309", "202509")
    ),
)
