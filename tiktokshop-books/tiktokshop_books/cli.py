"""The command `tiktokshop-books`."""

from __future__ import annotations

import argparse
import decimal
import sys
from typing import TYPE_CHECKING, Final, Protocol

from tiktokshop_books import close
from tiktokshop_books.amounts import DIGITS
from tiktokshop_books.errors import BooksError
from tiktokshop_books.exports import command as export
from tiktokshop_books.report import command as report
from tiktokshop_books.warehouse import SCHEMA, open_marts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_books.warehouse import Marts


class Command(Protocol):
    """A module that is one command: it names itself, adds its options, and runs on the marts."""

    NAME: str
    HELP: str

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add what only this command takes; --warehouse and --schema are there."""

    def run(self, marts: Marts, options: argparse.Namespace) -> None:
        """Do it."""


COMMANDS: Final[tuple[Command, ...]] = (report, export, close)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code. Errors are one sentence on standard error."""
    options = parser().parse_args(arguments)
    try:
        with decimal.localcontext() as context, open_marts(options.warehouse, options.schema) as marts:
            context.prec = DIGITS
            options.run(marts, options)
    except BooksError as error:
        sys.stderr.write(f"tiktokshop-books: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser("tiktokshop-books", description="Books out of the marts of dbt-tiktokshop.")
    commands = whole.add_subparsers(metavar="command", required=True)
    for command in COMMANDS:
        one = commands.add_parser(command.NAME, help=command.HELP, description=command.HELP)
        one.add_argument(
            "--warehouse",
            required=True,
            metavar="PLACE",
            help="a DuckDB file, or an address like postgresql://user@host/database",
        )
        one.add_argument("--schema", default=SCHEMA, help=f"the schema of the marts ({SCHEMA})")
        command.add_options(one)
        one.set_defaults(run=command.run)
    return whole
