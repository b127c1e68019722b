"""An order's way from checkout to the doorstep, one event at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from tiktokshop_sandbox.life import finance, invoices
from tiktokshop_sandbox.life import parcels as parcels_of
from tiktokshop_sandbox.life.engine import DAY, HOUR
from tiktokshop_sandbox.life.kinds import EventKind
from tiktokshop_sandbox.life.parcels import wrap
from tiktokshop_sandbox.life.products import put_back, sold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_sandbox.life.engine import Life
    from tiktokshop_sandbox.states import Order, Package
    from tiktokshop_sandbox.storefront import Shop

REMORSE = HOUR
PURGE_AFTER = 60 * DAY
_PER_MILLE_MOVING = 15
SHIPPABLE = frozenset({"AWAITING_SHIPMENT", "PARTIALLY_SHIPPING"})


def find(life: Life, shop: Shop, number: int) -> Order:
    """The shop's order of that number."""
    return life.store.orders[shop.key(number)]


touch = parcels_of.touch


def pay(life: Life, shop: Shop, number: int) -> None:
    """Paid: the buyer may still change their mind for an hour."""
    order = find(life, shop, number)
    if order.status != "UNPAID":
        return
    order.status, order.hold, order.paid = "ON_HOLD", True, life.now
    touch(life, order)
    if order.plan.outcome == "cancelled_on_hold":
        life.at(life.now + order.plan.decide % REMORSE, shop, EventKind.ASK_CANCEL, number)
        return
    life.at(life.now + REMORSE, shop, EventKind.RELEASE, number)
    draws = life.draws(shop, "moves", number)
    if draws.chance(_PER_MILLE_MOVING):
        life.at(life.now + draws.between(60, REMORSE - 60), shop, EventKind.MOVE, number)


def move(life: Life, shop: Shop, number: int) -> None:
    """The buyer has it sent to another street while the order is on hold."""
    order = find(life, shop, number)
    if order.status != "ON_HOLD":
        return
    draws = life.draws(shop, "new address", number)
    street = f"{draws.between(1, 980)} {draws.pick(shop.market.streets)}"
    order.recipient, order.moved = structs.replace(order.recipient, street=street), True
    touch(life, order)


def release(life: Life, shop: Shop, number: int) -> None:
    """The hour is over: the seller can ship."""
    order = find(life, shop, number)
    if order.status != "ON_HOLD":
        return
    order.status, order.hold, order.ready = "AWAITING_SHIPMENT", False, life.now
    invoices.ask(shop, order)
    if _has_packages(shop, order):
        for indexes in parcels(order):
            wrap(life, shop, order, indexes)
    touch(life, order)
    plan = order.plan
    if plan.outcome in {"buyer_cancels", "seller_refuses_cancel", "buyer_withdraws_cancel"}:
        life.at(life.now + plan.ship // 3, shop, EventKind.ASK_CANCEL, number)
    elif plan.outcome == "seller_cancels":
        life.at(life.now + plan.ship // 2, shop, EventKind.SELLER_CANCEL, number)
    else:
        life.at(life.now + plan.ship, shop, EventKind.SHIP, number)


def _has_packages(shop: Shop, order: Order) -> bool:
    """Whether packages are there before anybody ships; in the United States buying a label makes one."""
    option = shop.options[order.option]
    if option.shipping_type == "SELLER":
        return not shop.market.marks_as_shipped
    return shop.region != "US" or option.fulfillment_type == "FULFILLMENT_BY_TIKTOK"


def parcels(order: Order) -> list[list[int]]:
    """Which lines travel together: all, or two halves when the plan splits the order."""
    indexes = list(range(len(order.lines)))
    if not order.plan.second or len(indexes) == 1:
        return [indexes]
    half = len(indexes) // 2
    return [indexes[:half], indexes[half:]]


def ship(life: Life, shop: Shop, number: int) -> None:
    """The seller hands over what is still there: one parcel now, a second one later if the order is split."""
    order = find(life, shop, number)
    if order.status not in SHIPPABLE or order.asked_to_cancel:
        return
    waiting = [package for package in order.active if not package.shipped]
    left = [indexes for indexes in parcels(order) if all(order.lines[index].package < 0 for index in indexes)]
    if not waiting and not left:
        left = [[index for index, line in enumerate(order.lines) if line.package < 0]]
    package = waiting[0] if waiting else wrap(life, shop, order, left[0])
    if any(mate.asked_to_cancel for mate, _ in life.store.parts(order, package)):
        return
    for mate, _ in life.store.parts(order, package):
        invoices.settle(mate)
    draws = life.draws(shop, "parcel", package.id)
    carrier = draws.between(0, len(shop.market.carriers) - 1)
    hand_over(life, shop, order, package, (carrier, draws.pattern(shop.market.carriers[carrier][2])))


def wrap_and_ship(life: Life, shop: Shop, order: Order, lines: Sequence[int], label: tuple[int, str]) -> Package:
    """The seller marks some lines as shipped: a new package with its (carrier, tracking number)."""
    package = wrap(life, shop, order, lines)
    hand_over(life, shop, order, package, label)
    return package


def wrap_together_and_ship(life: Life, shop: Shop, orders: Sequence[Order], label: tuple[int, str]) -> Package:
    """Several orders that have no packages go in one; its (carrier, tracking number)."""
    package = parcels_of.combine(life, shop, orders)
    lead = next(order for order in orders if package in order.packages)
    hand_over(life, shop, lead, package, label)
    return package


def hand_over(life: Life, shop: Shop, order: Order, package: Package, label: tuple[int, str]) -> None:
    """A parcel is ready to be collected, with every order in it; `label` is (carrier, tracking number)."""
    for mate, part in life.store.parts(order, package):
        part.handover, part.slot = package.handover, package.slot
        _hand_over(life, shop, mate, part, label)


def _hand_over(life: Life, shop: Shop, order: Order, package: Package, label: tuple[int, str]) -> None:
    package.carrier, package.tracking = label
    package.status, package.sub_status = "PROCESSING", "RTS"
    package.shipped = package.updated = life.now
    package.handover = package.handover or "DROP_OFF"
    whole = all(line.package >= 0 and order.packages[line.package].shipped for line in order.lines)
    order.masked = order.masked or shop.options[order.option].shipping_type == "TIKTOK"
    if whole:
        order.status, order.rts = "AWAITING_COLLECTION", life.now
        life.at(life.now + order.plan.collect, shop, EventKind.COLLECT, order.n)
    else:
        order.status = "PARTIALLY_SHIPPING"
        life.at(life.now + (order.plan.second or DAY), shop, EventKind.SHIP, order.n)
    touch(life, order)


def collect(life: Life, shop: Shop, number: int) -> None:
    """The carrier has it."""
    order = find(life, shop, number)
    if order.status != "AWAITING_COLLECTION":
        return
    order.status, order.collected = "IN_TRANSIT", life.now
    _move_packages(life, order, "FULFILLING", "TTS")
    sold(life, order)
    touch(life, order)
    finance.expect(life, shop, order)
    lost = order.plan.outcome == "lost"
    life.at(
        life.now + order.plan.deliver * (2 if lost else 1), shop, EventKind.LOSE if lost else EventKind.DELIVER, number
    )


def _move_packages(life: Life, order: Order, status: str, sub_status: str) -> None:
    for package in order.active:
        package.status, package.sub_status, package.updated = status, sub_status, life.now


def deliver(life: Life, shop: Shop, number: int) -> None:
    """It arrived."""
    order = find(life, shop, number)
    order.status, order.delivered = "DELIVERED", life.now
    _move_packages(life, order, "COMPLETED", "DELIVERED")
    touch(life, order)
    finance.delivered(life, shop, order)
    plan = order.plan
    life.at(life.now + plan.complete, shop, EventKind.COMPLETE, number)
    if plan.returns:
        life.at(life.now + plan.return_after, shop, EventKind.RETURN, number)
    elif plan.refresh:
        life.at(life.now + plan.refresh, shop, EventKind.REFRESH, number)


def complete(life: Life, shop: Shop, number: int) -> None:
    """The buyer has had time enough; a running return holds this up."""
    order = find(life, shop, number)
    if order.status != "DELIVERED":
        return
    if order.returning:
        life.at(life.now + 3 * DAY, shop, EventKind.COMPLETE, number)
        return
    order.status, order.completed = "COMPLETED", life.now
    touch(life, order)
    life.at(life.now + PURGE_AFTER, shop, EventKind.PURGE, number)
    if order.plan.refresh:
        life.at(life.now + order.plan.refresh, shop, EventKind.REFRESH, number)


def cancel(life: Life, shop: Shop, order: Order, by: str, reason: str) -> None:
    """Ends an order. Goods that never left go back on the shelf."""
    if not order.collected:
        put_back(life, shop, order)
    order.status, order.cancelled, order.cancelled_by, order.cancel_reason = "CANCELLED", life.now, by, reason
    for package in order.active:
        if package.partners and not package.shipped:
            parcels_of.take_out(life, shop, package, order, {order.n})
    for package in order.active:
        package.status, package.sub_status, package.updated = "CANCELLED", "CANCELLED", life.now
    touch(life, order)
    life.at(life.now + PURGE_AFTER, shop, EventKind.PURGE, order.n)


def refresh(life: Life, shop: Shop, number: int) -> None:
    """The platform touches the row without a business reason, and its search is slow to notice."""
    order = find(life, shop, number)
    before = order.indexed or order.updated
    touch(life, order)
    if before < life.now:
        order.indexed = before


def purge(life: Life, shop: Shop, number: int) -> None:
    """Personal data of old orders goes: what was text becomes the empty string."""
    order = find(life, shop, number)
    order.purged = True
    touch(life, order)
