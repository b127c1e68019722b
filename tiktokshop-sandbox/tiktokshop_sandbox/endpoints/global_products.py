"""The catalogue that a cross-border seller publishes to its shops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.derived.global_products import GLOBAL, global_keys, statuses
from tiktokshop_sandbox.documents.associations import crosses_borders
from tiktokshop_sandbox.documents.global_products import DELETED, STATUSES, global_document, global_search_document
from tiktokshop_sandbox.endpoints._listing import PAGE_TOKEN, TEXTS, TIME, Filter, Listing, page
from tiktokshop_sandbox.endpoints._seller import PAGE_SIZE, granted_shops
from tiktokshop_sandbox.paging import absent_when_empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall

NO_SUCH_PRODUCT = 12052260
_SCOPE = "seller.global_product.info"
_INVALID_RANGES = {"create_time": 12019118, "update_time": 12019119}


def search(call: ApiCall) -> Mapping[str, Any]:
    """A page of global products, newest first. Bounds are inclusive; deleted ones are found only by their status.

    Raises:
        ApiError: 12019118 or 12019119, for a range of times that ends before it begins.
    """
    for name, code in _INVALID_RANGES.items():
        low, high = call.body.get(f"{name}_ge"), call.body.get(f"{name}_le")
        if low is not None and high is not None and low > high:
            raise ApiError(code, f"The {name.replace('_', ' ')} range is invalid.", 400)
    found = page(call, Listing("products", "key", "create_time", descending=True, filter=_filter(call)))
    with call.world.reading() as store:
        products = [store.products[row[2]] for row in found.rows]
    rows = [global_search_document(call.world.shops[product.shop], product) for product in products]
    data = {"next_page_token": found.next_page_token, "total_count": found.total, "global_products": rows}
    return absent_when_empty(call, data, "global_products")


def _filter(call: ApiCall) -> Filter:
    shops = [shop.number for shop in granted_shops(call) if crosses_borders(shop)]
    wanted = Filter().also(GLOBAL) if shops else Filter().also("0")
    wanted = wanted.among("shop", shops).among("status", statuses(call.body.get("status")))
    wanted = wanted.within(call.body, {"create_time": "create_time", "update_time": "update_time"})
    inner = Filter().among("seller_sku", call.body.get("seller_skus"))
    if inner.conditions:
        wanted = wanted.also(f"key IN (SELECT product FROM skus WHERE {inner.sql})", *inner.parameters)  # noqa: S608
    return wanted


def detail(call: ApiCall) -> Mapping[str, Any]:
    """Everything about a global product.

    Raises:
        ApiError: 12052260, when the seller has none of that id or has deleted it.
    """
    for shop in granted_shops(call):
        key = global_keys(call.world, shop).get(call.path["global_product_id"])
        if key is not None:
            with call.world.reading() as store:
                product = store.products[key]
            if STATUSES[product.status] != DELETED:
                return global_document(shop, product, call.grant.seller_id)
    raise ApiError(NO_SUCH_PRODUCT, "The product does not exist.", 400)


ENDPOINTS = (
    Endpoint(
        "POST",
        "/product/202312/global_products/search",
        _SCOPE,
        search,
        cipher=False,
        query={"page_size": PAGE_SIZE, "page_token": PAGE_TOKEN},
        body={
            "status": Param("string", values=tuple(sorted(set(STATUSES.values())))),
            "seller_skus": TEXTS,
            "create_time_ge": TIME,
            "create_time_le": TIME,
            "update_time_ge": TIME,
            "update_time_le": TIME,
        },
    ),
    Endpoint("GET", "/product/202309/global_products/{global_product_id}", _SCOPE, detail, cipher=False),
)
