"""Loads a tap's messages with each loader, and compares the rows of each table with those of the messages.

    tap-tiktokshop --config config.json > messages.singer
    python scripts/side_by_side.py messages.singer target-jsonl=PATH/bin/target-jsonl target-csv=PATH/bin/target-csv ...

Prints a line for each loader: how many tables it has made, whether each has as many rows as its stream (distinct keys
where the loader updates by keys, records where it appends), and the CPU of its process; a database's own is not in it.
The loaders are those of `loaders.py`, which says what `target-postgres` and `target-s3` need.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

from loaders import LOADERS, PARQUET_IN_S3, config_of, unusable

APPENDING: Final = {"target-jsonl", "target-csv", "target-s3"}
ENOUGH: Final = {"target-postgres": {"validate_records": False}, "target-csv": {"validate_records": False}}
"""Settings that save time: records keep to their schemas."""
BY_SQL: Final = """
import json, sys
folder, streams = sys.argv[1], json.loads(sys.argv[2])
{connect}
found = {{}}
for stream in streams:
    try:
        run(f'select count(*) from {{schema}}."{{stream}}"')
        found[stream] = c.fetchone()[0]
    except Exception:
        undo()
print(json.dumps(found))
"""
DUCKDB: Final = """
import duckdb
c = duckdb.connect(folder + "/shown.duckdb")
run, undo, schema = c.execute, lambda: None, "main"
"""
SQLITE: Final = """
import sqlite3
c = sqlite3.connect(folder + "/shown.db").cursor()
run, undo, schema = c.execute, lambda: None, "main"
"""
POSTGRES: Final = """
import psycopg2
connection = psycopg2.connect("")
c = connection.cursor()
run, undo, schema = c.execute, connection.rollback, '"' + folder.split("/")[-1] + '"'
"""
CONNECTIONS: Final = {
    "target-duckdb-exact": DUCKDB,
    "target-duckdb": DUCKDB,
    "target-sqlite": SQLITE,
    "target-postgres": POSTGRES,
}
BY_FILES: Final = f"""
import collections, json, sys
folder = sys.argv[1]
{PARQUET_IN_S3}
found = collections.Counter()
for file in files:
    found[file.split("/")[-2]] += pq.read_metadata(file, filesystem=s3).num_rows
print(json.dumps(found))
"""


def wanted(messages: Path, *, appending: bool) -> dict[str, int]:
    """Rows of each stream, as a loader that appends has them, or one that updates by keys."""
    keys: dict[str, list[str]] = {}
    seen: dict[str, set[str]] = {}
    counted: Counter[str] = Counter()
    with messages.open(encoding="utf8") as lines:
        for line in lines:
            message = json.loads(line)
            if message["type"] == "SCHEMA":
                keys[message["stream"]] = message["key_properties"]
            elif message["type"] == "RECORD":
                stream, record = message["stream"], message["record"]
                counted[stream] += 1
                seen.setdefault(stream, set()).add(json.dumps([record[key] for key in keys[stream]]))
    return dict(counted) if appending else {stream: len(rows) for stream, rows in seen.items()}


def there(loader: str, command: str, folder: Path, streams: list[str]) -> dict[str, int]:
    """Rows of each table."""
    if loader == "target-jsonl":
        files = {re.sub(r"-\d{8}T.*", "", file.stem): file for file in folder.glob("*.jsonl")}
        return {stream: sum(1 for _ in file.open("rb")) for stream, file in files.items()}
    if loader == "target-csv":
        found = {}
        for file in folder.glob("*.csv"):
            with file.open(newline="", encoding="utf8") as rows:
                found[re.sub(r"-\d{8}T.*", "", file.stem)] = sum(1 for _ in csv.reader(rows)) - 1
        return found
    python = str(Path(command).with_name("python"))
    script = BY_FILES if loader == "target-s3" else BY_SQL.format(connect=CONNECTIONS[loader])
    asked = [python, "-c", script, str(folder), json.dumps(streams)]
    counted: dict[str, int] = json.loads(subprocess.run(asked, capture_output=True, check=True, text=True).stdout)
    return counted


def row_of(loader: str, command: str, messages: Path, settings: dict[str, Any]) -> str:
    """One line of the table; `settings` are the loader's beside those that say where the rows go."""
    csv.field_size_limit(sys.maxsize)
    rows = wanted(messages, appending=loader in APPENDING)
    with tempfile.TemporaryDirectory(prefix="side") as name, messages.open("rb") as source:
        folder = Path(name)
        config: dict[str, Any] = {**config_of(loader, folder), **settings}
        (folder / "config.json").write_text(json.dumps(config))
        with (folder / "log").open("wb") as log:
            command_line = [command, "--config", str(folder / "config.json")]
            process = subprocess.Popen(command_line, stdin=source, stdout=subprocess.DEVNULL, stderr=log)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said = (folder / "log").read_text(errors="replace").strip().splitlines()
            return f"| {loader} | stops ({process.returncode}): {said[-1][:120] if said else ''} | | |"
        found = there(loader, command, folder, list(rows))
    other = [
        f"{stream}: {found.get(stream, 0)} of {count}" for stream, count in rows.items() if found.get(stream) != count
    ]
    equal = "all equal" if not other else ", ".join(other)
    return f"| {loader} | {len(found)} | {equal} | {usage.ru_utime + usage.ru_stime:.1f} |"


def main() -> None:
    """Prints the table of the loaders that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages", type=Path, help="what a tap has written")
    parser.add_argument(
        "--validating", action="store_true", help="have loaders of the SDK validate, as they do by default"
    )
    parser.add_argument("loaders", nargs="+", metavar="NAME=COMMAND", help=f"NAME is one of {', '.join(LOADERS)}")
    chosen = parser.parse_args()
    given = dict(argument.partition("=")[::2] for argument in chosen.loaders)
    if wrong := unusable(given):
        parser.error(f"not known, or there is no such command: {', '.join(wrong)}")
    print("| Loader | Tables | Rows | CPU s |\n| --- | --- | --- | --- |")
    for loader, command in given.items():
        settings = {} if chosen.validating else ENOUGH.get(loader, {})
        print(row_of(loader, command, chosen.messages, settings), flush=True)


if __name__ == "__main__":
    main()
