"""What is in stock, and for how long it lasts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tiktokshop_books.report.blocks import Block, Grid, Measure, Note
from tiktokshop_books.report.money import count, day

if TYPE_CHECKING:
    import datetime as dt

    from tiktokshop_books.report.asking import Needs, Row
    from tiktokshop_books.report.shops import Shopfront

NEEDS: Final[Needs] = {
    "inventory_daily": "shop_id day product_id sku_id seller_sku available_units committed_units units_per_day"
    " days_of_cover"
}
TITLES: Final[Needs] = {"product_scorecard": "shop_id product_id title"}
WEEK: Final = 7
LISTED: Final = 50
_LAST = "select max(day) as day from {inventory_daily} where shop_id = :shop"
# The last days of a SKU are the same in each of its warehouses; its units are not.
_STOCK = """
select sku_id, max(product_id) as product_id, max(seller_sku) as seller_sku, sum(available_units) as available,
    sum(committed_units) as committed, max(units_per_day) as units_per_day, max(days_of_cover) as cover
from {inventory_daily}
where shop_id = :shop and day = :day
group by sku_id
"""
_TITLES = "select product_id, max(title) as title from {product_scorecard} where shop_id = :shop group by product_id"


def stock(shop: Shopfront) -> list[Block]:
    """What runs out this week, then everything by the days that it lasts."""
    (last,) = shop.ask(_LAST)
    if not last["day"]:
        return [Note("No stock has been read yet.", "missing")]
    titles = {}
    if not shop.source.lacking(TITLES):
        titles = {row["product_id"]: row["title"] for row in shop.ask(_TITLES)}
    found = sorted(shop.ask(_STOCK, day=last["day"]), key=_lasting)
    soon = [row for row in found if row["cover"] is not None and row["cover"] < WEEK]
    heads = ("Product", "SKU", "In stock", "Sold, not sent", "Sold a day", "Days it lasts")
    return [
        _summary(found, soon, last["day"]),
        *([Grid("Runs out this week", heads, [_line(row, titles) for row in soon])] if soon else []),
        Grid(
            f"The {count(min(LISTED, len(found)))} SKUs that last shortest, of {count(len(found))}",
            heads,
            [_line(row, titles) for row in found[:LISTED]],
            folded=True,
        ),
    ]


def _summary(found: list[Row], soon: list[Row], last: dt.date) -> Note:
    gone = sum(1 for row in soon if row["available"] <= 0)
    known = f"On {day(last)} {count(sum(int(row['available']) for row in found))} units of {count(len(found))} SKUs"
    if not soon:
        return Note(f"{known} were in stock. At the pace of the last four weeks, none runs out within a week.", "good")
    run = "runs" if len(soon) == 1 else "run"
    words = f"{known} were in stock. At the pace of the last four weeks, {count(len(soon))} {run} out within a week"
    return Note(f"{words}; {count(gone)} of these are gone already." if gone else f"{words}.", "bad")


def _lasting(row: Row) -> tuple[bool, Decimal, Decimal, str]:
    """What lasts shortest comes first; of what lasts equally short, what sells most. What does not sell comes last."""
    return (row["cover"] is None, row["cover"] or Decimal(0), -(row["units_per_day"] or Decimal(0)), row["sku_id"])


def _line(row: Row, titles: dict[str, str]) -> tuple[str, str, int, int, Measure, Measure]:
    return (
        titles.get(row["product_id"]) or f"Product {row['product_id']}",
        row["seller_sku"] or row["sku_id"],
        int(row["available"]),
        int(row["committed"]),
        Measure(row["units_per_day"]),
        Measure(row["cover"]),
    )
