"""What runs remember of listings: pictures that are uploaded, products that were begun. A small SQLite file."""

from __future__ import annotations

import sqlite3
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from tiktokshop_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT = Path(".tiktokshop") / "listings.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS pictures (
  seller TEXT NOT NULL, digest TEXT NOT NULL, use_case TEXT NOT NULL, uri TEXT NOT NULL, url TEXT NOT NULL,
  uploaded_at INTEGER NOT NULL, PRIMARY KEY (seller, digest, use_case)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS products (
  shop TEXT NOT NULL, names TEXT NOT NULL, key TEXT NOT NULL, product TEXT NOT NULL, begun_at INTEGER NOT NULL,
  PRIMARY KEY (shop, names)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS edits (
  shop TEXT NOT NULL, product TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (shop, product)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replicas (
  shop TEXT NOT NULL, product TEXT NOT NULL, region TEXT NOT NULL, asked_at INTEGER NOT NULL,
  PRIMARY KEY (shop, product, region)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reviews (
  shop TEXT NOT NULL, product TEXT NOT NULL, run TEXT NOT NULL, line INTEGER NOT NULL, entry TEXT NOT NULL,
  PRIMARY KEY (shop, product, run, line)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Begun:
    """A product that some run began to create.

    Attributes:
        key: The key that makes a repeat of the call harmless.
        product_id: The product that came of it, "" if that is not known.
        begun_at: When, unix seconds.
    """

    key: str
    product_id: str
    begun_at: int = 0


@dataclass(frozen=True)
class OpenReview:
    """A row whose product the platform reviews.

    Attributes:
        shop: The shop that has the product.
        product_id: The product.
        run: The run that wrote the row's outcome, and `number` its place in it.
        entry: Its line of the results file, as JSON.
    """

    shop: str
    product_id: str
    run: str
    number: int
    entry: str


class ListingMemory:
    """Any thread may use it. What a method has noted is on disk when it returns.

    Raises:
        ConfigurationError: The file cannot be used, now or in any call.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path or DEFAULT
        self._lock = Lock()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.touch(mode=0o600)
            self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=30)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> ConfigurationError:
        return ConfigurationError(
            f"the file {self._path}, which remembers pictures and new products, cannot be used "
            f"({type(error).__name__}): set listings_store to another one, or end what holds it"
        )

    def _row(self, sql: str, *values: str) -> tuple[str, ...] | None:
        row: tuple[str, ...] | None = self._told(sql, values).fetchone()
        return row

    def _do(self, sql: str, *values: object) -> None:
        self._told(sql, values)

    def _told(self, sql: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            with self._lock:
                return self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def picture(self, seller: str, digest: str, use_case: str) -> str:
        """The uri of a picture that was uploaded for a seller and a use, "" if none was."""
        sql = "SELECT uri FROM pictures WHERE seller = ? AND digest = ? AND use_case = ?"
        row = self._row(sql, seller, digest, use_case)
        return row[0] if row else ""

    def uploaded(self, seller: str, digest: str, use_case: str, uri: str, url: str) -> None:
        """Notes an upload."""
        row = (seller, digest, use_case, uri, url, int(time.time()))
        self._do("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?, ?, ?)", *row)

    def forget(self, seller: str, digest: str, use_case: str) -> None:
        """The platform does not know a picture any more."""
        sql = "DELETE FROM pictures WHERE seller = ? AND digest = ? AND use_case = ?"
        self._do(sql, seller, digest, use_case)

    def begun(self, shop: str, names: str) -> Begun | None:
        """What is known of a product of these seller SKUs."""
        row = self._row("SELECT key, product, begun_at FROM products WHERE shop = ? AND names = ?", shop, names)
        return Begun(row[0], row[1], int(row[2])) if row else None

    def begin(self, shop: str, names: str) -> str:
        """Notes that a product is about to be created; returns the key of the call, the same until it is settled.

        The key is "" if a product came of it meanwhile, by another run.
        """
        row = (shop, names, str(uuid.uuid4()), "", int(time.time()))
        self._do("INSERT INTO products VALUES (?, ?, ?, ?, ?) ON CONFLICT (shop, names) DO NOTHING", *row)
        found = self.begun(shop, names)
        return "" if found is None or found.product_id else found.key

    def created(self, shop: str, names: str, product_id: str) -> None:
        """Notes which product came of it, or was found to be it."""
        sql = (
            "INSERT INTO products VALUES (?, ?, '', ?, ?) "
            "ON CONFLICT (shop, names) DO UPDATE SET product = excluded.product"
        )
        self._do(sql, shop, names, product_id, int(time.time()))

    def refused(self, shop: str, names: str) -> None:
        """The platform refused it, so nothing came of it; or what came of it is gone."""
        self._do("DELETE FROM products WHERE shop = ? AND names = ?", shop, names)

    def edit(self, shop: str, product_id: str) -> str:
        """The digest of the last edit that was sent for a product, "" if none is known."""
        row = self._row("SELECT digest FROM edits WHERE shop = ? AND product = ?", shop, product_id)
        return row[0] if row else ""

    def edited(self, shop: str, product_id: str, digest: str) -> None:
        """Notes an edit that was sent."""
        self._do("INSERT OR REPLACE INTO edits VALUES (?, ?, ?)", shop, product_id, digest)

    def replica_asked(self, shop: str, product_id: str, region: str) -> int:
        """When a replica was last asked for, unix seconds; 0 for never, or if that was refused."""
        sql = "SELECT asked_at FROM replicas WHERE shop = ? AND product = ? AND region = ?"
        row = self._row(sql, shop, product_id, region)
        return int(row[0]) if row else 0

    def ask_replica(self, shop: str, product_id: str, region: str, at: int) -> None:
        """Notes that a replica is about to be asked for; a moment of 0 takes that back, as the platform refused it."""
        if at:
            self._do("INSERT OR REPLACE INTO replicas VALUES (?, ?, ?, ?)", shop, product_id, region, at)
        else:
            self._do("DELETE FROM replicas WHERE shop = ? AND product = ? AND region = ?", shop, product_id, region)

    def reviewed(self, settled: Iterable[tuple[str, str]], waiting: Iterable[OpenReview]) -> None:
        """Notes what has been settled, as (shop, product), and what waits for a review; a newer run's rows replace."""
        fresh = list(waiting)
        gone = {*settled, *((review.shop, review.product_id) for review in fresh)}
        if not gone:
            return
        try:
            with self._lock:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("DELETE FROM reviews WHERE shop = ? AND product = ?", sorted(gone))
                rows = [(one.shop, one.product_id, one.run, one.number, one.entry) for one in fresh]
                self._db.executemany("INSERT OR REPLACE INTO reviews VALUES (?, ?, ?, ?, ?)", rows)
                self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def reviews(self) -> list[OpenReview]:
        """What waits for a review, the rows of a product beside each other."""
        found = self._told("SELECT shop, product, run, line, entry FROM reviews ORDER BY shop, product, run, line", ())
        return [OpenReview(*row) for row in found.fetchall()]

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._db.close()
