"""Consents under way in PostgreSQL: rows of a table of our own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors as pg

from tiktokshop_client.consent.books import FOR_EVER
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.postgres import OwnTables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tiktokshop_client.errors import TikTokShopError

TABLE = "tiktokshop_consents"
CONNECT_TIMEOUT = 5
# Statements are of names of our own; all values are bound.
_CREATE = f"CREATE TABLE IF NOT EXISTS {TABLE} (entry text PRIMARY KEY, content bytea NOT NULL, until bigint NOT NULL)"
_EXISTS = f"SELECT to_regclass('{TABLE}') IS NOT NULL"
_PUBLIC = f"SELECT has_table_privilege('public', '{TABLE}', 'SELECT, INSERT, UPDATE, DELETE')"
_SWEEP = f"DELETE FROM {TABLE} WHERE until <= %s"  # noqa: S608
_PUT = (
    f"INSERT INTO {TABLE} VALUES (%s, %s, %s) "  # noqa: S608
    "ON CONFLICT (entry) DO UPDATE SET content = excluded.content, until = excluded.until"
)
_READ = f"SELECT content FROM {TABLE} WHERE entry = %s AND until > %s"  # noqa: S608
_TAKE = f"DELETE FROM {TABLE} WHERE entry = %s AND until > %s RETURNING content"  # noqa: S608
_FIRST = f"INSERT INTO {TABLE} VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"  # noqa: S608
_SWAP = f"UPDATE {TABLE} SET content = %s WHERE entry = %s AND content = %s"  # noqa: S608


class PostgreSQLBook:
    """Keeps the entries in the table ``tiktokshop_consents``, which is made when it is missing.

    Args:
        url: ``postgresql://…``, as libpq takes it.
        name: What a human knows the place by, without secrets.
        now: Unix seconds.
    """

    def __init__(self, url: str, name: str, now: Callable[[], float]) -> None:
        self.name = name
        self._now = now
        self._tables = OwnTables(f"the consent store {name}", "consent_store", f"the table {TABLE}")
        self._url = self._tables.checked(url)

    def put(self, key: str, text: bytes, until: int) -> None:
        """See ``ConsentBook``."""
        with self._table() as table:
            table.execute(_SWEEP, (int(self._now()),))
            table.execute(_PUT, (key, text, until))

    def read(self, key: str) -> bytes | None:
        """See ``ConsentBook``."""
        with self._table() as table:
            return _content(table.execute(_READ, (key, int(self._now()))))

    def take(self, key: str) -> bytes | None:
        """See ``ConsentBook``."""
        with self._table() as table:
            return _content(table.execute(_TAKE, (key, int(self._now()))))

    def swap(self, key: str, before: bytes | None, text: bytes) -> bool:
        """See ``ConsentBook``."""
        with self._table() as table:
            if before is None:
                return table.execute(_FIRST, (key, text, FOR_EVER)).rowcount == 1
            return table.execute(_SWAP, (text, key, before)).rowcount == 1

    @contextlib.contextmanager
    def _table(self) -> Iterator[psycopg.Connection[Any]]:
        error: TikTokShopError
        try:
            with psycopg.connect(self._url.reveal(), autocommit=True, connect_timeout=CONNECT_TIMEOUT) as connection:
                if not _says(connection, _EXISTS):
                    with contextlib.suppress(pg.UniqueViolation, pg.DuplicateTable):  # another process made it just now
                        connection.execute(_CREATE)
                if _says(connection, _PUBLIC):
                    raise ConfigurationError(
                        f"the consent store {self.name} is open to every user of the database, so it is not used: "
                        f"REVOKE ALL ON {TABLE} FROM PUBLIC"
                    )
                yield connection
                return
        except psycopg.Error as problem:
            error = self._tables.error(problem)
        raise error


def _says(connection: psycopg.Connection[Any], query: str) -> bool:
    row = connection.execute(query).fetchone()
    return bool(row and row[0])


def _content(cursor: Any) -> bytes | None:
    row = cursor.fetchone()
    return None if row is None else bytes(row[0])
