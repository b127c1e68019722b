"""Which function lets which kind of event happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox.life import aftersales, buying, finance, orders, products
from tiktokshop_sandbox.life.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.life.engine import Handler

HANDLERS: Mapping[int, Handler] = {
    Kind.CUT: finance.cut,
    Kind.PAYOUT: finance.payout,
    Kind.PAID: finance.paid,
    Kind.WITHDRAW: finance.withdraw,
    Kind.WITHDRAWN: finance.withdrawn,
    Kind.SELLER: products.seller,
    Kind.RESTOCK: products.restock,
    Kind.AUDIT: products.audit,
    Kind.PLACE: buying.place,
    Kind.PAY: orders.pay,
    Kind.EXPIRE: aftersales.expire,
    Kind.RELEASE: orders.release,
    Kind.ASK_CANCEL: aftersales.ask_cancel,
    Kind.DECIDE_CANCEL: aftersales.decide_cancel,
    Kind.REFUND_CANCEL: aftersales.refund_cancel,
    Kind.SELLER_CANCEL: aftersales.seller_cancel,
    Kind.SHIP: orders.ship,
    Kind.COLLECT: orders.collect,
    Kind.DELIVER: orders.deliver,
    Kind.LOSE: aftersales.lose,
    Kind.RETURN: aftersales.ask_return,
    Kind.RETURN_STEP: aftersales.return_step,
    Kind.COMPLETE: orders.complete,
    Kind.ADJUST: finance.adjust,
    Kind.REFRESH: orders.refresh,
    Kind.PURGE: orders.purge,
}
