"""The ways to read: windows of time, children of parents, the shop itself.

A way of reading turns one shop's share of a stream into slices, and a slice into chunks: rows to emit, and the time up
to which everything has been read and checked. Slices know nothing of each other, so that many can be fetched at once
(`ahead` does that); in their order they give the stream. It knows the platform's paging and time filters and nothing of
Singer.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from tiktokshop_client import RawRows
from tiktokshop_client.errors import (
    TOO_MANY_HITS,
    BusinessError,
    PageTokenInvalid,
    PagingError,
    TransientError,
)

from tap_tiktokshop.records import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence

    from tiktokshop_client import Client, Operation, Page, Shop, TikTokShopError

    Row = dict[str, Any]

logger = logging.getLogger(__name__)

ROWS_PER_WINDOW = 4_000
"""A window is split when the platform counts more rows in it: what a killed run reads again stays small."""
FEW_ROWS = 300
"""Rows that are not worth being split: their pages come as quickly as those of two windows."""
GROWTH = 4
PASSES = 2
"""A window that comes out short is read once more before it is an error."""
RESTARTS: Mapping[type[Exception], int] = {PageTokenInvalid: 5, PagingError: 1}
"""How often a window starts over because the platform forgot its page token, or its pages went in a circle."""
TOO_WIDE = frozenset({TOO_MANY_HITS, 36009007, 12019118, 12019119})
"""Refusals that a shorter window may not meet: too many hits, no answer in time, a range that is not accepted."""
DAY = 86_400
EARLIEST = 1_577_836_800
"""2020-01-01, before the first TikTok Shop opened: what a missing `start_date` means where nothing is documented."""


class IncompleteWindowError(Exception):
    """A window gave fewer rows than the platform counts in it, twice. Its bookmark must not move."""


class MissingKeyError(Exception):
    """A row came without the field that identifies it."""


class _TooDenseError(Exception):
    """A window holds more rows than are read in one go: as many as counted, or more than the platform will count."""

    def __init__(self, rows: int | None = None, first: int | None = None) -> None:
        """`rows`: as many as counted; `first`: the earliest time seen among them."""
        super().__init__()
        self.rows = rows
        self.first = first


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


class PageRows:
    """Rows chosen from a page, each under its identity. They stay undecoded until somebody walks them."""

    def __init__(self, rows: Sequence[Row], key: str, chosen: Mapping[int, str]) -> None:
        """`chosen`: index in the page -> identity."""
        self._rows = rows
        self._key = key
        self._chosen = chosen
        self.weight: int = getattr(rows, "weight", 0)

    def __len__(self) -> int:
        return len(self._chosen)

    def __contains__(self, row: object) -> bool:
        return row in list(self)

    def __iter__(self) -> Iterator[Row]:
        rows = list(iter(self._rows))  # the list itself would ask for its length first, which means decoding twice
        for index, identity in self._chosen.items():
            rows[index][self._key] = identity
            yield rows[index]


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

        check = _Completeness((self.key, *self.key_fallbacks), self.filter.field, f"of {window}")
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
            except _TooDenseError as dense:
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
        except _TooDenseError as dense:
            yield Following(self._cut(dense))
            return
        yield Chunk(done=self.window.end)

    def _count(self, rows: int) -> bool:
        if self.cutting is not None:
            self.cutting.counted(self.window, rows, self.expected)
        return rows > min(ROWS_PER_WINDOW, max(2 * self.expected, 3 * FEW_ROWS))

    def _cut(self, dense: _TooDenseError) -> Sequence[Slice]:
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

        check = _Completeness((way.key, *way.key_fallbacks), None, f"of {way.path} {identity}")
        for rows in check.passes(pages, None):
            yield Chunk(rows, added)


class _Completeness:
    """Reads a paged list until as many distinct rows came as the platform counts, at most `PASSES` times."""

    def __init__(self, keys: tuple[str, ...], version: str | None, what: str) -> None:
        """`keys`: the field that identifies a row, then what stands in for it; `version`: the time it last changed."""
        self._keys = keys
        self._version = version
        self._what = what
        self._seen: dict[str, Any] = {}

    def passes(self, pages: Callable[[], Iterator[Page]], too_many: Callable[[int], bool] | None) -> Iterator[PageRows]:
        """New rows page by page. Raises when rows are missing after the last pass, or `too_many` to read in one go."""
        splittable = too_many is not None
        short = 0
        restarts = dict.fromkeys(RESTARTS, 0)
        while True:
            try:
                expected = yield from self._one_pass(pages(), too_many)
            except (PageTokenInvalid, PagingError) as error:
                restarts[type(error)] += 1
                if restarts[type(error)] > RESTARTS[type(error)]:
                    raise
                continue
            except (BusinessError, TransientError) as error:
                raise self._dense(error, splittable=splittable) from None
            if expected is None or len(self._seen) >= expected:
                return
            short += 1
            if short >= PASSES:
                raise IncompleteWindowError(
                    f"The platform counts {expected} rows {self._what} but gave {len(self._seen)}, twice. "
                    "Run again later; if it stays so, report it to the platform."
                )
            logger.warning("Reading again: %s of %s rows %s came.", len(self._seen), expected, self._what)

    def _dense(self, error: TikTokShopError, *, splittable: bool) -> Exception:
        """What a refusal means: a window to split, a second that cannot be split, or just the refusal."""
        if splittable and error.code in TOO_WIDE:
            return _TooDenseError()
        if error.code == TOO_MANY_HITS:
            return IncompleteWindowError(
                f"The single second {self._what} holds more rows than the platform will page through."
            )
        return error

    def _one_pass(
        self, pages: Iterator[Page], too_many: Callable[[int], bool] | None
    ) -> Generator[PageRows, None, int | None]:
        """One walk; returns the smallest count any page gave: rows may leave a window while it is read."""
        expected: int | None = None
        for page in pages:
            outline = self._outline(page)
            if page.total_count is not None:
                if too_many and page.number == 1 and too_many(page.total_count):
                    times = [moment for *_, moment in outline if isinstance(moment, int)]
                    raise _TooDenseError(page.total_count, min(times, default=None))
                expected = page.total_count if expected is None else min(expected, page.total_count)
            chosen: dict[int, str] = {}
            for index, (*names, version) in enumerate(outline):
                identity = self._identify(names)
                if self._is_new(identity, version):
                    chosen[index] = identity
            yield PageRows(page.rows, self._keys[0], chosen)
        return expected

    def _outline(self, page: Page) -> list[tuple[Any, ...]]:
        """Of each row what may identify it, and its version last, without decoding the rest where that can wait."""
        fields = (*self._keys, self._version or self._keys[0])
        if isinstance(page.rows, RawRows):
            return page.rows.outline(fields)
        return [tuple(row.get(name) for name in fields) for row in page.rows]

    def _is_new(self, identity: str, version: Any) -> bool:
        """False for a row that came before in this window and has not changed since."""
        version = version if self._version else None
        if identity in self._seen and self._seen[identity] == version:
            return False
        self._seen[identity] = version
        return True

    def _identify(self, names: list[Any]) -> str:
        """The row's identity: the first of its names that it carries."""
        for name in names:
            if name not in (None, ""):
                return str(name)
        raise MissingKeyError(f"A row {self._what} came without its {self._keys[0]}, so it cannot be told from others.")
