"""What was sold: by day, what came back, which products bring most, which listings have problems."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tiktokshop_books.report.blocks import Block, CurrencyAmount, Grid, Note
from tiktokshop_books.report.charts import bars_and_line
from tiktokshop_books.report.money import amount, count, day, percent, ratio, things

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_books.report.asking import Needs, Row
    from tiktokshop_books.report.shops import Shopfront

ZERO: Final = Decimal(0)
LISTED: Final = 10  # rows of a list that has no end
EXTREMES: Final = 5
SALES_NEEDS: Final[Needs] = {"sales_daily": "shop_id day currency orders revenue refunds", "order_lines": "shop_id"}
RETURNS_NEEDS: Final[Needs] = {
    "return_lines": "shop_id order_id sku_id product_name is_refunded return_reason return_reason_text return_date"
    " currency refund_total",
    "order_lines": "shop_id order_id sku_id product_id product_name currency sold_quantity order_date",
}
PRODUCT_NEEDS: Final[Needs] = {
    "product_scorecard": "shop_id product_id currency title units revenue refunds returned_units profit"
}
LISTING_NEEDS: Final[Needs] = {
    "product_scorecard": "shop_id product_id title status units listing_quality listing_problems available_units"
}
# Which words of the platform say that a listing does not sell as it should. What the seller wants so is no problem.
STATUSES: Final = {
    "FAILED": "refused in the platform's review",
    "FREEZE": "frozen by the platform",
    "PENDING": "in the platform's review",
    "PLATFORM_DEACTIVATED": "taken down by the platform",
}
QUALITIES: Final = {"POOR": "poor", "FAIR": "fair"}

_DAYS = """
select day, orders, revenue, refunds from {sales_daily}
where shop_id = :shop and currency = :currency and day between :before_first and :today
"""
_UNITS = """
select order_date as day, sum(sold_quantity) as units from {order_lines}
where shop_id = :shop and currency = :currency and order_date between :first and :today
group by order_date
"""
_RETURNED = """
select
    coalesce(lines.product_id, returned.sku_id) as product_id,
    max(coalesce(lines.product_name, returned.product_name)) as name,
    coalesce(returned.return_reason_text, returned.return_reason, 'no reason given') as reason,
    coalesce(returned.currency, lines.currency) as currency,
    count(*) as units,
    sum(case when returned.is_refunded then returned.refund_total else 0 end) as refunded
from {return_lines} as returned
left join {order_lines} as lines
    on lines.shop_id = returned.shop_id and lines.order_id = returned.order_id and lines.sku_id = returned.sku_id
where returned.shop_id = :shop and returned.return_date between :first and :last
group by 1, 3, 4
"""
_SOLD = """
select product_id, currency, sum(sold_quantity) as units from {order_lines}
where shop_id = :shop and order_date between :first and :last
group by product_id, currency
"""
_PRODUCTS = """
select product_id, currency, title, units, revenue, refunds, returned_units, profit from {product_scorecard}
where shop_id = :shop and units > 0
order by profit desc, title, product_id
"""
_LISTINGS = """
select product_id, title, status, sum(units) as units, max(listing_quality) as quality,
    max(listing_problems) as problems, max(available_units) as available
from {product_scorecard}
where shop_id = :shop
group by product_id, title, status
"""


def sales(shop: Shopfront) -> list[Block]:
    """A picture and a table of each currency: the four weeks beside the four before."""
    return [block for currency in shop.currencies for block in _sales(shop, currency)]


def _sales(shop: Shopfront, currency: str) -> list[Block]:
    found = {row["day"]: row for row in shop.ask(_DAYS, currency=currency)}
    units = {row["day"]: int(row["units"]) for row in shop.ask(_UNITS, currency=currency)}
    if not found:
        return [Note(f"No sales in {currency} from {day(shop.before_first)} to {day(shop.today)}.")]
    days = [shop.first + dt.timedelta(days=n) for n in range((shop.today - shop.first).days)]
    before = [one - (shop.first - shop.before_first) for one in days]
    revenue = {one: found[one]["revenue"] if one in found else ZERO for one in [*days, *before]}
    now, then = sum((revenue[one] for one in days), ZERO), sum((revenue[one] for one in before), ZERO)
    label = (
        f"Revenue by day, {shop.span}: {amount(now, currency)} altogether; in the four weeks before it was "
        f"{amount(then, currency)}."
    )
    picture = bars_and_line(
        label,
        [f"{one.day} {one:%b}" for one in days],
        [revenue[one] for one in days],
        [revenue[one] for one in before],
        (f"Revenue in {currency}", "The same day four weeks before"),
    )
    nothing = {"orders": 0, "refunds": ZERO}
    rows = [
        (
            one,
            int(found.get(one, nothing)["orders"]),
            units.get(one, 0),
            CurrencyAmount(revenue[one], currency),
            CurrencyAmount(found.get(one, nothing)["refunds"], currency),
            CurrencyAmount(revenue[other], currency),
        )
        for one, other in zip(days, before, strict=True)
    ]
    heads = ("Day", "Orders", "Units", "Revenue", "Refunded", "Revenue four weeks before")
    return [
        picture,
        Grid(f"Sales by day in {currency}", heads, rows, folded=True),
        *_so_far(shop, currency, found, units),
    ]


def _so_far(shop: Shopfront, currency: str, found: dict[dt.date, Row], units: dict[dt.date, int]) -> list[Block]:
    """The last day, which may not be over."""
    row = found.get(shop.today)
    if not row:
        return []
    sold = f"{things(int(row['orders']), 'order')}, {things(units.get(shop.today, 0), 'unit')}, "
    return [Note(f"On {day(shop.today)} so far: {sold}{amount(row['revenue'], currency)}. It is in none of the sums.")]


def returns(shop: Shopfront) -> list[Block]:
    """What came back in the four weeks, by product and by reason."""
    found = shop.ask(_RETURNED)
    if not found:
        return [Note(f"Nobody asked to return anything from {shop.span}.", "good")]
    sold = {(row["product_id"], row["currency"]): int(row["units"]) for row in shop.ask(_SOLD)}
    groups = _added(found, "product_id", "currency")
    rows = [
        (
            max(row["name"] or "without a name" for row in rows),
            units,
            sold.get(key, 0),
            CurrencyAmount(refunded, key[1]) if key[1] else None,
        )
        for key, (units, refunded, rows) in groups.items()
    ]
    reasons = [
        (key[0], units, CurrencyAmount(refunded, key[1]) if key[1] else None)
        for key, (units, refunded, _) in _added(found, "reason", "currency").items()
    ]
    more = [Note(f"{count(len(rows) - LISTED)} more products came back less often.")] if len(rows) > LISTED else []
    heads = ("Product", "Units returned", "Units sold", "Refunded")
    return [
        Note(_share_of(sum(int(row["units"]) for row in found), sum(sold.values()))),
        Grid(f"Returns by product, {shop.span}", heads, rows[:LISTED]),
        *more,
        Grid(f"Returns by reason, {shop.span}", ("Reason", "Units returned", "Refunded"), reasons),
    ]


def _share_of(units: int, sold: int) -> str:
    """How much came back, beside what was sold."""
    share = ratio(Decimal(units), Decimal(sold))
    beside = "" if share is None else f"; {things(sold, 'unit')} were sold in these weeks, so that is {percent(share)}"
    return f"Buyers asked to return {things(units, 'unit')}{beside}."


def _added(found: list[Row], *names: str) -> dict[tuple[str, str], tuple[int, Decimal, list[Row]]]:
    """Units and refunds by some columns, the most units first."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in found:
        groups.setdefault((row[names[0]], row[names[1]]), []).append(row)
    added = {
        key: (sum(int(row["units"]) for row in rows), sum((row["refunded"] or ZERO for row in rows), ZERO), rows)
        for key, rows in groups.items()
    }
    return dict(sorted(added.items(), key=lambda item: (-item[1][0], -item[1][1], str(item[0]))))


def products(shop: Shopfront) -> list[Block]:
    """The products that brought most, and those that brought least."""
    found = shop.ask(_PRODUCTS)
    if not found:
        return [Note("No product has been sold yet.")]
    names = _names(found)
    rows = [
        (
            names[row["product_id"]],
            CurrencyAmount(row["profit"], row["currency"]),
            CurrencyAmount(row["revenue"], row["currency"]),
            int(row["units"]),
            int(row["returned_units"]),
        )
        for row in found
    ]
    heads = ("Product", "You keep", "Revenue", "Units sold", "Units returned")
    best, worst = rows[:EXTREMES], rows[EXTREMES:][-EXTREMES:][::-1]
    words = "What you keep is settled, or else estimated, and before the cost of the goods. Since the first order."
    tables = [Grid("Products that bring most", heads, best)]
    if worst:
        tables.append(Grid("Products that bring least", heads, worst))
    return [Note(words), *tables]


def _names(rows: Sequence[Row]) -> dict[str, str]:
    """What each product is called: by its title, with its id if others have the same one."""
    titles = {row["product_id"]: row["title"] or "Product" for row in rows}
    often = Counter(titles.values())
    return {
        product: title if often[title] == 1 and title != "Product" else f"{title} {product}"
        for product, title in titles.items()
    }


def listings(shop: Shopfront) -> list[Block]:
    """Listings that do not sell as they should."""
    found = [(row, _problems(row)) for row in shop.ask(_LISTINGS)]
    bad = sorted(
        ((row, words) for row, words in found if words),
        key=lambda item: (-int(item[0]["units"]), item[0]["title"] or "", item[0]["product_id"]),
    )
    if not bad:
        return [Note(f"None of {count(len(found))} listings has a problem that the platform reports.", "good")]
    names = _names([row for row, _ in found])
    rows = [(names[row["product_id"]], words, int(row["units"]), _units(row["available"])) for row, words in bad]
    note = Note(f"{count(len(bad))} of {count(len(found))} listings have a problem; those that sold most come first.")
    heads = ("Product", "Problem", "Units sold", "Units in stock")
    grids = [Grid("Listings with problems", heads, rows[:LISTED])]
    if rows[LISTED:]:
        grids.append(Grid("The other listings with problems", heads, rows[LISTED:], folded=True))
    return [note, *grids]


def _units(value: int | Decimal | None) -> int | None:
    return None if value is None else int(value)


def _problems(row: Row) -> str:
    """What is wrong with a listing, in words; nothing if nothing is."""
    words = [STATUSES.get(row["status"] or "", "")]
    if row["quality"] in QUALITIES:
        words.append(f"quality rated {QUALITIES[row['quality']]}")
    if row["problems"]:
        words.append(f"{things(int(row['problems']), 'thing')} to improve")
    return ", ".join(word for word in words if word)
