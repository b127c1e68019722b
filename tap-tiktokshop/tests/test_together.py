"""Rows that need a state before them: shops share it, and no row is ahead of it."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st
from tap_tiktokshop.run.together import NeedsState, Together

PROGRAMS = st.lists(
    st.tuples(st.integers(0, 3), st.lists(st.one_of(st.just("needs"), st.integers(0, 9)), max_size=5)), max_size=30
)
"""What comes of which lane: rows, some of which must not leave before a state."""


def carried_out(program, most):
    """What leaves, in its order: records as (lane, number), and states; how many rows waited before each state."""
    left, waited, rows = [], [], [0]

    def take(lane, item):
        number = item.number
        for place, step in enumerate(item.rows):
            if step == "needs":
                rows[0] += len(item.rows)
                yield NeedsState(len(item.rows))
                assert "state" in left, "it goes on behind a state only"
                left.append(("gone on", lane))
            else:
                yield (lane, (number, place))

    def write_state():
        waited.append(rows[0])
        rows[0] = 0
        left.append("state")

    together = Together(take, write_state, lambda: most)
    for number, (lane, steps) in enumerate(program):
        left.extend(together.records(lane, SimpleNamespace(rows=steps, number=number)))
    left.extend(together.rest())
    return left, waited


@given(PROGRAMS, st.integers(1, 20))
def test_each_lane_goes_on_only_behind_a_state(program, most):
    left, waited = carried_out(program, most)
    for lane in range(4):
        wanted = [
            "need" if step == "needs" else (number, place)
            for number, (whose, steps) in enumerate(program)
            if whose == lane
            for place, step in enumerate(steps)
        ]
        found, fresh = [], False
        for each in left:
            if each == "state":
                fresh = True
            elif each == ("gone on", lane):
                assert fresh, "two rows that need a state each have one each"
                found.append("need")
                fresh = False
            elif each[0] == lane:
                found.append(each[1])
        assert found == wanted
    needs = sum(steps.count("needs") for _, steps in program)
    assert len(waited) <= needs
    assert all(waited), "no state that nobody waits for"


@given(st.integers(1, 200), st.integers(1, 20))
def test_states_are_as_many_as_their_rows_ask_for_and_not_as_many_as_there_are_shops(shops, rows):
    _, waited = carried_out([(shop, ["needs", *range(rows)]) for shop in range(shops)], most=100)
    assert len(waited) <= -(-shops * (rows + 1) // 100)
