"""Products: search, detail and stock. What changes them is in `listings` (status) and `offers` (stock, price)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.documents.products import detail_document, stock_document
from tiktokshop_sandbox.endpoints._listing import PAGE_TOKEN, TEXT, TEXTS, TIME, Filter, narrowed, of_shop, page
from tiktokshop_sandbox.life.listings import as_version, version_of
from tiktokshop_sandbox.paging import absent_when_empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall

MOST_HITS = 10_000
MOST_SELLER_SKUS = 10
MOST_PRODUCTS, MOST_SKUS = 100, 600
STATUSES = (
    "ALL",
    "DRAFT",
    "PENDING",
    "FAILED",
    "ACTIVATE",
    "SELLER_DEACTIVATED",
    "PLATFORM_DEACTIVATED",
    "FREEZE",
    "DELETED",
)
_AUDITS = {"AUDITING": ("PENDING",), "FAILED": ("FAILED",)}
_TIERS = ("POOR", "FAIR", "GOOD", "EXCELLENT")


def search(call: ApiCall) -> Mapping[str, Any] | bytes:
    """A page of products, newest first. Bounds are inclusive; deleted products only when asked for.

    Raises:
        ApiError: 12052180 for more than 10,000 hits, 12019118/119 for a range that ends before it
            begins, 12019027 for more than ten seller SKUs.
    """
    _check(call.body)
    filters = _filters(call).within(call.body, {"create_time": "create_time", "update_time": "update_time"})
    listing = narrowed(of_shop(call, "products", "doc", "create_time"), filters)
    if listing.total(call) > MOST_HITS:
        raise ApiError(12052180, f"The search result exceeds {MOST_HITS}, please narrow the filter.", 400)
    found = page(call, listing)
    if not found.rows:
        data = {"next_page_token": "", "products": [], "total_count": found.total}
        return absent_when_empty(call, data, "products")
    docs = b",".join([row[2] for row in found.rows])
    token = found.next_page_token.encode()
    return b'{"next_page_token":"%b","products":[%b],"total_count":%d}' % (token, docs, found.total)


def _check(body: Mapping[str, Any]) -> None:
    for name, code in (("create_time", 12019118), ("update_time", 12019119)):
        low, high = body.get(f"{name}_ge"), body.get(f"{name}_le")
        if low is not None and high is not None and low > high:
            raise ApiError(code, f"The {name.replace('_', ' ')} range is invalid.", 400)
    if len(body.get("seller_skus") or ()) > MOST_SELLER_SKUS:
        raise ApiError(12019027, f"At most {MOST_SELLER_SKUS} seller SKUs can be searched for.", 400)


def _filters(call: ApiCall) -> Filter:
    body = call.body
    status = body.get("status", "ALL")
    filters = Filter().also("status <> 'DELETED'") if status == "ALL" else Filter().also("status = ?", status)
    for column, values in (("seller_sku", body.get("seller_skus")), ("id", body.get("sku_ids"))):
        if values:
            places = ", ".join("?" * len(values))
            condition = f"key IN (SELECT product FROM skus WHERE {column} IN ({places}))"  # noqa: S608 - our own names
            filters = filters.also(condition, *values)
    audits = body.get("audit_status")
    if audits:
        wanted = [status for audit in audits for status in _AUDITS.get(audit, _approved())]
        filters = filters.among("status", wanted)
    tiers = body.get("listing_quality_tiers")
    if tiers:
        filters = filters.among("(key & 3)", [_TIERS.index(tier) for tier in tiers])
    return filters


def _approved() -> tuple[str, ...]:
    return tuple(status for status in STATUSES if status not in {"ALL", "DRAFT", "PENDING", "FAILED"})


def product_key(call: ApiCall, product_id: str) -> int:
    """The key of one of the shop's products.

    Raises:
        ApiError: 12052048, when the shop has no such product.
    """
    key = call.world.key("products", call.the_shop, product_id)
    if key is None:
        raise ApiError(
            12052048, "You can't edit the specified product(s) as it isn't listed in your account or shop.", 400
        )
    return key


def detail(call: ApiCall) -> Mapping[str, Any]:
    """Everything about a product, deleted and frozen ones too.

    Raises:
        ApiError: 12052547, when a version under review is asked for and there is none.
    """
    with call.world.reading() as store:
        product = store.products[product_key(call, call.path["product_id"])]
        if not call.query["return_under_review_version"]:
            return detail_document(call.the_shop, product)
        if product.status != "PENDING" and product.review is None:
            raise ApiError(12052547, "The product has no version under review.", 400)
        return detail_document(call.the_shop, as_version(product, version_of(product)))


def inventory(call: ApiCall) -> Mapping[str, Any]:
    """Stock of up to 100 products, or of up to 600 SKUs, which win when both are sent."""
    sku_ids, product_ids = call.body.get("sku_ids") or [], call.body.get("product_ids") or []
    if not sku_ids and not product_ids:
        raise ApiError(36009004, "ProductIds is a required field", 400)
    column, values = ("id", sku_ids) if sku_ids else ("product", product_ids)
    if column == "product":
        wanted = Filter().also("shop = ?", call.the_shop.number).among("id", product_ids)
        sql = f"SELECT key FROM products WHERE {wanted.sql} ORDER BY key"  # noqa: S608 - our own conditions
    else:
        wanted = Filter().also("key >> 32 = ?", call.the_shop.number)
        inner = Filter().among("id", values)
        wanted = wanted.also(f"key IN (SELECT product FROM skus WHERE {inner.sql})", *inner.parameters)  # noqa: S608
        sql = f"SELECT key FROM products WHERE {wanted.sql} ORDER BY key"  # noqa: S608 - our own conditions
    keys = [key for (key,) in call.world.db.execute(sql, wanted.parameters)]
    shown = []
    with call.world.reading() as store:
        for product in (store.products[key] for key in keys):
            skus = [sku for sku in product.skus if not sku_ids or sku.id in sku_ids]
            documents = [stock_document(call.the_shop, product, sku) for sku in skus]
            shown.append({"product_id": product.id, "skus": documents})
    return absent_when_empty(call, {"inventory": shown}, "inventory")


_OLDEST_FILTERS = {
    "status": Param("string", values=STATUSES, default="ALL"),
    "seller_skus": TEXTS,
    "create_time_ge": TIME,
    "create_time_le": TIME,
    "update_time_ge": TIME,
    "update_time_le": TIME,
    "category_version": Param("string", values=("v1", "v2")),
}
_FILTERS = _OLDEST_FILTERS | {
    "sku_ids": Param("array", items=TEXT, max_count=10),
    "audit_status": Param("array", items=Param("string", values=("AUDITING", "FAILED", "APPROVED"))),
    "listing_quality_tiers": Param("array", items=Param("string", values=_TIERS)),
    "listing_platforms": Param("array", items=Param("string", values=("TIKTOK_SHOP", "TOKOPEDIA"))),
}

ENDPOINTS = (
    *(
        Endpoint(
            "POST",
            f"/product/{version}/products/search",
            "seller.product.basic",
            search,
            query={"page_size": Param("integer", required=True, low=1, high=100), "page_token": PAGE_TOKEN},
            body=body,
        )
        for version, body in (("202309", _OLDEST_FILTERS), ("202312", _FILTERS), ("202502", _FILTERS))
    ),
    Endpoint(
        "GET",
        "/product/202309/products/{product_id}",
        "seller.product.basic",
        detail,
        query={
            "return_under_review_version": Param("boolean", default=False),
            "return_draft_version": Param("boolean", default=False),
        },
    ),
    Endpoint(
        "POST",
        "/product/202309/inventory/search",
        "seller.product.basic",
        inventory,
        body={
            "product_ids": Param("array", items=TEXT, max_count=MOST_PRODUCTS),
            "sku_ids": Param("array", items=TEXT, max_count=MOST_SKUS),
        },
    ),
)
