"""A run as a whole: its input, its states, its results, and how it ends."""

import json
import logging
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from target_tiktokshop.refeed import messages
from target_tiktokshop.singer.progress import PendingStates
from target_tiktokshop.streams import WRITINGS

STOCK = "POST /product/202309/products/{product_id}/inventory/update"


@pytest.fixture
def lots(lab):
    """Records that change the stock of ten SKUs."""
    found = [(product["skus"][0], lab.us.id) for product in lab.plain()][:10]
    return [
        {"shop_id": shop, "sku_id": sku["id"], "quantity": sku["inventory"][0]["quantity"] + 1} for sku, shop in found
    ]


def of(stream, records):
    return [(stream, record) for record in records]


# -- STATE ---------------------------------------------------------------------------------------------------


def test_a_state_is_passed_on_only_when_all_records_before_it_have_their_outcome():
    progress = PendingStates()
    progress.state("start")
    assert progress.ready() == "start"
    progress.received("a")
    progress.received("b")
    progress.state("one")
    progress.received("a")
    progress.state("two")
    assert progress.ready() is None
    progress.settled("a", 2)
    assert progress.ready() is None
    progress.settled("b", 1)
    assert progress.ready() == "two"
    assert progress.ready() is None


def test_states_come_out_after_the_batches_before_them(lab, lots):
    text = lab.lines(*of("inventory", lots[:4]), {"n": 4}, *of("inventory", lots[4:7]), {"n": 7})
    run = lab.run(text, batch_size_rows=4)
    assert run.states == [{"n": 4}, {"n": 7}, {"n": 7}]
    assert len(run.rows) == 7


def test_a_run_that_stops_keeps_the_state_of_the_last_complete_batch(lab, lots):
    lab.fault("shop_inactive", path="/product/*/inventory/update")
    text = lab.lines({"n": 0}, *of("inventory", lots[:4]), {"n": 4})
    run = lab.run(text, batch_size_rows=4)
    assert run.states == [{"n": 0}]
    assert type(run.error).__name__ == "ShopInactiveError"
    assert {row["outcome"] for row in run.rows} == {"rejected"}
    assert {row["code"] for row in run.rows} == {"run_stopped"}


def test_a_dead_grant_stops_the_run(lab, lots):
    text = lab.lines(*of("inventory", lots[:4]), {"n": 4}, *of("inventory", lots[4:8]), {"n": 8})
    lab.fault("grant_revoked", path="/product/*/inventory/update")
    run = lab.run(text, batch_size_rows=4)
    assert type(run.error).__name__ == "AuthorisationError"
    assert run.states == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_stops_the_run_without_passing_a_state_on(lab, lots):
    run = lab.run(lab.lines({"n": 0}, *of("inventory", lots[:4]), {"n": 4}), results_path="/dev/full")
    assert isinstance(run.error, OSError)
    assert run.states == [{"n": 0}]


def test_results_that_cannot_be_written_stop_the_run_before_anything_is_sent(lab, lots):
    run = lab.run(lab.lines(*of("inventory", lots)), results_path="/proc/nowhere/results.jsonl")
    assert isinstance(run.error, OSError)
    assert run.writes == {}


# -- input ---------------------------------------------------------------------------------------------------


def test_lines_that_are_no_messages_are_rejected_rows_and_the_others_are_written(lab, lots):
    bad = [
        "{ not json",
        "[1, 2]",
        json.dumps({"type": "RECORD", "stream": "inventory"}),
        json.dumps({"type": "RECORD", "stream": "inventory", "record": {"x": "y" * 10_000_000}}),
        json.dumps({"type": "HELLO"}),
    ]
    text = lab.lines(*of("inventory", lots)) + "\n".join(bad) + "\n"
    run = lab.run(text)
    codes = [code for _, code in run.outcomes]
    assert codes.count("unreadable_line") == 5
    assert codes.count(None) == 10
    assert (lab.folder / "results-1.jsonl").stat().st_size < 20_000


def test_an_unknown_stream_is_an_error_before_anything_of_it_is_sent(lab):
    run = lab.feed("stocks", {"sku_id": "1", "quantity": 1})
    assert type(run.error).__name__ == "UnsupportedStreamError"
    assert "inventory, listings, prices, tracking" in str(run.error)
    assert run.calls == 0


def test_an_unknown_field_is_ignored_with_one_warning(lab, lots, caplog):
    with caplog.at_level(logging.WARNING):
        run = lab.run(lab.lines(*of("inventory", [{**record, "colour": "red"} for record in lots])))
    assert {row["outcome"] for row in run.rows} == {"applied"}
    assert sum("colour" in record.message for record in caplog.records) == 1


def test_a_schema_that_changes_in_between_keeps_the_order_of_records(lab, lots):
    first, last = dict(lots[0]), {**lots[0], "quantity": lots[0]["quantity"] + 5}
    schema = {
        "type": "SCHEMA",
        "stream": "inventory",
        "schema": {"properties": {"x": {}}},
        "key_properties": ["x"],
    }
    text = lab.lines(("inventory", first)) + json.dumps(schema) + "\n"
    text += json.dumps({"type": "RECORD", "stream": "inventory", "record": last}) + "\n"
    run = lab.run(text)
    assert [row["after"]["quantity"] for row in run.rows] == [first["quantity"], last["quantity"]]


# -- results -------------------------------------------------------------------------------------------------


def test_results_are_for_their_owner_only_and_torn_lines_of_a_killed_run_stay_apart(lab, lots):
    path = lab.folder / "results-1.jsonl"
    path.write_bytes(b'{"run": "torn')
    run = lab.run(lab.lines(*of("inventory", lots[:2])))
    assert len(run.rows) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(messages(path, frozenset({"applied"})))[1]["record"] == lots[0]


def test_rejected_rows_can_be_fed_again(lab, lots):
    sold = {"shop_id": lab.us.id, "sku_id": "17", "quantity": 4}
    run = lab.run(lab.lines(*of("inventory", [*lots, sold])))
    assert run.outcomes.count(("rejected", "unknown_sku")) == 1
    command = [Path(sys.executable).with_name("target-tiktokshop-refeed"), lab.folder / "results-1.jsonl"]
    text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    again = lab.run(text)
    assert [row["record"] for row in again.rows] == [sold]
    assert again.outcomes == [("rejected", "unknown_sku")]


def test_more_rejections_than_allowed_fail_the_run_and_with_on_reject_fail_one_is_too_many(lab, lots):
    odd = {"shop_id": lab.us.id, "sku_id": "17", "quantity": 4}
    fine = lab.run(lab.lines(*of("inventory", [*lots[:9], odd])))
    assert fine.error is None
    strict = lab.run(lab.lines(*of("inventory", [lots[9], odd])), on_reject="fail")
    assert type(strict.error).__name__ == "RunStoppedError"
    assert strict.outcomes == [("guarded", "max_rejected_percent"), ("rejected", "unknown_sku")]
    assert strict.writes == {}
    lab.fault("refused", path="/product/*/inventory/update", next=3)
    late = lab.run(lab.lines(*of("inventory", [{**record, "quantity": 300} for record in lots])))
    assert type(late.error).__name__ == "RowsFailedError"
    assert Counter(late.outcomes) == {("applied", None): 7, ("rejected", "12052055"): 3}


def test_half_of_the_skus_missing_stops_the_run_before_the_first_write(lab, lots):
    odd = [{"shop_id": lab.us.id, "sku_id": str(number), "quantity": 0} for number in range(11, 21)]
    run = lab.run(lab.lines(*of("inventory", [*lots, *odd])))
    assert type(run.error).__name__ == "RunStoppedError"
    assert {outcome for outcome, _ in run.outcomes} == {"guarded", "rejected"}
    assert run.writes == {}


# -- dry run -------------------------------------------------------------------------------------------------


def test_a_dry_run_plans_row_for_row_what_the_real_run_then_does(lab, lots):
    free = lab.free()
    prices = [
        {"shop_id": lab.us.id, "sku_id": sku["id"], "amount": sku["price"]["sale_price"], "currency": "USD"}
        for product in [free, *(other for other in lab.plain()[:5] if other["id"] != free["id"])]
        for sku in product["skus"][:1]
    ]
    prices[0]["amount"] = str(float(prices[0]["amount"]) + 1)
    odd = {"shop_id": lab.us.id, "sku_id": "17", "quantity": 4}
    text = lab.lines(*of("inventory", [*lots, odd]), *of("prices", prices), {"n": 1})
    plan = lab.run(text, dry_run=True)
    assert plan.writes == {}
    assert plan.states == []
    real = lab.run(text)
    assert real.states[-1] == {"n": 1}
    facts = ("stream", "shop_id", "record", "before", "after", "operation", "code")
    told = {"planned": "applied"}
    assert [(told.get(row["outcome"], row["outcome"]), [row[name] for name in facts]) for row in plan.rows] == [
        (row["outcome"], [row[name] for name in facts]) for row in real.rows
    ]
    assert {row["outcome"] for row in plan.rows} == {"planned", "unchanged", "rejected"}


def test_on_a_terminal_the_plan_is_a_table(lab, lots, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    lab.run(lab.lines(*of("inventory", lots[:2])), dry_run=True)
    table = capsys.readouterr().err
    assert lots[0]["sku_id"] in table
    assert "planned" in table
    assert f"{lots[0]['quantity'] - 1} -> " in table


# -- itself --------------------------------------------------------------------------------------------------


def test_about_lists_the_streams_and_the_settings():
    command = [sys.executable, "-m", "target_tiktokshop", "--about", "--format=json"]
    about = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    assert [stream["name"] for stream in about["streams"]] == list(WRITINGS)
    assert about["settings"]["properties"]["max_zeroed_percent"]["default"] == 30


def test_a_wrong_setting_is_named(lab):
    from target_tiktokshop.target import TargetTikTokShop

    with pytest.raises(Exception, match=r"max_price\.USD"):
        TargetTikTokShop(config={**lab.config, "max_price": {"USD": "lots"}})
    with pytest.raises(Exception, match="on_zero"):
        TargetTikTokShop(config={**lab.config, "on_zero": "explode"})


@pytest.mark.parametrize(
    ("requests", "outcomes"),
    [
        (1, [("rejected", "run_stopped")] * 3),  # the second reading before the plan was refused
        (2, [("rejected", "run_stopped")] * 3),
        (3, [("rejected", "run_stopped")] * 2 + [("unconfirmed", "run_stopped")]),
        (4, [("rejected", "run_stopped")] + [("unconfirmed", "run_stopped")] * 2),
        (5, [("unconfirmed", "not_read_back")] * 3),
        (6, [("applied", None)] * 3),
    ],
)
def test_a_day_s_requests_that_run_out_leave_each_record_what_became_of_it(lab, requests, outcomes):
    skus = [product["skus"][0] for product in lab.plain()[:3]]
    records = [{"sku_id": sku["id"], "quantity": sku["inventory"][0]["quantity"] - 1} for sku in skus]
    run = lab.feed("inventory", *records, requests_per_day=requests)
    assert sorted(run.outcomes, key=str) == outcomes
    assert sum(run.writes.values()) == sum(outcome != "rejected" for outcome, _ in outcomes)
    assert run.calls <= requests + 1, "the list of shops belongs to no shop"
    if requests < 6:
        assert f"used up (requests_per_day is {requests}); there are new ones from 2026-06-0" in str(run.error)
    lab.sandbox.control("POST", "/clock", {"advance": 86_400})
    next_day = lab.feed("inventory", *records, requests_per_day=6)
    assert {outcome for outcome, _ in next_day.outcomes} <= {"applied", "unchanged"}
    assert next_day.error is None
