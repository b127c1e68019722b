"""The setting requests_per_day: what is read first, what is left over, and that the next day goes on with it."""

from __future__ import annotations

import json

import pytest
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.streams.importance import FIRST, by_importance

DAY = 86_400
MIXED = ("categories", "shop_score", "statements", "inventory", "products", "orders")


def sent(lab) -> list[str]:
    """The API families of the requests for a shop, in the order in which they came."""
    entries = sorted(lab.sandbox.control("GET", "/requests?limit=10000")["requests"], key=lambda entry: entry["time"])
    families = [entry["path"].split("/")[1] for entry in entries if entry["path"].count("/") > 1]
    return [family for family in families if family not in {"authorization", "api"}]


def parts(path) -> dict[str, str]:
    return {part["stream"]: part["status"] for part in json.loads(path.read_text())["parts"]}


def test_orders_come_first_then_stock_finance_reports_and_the_rest():
    order = [stream.name for stream in by_importance(STREAMS)]
    places = [order.index(name) for name in ("orders", "inventory", "statements", "shop_performance", "categories")]
    assert places == sorted(places)
    assert sorted(order) == sorted(stream.name for stream in STREAMS)


def test_every_stream_that_comes_first_exists():
    assert set(FIRST) <= {stream.name for stream in STREAMS}


def test_in_that_order_too_whoever_asks_about_a_list_comes_after_it():
    order = by_importance(STREAMS)
    for place, stream in enumerate(order):
        asked = {id(each) for each in stream.reading.lists}
        assert not [later.name for later in order[place + 1 :] if id(later.reading) in asked], stream.name


def test_what_the_requests_of_a_day_do_not_reach_is_named_and_the_bookmarks_stay(make_lab, tmp_path, caplog):
    with make_lab(tmp_path, shops=1, orders=60) as lab:
        report = tmp_path / "summary.json"
        run = lab.run(streams=MIXED, requests_per_day=4, summary_path=str(report))
        assert len(sent(lab)) == 4
        assert sent(lab)[0] == "order"
        assert run.counts(["orders"]) == lab.held(["orders"])
        asked, status = len(sent(lab)), parts(report)
        told = [record.getMessage() for record in caplog.records if "are left over" in record.getMessage()]
    assert status["orders"] == "read"
    left = [stream for stream, how in status.items() if how == "left over"]
    assert {"statements", "shop_score", "categories"} <= set(left)
    assert len(told) == 1
    assert all(stream in told[0] for stream in left)
    assert "requests_per_day" in told[0]
    assert run.state["requests"]["shops"].popitem()[1] == asked == 4


def test_a_second_run_of_the_day_sends_nothing_more_and_the_next_day_brings_the_rest(make_lab, tmp_path):
    with make_lab(tmp_path, shops=1, orders=60) as lab:
        first = lab.run(streams=MIXED, requests_per_day=4)
        before = len(sent(lab))
        second = lab.run(first.state, streams=MIXED, requests_per_day=4)
        assert len(sent(lab)) == before
        assert second.records() == []
        found = {**first.table()}
        state, days = second.state, 0
        while not any(stream == "statements" for stream, *_ in found):
            days += 1
            assert days < 8
            lab.sandbox.control("POST", "/clock", {"advance": DAY})
            before = len(sent(lab))
            run = lab.run(state, streams=("orders", "statements"), requests_per_day=4)
            assert len(sent(lab)) <= before + 4
            found.update(run.table())
            state = run.state


def test_a_run_that_has_left_something_over_is_no_failed_one(make_lab, tmp_path):
    with make_lab(tmp_path, orders=12) as lab:
        run = lab.process(streams=MIXED, requests_per_day=2)
    assert run.code == 0, run.log
    assert run.log.count("are left over") == 1


@pytest.mark.parametrize("most", [1_000, 1_000_000])
def test_with_requests_to_spare_everything_is_read(make_lab, tmp_path, most):
    with make_lab(tmp_path, orders=30) as lab:
        report = tmp_path / "summary.json"
        run = lab.run(streams=MIXED, requests_per_day=most, summary_path=str(report))
        assert run.counts(["orders", "products"]) == lab.held(["orders", "products"])
    assert set(parts(report).values()) <= {"read", "skipped"}
