"""Whatever the platform sends, a record keeps to the SCHEMA message that loaders were sent before it."""

import functools
import json
import re
from datetime import date, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from singer_sdk.contrib.msgspec import encoder
from singer_sdk.sinks.core import JSONSchemaValidator
from tap_tiktokshop.records.convert import RecordPlan, kind_of
from tap_tiktokshop.records.decode import TypedPlan
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.streams.shapes import settling, tracked
from tap_tiktokshop.tap import TapTikTokShop
from tiktokshop_client import decode_row

NAMES = [stream.name for stream in STREAMS]
CONFIG = {"app_key": "k", "app_secret": "s", "refresh_token": "r"}


@functools.cache
def sent():
    """The SCHEMA messages of all streams, by their name."""
    tap = TapTikTokShop(config=CONFIG)
    found = {}
    for name, stream in tap.streams.items():
        stream.selected = True
        (message,) = stream._generate_schema_messages()
        found[name] = json.loads(encoder.encode(message.to_dict()))
    return found


def parts(schema, path=()):
    """All parts of a schema, each with the way that leads to it."""
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from parts(inner, (*path, name))
    if "items" in schema:
        yield from parts(schema["items"], (*path, "[]"))


NUMBERS = [0, 1, -1, 1685548800, 253402300800, 2**63, 2**70, 10**400, 0.5, 1e300]
TEXTS = ["", "x", "N/A", "7", "-7", "1e999", "null", "true", "9" * 5000, "a\x00b", "\ud83d", "2023-06-01 00:00:00"]
scalars = st.sampled_from([None, True, False, *NUMBERS, *TEXTS, "2026-02-30", "10000-01-01T00:00:00Z"])
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "id"]), inner, max_size=2),
)


def values(schema):
    """Values of a schema, and others, at any depth."""
    kind = kind_of(schema)
    if kind == "object" and schema.get("properties"):
        names = sorted(schema["properties"])
        some = st.lists(st.sampled_from(names), max_size=4, unique=True)
        proper = some.flatmap(
            lambda chosen: st.fixed_dictionaries({name: values(schema["properties"][name]) for name in chosen})
        )
        return st.one_of(proper, proper, proper, anything)
    if kind == "array":
        return st.lists(values(schema["items"]), max_size=2) | anything
    return anything


@functools.cache
def rows(name):
    """Rows of a stream of that name."""
    properties = sent()[name]["schema"]["properties"]
    return st.lists(
        st.fixed_dictionaries({}, optional={key: values(part) for key, part in properties.items()}),
        min_size=1,
        max_size=3,
    )


@functools.cache
def validator(name):
    return JSONSchemaValidator(sent()[name]["schema"], validate_formats=True)


def assert_keeps_to(schema, record):
    """As a loader sees it: valid, no key null, every time a time with a zone, every day a day."""
    validator(schema["stream"]).validate(record)
    assert all(record[name] is not None for name in schema["key_properties"])
    for value, form in formatted(schema["schema"], record):
        if form == "date-time":
            assert datetime.fromisoformat(value).tzinfo, value
        if form == "date":
            date.fromisoformat(value)


def formatted(schema, value):
    """All values of a schema with a format, and that."""
    if value is None:
        return
    if "format" in schema:
        yield value, schema["format"]
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from formatted(schema.get("properties", {}).get(name, {}), inner)
    if isinstance(value, list):
        for inner in value:
            yield from formatted(schema.get("items", {}), inner)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12)
@given(data=st.data())
def test_for_any_row_every_record_keeps_to_the_schema_that_was_sent_both_ways(name, data):
    schema = sent()[name]
    shapes = {"order_tracking": tracked, "unsettled_transactions": settling}
    added = {"shop_id": "9"} if "shop_id" in schema["key_properties"] else {}
    careful, spare = RecordPlan(schema["schema"]), RecordPlan(schema["schema"])
    typed = TypedPlan(schema["schema"], spare)
    for row in data.draw(rows(name)):
        raw = msgspec.Raw(json.dumps(row).encode())
        decoded = decode_row(raw)
        if name in shapes:
            (decoded,) = shapes[name]([decoded], 0)
        one = json.loads(encoder.encode(careful.record(decoded, added)))
        assert_keeps_to(schema, one)
        if name not in shapes:
            other = json.loads(encoder.encode(typed.record(raw, added)))
            assert_keeps_to(schema, other)
            assert other == one
    assert spare.oddities == (careful.oddities if name not in shapes else {})


@pytest.mark.parametrize("name", NAMES)
def test_every_identifier_of_every_stream_is_a_text(name):
    identifiers = [
        (path, part)
        for path, part in parts(sent()[name]["schema"])
        if re.search(r"(^|_)ids?$", next((step for step in reversed(path) if step != "[]"), ""))
        and kind_of(part) not in {"array", "object"}
    ]
    assert {".".join(path): part["type"][0] for path, part in identifiers if part["type"][0] != "string"} == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_that_is_sent_allows_undocumented_fields_and_declares_the_one_for_rejected_values(name):
    schema = sent()[name]["schema"]
    objects = [part for path, part in parts(schema) if kind_of(part) == "object" and path != ("_sdc_rejected",)]
    assert all(part["additionalProperties"] is True for part in objects)
    assert schema["properties"]["_sdc_rejected"]["type"] == ["object", "null"]


@pytest.mark.parametrize("name", NAMES)
def test_no_part_of_a_key_may_be_null_and_nothing_else_is_required(name):
    schema = sent()[name]
    nullable = {field for field, part in schema["schema"]["properties"].items() if "null" in part["type"]}
    assert nullable.isdisjoint(schema["key_properties"])
    assert nullable | set(schema["key_properties"]) == set(schema["schema"]["properties"])


@pytest.mark.parametrize(
    ("sent_as", "time", "words"),
    [
        ("1767225600", "2026-01-01T00:00:00Z", None),
        (1767225601, "2026-01-01T00:00:01Z", None),
        ("3 days after delivery", None, "3 days after delivery"),
        ("", None, None),
        (None, None, None),
    ],
)
def test_when_a_transaction_is_expected_to_settle_is_a_time_or_words_beside_it(sent_as, time, words):
    plan = RecordPlan(sent()["unsettled_transactions"]["schema"])
    (row,) = settling([{"id": "1", "estimated_settlement": sent_as}], 0)
    record = plan.record(row, {"shop_id": "9"})
    assert (record["estimated_settlement"], record["estimated_settlement_words"]) == (time, words)
    assert record["_sdc_rejected"] is None


@pytest.mark.parametrize(
    ("sent_as", "key", "time"),
    [
        (1694685539000, "2023-09-14T09:58:59Z", "2023-09-14T09:58:59Z"),
        (None, "", None),
        ("yesterday", "yesterday", None),
    ],
)
def test_the_time_of_a_tracking_event_is_a_text_in_its_key_and_a_time_beside_it(sent_as, key, time):
    plan = RecordPlan(sent()["order_tracking"]["schema"])
    (row,) = tracked([{"update_time_millis": sent_as}], 0)
    record = plan.record(row, {"shop_id": "9", "order_id": "1"})
    assert (record["update_time_millis"], record["description"], record["update_time"]) == (key, "", time)


def test_a_stock_record_without_an_order_has_an_empty_one_in_its_key():
    stream = next(stream for stream in STREAMS if stream.name == "fbt_inventory_records")
    row = {"goods": {"id": "5"}, "fbt_warehouse_id": "6", "create_time": 1767225600, "initial_on_hand_quantity": 1}
    (shaped,) = stream.shape([row], 0)
    record = RecordPlan(sent()[stream.name]["schema"]).record(shaped, {"shop_id": "9"})
    assert [record[name] for name in stream.keys[:5]] == ["9", "5", "6", "", "2026-01-01T00:00:00Z"]
    assert_keeps_to(sent()[stream.name], json.loads(encoder.encode(record)))
