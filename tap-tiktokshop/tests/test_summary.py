"""The summary's file."""

import json
import os
import resource
import stat

import pytest
from tap_tiktokshop.run.summary import check, write


@pytest.mark.skipif(os.name != "posix", reason="files have an owner's mode on POSIX only")
@pytest.mark.parametrize("older", [None, 0o644])
def test_the_summary_can_be_read_by_its_owner_only_from_the_moment_it_exists(tmp_path, monkeypatch, older):
    path = tmp_path / "deep" / "summary.json"
    if older:
        path.parent.mkdir()
        path.write_text("old")
        path.chmod(older)
    modes = []
    replace = type(path).replace
    monkeypatch.setattr(
        type(path), "replace", lambda draft, to: (modes.append(stat.S_IMODE(draft.stat().st_mode)), replace(draft, to))
    )
    write(str(path), {"totals": {"rows": 1}})
    assert modes == [0o600]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {"totals": {"rows": 1}}
    assert [each.name for each in path.parent.iterdir()] == ["summary.json"]


@pytest.fixture
def full_disk():
    """For this process, as good as full: a file may have 100 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_summary_of_the_run_before_and_no_draft(tmp_path, full_disk):
    path = tmp_path / "summary.json"
    path.write_text("{}")
    with pytest.raises(OSError, match="File too large"):
        write(str(path), {"text": "x" * 200})
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"summary.json": "{}"}


def test_what_is_tried_before_the_run_leaves_the_summary_of_the_run_before(tmp_path):
    path = tmp_path / "summary.json"
    path.write_text("{}")
    check(str(path))
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"summary.json": "{}"}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [("", "Is a directory"), ("file/summary.json", "File exists"), ("file/deep/summary.json", "Not a directory")],
)
def test_a_path_that_no_file_can_have_is_noticed_before_the_run(tmp_path, wrong, why):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=why):
        check(str(tmp_path / wrong))
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_link_and_a_pipe_stay_what_they_are_and_get_the_summary(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "summary.json")
    write(str(tmp_path / "link"), {"rows": 1})
    assert (tmp_path / "link").is_symlink()
    assert json.loads((tmp_path / "summary.json").read_text()) == {"rows": 1}
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    check(str(tmp_path / "pipe"))
    write(str(tmp_path / "pipe"), {"rows": 2})
    assert json.loads(os.read(reader, 100)) == {"rows": 2}
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()
