"""The console's buttons: what each does to the shops, the tokens and the faults, and its message afterwards."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox import rush
from tiktokshop_sandbox.faults import BOOKS, KINDS, WEBHOOKS, Spec
from tiktokshop_sandbox.life import aftersales

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.gateway import Gateway
    from tiktokshop_sandbox.shops import Shop

DAY: Final = 86_400
LONGEST: Final = 24 * 90

# The newest orders in one of these states of which nothing else is under way, so that a button disturbs no plan.
_TO_CANCEL: Final = """
SELECT key, id FROM orders WHERE shop = ? AND status = 'AWAITING_SHIPMENT' AND is_buyer_request_cancel = 0
AND key NOT IN (SELECT key FROM cancellations WHERE shop = ?) ORDER BY create_time DESC, id DESC LIMIT 1
"""
_TO_RETURN: Final = """
SELECT key, id FROM orders WHERE shop = ? AND status IN ('DELIVERED', 'COMPLETED')
AND key NOT IN (SELECT key FROM returns WHERE shop = ?) ORDER BY update_time DESC, id DESC LIMIT 40
"""
_OPEN: Final = "SELECT key FROM transactions WHERE shop = ? AND statement IS NULL AND settle_time IS NOT NULL"

Form = dict[str, str]


class ActionError(Exception):
    """A button that cannot do what it says now, in one sentence."""


def advance(gateway: Gateway, form: Form) -> str:
    """Moves the shops' time forward."""
    hours = number_in(form, "hours", 1, LONGEST)
    return f"{hours} hours have passed in the shops: {_live_on(gateway, hours * 3600)} events. {_now(gateway)}"


def order(gateway: Gateway, form: Form) -> str:
    """The shop's next order comes now instead of later."""
    shop, world, now = _shop(gateway, form), gateway.world, gateway.clock.now()
    world.advance(now)
    if not rush.takes_more(world, shop):
        raise ActionError("This shop cannot take more orders.")
    placed = rush.take_orders(world, now, shop, 1)
    if not placed:
        return "A buyer came, but found nothing in stock. The next one may."
    return f"Order {placed[0].id} came in, not paid yet: advance the clock to see what happens to it."


def cancel(gateway: Gateway, form: Form) -> str:
    """The seller cancels the newest order that waits to be shipped."""
    shop, world, now = _shop(gateway, form), gateway.world, gateway.clock.now()
    world.advance(now)
    row = world.db.execute(_TO_CANCEL, (shop.number, shop.number)).fetchone()
    if row is None:
        raise ActionError("No order waits to be shipped: make one and advance the clock by a few hours.")
    with world.writing(now) as life:
        aftersales.seller_cancel(life, shop, row[0] - shop.key(0))
    return f"Order {row[1]} was cancelled by the seller."


def give_back(gateway: Gateway, form: Form) -> str:
    """The buyer of the newest delivered order asks to return it."""
    shop, world, now = _shop(gateway, form), gateway.world, gateway.clock.now()
    world.advance(now)
    for key, identifier in world.db.execute(_TO_RETURN, (shop.number, shop.number)).fetchall():
        with world.writing(now) as life:
            found = life.store.orders[key]
            planned = bool(found.plan.returns)  # its buyer will ask by themselves
            if not planned:
                found.plan.returns = "return"
                aftersales.ask_return(life, shop, key - shop.key(0))
        if not planned:
            return f"The buyer of order {identifier} asks to return it."
    raise ActionError("No order was delivered that could come back: advance the clock by a few days.")


def settle(gateway: Gateway, form: Form) -> str:
    """All that was delivered becomes due, and the clock moves to the midnight whose statement takes it."""
    shop, world, now = _shop(gateway, form), gateway.world, gateway.clock.now()
    world.advance(now)
    keys = [row[0] for row in world.db.execute(_OPEN, (shop.number,)).fetchall()]
    if not keys:
        raise ActionError("No delivered order waits for its settlement: advance the clock by a few days.")
    with world.writing(now) as life:
        for key in keys:
            transaction = life.store.transactions[key]
            transaction.settle = min(transaction.settle, now)
            life.store.put_transaction(transaction)
    _live_on(gateway, DAY - now % DAY + 1)
    return f"{len(keys)} transactions were settled by the statement of midnight. {_now(gateway)}"


def expire(gateway: Gateway, _: Form) -> str:
    """Every access token runs out."""
    gateway.accounts.expire_access()
    return "Every access token has run out (105002): a client has to refresh now."


def revoke(gateway: Gateway, _: Form) -> str:
    """The seller takes back every grant."""
    gateway.accounts.revoke()
    return "The seller took back every grant: only a new consent helps now."


def fault_on(gateway: Gateway, form: Form) -> str:
    """Switches a fault on."""
    kind = form.get("kind", "")
    if kind not in KINDS:
        raise ActionError("There is no such fault.")
    percent = number_in(form, "percent", 1, 100)
    gateway.faults.add(Spec(kind, probability=None if percent == 100 else percent / 100))
    what = "what happens in the shops" if kind in BOOKS else "the webhooks" if kind in WEBHOOKS else "the requests"
    return f"The fault {kind} is on, for {percent} % of {what}."


def fault_off(gateway: Gateway, form: Form) -> str:
    """Switches a fault off."""
    if not gateway.faults.remove(number_in(form, "id", 0, 1 << 40)):
        raise ActionError("This fault is off already.")
    return "The fault is off."


ACTIONS: Final[Mapping[str, Callable[[Gateway, Form], str]]] = {
    "advance": advance,
    "order": order,
    "cancel": cancel,
    "return": give_back,
    "settle": settle,
    "expire": expire,
    "revoke": revoke,
    "fault-on": fault_on,
    "fault-off": fault_off,
}


def _shop(gateway: Gateway, form: Form) -> Shop:
    for shop in gateway.world.shops:
        if shop.id == form.get("shop"):
            return shop
    raise ActionError("There is no such shop.")


def number_in(form: Form, name: str, low: int, high: int) -> int:
    """A whole number that a form has.

    Raises:
        ActionError: it has none, or one out of bounds.
    """
    text = form.get(name, "")
    if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
        raise ActionError(f"{name.capitalize()} must be a whole number from {low} to {high}.")
    return int(text)


def _live_on(gateway: Gateway, seconds: int) -> int:
    return gateway.world.advance(gateway.clock.advance(seconds))


def _now(gateway: Gateway) -> str:
    return f"It is now {time.strftime('%Y-%m-%d %H:%M', time.gmtime(gateway.clock.now()))} UTC in the shops."
