"""The files of BATCH messages, read by DuckDB: JSON lines (plain, gzip, zstd) and Parquet."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from singer_sdk.helpers._batch import StorageTarget

from target_duckdb_exact.errors import InputError
from target_duckdb_exact.kinds import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMPRESSIONS = {None: "none", "none": "none", "": "none", "gzip": "gzip", "zstd": "zstd"}
ROWS = 500
AS_TEXT = ("DECIMAL", "HUGEINT", "UHUGEINT")
"""Types whose values JSON would round."""


def records_of(encoding: dict[str, Any], manifest: Sequence[str], storage: Any) -> Iterator[bytes]:
    """The records of all files, in order, as JSON text.

    Raises:
        InputError: A file is not there, or is not what the message says.
    """
    for url in manifest:
        with _local(url, storage) as path, duckdb.connect() as connection:
            connection.execute("SET threads = 1")
            connection.execute("SET memory_limit = '64MB'")
            connection.execute("SET TimeZone = 'UTC'")
            try:
                found = connection.execute(_query(connection, encoding, path))
                while rows := found.fetchmany(ROWS):
                    for (text,) in rows:
                        yield text.encode()
            except duckdb.Error as error:
                words = str(error).partition("\n")[0]
                raise InputError(f"The BATCH file {url} cannot be read: {words}") from error


def _query(connection: Any, encoding: dict[str, Any], path: str) -> str:
    form, compression = encoding.get("format"), encoding.get("compression")
    if form == "jsonl" and compression in COMPRESSIONS:
        return (
            f"SELECT json::VARCHAR FROM read_json_objects({literal(path)}, format = 'newline_delimited', "
            f"compression = '{COMPRESSIONS[compression]}')"
        )
    if form == "parquet":
        source = f"read_parquet({literal(path)})"
        columns = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        exact = [f"{quoted(name)}::VARCHAR AS {quoted(name)}" for name, kind, *_ in columns if kind.startswith(AS_TEXT)]
        chosen = f"* REPLACE ({', '.join(exact)})" if exact else "*"
        return f"SELECT to_json(r)::VARCHAR FROM (SELECT {chosen} FROM {source}) r"
    raise InputError(f"BATCH files of format {form} with compression {compression} cannot be read.")


@contextlib.contextmanager
def _local(url: str, storage: Any) -> Iterator[str]:
    """A path that DuckDB can read; what lies elsewhere is copied for a while."""
    if "://" not in url or url.startswith("file://"):
        yield url.removeprefix("file://")
        return
    head, tail = StorageTarget.split_url(url)
    source = StorageTarget.from_dict(storage) if storage else StorageTarget.from_url(head)
    with tempfile.TemporaryDirectory() as folder, source.open(tail, mode="rb") as remote:
        path = Path(folder) / "batch"
        with path.open("wb") as local:
            shutil.copyfileobj(remote, local)
        yield str(path)
