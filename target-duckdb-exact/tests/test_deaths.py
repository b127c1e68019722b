"""What is left, and what is said, when something dies."""

import json
import os
import subprocess
import sys

import duckdb
import pytest
from loading import record, schema
from random_kills import ROWS, held, kills, run
from target_duckdb_exact.database import Database

COMMAND = [sys.executable, "-m", "target_duckdb_exact"]


def start(feed, folder, **config):
    path = folder / "config.json"
    path.write_text(json.dumps({"path": str(folder / "d.duckdb"), **config}))
    text = "".join(json.dumps(message) + "\n" for message in feed)
    return subprocess.run([*COMMAND, "--config", str(path)], input=text, capture_output=True, text=True, check=False)


FEED = [schema({"i": "integer", "t": "string"}, ["i"]), record(i=1, t="a"), {"type": "STATE", "value": {"n": 1}}]


def said(ended):
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("target-duckdb-exact: ")]
    assert "Traceback" not in ended.stderr
    return line


@pytest.mark.slow
@pytest.mark.parametrize("files", [False, True])
def test_killed_again_and_again_the_tables_end_up_the_same(tmp_path, files):
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    assert run(tmp_path / "whole", 0) == ROWS
    kills(3, 11, tmp_path / "killed", files=files)
    assert held(tmp_path / "killed" / "kills.duckdb") == held(tmp_path / "whole" / "kills.duckdb")


def test_a_new_file_is_never_seen_before_it_is_a_database(tmp_path, monkeypatch):
    opened = []
    connect, file = duckdb.connect, tmp_path / "new" / "d.duckdb"
    monkeypatch.setattr(duckdb, "connect", lambda path: opened.append((path, file.exists())) or connect(path))
    Database(str(file)).close()
    assert [there for _, there in opened] == [False, True]  # made elsewhere, and attached only then
    assert str(file) not in {path for path, _ in opened}
    assert [name.name for name in (tmp_path / "new").iterdir()] == ["d.duckdb"]


@pytest.mark.slow
def test_when_nobody_reads_the_states_what_was_committed_stays(tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"path": str(tmp_path / "d.duckdb"), "batch_size_rows": 1}))
    process = subprocess.Popen(
        [*COMMAND, "--config", str(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    _, words = process.communicate("".join(json.dumps(message) + "\n" for message in FEED).encode())
    assert process.returncode == 1
    assert "The program that read the states has stopped; what was committed stays." in words.decode()
    assert "Traceback" not in words.decode()
    with duckdb.connect(str(tmp_path / "d.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT i, t FROM s").fetchall() == [(1, "a")]


@pytest.mark.slow
def test_a_file_that_another_process_writes_is_said_to_be_locked(tmp_path):
    held_open = duckdb.connect(str(tmp_path / "d.duckdb"))
    ended = start(FEED, tmp_path)
    held_open.close()
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "Another process has" in said(ended)
    assert start(FEED, tmp_path).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_only_be_read_is_said_so(tmp_path):
    duckdb.connect(str(tmp_path / "d.duckdb")).close()
    (tmp_path / "d.duckdb").chmod(0o444)
    ended = start(FEED, tmp_path)
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "cannot be opened for writing" in said(ended)


@pytest.mark.slow
def test_what_is_no_duckdb_file_is_left_as_it_is(tmp_path):
    (tmp_path / "d.duckdb").write_text("a diary" * 1000)
    ended = start(FEED, tmp_path)
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "cannot be opened for writing" in said(ended)
    assert (tmp_path / "d.duckdb").read_text() == "a diary" * 1000


@pytest.mark.slow
def test_settings_and_input_that_are_wrong_have_their_exit_codes(tmp_path):
    assert start(FEED, tmp_path, load_method="sideways").returncode == 2
    ended = start([*FEED, {"type": "RECORD", "stream": "t", "record": {}}], tmp_path, batch_size_rows=1)
    assert (ended.returncode, ended.stdout) == (3, '{"n":1}\n')
    assert "t" in said(ended)


@pytest.mark.slow
@pytest.mark.skipif(not os.path.ismount("/dev/shm") or os.getuid() != 0, reason="needs root to mount a small disk")
def test_a_full_disk_keeps_what_was_committed_and_its_state(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        feed = [FEED[0]]
        for number in range(400):
            feed += [record(i=number, t=os.urandom(10_000).hex()), {"type": "STATE", "value": number}]
        ended = start(feed, disk, batch_size_rows=10)
        assert ended.returncode == 5
        assert "is full" in said(ended)
        last = int(ended.stdout.splitlines()[-1])
        with duckdb.connect(str(disk / "d.duckdb"), read_only=True) as connection:
            (count,) = connection.execute("SELECT count(*) FROM s").fetchone()
        assert count >= last + 1 >= 10
    finally:
        subprocess.run(["umount", disk], check=True)
