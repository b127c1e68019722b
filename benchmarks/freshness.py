"""How long it takes from a purchase in a shop to a row in DuckDB, through a webhook, an inbox and a tap that follows.

    python benchmarks/freshness.py [--orders 500] [--every 0.2] [--latency 100]

Starts what a user starts, each as a process of its own: a sandbox, a receiver, a tap that follows, the DuckDB target.
Then buys in the sandbox's console, and looks into the table until each order is there. Exits with 1 if more than one
order in twenty took longer than 3 seconds, if any took longer than 5, or if one is missing a minute after the last.
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
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import duckdb
from arguments import positive

if TYPE_CHECKING:
    from collections.abc import Iterator

WITHIN, LATEST, MISSING = 3.0, 5.0, 60.0
LOOK = 0.1


def command(name: str) -> str:
    """A command of this environment."""
    return str(Path(sys.executable).with_name(name))


@contextlib.contextmanager
def running(name: str, *arguments: str, folder: Path, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A command as a process, ended with SIGTERM."""
    with subprocess.Popen([command(name), *arguments], cwd=folder, stdout=subprocess.PIPE, **more) as process:
        try:
            yield process
        finally:
            process.terminate()


def lines_until(output: IO[bytes], word: str) -> list[str]:
    """What a process says until a word comes."""
    found = []
    while line := output.readline().decode():
        found.append(line)
        if word in line:
            return found
    raise RuntimeError("".join(found))


class Till:
    """Buys in the sandbox's console."""

    def __init__(self, url: str, shop: str) -> None:
        self._url, self._shop = url, shop
        page = urllib.request.urlopen(f"{url}/console").read().decode()
        match = re.search(r'name="?token"? value="?([^"> ]+)', page)
        assert match, page[:2000]
        self._token = match[1]

    def buy(self) -> str | None:
        """The id of a new order; None if the buyer found nothing."""
        form = urllib.parse.urlencode({"token": self._token, "shop": self._shop}).encode()
        with urllib.request.urlopen(f"{self._url}/console/order", form) as answer:
            match = re.search(r"Order (\d+) came in", answer.read().decode())
        return match[1] if match else None


def look(path: Path, bought: dict[str, float], seen: dict[str, float], ended: threading.Event) -> None:
    """Notes when each order is first in the table."""
    while not ended.is_set():
        with contextlib.suppress(duckdb.Error), duckdb.connect(str(path), read_only=True) as connection:
            rows = connection.execute("SELECT id FROM orders").fetchall()
            now = time.monotonic()
            for (order,) in rows:
                seen.setdefault(order, now)
        ended.wait(LOOK)
        if bought.get("last") and time.monotonic() - bought["last"] > MISSING:
            return


def measure(folder: Path, given: argparse.Namespace) -> list[float]:
    """Seconds from purchase to row."""
    serve = ["serve", "--port", "0", "--shops", "1", "--orders", "50", "--latency-ms", str(given.latency)]
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(running("tiktokshop-sandbox", *serve, folder=folder))
        assert sandbox.stdout
        facts = dict(line.split(maxsplit=1) for line in lines_until(sandbox.stdout, "control") if line[:2] == "  ")
        url = facts["control"].strip().removesuffix("/_sandbox")
        connection = {
            "api_base_url": url,
            "auth_base_url": url,
            **{name: facts[name].strip() for name in ("app_key", "app_secret", "refresh_token")},
            "token_store": str(folder / "tokens.json"),
        }
        settings = {f"TIKTOKSHOP_{name.upper()}": value for name, value in connection.items()}
        environment = {**os.environ, **settings, "TIKTOKSHOP_WEBHOOK_INBOX": str(folder / "inbox.sqlite")}
        receiver = stack.enter_context(
            running("tiktokshop-webhooks", "serve", "--port", "0", folder=folder, env=environment)
        )
        assert receiver.stdout
        hooks = lines_until(receiver.stdout, "/webhooks")[-1].split("http://")[1].split()[0]
        subscribe = [command("tiktokshop-webhooks"), "subscribe", "all", "--address", f"http://{hooks}"]
        subprocess.run(subscribe, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        tap, target = folder / "tap.json", folder / "target.json"
        tap.write_text(json.dumps({**connection, "webhook_inbox": str(folder / "inbox.sqlite"), "follow": True}))
        path = folder / "shop.duckdb"
        target.write_text(json.dumps({"path": str(path), "share_file": True, "batch_size_rows": 1_000_000}))
        log = stack.enter_context((folder / "log").open("wb"))
        reads = stack.enter_context(
            running("tap-tiktokshop", "--config", str(tap), "--catalog", _catalog(folder), folder=folder, stderr=log)
        )
        loads = stack.enter_context(
            running("target-duckdb-exact", "--config", str(target), folder=folder, stdin=reads.stdout, stderr=log)
        )
        assert loads.stdout
        lines_until(loads.stdout, "bookmarks")
        with (folder / "log").open(encoding="utf-8") as said:  # until the windows are read
            while not any("Following" in line for line in said):
                time.sleep(LOOK)
        shop = json.loads(urllib.request.urlopen(f"{url}/_sandbox").read())["shops"][0]["id"]
        return buy_and_look(Till(url, shop), path, given)


def buy_and_look(till: Till, path: Path, given: argparse.Namespace) -> list[float]:
    """Buys evenly, and waits until all is in the table."""
    bought: dict[str, float] = {}
    seen: dict[str, float] = {}
    ended = threading.Event()
    looker = threading.Thread(target=look, args=(path, bought, seen, ended))
    looker.start()
    began = time.monotonic()
    for number in range(given.orders):
        time.sleep(max(0.0, began + number * given.every - time.monotonic()))
        if order := till.buy():
            bought[order] = time.monotonic()
    last = time.monotonic()
    while bought.keys() - seen.keys() and time.monotonic() - last < MISSING:
        time.sleep(LOOK)
    ended.set()
    looker.join()
    return [seen.get(order, float("inf")) - at for order, at in bought.items()]


def _catalog(folder: Path) -> str:
    """A catalog that selects orders alone."""
    found = subprocess.run(
        [command("tap-tiktokshop"), "--config", str(folder / "tap.json"), "--discover"],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    catalog = json.loads(found.stdout)
    for entry in catalog["streams"]:
        for mark in entry["metadata"]:
            if not mark["breadcrumb"]:
                mark["metadata"]["selected"] = entry["tap_stream_id"] == "orders"
    path = folder / "catalog.json"
    path.write_text(json.dumps(catalog))
    return str(path)


def main() -> None:
    """Measures, prints, and says by its exit code whether that is fresh."""
    parser = argparse.ArgumentParser(description="From a purchase to a row in DuckDB.")
    parser.add_argument("--orders", type=positive, default=500)
    parser.add_argument("--every", type=float, default=0.2, help="seconds between two purchases")
    parser.add_argument("--latency", type=int, default=100, help="milliseconds added to each answer of the platform")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        took = sorted(measure(Path(folder), given))
    late = sum(seconds > WITHIN for seconds in took)
    median, most, worst = statistics.median(took), took[int(len(took) * 0.95) - 1], took[-1]
    print(f"{len(took)} orders: median {median:.2f} s, 95 % within {most:.2f} s, worst {worst:.2f} s")
    sys.exit(late > len(took) / 20 or worst > LATEST)


if __name__ == "__main__":
    main()
