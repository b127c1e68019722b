"""Documents that processes on any machines share in PostgreSQL, by the clock of its server."""

from __future__ import annotations

import contextlib
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors as pg

from tiktokshop_client.errors import TransientError
from tiktokshop_client.postgres import OwnTables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Result = TypeVar("Result")

TABLE = "tiktokshop_claims"
TIMEOUT = 10
_CREATE = f"CREATE TABLE IF NOT EXISTS {TABLE} (entry text PRIMARY KEY, content bytea)"
_EXISTS = f"SELECT to_regclass('{TABLE}') IS NOT NULL"
_ROOM = f"INSERT INTO {TABLE} VALUES (%s, NULL) ON CONFLICT DO NOTHING"  # noqa: S608 - a name of our own
_READ = f"SELECT content FROM {TABLE} WHERE entry = %s FOR UPDATE"  # noqa: S608
_WRITE = f"UPDATE {TABLE} SET content = %s WHERE entry = %s"  # noqa: S608
_NOW = "SELECT extract(epoch FROM clock_timestamp())::float8"
_ALIVE: Mapping[str, Any] = {
    "keepalives_idle": TIMEOUT // 2,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": TIMEOUT * 1000,
}
"""So that nobody waits for a quarter of an hour for a server that has gone without a word."""


class PostgreSQLPlace:
    """Keeps each document in a row of the table ``tiktokshop_claims``, which is made when it is missing.

    Args:
        url: ``postgresql://…``, as libpq takes it.
        name: What a human knows the place by, without secrets.
    """

    alone = 1.0
    wanted = True

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self._tables = OwnTables(f"the store of claims {name}", "token_store", f"the table {TABLE}")
        self._url = self._tables.checked(url)
        self._lock = Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._lost = False  # whether the last one ended by itself

    def now(self) -> float:
        """Seconds by the server's clock."""

        def asked(connection: psycopg.Connection[Any]) -> float:
            return _clock(connection)

        return self._told(asked)

    def exchange(self, key: str, change: Callable[[bytes | None, float], tuple[bytes, Result]]) -> Result:
        """See ``BudgetPlace``."""

        def swap(connection: psycopg.Connection[Any]) -> Result:
            with connection.transaction():
                connection.execute(_ROOM, (key,))
                row = connection.execute(_READ, (key,)).fetchone()
                stored = bytes(row[0]) if row and row[0] is not None else None
                content, result = change(stored, _clock(connection))
                connection.execute(_WRITE, (content, key))
            return result

        return self._told(swap)

    def close(self) -> None:
        """See ``BudgetPlace``."""
        with self._lock:
            self._drop()

    def _told(self, work: Callable[[psycopg.Connection[Any]], Result]) -> Result:
        """The work's result on the one connection; on a new one if the server has ended that meanwhile."""
        with self._lock:
            kept, self._lost = self._connection is not None, False
            try:
                return self._tried(work)
            except TransientError:
                if not (kept and self._lost):
                    raise
            return self._tried(work)

    def _tried(self, work: Callable[[psycopg.Connection[Any]], Result]) -> Result:
        """The work's result; errors in our words, which hold no URL."""
        try:
            return work(self._open())
        except psycopg.Error as error:
            problem = self._tables.error(error)
        if self._connection is not None:
            self._lost = self._connection.broken
        self._drop()
        raise problem

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
        self._connection = None

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            connection = psycopg.connect(self._url.reveal(), autocommit=True, connect_timeout=TIMEOUT, **_ALIVE)
            connection.execute(f"SET lock_timeout = {TIMEOUT * 1000}")
            row = connection.execute(_EXISTS).fetchone()
            if not (row and row[0]):
                with contextlib.suppress(pg.UniqueViolation, pg.DuplicateTable):  # another process made it just now
                    connection.execute(_CREATE)
            self._connection = connection
        return self._connection


def _clock(connection: psycopg.Connection[Any]) -> float:
    row = connection.execute(_NOW).fetchone()
    return float(row[0]) if row else 0.0
