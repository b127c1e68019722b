"""A pair that waits for its store is read, changed and removed only where nobody else could have put it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from tiktokshop_client import Secret, Token
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.stores.store import FileStore
from tiktokshop_client.tokens.rescue import Rescue, fingerprint

OLD = Token(Secret("old-access"), Secret("refresh"), issued_at=1)
NEW = Token(Secret("new-access"), Secret("refresh-2"), issued_at=2)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")


@pytest.fixture
def rescue(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Rescue("app", "store", "entry")


def kept(rescue):
    return Path(rescue.write(NEW, fingerprint(OLD)))


def test_a_folder_among_the_temporary_files_is_no_place_for_a_pair(rescue, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "shared"))
    (tmp_path / "work" / ".tiktokshop").write_text("in the way")
    assert kept(rescue).parent == tmp_path / "state" / "tiktokshop"
    assert (tmp_path / "state" / "tiktokshop").stat().st_mode & 0o777 == 0o700
    assert not (tmp_path / "shared").exists()


@pytest.mark.parametrize("folder", ["writable by others", "a link", "another user's"])
def test_nothing_in_a_folder_that_others_can_fill_is_read_or_removed(rescue, folder, tmp_path):
    path = kept(rescue)
    place = tmp_path / "work" / ".tiktokshop"
    if folder == "writable by others":
        place.chmod(0o777)
    elif folder == "a link":
        place.rename(tmp_path / "theirs")
        place.symlink_to(tmp_path / "theirs")
    elif os.geteuid() == 0:
        os.chown(place, 12345, 12345)
    else:
        pytest.skip("only root can give a folder away")
    assert rescue.read(OLD) is None
    assert not rescue.exists()
    rescue.clear()
    assert path.exists()
    assert rescue.write(NEW, fingerprint(OLD)).startswith(str(tmp_path / "state"))


@pytest.mark.parametrize("fault", ["a link", "writable by others", "not readable", "another key", "a folder", "a pipe"])
def test_a_file_that_cannot_be_read_is_named_and_stays_as_it_is(rescue, fault, tmp_path):
    path = kept(rescue)
    target = tmp_path / "target"
    if fault == "a link":
        path.rename(target)
        target.chmod(0o644)
        path.symlink_to(target)
    elif fault == "writable by others":
        path.chmod(0o666)
    elif fault == "another key":
        path.write_text(f"{fingerprint(OLD)}\nnot what a pair looks like")
    elif fault == "not readable":
        if os.geteuid() == 0:
            os.chown(path, 12345, 12345)
        else:
            path.chmod(0)
    else:
        path.unlink()
        path.mkdir() if fault == "a folder" else os.mkfifo(path)
    with pytest.raises(ConfigurationError, match=path.name):
        rescue.read(OLD)
    assert os.path.lexists(path)
    if fault == "a link":
        assert target.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "stored",
    [
        Token(Secret("newer-access"), Secret("refresh"), issued_at=1),
        Token(Secret("old-access"), Secret("refresh"), issued_at=3),
        Token(Secret("old-access"), None, issued_at=1),
    ],
)
def test_a_rescued_pair_replaces_only_the_very_pair_that_it_was_bought_with_or_none(rescue, stored):
    kept(rescue)
    assert rescue.read(stored) is None
    assert rescue.read(OLD) == NEW
    assert rescue.read(None) == NEW


def test_no_pair_and_one_without_a_refresh_token_are_told_apart():
    assert fingerprint(None) != fingerprint(Token(Secret(""), None))


def test_a_check_without_the_lock_leaves_the_room_of_a_refresh_under_way(tmp_path):
    refreshing = FileStore(tmp_path / "tokens.json")
    with refreshing.locked():
        refreshing.check_writable()
        room = list(tmp_path.glob("*.tmp"))
        FileStore(tmp_path / "tokens.json").check_writable()
        assert list(tmp_path.glob("*.tmp")) == room != []
    assert not list(tmp_path.glob("*.tmp"))
    (tmp_path / "tokens.json.01234567.tmp").touch()
    with refreshing.locked():
        refreshing.check_writable()
        assert not (tmp_path / "tokens.json.01234567.tmp").exists()
