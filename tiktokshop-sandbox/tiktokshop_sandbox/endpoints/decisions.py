"""Writes about cancellations and returns: the seller cancels, approves and rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.endpoints import _bodies
from tiktokshop_sandbox.endpoints._lines import ABOUT_LINES, named_lines
from tiktokshop_sandbox.endpoints._listing import TEXT
from tiktokshop_sandbox.endpoints.orders import order_key
from tiktokshop_sandbox.endpoints.returns import NO_SUCH_RETURN
from tiktokshop_sandbox.life import decisions
from tiktokshop_sandbox.reasons import (
    CANCELLABLE,
    CANCELLATION_REASONS,
    REASONS_OF_SELLERS,
    REJECTS_OF_CANCELLATIONS,
    REJECTS_OF_RETURNS,
    UNPAID_REASONS_OF_SELLERS,
    seller_reasons,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.life import Life
    from tiktokshop_sandbox.states import Order
    from tiktokshop_sandbox.storefront import Shop

_SCOPE = "seller.return_refund.basic"
_REQUEST_TYPES = ("CANCEL", "REFUND", "RETURN_AND_REFUND")
_PENDING = "CANCELLATION_REQUEST_PENDING"
_WRONG_REASON = (25001021, "The reason does not match the order status.")
_NO_REASON = (25001014, "The reason is not available for this order.")
_NOT_NOW = (25001021, "The status does not allow it.")
_GONE = (25001045, "The order is with the carrier already.")
_OVER = (25001051, "The order is completed or cancelled.")
_ASKED = (25001011, "A request is in process already.")
_WHOLE = (25005010, "Single line items of the order cannot be cancelled.")


def _invalid(words: str) -> ApiError:
    return ApiError(NO_SUCH_RETURN, f"Invalid parameter. {words}", 400)


def _wrong_status() -> ApiError:
    return ApiError(25011014, "The status does not allow this decision.", 400)


def _once(call: ApiCall, work: Callable[[Life], None]) -> Mapping[str, Any]:
    """Carries out a decision; the same idempotency key again is answered as before and does nothing."""
    key = call.query.get("idempotency_key")
    name = f"idempotency.{call.the_shop.id}.{key}"
    if key and call.world.meta(name):
        return {}
    with call.world.writing(call.now) as life:
        work(life)
        if key:
            call.world.set_meta(name, str(call.now))
    return {}


def cancel(call: ApiCall) -> Mapping[str, Any]:
    """Cancels an order that the carrier does not have yet, as a whole.

    Raises:
        ApiError: 25001051 when it is over, 25001045 when it is with the carrier, 25001021 when it is past all that,
            25001011 when somebody has asked for it already, 25001014 and 25001021 for a reason that is not the
            seller's to give, 25005010 for a part of the order.
    """
    key, reason = order_key(call, call.body["order_id"]), call.body["cancel_reason"]
    if reason not in CANCELLATION_REASONS:
        raise ApiError(*_NO_REASON, 400)
    with call.world.writing(call.now) as life:
        order = life.store.orders[key]
        if len(named_lines(call, order)) < len(order.lines):
            raise ApiError(*_WHOLE, 400)
        barred = _cannot_cancel(call.the_shop, order)
        if barred:
            raise ApiError(*barred, 400)
        if reason not in _cancel_reasons(order):
            raise ApiError(*_WRONG_REASON, 400)
        item = decisions.cancel_order(life, call.the_shop, order, reason)
    return {"cancel_id": item.id, "cancel_status": item.status}


def _cancel_reasons(order: Order) -> tuple[str, ...]:
    return tuple(UNPAID_REASONS_OF_SELLERS if order.status == "UNPAID" else REASONS_OF_SELLERS)


def _cannot_cancel(shop: Shop, order: Order) -> tuple[int, str] | None:
    """Why the seller cannot cancel an order, None if it can."""
    if order.asked_to_cancel or (order.status == "CANCELLED" and order.cancelled_by == "SELLER"):
        return _ASKED
    if order.status in {"COMPLETED", "CANCELLED"}:
        return _OVER
    if order.status not in {*CANCELLABLE, "UNPAID"}:
        return _NOT_NOW
    own_carrier = shop.options[order.option].shipping_type == "SELLER"
    return _GONE if order.status == "AWAITING_COLLECTION" and own_carrier else None


def eligibility(call: ApiCall) -> Mapping[str, Any]:
    """Whether the seller may cancel an order, line by line, and for which reasons; refund it, if asked."""
    shop = call.the_shop
    with call.world.reading() as store:
        order = store.orders[order_key(call, call.path["order_id"])]
        returned = store.returns.get(order.key) is not None
    newest = "202602" in call.endpoint.path
    verdicts = [_verdict("CANCEL", _cannot_cancel(shop, order), _cancel_reasons(order), newest=newest)]
    asked = (call.query.get("request_types") or ()) if newest else _REQUEST_TYPES
    for kind in [name for name in _REQUEST_TYPES[1:] if name in asked]:
        by_seller = call.query["initiate_aftersale_user"] == "SELLER" and not returned
        names = seller_reasons(shop.region, kind, order.status) if by_seller else ()
        verdicts.append(_verdict(kind, None if names else _NOT_NOW, names, newest=newest))
    return {
        "sku_eligibility": [
            {
                "sku_id": line.sku,
                "line_item_eligibility": [{**verdict, "order_line_items_ids": [line.id]} for verdict in verdicts],
            }
            for line in order.lines
        ]
    }


def _verdict(kind: str, barred: tuple[int, str] | None, names: Iterable[str], *, newest: bool) -> dict[str, Any]:
    verdict: dict[str, Any] = {"request_type": kind, "eligible": barred is None}
    if barred:
        verdict |= {"ineligible_code": barred[0], "ineligible_reason": barred[1]}
    elif newest:
        verdict["available_reason_names"] = list(names)
    return verdict


def _decide_cancellation(call: ApiCall, decide: Callable[..., None]) -> Mapping[str, Any]:
    key = call.world.key("cancellations", call.the_shop, call.path["cancel_id"])
    if key is None:
        raise _invalid("The cancellation does not exist.")

    def work(life: Life) -> None:
        item = life.store.cancellations[key]
        if item.status != _PENDING:
            raise _wrong_status()
        decide(life, call.the_shop, life.store.orders[item.order], item)

    return _once(call, work)


def approve_cancellation(call: ApiCall) -> Mapping[str, Any]:
    """The seller agrees to a buyer's cancellation."""
    return _decide_cancellation(call, decisions.agree)


def reject_cancellation(call: ApiCall) -> Mapping[str, Any]:
    """The seller does not agree, for a reason of the platform's list."""
    if call.body["reject_reason"] not in dict(REJECTS_OF_CANCELLATIONS):
        raise _invalid("The reject reason does not exist.")
    return _decide_cancellation(call, decisions.decline)


def _decide_return(call: ApiCall, moves: Mapping[str, decisions.Move]) -> Mapping[str, Any]:
    key = call.world.key("returns", call.the_shop, call.path["return_id"])
    if key is None:
        raise _invalid("The return order does not exist.")
    move = moves[call.body["decision"]]

    def work(life: Life) -> None:
        item = life.store.returns[key]
        if (item.kind, item.status) != (move.kind, move.status):
            raise _wrong_status()
        decisions.decide_return(life, call.the_shop, life.store.orders[item.order], item, move)

    return _once(call, work)


def approve_return(call: ApiCall) -> Mapping[str, Any]:
    """The seller agrees to a refund, a return or a replacement, or offers a part."""
    return _decide_return(call, decisions.APPROVALS)


def reject_return(call: ApiCall) -> Mapping[str, Any]:
    """The seller does not agree, for a reason of the platform's list."""
    if call.body.get("reject_reason") not in dict(REJECTS_OF_RETURNS):
        raise _invalid("The reject reason does not exist.")
    return _decide_return(call, decisions.REJECTIONS)


_NEEDED = Param("string", required=True)
_KEY = {"idempotency_key": TEXT}
_REASON = {"reject_reason": TEXT, "comment": TEXT, "images": _bodies.EVIDENCE}


def _post(path: str, handler: Any, body: Mapping[str, Param], query: Mapping[str, Param]) -> Endpoint:
    return Endpoint("POST", f"/return_refund/{path}", _SCOPE, handler, query=query, body=body)


ENDPOINTS = (
    *(
        Endpoint(
            "GET",
            f"/return_refund/{version}/orders/{{order_id}}/aftersale_eligibility",
            _SCOPE,
            eligibility,
            query={
                "initiate_aftersale_user": Param("string", values=("BUYER", "SELLER"), default="SELLER"),
                **kinds,
            },
        )
        for version, kinds in (
            ("202309", {}),
            ("202602", {"request_types": Param("array", items=Param("string", values=_REQUEST_TYPES))}),
        )
    ),
    _post(
        "202602/cancellations",
        cancel,
        {"order_id": _NEEDED, "cancel_reason": _NEEDED, **ABOUT_LINES},
        {},
    ),
    _post("202309/cancellations/{cancel_id}/approve", approve_cancellation, {}, _KEY),
    _post("202309/cancellations/{cancel_id}/reject", reject_cancellation, _REASON | {"reject_reason": _NEEDED}, _KEY),
    _post(
        "202309/returns/{return_id}/approve",
        approve_return,
        {
            "decision": Param("string", required=True, values=tuple(decisions.APPROVALS)),
            "buyer_keep_item": Param("boolean"),
            "partial_refund": Param("object", fields={"amount": TEXT, "currency": TEXT}),
        },
        _KEY,
    ),
    *(
        _post(
            f"{version}/returns/{{return_id}}/reject",
            reject_return,
            _REASON | {"decision": Param("string", required=True, values=tuple(decisions.REJECTIONS))} | more,
            _KEY,
        )
        for version, more in (("202309", {}), ("202606", _bodies.PARTIAL_REFUND))
    ),
)
