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
    from collections.abc import Iterator
    from typing import NoReturn

_encode = msgspec.json.Encoder().encode
DELIMITERS = ",;\t"
FAILED = frozenset(
    {"#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#N/A", "#NUM!", "#NULL!", "#SPILL!", "#ERROR!", "Err:509"}
)
"""What spreadsheets save in place of a text like `-20 % on mugs` that they took for a formula."""


@click.command()
@click.argument("stream", type=click.Choice(list(WRITINGS)))
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def table(stream: str, table: Path) -> None:
    """Write the rows of a TABLE (CSV, UTF-8, names in its first row) as Singer messages to standard output.

    target-tiktokshop-table listings products.csv | target-tiktokshop --config config.json
    """
    for message in messages(stream, table):
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
            reader = csv.DictReader(lines, delimiter=delimiter, strict=True)
            unknown = set(reader.fieldnames or ()) - WRITINGS[stream].contract.names
            if not reader.fieldnames or unknown == set(reader.fieldnames):
                raise InputError(
                    f"The first row of {file} has no field of {stream}: it must have the names of columns."
                )
            schema = WRITINGS[stream].contract.schema()
            yield {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": []}
            for row in reader:
                if None in row:
                    raise InputError(f"Row {reader.line_num} of {file} has more cells than the first row has names.")
                record = {name: cell for name, cell in row.items() if cell and cell.strip()}
                failed = next((name for name, cell in record.items() if cell.strip() in FAILED), None)
                if failed is not None:
                    raise InputError(
                        f"Row {reader.line_num} of {file} has {record[failed].strip()} in {failed}, which a "
                        "spreadsheet puts in place of what it took for a formula: write the cell anew, as text."
                    )
                if record:
                    yield {"type": "RECORD", "stream": stream, "record": record}
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{file} is not a CSV table in UTF-8: save it as such.") from None


def main() -> NoReturn:
    """The command `target-tiktokshop-table`."""
    run(lambda: table(standalone_mode=False), "target-tiktokshop-table")
