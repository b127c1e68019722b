"""Amounts that are words cost themselves alone, in every stream that has amounts."""

import copy
import json
import re

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from singer_sdk.contrib.msgspec import encoder
from tap_tiktokshop.reading.rows import PageRows
from tap_tiktokshop.records.convert import RecordPlan, are_plain, kind_of
from tap_tiktokshop.records.decode import AT_ONCE, TypedPlan
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.streams.declaration import load_schema
from tiktokshop_client import RawRows, decode_row

WORDS = ["N/A", "1,234.50", "12.3.4", "abc", "1 234", "$5", "5%", "٣", "1_0", "-", ".", "1-2", "NaN", "Infinity"]
WORDS += ["1e400", "1e999999999", "9" * 30, "1],[2", "1,2", '1"', "0x1", "½", "12\x00", True, [1], {"a": "1"}]
MENDED = {
    " 12.50 ": "12.50",
    "\t-3\r\n": "-3",
    "007": "7",
    "-00.50": "-0.50",
    "+5": "5",
    ".5": "0.5",
    "5.": "5",
    "1e3": "1000",
    "1.50E-2": "0.0150",
    "": None,
    "  ": None,
    "null": None,
    "Null": None,
}
NUMBERS = {12: "12", -3: "-3", 1.5: "1.5"}
PLAIN = ["0", "-0", "12.50", "-0.0001", "9" * 28, "0." + "1" * 40]


def amounts(schema, place=()):
    """The places of amounts in an example of a schema."""
    if schema.get("format") == "x-singer.decimal":
        yield place
    for name, inner in schema.get("properties", {}).items():
        yield from amounts(inner, (*place, name))
    if "items" in schema:
        yield from amounts(schema["items"], (*place, 0))


def example(schema):
    """A row with every documented field."""
    kind = kind_of(schema)
    if kind == "object":
        return {name: example(inner) for name, inner in schema.get("properties", {}).items() if name[:5] != "_sdc_"}
    if kind == "array":
        return [example(schema["items"])]
    if "format" in schema:
        return {"date-time": 1685548800, "date": "2026-07-31"}.get(schema["format"], "1.50")
    return {"integer": 7, "number": 1.5, "boolean": True}.get(kind, "x")


def put(row, place, value):
    """Puts a value at a place of a row."""
    for part in place[:-1]:
        row = row[part]
    row[place[-1]] = value


def written(place):
    return "".join(f"[{part}]" if part == 0 else f".{part}" for part in place).removeprefix(".")


def read(record):
    return json.loads(encoder.encode(record), parse_float=str)


def page_of(typed, rows):
    """The records of a page."""
    raw = RawRows(msgspec.Raw(json.dumps(rows).encode()))
    return [read(each) for each in typed.records(PageRows(raw, ("x", "y"), dict.fromkeys(range(len(rows)), "")), {})]


def carefully(schema, row):
    """The record of a row, made by nobody in a hurry."""
    return read(RecordPlan(schema).record(decode_row(msgspec.Raw(json.dumps(row).encode())), {}))


def check_amounts(schema, value):
    """Every amount of a record is a plain decimal."""
    if schema.get("format") == "x-singer.decimal" and value is not None:
        assert re.fullmatch(r"-?[0-9]{1,29}(\.[0-9]+)?", value)
    for name, inner in schema.get("properties", {}).items():
        check_amounts(inner, (value or {}).get(name))
    for item in (value or []) if "items" in schema else []:
        check_amounts(schema["items"], item)


SCHEMAS = {stream.name: load_schema(stream.name) for stream in STREAMS}
PLACES = {name: list(amounts(schema)) for name, schema in SCHEMAS.items()}
WITH_AMOUNTS = sorted(name for name, places in PLACES.items() if places)


@given(st.data())
@hypothesis_settings(max_examples=15, deadline=None)
def test_words_are_null_beside_their_text_wherever_they_are_and_everything_else_is_kept(data):
    name = data.draw(st.sampled_from(WITH_AMOUNTS))
    schema, usual = SCHEMAS[name], example(SCHEMAS[name])
    rows, expected, words, kept = [], [], [], read(RecordPlan(schema).record(copy.deepcopy(usual), {}))
    for _ in range(data.draw(st.integers(1, 3))):
        odd = data.draw(st.dictionaries(st.sampled_from(PLACES[name]), st.sampled_from(WORDS).map(copy.deepcopy)))
        row, record = copy.deepcopy(usual), copy.deepcopy(kept)
        for place, word in odd.items():
            put(row, place, word)
            put(record, place, None)
        texts = {written(place): word if isinstance(word, str) else json.dumps(word) for place, word in odd.items()}
        words += odd
        rows.append(row)
        expected.append(record | {"_sdc_rejected": {k: v.replace(": ", ":") for k, v in texts.items()} or None})
    plan = RecordPlan(schema)
    made = page_of(TypedPlan(schema, plan), rows)
    assert made == expected
    for record in made:
        jsonschema.validate(record, schema)
        check_amounts(schema, record)
    assert sum(plan.oddities.values()) == len(words)
    assert plan.oddities.keys() == {written(place).replace("[0]", "[]") for place in words}
    assert plan.oddities.examples.keys() == plan.oddities.keys()
    assert [
        read(RecordPlan(schema).record(decode_row(msgspec.Raw(json.dumps(row).encode())), {})) for row in rows
    ] == made


def found_amidst(name, places):
    """What is kept, and what is counted, of a word at each place in the midst of a page of rows without."""
    schema, usual = SCHEMAS[name], example(SCHEMAS[name])
    for place in places:
        odd, plan = copy.deepcopy(usual), RecordPlan(schema)
        put(odd, place, "N/A")
        made = page_of(TypedPlan(schema, plan), [usual, odd, usual])
        yield [record["_sdc_rejected"] for record in made], dict(plan.oddities)


def expected_amidst(places):
    """What should be."""
    for place in places:
        yield [None, {written(place): "N/A"}, None], {written(place).replace("[0]", "[]"): 1}


@pytest.mark.parametrize("name", ["orders", "order_price_details", "payments", "returns"])
def test_a_word_in_the_first_or_last_amount_is_found_in_the_midst_of_a_page(name):
    places = PLACES[name][:: len(PLACES[name]) - 1]
    assert list(found_amidst(name, places)) == list(expected_amidst(places))


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_AMOUNTS)
def test_a_word_in_any_amount_of_any_stream_is_found_in_the_midst_of_a_page(name):
    assert list(found_amidst(name, PLACES[name])) == list(expected_amidst(PLACES[name]))


@pytest.mark.parametrize(("sent", "kept"), [*MENDED.items(), *NUMBERS.items(), *((text, text) for text in PLAIN)])
def test_what_has_one_meaning_is_written_plainly_the_quick_way_and_the_careful_one(sent, kept):
    schema, plan = SCHEMAS["orders"], RecordPlan(SCHEMAS["orders"])
    typed, row = TypedPlan(schema, plan), example(schema)
    row["payment"]["total_amount"] = row["line_items"][0]["sale_price"] = sent
    made = [*page_of(typed, [row]), *page_of(typed, [row])]  # the second time it is expected
    found = [(each["payment"]["total_amount"], each["line_items"][0]["sale_price"]) for each in made]
    assert found == [(kept, kept)] * 2
    assert made == [carefully(schema, row)] * 2
    assert not plan.oddities


def test_the_rows_of_a_page_before_and_behind_a_word_are_read_the_quick_way_next_time():
    schema, plan = SCHEMAS["orders"], RecordPlan(SCHEMAS["orders"])
    typed, usual = TypedPlan(schema, plan), example(schema)
    rows = [copy.deepcopy(usual) for _ in range(2 * AT_ONCE + 3)]
    rows[AT_ONCE + 1]["payment"]["tax"] = "N/A"
    for times in (1, 2):
        made = page_of(typed, rows)
        assert [index for index, record in enumerate(made) if record["payment"]["tax"] is None] == [AT_ONCE + 1]
        assert made[AT_ONCE + 1]["_sdc_rejected"] == {"payment.tax": "N/A"}
        assert plan.oddities == {"payment.tax": times}
        assert typed.surprises == 1


@given(st.lists(st.sampled_from([*PLAIN, *filter(lambda word: isinstance(word, str), [*WORDS, *MENDED])]), max_size=4))
def test_texts_are_plain_together_if_each_of_them_is(texts):
    assert are_plain(texts) == all(text in PLAIN for text in texts)


def test_an_amount_that_the_record_s_user_has_dropped_is_not_kept_beside_it():
    schema = SCHEMAS["orders"]
    plan = RecordPlan(schema)
    plan.oddities.hidden = {"payment"}
    row = example(schema)
    row["payment"]["tax"] = "N/A"
    (record,) = page_of(TypedPlan(schema, plan), [row])
    assert (record["payment"]["tax"], record["_sdc_rejected"], plan.oddities) == (None, None, {"payment.tax": 1})


@pytest.mark.parametrize("amount", ["1.50", "N/A"])
def test_a_catalogue_may_declare_lists_of_lists(amount):
    inner = {
        "type": ["object", "null"],
        "properties": {
            "at": {"type": ["string", "null"], "format": "date-time"},
            "paid": {"type": ["string", "null"], "format": "x-singer.decimal"},
        },
    }
    lists = {"type": ["array", "null"], "items": {"type": ["array", "null"], "items": inner}}
    schema = {"type": "object", "properties": {"grid": lists, "_sdc_rejected": {"type": ["object", "null"]}}}
    row = {"grid": [[{"at": 1685548800, "paid": amount}, {"at": 0, "paid": None}], None, []]}
    made = json.loads(encoder.encode(TypedPlan(schema, RecordPlan(schema)).record(msgspec.Raw(json.dumps(row)), {})))
    paid, rejected = (amount, None) if amount == "1.50" else (None, {"grid[0][0].paid": amount})
    assert made == {
        "grid": [[{"at": "2023-05-31T16:00:00Z", "paid": paid}, {"at": None, "paid": None}], None, []],
        "_sdc_rejected": rejected,
    }
