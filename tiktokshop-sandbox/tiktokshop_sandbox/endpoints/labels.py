"""Shipping with the platform: slots of carriers, labels that are bought, and what is printed for a parcel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox import handover, papers
from tiktokshop_sandbox.contract import Endpoint, Param
from tiktokshop_sandbox.documents.papers import INVOICE, TITLES
from tiktokshop_sandbox.endpoints._listing import TEXT, TEXTS
from tiktokshop_sandbox.endpoints.fulfillment import package_place
from tiktokshop_sandbox.endpoints.orders import order_key
from tiktokshop_sandbox.endpoints.shipping import (
    ALREADY_SHIPPED,
    BY_PLATFORM,
    INVALID,
    by_platform,
    check_open,
    refuse,
    shipped_by_seller,
)
from tiktokshop_sandbox.life import orders
from tiktokshop_sandbox.markets import INVOICE_FIRST, ZPL
from tiktokshop_sandbox.services import POUND_IN_GRAMS, service_id, services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.states import Order, Package

_SCOPE = "seller.fulfillment.basic"
_SLOTS = "seller.fulfillment.package.write"
_US = frozenset({"US"})
NO_DOCUMENT_OF_SELLER = (21008017, "Only orders shipped by the platform have shipping documents.")
NO_DOCUMENT_OF_PLATFORM = (21008043, "The package is fulfilled by the platform.")
NOT_SHIPPED_YET = (21023035, "Please ship the package before getting its document.")
HANDED_OVER = (21023046, "The package has been handed over to the carrier.")
CANCELLED = (21023059, "The package is cancelled.")
NOT_HERE = (21004010, "This function is not available in this country.")
BOUGHT = (21022025, "The shipping label has already been bought.")
NOT_TOGETHER = (21011013, "The orders do not go to one buyer at one address from one warehouse.")
NO_SUCH_SERVICE = (11003011, "The shipping service does not exist.")
PRINTABLE = frozenset({"PROCESSING"})
_GRAMS = {"GRAM": 1, "POUND": POUND_IN_GRAMS}
_USUAL = 540
TOGETHER = "3"
MOST_ORDERS = 20


def slots(call: ApiCall) -> Mapping[str, Any]:
    """How a package can be handed over, and when the carrier comes."""
    key, index = package_place(call, call.path["package_id"])
    shop = call.the_shop
    with call.world.reading() as store:
        order = store.orders[key]
        if shipped_by_seller(shop, order):
            raise refuse(NO_DOCUMENT_OF_SELLER)
        if order.packages[index].shipped:
            raise refuse(ALREADY_SHIPPED)
    return {
        "can_pickup": handover.picks_up(shop),
        "can_drop_off": True,
        "can_van_collection": shop.region == "GB",
        "drop_off_point_url": "https://www.tiktok.com/drop-off",
        "pickup_slots": [
            {"start_time": slot.start, "end_time": slot.end, "avaliable": slot.free}
            for slot in handover.slots(shop, call.now)
        ],
    }


def documents(call: ApiCall) -> Mapping[str, Any]:
    """The address of a package's document, which lives for a day."""
    shop, kind = call.the_shop, call.query["document_type"]
    key, index = package_place(call, call.path["package_id"])
    with call.world.reading() as store:
        order = store.orders[key]
        package = order.packages[index]
    if by_platform(shop, order):
        raise refuse(NO_DOCUMENT_OF_PLATFORM)
    if shipped_by_seller(shop, order):
        raise refuse(NO_DOCUMENT_OF_SELLER)
    zpl = call.query["document_format"] == "ZPL"
    if kind not in TITLES or (zpl and shop.region not in ZPL) or (kind == INVOICE and shop.region not in INVOICE_FIRST):
        raise refuse(NOT_HERE)
    if package.status == "CANCELLED":
        raise refuse(CANCELLED)
    if package.status not in PRINTABLE:
        raise refuse(HANDED_OVER if package.shipped else NOT_SHIPPED_YET)
    path = papers.address(call.world, shop, package.id, kind, "ZPL" if zpl else call.query["document_size"])
    return {"doc_url": f"{call.host_url}{path}", "tracking_number": package.tracking}


def _grams(weight: Mapping[str, Any] | None) -> int:
    if not weight:
        return _USUAL
    try:
        value = float(weight.get("value") or "")
    except ValueError:
        value = 0
    if value <= 0 or weight.get("unit") not in _GRAMS:
        raise refuse(INVALID, "the weight is not valid")
    return int(value * _GRAMS[weight["unit"]])


def _check_size(dimension: Mapping[str, Any] | None) -> None:
    given = [name for name in ("length", "width", "height") if (dimension or {}).get(name)]
    if given and len(given) < len(("length", "width", "height")):
        raise refuse(INVALID, "length, width and height must be given together")


def offered(call: ApiCall) -> Mapping[str, Any]:
    """The services that take an order's parcel, and what they cost."""
    key = order_key(call, call.path["order_id"])
    _check_size(call.body.get("dimension"))
    with call.world.reading() as store:
        order = store.orders[key]
        _check_of_platform(call, order)
        lines = _lines(order, call.body.get("order_line_item_ids") or _line_ids(call.body.get("order_line_list")))
    return {
        "order_id": order.id,
        "order_line_id": [order.lines[index].id for index in lines],
        "weight": call.body.get("weight") or {"value": "1.2", "unit": "POUND"},
        "dimension": call.body.get("dimension") or {"length": "9", "width": "6", "height": "3", "unit": "INCH"},
        "shipping_services": services(call.the_shop, _grams(call.body.get("weight"))),
    }


def _line_ids(lines: Sequence[Mapping[str, Any]] | None) -> list[str]:
    return [line["order_line_id"] for line in lines or ()]


def _check_of_platform(call: ApiCall, order: Order) -> None:
    if by_platform(call.the_shop, order):
        raise refuse(BY_PLATFORM)
    if shipped_by_seller(call.the_shop, order):
        raise refuse(NOT_HERE)


def _lines(order: Order, wanted: Sequence[str]) -> list[int]:
    by_id = {line.id: index for index, line in enumerate(order.lines)}
    if not by_id.keys() >= set(wanted):
        raise refuse(INVALID, "an order line item is not part of the order")
    return [by_id[line] for line in dict.fromkeys(wanted)] or list(range(len(order.lines)))


def buy(call: ApiCall) -> Mapping[str, Any]:
    """Buys a label for a whole order, for some of its line items, or for several orders: the package can be collected.

    What belongs to another kind is ignored.
    """
    kind = call.body["ship_type"]
    if kind == TOGETHER:
        return _buy_together(call)
    if kind not in {"1", "2"} or not call.body.get("order_id"):
        raise refuse(INVALID, "ship_type")
    wanted = _line_ids(call.body.get("order_line_item")) if kind == "2" else []
    return _buy(call, wanted)


def buy_202309(call: ApiCall) -> Mapping[str, Any]:
    """The older form, in which the line items alone say whether it is for all of the order."""
    return _buy(call, call.body.get("order_line_item_ids") or _line_ids(call.body.get("order_line_list")))


def _service(call: ApiCall) -> tuple[int, Mapping[str, Any]]:
    """The service that is wanted, with its place among those that are offered."""
    offers = services(call.the_shop, _grams(call.body.get("weight")))
    _check_size(call.body.get("dimension"))
    named = call.body.get("shipping_service_id") or service_id(0)
    for place, offer in enumerate(offers):
        if offer["id"] == named:
            return place, offer
    raise refuse(NO_SUCH_SERVICE)


def _buy_together(call: ApiCall) -> Mapping[str, Any]:
    """One label for what one buyer has ordered to one address from one place, in several orders."""
    shop, ids = call.the_shop, list(dict.fromkeys(call.body.get("order_list_ids") or ()))
    if not 1 < len(ids) <= MOST_ORDERS:
        raise refuse(INVALID, "order_list_ids")
    keys = [order_key(call, order_id) for order_id in ids]
    place, service = _service(call)
    with call.world.writing(call.now) as life:
        orders_of = [life.store.orders[key] for key in keys]
        for order in orders_of:
            _check_of_platform(call, order)
            if any(line.package >= 0 for line in order.lines):
                raise refuse(BOUGHT)
            check_open(order)
        if len({_destination(order) for order in orders_of}) > 1:
            raise refuse(NOT_TOGETHER)
        carrier = place % len(shop.market.carriers)
        number = life.draws(shop, "bought", orders_of[0].lines[0].id).pattern(shop.market.carriers[carrier][2])
        package = orders.wrap_together_and_ship(life, shop, orders_of, (carrier, number))
    return _bought(call, package, service)


def _destination(order: Order) -> tuple[Any, ...]:
    to = order.recipient
    return order.user, to.street, to.postcode, order.warehouse, order.option


def _buy(call: ApiCall, wanted: Sequence[str]) -> Mapping[str, Any]:
    shop, key = call.the_shop, order_key(call, call.body["order_id"])
    place, service = _service(call)
    with call.world.writing(call.now) as life:
        order = life.store.orders[key]
        _check_of_platform(call, order)
        lines = _lines(order, wanted)
        if any(order.lines[index].package >= 0 for index in lines):
            raise refuse(BOUGHT)
        check_open(order)
        carrier = place % len(shop.market.carriers)
        number = life.draws(shop, "bought", order.lines[lines[0]].id).pattern(shop.market.carriers[carrier][2])
        package = orders.wrap_and_ship(life, shop, order, lines, (carrier, number))
    return _bought(call, package, service)


def _bought(call: ApiCall, package: Package, service: Mapping[str, Any]) -> Mapping[str, Any]:
    info = {name: service[name] for name in service if name != "is_default"}
    return {
        "package_id": package.id,
        "create_time": package.created,
        "shipping_service_info": info,
        "weight": call.body.get("weight") or {"value": "1.2", "unit": "POUND"},
        "dimension": call.body.get("dimension") or {"length": "9", "width": "6", "height": "3", "unit": "INCH"},
    }


_WEIGHT = Param("object", fields={"value": TEXT, "unit": Param("string", values=("GRAM", "POUND"))})
_SIZE = Param(
    "object",
    fields={"length": TEXT, "width": TEXT, "height": TEXT, "unit": Param("string", values=("CM", "INCH"))},
)
_LINE = Param("object", fields={"order_line_id": Param("string", required=True), "sub_item_id": TEXT})
_PARCEL = {"weight": _WEIGHT, "dimension": _SIZE}
_BUY = {"order_id": Param("string", required=True), "shipping_service_id": TEXT, **_PARCEL}
_KINDS = (*TITLES, "SHIPPING_LABEL_PICTURE", "HAZMAT_LABEL")

ENDPOINTS = (
    Endpoint("GET", "/fulfillment/202309/packages/{package_id}/handover_time_slots", _SLOTS, slots),
    Endpoint(
        "GET",
        "/fulfillment/202309/packages/{package_id}/shipping_documents",
        _SCOPE,
        documents,
        query={
            "document_type": Param("string", required=True, values=_KINDS),
            "document_size": Param("string", values=("A5", "A6"), default="A6"),
            "document_format": Param("string", values=("PDF", "ZPL"), default="PDF"),
            "shipping_period": TEXT,
        },
    ),
    Endpoint(
        "POST",
        "/fulfillment/202309/orders/{order_id}/shipping_services/query",
        _SCOPE,
        offered,
        body={"order_line_item_ids": TEXTS, "order_line_list": Param("array", items=_LINE), **_PARCEL},
        markets=_US,
    ),
    Endpoint(
        "POST",
        "/fulfillment/202512/packages",
        _SCOPE,
        buy,
        body={
            **_BUY,
            "order_id": TEXT,
            "ship_type": Param("string", required=True),
            "order_line_item": Param("array", items=_LINE),
            "order_list_ids": TEXTS,
        },
        markets=_US,
    ),
    Endpoint(
        "POST",
        "/fulfillment/202309/packages",
        _SCOPE,
        buy_202309,
        body={**_BUY, "order_line_item_ids": TEXTS, "order_line_list": Param("array", items=_LINE)},
        markets=_US,
    ),
)
