"""A token pair in PostgreSQL: one row of our own table, and an advisory lock that ends with its connection."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors as pg

from tiktokshop_client.errors import ConfigurationError, TransientError
from tiktokshop_client.postgres import OwnTables, Trouble, trouble
from tiktokshop_client.stores.store import LOCK_TIMEOUT, LostRaceError
from tiktokshop_client.token import ROOM, Token, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tiktokshop_client.errors import TikTokShopError

TABLE = "tiktokshop_tokens"
CONNECT_TIMEOUT = 10
TRIES = 3

_CREATE = f"CREATE TABLE IF NOT EXISTS {TABLE} (entry text PRIMARY KEY, content bytea NOT NULL)"
_EXISTS = f"SELECT to_regclass('{TABLE}') IS NOT NULL"
_PUBLIC = f"SELECT has_table_privilege('public', '{TABLE}', 'SELECT, INSERT, UPDATE')"
_READ = f"SELECT content FROM {TABLE} WHERE entry = %s"  # noqa: S608 - a name of our own
_PUT = f"INSERT INTO {TABLE} VALUES (%s, %s) ON CONFLICT (entry) DO UPDATE SET content = excluded.content"  # noqa: S608
_INSERT = f"INSERT INTO {TABLE} VALUES (%s, %s) ON CONFLICT DO NOTHING"  # noqa: S608
_UPDATE = f"UPDATE {TABLE} SET content = %s WHERE entry = %s AND content = %s"  # noqa: S608
_REHEARSE = f"UPDATE {TABLE} SET content = content WHERE entry = %s"  # noqa: S608
_DELETE = f"DELETE FROM {TABLE} WHERE entry = %s"  # noqa: S608


class PostgreSQLStore:
    """Keeps the pair in a row of the table ``tiktokshop_tokens``, which is made when it is missing.

    Args:
        url: ``postgresql://…``, as libpq takes it; what it leaves out comes from libpq's own places (PGPASSWORD, …).
        name: What a human knows the store by, without secrets.
        entry: The row's key.
    """

    def __init__(self, url: str, name: str, entry: str) -> None:
        self.name = name
        self._tables = OwnTables(f"the token store {name}", "token_store", f"the table {TABLE}")
        self._url = self._tables.checked(url)
        self.entry = entry
        self._number = int.from_bytes(hashlib.sha256(f"{TABLE} {entry}".encode()).digest()[:8], "big", signed=True)
        self._before: bytes | None = None  # what the row held when the lock was taken, None without the lock

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds an advisory lock on a connection of its own; the server frees it when the process dies.

        Raises:
            TransientError: Another process holds it for longer than a refresh can take, or the server is not there.
            ConfigurationError: The server does not let us.
        """
        connection = self._told(self._lock)
        try:
            self._before = self._content() or b""
            yield
        finally:
            self._before = None
            with contextlib.suppress(psycopg.Error):
                connection.close()

    def read(self) -> Token | None:
        """The stored pair.

        Raises:
            ConfigurationError: The server does not let us, everybody may read the table, or the row holds
                something else.
            TransientError: The server is not there.
        """
        content = self._content()
        return decode(content, self.name) if content else None

    def write(self, token: Token) -> None:
        """Replaces the row; under the lock only if it still holds what it held."""
        text, before = encode(token), self._before
        if before is None:
            self._do(_PUT, self.entry, text)
            return
        changed = self._do(_UPDATE, text, self.entry, before) if before else 0
        # A row that is gone holds nobody's pair, so it is written. A try whose answer was lost may have written it.
        if not changed and not self._do(_INSERT, self.entry, text) and self._content() != text:
            raise LostRaceError(f"another process has stored a pair in {self.name} meanwhile")
        self._before = text

    def clear(self) -> None:
        """Deletes the row."""
        self._do(_DELETE, self.entry)

    def check_writable(self) -> None:
        """Writes a row as large as a pair can get, then the pair's own row by itself, and takes the former away.

        Raises:
            ConfigurationError: That is not allowed, or there is no room.
            TransientError: The server is not there.
        """
        beside = f"{self.entry} (check {secrets.token_hex(4)})"

        def rehearse() -> None:
            with self._table() as connection:
                connection.execute(_PUT, (beside, secrets.token_bytes(ROOM)))
                connection.execute(_REHEARSE, (self.entry,))
                connection.execute(_DELETE, (beside,))

        self._told(rehearse)

    def _content(self) -> bytes | None:
        def fetch() -> bytes | None:
            with self._table() as connection:
                row = connection.execute(_READ, (self.entry,)).fetchone()
            return None if row is None else bytes(row[0])

        return self._told(fetch)  # type: ignore[no-any-return]

    def _do(self, statement: str, *parameters: str | bytes) -> int:
        def execute() -> int:
            with self._table() as connection:
                return int(connection.execute(statement, parameters).rowcount)

        return self._told(execute)  # type: ignore[no-any-return]

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._url.reveal(), autocommit=True, connect_timeout=CONNECT_TIMEOUT)

    @contextlib.contextmanager
    def _table(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection to a database that has the table, for nobody but those it was granted to."""
        with self._connect() as connection:
            if not _one(connection, _EXISTS):
                with contextlib.suppress(pg.UniqueViolation, pg.DuplicateTable):  # another process made it just now
                    connection.execute(_CREATE)
            if _one(connection, _PUBLIC):
                raise ConfigurationError(
                    f"the token store {self.name} is open to every user of the database, so it is not used: "
                    f"REVOKE ALL ON {TABLE} FROM PUBLIC",
                )
            yield connection

    def _lock(self) -> psycopg.Connection[Any]:
        connection = self._connect()
        try:
            connection.execute(f"SET lock_timeout = {round(LOCK_TIMEOUT * 1000)}")
            connection.execute("SELECT pg_advisory_lock(%s)", (self._number,))
        except BaseException:
            connection.close()
            raise
        return connection

    def _told(self, work: Callable[[], Any]) -> Any:
        """The work's result, tried again while the server stumbles; its errors in our words, which hold no URL."""
        tries = 0
        while True:
            tries += 1
            try:
                return work()
            except pg.LockNotAvailable:
                error: TikTokShopError = TransientError(
                    f"another process has held the token store {self.name} for {LOCK_TIMEOUT:.0f} seconds"
                )
                tries = TRIES
            except psycopg.Error as problem:
                error = self._tables.error(problem)
                if trouble(problem) is Trouble.AWAY:
                    error.reach = "run"
                else:
                    tries = TRIES
            if tries >= TRIES:
                raise error from None
            time.sleep(0.2 * tries)


def _one(connection: psycopg.Connection[Any], query: str) -> bool:
    row = connection.execute(query).fetchone()
    return bool(row and row[0])
