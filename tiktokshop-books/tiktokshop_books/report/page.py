"""The page: the parts of each shop, put into the template."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tiktokshop_books.report import closing, money, selling, settling, stock
from tiktokshop_books.report.blocks import Block, Cell, Cells, CurrencyAmount, Headline, Measure, Note, Section, Share
from tiktokshop_books.report.headlines import FIGURES, headlines
from tiktokshop_books.report.shops import Shopfront, shopfronts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from tiktokshop_books.report.asking import MartReader, Needs

# In the order of the page: anchor, title, what it needs, what makes it.
PARTS: Final[tuple[tuple[str, str, Needs, Callable[[Shopfront], list[Block]]], ...]] = (
    ("sales", "Sales by day", selling.SALES_NEEDS, selling.sales),
    ("flow", "From gross to bank", settling.FLOW_NEEDS, settling.flow),
    ("fees", "What the platform kept", settling.FEES_NEEDS, settling.fees),
    ("owed", "Settled and unsettled", settling.OWED_NEEDS, settling.owed),
    ("payouts", "Payouts to come", settling.PAYOUT_NEEDS, settling.payouts),
    ("reconciliation", "Reconciliation", closing.RECONCILIATION_NEEDS, closing.reconciliation),
    ("returns", "Returns", selling.RETURNS_NEEDS, selling.returns),
    ("stock", "Stock", stock.NEEDS, stock.stock),
    ("products", "Best and worst products", selling.PRODUCT_NEEDS, selling.products),
    ("listings", "Listings with problems", selling.LISTING_NEEDS, selling.listings),
    ("data", "How fresh and complete the data is", {}, closing.freshness),
)
NOTHING: Final = "\N{EN DASH}"
# How far the clock of the platform may be ahead of ours before it is another clock.
AHEAD: Final = dt.timedelta(hours=1)
# Without a row all is well.
MAY_BE_EMPTY: Final = {"tiktokshop__data_quality", "tiktokshop__reconciliation_differences"}


@dataclass(frozen=True)
class Chapter:
    """Everything about a shop."""

    anchor: str
    shop: Shopfront
    headlines: Sequence[Headline]
    parts: Sequence[Section]


def page(source: MartReader, now: dt.datetime) -> str:
    """The whole page as HTML."""
    environment = Environment(
        loader=PackageLoader("tiktokshop_books.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = cell
    environment.globals["kind"] = lambda block: type(block).__name__
    style = files("tiktokshop_books.report").joinpath("templates/page.css").read_text(encoding="utf8")
    chapters = [_chapter(number, shop) for number, shop in enumerate(shopfronts(source), 1)]
    every = [*(needs for _, _, needs, _ in PARTS), *(needs for _, needs, _ in FIGURES), closing.QUALITY_NEEDS]
    template = environment.get_template("page.html")
    return template.render(
        chapters=chapters,
        lacking=sorted({words for needs in every for words in source.lacking(needs)}),
        empty=sorted({mart for needs in every for mart in source.empty(needs)} - MAY_BE_EMPTY),
        now=now,
        ahead=newest if (newest := closing.newest_moment(source)) and newest > now + AHEAD else None,
        style=Markup(style),  # noqa: S704 - our own file
    )


def _chapter(number: int, shop: Shopfront) -> Chapter:
    anchor = f"shop-{number}"
    parts = [Section(f"{anchor}-{name}", title, _blocks(shop, needs, make)) for name, title, needs, make in PARTS]
    return Chapter(anchor, shop, headlines(shop), parts)


def _blocks(shop: Shopfront, needs: Needs, make: Callable[[Shopfront], list[Block]]) -> list[Block]:
    """What a part shows, or what is missing for it."""
    lacking = shop.source.lacking(needs)
    if lacking:
        return [Note(f"Not shown: the warehouse lacks {' and '.join(lacking)}. dbt build makes it.", "missing")]
    return make(shop)


def cell(value: Cell) -> Markup | str:
    """A value as a person reads it, and beside it as a machine does."""
    for kind, written in WRITTEN:
        if isinstance(value, kind):
            return written(value)
    return NOTHING


def _several(value: Cells) -> Markup:
    return Markup("<br>").join(cell(one) for one in value.values)


def _measured(words: Callable[[Decimal], str]) -> Callable[[Share | Measure], Markup | str]:
    return lambda one: NOTHING if one.value is None else _data(one.value, words(one.value))


def _data(value: int | Decimal, words: str) -> Markup:
    plain = value if isinstance(value, int) else f"{value.normalize():f}"
    return Markup('<data value="{}">{}</data>').format(plain, words)


def _time(value: dt.date, words: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), words)


# The first that fits counts: a moment is a day, too.
WRITTEN: Final[tuple[tuple[type, Callable[[Any], Markup | str]], ...]] = (
    (Cells, _several),
    (CurrencyAmount, lambda one: _data(one.value, money.amount(one.value, one.currency))),
    (Share, _measured(money.percent)),
    (Measure, _measured(money.tenths)),
    (dt.datetime, lambda one: _time(one, f"{money.day(one)}, {one:%H:%M} UTC")),
    (dt.date, lambda one: _time(one, money.day(one))),
    (int, lambda one: _data(one, money.count(one))),
    (str, lambda one: one or NOTHING),
)
