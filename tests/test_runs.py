"""Runs of the tap against a living shop."""

import contextlib
import copy
import datetime as dt
import io

import pytest
from tap_tiktokshop.tap import TapTikTokShop

from conftest import catalog

DAY = 86_400


def test_a_run_reads_every_row_the_shops_hold_once(lab):
    run = lab.run()
    assert run.counts() == lab.held()
    assert len(run.table()) == len(run.records())


def test_every_record_says_which_shop_it_is_of(lab):
    shops = {record["id"] for record in lab.run().records("shops")}
    assert len(shops) == 2
    assert {record["shop_id"] for record in lab.run(streams=["orders", "statement_transactions"]).records()} == shops


def test_a_second_run_reads_only_what_changed_and_ends_with_what_the_shops_hold(lab):
    first = lab.run()
    lab.sandbox.control("POST", "/clock", {"advance": DAY})
    second = lab.run(first.state)

    assert 0 < len(second.records("orders")) < len(first.records("orders")) / 2
    both = first.table() | second.table()
    for stream, rows in lab.held().items():
        assert sum(key[0] == stream for key in both) == rows, stream
    assert both == lab.run().table()


def test_a_run_with_nothing_new_costs_one_call_a_stream_and_shop(lab):
    first = lab.run(streams=["orders", "products", "returns", "cancellations"], lookback_seconds=0)
    lab.sandbox.control("DELETE", "/stats")
    again = lab.run(first.state, streams=["orders", "products", "returns", "cancellations"], lookback_seconds=0)
    assert len(again.records()) < 5
    assert lab.calls()["requests"] <= 4 * 2 + 1


def test_the_small_orders_of_the_day_cost_three_calls_at_most(lab_of):
    with lab_of(shops=1, orders=2000, now=1_790_000_000) as lab:
        first = lab.run(streams=["orders"])
        lab.sandbox.control("POST", "/clock", {"advance": 10 * 3600})
        lab.sandbox.control("DELETE", "/stats")
        changed = lab.run(first.state, streams=["orders"]).records()
        assert 50 <= len(changed) <= 100
        assert lab.calls()["operations"]["POST /order/202309/orders/search"] <= 3


def test_the_bookmark_is_the_start_of_the_run_by_the_platform_s_clock_even_where_nothing_was_read(lab):
    now = dt.datetime.fromtimestamp(lab.sandbox.control("GET", "/clock")["now"], dt.timezone.utc)
    run = lab.run(streams=["orders"], start_date=(now - dt.timedelta(seconds=1)).isoformat())
    assert run.records() == []
    for partition in run.state["bookmarks"]["orders"]["partitions"]:
        assert now <= dt.datetime.fromisoformat(partition["replication_key_value"]) < now + dt.timedelta(seconds=5)


def test_start_and_end_date_bound_what_is_read(lab):
    whole = lab.run(streams=["orders"]).records("orders")
    times = sorted(record["update_time"] for record in whole)
    start, end = times[len(times) // 3], times[2 * len(times) // 3]
    part = lab.run(streams=["orders"], start_date=start, end_date=end)
    assert {record["id"] for record in part.records()} == {
        record["id"] for record in whole if start <= record["update_time"] < end
    }
    assert {p["replication_key_value"] for p in part.state["bookmarks"]["orders"]["partitions"]} == {end}


EMPTY_RANGES = {
    "a start_date in the future": {"start_date": "2031-01-01"},
    "a start_date behind end_date": {"start_date": "2026-02-01", "end_date": "2026-01-01"},
    "the same twice": {"start_date": "2026-01-01", "end_date": "2026-01-01"},
}


@pytest.mark.parametrize("given", [False, True], ids=["without a state", "with one"])
@pytest.mark.parametrize("kind", EMPTY_RANGES)
def test_an_empty_range_moves_no_bookmark(lab, kind, given):
    streams = ["orders", "statements", "statement_transactions", "order_price_details", "shop_performance"]
    before = lab.run(streams=streams).state if given else {}
    run = lab.run(copy.deepcopy(before), streams=streams, **EMPTY_RANGES[kind])
    assert run.records() == []
    for state in run.states:
        for stream in streams:
            parts = state.get("bookmarks", {}).get(stream, {}).get("partitions", [])
            was = before.get("bookmarks", {}).get(stream, {}).get("partitions", [])
            assert [part for part in parts if "replication_key_value" in part] == was, stream


@pytest.mark.parametrize(
    "narrow",
    [
        {"start_date": "2031-01-01"},
        {"end_date": "2020-01-01"},
        {"start_date": "2026-02-01", "end_date": "2026-02-02"},
    ],
    ids=["all before the start", "all after the end", "most outside"],
)
def test_unsettled_rows_outside_of_the_range_are_not_marked_as_settled(lab, narrow):
    streams = ["unsettled_transactions"]
    first = lab.run(streams=streams)
    there = first.table().keys()
    assert len(there) > 10
    again = lab.run(first.state, streams=streams, **narrow)
    assert again.table().keys() == there
    assert [row["_sdc_deleted_at"] for row in again.records()] == [None] * len(there)
    assert lab.run(again.state, streams=streams).table().keys() == there


@pytest.mark.parametrize("known", [None, 5, "x", {"a": 1}, [None, 1.5, True, [], {}, ""]], ids=repr)
def test_a_state_that_knows_odd_things_is_read_as_if_it_knew_nothing(lab, known):
    streams = ["unsettled_transactions", "statement_transactions", "messages"]
    first = lab.run(streams=streams)
    state = copy.deepcopy(first.state)
    for stream in state["bookmarks"].values():
        for part in stream["partitions"]:
            part["known"] = known
    again = lab.run(state, streams=["unsettled_transactions"])
    whole = {key for key in first.table() if key[0] == "unsettled_transactions"}
    assert again.table().keys() == whole
    assert [row["_sdc_deleted_at"] for row in again.records()] == [None] * len(whole)


def test_only_the_shops_asked_for_are_read(lab):
    shop = lab.run(streams=["shops"]).records()[0]["id"]
    run = lab.run(shop_ids=[shop])
    assert {record["shop_id"] for record in run.records()} == {shop}


def test_the_state_of_many_shops_is_not_written_after_every_window_of_each(lab_of):
    streams = ["orders", "products", "returns", "cancellations", "statements", "statement_transactions"]
    with lab_of(shops=24, orders=12) as lab:
        run = lab.run(streams=streams)
        held = lab.held()
    assert {stream: run.counts()[stream] for stream in streams} == {stream: held[stream] for stream in streams}
    assert {stream: len(run.state["bookmarks"][stream]["partitions"]) for stream in streams} == dict.fromkeys(
        streams, 24
    )
    # With one for each shop and stream it would be 144, each as long as all of them.
    assert len(run.states) <= 6 * 3 + 10


def test_a_stream_has_one_schema_message_however_many_parents_its_rows_have(lab):
    run = lab.run(streams=["statement_transactions"])
    kinds = [message["type"] for message in run.messages]
    assert kinds.count("SCHEMA") == 1
    assert kinds.count("STATE") < 12
    assert len(run.records()) > 50


def test_transactions_add_up_to_their_statements(lab):
    from collections import defaultdict
    from decimal import Decimal

    run = lab.run(streams=["statements", "statement_transactions"])
    sums = defaultdict(Decimal)
    for transaction in run.records("statement_transactions"):
        sums[transaction["statement_id"]] += Decimal(
            transaction["settlement_amount"] or transaction["adjustment_amount"]
        )
    amounts = {record["id"]: Decimal(record["settlement_amount"]) for record in run.records("statements")}
    assert {statement: sums[statement] for statement in amounts} == amounts


def test_deselected_fields_and_stream_maps_work(lab):
    run = lab.run(
        streams=["orders"],
        stream_maps={"orders": {"id": "id", "shop_id": "shop_id", "buyer_email": "md5(buyer_email)", "__else__": None}},
    )
    record = run.records()[0]
    assert set(record) == {"id", "shop_id", "buyer_email"}
    assert "@" not in record["buyer_email"]


@pytest.mark.parametrize(
    "gone", [{"orders": None}, {"orders": "__NULL__"}, {"ord*": None}, {"returns": {}, "__else__": None}]
)
def test_what_stream_maps_have_removed_comes_whole_when_they_remove_it_no_more(lab, gone):
    """Nobody had its rows, so no bookmark may have passed them."""

    def run(state, **config):
        tap = TapTikTokShop(config={**lab.config, **config}, state=state, catalog=catalog(("orders", "returns")))
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf8")
        with contextlib.redirect_stdout(output), contextlib.closing(tap.client):
            tap.sync_all()
        return lab.result(output.buffer.getvalue().decode())

    first = run({}, stream_maps=gone)
    assert (first.counts(["orders", "returns"]), first.state["bookmarks"].keys()) == (
        {"orders": 0, **lab.held(["returns"])},
        {"returns"},
    )
    assert run(first.state).counts(["orders"]) == lab.held(["orders"])


def test_streams_of_global_products_say_why_they_come_back_empty(lab_of, caplog):
    caplog.set_level("INFO")
    streams = ["global_products", "global_product_details", "size_charts"]
    with lab_of(shops=5, orders=12, now=1_790_000_000) as lab:
        first = lab.run(streams=streams)
        assert first.records("global_products")
        assert "came back empty" not in caplog.text
        again = lab.run(first.state, streams=streams, lookback_seconds=0)
    assert again.records("global_products") == []
    lines = [line.getMessage() for line in caplog.records if "came back empty" in line.getMessage()]
    assert [line.split()[1] for line in lines] == ["global_products", "global_product_details"]
    assert all("taking global products down since January 2026" in line for line in lines)


def test_target_collaborations_are_read_by_status_and_each_comes_once(lab):
    run = lab.run(streams=["target_collaborations"])
    ids = [(record["shop_id"], record["id"]) for record in run.records()]
    assert len(ids) == len(set(ids)) == lab.held(["target_collaborations"])["target_collaborations"] > 0
    bodies = {
        entry["body"] for entry in lab.sandbox.control("GET", "/requests")["requests"] if "target" in entry["path"]
    }
    assert bodies == {f'{{"collaboration_status":"{status}"}}' for status in ("VALID", "CANCELING", "COMPLETED")}
