"""Asks the platform for objects that events name: those of a stream and shop together, all side by side."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from tap_tiktokshop.reading import Roster
from tap_tiktokshop.reading.lanes import Lane
from tap_tiktokshop.reading.pool import Pool
from tap_tiktokshop.reading.values import at
from tap_tiktokshop.times import unix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tiktokshop_client import Client, Shop

    from tap_tiktokshop.reading import Chunk, Source
    from tap_tiktokshop.run.hearing import Key
    from tap_tiktokshop.streams.announced import Way

    Row = dict[str, Any]

EARLIER = 60
"""Seconds before a change from which on a list is read for it: events and rows may not have the same second."""


@dataclass(eq=False)
class Task:
    """An object of a stream that is to be got, until it is.

    Attributes:
        way: How.
        shop: Whose it is; None for the seller's.
        identity: What the events call it.
        changed: When it changed, unix seconds: its row must not be older. None if no event says so.
        told: When the first of the events says that anything changed, unix seconds.
        events: The positions of the events that name it -> when they were received, unix seconds.
        tries: How often it was asked for, and the platform did not show it yet.
        troubles: How often it was asked for, and something went wrong.
        due: When to ask (again), on the clock that never runs backwards.
        of_seller: Whether the events name the seller only, so that it need not be this shop's.
    """

    way: Way
    shop: Shop | None
    identity: str
    changed: int | None = None
    told: int | None = None
    events: dict[int, float] = field(default_factory=dict)
    tries: int = 0
    troubles: int = 0
    due: float = 0.0
    of_seller: bool = False

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.way.stream, self.shop.id if self.shop else "", self.identity


@dataclass(eq=False)
class Asked:
    """What one stream of one shop is asked for, and what came of it.

    Attributes:
        way: How.
        shop: Whose; None for the seller's.
        tasks: The objects.
        began: When it was asked, unix seconds of the platform's clock.
        came: Identities of what came -> when it last changed (unix seconds), None where no row says so.
        refused: Identities of what the platform refused -> why.
        error: What ended it too early.
        spoilt: Identities of which not all that came could be read.
    """

    way: Way
    shop: Shop | None
    tasks: list[Task] = field(default_factory=list)
    began: int = 0
    came: dict[str, int | None] = field(default_factory=dict)
    refused: dict[str, Exception] = field(default_factory=dict)
    error: Exception | None = None
    spoilt: set[str] = field(default_factory=set)

    def drop_unsure(self) -> None:
        """Takes from what came, if an error came as well, what may have more rows, on another page."""
        if self.error is None or (self.way.found_by and self.way.time):  # such a row is the whole object
            return
        for identity in [*self.came] if self.way.found_by else {*self.spoilt, *list(self.came)[-1:]}:
            self.came.pop(identity, None)

    def note(self, row: Mapping[str, Any], named: str) -> str:
        """Notes a row that has come, asked about by the identity `named`; returns the identity that it goes under."""
        identity = str(at(row, self.way.found_by)) if self.way.found_by else named
        version = unix(row.get(self.way.time)) if self.way.time else None
        self.came[identity] = max(filter(None, (version, self.came.get(identity))), default=None)
        return identity


class Platform(Protocol):
    """What a run lends to whoever asks; `run.Run` is one."""

    @property
    def client(self) -> Client:
        """The platform."""

    def source(self, stream: str, shop: Shop | None, since: int, known: frozenset[str] = ..., **more: Any) -> Source:
        """What a stream of a shop is read through."""

    @property
    def flush(self) -> Callable[[], None]:
        """Writes what is pending, before anybody waits."""


class Asking:
    """Threads that ask. Close it when done."""

    def __init__(self) -> None:
        self._pool = Pool()

    def ask(self, run: Platform, tasks: Iterable[Task]) -> Iterator[tuple[Asked, Chunk | None]]:
        """Asks for all of them; gives what comes, and None behind the last of each.

        Objects that need another one's row are asked for when that has come: who gets a chunk notes its rows first.
        """
        asked: dict[tuple[str, str], Asked] = {}
        for task in tasks:
            stream, shop, _ = task.key
            asked.setdefault((stream, shop), Asked(task.way, task.shop)).tasks.append(task)
        rows: dict[str, dict[str, Row]] = defaultdict(dict)
        first = [each for each in asked.values() if not each.way.after]
        for each, chunk in self._together(run, first, {}):
            if chunk is not None and each.way.found_by:
                try:
                    found = {str(at(row, each.way.found_by)): row for row in chunk.rows}
                except Exception as error:  # noqa: BLE001 - rows that cannot be read, whatever is the matter
                    each.error, chunk = error, None  # noqa: PLW2901 - nothing has come
                else:
                    rows[f"{each.way.stream} {each.shop.id if each.shop else ''}"].update(found)
            yield each, chunk
        yield from self._together(run, [each for each in asked.values() if each.way.after], rows)

    def close(self) -> None:
        """Ends the threads."""
        self._pool.close()

    def _together(
        self, run: Platform, asked: Sequence[Asked], rows: Mapping[str, Mapping[str, Row]]
    ) -> Iterator[tuple[Asked, Chunk | None]]:
        """What comes of questions that do not depend on each other."""
        lanes = {self._lane(run, each, rows): each for each in asked}
        self._pool.add(lanes)
        try:
            for lane, item in self._pool.take(0, run.flush):
                each = lanes[lane]
                if isinstance(item, Exception):
                    each.error = item
                yield each, item if not isinstance(item, Exception) else None
        finally:
            for lane in lanes:
                self._pool.drop(lane)

    def _lane(self, run: Platform, asked: Asked, rows: Mapping[str, Mapping[str, Row]]) -> Lane:
        way, shop, client = asked.way, asked.shop, run.client
        asked.began = client.now()
        operation = way.how.reading.operation
        told = [task.told for task in asked.tasks if task.told is not None]
        since = max(0, min(told, default=asked.began) - EARLIER)
        source = run.source(way.stream, shop, since, roster=Roster(), refused_ones=asked.refused)
        above = rows.get(f"{way.after} {shop.id if shop else ''}", {})
        named = [
            (task.identity, above.get(task.identity, {}))
            for task in asked.tasks
            if not way.after or self._worth_it(way, above.get(task.identity))
        ]
        lane = Lane(
            turn=0,
            source=source,
            budget=(shop.id if shop else "", client.unit(operation) if operation else way.stream),
            parallel=lambda: client.parallel(operation, shop) if operation else 1,
        )
        lane.start(way.how.slices(named, since, asked.began))
        if way.after and way.where is not None:  # what there is nothing to ask about counts as having come
            asked.came.update({name: None for name, row in above.items() if not way.where(row)})
        return lane

    @staticmethod
    def _worth_it(way: Way, row: Row | None) -> bool:
        return row is not None and (way.where is None or way.where(row))
