"""A row at the border of two windows, or that moves from one into another while they are read, is never lost."""

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from platform_lists import Platform, source
from tap_tiktokshop.reading import TimeFilter, Windows, base
from tap_tiktokshop.reading.completeness import IncompleteWindowError
from tap_tiktokshop.reading.lanes import Lane
from tap_tiktokshop.reading.pool import Pool
from tap_tiktokshop.streams import STREAMS
from tiktokshop_client import Page, operations

END = 400
"""When the first run begins, and so up to where it reads."""
LOOKBACK = 30
AFTERWARDS = END + 100
BY_TIME = {"sort_field": "update_time", "sort_order": "ASC"}
WAYS = {
    "from both ends": Windows(operations.SEARCH_ORDERS, TimeFilter("update_time"), "id", query=BY_TIME),
    "in any order": Windows(operations.SEARCH_ORDERS, TimeFilter("update_time"), "id"),
    "without a count": Windows(operations.SEARCH_ORDERS, TimeFilter("update_time"), "id", first=10),
}


@dataclass
class Moving(Platform):
    """Rows change between any two calls: number of the call -> changes (row, new time, calls until the search knows).

    Until then the search finds the row at its old time, and shows the new one, as the platform does.
    """

    changes: dict = field(default_factory=dict)
    late: dict = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self):
        for row in self.rows:
            row["found"] = row["update_time"]

    def settle(self):
        """Everything that was to change has."""
        for number in sorted({*self.changes, *self.late}):
            self._change(number)
        for number in sorted(self.late):
            self._change(number)

    def _change(self, number):
        for row, time, calls in self.changes.pop(number, ()):
            self.rows[row]["update_time"] = max(time, self.rows[row]["update_time"])
            self.late.setdefault(number + calls, []).append(row)
        for row in self.late.pop(number, ()):
            self.rows[row]["found"] = self.rows[row]["update_time"]

    def pages(self, _operation, *, body=None, query=None, **_):
        low, high = body["update_time_ge"], body["update_time_lt"]
        backwards = (query or {}).get("sort_order") == "DESC"
        number, first, more = 0, 0, True
        while more:
            with self.lock:
                self.calls.append((low, high))
                self._change(len(self.calls))
                found = [row for row in self.rows if low <= row["found"] < high]
                found.sort(key=lambda row: row["found"], reverse=backwards)
                rows = [{"id": row["id"], "update_time": row["update_time"]} for row in found]
            number, more = number + 1, first + self.page_size < len(rows)
            yield Page(rows[first : first + self.page_size], len(rows) if self.counts else None, {}, "r", number, "")
            first += self.page_size


def run(way, platform, start, end):
    """(rows in the order in which they are written, the bookmark): through the real pool, four calls at a time."""
    ahead = Pool()
    lane = Lane(0, source(platform, since=start), ("1", "order"), lambda: 4)
    lane.start(way.slices(start, end))
    ahead.add([lane])
    rows, bookmark = [], start
    for _, item in ahead.take(0, lambda: None):
        if isinstance(item, IncompleteWindowError):  # rows left faster than they could be counted: nothing is passed
            break
        if item is None:
            break
        assert not isinstance(item, Exception), item
        rows += item.rows
        bookmark = item.done or bookmark
    ahead.close()
    return [(row["id"], row["update_time"]) for row in rows], bookmark


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(base, "ROWS_PER_WINDOW", 8)


COUNTED = sorted(WAYS.keys() - {"without a count"})
"""Those whose rows move. The lists that the platform does not count are searched by times that never change."""
TIMES = st.lists(st.integers(1, END - 1), min_size=1, max_size=60)
CHANGES = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 59), st.integers(END - LOOKBACK, AFTERWARDS - 1), st.integers(0, 8)),
    max_size=30,
)


def test_lists_without_a_count_are_searched_by_times_that_never_change():
    uncounted = [stream.reading for stream in STREAMS if getattr(stream.reading, "first", None) is not None]
    assert {reading.filter.field for reading in uncounted} == {"statement_time", "create_time", "begin_time"}


@pytest.mark.parametrize("way", COUNTED)
@given(times=TIMES, changes=CHANGES)
@settings(max_examples=60)
def test_a_row_that_moves_between_windows_while_they_are_read_is_not_lost(way, times, changes):
    """Its last version comes in this run or the next, whichever thread reads which window first."""
    planned = {}
    for call, row, time, calls in changes:
        planned.setdefault(call, []).append((row % len(times), time, calls))
    rows = [{"id": str(number), "update_time": time} for number, time in enumerate(times)]
    shop = Moving(rows, changes=planned)
    first, bookmark = run(WAYS[way], shop, 0, END)
    shop.settle()
    second, end = run(WAYS[way], shop, max(0, bookmark - LOOKBACK), AFTERWARDS)
    held = dict([*first, *second])  # what a loader that upserts holds: the last one written wins
    assert held == {row["id"]: row["update_time"] for row in rows}
    assert end == AFTERWARDS


@pytest.mark.parametrize("way", WAYS)
@given(times=TIMES, border=st.integers(1, END - 1), at=st.lists(st.integers(-1, 1), min_size=1, max_size=12))
@settings(max_examples=40)
def test_a_row_at_the_border_of_two_windows_comes_once(way, times, border, at):
    """Many rows of the seconds around one place, so that windows are cut there; and two runs that meet there."""
    all_times = [*times, *(min(max(1, border + more), END - 1) for more in at)]
    rows = [{"id": str(number), "update_time": time} for number, time in enumerate(all_times)]
    shop = Moving(rows, counts=way != "without a count")
    first, bookmark = run(WAYS[way], shop, 0, border)
    second, _ = run(WAYS[way], shop, bookmark, END)
    assert (bookmark, Counter([*first, *second])) == (border, Counter((row["id"], row["update_time"]) for row in rows))
