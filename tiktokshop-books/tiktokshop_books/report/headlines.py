"""The top line of a shop: what was sold, kept, paid, what is owed, and whether the books are closed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tiktokshop_books.report.blocks import Cells, CurrencyAmount, Headline
from tiktokshop_books.report.closing import CLOSED_NEEDS, closed
from tiktokshop_books.report.money import amount, percent, ratio, things

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiktokshop_books.report.asking import Needs
    from tiktokshop_books.report.shops import Shopfront

ZERO: Final = Decimal(0)
_REVENUE = """
select currency,
    sum(case when day between :first and :last then revenue else 0 end) as now,
    sum(case when day between :before_first and :before_last then revenue else 0 end) as before
from {sales_daily}
where shop_id = :shop and currency is not null
group by currency order by currency
"""
_UNITS = """
select
    sum(case when order_date between :first and :last then sold_quantity else 0 end) as now,
    sum(case when order_date between :before_first and :before_last then sold_quantity else 0 end) as before
from {order_lines} where shop_id = :shop
"""
_KEPT = """
select currency,
    sum(case when section = 'revenue' then amount else 0 end) as revenue,
    -sum(case when section not in ('revenue', 'reserve') then amount else 0 end) as kept
from {settlement_lines}
where shop_id = :shop and covered_date between :first and :last
group by currency order by currency
"""
_PAID = """
select currency, sum(amount) as paid, count(*) as payments from {payouts}
where shop_id = :shop and paid_date between :first and :last
group by currency order by currency
"""
_OWED = """
select daily.currency, daily.receivable as owed, daily.unsettled_amount as unsettled, daily.unpaid_amount as unpaid
from {receivables_daily} as daily
inner join (
    select currency, max(day) as day from {receivables_daily} where shop_id = :shop and day <= :today group by currency
) as newest on daily.currency = newest.currency and daily.day = newest.day
where daily.shop_id = :shop
order by daily.currency
"""


def headlines(shop: Shopfront) -> list[Headline]:
    """The top line; what cannot be known says what is missing."""
    found = []
    for name, needs, figure in FIGURES:
        lacking = shop.source.lacking(needs)
        found.append(
            Headline(name, None, f"Not known: the warehouse lacks {' and '.join(lacking)}.", "missing")
            if lacking
            else figure(shop, name)
        )
    return found


def _each(remarks: dict[str, str]) -> str:
    """What there is to say of each currency; of several with its name."""
    return "; ".join(f"{currency}: {words}" if len(remarks) > 1 else words for currency, words in remarks.items())


def _changed(now: Decimal, before: Decimal) -> str:
    """How much more or less it is than before."""
    change = ratio(now - before, before)
    if change is None:
        return "nothing in the four weeks before"
    return f"{'+' if change >= 0 else ''}{percent(change)} against the four weeks before"


def _revenue(shop: Shopfront, name: str) -> Headline:
    rows = shop.ask(_REVENUE)
    remarks = {row["currency"]: _changed(row["now"], row["before"]) for row in rows}
    return Headline(name, _amounts([(row["now"], row["currency"]) for row in rows]), _each(remarks))


def _units(shop: Shopfront, name: str) -> Headline:
    (row,) = shop.ask(_UNITS)
    now, before = int(row["now"] or 0), int(row["before"] or 0)
    return Headline(name, now, _changed(Decimal(now), Decimal(before)))


def _kept(shop: Shopfront, name: str) -> Headline:
    rows = shop.ask(_KEPT)
    shares = {row["currency"]: ratio(row["kept"], row["revenue"]) for row in rows}
    remarks = {unit: f"{percent(share)} of the settled revenue" for unit, share in shares.items() if share is not None}
    return Headline(name, _amounts([(row["kept"], row["currency"]) for row in rows]), _each(remarks))


def _paid(shop: Shopfront, name: str) -> Headline:
    rows = shop.ask(_PAID)
    number = sum(int(row["payments"]) for row in rows)
    paid = _amounts([(row["paid"], row["currency"]) for row in rows])
    return Headline(name, paid, f"in {things(number, 'payment')}")


def _owed(shop: Shopfront, name: str) -> Headline:
    rows = shop.ask(_OWED)
    remark = "; ".join(
        f"{amount(row['unsettled'], row['currency'])} not settled, {amount(row['unpaid'], row['currency'])} not paid"
        for row in rows
    )
    return Headline(name, _amounts([(row["owed"], row["currency"]) for row in rows]), remark)


def _closed(shop: Shopfront, name: str) -> Headline:
    is_closed, why = closed(shop)
    return Headline(name, "Yes" if is_closed else "No", why, "good" if is_closed else "bad")


def _amounts(pairs: list[tuple[Decimal, str]]) -> Cells | CurrencyAmount | int:
    """One amount, or several that are not added up; 0 where there is none at all."""
    values = [CurrencyAmount(value, currency) for value, currency in pairs]
    return values[0] if len(values) == 1 else Cells(values) if values else 0


FIGURES: Final[tuple[tuple[str, Needs, Callable[[Shopfront, str], Headline]], ...]] = (
    ("Revenue", {"sales_daily": "shop_id day currency revenue"}, _revenue),
    ("Units sold", {"order_lines": "shop_id order_date sold_quantity"}, _units),
    ("Kept by the platform", {"settlement_lines": "shop_id currency covered_date section amount"}, _kept),
    ("Paid to the bank", {"payouts": "shop_id currency amount paid_date"}, _paid),
    (
        "Owed by the platform",
        {"receivables_daily": "shop_id day currency receivable unsettled_amount unpaid_amount"},
        _owed,
    ),
    ("Books closed", CLOSED_NEEDS, _closed),
)
