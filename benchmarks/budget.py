"""How many requests any number of processes send to one shop together, by the sandbox's own count.

    python benchmarks/budget.py [--processes 16] [--seconds 60] [--store redis] [--kill 20] [--restart 30] [--out FILE]

The sandbox allows 50 requests in any second to a shop, whatever they ask. Each process has four threads that always
have a request to send. `--kill` ends one of them (SIGKILL) so many seconds after all have begun, `--restart` stops
Redis then and starts it again three seconds later. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from arguments import positive
from tiktokshop_client import Client, Settings, TikTokShopError
from tiktokshop_client.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

CEILING = 50
THREADS = 4
AWAY = 3.0
PACK = 150


def work(config: dict[str, Any]) -> None:
    """One process: says when it is ready, sends until its standard input ends, says what that came to."""
    client = Client(Settings.from_config(config))
    shop, operation = client.shops()[0], OPERATIONS["search_orders"]
    over, sent, failed = threading.Event(), [0] * THREADS, [0]

    def send(number: int) -> None:
        while not over.is_set():
            try:
                client.call(operation, shop=shop, query={"page_size": 1})
                sent[number] += 1
            except TikTokShopError:  # noqa: PERF203 - each call may fail
                failed[0] += not over.is_set()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(THREADS)]
    print("ready", flush=True)
    sys.stdin.readline()
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    client.close()
    for thread in threads:
        thread.join()
    times = time.process_time()
    print(json.dumps({"sent": sum(sent), "failed": failed[0], "cpu": round(times, 2)}), flush=True)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server that listens."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def fullest(times: list[float]) -> int:
    """The most requests in any second; the journal's times are whole milliseconds."""
    return max((index + 1 - bisect_right(times, time - 0.9985) for index, time in enumerate(times)), default=0)


def fullest_fixed(times: list[float]) -> int:
    """The most requests in a second of the clock."""
    seconds = [int(time) for time in times]
    return max((seconds.count(second) for second in set(seconds)), default=0)


def observe(url: str, until: float) -> list[tuple[float, int]]:
    """When each request came, by the sandbox, and its code, until so many seconds of the clock.

    Few are asked for at a time: while it lists them, it takes no request.
    """
    seen: dict[int, tuple[float, int]] = {}
    while True:
        ends = time.time() >= until
        for entry in requests.get(f"{url}/_sandbox/requests?limit={PACK}", timeout=60).json()["requests"]:
            if entry["path"].startswith("/order/"):
                seen[entry["number"]] = (entry["time"], entry["code"])
        if ends:
            return sorted(seen.values())
        time.sleep(min(2.0, max(0.0, until - time.time())))


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One measurement."""
    port, redis_port = free_port(), free_port()
    sandbox = [str(Path(sys.executable).with_name("tiktokshop-sandbox")), "serve", "--port", str(port)]
    sandbox += ["--shops", "1", "--orders", "50", "--rps", str(CEILING), "--rps-scope", "shop"]
    redis = [
        shutil.which("redis-server") or "redis-server",
        "--port",
        str(redis_port),
        "--save",
        "",
        "--dir",
        str(folder),
    ]
    url = f"http://127.0.0.1:{port}"
    with running(sandbox, port), contextlib.ExitStack() as servers:
        server = servers.enter_context(running(redis, redis_port))
        facts = requests.get(f"{url}/_sandbox", timeout=60).json()
        config = {
            "app_key": facts["app"]["app_key"],
            "app_secret": facts["app"]["app_secret"],
            "access_token": facts["tokens"]["access_token"],
            "refresh_token": facts["tokens"]["refresh_token"],
            "api_base_url": url,
            "auth_base_url": url,
            "token_store": str(folder / "tokens.json"),
        }
        if options.store == "redis":
            config["budget_store"] = f"redis://127.0.0.1:{redis_port}/0"
        command = [sys.executable, __file__, "--worker", json.dumps(config)]
        workers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(options.processes)
        ]
        for worker in workers:
            assert worker.stdout
            worker.stdout.readline()
        began = time.time()
        for worker in workers:
            assert worker.stdin
            worker.stdin.write("go\n")
            worker.stdin.flush()
        events = {}
        if options.kill:
            events[options.kill] = workers[-1].kill
        if options.restart:
            events[options.restart] = server.kill
            events[options.restart + AWAY] = lambda: servers.enter_context(running(redis, redis_port))
        for moment, act in sorted(events.items()):
            threading.Timer(began + moment - time.time(), act).start()
        came = observe(url, began + options.seconds)
        ended = time.time()
        killed = workers[-1:] if options.kill else []
        told = [json.loads(worker.communicate()[0]) for worker in workers if worker not in killed]
        return _told(options, came, began, ended, told)


def _told(
    options: argparse.Namespace, came: list[tuple[float, int]], began: float, ended: float, told: list[dict[str, Any]]
) -> dict[str, Any]:
    """What a measurement came to. The first two seconds are those in which the processes find each other."""
    times = [time for time, _ in came]
    steady = times[bisect_left(times, began + 2) : bisect_left(times, ended - 0.5)]
    shares = [one["sent"] for one in told]
    result: dict[str, Any] = {
        "processes": options.processes,
        "store": options.store,
        "seconds": options.seconds,
        "requests": len(times),
        "refused": sum(code != 0 for _, code in came),
        "most in any second": fullest(times),
        "most in a second of the clock": fullest_fixed(times),
        "used": round(len(steady) / (ended - 0.5 - began - 2) / CEILING, 4),
        "fewest and most of a process": [min(shares), max(shares)],
        "cpu of a process": round(sum(one["cpu"] for one in told) / len(told), 2),
        "failed calls": sum(one["failed"] for one in told),
    }
    if options.kill:
        seconds = [began + options.kill + number for number in (2, 3, 4)]
        result["used after the kill"] = [
            bisect_left(times, second + 1) - bisect_left(times, second) for second in seconds
        ]
    if options.restart:
        result["by second from the stop of Redis"] = [
            bisect_left(times, began + options.restart + number + 1)
            - bisect_left(times, began + options.restart + number)
            for number in range(8)
        ]
    return result


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=positive, default=16)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--store", choices=["redis", "file"], default="redis")
    parser.add_argument("--kill", type=float, default=0)
    parser.add_argument("--restart", type=float, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worker")
    options = parser.parse_args()
    if options.worker:
        work(json.loads(options.worker))
        return
    with tempfile.TemporaryDirectory() as folder:
        line = json.dumps(measure(options, Path(folder)))
    print(line)
    if options.out:
        options.out.write_text(line + "\n")


if __name__ == "__main__":
    main()
