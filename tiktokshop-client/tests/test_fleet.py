"""The document that processes share, on a clock that is set: how many they send, in which turn, and who is given up."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tiktokshop_client.calls.fleet import AHEAD, DEAD, SUCCESSION, Fleet, Report, Wants

CEILINGS = {"": 50.0, "orders": 50.0, "finance": 50.0, "analytics": 1.0}


@dataclass
class Process:
    """A process that always has so many requests waiting, and comes again when it is told to, or later.

    With a `latency` each of them is followed by another only when it is answered.
    """

    name: str
    reads: int = 4
    writes: int = 0
    unit: str = "orders"
    ceilings: dict[str, float] = field(default_factory=lambda: dict(CEILINGS))
    grows: bool = False
    starts: float = 0.0
    ends: float = 1e9
    low: bool = False
    latency: float = 0.0
    slots: list[tuple[float, bool]] = field(default_factory=list)
    report: Report = field(default_factory=Report)
    members: int = 0
    again: float = 0.0


def visit(stored: bytes | None, now: float, one: Process) -> bytes:
    """One turn of a process with the document; its slots are noted."""
    fleet = Fleet(stored, now)
    fleet.come(one.name, ceilings=one.ceilings, grows=one.grows, members=one.members, low=one.low)
    fleet.note(one.report)
    one.report = Report()
    ahead = [write for slot, write in one.slots if slot + one.latency > now]
    reads, writes = one.reads - ahead.count(False), one.writes - ahead.count(True)
    fleet.want(one.name, {one.unit: Wants(max(0, reads), max(0, writes))})
    fleet.plan(one.name)
    one.again = fleet.come_again(one.name)
    one.members = fleet.members
    one.slots += [(grant.slot, grant.write) for grant in fleet.tell(one.name)]
    return fleet.pack()


def live(processes: list[Process], seconds: float, *, stored: bytes | None = None, seed: int = 1, lost: float = 1e9):
    """All of them for so many seconds; what is stored is lost once, if that is said.

    A request that has gone is followed by another at once.
    """
    chance = random.Random(seed)
    turns = [(1000 + one.starts + chance.random() / 100, number) for number, one in enumerate(processes)]
    heapq.heapify(turns)
    while turns and turns[0][0] < 1000 + seconds:
        now, number = heapq.heappop(turns)
        one = processes[number]
        if now >= 1000 + lost:
            stored, lost = None, 1e9
        if now < 1000 + one.ends:
            stored = visit(stored, now, one)
            went = min((ends - now for slot, _ in one.slots[-80:] if (ends := slot + one.latency) > now), default=1e9)
            heapq.heappush(turns, (now + min(one.again, went) + chance.random() * 0.008, number))
    return stored


def fullest(times: list[float]) -> int:
    """The fullest second, both ends counted."""
    times = sorted(times)
    return max((index + 1 - bisect_left(times, time - 1.0) for index, time in enumerate(times)), default=0)


def used(processes: list[Process], begin: float, end: float) -> list[float]:
    """The slots of all of them between two seconds."""
    return [slot for one in processes for slot, _ in one.slots if 1000 + begin <= slot < 1000 + end]


@pytest.mark.parametrize("count", [1, 4, 16])
def test_any_number_of_processes_uses_97_percent_and_never_more_than_the_ceiling(count):
    processes = [Process(str(number)) for number in range(count)]
    live(processes, 20)
    assert fullest(used(processes, 0, 20)) <= 50
    assert len(used(processes, 5, 20)) >= 15 * 50 * 0.97


def test_every_process_is_given_as_much_however_many_of_its_requests_wait():
    processes = [Process("few", reads=1), Process("many", reads=200), Process("some", reads=10)]
    live(processes, 12)
    shares = [len(used([one], 2, 12)) for one in processes]
    assert max(shares) - min(shares) <= 8
    assert sum(shares) >= 10 * 50 * 0.97


def test_what_one_process_does_not_want_the_others_are_given():
    idle, busy = Process("idle", reads=0), Process("busy")
    live([idle, busy], 12)
    assert len(used([busy], 2, 12)) >= 10 * 50 * 0.97


def test_writes_go_before_reads_and_leave_them_a_tenth():
    reader, writer = Process("reader", reads=10), Process("writer", reads=0, writes=30)
    live([reader, writer], 12)
    assert len(used([writer], 2, 12)) == pytest.approx(9 * len(used([reader], 2, 12)), rel=0.1)


def test_few_writes_cost_the_reads_no_more_than_they_take():
    reader, writer = Process("reader", reads=10), Process("writer", reads=0, writes=1)
    live([reader, writer], 12)
    assert len(used([reader, writer], 2, 12)) >= 10 * 50 * 0.97


@pytest.mark.parametrize(
    ("unit", "threads", "seconds"),
    [("orders", 1, 10), ("orders", 4, 10), ("orders", 11, 10), ("orders", 40, 10), ("analytics", 3, 100)],
)
def test_beside_a_backfill_of_low_priority_an_hourly_run_is_given_five_of_six_of_what_it_has_alone(
    unit, threads, seconds
):
    def given_to(*backfill: Process) -> int:
        hourly = Process("hourly", unit=unit, reads=threads, latency=0.2)
        live([hourly, *backfill], seconds + 2)
        assert fullest(used([hourly, *backfill], 0, seconds + 2)) <= CEILINGS[unit]
        return len(used([hourly], 2, seconds + 2))

    backfill = Process("backfill", unit=unit, reads=40, latency=0.2, low=True)
    alone, beside, left = given_to(), given_to(backfill), len(used([backfill], 2, seconds + 2))
    assert beside >= alone / 1.2, "the hourly run is at most 20 % later"
    assert left >= 0.09 * (beside + left), "the backfill ends, too"
    assert beside + left >= 0.97 * (CEILINGS[unit] * seconds - 1), "and nothing is wasted"


def test_the_share_of_a_dead_process_is_used_again_within_two_seconds():
    processes = [Process("dies", reads=50, ends=6.0), Process("lives")]
    live(processes, 14)
    assert fullest(used(processes, 0, 14)) <= 50
    assert len(used(processes[1:], 8, 14)) >= 6 * 50 * 0.97


def test_a_process_that_joins_has_its_share_within_half_a_second():
    processes = [Process("old", reads=50), Process("new", starts=6.0)]
    live(processes, 10)
    assert len(used(processes[1:], 6.5, 9.5)) >= 3 * 25 * 0.9


def test_processes_that_lost_the_document_together_send_no_more_than_before():
    processes = [Process(str(number)) for number in range(8)]
    live(processes, 12, lost=6.0)
    # What was planned before it was lost is still sent, so that much may come on top.
    assert fullest(used(processes, 0, 12)) <= 50 * (1 + AHEAD)
    assert fullest(used(processes, 6 + AHEAD, 12)) <= 50


def test_a_process_that_alone_comes_back_waits_for_the_others_for_two_seconds():
    alone = Process("alone", members=16)
    live([alone], 6)
    assert len(used([alone], 0, SUCCESSION)) <= SUCCESSION * 50 / 16 + 1
    assert len(used([alone], SUCCESSION + AHEAD, 6)) >= (6 - SUCCESSION - AHEAD) * 50 * 0.95


def test_a_refusal_that_one_process_meets_slows_down_all():
    processes = [Process(str(number)) for number in range(4)]
    stored = live(processes, 3)
    before = max(used(processes, 2, 3))
    processes[0].report.refused.append(("orders", before, 2.0))
    met = 1003.2
    for one in processes:
        one.slots.clear()
    stored = visit(stored, met, processes[0])
    for step in range(200):
        for one in processes:
            stored = visit(stored, met + step / 50, one)
    sent = used(processes, 0, 100)
    assert min(slot for slot in sent if slot > met + AHEAD) >= met + 2.0, "nobody sends before the platform wants it"
    assert len([slot for slot in sent if met + 2.0 <= slot < met + 3.0]) <= 30, "and then at half the rate"


def test_a_lower_ceiling_of_one_process_holds_for_all_while_it_is_there():
    low = Process("low", reads=1, ceilings=dict.fromkeys(CEILINGS, 20.0), ends=6.0)
    processes = [Process("high"), low]
    live(processes, 12)
    assert fullest(used(processes, 1, 6)) <= 20
    assert len(used(processes, 8, 12)) >= 4 * 50 * 0.97


def test_families_share_what_the_shop_has_and_one_alone_has_all_of_it():
    processes = [Process("a"), Process("b", unit="finance"), Process("c", unit="finance")]
    live(processes, 12)
    assert fullest(used(processes, 0, 12)) <= 50
    assert len(used(processes, 2, 12)) >= 10 * 50 * 0.97


def test_a_slow_family_does_not_hold_up_the_others_and_is_given_its_own():
    processes = [Process("reports", unit="analytics"), Process("orders")]
    live(processes, 12)
    assert len(used(processes[:1], 2, 12)) in {9, 10}
    assert len(used(processes, 2, 12)) >= 10 * 50 * 0.97


def test_families_that_are_counted_apart_are_used_side_by_side_after_a_while():
    processes = [Process("a", grows=True), Process("b", unit="finance", grows=True)]
    live(processes, 60)
    assert len(used(processes, 50, 60)) >= 10 * 80
    assert fullest(used(processes[:1], 0, 60)) <= 50


@given(
    lives=st.lists(
        st.tuples(st.floats(0, 4), st.floats(0.2, 6), st.integers(0, 30), st.integers(0, 5)), min_size=1, max_size=7
    ),
    ceiling=st.sampled_from([0.5, 1.0, 3.0, 7.5, 50.0, 120.0]),
    seed=st.integers(0, 99),
)
@hypothesis_settings(max_examples=25, deadline=None)
def test_no_second_holds_more_whoever_comes_goes_and_dies(lives, ceiling, seed):
    ceilings = {"": ceiling, "orders": ceiling}
    processes = [
        Process(str(number), reads, writes, ceilings=ceilings, starts=start, ends=start + length)
        for number, (start, length, reads, writes) in enumerate(lives)
    ]
    live(processes, 6, seed=seed)
    sent = sorted(used(processes, 0, 100))
    assert fullest(sent) <= max(1, int(ceiling))
    assert len(sent) == len(set(sent)), "each slot is given to one request"


def test_a_slot_that_is_given_back_is_given_to_another():
    one, other = Process("one", reads=12), Process("other", reads=12)
    stored = visit(None, 1000.0, one)
    one.report.unused = [("orders", slot) for slot, _ in one.slots]
    one.reads = 0
    given = [slot for slot, _ in one.slots]
    one.slots.clear()
    stored = visit(stored, 1000.01, one)
    visit(stored, 1000.02, other)
    assert len(given) == 3
    assert next(slot for slot, _ in other.slots) <= max(given)


@pytest.mark.parametrize("stored", [b"", b"\xc1", b"\x91\x00", b"null"])
def test_a_document_that_cannot_be_read_is_begun_anew(stored):
    one = Process("one")
    visit(stored, 1000.0, one)
    assert one.slots[0] == (1000.0, False)


def test_a_document_of_another_clock_is_begun_anew():
    one = Process("one")
    stored = visit(None, 9000.0, one)
    one.slots.clear()
    visit(stored, 1000.0, one)
    assert one.slots[0] == (1000.0, False)


def test_a_document_of_a_busy_shop_stays_small():
    processes = [Process(str(number)) for number in range(16)]
    assert len(live(processes, 40)) < 30_000


def test_a_process_that_leaves_gives_back_at_once():
    one, other = Process("one", reads=40), Process("other")
    stored = visit(None, 1000.0, one)
    fleet = Fleet(stored, 1000.05)
    fleet.leave("one")
    stored = fleet.pack()
    visit(stored, 1000.06, other)
    assert Fleet(stored, 1000.1).members == 1
    assert next(slot for slot, _ in other.slots) <= 1000.06 + AHEAD


def test_who_has_not_come_for_long_is_no_member():
    one, other = Process("one"), Process("other")
    stored = visit(None, 1000.0, one)
    stored = visit(stored, 1000.0 + DEAD + 0.01, other)
    assert other.members == 1


def test_refusals_of_slots_that_were_given_before_the_rate_fell_do_not_halve_it_again():
    one = Process("one", reads=40)
    stored = visit(None, 1000.0, one)
    given = [slot for slot, _ in one.slots]
    for slot in given:
        one.report.refused.append(("orders", slot, None))
        stored = visit(stored, 1000.0 + AHEAD, one)
    fleet = Fleet(stored, 1000.0 + AHEAD)
    fleet.want("one", {"orders": Wants(40)})
    fleet.plan("one")
    assert len(given) == 3
    assert fleet.rates()["orders"] == 25


def _grant(document):
    document[3] = [[1e9, "orders", "one", False, False]]


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document[4]["orders"].update(due=1e9),
        lambda document: document[4]["orders"]["throttle"].update(paused_until=float("inf")),
        lambda document: document[5][""].update(due=float("nan")),
        _grant,
    ],
    ids=["due", "pause", "no number", "slot"],
)
def test_a_document_that_would_make_all_wait_for_ever_is_begun_anew(change):
    document = msgspec.msgpack.decode(visit(None, 1000.0, Process("one")))
    change(document)
    one = Process("one")
    visit(msgspec.msgpack.encode(document), 1001.0, one)
    assert one.slots
    assert all(slot < 1002 for slot, _ in one.slots)
