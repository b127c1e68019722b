"""Compares what the demo loaded with what the sandbox says it holds.

    python scripts/check_demo.py output

The folder holds `shop.duckdb` and `sandbox.sqlite`. Exits 1 if a table has another number of rows than the sandbox has,
or a key twice.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
from tap_tiktokshop.streams import STREAMS


def held(sandbox: Path) -> dict[str, int]:
    """Rows for each table, all shops together."""
    command = [str(Path(sys.executable).with_name("tiktokshop-sandbox")), "counts", "--db", str(sandbox)]
    counts = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    totals: dict[str, int] = {}
    for tables in counts.values():
        for table, rows in tables.items():
            totals[table] = totals.get(table, 0) + rows
    return totals


def main() -> None:
    """Print a line for each stream; exit by whether all agree."""
    folder = Path(sys.argv[1])
    expected = held(folder / "sandbox.sqlite")
    database = duckdb.connect(str(folder / "shop.duckdb"), read_only=True)
    failed = False
    for stream in STREAMS:
        keys = ", ".join(f'"{key}"' for key in stream.keys)
        sql = f"select count(*), count(distinct ({keys})) from tiktokshop.{stream.name}"
        rows, distinct = database.execute(sql).fetchall()[0]
        good = rows == distinct == expected[stream.name]
        failed |= not good
        verdict = "ok " if good else "BAD"
        print(f"{verdict} {stream.name}: {rows} rows, {distinct} keys, sandbox {expected[stream.name]}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
