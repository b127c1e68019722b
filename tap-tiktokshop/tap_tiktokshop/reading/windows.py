"""Lists with a filter on a time, read window by window."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from tap_tiktokshop.reading import base
from tap_tiktokshop.reading.base import EARLIEST, Backwards, Chunk, Following, Mark, Reading, Window, one_by_one
from tap_tiktokshop.reading.both_ends import BothEnds
from tap_tiktokshop.reading.completeness import Completeness, TooDenseError
from tap_tiktokshop.reading.steady import steady

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tiktokshop_client import Operation, Page

    from tap_tiktokshop.reading.base import Size, Slice, Source
    from tap_tiktokshop.reading.rows import PageRows

FEW_ROWS = 300
"""So few rows are not worth splitting: their pages come as quickly as those of two windows."""
GROWTH = 4
TOO_LONG = 2
"""A window with so many times the expected rows is cut: everything fetched after it would wait for its end."""


@dataclass(frozen=True)
class TimeFilter:
    """The platform's filter on a time: where it is sent, on which field, and whether its end is part of it."""

    field: str
    where: str = "body"
    inclusive: bool = False
    """Products ask `_ge`/`_le`; everything else `_ge`/`_lt`."""

    def bounds(self, window: Window) -> dict[str, Any]:
        """The two parameters that ask for exactly this window."""
        last = (f"{self.field}_le", window.end - 1) if self.inclusive else (f"{self.field}_lt", window.end)
        return {f"{self.field}_ge": window.start, last[0]: last[1]}


@dataclass(frozen=True)
class NestedFilter(TimeFilter):
    """The same as the searches for after-sales requests have it: an object of objects in the body."""

    def bounds(self, window: Window) -> dict[str, Any]:
        """The object that asks for exactly this window."""
        span = {"min_unix_time_inclusive": window.start, "max_unix_time_exclusive": window.end}
        return {"filters": {"time": {self.field: span}}}


@dataclass(frozen=True)
class Windows(Reading):
    """Reads a list window by window of a time filter, each checked against the platform's count.

    Rows may carry a time at or past the window's end (the platform says so: data is refreshed during a
    search); they are kept, and progress is the window's end, never the greatest time seen.

    `key` identifies a row; several fields do so together. `also` are further filters with which each window is read
    again, for rows that the first one does not show.
    """

    operation: Operation
    filter: TimeFilter
    key: str | tuple[str, ...]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    first: int | None = None
    """Seconds of the first window, where no `total_count` tells a dense one beforehand; None: all there is."""
    earliest: int = EARLIEST
    key_fallbacks: tuple[str, ...] = ()
    also: tuple[Mapping[str, Any], ...] = ()
    again: int | None = None
    kept_as: Windows | None = field(default=None, compare=False)
    """The list that its rows are kept as, if not itself."""

    @cached_property
    def for_others(self) -> Windows:
        """Without further filters; its rows are kept as those of this list."""
        return replace(self, also=(), kept_as=self) if self.also else self

    @property
    def time(self) -> str:  # type: ignore[override] # what it is filtered by
        """The field of the filter."""
        return self.filter.field

    @property
    def ascending(self) -> bool:
        """Whether the first row of a window is the earliest."""
        return self.query.get("sort_field") == self.filter.field and self.query.get("sort_order") == "ASC"

    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:
        """The whole span as one window, which is split if it is dense; or one window after the other."""
        if end <= start:
            return []
        if self.first is not None:
            return [_OneByOne(self, Window(start, end), self.first)]
        return [_OneWindow(self, Window(start, end), size)]

    def checked(
        self,
        source: Source,
        window: Window,
        count: Callable[[int], bool],
        both: BothEnds | None = None,
        given: Completeness | None = None,
    ) -> Iterator[Chunk]:
        """One window: distinct rows, as many as the platform counts, or an error.

        `count` is told how many rows the platform counts in the window, and says whether they are too many; `both` is
        what to share with whoever reads it from its end; `given` has passed on some of its rows already.
        """
        keys, what = (self.key, *self.key_fallbacks), f"of {window}"
        check = given
        for number, more in enumerate(({}, *self.also)):
            check = both or Completeness(
                keys, self.filter.field, what, source.checks, steady=self.ascending, given=check
            )
            too_many = _too_many if number else count
            pages = partial(self._all_pages, source, window, more, check)
            try:
                for page in check.passes(pages, too_many if window.end - window.start > 1 else None):
                    if not number:
                        self._keep(source, page)
                    yield Chunk(page)
            except TooDenseError as dense:
                dense.given = check if check.passed_on else None  # usually it turns out before anything is
                raise

    def both_ends(self, source: Source, window: Window) -> BothEnds | None:
        """What its two readers share, if the list can be read from its end as well."""
        if not self.ascending or self.also or self.key_fallbacks or not isinstance(self.key, str):
            return None
        return BothEnds(self.key, self.filter.field, f"of {window}", source.checks, window.end)

    def from_end(self, source: Source, window: Window, both: BothEnds) -> Iterator[Chunk]:
        """What of a window comes from its end until the two readers meet, see `BothEnds`."""
        query = {**self.query, "sort_order": "DESC"}

        def search(last: int) -> Iterator[Page]:
            return self._pages(source, Window(window.start, 1 - last), query, {}, both)

        def times(page: Page) -> list[int]:
            return [-moment for moment in both.moments(page, window.end)]

        for page in both.from_end(steady(search, times, 1 - window.end)):
            self._keep(source, page)
            yield Chunk(page)

    def _keep(self, source: Source, page: PageRows) -> None:
        known_as = self.kept_as or self
        kept = source.roster.fields(known_as)
        if kept:
            source.roster.keep(known_as, page.pick(kept))

    def _all_pages(
        self, source: Source, window: Window, more: Mapping[str, Any], check: Completeness
    ) -> Iterator[Page]:
        if not self.ascending:
            return self._pages(source, window, self.query, more, check)

        def search(first: int) -> Iterator[Page]:
            return self._pages(source, Window(first, window.end), self.query, more, check)

        return steady(search, lambda page: check.moments(page, window.end), window.start)

    def _pages(
        self, source: Source, window: Window, query: Mapping[str, Any], more: Mapping[str, Any], check: Completeness
    ) -> Iterator[Page]:
        filters = {"query": dict(query), "body": {**self.body, **more}}
        filters[self.filter.where] |= self.filter.bounds(window)
        return source.pages(self.operation, query=filters["query"], body=filters["body"] or None, outline=check.outline)


def _too_many(rows: int) -> bool:
    return rows > base.ROWS_PER_WINDOW


@dataclass(frozen=True)
class _OneByOne:
    """A list that does not count its rows: windows grow while rows are few, and each shows how long the next may be."""

    way: Windows
    span: Window
    width: int

    def fetch(self, source: Source) -> Iterator[Chunk]:
        cursor, width = self.span.start, self.width
        given: Completeness | None = None
        while cursor < self.span.end:
            width = min(width, self.span.end - cursor)
            window = Window(cursor, cursor + width)
            read = 0
            try:
                for chunk in self.way.checked(source, window, _too_many, given=given):
                    read += len(chunk.rows)
                    yield chunk
            except TooDenseError as dense:
                given = dense.given
                width = max(1, min(width // 2, width * base.ROWS_PER_WINDOW // (2 * (dense.rows or 1))))
                continue
            yield Chunk(done=window.end)
            cursor = window.end
            width = width * GROWTH if read * GROWTH < base.ROWS_PER_WINDOW else width


@dataclass(frozen=True)
class _OneWindow:
    """A window, read whole; or, if it turns out to be dense, what it is cut into."""

    way: Windows
    window: Window
    size: Size
    cutting: _Cutting | None = None
    expected: int = 0
    given: Completeness | None = None
    """Who has passed on some of its rows already, when they were taken for one window with others."""

    def fetch(self, source: Source) -> Iterator[Chunk | Following]:
        both = None if self.cutting is None or self.given else self.way.both_ends(source, self.window)
        alone = True
        try:
            for chunk in self.way.checked(source, self.window, self._count, both, self.given):
                if self.cutting is not None:
                    self.cutting.read(len(chunk.rows))
                    if both and alone and both.worth_it:
                        alone = False
                        yield Following([Backwards(_FromEnd(self.way, self.window, both, self.cutting))])
                yield chunk
        except TooDenseError as dense:
            yield Following(self._cut(dense))
            return
        # Said once, by who answers for the window, behind all that it has named.
        done = Chunk(done=self.window.end)
        yield done if alone else Following([Mark(done)])

    def _count(self, rows: int) -> bool:
        if self.cutting is not None:
            self.cutting.counted(self.window, rows)
        return rows > min(base.ROWS_PER_WINDOW, max(TOO_LONG * self.expected, 3 * FEW_ROWS))

    def _cut(self, dense: TooDenseError) -> Sequence[Slice]:
        start, end = self.window.start, self.window.end
        if dense.rows is None:  # the platform will not count them, so nothing is known but that half is better
            middle = (start + end) // 2
            return [
                _OneWindow(self.way, Window(*part), self.size, self.cutting, given=dense.given)
                for part in ((start, middle), (middle, end))
            ]
        if self.cutting is not None:
            return [_Rest(self.way, self.window, self.cutting, dense.rows, dense.given)]
        first = dense.first if self.way.ascending and dense.first is not None and start < dense.first < end else start
        before = [_OneWindow(self.way, Window(start, first), self.size, given=dense.given)] if start < first else []
        cutting = _Cutting(dense.rows, Window(first, end), self.size)
        return [*before, _Rest(self.way, Window(first, end), cutting, given=dense.given)]


@dataclass(frozen=True)
class _FromEnd:
    """The same window from its end. It says nothing of how far it is complete: the other reader does, behind it."""

    way: Windows
    window: Window
    both: BothEnds
    cutting: _Cutting

    def fetch(self, source: Source) -> Iterator[Chunk]:
        for chunk in self.way.from_end(source, self.window, self.both):
            self.cutting.read(len(chunk.rows))
            yield chunk


class _Cutting:
    """Cuts a dense span into windows, by what is known so far of how dense it is.

    Threads that read the windows tell what they count in them. What one of them learns in the middle of another's
    question may be lost; it is an estimate, and every window is counted anyway.
    """

    def __init__(self, rows: int, span: Window, size: Size) -> None:
        self._unread = rows
        self._density = rows / (span.end - span.start)
        self.size = size
        self._number = 0

    def next(self, rest: Window, counted: int | None) -> tuple[Window, int]:
        """The first window of a rest, and how many rows are expected in it.

        `counted` is how many rows the rest holds if it has turned out to be more than one window; else it is estimated,
        and never more than have not been read yet.
        """
        if counted is not None:  # what has come meanwhile was not among those that are left
            self._unread = max(self._unread, counted)
        width = rest.end - rest.start
        rows = min(width * self._density, max(self._unread, 0)) if counted is None else counted
        parts = max(1 if counted is None else 2, math.ceil(rows / self.size(self._unread, self._number)))
        window = Window(rest.start, rest.start + max(1, width // parts) if parts > 1 else rest.end)
        self._number += 1
        return window, round(rows * (window.end - window.start) / width)

    def read(self, rows: int) -> None:
        """Notes how many rows have come."""
        self._unread -= rows

    def counted(self, window: Window, rows: int) -> None:
        """Notes how many rows the platform counts in a window."""
        self._density = max(rows / (window.end - window.start), self._density / GROWTH)


@dataclass(frozen=True)
class _Rest:
    """What is left of a dense span. It costs no call: it becomes the next window and another rest.

    `rows` is how many it holds, if it was counted.
    """

    way: Windows
    span: Window
    cutting: _Cutting
    rows: int | None = None
    given: Completeness | None = None

    def fetch(self, source: Source) -> Iterator[Following]:  # noqa: ARG002 - as all slices
        window, rows = self.cutting.next(self.span, self.rows)
        slices: list[Slice] = [_OneWindow(self.way, window, self.cutting.size, self.cutting, rows, self.given)]
        if window.end < self.span.end:
            rest = Window(window.end, self.span.end)
            slices.append(_Rest(self.way, rest, self.cutting, given=self.given))
        yield Following(slices)
