"""The requests of a day: counted for each shop, kept from run to run, never more than the setting says."""

from __future__ import annotations

import threading

import pytest
from tiktokshop_client.calls.daily import Daily
from tiktokshop_client.errors import Category, DayUsedUpError

NOON = 1_780_315_200.0  # 2026-06-01 12:00 UTC
MIDNIGHT = NOON + 12 * 3600


def taken(daily: Daily, shop: str, now: float, tries: int = 20) -> int:
    """How many of so many requests were let through."""
    passed = 0
    for _ in range(tries):
        try:
            daily.take(shop, now)
        except DayUsedUpError:
            continue
        passed += 1
    return passed


def test_no_shop_gets_more_requests_than_the_setting_says_and_none_pays_for_another():
    daily = Daily(7)
    assert [taken(daily, shop, NOON) for shop in ("1", "2", "1")] == [7, 7, 0]


def test_a_request_that_was_not_sent_is_given_back_and_never_more_than_were_counted():
    daily = Daily(7)
    daily.give_back("1", NOON)
    assert taken(daily, "1", NOON) == 7
    daily.give_back("1", NOON)
    assert taken(daily, "1", NOON) == 1


def test_without_the_setting_nothing_is_counted():
    daily = Daily(None)
    assert taken(daily, "1", NOON) == 20
    assert daily.kept(NOON)["shops"] == {}


def test_requests_that_are_for_no_shop_are_free():
    assert taken(Daily(1), "", NOON) == 20


def test_the_day_ends_at_midnight_utc():
    daily = Daily(3)
    assert [taken(daily, "1", moment) for moment in (NOON, MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1)] == [3, 0, 3, 0]


def test_a_later_run_of_the_same_day_goes_on_counting():
    first, second = Daily(7), Daily(7)
    taken(first, "1", NOON, tries=5)
    second.resume(first.kept(NOON))
    assert (taken(second, "1", NOON + 60), taken(second, "2", NOON + 60)) == (2, 7)


def test_a_run_of_another_day_begins_anew():
    first, second = Daily(7), Daily(7)
    taken(first, "1", NOON)
    second.resume(first.kept(NOON))
    assert taken(second, "1", MIDNIGHT) == 7


@pytest.mark.parametrize(
    "kept",
    [
        None,
        [],
        "5",
        {},
        {"day": "2026-06-01"},
        {"day": "2026-06-01", "shops": [5]},
        {"day": "2026-06-01", "shops": {"1": "5"}},
        {"day": "2026-06-01", "shops": {"1": True}},
        {"day": "2026-06-01", "shops": {"1": -5}},
        {"day": 20260601, "shops": {"1": 5}},
    ],
)
def test_what_a_state_says_that_no_run_has_written_counts_for_nothing(kept):
    daily = Daily(7)
    daily.resume(kept)
    assert taken(daily, "1", NOON) == 7


def test_the_error_names_the_setting_and_when_it_goes_on():
    daily = Daily(10_000)
    daily.resume({"day": "2026-06-01", "shops": {"1": 10_000}})
    with pytest.raises(
        DayUsedUpError, match=r"used up \(requests_per_day is 10,000\); there are new ones from 2026-06-02 00:00 UTC"
    ) as found:
        daily.take("1", NOON)
    assert (found.value.category, found.value.reach) == (Category.RATE, "stream")


def test_threads_share_one_count():
    daily, passed = Daily(50), []
    threads = [threading.Thread(target=lambda: passed.append(taken(daily, "1", NOON))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 50
