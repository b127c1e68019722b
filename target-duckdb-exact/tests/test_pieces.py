"""Rows that are packed in pieces while they wait: the table is the same, however they were packed and written."""

import json
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loading import record, schema
from target_duckdb_exact import database, sink, target

DECIMAL = {"type": ["string", "null"], "format": "x-singer.decimal"}
FEED = schema(
    {
        "k": {"type": "string"},
        "d": DECIMAL,
        "t": {"type": ["string", "null"], "format": "date-time"},
        "n": {"type": ["integer", "null"]},
        "b": {"type": ["boolean", "null"]},
        "o": {"type": ["object", "null"]},
    },
    ["k"],
)
RECORDS = st.fixed_dictionaries(
    {
        "k": st.sampled_from("abcdef"),
        "d": st.sampled_from([None, "1.5", "2.25", "none at all"]),
        "t": st.sampled_from([None, "2026-01-02T03:04:05Z", "tomorrow"]),
        "n": st.none() | st.integers(-9, 9),
        "b": st.sampled_from([None, True, False]),
        "o": st.sampled_from([None, {}, {"a": "ä"}]),
    }
)
UNFIT = {"none at all", "tomorrow"}


def wished(records):
    """The last record of each key, what does not fit being null."""
    last = {each["k"]: each for each in records}
    return [
        tuple(
            None if not isinstance(value, dict) and value in UNFIT else value for value in map(last[key].get, "kdtnbo")
        )
        for key in sorted(last)
    ]


def held(load):
    found = load.rows("SELECT k, d, t::VARCHAR, n, b, o FROM s ORDER BY k")
    return [
        (
            key,
            None if amount is None else f"{amount.normalize():f}",
            time and "2026-01-02T03:04:05Z",
            *rest,
            None if nested is None else json.loads(nested),
        )
        for key, amount, time, *rest, nested in found
    ]


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(RECORDS, min_size=1, max_size=12), size=st.sampled_from([1, 150, 400, 1 << 20]))
def test_of_each_key_the_last_row_is_kept_however_rows_were_packed(load, monkeypatch, records, size):
    load.path.unlink(missing_ok=True)
    monkeypatch.setattr(sink, "PIECE_BYTES", size)
    load(FEED, *(record(**each) for each in records))
    assert held(load) == wished(records)
    (rejected,) = load.rows("SELECT count(_sdc_rejected) FROM s")[0]
    last = {each["k"]: each for each in records}
    assert rejected == sum(1 for each in last.values() if {each["d"], each["t"]} & UNFIT)


def test_sequence_numbers_rise_over_pieces(load, monkeypatch):
    monkeypatch.setattr(sink, "PIECE_BYTES", 1)
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_000_000_000)
    load(schema({"n": "integer"}), *(record(n=number) for number in range(50)))
    assert load.rows("SELECT n FROM s ORDER BY _sdc_sequence") == [(number,) for number in range(50)]
    assert load.rows("SELECT count(DISTINCT _sdc_sequence) FROM s") == [(50,)]


def test_rows_that_fill_row_groups_go_into_the_file_and_not_through_its_log(load, monkeypatch):
    sizes = []
    close = database.Database.close

    def measured(self):
        log = load.path.with_name(f"{load.path.name}.wal")
        sizes.append(log.stat().st_size if log.exists() else 0)
        close(self)

    monkeypatch.setattr(database.Database, "close", measured)
    monkeypatch.setattr(target, "BATCH_BYTES", 1)
    rows = [record(n=number, t=f"{number}" * 50) for number in range(3 * 3_448)]
    load(schema({"n": "integer", "t": "string"}), *rows)
    assert load.rows("SELECT count(*), sum(n) FROM s") == [(len(rows), sum(range(len(rows))))]
    assert 0 < sizes[0] < 20_000  # of some two megabytes
    assert not load.path.with_name(f"{load.path.name}.wal").exists()


@pytest.mark.parametrize("rows", [0, 1_399, 1_400, 2_048, 2_049, 3_447, 3_448, 4_095, 4_096])
def test_row_groups_are_filled_when_the_last_one_would_not_be_merged(rows):
    assert database.filled(rows) == (rows in {3_448, 4_095})


@pytest.mark.slow
def test_files_that_other_programs_wrote_to_in_between_stay_whole(load):
    expected = {}
    for day in range(4):
        rows = {number: f"{day}-{number}" for number in range(day * 1_000, day * 1_000 + 6_000)}
        load(
            schema({"n": "integer", "t": "string", "a": DECIMAL}, ["n"]),
            *(record(n=number, t=text, a="0.1") for number, text in rows.items()),
        )
        expected |= rows
        with duckdb.connect(str(load.path)) as other:  # with row groups of its own size
            other.execute(f"CREATE TABLE mart_{day} AS SELECT * FROM s")
            other.execute("CHECKPOINT")
        assert dict(load.rows("SELECT n, t FROM s")) == expected
        assert load.rows("SELECT count(*), sum(a) FROM s") == [(len(expected), Decimal(len(expected)) / 10)]


@pytest.mark.parametrize("method", ["upsert", "append-only", "overwrite"])
def test_the_file_is_opened_anew_as_a_load_grows_and_nothing_is_lost(load, monkeypatch, method):
    opened, plainly = [], database.Database._opened
    monkeypatch.setattr(database.Database, "_opened", lambda self: opened.append(self) or plainly(self))
    monkeypatch.setattr(target, "REOPEN_BYTES", 200)
    rows = [record(n=number, t="x" * 50) for number in range(12)]
    states = [{"type": "STATE", "value": number} for number in range(12)]
    feed = [message for pair in zip(rows, states, strict=True) for message in pair]
    load(schema({"n": "integer", "t": "string"}, ["n"]), *feed, batch_size_rows=1, load_method=method)
    assert load.rows("SELECT n FROM s ORDER BY n") == [(number,) for number in range(12)]
    assert load.states == ([11] if method == "overwrite" else list(range(12)))
    assert len(opened) == 6 + (method == "overwrite")  # after every other row, and for what waits for the end
