"""The shops' clock over restarts."""

from __future__ import annotations

import pytest
from tiktokshop_sandbox.clock import Clock


class Memory:
    def __init__(self):
        self.texts = {}

    def set_meta(self, key, value):
        self.texts[key] = value

    @property
    def kept(self):
        return self.texts["clock"]


def test_without_a_time_the_clock_runs_with_the_machine():
    times = iter([100.9, 200.2])
    clock = Clock(source=lambda: next(times))
    assert (clock.now(), clock.now(), clock.frozen) == (100, 200, False)


def test_with_a_time_the_clock_stands_still_until_it_is_advanced():
    clock = Clock(50, source=lambda: 1000.0)
    assert (clock.now(), clock.advance(10), clock.now(), clock.frozen) == (50, 60, 60, True)


def test_the_clock_does_not_go_back():
    with pytest.raises(ValueError, match="only moves forward"):
        Clock(50).advance(-1)


def test_the_skew_moves_the_machines_time_and_the_told_one():
    clock = Clock(50, source=lambda: 1000.0)
    clock.advance(10)
    clock.skew = -7
    assert clock.real() == 993
    assert clock.told() == 53


@pytest.mark.parametrize(
    ("first", "again", "then"),
    [(50, None, 60), (50, 40, 60), (50, 99, 99), (None, None, 1010), (None, 40, 1010), (None, 2000, 2000)],
)
def test_a_reopened_clock_goes_on_and_never_back(first, again, then):
    memory = Memory()
    clock = Clock(first, source=lambda: 1000.0)
    clock.keep(memory)
    clock.advance(10)
    reopened = Clock(again, source=lambda: 1000.0)
    reopened.resume(memory.kept)
    assert reopened.now() == then


def test_a_running_clock_keeps_its_lead_and_runs_on():
    memory = Memory()
    clock = Clock(source=lambda: 1000.0)
    clock.keep(memory)
    clock.advance(10)
    reopened = Clock(source=lambda: 5000.0)
    reopened.resume(memory.kept)
    assert (reopened.now(), reopened.frozen) == (5010, False)
