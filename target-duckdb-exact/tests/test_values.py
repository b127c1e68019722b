"""What a value is in the table."""

import contextlib
import json
from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loading import record, schema
from target_duckdb_exact.kinds import ANNOTATIONS, column_of, holds
from target_duckdb_exact.values import prepared

DECIMAL = {"type": ["string", "null"], "format": "x-singer.decimal"}
TIME = {"type": ["string", "null"], "format": "date-time"}
LONG = '{"b": 1.10, "a": 12345678901234567890.123456789}'
CASES = [  # schema, JSON text, value in the table; `...`: null, and the original in _sdc_rejected
    (DECIMAL, '"12.34"', Decimal("12.340000000")),
    (DECIMAL, '"12345678901234567890123456789.123456789"', Decimal("12345678901234567890123456789.123456789")),
    (DECIMAL, '"1e2"', Decimal(100)),
    (DECIMAL, '"0.10000000000"', Decimal("0.1")),
    (DECIMAL, '"0.1234567891"', ...),
    (DECIMAL, '"123456789012345678901234567890"', ...),
    (DECIMAL, '"NaN"', ...),
    (DECIMAL, '"twelve"', ...),
    (DECIMAL, "883406386745030.3", Decimal("883406386745030.3")),
    ({"type": "number", "format": "x-singer.decimal", "precision": 6, "scale": 2}, "1234.50", Decimal("1234.50")),
    ({"type": "number", "format": "x-singer.decimal", "precision": 6, "scale": 2}, "1234.505", ...),
    ({"type": "number", "format": "x-singer.decimal", "precision": 6, "scale": 2}, "12345", ...),
    (
        {"type": "number", "multipleOf": 0.01},
        "79228162514264337593543950335.07",
        Decimal("79228162514264337593543950335.07"),
    ),
    ({"type": "number"}, "0.1", 0.1),
    ({"type": "number"}, "3", 3.0),
    ({"type": "number"}, "1e400", ...),
    ({"type": "number"}, "NaN", ...),
    ({"type": "integer"}, "-Infinity", ...),
    ({"type": "object"}, '{"a":NaN}', '{"a":"NaN"}'),
    ({"type": "integer"}, "9223372036854775807", 9223372036854775807),
    ({"type": "integer"}, "-9223372036854775808", -9223372036854775808),
    ({"type": "integer"}, "9223372036854775808", ...),
    ({"type": "integer"}, "1.0", 1),
    ({"type": "integer"}, "1.5", ...),
    ({"type": "integer"}, '"12"', 12),
    ({"type": "integer"}, "true", ...),
    ({"type": "integer", "maximum": 1e30}, "170141183460469231731687303715884105727", 2**127 - 1),
    ({"type": "boolean"}, "false", False),
    ({"type": "boolean"}, "0", ...),
    (TIME, '"2026-01-02T03:04:05.123456Z"', datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=timezone.utc)),
    (TIME, '"2026-01-02T03:04:05+02:00"', datetime(2026, 1, 2, 1, 4, 5, tzinfo=timezone.utc)),
    (TIME, '"2026-01-02T03:04:05"', datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
    (TIME, '"tomorrow"', ...),
    (TIME, "1700000000", ...),
    ({"type": "string", "format": "date"}, '"2026-01-02T03:04:05Z"', ...),
    ({"type": "string"}, r'"a\u0000b"', "a\0b"),
    ({"type": "string"}, r'"\ud83d\ude00 \u00e4"', "😀 ä"),
    ({"type": "string"}, r'"\ud800"', ...),
    ({"type": "string"}, "5.10", "5.10"),
    ({"type": "string"}, '{"a": 1.10}', '{"a":1.10}'),
    ({"type": ["string", "integer"]}, "5", "5"),
    ({"type": ["string", "integer"]}, r'"f\u0069ve"', "five"),
    (
        {"type": "object"},
        '{"b": 1.10, "a": 12345678901234567890.123456789}',
        '{"b": 1.10, "a": 12345678901234567890.123456789}',
    ),
    ({"type": "array"}, r'["\ud800"]', ...),
    ({}, '"x"', '"x"'),
    ({"type": ["object", "null"]}, "null", None),
    ({"anyOf": [{"type": "null"}, TIME]}, '"2026-01-02T03:04:05Z"', datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)),
]


@pytest.mark.parametrize(
    ("part", "text", "expected"), CASES, ids=[f"{number}-{text}" for number, (_, text, _) in enumerate(CASES)]
)
def test_a_value_is_exact_in_its_type_or_put_aside(load, part, text, expected):
    line = '{"type":"RECORD","stream":"s","record":{"i":1,"v":' + text + "}}"
    load(schema({"i": "integer", "v": part}, ["i"]), line, record(i=2, v=None))
    column = "v" if not isinstance(expected, datetime) else "epoch_us(v)"
    (value, rejected), (null, nothing) = load.rows(f"SELECT {column}, _sdc_rejected FROM s ORDER BY i")
    if isinstance(expected, datetime):
        expected = round(expected.timestamp() * 1_000_000)
    assert value == (None if expected is ... else expected)
    assert (null, nothing) == (None, None)
    if expected is ...:
        assert list(json.loads(rejected)) == ["v"]
    else:
        assert rejected is None


def test_what_does_not_fit_is_kept_as_it_came(load):
    properties = {"i": "integer", "d": DECIMAL, "t": TIME, "o": {"type": "object"}, "n": "integer"}
    line = r'{"type":"RECORD","stream":"s","record":{"i":1,"d":"x1","t":"soon","o":"\ud800","n":[1.10]}}'
    load(schema(properties, ["i"]), line, record(i=2, d="1"))
    assert load.rows("SELECT d, t, o, n FROM s WHERE i = 1") == [(None, None, None, None)]
    (rejected,) = load.rows("SELECT _sdc_rejected FROM s WHERE i = 1")[0]
    assert '"n":[1.10]' in rejected
    assert json.loads(rejected) == {"o": r'"\ud800"', "n": [1.1], "d": "x1", "t": "soon"}
    assert load.rows("SELECT d FROM s WHERE i = 2") == [(Decimal(1),)]


def test_a_value_beside_one_that_does_not_fit_is_what_it_would_be_alone(load):
    properties = {"bad": "integer", "f": "number", "d": {"type": "number", "multipleOf": 0.01}, "t": TIME}
    for bad in ("1", '"x"'):
        line = f'{{"bad":{bad},"f":1e100,"d":79228162514264337593543950335.07,"t":"2026-01-01T00:00:00Z"}}'
        load(schema(properties), '{"type":"RECORD","stream":"s","record":' + line + "}")
    assert load.rows("SELECT DISTINCT f, d, epoch_ms(t) FROM s") == [
        (1e100, Decimal("79228162514264337593543950335.07"), 1767225600000)
    ]


def test_bytes_that_are_no_utf_8_cost_only_their_value(load):
    raw = b'{"type":"RECORD","stream":"s","record":{"i":1,"t":"\xe4","o":["\xe4"],"n":7}}'
    load(schema({"i": "integer", "t": "string", "o": "array", "n": "integer"}, ["i"]), raw)
    assert load.rows("SELECT t, o, n, _sdc_rejected IS NULL FROM s") == [(None, None, 7, False)]


def test_a_stream_that_has_rejections_of_its_own_keeps_them(load):
    properties = {"i": "integer", "n": "integer", "_sdc_rejected": {"type": ["object", "null"]}}
    load(
        schema(properties, ["i"]),
        record(i=1, n=1, _sdc_rejected={"tap": "x"}),
        record(i=2, n="no", _sdc_rejected={"tap": "x"}),
        record(i=3, n=1, _sdc_rejected=None),
    )
    found = load.rows("SELECT _sdc_rejected FROM s ORDER BY i")
    assert [text and json.loads(text) for (text,) in found] == [{"tap": "x"}, {"tap": "x", "n": "no"}, None]


def test_what_did_not_fit_is_counted_and_said_once_a_column(load, caplog):
    load(schema({"n": "integer"}), *[record(n="x")] * 5)
    said = [entry.getMessage() for entry in caplog.records if entry.levelname == "WARNING"]
    assert said == [
        'A value of n in s does not fit BIGINT: it is null there, and the original is in _sdc_rejected ("x").',
        "s: 5 values did not fit their columns; _sdc_rejected has them.",
    ]


def test_structs_and_lists_where_the_schema_says_what_is_inside(load):
    payment = {"type": "object", "properties": {"total": DECIMAL, "Paid at": TIME}}
    lines = {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    load(
        schema({"i": "integer", "payment": payment, "lines": lines, "free": "object"}, ["i"]),
        record(
            i=1, payment={"total": "1.10", "Paid at": "2026-01-01T00:00:00Z"}, lines=[{"n": 2**60}, {}], free={"a": 1}
        ),
        record(i=2, payment={"total": "1.20", "new": 1}, lines=None),
        record(i=3, payment={"total": "x"}, lines=[{"n": 1.5}]),
        nested_types="struct",
    )
    assert load.types()["payment"].startswith("STRUCT(")
    assert load.types()["free"] == "JSON"
    assert load.rows("SELECT sum(payment.total) FROM s") == [(Decimal("2.3"),)]
    assert load.rows("SELECT lines[1].n, len(lines) FROM s WHERE i = 1") == [(2**60, 2)]
    rejected = [text and json.loads(text) for (text,) in load.rows("SELECT _sdc_rejected FROM s ORDER BY i")]
    assert rejected == [
        None,
        {"payment": {"total": "1.20", "new": 1}},
        {"payment": {"total": "x"}, "lines": [{"n": 1.5}]},
    ]
    assert load.rows("SELECT payment IS NULL, lines IS NULL FROM s WHERE i = 3") == [(True, True)]


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_is_exact_or_rejected(value):
    column = column_of("v", DECIMAL)
    rejected = []
    (text,) = prepared(column.at("v"), [str(value)], lambda _index, original: rejected.append(original))
    if text is None:
        assert rejected == [str(value)]
        assert (Fraction(value) * 10**9).denominator > 1 or abs(value) >= 10**29
    else:
        assert Decimal(text) == value
        assert not rejected


def test_a_type_holds_another_only_if_no_value_changes():
    yes = [("HUGEINT", "BIGINT"), ("DECIMAL(38,9)", "BIGINT"), ("DECIMAL(38,9)", "DECIMAL(18,4)"), ("BIGINT", "BIGINT")]
    no = [("DOUBLE", "BIGINT"), ("BIGINT", "DOUBLE"), ("DECIMAL(38,20)", "BIGINT"), ("DECIMAL(38,9)", "DECIMAL(38,10)")]
    assert all(holds(*pair) for pair in yes)
    assert not any(holds(*pair) for pair in no)


def mangled(text, at, put):
    """JSON with something wrong in it, most of the time."""
    at = min(at, len(text))
    return text[:at] + put + text[at + 1 :]


PARTS = st.sampled_from(
    [*'[]{}",:\\u019.eE+-tfn \t\x01', "\\ud83d", "\\udc00", "NaN", "true", "null", "1e999", "é", ""]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
MANGLED = st.builds(mangled, VALUES.map(json.dumps), st.integers(0, 30), PARTS) | st.lists(PARTS, max_size=6).map(
    "".join
)


@pytest.mark.slow
@settings(max_examples=25)
@given(texts=st.lists(MANGLED, min_size=40, max_size=80))
def test_what_is_taken_for_json_as_it_is_read_is_json_for_duckdb(texts):
    decode = msgspec.json.Decoder(msgspec.defstruct("Record", [("o", ANNOTATIONS["json"])])).decode
    taken = []
    for text in texts:
        with contextlib.suppress(msgspec.DecodeError):
            taken.append(bytes(decode(b'{"o":' + text.encode() + b"}").o).decode())
    sql = "SELECT text FROM (SELECT unnest(?::VARCHAR[]) AS text) WHERE TRY_CAST(text AS JSON) IS NULL"
    assert duckdb.execute(sql, [taken]).fetchall() == []
