"""Turns a table, as spreadsheets save it, into Singer messages: one record a row, of the stream that is named."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from tiktokshop_client.console import log_level_option, run, write_all

from target_tiktokshop.singer.messages import InputError
from target_tiktokshop.streams import WRITINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import NoReturn

_encode = msgspec.json.Encoder().encode
DELIMITERS = ",;\t"
FAILED = frozenset(
    {"#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#N/A", "#NUM!", "#NULL!", "#SPILL!", "#ERROR!", "Err:509"}
)
"""What spreadsheets save in place of a text like `-20 % on mugs` that they took for a formula."""


@click.command()
@click.argument("stream", type=click.Choice(list(WRITINGS)))
@click.argument("table", type=click.Path(path_type=Path))
def table(stream: str, table: Path) -> None:
    """Write the rows of a TABLE (CSV, UTF-8, names in its first row) as Singer messages to standard output.

    target-tiktokshop-table listings products.csv | target-tiktokshop --config config.json
    """
    for message in list(messages(stream, table)):  # all of it is read first: half a table would be carried out
        write_all(_encode(message) + b"\n")


table.params.append(log_level_option())


def messages(stream: str, file: Path) -> Iterator[dict[str, Any]]:
    """SCHEMA and RECORD messages; cells that are blank are left out, and so are rows without any other.

    Raises:
        InputError: It is not such a table.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            first = lines.readline()
            delimiter = max(DELIMITERS, key=first.count)
            lines.seek(0)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            names = next(reader, [])
            _check_names(names, stream, file)
            yield {"type": "SCHEMA", "stream": stream, "schema": _schema(stream, names), "key_properties": []}
            for number, cells in enumerate(reader, 2):  # as spreadsheets count rows: blank ones, too, and no lines
                if len(cells) > len(names):
                    raise InputError(f"Row {number} of {file} has more cells than the first row has names.")
                record = {name: cell for name, cell in zip(names, cells, strict=False) if cell.strip()}
                failed = next((name for name, cell in record.items() if cell.strip() in FAILED), None)
                if failed is not None:
                    raise InputError(
                        f"Row {number} of {file} has {record[failed].strip()} in {failed}, which a "
                        "spreadsheet puts in place of what it took for a formula: write the cell anew, as text."
                    )
                if record:
                    yield {"type": "RECORD", "stream": stream, "record": record}
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{file} is not a CSV table in UTF-8: save it as such.") from None


def _schema(stream: str, columns: Sequence[str]) -> dict[str, Any]:
    """The stream's, with the columns of the user's own: they have been looked at, also where a cell is blank."""
    schema = WRITINGS[stream].contract.schema()
    schema["properties"] = {**{name: {} for name in columns}, **schema["properties"]}
    return schema


def _check_names(columns: Sequence[str], stream: str, file: Path) -> None:
    """Columns of the user's own are passed over; one that is meant for a field, and misses it, must not be."""
    contract = WRITINGS[stream].contract
    if contract.names.isdisjoint(columns):
        raise InputError(f"The first row of {file} has no field of {stream}: it must have the names of columns.")
    twice = next((name for name in columns if name and columns.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"The first row of {file} has {twice} twice: rename one of the columns, or take it out.")
    for name, field in contract.slips(columns).items():
        raise InputError(
            f"The first row of {file} has {name}, which is no field of {stream}: call it {field} if that is "
            "meant, or otherwise something that is not so like it."
        )


def main() -> NoReturn:
    """The command `target-tiktokshop-table`."""
    run(lambda: table(standalone_mode=False), "target-tiktokshop-table")
