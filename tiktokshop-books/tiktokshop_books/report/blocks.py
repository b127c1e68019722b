"""What a part of the page is made of: notes, tables and pictures, and the values in their cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from decimal import Decimal

    from tiktokshop_books.report.charts import Picture


@dataclass(frozen=True)
class CurrencyAmount:
    """An amount in its own currency."""

    value: Decimal
    currency: str


@dataclass(frozen=True)
class Share:
    """A part of a whole, 1 for all of it; nothing where there is no whole."""

    value: Decimal | None


@dataclass(frozen=True)
class Measure:
    """A measured number, like units a day; nothing where it cannot be measured."""

    value: Decimal | None


@dataclass(frozen=True)
class Cells:
    """Several values in one place, like an amount in each currency."""

    values: Sequence[Cell]


Cell: TypeAlias = "str | int | dt.date | CurrencyAmount | Share | Measure | Cells | None"
NUMBERS = (int, CurrencyAmount, Share, Measure, Cells)


@dataclass(frozen=True)
class Note:
    """A sentence or two. The mood is plain, good, bad, or missing where the warehouse lacks something."""

    words: str
    mood: str = "plain"


@dataclass(frozen=True)
class Grid:
    """A table. The first cell of a row names it; a folded table opens on a click on its caption."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    folded: bool = False
    totals: Sequence[Sequence[Cell]] = ()

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers, and are aligned as such."""
        columns = zip(*(self.rows or [self.heads]), strict=True)
        return [any(isinstance(cell, NUMBERS) for cell in column) for column in columns]


Block: TypeAlias = "Note | Grid | Picture"


@dataclass(frozen=True)
class Section:
    """A part of the page with its title."""

    anchor: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Headline:
    """One figure of the top line, and what there is to say of it."""

    name: str
    value: Cell
    remark: str = ""
    mood: str = "plain"
