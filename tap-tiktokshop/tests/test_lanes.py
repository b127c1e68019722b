"""The order of a lane, against a model: whoever fetches what when, what comes out is the walk of the tree of slices.

The suite runs some hundred programs; `HYPOTHESIS_PROFILE=nightly` runs 10,000, see `conftest.py`.
"""

from itertools import count

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from lane_programs import Planned, given_by, labelled, programs
from tap_tiktokshop.reading import Chunk, Following
from tap_tiktokshop.reading.base import Mark
from tap_tiktokshop.reading.lanes import Lane
from tiktokshop_client.errors import BugError


class LaneMachine(RuleBasedStateMachine):
    """Begins, fetches and takes in any order that the pool could, and some that it could not."""

    @initialize(program=programs)
    def start(self, program):
        self.lane = Lane(0, None, ("1", "order"), lambda: 1)
        program = labelled(program, count())
        self.lane.start(program)
        self.expected = given_by(program)
        self.taken = []
        self.running = []
        self.over = False

    @precondition(lambda self: not self.over)
    @rule(ahead=st.integers(1, 5))
    def begin(self, ahead):
        """The pool begins what waits first."""
        for _ in range(ahead):
            entry = self.lane.waiting()
            if entry is not None:
                entry.begin(None)
                self.running.append(entry)

    @precondition(lambda self: not self.over and self.running)
    @rule(data=st.data(), times=st.integers(1, 4))
    def fetch(self, data, times):
        entry = data.draw(st.sampled_from(self.running))
        for _ in range(times):
            try:
                item = next(entry.items, None)
            except LookupError as error:
                entry.fail(error)
                self.running.remove(entry)
                return
            if item is None:
                entry.end()
                self.running.remove(entry)
                return
            entry.put(item)

    @rule(times=st.integers(1, 6))
    def take(self, times):
        for _ in range(0 if self.over else times):
            head = self.lane.head()
            if head is None:
                self.over = True
                return
            chunk = head.take()
            if chunk is not None:
                self.taken.append(chunk.rows[0] if chunk.rows else chunk.done)
            elif head.error is not None:
                self.taken.append("failed")
                self.over = True
                return

    @precondition(lambda self: not self.over)
    @rule()
    def drop(self):
        held = sum(chunk.weight for entry in self.below(self.lane._given) for chunk in entry.chunks)
        assert self.lane.clear() == held
        assert self.lane.head() is None
        assert self.lane.waiting() is None
        self.expected = self.taken
        self.over = True

    @invariant()
    def nothing_comes_out_of_order(self):
        if hasattr(self, "lane"):
            assert self.taken == self.expected[: len(self.taken)]

    @invariant()
    def what_waits_first_is_the_first_in_order(self):
        if hasattr(self, "lane") and not self.over:
            waiting = [entry for entry in self.below(self.lane._given) if entry.slice and entry.items is None]
            assert self.lane.waiting() is (waiting[0] if waiting else None)

    def below(self, above):
        """All entries that are left, in the order in which they will give."""
        for entry in reversed(above):
            yield from self.all_of(entry.named)

    def all_of(self, entries):
        for entry in entries:
            yield entry
            yield from self.all_of(entry.named)

    def teardown(self):
        """Whatever has happened, the rest comes out as well."""
        while hasattr(self, "lane") and not self.over:
            self.begin(1)
            for entry in list(self.running):
                self.step(entry)
            self.take(5)
        if hasattr(self, "lane"):
            assert self.taken == self.expected

    def step(self, entry):
        try:
            item = next(entry.items, None)
        except LookupError as error:
            entry.fail(error)
        else:
            if item is not None:
                entry.put(item)
                return
            entry.end()
        self.running.remove(entry)


TestEveryLaneGivesTheWalkOfItsTree = LaneMachine.TestCase


def test_slices_that_a_named_slice_named_come_before_what_its_namer_names_later():
    """The order that lost rows: the mark came before the question of A1."""
    lane = Lane(0, None, ("1", "order"), lambda: 1)
    question, mark = Planned("q", ["question of A1"]), Mark(Chunk(done=9))
    lane.start([Planned("P", [[Planned("A1", [[question]])], [mark]])])
    parent = lane.waiting()
    parent.begin(None)
    parent.put(next(parent.items))
    first = lane.waiting()
    first.begin(None)
    first.put(next(first.items))
    parent.put(next(parent.items))
    assert [entry.slice for entry in (lane.waiting(), *parent.named)] == [question, first.slice, mark]


def test_a_slice_that_has_named_others_cannot_say_that_all_is_complete():
    lane = Lane(0, None, ("1", "order"), lambda: 1)
    lane.start([Planned("P", [])])
    entry = lane.waiting()
    entry.begin(None)
    entry.put(Following([Planned("child", [])]))
    with pytest.raises(BugError, match="marks as complete"):
        entry.put(Chunk(done=5))


def test_nothing_stays_of_slices_that_have_given_all_however_far_their_turn():
    """Ten thousand questions without an answer, behind one that is slow, once filled the memory."""
    lane = Lane(0, None, ("1", "order"), lambda: 1)
    lane.start([Planned("slow", [])])
    for number in range(200):
        lane.start([Planned(str(number), [[Planned("asked", [[Planned("in vain", [])]])]])])
    slow = lane.waiting()
    slow.begin(None)
    while (entry := lane.waiting()) is not None:
        entry.begin(None)
        for item in entry.items:
            entry.put(item)
        entry.end()
    assert list(lane._top.named) == [slow]
    slow.end()
    assert lane.head() is None
