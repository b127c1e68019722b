"""A lane: the slices of one stream of one shop as a tree, and the order in which it gives what they hold.

The order is a promise, because the lane holds marks of how far the stream is complete, and a mark becomes a bookmark:
*a slice gives its own chunks, then what the slices that it named give, in the order in which it named them.* Nothing
computes that order. Each slice keeps those it has named, and a slice that has given all its own chunks is replaced,
where it stands, by them. Threads fetch slices whenever they like; that changes when something is there, not where.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from operator import attrgetter
from typing import TYPE_CHECKING

from tiktokshop_client.errors import BugError

from tap_tiktokshop.reading.base import Backwards, Following

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_tiktokshop.reading.base import Chunk, Slice, Source

_in_order = attrgetter("place")


class Entry:
    """A slice in its lane: waiting, begun, or ended; with its chunks that have not been taken, and those it named.

    Attributes:
        slice: What it fetches; None once it has been begun, and for what stands above a lane's first slices.
        backwards: Whether it is fetched from its end, so that nothing of it can be taken before it has ended.
        items: What it gives, once it has been begun.
        busy: Whether a thread waits for its next item.
        ended: Whether it will give nothing more.
        error: Why it has ended too early.
        chunks: What it has given and nobody has taken.
        named: The slices it has named, in order; those that have given all are taken out from the front.
        place: Its place among those that were named by the same slice; only comparisons mean something.
        above: The slice that named it, None once that has given all its own.
        waits: Of `named`, in order, those that wait to be begun or are above one that does.
    """

    __slots__ = ("above", "backwards", "busy", "chunks", "ended", "error", "items", "named", "place", "slice", "waits")

    def __init__(self, piece: Slice | None, above: Entry | None = None, place: int = 0) -> None:
        self.slice = piece
        self.backwards = isinstance(piece, Backwards)
        self.items: Iterator[Chunk | Following] | None = None
        self.busy = False
        self.ended = False
        self.error: Exception | None = None
        self.chunks: deque[Chunk] = deque()
        self.named: deque[Entry] = deque()
        self.place = place
        self.above = above
        self.waits: list[Entry] = []

    @property
    def given(self) -> bool:
        """Whether all its own chunks have been taken and no more will come."""
        return self.ended and not self.chunks and self.error is None

    @property
    def ready(self) -> bool:
        """Whether a chunk of it can be taken."""
        return bool(self.chunks) and (self.ended or not self.backwards)

    def take(self) -> Chunk | None:
        """Its next chunk, if it is ready."""
        return self.chunks.popleft() if self.ready else None

    def put(self, item: Chunk | Following) -> None:
        """Takes in what it gave; what is fetched from its end is put before what came earlier.

        Raises:
            BugError: It says how far it is complete after it has named slices that are not.
        """
        if isinstance(item, Following):
            self.name(item.slices)
            return
        if item.done is not None and self.named:
            raise BugError("a slice marks as complete what the slices that it named have still to give")
        if self.backwards:
            self.chunks.appendleft(item)
        else:
            self.chunks.append(item)

    def name(self, slices: Iterable[Slice]) -> None:
        """Takes in the slices that it names."""
        first = self.named[-1].place + 1 if self.named else 0
        made = [Entry(piece, self, place) for place, piece in enumerate(slices, first)]
        self.named.extend(made)
        for entry in made:
            entry.wait()

    def begin(self, source: Source) -> None:
        """Starts to fetch it."""
        if self.slice is not None:
            self.items = iter(self.slice.fetch(source))
            self.slice = None
            self._wait_no_more()

    def end(self) -> None:
        """Notes that it will give nothing more. Nothing stays of one that has nothing to give, however far its turn."""
        self.ended = True
        self.items = iter(())
        entry, above = self, self.above
        while above is not None and entry.given and not entry.named:
            above.named.remove(entry)
            entry.above = None
            entry, above = above, above.above

    def fail(self, error: Exception) -> int:
        """Notes that it has ended too early. Of one that is read from its end nothing is left: returns its bytes."""
        self.error = error
        self.ended = True
        self.items = iter(())
        gone = sum(chunk.weight for chunk in self.chunks) if self.backwards else 0
        if self.backwards:
            self.chunks.clear()
        return gone

    def first_waiting(self) -> Entry | None:
        """The first of those under it that has not been begun."""
        entry = self
        while entry.waits:
            entry = entry.waits[0]
            if entry.items is None:
                return entry
        return None

    def leave(self) -> None:
        """Takes it out from among those that were named with it; those that it named stay under it."""
        if self.waits and self.above is not None:
            self.above.waits.remove(self)
        self.above = None

    def wait(self) -> None:
        """Lets those above know that something under them waits."""
        entry, above = self, self.above
        while above is not None:
            told = bool(above.waits)
            insort(above.waits, entry, key=_in_order)
            if told:
                return
            entry, above = above, above.above

    def _wait_no_more(self) -> None:
        entry, above = self, self.above
        while above is not None and not entry.waits:
            above.waits.remove(entry)
            entry, above = above, above.above


class Lane:
    """One stream of one shop. Its owner sees to it that one thread at a time touches it.

    `turn` is the place of its stream in the run; lanes with the same `budget` share it, and `parallel` says how many
    requests use it up.
    """

    def __init__(self, turn: int, source: Source, budget: tuple[str, str], parallel: Callable[[], int]) -> None:
        self.turn = turn
        self.source = source
        self.budget = budget
        self.parallel = parallel
        self.dropped = False
        self.begun = 0
        """Slices that have been begun and have not ended."""
        self._top = Entry(None)
        # Those that have given their own chunks, and of which slices they named are still left; the last is due first.
        self._given = [self._top]

    def start(self, slices: Iterable[Slice]) -> None:
        """Takes its first slices."""
        self._top.name(slices)

    def head(self) -> Entry | None:
        """The slice that is due, None when all has been given: one that has given all is replaced by those it named."""
        while self._given:
            line = self._given[-1].named
            if not line:
                self._given.pop()
                continue
            if not line[0].given:
                return line[0]
            entry = line.popleft()
            entry.leave()
            if not line:
                self._given.pop()
            self._given.append(entry)
        return None

    def waiting(self) -> Entry | None:
        """The first slice in order that has not been begun."""
        for above in reversed(self._given):
            found = above.first_waiting()
            if found is not None:
                return found
        return None

    def clear(self) -> int:
        """Forgets everything; returns the bytes that it held."""
        held = 0
        pending = list(self._given)
        while pending:
            entry = pending.pop()
            held += sum(chunk.weight for chunk in entry.chunks)
            pending += entry.named
        self._given.clear()
        return held
