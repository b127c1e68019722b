"""Reading ahead: a bounded pool of threads fetches slices of many shops and streams and hands them over in order.

A lane is one stream of one shop. Within a lane everything comes out in the order of its slices, so that its bookmark is
right; lanes of the same stream take turns, so that every shop is read at the speed of its own budget. Whoever takes
the chunks out owns state and output; the threads only fetch.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tap_tiktokshop.reading.base import ROWS_PER_WINDOW, Following
from tap_tiktokshop.reading.windows import FEW_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tap_tiktokshop.reading.base import Chunk, Size, Slice, Source

logger = logging.getLogger(__name__)

MOST_THREADS: Final = 64
MOST_CHAINS: Final = 24
"""Slices of one lane that are fetched at once, however slow the platform is."""
LEAST_ROWS: Final = 100
"""A window of fewer rows than a page would waste calls."""
MOST_BYTES: Final = 44_000_000
"""Bytes of answers that may wait to be handed over. When they do, only what is due next is fetched."""
LATER_BYTES: Final = 4_000_000
"""The same for streams whose turn has not come: enough to save their first calls' time, too little to be in the way."""
ROW_BYTES: Final = 4_500
"""What a row weighs until some have come."""
LOOK: Final = 0.5
"""Seconds after which a thread that waits looks whether the platform's pace has changed."""


@dataclass(eq=False)
class _Entry:
    """A slice in its lane: waiting, being fetched, or fetched; with the chunks that have not been taken."""

    slice: Slice
    started: bool = False
    ended: bool = False
    named: int = 0
    """Slices it has named so far, which come right after it."""
    chunks: deque[Chunk] = field(default_factory=deque)
    error: Exception | None = None


@dataclass(eq=False)
class Lane:
    """One stream of one shop.

    `turn` is the place of its stream in the run; lanes with the same `budget` share it, and `parallel` says how many
    requests use it up.
    """

    turn: int
    source: Source
    budget: tuple[str, str]
    parallel: Callable[[], int]

    def __post_init__(self) -> None:
        self.entries: deque[_Entry] = deque()
        self.dropped = False
        self._started = 0  # entries before this index have been started

    @property
    def chains(self) -> int:
        """How many of its slices may be fetched at once."""
        return max(1, min(self.parallel(), MOST_CHAINS))

    def start(self, slices: Iterable[Slice]) -> None:
        """Takes its first slices."""
        self.entries.extend(map(_Entry, slices))

    def waiting(self) -> _Entry | None:
        """The first slice that nobody fetches yet: slices are started in order."""
        while self._started < len(self.entries):
            if not self.entries[self._started].started:
                return self.entries[self._started]
            self._started += 1
        return None

    def name(self, entry: _Entry, slices: Sequence[Slice]) -> None:
        """Puts slices in after an entry and those it has named before."""
        place = self.entries.index(entry) + 1 + entry.named
        for offset, piece in enumerate(slices):
            self.entries.insert(place + offset, _Entry(piece))
        entry.named += len(slices)
        self._started = min(self._started, place)

    def head(self) -> _Entry | None:
        """The slice whose chunks are due; those that have given all are forgotten."""
        while self.entries:
            head = self.entries[0]
            if not head.ended or head.chunks or head.error:
                return head
            self.entries.popleft()
            self._started = max(0, self._started - 1)
        return None


class Ahead:
    """The pool. One thread at a time may take; close it when done."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._lock = threading.Lock()
        self._ready = threading.Condition(self._lock)  # there may be something to take
        self._room = threading.Condition(self._lock)  # there may be something to fetch
        self._most = most_bytes
        self._held = 0
        self._rows = self._bytes = 1.0  # seen so far: what a row weighs
        self._turn = -1
        self._lanes: dict[int, deque[Lane]] = {}
        self._open: dict[int, deque[Lane]] = {}  # those that may have slices waiting
        self._running: defaultdict[tuple[str, str], list[tuple[Lane, _Entry]]] = defaultdict(list)
        self._threads = self._idle = 0
        self._closed = False

    # -- for the one who takes ---------------------------------------------------------------------------------

    def add(self, lanes: Iterable[Lane]) -> None:
        """Starts to fetch lanes."""
        with self._lock:
            for lane in lanes:
                self._lanes.setdefault(lane.turn, deque()).append(lane)
                self._open.setdefault(lane.turn, deque()).append(lane)
            self._open = dict(sorted(self._open.items()))
            self._hire()

    def take(self, turn: int, before_waiting: Callable[[], None]) -> Iterator[tuple[Lane, Chunk | Exception | None]]:
        """What the lanes of a turn give, each in its order; an error ends its lane, None says that it has given all.

        `before_waiting` is called whenever nothing is there yet.
        """
        lanes = self._lanes.get(turn, deque())
        with self._lock:
            self._turn = turn
            self._hire()
            self._room.notify_all()
        while lanes:
            with self._lock:
                found = self._take(lanes)
                if found is None and lanes:
                    self._lock.release()
                    try:
                        before_waiting()
                    finally:
                        self._lock.acquire()
                    while (found := self._take(lanes)) is None and lanes:
                        self._ready.wait()
            if found is not None:
                yield found

    def drop(self, lane: Lane) -> None:
        """Forgets a lane and all it has fetched."""
        with self._lock:
            self._drop(lane)

    def close(self) -> None:
        """Ends all threads as soon as they look up from their request."""
        with self._lock:
            self._closed = True
            self._room.notify_all()

    def size(self, lane: Lane) -> Size:
        """How many rows a window of a lane should have.

        As many as fit: what is fetched ahead are as many windows as requests are on their way, on average half done.
        Fewer at the end, so that all of them end together, and at the start, so that they do not.
        """

        def rows(left: int, number: int) -> int:
            chains = lane.chains
            lanes = max(1, len(self._lanes.get(self._turn, ())))
            weight = self._bytes / self._rows if self._rows > 1 else ROW_BYTES
            fit = 1.6 * self._most / (chains * lanes * weight)
            most = max(FEW_ROWS, min(fit, ROWS_PER_WINDOW * 0.7))
            even = max(FEW_ROWS, min(most, left / chains))
            return max(LEAST_ROWS, int(even * min(1.0, (number + 1) / chains)))

        return rows

    def _take(self, lanes: deque[Lane]) -> tuple[Lane, Chunk | Exception | None] | None:
        """Something that is there, from the lane whose turn it is or the next one that has something."""
        for _ in range(len(lanes)):
            lane = lanes[0]
            head = lane.head()
            if head is None:
                lanes.popleft()
                if lane.dropped:
                    continue
                return lane, None
            lanes.rotate(-1)
            if head.chunks:
                chunk = head.chunks.popleft()
                self._held -= chunk.weight
                self._room.notify_all()
                return lane, chunk
            if head.error is not None:
                lanes.remove(lane)
                self._drop(lane)
                return lane, head.error
        return None

    def _drop(self, lane: Lane) -> None:
        lane.dropped = True
        self._held -= sum(chunk.weight for entry in lane.entries for chunk in entry.chunks)
        lane.entries.clear()
        self._room.notify_all()

    # -- for the threads ---------------------------------------------------------------------------------------

    def _hire(self) -> None:
        """One more thread, if there is work and nobody to do it; it will hire the next."""
        if self._idle or self._closed or self._threads >= MOST_THREADS or not any(self._open.values()):
            return
        self._threads += 1
        self._idle += 1
        threading.Thread(target=self._work, name=f"ahead-{self._threads}", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                while (job := self._next()) is None and not self._closed:
                    self._room.wait(LOOK)
                if job is None:
                    return
                self._idle -= 1
                self._hire()
            self._fetch(*job)
            with self._lock:
                self._idle += 1

    def _next(self) -> tuple[Lane, _Entry] | None:
        """The next slice to fetch: of the stream whose turn it is, then of later ones, shops in rotation."""
        for turn, lanes in self._open.items():
            if turn > self._turn and self._held >= LATER_BYTES:
                return None
            for _ in range(len(lanes)):
                lane = lanes[0]
                entry = None if lane.dropped else lane.waiting()
                if entry is None:
                    lanes.popleft()  # comes back when it names more slices
                    continue
                lanes.rotate(-1)
                running = self._running[lane.budget]
                if self._is_due(lane, entry) or (len(running) < lane.chains and self._has_room(lane)):
                    entry.started = True
                    running.append((lane, entry))
                    return lane, entry
        return None

    def _fetch(self, lane: Lane, entry: _Entry) -> None:
        try:
            for item in entry.slice.fetch(lane.source):
                if not self._deliver(lane, entry, item):
                    break
        except Exception as error:  # noqa: BLE001 - whatever it is, it comes out where the slice's rows would have
            entry.error = error
        with self._lock:
            entry.ended = True
            self._running[lane.budget].remove((lane, entry))
            self._ready.notify()
            self._room.notify()

    def _deliver(self, lane: Lane, entry: _Entry, item: Chunk | Following) -> bool:
        """Puts down what a slice gave, and waits until it may go on. False if nobody wants it any more."""
        with self._lock:
            if lane.dropped or self._closed:
                return False
            if isinstance(item, Following):
                lane.name(entry, item.slices)
                if lane not in self._open[lane.turn]:
                    self._open[lane.turn].append(lane)
                self._room.notify()
                self._hire()
                return True
            entry.chunks.append(item)
            self._held += item.weight
            self._rows += len(item.rows)
            self._bytes += item.weight
            self._ready.notify()
            while not (self._may_go_on(lane, entry) or lane.dropped or self._closed):
                self._room.wait(LOOK)
            return not (lane.dropped or self._closed)

    def _may_go_on(self, lane: Lane, entry: _Entry) -> bool:
        """Whether a slice may fetch its next page: there is room, and the platform is not slower than before."""
        if self._is_due(lane, entry):
            return True
        running = self._running[lane.budget]
        return self._has_room(lane) and (lane, entry) in running[: lane.chains]

    def _is_due(self, lane: Lane, entry: _Entry) -> bool:
        """Whether the one who takes waits for this: then nothing may hold it up."""
        return lane.turn <= self._turn and bool(lane.entries) and lane.head() is entry

    def _has_room(self, lane: Lane) -> bool:
        return self._held < (self._most if lane.turn <= self._turn else LATER_BYTES)
