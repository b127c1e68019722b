"""How much later an hourly run is beside a backfill of the same shop, by a sandbox that counts the whole shop.

    python benchmarks/backfill.py [--orders 2000] [--priority low] [--store file] [--out FILE]

The sandbox answers after 200 ms and allows 50 requests in any second. A backfill of 120 days is begun. Beside it the
hourly run is made again and again, always from the same state, until the backfill ends; in between it is made alone,
while the backfill is stopped (SIGSTOP), so that whatever else this machine does meets both alike. Prints one JSON
line. Exits with 1 if anything was refused or a run failed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import run
import scale

LATENCY: Final = 200
CEILING: Final = 50
DAYS: Final = 120
RECENT: Final = 3
"""Days that the run which comes to a state reads."""
UNLIMITED: Final = 1_000_000
BEGUN: Final = 5.0
"""Seconds after which a backfill is well under way."""
GONE: Final = 2.0
"""Seconds after which one that is stopped has no share of the budget any more, nor an answer under way."""


def ago(days: float) -> str:
    """The moment so many days ago."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86_400))


class Runs:
    """Runs of the tap on one shop, all with the same store of tokens and so with one budget."""

    def __init__(self, shop: run.Sandbox, folder: Path, settings: dict[str, Any]) -> None:
        self._folder = folder
        names = ("app_key", "app_secret", "access_token", "refresh_token")
        self._settings = {name: shop.facts[name] for name in names} | {
            "api_base_url": shop.url,
            "auth_base_url": shop.url,
            "token_store": str(folder / "tokens.json"),
            **settings,
        }

    def start(self, name: str, *more: str, **settings: Any) -> subprocess.Popen[bytes]:
        """Starts one; its messages are in a file of its name."""
        config = self._folder / f"{name}.json"
        config.write_text(json.dumps(self._settings | settings))
        with self.messages(name).open("wb") as out, (self._folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen([*scale.TAP, "--config", str(config), *more], stdout=out, stderr=log)

    def messages(self, name: str) -> Path:
        """The file with a run's messages."""
        return self._folder / f"{name}.singer"

    def told(self, name: str) -> tuple[int, Any]:
        """The rows of a run, and its last state."""
        rows, state = 0, None
        with self.messages(name).open("rb") as lines:
            for line in lines:
                message = json.loads(line)
                rows += message["type"] == "RECORD"
                state = message["value"] if message["type"] == "STATE" else state
        return rows, state


def alternate(runs: Runs, state: Path, priority: str) -> tuple[dict[bool, list[float]], float, int]:
    """Seconds of hourly runs beside a backfill and alone, seconds that the backfill went, and how many runs failed."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    began, stopped, failed, beside = time.monotonic(), 0.0, 0, True
    backfill = runs.start("backfill", start_date=ago(DAYS), end_date=ago(0), budget_priority=priority)
    time.sleep(BEGUN)
    while backfill.poll() is None:
        at = time.monotonic()
        if not beside:
            backfill.send_signal(signal.SIGSTOP)
            time.sleep(GONE)
        hour = time.monotonic()
        failed += runs.start("hourly", "--state", str(state), start_date=ago(RECENT)).wait() != 0
        seconds = time.monotonic() - hour
        if not beside:
            backfill.send_signal(signal.SIGCONT)
            stopped += time.monotonic() - at
        if not beside or backfill.poll() is None:  # else it was alone for a part of the time
            taken[beside].append(seconds)
        beside = not beside
    return taken, time.monotonic() - began - stopped, failed + (backfill.wait() != 0)


def measure(given: argparse.Namespace, folder: Path, redis: int | None) -> dict[str, Any]:
    """The hourly run alone, beside a backfill, and what the sandbox counted meanwhile."""
    run.WORK = folder
    store = {} if redis is None else {"budget_store": f"redis://127.0.0.1:{redis}/0"}
    with run.sandbox(1, given.orders, latency=LATENCY, rps=UNLIMITED) as shop:
        runs = Runs(shop, folder, {"analytics_requests_per_second": given.reports, **store})
        fast = {"requests_per_second": UNLIMITED, "analytics_requests_per_second": UNLIMITED, "budget_store": None}
        failed = runs.start("first", start_date=ago(RECENT), **fast).wait() != 0
        state = folder / "state.json"
        state.write_text(json.dumps(runs.told("first")[1]))
        shop.control("POST", "/clock", {"advance": 3600})
        shop.control("PUT", "/limit", {"requests_per_second": CEILING, "scope": "shop"})
        time.sleep(GONE)
        shop.control("DELETE", "/stats")
        taken, seconds, more = alternate(runs, state, given.priority)
        stats = shop.control("GET", "/stats")
    alone, beside = (statistics.median(taken[one] or [0.0]) for one in (False, True))
    return {
        "priority": given.priority,
        "store": given.store,
        "load": [round(one, 1) for one in os.getloadavg()],
        "alone": [round(one, 1) for one in taken[False]],
        "beside": [round(one, 1) for one in taken[True]],
        "later": round(beside / alone - 1, 3) if alone else None,
        "seconds of the backfill": round(seconds, 1),
        "rows of the backfill": runs.told("backfill")[0],
        "requests": sum(stats["operations"].values()),
        "refused": stats["rate_limited"],
        "failed": failed + more,
    }


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=2000, help="orders of the shop in four months")
    parser.add_argument("--reports", type=float, default=1, help="requests a second for reports")
    parser.add_argument("--priority", choices=["normal", "low"], default="low", help="that of the backfill")
    parser.add_argument("--store", choices=["file", "redis"], default="file", help="where the budget is shared")
    parser.add_argument("--out", type=Path, help="a file for the line")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as servers:
        redis = servers.enter_context(scale.redis()) if given.store == "redis" else None
        found = measure(given, Path(folder), redis)
    print(json.dumps(found))
    if given.out:
        given.out.write_text(json.dumps(found) + "\n")
    return bool(found["refused"] or found["failed"])


if __name__ == "__main__":
    sys.exit(main())
