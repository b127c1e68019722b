"""What a small seller's hourly run costs when nothing is new, and what that means for many sellers. See README.md.

    python benchmarks/scale.py [--rounds 3] [--sellers 500,5000,50000] [--price 0.1] [--out FILE]
    python benchmarks/scale.py --orders 20 --rounds 1 --states 1,10 --fast    half a minute

Reads a shop of the sandbox once, then again `rounds` times, each process with its CPU seconds; counts calls by the
sandbox's own journal; then writes states of many shops, and simulates. `--fast` calls reports as fast as the rest.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import run
from arguments import positive
from capacity import Costs, Plan, limits, needs
from scale_lines import told

if TYPE_CHECKING:
    from collections.abc import Iterator

UNLIMITED: Final = 1_000_000
SECONDS_A_SHOP: Final = 0.3
"""What each further shop of a run takes, where processors are what is short."""
TAP: Final = [sys.executable, "-m", "tap_tiktokshop"]
LOADER: Final = [str(Path(sys.executable).with_name("target-duckdb-exact"))]
ONCE_A_DAY: Final = frozenset(
    {
        *("shop_performance", "shop_performance_hourly", "product_performance", "sku_performance"),
        *("video_performance", "live_performance", "customer_service_performance", "shop_score", "shop_score_metrics"),
        *("categories", "category_rules", "category_attributes", "brands", "size_charts", "reject_reasons"),
        *("warehouses", "delivery_options", "shipping_providers", "fbt_warehouses", "product_diagnoses"),
        *("open_collaborations", "target_collaborations", "sample_applications"),
    }
)
"""Streams that need no run an hour: reports of days, what hardly changes, lists without times."""
PREPARED: Final = {
    "interpreter": [sys.executable, "-c", ""],
    "imports": [*TAP, "--version"],
    "loader's imports": [*LOADER, "--version"],
}


@dataclass(frozen=True)
class Spent:
    """What a process took: CPU seconds, seconds of the clock, most megabytes."""

    cpu: float
    seconds: float
    megabytes: float


def spend(command: list[str], folder: Path, *, given: Path | None = None, out: Path | None = None) -> Spent:
    """Runs a command to its end.

    Raises:
        RuntimeError: It failed.
    """
    with (
        Path(given or os.devnull).open("rb") as source,
        Path(out or os.devnull).open("wb") as sink,
        (folder / "log").open("wb") as log,
    ):
        began = time.monotonic()
        process = subprocess.Popen(command, stdin=source, stdout=sink, stderr=log, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}: {(folder / 'log').read_text()[-2000:]}")
    return Spent(usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss / 1024)


def median(spent: list[Spent]) -> Spent:
    """Each figure's median."""
    return Spent(*(statistics.median(getattr(one, field.name) for one in spent) for field in fields(Spent)))


class Seller:
    """A seller of a sandbox, read in a folder of its own."""

    def __init__(self, shop: run.Sandbox, folder: Path, reports: float) -> None:
        self._shop, self._folder, self._reports = shop, folder, reports
        self.state: Any = None
        self.states = 0
        self.rows: Counter[str] = Counter()

    def command(self, *more: str, limited: bool = True, **settings: Any) -> list[str]:
        """The tap's command; without the limits if it is only to come to a state."""
        names = ("app_key", "app_secret", "access_token", "refresh_token")
        config = {name: self._shop.facts[name] for name in names} | {
            "api_base_url": self._shop.url,
            "auth_base_url": self._shop.url,
            "start_date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 30 * 86_400)),
            "token_store": str(self._folder / "tokens.json"),
            "summary_path": str(self._folder / "summary.json"),
            "analytics_requests_per_second": self._reports,
        }
        if not limited:
            config |= {"requests_per_second": UNLIMITED, "analytics_requests_per_second": UNLIMITED}
        (self._folder / "config.json").write_text(json.dumps(config | settings))
        return [*TAP, "--config", str(self._folder / "config.json"), *more]

    def read(self, *more: str, limited: bool = True, **settings: Any) -> Spent:
        """One run from the last state; its messages are in the file `messages`."""
        arguments = [*more]
        if self.state is not None:
            (self._folder / "state.json").write_text(json.dumps(self.state))
            arguments += ["--state", str(self._folder / "state.json")]
        self._shop.control("DELETE", "/stats")
        out = self._folder / "messages"
        spent = spend(self.command(*arguments, limited=limited, **settings), self._folder, out=out)
        self.rows.clear()
        self.states = 0
        with out.open("rb") as lines:
            for line in lines:
                message = json.loads(line)
                if message["type"] == "STATE":
                    self.state, self.states = message["value"], self.states + 1
                elif message["type"] == "RECORD":
                    self.rows[message["stream"]] += 1
        return spent

    def load(self) -> Spent:
        """Loads the last run's messages into DuckDB."""
        (self._folder / "target.json").write_text(json.dumps({"path": str(self._folder / "shop.duckdb")}))
        command = [*LOADER, "--config", str(self._folder / "target.json")]
        return spend(command, self._folder, given=self._folder / "messages")

    def counted(self) -> Counter[str]:
        """Requests of the last run by what was asked, as the sandbox has them in its journal."""
        return Counter(re.sub(r"/(\d{6,}|\d{4}-\d\d-\d\d)(?=/|$)", "/{}", one["path"]) for one in self._shop.requests())

    def by_stream(self) -> dict[str, int]:
        """Requests of the last run for each stream, as the tap's summary has them; the sandbox knows no streams."""
        summary = json.loads((self._folder / "summary.json").read_text())
        found: Counter[str] = Counter()
        for part in summary["parts"]:
            found[part["stream"]] += part["calls"]
        return dict(found)


def quiet(seller: Seller, folder: Path, rounds: int) -> dict[str, Any]:
    """The run in which nothing is new, split into its parts."""
    seller.read(limited=False)
    seller.load()
    seller.read(limited=False)
    seller.load()
    parts: dict[str, list[Spent]] = {name: [] for name in (*PREPARED, "discovery", "run", "loader")}
    for _ in range(rounds):
        for name, command in PREPARED.items():
            parts[name].append(spend(command, folder))
        parts["discovery"].append(spend(seller.command("--discover"), folder))
        parts["run"].append(seller.read())
        parts["loader"].append(seller.load())
    figures = {name: median(spent) for name, spent in parts.items()}
    cpu = {name: spent.cpu for name, spent in figures.items()}
    counted, streams = seller.counted(), seller.by_stream()
    return {
        "cpu": {
            "interpreter": cpu["interpreter"],
            "imports": cpu["imports"] - cpu["interpreter"],
            "discovery": cpu["discovery"] - cpu["imports"],
            "calls and messages": cpu["run"] - cpu["discovery"],
            "the tap": cpu["run"],
            "loader's imports": cpu["loader's imports"],
            "loading": cpu["loader"] - cpu["loader's imports"],
            "both": cpu["run"] + cpu["loader"],
        },
        "seconds": figures["run"].seconds,
        "megabytes": {"tap": figures["run"].megabytes, "loader": figures["loader"].megabytes},
        "calls": counted.total(),
        "calls of the summary": sum(streams.values()),
        "streams": len(streams),
        "calls by stream": streams,
        "calls by path": dict(counted.most_common()),
        "rows": seller.rows.total(),
        "states": seller.states,
    }


def selecting(seller: Seller, folder: Path, without: frozenset[str] | None) -> list[str]:
    """Options that select the default streams `without` some, or all that there are."""
    out = folder / "catalog.json"
    spend(seller.command("--discover"), folder, out=out)
    catalog = json.loads(out.read_text())
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"] and (without is None or stream["tap_stream_id"] in without):
                entry["metadata"]["selected"] = without is None
    out.write_text(json.dumps(catalog))
    return ["--catalog", str(out)]


def hourly(seller: Seller, folder: Path, rounds: int) -> dict[str, Any]:
    """The quiet run without the streams that are read once a day."""
    options = selecting(seller, folder, ONCE_A_DAY)
    runs, loads = [], []
    for _ in range(rounds):
        runs.append(seller.read(*options))
        loads.append(seller.load())
    tap, loader, streams = median(runs), median(loads), seller.by_stream()
    return {
        "cpu": {"the tap": tap.cpu, "both": tap.cpu + loader.cpu},
        "seconds": tap.seconds,
        "megabytes": {"tap": tap.megabytes, "loader": loader.megabytes},
        "calls": seller.counted().total(),
        "streams": len(streams),
        "calls by stream": streams,
    }


def of_all_streams(seller: Seller, folder: Path) -> dict[str, Any]:
    """The memory of a first run of everything that there is, without limits."""
    options = selecting(seller, folder, None)
    seller.state = None
    spent = seller.read(*options, limited=False)
    return {**asdict(spent), "rows": seller.rows.total(), "calls": seller.counted().total()}


def multiplied(state: dict[str, Any], shops: int) -> dict[str, Any]:
    """A state as that of one shop, of so many of one grant."""
    bookmarks = {}
    for stream, bookmark in state["bookmarks"].items():
        partitions = bookmark.get("partitions") or []
        more = [{**one, "context": {"shop_id": f"{10**18 + shop}"}} for shop in range(shops) for one in partitions[:1]]
        bookmarks[stream] = {**bookmark, "partitions": more}
    return {**state, "bookmarks": bookmarks}


def write_states(path: str, shops: int, offers: int, streams: int, seconds: float) -> None:
    """Writes the state in a file as a run of the tap does, by a clock of its own.

    Prints to standard error how many states that are, and the seconds of CPU that they and one of them took.
    """
    from tap_tiktokshop.singer.messages import MessageWriter, StateOutput  # noqa: PLC0415 - in a process of its own

    state, took, now = json.loads(Path(path).read_text()), [], 0.0
    output = StateOutput(MessageWriter(), lambda: now)
    for number in range(1, offers + 1):
        now = seconds * number / offers
        state["number"] = number  # no state is written twice in a row
        if output.is_due(shops) or number * streams % offers < streams:  # or a stream has come to its end
            began = time.process_time()
            output.write_state(state)
            took.append(time.process_time() - began)
    print(len(took), sum(took), statistics.median(took), file=sys.stderr)


def states(quiet: dict[str, Any], state: dict[str, Any], sizes: list[int], folder: Path) -> list[dict[str, Any]]:
    """Size and time of one state, and what a quiet run of so many shops writes of them.

    As it is, and as it was until 29 November 2026: one each second where there are more than eight shops.
    """
    found = []
    for shops in sizes:
        (folder / "many.json").write_text(json.dumps(multiplied(state, shops), separators=(",", ":")))
        size = (folder / "many.json").stat().st_size
        offers, seconds = shops * quiet["states"], shops * SECONDS_A_SHOP
        command = [sys.executable, __file__, "--write-states", str(folder / "many.json")]
        command += ["--writing", f"{shops},{offers},{quiet['streams']},{seconds:.0f}"]
        said = subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        written, took, one = map(float, said.stderr.split()[-3:])
        once = offers if shops <= 8 else quiet["streams"] + int(seconds)
        each = {"shops": shops, "bytes": size, "seconds": one, "states": int(written), "all": took}
        found.append({**each, "once": once, "once all": once * one})
    return found


@contextlib.contextmanager
def redis() -> Iterator[int | None]:
    """The port of a Redis of our own; None where none is installed."""
    server = shutil.which("redis-server")
    if server is None:
        yield None
        return
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen([server, "--port", str(port), "--save", ""], stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def redis_commands(seller: Seller) -> int | None:
    """What a quiet run asks of Redis where budgets are shared there: commands, those inside its scripts included."""
    from redis import Redis  # noqa: PLC0415 - only where a Redis is

    with redis() as port:
        if port is None:
            return None
        seller.read(budget_store=f"redis://127.0.0.1:{port}/0")
        with Redis(port=port) as client:
            stats: Any = client.info("commandstats")
    own = {"cmdstat_info", "cmdstat_client|setinfo"}
    return sum(stat["calls"] for name, stat in stats.items() if name not in own)


def measure(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Everything that is measured."""
    run.WORK = folder  # the shop must be as it was made, so none is kept
    with run.sandbox(1, given.orders, latency=given.latency, rps=UNLIMITED) as shop:
        seller = Seller(shop, folder, UNLIMITED if given.fast else 1)
        found: dict[str, Any] = {"load before": os.getloadavg(), "quiet": quiet(seller, folder, given.rounds)}
        found["states"] = states(found["quiet"], seller.state, given.states, folder)
        found["redis"] = redis_commands(seller)
        found["hourly"] = hourly(seller, folder, given.rounds)
        found["all streams"] = of_all_streams(seller, folder)
    return found


def simulate(found: dict[str, Any], plan: Plan, sellers: list[int]) -> None:
    """Adds what so many sellers need."""
    every, redis_a_call = costs_of(found["quiet"], 0), (found["redis"] or 0) / found["quiet"]["calls"]
    less = costs_of(found["hourly"], 0)
    hourly_part = {
        name: getattr(less, name) + getattr(every, name) / 24 for name in ("cpu", "seconds", "calls")
    }  # and once a day everything
    ways = {
        "all streams each hour": replace(every, redis=every.calls * redis_a_call),
        "some once a day": replace(every, **hourly_part, redis=hourly_part["calls"] * redis_a_call),
    }
    found["plan"] = asdict(plan)
    found["sellers"] = {way: [asdict(needs(shops, costs, plan)) for shops in sellers] for way, costs in ways.items()}
    found["limits"] = {way: limits(costs, plan) for way, costs in ways.items()}


def costs_of(measured: dict[str, Any], redis: float) -> Costs:
    """A measured run as the simulation takes it."""
    memory = measured["megabytes"]["tap"] + measured["megabytes"]["loader"]
    return Costs(measured["cpu"]["both"], measured["seconds"], memory, measured["calls"], redis)


def numbers(text: str) -> list[int]:
    """Numbers between commas."""
    return [int(number) for number in text.split(",")]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=positive, default=100, help="orders of the shop in four months")
    parser.add_argument("--rounds", type=positive, default=3, help="quiet runs, of which the median counts")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds added to each answer of the platform")
    parser.add_argument("--states", type=numbers, default=[1, 100, 1000], help="shops of the states that are written")
    parser.add_argument("--sellers", type=numbers, default=[500, 5_000, 50_000], help="shops that are simulated")
    parser.add_argument("--fast", action="store_true", help="call reports as fast as the rest")
    parser.add_argument("--out", type=Path, help="a file for all figures as JSON")
    parser.add_argument("--write-states", help=argparse.SUPPRESS)
    parser.add_argument("--writing", type=numbers, help=argparse.SUPPRESS)
    for field in fields(Plan):
        name, kind = f"--{field.name.replace('_', '-')}", type(field.default)
        parser.add_argument(name, type=kind, default=field.default, help=f"assumed in the simulation: {field.default}")
    given = parser.parse_args()
    if given.write_states:
        write_states(given.write_states, *given.writing)
        return
    with tempfile.TemporaryDirectory() as folder:
        found = measure(given, Path(folder))
    simulate(found, Plan(**{field.name: getattr(given, field.name) for field in fields(Plan)}), given.sellers)
    print("\n".join(told(found)))
    if given.out:
        given.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
