"""Which function lets which kind of event happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox.life import aftersales, buying, finance, hard, invoices, listings, orders, products
from tiktokshop_sandbox.life.kinds import EventKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.life.engine import Handler

HANDLERS: Mapping[int, Handler] = {
    EventKind.CUT: finance.cut,
    EventKind.PAYOUT: finance.payout,
    EventKind.PAID: finance.paid,
    EventKind.WITHDRAW: finance.withdraw,
    EventKind.WITHDRAWN: finance.withdrawn,
    EventKind.SELLER: products.seller,
    EventKind.RESTOCK: products.restock,
    EventKind.AUDIT: listings.audit,
    EventKind.PLACE: buying.place,
    EventKind.PAY: orders.pay,
    EventKind.EXPIRE: aftersales.expire,
    EventKind.RELEASE: orders.release,
    EventKind.MOVE: orders.move,
    EventKind.INVOICE: invoices.judge,
    EventKind.ASK_CANCEL: aftersales.ask_cancel,
    EventKind.DECIDE_CANCEL: aftersales.decide_cancel,
    EventKind.REFUND_CANCEL: aftersales.refund_cancel,
    EventKind.SELLER_CANCEL: aftersales.seller_cancel,
    EventKind.SHIP: orders.ship,
    EventKind.COLLECT: orders.collect,
    EventKind.DELIVER: orders.deliver,
    EventKind.LOSE: aftersales.lose,
    EventKind.RETURN: aftersales.ask_return,
    EventKind.RETURN_STEP: aftersales.return_step,
    EventKind.COMPLETE: orders.complete,
    EventKind.ADJUST: finance.adjust,
    EventKind.REFRESH: orders.refresh,
    EventKind.PURGE: orders.purge,
    EventKind.UNRESERVE: hard.release_reserve,
    EventKind.CHANGE: hard.change,
    EventKind.RETURNED: finance.returned,
}
