"""Files that hold a token pair: private, whole, and never replaced by accident."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest
from tiktokshop_client import FileStore, MemoryStore, ReadOnlyStore, Secret, Token
from tiktokshop_client.errors import ConfigurationError

TOKEN = Token(
    Secret("access-1"),
    Secret("refresh-1"),
    access_expires_at=1_700_600_000,
    refresh_expires_at=4_854_580_847,
    issued_at=1_700_000_000,
    seed="f00d",
    open_id="701",
    seller_name="Tea & Co é",
    region="GB",
    granted_scopes=("seller.order.info", "serller.product.optimize"),
)


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("token", [TOKEN, Token(Secret("access-only"))])
def test_a_pair_comes_back_as_it_was_written(tmp_path, token):
    store = FileStore(tmp_path / "tokens.json")
    assert store.read() is None
    store.write(token)
    assert FileStore(tmp_path / "tokens.json").read() == token
    assert ReadOnlyStore(tmp_path / "tokens.json").read() == token


def test_only_the_owner_can_read_file_and_folder(tmp_path):
    path = tmp_path / "a" / "b" / "tokens.json"
    old = os.umask(0)
    try:
        store = FileStore(path)
        with store.locked():
            store.write(TOKEN)
    finally:
        os.umask(old)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700


def test_a_file_that_others_can_read_is_tightened_and_reported(tmp_path, caplog):
    path = tmp_path / "tokens.json"
    FileStore(path).write(TOKEN)
    path.chmod(0o644)
    assert FileStore(path).read() == TOKEN
    assert mode(path) == 0o600
    assert "could be read by others" in caplog.text
    assert "access-1" not in caplog.text


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"access_token": 1, "seed": "x"}', b"\xff", b"null"])
@pytest.mark.parametrize("kind", [FileStore, ReadOnlyStore])
def test_a_broken_file_is_named_and_left_as_it_is(tmp_path, content, kind):
    path = tmp_path / "tokens.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match=r"tokens\.json does not hold a token pair") as caught:
        kind(path).read()
    assert path.read_bytes() == content
    assert caught.value.__context__ is None


def test_what_a_later_version_adds_to_the_file_does_not_hurt(tmp_path):
    path = tmp_path / "tokens.json"
    FileStore(path).write(TOKEN)
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "later": [1]}), "utf-8")
    assert FileStore(path).read() == TOKEN


def test_a_write_replaces_the_file_in_one_step(tmp_path, monkeypatch):
    path = tmp_path / "tokens.json"
    store = FileStore(path)
    store.write(TOKEN)
    steps: list[str] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: steps.append("fsync") or fsync(handle))
    replace = type(path).replace

    def watched(source, target):
        steps.append("replace")
        assert json.loads(path.read_bytes())["access_token"] == "access-1"
        return replace(source, target)

    monkeypatch.setattr(type(path), "replace", watched)
    store.write(Token(Secret("access-2")))
    assert steps == ["fsync", "replace", "fsync"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["tokens.json"]


def test_a_link_to_the_file_stays_a_link(tmp_path):
    real = tmp_path / "real.json"
    link = tmp_path / "link.json"
    link.symlink_to(real)
    FileStore(link).write(TOKEN)
    assert link.is_symlink()
    assert FileStore(real).read() == TOKEN


def test_a_store_that_cannot_be_written_says_so_before_it_matters(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = FileStore(tmp_path / "file" / "tokens.json")
    with pytest.raises(ConfigurationError, match=r"cannot be written .*choose another file with the setting"):
        store.check_writable()
    with pytest.raises(ConfigurationError, match="cannot be written"), store.locked():
        pass


def test_checking_leaves_nothing_behind(tmp_path):
    FileStore(tmp_path / "tokens.json").check_writable()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_place_of_the_file_is_reported(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        FileStore(tmp_path).read()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ReadOnlyStore(tmp_path).read()


def test_a_read_only_store_writes_nothing(tmp_path):
    store = ReadOnlyStore(tmp_path / "tokens.json")
    with store.locked(), pytest.raises(ConfigurationError, match="let the program that owns the store refresh it"):
        store.write(TOKEN)
    assert list(tmp_path.iterdir()) == []
    assert store.read() is None


def test_memory_keeps_the_last_pair():
    store = MemoryStore()
    assert store.read() is None
    store.check_writable()
    with store.locked():
        store.write(TOKEN)
    assert store.read() is TOKEN


@pytest.mark.slow
def test_the_lock_keeps_another_process_out(tmp_path):
    path = tmp_path / "tokens.json"
    script = (
        "import sys, pathlib, filelock\n"
        "from tiktokshop_client.stores import store\n"
        "store.LOCK_TIMEOUT = 0.1\n"
        "try:\n"
        "    with store.FileStore(pathlib.Path(sys.argv[1])).locked():\n"
        "        print('in')\n"
        "except store.TransientError as error:\n"
        "    print(error)\n"
    )

    def other() -> str:
        run = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
        return run.stdout

    with FileStore(path).locked():
        assert "another process has held" in other()
    assert other() == "in\n"
