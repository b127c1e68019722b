"""While the place is away where budgets are shared, a process sends no more than its part, of all families together."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tiktokshop_client.calls.fleet import Fleet
from tiktokshop_client.calls.limits import Limits
from tiktokshop_client.errors import TransientError

FAMILIES = ("order", "product", "finance", "analytics", "logistics", "promotion")


class AwayPlace:
    """A place that is reached as often as is said, and then never again."""

    name, wanted = "the place", True

    def __init__(self, clock, alone=1.0, visits=0) -> None:
        self.alone, self._clock, self.visits, self.document = alone, clock, visits, None

    def now(self) -> float:
        return self._clock.monotonic()

    def exchange(self, _key, change):
        self.visits -= 1
        if self.visits < 0:
            raise TransientError("the place cannot be reached")
        self.document, told = change(self.document, self.now())
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
    taken = {}
    for place in (None, AwayPlace(clock)):
        limits = Limits(50.0, clock, threading.Event(), scope=scope, place=place)
        slots = [limits.budget("app", "1", family, "search").acquire() for _ in range(400) for family in FAMILIES]
        assert most_in_a_second(slots[:900]) <= 50, "nothing is tried before a thousand requests have passed"
        taken[place is None] = slots[-1] - slots[0]
    assert taken[False] == pytest.approx(taken[True], rel=0.02)
    assert taken[False] < 0.98 * 2_400 / 50, "then it is"


def test_a_burst_of_refusals_slows_down_as_little_as_without_a_place(clock):
    took = {}
    for place in (None, AwayPlace(clock)):
        budget = Limits(50.0, clock, threading.Event(), scope="shop", place=place).budget("app", "1", "order")
        under_way = [budget.acquire() for _ in range(120)][-20:]
        for slot in under_way:
            budget.slow_down(slot)
        before = clock.now
        for _ in range(10):
            budget.acquire()
        took[place is None] = clock.now - before
    assert took[False] == pytest.approx(took[True], rel=0.05)
    assert 10 / took[False] < 30, "it does slow down"


def test_what_a_place_that_went_has_not_heard_is_kept_to_and_told_when_it_is_back(clock):
    place = AwayPlace(clock, visits=1)
    budget = Limits(50.0, clock, threading.Event(), scope="shop", place=place).budget("app", "1", "order")
    slot = budget.acquire()
    budget.slow_down(slot, 5.0)  # the place goes as it is told
    assert budget.acquire() - slot > 4.9
    place.visits = 1
    clock.now += 1.0
    budget._desk._ask()
    assert Fleet(place.document, place.now()).refused() == {"order"}
