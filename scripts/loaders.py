"""What loaders do with records as the tap writes them: the table in docs/reference/streams.md, checked by running them.

    python -m venv PATH && PATH/bin/pip install target-jsonl    # a folder of its own for each loader
    python scripts/loaders.py target-jsonl=PATH/bin/target-jsonl target-duckdb=PATH/bin/target-duckdb ...

It knows those of `LOADERS`, and prints a line of the table for each. A loader gets two streams, each in a run and a
folder of its own: a record with fields that its schema does not name, as the tap passes on what the platform does not
document, and one with NUL in a text, which the tap never writes.

`target-postgres` needs a database: PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE of the environment say which. Each
run makes a schema in it. `target-s3`, which writes Parquet, needs a bucket: AWS_BUCKET, AWS_REGION, AWS_ENDPOINT_URL,
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Each run writes under a prefix of its own.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

STREAM = "shown"
AMOUNT = "12345678901234567.89"
SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "text": {"type": ["string", "null"]},
        "amount": {"type": ["string", "null"], "format": "x-singer.decimal"},
        "inner": {"type": ["object", "null"], "properties": {"a": {"type": ["string", "null"]}}},
    },
    "additionalProperties": True,
}
RECORD = {"id": "1", "text": "t", "amount": AMOUNT, "inner": {"a": "x", "unnamed_inside": "kept-inside"}}
RECORDS = {
    "plain": RECORD | {"unnamed": "kept-above"},
    "NUL": RECORD | {"text": "a\0b"},
}
SECONDS = 120
LOADERS = (
    "target-duckdb-exact",
    "target-jsonl",
    "target-csv",
    "target-sqlite",
    "target-duckdb",
    "target-postgres",
    "target-s3",
)
PARQUET_IN_S3 = """
import os, pyarrow.parquet as pq
from pyarrow import fs
endpoint = os.environ["AWS_ENDPOINT_URL"]
s3 = fs.S3FileSystem(endpoint_override=endpoint, region=os.environ["AWS_REGION"], scheme=endpoint.split(":")[0])
place = fs.FileSelector(os.environ["AWS_BUCKET"] + "/" + folder.split("/")[-1], recursive=True)
files = [file.path for file in s3.get_file_info(place) if file.is_file]
"""
"""`files`: those that a run has written."""


def lines(record: dict[str, Any]) -> str:
    """A stream of one record."""
    messages = (
        {"type": "SCHEMA", "stream": STREAM, "schema": SCHEMA, "key_properties": ["id"]},
        {"type": "RECORD", "stream": STREAM, "record": record},
        {"type": "STATE", "value": {}},
    )
    return "".join(f"{json.dumps(message)}\n" for message in messages)


def config_of(loader: str, folder: Path) -> dict[str, Any]:
    """Its settings; everything else is as the loader has it."""
    where = {name: os.environ.get(f"PG{name.upper()}", "") for name in ("host", "user", "password", "database")}
    return {
        "target-jsonl": {"destination_path": str(folder)},
        "target-csv": {"output_path_prefix": f"{folder}/", "destination_path": str(folder)},
        "target-sqlite": {"database": str(folder / "shown.db")},  # it puts .db in the place of any other suffix
        "target-duckdb-exact": {"path": str(folder / "shown.duckdb")},
        "target-duckdb": {"filepath": str(folder / "shown.duckdb"), "default_target_schema": "main"},
        "target-postgres": {
            **where,
            "port": int(os.environ.get("PGPORT", "5432")),
            "default_target_schema": folder.name,
        },
        "target-s3": {
            # By the schema it takes each text with a format for a time, and stops at amounts.
            "format": {"format_type": "parquet", "format_parquet": {"get_schema_from_tap": False}},
            "cloud_provider": {
                "cloud_provider_type": "aws",
                "aws": {
                    "aws_access_key_id": os.environ.get("AWS_ACCESS_KEY_ID", ""),
                    "aws_secret_access_key": os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
                    "aws_region": os.environ.get("AWS_REGION", ""),
                    "aws_bucket": os.environ.get("AWS_BUCKET", ""),
                    "aws_endpoint_override": os.environ.get("AWS_ENDPOINT_URL", ""),
                },
            },
            "prefix": folder.name,
            "append_date_to_prefix": False,
        },
    }[loader]


def loaded(loader: str, command: str, folder: Path) -> dict[str, Any] | None:
    """The row that the loader has made, columns that hold JSON as their text; None where it cannot be looked at."""
    python = Path(command).with_name("python")
    if loader == "target-jsonl":
        return dict(json.loads(next(folder.glob("*.jsonl")).read_text()))
    if loader == "target-csv":
        with next(folder.glob("*.csv")).open(newline="") as file:
            return next(csv.DictReader(file))
    if loader == "target-sqlite":
        with closing(sqlite3.connect(folder / "shown.db")) as database:
            database.row_factory = sqlite3.Row
            return dict(database.execute(f"select * from {STREAM}").fetchone())
    duckdb = (
        "import duckdb; c = duckdb.connect(sys.argv[1] + '/shown.duckdb'); t = c.execute("
        "\"select table_schema from information_schema.tables where table_name = 'shown'\").fetchone()[0]; "
        "r = c.execute(f'select columns(*)::varchar from {t}.shown')"
    )
    asking = {
        "target-duckdb-exact": duckdb,
        "target-duckdb": duckdb,
        "target-postgres": "import psycopg2; c = psycopg2.connect(''); r = c.cursor(); "
        "r.execute(f'select * from \"{sys.argv[1].split(chr(47))[-1]}\".shown')",
        "target-s3": f"folder = sys.argv[1]\n{PARQUET_IN_S3}\n"
        "found = pq.read_table(files[0], filesystem=s3).to_pylist()[0]",
    }[loader]
    shown = "found" if loader == "target-s3" else "dict(zip([d[0] for d in r.description], r.fetchone()))"
    script = f"import json, sys; {asking}\nprint(json.dumps({shown}, default=str))"
    done = subprocess.run([python, "-c", script, str(folder)], capture_output=True, text=True, check=False)
    return dict(json.loads(done.stdout)) if done.returncode == 0 else None


def tried(loader: str, command: str, record: dict[str, Any]) -> tuple[int, dict[str, Any] | None, str]:
    """Exit code, row, and the last line of what the loader said."""
    with tempfile.TemporaryDirectory(prefix="shown") as name:
        folder = Path(name)
        (folder / "config.json").write_text(json.dumps(config_of(loader, folder)))
        done = subprocess.run(
            [command, "--config", str(folder / "config.json")],
            input=lines(record),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        said = done.stderr.strip().splitlines()
        row = loaded(loader, command, folder) if done.returncode == 0 else None
        return done.returncode, row, said[-1] if said else ""


def row_of(loader: str, command: str) -> str:
    """One line of the table."""
    code, row, said = tried(loader, command, RECORDS["plain"])
    if row is None:
        return f"| {loader} | stops ({code}) or cannot be looked at: {said[:100]} | | | |"
    text = json.dumps(row)
    amount = next((value for name, value in row.items() if name.lower() == "amount"), None)
    code, with_nul, _ = tried(loader, command, RECORDS["NUL"])
    told = "stops" if code else "kept" if "\0" in str((with_nul or {}).get("text", "")) else "changed"
    return " | ".join(
        (
            f"| {loader}",
            "kept" if "kept-above" in text else "dropped",
            "kept" if "kept-inside" in text else "dropped",
            f"{'exact' if str(amount) == AMOUNT else amount} ({type(amount).__name__})",
            f"{told} |",
        )
    )


def main() -> None:
    """Prints the table of the loaders that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("loaders", nargs="+", metavar="NAME=COMMAND", help=f"NAME is one of {', '.join(LOADERS)}")
    given = dict(argument.partition("=")[::2] for argument in parser.parse_args().loaders)
    if wrong := unusable(given):
        parser.error(f"not known, or there is no such command: {', '.join(wrong)}")
    print("| Loader | Undocumented field of a record | Undocumented field inside an object | Amount | NUL in a text |")
    print("| --- | --- | --- | --- | --- |")
    for loader, command in given.items():
        print(row_of(loader, command), flush=True)


def unusable(given: dict[str, str]) -> list[str]:
    """The loaders that are not known, or not there."""
    return [loader for loader, command in given.items() if loader not in LOADERS or not Path(command).is_file()]


if __name__ == "__main__":
    main()
