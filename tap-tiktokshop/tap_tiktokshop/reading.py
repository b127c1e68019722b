"""The ways to read: windows of time, children of parents, the shop itself.

A way of reading turns one shop's share of a stream into chunks: rows to emit, and the time up to which everything has
been read and checked. It knows the platform's paging and time filters and nothing of Singer.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from tiktokshop_client.errors import (
    TOO_MANY_HITS,
    BusinessError,
    PageTokenInvalid,
    PagingError,
    TransientError,
)

from tap_tiktokshop.records import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from tiktokshop_client import Client, Operation, Page, Shop, TikTokShopError

    Row = dict[str, Any]

logger = logging.getLogger(__name__)

ROWS_PER_WINDOW = 2_500
"""A window is split when the platform counts more rows in it: what a killed run reads again stays small."""
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

    def __init__(self, rows: int = 1) -> None:
        super().__init__()
        self.rows = rows


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

    rows: list[Row] = field(default_factory=list)
    added: Mapping[str, Any] = field(default_factory=dict)
    done: int | None = None


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


class Reading(Protocol):
    """One way to read a stream."""

    @property
    def earliest(self) -> int:
        """First moment the platform has data for; what a missing `start_date` means."""

    def read(self, source: Source, start: int, end: int) -> Iterator[Chunk]:
        """Everything from `start` until `end`, with marks of how far it is complete."""


@dataclass(frozen=True)
class AuthorisedShop:
    """The shop itself, as the list of authorised shops has it: known since the start of the run, so no call."""

    earliest: int = 0

    def read(self, source: Source, start: int, end: int) -> Iterator[Chunk]:  # noqa: ARG002 - a shop has no times
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
class Windows:
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

    def read(self, source: Source, start: int, end: int) -> Iterator[Chunk]:
        """Windows as wide as their rows allow: sparse ones grow, dense ones are split."""
        cursor, width = start, self.first or end - start
        while cursor < end:
            width = min(width, end - cursor)
            window = Window(cursor, cursor + width)
            read = 0
            try:
                for chunk in self._checked(source, window):
                    read += len(chunk.rows)
                    yield chunk
            except _TooDenseError as dense:
                width = max(1, min(width // 2, width * ROWS_PER_WINDOW // (2 * dense.rows)))
                continue
            yield Chunk(done=window.end)
            cursor = window.end
            width = width * GROWTH if read * GROWTH < ROWS_PER_WINDOW else width

    def _checked(self, source: Source, window: Window) -> Iterator[Chunk]:
        """One window: distinct rows, as many as the platform counts, or an error."""
        where = "query" if self.filter.where == "query" else "body"
        filters = {"query": dict(self.query), "body": dict(self.body)}
        filters[where] |= self.filter.bounds(window)

        def pages() -> Iterator[Page]:
            return source.pages(self.operation, query=filters["query"], body=filters["body"] or None)

        check = _Completeness((self.key, *self.key_fallbacks), self.filter.field, f"of {window}")
        for page in check.passes(pages, splittable=window.end - window.start > 1):
            yield Chunk(page)


@dataclass(frozen=True)
class Children:
    """Reads a list for each row of another list, a page of parents at a time, progress on the parents' time."""

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
    def earliest(self) -> int:
        """The parents' first moment."""
        return self.parents.earliest

    def read(self, source: Source, start: int, end: int) -> Iterator[Chunk]:
        """The children of every parent in each window of parents."""
        for chunk in self.parents.read(source, start, end):
            for parent in chunk.rows:
                yield from self._children(source, parent)
            if chunk.done is not None:
                yield chunk

    def _children(self, source: Source, parent: Row) -> Iterator[Chunk]:
        identity = str(parent[self.parents.key])
        added = {name: parent.get(origin) for name, origin in self.inherit.items()}

        def pages() -> Iterator[Page]:
            return source.pages(self.operation, path={self.path: identity}, query=self.query)

        check = _Completeness((self.key, *self.key_fallbacks), None, f"of {self.path} {identity}")
        for rows in check.passes(pages, splittable=False):
            yield Chunk(rows, added)


class _Completeness:
    """Reads a paged list until as many distinct rows came as the platform counts, at most `PASSES` times."""

    def __init__(self, keys: tuple[str, ...], version: str | None, what: str) -> None:
        """`keys`: the field that identifies a row, then what stands in for it; `version`: the time it last changed."""
        self._keys = keys
        self._version = version
        self._what = what
        self._seen: dict[str, Any] = {}

    def passes(self, pages: Callable[[], Iterator[Page]], *, splittable: bool) -> Iterator[list[Row]]:
        """New rows page by page. Raises when rows are missing after the last pass, or too many to read in one go."""
        short = 0
        restarts = dict.fromkeys(RESTARTS, 0)
        while True:
            try:
                expected = yield from self._one_pass(pages(), splittable=splittable)
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

    def _one_pass(self, pages: Iterator[Page], *, splittable: bool) -> Generator[list[Row], None, int | None]:
        """One walk; returns the smallest count any page gave: rows may leave a window while it is read."""
        expected: int | None = None
        for page in pages:
            if page.total_count is not None:
                if splittable and page.number == 1 and page.total_count > ROWS_PER_WINDOW:
                    raise _TooDenseError(page.total_count)
                expected = page.total_count if expected is None else min(expected, page.total_count)
            yield [row for row in page.rows if self._is_new(row)]
        return expected

    def _is_new(self, row: Row) -> bool:
        """False for a row that came before in this window and has not changed since."""
        identity = self._identify(row)
        version = row.get(self._version) if self._version else None
        if identity in self._seen and self._seen[identity] == version:
            return False
        self._seen[identity] = version
        return True

    def _identify(self, row: Row) -> str:
        """The row's identity, put under its first name where only another one carries it."""
        for name in self._keys:
            if row.get(name) not in (None, ""):
                row[self._keys[0]] = str(row[name])
                return str(row[name])
        raise MissingKeyError(f"A row {self._what} came without its {self._keys[0]}, so it cannot be told from others.")
