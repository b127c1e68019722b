"""How much later an hourly run is beside a backfill of the same shop, by a sandbox that counts the whole shop.

    python benchmarks/backfill.py [--orders 2000] [--priority low] [--store file] [--scope family] [--out FILE]

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import run
import scale
from arguments import positive

LATENCY: Final = 200
CEILING: Final = 50
DAYS: Final = 120
RECENT: Final = 3
"""Days that the run which comes to a state reads."""
UNLIMITED: Final = 1_000_000
BEGUN: Final = 5.0
"""Seconds after which a backfill is well under way."""
CHAIN: Final = "live_performance"
"""The stream that is left out: its calls come one behind the other, for longer than all others take."""
ASIDE: Final = ("nice", "-n", "10")
"""What the taps are started with: the platform has processors of its own, so the sandbox must not wait for one of ours.
A request that waits there is counted late, and then one too many is in a second that the taps had planned well."""
GONE: Final = 2.0
"""Seconds after which one that is stopped has no share of the budget any more, nor an answer under way."""


def ago(days: float) -> str:
    """The moment so many days ago."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86_400))


def R(runs):
    return runs.shop.control("GET","/stats")["rate_limited"]


class Runs:
    """Runs of the tap on one shop, all with the same store of tokens and so with one budget."""

    def __init__(self, shop: run.Sandbox, folder: Path, settings: dict[str, Any]) -> None:
        self.shop = shop; self._folder, self._catalog = folder, folder / "catalog.json"
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
        more = (*more, "--catalog", str(self._catalog)) if self._catalog.exists() else more
        with self.messages(name).open("wb") as out, (self._folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen([*ASIDE, *scale.TAP, "--config", str(config), *more], stdout=out, stderr=log)

    def select(self) -> None:
        """Has all runs read the default streams but one."""
        self.start("discovery", "--discover").wait()
        catalog = json.loads(self.messages("discovery").read_text())
        catalog["streams"] = [one for one in catalog["streams"] if one["tap_stream_id"] != CHAIN]
        self._catalog.write_text(json.dumps(catalog))

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


@dataclass
class Hour:
    """An hourly run: seconds, and those that its requests have waited for the budget, all threads together."""

    seconds: float
    waited: float


def hourly(runs: Runs, folder: Path) -> Hour:
    """One hourly run, always from the same state.

    Raises:
        RuntimeError: It failed.
    """
    summary, began = folder / "summary.json", time.monotonic()
    run_of = runs.start(
        "hourly", "--state", str(folder / "state.json"), start_date=ago(RECENT), summary_path=str(summary)
    )
    if run_of.wait():
        raise RuntimeError((folder / "hourly.log").read_text()[-2000:])
    return Hour(time.monotonic() - began, json.loads(summary.read_text())["totals"]["waited_seconds"])


def alternate(runs: Runs, folder: Path, priority: str) -> tuple[list[tuple[Hour, Hour]], float]:
    """Hourly runs beside a backfill and alone, in pairs, and the seconds that the backfill went."""
    pairs: list[tuple[Hour, Hour]] = []
    began, stopped = time.monotonic(), 0.0
    backfill = runs.start("backfill", start_date=ago(DAYS), end_date=ago(0), budget_priority=priority)
    time.sleep(BEGUN)
    while backfill.poll() is None:
        a=R(runs); beside = hourly(runs, folder); b=R(runs)
        if backfill.poll() is not None:  # it was alone for a part of the time
            break
        at = time.monotonic()
        backfill.send_signal(signal.SIGSTOP)
        time.sleep(GONE); c=R(runs)
        pairs.append((beside, hourly(runs, folder)))
        d=R(runs); backfill.send_signal(signal.SIGCONT); time.sleep(1.0); e=R(runs); print("beside",b-a,"stop",c-b,"alone",d-c,"resume",e-d, flush=True)
        stopped += time.monotonic() - at
    if backfill.wait():
        raise RuntimeError((folder / "backfill.log").read_text()[-2000:])
    return pairs, time.monotonic() - began - stopped


def measure(given: argparse.Namespace, folder: Path, redis: int | None) -> dict[str, Any]:
    """The hourly run alone, beside a backfill, and what the sandbox counted meanwhile."""
    run.WORK = folder
    store = {} if redis is None else {"budget_store": f"redis://127.0.0.1:{redis}/0"}
    with run.sandbox(1, given.orders, latency=LATENCY, rps=UNLIMITED) as shop:
        settings = {"analytics_requests_per_second": given.reports, "budget_scope": given.scope, **store}
        runs = Runs(shop, folder, settings)
        runs.select()
        fast = {"requests_per_second": UNLIMITED, "analytics_requests_per_second": UNLIMITED, "budget_store": None}
        runs.start("first", start_date=ago(RECENT), **fast).wait()
        (folder / "state.json").write_text(json.dumps(runs.told("first")[1]))
        shop.control("POST", "/clock", {"advance": 3600})
        shop.control("PUT", "/limit", {"requests_per_second": CEILING, "scope": "shop"})
        time.sleep(GONE); c=R(runs)
        shop.control("DELETE", "/stats")
        pairs, seconds = alternate(runs, folder, given.priority)
        stats = shop.control("GET", "/stats")
    return {
        "priority": given.priority,
        "store": given.store,
        "scope": given.scope,
        "load": [round(one, 1) for one in os.getloadavg()],
        "seconds beside and alone": [(round(beside.seconds, 1), round(alone.seconds, 1)) for beside, alone in pairs],
        "waited beside and alone": [(beside.waited, alone.waited) for beside, alone in pairs],
        "later": round(statistics.median(beside.seconds / alone.seconds for beside, alone in pairs) - 1, 3),
        "seconds of the backfill": round(seconds, 1),
        "rows of the backfill": runs.told("backfill")[0],
        "requests": sum(stats["operations"].values()),
        "refused": stats["rate_limited"],
    }


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=positive, default=2000, help="orders of the shop in four months")
    parser.add_argument("--reports", type=float, default=1, help="requests a second for reports")
    parser.add_argument("--priority", choices=["normal", "low"], default="low", help="that of the backfill")
    parser.add_argument("--store", choices=["file", "redis"], default="file", help="where the budget is shared")
    parser.add_argument(
        "--scope",
        choices=["shop", "family"],
        default="family",
        help="what the platform counts together, the runs are told",
    )
    parser.add_argument("--out", type=Path, help="a file for the line")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as servers:
        redis = servers.enter_context(scale.redis()) if given.store == "redis" else None
        found = measure(given, Path(folder), redis)
    print(json.dumps(found))
    if given.out:
        given.out.write_text(json.dumps(found) + "\n")
    return bool(found["refused"])


if __name__ == "__main__":
    sys.exit(main())
