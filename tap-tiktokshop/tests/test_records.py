"""Platform rows become records."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tap_tiktokshop.records import Oddities, RecordPlan, plan, utc

TIME = {"type": ["string", "null"], "format": "date-time"}
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
        (TIME, "2023-05-31 16:00:00", "2023-05-31 16:00:00"),
        (TIME, -1, None),
        (TIME, "null", None),
        (TIME, "3 days after delivery", "3 days after delivery"),
        (TIME, 10**30, 10**30),
        (AMOUNT, "12.50", "12.50"),
        (AMOUNT, "-0", "-0"),
        (AMOUNT, "", None),
        (AMOUNT, 12, "12"),
        (AMOUNT, Decimal("12.10"), "12.10"),
        ({"type": ["string"]}, 576461413038785752, "576461413038785752"),
        ({"type": ["string", "null"]}, "", ""),
        ({"type": ["string", "null"]}, True, "true"),
        ({"type": ["string", "null"]}, {"a": 1}, {"a": 1}),
        ({"type": ["integer", "null"]}, "7", 7),
        ({"type": ["integer", "null"]}, "-7", -7),
        ({"type": ["integer", "null"]}, Decimal("7.0"), 7),
        ({"type": ["integer", "null"]}, Decimal("7.5"), Decimal("7.5")),
        ({"type": ["integer", "null"]}, "007", 7),
        ({"type": ["integer", "null"]}, "7.0", 7),
        ({"type": ["integer", "null"]}, "7.5", "7.5"),
        ({"type": ["integer", "null"]}, "null", None),
        ({"type": ["integer", "null"]}, "", None),
        ({"type": ["integer", "null"]}, "many", "many"),
        ({"type": ["number", "null"]}, "1.25", Decimal("1.25")),
        ({"type": ["number", "null"]}, "n/a", "n/a"),
        ({"type": ["boolean", "null"]}, "TRUE", True),
        ({"type": ["boolean", "null"]}, "0", False),
        ({"type": ["boolean", "null"]}, "null", None),
        ({"type": ["boolean", "null"]}, 0, False),
        ({"type": ["boolean", "null"]}, "perhaps", "perhaps"),
        ({"type": ["array", "null"], "items": TIME}, [1685548800, 0], ["2023-05-31T16:00:00Z", None]),
        ({"type": ["array", "null"], "items": TIME}, "", None),
        ({"type": ["array", "null"], "items": TIME}, "null", None),
        ({"type": ["object", "null"], "properties": {}}, "", None),
        ({"type": ["object", "null"], "properties": {}}, "[REDACTED]", "[REDACTED]"),
    ],
)
def test_a_value_is_mended_where_it_has_one_meaning_and_passed_on_where_it_has_none(schema, sent, kept):
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
        ({"number": []}, {"number": 1}),
        ({"flag": "perhaps"}, {"flag": 1}),
        ({"flag": 7}, {"flag": 1}),
        ({"time": "3 days after delivery"}, {"time": 1}),
        ({"time": {}}, {"time": 1}),
        ({"inner": "x"}, {"inner": 1}),
        ({"inner": {"number": "n/a", "new": []}}, {"inner.number": 1}),
        ({"list": "x"}, {"list": 1}),
        ({"list": ["a", 7, ["b"], {"c": 1}]}, {"list[]": 2}),
        ({"new": object}, {}),
    ],
)
def test_values_of_undocumented_types_are_counted_and_those_that_can_be_mended_are_not(row, counted):
    plan = RecordPlan(MANY)
    plan.record(dict(row), {})
    assert plan.oddities == counted
