"""The tap reads the inbox: what events name comes first, once, and windows prove that nothing was missed."""

import builtins
import copy
import json

import pytest
from heard import Told, seconds
from tap_tiktokshop.run.snapshots import DIGEST

STREAMS = ("orders", "returns", "cancellations")
WITH_EVENTS = (*STREAMS, "webhook_events")
DAYS = 3 * 86_400


@pytest.fixture
def told(tmp_path):
    made = Told(str(tmp_path / "inbox.sqlite"))
    made.deliver()
    return made


@pytest.fixture
def listen(lab, told):
    """Runs the tap with the inbox."""

    def run(state=None, streams=STREAMS, **config):
        return lab.run(copy.deepcopy(state), streams=streams, **{"webhook_inbox": told.address, **config})

    return run


@pytest.fixture
def changes(lab, listen):
    """A run, and the records of what has changed in the three days after it, as a run without events sees them."""

    def after(**config):
        first = listen(**config)
        lab.sandbox.control("POST", "/clock", {"advance": DAYS})
        end = seconds("2026-06-01T12:00:00Z")
        found = lab.run(copy.deepcopy(first.state), streams=STREAMS).table()
        return first, {key: row for key, row in found.items() if seconds(row["update_time"]) > end}

    return after


def report(lab):
    return json.loads((lab.folder / "summary.json").read_text())


def tell(told, records):
    for key, record in records.items():
        told.tell_of(key[0], record)


def test_what_events_name_comes_before_the_windows_as_the_records_that_those_bring(lab, told, listen, changes):
    first, records = changes()
    tell(told, records)
    run = listen(first.state, summary_path=str(lab.folder / "summary.json"))
    position = next(
        number
        for number, message in enumerate(run.messages)
        if message["type"] == "STATE" and message["value"]["webhook_inbox"].get("position") == len(records)
    )
    early = lab.result(run.output)
    early.messages = run.messages[:position]
    assert len(records) > 20
    assert early.table() == {key: run.table()[key] for key in early.table()}
    assert {key: early.table()[key] for key in records} == records
    assert report(lab)["events"]["events"] == len(records)
    assert report(lab)["events"]["only_windows_found"] == 0


def test_the_next_run_reads_only_what_has_come_since(lab, told, listen, changes):
    first, records = changes()
    tell(told, records)
    second = listen(first.state)
    lab.sandbox.control("DELETE", "/stats")
    third = listen(second.state, streams=WITH_EVENTS, summary_path=str(lab.folder / "summary.json"))
    assert report(lab)["events"]["events"] == 0
    assert third.records("webhook_events") == []
    assert third.state["webhook_inbox"]["position"] == len(records)


def test_an_event_of_something_that_a_window_has_read_costs_no_call(lab, told, listen, changes):
    first, records = changes()
    second = listen(first.state)
    lab.sandbox.control("POST", "/clock", {"advance": 3_600})
    lab.sandbox.control("DELETE", "/stats")
    listen(second.state)
    without = lab.calls()
    tell(told, records)
    lab.sandbox.control("DELETE", "/stats")
    listen(second.state, summary_path=str(lab.folder / "summary.json"))
    assert report(lab)["events"]["known"] >= len(records)
    assert lab.calls() == without


def test_many_objects_go_into_one_call(lab, told, listen, changes):
    first, records = changes()
    orders = {key: record for key, record in records.items() if key[0] == "orders"}
    tell(told, orders)
    lab.sandbox.control("DELETE", "/stats")
    listen(first.state, streams=("orders",))
    calls = {path: number for path, number in operations(lab).items() if path.endswith("/202507/orders")}
    assert len(orders) > 20
    assert list(calls.values()) == [2], "one for each of the two shops"


def operations(lab):
    """Requests for each path."""
    found = {}
    for entry in lab.sandbox.control("GET", "/requests?limit=10000")["requests"]:
        found[entry["path"]] = found.get(entry["path"], 0) + 1
    return found


@pytest.mark.parametrize("lost", [0, 1, 4])
def test_what_no_event_has_told_of_is_counted_and_named(lab, told, listen, changes, lost, caplog):
    first, records = changes()
    kept = dict(list(records.items())[lost:])
    tell(told, kept)
    run = listen(first.state, summary_path=str(lab.folder / "summary.json"))
    events = report(lab)["events"]
    assert {key: run.table()[key] for key in records} == records
    assert events["only_windows_found"] == lost
    assert {(each["stream"], each["shop_id"], each["identity"]) for each in events["examples"]} == {
        key for key in records if key not in kept
    }
    said = [record.getMessage() for record in caplog.records if "no event has told" in record.getMessage()]
    assert len(said) == bool(lost)


def test_events_of_others_and_of_what_is_not_selected_cost_no_call(lab, told, listen, changes):
    first, records = changes()
    order = next(record for key, record in records.items() if key[0] == "orders")
    told.tell(1, "7000000000000000001", {"order_id": order["id"], "update_time": seconds(order["update_time"])})
    told.tell_of("orders", order)
    told.tell(999, order["shop_id"], {"thing_id": "1"})
    listen(first.state, streams=("returns",), summary_path=str(lab.folder / "summary.json"))
    events = report(lab)["events"]
    assert (events["events"], events["of_others"], events["unused"], events["objects"]) == (3, 1, 2, 0)


def test_deliveries_beyond_the_first_are_counted_and_change_nothing(lab, told, listen, changes):
    first, records = changes()
    order = next(record for key, record in records.items() if key[0] == "orders")
    told.tell_of("orders", order, deliveries=3)
    run = listen(first.state, streams=WITH_EVENTS, summary_path=str(lab.folder / "summary.json"))
    assert report(lab)["events"]["duplicates"] == 2
    assert [row["deliveries"] for row in run.records("webhook_events")] == [3]


def test_the_events_themselves_are_a_stream_with_the_text_that_came(told, listen, changes):
    first, records = changes()
    shop_id = next(iter(records))[1]
    data = '{"product_id":  57648631694849000123}'
    body = f'{{"type": 5, "shop_id": "{shop_id}", "timestamp": 1780320000, "data": {data}}}'
    told.received = 1_780_320_003.2
    told.deliver(body.encode())
    run = listen(first.state, streams=("webhook_events",))
    (row,) = run.records("webhook_events")
    assert row["data"] == data
    assert (row["type"], row["name"], row["shop_id"]) == (5, "PRODUCT_STATUS_CHANGE", shop_id)
    assert (row["sent_at"], row["received_at"]) == ("2026-06-01T13:20:00Z", "2026-06-01T13:20:03Z")
    assert len(row["event_id"]) == 32


def test_an_object_that_the_platform_does_not_give_is_buried_with_the_reason_and_the_run_goes_on(
    lab, told, listen, changes, monkeypatch
):
    monkeypatch.setattr("tap_tiktokshop.run.listener.AGAIN", (0.0, 0.0))
    first, records = changes()
    shop_id = next(iter(records))[1]
    told.tell(1, shop_id, {"order_id": "576000000000000001", "update_time": seconds("2026-06-03T00:00:00Z")})
    tell(told, records)
    run = listen(first.state, summary_path=str(lab.folder / "summary.json"))
    inbox = told.open()
    (dead,) = inbox.dead()
    inbox.close()
    assert dead.position == 1
    assert "576000000000000001" in dead.dead
    assert "orders" in dead.dead
    assert {key: run.table()[key] for key in records} == records
    assert run.state["webhook_inbox"]["position"] == len(records) + 1
    assert report(lab)["events"]["refused"] == 1


def test_the_first_run_leaves_what_came_before_it_to_its_windows(lab, told, listen):
    run = lab.run(streams=STREAMS)
    tell(told, dict(list(run.table().items())[:20]))
    lab.sandbox.control("DELETE", "/stats")
    listen(None)
    assert not any(path.endswith("/202507/orders") for path in operations(lab))


def test_another_inbox_in_its_place_is_said_and_read_from_its_beginning(tmp_path, told, listen, changes, caplog):
    first, records = changes()
    tell(told, dict(list(records.items())[:5]))
    second = listen(first.state)
    for file in tmp_path.glob("inbox.sqlite*"):
        file.unlink()
    tell(told, dict(list(records.items())[:2]))
    third = listen(second.state, streams=WITH_EVENTS)
    assert len(third.records("webhook_events")) == 2
    assert third.state["webhook_inbox"]["position"] == 2
    assert third.state["webhook_inbox"]["inbox"] != second.state["webhook_inbox"]["inbox"]
    assert sum("is another one than the state is of" in record.getMessage() for record in caplog.records) == 1


def test_events_that_the_retention_has_removed_unread_are_said(told, listen, changes, caplog):
    first, records = changes()
    tell(told, dict(list(records.items())[:1]))
    second = listen(first.state)
    tell(told, dict(list(records.items())[1:4]))
    inbox = told.open()
    inbox.forget(1_000)
    inbox.close()
    told.received = 10.0
    tell(told, dict(list(records.items())[4:5]))
    third = listen(second.state)
    (said,) = [record.getMessage() for record in caplog.records if "removed by its retention" in record.getMessage()]
    assert said.startswith("Events 2 to 4 of the inbox")
    assert third.state["webhook_inbox"]["position"] == 5


def test_without_the_package_of_the_inbox_one_sentence_names_the_extra(listen, monkeypatch):
    there = builtins.__import__

    def missing(name, *rest):
        if name.startswith("tiktokshop_webhooks"):
            raise ImportError(name)
        return there(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(Exception, match=r"needs the extra webhooks .* pip install './tap-tiktokshop\[webhooks\]'"):
        listen(None)


def test_without_an_inbox_at_the_address_nothing_is_read(listen, tmp_path):
    with pytest.raises(Exception, match=r"there is no inbox at .*: start tiktokshop-webhooks serve"):
        listen(None, webhook_inbox=str(tmp_path / "other.sqlite"))


def test_two_taps_on_one_inbox_have_a_position_each(told, listen, changes):
    first, records = changes()
    tell(told, records)
    one = listen(first.state, streams=WITH_EVENTS)
    other = listen(first.state, streams=WITH_EVENTS)
    assert len(one.records("webhook_events")) == len(other.records("webhook_events")) == len(records)


def test_the_stream_of_events_is_on_where_an_inbox_is_set(lab, told):
    from tap_tiktokshop.tap import TapTikTokShop

    for inbox, on in ((told.address, True), (None, False)):
        config = {**lab.config, **({"webhook_inbox": inbox} if inbox else {})}
        marks = next(
            each for each in TapTikTokShop(config=config).catalog_dict["streams"] if each["stream"] == "webhook_events"
        )["metadata"]
        assert next(mark["metadata"] for mark in marks if not mark["breadcrumb"])["selected-by-default"] is on


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"follow": True}, "the setting follow needs webhook_inbox"),
        ({"follow": True, "webhook_inbox": "a", "end_date": "2026-01-01"}, "follow and end_date exclude each other"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(lab, config, why):
    with pytest.raises(Exception, match=why):
        lab.run(**config)


def test_stock_that_an_event_brought_is_not_taken_for_known_by_the_next_comparison(lab, told, listen):
    changing = {"streams": ("products", "inventory"), "snapshot_changes_only": True}
    first = listen(**changing)
    row = first.records("inventory")[0]
    told.tell(27, row["shop_id"], {"product_id": row["product_id"], "sku_id": row["sku_id"]})
    second = listen(first.state, **changing)
    first_record = [message["type"] for message in second.messages].index("RECORD")
    states = [message["value"] for message in second.messages[:first_record] if message["type"] == "STATE"]
    parts = states[-1]["bookmarks"]["inventory"]["partitions"]
    assert {part["context"]["shop_id"] == row["shop_id"]: DIGEST in part for part in parts} == {
        True: False,
        False: True,
    }
    of_shop = [each for each in second.records("inventory") if each["shop_id"] == row["shop_id"]]
    others = [each for each in second.records("inventory") if each["shop_id"] != row["shop_id"]]
    assert {each["product_id"] for each in of_shop} == {
        each["product_id"] for each in first.records("inventory") if each["shop_id"] == row["shop_id"]
    }
    assert others == []


def test_in_files_records_of_events_leave_before_the_state_that_covers_them(lab, told, listen, changes, tmp_path):
    first, records = changes()
    tell(told, records)
    batches = {
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "storage": {"root": f"file://{tmp_path / 'batches'}"},
    }
    run = listen(first.state, batch_config=batches)
    kinds = [message["type"] for message in run.messages]
    passed = next(
        number
        for number, message in enumerate(run.messages)
        if message["type"] == "STATE" and message["value"]["webhook_inbox"].get("position") == len(records)
    )
    assert "RECORD" not in kinds
    assert "BATCH" in kinds[:passed]
