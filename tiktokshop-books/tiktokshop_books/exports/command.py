"""`tiktokshop-books export`."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tiktokshop_books.entries import entries_of
from tiktokshop_books.errors import BooksError
from tiktokshop_books.exports import plain, spreadsheets
from tiktokshop_books.output import tell

if TYPE_CHECKING:
    from tiktokshop_books.warehouse import Marts

NAME: Final = "export"
HELP: Final = "write the journal for an accounting program"
_SHEETS: Final = {"xero": spreadsheets.XERO, "quickbooks": spreadsheets.QUICKBOOKS}


def add_options(parser: argparse.ArgumentParser) -> None:
    """What is written, where, and which part of the journal."""
    parser.add_argument("--to", required=True, choices=[*_SHEETS, "beancount"], help="the program that will read it")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="where the files go")
    parser.add_argument("--from", dest="first", type=_day, metavar="DAY", help="the first day, such as 2026-10-01")
    parser.add_argument("--until", dest="last", type=_day, metavar="DAY", help="the last day")
    parser.add_argument("--shop", action="append", default=[], metavar="ID", help="only this shop; may be repeated")
    parser.add_argument(
        "--tax-rate",
        default="",
        metavar="NAME",
        help="the tax rate of accounts without a tax_code; Xero needs one, by the name it has there",
    )


def run(marts: Marts, options: argparse.Namespace) -> None:
    """Write the files and say which."""
    entries = entries_of(marts, options.shop, options.first, options.last)
    if not entries:
        raise BooksError("The journal has no entry of these days: nothing was written.")
    if options.to == "beancount":
        files = [("tiktokshop.beancount", plain.file_of(entries))]
    else:
        sheet = _SHEETS[options.to]
        _need_tax_rates(options, [posting.tax_code for entry in entries for posting in entry.postings])
        files = list(spreadsheets.files_of(sheet, entries, options.tax_rate))
        _need_no_earlier(options.out, sheet.name)
    _write(options.out, files)
    tell("".join(f"{options.out / name}\n" for name, _ in files))


def _need_tax_rates(options: argparse.Namespace, codes: list[str]) -> None:
    if options.to == "xero" and not options.tax_rate and not all(codes):
        raise BooksError(
            "Xero takes no line without a tax rate: name one with --tax-rate as your Xero has it, such as 'Tax Exempt' "
            "or 'No VAT', or give every account a tax_code in tiktokshop_accounts_override. Nothing was written."
        )


def _need_no_earlier(folder: Path, name: str) -> None:
    """Files that an earlier export has left would be imported once more."""
    if found := sorted(folder.glob(f"{name}-*.csv")):
        raise BooksError(
            f"{folder} has {found[0].name} of an earlier export: give an empty folder, so that nothing is imported "
            "twice. Nothing was written."
        )


def _write(folder: Path, files: list[tuple[str, str]]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files:
            (folder / name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise BooksError(
            f"{folder} cannot be written to: {error.strerror}. Choose another folder, and delete what is in this one."
        ) from error


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-10-01") from None
