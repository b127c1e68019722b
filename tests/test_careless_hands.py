"""What a catalogue, a state or a date says is heard, or said to be impossible; odd rows cost nothing but themselves."""

import contextlib
import copy
import dataclasses
import json

import pytest
from older_sandbox import as_before
from tap_tiktokshop.singer import inputs
from tap_tiktokshop.tap import TapTikTokShop
from tiktokshop_client import is_made_up, operations
from tiktokshop_client.errors import ConfigurationError

WHOLE_RANGE = {"streams": ["orders"]}


def run_with(lab, catalog, state=None, **config):
    """A run inside this process that a catalogue selects."""
    import io

    tap = TapTikTokShop(config={**lab.config, **config}, catalog=catalog, state=state)
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf8")
    with contextlib.redirect_stdout(output):
        tap.sync_all()
    output.seek(0)
    return lab.result(output.read())


def changed(catalog, stream, **changes):
    """A catalogue in which a stream's entry says something else, at its top and in its metadata."""
    made = copy.deepcopy(catalog)
    (entry,) = [entry for entry in made["streams"] if entry["tap_stream_id"] == stream]
    entry.update(changes)
    (mark,) = [mark for mark in entry["metadata"] if not mark["breadcrumb"]]
    mark["metadata"].update({name.replace("_", "-"): value for name, value in changes.items()})
    return made


def bookmark(run, stream):
    return run.state["bookmarks"][stream]


@pytest.mark.parametrize("key", [None, "update_time"])
def test_a_stream_that_is_to_be_read_whole_is_and_its_bookmark_stays(lab, catalog_of, key):
    first = lab.run(streams=["orders"])
    catalog = changed(catalog_of("orders"), "orders", replication_method="FULL_TABLE", replication_key=key)
    lab.sandbox.control("POST", "/clock", {"advance": 3600})
    again = run_with(lab, catalog, copy.deepcopy(first.state))
    assert len(again.table()) == len(first.table()) > 0
    assert bookmark(again, "orders") == bookmark(first, "orders")


def test_a_catalogue_without_replication_keys_leaves_the_bookmarks_in_use(lab, catalog_of):
    first = lab.run(streams=["orders"])
    catalog = changed(catalog_of("orders"), "orders", replication_key=None, replication_method=None)
    assert len(run_with(lab, catalog, first.state).records()) < len(first.records())


def test_a_replication_key_that_cannot_be_followed_is_warned_about_and_the_right_one_is_used(lab, catalog_of, caplog):
    catalog = changed(catalog_of("orders"), "orders", replication_key="create_time")
    run = run_with(lab, catalog)
    assert "Stream orders cannot follow create_time" in caplog.text
    assert {part["replication_key"] for part in bookmark(run, "orders")["partitions"]} == {"update_time"}
    (schema,) = [message for message in run.messages if message["type"] == "SCHEMA"]
    assert schema["bookmark_properties"] == ["update_time"]


@pytest.mark.parametrize(
    "state",
    [
        None,
        {},
        {"bookmarks": None},
        {"bookmarks": {"orders": None}},
        {"bookmarks": {}, "x": 1},
        {"currently_syncing": ""},
    ],
)
def test_a_state_that_says_nothing_is_an_empty_one(lab, catalog_of, state):
    assert len(run_with(lab, catalog_of("orders"), state).table()) == lab.held(["orders"])["orders"]


def test_a_state_whose_shop_ids_are_numbers_is_gone_on_from(lab, catalog_of):
    first = lab.run(streams=["orders"])
    state = copy.deepcopy(first.state)
    for part in state["bookmarks"]["orders"]["partitions"]:
        part["context"]["shop_id"] = int(part["context"]["shop_id"])
    again = run_with(lab, catalog_of("orders"), state)
    assert len(again.records()) < len(first.records())
    assert bookmark(again, "orders") == bookmark(first, "orders")


FUTURE = "2031-01-01T00:00:00Z"


def orders_until(lab, value):
    shops = [shop["id"] for shop in lab.sandbox.control("GET", "")["shops"]]
    mark = {"replication_key": "update_time", "replication_key_value": value}
    return {"bookmarks": {"orders": {"partitions": [{"context": {"shop_id": shop}, **mark} for shop in shops]}}}


@pytest.mark.parametrize(
    ("config", "until", "words"),
    [
        ({"start_date": "2031-01-01"}, None, "start_date (2031-01-01T00:00:00Z) lies in the future"),
        ({"start_date": "2026-02-01", "end_date": "2026-01-01"}, None, "is not before end_date (2026-01-01"),
        ({}, FUTURE, "bookmarks of orders lie in the future (up to 2031"),
        ({"end_date": "2026-01-01"}, "2026-05-01T00:00:00Z", "bookmarks of orders are not before end_date (2026-01-01"),
        ({"start_dat": "2026-01-01"}, None, "start_dat (did you mean start_date?) is not a setting and is ignored"),
    ],
)
def test_what_leaves_nothing_to_read_is_said_once(lab, caplog, config, until, words):
    lab.run(orders_until(lab, until) if until else None, streams=["orders"], **config)
    assert [words in record.message for record in caplog.records if record.levelname == "WARNING"].count(True) == 1


def test_what_is_no_setting_is_said_first_and_in_the_last_line_again(lab, caplog, monkeypatch):
    caplog.set_level("INFO")
    monkeypatch.setenv("TAP_TIKTOKSHOP_SHOP_IDSS", "1")
    lab.run(streams=["shops"], start_dat="2026-01-01")
    slips = "start_dat (did you mean start_date?), TAP_TIKTOKSHOP_SHOP_IDSS (did you mean TAP_TIKTOKSHOP_SHOP_IDS?)"
    (last,) = [message for message in caplog.messages if message.startswith("Summary ")]
    assert last.endswith(f" ignored_settings: {slips}")
    assert caplog.messages.index(last) > max(at for at, said in enumerate(caplog.messages) if "is ignored" in said)
    caplog.clear()
    monkeypatch.delenv("TAP_TIKTOKSHOP_SHOP_IDSS")
    lab.run(streams=["shops"])
    assert "ignored_settings" not in caplog.text


def test_a_run_says_once_before_anything_of_a_stream_that_its_shops_are_made_up(lab, caplog):
    caplog.set_level("INFO")
    lab.run(streams=["shops", "orders"])
    said = [at for at, message in enumerate(caplog.messages) if "The shops are made up" in message]
    streams = [at for at, message in enumerate(caplog.messages) if "stream=" in message]
    assert len(said) == 1
    assert said[0] < min(streams)


def test_a_good_run_warns_of_nothing(lab, caplog):
    lab.run(streams=["orders", "returns"], start_date="2020-01-01")
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == []


def test_a_stream_that_does_not_exist_is_named(lab, catalog_of, caplog):
    catalog = copy.deepcopy(catalog_of("orders"))
    catalog["streams"].append({**catalog["streams"][0], "tap_stream_id": "order"})
    run_with(lab, catalog)
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "There is no stream order; did you mean orders?"
    ]


def test_a_bookmark_of_a_stream_that_does_not_exist_is_named_if_another_may_be_meant(lab, caplog):
    TapTikTokShop(config=lab.config, state={"bookmarks": {"order": {"partitions": []}, "gone_for_good": {}}})
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "The state's bookmark order is of no stream and is ignored; did you mean orders?"
    ]


SHAPES = [None, 7, "x", [], [None], {"streams": None}, {"streams": {}}, {"streams": [None]}, {"streams": [{}]}]
ENTRY = {"tap_stream_id": "orders"}
SHAPES += [
    {"streams": [{**ENTRY, **odd}]}
    for odd in (
        {"schema": None},
        {"schema": {"properties": []}},
        {"metadata": {}},
        {"metadata": [None]},
        {"metadata": [{"breadcrumb": None, "metadata": {}}]},
        {"metadata": [{"breadcrumb": [], "metadata": None}]},
        {"key_properties": "id"},
        {"replication_key": 5},
        {"tap_stream_id": None},
    )
]


@pytest.mark.parametrize("shape", SHAPES[1:], ids=json.dumps)
def test_a_catalogue_of_another_shape_is_one_sentence(lab, shape):
    with pytest.raises(ConfigurationError, match="The catalogue"):
        TapTikTokShop(config=lab.config, catalog=shape)


@pytest.mark.parametrize(
    "shape",
    [
        7,
        "x",
        [],
        {"bookmarks": []},
        {"bookmarks": {"orders": []}},
        {"bookmarks": {"orders": {"partitions": {}}}},
        {"bookmarks": {"orders": {"partitions": [None]}}},
        {"bookmarks": {"orders": {"partitions": [{}]}}},
        {"bookmarks": {"orders": {"partitions": [{"context": 5}]}}},
        {"type": "STATE", "value": {"bookmarks": {}}},
        {"singer_state": {"bookmarks": {}}},
        {"bookmark": {"orders": {"partitions": []}}},
        {"bookmarks": {"orders": {"replication_key": "update_time", "replication_key_value": "2026-01-01T00:00:00Z"}}},
        {"bookmarks": {"categories": {"partitions": [], "digest": "x"}}},
        {"bookmarks": {"shop_groups": {"partitions": [{"context": {"shop_id": "1"}, "digest": "x"}]}}},
        {"bookmarks": {"orders": {"partitions": [{"context": {"shop": "1"}, "replication_key": "update_time"}]}}},
        {"bookmarks": {"orders": {"partitions": [{"context": {"shop_id": 1.5}, "replication_key": "update_time"}]}}},
    ],
    ids=json.dumps,
)
def test_a_state_of_another_shape_is_one_sentence(lab, shape):
    with pytest.raises(ConfigurationError, match="The state"):
        TapTikTokShop(config=lab.config, state=shape)


MAP_MISTAKES = [
    ({"orders": {"buyer_email": "int(buyer_email)"}}, "orders.buyer_email fails on a row (ValueError)"),
    ({"orders": {"x": "no_such_field"}}, "orders.x names no_such_field, which the stream does not have"),
    ({"orders": {"x": "id +"}}, "orders.x is not a valid expression"),
    ({"orders": {"id": None}}, "orders.id drops a part of the key"),
    ({"orders": {"x": 5}}, "The setting stream_maps.orders"),
    ({"orders": {"x": "payment['no']"}}, "orders.x fails on a row (KeyError)"),
    ({"orders": {"x": "buyer_email.foo"}}, "orders.x fails on a row"),
    ({"orders": {"__filter__": "no_such > 1"}}, "orders.__filter__ names no_such"),
    ({"orders": {"__filter__": "1 +"}}, "orders cannot be used"),
    ({"orders": {"x": "1/0"}}, "orders.x fails on a row (ZeroDivisionError)"),
    ({"orders": "no"}, "The setting stream_maps.orders"),
    ({"orders": {"__else__": "x"}}, "The setting stream_maps holds something"),
    ({"__no__": None}, "stream_maps cannot be used"),
]


@pytest.mark.parametrize(("maps", "words"), MAP_MISTAKES, ids=[json.dumps(maps) for maps, _ in MAP_MISTAKES])
def test_a_mistake_in_a_stream_map_is_named_without_any_value(lab, caplog, maps, words):
    with pytest.raises(ConfigurationError) as caught:
        lab.run(streams=["orders"], stream_maps=maps)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "@" not in caplog.text + str(caught.value)


def test_a_rejected_value_of_a_field_that_was_dropped_is_nowhere(lab_of):
    """What a stream map drops must not come back as the original of a value that did not fit."""
    with lab_of() as lab:
        tap = TapTikTokShop(config={**lab.config, "stream_maps": {"orders": {"recipient_address": None}}})
        plan = tap.streams["orders"].plan
        record = plan.record({"id": "1", "recipient_address": "1 Main St", "payment": "x"}, {"shop_id": "9"})
        assert record["_sdc_rejected"] == {"payment": "x"}
        assert "1 Main St" not in json.dumps([plan.oddities.examples, record])


GIVEN = [
    ("null", "holds null"),
    ("5", "holds a number"),
    ("[]", "holds a list"),
    ("{", "is not valid JSON"),
    ("\ufeff{}", ""),
]


@pytest.mark.parametrize(("text", "words"), [*GIVEN, ("[" * 100_000, "is not JSON that can be read")], ids=range(6))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_that_is_not_what_it_should_be_is_one_sentence(tmp_path, text, words, encoding):
    file = tmp_path / "given.json"
    file.write_bytes(text.encode(encoding))
    with file.open() as given:
        if not words and encoding == "utf-8":
            once = inputs.checked(given, "catalogue")
            assert (json.load(once), once.read()) == ({}, "")  # not kept in memory for the whole run
            return
        with pytest.raises(ConfigurationError, match=words if encoding == "utf-8" else "is not UTF-8 text"):
            inputs.checked(given, "catalogue")


@contextlib.contextmanager
def real(lab_of, folder):
    """A lab whose shops cannot be told from real ones: a sandbox file as versions before 1000 made them."""
    path = folder / "before.sqlite"
    with lab_of(path=path):
        pass
    as_before(path)
    with lab_of(path=path) as made:
        yield made


def test_made_up_shops_are_told_by_their_ids_however_they_are_reached(lab):
    run = lab.run(streams=["shops", "orders"])
    assert {is_made_up(record["id"]) for record in run.records("shops")} == {True}
    assert [state["made_up_shops"] for state in run.states] == [True] * len(run.states)
    assert lab.run(run.state, streams=["shops"]).state["made_up_shops"] is True


WORLDS = [
    ("made_up_shops", True, True),
    ("made_up_shops", False, False),
    ("bookmarks", {"orders": {"partitions": [{"context": {"shop_id": "1000110284871069840"}}]}}, True),
    ("bookmarks", {"orders": {"partitions": [{"context": {"shop_id": "7495110284871069840"}}]}}, None),
    ("bookmarks", {"orders": {"partitions": [{"context": {"shop_id": "1000"}}]}}, None),
    ("bookmarks", {"shops": {}, "orders": {"partitions": []}}, None),
]


@pytest.mark.parametrize(("name", "value", "made_up"), WORLDS)
def test_a_state_of_others_is_refused_before_anything_is_read(lab, lab_of, tmp_path, name, value, made_up):
    with real(lab_of, tmp_path) as platform:
        for here, whose in ((lab, True), (platform, False)):
            if made_up in {None, whose}:
                assert here.run({name: value}, streams=["shops"]).state["made_up_shops"] is whose
                continue
            kinds = {True: "the sandbox's made-up shops", False: "real shops"}
            words = f"The state is of {kinds[made_up]}, but this run reads {kinds[whose]}: give each a state and"
            here.sandbox.control("DELETE", "/stats")
            with pytest.raises(ConfigurationError, match=words):
                here.run({name: value}, streams=["shops", "orders"])
            assert here.calls()["operations"] == {"GET /authorization/202309/shops": 1}


def test_the_word_of_a_state_does_not_count_where_its_shops_are_made_up(lab):
    run = lab.run(streams=["shops", "orders"])
    assert lab.run({**run.state, "made_up_shops": False}, streams=["shops"]).state["made_up_shops"] is True


@pytest.mark.parametrize(("mark", "kind"), [("yes", "a text"), (1, "a number"), ([], "a list"), ({}, "an object")])
def test_a_state_whose_mark_of_made_up_shops_is_none_is_one_sentence(lab, mark, kind):
    with pytest.raises(ConfigurationError, match=f"The state's made_up_shops is {kind}, not true or false"):
        TapTikTokShop(config=lab.config, state={"made_up_shops": mark})


def test_a_shop_that_is_listed_twice_or_is_none_is_read_once_or_not_at_all(lab):
    tap = TapTikTokShop(config=lab.config)
    call = tap.client.call
    answer = call(operations.GET_SHOPS)
    doubled = dataclasses.replace(answer, data={"shops": [*answer.data["shops"], None, *answer.data["shops"], {}, 5]})
    tap.client.call = lambda *_, **__: doubled
    assert [shop.id for shop in tap.client.shops()] == [row["id"] for row in answer.data["shops"]]
    tap.client.close()
