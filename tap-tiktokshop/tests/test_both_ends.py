"""A window that is read from both ends is read whole, in order, and without a page too many."""

import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tap_tiktokshop.reading import Following, both_ends
from tap_tiktokshop.reading.base import Backwards, Source
from tap_tiktokshop.reading.windows import Window, _Cutting, _OneWindow
from tap_tiktokshop.streams.orders import READ_ORDERS
from test_steady import LEAVING, TIMES, Shifting
from tiktokshop_client import Page
from tiktokshop_client.errors import BusinessError, TransientError

END = 100


class Shop:
    """Orders, as the tap asks for them; `down` answers what is asked for in descending order."""

    def __init__(self, times, leaving=(), size=3, down=None):
        self.list = Shifting(times, dict(leaving), size)
        self.down = down or self.up

    def pages(self, _operation, *, query, body, **_):
        descending = query["sort_order"] == "DESC"
        return (self.down if descending else self.up)(body, descending=descending)

    def up(self, body, *, descending):
        return self.list.pages(body["update_time_ge"], body["update_time_lt"] - 1, descending=descending)


class Reader:
    """One window, of which a test drives the two readers step by step."""

    def __init__(self, shop):
        source = Source(shop, None)
        window = Window(0, END)
        cutting = _Cutting(len(shop.list.rows), window, lambda *_: 1000)
        self.start = _OneWindow(READ_ORDERS, window, cutting.size, cutting, 1000).fetch(source)
        self.source, self.end = source, None
        self.came, self.from_end, self.marks = [], [], []
        self.open = {True, False}

    def step(self, *, from_end):
        """One reader goes on."""
        items = self.end if from_end else self.start
        if items is None:
            return
        item = next(items, None)
        if item is None:
            self.open.discard(from_end)
        elif isinstance(item, Following):
            (behind,) = item.slices
            if isinstance(behind, Backwards):
                self.end = iter(behind.fetch(self.source))
            else:
                self.marks.append(behind.chunk)
        else:
            (self.from_end if from_end else self.came).append(item)

    def finish(self):
        while False in self.open:
            self.step(from_end=False)
        while self.end is not None and True in self.open:
            self.step(from_end=True)
        return self.came + self.from_end[::-1] + self.marks


def ids_of(chunks):
    return [row["id"] for chunk in chunks for row in chunk.rows]


def pairs(rows):
    """Times that two rows each have."""
    return [number // 2 for number in range(rows)]


IN_PAIRS = st.lists(st.integers(0, 39), min_size=10, max_size=40, unique=True).map(
    lambda found: sorted(number // 2 for number in found)
)
TURNS = st.lists(st.booleans(), max_size=80)


@given(TIMES, TURNS)
def test_whoever_goes_on_when_every_row_comes_once_in_order_and_with_its_last_page_only_half_empty(times, turns):
    shop = Shop(times)
    reader = Reader(shop)
    for from_end in turns:
        reader.step(from_end=from_end)
    chunks = reader.finish()
    assert ids_of(chunks) == [str(number) for number in range(len(times))]
    assert [chunk.done for chunk in chunks if chunk.done is not None] == [END]
    assert chunks[-1].done == END
    assert shop.list.calls <= max(1, -(-len(times) // 3)) + 1, "one more only where pages end at the same row"


@given(IN_PAIRS, TURNS, LEAVING)
@example(pairs(34), [False, True, True], {1: [0], 2: [0, 0, 0], 13: [0]})
@example([*pairs(17), 9, 9, 10, 10, 11, 11, 12], [False] * 6 + [True] * 4, {8: [19]})
def test_whoever_leaves_meanwhile_whoever_stays_is_read_once(times, turns, leaving):
    shop = Shop(times, leaving)
    reader = Reader(shop)
    for from_end in turns:
        reader.step(from_end=from_end)
    came = ids_of(reader.finish())
    assert {str(number) for _, number in shop.list.rows} <= set(came)
    assert len(came) == len(set(came))


def refused(_body, *, descending):
    assert descending
    raise BusinessError("sort_order is not supported", code=36009004)
    yield


def unsorted(_body, *, descending):
    assert descending
    yield Page([{"id": str(time), "update_time": time} for time in (10, 20, 30)], 30, {}, "r", 1, "")


def empty(_body, *, descending):
    assert descending
    yield Page([], 30, {}, "r", 1, "")


@pytest.mark.parametrize("down", [refused, unsorted, empty])
def test_a_platform_that_does_not_sort_backwards_is_read_from_the_start_alone(down):
    reader = Reader(Shop(range(0, 90, 3), down=down))
    for from_end in [False, True] * 5:
        reader.step(from_end=from_end)
    assert ids_of(reader.finish()) == [str(number) for number in range(30)]


def test_a_few_rows_are_not_worth_a_second_reader():
    reader = Reader(Shop(range(6)))
    assert ids_of(reader.finish()) == list("012345")
    assert reader.end is None


@pytest.mark.parametrize("slow_end", [True, False])
def test_nobody_asks_for_what_is_on_its_way_to_the_other(slow_end):
    asked, go_on = threading.Event(), threading.Event()

    def slowly(pages):
        for page in pages:
            if shop.list.calls == 3:
                asked.set()
                assert go_on.wait(10)
            yield page

    def pages(_operation, *, query, **more):
        found = Shop.pages(shop, _operation, query=query, **more)
        return slowly(found) if (query["sort_order"] == "DESC") is slow_end else found

    shop = Shop(range(7))
    shop.pages = pages
    reader = Reader(shop)
    for from_end in (False, False):  # who reads from the end, the first page
        reader.step(from_end=from_end)
    reader.step(from_end=not slow_end)  # the second page
    slow = threading.Thread(target=reader.step, kwargs={"from_end": slow_end}, daemon=True)
    slow.start()
    assert asked.wait(10)
    other = threading.Thread(target=reader.step, kwargs={"from_end": not slow_end}, daemon=True)
    other.start()
    other.join(0.05)
    assert shop.list.calls == 3, "one row is left, and three are on their way"
    assert other.is_alive() is slow_end, "who reads from the start answers for the list, and so waits"
    go_on.set()
    for thread in (slow, other):
        thread.join(10)
    assert ids_of(reader.finish()) == list("0123456")
    assert shop.list.calls == 3


def test_who_waits_for_the_other_end_in_vain_reads_on(monkeypatch):
    monkeypatch.setattr(both_ends, "PATIENCE", 0.01)
    asked, go_on = threading.Event(), threading.Event()

    def never(_body, *, descending):
        assert descending
        asked.set()
        assert go_on.wait(10)
        raise TransientError("no answer")
        yield

    reader = Reader(Shop(range(7), down=never))
    for from_end in (False, False, False):
        reader.step(from_end=from_end)
    slow = threading.Thread(target=reader.step, kwargs={"from_end": True}, daemon=True)
    slow.start()
    assert asked.wait(10)
    while False in reader.open:
        reader.step(from_end=False)
    assert ids_of(reader.came) == list("0123456")
    go_on.set()
    slow.join(10)
    assert [chunk.done for chunk in reader.finish()][-1] == END
