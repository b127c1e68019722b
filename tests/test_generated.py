"""What README.md, meltano.yml and pyproject.toml repeat is what the plugins say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tap_tiktokshop.streams import OFFERED
from target_tiktokshop.streams import WRITINGS

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_no_generated_part_has_drifted():
    command = [sys.executable, "scripts/generate.py", "--check"]
    check = subprocess.run(command, capture_output=True, cwd=ROOT, text=True, check=False)
    assert (check.stdout, check.returncode) == ("changed: nothing\n", 0), check.stderr


@pytest.mark.parametrize(
    ("page", "numbers"),
    [("README.md", [len(OFFERED), len(WRITINGS)]), ("tap-tiktokshop/README.md", [len(OFFERED)])],
)
def test_a_page_that_says_how_many_streams_there_are_has_their_number(page, numbers):
    assert [int(number) for number in re.findall(r"(\d+) streams", (ROOT / page).read_text())] == numbers


def test_the_readme_s_demo_is_the_job_that_meltano_knows():
    readme = (ROOT / "README.md").read_text()
    assert "uvx --constraints constraints.txt meltano run demo" in readme
    assert "- name: demo" in (ROOT / "meltano.yml").read_text()


def test_no_file_of_the_repository_names_a_host_of_a_registry_or_a_place_outside():
    listed = subprocess.run(["git", "ls-files"], capture_output=True, cwd=ROOT, text=True, check=True).stdout.split()
    forbidden = ("pypi.org", "pythonhosted", "/work/", "files.python")
    found = [
        (name, word)
        for name in listed
        if name != "tests/test_generated.py" and (ROOT / name).is_file()
        for word in forbidden
        if word in (ROOT / name).read_text(encoding="utf8", errors="replace")
    ]
    assert found == []
    assert "uv.lock" not in listed
