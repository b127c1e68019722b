"""The journal as CSV files: manual journals for Xero, journal entries for QuickBooks Online.

Both take one currency at a time, and entries whole. So there is a set of files for each shop and currency, and an entry
is never divided between two files.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tiktokshop_books.amounts import written
from tiktokshop_books.errors import BooksError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tiktokshop_books.entries import BookedEntry, Posting

Row = tuple[str, ...]
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True)
class ImportFormat:
    """What a program wants in a file. `most_lines` counts the header, too."""

    name: str
    header: Row
    most_lines: int
    row: Callable[[BookedEntry, Posting, str], Row]


def files_of(sheet: ImportFormat, entries: Sequence[BookedEntry], tax_rate: str) -> Iterator[tuple[str, str]]:
    """The name and the text of each file. `tax_rate` is that of accounts without a tax code of their own."""
    parts: dict[tuple[str, str], list[list[Row]]] = defaultdict(list)
    for entry in entries:
        for currency in entry.currencies:
            rows = [sheet.row(entry, posting, tax_rate) for posting in entry.in_currency(currency)]
            parts[entry.shop_id, currency].append(rows)
    for (shop, currency), blocks in sorted(parts.items()):
        for number, rows in enumerate(_packed(blocks, sheet), 1):
            yield f"{sheet.name}-{shop}-{currency}-{number:03}.csv", _text([sheet.header, *rows])


def _packed(blocks: list[list[Row]], sheet: ImportFormat) -> Iterator[list[Row]]:
    """Whole entries, as many as a file takes."""
    room = sheet.most_lines - 1
    packed: list[Row] = []
    for block in blocks:
        if len(block) > room:
            raise BooksError(
                f"The entry {block[0][0]} has {len(block)} lines, and {sheet.name} takes {room} at once: book it on "
                "fewer accounts in tiktokshop_accounts_override. Nothing was written."
            )
        if len(packed) + len(block) > room:
            yield packed
            packed = []
        packed = packed + block
    if packed:
        yield packed


def _text(rows: list[Row]) -> str:
    for cell in (cell or "" for row in rows for cell in row):
        if cell.startswith(_FORMULAS) and not _NUMBER.fullmatch(cell):
            raise BooksError(
                f"{cell!r} begins as a formula does, which a spreadsheet may run: give the account or the tax code "
                "another name in tiktokshop_accounts_override or --tax-rate. Nothing was written."
            )
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue()


def _narration(entry: BookedEntry) -> str:
    return f"TikTok Shop {entry.shop_id} {entry.entry_id}"


def _described(posting: Posting) -> str:
    return posting.category.replace("_", " ")


def _xero_row(entry: BookedEntry, posting: Posting, tax_rate: str) -> Row:
    """A debit is positive, a credit negative; rows of the same narration and date are one journal."""
    return (
        _narration(entry),
        f"{entry.date:%d/%m/%Y}",
        _described(posting),
        posting.account,
        posting.tax_code or tax_rate,
        written(posting.amount),
        *("", "", "", ""),
    )


_LONGEST_NUMBER: Final = 21
# Their documents have ids of the platform; those of the other kinds are months, or of several entries.
_NUMBERED_BY_DOCUMENT: Final = ("statement", "payout", "movement")


def _number(entry: BookedEntry, currency: str) -> str:
    """The number of an entry in QuickBooks, which takes 21 characters, each number once in all shops and months."""
    letter = entry.kind[0].upper()
    several = entry.currencies
    part = chr(ord("A") + several.index(currency)) if len(several) > 1 else ""
    number = f"{letter}{entry.document_id}{part}"
    if entry.kind in _NUMBERED_BY_DOCUMENT and len(number) <= _LONGEST_NUMBER:
        return number
    short = hashlib.sha256(f"{entry.shop_id} {entry.entry_id}".encode()).hexdigest()[:16]
    return f"{letter}{short}{part}"


def _quickbooks_row(entry: BookedEntry, posting: Posting, tax_rate: str) -> Row:
    """A debit or a credit, and the other empty. Accounts go by their names."""
    debit, credit = (written(posting.amount), "") if posting.amount > 0 else ("", written(-posting.amount))
    return (
        _number(entry, posting.currency),
        f"{entry.date:%m/%d/%Y}",
        posting.account_name,
        f"{_narration(entry)}: {_described(posting)}",
        debit,
        credit,
        posting.currency,
        posting.tax_code or tax_rate,
    )


XERO: Final = ImportFormat(
    "xero",
    (
        *("*Narration", "*Date", "Description", "*AccountCode", "*TaxRate", "*Amount"),
        *("TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2"),
    ),
    300,
    _xero_row,
)
QUICKBOOKS: Final = ImportFormat(
    "quickbooks",
    (
        *("Journal No.", "Journal Date", "Account Name", "Description", "Debits", "Credits"),
        *("Currency", "Tax Code"),
    ),
    1_000,
    _quickbooks_row,
)
