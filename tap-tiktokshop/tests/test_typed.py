"""Rows become the same records the quick way as the careful one."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.contrib.msgspec import encoder
from tap_tiktokshop.reading import Children
from tap_tiktokshop.reading.rows import PageRows
from tap_tiktokshop.records.convert import RecordPlan, kind_of
from tap_tiktokshop.records.decode import MOST_SURPRISES, TypedPlan, as_dict
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.streams.declaration import load_schema
from tiktokshop_client import RawRows, decode_row

TEXT, TIME = {"type": ["string", "null"]}, {"type": ["string", "null"], "format": "date-time"}
AMOUNT, COUNT = {"type": ["string", "null"], "format": "x-singer.decimal"}, {"type": ["integer", "null"]}
INNER = {"type": ["object", "null"], "properties": {"total": AMOUNT, "time": TIME, "in": TEXT}}
SCHEMA = {
    "type": "object",
    "properties": {
        "shop_id": {"type": ["string"]},
        "id": {"type": ["string"]},
        "create_time": TIME,
        "asked_time": TIME,
        "count": COUNT,
        "rate": {"type": ["number", "null"]},
        "flag": {"type": ["boolean", "null"]},
        "payment": INNER,
        "free": {"type": ["object", "null"]},
        "lines": {"type": ["array", "null"], "items": INNER},
        "names": {"type": ["array", "null"], "items": TEXT},
        "times": {"type": ["array", "null"], "items": TIME},
        "day": {"type": ["string", "null"], "format": "date"},
        "since": {"type": ["string"], "format": "date-time"},
        "_sdc_rejected": {"type": ["object", "null"]},
    },
}
USUAL = {
    "id": "7",
    "create_time": 1685548800,
    "count": 3,
    "rate": 1.50,
    "flag": True,
    "payment": {"total": "1.50", "time": 0},
    "free": {"a": {"b": [1]}},
    "lines": [{"in": "x", "time": 1685548801}, {"total": None}],
    "names": ["a", None],
    "times": [1685548802, 0],
    "day": "2026-07-31",
    "since": 1685548803,
}

NUMBERS = [0, 1, -1, 1685548800, 253402300799, 253402300800, 1685548800123, 2**70, 0.5, 1e3, 1685548800.5, 1e300, 2**63]
TEXTS = ["", "x", "7", "-7", "007", "5.0", "1e3", "0", "true", "TRUE", "null", "Null", "1685548800123", "٣"]
MOMENTS = [
    "2026-07-31",
    "2023-06-01T00:00:00+02:00",
    "2023-06-01 00:00:00",
    "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
]
scalars = st.sampled_from([None, True, False, *NUMBERS, *TEXTS, *MOMENTS])
odd = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.sampled_from(["total", "time", "q"]), scalars)
inherited = st.fixed_dictionaries({"shop_id": st.just("9")}, optional={"asked_time": odd})
rows = st.fixed_dictionaries(
    {},
    optional={
        name: st.just(value) | odd | (st.lists(odd, max_size=2) if isinstance(value, list) else odd)
        for name, value in USUAL.items()
    }
    | {"brand_new": odd, "not a name": odd, "f0": odd},
)


def example(schema):
    """A value of a schema, with every documented field."""
    kind = kind_of(schema)
    if kind == "object":
        return {name: example(inner) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema["items"]), None]
    if schema.get("format") == "date-time":
        return 1685548800
    if schema.get("format") == "date":
        return "2026-07-31"
    return {"integer": 7, "number": 1.5, "boolean": True}.get(kind, "1.50")


class Ways:
    """Both ways of making records of one stream's rows."""

    def __init__(self, schema):
        self.careful, self.spare = RecordPlan(schema), RecordPlan(schema)
        self.typed = TypedPlan(schema, self.spare)

    def records(self, text, added):
        """What they make of a row: the careful way, the quick way."""
        raw = msgspec.Raw(text.encode())
        return self.careful.record(decode_row(raw), added), self.typed.record(raw, added)


def read(record):
    return json.loads(encoder.encode(record), parse_float=str)


@given(
    st.lists(rows, max_size=8),
    st.fixed_dictionaries({"shop_id": st.just("9")}, optional={"asked_time": odd}),
)
def test_whatever_comes_the_record_and_the_oddities_are_those_of_the_careful_way(rows, added):
    ways = Ways(SCHEMA)
    for row in rows:
        careful, typed = ways.records(json.dumps(row), added)
        assert read(typed) == read(careful)
    assert ways.spare.oddities == ways.careful.oddities


@given(st.lists(st.lists(rows | st.just(USUAL), max_size=4), max_size=4), st.booleans())
def test_a_page_gives_the_records_of_its_chosen_rows_whatever_else_is_in_it(pages, packed):
    ways = Ways(SCHEMA)
    for page in pages:
        raw = RawRows(msgspec.Raw(json.dumps(page).encode()))
        chosen = {place: f"name {place}" for place in range(0, len(page), 2)}
        if packed:
            raw.pack()
        typed = list(ways.typed.records(PageRows(raw, "id", chosen), {"shop_id": "9"}))
        careful = [ways.careful.record(raw[place], {"id": name, "shop_id": "9"}) for place, name in chosen.items()]
        assert list(map(read, typed)) == list(map(read, careful))
    assert ways.spare.oddities == ways.careful.oddities


def test_a_page_with_an_odd_row_is_read_row_by_row_and_the_next_one_is_not():
    ways = Ways(SCHEMA)
    text = json.dumps([USUAL, USUAL | {"count": "many"}, USUAL]).encode()
    first, second = (
        list(ways.typed.records(PageRows(RawRows(msgspec.Raw(text)), "id", dict.fromkeys(range(3), "7")), {}))
        for _ in range(2)
    )
    assert [type(record) is dict for record in first] == [False, True, False]
    assert [type(record) is dict for record in second] == [False, False, False]


@pytest.mark.parametrize("name", [stream.name for stream in STREAMS])
def test_a_row_that_is_as_documented_takes_the_quick_way_in_every_stream(name):
    ways = Ways(load_schema(name))
    careful, typed = ways.records(json.dumps(example(load_schema(name))), {})
    assert isinstance(typed, msgspec.Struct)
    assert read(typed) == read(careful)
    assert encoder.encode(as_dict(typed)) == encoder.encode(typed)


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_whatever_a_stream_adds_to_its_rows_is_a_field_of_its_records(stream):
    reading = stream.reading
    added = {stream.keys[0], *([reading.key] if isinstance(getattr(reading, "key", None), str) else ())}
    if isinstance(reading, Children):
        added |= {*reading.inherit, reading.name or "", *(reading.each or ())[:1]}
    assert added - {""} <= load_schema(stream.name)["properties"].keys()


@pytest.mark.parametrize(
    "odd",
    [
        {"brand_new": 1},
        {"payment": {"brand_new": 1}},
        {"lines": [{"brand_new": 1}]},
        {"id": 7},
        {"create_time": 1685548800123},
        {"create_time": "yesterday"},
        {"count": "many"},
        {"payment": ""},
        {"payment": {"total": ""}},
        {"lines": ""},
        {"lines": [{"total": 1.5}]},
        {"names": [7]},
        {"class": 1, "not a name": 2, "f0": 3},
        {"payment": [], "lines": {}},
        {"lines": [{"time": "N/A"}, {"total": {"a": 1}}], "times": [1, "never"]},
        {"day": "2026-02-30"},
        {"day": "2026-07-31T00:00:00Z"},
        {"count": 2**63},
    ],
)
def test_what_was_not_as_documented_once_is_expected_from_then_on(odd):
    ways, text = Ways(SCHEMA), json.dumps(USUAL | odd)
    first, second = (ways.records(text, {"shop_id": "9"}) for _ in range(2))
    assert isinstance(first[1], dict)
    assert isinstance(second[1], msgspec.Struct)
    assert read(second[1]) == read(second[0]) == read(first[0])
    assert isinstance(ways.records(json.dumps(USUAL), {})[1], msgspec.Struct)


@pytest.mark.parametrize(
    "as_text", [{"create_time": "1685548800"}, {"count": "3"}, {"flag": "true"}, {"lines": [{"time": "0"}]}]
)
def test_what_is_as_documented_but_for_quotes_takes_the_quick_way_at_once(as_text):
    ways = Ways(SCHEMA)
    careful, typed = ways.records(json.dumps(USUAL | as_text), {})
    assert isinstance(typed, msgspec.Struct)
    assert read(typed) == read(careful)


def test_a_field_that_nobody_sent_is_null_only_where_it_is_documented_for_the_record():
    ways = Ways(SCHEMA)
    ways.records('{"brand_new": 1}', {})
    _, typed = ways.records('{"payment": {}}', {"shop_id": "9"})
    nothing = {"id": "", "since": "1970-01-01T00:00:00Z", "_sdc_rejected": {"since": "null"}}
    assert read(typed) == dict.fromkeys(SCHEMA["properties"]) | nothing | {"shop_id": "9", "payment": {}}


def test_rows_that_never_stop_surprising_are_read_the_careful_way():
    ways = Ways(SCHEMA)
    for number in range(MOST_SURPRISES):
        assert isinstance(ways.records(json.dumps({"payment": {f"x{number}": 1}}), {})[1], dict)
    assert isinstance(ways.records(json.dumps(USUAL), {})[1], dict)


@pytest.mark.parametrize(
    "broken",
    ['"Mug \\ud83d"', '"Mug \\ud83d and more"', '"Caf\udce9"', '"a\x01b"', "NaN", "9" * 5000, "[" * 5000 + "]" * 5000],
)
def test_a_row_that_is_broken_costs_its_value_and_slows_down_no_other(broken):
    ways, noticed = Ways(SCHEMA), []
    row = json.dumps(USUAL)[:-1] + f', "names": [{broken}]}}'
    for _ in range(20):
        record = ways.typed.record(msgspec.Raw(row.encode("utf8", "surrogateescape")), {"shop_id": "9"}, noticed.append)
    assert ways.typed.surprises <= 1
    assert read(record)["lines"] == read(ways.typed.record(msgspec.Raw(json.dumps(USUAL).encode()), {}))["lines"]
    assert noticed
    assert isinstance(ways.typed.record(msgspec.Raw(json.dumps(USUAL).encode()), {}), msgspec.Struct)


def test_what_is_added_to_the_rows_of_a_page_is_rejected_for_each_of_them():
    ways, text = Ways(SCHEMA), json.dumps([USUAL] * 3).encode()
    added = {"shop_id": "9", "asked_time": "N/A"}
    rows = PageRows(RawRows(msgspec.Raw(text)), "id", dict.fromkeys(range(3), "7"))
    records = [read(record) for record in ways.typed.records(rows, added)]
    assert [record["_sdc_rejected"] for record in records] == [{"asked_time": "N/A"}] * 3
    assert ways.spare.oddities == {"asked_time": 3}


def test_a_row_that_is_not_json_is_said_to_be_none():
    with pytest.raises(ValueError, match="rows that are not JSON"):
        Ways(SCHEMA).typed.record(msgspec.Raw(b'{"id": }'), {})
