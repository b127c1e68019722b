"""The outbox: every delivery that is to be made or was made, in the shops' own file.

What happens in a shop and its announcement are written in one transaction, so that nothing that happened is forgotten,
whenever the sandbox ends.
"""

from __future__ import annotations

import secrets
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from tiktokshop_sandbox.webhooks.types import Happening

NEW, WAITING, DELIVERED, REFUSED, DROPPED, LOST = "new", "waiting", "delivered", "refused", "dropped", "lost"
STATES: Final = (NEW, WAITING, DELIVERED, REFUSED, DROPPED, LOST)
OPEN: Final = (NEW, WAITING)
_OVER: Final = (DELIVERED, REFUSED, DROPPED, LOST)
_SALT: Final = "webhooks.salt"
_FORGOTTEN: Final = "webhooks.forgotten"
KEPT: Final = 20_000
"""Deliveries of each state that are kept once they are over."""
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS webhooks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, shop INTEGER NOT NULL, type INTEGER NOT NULL, notification TEXT NOT NULL,
  address TEXT NOT NULL, data BLOB NOT NULL, raw INTEGER NOT NULL, at INTEGER NOT NULL, due INTEGER NOT NULL,
  tries INTEGER NOT NULL, state TEXT NOT NULL, fault TEXT NOT NULL, http INTEGER NOT NULL, told TEXT NOT NULL,
  stamp INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS webhooks_due ON webhooks (state, due, id);
"""
_COLUMNS: Final = "id, shop, type, notification, address, data, raw, at, due, tries, state, fault, http, told, stamp"
_INSERT: Final = "INSERT INTO webhooks VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Outgoing(NamedTuple):
    """One delivery. Times are the shops', unix seconds.

    `data` is the event's data as JSON, or, if `raw`, the whole body. `due` is when the next try is to be made; `http`,
    `told` and `stamp` are the last try's: the status that was answered (0: none), what the sandbox says of the answer,
    and the `timestamp` of the envelope.
    """

    id: int
    shop: int
    type: int
    notification: str
    address: str
    data: bytes
    raw: bool
    at: int
    due: int
    tries: int
    state: str
    fault: str
    http: int
    told: str
    stamp: int


class Outbox:
    """The deliveries in a sandbox's file."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        for statement in _TABLES.split(";")[:-1]:
            db.execute(statement)
        self._salt = self._meta(_SALT) or secrets.randbits(31)
        self._set_meta(_SALT, self._salt)

    def add(self, happened: Iterable[tuple[Happening, str]]) -> None:
        """Takes in what happened, each with the address that it goes to."""
        rows = [(item.shop, item.type, item.at, msgspec.json.encode(item.data), address) for item, address in happened]
        first = self._next()
        self._db.executemany(
            _INSERT,
            [
                (shop, number, self.name(first + place, at), address, data, 0, at, 0, 0, NEW, "", 0, "", 0)
                for place, (shop, number, at, data, address) in enumerate(rows)
            ],
        )

    def _next(self) -> int:
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'webhooks'").fetchone()
        return 1 + (row[0] if row else 0)

    def name(self, number: int, at: int) -> str:
        """A notification's id: as on the platform it begins with its time, and no sandbox has those of another."""
        return str(at << 32 | (self._salt + number) % (1 << 32))

    def beside(self, posting: Outgoing, fault: str, *, body: bytes | None = None, type_: int | None = None) -> None:
        """One more delivery beside another: the same once more, or with a body or type that nobody expects."""
        number = self._next()
        kind = posting.type if type_ is None else type_
        same = body is None and type_ is None
        name = posting.notification if same else self.name(number, posting.at)
        data = posting.data if body is None else body
        raw = int(body is not None)
        self._db.execute(
            _INSERT,
            (
                *(posting.shop, kind, name, posting.address, data, raw, posting.at, posting.due),
                *(0, WAITING, fault, 0, "", 0),
            ),
        )

    def read(self, sql: str, *values: object) -> list[Outgoing]:
        """The deliveries that a condition fits; `sql` is what follows WHERE."""
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM webhooks WHERE {sql}", values)  # noqa: S608 - our own
        return [Outgoing(*row)._replace(raw=bool(row[6])) for row in rows]

    def one(self, identifier: int) -> Outgoing | None:
        """The delivery of that number, if there is one."""
        return next(iter(self.read("id = ?", identifier)), None)

    def write(self, postings: Sequence[Outgoing]) -> None:
        """Keeps how deliveries are now."""
        sql = "UPDATE webhooks SET due = ?, tries = ?, state = ?, fault = ?, http = ?, told = ?, stamp = ? WHERE id = ?"
        rows = [(it.due, it.tries, it.state, it.fault, it.http, it.told, it.stamp, it.id) for it in postings]
        self._db.executemany(sql, rows)

    def is_empty(self) -> bool:
        """Whether no delivery is to be made, now or later."""
        sql = "SELECT 1 FROM webhooks WHERE state IN (?, ?) LIMIT 1"
        return self._db.execute(sql, OPEN).fetchone() is None

    def counts(self) -> dict[str, int]:
        """How many deliveries there are of each state, since the file was made."""
        found: Counter[str] = Counter(dict.fromkeys(STATES, 0))
        found.update(dict(self._db.execute("SELECT state, count(*) FROM webhooks GROUP BY state").fetchall()))
        found.update({state: self._meta(f"{_FORGOTTEN}.{state}") for state in _OVER})
        return dict(found)

    def forget(self) -> None:
        """Lets go of the oldest deliveries that are over; they go on to count."""
        sql = "SELECT id FROM webhooks WHERE state = ? ORDER BY id DESC LIMIT 1 OFFSET ?"
        for state in _OVER:
            row = self._db.execute(sql, (state, KEPT)).fetchone()
            if row:
                gone = self._db.execute("DELETE FROM webhooks WHERE state = ? AND id <= ?", (state, row[0])).rowcount
                self._set_meta(f"{_FORGOTTEN}.{state}", self._meta(f"{_FORGOTTEN}.{state}") + gone)

    def _meta(self, key: str) -> int:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return int(row[0]) if row else 0

    def _set_meta(self, key: str, value: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, str(value)))
