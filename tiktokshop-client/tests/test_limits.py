"""Budgets on a clock that moves only when told."""

from __future__ import annotations

import itertools
import math
import random
import threading
import tracemalloc
from bisect import bisect_left
from collections import deque

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tiktokshop_client.calls.budget import Budget
from tiktokshop_client.calls.limits import Limits
from tiktokshop_client.errors import ClosedError


class Ticker:
    """A clock for properties, which hypothesis needs fresh in every example; a wait ends a little late."""

    def __init__(self, late: float = 0.0) -> None:
        self.now = 1000.0
        self.late = late

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        self.now += seconds + self.late
        return wake.is_set()


def budget(ceiling: float, clock) -> Budget:
    return Budget(ceiling, clock, threading.Event())


def most_in_a_second(times: list[float]) -> int:
    """The fullest window of one second, both ends counted."""
    return max(index + 1 - bisect_left(times, time - 1.0) for index, time in enumerate(times))


def rate_of(one: Budget, requests: int) -> float:
    first = one.acquire()
    last = first
    for _ in range(requests):
        last = one.acquire()
    return requests / (last - first)


def in_a_window(times: list[float], ceiling: float) -> int:
    """The most that any window of the budget holds: a second, or the time of one request at a ceiling below 1."""
    window = max(1.0, 1 / ceiling)
    return max(index + 1 - bisect_left(times, time - window) for index, time in enumerate(times))


steps = st.lists(
    st.one_of(
        st.tuples(st.just("acquire"), st.integers(1, 80)),
        st.tuples(st.just("idle"), st.floats(0, 30)),
        st.tuples(st.just("refused"), st.one_of(st.none(), st.floats(0, 20))),
    ),
    min_size=1,
    max_size=12,
)
ceilings = st.one_of(st.integers(1, 200).map(float), st.floats(1, 60))


@given(ceiling=ceilings, plan=steps, late=st.sampled_from([0.0, 1e-6, 0.003, 0.03, 0.2]))
@hypothesis_settings(max_examples=80, deadline=None)
def test_no_second_ever_holds_more_than_the_ceiling(ceiling, plan, late):
    clock = Ticker(late)
    one = budget(ceiling, clock)
    times: list[float] = [one.acquire()]
    for what, value in plan:
        if what == "idle":
            clock.now += value
        elif what == "refused":
            one.slow_down(times[-1], value)
        else:
            times += [one.acquire() for _ in range(value)]
    assert most_in_a_second(times) <= ceiling
    assert times == sorted(times)


@given(ceiling=st.floats(0.2, 60), wakes=st.lists(st.floats(0, 0.5), min_size=1, max_size=9), count=st.integers(2, 150))
@hypothesis_settings(max_examples=60, deadline=None)
def test_no_window_holds_more_however_late_each_thread_wakes_up(ceiling, wakes, count):
    clock, late = Ticker(), itertools.cycle(wakes)
    one, times = budget(ceiling, clock), []
    for _ in range(count):
        clock.late = next(late)
        times.append(one.acquire())
    assert in_a_window(times, ceiling) <= max(1, int(ceiling))


@given(ceiling=st.floats(0.05, 0.99), count=st.integers(2, 10), idle=st.floats(0, 5))
@hypothesis_settings(max_examples=40, deadline=None)
def test_below_one_request_a_second_the_distance_is_kept(ceiling, count, idle):
    clock = Ticker()
    one = budget(ceiling, clock)
    times = []
    for _ in range(count):
        times.append(one.acquire())
        clock.now += idle
    assert all(later - earlier >= 1 / ceiling for earlier, later in itertools.pairwise(times))


@pytest.mark.parametrize("ceiling", [1, 3, 50, 200])
def test_an_unhindered_budget_reaches_98_percent_of_its_ceiling(clock, ceiling):
    assert ceiling * 0.98 <= rate_of(budget(ceiling, clock), 400) <= ceiling


def test_the_first_request_does_not_wait(clock):
    budget(50, clock).acquire()
    assert clock.waits == []


def test_idle_time_is_not_saved_up_for_a_burst(clock):
    one = budget(10, clock)
    one.acquire()
    clock.now += 60
    times = [one.acquire() for _ in range(10)]
    assert times[-1] - times[0] >= 0.9


def test_a_refusal_halves_the_rate(clock):
    one = budget(50, clock)
    one.slow_down(one.acquire())
    assert one.rate == 25
    assert rate_of(one, 1) == pytest.approx(25, rel=0.05)


def test_refusals_of_requests_already_under_way_count_once(clock):
    one = budget(50, clock)
    slots = [one.acquire() for _ in range(8)]
    clock.now += 0.1
    for slot in slots:
        one.slow_down(slot)
    assert one.rate == 25
    one.slow_down(one.acquire())
    assert one.rate == pytest.approx(12.5, rel=0.05)


def test_no_number_of_refusals_stops_a_budget_for_good(clock):
    one = budget(50, clock)
    for _ in range(40):
        one.slow_down(one.acquire())
    assert 0.2 <= one.rate < 0.3
    slow = budget(0.1, clock)
    slow.slow_down(slow.acquire())
    assert slow.rate == pytest.approx(0.1)


def test_the_rate_comes_back_slowly_and_never_passes_the_ceiling(clock):
    one = budget(50, clock)
    one.slow_down(one.acquire())
    rates = []
    for _ in range(4):
        clock.now += 0.6
        rates.append(one.rate)
    assert rates == pytest.approx([30.78, 37.89, 46.65, 50], rel=0.01)


class Platform:
    """A platform that lets so many requests through in any second, and refuses the others."""

    def __init__(self, clock) -> None:
        self.clock = clock
        self.passed: list[float] = []
        self.refused = 0

    def lets(self, limit: int) -> bool:
        self.passed = [time for time in self.passed if self.clock.now - time < 1]
        good = len(self.passed) < limit
        self.passed += [self.clock.now] * good
        self.refused += not good
        return good


def test_ten_seconds_after_the_platform_has_halved_its_limit_for_a_minute_all_of_it_is_used_again():
    clock = Ticker(late=0.002)
    one, platform = budget(50, clock), Platform(clock)
    began = clock.now
    used: list[float] = []
    while clock.now - began < 100:
        slot = one.acquire()
        halved = 10 <= clock.now - began < 70
        if platform.lets(25 if halved else 50):
            used.append(slot - began)
        else:
            one.slow_down(slot)
    assert sum(10 <= time < 70 for time in used) > 60 * 25 * 0.6, "a slower platform is used as well"
    assert sum(80 <= time < 100 for time in used) >= 20 * 50 * 0.98
    assert platform.refused < 80


def seconds_of(requests: int, part: float, seed: int, retry_after: float | None = None) -> float:
    """How long it takes until so many have passed a platform that refuses a part of all requests, however few they are.

    Whoever is refused tries again; the refusal is known 50 ms after the request.
    """
    chance, clock = random.Random(seed), Ticker(late=0.002)
    one, began = budget(50, clock), clock.now
    under_way: deque[float] = deque()
    while requests:
        slot = one.acquire()
        if chance.random() < part:
            under_way.append(slot)
        else:
            requests -= 1
        while under_way and under_way[0] + 0.05 <= clock.now:
            one.slow_down(under_way.popleft(), retry_after)
    return clock.now - began


@pytest.mark.parametrize("retry_after", [None, 1.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_platform_that_refuses_4_percent_at_any_rate_takes_at_most_1_6_times_as_long(seed, retry_after):
    assert seconds_of(2_350, 0.04, seed, retry_after) <= 1.6 * seconds_of(2_350, 0, seed)


@pytest.mark.parametrize(
    ("requests", "retry_after", "seeds"),
    [(300, None, 20), (1_000, None, 4), (1_000, 1.0, 4)],
    ids=["short", "longer", "longer, told to wait"],
)
def test_nor_does_it_by_any_chance_in_a_shorter_run(requests, retry_after, seeds):
    slowest = max(seconds_of(requests, 0.04, seed, retry_after) for seed in range(seeds))
    assert slowest <= 1.6 * seconds_of(requests, 0, 0)


def test_a_short_run_waits_out_one_retry_after_and_seldom_a_second():
    times = sorted(seconds_of(300, 0.04, seed, 1.0) for seed in range(30))
    assert times[15] <= 1.4 * seconds_of(300, 0, 0)
    assert times[-1] <= 2 * seconds_of(300, 0, 0)


@pytest.mark.parametrize("limit", [10, 25, 40, 48])
def test_a_lower_limit_of_the_platform_is_kept_to_as_before(limit):
    clock = Ticker(late=0.002)
    one, platform = budget(50, clock), Platform(clock)
    began, sent = clock.now, 0
    while clock.now - began < 60:
        slot = one.acquire()
        sent += 1
        if not platform.lets(limit):
            one.slow_down(slot)
    assert sent - platform.refused >= 0.75 * 60 * limit
    assert platform.refused <= max(0.03 * sent, 45)


def test_a_limit_that_falls_after_refusals_by_chance_is_found():
    chance, clock = random.Random(4), Ticker(late=0.002)
    one, platform = budget(50, clock), Platform(clock)
    began, sent, refused_in_the_end = clock.now, 0, 0
    while clock.now - began < 120:
        slot, moment = one.acquire(), clock.now - began
        by_chance = moment < 60 and chance.random() < 0.04
        by_limit = moment >= 60 and not platform.lets(20)
        if by_chance or by_limit:
            one.slow_down(slot)
        if moment >= 70:
            sent += 1
            refused_in_the_end += by_limit
    assert refused_in_the_end <= 0.05 * sent


@pytest.mark.parametrize("limit", [41, 44])
def test_a_limit_that_falls_a_little_is_found_once_the_higher_one_is_forgotten(limit):
    clock = Ticker(late=0.002)
    one, platform = budget(50, clock), Platform(clock)
    began, sent, refused = clock.now, 0, 0
    under_way: deque[float] = deque()
    while clock.now - began < 75:
        slot, moment = one.acquire(), clock.now - began
        passed = platform.lets(50 if moment < 5 else limit)
        if not passed:
            under_way.append(slot)
        while under_way and under_way[0] + 0.05 <= clock.now:
            one.slow_down(under_way.popleft())
        if moment >= 35:
            sent += 1
            refused += not passed
    assert refused <= 0.03 * sent


def test_no_request_is_refused_by_a_platform_that_allows_exactly_the_ceiling():
    clock = Ticker(late=0.004)
    one, platform = budget(50, clock), Platform(clock)
    for _ in range(2_000):
        one.acquire()
        platform.lets(50)
    assert platform.refused == 0


@pytest.mark.parametrize("ceiling", [0.5, 1, 3, 50])
def test_a_request_that_leaves_late_is_counted_when_it_leaves(clock, ceiling):
    one = budget(ceiling, clock)
    limit, window = max(1, int(ceiling)), max(1.0, 1 / ceiling)
    left: list[float] = []
    for number in range(4 * limit):
        slot = one.acquire()
        clock.now += 0.03 if number % (2 * limit) == 0 else 0.0  # a busy machine sends it this much after its slot
        one.left(slot)
        left.append(clock.monotonic())
    assert all(later - earlier >= window for earlier, later in zip(left, left[limit:], strict=False))


def test_a_request_that_leaves_a_window_and_more_after_its_slot_is_counted_when_it_leaves(clock):
    one = budget(3, clock)
    slot = one.acquire()
    clock.now += 1.5
    one.acquire()  # which looks for those that have left long ago
    one.left(slot)
    left = clock.monotonic()
    assert [one.acquire() - left >= 1 for _ in range(3)] == [False, True, True]


def test_a_budget_keeps_no_more_of_its_requests_than_a_window_holds_however_high_its_ceiling():
    clock = Ticker()
    one = budget(1_000_000, clock)

    def use(requests: int) -> int:
        for _ in range(requests):
            clock.now += 0.01
            one.acquire()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = use(1_500)  # more than it looks back on for other reasons
        assert use(1_000) - before < 20_000
    finally:
        tracemalloc.stop()


def test_requests_that_leave_late_do_not_slow_down_the_others(clock):
    one = budget(50, clock)
    first = one.acquire()
    for number in range(1_000):
        slot = one.acquire()
        clock.now += 0.008 if number % 7 == 0 else 0.0
        one.left(slot)
    assert 1_000 / (slot - first) >= 50 * 0.98


def test_threads_that_wake_up_late_do_not_cost_the_budget_anything():
    clock = Ticker(late=0.006)
    one = budget(50, clock)
    assert rate_of(one, 1_000) >= 50 * 0.98


def test_as_many_requests_are_to_be_on_their_way_as_the_rate_and_the_latency_ask_for(clock):
    one = budget(50, clock)
    assert one.parallel == 1
    for _ in range(60):
        slot = one.acquire()
        clock.now += 0.2
        one.answered(slot)
    assert 10 <= one.parallel <= 14
    one.slow_down(one.acquire())
    assert 5 <= one.parallel <= 8


def test_retry_after_stops_the_whole_budget_for_so_long(clock):
    one = budget(50, clock)
    one.slow_down(one.acquire(), retry_after=7)
    refused_at = clock.monotonic()
    assert one.acquire() - refused_at >= 7
    assert one.rate == pytest.approx(25, rel=0.05), "the pause itself is no recovery"


def test_a_shorter_retry_after_does_not_cut_a_longer_one(clock):
    one = budget(50, clock)
    slot = one.acquire()
    one.slow_down(slot, retry_after=30)
    one.slow_down(slot, retry_after=1)
    refused_at = clock.monotonic()
    assert one.acquire() - refused_at >= 30


@pytest.mark.parametrize("retry_after", [301, 99_999_999, 1e300, math.inf])
def test_no_retry_after_stops_a_budget_for_longer_than_a_call_may_take(clock, retry_after):
    one = budget(50, clock)
    one.slow_down(one.acquire(), retry_after=retry_after)
    refused_at = clock.monotonic()
    assert 300 <= one.acquire() - refused_at < 301
    assert max(clock.waits) <= 300


def test_threads_share_one_budget_without_passing_its_ceiling(clock):
    one = budget(20, clock)
    times: list[float] = []
    done: list[int] = []

    def work() -> None:
        mine = [one.acquire() for _ in range(25)]
        times.extend(mine)
        done.append(len(mine))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [25] * 6
    assert most_in_a_second(sorted(times)) <= 20


def test_budgets_are_kept_apart_by_app_shop_and_family(clock):
    limits = Limits(50, clock, threading.Event())
    one = limits.budget("app", "1", "order")
    assert limits.budget("app", "1", "order") is one
    assert len({id(one), *(id(limits.budget(*key)) for key in _others())}) == 4


def _others() -> list[tuple[str, str, str]]:
    return [("other", "1", "order"), ("app", "2", "order"), ("app", "1", "finance")]


def test_a_closed_client_lets_nobody_wait(clock):
    closing = threading.Event()
    one = Budget(1, clock, closing)
    one.acquire()
    closing.set()
    with pytest.raises(ClosedError):
        one.acquire()


def test_a_family_may_have_a_ceiling_of_its_own():
    limits = Limits(50, Ticker(), threading.Event(), {"analytics": 1})
    assert rate_of(limits.budget("app", "1", "analytics"), 5) == pytest.approx(1, rel=0.02)
    assert rate_of(limits.budget("app", "1", "order"), 100) > 45
