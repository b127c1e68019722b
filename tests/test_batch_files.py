"""Records through files: what a loader has afterwards is what it has of messages."""

import io
import itertools
import json
import random
import signal

import duckdb
import pytest
from target_duckdb_exact.target import TargetDuckDB

STREAMS = ("orders", "products", "returns", "statements", "unsettled_transactions")
ENCODINGS = [
    {},
    {"compression": "none"},
    {"compression": "gzip"},
    {"compression": "zstd"},
    {"format": "parquet"},
    {"format": "parquet", "compression": "gzip"},
    {"format": "parquet", "compression": "zstd"},
]

OF_THE_LOADER = {
    f"_sdc_{name}" for name in ("extracted_at", "received_at", "batched_at", "sequence", "sync_started_at")
}
"""Columns that differ from run to run."""


def loaded(text, path, streams=STREAMS):
    """Stream -> its rows, after the target has read the messages."""
    target = TargetDuckDB(config={"path": str(path)})
    try:
        target.listen(io.BytesIO(text.encode()))
    finally:
        target.database.close()
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return {stream: table(connection, stream) for stream in streams}


def table(connection, stream):
    found = connection.execute(f"SELECT column_name FROM (DESCRIBE {stream}) ORDER BY 1").fetchall()
    names = ", ".join(f'"{name}"::VARCHAR' for (name,) in found if name not in OF_THE_LOADER)
    return [names, *sorted(map(str, connection.execute(f"SELECT {names} FROM {stream}").fetchall()))]


@pytest.fixture(scope="module")
def small(make_lab, tmp_path_factory):
    with make_lab(tmp_path_factory.mktemp("small"), orders=60, shops=1) as lab:
        yield lab


@pytest.fixture(scope="module")
def plain(small, tmp_path_factory):
    run = small.run(streams=STREAMS)
    return run, loaded(run.output, tmp_path_factory.mktemp("plain") / "plain.duckdb")


def batches(folder, size=25, **encoding):
    storage = {"root": str(folder / "files of a run"), "prefix": "p-"}
    return {"encoding": encoding, "storage": storage, "batch_size": size}


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: "-".join(encoding.values()) or "default")
def test_a_loader_has_the_same_rows_and_values_of_files_of_each_encoding(small, plain, tmp_path, encoding):
    run = small.run(streams=STREAMS, batch_config=batches(tmp_path, **encoding))
    kinds = {message["type"] for message in run.messages}
    assert kinds == {"SCHEMA", "BATCH", "STATE"}
    found = loaded(run.output, tmp_path / "files.duckdb")
    assert {stream: len(rows) for stream, rows in found.items()} == {
        stream: len(rows) for stream, rows in plain[1].items()
    }
    assert found == plain[1]
    assert run.state["bookmarks"] == plain[0].state["bookmarks"]
    assert len([message for message in run.messages if message["type"] == "BATCH"]) > len(STREAMS)


def test_the_next_run_removes_the_files_of_the_last_one(small, tmp_path):
    settings = batches(tmp_path)
    first = small.run(streams=STREAMS, batch_config=settings)
    folder = tmp_path / "files of a run"
    before = {path.name for path in folder.iterdir()}
    (folder / "somebody's").write_bytes(b"")
    small.run(first.state, streams=STREAMS, batch_config=settings)
    after = {path.name for path in folder.iterdir()}
    assert before
    assert not before & after
    assert "somebody's" in after


@pytest.mark.slow
def test_a_run_that_an_error_ends_in_the_middle_hands_over_what_it_has_read(small, plain, tmp_path):
    *_, last = (record["id"] for record in plain[0].records("orders"))
    maps = {"orders": {"worth": f"1 / (0 if id == '{last}' else 1)"}}
    run = small.process(streams=("orders",), stream_maps=maps, batch_config=batches(tmp_path, size=1000))
    (batch,) = [message for message in run.messages if message["type"] == "BATCH"]
    (file,) = (tmp_path / "files of a run").iterdir()
    assert batch["manifest"][0].endswith(file.name)
    assert len(file.read_text(encoding="utf8").split("\n")) - 1 == len(plain[0].records("orders")) - 1
    assert run.code == 2


def unpacked(folder, lines):
    """The messages of a run with the records of its files in the place of those that tell of them."""
    for line in lines:
        message = json.loads(line)
        if message["type"] != "BATCH":
            yield line.decode()
            continue
        for url in message["manifest"]:
            for row in (folder / url.rpartition("/")[2]).read_text(encoding="utf8").splitlines():
                yield f'{{"type":"RECORD","stream":"{message["stream"]}","record":{row}}}'


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_stopped_again_and_again_a_run_announces_whole_files_only_and_nothing_is_lost(small, plain, tmp_path, number):
    """What is in an open file when the signal comes is handed over; a loader has every row by the last run's end."""
    settings = batches(tmp_path, size=20)
    folder = tmp_path / "files of a run"
    state, text, codes = {}, [], []
    for stop_after in (6, 9, 12, None):
        started = small.start(state, streams=STREAMS, batch_config=settings)
        lines = list(itertools.islice(started.stdout, stop_after))
        if stop_after is not None:
            started.send_signal(number)
        lines += list(started.stdout)
        assert b"Traceback" not in started.communicate(timeout=60)[1]
        codes.append(started.returncode)
        assert not list(folder.glob("*.part")), "no file is left half"
        assert all(line.endswith(b"\n") for line in lines)
        text += unpacked(folder, lines)
        announced = {url.rpartition("/")[2] for line in lines for url in json.loads(line).get("manifest", ())}
        states = [json.loads(line)["value"] for line in lines if b'"STATE"' in line[:20]]
        state = states[-1] if states else state
        assert announced <= {path.name for path in folder.iterdir()}
        mine = [path.name for path in folder.iterdir() if path.name.split("-")[4] == state["batch_run"]]
        assert set(mine) == announced, "files that nobody was told of"
    assert codes == [128 + number] * 3 + [0]
    assert loaded("\n".join(text), tmp_path / "stopped.duckdb") == plain[1]


@pytest.mark.slow
def test_killed_at_random_moments_and_gone_on_with_the_rows_are_those_of_one_clean_run(small, plain, tmp_path):
    """The loader takes each BATCH as it comes; what a killed run left beside those is removed by the next."""
    dice, state, text = random.Random(18), {}, []
    settings = batches(tmp_path, size=5)
    folder = tmp_path / "files of a run"
    for kill_after in itertools.chain((dice.randint(5, 30) for _ in range(5)), [10_000]):
        started = small.start(state, streams=STREAMS, batch_config=settings)
        for number, line in enumerate(started.stdout):
            message = json.loads(line)
            if message["type"] == "BATCH":
                for url in message["manifest"]:
                    name = url.rpartition("/")[2]
                    rows = (folder / name).read_text(encoding="utf8").splitlines()
                    text += [f'{{"type":"RECORD","stream":"{message["stream"]}","record":{row}}}' for row in rows]
            else:
                text.append(line.decode())
                state = message["value"] if message["type"] == "STATE" else state
            if number == kill_after:
                started.kill()
                break
        started.communicate()
    found = loaded("\n".join(text), tmp_path / "killed.duckdb")
    assert found == plain[1]
    assert not list(folder.glob("*.part"))
    assert {path.name.split("-")[4] for path in folder.iterdir()} == {state["batch_run"]}
