"""An inbox in PostgreSQL, for several receivers behind a balancer."""

from __future__ import annotations

import contextlib
import hashlib
from threading import Lock
from typing import TYPE_CHECKING, Any

import psycopg
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.postgres import OwnTables, Trouble, trouble

from tiktokshop_webhooks.inbox.engine import PATIENCE, InboxError, UselessInboxError
from tiktokshop_webhooks.inbox.statements import COUNTERS, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiktokshop_webhooks.inbox.engine import Execute, Made

_EXISTS = f"SELECT to_regclass('{COUNTERS}') IS NOT NULL"
_MAKING = int.from_bytes(hashlib.sha256(COUNTERS.encode()).digest()[:8], "big", signed=True)
_PREPARE = (
    f"SET statement_timeout = {round(PATIENCE * 1000)}",
    f"SET lock_timeout = {round(PATIENCE * 1000)}",
    # A receiver that stands still in a transaction would keep all others from storing anything.
    "SET idle_in_transaction_session_timeout = 10000",
    # A commit is on the disk when it is answered, whatever the server's default is.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)


class PostgreSQLEngine:
    """A database of a server; the tables are made when they are missing.

    Args:
        url: ``postgresql://…``, as libpq takes it; what it leaves out comes from libpq's own places (PGPASSWORD, …).
        name: What a human knows it by, without secrets.
        create: Whether the tables may be made.
    """

    lock = " FOR UPDATE"

    def __init__(self, url: str, name: str, *, create: bool) -> None:
        self.name = name
        self._tables = OwnTables(f"the inbox {name}", "webhook_inbox", "the tables that begin with tiktokshop_")
        self._url = self._tables.checked(url)
        self._create = create
        self._guard = Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def perform(self, work: Callable[[Execute], Made], *, write: bool = True) -> Made:  # noqa: ARG002 - one way for both
        """As ``Engine`` says."""
        with self._guard:
            used = self._connection is not None
            try:
                return self._told(work)
            except _LostError:
                if not used:
                    raise
            return self._told(work)  # the server was started again meanwhile: by a new connection it goes

    def tidy(self) -> None:
        """Leaves it to the server's own vacuum."""

    def close(self) -> None:
        """As ``Engine`` says."""
        with self._guard:
            self._drop()

    def _perform(self, work: Callable[[Execute], Made]) -> Made:
        connection = self._open()

        def execute(statement: str, *values: Any) -> psycopg.Cursor[Any]:
            return connection.execute(statement.replace("?", "%s").encode(), values)

        with connection.transaction():
            return work(execute)

    def _told(self, work: Callable[[Execute], Made]) -> Made:
        """The work's result; its errors in our words, which hold no URL and no value."""
        try:
            return self._perform(work)
        except psycopg.Error as problem:
            error = _ERRORS.get(trouble(problem), InboxError)(self._tables.says(problem))
        self._drop()
        raise error from None

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is not None:
            return self._connection
        connection = psycopg.connect(
            self._url.reveal(),
            autocommit=True,
            connect_timeout=round(PATIENCE),
            tcp_user_timeout=round(PATIENCE * 1000),
        )
        try:
            for statement in _PREPARE:
                connection.execute(statement.encode())
            row = connection.execute(_EXISTS.encode()).fetchone()
            if row and not row[0]:
                self._make(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _make(self, connection: psycopg.Connection[Any]) -> None:
        if not self._create:
            raise ConfigurationError(
                f"there is no inbox in {self.name}: start tiktokshop-webhooks serve with the same setting "
                "webhook_inbox, or correct the setting"
            )
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))  # another may make them just now
            for table in TABLES:
                connection.execute(table.format(number="BIGINT", bytes="BYTEA").encode())

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
        self._connection = None


class _LostError(InboxError):
    """There is no connection, or no more."""


_ERRORS = {Trouble.AWAY: _LostError, Trouble.REFUSED: UselessInboxError}
