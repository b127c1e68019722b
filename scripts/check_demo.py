"""Compares what the demo loaded with what the sandbox says it holds.

Exits with 1 if a table has another number of rows than the sandbox has, a key twice, an identifier that leads nowhere,
amounts that do not add up and of which the books do not say why, or if the books of a month are not closed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
from tap_tiktokshop.streams import STREAMS

sys.path.insert(0, str(Path(__file__).parent))
from references import dangling, unequal

# Tables that keep what the shop no longer has: a second run may leave more rows in them than the sandbox counts.
KEPT = {
    "category_attributes",
    "category_rules",
    "inventory",
    "product_details",
    "product_diagnoses",
    "shop_score",
}


def held(sandbox: Path) -> dict[str, int]:
    """Rows for each table, all shops together."""
    command = [str(Path(sys.executable).with_name("tiktokshop-sandbox")), "counts", "--db", str(sandbox)]
    counts = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    totals: dict[str, int] = {}
    for tables in counts.values():
        for table, rows in tables.items():
            totals[table] = totals.get(table, 0) + rows
    totals["products"] += totals["deleted_products"]  # they are tombstones
    return totals


def loaded(database: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    """The rows of a table that have not left their list, with objects and lists as such; none if there is no table."""
    known = database.execute("select 1 from information_schema.tables where table_name = ?", [table]).fetchone()
    if not known:
        return []
    left = " where _sdc_deleted_at is null" if table == "unsettled_transactions" else ""
    cursor = database.execute(f"select * from tiktokshop.{table}{left}")
    columns = [(column[0], str(column[1]) == "JSON") for column in cursor.description]
    return [
        {
            name: json.loads(value) if is_json and value else value
            for (name, is_json), value in zip(columns, row, strict=True)
        }
        for row in cursor.fetchall()
    ]


def explained(database: duckdb.DuckDBPyConnection) -> set[str]:
    """The statements and payments that do not add up, and of which the books say why."""
    found = database.execute(
        "select document_id from tiktokshop_books.tiktokshop__reconciliation_differences"
        " where cause not in ('not_read', 'unexplained')"
    )
    return {document for (document,) in found.fetchall()}


def still_open(database: duckdb.DuckDBPyConnection) -> list[str]:
    """The months whose books are not closed."""
    found = database.execute("select shop_id, month from tiktokshop_books.tiktokshop__books_closed where not is_closed")
    return [f"the books of shop {shop} are not closed for {month:%Y-%m}" for shop, month in found.fetchall()]


def main() -> None:
    """Print a line for each stream; exit by whether all agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where shop.duckdb and sandbox.sqlite are, such as output")
    folder = parser.parse_args().folder
    expected = held(folder / "sandbox.sqlite")
    database = duckdb.connect(str(folder / "shop.duckdb"), read_only=True)
    tables = {stream.name: loaded(database, stream.name) for stream in STREAMS if not stream.off}
    failed = False
    for stream in STREAMS:
        if stream.off:
            continue
        rows = tables[stream.name]
        distinct = len({tuple(row[key] for key in stream.keys) for row in rows})
        enough = len(rows) >= expected[stream.name] if stream.name in KEPT else len(rows) == expected[stream.name]
        good = enough and len(rows) == distinct
        failed |= not good
        verdict = "ok " if good else "BAD"
        print(f"{verdict} {stream.name}: {len(rows)} rows, {distinct} keys, sandbox {expected[stream.name]}")
    said = explained(database)
    wrong = [line for line in unequal(tables) if line.split()[1] not in said]
    for line in (*dangling(tables), *wrong, *still_open(database)):
        failed = True
        print(f"BAD {line}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
