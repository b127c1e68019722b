"""Scripts that are run by hand say what they do when they are asked, and do nothing else."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("scripts", "scripts/soak", "benchmarks", "*/scripts", "*/benchmarks", "*/tests")
SCRIPTS = sorted(
    path
    for folder in FOLDERS
    for path in ROOT.glob(f"{folder}/*.py")
    if '\nif __name__ == "__main__":\n' in path.read_text(encoding="utf8")
)


def test_there_are_scripts_in_each_kind_of_folder():
    found = {path.relative_to(ROOT).parts[-2] for path in SCRIPTS}
    assert found == {"scripts", "soak", "benchmarks", "tests"}


def changed():
    return subprocess.run(["git", "status", "--porcelain"], capture_output=True, cwd=ROOT, text=True, check=True).stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_help_says_what_a_script_does_and_changes_nothing(script, monkeypatch, capsys):
    before = changed()
    monkeypatch.syspath_prepend(script.parent)
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    assert ended.value.code in (0, None)
    said = capsys.readouterr().out
    assert said.startswith(f"usage: {script.name}")
    assert said.count("\n\n") >= 2  # a sentence on its purpose, too
    assert changed() == before
