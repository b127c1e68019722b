"""Many slices at once, and still each lane in its order."""

import json
import threading
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lane_programs import Weighed, given_by, labelled, programs
from tap_tiktokshop.reading import Chunk, Following, Source
from tap_tiktokshop.reading.base import CHUNK_BYTES, Backwards
from tap_tiktokshop.reading.lanes import Lane
from tap_tiktokshop.reading.pool import LATER_BYTES, Pool
from tap_tiktokshop.streams.orders import READ_ORDERS
from tiktokshop_client import Page


@dataclass
class Given:
    """A slice that gives its chunks, then names others; it may fail, and count how many run beside it."""

    name: str
    chunks: int = 1
    then: list = field(default_factory=list)
    fails: bool = False
    watch: object = None

    def fetch(self, _source):
        if self.watch:
            self.watch(self)
        for number in range(self.chunks):
            yield Chunk(Weighed([f"{self.name}.{number}"]))
        if self.then:
            yield Following(self.then)
        if self.fails:
            raise LookupError(self.name)


def lane(slices, turn=1, shop="1", parallel=4):
    made = Lane(turn=turn, source=None, budget=(shop, "order"), parallel=lambda: parallel)
    made.start(slices)
    return made


@pytest.fixture
def ahead():
    made = Pool()
    yield made
    made.close()


def taken(ahead, turn=1):
    """Lane -> what it gave, in order."""
    given = {}
    for one, item in ahead.take(turn, lambda: None):
        names = ["end"] if item is None else [type(item).__name__] if isinstance(item, Exception) else list(item.rows)
        given.setdefault(one, []).extend(names)
    return given


def heard(item):
    """A chunk, an error or the end, as the model has it."""
    if item is None:
        return "end"
    if isinstance(item, Exception):
        return "failed"
    return item.rows[0] if item.rows else item.done


@given(
    st.lists(st.tuples(programs, st.integers(1, 2), st.integers(0, 30)), min_size=1, max_size=4),
    st.integers(1, 5),
    st.integers(1, 10_000),
)
@settings(max_examples=100)
def test_each_lane_gives_its_slices_in_order_whatever_runs_beside_it(shops, parallel, room):
    """Several lanes at once, in two turns; one is dropped after so many chunks (never, if it has fewer)."""
    ahead = Pool(most_bytes=room)
    lanes = {}
    for number, (program, turn, dropped_after) in enumerate(shops):
        made = lane(labelled(program, count()), turn=turn, shop=str(number % 2), parallel=parallel)
        expected = given_by(program)
        lanes[made] = (expected if expected[-1:] == ["failed"] else [*expected, "end"], dropped_after)
    ahead.add(lanes)
    came = {made: [] for made in lanes}
    for turn in (1, 2):
        for made, item in ahead.take(turn, lambda: None):
            came[made].append(heard(item))
            if len(came[made]) == lanes[made][1]:
                ahead.drop(made)
    ahead.close()
    for made, (expected, dropped_after) in lanes.items():
        assert came[made] == (expected[:dropped_after] if dropped_after else expected)
    assert ahead._held == 0


def test_a_slice_that_fails_ends_its_lane_where_its_rows_would_have_come_and_no_other(ahead):
    bad = lane([Given("a"), Given("b", chunks=2, fails=True), Given("c")], shop="bad")
    good = lane([Given(str(number)) for number in range(20)], shop="good")
    ahead.add([bad, good])
    assert taken(ahead) == {
        bad: ["a.0", "b.0", "b.1", "LookupError"],
        good: [*(f"{number}.0" for number in range(20)), "end"],
    }


def test_as_many_slices_of_a_lane_run_at_once_as_its_budget_allows(ahead):
    together = threading.Barrier(4)
    ahead.add([lane([Given(str(number), watch=lambda _: together.wait(10)) for number in range(8)])])
    assert len(next(iter(taken(ahead).values()))) == 8 + 1


def test_shops_are_read_at_the_same_time(ahead):
    together = threading.Barrier(3)
    lanes = [lane([Given(shop, watch=lambda _: together.wait(10))], shop=shop, parallel=1) for shop in "abc"]
    ahead.add(lanes)
    assert sorted(taken(ahead).values()) == [["a.0", "end"], ["b.0", "end"], ["c.0", "end"]]


def test_what_waits_to_be_taken_is_bounded_by_its_bytes():
    ahead = Pool(most_bytes=5_000)
    started = []
    ahead.add([lane([Given(str(number), chunks=3, watch=started.append) for number in range(50)], parallel=8)])
    most = 0
    for _, _item in ahead.take(1, lambda: None):
        most = max(most, ahead._held)
    ahead.close()
    assert len(started) == 50
    # Each of eight threads may have one page on its way when there is no more room.
    assert most <= 5_000 + 8 * (Weighed.weight + CHUNK_BYTES)


def rest(ahead):
    """Waits until no thread has anything to do."""
    while ahead._jobs or ahead._idle < ahead._threads:
        threading.Event().wait(0.001)


def test_a_loader_that_takes_nothing_more_does_not_let_the_slice_that_is_due_fill_the_memory():
    ahead = Pool(most_bytes=50_000)
    ahead.add([lane([Given("endless", chunks=10_000)])])
    got = ahead.take(1, lambda: None)
    next(got)
    rest(ahead)
    one = Weighed.weight + CHUNK_BYTES
    assert 50_000 - one <= ahead._held <= 50_000 + one
    assert sum(1 for _ in got) == 10_000
    ahead.close()


def test_rows_that_are_no_page_wait_as_text_that_weighs_what_it_is():
    row = {"id": "7", "price": Decimal("1.50"), "count": 2**70, "parts": [{"text": "emoji 🧦 " * 200}] * 20}
    chunk = Chunk([row], {"shop_id": "1"})
    text, packed = (chunk.held(packed=packed) for packed in (False, True))
    as_json = json.dumps([{**row, "price": 1.25}], ensure_ascii=False, separators=(",", ":"))  # as long as 1.50
    assert text.weight == len(as_json.encode()) + CHUNK_BYTES
    assert CHUNK_BYTES < packed.weight < text.weight / 10
    assert list(text.rows) == list(packed.rows) == [row]
    assert type(next(iter(packed.rows))["price"]) is Decimal
    assert chunk.added == text.added == packed.added


@pytest.mark.parametrize("due", [True, False])
def test_thousands_of_details_wait_within_the_bound_whether_it_is_their_turn_or_not(due):
    """They once weighed nothing, so that they were never packed and never too many."""

    class Detail(Given):
        def fetch(self, _source):
            yield Chunk([{"id": self.name, "text": f"{self.name} " * 500}])

    ahead = Pool(most_bytes=200_000)
    ahead.add([lane([Given("first")], turn=1, shop="first"), lane([Detail(str(n)) for n in range(3_000)], turn=2)])
    got = ahead.take(2, lambda: None) if due else ahead.take(1, lambda: None)
    next(got)
    rest(ahead)
    assert 150_000 <= ahead._held <= 200_000 + 4 * (3_000 + CHUNK_BYTES)
    ahead.close()


def test_what_has_to_wait_is_packed_and_what_is_due_is_not(ahead):
    early_is_packed, somebody_waits = threading.Event(), threading.Event()

    class Packable(Weighed):
        packed = False

        def pack(self):
            self.packed = True
            early_is_packed.set()

    class Pages(Given):
        def fetch(self, source):
            for chunk in super().fetch(source):
                yield Chunk(Packable(chunk.rows))

    def wait_for_both(_):  # nothing is due before somebody takes
        assert early_is_packed.wait(10)
        assert somebody_waits.wait(10)

    ahead.add([lane([Pages("due", watch=wait_for_both), Pages("early")])])
    rows = [item.rows for _, item in ahead.take(1, somebody_waits.set) if item]
    assert [(list(each), each.packed) for each in rows] == [(["due.0"], False), (["early.0"], True)]


def test_a_later_stream_saves_its_first_calls_but_not_more():
    ahead = Pool()
    first, later = lane([Given("now")]), lane([Given("later", chunks=10_000)], turn=2)
    ahead.add([first, later])
    assert taken(ahead) == {first: ["now.0", "end"]}
    assert len(later.head().chunks) <= LATER_BYTES / (Weighed.weight + CHUNK_BYTES) + 1
    assert len(taken(ahead, 2)[later]) == 10_000 + 1
    ahead.close()


def test_a_dropped_lane_gives_nothing_more_and_holds_nothing(ahead):
    one = lane([Given(str(number), chunks=5) for number in range(10)])
    ahead.add([one])
    got = ahead.take(1, lambda: None)
    next(got)
    ahead.drop(one)
    assert list(got) == []
    assert ahead._held == 0


def test_what_is_read_from_its_end_comes_out_last_first_when_all_of_it_is_there(ahead):
    nothing_is_there = threading.Event()

    class Slow(Given):
        def fetch(self, source):
            yield from super().fetch(source)
            assert nothing_is_there.wait(10)
            yield Chunk(Weighed(["last"]))

    ahead.add([lane([Given("a"), Backwards(Slow("b", chunks=2)), Given("c")])])
    items = [item for _, item in ahead.take(1, nothing_is_there.set) if item]
    assert [list(item.rows) for item in items] == [["a.0"], ["last"], ["b.1"], ["b.0"], ["c.0"]]
    assert ahead._held == 0


def test_nothing_comes_of_what_fails_while_it_is_read_from_its_end(ahead):
    ahead.add([lane([Given("a"), Backwards(Given("b", chunks=3, fails=True)), Given("c")])])
    assert list(taken(ahead).values()) == [["a.0", "LookupError"]]
    assert ahead._held == 0


def test_what_fails_after_its_lane_was_dropped_is_not_given_back_twice(ahead):
    two_are_there, dropped = threading.Event(), threading.Event()

    class Slow(Given):
        def fetch(self, source):
            yield from super().fetch(source)
            two_are_there.set()
            assert dropped.wait(10)
            raise LookupError

    one, other = lane([Given("a"), Backwards(Slow("b", chunks=2))]), lane([Given("c")], shop="2")
    ahead.add([one])
    assert two_are_there.wait(10)
    ahead.drop(one)
    dropped.set()
    ahead.add([other])
    assert [list(item.rows) for _, item in ahead.take(1, lambda: None) if item] == [["c.0"]]
    assert ahead._held == 0


def test_whoever_takes_is_told_before_it_waits(ahead):
    go = threading.Event()
    ahead.add([lane([Given("a", watch=lambda _: go.wait(10))])])
    assert [list(item.rows) for _, item in ahead.take(1, go.set) if item] == [["a.0"]]


class Shop:
    """A list of orders with a time filter, which takes no time."""

    def __init__(self, times):
        self.times = sorted(times)
        self.calls = self.from_end = 0

    def pages(self, _operation, *, query, body, **_):
        found = [time for time in self.times if body["update_time_ge"] <= time < body["update_time_lt"]]
        found.sort(reverse=query["sort_order"] == "DESC")
        for number, first in enumerate(range(0, max(len(found), 1), 100), 1):
            self.calls += 1
            self.from_end += query["sort_order"] == "DESC"
            rows = [{"id": str(time), "update_time": time} for time in found[first : first + 100]]
            yield Page(rows, len(found), {}, "r", number, "")


def read(times, start, end):
    ahead, shop = Pool(), Shop(times)
    one = Lane(turn=1, source=Source(shop, None), budget=("1", "order"), parallel=lambda: 10)
    one.start(READ_ORDERS.slices(start, end, ahead.size(one)))
    ahead.add([one])
    ids = [row["id"] for _, item in ahead.take(1, lambda: None) if item for row in item.rows]
    ahead.close()
    return ids, shop.calls


def test_a_sparse_year_costs_one_call():
    assert read(range(0, 365 * 86_400, 86_400 * 4), 0, 365 * 86_400)[1] == 1


def test_a_long_dense_range_costs_little_more_than_its_pages():
    times = range(1_000_000, 1_000_000 + 150_000 * 100, 100)
    ids, calls = read(times, 0, 20_000_000)
    assert ids == [str(time) for time in times]
    assert calls <= 1500 * 1.06


@given(st.lists(st.integers(0, 20_000), max_size=6_000, unique=True), st.integers(0, 5))
@settings(max_examples=15)
def test_whatever_the_density_every_row_is_read_once_and_in_order(times, power):
    times = sorted({time**2 // (10**power) for time in times})
    assert read(times, 0, 400_000_001)[0] == [str(time) for time in times]


def test_who_takes_patiently_is_called_again_and_again_while_nothing_comes():
    called, enough = [], threading.Event()

    def call():
        called.append(1)
        if len(called) == 3:
            enough.set()

    ahead = Pool(patience=0.001)
    one = lane([Given("a", watch=lambda _: enough.wait(10))])
    ahead.add([one])
    assert [item is None for _, item in ahead.take(1, call)] == [False, True]
    assert len(called) >= 3
    ahead.close()


def test_a_long_dense_range_is_read_from_both_ends_of_its_windows():
    ahead, shop = Pool(), Shop(range(1_000_000, 2_000_000, 50))
    one = Lane(turn=1, source=Source(shop, None), budget=("1", "order"), parallel=lambda: 10)
    one.start(READ_ORDERS.slices(0, 3_000_000, ahead.size(one)))
    ahead.add([one])
    ids = [row["id"] for _, item in ahead.take(1, lambda: None) if item for row in item.rows]
    ahead.close()
    assert ids == [str(time) for time in range(1_000_000, 2_000_000, 50)]
    assert shop.from_end > shop.calls / 5
