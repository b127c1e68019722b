"""The ways to read: windows of time, children of parents, the shop itself.

A way of reading turns one shop's share of a stream into slices, and a slice into chunks: rows to emit, and the time up
to which everything has been read and checked. Slices know nothing of each other, so that many can be fetched at once
(`ahead` does that); in their order they give the stream. It knows the platform's paging and time filters and nothing of
Singer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from tap_tiktokshop.completeness import Completeness, IncompleteWindowError, MissingKeyError, TooDenseError
from tap_tiktokshop.records import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from tiktokshop_client import Client, Operation, Page, Shop

    Row = dict[str, Any]

__all__ = [
    "DAY",
    "AuthorisedShop",
    "Children",
    "Chunk",
    "Following",
    "IncompleteWindowError",
    "MissingKeyError",
    "Reading",
    "Source",
    "TimeFilter",
    "Window",
    "Windows",
]

ROWS_PER_WINDOW = 4_000
"""A window is split when the platform counts more rows in it: what a killed run reads again stays small."""
FEW_ROWS = 300
"""Rows that are not worth being split: their pages come as quickly as those of two windows."""
GROWTH = 4
DAY = 86_400
EARLIEST = 1_577_836_800
"""2020-01-01, before the first TikTok Shop opened: what a missing `start_date` means where nothing is documented."""


@dataclass(frozen=True)
class Window:
    """A span of time `[start, end)`, unix seconds."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{utc(self.start)} to {utc(self.end)}"


@dataclass(frozen=True)
class Chunk:
    """Rows in the order they came, each with fields to add; `done` is set when all before that time is read."""

    rows: Collection[Row] = ()
    added: Mapping[str, Any] = field(default_factory=dict)
    done: int | None = None

    @property
    def weight(self) -> int:
        """Bytes that it holds while it waits to be handed over."""
        return getattr(self.rows, "weight", 0)


class Slice(Protocol):
    """A piece of a stream that is fetched on its own."""

    def fetch(self, source: Source) -> Iterator[Chunk | Following]:
        """Its chunks; and, as soon as they are known, the slices that come after it."""


@dataclass(frozen=True)
class Following:
    """Slices to read right after the one that names them, and after those it has named before."""

    slices: Sequence[Slice]


class Size(Protocol):
    """Says how large windows should be."""

    def __call__(self, left: int, number: int) -> int:
        """Rows of the window cut next, when `left` rows are still to be cut and `number` windows have been."""


def one_by_one(left: int, number: int) -> int:  # noqa: ARG001 - neither matters to who reads one window at a time
    """Windows as large as they may be, with room for more rows than expected."""
    return max(1, ROWS_PER_WINDOW * 5 // 8)


@dataclass(frozen=True)
class Source:
    """One shop seen through a client."""

    client: Client
    shop: Shop

    def pages(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Iterator[Page]:
        """Pages of an operation for this shop."""
        return self.client.pages(operation, shop=self.shop, path=path, query=query, body=body)


class Reading(ABC):
    """One way to read a stream."""

    earliest: int
    """First moment the platform has data for; what a missing `start_date` means."""
    operation: Operation | None
    """What most of its calls are, None if there are none."""

    @abstractmethod
    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:
        """The first slices of everything from `start` until `end`; they name the others."""

    def read(self, source: Source, start: int, end: int) -> Iterator[Chunk]:
        """Everything from `start` until `end`, one slice after the other, with marks of how far it is complete."""
        pending = deque(self.slices(start, end))
        while pending:
            named: list[Slice] = []
            for item in pending.popleft().fetch(source):
                if isinstance(item, Following):
                    named += item.slices
                else:
                    yield item
            pending.extendleft(reversed(named))


@dataclass(frozen=True)
class AuthorisedShop(Reading):
    """The shop itself, as the list of authorised shops has it: known since the start of the run, so no call."""

    earliest: int = 0
    operation: Operation | None = None

    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:  # noqa: ARG002 - no times
        """One."""
        return [self]

    def fetch(self, source: Source) -> Iterator[Chunk]:
        """One row."""
        yield Chunk([dict(source.shop.data)])


@dataclass(frozen=True)
class TimeFilter:
    """The platform's filter on a time: where it is sent, on which field, and whether its end is part of it."""

    field: str
    where: str = "body"
    inclusive: bool = False
    """Products ask `_ge`/`_le`; everything else `_ge`/`_lt`."""

    def bounds(self, window: Window) -> dict[str, int]:
        """The two parameters that ask for exactly this window."""
        last = (f"{self.field}_le", window.end - 1) if self.inclusive else (f"{self.field}_lt", window.end)
        return {f"{self.field}_ge": window.start, last[0]: last[1]}


@dataclass(frozen=True)
class Windows(Reading):
    """Reads a list window by window of a time filter, each checked against the platform's count.

    Rows may carry a time at or past the window's end (the platform says so: data is refreshed during a
    search); they are kept, and progress is the window's end, never the greatest time seen.
    """

    operation: Operation
    filter: TimeFilter
    key: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    first: int | None = None
    """Seconds of the first window, where no `total_count` tells a dense one beforehand; None: all there is."""
    earliest: int = EARLIEST
    key_fallbacks: tuple[str, ...] = ()

    @property
    def ascending(self) -> bool:
        """Whether the first row of a window is the earliest."""
        return self.query.get("sort_field") == self.filter.field and self.query.get("sort_order") == "ASC"

    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:
        """All of it as one window, which is split if it is dense; or one window after the other."""
        if end <= start:
            return []
        if self.first is not None:
            return [_OneByOne(self, Window(start, end), self.first)]
        return [_OneWindow(self, Window(start, end), size)]

    def checked(self, source: Source, window: Window, count: Callable[[int], bool]) -> Iterator[Chunk]:
        """One window: distinct rows, as many as the platform counts, or an error.

        `count` is told how many rows the platform counts in the window, and says whether they are too many.
        """
        where = "query" if self.filter.where == "query" else "body"
        filters = {"query": dict(self.query), "body": dict(self.body)}
        filters[where] |= self.filter.bounds(window)

        def pages() -> Iterator[Page]:
            return source.pages(self.operation, query=filters["query"], body=filters["body"] or None)

        check = Completeness((self.key, *self.key_fallbacks), self.filter.field, f"of {window}")
        for page in check.passes(pages, count if window.end - window.start > 1 else None):
            yield Chunk(page)


@dataclass(frozen=True)
class _OneByOne:
    """A list that does not count its rows: windows grow while rows are few, and each shows how long the next may be."""

    way: Windows
    span: Window
    width: int

    def fetch(self, source: Source) -> Iterator[Chunk]:
        cursor, width = self.span.start, self.width
        while cursor < self.span.end:
            width = min(width, self.span.end - cursor)
            window = Window(cursor, cursor + width)
            read = 0
            try:
                for chunk in self.way.checked(source, window, lambda rows: rows > ROWS_PER_WINDOW):
                    read += len(chunk.rows)
                    yield chunk
            except TooDenseError as dense:
                width = max(1, min(width // 2, width * ROWS_PER_WINDOW // (2 * (dense.rows or 1))))
                continue
            yield Chunk(done=window.end)
            cursor = window.end
            width = width * GROWTH if read * GROWTH < ROWS_PER_WINDOW else width


@dataclass(frozen=True)
class _OneWindow:
    """A window, read whole; or, if it turns out to be dense, what it is cut into."""

    way: Windows
    window: Window
    size: Size
    cutting: _Cutting | None = None
    expected: int = 0

    def fetch(self, source: Source) -> Iterator[Chunk | Following]:
        try:
            yield from self.way.checked(source, self.window, self._count)
        except TooDenseError as dense:
            yield Following(self._cut(dense))
            return
        yield Chunk(done=self.window.end)

    def _count(self, rows: int) -> bool:
        if self.cutting is not None:
            self.cutting.counted(self.window, rows, self.expected)
        return rows > min(ROWS_PER_WINDOW, max(2 * self.expected, 3 * FEW_ROWS))

    def _cut(self, dense: TooDenseError) -> Sequence[Slice]:
        start, end = self.window.start, self.window.end
        if dense.rows is None:  # the platform will not count them, so nothing is known but that half is better
            middle = (start + end) // 2
            return [_OneWindow(self.way, Window(*part), self.size) for part in ((start, middle), (middle, end))]
        first = dense.first if self.way.ascending and dense.first is not None and start < dense.first < end else start
        before = [_OneWindow(self.way, Window(start, first), self.size)] if start < first else []
        return [*before, _Rest(self.way, Window(first, end), _Cutting(dense.rows, Window(first, end), self.size))]


class _Cutting:
    """Cuts a dense span into windows, by what is known so far of how dense it is.

    Threads that read the windows tell what they count in them. What one of them learns in the middle of another's
    question may be lost; it is an estimate, and every window is counted anyway.
    """

    def __init__(self, rows: int, span: Window, size: Size) -> None:
        self._left = rows
        self._density = rows / (span.end - span.start)
        self.size = size
        self._number = 0

    def next(self, rest: Window) -> tuple[Window, int]:
        """The first window of what is left, and how many rows are expected in it."""
        rows = self.size(self._left, self._number)
        seconds = rest.end - rest.start if self._left <= 0 else max(1, int(rows / self._density))
        window = Window(rest.start, min(rest.end, rest.start + seconds))
        if window.end == rest.end:
            rows = max(self._left, 0)
        self._left -= rows
        self._number += 1
        return window, rows

    def counted(self, window: Window, rows: int, expected: int) -> None:
        """The platform counts so many rows in a window for which so many were expected."""
        self._left += expected - rows
        self._density = max(rows / (window.end - window.start), self._density / GROWTH)


@dataclass(frozen=True)
class _Rest:
    """What is left of a dense span. It costs no call: it becomes the next window and another rest."""

    way: Windows
    span: Window
    cutting: _Cutting

    def fetch(self, source: Source) -> Iterator[Following]:  # noqa: ARG002 - as all slices
        window, rows = self.cutting.next(self.span)
        slices: list[Slice] = [_OneWindow(self.way, window, self.cutting.size, self.cutting, rows)]
        if window.end < self.span.end:
            slices.append(_Rest(self.way, Window(window.end, self.span.end), self.cutting))
        yield Following(slices)


@dataclass(frozen=True)
class Children(Reading):
    """Reads a list for each row of another list, progress on the parents' time."""

    parents: Windows
    operation: Operation
    path: str
    """The path parameter that takes the parent's key."""
    key: str
    inherit: Mapping[str, str]
    """Field of the record -> field of the parent it is taken from."""
    query: Mapping[str, Any] = field(default_factory=dict)
    key_fallbacks: tuple[str, ...] = ()

    @property
    def earliest(self) -> int:  # type: ignore[override] # what the parents have
        """The parents' first moment."""
        return self.parents.earliest

    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:
        """The parents' slices, each followed by the children of its rows."""
        return [_Parents(self, parents) for parents in self.parents.slices(start, end, size)]


@dataclass(frozen=True)
class _Parents:
    """A slice of parents: gives their children, then its own mark of how far it is complete."""

    way: Children
    slice: Slice

    def fetch(self, source: Source) -> Iterator[Following]:
        for item in self.slice.fetch(source):
            if isinstance(item, Following):
                yield Following([_Parents(self.way, following) for following in item.slices])
                continue
            yield Following([_ChildrenOfOne(self.way, parent) for parent in item.rows])
            if item.done is not None:
                yield Following([_Mark(item)])


@dataclass(frozen=True)
class _Mark:
    """A chunk that is known already."""

    chunk: Chunk

    def fetch(self, source: Source) -> Iterator[Chunk]:  # noqa: ARG002 - as all slices
        yield self.chunk


@dataclass(frozen=True)
class _ChildrenOfOne:
    """The children of one parent."""

    way: Children
    parent: Row

    def fetch(self, source: Source) -> Iterator[Chunk]:
        way = self.way
        identity = str(self.parent[way.parents.key])
        added = {name: self.parent.get(origin) for name, origin in way.inherit.items()}

        def pages() -> Iterator[Page]:
            return source.pages(way.operation, path={way.path: identity}, query=way.query)

        check = Completeness((way.key, *way.key_fallbacks), None, f"of {way.path} {identity}")
        for rows in check.passes(pages, None):
            yield Chunk(rows, added)
