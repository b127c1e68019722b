"""Cut anywhere and resumed from its last mark, a stream has asked about everything: no mark is ahead of its rows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from platform_lists import Platform, source
from tap_tiktokshop.reading import Children, Listed, Parents, Roster, TimeFilter, Windows, base, children
from tap_tiktokshop.reading.lanes import Lane
from tap_tiktokshop.reading.lists import CHANGED
from tap_tiktokshop.reading.pool import Pool
from tiktokshop_client import Answer, Page, operations
from tiktokshop_client.errors import TransientError

END = 400
ORDERS = Windows(
    operations.SEARCH_ORDERS,
    TimeFilter("update_time"),
    "id",
    query={"sort_field": "update_time", "sort_order": "ASC"},  # dense windows are read from both ends
)
DETAILS = Children(
    parents=(Parents(ORDERS, "id"),),
    operation=operations.GET_PRICE_DETAIL,
    key=None,
    path="order_id",
    name="order_id",
    inherit={"update_time": "update_time"},
)
OF_DETAILS = Children(
    parents=(Parents(DETAILS, "order_id"),),
    operation=operations.GET_ORDER_TRACKING,
    key="step",
    path="order_id",
    name="order_id",
)
CONVERSATIONS = Listed(operations.GET_CONVERSATIONS, "id", moments=("update_time",))
MESSAGES = Children(
    parents=(Parents(CONVERSATIONS, "id"),),
    operation=operations.GET_MESSAGES,
    key="id",
    path="conversation_id",
    name="conversation_id",
    newest_first="create_time",
)


class Shop(Platform):
    """Orders with details, or conversations with messages; out of order for good after so many calls."""

    def __init__(self, times, breaks_after=10**9):
        super().__init__([{"id": str(number), "update_time": time} for number, time in enumerate(times)], page_size=2)
        self.left = breaks_after

    def _answer(self):
        self.left -= 1
        if self.left < 0:
            raise TransientError("out of order")

    def call(self, _operation, *, path, **_):
        self._answer()
        return Answer({"total": path["order_id"]}, "r", "")

    def pages(self, operation, *, path=None, **more):
        if path is None and operation is operations.GET_CONVERSATIONS:
            pages = [Page([dict(row) for row in self.rows], len(self.rows), {}, "r", 1, "")]
        elif path is None:
            pages = super().pages(operation, **more)
        elif operation is operations.GET_MESSAGES:  # one at each third of a conversation's time, newest first
            last = self.rows[int(path["conversation_id"])]["update_time"]
            times = [last, last * 2 // 3, last // 3]
            pages = [
                Page([{"id": f"{path['conversation_id']}.{time}", "create_time": time}], None, {}, "r", number, "")
                for number, time in enumerate(times, 1)
            ]
        else:
            pages = [Page([{"step": 1}, {"step": 2}], None, {}, "r", 1, "")]
        for page in pages:
            self._answer()
            yield page


def roster_for(way, shop, covered):
    """What earlier streams of the run have kept: the rows of these spans, of all lists below a way of reading."""
    fields = {}
    for reading, names in way.wanted():
        fields[id(reading)] = tuple(dict.fromkeys((*fields.get(id(reading), ()), *names)))
    kept = Roster(fields)
    for low, high in covered:
        for reading in way.lists:
            names = kept.fields(reading)
            rows = [
                {**row, "order_id": row["id"], CHANGED: row["update_time"]}
                for row in shop.rows
                if reading.in_one_go or low <= row["update_time"] < high
            ]
            kept.keep(reading, [[row[name] for name in names] for row in rows])
            kept.cover(reading, low, high)
    return kept


def run(way, shop, kept, since, cut=10**9):
    """(rows, the last mark before the cut): what a loader has when the run ends after so many chunks."""
    ahead = Pool()
    lane = Lane(0, source(shop, roster=kept, since=since), ("1", "order"), lambda: 4)
    lane.start(way.slices(since, END))
    ahead.add([lane])
    rows, mark = [], since
    for _, item in ahead.take(0, lambda: None):
        cut -= 1
        if item is None or isinstance(item, Exception) or cut < 0:
            break
        rows += [{**row, **item.added} for row in item.rows]
        mark = max(mark, item.done or since)
    ahead.close()
    return rows, mark


def identity(row):
    return (row.get("order_id"), row.get("step"), row.get("id"))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(base, "ROWS_PER_WINDOW", 10)
    monkeypatch.setattr(children, "UNTIL_MARK", 8)
    monkeypatch.setattr(children, "AT_ONCE", 3)


TIMES = st.integers(1, 60).flatmap(lambda rows: st.lists(st.integers(1, END - 1), min_size=rows, max_size=rows))
SPANS = st.one_of(
    st.just([(0, END)]), st.lists(st.tuples(st.integers(0, END), st.integers(0, END)).map(sorted), max_size=3)
)


@pytest.mark.parametrize(
    "way", [ORDERS, DETAILS, OF_DETAILS, MESSAGES], ids=["rows", "details", "of details", "messages"]
)
@given(times=TIMES, covered=SPANS, later=SPANS, cut=st.integers(0, 80), breaks_after=st.integers(0, 60))
@settings(max_examples=60)
def test_what_a_cut_run_leaves_out_the_next_one_brings(way, times, covered, later, cut, breaks_after):
    whole = {identity(row) for row in run(way, Shop(times), roster_for(way, Shop(times), ()), 0)[0]}
    ill = Shop(times, breaks_after)
    first, mark = run(way, ill, roster_for(way, ill, covered), 0, cut)
    well = Shop(times)
    second, end = run(way, well, roster_for(way, well, later), mark)
    assert {identity(row) for row in [*first, *second]} == whole
    assert end == END
