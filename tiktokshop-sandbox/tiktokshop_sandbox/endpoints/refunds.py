"""Refunds that sellers make by themselves: what would be paid back, and the refund of delivered goods."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.documents.aftersales import refund_document
from tiktokshop_sandbox.endpoints._listing import TEXT, TEXTS
from tiktokshop_sandbox.endpoints.decisions import REFUNDABLE
from tiktokshop_sandbox.endpoints.orders import order_key
from tiktokshop_sandbox.life import decisions
from tiktokshop_sandbox.life.aftersales import refund_of
from tiktokshop_sandbox.reasons import ALL_RETURN_REASONS, SELLER_REFUNDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.states import Order

_SCOPE = "seller.return_refund.basic"
INVALID = (25001001, "Invalid parameter. {}")
UNKNOWN_REASON = (25001014, "The reason is not available for this order.")
WRONG_STATUS = (25001003, "The order status does not allow this.")
DONE_ALREADY = (25001010, "The return is already finished.")
TOO_MUCH = (25005005, "The refund is above the refundable amount.")
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")


def _refuse(refusal: tuple[int, str], detail: str = "") -> ApiError:
    code, words = refusal
    return ApiError(code, words.format(detail), 400)


def calculate(call: ApiCall) -> Mapping[str, Any]:
    """What would be paid back for an order, or for some of its lines."""
    key = order_key(call, call.body["order_id"])
    with call.world.reading() as store:
        order = store.orders[key]
    lines = _checked(call, order, call.body.get("request_type"), call.body.get("reason_name"))
    return {"order_refund_amount": refund_document(call.the_shop, refund_of(order, lines))}


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
        lines = _checked(call, order, call.body.get("return_type"), call.body.get("return_reason"))
        if life.store.returns.get(order.key) is not None:
            raise _refuse(DONE_ALREADY)
        if order.status not in REFUNDABLE:
            raise _refuse(WRONG_STATUS)
        amount = _amount(call, refund_of(order, lines).total)
        reason = dict(ALL_RETURN_REASONS)
        place = list(reason).index(call.body["return_reason"])
        item = decisions.refund_order(life, shop, order, lines, place, amount)
        answer = {"return_id": item.id, "return_status": item.status}
        if call.query.get("idempotency_key"):
            call.world.set_meta(name, msgspec.json.encode(answer).decode())
    return answer


def _checked(call: ApiCall, order: Order, kind: str | None, reason: str | None) -> list[int]:
    """The lines that a request is about."""
    if kind != "REFUND":
        raise _refuse(INVALID, "Only refunds can be made here.")
    if reason not in dict(SELLER_REFUNDS):
        raise _refuse(UNKNOWN_REASON)
    wanted = call.body.get("order_line_item_ids") or _listed(call.body.get("order_line_list"))
    by_id = {line.id: index for index, line in enumerate(order.lines)}
    if not by_id.keys() >= set(wanted):
        raise _refuse(INVALID, "An order line item is not part of the order.")
    return [by_id[line] for line in dict.fromkeys(wanted)] or list(range(len(order.lines)))


def _listed(lines: Sequence[Mapping[str, Any]] | None) -> list[str]:
    return [line["order_line_item_id"] for line in lines or ()]


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


_LINE = Param("object", fields={"order_line_item_id": Param("string", required=True), "sub_order_line_item_id": TEXT})
_ABOUT = {
    "order_id": Param("string", required=True),
    "order_line_item_ids": TEXTS,
    "order_line_list": Param("array", items=_LINE),
    "skus": Param("array", items=Param("object")),
    "shipment_type": Param("string", values=("PLATFORM", "BUYER_ARRANGE")),
    "handover_method": TEXT,
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
