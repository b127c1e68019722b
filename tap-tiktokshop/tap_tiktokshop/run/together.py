"""Rows that must not leave before a state that says something of them: one state for the rows of many shops.

A state has every shop in it. One for each shop of a stream would make the states of a run grow with the square of the
number of its shops, so whoever needs one waits until so many rows wait for it, or nothing else is left to read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_tiktokshop.reading import Chunk
    from tap_tiktokshop.reading.lanes import Lane
    from tap_tiktokshop.records.decode import Record

    Item = Chunk | Exception | None
    Steps = Iterator["Record | NeedsState"]


@dataclass(frozen=True)
class NeedsState:
    """What stands among the records of a lane where a state must leave before the next one.

    Attributes:
        rows: How many rows wait for it, about.
    """

    rows: int


@dataclass
class _Waiting:
    """A lane that waits for a state: where it goes on, and what has come of it since."""

    steps: Steps
    behind: list[Item] = field(default_factory=list)


class Together:
    """Has the lanes of a stream wait for states that they share; the records of each keep their order."""

    def __init__(
        self, take: Callable[[Lane, Item], Steps], write_state: Callable[[], None], most: Callable[[], int]
    ) -> None:
        """`take` gives the records of what has come of a lane; `most` is how many rows may wait for a state."""
        self._take, self._write_state, self._most = take, write_state, most
        self._waiting: dict[Lane, _Waiting] = {}
        self._rows = 0

    def records(self, lane: Lane, item: Item) -> Iterator[Record]:
        """The records that may leave now that this has come."""
        yield from self._next(lane, item)
        if self._rows >= self._most():
            yield from self._let_go()

    def rest(self) -> Iterator[Record]:
        """The records that are left when everything has come."""
        while self._waiting:
            yield from self._let_go()

    def _next(self, lane: Lane, item: Item) -> Iterator[Record]:
        waiting = self._waiting.get(lane)
        if waiting is None:
            yield from self._go_on(lane, self._take(lane, item))
        else:
            waiting.behind.append(item)
            self._rows += 0 if item is None or isinstance(item, Exception) else len(item.rows)

    def _go_on(self, lane: Lane, steps: Steps) -> Iterator[Record]:
        for step in steps:
            if isinstance(step, NeedsState):
                self._waiting[lane] = _Waiting(steps)
                self._rows += step.rows
                return
            yield step

    def _let_go(self) -> Iterator[Record]:
        """Writes a state, and goes on with all who waited for it, until they need another one."""
        self._write_state()
        waiting, self._waiting, self._rows = self._waiting, {}, 0
        for lane, each in waiting.items():
            yield from self._go_on(lane, each.steps)
            for item in each.behind:
                yield from self._next(lane, item)
