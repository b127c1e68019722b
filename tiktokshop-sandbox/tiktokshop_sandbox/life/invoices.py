"""Invoices where a market wants one before a package leaves: uploaded, looked at, accepted or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.life.kinds import EventKind
from tiktokshop_sandbox.life.parcels import touch
from tiktokshop_sandbox.markets import INVOICE_FIRST

if TYPE_CHECKING:
    from tiktokshop_sandbox.life.engine import Life
    from tiktokshop_sandbox.states import Order
    from tiktokshop_sandbox.storefront import Shop

NEEDED: Final = "NEED_INVOICE"
LOOKED_AT: Final = "INVOICE_PROCESSING"
ACCEPTED: Final = "INVOICE_UPLOADED"
LOOK: Final = 60
"""Seconds until the platform has looked at one."""


def ask(shop: Shop, order: Order) -> None:
    """An order that may leave now needs an invoice, if its market has it so."""
    option = shop.options[order.option]
    by_seller = option.fulfillment_type == "FULFILLMENT_BY_SELLER"
    if shop.region in INVOICE_FIRST and shop.seller_type == "LOCAL" and by_seller:
        order.invoice = NEEDED


def upload(life: Life, shop: Shop, order: Order, *, good: bool) -> None:
    """The seller has sent one."""
    order.invoice, order.invoice_good = LOOKED_AT, good
    life.at(life.now + LOOK, shop, EventKind.INVOICE, order.n)
    touch(life, order)


def judge(life: Life, shop: Shop, number: int) -> None:
    """The platform has looked at it."""
    order = life.store.orders[shop.key(number)]
    if order.invoice == LOOKED_AT:
        order.invoice = ACCEPTED if order.invoice_good else NEEDED
        touch(life, order)


def settle(order: Order) -> None:
    """A seller that ships by itself, without the API, has sent one before."""
    order.invoice = ACCEPTED if order.invoice else ""
