"""A tap's messages beside its batch files, in one run, as ratios.

python benchmarks/files.py [--orders 20000] [--rounds 3]
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
from typing import Any, Final

import run
from arguments import positive

MESSAGES: Final = "messages"
ENCODINGS: Final[dict[str, dict[str, str] | None]] = {
    MESSAGES: None,
    "lines, none": {},
    "lines, zstd": {"compression": "zstd"},
    "lines, gzip": {"compression": "gzip"},
    "parquet": {"format": "parquet"},
}


def once(shop: run.Sandbox, encoding: dict[str, str] | None) -> tuple[float, float, float]:
    """Seconds of wall clock and of CPU, start included, and the megabytes that were written."""
    with tempfile.TemporaryDirectory() as work, Path(os.devnull).open("wb") as nothing:
        end = int(time.time())
        facts = {**shop.facts, "start": end - 2 * run.PERIOD, "end": end}
        files = run._tap_files(Path(work), facts, 1_000_000)  # noqa: SLF001 - its neighbour
        output, folder = Path(work) / "messages", Path(work) / "files"
        if encoding is not None:
            config: dict[str, Any] = json.loads(Path(files[1]).read_text())
            config["batch_config"] = {"encoding": encoding, "storage": {"root": str(folder)}}
            Path(files[1]).write_text(json.dumps(config))
        with output.open("wb") as written:
            began = time.time()
            process = subprocess.Popen([sys.executable, "-m", "tap_tiktokshop", *files], stdout=written, stderr=nothing)
            _, status, usage = os.wait4(process.pid, 0)
        seconds = time.time() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        size = output.stat().st_size + sum(file.stat().st_size for file in folder.glob("*"))
        return seconds, usage.ru_utime + usage.ru_stime, size / 1e6


def main() -> None:
    """All, in turn, so that what else the machine does meets all of them."""
    parser = argparse.ArgumentParser(description="A tap's messages beside its batch files.")
    parser.add_argument("--orders", type=positive, default=20_000)
    parser.add_argument("--rounds", type=positive, default=3)
    given = parser.parse_args()
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ENCODINGS}
    with run.sandbox(1, given.orders, latency=0, rps=1_000_000) as shop:
        for _ in range(given.rounds):
            for name, encoding in ENCODINGS.items():
                found[name].append(once(shop, encoding))
    wall, cpu = (statistics.median(each[place] for each in found[MESSAGES]) for place in (0, 1))
    print("| written | seconds | of the speed of messages | CPU | of the CPU of messages | MB |")
    print("| --- " * 6 + "|")
    for name, rounds in found.items():
        seconds, work, size = (statistics.median(each[place] for each in rounds) for place in range(3))
        print(f"| {name} | {seconds:.1f} | {wall / seconds:.0%} | {work:.1f} | {work / cpu:.0%} | {size:.0f} |")


if __name__ == "__main__":
    main()
