"""The files of BATCH messages, read by DuckDB: JSON lines (plain, gzip, zstd) and Parquet."""

from __future__ import annotations

import contextlib
import functools
import gzip
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import duckdb
from singer_sdk.helpers._batch import StorageTarget

from target_duckdb_exact.errors import InputError
from target_duckdb_exact.kinds import literal, quoted
from target_duckdb_exact.leftovers import clear, folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROWS = 500
COPIES = "target-duckdb-exact-batch-"
"""How the folders' names begin that hold a copy of a file from elsewhere."""
AS_TEXT = ("DECIMAL", "HUGEINT", "UHUGEINT")
"""Types whose values JSON would round."""


def records_of(encoding: dict[str, Any], manifest: Sequence[str], storage: Any) -> Iterator[bytes]:
    """The records of all files, in order, as JSON text.

    Raises:
        InputError: A file is not there, or is not what the message says.
    """
    kind = (encoding.get("format"), encoding.get("compression") or "none")
    read = READING.get(kind, READING.get(kind[:1]))
    if read is None:
        raise InputError("BATCH files of format {} with compression {} cannot be read.".format(*kind))
    for url in manifest:
        try:
            with _local(url, storage) as path:
                yield from read(path)
        except (duckdb.Error, OSError, EOFError) as error:  # noqa: PERF203 - once a file
            words = str(error).partition("\n")[0]
            raise InputError(f"The BATCH file {url} cannot be read: {words}") from error


def _lines(path: str) -> Iterator[bytes]:
    with Path(path).open("rb") as lines:
        yield from filter(bytes.strip, lines)


def _gzip(path: str) -> Iterator[bytes]:
    with gzip.open(path) as lines:
        yield from filter(bytes.strip, lines)


def _zstd(path: str) -> Iterator[bytes]:
    """Python has no zstd of its own before 3.14; DuckDB has."""
    source = f"read_json_objects({literal(path)}, format = 'newline_delimited', compression = 'zstd')"
    with _reading() as connection:
        yield from _texts(connection.execute(f"SELECT json::VARCHAR FROM {source}"))


def _parquet(path: str) -> Iterator[bytes]:
    source = f"read_parquet({literal(path)})"
    with _reading() as connection:
        columns = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        exact = [f"{quoted(name)}::VARCHAR AS {quoted(name)}" for name, kind, *_ in columns if kind.startswith(AS_TEXT)]
        chosen = f"* REPLACE ({', '.join(exact)})" if exact else "*"
        yield from _texts(connection.execute(f"SELECT to_json(r)::VARCHAR FROM (SELECT {chosen} FROM {source}) r"))


READING: dict[tuple[Any, ...], Callable[[str], Iterator[bytes]]] = {
    ("jsonl", "none"): _lines,
    ("jsonl", "gzip"): _gzip,
    ("jsonl", "zstd"): _zstd,
    ("parquet",): _parquet,
}


@contextlib.contextmanager
def _reading() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def _texts(found: Any) -> Iterator[bytes]:
    while rows := found.fetchmany(ROWS):
        for (text,) in rows:
            yield text.encode()


@functools.cache
def _clear_copies() -> None:
    """Removes the copies of runs that were killed, once in a run."""
    clear(Path(tempfile.gettempdir()), COPIES)


@contextlib.contextmanager
def _local(url: str, storage: Any) -> Iterator[str]:
    """A path that DuckDB can read; what lies elsewhere is copied for a while."""
    if "://" not in url or url.startswith("file://"):
        yield unquote(url.removeprefix("file://")) if "://" in url else url
        return
    head, tail = StorageTarget.split_url(url)
    source = StorageTarget.from_dict(storage) if storage else StorageTarget.from_url(head)
    _clear_copies()
    with folder(None, COPIES) as made, source.open(tail, mode="rb") as remote:
        path = made / "batch"
        with path.open("wb") as local:
            shutil.copyfileobj(remote, local)
        yield str(path)
