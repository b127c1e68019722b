"""The marts where dbt has put them, in a DuckDB file or in PostgreSQL: opened to be read, and never changed."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import psycopg
from psycopg import sql as psycopg_sql

from tiktokshop_books.address import file_at, is_server, passwords, shown
from tiktokshop_books.errors import BooksError, PassingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = "tiktokshop_books"
_INEXACT = (Decimal, float)
_REFUSALS = ("authentication failed", "does not exist", "no pg_hba.conf entry", "no password supplied")
"""What a server says that is there and lets nobody in until a person acts."""
_TABLES = "select table_name from information_schema.tables where table_schema = '{schema}'"


class _Connection(Protocol):
    """What the connections of both engines can do."""

    def execute(self, query: Any) -> Any: ...


class Marts:
    """The tables of one schema, as they were when it was opened, whatever dbt does meanwhile.

    Amounts are `Decimal`, days are dates, moments are in UTC.
    """

    def __init__(self, connection: _Connection, schema: str, place: str) -> None:
        self._connection = connection
        self._schema = schema
        self._place = place
        self._known: frozenset[str] | None = None

    def tables(self) -> frozenset[str]:
        """The names of the tables and views there."""
        if self._known is None:
            names = self._connection.execute(_TABLES.format(schema=self._schema.replace("'", "''"))).fetchall()
            self._known = frozenset(name for (name,) in names)
        return self._known

    def rows(self, table: str, *columns: str) -> list[dict[str, Any]]:
        """The rows of a table, with all columns or with these, in no order."""
        self.need(table)
        names = ", ".join(f'"{name}"' for name in columns) or "*"
        return self.query(f'select {names} from "{table}"')  # noqa: S608 - the caller's names, not a user's

    def query(self, sql: str) -> list[dict[str, Any]]:
        """The rows that a SELECT on these tables gives; a name without a schema is one of theirs."""
        try:
            cursor = self._connection.execute(sql)
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, map(_value, row), strict=True)) for row in cursor.fetchall()]
        except (duckdb.Error, psycopg.Error) as error:
            raise BooksError(
                f"The tables in {self._place} are not those of this version: run dbt build again."
                f" ({_first_line(error)})"
            ) from error
        for row in rows:
            if wrong := [name for name, value in row.items() if isinstance(value, _INEXACT) and not isfinite(value)]:
                raise BooksError(
                    f"The column {wrong[0]} in {self._place} has {row[wrong[0]]}, which is no amount: find the row "
                    "that it comes from, load it anew, and run dbt build again."
                )
        return rows

    def need(self, *tables: str) -> None:
        """Refuses to go on without these tables."""
        missing = [table for table in tables if table not in self.tables()]
        if missing and not self.tables():
            raise self._without("tables")
        if missing:
            raise BooksError(
                f"{self._place} lacks {', '.join(missing)} in the schema {self._schema}: make it with dbt build."
            )

    def need_any(self, prefix: str) -> None:
        """Refuses to go on if no table's name begins so."""
        if not any(name.startswith(prefix) for name in self.tables()):
            raise self._without(f"tables {prefix}*")

    def _without(self, what: str) -> BooksError:
        return BooksError(
            f"{self._place} has no {what} in the schema {self._schema}: run dbt build there first, or say with "
            "--schema where it has put them."
        )


@contextmanager
def open_marts(where: str, schema: str = SCHEMA) -> Iterator[Marts]:
    """The marts in a DuckDB file or at an address like postgresql://user@host/database."""
    if is_server(where):
        place = shown(where)
        with _postgresql(where, place, schema) as connection:
            yield Marts(connection, schema, place)
    else:
        with _duckdb(file_at(where), schema) as connection:
            yield Marts(connection, schema, where)


@contextmanager
def _duckdb(path: Path, schema: str) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        words = _first_line(error)
        if "could not set lock" in words.lower():
            raise PassingError(f"Another process is writing to {path}: let it end, and try again. ({words})") from error
        raise BooksError(
            f"{path} cannot be opened: check that it is a DuckDB file and that this user may read it. ({words})"
        ) from error
    with connection:
        connection.execute("begin transaction")
        if schema in {name for (name,) in connection.execute("select schema_name from duckdb_schemas()").fetchall()}:
            connection.execute("set search_path = '{}'".format(schema.replace("'", "''")))
        yield connection


@contextmanager
def _postgresql(address: str, place: str, schema: str) -> Iterator[psycopg.Connection]:
    try:
        connection = psycopg.connect(address)
    except psycopg.Error as error:
        words = _first_line(error)
        cause = "" if any(password in words for password in passwords(address)) else f" ({words})"
        kind = BooksError if any(refusal in str(error) for refusal in _REFUSALS) else PassingError
        raise kind(
            f"{place} does not let us in: check the host, the user, the password and the database.{cause}"
        ) from error
    with connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute(psycopg_sql.SQL("set search_path to {}").format(psycopg_sql.Identifier(schema)))
        yield connection


def _value(value: Any) -> Any:
    return value.astimezone(dt.timezone.utc) if isinstance(value, dt.datetime) and value.tzinfo else value


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
