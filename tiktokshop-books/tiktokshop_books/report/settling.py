"""From what was sold to what is in the bank: what the platform keeps, what it owes, what it pays."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tiktokshop_books.report.blocks import Block, Cell, CurrencyAmount, Grid, Note, Share
from tiktokshop_books.report.charts import PALETTE, Bar, stacked_bars, waterfall
from tiktokshop_books.report.money import amount, day, ratio, things

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from tiktokshop_books.report.asking import Needs, Row
    from tiktokshop_books.report.shops import Shopfront

ZERO: Final = Decimal(0)
MONTHS: Final = 6
PAST_PAYOUTS: Final = 5
STATEMENT: Final = "shop_id statement_id covered_date currency settlement_amount reserve_amount payment_status"
FLOW_NEEDS: Final[Needs] = {
    "settlement_lines": "shop_id currency covered_date section category amount",
    "statements": f"{STATEMENT} payment_time",
}
FEES_NEEDS: Final[Needs] = {"fees_monthly": "shop_id month currency category section amount revenue"}
OWED_NEEDS: Final[Needs] = {"receivables_daily": "shop_id day currency unsettled_amount unpaid_amount receivable"}
PAYOUT_NEEDS: Final[Needs] = {
    "statements": f"{STATEMENT} payment_id payment_time",
    "payouts": "shop_id payment_id create_date paid_date status amount currency statements",
}
# Categories whose usual name says too little here.
NAMES: Final = {
    "sales": "Sales before discounts",
    "seller_discounts": "Your discounts",
    "refunds": "Refunds",
    "other_revenue": "Other revenue",
    "other": "Not sorted yet",
    "tax": "Taxes",
}
REVENUE: Final = ("sales", "seller_discounts", "refunds", "other_revenue")

# What has a colour of its own in the picture of the fees, in this order.
DRAWN: Final = (
    *("platform_commission", "affiliate_commission", "shipping", "payment_processing", "tax", "advertising"),
    "promotion_programmes",
)
_FLOW = """
select category, section, sum(amount) as amount from {settlement_lines}
where shop_id = :shop and currency = :currency and covered_date between :first and :last
group by category, section
"""
_SETTLED = """
select
    count(*) as statements,
    sum(settlement_amount) as settled,
    sum(reserve_amount) as reserve,
    sum(case when payment_time is null then settlement_amount + reserve_amount else 0 end) as waiting
from {statements}
where shop_id = :shop and currency = :currency and covered_date between :first and :last
"""
_FEES = """
select month, category, sum(amount) as amount, max(revenue) as revenue from {fees_monthly}
where shop_id = :shop and currency = :currency
group by month, category
"""
_OWED = """
select day, unsettled_amount, unpaid_amount, receivable from {receivables_daily}
where shop_id = :shop and currency = :currency and day between :before_first and :today
order by day
"""
_WAITING = """
select statement_id, covered_date, settlement_amount, reserve_amount, currency, payment_status, payment_id
from {statements}
where shop_id = :shop and payment_time is null
order by covered_date, statement_id
"""
_PAID = """
select payment_id, create_date, paid_date, status, amount, currency, statements from {payouts}
where shop_id = :shop
order by create_date desc, payment_id
"""


def named(category: str) -> str:
    """A category in words."""
    return NAMES.get(category) or category.replace("_", " ").capitalize()


def flow(shop: Shopfront) -> list[Block]:
    """The waterfall of each currency, and the same as a table."""
    return [block for currency in shop.currencies for block in _flow(shop, currency)]


def _flow(shop: Shopfront, currency: str) -> list[Block]:
    (settled,) = shop.ask(_SETTLED, currency=currency)
    if not settled["statements"]:
        return [Note(f"Nothing was settled in {currency} from {shop.span}.")]
    steps = _steps(shop.ask(_FLOW, currency=currency), settled, currency)
    start, end = steps[0].end, steps[-1].end
    label = (
        f"From gross to bank: of {amount(start, currency)} in the statements of {shop.span}, "
        f"{amount(end, currency)} has been paid."
    )
    rows = [(step.name, CurrencyAmount(step.end if step.is_sum else step.end - step.start, currency)) for step in steps]
    return [
        Note(f"What the statements of {shop.span} settled. Refunds and fees may be of orders from before."),
        waterfall(label, steps),
        Grid(f"From gross to bank in {currency}", ("Step", "Amount"), rows, folded=True),
    ]


def _steps(lines: list[Row], settled: Row, currency: str) -> list[Bar]:
    """Sales, what the platform keeps from the most to the least, what is held back, what waits, what has come."""
    sums: dict[str, Decimal] = {}
    for row in lines:
        if row["section"] != "reserve":
            sums[row["category"]] = sums.get(row["category"], ZERO) + row["amount"]
    gross = sums.pop("sales", ZERO)
    known = [(name, sums.pop(name, ZERO)) for name in REVENUE[1:]]
    kept = sorted(sums.items(), key=lambda item: (item[1], item[0]))
    total = gross + sum((value for _, value in [*known, *kept]), ZERO)
    lines_lack = settled["settled"] - total
    later = [
        ("Differences", lines_lack),
        ("Reserves", settled["reserve"]),
        ("Settled, not paid yet", -settled["waiting"]),
    ]
    steps = [_sum(named("sales"), gross, currency)]
    for name, value in [*known, *kept]:
        _add(steps, named(name), value, currency)
    steps.append(_sum("Settled", total, currency))
    for name, value in later:
        _add(steps, name, value, currency)
    steps.append(_sum("Paid of these statements", steps[-1].end, currency))
    return steps


def _sum(name: str, value: Decimal, currency: str) -> Bar:
    return Bar(name, ZERO, value, amount(value, currency), is_sum=True)


def _add(steps: list[Bar], name: str, value: Decimal, currency: str) -> None:
    """One step more, if it moves anything."""
    if value:
        steps.append(Bar(name, steps[-1].end, steps[-1].end + value, amount(value, currency)))


def fees(shop: Shopfront) -> list[Block]:
    """What the platform kept by kind and month, of the last months."""
    return [block for currency in shop.currencies for block in _fees(shop, currency)]


def _fees(shop: Shopfront, currency: str) -> list[Block]:
    found = shop.ask(_FEES, currency=currency)
    months = sorted({row["month"] for row in found})[-MONTHS:]
    if not months:
        return [Note(f"The platform has kept nothing in {currency} yet.")]
    kept: dict[str, dict[dt.date, Decimal]] = {}
    revenue = {row["month"]: row["revenue"] for row in found}
    for row in found:
        if row["month"] in months:
            kept.setdefault(row["category"], {})[row["month"]] = -row["amount"]
    order = sorted(kept, key=lambda name: (-sum(kept[name].values(), ZERO), name))
    series = {name: [kept[name].get(one, ZERO) for one in months] for name in order}
    sums = [sum(column, ZERO) for column in zip(*series.values(), strict=True)]
    running = (shop.today.year, shop.today.month)
    heads = [f"{one:%b %Y}{' so far' if (one.year, one.month) == running else ''}" for one in months[::-1]]
    label = f"Kept by the platform by kind and month: {amount(sums[-1], currency)} in {heads[0]}."
    rows: list[list[Cell]] = [
        [named(name), *(CurrencyAmount(value, currency) for value in row[::-1])] for name, row in series.items()
    ]
    drawn = _drawn(series)
    shares = [Share(ratio(value, revenue[one] or ZERO)) for one, value in zip(months, sums, strict=True)]
    totals: list[list[Cell]] = [
        ["Kept altogether", *(CurrencyAmount(value, currency) for value in sums[::-1])],
        ["Of the settled revenue", *shares[::-1]],
    ]
    return [
        Note("What the platform kept of what it settled; an amount below zero is in your favour."),
        stacked_bars(label, [f"{one:%b}" for one in months], [*drawn.values()], colours=[*drawn]),
        Grid(
            f"Kept by kind and month in {currency}",
            ("Kind", *heads),
            rows,
            totals=totals,
        ),
    ]


def _drawn(kept: Mapping[str, Sequence[Decimal]]) -> dict[str, tuple[str, list[Decimal]]]:
    """By colour the kinds that are drawn; a kind has its colour in every shop and month, others share the last."""
    drawn = {
        colour: (named(kind), list(kept[kind])) for kind, colour in zip(DRAWN, PALETTE, strict=False) if kind in kept
    }
    rest = [kind for kind in kept if kind not in DRAWN]
    if rest:
        name = named(rest[0]) if len(rest) == 1 else "All other kinds"
        sums = [sum(column, ZERO) for column in zip(*(kept[kind] for kind in rest), strict=True)]
        drawn[PALETTE[len(DRAWN)]] = (name, sums)
    return drawn


def owed(shop: Shopfront) -> list[Block]:
    """What was not settled, and settled but not paid, at the end of each day."""
    return [block for currency in shop.currencies for block in _owed(shop, currency)]


def _owed(shop: Shopfront, currency: str) -> list[Block]:
    found = shop.ask(_OWED, currency=currency)
    if not found:
        return [Note(f"The platform owes nothing in {currency}.")]
    last = found[-1]
    when = f"On {day(last['day'])}, which is not over," if last["day"] == shop.today else f"On {day(last['day'])}"
    label = (
        f"Owed at the end of each day since {day(found[0]['day'])}. {when} "
        f"{amount(last['unsettled_amount'], currency)} was not settled and {amount(last['unpaid_amount'], currency)} "
        "settled but not paid."
    )
    parts = [
        ("Not settled yet", [row["unsettled_amount"] for row in found]),
        ("Settled, not paid yet", [row["unpaid_amount"] for row in found]),
    ]
    rows = [
        (
            f"{day(row['day'])} so far" if row["day"] == shop.today else row["day"],
            *(CurrencyAmount(row[name], currency) for name in ("unsettled_amount", "unpaid_amount", "receivable")),
        )
        for row in reversed(found)
    ]
    heads = ("Day", "Not settled yet", "Settled, not paid yet", "Owed")
    columns = [f"{row['day'].day} {row['day']:%b}" for row in found]
    return [
        Note(f"{label} The last days may still rise: the platform says late what an order will bring."),
        stacked_bars(label, columns, parts, area=True),
        Grid(f"Owed at the end of each day in {currency}", heads, rows, folded=True),
    ]


def payouts(shop: Shopfront) -> list[Block]:
    """Statements that wait for their payment, and the last payments."""
    waiting = shop.ask(_WAITING)
    payments = shop.ask(_PAID)
    by_id = {row["payment_id"]: row for row in payments}
    rows = [
        (
            row["covered_date"],
            CurrencyAmount(row["settlement_amount"], row["currency"]),
            CurrencyAmount(row["reserve_amount"], row["currency"]),
            _words(row["payment_status"]),
            _payment(by_id.get(row["payment_id"])),
        )
        for row in waiting
    ]
    past = [
        (row["paid_date"], CurrencyAmount(row["amount"], row["currency"]), int(row["statements"]), row["payment_id"])
        for row in payments
        if row["paid_date"]
    ]
    failed = [row for row in payments if row["status"] == "FAILED"]
    blocks: list[Block] = [
        Note(
            f"{day(row['create_date'])}: the payment {row['payment_id']} of {amount(row['amount'], row['currency'])} "
            "has failed. Look at the bank account in Seller Center.",
            "bad",
        )
        for row in failed
    ]
    if rows:
        heads = ("Statement of", "Settled", "Reserves", "Status", "Payment")
        blocks.append(Grid("Statements that are not paid yet", heads, rows))
    else:
        blocks.append(Note("Every statement has been paid.", "good"))
    if past:
        caption = f"The last {things(min(PAST_PAYOUTS, len(past)), 'payment')}"
        blocks.append(Grid(caption, ("Paid on", "Amount", "Statements", "Payment"), past[:PAST_PAYOUTS]))
    return blocks


def _words(status: str | None) -> str:
    """A status of the platform in words."""
    return (status or "unknown").replace("_", " ").lower()


def _payment(payment: Row | None) -> str:
    if not payment:
        return "none yet"
    return f"{payment['payment_id']}, {_words(payment['status'])}, {amount(payment['amount'], payment['currency'])}"
