"""What makes the books hard, as it happens to an order, a statement or a payment; see `difficulties`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox import money
from tiktokshop_sandbox.life import ledger
from tiktokshop_sandbox.life.amounts import FEES, REVENUE, UNNAMED, sums, totals
from tiktokshop_sandbox.life.engine import DAY
from tiktokshop_sandbox.life.kinds import EventKind
from tiktokshop_sandbox.markets import BY_REGION
from tiktokshop_sandbox.states import Payment, SkuAmounts, Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_sandbox.life.engine import Life
    from tiktokshop_sandbox.states import Order
    from tiktokshop_sandbox.storefront import Shop

# What a transaction's number says it is for, beside those of `finance`.
SPLIT, HELD, RELEASED, PENALTY = 2, 3, 4, 6
_LEVELS: Final = ((10_000, 14), (20_000, 21), (30_000, 31))
"""What a seller's level says of reserves: hundred-thousandths of an order, and days."""
_OWN_FEES: Final = frozenset({"referral_fee_amount", "platform_commission_amount"})
_MILLION: Final = 1_000_000

# Market -> the tax on the platform's fees and its rate; the tax withheld of sales and its rate; a fixed fee an order.
# Rates are hundred-thousandths. The names are the platform's; which of them a market has, nobody says.
_TAXES: Final = {
    "US": (("sales_tax_referral_fee_amount", 6_000), None, None),
    "GB": (("vat_amount", 20_000), None, None),
    "DE": (("local_vat_amount", 19_000), None, None),
    "ID": (("vat_amount", 11_000), ("pit_amount", 500), None),
    "VN": (("local_vat_amount", 10_000), ("pit_amount", 1_500), ("vn_fix_infrastructure_fee", 3_000)),
    "JP": (("gst_amount", 10_000), None, None),
}


def charge(life: Life, shop: Shop, order: Order, parts: Sequence[SkuAmounts]) -> None:
    """A fee that no document names is added to what an order brings."""
    if life.is_hard(shop, "unnamed_fees", order.n):
        amounts = parts[0].amounts
        net = sums({name: amount for name, amount in amounts.items() if name in REVENUE}).revenue
        amounts[UNNAMED[order.n % len(UNNAMED)]] = -max(1, money.portion(net, 2_500))


def overcharge(life: Life, shop: Shop, order: Order, parts: Sequence[SkuAmounts]) -> int:
    """The platform's fee becomes half as much again; returns what is too much, 0 for almost all orders."""
    if not life.is_hard(shop, "wrong_fees", order.n):
        return 0
    wrong = 0
    for part in parts:
        for name in _OWN_FEES & part.amounts.keys():
            more = -part.amounts[name] // 2
            part.amounts[name] -= more
            wrong += more
    return wrong


def gives_back(life: Life, shop: Shop, order: Order) -> bool:
    """Whether the platform will see that it has charged an order too much."""
    return order.n % 2 == 0 and life.is_hard(shop, "wrong_fees", order.n)


def tax(life: Life, shop: Shop, order: Order, parts: Sequence[SkuAmounts], *, sale: bool = True) -> None:
    """Taxes become those of the market; a fixed fee belongs to the sale."""
    if shop.region not in _TAXES or not life.is_hard(shop, "market_taxes", order.n):
        return
    (name, rate), withheld, fixed = _TAXES[shop.region]
    for part in parts:
        amounts = part.amounts
        amounts.pop("vat_amount", None)
        fees = sum(amount for kind, amount in amounts.items() if kind in FEES)
        _add(amounts, name, money.portion(fees, rate))
        if withheld:
            _add(amounts, withheld[0], -money.portion(sums(amounts).revenue, withheld[1]))
    if fixed and sale:
        _add(parts[0].amounts, fixed[0], -fixed[1])


def _add(amounts: dict[str, int], name: str, amount: int) -> None:
    if amount:
        amounts[name] = amounts.get(name, 0) + amount


def _whole(transaction: Transaction) -> bool:
    """Whether it is all of an order, and no refund or rest of one."""
    return transaction.kind == "ORDER" and not transaction.key & 7


def split(life: Life, shop: Shop, transaction: Transaction, number: int) -> None:
    """The first SKU is settled by this statement, the others by the next one."""
    if not _whole(transaction) or not transaction.skus[1:] or not life.is_hard(shop, "split_orders", number):
        return
    rest = number << 3 | SPLIT
    life.store.put_transaction(
        Transaction(
            shop=shop.number,
            key=shop.number << 36 | rest,
            id=shop.identify("transaction", rest),
            kind="ORDER",
            created=transaction.created,
            order=transaction.order,
            order_created=transaction.order_created,
            delivered=transaction.delivered,
            settle=life.now,
            skus=transaction.skus[1:],
        )
    )
    transaction.skus = transaction.skus[:1]


def hold_back(life: Life, shop: Shop, transaction: Transaction, number: int) -> Transaction | None:
    """A part of what the order settles becomes a reserve; the event of its release is on its way."""
    settled = totals(transaction).settlement
    if not _whole(transaction) or settled <= 0 or not life.is_hard(shop, "reserves", number):
        return None
    percent, days = life.draws(shop, "level of reserves").pick(_LEVELS)
    held = money.portion(settled, percent)
    if not held:
        return None
    release = life.now + days * DAY - 1  # the last second of a day: the statement of the midnight has it
    life.at(release, shop, EventKind.UNRESERVE, number)
    return _reserve(life, shop, number << 3 | HELD, transaction, -held, release)


def _reserve(life: Life, shop: Shop, number: int, about: Transaction, amount: int, release: int) -> Transaction:
    made = Transaction(
        shop=shop.number,
        key=shop.number << 36 | number,
        id=shop.identify("transaction", number),
        kind="RESERVE",
        created=life.now,
        order=about.order,
        order_created=about.order_created,
        settle=life.now,
        reserve=amount,
        reserve_id=shop.identify("adjustment", number >> 3 << 3 | HELD),
        release=release,
    )
    life.store.put_transaction(made)
    return made


def release_reserve(life: Life, shop: Shop, number: int) -> None:
    """What was held back of an order is due."""
    held = life.store.transactions[shop.number << 36 | number << 3 | HELD]
    _reserve(life, shop, number << 3 | RELEASED, held, -held.reserve, life.now)


def spoil(life: Life, shop: Shop, statement: Statement, transactions: Sequence[Transaction]) -> None:
    """One of the sums that the platform shows is wrong by the smallest unit of the currency."""
    if not life.is_hard(shop, "sums_differ", statement.n):
        return
    draws = life.draws(shop, "which sum differs", statement.n)
    one = draws.pick((-1, 1))
    orders = [transaction for transaction in transactions if transaction.skus]
    if orders and draws.chance(400):
        orders[0].off = one
    else:
        statement.off = one


def foresee(life: Life, shop: Shop, statement: Statement, transactions: Sequence[Transaction]) -> None:
    """Of this statement a fee will be corrected when it has been paid."""
    if life.is_hard(shop, "changed_statements", statement.n):
        corrects = (transaction.key for transaction in transactions if _commission(transaction))
        statement.corrects = next(corrects, None)


def _commission(transaction: Transaction) -> tuple[SkuAmounts, str] | None:
    for part in transaction.skus:
        for name in ("referral_fee_amount", "platform_commission_amount"):
            if part.amounts.get(name, 0) < 0:
                return part, name
    return None


def change(life: Life, shop: Shop, day: int) -> None:
    """A fee in a PAID statement is corrected; the difference is owed from now on."""
    statement = life.store.statements[shop.key(day)]
    if statement.corrects is None or statement.status != "PAID":  # it was corrected before its payment came back
        return
    transaction = life.store.transactions[statement.corrects]
    found = _commission(transaction)
    if found is None:
        return
    part, name = found
    more = max(1, money.portion(-part.amounts[name], 30_000))
    part.amounts[name] += more
    statement.fees += more
    statement.corrects = None
    life.store.put_transaction(transaction)
    life.store.statements.put(shop.key(day), statement)
    desk = life.store.desks[shop.number]
    desk.owed += more
    life.store.desks.put(shop.number, desk)
    ledger.corrected(life, shop, name, more)


def exchange(life: Life, shop: Shop, payment: Payment) -> None:
    """The payment goes out in another currency, at the day's rate."""
    if not life.is_hard(shop, "foreign_payments", payment.n):
        return
    there = BY_REGION["GB" if shop.region == "US" else "US"]
    wobble = life.draws(shop, "rate", payment.n).between(-20_000, 20_000)
    middle = _MILLION * there.rate * 10**shop.market.decimals // (shop.market.rate * 10**there.decimals)
    payment.currency = there.currency
    payment.rate = max(1, middle + middle * wobble // _MILLION)
    scale = _MILLION * 10**shop.market.decimals
    product = abs(payment.amount) * payment.rate * 10**there.decimals
    payment.arrives = (product + scale // 2) // scale * (1 if payment.amount > 0 else -1)
