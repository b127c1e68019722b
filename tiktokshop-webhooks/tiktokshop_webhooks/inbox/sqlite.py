"""An inbox in a file, for one machine: SQLite with a write-ahead log, every transaction on the disk when it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from threading import Lock
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import ConfigurationError

from tiktokshop_webhooks.inbox.engine import PATIENCE, InboxError, UselessInboxError
from tiktokshop_webhooks.inbox.statements import COUNTERS, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tiktokshop_webhooks.inbox.engine import Execute, Made

OWNER_ONLY = 0o600
_OPENING = Lock()
"""Held from making a file until a connection to it is there, see ``_connected``."""
_NAMES = "SELECT name FROM sqlite_master"
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA journal_size_limit = 16777216",
)
_SOMETHING_ELSE = "is not an inbox but some other file: put another path into the setting webhook_inbox"
# The words of SQLite -> what is the matter, and what to do.
TROUBLES = {
    "full": "has no room: make room on its disk",
    "locked": f"has been locked by another process for {PATIENCE:g} seconds",
    "readonly": "cannot be written: check who owns the file and its folder",
    "unable to open": "cannot be opened: check its folder, and who may write there",
    "not a database": _SOMETHING_ELSE,
    "malformed": "is damaged: move the file away, and a new one is made",
    "I/O": "cannot be written or read: check its disk",
}
LASTING = {"readonly", "unable to open", "not a database", "malformed"}
"""Those of them that waiting does not end."""
NEVER = {
    *(errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP),
}
"""The same of the system's errors."""


class SqliteEngine:
    """A file of SQLite.

    Args:
        path: The file; made, with its folder, if it is missing.
        create: Whether it may be made.
    """

    lock = ""

    def __init__(self, path: Path, *, create: bool) -> None:
        self.name = str(path)
        self._path = path
        self._create = create
        self._guard = Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def perform(self, work: Callable[[Execute], Made], *, write: bool = True) -> Made:
        """As ``Engine`` says."""
        with self._guard:
            try:
                return self._perform(self._open(), work, "BEGIN IMMEDIATE" if write else "BEGIN")
            except sqlite3.Error as error:
                self._drop()
                raise self._told(str(error)) from None
            except OSError as error:
                kind = UselessInboxError if error.errno in NEVER else InboxError
                raise kind(f"the inbox {self.name} cannot be opened: {error.strerror}") from None

    def tidy(self) -> None:
        """Empties the write-ahead log, in which deleted rows are still legible."""
        with self._guard, contextlib.suppress(sqlite3.Error, OSError):
            self._open().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """As ``Engine`` says."""
        with self._guard:
            self._drop()

    @staticmethod
    def _perform(connection: sqlite3.Connection, work: Callable[[Execute], Made], begin: str) -> Made:
        def execute(statement: str, *values: Any) -> sqlite3.Cursor:
            return connection.execute(statement, values)

        connection.execute(begin)
        try:
            made = work(execute)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return made

    def _open(self) -> sqlite3.Connection:
        """The connection, a new one where another file has taken the place of the one that it writes to."""
        if self._connection is not None and self._file == self._place():
            return self._connection
        self._drop()
        if not self._create and not self._path.exists():
            raise self._missing()
        place = self._place()  # before: a file that takes its place meanwhile is seen as another one the next time
        connection = self._connected()
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection, self._file = connection, place
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Sets a connection up; a file that is not ours is left as it is."""
        names = {name for (name,) in connection.execute(_NAMES).fetchall()}
        if names and COUNTERS not in names:
            raise UselessInboxError(f"the inbox {self.name} {_SOMETHING_ELSE}")
        if not names and not self._create:
            raise self._missing()
        for pragma in PRAGMAS:
            connection.execute(pragma)
        if not names:
            self._perform(connection, _make_tables, "BEGIN IMMEDIATE")

    def _missing(self) -> ConfigurationError:
        return ConfigurationError(
            f"there is no inbox at {self.name}: start tiktokshop-webhooks serve with the same setting "
            "webhook_inbox, or correct the setting"
        )

    def _connected(self) -> sqlite3.Connection:
        """A connection; the file is made for its owner only, if it is missing.

        A process that closes any descriptor of a file loses all the locks that it has on it, SQLite's too: the next
        process to close the inbox would take itself for the last one and delete the log that this one goes on writing
        to. So a descriptor of ours is only ever of a file that is new, before any thread has a connection to it.
        """
        with _OPENING:
            if self._create:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with contextlib.suppress(FileExistsError):
                    os.close(os.open(os.path.realpath(self._path), os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
            return sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)

    def _place(self) -> tuple[int, int] | None:
        try:
            facts = os.stat(self._path)  # noqa: PTH116 - once for each batch of deliveries
        except OSError:
            return None
        return facts.st_dev, facts.st_ino

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = self._file = None

    def _told(self, words: str) -> InboxError:
        word = next((word for word in TROUBLES if word in words), "")
        kind = UselessInboxError if word in LASTING else InboxError
        return kind(f"the inbox {self.name} {TROUBLES.get(word, 'cannot be used')}")


def _make_tables(run: Execute) -> None:
    for table in TABLES:
        run(table.format(number="INTEGER", bytes="BLOB"))
