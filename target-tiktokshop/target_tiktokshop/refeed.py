"""Turns a results file back into Singer messages, so that what was rejected can be fed again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from tiktokshop_client.console import log_level_option, run, write_all

from target_tiktokshop.streams import WRITINGS
from target_tiktokshop.writing.outcomes import OUTCOMES, REJECTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    type=click.Choice(list(OUTCOMES)),
    default=(REJECTED,),
    show_default=True,
    help="Which records; may be given several times.",
)
def refeed(results: Path, outcomes: tuple[str, ...]) -> None:
    """Write the records of a RESULTS file that had an outcome as Singer messages to standard output.

    target-tiktokshop-refeed results.jsonl | target-tiktokshop --config config.json
    """
    for message in messages(results, frozenset(outcomes)):
        write_all(_encode(message) + b"\n")


refeed.params.append(log_level_option())


def messages(results: Path, outcomes: frozenset[str]) -> Iterator[dict[str, Any]]:
    """SCHEMA and RECORD messages, in the order of the file; a line that a killed run left unfinished is skipped."""
    begun: set[str] = set()
    with results.open("rb") as lines:
        for line in lines:
            try:
                entry = _decode(line)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                continue
            if not isinstance(entry, dict) or entry.get("record") is None:
                continue
            stream = str(entry.get("stream"))
            if entry.get("outcome") not in outcomes or stream not in WRITINGS:
                continue
            if stream not in begun:
                begun.add(stream)
                schema = WRITINGS[stream].contract.schema()
                yield {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": []}
            yield {"type": "RECORD", "stream": stream, "record": entry["record"]}


def main() -> NoReturn:
    """The command `target-tiktokshop-refeed`."""
    run(lambda: refeed(standalone_mode=False), "target-tiktokshop-refeed")
