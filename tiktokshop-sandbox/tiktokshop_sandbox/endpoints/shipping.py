"""Shipping: marking orders as shipped, handing packages over, and correcting a tracking number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox import handover
from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.endpoints._listing import TEXT, TEXTS
from tiktokshop_sandbox.endpoints.fulfillment import package_place
from tiktokshop_sandbox.endpoints.orders import order_key
from tiktokshop_sandbox.life import orders
from tiktokshop_sandbox.markets import MARKS_AS_SHIPPED, fits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.life import Life
    from tiktokshop_sandbox.states import Order, Package
    from tiktokshop_sandbox.storefront import Shop

CORRECTION_WINDOW = 72 * 3_600
MOST_CORRECTIONS = 3
_TRACKING = re.compile(r"[A-Za-z0-9-]{5,50}", re.ASCII)
_SCOPE = "seller.fulfillment.basic"

INVALID = (21001001, "Invalid params: {}.")
NOT_BY_SELLER = (21011004, "The package is not shipped by the seller.")
ALREADY_SHIPPED = (21011006, "The package has already been shipped.")
AFTER_SALE = (21011007, "There is an active after-sale request on the order.")
BAD_TRACKING = (21011022, "The tracking number or the shipping provider is invalid.")
DELIVERED = (21011030, "The package has already been delivered.")
NOT_SHIPPED = (21011043, "The package has not been shipped yet, its shipping info can not be updated.")
SEVERAL = (21011048, "The order has several packages, please update each package.")
TOO_OFTEN = (21011050, "The shipping info has been updated too often.")
TOO_LATE = (21011051, "The time in which the shipping info can be updated is over.")
GONE = (21011003, "The package is cancelled.")
BY_PLATFORM = (21008025, "The order is fulfilled by the platform.")
BAD_SLOT = (21011053, "The pick-up slot is not within the pick-up time.")
NO_SLOT = (21011054, "Please choose a pick-up slot.")
UNSUPPORTED = (11007009, "The order is not in a supported scenario.")
ALREADY_GONE = frozenset({"AWAITING_COLLECTION", "IN_TRANSIT"})


def refuse(refusal: tuple[int, str], *details: str) -> ApiError:
    """The refusal as an answer."""
    code, words = refusal
    return ApiError(code, words.format(*details), 400)


def shipped_by_seller(shop: Shop, order: Order) -> bool:
    """Whether the seller's own carrier takes it."""
    return shop.options[order.option].shipping_type == "SELLER"


def by_platform(shop: Shop, order: Order) -> bool:
    """Whether it leaves from a warehouse of the platform's."""
    return shop.options[order.option].fulfillment_type == "FULFILLMENT_BY_TIKTOK"


def check_open(order: Order) -> None:
    """The order can be shipped now."""
    if order.status in {"DELIVERED", "COMPLETED"}:
        raise refuse(DELIVERED)
    if order.status in ALREADY_GONE:
        raise refuse(ALREADY_SHIPPED)
    if order.status not in orders.SHIPPABLE:
        raise refuse(UNSUPPORTED)
    if order.asked_to_cancel:
        raise refuse(AFTER_SALE)


def _label(shop: Shop, info: Mapping[str, Any]) -> tuple[int, str]:
    """(carrier, tracking number) of what the seller sent."""
    numbers = [number for number, _, _ in shop.market.carriers]
    provider, tracking = info.get("shipping_provider_id"), info.get("tracking_number") or ""
    if provider not in numbers or not _TRACKING.fullmatch(tracking):
        raise refuse(BAD_TRACKING)
    return numbers.index(provider), tracking


def _fits_another(shop: Shop, label: tuple[int, str]) -> bool:
    """Whether the number looks like one of another carrier."""
    carrier, tracking = label
    return any(
        fits(pattern, tracking) for place, (_, _, pattern) in enumerate(shop.market.carriers) if place != carrier
    )


def _lines(order: Order, wanted: Sequence[str]) -> list[int]:
    """The lines a request names, or all that are still here; shipped ones refuse the whole."""
    by_id = {line.id: index for index, line in enumerate(order.lines)}
    if not by_id.keys() >= set(wanted):
        raise refuse(INVALID, "an order line item is not part of the order")
    chosen = [by_id[line] for line in dict.fromkeys(wanted)]
    if any(order.lines[index].package >= 0 for index in chosen):
        raise refuse(ALREADY_SHIPPED)
    return chosen or [index for index, line in enumerate(order.lines) if line.package < 0]


def _mark(call: ApiCall, wanted: Sequence[str], infos: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    shop = call.the_shop
    key = order_key(call, call.path["order_id"])
    with call.world.writing(call.now) as life:
        order = life.store.orders[key]
        if not shipped_by_seller(shop, order):
            raise refuse(NOT_BY_SELLER)
        check_open(order)
        lines = _lines(order, wanted)
        if len(infos) != 1:
            raise refuse(INVALID, "exactly one tracking number is allowed for this seller")
        label = _label(shop, infos[0])
        package = orders.wrap_and_ship(life, shop, order, lines, label)
    answer: dict[str, Any] = {
        "order_id": order.id,
        "order_line_item_ids": [order.lines[index].id for index in lines],
        "package_id": package.id,
    }
    if _fits_another(shop, label):
        answer["warning"] = {"message": "match more than one provider"}
    return answer


def _listed_lines(call: ApiCall) -> list[str]:
    return [row["order_line_id"] for row in call.body.get("order_line_list") or ()]


def mark_202309(call: ApiCall) -> Mapping[str, Any]:
    """Mark Package As Shipped: lines, carrier and tracking number make a package that is on its way."""
    return _mark(call, (call.body.get("order_line_item_ids") or []) + _listed_lines(call), [call.body])


def mark_202610(call: ApiCall) -> Mapping[str, Any]:
    """The same with a list of parcels."""
    return _mark(call, _listed_lines(call), call.body["shipping_info_list"])


def _ship(life: Life, call: ApiCall, package_id: str, request: Mapping[str, Any]) -> None:
    shop = call.the_shop
    key, index = package_place(call, package_id)
    order = life.store.orders[key]
    package = order.packages[index]
    if package.retired:
        raise refuse(GONE)
    if package.shipped and order.status not in {"DELIVERED", "COMPLETED"}:
        raise refuse(ALREADY_SHIPPED)
    if by_platform(shop, order):
        raise refuse(BY_PLATFORM)
    for mate, _ in life.store.parts(order, package):
        check_open(mate)
    if shipped_by_seller(shop, order):
        label = _label(shop, request.get("self_shipment") or {})
    else:
        _choose(life, shop, package, request)
        draws = life.draws(shop, "parcel", package.id)
        carrier = draws.between(0, len(shop.market.carriers) - 1)
        label = carrier, draws.pattern(shop.market.carriers[carrier][2])
    orders.hand_over(life, shop, order, package, label)


def _choose(life: Life, shop: Shop, package: Package, request: Mapping[str, Any]) -> None:
    """How and when the carrier gets the package, where a request can choose it."""
    package.handover = request.get("handover_method") or "DROP_OFF"
    if package.handover != "PICKUP" or handover.method_is_fixed(shop):
        return
    asked = request.get("pickup_slot") or {}
    wanted = (asked.get("start_time"), asked.get("end_time"))
    if wanted == (None, None):
        raise refuse(NO_SLOT)
    if wanted not in {(slot.start, slot.end) for slot in handover.slots(shop, life.now) if slot.free}:
        raise refuse(BAD_SLOT)
    package.slot = wanted


def ship_package(call: ApiCall) -> Mapping[str, Any]:
    """Hands one package over: with the seller's own number, or to the platform's carrier."""
    with call.world.writing(call.now) as life:
        _ship(life, call, call.path["package_id"], call.body)
    return {}


def ship_packages(call: ApiCall) -> Mapping[str, Any]:
    """The same for many; each may fail for itself."""
    errors = []
    with call.world.writing(call.now) as life:
        for request in call.body["packages"]:
            try:
                _ship(life, call, request["id"], request)
            except ApiError as error:  # noqa: PERF203 - each package fails for itself
                detail = {"package_id": request["id"]}
                errors.append({"code": error.code, "message": error.message, "detail": detail})
    return {"errors": errors} if errors else {}


def _correct(life: Life, call: ApiCall, order: Order, package: Package, info: Mapping[str, Any]) -> None:
    if not package.shipped:
        raise refuse(NOT_SHIPPED)
    if package.status == "COMPLETED":
        raise refuse(DELIVERED)
    if order.asked_to_cancel or order.returning:
        raise refuse(AFTER_SALE)
    if call.now - package.shipped > CORRECTION_WINDOW:
        raise refuse(TOO_LATE)
    if package.corrections >= MOST_CORRECTIONS:
        raise refuse(TOO_OFTEN)
    package.carrier, package.tracking = _label(call.the_shop, info)
    package.corrections += 1
    package.updated = life.now
    orders.touch(life, order)


def update_order(call: ApiCall) -> Mapping[str, Any]:
    """Corrects the number of an order that went in one package, within 72 hours."""
    key = order_key(call, call.path["order_id"])
    with call.world.writing(call.now) as life:
        order = life.store.orders[key]
        if not shipped_by_seller(call.the_shop, order):
            raise refuse(NOT_BY_SELLER)
        if not order.packages:
            raise refuse(NOT_SHIPPED)
        if len(order.active) > 1:
            raise refuse(SEVERAL)
        _correct(life, call, order, order.active[0], call.body)
    return {}


def _update_package(call: ApiCall, infos: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    key, index = package_place(call, call.path["package_id"])
    with call.world.writing(call.now) as life:
        order = life.store.orders[key]
        if not shipped_by_seller(call.the_shop, order):
            raise refuse(NOT_BY_SELLER)
        if len(infos) != 1:
            raise refuse(INVALID, "exactly one tracking number is allowed for this seller")
        _correct(life, call, order, order.packages[index], infos[0])
    return {}


def update_package_202309(call: ApiCall) -> Mapping[str, Any]:
    """Corrects the number of one package, within 72 hours."""
    return _update_package(call, [call.body])


def update_package_202610(call: ApiCall) -> Mapping[str, Any]:
    """The same with a list of parcels."""
    return _update_package(call, call.body["shipping_info_list"])


_INFO = {"tracking_number": TEXT, "shipping_provider_id": TEXT}
_INFOS = Param("array", required=True, items=Param("object", fields={**_INFO, "note": TEXT}))
_LINE = Param("object", fields={"order_line_id": Param("string", required=True), "sub_item_id": TEXT})
_LINES = Param("array", items=_LINE)
_HANDOVER = {
    "handover_method": Param("string", values=("DROP_OFF", "PICKUP")),
    "pickup_slot": Param("object", fields={"start_time": Param("integer"), "end_time": Param("integer")}),
    "self_shipment": Param("object", fields=_INFO),
}
_PACKAGE = Param("object", fields={"id": Param("string", required=True), **_HANDOVER})


def _post(path: str, handler: Any, body: Mapping[str, Param], markets: frozenset[str] | None = None) -> Endpoint:
    return Endpoint("POST", f"/fulfillment/{path}", _SCOPE, handler, body=body, markets=markets)


ENDPOINTS = (
    _post(
        "202309/orders/{order_id}/packages",
        mark_202309,
        {"order_line_item_ids": TEXTS, "order_line_list": _LINES, **_INFO},
        MARKS_AS_SHIPPED,
    ),
    _post(
        "202610/orders/{order_id}/packages",
        mark_202610,
        {"order_line_list": _LINES, "shipping_info_list": _INFOS},
        MARKS_AS_SHIPPED,
    ),
    _post("202309/packages/{package_id}/ship", ship_package, _HANDOVER),
    _post("202309/packages/ship", ship_packages, {"packages": Param("array", required=True, items=_PACKAGE)}),
    _post("202309/orders/{order_id}/shipping_info/update", update_order, _INFO),
    _post("202309/packages/{package_id}/shipping_info/update", update_package_202309, _INFO),
    _post("202610/packages/{package_id}/shipping_info/update", update_package_202610, {"shipping_info_list": _INFOS}),
)
