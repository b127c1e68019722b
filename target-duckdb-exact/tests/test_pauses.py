"""When the input pauses, what has come is committed, and whoever asks may read the file."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loading import record, schema
from target_duckdb_exact import database
from target_duckdb_exact.errors import UnavailableError
from target_duckdb_exact.target import TargetDuckDB

SCHEMA = schema({"i": "integer"}, ["i"])
READS = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(1, flush=True); sys.stdin.read()"


def state(number):
    return {"type": "STATE", "value": {"n": number}}


def line_of(message):
    return json.dumps(message).encode() + b"\n"


def count(path):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute("SELECT count(*) FROM s").fetchone()[0]


@contextlib.contextmanager
def loader(folder, **config):
    """A loader whose input stays open."""
    file = folder / "config.json"
    file.write_text(json.dumps({"path": str(folder / "d.duckdb"), **config}))
    process = subprocess.Popen(
        [sys.executable, "-m", "target_duckdb_exact", "--config", str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        yield process
        process.stdin.close()


def say(process, *messages):
    process.stdin.write(b"".join(map(line_of, messages)))
    process.stdin.flush()


@contextlib.contextmanager
def somebody_reads(path):
    """Another process has the file open for reading."""
    with subprocess.Popen(
        [sys.executable, "-c", READS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"1\n"
        yield
        process.stdin.close()


@pytest.mark.slow
def test_a_row_is_committed_and_its_state_out_though_the_tap_says_nothing_more(tmp_path):
    with loader(tmp_path) as process:
        say(process, SCHEMA, record(i=1), state(1))
        assert json.loads(process.stdout.readline()) == {"n": 1}
        say(process, record(i=2), state(2))
        assert json.loads(process.stdout.readline()) == {"n": 2}
    assert process.returncode == 0
    assert count(tmp_path / "d.duckdb") == 2


def test_rows_wait_a_second_at_most_once_nothing_else_comes_and_pages_one_by_one_are_no_pause(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("target_duckdb_exact.target.time.monotonic", lambda: now[0])
    target = TargetDuckDB(config={"path": str(tmp_path / "d.duckdb")})
    patience = []
    for now[0] in (100.0, 100.25, 101.0, 102.9, 103.0, 130.0):
        patience.append(target.message_reader.patience())
    target.flush()
    patience.append(target.message_reader.patience())
    target.database.close()
    assert patience == [1.0, 0.75, 0.2, 0.2, 0.0, 0.0, 1.0]


@pytest.mark.slow
def test_a_shared_file_is_read_while_the_tap_pauses_and_written_when_nobody_reads_it(tmp_path):
    path = tmp_path / "d.duckdb"
    with loader(tmp_path, share_file=True) as process:
        say(process, SCHEMA, record(i=1), state(1))
        assert json.loads(process.stdout.readline()) == {"n": 1}
        released(path)
        with somebody_reads(path):
            say(process, record(i=2), state(2))
        assert json.loads(process.stdout.readline()) == {"n": 2}
        released(path)
        assert count(path) == 2
    assert process.returncode == 0


def released(path):
    """Waits until the loader, which has just committed, has let go of the file."""
    for _ in range(10_000):
        with contextlib.suppress(duckdb.IOException):
            return count(path)
    raise AssertionError("the file was not released")


@pytest.mark.slow
def test_a_shared_file_that_somebody_keeps_open_ends_the_load_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "READER_SECONDS", 0.0)
    path = tmp_path / "d.duckdb"
    file = database.Database(str(path))
    file.release()
    sentence = r"has kept .* open for a minute: let it close the file between"
    with somebody_reads(path), pytest.raises(UnavailableError, match=sentence):
        file.run(lambda connection: connection.execute("CREATE TABLE t (i INTEGER)"))
    assert file.run(lambda connection: connection.execute("SELECT 1").fetchall()) == [(1,)]
    file.close()


@pytest.mark.slow
def test_a_shared_file_that_somebody_reads_as_the_loader_starts_is_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "d.duckdb"
    database.Database(str(path)).close()
    waits = []
    with contextlib.ExitStack() as reading:
        reading.enter_context(somebody_reads(path))

        def wait(seconds):
            waits.append(seconds)
            reading.close()

        monkeypatch.setattr(database.time, "sleep", wait)
        target = TargetDuckDB(config={"path": str(path), "share_file": True})
    assert target.database.run(lambda connection: connection.execute("SELECT 1").fetchall()) == [(1,)]
    assert waits == [database.AGAIN_SECONDS]
    target.database.close()


def test_a_damaged_file_is_not_taken_for_one_that_somebody_has(tmp_path):
    path = tmp_path / "locked.duckdb"
    database.Database(str(path)).close()
    damaged = bytearray(path.read_bytes())
    damaged[100] ^= 0xFF
    path.write_bytes(damaged)
    for shared in (False, True):
        with pytest.raises(UnavailableError, match="check that it is a DuckDB file"):
            database.Database(str(path), shared=shared)


FEED = b"".join(
    line_of(message)
    for number in range(6)
    for message in (SCHEMA, record(i=number), record(i=number + 100), state(number))
)


@settings(max_examples=25)
@given(cuts=st.sets(st.integers(1, len(FEED) - 1), max_size=12), shared=st.booleans())
def test_pauses_anywhere_lose_nothing_and_no_state_is_before_its_rows(cuts, shared, tmp_path_factory):
    path = tmp_path_factory.mktemp("pauses") / "d.duckdb"
    pieces = [FEED[begin:end] for begin, end in itertools.pairwise([0, *sorted(cuts), len(FEED)])]
    source, sink = os.pipe()
    target = TargetDuckDB(config={"path": str(path), "share_file": shared})
    paused = threading.Semaphore(0)
    seen = []

    def write():
        for piece in pieces:
            os.write(sink, piece)
            paused.acquire()
        os.close(sink)

    def passed(value):
        seen.append((value["n"], target.database.connection.execute("SELECT count(*) FROM s").fetchone()[0]))

    def pause():
        target._paused()
        paused.release()

    target.message_reader.paused = pause
    target._write_state_message = passed
    target.message_reader.patience = lambda: 0.0
    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(source, "rb") as given_input:
        target.listen(given_input)
    writer.join()
    target.database.close()
    assert count(path) == 12
    assert seen[-1] == (5, 12)
    assert all(rows >= 2 * (number + 1) for number, rows in seen)
