"""Lists the products of a table in two markets: from a CSV file, a DuckDB file and a PostgreSQL table.

    python scripts/soak/list_tables.py --products 200
    python scripts/soak/list_tables.py --products 200 --meltano mel/bin/meltano --tap-postgres tap/bin/tap-postgres

Each way brings the table into fresh shops. The outcome of each row is compared with what is expected, when the products
are new and after their review, and what the tap reads of each is compared with the table, field by field. With Meltano,
its own taps and commands are used; PostgreSQL is a server that `--postgresql` gives the address of. Ends with 1 if
anything differs.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import logging
import subprocess
import sys
import tempfile
from collections import Counter
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
from feed import client_of
from listing_table import Market, Table, seen_of, table_of
from shop import Shop, shop

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKETS = ("US", "DE")
PROGRAMS = Path(sys.executable).parent
SOURCE = Path(__file__).parents[2] / "tests" / "duckdb_source.py"
SECONDS = 600
NUMBERS = frozenset({"quantity", "package_length", "package_width", "package_height"})
DECIMALS = frozenset({"price", "list_price", "package_weight"})


@contextlib.contextmanager
def web(folder: Path) -> Iterator[str]:
    """A web server with the files of a folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def tables_of(one: Shop, count: int, address: str) -> Table:
    """One table with the products of all shops."""
    whole = Table()
    with client_of(one) as client:
        for own in client.shops():
            table = table_of(Market.of(client, own), count, one.folder, address)
            whole.rows += table.rows
            for name in ("shown", "first", "later"):
                getattr(whole, name).update(getattr(table, name))
    return whole


def columns_of(table: Table) -> list[str]:
    """All columns, in the order in which they first come."""
    return list(dict.fromkeys(name for row in table.rows for name in row))


# -- ways -------------------------------------------------------------------------------------------------------------


class Way:
    """One way from a table into the target.

    Args:
        one: The shops.
        table: What is to be listed.
        options: The command line.
    """

    def __init__(self, one: Shop, table: Table, options: argparse.Namespace) -> None:
        self.one, self.table, self.options = one, table, options
        self.config: dict[str, Any] = {}

    def prepare(self) -> None:
        """Puts the table where the way begins."""
        raise NotImplementedError

    def source(self) -> list[str]:
        """The command that says the table as Singer messages."""
        raise NotImplementedError

    def run(self, **config: Any) -> int:
        """Lets the target take it; the exit code."""
        file = self.one.folder / "target.json"
        file.write_text(json.dumps(config))
        target = [sys.executable, "-m", "target_tiktokshop", "--config", str(file)]
        with (self.one.folder / "run.log").open("ab") as log:
            source = subprocess.Popen(self.source(), stdout=subprocess.PIPE, stderr=log, cwd=self.one.folder)
            options: dict[str, Any] = {"stdin": source.stdout, "stdout": log, "stderr": log, "cwd": self.one.folder}
            code = subprocess.run(target, check=False, timeout=SECONDS, **options).returncode
            source.communicate()
        return code or source.returncode


class FromCsv(Way):
    """As a spreadsheet saves it."""

    def prepare(self) -> None:
        """A file with a row for each SKU."""
        with (self.one.folder / "products.csv").open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, columns_of(self.table), delimiter=";")
            writer.writeheader()
            writer.writerows(self.table.rows)

    def source(self) -> list[str]:
        """The command of this target."""
        return [str(PROGRAMS / "target-tiktokshop-table"), "listings", "products.csv"]


class FromDuckdb(Way):
    """From a table of a DuckDB file, with types of its own."""

    def prepare(self) -> None:
        """A table with the types that a warehouse has."""
        names = columns_of(self.table)
        with duckdb.connect(str(self.one.folder / "warehouse.duckdb")) as database:
            database.execute(f"create table listings ({', '.join(f'{name} {type_of(name)}' for name in names)})")
            rows = [[row.get(name) for name in names] for row in self.table.rows]
            database.executemany(f"insert into listings values ({', '.join('?' * len(names))})", rows)

    def source(self) -> list[str]:
        """A Singer source in a few lines."""
        return [sys.executable, str(SOURCE), "warehouse.duckdb", "listings"]


class Meltano(Way):
    """Through a project of Meltano, with the source as its extractor."""

    name, settings, passed = "tap-warehouse", "", ""

    def run(self, **config: Any) -> int:
        """`meltano run`; its exit code."""
        extractor, *arguments = self.source()
        script = self.one.folder / "extractor"
        script.write_text(f"#!/bin/sh\nexec {extractor} {' '.join([*arguments, self.passed])}\n")
        script.chmod(0o700)
        text = PROJECT.format(tap=self.name, script=script, settings=self.settings, target=json.dumps(config))
        text = text.replace("TARGET", str(PROGRAMS / "target-tiktokshop"))
        (self.one.folder / "meltano.yml").write_text(text)
        command = [self.options.meltano, "run", self.name, "target-tiktokshop"]
        with (self.one.folder / "run.log").open("ab") as log:
            ended = subprocess.run(command, check=False, stdout=log, stderr=log, cwd=self.one.folder, timeout=SECONDS)
        return ended.returncode


PROJECT = """\
default_environment: dev
environments: [{{name: dev}}]
send_anonymous_usage_stats: false
plugins:
  extractors:
  - name: {tap}
    namespace: tap_warehouse
    executable: {script}
{settings}
  loaders:
  - name: target-tiktokshop
    namespace: target_tiktokshop
    executable: TARGET
    config: {target}
"""


class MeltanoDuckdb(Meltano, FromDuckdb):
    """From DuckDB through Meltano."""

    settings = "    capabilities: []\n"


class MeltanoPostgresql(Meltano):
    """From PostgreSQL through Meltano, read by the tap of MeltanoLabs."""

    passed = '"$@"'

    @property
    def settings(self) -> str:  # type: ignore[override]
        """How the tap reaches the table, under the stream's name."""
        address = f'{{"sqlalchemy_url": "{self.options.postgresql}", "filter_schemas": ["public"]}}'
        return (
            "    capabilities: [catalog, discover, state]\n"
            f'    config: {address[:-1]}, "stream_maps": {{"public-listings": {{"__alias__": "listings"}}}}}}\n'
            "    select: [public-listings.*]\n"
            "    metadata: {public-listings: {replication-method: FULL_TABLE}}\n"
        )

    def prepare(self) -> None:
        """The table in an empty schema."""
        names = columns_of(self.table)
        with psycopg.connect(self.options.postgresql.replace("+psycopg2", "")) as database:
            database.execute("drop table if exists listings")
            columns = ", ".join(f"{name} {type_of(name)}" for name in names)
            database.execute(f"create table listings ({columns})")
            with database.cursor() as cursor:
                rows = [[row.get(name) for name in names] for row in self.table.rows]
                cursor.executemany(f"insert into listings values ({', '.join(['%s'] * len(names))})", rows)

    def source(self) -> list[str]:
        """The tap."""
        return [str(Path(self.options.tap_postgres).absolute())]


def type_of(column: str) -> str:
    """The type of a column in a database."""
    return "integer" if column in NUMBERS else "decimal(18, 2)" if column in DECIMALS else "text"


# -- looking ----------------------------------------------------------------------------------------------------------


def listed(way: Way) -> list[str]:
    """Brings a table in, twice; returns what is not as expected."""
    one, table = way.one, way.table
    way.prepare()
    faults: list[str] = []
    for name, wanted in (("new", table.first), ("reviewed", table.later)):
        results = one.folder / f"{name}.jsonl"
        one.sandbox.control("DELETE", "/stats")
        own = {"results_path": str(results), "listings_store": str(one.folder / "listings.sqlite")}
        code = way.run(**{**one.config, **own, "max_new_listings": 1_000, "allow_private_images": True})
        if code:
            faults += [f"{name}: exit code {code}", *(one.folder / "run.log").read_text().splitlines()[-20:]]
        rows = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
        found = {row["record"]["listing_key"]: row for row in rows}
        odd = [key for key in wanted if key not in found or found[key]["outcome"] != wanted[key]]
        faults += [f"{name}: {key} is {found.get(key)}, not {wanted[key]}" for key in odd]
        if len(rows) != len(table.rows):
            faults.append(f"{name}: {len(rows)} outcomes of {len(table.rows)} rows")
        asked = one.sandbox.control("GET", "/stats")["operations"]
        writes = {each: count for each, count in asked.items() if "upload" in each or each.endswith("/products")}
        print(f"{type(way).__name__} {name}: {dict(Counter(row['outcome'] for row in rows))}, {writes}", flush=True)
        one.sandbox.control("POST", "/clock", {"advance": 3_600})
        if name == "reviewed" and writes:
            faults.append(f"{name}: {writes}")
    return faults + different(one, table)


def different(one: Shop, table: Table) -> list[str]:
    """What the tap reads that is not what the table says."""
    records = one.read(["products", "product_details"]).table()
    live = {
        record["skus"][0]["seller_sku"].rpartition("-")[0]: seen_of(record)
        for (stream, *_), record in records.items()
        if stream == "product_details" and record.get("skus")
    }
    faults = []
    for key, wanted in table.shown.items():
        seen = live.get(key, {})
        faults += [
            f"{key}: {name} is {seen.get(name)!r}, not {value!r}"
            for name, value in wanted.items()
            if seen.get(name) != value
        ]
    print(f"{len(table.shown)} products compared field by field, {len(faults)} differences", flush=True)
    return faults


def main() -> int:
    """Every way; 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=200, help="of all markets together")
    parser.add_argument("--meltano", help="the program")
    parser.add_argument("--tap-postgres", help="the program")
    parser.add_argument("--postgresql", default="", help="address of an empty database, as SQLAlchemy writes it")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    ways: list[type[Way]] = [FromCsv, FromDuckdb]
    if options.meltano:
        options.meltano = str(Path(options.meltano).absolute())
        ways += [MeltanoDuckdb, *([MeltanoPostgresql] if options.postgresql else [])]
    faults: list[str] = []
    for way in ways:
        faults += through(way, options, options.products // len(MARKETS))
    print(f"{len(faults)} faults", *faults[:40], sep="\n  ", flush=True)
    return int(bool(faults))


def through(way: type[Way], options: argparse.Namespace, count: int) -> list[str]:
    """One way, into fresh shops with so many products each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = shop(folder, path=folder / "shop.sqlite", orders=60, shops=len(MARKETS), regions=MARKETS)
        with made as one, web(folder) as address:
            return listed(way(one, tables_of(one, count, address), options))


if __name__ == "__main__":
    sys.exit(main())
