"""The seller's money: what an order brings, daily statements, payments and withdrawals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox import money
from tiktokshop_sandbox.difficulties import DIFFICULTIES
from tiktokshop_sandbox.life import hard, ledger
from tiktokshop_sandbox.life.amounts import order_amounts, refund_amounts, totals
from tiktokshop_sandbox.life.engine import DAY, HOUR
from tiktokshop_sandbox.life.kinds import EventKind
from tiktokshop_sandbox.states import Payment, Statement, Transaction, Withdrawal

if TYPE_CHECKING:
    from tiktokshop_sandbox.life.engine import Life
    from tiktokshop_sandbox.states import Order, Return
    from tiktokshop_sandbox.storefront import Shop

# A transaction's number is its order's (or day's) times eight plus what it is for.
ORDER, REFUND, ADJUSTMENT, ADVERTISING = 0, 1, 5, 7
MERGE_BELOW_CENTS = 2_000  # statements are paid together until they reach this
ADJUSTMENTS = (
    ("LOGISTICS_REIMBURSEMENT", 200, 900),
    ("SHIPPING_FEE_ADJUSTMENT", -300, -20),
    ("PLATFORM_REIMBURSEMENT", 100, 1_500),
    ("CUSTOMER_SERVICE_COMPENSATION", -800, -100),
    ("REBATE", 50, 400),
)
_MONDAY, _FRIDAY = 4, 1  # day number modulo 7; day 0 was a Thursday


def _key(shop: Shop, number: int, use: int) -> int:
    return shop.number << 36 | number << 3 | use


def _order_transaction(life: Life, shop: Shop, order: Order) -> Transaction | None:
    return life.store.transactions.get(_key(shop, order.n, ORDER))


def expect(life: Life, shop: Shop, order: Order) -> None:
    """The goods are on their way: an estimate of what the order will bring appears as unsettled."""
    number = order.n << 3 | ORDER
    parts = order_amounts(shop, order)
    hard.charge(life, shop, order, parts)
    hard.overcharge(life, shop, order, parts)
    hard.tax(life, shop, order, parts)
    life.store.put_transaction(
        Transaction(
            shop=shop.number,
            key=_key(shop, order.n, ORDER),
            id=shop.identify("transaction", number),
            kind="ORDER",
            created=life.now,
            order=order.id,
            order_created=order.created,
            skus=parts,
        )
    )


def delivered(life: Life, shop: Shop, order: Order) -> None:
    """Some days after delivery the money is due."""
    transaction = _order_transaction(life, shop, order)
    if transaction is not None:
        at_once = life.is_hard(shop, "late_refunds", order.n)
        transaction.delivered, transaction.settle = life.now, life.now + (1 if at_once else order.plan.settle)
        life.store.put_transaction(transaction)
    draws = life.draws(shop, "adjusted", order.n)
    rate = life.rate(shop, "late_adjustments")
    if hard.gives_back(life, shop, order):
        life.at(life.now + draws.between(15, 30) * DAY, shop, EventKind.ADJUST, order.n)
    elif draws.chance(rate):
        days = (9, 20) if rate == DIFFICULTIES["late_adjustments"].usually else (21, 56)
        life.at(life.now + draws.between(*days) * DAY, shop, EventKind.ADJUST, order.n)


def forget(life: Life, shop: Shop, order: Order) -> None:
    """An order that ends before it is delivered brings nothing."""
    transaction = _order_transaction(life, shop, order)
    if transaction is not None and not transaction.statement:
        life.store.drop_transaction(transaction)


def refund(life: Life, shop: Shop, order: Order, item: Return) -> None:
    """A refund lowers an unsettled transaction; after the settlement it is one of its own."""
    share = money.RATE
    if item.proposed and item.refund.subtotal:
        share = item.proposed * money.RATE // item.refund.subtotal
    elif item.part:
        share = item.part
    parts = refund_amounts(shop, order, item, share)
    hard.tax(life, shop, order, parts, sale=False)
    transaction = _order_transaction(life, shop, order)
    if transaction is not None and not transaction.statement:
        by_sku = {part.sku: part for part in transaction.skus}
        for part in parts:
            for name, amount in part.amounts.items():
                amounts = by_sku[part.sku].amounts
                amounts[name] = amounts.get(name, 0) + amount
        life.store.put_transaction(transaction)
        return
    number = order.n << 3 | REFUND
    life.store.put_transaction(
        Transaction(
            shop=shop.number,
            key=_key(shop, order.n, REFUND),
            id=shop.identify("transaction", number),
            kind="ORDER",
            created=life.now,
            order=order.id,
            order_created=order.created,
            delivered=order.delivered,
            settle=life.now + 6 * HOUR,
            skus=parts,
        )
    )


def adjust(life: Life, shop: Shop, number: int) -> None:
    """The platform corrects something about an order."""
    order = life.store.orders[shop.key(number)]
    draws = life.draws(shop, "adjustment", number)
    kind, low, high = draws.pick(ADJUSTMENTS)
    amount = draws.between(low, high) * shop.market.rate // 100
    if hard.gives_back(life, shop, order):
        kind, amount = "PLATFORM_COMMISSION_ADJUSTMENT", hard.overcharge(life, shop, order, order_amounts(shop, order))
    life.store.put_transaction(_adjustment(life, shop, number << 3 | ADJUSTMENT, kind, amount, order))


def _adjustment(life: Life, shop: Shop, number: int, kind: str, amount: int, order: Order | None) -> Transaction:
    return Transaction(
        shop=shop.number,
        key=shop.number << 36 | number,
        id=shop.identify("transaction", number),
        kind=kind,
        created=life.now,
        order=order.id if order else "",
        order_created=order.created if order else 0,
        settle=life.now,
        adjustment=amount,
        adjustment_id=shop.identify("adjustment", number),
    )


def cut(life: Life, shop: Shop, day: int) -> None:
    """Midnight UTC: what is due since the last statement goes into one stamped with this very second."""
    life.at(life.now + DAY, shop, EventKind.CUT, day + 1)
    if day % 7 == _FRIDAY:
        life.at(life.now + 10 * HOUR, shop, EventKind.WITHDRAW, day)
    draws = life.draws(shop, "cut", day)
    open_ = life.store.unsettled(shop.number)
    due = sorted(key for key, settle in open_.items() if 0 < settle < life.now)
    if life.is_hard(shop, "empty_statements", day):
        due = []
    elif not due:
        return
    statement = Statement(
        shop=shop.number,
        n=day,
        id=shop.identify("statement", day),
        time=life.now,
        revenue=0,
        shipping=0,
        fees=0,
        adjustment=0,
    )
    transactions = [life.store.transactions[key] for key in due]
    for transaction in tuple(transactions):
        number = (transaction.key - (shop.number << 36)) >> 3
        hard.split(life, shop, transaction, number)
        reserve = hard.hold_back(life, shop, transaction, number)
        transactions += [reserve] if reserve else []
    if due and day % 7 == _MONDAY:
        spent = -draws.between(500, 4_000) * shop.market.rate // 100
        transactions.append(_adjustment(life, shop, day << 3 | ADVERTISING, "GMV_PAYMENT_FOR_ADS", spent, None))
    if due and life.is_hard(shop, "negative_statements", day):
        gain = max(0, sum(totals(transaction).settlement for transaction in transactions)) * 100 // shop.market.rate
        penalty = (-gain - draws.between(500, 3_000)) * shop.market.rate // 100
        transactions.append(_adjustment(life, shop, day << 3 | hard.PENALTY, "PLATFORM_PENALTY", penalty, None))
    hard.spoil(life, shop, statement, transactions)
    hard.foresee(life, shop, statement, transactions)
    for transaction in transactions:
        sums = totals(transaction)
        statement.revenue += sums.revenue
        statement.shipping += sums.shipping
        statement.fees += sums.fees
        statement.adjustment += sums.adjustment
        statement.reserve += transaction.reserve
        transaction.statement = shop.key(day)
        life.store.put_transaction(transaction)
        ledger.settled(life, shop, transaction)
    life.store.statements.put(shop.key(day), statement)
    _bill(life, shop, statement, life.now + 20 * HOUR + draws.between(0, 8 * HOUR))


def _bill(life: Life, shop: Shop, statement: Statement, when: int) -> None:
    desk = life.store.desks[shop.number]
    desk.unpaid.append(shop.key(statement.n))
    life.store.desks.put(shop.number, desk)
    if desk.owed + _payable(life, desk.unpaid) >= _least(life, shop, statement.n):
        life.at(when, shop, EventKind.PAYOUT, statement.n)


def _payable(life: Life, keys: list[int]) -> int:
    return sum(life.store.statements[key].payable for key in keys)


def _least(life: Life, shop: Shop, day: int) -> int:
    """The smallest payment that is made."""
    cents = MERGE_BELOW_CENTS * (5 if life.is_hard(shop, "merged_payments", day) else 1)
    return cents * shop.market.rate // 100


def payout(life: Life, shop: Shop, day: int) -> None:
    """One payment for the statements up to that day; small ones wait for the next."""
    desk = life.store.desks[shop.number]
    keys = [key for key in desk.unpaid if key <= shop.key(day)]
    amount = desk.owed + _payable(life, keys)
    if amount < _least(life, shop, day):
        return
    payment = Payment(
        shop=shop.number,
        n=day,
        id=shop.identify("payment", day),
        created=life.now,
        amount=amount,
        statements=keys,
        reserve=sum(life.store.statements[key].reserve for key in keys),
    )
    hard.exchange(life, shop, payment)
    life.store.payments.put(shop.key(day), payment)
    for key in keys:
        statement = life.store.statements[key]
        statement.payment, statement.payment_id = shop.key(day), payment.id
        life.store.statements.put(key, statement)
    desk.unpaid, desk.owed = [key for key in desk.unpaid if key not in keys], 0
    life.store.desks.put(shop.number, desk)
    life.at(life.now + life.draws(shop, "bank", day).between(18 * HOUR, 50 * HOUR), shop, EventKind.PAID, day)


def paid(life: Life, shop: Shop, day: int) -> None:
    """The bank has answered: mostly the money arrives, sometimes only the second time."""
    payment = life.store.payments[shop.key(day)]
    fails = life.rate(shop, "failed_payments")
    failed = payment.status == "PROCESSING" and life.draws(shop, "bank fails", day).chance(fails)
    _decide(life, shop, payment, "FAILED" if failed else "PAID")
    if failed:
        life.at(life.now + 3 * DAY, shop, EventKind.PAID, day)
        return
    _balance(life, shop, payment, 1)
    _withdrawal(life, shop, day * 4 + (3 if payment.returned else 0), "SETTLE", _arriving(payment), "SUCCESS")
    for key in payment.statements:
        statement = life.store.statements[key]
        if statement.corrects is not None:
            days = life.draws(shop, "corrected", statement.n).between(9, 16)
            life.at(life.now + days * DAY, shop, EventKind.CHANGE, statement.n)
    if not payment.returned and life.is_hard(shop, "returned_payments", day):
        life.at(life.now + 5 * DAY, shop, EventKind.RETURNED, day)


def returned(life: Life, shop: Shop, day: int) -> None:
    """The bank has sent a payment back; a week later it is paid once more."""
    payment = life.store.payments[shop.key(day)]
    payment.returned = True
    _balance(life, shop, payment, -1)
    _decide(life, shop, payment, "FAILED")
    movement = life.store.withdrawals[shop.key(day * 4)]
    movement.status = "REVERSED"
    life.store.withdrawals.put(shop.key(day * 4), movement)
    life.at(life.now + 7 * DAY, shop, EventKind.PAID, day)


def _decide(life: Life, shop: Shop, payment: Payment, status: str) -> None:
    payment.status, payment.paid = status, life.now if status == "PAID" else 0
    life.store.payments.put(shop.key(payment.n), payment)
    for key in payment.statements:
        statement = life.store.statements[key]
        statement.status, statement.paid = payment.status, payment.paid
        life.store.statements.put(key, statement)


def _balance(life: Life, shop: Shop, payment: Payment, sign: int) -> None:
    amount, currency = _arriving(payment)
    _add(life, shop, currency, sign * amount)
    ledger.paid(life, shop, payment, sign)


def _arriving(payment: Payment) -> tuple[int, str]:
    return (payment.arrives, payment.currency) if payment.rate else (payment.amount, "")


def _withdrawal(life: Life, shop: Shop, number: int, kind: str, what: tuple[int, str], status: str) -> None:
    amount, currency = what
    name = shop.identify("withdrawal", number)
    life.store.withdrawals.put(
        shop.key(number), Withdrawal(shop.number, number, name, kind, life.now, amount, status, currency)
    )


def withdraw(life: Life, shop: Shop, day: int) -> None:
    """Fridays the seller has everything of one currency sent to the bank."""
    desk = life.store.desks[shop.number]
    balances = (("", desk.balance), *desk.abroad.items())
    currency, amount = next((each for each in balances if each[1] > 0), ("", 0))
    if amount > 0:
        _withdrawal(life, shop, day * 4 + 1, "WITHDRAW", (amount, currency), "PROCESSING")
        _add(life, shop, currency, -amount)
        life.at(life.now + DAY, shop, EventKind.WITHDRAWN, day * 4 + 1)


def _add(life: Life, shop: Shop, currency: str, amount: int) -> None:
    desk = life.store.desks[shop.number]
    if currency:
        desk.abroad[currency] = desk.abroad.get(currency, 0) + amount
    else:
        desk.balance += amount
    life.store.desks.put(shop.number, desk)


def withdrawn(life: Life, shop: Shop, number: int) -> None:
    """The bank took it, or sent it back."""
    item = life.store.withdrawals[shop.key(number)]
    back = life.draws(shop, "withdrawal fails", number).chance(60)
    item.status = "FAILED" if back else "SUCCESS"
    life.store.withdrawals.put(shop.key(number), item)
    if back:
        _withdrawal(life, shop, number + 1, "REVERSE", (item.amount, item.currency), "SUCCESS")
        _add(life, shop, item.currency, item.amount)
