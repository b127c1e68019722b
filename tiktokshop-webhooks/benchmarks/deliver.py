"""How long deliveries wait for their answer: events at an even rate over connections that stay open, then in a burst.

    python tiktokshop-webhooks/benchmarks/deliver.py --seconds 60

A receiver is started as a process of its own, over a new inbox in SQLite (or `--inbox postgresql://...`). The platform
is played by threads of this process, each with its connection; an event is sent at its time, whether those before it
were answered or not, so that a receiver that stands still is not spared what piles up. Exits with 1 if more than one in
a hundred took longer than 100 ms, if any took longer than a second, or if the inbox does not have every event once.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tiktokshop_webhooks.inbox import open_inbox

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY, SECRET = "benchmark", "benchmark-secret"
SENDERS = 32
WITHIN, LATEST = 0.1, 1.0


@contextlib.contextmanager
def receiver(folder: Path, inbox: str) -> Iterator[int]:
    """A receiver's port."""
    environment = {
        **os.environ,
        "TIKTOKSHOP_APP_KEY": KEY,
        "TIKTOKSHOP_APP_SECRET": SECRET,
        "TIKTOKSHOP_WEBHOOK_INBOX": inbox,
    }
    command = [sys.executable, "-m", "tiktokshop_webhooks", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            line = running.stdout.readline()
            yield int(line.split("/webhooks")[0].rpartition(":")[2])
        finally:
            running.terminate()


def body_of(number: int) -> bytes:
    """An event like a real one, with a number of its own."""
    data = {"order_id": str(576_653_688_135_258_178 + number), "order_status": "AWAITING_SHIPMENT", "update_time": 1}
    event = {
        "type": 1,
        "tts_notification_id": str(number),
        "shop_id": "7495540735365777507",
        "timestamp": 1,
        "data": data,
    }
    return json.dumps(event).encode()


class Senders:
    """Threads that send events over connections which stay open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._due: queue.SimpleQueue[tuple[bytes, float] | None] = queue.SimpleQueue()
        self.waits: list[float] = []
        self.refused = 0
        self._threads = [threading.Thread(target=self._work) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def send(self, number: int, due: float) -> None:
        """Has an event sent, whose wait counts from when it is due."""
        self._due.put((body_of(number), due))

    def end(self) -> None:
        """Waits until all are answered."""
        for _ in self._threads:
            self._due.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        while (item := self._due.get()) is not None:
            body, due = item
            signed = hmac.new(SECRET.encode(), KEY.encode() + body, hashlib.sha256).hexdigest()
            connection.request("POST", "/webhooks", body, {"Authorization": signed})
            answer = connection.getresponse()
            answer.read()
            self.waits.append(time.perf_counter() - due)
            self.refused += answer.status != 200
        connection.close()


def share(waits: list[float], percent: float) -> float:
    """The wait that so many percent did not exceed, in milliseconds."""
    return 1_000 * sorted(waits)[min(len(waits) - 1, int(len(waits) * percent / 100))]


def shown(name: str, waits: list[float]) -> None:
    """A line of figures."""
    figures = "  ".join(f"{percent}%: {share(waits, percent):6.1f} ms" for percent in (50, 95, 99))
    late = sum(wait > WITHIN for wait in waits)
    print(
        f"{name:8} {len(waits):6} events  {figures}  worst: {1_000 * max(waits):6.1f} ms  over 100 ms: {late}",
        flush=True,
    )


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=200, help="events a second (default 200)")
    parser.add_argument("--burst", type=int, default=5_000, help="events at once, afterwards (default 5,000)")
    parser.add_argument("--inbox", default="", help="a path or postgresql://... in place of a new file")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        address = chosen.inbox or str(Path(folder) / "inbox.sqlite")
        with receiver(Path(folder), address) as port:
            steady = Senders(port)
            began = time.perf_counter() + 0.5
            total = chosen.seconds * chosen.rate
            for number in range(total):
                due = began + number / chosen.rate
                time.sleep(max(0.0, due - time.perf_counter()))
                steady.send(number, due)
            steady.end()
            shown("steady", steady.waits)
            burst = Senders(port)
            began = time.perf_counter()
            for number in range(total, total + chosen.burst):
                burst.send(number, began)
            burst.end()
            if chosen.burst:
                shown("burst", burst.waits)
                print(f"burst    {chosen.burst / (time.perf_counter() - began):,.0f} events a second", flush=True)
        used = os.times()
        cost = 1e6 * (used.children_user + used.children_system) / (total + chosen.burst)
        print(f"receiver {cost:,.0f} us of CPU an event")
        with contextlib.closing(open_inbox(address, create=False)) as inbox:
            kept = inbox.figures()
    whole = chosen.inbox or (kept["events"], kept["deliveries"]) == (total + chosen.burst, total + chosen.burst)
    refused = steady.refused + burst.refused
    print(f"{refused} refused, every event in the inbox once: {'yes' if whole else 'NO'}")
    return int(bool(refused) or not whole or share(steady.waits, 99) > 1_000 * WITHIN or max(steady.waits) > LATEST)


if __name__ == "__main__":
    sys.exit(main())
