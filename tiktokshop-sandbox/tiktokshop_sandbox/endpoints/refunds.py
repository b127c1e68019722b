"""Refunds that sellers make by themselves: what would be paid back, and the refund of delivered goods."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.documents.aftersales import refund_document
from tiktokshop_sandbox.endpoints._lines import ABOUT_LINES, named_lines
from tiktokshop_sandbox.endpoints._listing import TEXT
from tiktokshop_sandbox.endpoints.orders import order_key
from tiktokshop_sandbox.life import decisions
from tiktokshop_sandbox.life.aftersales import refund_of, remaining
from tiktokshop_sandbox.reasons import ALL_RETURN_REASONS, REASONS_OF_SELLERS, seller_reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.states import Order

_SCOPE = "seller.return_refund.basic"
INVALID = (25001001, "Invalid parameter. {}")
UNKNOWN_REASON = (25001014, "The reason is not available for this order.")
WRONG_REASON = (25001021, "The reason does not match the order status.")
WRONG_STATUS = (25001003, "The order status does not allow this.")
DONE_ALREADY = (25001010, "The return is already finished.")
TOO_MUCH = (25005005, "The refund is above the refundable amount.")
KINDS = ("REFUND", "RETURN_AND_REFUND")
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")


def _refuse(refusal: tuple[int, str], detail: str = "") -> ApiError:
    code, words = refusal
    return ApiError(code, words.format(detail), 400)


def calculate(call: ApiCall) -> Mapping[str, Any]:
    """What would be paid back for an order, or for some of its lines: nothing that has been paid back before."""
    key = order_key(call, call.body["order_id"])
    with call.world.reading() as store:
        order, made = store.orders[key], store.returns.get(key)
    kind, reason = call.body.get("request_type"), call.body.get("reason_name")
    if kind == "CANCEL":
        lines = named_lines(call, order)
        if reason not in REASONS_OF_SELLERS:
            raise _refuse(UNKNOWN_REASON)
    else:
        lines = _checked(call, order, kind, reason)
    return {"order_refund_amount": refund_document(call.the_shop, remaining(refund_of(order, lines), made))}


def create(call: ApiCall) -> Mapping[str, Any]:
    """Refunds; the same idempotency key again is answered as before and does nothing."""
    shop, key = call.the_shop, order_key(call, call.body["order_id"])
    name = f"refund.{shop.id}.{call.query.get('idempotency_key')}"
    before = call.world.meta(name) if call.query.get("idempotency_key") else None
    if before is not None:
        answered: dict[str, Any] = msgspec.json.decode(before)
        return answered
    with call.world.writing(call.now) as life:
        order = life.store.orders[key]
        kind = call.body.get("return_type") or ""
        lines = _checked(call, order, kind, call.body.get("return_reason"))
        if life.store.returns.get(order.key) is not None:
            raise _refuse(DONE_ALREADY)
        amount = _amount(call, refund_of(order, lines).total)
        place = list(dict(ALL_RETURN_REASONS)).index(call.body["return_reason"])
        item = decisions.refund_order(life, shop, order, lines, kind, place, amount)
        answer = {"return_id": item.id, "return_status": item.status}
        if call.query.get("idempotency_key"):
            call.world.set_meta(name, msgspec.json.encode(answer).decode())
    return answer


def _checked(call: ApiCall, order: Order, kind: str | None, reason: str | None) -> list[int]:
    """The lines that a request is about."""
    if kind not in KINDS:
        raise _refuse(INVALID, "Only refunds can be made here, with or without a return of the goods.")
    if reason not in dict(ALL_RETURN_REASONS):
        raise _refuse(UNKNOWN_REASON)
    names = seller_reasons(call.the_shop.region, kind, order.status)
    if reason not in names:
        raise _refuse(WRONG_REASON if names else WRONG_STATUS)
    return named_lines(call, order)


def _amount(call: ApiCall, most: int) -> int | None:
    """The part that is asked for in minor units, None for all."""
    asked, shop = call.body.get("refund_total"), call.the_shop
    if asked is None:
        return None
    if not _AMOUNT.fullmatch(asked) or call.body.get("currency") not in {None, shop.currency}:
        raise _refuse(INVALID, "The amount or the currency is not valid.")
    whole, _, fraction = asked.partition(".")
    decimals = shop.market.decimals
    if len(fraction.rstrip("0")) > decimals:
        raise _refuse(INVALID, "The amount has too many decimals.")
    amount = int(whole + fraction[:decimals].ljust(decimals, "0"))
    if not 0 < amount <= most:
        raise _refuse(TOO_MUCH)
    return None if amount == most else amount


_ABOUT = {
    "order_id": Param("string", required=True),
    **ABOUT_LINES,
    "shipment_type": Param("string", values=("PLATFORM", "BUYER_ARRANGE")),
    "handover_method": Param("string", values=("PLATFORM", "DROP_OFF", "PICKUP")),
}

ENDPOINTS = (
    Endpoint(
        "POST",
        "/return_refund/202602/refunds/calculate",
        _SCOPE,
        calculate,
        body={**_ABOUT, "request_type": TEXT, "reason_name": TEXT},
    ),
    Endpoint(
        "POST",
        "/return_refund/202602/returns",
        _SCOPE,
        create,
        query={"idempotency_key": TEXT},
        body={**_ABOUT, "return_type": TEXT, "return_reason": TEXT, "refund_total": TEXT, "currency": TEXT},
    ),
)
