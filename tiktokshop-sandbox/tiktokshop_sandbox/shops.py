"""The world the sandbox plays: its shops, the file that keeps them, and what moves their clock."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import msgspec

from tiktokshop_sandbox.difficulties import DIFFICULTIES, RARELY, usual
from tiktokshop_sandbox.draws import MADE_UP
from tiktokshop_sandbox.life.engine import PERIOD, Life
from tiktokshop_sandbox.life.handlers import HANDLERS
from tiktokshop_sandbox.seed import open_shops
from tiktokshop_sandbox.store import Store
from tiktokshop_sandbox.storefront import Shop, storefront

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from tiktokshop_sandbox.difficulties import Rates
    from tiktokshop_sandbox.store import Watcher

__all__ = ["Shop", "World"]

T = TypeVar("T")
_NEVER = 1 << 62
_REMEMBERED = 10_000
_LIVED = "lived"
_HEAD = "world.head"
_REGIONS = "world.regions"
_RATES = "world.difficulties"
_RARELY = "world.rarely"
_HEAD_BEFORE = "7495"
"""What the ids of shops began with in files that do not say it: they keep it, for grants and states know them by it."""


class Announcer(Protocol):
    """Who announces what happens in the shops, within the transaction in which it happens."""

    def watch(self, *, by_api: bool) -> Watcher | None:
        """What to tell of the objects of the next transaction; None if nobody wants to hear of anything."""

    def announce(self) -> None:
        """The transaction is about to be kept."""


class World:
    """All shops of the sandbox. One connection, used from one thread.

    `version` changes whenever anything in the shops may have changed; `now` is until when they have lived.
    `announcer`, if there is one, hears of everything from then on.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        *,
        seed: int,
        shops: int,
        orders: int,
        start: int,
        head: str = MADE_UP,
        regions: Sequence[str] = (),
    ) -> None:
        self.db = db
        self.version = 0
        self.now = start
        self.announcer: Announcer | None = None
        markets = [regions[number % len(regions)] if regions else "" for number in range(shops)]
        opened = [storefront(seed, number, region) for number, region in enumerate(markets)]
        names = [shop.name for shop in opened]
        self.shops = tuple(
            replace(shop, id=head + shop.id.removeprefix(MADE_UP), name=_apart(names, shop.number)) for shop in opened
        )
        self.store = Store(db, self.shops)
        self._life = Life(self.store, start=start, orders=orders, handlers=HANDLERS)
        self._next = _NEVER
        self._memory: dict[object, object] = {}

    @classmethod
    def open(  # noqa: PLR0913 - what a new world is like, and who hears of it
        cls,
        path: str | os.PathLike[str],
        *,
        seed: int = 7,
        shops: int = 2,
        orders: int = 5000,
        now: int,
        regions: Sequence[str] = (),
        difficulties: Sequence[str] = (),
        announcing: Callable[[World], Announcer] | None = None,
    ) -> World:
        """Opens the file's world, or makes one that has lived for 120 days until `now` (unix seconds).

        `orders` is how many each shop gets in 120 days, past and future. The shops are in `regions` in turn, and have
        had these `difficulties` from their first day; `rarely` in place of names is most of them, now and then. A file
        that exists keeps the seed, shops, their ids, markets, difficulties and orders it was made with. `:memory:`
        works. What `announcing` makes of the world announces what happens in it from now on: in a file that exists,
        that is everything since it was left.
        """
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA page_size = 16384")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA cache_size = -65536")
        found = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
        made = found and dict(db.execute("SELECT key, value FROM meta WHERE key LIKE 'world.%'").fetchall())
        if made:
            world = cls(
                db,
                seed=int(made["world.seed"]),
                shops=int(made["world.shops"]),
                orders=int(made["world.orders"]),
                start=int(made["world.start"]),
                head=made.get(_HEAD, _HEAD_BEFORE),
                regions=[region for region in made.get(_REGIONS, "").split(",") if region],
            )
            world._life.rates = msgspec.json.decode(made.get(_RATES, "{}"), type=dict[int, dict[str, int]])
            world._life.usual = usual(rarely=_RARELY in made)
            world.now = int(world.meta(_LIVED) or 0)
            world._look_ahead()
            world.announcer = announcing(world) if announcing else None
            world.advance(now)
            world.set_meta(_LIVED, str(world.now))
            return world
        world = cls(db, seed=seed, shops=shops, orders=orders, start=now - PERIOD + 1, regions=regions)
        named = [name for name in difficulties if name != RARELY]
        world._life.rates = {shop.number: {name: DIFFICULTIES[name].often for name in named} for shop in world.shops}
        world._life.usual = usual(rarely=RARELY in difficulties)
        sizes = {"seed": seed, "shops": shops, "orders": orders, "start": now - PERIOD + 1}
        facts = {f"world.{name}": str(size) for name, size in sizes.items()}
        facts |= {_REGIONS: ",".join(regions)} | ({_RARELY: "1"} if RARELY in difficulties else {})
        world._make(now, facts)
        world.announcer = announcing(world) if announcing else None
        return world

    def _make(self, now: int, facts: dict[str, str]) -> None:
        script = (files("tiktokshop_sandbox") / "schema.sql").read_text(encoding="utf-8")
        with self._transaction():
            for statement in script.split(";\n"):
                if statement.strip():
                    self.db.execute(statement)
            for name, fact in facts.items():
                self.set_meta(name, fact)
            self.make_hard(self.rates)
            self.set_meta(_HEAD, MADE_UP)
            open_shops(self._life)
            self._life.run(now)
            self.now = now
            self.set_meta(_LIVED, str(now))
        self.db.execute("ANALYZE")
        self._look_ahead()

    def advance(self, now: int) -> int:
        """Lets the shops live until `now`; returns how many events that took (0, at once, if none is due)."""
        self.now = max(self.now, now)
        if now < self._next:
            return 0
        with self._transaction():
            happened = self._life.run(now)
            self.set_meta(_LIVED, str(self.now))
        self._changed()
        return happened

    @contextmanager
    def writing(self, now: int) -> Iterator[Life]:
        """A change from outside at `now`: all of it is kept, or none when an exception ends it."""
        self._life.set_time(now)
        with self._transaction(by_api=True):
            yield self._life
            self._life.settle_down()
        self._changed()

    @contextmanager
    def _transaction(self, *, by_api: bool = False) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            self.store.watcher = self.announcer.watch(by_api=by_api) if self.announcer else None
            yield
            if self.announcer:
                self.announcer.announce()
        except BaseException:
            self._life.undo()
            self.db.execute("ROLLBACK")
            raise
        finally:
            self.store.watcher = None
        self.db.execute("COMMIT")

    def _changed(self) -> None:
        self.version += 1
        self._memory.clear()
        self._look_ahead()

    @property
    def rates(self) -> Rates:
        """Which difficulties are switched on in which shops, and how often each strikes there."""
        return self._life.rates

    def make_hard(self, rates: Rates) -> None:
        """Switches difficulties on from now on, and all others off; the file keeps it."""
        self._life.rates = rates
        self.set_meta(_RATES, msgspec.json.encode(rates).decode())

    def _look_ahead(self) -> None:
        (first,) = self.db.execute("SELECT min(at) FROM events").fetchone()
        self._next = _NEVER if first is None else first

    def remembered(self, key: object, compute: Callable[[], T]) -> T:
        """What `compute` returns, remembered under a key until something in the shops changes."""
        if key not in self._memory:
            if len(self._memory) > _REMEMBERED:
                self._memory.clear()
            self._memory[key] = compute()
        return cast("T", self._memory[key])

    def total(self, sql: str, parameters: tuple[object, ...]) -> int:
        """A count, remembered likewise."""
        return self.remembered((sql, parameters), lambda: int(self.db.execute(sql, parameters).fetchone()[0]))

    def key(self, table: str, shop: Shop, identifier: str) -> int | None:
        """The key of the shop's row of that id, or None."""
        sql = f"SELECT key FROM {table} WHERE id = ? AND shop = ?"  # noqa: S608 - a name from our own code
        row = self.db.execute(sql, (identifier, shop.number)).fetchone()
        return None if row is None else int(row[0])

    @contextmanager
    def reading(self) -> Iterator[Store]:
        """The objects behind the documents, to look at and not to change."""
        try:
            yield self.store
        finally:
            self.store.forget()

    def meta(self, key: str) -> str | None:
        """A small persisted value."""
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Persists a small value."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def close(self) -> None:
        """Closes the file."""
        self.db.close()


def _apart(names: Sequence[str], number: int) -> str:
    """The name of that number, with a number of its own if another before it is the same."""
    before = names[:number].count(names[number])
    return f"{names[number]} {before + 1}" if before else names[number]
