"""Which STATE may be passed on: the newest one that has only settled records before it."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any


class PendingStates:
    """Counts records by stream, as they come and as their outcomes are on disk, and keeps the states between them.

    Records of a stream are settled in the order they came in, so that numbers are enough to compare.
    """

    def __init__(self) -> None:
        self._received: Counter[str] = Counter()
        self._settled: Counter[str] = Counter()
        self._states: deque[tuple[Counter[str], Any]] = deque()

    def received(self, stream: str) -> int:
        """Counts a record; returns its place among all records of the run, from 1."""
        self._received[stream] += 1
        return self._received.total()

    def settled(self, stream: str, count: int) -> None:
        """The outcomes of the next `count` records of a stream are on disk."""
        self._settled[stream] += count

    def state(self, value: Any) -> None:
        """A STATE came; of several with the same records before them only the last is of use."""
        if self._states and self._states[-1][0] == self._received:
            self._states.pop()
        self._states.append((self._received.copy(), value))

    def ready(self) -> Any:
        """The newest state that may be passed on and was not yet; None if there is none."""
        newest = None
        while self._states and self._states[0][0] <= self._settled:
            newest = self._states.popleft()[1]
        return newest
