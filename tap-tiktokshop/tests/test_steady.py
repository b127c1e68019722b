"""Rows that leave a list while it is read take no others with them."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tap_tiktokshop.reading.steady import STUCK, steady
from tiktokshop_client import Page


class Shifting:
    """A list whose pages begin at a place in it, so that who moves up to a page that was read is not on the next one.

    Rows are (time, number), and come in the order of their times only. Before a call some leave: call number -> places.
    """

    def __init__(self, times, leaving=(), size=3):
        self.rows = [(time, number) for number, time in enumerate(times)]
        self.leaving = dict(leaving)
        self.size = size
        self.calls = 0

    def pages(self, first, last, *, descending=False):
        for number in itertools.count():
            self.calls += 1
            for place in self.leaving.get(self.calls, ()):
                if self.rows:
                    del self.rows[place % len(self.rows)]
            found = [row for row in self.rows if first <= row[0] <= last]
            found.sort(key=lambda row: row[0], reverse=descending)
            page = found[number * self.size : (number + 1) * self.size]
            rows = [{"id": str(row[1]), "update_time": row[0]} for row in page]
            yield Page(rows, len(found), {}, "r", number + 1, "")
            if (number + 1) * self.size >= len(found):
                return


def ids(pages):
    return [row["id"] for page in pages for row in page.rows]


def read(shifting, *, descending=False):
    if descending:
        pages = steady(
            lambda bound: shifting.pages(0, -bound, descending=True),
            lambda page: [-row["update_time"] for row in page.rows],
            -99,
        )
    else:
        pages = steady(
            lambda bound: shifting.pages(bound, 99), lambda page: [row["update_time"] for row in page.rows], 0
        )
    return list(pages)


TIMES = st.lists(st.integers(0, 99), max_size=40, unique=True).map(sorted)
LEAVING = st.dictionaries(st.integers(1, 20), st.lists(st.integers(0, 99), min_size=1, max_size=3), max_size=8)


@given(TIMES, LEAVING, st.booleans())
@settings(max_examples=300)
def test_whoever_stays_is_read_whoever_leaves(times, leaving, descending):
    shifting = Shifting(times, leaving)
    came = set(ids(read(shifting, descending=descending)))
    assert {str(number) for _, number in shifting.rows} <= came


@given(TIMES)
def test_where_nobody_leaves_the_pages_are_those_of_the_search(times):
    assert read(Shifting(times)) == list(Shifting(times).pages(0, 99))


@pytest.mark.parametrize(("leaving", "counts"), [(1, [8, 8, None, 8]), (7, [8, 8, None, 7])])
def test_what_is_counted_is_what_was_read_before_and_what_is_left(leaving, counts):
    pages = read(Shifting(range(8), {3: [leaving]}))
    assert [page.total_count for page in pages] == counts
    assert [page.number for page in pages] == list(range(1, len(pages) + 1))


def test_a_second_that_fills_a_page_is_searched_anew_a_few_times_and_then_counted_as_if_none_had_left():
    class Second(Shifting):
        def pages(self, first, last, **_):
            self.rows = [(0, number) for number in range(20 - self.calls)]
            yield from super().pages(first, last)

    second = Second([], {number: [0] for number in range(1, 100)})
    counts = [page.total_count for page in read(second)]
    assert len(counts) == second.calls < 20
    assert counts.count(None) == STUCK
    last = counts[len(counts) - counts[::-1].index(None) :]
    assert len(last) > 1
    assert len(set(last)) == 1


def test_a_list_that_does_not_count_is_read_as_it_is():
    class Uncounted(Shifting):
        def pages(self, first, last, **_):
            for page in super().pages(first, last):
                yield Page(page.rows, None, {}, "r", page.number, "")

    uncounted = Uncounted(range(8), {2: [0]})
    assert [page.total_count for page in read(uncounted)] == [None] * 3
