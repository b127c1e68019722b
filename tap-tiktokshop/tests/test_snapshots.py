"""With `snapshot_changes_only` a list that is read whole leaves only what has changed, and a table always equals it."""

import json
import logging
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from platform_lists import NOW, Platform
from tap_tiktokshop.reading import Chunk
from tap_tiktokshop.reading.pool import Pool
from tap_tiktokshop.reading.rows import PageRows
from tap_tiktokshop.records.convert import RecordPlan, as_sent
from tap_tiktokshop.records.decode import TypedPlan, as_dict
from tap_tiktokshop.run import reader as readers
from tap_tiktokshop.run.output import Messages
from tap_tiktokshop.run.reader import StreamReader
from tap_tiktokshop.run.run import Run
from tap_tiktokshop.run.snapshots import BUCKETS, DIGEST, Comparison, without_digests
from tap_tiktokshop.settings import ReadingSettings
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.streams.declaration import load_schema
from tap_tiktokshop.streams.finance import UNSETTLED_TRANSACTIONS
from tap_tiktokshop.streams.products import BRANDS, INVENTORY
from tiktokshop_client import Page, Shop, operations
from tiktokshop_client.errors import TransientError

SHOP = Shop(id="7", name="Shop", region="US", cipher="c", code="s", seller_type="LOCAL")
DECLARATIONS = {each.name: each for each in (UNSETTLED_TRANSACTIONS, BRANDS, INVENTORY)}
VALUES = {"unsettled_transactions": "currency", "brands": "name", "inventory": "seller_sku"}


class Lists(Platform):
    """A platform of one shop whose lists show what is in `things` (id -> value), and fail at a page."""

    def __init__(self, things, fails_at):
        super().__init__([], page_size=2)
        self.things, self.left = things, fails_at

    def pages(self, operation, *, body=None, **more):
        if operation is operations.SEARCH_INVENTORY:
            skus = [
                {"product_id": each, "skus": [{"id": f"sku-{each}", "seller_sku": self.things[each]}]}
                for each in body["product_ids"]
            ]
            pages = [Page(skus, None, {}, "r", 1, "")]
        else:
            of = {operations.GET_BRANDS.name: "name", operations.GET_UNSETTLED.name: "currency"}.get(operation.name, "")
            self.rows = [
                {"id": each, "update_time": NOW - 100, "status": "ACTIVATE", of: value}
                for each, value in sorted(self.things.items())
            ]
            pages = super().pages(operation, body=body, **more)
        for page in pages:
            self.left -= 1
            if self.left < 0:
                raise TransientError("out of order")
            yield page

    def shops(self):
        return (SHOP,)

    unshared = ""

    def grant(self):
        return None

    def unit(self, operation):
        return operation.family

    def parallel(self, operation, shop):  # noqa: ARG002
        return 1


@dataclass
class Written:
    """An output that notes what leaves: records, and copies of the state."""

    name: str
    state: dict[str, Any]
    setup: str = "one"
    left: list[Any] = field(default_factory=list)
    full_table: bool = False
    one_record: bool = False
    as_it_is: bool = True

    def __post_init__(self):
        schema = load_schema(self.name)
        self.plan = RecordPlan(as_sent(schema, schema))
        self.typed = TypedPlan(as_sent(schema, schema), self.plan)

    def state_of(self, context):  # noqa: ARG002
        return self.state

    def write_state(self):
        states = [each for each in self.left if isinstance(each, dict)]
        if states[-1:] != [self.state]:  # no state is written twice in a row
            self.left.append(deepcopy(self.state))

    def offer_state(self, shops):  # noqa: ARG002
        self.write_state()

    def begin_chunk(self):
        pass

    def rows(self):
        return [each[1] for each in self.left if isinstance(each, tuple)]


def read(name, things, state, *, setup="one", changes_only=True, fails_at=10**9):
    """What leaves in a run that goes on from a state, and whether the list came to its end."""
    output = Written(name, deepcopy(state), setup)
    run = Run(
        None,  # settings: the client is given below
        ReadingSettings.from_config({"lookback_seconds": 0, "start_date": "2026-01-01"}),
        {"on_missing_scope": "warn", "snapshot_changes_only": changes_only},
        logging.getLogger("a run"),
        Messages(lambda: None, lambda: None, lambda _: None, lambda _: None, lambda: None),
        lambda: [reader],
    )
    run.__dict__.update(client=Lists(things, fails_at), pool=Pool())
    reader = StreamReader(run, DECLARATIONS[name], output)
    if not changes_only and without_digests({"bookmarks": {name: {"partitions": [output.state]}}}):
        output.write_state()
    for record in reader.records():
        made = json.loads(json.dumps(as_dict(record) if not isinstance(record, dict) else record, default=str))
        output.left.append(("record", made))
    run.pool.close()
    (part,) = reader.partitions.values()
    return output, part.ended


def key_of(name, row):
    return row["product_id"] if name == "inventory" else row["id"]


def load(name, table, messages, state=None):
    """What a loader makes of messages that have come to it; the last state among them, or the one before."""
    for each in messages:
        if isinstance(each, tuple):
            table[key_of(name, each[1])] = (each[1].get(VALUES[name]), each[1].get("_sdc_deleted_at") is not None)
        else:
            state = each
    return state


IDS = st.sampled_from("abcdefgh")
THINGS = st.dictionaries(IDS, st.sampled_from("xyz"), max_size=8)
STEPS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.none(), THINGS),  # the list becomes this; None: as it was
        st.one_of(st.none(), st.integers(0, 12)),  # so many messages come to the loader; None: all
        st.one_of(st.just(10**9), st.just(10**9), st.integers(0, 5)),  # the page at which the platform fails
        st.sampled_from(["one", "one", "one", "other"]),
        st.sampled_from([True, True, True, False]),
    ),
    min_size=2,
    max_size=8,
)


@pytest.mark.parametrize("name", DECLARATIONS)
@settings(max_examples=40)
@given(things=THINGS, steps=STEPS)
def test_a_table_equals_the_list_after_each_run_that_ends_whatever_changes_and_whatever_was_cut(name, things, steps):
    """A cut loader has some of the messages, and the next run goes on from the last state among these."""
    table, state, before = {}, {}, None
    for change, cut, fails_at, setup, changes_only in steps:
        things = things if change is None else change
        output, ended = read(name, things, state, setup=setup, changes_only=changes_only, fails_at=fails_at)
        came = output.left[:cut]
        state = load(name, table, came, state)
        if cut is not None and cut < len(output.left):
            before = None
            continue
        if not ended:
            assert fails_at < 10**9
            before = None
            continue
        assert {each: table[each] for each in things} == {each: (value, False) for each, value in things.items()}
        if name == "unsettled_transactions":
            assert all(deleted for each, (_, deleted) in table.items() if each not in things)
        if changes_only and before == (things, setup):
            assert output.rows() == []
        before = (things, setup) if changes_only else None


@pytest.mark.parametrize("name", DECLARATIONS)
def test_what_has_not_changed_is_not_written_again_and_the_summary_counts_it(name):
    things = {f"{number:03}": "x" for number in range(100)}
    first, _ = read(name, things, {})
    assert len(first.rows()) == 100
    second, _ = read(name, things, first.state)
    assert second.rows() == []
    third, _ = read(name, things | {"007": "y"}, second.state)
    assert "007" in {key_of(name, row) for row in third.rows()}
    assert len(third.rows()) < 10
    assert len(read(name, things, {**first.state, DIGEST: None})[0].rows()) == 100
    assert len(read(name, things, first.state, setup="other")[0].rows()) == 100
    assert len(read(name, things, first.state, changes_only=False)[0].rows()) == 100


@pytest.mark.parametrize("name", DECLARATIONS)
def test_a_value_that_changed_in_a_run_that_was_cut_and_has_changed_back_comes_again(name):
    """The loader has it as the cut run brought it, and the state is from before that run's end."""
    first, _ = read(name, {"a": "x", "b": "x"}, {})
    cut, _ = read(name, {"a": "y", "b": "x"}, first.state)
    table = {}
    state = load(name, table, first.left + cut.left[:-1])
    assert table["a"] == ("y", False)
    assert DIGEST not in state
    load(name, table, read(name, {"a": "x", "b": "x"}, state)[0].left)
    assert table["a"] == ("x", False)


def test_a_row_that_was_marked_as_departed_in_a_run_that_was_cut_and_is_back_comes_again():
    things = {"a": "x", "b": "x"}
    first, _ = read("unsettled_transactions", things, {})
    cut, _ = read("unsettled_transactions", {"b": "x"}, first.state)
    table = {}
    state = load("unsettled_transactions", table, first.left + cut.left[:-1])
    assert table["a"] == (None, True)
    load("unsettled_transactions", table, read("unsettled_transactions", things, state)[0].left)
    assert table == {"a": ("x", False), "b": ("x", False)}


def test_a_digest_leaves_a_state_before_any_row_and_is_there_again_behind_the_last():
    first, _ = read("brands", {"a": "x", "b": "x"}, {})
    second, _ = read("brands", {"a": "y", "b": "x"}, first.state)
    assert [DIGEST in each if isinstance(each, dict) else each[1]["id"] for each in second.left] == [False, "a", True]


def test_a_list_that_does_not_come_to_its_end_leaves_what_has_come():
    things = {f"{number}": "x" for number in range(6)}
    first, _ = read("brands", things, {})
    second, ended = read("brands", things, first.state, fails_at=2)
    assert not ended
    assert [row["id"] for row in second.rows()] == ["0", "1", "2", "3"]
    assert DIGEST not in second.state
    assert len(read("brands", things, second.state)[0].rows()) == 6


def test_a_list_that_is_too_large_to_wait_leaves_whole_each_time(monkeypatch):
    monkeypatch.setattr(readers, "MOST_BYTES", 200)
    few, many = {"a": "x"}, {f"{number}": "x" for number in range(10)}
    first, _ = read("brands", few, {})
    second, _ = read("brands", many, first.state)
    assert [row["id"] for row in second.rows()] == sorted(many)
    assert DIGEST not in second.state
    third, _ = read("brands", many, second.state)
    assert len(third.rows()) == 10
    assert DIGEST not in third.state


def test_a_digest_is_bounded_and_small_for_small_lists():
    sizes = {}
    for number in (0, 1, 5, 5_000):
        state = {}
        comparison = Comparison(state, "0123456789abcdef")
        rows = [{"id": str(each)} for each in range(number)]
        comparison.take(Chunk(PageRows(rows, "id", {place: row["id"] for place, row in enumerate(rows)})))
        list(comparison.changed())
        assert comparison.keep()
        sizes[number] = len(state[DIGEST])
    assert sizes == {0: 33, 1: 33, 5: 125, 5_000: 17 + (BUCKETS * 5 + 2) // 3 * 4}


@pytest.mark.parametrize("broken", ["", "one", "one:", "one:AAAA", "one:!", "one:AAAAAAAAAAA=" * 3, 7, None, {"a": 1}])
def test_a_digest_that_no_run_has_written_says_nothing(broken):
    assert len(read("brands", {"a": "x"}, {DIGEST: broken})[0].rows()) == 1


def test_what_is_added_to_a_row_counts_as_part_of_it():
    def digest(**added):
        state = {}
        comparison = Comparison(state, "s")
        comparison.take(Chunk([{"id": "a"}], added))
        comparison.keep()
        return state[DIGEST]

    assert digest(warehouse_id="1") != digest(warehouse_id="2")
    assert digest(warehouse_id="1") == digest(warehouse_id="1")


def test_streams_that_are_read_whole_are_compared_and_no_others():
    """Not those that only ask about what is new, though they have no time of their own."""
    others = {"fbt_inbound_orders", "order_transactions", "product_diagnoses", "reject_reasons"}
    assert {each.name for each in STREAMS if not each.whole and not each.replication_key} == others
    assert {"inventory", "unsettled_transactions", "category_attributes", "warehouses"} <= {
        each.name for each in STREAMS if each.whole
    }
