"""Windows and children are read whole, once, and in pieces that fit."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tap_tiktokshop import reading
from tap_tiktokshop.reading import Children, IncompleteWindowError, MissingKeyError, TimeFilter, Windows
from tiktokshop_client import Page, operations
from tiktokshop_client.errors import TOO_MANY_HITS, BusinessError, PageTokenInvalid, PagingError


@dataclass
class Platform:
    """A list with a time filter and pages, as the platform has it; `trouble` happens instead of a page, once each."""

    rows: list = field(default_factory=list)
    page_size: int = 3
    counts: bool = True
    most: int = 10**9
    trouble: dict = field(default_factory=dict)
    calls: list = field(default_factory=list)

    def pages(self, operation, *, path=None, query=None, body=None):  # noqa: ARG002 - as the client's
        asked = {**(query or {}), **(body or {})}
        low = next((value for name, value in asked.items() if name.endswith("_ge")), 0)
        high = next((value for name, value in asked.items() if name.endswith("_lt")), None)
        if high is None:
            high = next((value + 1 for name, value in asked.items() if name.endswith("_le")), 10**12)
        found = sorted(
            (row for row in self.rows if low <= row["update_time"] < high), key=lambda row: row["update_time"]
        )
        if len(found) > self.most:
            raise BusinessError("too many", code=TOO_MANY_HITS)
        for number, first in enumerate(range(0, max(len(found), 1), self.page_size), 1):
            self.calls.append((low, high))
            outcome = self.trouble.pop(len(self.calls), None)
            if isinstance(outcome, Exception):
                raise outcome
            page = found[first : first + self.page_size]
            if outcome == "lose":
                page = page[1:]
            yield Page([dict(row) for row in page], len(found) if self.counts else None, {}, "r", number, "")


def rows(*times):
    return [{"id": f"{number}", "update_time": time} for number, time in enumerate(times)]


def windows(**kwargs):
    return Windows(operations.SEARCH_ORDERS, TimeFilter("update_time"), "id", **kwargs)


def read(way, platform, start, end):
    chunks = list(way.read(platform, start, end))
    ids = [row["id"] for chunk in chunks for row in chunk.rows]
    return ids, [chunk.done for chunk in chunks if chunk.done is not None]


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(reading, "ROWS_PER_WINDOW", 4)


def test_a_sparse_range_is_one_window_and_one_call():
    platform = Platform(rows(5, 50))
    assert read(windows(), platform, 0, 100) == (["0", "1"], [100])
    assert len(platform.calls) == 1


def test_an_empty_window_still_moves_the_bookmark():
    assert read(windows(), Platform(), 0, 100) == ([], [100])


def test_nothing_is_asked_when_the_range_is_empty():
    platform = Platform(rows(5))
    assert read(windows(), platform, 100, 100) == ([], [])
    assert platform.calls == []


def test_a_window_is_half_open_for_inclusive_filters_too():
    inclusive = Windows(operations.SEARCH_PRODUCTS, TimeFilter("update_time", inclusive=True), "id")
    assert inclusive.filter.bounds(reading.Window(10, 20)) == {"update_time_ge": 10, "update_time_le": 19}
    ids, done = read(inclusive, Platform(rows(9, 10, 19, 20)), 10, 20)
    assert (ids, done) == (["1", "2"], [20])


def test_filters_go_where_the_operation_wants_them():
    platform = Platform(rows(5))
    in_query = Windows(operations.GET_STATEMENTS, TimeFilter("statement_time", where="query"), "id", query={"a": 1})
    list(in_query.read(platform, 0, 10))
    assert platform.calls == [(0, 10)]


@pytest.mark.parametrize("code", [36009007, 12019119])
def test_a_window_the_platform_finds_too_wide_is_split(code):
    class Narrow(Platform):
        def pages(self, operation, *, path=None, query=None, body=None):
            if body["update_time_lt"] - body["update_time_ge"] > 40:
                raise BusinessError("too wide", code=code)
            yield from super().pages(operation, path=path, query=query, body=body)

    ids, done = read(windows(), Narrow(rows(5, 50, 95)), 0, 100)
    assert (ids, done[-1]) == (["0", "1", "2"], 100)


def test_a_refusal_that_a_shorter_window_meets_too_is_told_as_it_is():
    class Refusing(Platform):
        def pages(self, *_args, **_kwargs):
            raise BusinessError("the range is not valid", code=12019119)
            yield

    with pytest.raises(BusinessError, match="not valid"):
        read(windows(), Refusing(), 0, 100)


@given(
    st.lists(st.integers(0, 60), max_size=60),
    st.integers(0, 60),
    st.integers(1, 60),
    st.booleans(),
)
def test_whatever_the_density_every_row_of_the_range_is_read_exactly_once(times, start, span, capped):
    platform = Platform(rows(*times), most=7 if capped else 10**9)
    too_full = capped and any(times.count(second) > 7 for second in range(start, start + span))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "ROWS_PER_WINDOW", 4)
        if too_full:
            with pytest.raises(IncompleteWindowError, match="single second"):
                read(windows(), platform, start, start + span)
            return
        ids, done = read(windows(), platform, start, start + span)
    assert sorted(ids) == sorted(row["id"] for row in platform.rows if start <= row["update_time"] < start + span)
    assert done == sorted(set(done))
    assert done[-1] == start + span


def test_a_dense_window_is_split_before_any_of_its_rows_is_passed_on(small):
    platform = Platform(rows(*range(0, 100, 10)))
    ids, done = read(windows(), platform, 0, 100)
    assert sorted(ids) == sorted(str(n) for n in range(10))
    assert len(done) > 2


def test_windows_grow_again_where_rows_are_few(small):
    platform = Platform(rows(1, 2, 3, 4, 5, 6, 7, 8))
    _, done = read(windows(), platform, 0, 1_000_000)
    assert len(done) < 20


def test_a_list_without_a_count_is_read_in_windows_that_grow_while_rows_are_few():
    platform = Platform(rows(5, 95), counts=False)
    assert read(windows(first=10), platform, 0, 1000) == (["0", "1"], [10, 50, 210, 850, 1000])


def test_rows_past_the_window_s_end_are_kept():
    class Refreshing(Platform):
        def pages(self, *args, **kwargs):
            for page in super().pages(*args, **kwargs):
                for row in page.rows:
                    row["update_time"] += 1000
                yield page

    ids, done = read(windows(), Refreshing(rows(5)), 0, 100)
    assert (ids, done) == (["0"], [100])


def test_a_short_window_is_read_once_more_and_only_what_was_missing_is_passed_on():
    platform = Platform(rows(1, 2, 3, 4), trouble={1: "lose"})
    assert read(windows(), platform, 0, 10) == (["1", "2", "3", "0"], [10])
    assert len(platform.calls) == 4


def test_a_window_that_stays_short_is_an_error_and_its_bookmark_stays():
    platform = Platform(rows(1, 2, 3, 4), trouble={1: "lose", 3: "lose"})
    done = []
    with pytest.raises(IncompleteWindowError, match=r"counts 4 rows of 1970-01-01T00:00:00.* but gave 3, twice"):
        done.extend(chunk.done for chunk in windows().read(platform, 0, 10) if chunk.done)
    assert done == []


def test_rows_that_leave_the_window_while_it_is_read_do_not_make_it_short():
    class Moving(Platform):
        def pages(self, *args, **kwargs):
            for page in super().pages(*args, **kwargs):
                if page.number == 2:
                    yield Page(page.rows[1:], page.total_count - 1, {}, "r", 2, "")
                else:
                    yield page

    platform = Moving(rows(1, 2, 3, 4))
    assert read(windows(), platform, 0, 10) == (["0", "1", "2"], [10])
    assert len(platform.calls) == 2


def test_a_row_seen_on_two_pages_is_passed_on_twice_only_if_it_changed():
    platform = Platform(
        [
            {"id": "a", "update_time": 1},
            {"id": "b", "update_time": 2},
            {"id": "b", "update_time": 2},
            {"id": "a", "update_time": 3},
        ],
        counts=False,
    )
    assert read(windows(), platform, 0, 10) == (["a", "b", "a"], [10])


def test_a_forgotten_page_token_starts_the_window_over():
    platform = Platform(rows(1, 2, 3, 4), trouble={2: PageTokenInvalid("gone")})
    assert read(windows(), platform, 0, 10) == (["0", "1", "2", "3"], [10])


@pytest.mark.parametrize(("error", "passes"), [(PageTokenInvalid("gone"), 6), (PagingError("round and round"), 2)])
def test_pages_that_never_come_to_an_end_are_an_error_after_a_few_passes(error, passes):
    platform = Platform(rows(1), trouble=dict.fromkeys(range(1, 20), error))
    with pytest.raises(type(error)):
        read(windows(), platform, 0, 10)
    assert len(platform.calls) == passes


def test_a_row_without_its_key_is_an_error():
    platform = Platform([{"id": "", "update_time": 1}])
    with pytest.raises(MissingKeyError, match="without its id"):
        read(windows(), platform, 0, 10)


def test_a_row_may_be_identified_by_what_stands_in_for_its_key():
    platform = Platform([{"adjustment_id": 5, "update_time": 1}])
    ids, _ = read(windows(key_fallbacks=("adjustment_id",)), platform, 0, 10)
    assert ids == ["5"]


def test_children_are_read_of_each_parent_and_carry_what_they_inherit():
    class Family(Platform):
        def pages(self, operation, *, path=None, query=None, body=None):
            if path is None:
                yield from super().pages(operation, query=query, body=body)
            else:
                parent = path["statement_id"]
                yield Page([{"id": f"{parent}-1"}, {"id": f"{parent}-2"}], 2, {}, "r", 1, "")

    way = Children(
        parents=windows(),
        operation=operations.GET_STATEMENT_TRANSACTIONS,
        path="statement_id",
        key="id",
        inherit={"statement_id": "id", "statement_time": "update_time"},
    )
    chunks = list(way.read(Family(rows(5, 6)), 0, 10))
    assert [([row["id"] for row in chunk.rows], dict(chunk.added), chunk.done) for chunk in chunks] == [
        (["0-1", "0-2"], {"statement_id": "0", "statement_time": 5}, None),
        (["1-1", "1-2"], {"statement_id": "1", "statement_time": 6}, None),
        ([], {}, 10),
    ]


def test_children_that_stay_fewer_than_counted_are_an_error_before_the_bookmark_moves():
    class Family(Platform):
        def pages(self, operation, *, path=None, query=None, body=None):
            if path is None:
                yield from super().pages(operation, query=query, body=body)
            else:
                yield Page([{"id": "only"}], 2, {}, "r", 1, "")

    way = Children(windows(), operations.GET_STATEMENT_TRANSACTIONS, "statement_id", "id", {})
    with pytest.raises(IncompleteWindowError, match="counts 2 rows of statement_id 0 but gave 1"):
        list(way.read(Family(rows(5)), 0, 10))
