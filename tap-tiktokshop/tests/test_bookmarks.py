"""Where a run goes on."""

import pytest
from tap_tiktokshop.reading.open_rows import OpenRows, until
from tap_tiktokshop.run.bookmarks import Bookmark, UnreadableStateError
from tap_tiktokshop.times import DAY, seconds, utc

PAID = OpenRows(until("payment_status", "PAID"))
NOW = 1_000_000_000


def at(state, **kwargs):
    return Bookmark(state, "statement_time", **kwargs)


def test_without_state_a_run_starts_at_its_configured_date():
    assert at({}).start(1000, lookback=300) == 1000


def test_a_run_starts_the_lookback_before_the_last_window_s_end():
    state = {}
    at(state).move(5000)
    assert state == {"replication_key": "statement_time", "replication_key_value": utc(5000)}
    assert at(state).start(1000, lookback=300) == 4700


def test_the_lookback_does_not_reach_before_the_configured_date():
    state = {}
    at(state).move(1100)
    assert at(state).start(1000, lookback=300) == 1000


def test_a_later_start_date_wins_over_the_bookmark():
    state = {}
    at(state).move(5000)
    assert at(state).start(9000, lookback=300) == 9000


def test_a_bookmark_on_another_field_is_not_used():
    assert at({"replication_key": "create_time", "replication_key_value": utc(5000)}).start(1000, 0) == 1000


def test_a_bookmark_never_moves_back():
    state = {}
    at(state).move(5000)
    again = at(state)
    again.move(4900)
    assert state["replication_key_value"] == utc(5000)


def test_open_rows_are_read_again_until_they_are_final():
    state = {}
    first = at(state, open_rows=PAID)
    first.see(
        [{"statement_time": 2000, "payment_status": "PROCESSING"}, {"statement_time": 1500, "payment_status": "PAID"}],
        NOW,
    )
    first.move(5000)
    assert at(state, open_rows=PAID).start(0, lookback=300) == 2000

    second = at(state, open_rows=PAID)
    second.see([{"statement_time": "2000", "payment_status": "FAILED"}], NOW)
    second.move(6000)
    assert at(state, open_rows=PAID).start(0, lookback=300) == 2000

    third = at(state, open_rows=PAID)
    third.see([{"statement_time": 2000, "payment_status": "PAID"}], NOW)
    third.move(7000)
    assert "open_from" not in state
    assert at(state, open_rows=PAID).start(0, lookback=300) == 6700


def test_a_run_killed_while_it_reads_open_rows_again_forgets_none_of_them():
    state = {}
    first = at(state, open_rows=PAID)
    first.see([{"statement_time": moment, "payment_status": "PROCESSING"} for moment in (2000, 4000)], NOW)
    first.move(5000)

    killed = at(state, open_rows=PAID)
    killed.see([{"statement_time": 2000, "payment_status": "PAID"}], NOW)
    killed.move(3000)  # the window that ends here is done, the one with the row at 4000 is not

    assert state["replication_key_value"] == utc(5000)
    assert at(state, open_rows=PAID).start(0, lookback=300) == 3000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01", 1767225600),
        ("2026-01-01T00:00:00Z", 1767225600),
        ("2026-01-01T02:00:00+02:00", 1767225600),
        (" 2026-01-01 00:00:00 ", 1767225600),
    ],
)
def test_a_date_may_have_a_time_and_a_zone(text, expected):
    assert seconds(text) == expected


def test_a_state_that_no_run_has_written_is_refused():
    with pytest.raises(UnreadableStateError, match="replication_key_value is not a date: 'soon'"):
        at({"replication_key": "statement_time", "replication_key_value": "soon"})


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "12:30", "P1D", ""])
def test_what_is_not_a_date_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - pendulum words it in several ways
        seconds(text)


def test_nothing_is_expected_any_more_of_rows_that_stayed_open_for_too_long():
    state = {}
    impatient = OpenRows(until("payment_status", "PAID"), days=30)
    bookmark = at(state, open_rows=impatient)
    old, recent = NOW - 31 * DAY, NOW - 29 * DAY
    bookmark.see([{"statement_time": moment, "payment_status": "FAILED"} for moment in (old, recent)], NOW)
    bookmark.move(NOW)
    assert at(state, open_rows=impatient).start(0, lookback=300) == recent


def test_changes_are_new_from_the_lookback_on_however_far_open_rows_reach_back():
    state = {}
    bookmark = at(state, open_rows=PAID)
    bookmark.see([{"statement_time": 2000, "payment_status": "PROCESSING"}], NOW)
    bookmark.move(5000)
    again = at(state, open_rows=PAID)
    assert (again.start(0, 300), again.since(0, 300)) == (2000, 4700)


def test_identities_are_left_to_the_next_run_and_forgotten_when_there_are_none():
    state = {}
    at(state).remember({"b", "a"})
    assert state == {"known": ["a", "b"]}
    assert at(state).known == {"a", "b"}
    at(state).remember(())
    assert state == {}
    assert at({"known": "broken"}).known == frozenset()


@pytest.mark.parametrize(
    ("kept", "known"),
    [
        (None, set()),
        (7, set()),
        ("abc", set()),
        ({"a": 1}, set()),
        ([], set()),
        (["a", None, True, 1.5, ["b"], {"c": 1}, "", "  ", "d"], {"a", "d"}),
        ([12345678901234567890, "12345678901234567890"], {"12345678901234567890"}),
    ],
)
def test_of_what_a_state_knows_only_identities_are_taken_whatever_else_is_there(kept, known):
    state = {"known": kept, "replication_key": "statement_time", "replication_key_value": utc(5000)}
    bookmark = at(state)
    assert bookmark.known == known
    bookmark.remember(bookmark.known | {"z"})
    assert at(state).known == {*known, "z"}
    assert bookmark.start(0, 0) == 5000


def test_an_open_row_whose_time_counts_milliseconds_is_read_again_from_its_second():
    state = {}
    bookmark = Bookmark(state, "statement_time", OpenRows(until("status", "PAID")))
    bookmark.see([{"statement_time": 1_690_000_000_123}], NOW)
    bookmark.move(1_700_000_000)
    assert state["open_from"] == "2023-07-22T04:26:40Z"


LOOKED_AT = OpenRows(until("payment_status", "PAID"), again=30, tells=("amount",))


def paid(moment, amount, status="PAID"):
    return {"statement_time": moment, "payment_status": status, "amount": amount}


def test_final_rows_are_looked_at_again_and_pass_only_when_they_have_changed():
    state = {}
    first = at(state, open_rows=LOOKED_AT)
    assert first.passes("1", paid(40 * DAY, "5"))
    first.move(50 * DAY)
    again = at(state, open_rows=LOOKED_AT)
    assert again.start(0, lookback=300) == 20 * DAY
    assert not again.passes("1", paid(40 * DAY, "5"))
    assert again.passes("1", paid(40 * DAY, "6"))
    assert not again.passes("1", paid(40 * DAY, "6"))


def test_an_open_row_passes_each_time_and_is_another_one_when_its_amount_has_changed_meanwhile():
    bookmark = at({}, open_rows=LOOKED_AT)
    assert [bookmark.passes("1", paid(40 * DAY, "5", "PROCESSING")) for _ in range(2)] == [True, True]
    assert not bookmark.passes("1", paid(40 * DAY, "5"))
    assert bookmark.passes("1", paid(40 * DAY, "6"))


def test_a_state_keeps_no_more_versions_than_the_next_run_will_look_at():
    state = {}
    bookmark = at(state, open_rows=LOOKED_AT)
    for day in range(1, 100):
        bookmark.passes(str(day), paid(day * DAY, "5"))
    bookmark.move(100 * DAY)
    assert sorted(map(int, state["marks"])) == list(range(70, 100))
    at(state, open_rows=LOOKED_AT).move(200 * DAY)
    assert "marks" not in state


@pytest.mark.parametrize("broken", [7, ["1"], {"1": 3}, {"1": "x y"}, {"1": "12"}])
def test_versions_that_no_run_has_written_are_ignored(broken):
    state = {}
    at(state, open_rows=LOOKED_AT).move(50 * DAY)
    state["marks"] = broken
    assert at(state, open_rows=LOOKED_AT).marks == {}
