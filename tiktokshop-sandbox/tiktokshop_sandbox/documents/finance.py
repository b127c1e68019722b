"""Statements, their transactions, payments, withdrawals and what is not settled yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox import money
from tiktokshop_sandbox.documents import finance_fields as names
from tiktokshop_sandbox.life.amounts import UNNAMED, combined, sums, totals
from tiktokshop_sandbox.markets import CURRENCIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tiktokshop_sandbox.life.amounts import Totals
    from tiktokshop_sandbox.states import Payment, SkuAmounts, Statement, Transaction, Withdrawal
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]
_DAY = 86_400


def statement_document(shop: Shop, item: Statement) -> Document:
    """A statement (202309): settlement = revenue + fee + adjustment, the shipping cost being in the fee."""
    shown: Document = {
        "id": item.id,
        "statement_time": item.time,
        "currency": shop.currency,
        "revenue_amount": shop.amount(item.revenue),
        "net_sales_amount": shop.amount(item.revenue),
        "fee_amount": shop.amount(item.fees + item.shipping),
        "shipping_cost_amount": shop.amount(item.shipping),
        "adjustment_amount": shop.amount(item.adjustment),
        "settlement_amount": shop.amount(item.settlement + item.off),
        "payment_status": item.status,
        "payment_id": item.payment_id,
    }
    if item.paid:
        shown["payment_time"] = item.paid
    return shown


def payment_document(shop: Shop, item: Payment, *, reserve: bool) -> Document:
    """A payment; 202309 names a reserve, 202605 does not."""
    amount = _money(shop, item.amount)
    shown: Document = {
        "id": item.id,
        "create_time": item.created,
        "status": item.status,
        "amount": _money(shop, item.arrives, item.currency) if item.rate else amount,
        "settlement_amount": _money(shop, item.amount - item.reserve),
        "payment_amount_before_exchange": amount,
        "exchange_rate": money.text(item.rate or 1_000_000, 6),
        "bank_account": "***********1234",
    }
    if reserve:
        shown["reserve_amount"] = _money(shop, item.reserve)
    if item.paid:
        shown["paid_time"] = item.paid
    return shown


def _money(shop: Shop, amount: int, currency: str = "") -> Document:
    """An amount with its currency, the shop's own unless another is named."""
    decimals = CURRENCIES[currency or shop.currency]
    return {"value": money.text(amount, decimals), "currency": currency or shop.currency}


def withdrawal_document(shop: Shop, item: Withdrawal) -> Document:
    """A movement on the seller's balance."""
    return {
        "id": item.id,
        "type": item.type,
        "amount": money.text(item.amount, CURRENCIES[item.currency or shop.currency]),
        "currency": item.currency or shop.currency,
        "status": item.status,
        "create_time": item.created,
    }


class Breakdown:
    """Spells amounts out in the platform's sections, for settled transactions or for estimates."""

    def __init__(self, shop: Shop, *, settled: bool) -> None:
        self._shop = shop
        more = settled and shop.market.sea
        self._revenue = dict.fromkeys(names.REVENUE, "0")
        self._shipping = dict.fromkeys(names.SHIPPING + (names.SETTLED_SHIPPING if settled else ()), "0")
        self._shipping_extra = dict.fromkeys(names.SHIPPING_SUPPLEMENT, "0")
        fees = names.FEES + (names.SETTLED_FEES if settled else ()) + (names.SEA_FEES if more else ())
        self._fees = dict.fromkeys(fees, "0")
        self._taxes = dict.fromkeys(names.TAXES + (names.SETTLED_TAXES if settled else ()), "0")
        self._supplement = dict.fromkeys(names.SUPPLEMENT, "0")

    def _section(self, template: Mapping[str, str], amounts: Mapping[str, int], more: Collection[str] = ()) -> Document:
        filled = {
            name: self._shop.amount(amount) for name, amount in amounts.items() if name in template or name in more
        }
        return {**template, **filled}

    def sections(self, amounts: Mapping[str, int]) -> Document:
        """The three breakdowns under the sums."""
        shipping = self._section(self._shipping, amounts)
        shipping["supplementary_component"] = self._section(self._shipping_extra, amounts)
        return {
            "revenue_breakdown": self._section(self._revenue, amounts),
            "shipping_cost_breakdown": shipping,
            "fee_tax_breakdown": {
                "fee": self._section(self._fees, amounts, UNNAMED),
                "tax": self._section(self._taxes, amounts),
            },
        }

    def supplement(self, amounts: Mapping[str, int]) -> Document:
        """What explains the transaction and is in no sum."""
        return self._section(self._supplement, amounts)


def _summed(shop: Shop, total: Totals, prefix: str = "", off: int = 0) -> Document:
    return {
        f"{prefix}settlement_amount": shop.amount(total.settlement),
        f"{prefix}revenue_amount": shop.amount(total.revenue),
        f"{prefix}shipping_cost_amount": shop.amount(total.shipping),
        f"{prefix}fee_tax_amount": shop.amount(total.fees + off),
    }


def _about(item: Transaction) -> Document:
    if item.reserve_id:
        return {"reserve_id": item.reserve_id, "associated_order_id": item.order}
    if item.adjustment_id:
        return {"adjustment_id": item.adjustment_id, "adjustment_order_id": item.order}
    return {"order_id": item.order, "order_create_time": item.order_created}


def transaction_document(shop: Shop, item: Transaction, breakdown: Breakdown) -> Document:
    """A settled transaction (202501)."""
    amounts = combined(item.skus)
    shown = {
        "id": item.id,
        "type": item.kind,
        **_about(item),
        "adjustment_amount": shop.amount(item.adjustment),
        **_summed(shop, totals(item), off=item.off),
        **breakdown.sections(amounts),
    }
    shown["supplementary_component"] = breakdown.supplement(amounts)
    if item.reserve_id:
        shown["reserve_amount"] = shop.amount(item.reserve)
        shown["reserve_status"] = "COLLECTED" if item.reserve < 0 else "RELEASED"
        shown["estimated_release_time"] = str(item.release)
    return shown


def unsettled_document(shop: Shop, item: Transaction, breakdown: Breakdown) -> Document:
    """A transaction to come (202507); all amounts are estimates."""
    shown = {
        "id": item.id,
        "type": item.kind,
        "status": "UNSETTLED",
        "currency": shop.currency,
        **_about(item),
        "est_adjustment_amount": shop.amount(item.adjustment),
        **_summed(shop, totals(item), "est_"),
        **breakdown.sections(combined(item.skus)),
    }
    if item.settle:
        shown["estimated_settlement"] = str((item.settle // _DAY + 1) * _DAY)
        shown["unsettled_reason"] = "In settlement period"
    else:
        shown["estimated_settlement"] = "8 days after delivery"
        shown["unsettled_reason"] = "Order not delivered"
    if item.delivered:
        shown["order_delivery_time"] = item.delivered
    return shown


def sku_transaction(shop: Shop, part: SkuAmounts, statement_id: str, breakdown: Breakdown) -> Document:
    """One SKU's share of an order's settlement (202501)."""
    return {
        "sku_id": part.sku,
        "sku_name": part.sku_name,
        "product_name": part.product_name,
        "quantity": str(part.quantity),
        "statement_id": statement_id,
        **_summed(shop, sums(part.amounts)),
        **breakdown.sections(part.amounts),
    }


def _flat(shop: Shop, amounts: Mapping[str, int], adjustment: int) -> Document:
    """202309: everything in one row; the fee holds the shipping cost, too."""
    total = sums(amounts, adjustment)
    flat = dict.fromkeys(names.FLAT_ZERO, "0")
    flat.update((name, shop.amount(amounts.get(name, 0))) for name in names.FLAT_SAME)
    flat.update((there, shop.amount(amounts.get(here, 0))) for there, here in names.FLAT_NAMES.items())
    after = amounts.get("subtotal_before_discount_amount", 0) + amounts.get("seller_discount_amount", 0)
    return {
        **flat,
        "currency": shop.currency,
        "after_seller_discounts_subtotal_amount": shop.amount(after),
        "net_sales_amount": shop.amount(total.revenue),
        "revenue_amount": shop.amount(total.revenue),
        "shipping_cost_amount": shop.amount(total.shipping),
        "fee_amount": shop.amount(total.fees + total.shipping),
        "adjustment_amount": shop.amount(adjustment),
        "settlement_amount": shop.amount(total.settlement),
    }


def flat_transaction(shop: Shop, item: Transaction) -> Document:
    """A settled transaction (202309)."""
    flat = _flat(shop, combined(item.skus), item.adjustment)
    return {"id": item.id, "type": item.kind, **_about(item), **flat}


def flat_order_transaction(shop: Shop, item: Transaction, statement: Statement) -> Document:
    """A settled transaction of one order with its SKUs (202309)."""
    return {
        "id": item.id,
        "status": "SETTLED",
        "statement_id": statement.id,
        "statement_time": statement.time,
        **_flat(shop, combined(item.skus), item.adjustment),
        "sku_statement_transactions": [
            {
                "sku_id": part.sku,
                "sku_name": part.sku_name,
                "product_name": part.product_name,
                "quantity": part.quantity,  # a number here, text in 202501
                **_flat(shop, part.amounts, 0),
            }
            for part in item.skus
        ],
    }


def statement_sums(shop: Shop, item: Statement) -> Document:
    """The head of a page of a statement's transactions (202501)."""
    return {
        "id": item.id,
        "create_time": item.time,
        "status": "SETTLED",
        "currency": shop.currency,
        "payable_amount": shop.amount(item.payable),
        "total_reserve_amount": shop.amount(item.reserve),
        "total_settlement_amount": shop.amount(item.settlement),
        "total_settlement_breakdown": {
            "total_revenue_amount": shop.amount(item.revenue),
            "total_shipping_cost_amount": shop.amount(item.shipping),
            "total_fee_tax_amount": shop.amount(item.fees),
            "total_adjustment_amount": shop.amount(item.adjustment),
        },
    }


def unsettled_sums(shop: Shop, items: Iterable[Transaction]) -> Document:
    """What the unsettled transactions will probably bring altogether."""
    revenue = fees = adjustment = 0
    for item in items:
        total = totals(item)
        revenue += total.revenue
        fees += total.fees + total.shipping
        adjustment += total.adjustment
    return {
        "sum_est_settlement_amount": shop.amount(revenue + fees + adjustment),
        "sum_est_revenue_amount": shop.amount(revenue),
        "sum_est_adjustment_amount": shop.amount(adjustment),
        "sum_est_fee_amount": shop.amount(fees),
    }
