"""The summary's file."""

import json
import os
import stat

import pytest
from tap_tiktokshop.run.summary import write


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
