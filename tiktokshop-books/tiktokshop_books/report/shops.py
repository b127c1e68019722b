"""The shops of the warehouse: what they are called, what they sell in, and up to which day they are known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tiktokshop_books.report.money import day

if TYPE_CHECKING:
    from tiktokshop_books.report.asking import MartReader, Row

DAYS: Final = 28
# Where a shop leaves traces, and the day of each.
TRACES: Final = {
    "sales_daily": "day",
    "statements": "covered_date",
    "payouts": "create_date",
    "return_lines": "updated_date",
    "inventory_daily": "day",
}
CURRENCIES: Final = ("sales_daily", "receivables_daily", "statements")
_NAMES = "select shop_id, name, region from stg_tiktokshop__shops"


@dataclass(frozen=True)
class Shopfront:
    """A shop and the days that the page is about: four weeks of days that are over, beside the four before."""

    source: MartReader
    shop_id: str
    name: str
    region: str
    currencies: tuple[str, ...]
    today: dt.date

    @property
    def last(self) -> dt.date:
        """The last day that is over: the day after it has been seen."""
        return self.today - dt.timedelta(days=1)

    @property
    def first(self) -> dt.date:
        """The first day of the four weeks."""
        return self.today - dt.timedelta(days=DAYS)

    @property
    def before_first(self) -> dt.date:
        """The first day of the four weeks before."""
        return self.first - dt.timedelta(days=DAYS)

    @property
    def before_last(self) -> dt.date:
        """The last day of the four weeks before."""
        return self.first - dt.timedelta(days=1)

    @property
    def span(self) -> str:
        """The four weeks in words."""
        return f"{day(self.first)} to {day(self.last)}"

    def ask(self, sql: str, **values: str | dt.date) -> list[Row]:
        """The rows of a SELECT about this shop."""
        known: dict[str, str | dt.date] = {
            "shop": self.shop_id,
            "first": self.first,
            "last": self.last,
            "before_first": self.before_first,
            "before_last": self.before_last,
            "today": self.today,
        }
        return self.source.ask(sql, **{**known, **values})


def shopfronts(source: MartReader) -> list[Shopfront]:
    """Every shop that has left a trace, by name."""
    days: dict[str, dt.date] = {}
    for mart, column in TRACES.items():
        if not source.lacking({mart: f"shop_id {column}"}):
            for row in source.ask(f"select shop_id, max({column}) as day from {{{mart}}} group by shop_id"):
                if row["day"]:
                    days[row["shop_id"]] = max(row["day"], days.get(row["shop_id"], row["day"]))
    names = _names(source)
    currencies = _currencies(source)
    found = [
        Shopfront(
            source,
            shop_id,
            name=names.get(shop_id, (f"Shop {shop_id}", ""))[0],
            region=names.get(shop_id, ("", ""))[1],
            currencies=tuple(sorted(currencies.get(shop_id, ()))),
            today=today,
        )
        for shop_id, today in days.items()
    ]
    return sorted(found, key=lambda shop: (shop.name, shop.shop_id))


def _names(source: MartReader) -> dict[str, tuple[str, str]]:
    """Names and markets of the shops, as far as they are known."""
    if not {"shop_id", "name", "region"} <= source.known.get("stg_tiktokshop__shops", set()):
        return {}
    return {
        row["shop_id"]: (row["name"] or f"Shop {row['shop_id']}", row["region"] or "") for row in source.ask(_NAMES)
    }


def _currencies(source: MartReader) -> dict[str, set[str]]:
    """The currencies in which each shop has sold or was settled."""
    found: dict[str, set[str]] = {}
    for mart in CURRENCIES:
        if not source.lacking({mart: "shop_id currency"}):
            for row in source.ask(f"select distinct shop_id, currency from {{{mart}}} where currency is not null"):
                found.setdefault(row["shop_id"], set()).add(row["currency"])
    return found
