"""What must outlive a task, in PostgreSQL: states, locks, what became of each seller, what is to be written back."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from tiktokshop_airflow.sellers import FleetError

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS tiktokshop_states (
  state_id text PRIMARY KEY, state text NOT NULL, changed timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS tiktokshop_outcomes (
  run text NOT NULL, lot integer NOT NULL, seller text NOT NULL, code integer NOT NULL, sentence text NOT NULL,
  ended timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (run, lot, seller)
);
CREATE TABLE IF NOT EXISTS tiktokshop_feeds (
  run text NOT NULL, seller text NOT NULL, feed bytea NOT NULL, made timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run, seller)
);
DELETE FROM tiktokshop_outcomes WHERE ended < now() - interval '90 days';
DELETE FROM tiktokshop_feeds WHERE made < now() - interval '30 days';
"""
# A machine that is gone gives its locks back within half a minute; PostgreSQL would wait for hours.
_ALIVE: Final = "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"


class HeldError(Exception):
    """Another run has the seller."""


@dataclass(frozen=True)
class Fate:
    """What became of a seller in a run: the exit code of the contract, and the sentence that says why."""

    code: int
    sentence: str = ""


@dataclass
class Hold:
    """A state that this run alone may use, as long as the connection stands or a process has a copy of its socket."""

    _connection: psycopg.Connection
    _state_id: str

    def fileno(self) -> int:
        """The socket. The programs of a seller get a copy: a task that is killed lets go when they have ended, too."""
        return self._connection.fileno()

    def state(self) -> str:
        """The seller's state, as JSON; empty before the first run."""
        asked = "SELECT state FROM tiktokshop_states WHERE state_id = %s"
        row = self._connection.execute(asked, (self._state_id,)).fetchone()
        return row[0] if row else ""

    def keep(self, state: str) -> None:
        """Stores a state: only while the lock is held, as it goes through the same connection."""
        self._connection.execute(
            "INSERT INTO tiktokshop_states (state_id, state) VALUES (%s, %s)"
            " ON CONFLICT (state_id) DO UPDATE SET state = excluded.state, changed = now()",
            (self._state_id, state),
        )


@dataclass(frozen=True)
class FleetStore:
    """The store at an address of PostgreSQL. A method opens a connection and closes it."""

    address: str

    def prepare(self) -> None:
        """Makes the tables if they are not there, and removes what is old."""
        with self._open() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('tiktokshop', 0))")
            connection.execute(_TABLES)

    @contextlib.contextmanager
    def hold(self, state_id: str, wait_seconds: float) -> Iterator[Hold]:
        """Takes the lock of a state.

        Raises:
            HeldError: another run had it for all of `wait_seconds`.
        """
        with self._open() as connection:
            connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{wait_seconds:.3f}s",))
            try:
                connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 1))", (state_id,))
            except psycopg.errors.LockNotAvailable:
                raise HeldError(state_id) from None
            yield Hold(connection, state_id)

    def note(self, run: str, lot: int, seller: str, fate: Fate) -> None:
        """Notes what became of a seller in a lot of tries of a run."""
        with self._open() as connection:
            connection.execute(
                "INSERT INTO tiktokshop_outcomes (run, lot, seller, code, sentence) VALUES (%s, %s, %s, %s, %s)"
                " ON CONFLICT (run, lot, seller)"
                " DO UPDATE SET code = excluded.code, sentence = excluded.sentence, ended = now()",
                (run, lot, seller, fate.code, fate.sentence),
            )

    def noted(self, run: str, lot: int | None = None) -> dict[str, Fate]:
        """What is noted of a run's sellers, by name: of one lot of tries, or the newest of each seller."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT seller, code, sentence FROM tiktokshop_outcomes"
                " WHERE run = %s AND (lot = %s OR %s::integer IS NULL) ORDER BY ended",
                (run, lot, lot),
            ).fetchall()
        return {seller: Fate(code, sentence) for seller, code, sentence in rows}

    def keep_feed(self, run: str, seller: str, feed: bytes) -> str:
        """Stores what is to be written back to a seller's shops; returns its digest."""
        with self._open() as connection:
            connection.execute(
                "INSERT INTO tiktokshop_feeds (run, seller, feed) VALUES (%s, %s, %s)"
                " ON CONFLICT (run, seller) DO UPDATE SET feed = excluded.feed, made = now()",
                (run, seller, feed),
            )
        return hashlib.sha256(feed).hexdigest()

    def feed(self, run: str, seller: str, digest: str) -> bytes:
        """What is to be written back, as it was when it was planned.

        Raises:
            FleetError: it is not there any more, or is not what was planned.
        """
        with self._open() as connection:
            asked = "SELECT feed FROM tiktokshop_feeds WHERE run = %s AND seller = %s"
            row = connection.execute(asked, (run, seller)).fetchone()
        if row is None or hashlib.sha256(row[0]).hexdigest() != digest:
            raise FleetError(f"What was approved for {seller} is not there any more: run the plan again.")
        return bytes(row[0])

    def rows(self, table: str) -> list[dict[str, object]]:
        """The rows of a table, with or without a schema before its name.

        Raises:
            FleetError: there is no such table, or it may not be read.
        """
        with self._open() as connection, connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            try:
                return cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(*table.split(".")))).fetchall()
            except psycopg.errors.UndefinedTable:
                raise FleetError(f"There is no table {table} of sellers.") from None
            except psycopg.errors.InsufficientPrivilege:
                raise FleetError(f"The table {table} of sellers may not be read.") from None

    @contextlib.contextmanager
    def _open(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(
            self.address, autocommit=True, connect_timeout=10, application_name="tiktokshop-airflow", options=_ALIVE
        ) as connection:
            yield connection
