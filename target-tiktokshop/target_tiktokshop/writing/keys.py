"""Keys of what must never be done twice and leaves no key with the platform: kept on this machine, on disk first."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
WAIT_SECONDS = 30
_TABLE = """
CREATE TABLE IF NOT EXISTS keys (
  shop TEXT NOT NULL, key TEXT NOT NULL, what TEXT NOT NULL, since TEXT NOT NULL, done TEXT,
  PRIMARY KEY (shop, key)
) WITHOUT ROWID
"""


@dataclass(frozen=True)
class KeyEntry:
    """What is known of a key.

    Attributes:
        what: A digest of what was to be done under it.
        since: What the platform showed last before it was tried.
        done: The platform's id of what was done, None while that is not known.
    """

    what: str
    since: str
    done: str | None


class Keys:
    """The keys in a file of SQLite; any thread may use it, and other processes at the same time.

    Raises:
        OSError: The file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        path.touch(PRIVATE)
        self._run(_TABLE)

    def find(self, shop: str, key: str) -> KeyEntry | None:
        """What is known of a key, None if nothing."""
        rows = self._run("SELECT what, since, done FROM keys WHERE shop = ? AND key = ?", shop, key)
        return KeyEntry(*rows[0]) if rows else None

    def begin(self, shop: str, key: str, what: str, since: str) -> None:
        """Notes that something will be tried; when it returns, the note outlives the process and the machine."""
        self._run("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, NULL)", shop, key, what, since)

    def finish(self, shop: str, key: str, done: str) -> None:
        """Notes that it was done."""
        self._run("UPDATE keys SET done = ? WHERE shop = ? AND key = ?", done, shop, key)

    def forget(self, shop: str, key: str) -> None:
        """It was refused, so the key is free again."""
        self._run("DELETE FROM keys WHERE shop = ? AND key = ?", shop, key)

    def _run(self, sql: str, *values: str) -> list[tuple[str, str, str | None]]:
        try:
            with self._lock, closing(sqlite3.connect(self._path, timeout=WAIT_SECONDS, isolation_level=None)) as db:
                db.execute("PRAGMA synchronous = FULL")
                return db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise OSError(None, f"it cannot be used ({type(error).__name__})", str(self._path)) from None
