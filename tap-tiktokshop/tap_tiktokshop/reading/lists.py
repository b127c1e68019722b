"""Lists without a filter on time, and answers that are one object: read whole each run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_tiktokshop.reading.base import Chunk, Reading, one_by_one
from tap_tiktokshop.reading.completeness import Completeness
from tap_tiktokshop.reading.values import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tiktokshop_client import Operation, Page

    from tap_tiktokshop.reading.base import Row, Size, Slice, Source
    from tap_tiktokshop.reading.rows import Key

EVERYTHING = (0, 1 << 40)
"""The span of time that a list without times covers, unix seconds."""
CHANGED = "changed"
"""The name under which the time that a row of such a list last changed is kept for others."""


@dataclass(frozen=True)
class AuthorisedShop(Reading):
    """The shop itself, as in the list of authorised shops: known since the start of the run, so it needs no call."""

    earliest: int = 0
    operation: Operation | None = None

    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:  # noqa: ARG002 - no times
        """One."""
        return [self]

    def fetch(self, source: Source) -> Iterator[Chunk]:
        """One row."""
        yield Chunk([dict(source.shop.data)] if source.shop else ())


@dataclass(frozen=True)
class OfTheRun(Reading):
    """What the run knows of itself: nothing is asked for it."""

    earliest: int = 0
    operation: Operation | None = None

    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:  # noqa: ARG002 - no times
        """None."""
        return ()


@dataclass(frozen=True)
class OfTheInbox(OfTheRun):
    """What the platform has sent: nothing is asked for it."""


@dataclass(frozen=True)
class Listed(Reading):
    """Reads a list to its end and checks it against the platform's count, if there is one.

    With `moments` (times of a row, with dots into objects) only rows are passed on of which one lies between the
    bookmark and now, or one of the `plans`: what has changed, or has begun or ended, since the run before.

    A list that is only searched with a filter is read once with each of `each`; a row that several show comes once.
    """

    operation: Operation
    key: Key
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    moments: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    each: tuple[Mapping[str, Any], ...] = ()
    earliest: int = 0
    in_one_go = True

    @property
    def time(self) -> str | None:  # type: ignore[override] # it depends on `moments`
        """What stands for the time of a row."""
        return CHANGED if self.moments else None

    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:  # noqa: ARG002 - in one go
        """One."""
        return [_Whole(self, start, end)]


@dataclass(frozen=True)
class _Whole:
    way: Listed
    start: int
    end: int

    def fetch(self, source: Source) -> Iterator[Chunk]:
        for more in self.way.each or ({},):
            yield from self._filtered(source, {**self.way.body, **more})
        yield Chunk(done=self.end)

    def _filtered(self, source: Source, body: Mapping[str, Any]) -> Iterator[Chunk]:
        way = self.way
        kept = source.roster.fields(way)

        def pages() -> Iterator[Page]:
            return source.pages(way.operation, query=way.query, body=body or None)

        for page in Completeness((way.key,), None, "of the list", source.checks).passes(pages, None):
            if not way.moments:
                if kept:
                    source.roster.keep(way, page.pick(kept))
                yield Chunk(
                    [row for row in page if source.first_time(str(row.get(str(way.key))))] if way.each else page
                )
                continue
            rows = list(page)
            changed = [moment(row, way.moments, self.end, way.plans) or self.end for row in rows]
            if kept:
                named = [{**row, CHANGED: when} for row, when in zip(rows, changed, strict=True)]
                source.roster.keep(way, [tuple(row.get(name) for name in kept) for row in named])
            yield Chunk([row for row, when in zip(rows, changed, strict=True) if when >= self.start])


@dataclass(frozen=True)
class Single(Reading):
    """Asks for one object; `rows` makes the stream's rows of it."""

    operation: Operation
    rows: Callable[[Row, Source], Iterable[Row]]
    earliest: int = 0

    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:  # noqa: ARG002 - in one go
        """One."""
        return [self]

    def fetch(self, source: Source) -> Iterator[Chunk]:
        """What comes of the object."""
        yield Chunk(list(self.rows(source.call(self.operation).data, source)))
