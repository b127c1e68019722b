"""Turns a table, as spreadsheets save it, into Singer messages: one record a row, of the stream that is named."""

from __future__ import annotations

import csv
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from tiktokshop_client.console import log_level_option, run, write_all

from target_tiktokshop.singer.messages import InputError
from target_tiktokshop.streams import WRITINGS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import NoReturn

_encode = msgspec.json.Encoder().encode
DELIMITERS = ",;\t"
FAILED = frozenset(
    {"#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#N/A", "#NUM!", "#NULL!", "#SPILL!", "#ERROR!", "Err:509"}
)
"""What spreadsheets save in place of a text like `-20 % on mugs` that they took for a formula."""
ALIKE = 0.85
"""How much alike a column's name and a field's must be to be taken for a slip of the pen."""


@click.command()
@click.argument("stream", type=click.Choice(list(WRITINGS)))
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
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
            reader = csv.DictReader(lines, delimiter=delimiter, strict=True)
            _check_names(reader.fieldnames or (), WRITINGS[stream].contract.names, stream, file)
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


def _check_names(columns: Sequence[str], fields: Collection[str], stream: str, file: Path) -> None:
    """Columns of the user's own are passed over; one that is meant for a field, and misses it, must not be."""
    if not set(columns) & set(fields):
        raise InputError(f"The first row of {file} has no field of {stream}: it must have the names of columns.")
    twice = next((name for name in columns if name and columns.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"The first row of {file} has {twice} twice: rename one of the columns, or take it out.")
    free = set(fields) - set(columns)
    for name in (name for name in columns if name not in fields):
        plain = "_".join(name.lower().split())
        if meant := get_close_matches(plain, sorted(free), n=1, cutoff=ALIKE):
            raise InputError(
                f"The first row of {file} has {name}, which is no field of {stream}: call it {meant[0]} if that is "
                "meant, or otherwise something that is not so like it."
            )


def main() -> NoReturn:
    """The command `target-tiktokshop-table`."""
    run(lambda: table(standalone_mode=False), "target-tiktokshop-table")
