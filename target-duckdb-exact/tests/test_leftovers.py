"""Folders for a moment: what a kill leaves behind goes with the next run, and nothing else does."""

import signal
import subprocess
import sys

import pytest
from target_duckdb_exact import batches
from target_duckdb_exact.database import Database
from target_duckdb_exact.leftovers import clear, folder

KILLED = """
import os, sys
from pathlib import Path
from target_duckdb_exact.leftovers import folder
with folder(Path(sys.argv[1]), sys.argv[2]) as made:
    (made / "new").write_text("half a file")
    os.kill(os.getpid(), 9)
"""


def killed(parent, prefix):
    ended = subprocess.run([sys.executable, "-c", KILLED, str(parent), prefix], check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("there", [False, True])
def test_the_next_run_clears_what_a_kill_left_while_the_file_was_made(tmp_path, there):
    path = tmp_path / "d.duckdb"
    if there:
        Database(str(path)).close()
    killed(tmp_path, ".d.duckdb-making-")
    assert len(list(tmp_path.glob(".d.duckdb-making-*/new"))) == 1
    Database(str(path)).close()
    assert [each.name for each in tmp_path.iterdir()] == ["d.duckdb"]


def test_the_folder_of_a_process_that_lives_stays(tmp_path):
    with folder(tmp_path, "x-") as made:
        clear(tmp_path, "x-")
        assert made.is_dir()
    assert list(tmp_path.iterdir()) == []


KEPT = {
    "another name": ("y-abcdefgh/new", ""),
    "a name that a person gave": ("x-backup/new", ""),
    "a longer name": ("x-abcdefgh.old/new", ""),
    "a file of somebody else's": ("x-abcdefgh/diary", ""),
    "a file of this name": ("x-abcdefgh", ""),
    "a link to a folder": ("elsewhere/new", "x-abcdefgh"),
}


@pytest.mark.parametrize(("file", "link"), KEPT.values(), ids=KEPT)
def test_what_is_no_such_folder_is_left_alone(tmp_path, file, link):
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    if path.name == "diary":
        (path.parent / "new").write_text("mine, too")
    if link:
        (tmp_path / link).symlink_to(path.parent)
    clear(tmp_path, "x-")
    assert path.read_text() == "mine"
    assert not link or (tmp_path / link).is_symlink()
    assert path.name != "diary" or (path.parent / "new").exists()


def test_the_next_run_clears_the_copies_that_a_kill_left_of_batch_files(tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    killed(tmp_path, batches.COPIES)
    assert len(list(tmp_path.iterdir())) == 1
    file = tmp_path_factory.mktemp("elsewhere") / "f.jsonl"
    file.write_bytes(b'{"a":1}\n')
    batches._clear_copies.cache_clear()
    found = list(batches.records_of({"format": "jsonl"}, [f"local://{file}"], None))
    assert found == [b'{"a":1}\n']
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_another_process_takes_for_a_leftover_is_made_anew(tmp_path, monkeypatch):
    taken = []

    def stolen(found):
        taken.append(found)
        return None if len(taken) == 1 else locked(found)

    locked = sys.modules[folder.__module__]._locked
    monkeypatch.setattr(sys.modules[folder.__module__], "_locked", stolen)
    with folder(tmp_path, "x-") as made:
        assert made == taken[1]
        assert list(tmp_path.iterdir()) == [made]


def test_where_nothing_can_be_locked_nothing_is_cleared_away(tmp_path, monkeypatch):
    monkeypatch.setattr("fcntl.flock", unsupported)
    with folder(tmp_path, "x-") as made:
        monkeypatch.undo()
        clear(tmp_path, "x-")
        assert list(tmp_path.iterdir()) == [made]


def unsupported(_descriptor, _operation):
    raise OSError(95, "Operation not supported")
