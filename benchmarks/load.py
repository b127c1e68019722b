"""A fast tap into nothing, into target-duckdb-exact and into target-duckdb 0.8.0, in one run, as ratios.

python benchmarks/load.py [--orders 20000] [--rounds 3] [--latency-ms 0] [--rps 1000000]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import run
from arguments import positive

if TYPE_CHECKING:
    from collections.abc import Callable

OLD = run.Reader("target-duckdb 0.8.0", "", ("target-duckdb==0.8.0", "duckdb==1.2.2", "setuptools<81"))


def commands() -> dict[str, Callable[[Path], list[str]]]:
    """What the tap is piped into, by name; nothing is the first."""
    old = Path(run.environment(OLD)).parent / "target-duckdb"
    return {
        "nothing": lambda _config: [],
        "target-duckdb-exact": lambda config: [sys.executable, "-m", "target_duckdb_exact", "--config", str(config)],
        OLD.name: lambda config: [str(old), "--config", str(config)],
    }


def once(tap: list[str], target: Callable[[Path], list[str]]) -> tuple[float, float]:
    """Seconds of both processes, and megabytes at most of both together."""
    with tempfile.TemporaryDirectory() as work, Path(os.devnull).open("wb") as nothing:
        config, path = Path(work) / "config.json", str(Path(work) / "load.duckdb")
        config.write_text(json.dumps({"path": path, "filepath": path, "default_target_schema": "main"}))
        began = time.time()
        into = target(config)
        first = subprocess.Popen(tap, stdout=subprocess.PIPE if into else nothing, stderr=nothing, cwd=work)
        both = [first]
        if into:
            both.append(subprocess.Popen(into, stdin=first.stdout, stdout=nothing, stderr=nothing))
            first.stdout.close()
        megabytes = 0.0
        for process in both:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            megabytes += usage.ru_maxrss / 1024
            if process.returncode:
                raise RuntimeError(f"{process.args} ended with {process.returncode}")
        return time.time() - began, megabytes


def main() -> None:
    """All, in turn, so that what else the machine does meets all of them."""
    parser = argparse.ArgumentParser(description="A tap into DuckDB.")
    parser.add_argument("--orders", type=positive, default=20_000)
    parser.add_argument("--rounds", type=positive, default=3)
    parser.add_argument("--latency-ms", type=int, default=0)
    parser.add_argument("--rps", type=positive, default=1_000_000)
    given = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {}
    with run.sandbox(1, given.orders, latency=given.latency_ms, rps=given.rps) as shop:
        for _ in range(given.rounds):
            for name, target in commands().items():
                with tempfile.TemporaryDirectory() as work:
                    end = int(time.time())
                    facts = {**shop.facts, "start": end - 2 * run.PERIOD, "end": end}
                    files = run._tap_files(Path(work), facts, given.rps)  # noqa: SLF001 - its neighbour
                    found.setdefault(name, []).append(once([sys.executable, "-m", "tap_tiktokshop", *files], target))
    alone = statistics.median(seconds for seconds, _ in found["nothing"])
    print("| into | orders/s | of the tap's speed | peak MB of both |\n| --- | --- | --- | --- |")
    for name, runs in found.items():
        seconds = statistics.median(one for one, _ in runs)
        megabytes = max(one for _, one in runs)
        print(f"| {name} | {given.orders / seconds:,.0f} | {alone / seconds:.0%} | {megabytes:.0f} |")


if __name__ == "__main__":
    main()
