"""Lets a sandbox's shops live and kills the receivers of their webhooks: is every event in the inbox once?

    python scripts/soak/sent.py --events 10000 --kills 30

The shops live an hour at a time, subscribed to by `tiktokshop-webhooks subscribe`, and everything that happens there is
announced, some of it twice and out of order. Each kill is a SIGKILL at a random moment; the receiver is started again
at once, and the clock of the shops goes on to the next try that is due, so that the platform's own schedule decides.
With `--receivers 2` and an `--inbox` in PostgreSQL there are two behind a balancer that sends to the other one when
one does not answer its connection. Exits with 1 if an event was dropped, is missing or doubled, was changed on its way,
or a reader beside it all has not met every event once, in rising positions.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import tiktokshop_sandbox
from hooks import Receiver, follow
from tiktokshop_webhooks.inbox import open_inbox

NOON = 1_790_000_000
LEAP = 3_600
PATIENCE = 300.0


class Balancer:
    """Passes connections on to one of several ports, whichever takes them."""

    def __init__(self, receivers: list[Receiver], seed: int) -> None:
        self._receivers, self._rng = receivers, random.Random(seed)
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._pass_on, args=(self._socket.accept()[0],), daemon=True).start()

    def _pass_on(self, front: socket.socket) -> None:
        with front:
            for receiver in self._rng.sample(self._receivers, len(self._receivers)):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", receiver.port), 5) as behind:
                    there = threading.Thread(target=_pump, args=(front, behind), daemon=True)
                    there.start()
                    _pump(behind, front)
                    there.join()
                    return

    def close(self) -> None:
        """Takes no more."""
        self._socket.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class Shops:
    """Shops that live and announce what happens, and what is still to be delivered of it."""

    def __init__(self, running: tiktokshop_sandbox.Running) -> None:
        self.running = running

    def subscribe(self, folder: Path, address: str) -> None:
        """Subscribes to all that the tap reads, as a user does; what no API subscribes is switched on."""
        running = self.running
        config = running.settings()
        (folder / "config.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "tiktokshop_webhooks", "subscribe", "all", "--address", address]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TIKTOKSHOP_")}
        subprocess.run(
            [*command, "--config", "config.json"], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL
        )
        running.control("PUT", "/webhooks", {"event_types": ["all"], "address": address})
        running.control("POST", "/faults", {"kind": "webhook_doubled", "probability": 0.05})
        running.control("POST", "/faults", {"kind": "webhook_shuffled", "probability": 0.2, "seconds": 0.3})

    def counts(self) -> dict[str, int]:
        """Deliveries by state."""
        found: dict[str, int] = self.running.control("GET", "/webhooks")["deliveries"]
        return found

    def live(self, seconds: int) -> None:
        """Lets time pass in the shops."""
        self.running.control("POST", "/clock", {"advance": seconds})

    def wait(self) -> int:
        """Waits until everything that is due was tried; how long the shops have to wait for the next try, or 0."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            now = self.running.control("GET", "/clock")["now"]
            if not self.counts()["new"]:
                waiting = self.running.control("GET", "/webhooks/deliveries?state=waiting&limit=10000")["deliveries"]
                if all(one["due"] > now for one in waiting):
                    return min((one["due"] - now for one in waiting), default=0)
            time.sleep(0.02)
        raise TimeoutError("deliveries that are due are not tried")


def faults_of(file: Path, address: str, seen: list[tuple[int, bytes]]) -> list[str]:
    """What is wrong with what is in the inbox, and with what a reader met."""
    with contextlib.closing(sqlite3.connect(file)) as db:
        rows = db.execute("SELECT notification, type, data, state FROM webhooks").fetchall()
    sent = {(name, number): json.loads(data) for name, number, data, _ in rows}
    with contextlib.closing(open_inbox(address, create=False)) as inbox:
        kept = inbox.after(0, 2 * len(rows) + 1)
    there = Counter((event.notification_id, event.type) for event in kept)
    changed = 0
    for event in kept:
        data = event.data()
        if event.type == 68:
            data.pop("seller_id")
        changed += data != sent.get((event.notification_id, event.type))
    states = Counter(state for *_, state in rows)
    met = Counter(body for _, body in seen) != Counter(event.body for event in kept)
    complaints = (
        (states.keys() != {"delivered"}, f"not all were delivered: {dict(states)}"),
        (sent.keys() - there.keys(), f"{len(sent.keys() - there.keys())} events are missing"),
        (there.keys() - sent.keys(), f"{len(there.keys() - sent.keys())} events were never sent"),
        (max(there.values(), default=0) > 1, "events are there twice"),
        (changed, f"{changed} events were changed on their way"),
        (met, "a reader has not met every event once"),
        ([place for place, _ in seen] != sorted({place for place, _ in seen}), "positions have not risen"),
    )
    return [words for wrong, words in complaints if wrong]


def run(
    address: str, folder: Path, *, events: int, kills: int, receivers: int = 1, orders: int = 5_000, seed: int = 7
) -> list[str]:
    """Lets shops live until enough has happened, and kills; what is wrong afterwards, [] if nothing is."""
    rng = random.Random(seed)
    file = folder / "shop.sqlite"
    seen: list[tuple[int, bytes]] = []
    ended = threading.Event()
    done = 0
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(tiktokshop_sandbox.start(file, orders=orders, now=NOON, rps=1_000))
        app = (running.app_key, running.app_secret)
        made = [Receiver(folder, address, 0, app) for _ in range(receivers)]
        for one in made:
            stack.callback(one.kill)
        port = made[0].port
        if receivers > 1:
            balancer = stack.enter_context(contextlib.closing(Balancer(made, seed)))
            port = balancer.port
        shops = Shops(running)
        shops.subscribe(folder, f"http://127.0.0.1:{port}/webhooks")
        reader = threading.Thread(target=follow, args=(address, seen, ended))
        reader.start()
        try:
            while (total := sum(shops.counts().values())) < events or done < kills:
                shops.live(LEAP)
                if done < kills and total >= done * events / kills:  # evenly, as far as it gets
                    time.sleep(rng.random() * 0.5)
                    one = rng.choice(made)
                    one.kill()
                    one.start()
                    done += 1
                while due := shops.wait():
                    shops.live(due)
            counts = shops.counts()
        finally:
            ended.set()
            reader.join()
    tries = _tries(file)
    print(f"{sum(counts.values())} deliveries, {done} kills, {counts}, by tries: {tries}", flush=True)
    return faults_of(file, address, seen)


def _tries(file: Path) -> dict[int, int]:
    with contextlib.closing(sqlite3.connect(file)) as db:
        return dict(db.execute("SELECT tries, count(*) FROM webhooks GROUP BY tries ORDER BY tries").fetchall())


def main() -> int:
    """Prints what happened, and what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--receivers", type=int, default=1)
    parser.add_argument("--orders", type=int, default=5_000)
    parser.add_argument("--inbox", default="", help="postgresql://... in place of a new file; it must be empty")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}")
    folder = Path(tempfile.mkdtemp())
    try:
        faults = run(
            chosen.inbox or str(folder / "inbox.sqlite"),
            folder,
            events=chosen.events,
            kills=chosen.kills,
            receivers=chosen.receivers,
            orders=chosen.orders,
            seed=chosen.seed,
        )
    finally:
        shutil.rmtree(folder)
    print("\n".join(faults) or "every event is in the inbox once")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
