"""Windows are read whole, once, and in pieces that fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platform_lists import Platform, read_through, source
from tap_tiktokshop.reading import Following, NestedFilter, TimeFilter, Window, Windows, base
from tap_tiktokshop.reading.checks import Checks
from tap_tiktokshop.reading.completeness import IncompleteWindowError
from tiktokshop_client import Page, operations
from tiktokshop_client.errors import BusinessError, PageTokenInvalid, PagingError


def rows(*times):
    return [{"id": f"{number}", "update_time": time} for number, time in enumerate(times)]


def windows(key="id", **kwargs):
    return Windows(operations.SEARCH_ORDERS, TimeFilter("update_time"), key, **kwargs)


def read(way, platform, start, end):
    chunks = list(read_through(way, source(platform), start, end))
    ids = [row["id"] for chunk in chunks for row in chunk.rows]
    return ids, [chunk.done for chunk in chunks if chunk.done is not None]


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(base, "ROWS_PER_WINDOW", 4)


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
    assert inclusive.filter.bounds(Window(10, 20)) == {"update_time_ge": 10, "update_time_le": 19}
    ids, done = read(inclusive, Platform(rows(9, 10, 19, 20)), 10, 20)
    assert (ids, done) == (["1", "2"], [20])


def test_filters_go_where_the_operation_wants_them():
    platform = Platform(rows(5))
    in_query = Windows(operations.GET_STATEMENTS, TimeFilter("statement_time", where="query"), "id", query={"a": 1})
    read(in_query, platform, 0, 10)
    assert platform.calls == [(0, 10)]


@pytest.mark.parametrize("code", [36009007, 12019119])
def test_a_window_the_platform_finds_too_wide_is_split(code):
    class Narrow(Platform):
        def pages(self, operation, *, body=None, **more):
            if body["update_time_lt"] - body["update_time_ge"] > 40:
                raise BusinessError("too wide", code=code)
            yield from super().pages(operation, body=body, **more)

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
        patch.setattr(base, "ROWS_PER_WINDOW", 4)
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


def test_more_rows_at_the_end_than_were_counted_at_the_start_are_cut_by_what_is_counted_then():
    class Busy(Platform):
        def pages(self, *args, **kwargs):
            yield from super().pages(*args, **kwargs)
            if len(self.rows) == 1000:
                self.rows += [{"id": f"new {number}", "update_time": 9000 + number % 1000} for number in range(3000)]

    platform = Busy(rows(*range(0, 10_000, 10)), page_size=100)
    pending = list(windows().slices(0, 10_000, lambda left, _: max(20, left // 5)))
    while pending:
        items = list(pending.pop(0).fetch(source(platform)))
        pending[:0] = [piece for item in items if isinstance(item, Following) for piece in item.slices]
    assert len(set(platform.calls)) < 60


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
        done.extend(chunk.done for chunk in read_through(windows(), source(platform), 0, 10) if chunk.done)
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
    assert len(platform.calls) == 2 * 2


@pytest.mark.parametrize("leaving", range(7))
def test_rows_that_move_up_when_another_leaves_the_window_are_not_lost(leaving):
    class Shifting(Platform):
        """Pages begin at a place in the list, so that who moves up to a page that was read is not on the next."""

        def pages(self, *_args, **_kwargs):
            for number, first in enumerate(range(0, 7, self.page_size), 1):
                self.calls.append(number)
                page = self.rows[first : first + self.page_size]
                yield Page(page, len(self.rows), {}, "r", number, "t" if number < 3 else "")
                if len(self.calls) == 1:
                    del self.rows[leaving]

    platform = Shifting(rows(1, 2, 3, 4, 5, 6, 7))
    stayed = {row["id"] for row in platform.rows} - {str(leaving)}
    ids, done = read(windows(), platform, 0, 10)
    assert stayed <= set(ids)
    assert (len(ids), done) == (len(set(ids)), [10])


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


@pytest.mark.parametrize("nameless", [{"id": ""}, {"id": None}, {}, {"id": []}, {"id": {}}])
@pytest.mark.parametrize("counts", [True, False])
def test_a_row_that_nothing_identifies_is_counted_and_named_and_the_others_come(nameless, counts, caplog):
    platform = Platform([*rows(1, 2, 3, 4), nameless | {"update_time": 5}], counts=counts)
    reader = source(platform, checks=Checks("stream orders of shop 7"))
    found = list(read_through(windows(), reader, 0, 10))
    assert [row["id"] for chunk in found for row in chunk.rows] == ["0", "1", "2", "3"]
    assert found[-1].done == 10
    assert reader.checks.unidentified == 1
    assert " of stream orders of shop 7, which came without id:" in caplog.text
    assert "row 2 of request_id r" in caplog.text


def test_rows_that_nothing_identifies_hide_no_row_that_is_missing():
    platform = Platform([{"update_time": 1}, *rows(2, 3)], page_size=10, trouble={1: "lose", 2: "lose"})
    platform.rows[0]["update_time"] = 4
    with pytest.raises(IncompleteWindowError, match=r"counts 3 rows .* but gave 2"):
        read(windows(), platform, 0, 10)


def test_a_row_may_be_identified_by_what_stands_in_for_its_key():
    platform = Platform([{"adjustment_id": 5, "update_time": 1}])
    ids, _ = read(windows(key_fallbacks=("adjustment_id",)), platform, 0, 10)
    assert ids == ["5"]


def test_several_fields_may_identify_a_row_together():
    rows_ = [{"a": 1, "b": {"id": n}, "update_time": 1} for n in (1, 2, 2)]
    given = read_through(windows(key=("a", "b")), source(Platform(rows_)), 0, 10)
    found = [row for chunk in given for row in chunk.rows]
    assert [row["b"]["id"] for row in found] == [1, 2]


def test_rows_without_an_identifier_may_be_alike_but_not_missing():
    rows_ = [{"a": 1, "update_time": 1}, {"a": 1, "update_time": 1}]
    chunks = list(read_through(windows(key=("a", "update_time")), source(Platform(rows_)), 0, 10))
    assert [len(chunk.rows) for chunk in chunks] == [1, 0]
    with pytest.raises(IncompleteWindowError):
        list(read_through(windows(key=("a",)), source(Platform(rows_, trouble={1: "lose", 2: "lose"})), 0, 10))


def test_some_searches_have_their_bounds_in_objects_of_objects():
    bounds = NestedFilter("update_time").bounds(Window(10, 20))
    assert bounds == {
        "filters": {"time": {"update_time": {"min_unix_time_inclusive": 10, "max_unix_time_exclusive": 20}}}
    }


def test_each_window_is_read_again_with_further_filters_before_it_is_done():
    class WithDeleted(Platform):
        def pages(self, operation, *, body=None, **more):
            hidden = body.get("status") == "DELETED"
            inner = Platform([row for row in self.rows if row.get("gone", False) is hidden])
            yield from inner.pages(operation, body={**body, "status": None}, **more)

    platform = WithDeleted([{"id": "a", "update_time": 5}, {"id": "b", "update_time": 6, "gone": True}])
    assert read(windows(also=({"status": "DELETED"},)), platform, 0, 10) == (["a", "b"], [10])
    alone = windows(also=({"status": "DELETED"},)).for_others
    assert read(alone, platform, 0, 10) == (["a"], [10])


def test_what_the_platform_counts_and_what_came_is_noted():
    one = source(Platform(rows(1, 2, 3, 4), trouble={1: "lose"}))
    list(read_through(windows(), one, 0, 10))
    assert (one.checks.counted, one.checks.matched, one.checks.read_twice) == (4, 4, 1)


def test_a_list_that_stays_short_is_noted_too():
    one = source(Platform(rows(1, 2, 3, 4), trouble={1: "lose", 3: "lose"}))
    with pytest.raises(IncompleteWindowError):
        list(read_through(windows(), one, 0, 10))
    assert (one.checks.counted, one.checks.matched) == (4, 3)


def test_what_a_second_filter_shows_again_is_passed_on_only_if_it_has_changed():
    """A list may show its deleted rows with and without the filter that asks for them."""

    class Both(Platform):
        def pages(self, operation, *, body=None, **more):
            deleted = (body or {}).get("status") == "DELETED"
            if deleted:
                self.rows = [
                    {"id": "a", "update_time": 1},
                    {"id": "b", "update_time": 7},
                    {"id": "c", "update_time": 3},
                ]
            yield from super().pages(operation, body=body, **more)

    shop = Both([{"id": "a", "update_time": 1}, {"id": "b", "update_time": 2}])
    chunks = read_through(windows(also=({"status": "DELETED"},)), source(shop), 0, 10)
    came = [(row["id"], row["update_time"]) for chunk in chunks for row in chunk.rows]
    assert came == [("a", 1), ("b", 2), ("c", 3), ("b", 7)]


def test_a_window_that_turns_out_too_dense_late_gives_no_row_twice():
    class Tired(Platform):
        def pages(self, operation, *, body=None, **more):
            for number, page in enumerate(super().pages(operation, body=body, **more)):
                if number == 2 and body["update_time_lt"] - body["update_time_ge"] > 60:
                    raise BusinessError("no answer in time", code=36009007)
                yield page

    ids, done = read(windows(), Tired(rows(*range(0, 100, 5))), 0, 100)
    assert sorted(ids) == sorted(str(number) for number in range(20))
    assert done[-1] == 100
    assert sorted(read(windows(first=100), Tired(rows(*range(0, 100, 5))), 0, 100)[0]) == sorted(ids)


@given(st.lists(st.integers(0, 40), max_size=60), st.sets(st.integers(1, 80), max_size=6))
def test_read_from_both_ends_each_row_comes_once_and_before_any_mark_that_covers_it(times, tired):
    class Tired(Platform):
        def pages(self, operation, *, body=None, **more):
            for page in super().pages(operation, body=body, **more):
                if len(self.calls) in tired and body["update_time_lt"] - body["update_time_ge"] > 1:
                    raise BusinessError("no answer in time", code=36009007)
                yield page

    way = windows(query={"sort_field": "update_time", "sort_order": "ASC"})
    seen, done = [], 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "ROWS_PER_WINDOW", 6)
        for chunk in read_through(way, source(Tired(rows(*times), page_size=1)), 0, 41, at_once=3):
            assert all(row["update_time"] >= done for row in chunk.rows)
            seen += [row["id"] for row in chunk.rows]
            done = done if chunk.done is None else chunk.done
    assert sorted(seen) == sorted(str(number) for number in range(len(times)))
    assert done == 41
