"""Keys of what must never be done twice and leaves no key with the platform: kept on this machine, on disk first."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
WAIT_SECONDS = 30
_TABLES = """
CREATE TABLE IF NOT EXISTS keys (
  shop TEXT NOT NULL, key TEXT NOT NULL, what TEXT NOT NULL, since TEXT NOT NULL, done TEXT,
  PRIMARY KEY (shop, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pictures (
  shop TEXT NOT NULL, digest TEXT NOT NULL, place TEXT NOT NULL, PRIMARY KEY (shop, digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (
  shop TEXT NOT NULL, key TEXT NOT NULL, attempt TEXT NOT NULL, PRIMARY KEY (shop, key)
) WITHOUT ROWID;
"""
_FIND = (
    "SELECT what, since, done, coalesce(attempt, '') FROM keys LEFT JOIN attempts USING (shop, key) "
    "WHERE shop = ? AND key = ?"
)


@dataclass(frozen=True)
class KeyEntry:
    """What is known of a key.

    Attributes:
        what: A digest of what was to be done under it.
        since: What the platform showed last before it was tried.
        done: The platform's id of what was done, None while that is not known.
        attempt: Whose last attempt it was, "" if none is known.
    """

    what: str
    since: str
    done: str | None
    attempt: str = ""


class Keys:
    """The keys in a file of SQLite; any thread may use it, and other processes at the same time.

    Args:
        path: The file.
        setting: What a user sets to have another one.

    Raises:
        ConfigurationError: The file cannot be used, now or in any call.
    """

    def __init__(self, path: Path, setting: str = "message_keys_path") -> None:
        self._path = path
        self._setting = setting
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            path.touch(PRIVATE)
        except OSError as error:
            raise self._unusable(error.strerror or type(error).__name__) from None
        with self._database() as db:
            db.executescript(_TABLES)

    def find(self, shop: str, key: str) -> KeyEntry | None:
        """What is known of a key, None if nothing."""
        rows = self._run(_FIND, shop, key)
        return KeyEntry(*rows[0]) if rows else None

    def begin(self, shop: str, key: str, what: str, since: str, seen: KeyEntry | None) -> bool:
        """Notes that something will be tried; when it returns, the note outlives the process and the machine.

        Returns:
            Whether the key was as it was `seen`. If it was not, another run is at it, or was, and nothing is noted.
        """
        with self._database() as db:
            db.execute("BEGIN IMMEDIATE")
            found = db.execute(_FIND, (shop, key)).fetchone()
            if (KeyEntry(*found) if found else None) != seen:
                db.execute("ROLLBACK")
                return False
            db.execute("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, NULL)", (shop, key, what, since))
            db.execute("INSERT OR REPLACE INTO attempts VALUES (?, ?, ?)", (shop, key, secrets.token_hex(8)))
            db.execute("COMMIT")
            return True

    def finish(self, shop: str, key: str, done: str) -> None:
        """Notes that it was done."""
        self._run("UPDATE keys SET done = ? WHERE shop = ? AND key = ?", done, shop, key)

    def has_done(self, shop: str, done: str) -> bool:
        """Whether what the platform knows by an id was done under some key."""
        return bool(self._run("SELECT 1 FROM keys WHERE shop = ? AND done = ? LIMIT 1", shop, done))

    def forget(self, shop: str, key: str) -> None:
        """It was refused, so the key is free again."""
        self._run("DELETE FROM keys WHERE shop = ? AND key = ?", shop, key)

    def picture(self, shop: str, digest: str) -> dict[str, Any]:
        """Where a picture was uploaded to, nothing if it was not."""
        rows = self._run("SELECT place FROM pictures WHERE shop = ? AND digest = ?", shop, digest)
        return dict(json.loads(rows[0][0])) if rows else {}

    def keep_picture(self, shop: str, digest: str, place: Mapping[str, Any]) -> None:
        """Notes where a picture was uploaded to."""
        self._run("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?)", shop, digest, json.dumps(place))

    def forget_picture(self, shop: str, digest: str) -> None:
        """The platform does not know the picture any more."""
        self._run("DELETE FROM pictures WHERE shop = ? AND digest = ?", shop, digest)

    def _run(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        with self._database() as db:
            return db.execute(sql, values).fetchall()

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock, closing(sqlite3.connect(self._path, timeout=WAIT_SECONDS, isolation_level=None)) as db:
                db.execute("PRAGMA synchronous = FULL")
                yield db
        except sqlite3.Error as error:
            raise self._unusable(type(error).__name__) from None

    def _unusable(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"the file {self._path}, which remembers what was sent, cannot be used ({why}): set {self._setting} to "
            "another one, or end what holds it"
        )
