"""Fulfilled by TikTok: where a seller is onboarded, sites, goods, stock, changes of stock, deliveries."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import INVALID_PARAMETER, ApiError, Endpoint, Param
from tiktokshop_sandbox.derived.fbt import centres, is_onboarded, stand
from tiktokshop_sandbox.documents.fbt import (
    cartons,
    delivery_document,
    goods_document,
    record_document,
    reference_code,
    stock_document,
    warehouse_document,
)
from tiktokshop_sandbox.endpoints._listing import PAGE_TOKEN, TEXT, TEXTS, TIME
from tiktokshop_sandbox.endpoints._sorted import page_of_sorted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.derived.fbt import Stand
    from tiktokshop_sandbox.derived.fbt.book import BookEntry, FbtGoods
    from tiktokshop_sandbox.derived.fbt.centres import Centre
    from tiktokshop_sandbox.states import Product

MOST_ORDERS = 50


def onboarded_regions(call: ApiCall) -> Mapping[str, Any]:
    """Where the platform keeps the merchant's goods."""
    shop = call.the_shop
    return {"onboarded_regions": [{"region_code": shop.region}] if is_onboarded(shop) else []}


def warehouses(call: ApiCall) -> Mapping[str, Any]:
    """The sites that keep the shop's goods."""
    _check(call)
    shop = call.the_shop
    return {"warehouses": [warehouse_document(shop, centre) for centre in centres(shop)]}


def _check(call: ApiCall) -> None:
    if not is_onboarded(call.the_shop):
        raise ApiError(INVALID_PARAMETER, "The merchant is not onboarded to FBT.", 400)


def _stand(call: ApiCall) -> Stand:
    _check(call)
    return stand(call.world, call.the_shop, call.now)


def _product(call: ApiCall, goods: FbtGoods) -> Product:
    return call.world.store.products[call.the_shop.key(goods.product)]


# Filter of the body -> what it looks at.
_TRAITS: Mapping[str, Callable[[ApiCall, FbtGoods], str]] = {
    "goods_ids": lambda _, goods: goods.id,
    "product_ids": lambda call, goods: call.the_shop.identify("product", goods.product),
    "reference_codes": lambda _, goods: reference_code(goods),
    "sku_ids": lambda call, goods: _product(call, goods).skus[goods.sku].id,
}


def _goods_wanted(call: ApiCall, found: Stand) -> set[int]:
    """The numbers of the goods that pass the call's filters."""
    asked = [(trait, set(call.body[name])) for name, trait in _TRAITS.items() if call.body.get(name)]
    return {
        number for number, goods in found.known.items() if all(trait(call, goods) in values for trait, values in asked)
    }


def _centres_wanted(call: ApiCall) -> dict[int, Centre]:
    """The sites that pass the call's filter, by number."""
    ids = call.body.get("fbt_warehouse_ids")
    return {centre.number: centre for centre in centres(call.the_shop) if not ids or centre.id in ids}


def search_goods(call: ApiCall) -> Mapping[str, Any]:
    """A page of the goods the platform knows, those it has known longest first."""
    found = _stand(call)
    with call.world.reading():
        wanted = _goods_wanted(call, found)
        goods = [item for item in found.goods if item.number in wanted]
        shown, token = page_of_sorted(
            call, goods, lambda item: goods_document(call.the_shop, item, _product(call, item))
        )
    return {"goods": shown, "next_page_token": token, "total_count": len(goods)}


def search_inventory(call: ApiCall) -> Mapping[str, Any]:
    """A page of what lies where, goods and site alike."""
    found = _stand(call)
    with call.world.reading():
        wanted, places = _goods_wanted(call, found), _centres_wanted(call)
        shelves = [shelf for shelf in found.shelves if shelf.goods.number in wanted and shelf.centre in places]
        shown, token = page_of_sorted(
            call, shelves, lambda shelf: stock_document(places[shelf.centre], shelf, _product(call, shelf.goods))
        )
    return {"inventory": shown, "next_page_token": token, "total_count": len(shelves)}


def search_records(call: ApiCall) -> Mapping[str, Any]:
    """A page of changes of stock, oldest first. Both bounds are inclusive."""
    found = _stand(call)
    low, high = call.body.get("create_time_ge", 0), call.body.get("create_time_le", call.now)
    start = bisect_left(found.entries, low, key=lambda entry: entry.at)
    end = bisect_right(found.entries, high, key=lambda entry: entry.at)
    entries = found.entries[start:end]
    with call.world.reading():
        if any(call.body.get(name) for name in ("goods_ids", "fbt_warehouse_ids")):
            wanted, places = _goods_wanted(call, found), _centres_wanted(call)
            entries = [it for it in entries if it.change.place[0] in wanted and it.change.place[1] in places]
        shown, token = page_of_sorted(call, entries, lambda entry: _record(call, found, entry))
    return {"inventory_records": shown, "next_page_token": token, "total_count": len(entries)}


def _record(call: ApiCall, found: Stand, entry: BookEntry) -> dict[str, Any]:
    number, centre = entry.change.place
    goods = found.known[number]
    return record_document(centres(call.the_shop)[centre], entry, goods, _product(call, goods))


def inbound_orders(call: ApiCall) -> Mapping[str, Any]:
    """The deliveries of these ids; ids that are nobody's are left out."""
    found, shop, sites = _stand(call), call.the_shop, centres(call.the_shop)
    shown = []
    with call.world.reading():
        for number in dict.fromkeys(call.query["order_ids"]):
            item = found.deliveries.get(number)
            if item is None:
                continue
            goods = {
                load.goods: (found.known[load.goods], _product(call, found.known[load.goods])) for load in item.loads
            }
            document = delivery_document(shop, sites[item.centre], item, goods, call.now)
            if call.query["include_carton_details"]:
                document["carton_details"] = cartons(item, goods)
            shown.append(document)
    return {"inbound_orders": shown}


_PAGES = {"page_size": Param("integer", required=True, low=1, high=100), "page_token": PAGE_TOKEN}
_IDS = Param("array", items=TEXT, max_count=100)

ENDPOINTS = (
    Endpoint("GET", "/fbt/202409/merchants/onboarded_regions", "", onboarded_regions),
    Endpoint("GET", "/fbt/202408/warehouses", "", warehouses),
    Endpoint(
        "POST",
        "/fbt/202607/goods/search",
        "",
        search_goods,
        query=_PAGES,
        body={"goods_ids": _IDS, "product_ids": _IDS, "reference_codes": _IDS, "sku_ids": _IDS},
    ),
    Endpoint(
        "POST",
        "/fbt/202408/inventory/search",
        "",
        search_inventory,
        query=_PAGES,
        body={"goods_ids": _IDS, "fbt_warehouse_ids": _IDS, "sku_ids": _IDS},
    ),
    Endpoint(
        "POST",
        "/fbt/202410/inventory_records/search",
        "",
        search_records,
        query=_PAGES,
        body={"goods_ids": _IDS, "fbt_warehouse_ids": TEXTS, "create_time_ge": TIME, "create_time_le": TIME},
    ),
    Endpoint(
        "GET",
        "/fbt/202602/inbound_orders",
        "",
        inbound_orders,
        query={
            "order_ids": Param("array", required=True, items=TEXT, max_count=MOST_ORDERS),
            "include_carton_details": Param("boolean", default=False),
        },
    ),
)
