"""Platform rows become records."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tap_tiktokshop.records.convert import REJECTED, Oddities, RecordPlan, plan
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.streams.declaration import load_schema
from tap_tiktokshop.tap import TapTikTokShop
from tap_tiktokshop.times import utc

TIME = {"type": ["string", "null"], "format": "date-time"}
DATE = {"type": ["string", "null"], "format": "date"}
AMOUNT = {"type": ["string", "null"], "format": "x-singer.decimal"}


@pytest.mark.parametrize(
    ("schema", "sent", "kept"),
    [
        (TIME, 1685548800, "2023-05-31T16:00:00Z"),
        (TIME, "1685548800", "2023-05-31T16:00:00Z"),
        (TIME, 1694685539000, "2023-09-14T09:58:59Z"),
        (TIME, 4854580847, "2123-11-02T06:40:47Z"),
        (TIME, 0, None),
        (TIME, "", None),
        (TIME, None, None),
        (TIME, 253402300799, "9999-12-31T23:59:59Z"),
        (TIME, 1694685539123, "2023-09-14T09:58:59.123000Z"),
        (TIME, Decimal("1685548800.5"), "2023-05-31T16:00:00.500000Z"),
        (TIME, "2023-05-31T16:00:00Z", "2023-05-31T16:00:00Z"),
        (TIME, "2023-05-31T18:00:00+02:00", "2023-05-31T18:00:00+02:00"),
        (TIME, "0001-01-01T00:00:00Z", None),
        (TIME, "2023-05-31 16:00:00", REJECTED),
        (TIME, -1, None),
        (TIME, "null", None),
        (TIME, "N/A", REJECTED),
        (TIME, 10**30, REJECTED),
        (TIME, True, REJECTED),
        (TIME, [], None),
        (TIME, [1], REJECTED),
        (DATE, "2026-07-31", "2026-07-31"),
        (DATE, "2026-07-31T23:00:00Z", "2026-07-31"),
        (DATE, "", None),
        (DATE, "null", None),
        (DATE, "2026-02-30", REJECTED),
        (DATE, 20260731, REJECTED),
        (DATE, {}, None),
        (AMOUNT, "12.50", "12.50"),
        (AMOUNT, "-0", "-0"),
        (AMOUNT, "", None),
        (AMOUNT, 12, "12"),
        (AMOUNT, Decimal("12.10"), "12.10"),
        ({"type": ["string"]}, 576461413038785752, "576461413038785752"),
        ({"type": ["string", "null"]}, "", ""),
        ({"type": ["string", "null"]}, True, "true"),
        ({"type": ["string", "null"]}, {"a": 1}, REJECTED),
        ({"type": ["string", "null"]}, {}, None),
        ({"type": ["string", "null"]}, [], None),
        ({"type": ["integer", "null"]}, "7", 7),
        ({"type": ["integer", "null"]}, "-7", -7),
        ({"type": ["integer", "null"]}, Decimal("7.0"), 7),
        ({"type": ["integer", "null"]}, Decimal("7.5"), REJECTED),
        ({"type": ["integer", "null"]}, 2**63 - 1, 2**63 - 1),
        ({"type": ["integer", "null"]}, -(2**63), -(2**63)),
        ({"type": ["integer", "null"]}, 2**63, REJECTED),
        ({"type": ["integer", "null"]}, "9" * 5000, REJECTED),
        ({"type": ["integer", "null"]}, True, REJECTED),
        ({"type": ["integer", "null"]}, "007", 7),
        ({"type": ["integer", "null"]}, "7.0", 7),
        ({"type": ["integer", "null"]}, "7.5", REJECTED),
        ({"type": ["integer", "null"]}, "null", None),
        ({"type": ["integer", "null"]}, "", None),
        ({"type": ["integer", "null"]}, "many", REJECTED),
        ({"type": ["number", "null"]}, "1.25", Decimal("1.25")),
        ({"type": ["number", "null"]}, "n/a", REJECTED),
        ({"type": ["number", "null"]}, "NaN", REJECTED),
        ({"type": ["number", "null"]}, "1e999", REJECTED),
        ({"type": ["number", "null"]}, 10**400, REJECTED),
        ({"type": ["boolean", "null"]}, "TRUE", True),
        ({"type": ["boolean", "null"]}, "0", False),
        ({"type": ["boolean", "null"]}, "null", None),
        ({"type": ["boolean", "null"]}, 0, False),
        ({"type": ["boolean", "null"]}, "perhaps", REJECTED),
        ({"type": ["boolean", "null"]}, [], None),
        ({"type": ["array", "null"], "items": TIME}, [1685548800, 0], ["2023-05-31T16:00:00Z", None]),
        ({"type": ["array", "null"], "items": TIME}, "", None),
        ({"type": ["array", "null"], "items": TIME}, "null", None),
        ({"type": ["object", "null"], "properties": {}}, "", None),
        ({"type": ["array", "null"], "items": TIME}, {}, None),
        ({"type": ["array", "null"], "items": TIME}, {"0": 1}, REJECTED),
        ({"type": ["object", "null"], "properties": {}}, [], None),
        ({"type": ["object", "null"], "properties": {}}, [1], REJECTED),
        ({"type": ["object", "null"], "properties": {}}, "[REDACTED]", REJECTED),
    ],
)
def test_a_value_is_mended_where_it_has_one_meaning_and_rejected_where_it_has_none(schema, sent, kept):
    result = plan(schema, Oddities())(sent)
    assert (result, type(result)) == (kept, type(kept))


SCHEMA = {
    "type": "object",
    "properties": {
        "shop_id": {"type": ["string"]},
        "id": {"type": ["string"]},
        "create_time": TIME,
        "payment": {"type": ["object", "null"], "properties": {"total": AMOUNT}},
    },
}


def test_a_record_has_every_documented_field_and_keeps_the_undocumented_ones():
    row = {"id": 7, "payment": {"total": "1.0", "new": [1]}, "brand_new": {"x": 1}}

    record = RecordPlan(SCHEMA).record(row, {"shop_id": "9"})

    assert record == {
        "shop_id": "9",
        "id": "7",
        "create_time": None,
        "payment": {"total": "1.0", "new": [1]},
        "brand_new": {"x": 1},
    }


def test_the_shop_of_a_record_is_the_one_it_was_read_from_whatever_the_row_says():
    assert RecordPlan(SCHEMA).record({"id": "1", "shop_id": "other"}, {"shop_id": "9"})["shop_id"] == "9"


@given(
    st.dictionaries(
        st.sampled_from(["id", "create_time", "payment", "x"]),
        st.sampled_from([None, True, 0, -1, 2**70, "", "x", Decimal("1e400"), [], [{}], {}, {"total": [1]}, [[""]]]),
    )
)
def test_no_row_is_too_strange_to_become_a_record(row):
    assert RecordPlan(SCHEMA).record(dict(row), {"shop_id": "9"}).keys() >= {"shop_id", "id", "create_time", *row}


def test_times_are_written_in_utc():
    assert utc(0) == "1970-01-01T00:00:00Z"


MANY = {
    "type": "object",
    "properties": {
        "text": {"type": ["string", "null"]},
        "amount": AMOUNT,
        "number": {"type": ["integer", "null"]},
        "flag": {"type": ["boolean", "null"]},
        "time": TIME,
        "inner": {"type": ["object", "null"], "properties": {"number": {"type": ["number", "null"]}}},
        "list": {"type": ["array", "null"], "items": {"type": ["string"]}},
    },
}


@pytest.mark.parametrize(
    ("row", "counted"),
    [
        ({"text": {"a": 1}}, {"text": 1}),
        ({"text": 7, "amount": 7, "number": "7", "flag": "true", "time": "1685548800"}, {}),
        ({"text": "", "amount": "", "number": "", "flag": "", "time": "", "inner": "", "list": ""}, {}),
        ({"text": None, "amount": None, "number": None, "flag": None, "time": None, "inner": None, "list": None}, {}),
        ({"amount": ["1"]}, {"amount": 1}),
        ({"number": "many"}, {"number": 1}),
        ({"number": Decimal("7.5")}, {"number": 1}),
        ({"number": []}, {}),
        ({"number": [0]}, {"number": 1}),
        ({"flag": "perhaps"}, {"flag": 1}),
        ({"flag": 7}, {"flag": 1}),
        ({"time": "3 days after delivery"}, {"time": 1}),
        ({"time": {"a": 1}}, {"time": 1}),
        ({"inner": "x"}, {"inner": 1}),
        ({"inner": {"number": "n/a", "new": []}}, {"inner.number": 1}),
        ({"list": "x"}, {"list": 1}),
        ({"list": ["a", 7, ["b"], {"c": 1}]}, {"list[]": 2}),
        ({"inner": [], "list": {}, "text": {}, "amount": [], "time": []}, {}),
        ({"new": object}, {}),
    ],
)
def test_values_of_undocumented_types_are_counted_and_those_that_can_be_mended_are_not(row, counted):
    plan = RecordPlan(MANY)
    plan.record(dict(row), {})
    assert plan.oddities == counted


REJECTING = {
    "type": "object",
    "properties": {
        "shop_id": {"type": ["string"]},
        "id": {"type": ["string"]},
        "when": {"type": ["string"], "format": "date-time"},
        "day": {"type": ["string"], "format": "date"},
        "count": {"type": ["integer"]},
        "payment": {"type": ["object", "null"], "properties": {"total": {"type": ["integer", "null"]}}},
        "lines": {
            "type": ["array", "null"],
            "items": {
                "type": ["object", "null"],
                "properties": {"times": {"type": ["array", "null"], "items": TIME}, "paid": TIME},
            },
        },
        "_sdc_rejected": {"type": ["object", "null"]},
    },
}
KEYS = {"shop_id": "9", "id": "1", "when": 1685548800, "day": "2026-07-31", "count": 1}


@pytest.mark.parametrize(
    ("odd", "rejected"),
    [
        ({}, None),
        ({"payment": [], "lines": {}}, None),
        ({"payment": ""}, None),
        ({"payment": "[REDACTED]"}, {"payment": "[REDACTED]"}),
        ({"payment": [{"total": 1}]}, {"payment": '[{"total":1}]'}),
        ({"payment": {"total": "many"}}, {"payment.total": "many"}),
        (
            {"lines": [{}, {"paid": "N/A", "times": [1, "x", "y"]}, {"paid": 1}, 7]},
            {"lines[1].paid": "N/A", "lines[1].times[1]": "x", "lines[1].times[2]": "y", "lines[3]": "7"},
        ),
        ({"id": {"a": 1}}, {"id": '{"a":1}'}),
        ({"id": None}, None),
        ({"when": None, "count": "", "day": []}, {"when": "null", "count": "null", "day": "null"}),
        ({"when": "never"}, {"when": "never"}),
        ({"_sdc_rejected": {"no": "yes"}}, None),
    ],
)
def test_what_does_not_fit_is_null_beside_its_original_text(odd, rejected):
    record = RecordPlan(REJECTING).record({**KEYS, **odd}, {})
    assert record["_sdc_rejected"] == rejected


def test_a_part_of_a_key_that_was_left_out_is_empty_or_as_near_to_it_as_its_type_allows():
    record = RecordPlan(REJECTING).record({"id": None}, {"shop_id": "9"})
    assert [record[name] for name in KEYS] == ["9", "", "1970-01-01T00:00:00Z", "1970-01-01", 0]


def test_a_record_knows_nothing_of_what_was_rejected_of_the_one_before():
    plan = RecordPlan(REJECTING)
    assert plan.record({**KEYS, "payment": "x"}, {})["_sdc_rejected"] == {"payment": "x"}
    assert plan.record(dict(KEYS), {})["_sdc_rejected"] is None


def test_what_a_user_has_dropped_is_not_kept_as_a_rejected_value_and_private_values_are_no_examples():
    plan = RecordPlan(REJECTING)
    plan.oddities.hidden, plan.oddities.private = {"payment"}, {"lines"}
    record = plan.record({**KEYS, "payment": "secret", "lines": "address", "when": "never"}, {})
    assert record["_sdc_rejected"] == {"lines": "address", "when": "never"}
    assert plan.oddities == {"payment": 1, "lines": 1, "when": 1}
    assert plan.oddities.examples == {"when": "never"}


@pytest.mark.parametrize("key", ["orders", "order*", "*", "copies"])
def test_of_a_field_that_a_map_of_any_spelling_drops_nothing_is_kept_beside_the_record(key):
    maps = {key: {"buyer_email": None, **({"__source__": "ord*"} if key == "copies" else {})}}
    tap = TapTikTokShop(config={"sandbox": True, "stream_maps": maps}, validate_config=False)
    assert "buyer_email" in tap.streams["orders"].plan.oddities.hidden
    assert (
        "buyer_email"
        not in TapTikTokShop(
            config={"sandbox": True, "stream_maps": {"returns*": {"buyer_email": None}}}, validate_config=False
        )
        .streams["orders"]
        .plan.oddities.hidden
    )


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("skus[].creator_username", False),
        ("skus[].creator_username.name", False),
        ("skus", False),
        ("skus[].price", True),
        ("skuses", True),
    ],
)
def test_of_a_personal_field_and_of_what_holds_it_no_example_is_shown(path, shown):
    oddities = Oddities()
    oddities.private = ("skus[].creator_username",)
    oddities.reject("Jane Doe", path)
    assert (path in oddities.examples) == shown


@pytest.mark.parametrize("stream", ["statements", "payments", "withdrawals"])
def test_whichever_field_of_a_final_row_the_platform_changes_it_counts_as_new(stream):
    told = next(each for each in STREAMS if each.name == stream)
    constant = {"shop_id", "_sdc_rejected", *told.keys, told.replication_key}
    fields = sorted(load_schema(stream)["properties"].keys() - constant)
    row = dict.fromkeys(fields, "1")
    assert [name for name in fields if told.open_rows.mark({**row, name: "2"}) == told.open_rows.mark(row)] == []
