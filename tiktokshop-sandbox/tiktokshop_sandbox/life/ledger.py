"""The shops' true books, kept as things happen and apart from all that is served.

An entry is a mapping of account to amount, positive for a debit, and adds up to nothing in each currency. Accounts are
`clearing`, `bank`, `reserves` and `exchange`, and for each kind of amount its section and the platform's name of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox import money
from tiktokshop_sandbox.life.amounts import FEES, REVENUE, SHIPPING, TAXES, combined
from tiktokshop_sandbox.markets import CURRENCIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.life.engine import Life
    from tiktokshop_sandbox.states import Payment, Transaction
    from tiktokshop_sandbox.store import Store
    from tiktokshop_sandbox.storefront import Shop

CLEARING, BANK, RESERVES, EXCHANGE = "clearing", "bank", "reserves", "exchange"
_SECTIONS = {
    name: section
    for section, names in (("revenue", REVENUE), ("shipping", SHIPPING), ("fee", FEES), ("tax", TAXES))
    for name in names
}


class UnbalancedError(Exception):
    """An entry whose debits and credits differ: a bug of the sandbox."""


def post(life: Life, shop: Shop, entry: Mapping[tuple[str, str], int]) -> None:
    """Enters amounts by (account, currency)."""
    desk = life.store.desks[shop.number]
    if desk.ledger is None:
        return
    for currency in {currency for _, currency in entry}:
        if sum(amount for (_, other), amount in entry.items() if other == currency):
            raise UnbalancedError(str(entry))
    for (account, currency), amount in entry.items():
        name = f"{account} {currency}"
        desk.ledger[name] = desk.ledger.get(name, 0) + amount
    life.store.desks.put(shop.number, desk)


def settled(life: Life, shop: Shop, transaction: Transaction) -> None:
    """A statement has taken a transaction."""
    entry: dict[tuple[str, str], int] = {}
    for name, amount in combined(transaction.skus).items():
        if name in _SECTIONS:
            entry[f"{_SECTIONS[name]}/{name}", shop.currency] = -amount
    if transaction.adjustment:
        entry[f"adjustment/{transaction.kind}", shop.currency] = -transaction.adjustment
    entry[RESERVES, shop.currency] = -transaction.reserve
    entry[CLEARING, shop.currency] = -sum(entry.values())
    post(life, shop, entry)


def corrected(life: Life, shop: Shop, name: str, amount: int) -> None:
    """An amount of a transaction that was settled long ago is another one now."""
    post(life, shop, {(f"{_SECTIONS[name]}/{name}", shop.currency): -amount, (CLEARING, shop.currency): amount})


def paid(life: Life, shop: Shop, payment: Payment, sign: int = 1) -> None:
    """A payment has arrived, or (-1) the bank has sent it back."""
    amount, own = sign * payment.amount, shop.currency
    if not payment.rate:
        post(life, shop, {(BANK, own): amount, (CLEARING, own): -amount})
        return
    there, arrives = payment.currency, sign * payment.arrives
    post(
        life,
        shop,
        {
            (BANK, there): arrives,
            (EXCHANGE, there): -arrives,
            (EXCHANGE, own): amount,
            (CLEARING, own): -amount,
        },
    )


def balances(store: Store, shop: Shop) -> list[dict[str, str]] | None:
    """A shop's accounts as a tester sees them, without those that hold nothing; a debit is positive.

    None where the file is older than the ledger.
    """
    held = store.desks[shop.number].ledger
    if held is None:
        return None
    rows = sorted((account.rsplit(" ", 1), amount) for account, amount in held.items() if amount)
    return [
        {"account": account, "currency": currency, "balance": money.text(amount, CURRENCIES[currency])}
        for (account, currency), amount in rows
    ]
