"""What many sellers need, worked out from the figures of one seller's quiet run. `scale.py` measures those."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass

HOUR = 3600.0
MONTH = 730
"""Hours."""
USABLE = 0.7
"""How much of a machine's processors and memory may be planned with; the rest is for the busy minutes."""


@dataclass(frozen=True)
class Costs:
    """One quiet run of one seller with one shop.

    Attributes:
        cpu: CPU seconds of all its processes.
        seconds: How long it takes on a machine that has time.
        megabytes: Most memory of its processes together.
        calls: Requests to the platform.
        redis: Commands to Redis, where budgets are shared there.
    """

    cpu: float
    seconds: float
    megabytes: float
    calls: float
    redis: float


@dataclass(frozen=True)
class Plan:
    """What a user knows or assumes of the own machines and servers.

    Attributes:
        cores: Processors of a machine.
        memory: Its megabytes.
        price: What an hour of it costs.
        batch: Sellers of a task of the scheduler.
        at_once: Sellers of a task that are read at the same time.
        busy: The share of sellers whose run is larger.
        busy_times: How many times as large.
        connections: What PostgreSQL has for runs, each of which holds one while it lasts.
        redis: Commands a second that one Redis takes.
        mapped: Tasks that the scheduler makes of one mapped task.
    """

    cores: int = 2
    memory: int = 8192
    price: float = 0.1
    batch: int = 25
    at_once: int = 4
    busy: float = 0.05
    busy_times: float = 10.0
    connections: int = 90
    redis: int = 50_000
    mapped: int = 1024


@dataclass(frozen=True)
class Needs:
    """What so many shops need for a run in each hour: `minutes` until the last is read, `hours` of machines a month."""

    shops: int
    workers: int
    bound_by: str
    minutes: float
    hours: int
    cost: float
    running: float
    redis_a_second: float
    calls_an_hour: float
    broken: tuple[str, ...]


def needs(shops: int, one: Costs, plan: Plan, seed: int = 7) -> Needs:
    """The fewest machines on which all sellers are read within the hour, simulated task by task."""
    slots = max(1, int(plan.memory * USABLE / (one.megabytes * plan.at_once)))
    tasks = _tasks(shops, one, plan, random.Random(seed))
    mean = 1 + plan.busy * (plan.busy_times - 1)
    by_cpu = math.ceil(shops * one.cpu * mean / (plan.cores * USABLE * HOUR))
    most = max(by_cpu, math.ceil(len(tasks) / slots))
    workers = by_cpu
    while workers < most and last_ends(tasks, workers * slots) > HOUR:
        workers = min(most, math.ceil(workers * 1.1))
    while workers > by_cpu and last_ends(tasks, (workers - 1) * slots) <= HOUR:
        workers -= 1
    ends = last_ends(tasks, workers * slots)
    running = shops * one.seconds * mean / HOUR
    return Needs(
        shops=shops,
        workers=workers,
        bound_by="the length of a task" if ends > HOUR else "processors" if workers == by_cpu else "memory",
        minutes=max(ends, shops * one.cpu * mean / (workers * plan.cores)) / 60,
        hours=workers * MONTH,
        cost=workers * MONTH * plan.price,
        running=running,
        redis_a_second=shops * one.redis * mean / HOUR,
        calls_an_hour=shops * one.calls * mean,
        broken=tuple(name for name, most in limits(one, plan) if shops > most),
    )


def limits(one: Costs, plan: Plan) -> list[tuple[str, int]]:
    """From how many shops on something breaks, the first first, if runs are spread evenly over the hour."""
    mean = 1 + plan.busy * (plan.busy_times - 1)
    found = {
        "PostgreSQL's connections": plan.connections * HOUR / (one.seconds * mean),
        "mapped tasks of a DAG": plan.mapped * plan.batch,
    }
    if one.redis:
        found["one Redis"] = plan.redis * HOUR / (one.redis * mean)
    return sorted(((name, int(most)) for name, most in found.items()), key=lambda each: each[1])


def last_ends(tasks: list[float], slots: int) -> float:
    """When the last task ends, each beginning in the slot that is free first."""
    free = [0.0] * slots
    for task in tasks:
        heapq.heapreplace(free, free[0] + task)
    return max(free)


def _tasks(shops: int, one: Costs, plan: Plan, chance: random.Random) -> list[float]:
    """Seconds of each task: a batch of sellers, `at_once` of which are read at a time."""
    found = []
    for first in range(0, shops, plan.batch):
        sellers = [
            one.seconds * (plan.busy_times if chance.random() < plan.busy else 1)
            for _ in range(min(plan.batch, shops - first))
        ]
        found.append(last_ends(sellers, plan.at_once))
    return found
