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


@pytest.mark.parametrize("number", ["0", "-3", "many"])
def test_a_benchmark_of_no_requests_a_second_is_refused_with_a_sentence(number):
    script = BENCHMARK.with_name("load.py")
    run = subprocess.run([sys.executable, script, "--rps", number], capture_output=True, check=False, text=True)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.splitlines()[-1].endswith(f"argument --rps: must be a whole number above 0, not '{number}'")
