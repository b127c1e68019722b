"""`tiktokshop-books report`: one file that shows the shops."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tiktokshop_books.errors import BooksError
from tiktokshop_books.files import write_whole
from tiktokshop_books.output import tell
from tiktokshop_books.report.asking import PREFIX, MartReader
from tiktokshop_books.report.page import page
from tiktokshop_books.report.shops import shopfronts

if TYPE_CHECKING:
    import argparse

    from tiktokshop_books.warehouse import Marts

NAME: Final = "report"
EMPTY: Final = "It shows no shop, because none is in the warehouse yet, and says what is missing.\n"
HELP: Final = "write a page that shows the shops: sales, fees, payouts, stock, and whether the books are closed"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where the page goes."""
    parser.add_argument("--out", type=Path, default=Path("report.html"), help="the file to write (report.html)")


def run(marts: Marts, options: argparse.Namespace) -> None:
    """Write the page, and name it where it can be opened."""
    marts.need_any(PREFIX)
    reader = MartReader(marts)
    text = page(reader, dt.datetime.now(dt.timezone.utc))
    file: Path = options.out.absolute()
    try:
        write_whole(file, text)
    except OSError as error:
        raise BooksError(
            f"The page cannot be written to {file}: {error.strerror}. Say another place with --out."
        ) from error
    if file.is_file():
        tell(f"The page is {file}\nOpen it in a browser: {file.as_uri()}\n{'' if shopfronts(reader) else EMPTY}")
