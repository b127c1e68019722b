"""What dbt-tiktokshop makes of a small sandbox, in DuckDB and PostgreSQL: made once, then looked at by many tests."""

import datetime as dt
import fcntl
import json
import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import own_project
import psycopg
import pytest
from store_places import PASSWORD

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "dbt-tiktokshop"
PROGRAMS = ROOT / ".venv-dbt" / "bin"
LOADERS = ROOT / ".venv-target-duckdb" / "bin"
STREAMS = (
    "shops",
    "orders",
    "returns",
    "products",
    "statements",
    "statement_transactions",
    "unsettled_transactions",
    "payments",
    "withdrawals",
    "inventory",
    "product_diagnoses",
    "affiliate_orders",
    "shop_score",
    "run_summary",
)
# These go through a loader that only adds rows, with exact types; the others through one that upserts, as texts.
APPENDED = ("returns", "statements", "statement_transactions", "payments", "inventory")
LEFT = ("sources", "manifest", "catalog")
VARS = {"tiktokshop_fee_rules": "tiktokshop_fee_rules_example"}
STALE = {
    "returns": {"return_status": "STALE"},
    "statements": {"settlement_amount": "0.01"},
    "statement_transactions": {"settlement_amount": "0.01"},
    "payments": {"status": "STALE"},
    "inventory": {"snapshot_at": "2026-05-30T12:00:00Z", "available_quantity": 3},
}


@dataclass
class Books:
    """Rows by engine and model, columns and SQL by model, what dbt said, and the records that it all comes from.

    `left` has the files that dbt leaves behind, by name. `own` has the rows by engine and model of a dbt project that
    uses the package (`own_project.py`).
    """

    rows: dict
    own: dict
    columns: dict
    sql: dict
    file: Path
    said: dict
    left: dict
    records: dict
    counts: dict

    def of(self, model, engine="duckdb"):
        return self.rows[engine][model]


def run(command, *, environment=None, text=None, cwd=None):
    """What a command says; it must end well."""
    more = {**os.environ, **(environment or {})}
    done = subprocess.run(
        [str(part) for part in command], input=text, capture_output=True, text=True, check=False, env=more, cwd=cwd
    )
    assert done.returncode == 0, f"{command[0]}\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def configured(folder, name, **config):
    path = folder / f"{name}.json"
    path.write_text(json.dumps(config))
    return path


def lines_of(messages, streams):
    chosen = (one for one in messages if one["type"] in {"SCHEMA", "RECORD"} and one["stream"] in streams)
    return "".join(f"{json.dumps(one)}\n" for one in chosen)


def outdated(messages):
    """Older versions of some rows, as a table that is only added to has them; a schema goes ahead of its records."""
    for one in messages:
        if one["type"] == "RECORD" and one["stream"] in STALE:
            yield {**one, "record": {**one["record"], **STALE[one["stream"]]}}
        elif one["type"] == "SCHEMA":
            yield one


def without(messages, stream, field):
    """Takes a field out of a stream, as where personal data is left out."""
    for one in messages:
        if one.get("stream") == stream:
            one.get("schema", {}).get("properties", {}).pop(field, None)
            one.get("record", {}).pop(field, None)
    return messages


def load_duckdb(folder, messages):
    file = folder / "shop.duckdb"
    others = [stream for stream in STREAMS if stream not in APPENDED]
    config = configured(
        folder, "upserting", filepath=str(file), default_target_schema="tiktokshop", add_metadata_columns=True
    )
    run([LOADERS / "target-duckdb", "--config", config], text=lines_of(messages, others))
    config = configured(
        folder, "appending", path=str(file), default_target_schema="tiktokshop", load_method="append-only"
    )
    for version in (list(outdated(messages)), messages):
        command = [sys.executable, "-m", "target_duckdb_exact", "--config", config]
        run(command, text=lines_of(version, APPENDED))
    return {"TIKTOKSHOP_DUCKDB": str(file)}


def load_postgresql(folder, messages, port):
    """Loaded twice by a loader that keeps one row of each key; in between dbt has seen the older snapshots."""
    where = {"host": "127.0.0.1", "port": port, "user": "owner", "password": PASSWORD}
    config = configured(folder, "postgresql", **where, database="postgres", default_target_schema="tiktokshop")
    environment = {"PGPORT": str(port), "PGUSER": "owner", "PGPASSWORD": PASSWORD}
    for version, streams in ((list(outdated(messages)), ("shops", "inventory")), (messages, STREAMS)):
        if streams == STREAMS:
            dbt(folder, "postgres", environment, "build", "--select", "+tiktokshop__inventory_snapshots")
        run([PROGRAMS / "target-postgres", "--config", config], text=lines_of(version, streams))
    return environment


def dbt(folder, engine, environment, *arguments, project=PACKAGE):
    """What dbt says."""
    place = str(folder / engine)
    command = [PROGRAMS / "dbt", *arguments, "--target", engine, "--profiles-dir", PACKAGE, "--no-use-colors"]
    more = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_TARGET_PATH": place, "DBT_LOG_PATH": place, **environment}
    told = ["--vars", json.dumps(VARS)]
    return run([*command, *told], environment=more, cwd=project)


def comparable(value):
    """A moment in UTC, in whatever zone the engine hands it out."""
    return value.astimezone(dt.timezone.utc) if isinstance(value, dt.datetime) else value


def sorted_rows(cursor):
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, map(comparable, row), strict=True)) for row in cursor.fetchall()]
    return sorted(rows, key=lambda row: [str(row[name]) for name in sorted(names)])


COLUMNS = "select table_name, column_name from information_schema.columns where table_schema = 'tiktokshop_books'"
MODELS = "select table_name from information_schema.tables where table_schema = '{schema}' order by 1"
SHOWN = ("tiktokshop__", "stg_tiktokshop__orders", "stg_tiktokshop__products_deleted", "stg_tiktokshop__unsettled")


def tables_of(ask, schema="tiktokshop_books"):
    names = [row[0] for row in ask(MODELS.format(schema=schema)).fetchall()]
    return {name: sorted_rows(ask(f"select * from {schema}.{name}")) for name in names if name.startswith(SHOWN)}


def made(folder, make_lab, port):
    """Sandbox, tap, loaders, dbt: all of it for real."""
    subprocess.run([ROOT / ".ci" / "dbt"], check=True, cwd=ROOT)
    with make_lab(folder, orders=120, path=folder / "shops.sqlite", difficulties=("wrong_fees",)) as lab:
        read = lab.run(streams=STREAMS)
        counts = lab.sandbox.control("GET", "/counts")
    messages = without(read.messages, "orders", "cpf")
    with ThreadPoolExecutor() as pool:
        engines = {
            "duckdb": pool.submit(load_duckdb, folder, messages),
            "postgres": pool.submit(load_postgresql, folder, messages, port),
        }
        where = {engine: loading.result() for engine, loading in engines.items()}
        building = {engine: pool.submit(dbt, folder, engine, where[engine], "build") for engine in where}
        said = {engine: one.result() for engine, one in building.items()}
        own_project.write(folder / "own", where["duckdb"]["TIKTOKSHOP_DUCKDB"])
        dbt(folder / "own-work", "duckdb", where["duckdb"], "deps", project=folder / "own")
        building = {engine: pool.submit(own_project.build, dbt, folder, engine, where[engine]) for engine in where}
        said |= {f"own {engine}": one.result() for engine, one in building.items()}
        dbt(folder, "duckdb", where["duckdb"], "source", "freshness")
        dbt(folder, "duckdb", where["duckdb"], "docs", "generate", "--no-compile")
    with duckdb.connect(where["duckdb"]["TIKTOKSHOP_DUCKDB"], read_only=True) as database:
        rows = {"duckdb": tables_of(database.execute)}
        own = {"duckdb": tables_of(database.execute, own_project.SCHEMA)}
        described = database.execute(COLUMNS).fetchall()
    with psycopg.connect(f"postgresql://owner:{PASSWORD}@127.0.0.1:{port}/postgres") as connection:
        rows["postgres"] = tables_of(connection.execute)
        own["postgres"] = tables_of(connection.execute, own_project.SCHEMA)
    return Books(
        rows=rows,
        own=own,
        columns={model: {name for table, name in described if table == model} for model, _ in described},
        sql={path.stem: path.read_text() for path in (folder / "duckdb" / "compiled").rglob("tiktokshop__*.sql")},
        file=Path(where["duckdb"]["TIKTOKSHOP_DUCKDB"]),
        said=said,
        left={name: json.loads((folder / "duckdb" / f"{name}.json").read_text()) for name in LEFT},
        records={stream: read.records(stream) for stream in STREAMS},
        counts=counts,
    )


@pytest.fixture(scope="session")
def books(request, tmp_path_factory):
    """Made by the first process that wants it; the others read what it has left."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    kept = shared / "books.pickle"
    with (shared / "books.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            port = request.getfixturevalue("postgresql_port")
            folder = tmp_path_factory.mktemp("books")
            kept.write_bytes(pickle.dumps(made(folder, request.getfixturevalue("make_lab"), port)))
    return pickle.loads(kept.read_bytes())


# What `changed` makes again, in this order.
BEHIND = (
    *(
        "data_quality",
        "return_lines",
        "transactions",
        "transaction_components",
        "settlement_lines",
        "statements",
        "payouts",
    ),
    *("accruals", "journal_lines", "reserves"),
    *("order_profit", "receivables_monthly", "basis_lines", "basis_monthly", "bank_matches"),
    *("reconciliation", "reconciliation_differences", "books_closed"),
)


@pytest.fixture
def changed(books, tmp_path):
    """Changes what was loaded, in a copy, makes the marts again by the SQL that dbt ran, and asks them something.

    Without a change it only asks.
    """
    copy = tmp_path / Path(books.file).name  # the views name the file that they are in
    shutil.copy(books.file, copy)
    with duckdb.connect(str(copy)) as database:

        def change(*statements, ask):
            for statement in statements:
                database.execute(statement)
            for model in BEHIND if statements else ():
                table = f"tiktokshop__{model}"
                database.execute(f"create or replace table tiktokshop_books.{table} as {books.sql[table]}")
            return database.execute(ask).fetchall()

        yield change
