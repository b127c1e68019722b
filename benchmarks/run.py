"""Compares the tap with what a user might pick instead, in one run against the sandbox. See README.md.

python benchmarks/run.py                 everything: the comparison, three rounds, the scaling run, a halved limit,
                                         all streams
python benchmarks/run.py --smoke         a minute: every reader reads a few orders, nothing is written
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arguments import positive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
WORK = HERE / ".work"
READERS = HERE / "readers"
SCHEMA = HERE.parent / "tap-tiktokshop" / "tap_tiktokshop" / "schemas" / "orders.json"
PERIOD = 120 * 86_400
"""Seconds that a new sandbox has lived."""


@dataclass(frozen=True)
class Reader:
    """One way to read orders: a script in an environment of its own. It reads `share` of the orders when it is slow."""

    name: str
    script: str
    packages: tuple[str, ...] = ()
    parallel: int = 1
    share: float = 0.03


SDK = ("singer-sdk[msgspec]==0.54.9",)
DLT = ("dlt==1.31.0", "requests")
AIRBYTE = ("airbyte-cdk==7.39.1",)
TAP = Reader("tap-tiktokshop", "", share=1.0)
ORDERS = frozenset({"orders"})
READERS_ALL = (
    TAP,
    Reader("singer-sdk RESTStream", "singer_orders.py", SDK),
    Reader("dlt, one by one", "dlt_orders.py", DLT),
    Reader("dlt, 10 windows", "dlt_orders.py", DLT, parallel=10, share=0.12),
    Reader("Airbyte CDK, concurrency 2", "airbyte_orders.py", AIRBYTE, parallel=2, share=0.05),
    Reader("Airbyte CDK, concurrency 10", "airbyte_orders.py", AIRBYTE, parallel=10, share=0.12),
    Reader("Airbyte CDK, concurrency 20", "airbyte_orders.py", AIRBYTE, parallel=20, share=0.12),
)


@dataclass
class Measured:
    """A run: `seconds` from the first request to the end, CPU of the whole process, peak memory, what was called."""

    reader: str
    orders: int
    seconds: float
    cpu: float
    megabytes: float
    calls: int
    rate_limited: int
    by_second: list[int] = field(default_factory=list)

    @property
    def speed(self) -> float:
        """Orders a second."""
        return self.orders / self.seconds


class Sandbox:
    """A sandbox in a process of its own."""

    def __init__(self, shops: int, orders: int, *, latency: int, rps: int) -> None:
        WORK.mkdir(exist_ok=True)
        path = WORK / f"shops-{shops}x{orders}.db"
        command = [str(Path(sys.executable).parent / "tiktokshop-sandbox"), "serve", "--port", "0", "--db", str(path)]
        command += ["--shops", str(shops), "--orders", str(orders), "--latency-ms", str(latency), "--rps", str(rps)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        lines = [self._process.stdout.readline() for _ in range(7)]
        self.url = re.findall(r"http://\S+", lines[0])[0]
        self.facts = {"url": self.url} | {
            name: value for name, value in (line.split()[:2] for line in lines[1:]) if "_" in name
        }
        self.facts["cipher"] = self.control("GET", "")["shops"][0]["cipher"]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A control endpoint."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox{path}", data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def requests(self) -> list[dict[str, Any]]:
        """The last 10,000 requests, in the order they came."""
        return sorted(self.control("GET", "/requests?limit=10000")["requests"], key=lambda entry: entry["time"])

    def close(self) -> None:
        """Stops it."""
        self._process.terminate()
        self._process.communicate()


@contextlib.contextmanager
def sandbox(shops: int, orders: int, *, latency: int, rps: int) -> Iterator[Sandbox]:
    """A sandbox for some runs. The first run that needs it makes its file: a quarter of an hour for a million."""
    made = Sandbox(shops, orders, latency=latency, rps=rps)
    try:
        yield made
    finally:
        made.close()


def environment(reader: Reader) -> str:
    """The Python of a reader, made when it is first needed."""
    if not reader.packages:
        return sys.executable
    folder = WORK / re.sub(r"\W+", "-", reader.packages[0])
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
        subprocess.run(["uv", "pip", "install", "--quiet", "--python", str(python), *reader.packages], check=True)
    return str(python)


def measure(
    shop: Sandbox, reader: Reader, start: int, end: int, rps: int, streams: frozenset[str] = ORDERS
) -> Measured:
    """One run of one reader from `start` until `end`, unix seconds; the tap's of `streams`, all of them if empty."""
    with tempfile.TemporaryDirectory() as work:
        facts = {**shop.facts, "start": start, "end": end, "parallel": reader.parallel}
        variables = {**os.environ, "BENCHMARK": json.dumps(facts), "WORK": work, "ORDERS_SCHEMA": str(SCHEMA)}
        command = [environment(reader), str(READERS / reader.script)]
        if reader is TAP:
            command = [environment(reader), "-m", "tap_tiktokshop", *_tap_files(Path(work), facts, rps, streams)]
        shop.control("DELETE", "/stats")
        with Path(os.devnull).open("wb") as nothing:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=nothing, cwd=work, env=variables)
        orders, first = _drain(process)
        _, status, usage = os.wait4(process.pid, 0)
        ended = time.time()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{reader.name} failed with {process.returncode}: {' '.join(command)}")
    stats = shop.control("GET", "/stats")
    times = [entry["time"] for entry in shop.requests()]
    return Measured(
        reader.name,
        orders,
        ended - (times[0] if 0 < len(times) < 10_000 else first),  # the sandbox keeps the last 10,000 requests
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1024,
        stats["requests"],
        stats["rate_limited"],
        _by_second(times),
    )


def _by_second(times: list[float]) -> list[int]:
    counted = [0] * (int(times[-1] - times[0]) + 1) if times else []
    for moment in times:
        counted[int(moment - times[0])] += 1
    return counted


def _drain(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Reads all output; counts records, and when the first came."""
    records, first, tail = 0, time.time(), b""
    seen = False
    assert process.stdout
    while block := process.stdout.read1(1 << 20):
        text = tail + block
        records += len(RECORD.findall(text))
        tail = text[-20:] if not RECORD.search(text[-20:]) else b""
        if not seen and records:
            seen, first = True, time.time()
    return records, first


RECORD = re.compile(rb'"type": ?"RECORD"')


def _tap_files(work: Path, facts: dict[str, Any], rps: int, streams: frozenset[str] = ORDERS) -> list[str]:
    """The tap's configuration, and a catalogue that selects these streams, all if there are none."""
    names = ("app_key", "app_secret", "access_token", "refresh_token")
    config = {name: facts[name] for name in names} | {
        "api_base_url": facts["url"],
        "auth_base_url": facts["url"],
        "requests_per_second": rps,
        "analytics_requests_per_second": rps,
        "start_date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(facts["start"])),
        "token_store": str(work / "tokens.json"),
    }
    (work / "config.json").write_text(json.dumps(config))
    discover = [sys.executable, "-m", "tap_tiktokshop", "--config", str(work / "config.json"), "--discover"]
    catalog = json.loads(subprocess.run(discover, check=True, capture_output=True).stdout)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = not streams or stream["tap_stream_id"] in streams
    (work / "catalog.json").write_text(json.dumps(catalog))
    return ["--config", str(work / "config.json"), "--catalog", str(work / "catalog.json")]


def compare(orders: int, rounds: int, *, latency: int, rps: int) -> list[Measured]:
    """Every reader, `rounds` times, in turn, so that what else the machine does meets all of them."""
    found = []
    with sandbox(1, orders, latency=latency, rps=rps) as shop:
        end = int(time.time())
        empty = {reader.name: measure(shop, reader, end - 1, end, rps).cpu for reader in READERS_ALL}
        for number in range(rounds):
            for reader in READERS_ALL:
                one = measure(shop, reader, end - int(PERIOD * reader.share), end, rps)
                if not one.orders:  # a reader that prints nothing: as many as its calls have brought
                    one.orders = int(orders * reader.share)
                one.cpu = max(0.0, one.cpu - empty[reader.name])
                found.append(one)
                _say(
                    f"round {number + 1}: {reader.name}: {one.speed:.0f} orders/s, {one.rate_limited} rate-limit errors"
                )
    return found


def scale(sizes: list[tuple[int, ...]], *, latency: int, rps: int) -> list[dict[str, Any]]:
    """The tap over more orders and more shops."""
    found = []
    for shops, orders in sizes:
        with sandbox(shops, orders, latency=latency, rps=rps) as shop:
            end = int(time.time())
            one = measure(shop, TAP, end - 2 * PERIOD, end, rps)
        found.append({"shops": shops, "orders_per_shop": orders, "speed": one.speed, **asdict(one)})
        _say(f"{shops} x {orders}: {one.speed:.0f} orders/s, {one.megabytes:.0f} MB")
    return found


def everything(orders: int) -> list[dict[str, Any]]:
    """All streams of one shop, those that are off by default as well, without latency and without a budget."""
    with sandbox(1, orders, latency=0, rps=1_000_000) as shop:
        end = int(time.time())
        one = measure(shop, TAP, end - 2 * PERIOD, end, 1_000_000, frozenset())
    _say(f"all streams: {one.orders} records in {one.seconds:.0f} s, {one.megabytes:.0f} MB")
    return [asdict(one)]


def recover(orders: int, *, latency: int, rps: int) -> list[dict[str, Any]]:
    """What the tap does while the platform halves its limit for a minute, and how soon it uses all of it again."""
    with sandbox(1, orders, latency=latency, rps=rps) as shop, tempfile.TemporaryDirectory() as work:
        now = int(time.time())
        files = _tap_files(Path(work), {**shop.facts, "start": now - 2 * PERIOD, "end": now}, rps)
        shop.control("DELETE", "/stats")
        with Path(os.devnull).open("wb") as nothing:
            process = subprocess.Popen([sys.executable, "-m", "tap_tiktokshop", *files], stdout=nothing, stderr=nothing)
        moments = []
        for limit, seconds in ((rps, 15), (rps // 2, 60), (rps, 20)):
            shop.control("PUT", "/limit", {"requests_per_second": limit})
            moments.append(time.time())
            time.sleep(seconds)
        if process.poll() is not None:
            raise RuntimeError(f"{orders} orders were read before the limit was back: take more")
        process.kill()
        process.wait()
        entries = shop.requests()
    halved, back = moments[1:]
    let_in = [entry["time"] for entry in entries if entry["code"] == 0]
    minute = sum(halved <= moment < back for moment in let_in) / (back - halved)
    full = (
        moment
        for index, moment in enumerate(let_in)
        if moment >= back and sum(moment <= later < moment + 1 for later in let_in[index:]) >= 0.98 * rps
    )
    found = {
        "in_the_minute": minute,
        "refused": sum(entry["code"] != 0 and halved <= entry["time"] < back + 5 for entry in entries),
        "seconds": next(full, float("inf")) - back,
        "by_second": _by_second(let_in),
    }
    _say(f"limit halved: {minute:.1f} requests/s, {found['refused']} refused; recovered in {found['seconds']:.1f} s")
    return [found]


def table(runs: list[Measured]) -> str:
    """A line for each reader: median (min to max)."""
    lines = [
        "| reader | orders/s | CPU ms an order | peak MB | calls per 1,000 orders | rate-limit errors |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for reader in READERS_ALL:
        mine = [run for run in runs if run.reader == reader.name]

        def spread(values: list[float], form: str) -> str:
            low, middle, high = min(values), statistics.median(values), max(values)
            return f"{middle:{form}} ({low:{form}} to {high:{form}})"

        cells = [
            reader.name,
            spread([run.speed for run in mine], ",.0f"),
            spread([1000 * run.cpu / run.orders for run in mine], ".3f"),
            spread([run.megabytes for run in mine], ".0f"),
            f"{statistics.median([1000 * run.calls / run.orders for run in mine]):.1f}",
            ", ".join(str(run.rate_limited) for run in mine),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def scaling_table(points: list[dict[str, Any]]) -> str:
    """A line for each size."""
    lines = ["| shops | orders a shop | orders/s | CPU ms an order | peak MB | rate-limit errors |", "| --- " * 6 + "|"]
    lines += [
        f"| {point['shops']} | {point['orders_per_shop']:,} | {point['speed']:,.0f} | "
        f"{1000 * point['cpu'] / point['orders']:.3f} | {point['megabytes']:.0f} | {point['rate_limited']} |"
        for point in points
    ]
    return "\n".join(lines)


def recovery_text(found: dict[str, Any], rps: int) -> str:
    """A sentence."""
    return (
        f"While the platform lets only {rps // 2} of {rps} requests a second through for a minute, "
        f"{found['in_the_minute']:.1f} a second come through and {found['refused']} are refused, and tried again. "
        f"{found['seconds']:.1f} s after it lets all through again, a second has 98 % of {rps}."
    )


def everything_text(found: dict[str, Any]) -> str:
    """A sentence."""
    return (
        f"{found['orders']:,} records of all streams, with {found['calls']:,} calls, took {found['seconds']:.0f} s, "
        f"{found['cpu']:.0f} s of CPU, and at most {found['megabytes']:.0f} MB."
    )


def write(parts: dict[str, str]) -> None:
    """Puts tables between their marks in README.md."""
    readme = HERE / "README.md"
    text = readme.read_text()
    for name, part in parts.items():
        begin, end = f"<!-- {name} -->", f"<!-- end {name} -->"
        text = text[: text.index(begin) + len(begin)] + f"\n\n{part}\n\n" + text[text.index(end) :]
    readme.write_text(text)


def plot(results: Path) -> None:
    """Draws results.png, in an environment that has matplotlib."""
    drawer = Reader("plot", "plot.py", ("matplotlib==3.10.8",))
    subprocess.run([environment(drawer), str(HERE / "plot.py"), str(results), str(HERE / "results.png")], check=True)


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    """Everything, or a smoke test."""
    parser = argparse.ArgumentParser(description="The tap beside what a user would pick instead.")
    parser.add_argument("--smoke", action="store_true", help="a few orders, nothing written")
    parser.add_argument(
        "--parts", default="limited,free,scaling,recovery,everything", help="what is measured again; the rest is kept"
    )
    parser.add_argument("--orders", type=positive, default=100_000)
    parser.add_argument("--rounds", type=positive, default=3)
    parser.add_argument("--latency-ms", type=int, default=200)
    parser.add_argument("--rps", type=positive, default=50)
    parser.add_argument(
        "--scaling", default="1x20000,1x100000,1x1000000,4x25000,16x25000", help="shops x orders a shop"
    )
    options = parser.parse_args()
    if options.smoke:
        print(table(compare(1_000, 1, latency=0, rps=100_000)))
        return
    sizes = [tuple(map(int, size.split("x"))) for size in options.scaling.split(",")]
    measured: dict[str, Callable[[], list[Any]]] = {
        "limited": lambda: compare(options.orders, options.rounds, latency=options.latency_ms, rps=options.rps),
        "free": lambda: compare(options.orders, options.rounds, latency=0, rps=1_000_000),
        "scaling": lambda: scale(sizes, latency=options.latency_ms, rps=options.rps),
        "recovery": lambda: recover(10 * options.orders, latency=options.latency_ms, rps=options.rps),
        "everything": lambda: everything(options.orders // 7),
    }
    results = HERE / "results.json"
    kept = json.loads(results.read_text()) if results.exists() else {}
    for part in options.parts.split(","):
        kept[part] = [one if isinstance(one, dict) else asdict(one) for one in measured[part]()]
        results.write_text(json.dumps(kept, indent=1) + "\n")
    plot(results)
    limited, free = ([Measured(**one) for one in kept[part]] for part in ("limited", "free"))
    picture = "![orders a second, CPU an order, and the scaling run](results.png)"
    tables = {"limited": table(limited), "free": table(free), "scaling": scaling_table(kept["scaling"])}
    recovery = recovery_text(kept["recovery"][0], options.rps)
    write({"plot": picture, **tables, "recovery": recovery, "everything": everything_text(kept["everything"][0])})


if __name__ == "__main__":
    main()
