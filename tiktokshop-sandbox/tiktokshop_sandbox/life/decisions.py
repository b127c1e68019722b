"""What the seller decides through the API: orders it cancels, and buyers' requests it approves or rejects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiktokshop_sandbox import money
from tiktokshop_sandbox.life import aftersales, orders
from tiktokshop_sandbox.life.engine import DAY
from tiktokshop_sandbox.life.kinds import EventKind
from tiktokshop_sandbox.reasons import CANCELLATION_REASONS
from tiktokshop_sandbox.states import Refund, Return

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.life.engine import Life
    from tiktokshop_sandbox.states import Cancellation, Order
    from tiktokshop_sandbox.storefront import Shop

_ASKED = "RETURN_OR_REFUND_REQUEST_PENDING"


@dataclass(frozen=True)
class Move:
    """A decision on a return: the type and status it fits, and the course and step it leads to."""

    kind: str
    status: str
    script: str
    step: int


# The platform's decisions, each with what it does.
APPROVALS: Mapping[str, Move] = {
    "APPROVE_REFUND": Move("REFUND", _ASKED, "refund", 1),
    "DIRECT_REFUND": Move("RETURN_AND_REFUND", _ASKED, "refund", 1),
    "OFFER_PARTIAL_REFUND": Move("REFUND", _ASKED, "partial", 1),
    "APPROVE_RETURN": Move("RETURN_AND_REFUND", _ASKED, "return", 1),
    "APPROVE_RECEIVED_PACKAGE": Move("RETURN_AND_REFUND", "BUYER_SHIPPED_ITEM", "return", 3),
    "APPROVE_REPLACEMENT": Move("REPLACEMENT", "REPLACEMENT_REQUEST_PENDING", "replaced", 1),
    "ISSUE_REPLACEMENT_REFUND": Move("REPLACEMENT", "REPLACEMENT_REQUEST_PENDING", "replacement_refunded", 1),
}
REJECTIONS: Mapping[str, Move] = {
    "REJECT_REFUND": Move("REFUND", _ASKED, "refused", 1),
    "REJECT_RETURN": Move("RETURN_AND_REFUND", _ASKED, "refused", 1),
    "REJECT_RECEIVED_PACKAGE": Move("RETURN_AND_REFUND", "BUYER_SHIPPED_ITEM", "parcel_refused", 3),
    "REJECT_REPLACEMENT": Move("REPLACEMENT", "REPLACEMENT_REQUEST_PENDING", "replacement_refused", 1),
}


def cancel_order(life: Life, shop: Shop, order: Order, reason: str) -> Cancellation:
    """The seller cancels an order that is waiting to be shipped; the buyer is paid back."""
    orders.cancel(life, shop, order, "SELLER", CANCELLATION_REASONS[reason])
    item = aftersales.open_cancellation(life, shop, order, "CANCEL", "CANCELLATION_REQUEST_SUCCESS", "SELLER", reason)
    life.at(life.now + DAY + order.plan.decide, shop, EventKind.REFUND_CANCEL, order.n)
    return item


def agree(life: Life, shop: Shop, order: Order, item: Cancellation) -> None:
    """The seller lets the buyer out."""
    orders.cancel(life, shop, order, "BUYER", CANCELLATION_REASONS[item.reason])
    aftersales.move(life, item, "CANCELLATION_REQUEST_SUCCESS")
    life.at(life.now + DAY + order.plan.decide, shop, EventKind.REFUND_CANCEL, order.n)


def decline(life: Life, shop: Shop, order: Order, item: Cancellation) -> None:
    """The seller does not; the order goes on as usual."""
    order.asked_to_cancel = False
    orders.touch(life, order)
    aftersales.move(life, item, "CANCELLATION_REQUEST_CANCEL")
    life.at(life.now + order.plan.ship // 2, shop, EventKind.SHIP, order.n)


def refund_order(
    life: Life, shop: Shop, order: Order, lines: Sequence[int], kind: str, reason: int, amount: int | None
) -> Return:
    """The seller pays back some lines by itself, all that was paid for them or an `amount` (minor units) of it.

    It does so at once, or with the kind `RETURN_AND_REFUND` once the goods are back.
    """
    whole = aftersales.refund_of(order, lines)
    refund = whole if amount is None else portion_of(whole, amount)
    item = Return(
        shop=shop.number,
        n=order.n,
        id=shop.identify("return", order.n),
        order=order.key,
        created=life.now,
        updated=life.now,
        kind=kind,
        status="",
        reason=reason,
        script=aftersales.BY_SELLER[kind],
        step=0,
        lines=list(lines),
        refund=refund,
        part=0 if refund == whole or not whole.subtotal else refund.subtotal * money.RATE // whole.subtotal,
    )
    order.returning = True
    aftersales.enter(life, shop, order, item, aftersales.SCRIPTS[item.script][1])
    return item


def portion_of(whole: Refund, amount: int) -> Refund:
    """A part of a refund, split as the whole is."""
    parts = money.share(amount, [whole.subtotal, whole.shipping, whole.tax, whole.retail])
    return Refund(*parts)


def decide_return(life: Life, shop: Shop, order: Order, item: Return, move: Move) -> None:
    """A return takes another course; what it would have come to by itself does not happen."""
    life.forget(shop, EventKind.RETURN_STEP, item.n)
    item.script, item.step = move.script, move.step
    aftersales.enter(life, shop, order, item, aftersales.SCRIPTS[move.script][1])
