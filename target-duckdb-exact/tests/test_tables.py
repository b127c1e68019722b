"""What becomes of rows, keys, names and schemas."""

import fcntl
import gzip
import os
from decimal import Decimal
from itertools import chain, repeat
from types import SimpleNamespace

import duckdb
import pytest
from loading import record, schema
from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.singerlib.exceptions import InvalidInputLine
from target_duckdb_exact.database import Database
from target_duckdb_exact.errors import InputError, SettingsError, WriteError
from target_duckdb_exact.reader import LineReader
from target_duckdb_exact.target import TargetDuckDB

DECIMAL = {"type": ["string", "null"], "format": "x-singer.decimal"}


def test_the_last_row_of_a_key_wins_within_a_batch_and_between_runs(load):
    head = schema({"i": "integer", "t": "string"}, ["i"])
    load(head, record(i=1, t="a"), record(i=2, t="b"), record(i=1, t="c"))
    assert load.rows("SELECT i, t FROM s ORDER BY i") == [(1, "c"), (2, "b")]
    load(head, record(i=2, t="d"), record(i=3, t="e"))
    assert load.rows("SELECT i, t FROM s ORDER BY i") == [(1, "c"), (2, "d"), (3, "e")]


def test_null_keys_and_rejected_keys_replace_only_their_own_rows(load):
    feed = [
        schema({"i": "integer", "t": "string"}, ["i"]),
        record(i=None, t="a"),
        record(i="x", t="b"),
        record(i="y", t="c"),
        record(i=1, t="d"),
    ]
    load(*feed)
    load(*feed)
    assert load.rows("SELECT i, t FROM s ORDER BY t") == [(None, "a"), (None, "b"), (None, "c"), (1, "d")]


@pytest.mark.parametrize(
    ("part", "texts"),
    [
        (DECIMAL, ["1.0", "1.00", "1e0", "1"]),
        ({"type": "string", "format": "date-time"}, ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"]),
        ({"type": "string", "format": "date"}, ["2026-01-01", "2026-01-01T00:00:00Z"]),
        ({"type": "number"}, [0, 0.0, -0.0]),
        ({"type": ["string", "integer"]}, [5, "5"]),
    ],
)
def test_a_key_that_is_written_in_several_ways_is_one_key(load, part, texts):
    head = schema({"k": part, "n": "integer"}, ["k"])
    for _ in range(2):
        load(head, *[record(k=text, n=number) for number, text in enumerate(texts)], record(k=None, n=-1))
    assert load.rows("SELECT n FROM s ORDER BY n") == [(-1,), (len(texts) - 1,)]


def test_a_stream_without_a_key_and_append_only_are_appended(load):
    for _ in range(2):
        load(schema({"i": "integer"}), record(i=1), record(i=1))
        load(schema({"i": "integer"}, ["i"], "keyed"), record("keyed", i=1), load_method="append-only")
    assert load.rows("SELECT count(*) FROM s") == [(4,)]
    assert load.rows("SELECT count(*) FROM keyed") == [(2,)]


def test_overwrite_shows_the_old_rows_until_the_run_ends(load):
    head = schema({"i": "integer"}, ["i"])
    load(head, record(i=1), record(i=2))
    with pytest.raises(InputError):
        load(head, record(i=3), {"type": "STATE", "value": 1}, head | {"n": 1}, "{", load_method="overwrite")
    assert load.rows("SELECT i FROM s ORDER BY i") == [(1,), (2,)]
    load(head, record(i=3), {"type": "STATE", "value": 1}, load_method="overwrite")
    assert load.rows("SELECT i FROM s") == [(3,)]
    assert load.states == [1]
    load(head, load_method="overwrite")
    assert load.rows("SELECT i FROM s") == []


@pytest.mark.parametrize("streams", [["s", "s__loading"], ["s__loading", "s"], ["S__Loading", "s"]])
def test_overwrite_keeps_streams_apart_whose_names_are_like_its_own_tables(load, streams):
    feed = [
        line for i, name in enumerate(streams) for line in (schema({"i": "integer"}, ["i"], name), record(name, i=i))
    ]
    for _ in range(2):
        load(*feed, load_method="overwrite")
        assert [load.rows(f"SELECT i FROM {name}") for name in streams] == [[(0,)], [(1,)]]
        assert len(load.rows("SHOW TABLES")) == 2


def test_deleted_rows_are_marked_or_taken_away(load):
    head = schema({"i": "integer"}, ["i"])
    gone = "2026-01-01T00:00:00Z"
    load(head, record(i=1), record(i=2))
    load(head, record(i=1, _sdc_deleted_at=gone))
    assert load.rows("SELECT i, _sdc_deleted_at IS NULL FROM s ORDER BY i") == [(1, False), (2, True)]
    load(head, record(i=2, _sdc_deleted_at=gone), hard_delete=True)
    assert load.rows("SELECT i FROM s") == [(1,)]


@pytest.mark.parametrize("metadata", [True, False])
@pytest.mark.parametrize("hard", [True, False])
def test_activate_version_ends_what_the_new_version_no_longer_has(load, metadata, hard):
    head = schema({"i": "integer"}, ["i"])
    config = {"hard_delete": hard, "add_record_metadata": metadata}
    load(head, record(i=1) | {"version": 1}, record(i=2) | {"version": 1}, **config)
    load(head, record(i=1) | {"version": 2}, {"type": "ACTIVATE_VERSION", "stream": "s", "version": 2}, **config)
    kept = [(1, True)] if hard else [(1, True), (2, False)]
    assert load.rows("SELECT i, _sdc_deleted_at IS NULL FROM s ORDER BY i") == kept


ODD = [
    (
        {"type": "ACTIVATE_VERSION", "stream": "s", "version": odd},
        "an? ACTIVATE_VERSION message whose version is no whole",
    )
    for odd in ("x", None, True, 1.5)
]
ODD += [
    ({"type": "ACTIVATE_VERSION", "stream": ["s"], "version": 1}, "whose stream is no text"),
    ({"type": "RECORD", "stream": ["s"], "record": {}}, "a RECORD message whose stream is no text"),
    ({"type": "BATCH", "stream": "s", "encoding": 5, "manifest": []}, "a BATCH message whose encoding is no object"),
    ({"type": "BATCH", "stream": "s", "encoding": {}, "manifest": None}, "a BATCH message whose manifest is no list"),
    (schema({"i": "integer"}) | {"key_properties": 5}, "the key_properties of s are no list of names"),
    (schema({"i": "integer"}) | {"key_properties": "i"}, "the key_properties of s are no list of names"),
    (schema({"i": "integer"}) | {"key_properties": [["i"]]}, "the key_properties of s are no list of names"),
    (schema({"i": "integer"}) | {"schema": {"properties": []}}, "the properties of s are no object"),
]


@pytest.mark.parametrize(("odd", "words"), ODD)
def test_a_message_with_a_part_of_another_type_ends_the_run_in_one_sentence(load, odd, words):
    with pytest.raises(InputError, match=words):
        load(schema({"i": "integer"}), record(i=1), odd)


def test_metadata_says_when_and_in_which_order(load):
    load(schema({"i": "integer"}), record(i=1) | {"time_extracted": "2026-01-02T00:00:00Z"}, record(i=2))
    found = load.rows("SELECT epoch_ms(_sdc_extracted_at), _sdc_received_at IS NULL FROM s ORDER BY _sdc_sequence")
    assert found == [(1767312000000, False), (None, False)]
    load(schema({"i": "integer"}, (), "bare"), record("bare", i=1), add_record_metadata=False)
    assert load.rows("SELECT * FROM bare") == [(None, 1)]  # with _sdc_rejected


def test_an_hour_that_is_none_costs_no_row(load):
    load(schema({"i": "integer"}), record(i=1) | {"time_extracted": "now-ish"})
    assert load.rows("SELECT i, _sdc_extracted_at FROM s") == [(1, None)]


def test_new_columns_wider_types_and_types_that_change(load):
    load(schema({"i": "integer", "n": "integer", "t": "string"}, ["i"]), record(i=1, n=2**60, t="a"))
    load(
        schema({"i": "integer", "n": DECIMAL, "t": DECIMAL, "New": "boolean"}, ["i"]),
        record(i=2, n="0.5", t="1.5", New=True),
    )
    assert load.types() == {
        "i": "BIGINT",
        "n": "DECIMAL(38,9)",
        "t": "VARCHAR",
        "t__decimal": "DECIMAL(38,9)",
        "New": "BOOLEAN",
    }
    assert load.rows("SELECT n, t, t__decimal, New FROM s ORDER BY i") == [
        (Decimal(2**60), "a", None, None),
        (Decimal("0.5"), None, Decimal("1.5"), True),
    ]
    load(schema({"i": "integer", "n": "integer", "t": "string"}, ["i"]), record(i=3, n=3, t="c"))
    load(schema({"i": "integer", "t": DECIMAL}, ["i"]), record(i=4, t="4"))
    assert load.rows("SELECT n, t, t__decimal FROM s WHERE i > 2 ORDER BY i") == [(3, "c", None), (None, None, 4)]
    assert len(load.types()) == 5


def test_a_schema_that_changes_within_a_run_loses_no_row(load):
    load(
        schema({"i": "integer"}, ["i"]),
        record(i=1),
        schema({"i": "integer", "t": "string"}, ["i"]),
        record(i=2, t="x"),
        schema({"i": "integer"}, ["i"]),
        record(i=3),
    )
    assert load.rows("SELECT i, t FROM s ORDER BY i") == [(1, None), (2, "x"), (3, None)]


def test_names_that_differ_only_in_case_have_columns_of_their_own(load):
    plain = {"add_record_metadata": False}
    for _ in range(2):
        load(schema({"id": "integer", "ID": "integer", "Id": "string"}, ["id"]), record(id=1, ID=2, Id="3"), **plain)
    load(schema({"ID": "integer", "Id": "string", "id": "integer"}, ["id"]), record(id=1, ID=2, Id="3"), **plain)
    assert len(load.types()) == 3
    (row,) = load.rows("SELECT * EXCLUDE (_sdc_rejected) FROM s")
    assert sorted(map(str, row)) == ["1", "2", "3"]


def test_names_that_need_quoting(load):
    names = ['a "quoted" one', "with.dot", "ümläut 😀", "select", "f0", "", "it's"]
    load(
        schema(dict.fromkeys(names, "integer"), names[:2], 'ta"ble'),
        record('ta"ble', **dict.fromkeys(names, 1)),
        add_record_metadata=False,
    )
    found = load.rows('SELECT * EXCLUDE (_sdc_rejected) FROM "ta""ble"')
    assert found == [(1,) * len(names)]


def test_several_schemas_in_one_run(load):
    feed = [
        line
        for name in ("one-s", "two-s", "db-three-s", "plain", "a-b-c-d")
        for line in (schema({"i": "integer"}, (), name), record(name, i=1))
    ]
    load(*feed)
    found = load.rows("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL")
    assert found == [("main", "a-b-c-d"), ("main", "plain"), ("one", "s"), ("three", "s"), ("two", "s")]


def test_one_schema_for_all_and_two_streams_that_would_share_a_table(load):
    load(schema({"i": "integer"}, (), "one-s"), record("one-s", i=1), default_target_schema="raw")
    assert load.rows("SELECT i FROM raw.s") == [(1,)]
    with pytest.raises(SettingsError, match="one-s and two-S would share"):
        load(schema({"i": "integer"}, (), "one-s"), schema({"i": "integer"}, (), "two-S"), default_target_schema="raw")


def test_stream_maps_and_flattening_change_what_is_written(load):
    head = schema({"i": "integer", "o": {"type": "object", "properties": {"d": DECIMAL}}}, ["i"])
    line = '{"type":"RECORD","stream":"s","record":{"i":1,"o":{"d":"1.10"}}}'
    load(head, line, stream_maps={"s": {"__alias__": "other", "twice": "i * 2"}})
    assert load.rows("SELECT i, twice FROM other") == [(1, "2")]  # the SDK takes what it cannot type for text
    load(head, line, flattening_enabled=True, flattening_max_depth=1)
    assert load.rows("SELECT i, o__d FROM s") == [(1, Decimal("1.1"))]
    load(head, line, stream_maps={"s": "__NULL__"})
    assert load.rows("SELECT count(*) FROM s") == [(1,)]


def test_a_state_leaves_after_the_rows_before_it(load):
    head = schema({"i": "integer"}, ["i"])
    states = [{"type": "STATE", "value": {"n": n, "d": 1.5}} for n in range(4)]
    load(states[0], head, record(i=1), states[1], record(i=2), states[2], record(i=3), states[3])
    assert load.states == [{"n": 0, "d": 1.5}, {"n": 3, "d": 1.5}]
    load(head, record(i=1), states[1], record(i=2), states[2], record(i=3), states[3], batch_size_rows=1)
    assert [state["n"] for state in load.states] == [1, 2, 3]


def test_a_stream_that_begins_costs_no_commit_of_what_waits(load):
    states = [{"type": "STATE", "value": {"n": n}} for n in (1, 2)]
    a, b = ((schema({"i": "integer"}, ["i"], stream=name), record(name, i=1)) for name in "ab")
    load(*a, states[0], *b, states[1])
    assert load.states == [{"n": 2}]  # what was committed with the first stream would have let its state leave
    assert load.rows("SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)") == [(1, 1)]


def test_a_record_does_not_wait_for_the_end_where_only_states_follow(load, monkeypatch):
    moments = chain([0, 0, 10, 40], repeat(40))  # the beginning, the record, and states
    monkeypatch.setattr("target_duckdb_exact.target.time", SimpleNamespace(monotonic=lambda: next(moments)))
    monkeypatch.setattr(TargetDuckDB, "_patience", lambda _: 1.0)  # which asks for the time as well
    load(schema({"i": "integer"}, ["i"]), record(i=1), *({"type": "STATE", "value": {"n": n}} for n in (1, 2, 3)))
    assert load.states == [{"n": 2}, {"n": 3}]


def test_streams_that_one_map_gives_one_name_lose_no_row(load):
    a, b = ((schema({"i": "integer"}, ["i"], stream=name), record(name, i=i)) for i, name in enumerate("ab"))
    load(*a, *b, stream_maps={"a": {"__alias__": "one"}, "b": {"__alias__": "one"}})
    assert load.rows("SELECT i FROM one ORDER BY i") == [(0,), (1,)]


def test_a_feed_that_ends_within_a_line_keeps_its_last_state(load):
    head = schema({"i": "integer"}, ["i"])
    feed = [head, record(i=1), {"type": "STATE", "value": 1}, record(i=2), '{"type":"RECORD","stream":"s","rec']
    with pytest.raises(InputError):
        load(*feed, batch_size_rows=1)
    assert load.rows("SELECT i FROM s ORDER BY i") == [(1,), (2,)]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("nonsense", InputError),
        ("[]", InputError),
        ('{"type":"STRANGE"}', InputError),
        ('{"type":"SCHEMA","stream":"s"}', InputError),
        ('{"type":"RECORD","stream":"s","record":5}', InputError),
        ('{"type":"RECORD","stream":"t","record":{}}', RecordsWithoutSchemaException),
        ('{"type":"RECORD","stream":"s","record":{"i":' + "[" * 9000 + "]" * 9000 + "}}", InputError),
        ('{"type":"ACTIVATE_VERSION","stream":"s"}', InvalidInputLine),
        ('{"type":"BATCH","stream":"s"}', InvalidInputLine),
        ('{"type":"RECORD","stream":"s","record":{"t":"no key"}}', MissingKeyPropertiesError),
        (
            '{"type":"SCHEMA","stream":"x","schema":{"properties":{}},"key_properties":["k"]}',
            MissingKeyPropertiesError,
        ),
    ],
)
def test_an_input_that_is_no_singer_stream_is_said_to_be_none(load, line, error):
    with pytest.raises(error):
        load(schema({"i": "integer", "t": "string"}, ["i"]), line)


FORMS = [
    '{"type": "RECORD", "stream": "s", %s}',
    '{%s, "stream":"s","type":"RECORD"}',
    '  {"stream":"s","type":"RECORD",%s}',
]


@pytest.mark.parametrize("form", FORMS)
def test_record_lines_in_any_form_are_read(load, form):
    lines = [form % f'"time_extracted":"2026-01-01T00:00:00Z", "record" : {{"i":{i},"record":"x"}}' for i in range(3)]
    load(schema({"i": "integer", "record": "string"}, ["i"]), *lines)
    assert load.rows("SELECT i, record FROM s ORDER BY i") == [(0, "x"), (1, "x"), (2, "x")]


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd", None])
@pytest.mark.parametrize("maps", [{}, {"s": {"i": "i"}}])
def test_batch_files_of_json_lines(load, tmp_path, compression, maps):
    lines = '{"i":1,"d":"1.10","o":{"x":1.10}}\n{"i":2,"d":null}\n'
    path = tmp_path / "batch.jsonl"
    if compression == "zstd":
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE t AS SELECT unnest(?) AS l", [lines.splitlines()])
            connection.execute(
                f"COPY t TO '{path}' (FORMAT csv, HEADER false, QUOTE '', DELIMITER '\t', COMPRESSION zstd)"
            )
    else:
        path.write_bytes(gzip.compress(lines.encode()) if compression == "gzip" else lines.encode())
    encoding = {"format": "jsonl", "compression": compression}
    batch = {"type": "BATCH", "stream": "s", "encoding": encoding, "manifest": [f"file://{path}"]}
    load(
        schema({"i": "integer", "d": DECIMAL, "o": "object"}, ["i"]),
        batch,
        {"type": "STATE", "value": 1},
        stream_maps=maps,
    )
    assert load.rows("SELECT i, d FROM s ORDER BY i") == [(1, Decimal("1.1")), (2, None)]
    if not maps:
        assert load.rows("SELECT o FROM s WHERE i = 1") == [('{"x":1.10}',)]
    assert load.states == [1]


def test_batch_files_of_parquet(load, tmp_path):
    path = tmp_path / "batch.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 9223372036854775807 AS i, 12345678901234567890.123456789::DECIMAL(38,9) AS d, "
            f"{{'x': [1]}} AS o, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS t) TO '{path}' (FORMAT parquet)"
        )
    batch = {"type": "BATCH", "stream": "s", "encoding": {"format": "parquet"}, "manifest": [str(path)]}
    load(
        schema({"i": "integer", "d": DECIMAL, "o": "object", "t": {"type": "string", "format": "date-time"}}, ["i"]),
        batch,
    )
    found = load.rows("SELECT i, d, o, epoch_ms(t), _sdc_rejected FROM s")
    assert found == [(2**63 - 1, Decimal("12345678901234567890.123456789"), '{"x":[1]}', 1767225600000, None)]


def test_a_batch_file_that_is_not_there_is_named(load, tmp_path):
    encoding = {"format": "jsonl", "compression": "none"}
    batch = {"type": "BATCH", "stream": "s", "encoding": encoding, "manifest": [f"file://{tmp_path}/none.jsonl"]}
    with pytest.raises(InputError, match=r"none\.jsonl cannot be read"):
        load(schema({"i": "integer"}), batch)


@pytest.mark.skipif(not hasattr(fcntl, "F_GETPIPE_SZ"), reason="this system cannot say how wide a pipe is")
def test_a_tap_may_write_on_while_a_transaction_is_written():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as tap:
        tap.write(b'{"type":"X"}\n')
        tap.close()
        assert LineReader().process_lines(source, {"X": lambda _message: None}) == {"X": 1, "RECORD": 0}
        assert fcntl.fcntl(source.fileno(), fcntl.F_GETPIPE_SZ) == 1 << 20


def test_a_thousand_columns_need_no_setting_and_a_limit_that_is_set_is_kept(load):
    names = [f"c{number}" for number in range(1000)]
    wide = [record(**dict.fromkeys(names, str(row))) for row in range(20)]
    load(schema(dict.fromkeys(names, "string")), *wide)
    assert load.rows("SELECT count(*), count(c0), count(DISTINCT c999) FROM s") == [(20, 20, 20)]
    with pytest.raises(WriteError, match="raise memory_limit"):
        load(schema(dict.fromkeys(names, "string"), (), "small"), *[wide[0] | {"stream": "small"}], memory_limit="1MB")


def test_a_transaction_that_needed_more_memory_is_done_once(load, monkeypatch):
    monkeypatch.setattr("target_duckdb_exact.database.LIMITS", ("1MB", "6MB", "12MB"))
    rows = [record(n=number, t=f"{number}" * 100) for number in range(20_000)]
    load(schema({"n": "integer", "t": "string"}), *rows)
    assert load.target.database._limits != ["6MB", "12MB", None]
    assert load.rows("SELECT count(*), count(DISTINCT n), sum(n) FROM s") == [(20_000, 20_000, 199_990_000)]


@pytest.mark.parametrize("limit", [3000, 8000, 9000])
def test_a_commit_that_finds_no_memory_leaves_no_conflict_to_the_next_one(tmp_path, monkeypatch, limit):
    database = Database(str(tmp_path / "a.duckdb"))
    tables = [f"t{number}" for number in range(24)]

    def make(connection):
        for table in tables:
            connection.execute(
                f"CREATE TABLE {table} AS SELECT i, repeat(md5(i::VARCHAR), 12) AS s, 0 AS n FROM range(2000) r(i)"
            )

    def write(connection):
        for table in tables:
            connection.execute(f"CREATE TEMP TABLE v AS SELECT i, s, n + 1 AS n FROM {table} WHERE i % 3 > 0")
            connection.execute(f"DELETE FROM {table} USING v WHERE {table}.i = v.i")
            connection.execute(f"INSERT INTO {table} SELECT * FROM v")
            connection.execute("DROP TABLE v")

    database.connection.execute("SET memory_limit = '1GB'")
    database.run(make)
    database.close()
    monkeypatch.setattr("target_duckdb_exact.database.LIMITS", (f"{limit}KB", "64MB"))
    database = Database(str(tmp_path / "a.duckdb"))
    for _ in range(2):
        database.run(write)
    asked = " UNION ALL ".join(f"SELECT i, n FROM {table}" for table in tables)
    found = database.connection.execute(f"SELECT n, count(*), count(DISTINCT i) FROM ({asked}) GROUP BY n ORDER BY n")
    assert found.fetchall() == [(0, 24 * 667, 667), (2, 24 * 1333, 1333)]
    database.close()
