"""While the place is away where budgets are shared, a process sends no more than its part, of all families together."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tiktokshop_client.calls.limits import Limits
from tiktokshop_client.errors import TransientError

FAMILIES = ("order", "product", "finance", "analytics", "logistics", "promotion")


class AwayPlace:
    """A place that is reached as often as is said, and then never again."""

    name, wanted = "the place", True

    def __init__(self, clock, alone=1.0, visits=0) -> None:
        self.alone, self._clock, self._visits, self._document = alone, clock, visits, None

    def now(self) -> float:
        return self._clock.monotonic()

    def exchange(self, _key, change):
        self._visits -= 1
        if self._visits < 0:
            raise TransientError("the place cannot be reached")
        self._document, told = change(self._document, self.now())
        return told


def most_in_a_second(slots: list[float]) -> int:
    """The most slots of any window of a second."""
    return max(number - bisect_left(slots, slot - 1.0) + 1 for number, slot in enumerate(slots))


@pytest.fixture(scope="module")
def clock():
    """One for all: time goes on from one example to the next."""

    class Waiting:
        now = 1000.0

        def time(self) -> float:
            return self.now

        def monotonic(self) -> float:
            return self.now

        def wait(self, seconds: float, wake: threading.Event) -> bool:
            self.now += seconds
            return wake.is_set()

    return Waiting()


@given(
    asked=st.lists(st.sampled_from(FAMILIES), min_size=150, max_size=400),
    alone=st.sampled_from([1.0, 0.5, 0.1]),
    visits=st.integers(0, 3),
)
@hypothesis_settings(max_examples=40, deadline=None)
def test_all_families_together_send_no_more_than_the_part_of_one_shop(clock, asked, alone, visits):
    place = AwayPlace(clock, alone, visits)
    limits = Limits(50.0, clock, threading.Event(), scope="shop", place=place)
    slots = [limits.budget("app", "1", family).acquire() for family in asked]
    part = 1.0 if visits else alone
    assert most_in_a_second(sorted(slots)) <= 50 * part
    assert len(slots) / (max(slots) - min(slots)) > 0.9 * 50 * part  # nor does it wait longer than it must


def test_a_family_with_a_ceiling_of_its_own_keeps_to_it_and_leaves_the_rest_to_the_others(clock):
    limits = Limits(50.0, clock, threading.Event(), {"analytics": 2.0}, scope="shop", place=AwayPlace(clock))
    slots = {
        family: [limits.budget("app", "1", family).acquire() for _ in range(count)]
        for family, count in Counter(order=200, analytics=8).items()
    }
    assert most_in_a_second(slots["analytics"]) <= 2
    assert most_in_a_second(slots["order"]) == 50


@pytest.mark.parametrize("scope", ["family", "api"])
def test_what_the_platform_may_count_apart_is_tried_as_carefully_as_without_a_place(clock, scope):
    limits = Limits(50.0, clock, threading.Event(), scope=scope, place=AwayPlace(clock))
    slots = sorted(limits.budget("app", "1", family, "search").acquire() for _ in range(100) for family in FAMILIES)
    assert most_in_a_second(slots) <= 50
