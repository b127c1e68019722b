"""The journal's entries, as the mart has them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tiktokshop_books.errors import BooksError, UnexplainedError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from tiktokshop_books.warehouse import Marts

TABLE = "tiktokshop__journal_lines"
COLUMNS = (
    *("shop_id", "entry_id", "line", "entry_kind", "document_id", "entry_date", "currency", "category"),
    *("account", "account_name", "account_type", "tax_code", "debit", "credit"),
)


# What every line has; accounts may be lacking, and are asked for where they are used.
_NEVER_EMPTY = (*COLUMNS[:8], "debit", "credit")


@dataclass(frozen=True)
class Posting:
    """One line of an entry. A debit is positive, a credit negative."""

    account: str
    account_name: str
    account_type: str
    tax_code: str
    category: str
    currency: str
    amount: Decimal


@dataclass(frozen=True)
class BookedEntry:
    """One entry: balanced in each of its currencies."""

    shop_id: str
    entry_id: str
    kind: str
    document_id: str
    date: dt.date
    postings: tuple[Posting, ...]

    @property
    def currencies(self) -> list[str]:
        """Most entries have one; a payout that was exchanged has two."""
        return sorted({posting.currency for posting in self.postings})

    def in_currency(self, currency: str) -> tuple[Posting, ...]:
        """The lines in one currency; they balance among themselves."""
        return tuple(posting for posting in self.postings if posting.currency == currency)


def entries_of(
    marts: Marts, shops: Iterable[str] = (), first: dt.date | None = None, last: dt.date | None = None
) -> list[BookedEntry]:
    """The entries of these shops (of all, if none is named) from one day to another, by shop and day.

    Raises `BooksError` if one does not balance or has no account: no program would take it.
    """
    wanted = frozenset(shops)
    lines: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in journal_rows(marts, *COLUMNS):
        lines[row["shop_id"], row["entry_id"]].append(row)
    if unknown := wanted - {shop for shop, _ in lines}:
        raise BooksError(f"The journal has no entries of the shop {min(unknown)}: check the id after --shop.")
    entries = [
        _entry(rows)
        for (shop, _), rows in lines.items()
        if (not wanted or shop in wanted) and _within(rows[0]["entry_date"], first, last)
    ]
    return sorted(entries, key=lambda entry: (entry.shop_id, entry.date, entry.entry_id))


def journal_rows(marts: Marts, *columns: str) -> list[dict[str, Any]]:
    """The lines of the journal, in no order. Raises `BooksError` if one lacks what every line has."""
    rows = marts.rows(TABLE, *columns)
    for row in rows:
        if empty := [name for name in _NEVER_EMPTY if row[name] is None]:
            raise BooksError(
                f"A line of the entry {row['entry_id']} of the shop {row['shop_id']} has no {empty[0]} in {TABLE}: run "
                "dbt test, which names the rows that it comes from. Nothing was written."
            )
    return rows


def _within(day: dt.date, first: dt.date | None, last: dt.date | None) -> bool:
    return (first is None or day >= first) and (last is None or day <= last)


def _entry(rows: list[dict[str, Any]]) -> BookedEntry:
    rows = sorted(rows, key=lambda row: row["line"])
    head = rows[0]
    balance: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        balance[row["currency"]] += row["debit"] - row["credit"]
        if row["account"] is None:
            raise BooksError(
                f"The category {row['category']} has no account: give it one in tiktokshop_accounts_override, and run "
                "dbt build again. Nothing was written."
            )
    for currency, amount in balance.items():
        if amount:
            raise UnexplainedError(
                f"The entry {head['entry_id']} of the shop {head['shop_id']} is out of balance by "
                f"{amount.normalize():f} {currency}: tiktokshop__reconciliation_differences says why. Nothing was "
                "written."
            )
    postings = tuple(
        Posting(
            row["account"],
            row["account_name"],
            row["account_type"],
            row["tax_code"] or "",
            row["category"],
            row["currency"],
            row["debit"] - row["credit"],
        )
        for row in rows
    )
    return BookedEntry(
        head["shop_id"], head["entry_id"], head["entry_kind"], head["document_id"], head["entry_date"], postings
    )
