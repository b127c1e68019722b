"""`tiktokshop-books close`: writes the journal of a month that is over into the file that dbt takes as closed."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import io
import os
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tiktokshop_books.amounts import written
from tiktokshop_books.entries import COLUMNS, journal_rows
from tiktokshop_books.errors import BooksError, PassingError, UnexplainedError
from tiktokshop_books.files import write_whole
from tiktokshop_books.output import tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_books.warehouse import Marts

NAME: Final = "close"
HELP: Final = "close a month: write its journal into the file that dbt keeps to from then on"
_MONTH_ENDS: Final = "tiktokshop__month_ends"
_CLOSED: Final = "tiktokshop__books_closed"
_FIELDS: Final = (*COLUMNS[:5], "corrects", *COLUMNS[5:])
_AMOUNTS: Final = ("debit", "credit")
_AMOUNT: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which month, and which file."""
    parser.add_argument(
        "--month", required=True, type=_month, help="the month, such as 2026-10; earlier ones close, too"
    )
    parser.add_argument(
        "--file", required=True, type=Path, help="the seed of your dbt project, such as seeds/closed.csv"
    )
    parser.add_argument("--shop", action="append", default=[], metavar="ID", help="only this shop; may be repeated")


def run(marts: Marts, options: argparse.Namespace) -> None:
    """Append the lines, and say how many."""
    ends: dict[str, dict[dt.date, dt.date]] = defaultdict(dict)
    for row in marts.rows(_MONTH_ENDS):
        ends[row["shop_id"]][row["month"]] = row["last_day"]
    journal = journal_rows(marts, *_FIELDS)
    known = {row["shop_id"] for row in journal}
    shops = sorted(set(options.shop) or known)
    earlier = _read(options.file)
    closed = _closed_until(earlier)
    added: list[Mapping[str, Any]] = []
    for shop in shops:
        if shop not in known and shop not in ends:
            raise BooksError(f"The journal has no entries of the shop {shop}: check the id after --shop.")
        _need_open(shop, options.month, closed.get(shop), options.file)
        _need_over(shop, options.month, ends[shop])
        _need_explained(marts, shop, options.month)
        added += _added(shop, ends[shop][options.month], journal, earlier, closed.get(shop), options.file)
    _write(options.file, [*earlier, *map(_texts, added)])
    tell(f"{options.file}: {len(added)} lines of {options.month:%Y-%m} and before. Run dbt build again.\n")


def _need_open(shop: str, month: dt.date, closed: dt.date | None, file: Path) -> None:
    if closed is not None and closed >= month:
        raise BooksError(
            f"{closed:%Y-%m} of the shop {shop} is closed in {file}: nothing of it or before is written again."
        )


def _need_over(shop: str, month: dt.date, ends: Mapping[dt.date, dt.date]) -> None:
    if ends and month < min(ends):
        raise BooksError(
            f"The books of the shop {shop} begin with {min(ends):%Y-%m}: there is nothing to close in {month:%Y-%m}."
        )
    if month not in ends:
        raise PassingError(
            f"{month:%Y-%m} of the shop {shop} is not over, as far as was read: run the tap and dbt build when it is."
        )


def _need_explained(marts: Marts, shop: str, month: dt.date) -> None:
    for row in sorted(marts.rows(_CLOSED), key=lambda row: row["month"]):
        if row["shop_id"] == shop and row["month"] <= month and not row["is_closed"]:
            raise UnexplainedError(
                f"{row['month']:%Y-%m} of the shop {shop} has {row['open_differences']} differences that nothing "
                "explains: see tiktokshop__reconciliation_differences, and close it when they are explained."
            )


def _added(
    shop: str,
    last_day: dt.date,
    journal: list[dict[str, Any]],
    earlier: list[dict[str, str]],
    closed: dt.date | None,
    file: Path,
) -> list[dict[str, Any]]:
    """The lines up to a day that are not in the file, by entry."""
    known = {row["entry_id"] for row in earlier if row["shop_id"] == shop}
    rows = [
        row
        for row in journal
        if row["shop_id"] == shop and row["entry_date"] <= last_day and row["entry_id"] not in known
    ]
    if closed is not None and any(row["entry_date"].replace(day=1) <= closed for row in rows):
        raise BooksError(
            f"The marts do not know {file}: set the variable tiktokshop_closed_journal to {file.stem}, and run dbt "
            "build again."
        )
    if not rows:
        raise BooksError(f"The journal of the shop {shop} has no lines up to {last_day}: there is nothing to close.")
    return sorted(rows, key=lambda row: (row["entry_date"], row["entry_id"], row["line"]))


def _texts(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: written(row[name]) if name in _AMOUNTS else "" if row[name] is None else str(row[name])
        for name in _FIELDS
    }


def _closed_until(rows: Iterable[Mapping[str, str]]) -> dict[str, dt.date]:
    """The last month that is closed, by shop."""
    found: dict[str, dt.date] = defaultdict(lambda: dt.date.min)
    for row in rows:
        month = dt.date.fromisoformat(row["entry_date"]).replace(day=1)
        found[row["shop_id"]] = max(found[row["shop_id"]], month)
    return dict(found)


def _read(file: Path) -> list[dict[str, str]]:
    try:
        if not file.exists():
            return []
        if not file.is_file():  # a pipe would let us wait
            raise BooksError(f"{file} is no file: name a new one, or the one that this command has written.")
        with file.open(encoding="utf-8", newline="") as opened:
            reader = csv.DictReader(opened)
            if tuple(reader.fieldnames or ()) != _FIELDS:
                raise BooksError(
                    f"{file} is not a closed journal: name a new file, or the one that this command has written."
                )
            return [_checked(row, reader.line_num, file) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BooksError(f"{file} cannot be read: {error}.") from error


def _checked(row: dict[str, str], line: int, file: Path) -> dict[str, str]:
    """The row, if this command could have written it; others have come into the file by hand."""
    cells = [cell for cell in row.values() if isinstance(cell, str)]
    if len(row) != len(_FIELDS) or len(cells) != len(_FIELDS):
        wrong = f"does not have {len(_FIELDS)} cells"
    elif not _is_day(row["entry_date"]):
        wrong = f"has {row['entry_date']!r} as its entry_date, which is no day such as 2026-10-31"
    elif unread := [name for name in _AMOUNTS if not _AMOUNT.fullmatch(row[name])]:
        wrong = f"has {row[unread[0]]!r} as its {unread[0]}, which is no amount such as 20.50"
    else:
        return row
    raise BooksError(f"Line {line} of {file} {wrong}: put back the file as this command has written it.")


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _write(file: Path, rows: list[dict[str, str]]) -> None:
    """All of it or nothing. Beside it goes what tells dbt that every column is a text, so that an id stays as it is."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    types = "".join(f"        {name}: text\n" for name in _FIELDS)
    properties = f"version: 2\nseeds:\n  - name: {file.stem}\n    config:\n      column_types:\n{types}"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text.getvalue())
        if not file.with_suffix(".yml").exists():
            file.with_suffix(".yml").write_text(properties, encoding="utf-8")
    except OSError as error:
        raise BooksError(f"{file} cannot be written: {os.strerror(error.errno or 0)}.") from error


def _month(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month such as 2026-10") from None
