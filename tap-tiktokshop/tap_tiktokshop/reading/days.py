"""Reports by day, in the shop's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tiktokshop_client import operations
from tiktokshop_client.errors import BugError, BusinessError

from tap_tiktokshop.reading.base import EARLIEST, Chunk, Reading, one_by_one
from tap_tiktokshop.reading.completeness import Completeness
from tap_tiktokshop.reading.values import at
from tap_tiktokshop.times import DAY, unix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tiktokshop_client import Operation, Page

    from tap_tiktokshop.reading.base import Row, Size, Slice, Source
    from tap_tiktokshop.reading.rows import Key

EPOCH = date(1970, 1, 1)
LONG = 62
"""From this many days on, it pays to look for the first day with figures before asking for each."""
LATEST = ("latest_available_date", "performance.latest_available_timestamp")
"""The field in which answers say how far their figures go: a date, or a moment within the last day."""


@dataclass(frozen=True)
class Days(Reading):
    """Asks for each day from the bookmark to yesterday, up to the last one that the platform has figures of.

    A day is passed on as `date`. The bookmark is the first day not read yet, as midnight UTC whatever the shop's zone.

    Attributes:
        bounds: The query parameters of the first day and of the day behind the last.
        path: Or the path parameter that takes the day.
        span: Days asked for at once, where rows say themselves (in `day`) which they are of.
        key: What tells the rows of one answer apart; None if the answer is one object.
        inside: Where that object lies in the answer.
        each: Queries of which each is asked for each day.
        again: Seconds before the bookmark from which days are read again, because figures are still revised: by the run
            that comes to a new day. Those after it on the same day read the last day again, which is revised most.
    """

    operation: Operation
    key: Key | None
    bounds: tuple[str, str] = ("start_date_ge", "end_date_lt")
    path: str = ""
    span: int = 1
    day: str = ""
    inside: str = ""
    each: tuple[Mapping[str, Any], ...] = ({},)
    again: int = 7 * DAY
    earliest: int = EARLIEST

    def lookback(self, configured: int, end: int | None, now: Callable[[], datetime]) -> int:  # noqa: ARG002 - own
        """All of `again`, or a day where a run has come to today's: it has read them all."""
        return min(DAY, self.again) if end == _midnight(now().date()) else self.again

    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:  # noqa: ARG002 - days are days
        """One, which goes from day to day: few are asked for in a second anyway."""
        return [_Days(self, start, end)]


@dataclass(frozen=True)
class _Days:
    way: Days
    start: int
    end: int

    def fetch(self, source: Source) -> Iterator[Chunk]:
        # A bookmark is a day written as midnight UTC; any other start is a moment, on a day of the shop's zone.
        first = local(self.start, source) if self.start % DAY else EPOCH + timedelta(self.start // DAY)
        today = local(self.end, source)
        if (today - first).days > LONG:
            first = source.roster.once((first, today), lambda: first_with_figures(source, first, today))
        while first < today:
            behind = min(first + timedelta(self.way.span), today)
            latest = today
            for more in self.way.each:
                for rows, known_until in self._answers(source, first, behind, more):
                    latest = min(latest, known_until)
                    yield Chunk([row for row in rows if row["date"] < latest.isoformat()])
            if latest < behind:
                yield Chunk(done=_midnight(max(first, latest)))
                return
            yield Chunk(done=_midnight(behind))
            first = behind

    def _answers(
        self, source: Source, first: date, behind: date, more: Mapping[str, Any]
    ) -> Iterator[tuple[list[Row], date]]:
        """(rows with their date, the first day without figures) page by page."""
        way = self.way
        path = {way.path: first.isoformat()} if way.path else {}
        query = {**more, **({} if way.path else {way.bounds[0]: first.isoformat(), way.bounds[1]: behind.isoformat()})}
        if way.key is None:
            data = source.call(way.operation, path=path, query=query).data
            found = at(data, way.inside) if way.inside else data
            yield [{**(found or {}), "date": first.isoformat()}], until(data, behind, source)
            return
        known = behind

        def pages() -> Iterator[Page]:
            nonlocal known
            for page in source.pages(way.operation, path=path, query=query):
                known = until(page.data, behind, source)
                yield page

        for rows in Completeness((way.key,), None, f"of {first}", source.checks).passes(pages, None):
            yield [{**more, **row, "date": str(row.get(way.day) or first.isoformat())} for row in rows], known


def until(data: Mapping[str, Any], behind: date, source: Source) -> date:
    """The first day of which an answer has no complete figures; `behind` if it does not say."""
    for name in LATEST:
        value = at(data, name)
        if isinstance(value, str) and not value.isdecimal():
            try:
                return date.fromisoformat(value[:10]) + timedelta(1)
            except ValueError:
                continue
        seconds = unix(value)
        if seconds is not None:
            return local(seconds, source)
    return behind


def local(seconds: int, source: Source) -> date:
    """The day in the shop's zone."""
    return datetime.fromtimestamp(seconds, source.zone).date()


def first_with_figures(source: Source, first: date, behind: date) -> date:
    """The first day from `first` on before which the shop's own report has nothing, found by halving.

    The reports of products, videos and hours have a call a day; a shop that opened last year should not cost one for
    each day since 2020. Where the platform refuses such long ranges, nothing is left out.
    """
    try:
        while (behind - first).days > 1:
            middle = first + (behind - first) / 2
            if _nothing(source, first, middle):
                first = middle
            else:
                behind = middle
    except (BusinessError, BugError):
        return first
    return first


def _nothing(source: Source, first: date, behind: date) -> bool:
    query = {"start_date_ge": first.isoformat(), "end_date_lt": behind.isoformat(), "granularity": "ALL"}
    data = source.call(operations.GET_SHOP_PERFORMANCE, query=query).data
    return not any(_figures(row) for row in at(data, "performance.intervals") or ())


def _figures(value: Any) -> bool:
    """Whether there is any number other than 0 in it; dates are not numbers."""
    if isinstance(value, dict):
        return any(_figures(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_figures(inner) for inner in value)
    if isinstance(value, str):
        return value.strip("-0.") != "" and value.replace(".", "", 1).lstrip("-").isdecimal()
    return isinstance(value, (int, float)) and bool(value)


def _midnight(day: date) -> int:
    return (day - EPOCH).days * DAY
