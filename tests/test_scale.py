"""The figures of scale: they are still measured, and what follows from them for many sellers is right."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def capacity(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import capacity

    return capacity


def test_a_batch_ends_with_its_last_seller_and_each_begins_where_room_is_first(capacity):
    assert capacity.last_ends([5, 1, 1, 1, 4], 2) == 7
    assert capacity.last_ends([5, 1, 1, 1, 4], 1) == 12
    assert capacity.last_ends([], 3) == 0


@pytest.mark.parametrize(
    ("cpu", "seconds", "megabytes", "workers", "bound_by"),
    [
        (2.52, 10, 100, 1, "processors"),  # 1,000 x 2.52 = half of 2 x 0.7 x 3,600
        (5.05, 10, 100, 2, "processors"),
        (0.1, 120, 1400, 10, "memory"),  # one task at a time, of seven times 120 s: four of 40 in an hour
        (0.1, 3000, 100, 3, "the length of a task"),  # seven times 3,000 s; 40 tasks by 14 a machine, all at once
    ],
)
def test_the_machines_follow_from_what_is_short(capacity, cpu, seconds, megabytes, workers, bound_by):
    one = capacity.Costs(cpu, seconds, megabytes, calls=50, redis=200)
    needed = capacity.needs(1000, one, capacity.Plan(busy=0))
    assert (needed.workers, needed.bound_by) == (workers, bound_by)
    assert needed.hours == workers * 730
    assert needed.cost == pytest.approx(workers * 73)
    assert needed.calls_an_hour == 50_000
    assert needed.redis_a_second == pytest.approx(1000 * 200 / 3600)


def test_what_breaks_is_named_from_the_shop_on_that_breaks_it(capacity):
    one, plan = capacity.Costs(1, 36, 100, 50, 3600), capacity.Plan(busy=0)
    assert capacity.limits(one, plan) == [
        ("PostgreSQL's connections", 9_000),
        ("mapped tasks of a DAG", 25_600),
        ("one Redis", 50_000),
    ]
    assert capacity.needs(9_000, one, plan).broken == ()
    assert capacity.needs(25_601, one, plan).broken == ("PostgreSQL's connections", "mapped tasks of a DAG")


@pytest.mark.slow
def test_a_quiet_run_is_measured_and_keeps_its_goal_of_cpu(tmp_path):
    small = ["--orders", "20", "--rounds", "1", "--states", "1,10", "--sellers", "500", "--fast"]
    command = [sys.executable, BENCHMARKS / "scale.py", *small, "--out", tmp_path / "figures"]
    said = subprocess.run(command, capture_output=True, check=False, text=True)
    assert said.returncode == 0, said.stderr
    figures = json.loads((tmp_path / "figures").read_text())
    one = figures["quiet"]
    assert one["cpu"]["both"] < 4, said.stdout  # the goal is 3; other tests share the processors' caches
    assert one["calls"] == one["calls of the summary"] + 1 == sum(one["calls by path"].values())  # 1: its shops
    assert figures["states"][1]["bytes"] > 5 * figures["states"][0]["bytes"]
    assert "| 500 | all streams each hour | 1 | processors |" in said.stdout
