"""What a transaction is made of: amounts by the platform's own names, and how they add up.

settlement = revenue + shipping cost + fees and taxes + adjustment. Whatever stands under `SUPPLEMENT` only
explains and is in no sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiktokshop_sandbox import money
from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.states import SkuAmounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_sandbox.states import Order, OrderLine, Return, Transaction
    from tiktokshop_sandbox.storefront import Shop

UNNAMED = ("visibility_boost_fee_amount", "creator_pool_fee_amount")
"""Kinds of fees that no document of the platform names."""
REVENUE = frozenset(
    {
        "subtotal_before_discount_amount",
        "seller_discount_amount",
        "refund_subtotal_before_discount_amount",
        "seller_discount_refund_amount",
    }
)
SHIPPING = frozenset(
    {
        "actual_shipping_fee_amount",
        "shipping_fee_discount_amount",
        "customer_paid_shipping_fee_amount",
        "return_shipping_fee_amount",
    }
)
FEES = frozenset(
    {
        "platform_commission_amount",
        "referral_fee_amount",
        "refund_administration_fee_amount",
        "transaction_fee_amount",
        "affiliate_commission_amount",
        "vn_fix_infrastructure_fee",
        *UNNAMED,
    }
)
TAXES = frozenset({"vat_amount", "local_vat_amount", "gst_amount", "pit_amount", "sales_tax_referral_fee_amount"})


@dataclass(frozen=True)
class Totals:
    """The sums of a transaction, of a statement or of one SKU."""

    revenue: int
    shipping: int
    fees: int
    adjustment: int

    @property
    def settlement(self) -> int:
        """What the seller gets."""
        return self.revenue + self.shipping + self.fees + self.adjustment


def sums(amounts: Mapping[str, int], adjustment: int = 0) -> Totals:
    """The sums of amounts by name."""
    return Totals(
        revenue=sum(amounts.get(name, 0) for name in REVENUE),
        shipping=sum(amounts.get(name, 0) for name in SHIPPING),
        fees=sum(amounts.get(name, 0) for name in FEES | TAXES),
        adjustment=adjustment,
    )


def combined(parts: Iterable[SkuAmounts]) -> dict[str, int]:
    """The amounts of several SKUs together."""
    together: dict[str, int] = {}
    for part in parts:
        for name, amount in part.amounts.items():
            together[name] = together.get(name, 0) + amount
    return together


def totals(transaction: Transaction) -> Totals:
    """The sums of a whole transaction."""
    return sums(combined(transaction.skus), transaction.adjustment)


def _by_sku(per_line: Iterable[tuple[OrderLine, dict[str, int]]]) -> list[SkuAmounts]:
    parts: dict[str, SkuAmounts] = {}
    for line, amounts in per_line:
        part = parts.setdefault(line.sku, SkuAmounts(line.sku, line.sku_name, line.product_name, 0, {}))
        part.quantity += 1
        for name, amount in amounts.items():
            if amount:
                part.amounts[name] = part.amounts.get(name, 0) + amount
    return list(parts.values())


def carriage_and_commission(shop: Shop, number: int, *, by_platform: bool) -> tuple[int, int]:
    """What carrying an order costs (US cents), and what part of it (hundred-thousandths) a creator earns, mostly 0."""
    draws = Draws(shop.seed, shop.number, "fees", number)
    cents = draws.between(350, 900) if by_platform else 0
    return cents, draws.chance(280) * draws.pick((8_000, 10_000, 15_000))


def order_amounts(shop: Shop, order: Order) -> list[SkuAmounts]:
    """What an order brings and costs, by SKU."""
    weights = [line.original for line in order.lines]
    paid = order.shipping - order.shipping_seller - order.shipping_platform
    by_platform = shop.options[order.option].shipping_type == "TIKTOK"
    cents, affiliate = carriage_and_commission(shop, order.n, by_platform=by_platform)
    cost = cents * shop.market.rate // 100
    shipping = zip(
        money.share(-cost, weights),
        money.share(order.shipping_platform, weights),
        money.share(paid, weights),
        money.share(paid + order.shipping_tax, weights),
        strict=True,
    )
    lines = []
    for line, (carrier, subsidy, customer, payment) in zip(order.lines, shipping, strict=True):
        net = line.original - line.seller_discount
        amounts = {
            "subtotal_before_discount_amount": line.original,
            "seller_discount_amount": -line.seller_discount,
            "actual_shipping_fee_amount": carrier,
            "shipping_fee_discount_amount": subsidy,
            "customer_paid_shipping_fee_amount": customer,
            "affiliate_commission_amount": -money.portion(net, affiliate),
            "customer_payment_amount": line.sale + line.tax + line.retail_fee + payment,
            "platform_discount_amount": line.platform_discount,
            "sales_tax_payment_amount": line.tax,
            "sales_tax_amount": -line.tax,
            "retail_delivery_fee_payment_amount": line.retail_fee,
            "retail_delivery_fee_amount": -line.retail_fee,
            "platform_shipping_fee_discount_amount": subsidy,
            **_commission(shop, net),
        }
        lines.append((line, amounts))
    return _by_sku(lines)


def _commission(shop: Shop, net: int) -> dict[str, int]:
    if shop.region == "US":
        return {"referral_fee_amount": -money.portion(net, 6_000)}
    commission, handling = money.portion(net, 9_000), money.portion(net, 1_000)
    return {
        "platform_commission_amount": -commission,
        "transaction_fee_amount": -handling,
        "vat_amount": -money.portion(commission + handling, shop.market.vat),
    }


def refund_amounts(shop: Shop, order: Order, item: Return, rate: int) -> list[SkuAmounts]:
    """What a refund takes back, by SKU; `rate` is the part refunded."""
    back = money.share(-item.shipping_cost, [1] * len(item.lines))
    lines = []
    for index, label in zip(item.lines, back, strict=True):
        line = order.lines[index]
        gross, discount = money.portion(line.original, rate), money.portion(line.seller_discount, rate)
        platform = money.portion(line.platform_discount, rate)
        tax = money.portion(line.tax, rate)
        fees = {name: -amount for name, amount in _commission(shop, gross - discount).items()}
        administration = money.portion(fees.get("referral_fee_amount", 0), 20_000)
        amounts = {
            "refund_subtotal_before_discount_amount": -gross,
            "seller_discount_refund_amount": discount,
            "return_shipping_fee_amount": label,
            "refund_administration_fee_amount": -administration,
            "customer_refund_amount": -(gross - discount - platform + tax),
            "platform_discount_refund_amount": -platform,
            "sales_tax_refund_amount": -tax,
            **fees,
        }
        lines.append((line, amounts))
    return _by_sku(lines)
