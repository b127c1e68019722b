"""The benchmark still runs: every reader reads a few orders of a sandbox."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parent.parent / "benchmarks" / "run.py"


@pytest.mark.slow
def test_every_reader_of_the_benchmark_reads_a_few_orders():
    run = subprocess.run([sys.executable, BENCHMARK, "--smoke"], capture_output=True, check=False, text=True)
    assert run.returncode == 0, run.stderr
    for reader in ("tap-tiktokshop", "singer-sdk RESTStream", "dlt, 10 windows", "Airbyte CDK, concurrency 10"):
        assert f"| {reader} |" in run.stdout
