"""Budgets of several API families and APIs together, against platforms that count in each of three ways."""

from __future__ import annotations

import heapq
import random
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tiktokshop_client.calls.limits import Limits
from tiktokshop_client.settings import SCOPES

CEILING = 50
UNITS = {"shop": lambda _family, _api: "", "family": lambda family, _api: family, "api": lambda _family, api: api}


class Ticker:
    """A clock that is set."""

    now = 1000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def wait(self, _seconds: float, _wake: threading.Event) -> bool:
        raise AssertionError("nobody waits here")


@dataclass
class Platform:
    """Lets so many requests through in any second, of whatever its scope counts together."""

    scope: str
    limit: int = CEILING
    by_chance: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    passed: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def lets(self, now: float, family: str, api: str) -> bool:
        passed = self.passed[UNITS[self.scope](family, api)]
        while passed and now - passed[0] >= 1:
            passed.popleft()
        if len(passed) >= self.limit or self.chance.random() < self.by_chance:
            return False
        passed.append(now)
        return True


@dataclass
class Outcome:
    """What a run of so many seconds came to: requests sent by API, and the moments of those refused."""

    seconds: float
    sent: dict[str, int]
    refused: list[float]

    @property
    def requests(self) -> int:
        return sum(self.sent.values())

    @property
    def speed(self) -> float:
        return (self.requests - len(self.refused)) / self.seconds


def run(
    scope: str,
    platform: Platform,
    apis: dict[str, str],
    seconds: float = 60,
    latency: float = 0.2,
    seed: int = 1,
    travel: float = 0.0,
) -> Outcome:
    """Every API (name -> family) always has a request that wants to go; answers come after `latency`, give or take.

    A request is up to `travel` seconds on its way, so that requests overtake each other.
    """
    clock, jitter = Ticker(), random.Random(seed)
    limits = Limits(CEILING, clock, threading.Event(), scope=scope)
    budgets = {api: limits.budget("app", "1", family, api) for api, family in apis.items()}
    end, order = clock.now + seconds, 0
    # When, a tie-breaker, which API, the slot of what happens then to a request (None: one wants to go), and what.
    events: list[tuple[float, int, str, float | None, str]] = []

    def later(moment: float, api: str, slot: float | None = None, what: str = "") -> None:
        nonlocal order
        order += 1
        heapq.heappush(events, (moment, order, api, slot, what))

    for api in apis:
        later(clock.now + jitter.random() / 50, api)
    sent, refused, waited = dict.fromkeys(apis, 0), [], dict.fromkeys(apis, False)
    while events and events[0][0] < end:
        clock.now, _, api, slot, what = heapq.heappop(events)
        if slot is not None and what == "refused":
            budgets[api].slow_down(slot)
            continue
        if slot is not None:
            if not platform.lets(clock.now, apis[api], api):
                refused.append(clock.now - 1000)
                later(clock.now + latency * jitter.uniform(0.5, 1.5), api, slot, "refused")
            continue
        wait = budgets[api].take(clock.now, waited=waited[api])
        waited[api] = wait is not None
        if wait is None:
            sent[api] += 1
            later(clock.now + travel * jitter.random(), api, clock.now, "arrives")
            later(clock.now, api)
        else:
            later(clock.now + wait + jitter.random() * 0.002, api)
    return Outcome(seconds, sent, refused)


def of(*numbers: int) -> dict[str, str]:
    """So many APIs in each of so many families."""
    return {f"f{family}-{api}": f"f{family}" for family, many in enumerate(numbers) for api in range(many)}


@pytest.mark.parametrize("platform", SCOPES)
@pytest.mark.parametrize("scope", SCOPES)
def test_no_scope_loses_more_than_two_in_a_thousand_to_a_platform_that_counts_another_way(scope, platform):
    found = run(scope, Platform(platform), of(3, 2, 1), seconds=40)
    assert len(found.refused) <= 0.002 * found.requests
    assert found.speed >= 0.97 * CEILING


@given(
    scope=st.sampled_from(["family", "api"]),
    platform=st.sampled_from(SCOPES),
    mix=st.lists(st.integers(1, 3), min_size=1, max_size=5),
    seconds=st.sampled_from([3, 12, 22, 26, 40]),
    latency=st.floats(0.02, 0.6),
    seed=st.integers(1, 5),
)
@hypothesis_settings(max_examples=25, deadline=None)
def test_nor_does_any_mix_of_families_and_apis_whenever_the_run_ends(scope, platform, mix, seconds, latency, seed):
    found = run(scope, Platform(platform), of(*mix), seconds, latency, seed)
    assert len(found.refused) <= 0.002 * found.requests
    assert found.speed >= 0.97 * CEILING


@pytest.mark.parametrize("travel", [0.01, 0.03, 0.06])
def test_requests_that_overtake_each_other_are_given_more_room(travel):
    found = run("family", Platform("shop"), of(3, 2, 1), seconds=180, travel=travel)
    assert len(found.refused) <= 0.002 * found.requests
    assert found.speed >= 0.9 * CEILING


@pytest.mark.parametrize("travel", [0.1, 0.15])
def test_a_machine_so_busy_that_requests_leave_far_out_of_turn_loses_few(travel):
    found = run("family", Platform("shop"), of(3, 2, 1), seconds=60, travel=travel)
    assert len(found.refused) <= 0.004 * found.requests
    assert found.speed >= 0.88 * CEILING


@pytest.mark.parametrize("platform", SCOPES)
def test_the_first_second_of_all_streams_holds_no_more_than_one_budget(platform):
    found = run("family", Platform(platform), of(3, 2, 1, 1, 1), seconds=1)
    assert 40 <= found.requests <= CEILING
    assert found.refused == []


@pytest.mark.parametrize("scope", SCOPES)
def test_one_stream_alone_is_as_fast_as_one_budget(scope):
    assert run(scope, Platform("shop"), of(1), seconds=20).speed >= 49.3


def test_the_scope_shop_keeps_all_families_of_a_shop_below_the_one_ceiling_for_good():
    found = run("shop", Platform("api"), of(2, 1, 1), seconds=60)
    assert 48.5 <= found.speed <= CEILING


def test_a_platform_that_counts_families_apart_is_used_for_each_of_them_after_a_while():
    early, late = (run("family", Platform("family"), of(1, 1, 1), seconds) for seconds in (45, 60))
    assert late.requests - early.requests >= 15 * 0.95 * 3 * CEILING
    assert late.refused == []


def test_every_family_gets_its_share_of_what_they_share():
    found = run("family", Platform("shop"), of(1, 1, 1, 1), seconds=18)
    assert all(number >= 0.15 * found.requests for number in found.sent.values())


def test_a_platform_that_is_short_for_the_whole_shop_is_kept_to():
    found = run("family", Platform("shop", limit=20), of(1, 1, 1), seconds=60)
    assert found.speed >= 0.7 * 20
    assert len(found.refused) <= 0.12 * found.requests


def test_a_platform_that_refuses_4_percent_by_chance_does_not_hold_back_what_families_share():
    found = run("family", Platform("shop", by_chance=0.04), of(1, 1, 1), seconds=60)
    assert found.speed >= CEILING / 1.6


def test_a_shop_is_no_business_of_another():
    limits = Limits(CEILING, Ticker(), threading.Event())
    one, other = (limits.budget("app", shop, "order") for shop in "12")
    assert (one.take(1000.0, waited=False), one.take(1000.0, waited=False)) == (None, pytest.approx(0.02026))
    assert other.take(1000.0, waited=False) is None


def test_a_family_with_a_ceiling_of_its_own_keeps_it_in_every_scope():
    for scope in SCOPES:
        limits = Limits(CEILING, Ticker(), threading.Event(), {"analytics": 1}, scope)
        first, second = (limits.budget("app", "1", "analytics", api) for api in ("a", "b"))
        assert first.take(1000.0, waited=False) is None
        assert second.take(1000.0, waited=False) == pytest.approx(1.013)


def test_refusals_by_chance_do_not_keep_families_from_being_used_side_by_side():
    platforms = (Platform("family", by_chance=part) for part in (0.04, 0.0))
    with_chance, without = (run("family", platform, of(1, 1, 1), seconds=60) for platform in platforms)
    assert with_chance.speed >= without.speed / 1.6


def test_a_request_that_leaves_long_after_its_slot_counts_when_it_leaves_for_all_that_share_a_ceiling():
    clock = Ticker()
    limits = Limits(1, clock, threading.Event(), scope="shop")
    one, other = limits.budget("key", "7", "order"), limits.budget("key", "7", "product")
    late = one.acquire()
    clock.now += 5
    one.acquire()  # the budget forgets the first one, whose second is over
    clock.now += 0.9
    one.left(late)
    clock.now += 0.3
    assert other.take(clock.now, waited=False) == pytest.approx(0.7, abs=0.1)
