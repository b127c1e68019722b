"""Cancellations, returns, refunds, replacements and exchanges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiktokshop_sandbox import money
from tiktokshop_sandbox.life import finance, orders
from tiktokshop_sandbox.life.engine import DAY, HOUR
from tiktokshop_sandbox.life.kinds import EventKind
from tiktokshop_sandbox.reasons import BUYER_CANCELS, CANCELLATION_REASONS, LOST, RETURN_REASONS, SELLER_CANCELS, UNPAID
from tiktokshop_sandbox.states import SILENCE, Cancellation, Record, Refund, Return

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_sandbox.life.engine import Life
    from tiktokshop_sandbox.states import Order
    from tiktokshop_sandbox.storefront import Shop


@dataclass(frozen=True)
class Stage:
    """A state of a return: how long it lasts (hours) and what the history says of how it began."""

    status: str
    low: int
    high: int
    event: str
    role: str
    description: str
    arbitration: str = ""
    refund: bool = False
    proposal: bool = False
    send: bool = False


_ASKED = Stage(
    "RETURN_OR_REFUND_REQUEST_PENDING", 3, 60, "ORDER_RETURN", "BUYER", "Customer submitted a return request"
)
_REFUSED = Stage("REFUND_OR_RETURN_REQUEST_REJECT", 0, 0, "SELLER_REJECT", "SELLER", "Seller rejected the request")
_DISPUTED = Stage(
    "REFUND_OR_RETURN_REQUEST_REJECT",
    20,
    90,
    "BUYER_APPEAL",
    "BUYER",
    "Customer asked the platform to decide",
    "IN_PROGRESS",
)
_AGREED = Stage(
    "RETURN_OR_REFUND_REQUEST_SUCCESS",
    2,
    48,
    "SELLER_AGREE_REFUND",
    "SELLER",
    "Seller agreed to the refund",
    refund=True,
)
_RULED = Stage(
    "RETURN_OR_REFUND_REQUEST_SUCCESS",
    2,
    48,
    "PLATFORM_RULING",
    "OPERATOR",
    "The platform decided for the customer",
    "SUPPORT_BUYER",
    refund=True,
)
_REFUNDED = Stage("RETURN_OR_REFUND_REQUEST_COMPLETE", 0, 0, "REFUND_DONE", "SYSTEM", "The refund was paid")
_SEND_BACK = Stage("AWAITING_BUYER_SHIP", 10, 110, "SELLER_AGREE_RETURN", "SELLER", "Seller agreed to the return")
_SENT = Stage("BUYER_SHIPPED_ITEM", 40, 140, "BUYER_SHIP", "BUYER", "Customer sent the goods back")
_REPLACE = Stage("REPLACEMENT_REQUEST_PENDING", 3, 60, "ORDER_REPLACEMENT", "BUYER", "Customer asked for a replacement")
_EXCHANGE = Stage("EXCHANGE_REQUEST_PENDING", 3, 60, "ORDER_EXCHANGE", "BUYER", "Customer asked for an exchange")

# Return type and its states, by name of the course it takes.
SCRIPTS: dict[str, tuple[str, tuple[Stage, ...]]] = {
    "refund": ("REFUND", (_ASKED, _AGREED, _REFUNDED)),
    "seller_refund": (
        "REFUND",
        (
            Stage(
                "RETURN_OR_REFUND_REQUEST_SUCCESS",
                2,
                48,
                "SELLER_REFUND",
                "SELLER",
                "Seller refunded the order",
                refund=True,
            ),
            _REFUNDED,
        ),
    ),
    "seller_return": (
        "RETURN_AND_REFUND",
        (
            Stage("AWAITING_BUYER_SHIP", 10, 110, "SELLER_RETURN", "SELLER", "Seller has the goods sent back"),
            _SENT,
            _AGREED,
            _REFUNDED,
        ),
    ),
    "refused": ("REFUND", (_ASKED, _REFUSED)),
    "partial": (
        "REFUND",
        (
            _ASKED,
            Stage(
                "AWAITING_BUYER_RESPONSE", 5, 60, "SELLER_PROPOSAL", "SELLER", "Seller offered a part", proposal=True
            ),
            _AGREED,
            _REFUNDED,
        ),
    ),
    "ruled_for_buyer": ("REFUND", (_ASKED, _DISPUTED, _RULED, _REFUNDED)),
    "ruled_for_seller": (
        "REFUND",
        (
            _ASKED,
            _DISPUTED,
            Stage(
                "REFUND_OR_RETURN_REQUEST_REJECT",
                0,
                0,
                "PLATFORM_RULING",
                "OPERATOR",
                "The platform decided for the seller",
                "SUPPORT_SELLER",
            ),
        ),
    ),
    "return": ("RETURN_AND_REFUND", (_ASKED, _SEND_BACK, _SENT, _AGREED, _REFUNDED)),
    "not_sent_back": (
        "RETURN_AND_REFUND",
        (
            _ASKED,
            _SEND_BACK,
            Stage("RETURN_OR_REFUND_REQUEST_CANCEL", 0, 0, "TIMEOUT", "SYSTEM", "Nothing was sent back in time"),
        ),
    ),
    "parcel_refused": (
        "RETURN_AND_REFUND",
        (
            _ASKED,
            _SEND_BACK,
            _SENT,
            Stage(
                "REJECT_RECEIVE_PACKAGE", 0, 0, "SELLER_REJECT_PARCEL", "SELLER", "Seller refused the parcel", "CLOSED"
            ),
        ),
    ),
    "replaced": (
        "REPLACEMENT",
        (_REPLACE, Stage("REPLACEMENT_REQUEST_COMPLETE", 0, 0, "REPLACED", "SELLER", "A new one was sent", send=True)),
    ),
    "replacement_refunded": (
        "REPLACEMENT",
        (
            _REPLACE,
            Stage("REPLACEMENT_REQUEST_REFUND_SUCCESS", 0, 0, "REFUNDED", "SELLER", "Refunded instead", refund=True),
        ),
    ),
    "replacement_refused": (
        "REPLACEMENT",
        (_REPLACE, Stage("REPLACEMENT_REQUEST_REJECT", 0, 0, "SELLER_REJECT", "SELLER", "Seller rejected the request")),
    ),
    "replacement_withdrawn": (
        "REPLACEMENT",
        (_REPLACE, Stage("REPLACEMENT_REQUEST_CANCEL", 0, 0, "WITHDRAWN", "BUYER", "Customer withdrew the request")),
    ),
    "exchanged": (
        "EXCHANGE",
        (
            _EXCHANGE,
            Stage("EXCHANGE_REQUEST_COMPLETE", 0, 0, "EXCHANGED", "SELLER", "The other one was sent", send=True),
        ),
    ),
    "exchange_refunded": (
        "EXCHANGE",
        (
            _EXCHANGE,
            Stage("EXCHANGE_REQUEST_REFUND_SUCCESS", 0, 0, "REFUNDED", "SELLER", "Refunded instead", refund=True),
        ),
    ),
    "exchange_withdrawn": (
        "EXCHANGE",
        (_EXCHANGE, Stage("EXCHANGE_REQUEST_CANCEL", 0, 0, "WITHDRAWN", "BUYER", "Customer withdrew the request")),
    ),
}
BY_SELLER = {"REFUND": "seller_refund", "RETURN_AND_REFUND": "seller_return"}
"""The course of what sellers begin by themselves."""
AGREED_TO = {
    "REFUND": ("refund", 1),
    "RETURN_AND_REFUND": ("return", 1),
    "REPLACEMENT": ("replaced", 1),
    "EXCHANGE": ("exchanged", 1),
}
"""Course and step of a request that the platform has agreed to."""
FORGETFUL = 34 * HOUR
"""Sellers that would take so long to decide about a cancellation forget it."""
RETURN_SHARES = (
    (260, "refund"),
    (60, "refused"),
    (60, "partial"),
    (40, "ruled_for_buyer"),
    (30, "ruled_for_seller"),
    (340, "return"),
    (40, "not_sent_back"),
    (30, "parcel_refused"),
)
EXCHANGE_SHARES = (  # exchanges and replacements exist in the US and the UK only
    *RETURN_SHARES,
    (50, "replaced"),
    (15, "replacement_refunded"),
    (15, "replacement_refused"),
    (15, "replacement_withdrawn"),
    (50, "exchanged"),
    (15, "exchange_refunded"),
    (15, "exchange_withdrawn"),
)


PAID = frozenset(step.event for _, steps in SCRIPTS.values() for step in steps if step.refund)
"""The events by which buyers are paid back."""


def refund_of(order: Order, indexes: Sequence[int]) -> Refund:
    """Everything paid for these lines; the shipping too when it is the whole order."""
    lines = [order.lines[index] for index in indexes]
    whole = len(lines) == len(order.lines)
    shipping = order.shipping - order.shipping_seller - order.shipping_platform if whole else 0
    return Refund(
        subtotal=sum(line.sale for line in lines),
        shipping=shipping,
        tax=sum(line.tax for line in lines) + (order.shipping_tax if whole else 0),
        retail=sum(line.retail_fee for line in lines),
    )


def remaining(refund: Refund, made: Return | None) -> Refund:
    """What is left of a refund after another of the same order."""
    if made is None or not any(record.event in PAID for record in made.records):
        return refund
    paid = made.refund
    return Refund(
        max(refund.subtotal - paid.subtotal, 0),
        max(refund.shipping - paid.shipping, 0),
        max(refund.tax - paid.tax, 0),
        max(refund.retail - paid.retail, 0),
    )


def open_cancellation(
    life: Life, shop: Shop, order: Order, kind: str, status: str, role: str, reason: str
) -> Cancellation:
    """A cancellation begins in this status; what was paid is to be given back."""
    refund = refund_of(order, range(len(order.lines))) if order.paid else Refund()
    item = Cancellation(
        shop=shop.number,
        n=order.n,
        id=shop.identify("cancellation", order.n),
        order=order.key,
        created=life.now,
        updated=life.now,
        kind=kind,
        status=status,
        role=role,
        reason=reason,
        refund=refund,
    )
    life.store.cancellations.put(order.key, item)
    return item


def move(life: Life, item: Cancellation, status: str) -> None:
    """A cancellation gets another status."""
    item.status, item.updated, item.deadline = status, life.now, 0
    life.store.cancellations.put(item.order, item)


def expire(life: Life, shop: Shop, number: int) -> None:
    """Nobody paid within a day."""
    order = orders.find(life, shop, number)
    if order.status != "UNPAID":
        return
    orders.cancel(life, shop, order, "SYSTEM", CANCELLATION_REASONS[UNPAID])
    open_cancellation(life, shop, order, "CANCEL", "CANCELLATION_REQUEST_COMPLETE", "SYSTEM", UNPAID)


def seller_cancel(life: Life, shop: Shop, number: int) -> None:
    """The seller cannot deliver."""
    order = orders.find(life, shop, number)
    if order.status != "AWAITING_SHIPMENT":
        return
    orders.cancel(life, shop, order, "SELLER", CANCELLATION_REASONS[SELLER_CANCELS])
    open_cancellation(life, shop, order, "CANCEL", "CANCELLATION_REQUEST_SUCCESS", "SELLER", SELLER_CANCELS)
    life.at(life.now + DAY + order.plan.decide, shop, EventKind.REFUND_CANCEL, number)


def ask_cancel(life: Life, shop: Shop, number: int) -> None:
    """The buyer wants out: at once within the hour of remorse, else if the seller agrees."""
    order = orders.find(life, shop, number)
    if order.status not in {"ON_HOLD", "AWAITING_SHIPMENT"}:
        return
    name, words = BUYER_CANCELS[number % len(BUYER_CANCELS)]
    if order.hold:
        orders.cancel(life, shop, order, "BUYER", words)
        open_cancellation(life, shop, order, "BUYER_CANCEL", "CANCELLATION_REQUEST_SUCCESS", "BUYER", name)
        life.at(life.now + DAY + order.plan.decide, shop, EventKind.REFUND_CANCEL, number)
        return
    order.asked_to_cancel, order.asked_at = True, life.now
    orders.touch(life, order)
    item = open_cancellation(life, shop, order, "BUYER_CANCEL", "CANCELLATION_REQUEST_PENDING", "BUYER", name)
    item.deadline = life.now + 2 * DAY
    forgotten = order.plan.decide > FORGETFUL and order.plan.outcome == "seller_refuses_cancel"
    life.at(item.deadline if forgotten else life.now + order.plan.decide, shop, EventKind.DECIDE_CANCEL, number)


def decide_cancel(life: Life, shop: Shop, number: int) -> None:
    """The seller agrees or refuses, says nothing for too long, or the buyer thinks again; others go their way."""
    order = orders.find(life, shop, number)
    item = life.store.cancellations[order.key]
    if item.status != "CANCELLATION_REQUEST_PENDING":
        return  # somebody has decided through the API
    if order.plan.outcome == "buyer_cancels" or life.now >= item.deadline:
        orders.cancel(life, shop, order, "BUYER", BUYER_CANCELS[number % len(BUYER_CANCELS)][1])
        move(life, item, "CANCELLATION_REQUEST_SUCCESS")
        life.at(life.now + DAY + order.plan.decide // 2, shop, EventKind.REFUND_CANCEL, number)
        return
    order.asked_to_cancel = False
    orders.touch(life, order)
    move(life, item, "CANCELLATION_REQUEST_CANCEL")
    life.at(life.now + order.plan.ship // 2, shop, EventKind.SHIP, number)


def refund_cancel(life: Life, shop: Shop, number: int) -> None:
    """The buyer has the money back."""
    move(life, life.store.cancellations[shop.key(number)], "CANCELLATION_REQUEST_COMPLETE")
    orders.touch(life, orders.find(life, shop, number))


def lose(life: Life, shop: Shop, number: int) -> None:
    """The carrier lost it: the platform cancels and pays the buyer back, unless the seller has done so."""
    order = orders.find(life, shop, number)
    if life.store.returns.get(order.key) is not None:
        orders.deliver(life, shop, number)
        return
    finance.forget(life, shop, order)
    orders.cancel(life, shop, order, "SYSTEM", CANCELLATION_REASONS[LOST])
    open_cancellation(life, shop, order, "CANCEL", "CANCELLATION_REQUEST_SUCCESS", "SYSTEM", LOST)
    life.at(life.now + DAY + order.plan.decide, shop, EventKind.REFUND_CANCEL, number)


def ask_return(life: Life, shop: Shop, number: int) -> None:
    """The buyer is not happy with some of the units, or with all."""
    order = orders.find(life, shop, number)
    if life.store.returns.get(order.key) is not None:
        return  # the seller has paid back by itself
    draws = life.draws(shop, "return", number)
    count = len(order.lines) if draws.chance(600) else draws.between(1, len(order.lines))
    lines = [index for index, line in enumerate(order.lines) if not line.gift][:count] or [0]
    kind, steps = SCRIPTS[order.plan.returns]
    order.returning = True
    orders.touch(life, order)
    item = Return(
        shop=shop.number,
        n=number,
        id=shop.identify("return", number),
        order=order.key,
        created=life.now,
        updated=life.now,
        kind=kind,
        status=steps[0].status,
        reason=draws.between(0, len(RETURN_REASONS) - 1),
        script=order.plan.returns,
        step=0,
        lines=lines,
        refund=refund_of(order, lines),
        carrier=draws.between(0, len(shop.market.carriers) - 1),
        shipping_cost=draws.between(300, 700) * shop.market.rate // 100 if kind == "RETURN_AND_REFUND" else 0,
    )
    enter(life, shop, order, item, steps)


def enter(life: Life, shop: Shop, order: Order, item: Return, steps: Sequence[Stage]) -> None:
    """A return enters the step it is at, with all that comes with it."""
    step = steps[item.step]
    item.status, item.updated = step.status, life.now
    item.arbitration = step.arbitration or item.arbitration
    item.records.append(Record(life.now, step.event, step.role, step.description))
    if step.proposal:
        item.proposed = money.portion(item.refund.subtotal, 40_000)
    if step.status == "BUYER_SHIPPED_ITEM":
        pattern = shop.market.carriers[item.carrier][2]
        item.tracking = life.draws(shop, "return parcel", item.id).pattern(pattern)
    if step.send:
        _send_instead(life, shop, order, item)
    if step.refund:
        for index in item.lines:
            order.lines[index].refunded = True
        finance.refund(life, shop, order, item)
    last = item.step + 1 == len(steps)
    if last:
        order.returning = False
    orders.touch(life, order)
    life.store.returns.put(order.key, item)
    if not last:
        wait = life.draws(shop, "return step", item.n, item.step).between(step.low * HOUR, step.high * HOUR)
        wait = min(wait, SILENCE.get(item.status, wait))
        life.at(life.now + wait, shop, EventKind.RETURN_STEP, item.n)


def _send_instead(life: Life, shop: Shop, order: Order, item: Return) -> None:
    desk = life.store.desks[shop.number]
    desk.exchanges.append((order.key, list(item.lines), item.kind))
    life.store.desks.put(shop.number, desk)


def return_step(life: Life, shop: Shop, number: int) -> None:
    """The return goes on to its next state; the platform agrees where the seller has said nothing for too long."""
    item = life.store.returns[shop.key(number)]
    item.step += 1
    limit = SILENCE.get(item.status)
    if limit and life.now - item.updated >= limit:
        item.script, item.step = AGREED_TO[item.kind]
        item.records.append(Record(life.now, "AUTO_APPROVE", "SYSTEM", "Approved, as the seller did not respond"))
    enter(life, shop, orders.find(life, shop, number), item, SCRIPTS[item.script][1])
