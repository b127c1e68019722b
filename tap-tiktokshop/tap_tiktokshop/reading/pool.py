"""Reading ahead: a bounded pool of threads fetches slices of many shops and streams and hands them over in order.

A lane is one stream of one shop, see `lanes`: what comes out of it is in the order of its slices, so that its bookmark
is right. Lanes of the same stream take turns, so that every shop is read at the speed of its own budget. Whoever takes
the chunks out owns state and output; the threads only fetch.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Final

from tiktokshop_client.errors import BugError

from tap_tiktokshop.reading.base import ROWS_PER_WINDOW, Chunk, Following
from tap_tiktokshop.reading.lanes import Entry, Lane
from tap_tiktokshop.reading.windows import FEW_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_tiktokshop.reading.base import Size

logger = logging.getLogger(__name__)

MOST_THREADS: Final = 64
MOST_CHAINS: Final = 24
"""The most slices of one lane that are fetched at once, however slow the platform is."""
LEAST_ROWS: Final = 190
"""Smaller windows would waste calls: on average the last page of each is half empty. It is a little less than full
pages, as one row more than expected costs another call."""
MOST_BYTES: Final = 18_000_000
"""Bytes of answers that may wait to be handed over. When they do, only what is due next is fetched. What is not due
waits packed, so that windows can be long without much memory: each ends with a page that is half empty."""
LATER_BYTES: Final = 4_000_000
"""The same for streams whose turn has not come: enough to save their first calls' time, too little to be in the way."""
ROW_BYTES: Final = 1_500
"""What a row is taken to weigh, compressed, until some have come."""

_Job = tuple[Lane, Entry]


class Pool:
    """The pool. One thread at a time may take; close it when done."""

    def __init__(
        self, most_bytes: int = MOST_BYTES, later_bytes: int = LATER_BYTES, patience: float | None = None
    ) -> None:
        """With `later_bytes` 0 nothing is fetched of streams whose turn has not come.

        Who takes is called again after so many seconds of waiting as `patience` says; once, if that is None.
        """
        self._patience = patience
        self._lock = threading.Lock()
        self._ready = threading.Condition(self._lock)  # there may be something to take
        self._work = threading.Condition(self._lock)  # there is a job, or nothing will ever be to do again
        self._most = most_bytes
        self._most_later = min(later_bytes, most_bytes)
        self._held = 0
        self._rows = self._bytes = 1.0  # seen so far: what a row weighs
        self._turn = -1
        self._lanes: dict[int, deque[Lane]] = {}
        self._open: dict[int, deque[Lane]] = {}  # those that may have something to fetch
        self._running: defaultdict[tuple[str, str], list[tuple[Lane, Entry]]] = defaultdict(list)
        self._jobs: deque[_Job] = deque()
        self._threads = self._idle = 0
        self._ended = threading.Condition(self._lock)  # a thread has
        self._closed = False

    # -- for the one who takes ---------------------------------------------------------------------------------

    def add(self, lanes: Iterable[Lane]) -> None:
        """Starts to fetch lanes."""
        with self._lock:
            for lane in lanes:
                self._lanes.setdefault(lane.turn, deque()).append(lane)
                self._open.setdefault(lane.turn, deque()).append(lane)
            self._open = dict(sorted(self._open.items()))
            self._dispatch()

    def take(self, turn: int, before_waiting: Callable[[], None]) -> Iterator[tuple[Lane, Chunk | Exception | None]]:
        """What the lanes of a turn give, each in its order; an error ends its lane, None says that it has given all.

        `before_waiting` is called whenever nothing is there yet, see `patience`.
        """
        lanes = self._lanes.get(turn, deque())
        with self._lock:
            self._turn = turn
        while lanes:
            with self._lock:
                found = self._take(lanes)
                self._dispatch()
                due = True
                while found is None and lanes:
                    if due:
                        self._lock.release()
                        try:
                            before_waiting()
                        finally:
                            self._lock.acquire()
                    found = self._take(lanes)
                    self._dispatch()
                    if found is None and lanes:
                        due = not self._ready.wait(self._patience)
                        found = self._take(lanes)
            if found is not None:
                yield found

    def drop(self, lane: Lane) -> None:
        """Forgets a lane and all it has fetched."""
        with self._lock:
            self._drop(lane)
            self._dispatch()

    def close(self, patience: float = 0.0) -> None:
        """Ends each thread as soon as its current request is over, and waits so many seconds for that."""
        with self._lock:
            self._closed = True
            self._work.notify_all()
            self._ended.wait_for(lambda: not self._threads, patience)

    def size(self, lane: Lane) -> Size:
        """How many rows a window of a lane should have.

        As many as fit: of what is fetched ahead, which is two windows for three requests on their way, half is there.
        Fewer at the start, so that they end one after the other, and at the end, so that little is left to write then.
        """

        def rows(left: int, number: int) -> int:
            chains = _chains(lane)
            lanes = max(1, len(self._lanes.get(self._turn, ())))
            weight = self._bytes / self._rows if self._rows > 1 else ROW_BYTES
            fit = 3 * self._most / (chains * lanes * weight)
            most = max(FEW_ROWS, min(fit, ROWS_PER_WINDOW * 0.8))
            return max(LEAST_ROWS, int(min(most, left / chains) * min(1.0, (number + 1) / chains)))

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
            chunk = head.take()
            if chunk is not None:
                self._held -= chunk.weight
                return lane, chunk
            if head.error is not None:
                lanes.remove(lane)
                self._drop(lane)
                return lane, head.error
        return None

    def _drop(self, lane: Lane) -> None:
        lane.dropped = True
        self._held -= lane.clear()
        running = self._running[lane.budget]
        running[:] = [(other, entry) for other, entry in running if other is not lane or entry.busy]

    # -- for the threads ---------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Gives what can be fetched to idle threads, or to new ones. None is woken without work."""
        while not self._closed and (self._idle > len(self._jobs) or self._threads < MOST_THREADS):
            job = self._next()
            if job is None:
                return
            if self._idle > len(self._jobs):
                self._jobs.append(job)
                self._work.notify()
            else:
                self._threads += 1
                threading.Thread(target=self._serve, args=(job,), name=f"ahead-{self._threads}", daemon=True).start()

    def _serve(self, job: _Job) -> None:
        """What a thread does: one item after the other, of whatever slice is next."""
        while True:
            item = self._fetch(*job)
            with self._lock:
                self._put(*job, item)
                following = None if self._closed else self._next()
                self._dispatch()
                if following is None:
                    self._idle += 1
                    while not (self._jobs or self._closed):
                        self._work.wait()
                    self._idle -= 1
                    if self._closed:
                        self._threads -= 1
                        self._ended.notify_all()
                        return
                    following = self._jobs.popleft()
            job = following

    def _fetch(self, lane: Lane, entry: Entry) -> Chunk | Following | Exception | None:
        """The next item of a slice, None after the last; an error comes out where the slice's rows would have."""
        if lane.dropped or entry.items is None:
            return None
        try:
            item = next(entry.items, None)
            if isinstance(item, Chunk):
                item = item.held(packed=not self._is_due(lane, entry))
            return item  # noqa: TRY300 - what packing raises is the lane's as well
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the lane's
            return error

    def _is_due(self, lane: Lane, entry: Entry) -> bool:
        with self._lock:
            return lane.turn <= self._turn and lane.head() is entry and not (entry.backwards or entry.chunks)

    def _put(self, lane: Lane, entry: Entry, item: Chunk | Following | Exception | None) -> None:
        """Stores what a slice gave."""
        entry.busy = False
        if not (item is None or isinstance(item, Exception) or lane.dropped):
            try:
                entry.put(item)
            except BugError as error:
                item = error
        if item is None or isinstance(item, Exception) or lane.dropped:
            if isinstance(item, Exception) and not lane.dropped:
                self._held -= entry.fail(item)
            else:
                entry.end()
            lane.begun -= 1
            self._running[lane.budget].remove((lane, entry))
        elif isinstance(item, Following):
            return
        else:
            self._held += item.weight
            self._rows += len(item.rows)
            self._bytes += item.weight
        self._ready.notify()

    def _next(self) -> _Job | None:
        """The next slice to go on with: of the stream whose turn it is, then of later ones, shops in rotation."""
        for turn, lanes in self._open.items():
            if turn > self._turn and self._held >= self._most_later:
                return None
            for _ in range(len(lanes)):
                lane = lanes[0]
                if lane.dropped or (not lane.begun and lane.waiting() is None):
                    lanes.popleft()
                    continue
                lanes.rotate(-1)
                entry = self._runnable(lane)
                if entry is not None:
                    entry.busy = True
                    return lane, entry
        return None

    def _runnable(self, lane: Lane) -> Entry | None:
        """The slice of a lane whose next item may be fetched now: one that was begun, or else a new one.

        There must be room, and no more may have been begun than use up the budget, unless the one who takes waits
        for it: then nothing may hold it up.
        """
        due = lane.head() if lane.turn <= self._turn else None
        if due is not None and due.ready:
            due = None
        room = self._held < (self._most if lane.turn <= self._turn else self._most_later)
        running, chains = self._running[lane.budget], _chains(lane)
        for place, (other, entry) in enumerate(running):
            if other is lane and not entry.busy and (entry is due or (room and place < chains)):
                return entry
        may_begin = room and len(running) < chains
        new = lane.waiting() if may_begin else due
        if new is None or new.items is not None:
            return None
        new.begin(lane.source)
        lane.begun += 1
        running.append((lane, new))
        return new


def _chains(lane: Lane) -> int:
    """How many slices of a lane may be fetched at once."""
    return max(1, min(lane.parallel(), MOST_CHAINS))
