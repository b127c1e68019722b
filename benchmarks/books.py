"""The books of a warehouse: what dbt takes to make all of them, and then a day more.

python benchmarks/books.py [--orders 100000] [--models]

The first run makes the warehouse, in some minutes. `bash .ci/dbt` has to be run before.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import run
from arguments import positive

DBT: Final = run.HERE.parent / "dbt-tiktokshop"
PROGRAM: Final = run.HERE.parent / ".venv-dbt" / "bin" / "dbt"
STREAMS: Final = frozenset(
    {
        *("shops", "orders", "returns", "products", "statements", "statement_transactions", "unsettled_transactions"),
        *("payments", "withdrawals", "inventory", "product_diagnoses", "affiliate_orders", "run_summary"),
    }
)
DAY: Final = 86_400
MANY: Final = 1_000_000


@dataclass(frozen=True)
class Cost:
    """Seconds of wall clock and of CPU, and the megabytes that were in memory at most."""

    wall: float
    cpu: float
    megabytes: float


def load(file: Path, messages: Path) -> None:
    """Loads messages into a DuckDB file."""
    config = file.with_suffix(".target.json")
    config.write_text(json.dumps({"path": str(file), "default_target_schema": "tiktokshop"}))
    with messages.open("rb") as given, Path(os.devnull).open("wb") as nothing:
        command = [sys.executable, "-m", "target_duckdb_exact", "--config", str(config)]
        subprocess.run(command, stdin=given, stdout=nothing, check=True)


def last_state(messages: Path) -> bytes:
    """What the tap goes on from."""
    last = b"{}"
    with messages.open("rb") as lines:
        for line in lines:
            if line.startswith(b'{"type":"STATE"'):
                last = json.dumps(json.loads(line)["value"]).encode()
    return last


def made(orders: int) -> tuple[Path, Path]:
    """A loaded warehouse, and the messages of a run of the tap on the next day; both are made once."""
    folder = run.WORK / f"books-{orders}"
    warehouse, next_day = folder / "shop.duckdb", folder / "day.jsonl"
    if next_day.exists():
        return warehouse, next_day
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    first, second = folder / "first.jsonl", folder / "second.jsonl"
    with run.sandbox(1, orders, latency=0, rps=MANY) as shop:
        end = int(time.time())
        facts = {**shop.facts, "start": end - 2 * run.PERIOD, "end": end}
        tap = [sys.executable, "-m", "tap_tiktokshop", *run._tap_files(folder, facts, MANY, STREAMS)]  # noqa: SLF001 - its neighbour
        with first.open("wb") as written:
            subprocess.run(tap, stdout=written, check=True)
        (folder / "state.json").write_bytes(last_state(first))
        shop.control("POST", "/clock", {"advance": DAY})
        with second.open("wb") as written:
            subprocess.run([*tap, "--state", str(folder / "state.json")], stdout=written, check=True)
    load(warehouse, first)
    first.unlink()
    second.rename(next_day)
    return warehouse, next_day


def build(file: Path, target: Path) -> Cost:
    """One `dbt build` of all models and tests."""
    variables = {
        **os.environ,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
        "TIKTOKSHOP_DUCKDB": str(file),
    }
    command = [str(PROGRAM), "--log-level", "warn", "build", "--profiles-dir", ".", "--target", "duckdb"]
    began = time.time()
    process = subprocess.Popen(command, cwd=DBT, env=variables)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{process.args} ended with {process.returncode}")
    return Cost(time.time() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def slowest(target: Path, most: int = 12) -> list[tuple[str, float]]:
    """The models, seeds and tests of the last build that took longest, in seconds."""
    results = json.loads((target / "run_results.json").read_text())["results"]
    times = [(one["unique_id"].split(".")[2], one["execution_time"]) for one in results]
    return sorted(times, key=lambda one: -one[1])[:most]


def main() -> None:
    """A build of everything, and of a day more."""
    parser = argparse.ArgumentParser(description="What the books of a warehouse cost.")
    parser.add_argument("--orders", type=positive, default=100_000)
    parser.add_argument("--models", action="store_true", help="say which models took longest")
    given = parser.parse_args()
    warehouse, next_day = made(given.orders)
    work = warehouse.parent / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    file = Path(shutil.copy(warehouse, work))
    print("| build | seconds | CPU seconds | peak MB |\n| --- | --- | --- | --- |")
    for name in ("everything", "a day more"):
        if name == "a day more":
            load(file, next_day)
        cost = build(file, work / "target")
        print(f"| {name} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.megabytes:,.0f} |", flush=True)
        for model, seconds in slowest(work / "target") if given.models else ():
            print(f"    {seconds:6.2f} s  {model}")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
