"""What the process asks of its C library."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PAGES = 200
PAGE = 500_000
READING = f"""
import resource
from tap_tiktokshop.memory import tame
tame()
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
b"x" * {PAGE}
before = faults()
for _ in range({PAGES}):
    b"x" * {PAGE}
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="asks glibc")
def test_the_memory_of_a_page_is_used_again_without_being_cleared_by_the_kernel():
    run = subprocess.run([sys.executable, "-c", READING], capture_output=True, text=True, check=True)
    assert int(run.stdout) < PAGES  # each of them mapped again would be 120
