"""Kills receivers of webhooks while events are delivered to them: is every event in the inbox once, and no other?

    python scripts/soak/hooks.py --events 10000 --kills 30

The platform is played by threads that deliver events as it does: at least once, some twice, in no order, and again when
the answer is anything but 200 or does not come (soon, in place of after minutes and hours; never less than four times).
Each kill is a SIGKILL at a random moment; the receiver is started again at once. With `--receivers 2` and an `--inbox`
in PostgreSQL there are several, as behind a balancer: the others go on meanwhile. Exits with 1 if an event is missing
or doubled, a body is not what was sent, or a reader beside it all has not met every event once, in rising positions.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tiktokshop_client import TikTokShopError
from tiktokshop_webhooks.inbox import open_inbox

KEY, SECRET = "soak", "soak-secret"
SENDERS = 8
LONGEST_WAIT = 3.0
"""Seconds that the platform waits for an answer."""
TOO_LONG = 120.0
"""Seconds after which an event that is still not taken counts as lost."""
TWICE = 0.05


def body_of(number: int) -> bytes:
    """An event, with an integer beyond what a double holds."""
    data = {"order_id": str(number), "product_id": 2**60 + number, "update_time": 1}
    return json.dumps({"type": 1, "tts_notification_id": str(number), "shop_id": "7", "data": data}).encode()


class Receiver:
    """A receiver that is killed and started again."""

    def __init__(self, folder: Path, inbox: str, port: int, app: tuple[str, str] = (KEY, SECRET)) -> None:
        self.port = port
        self._command = [sys.executable, "-m", "tiktokshop_webhooks", "serve", "--port", str(port)]
        self._folder = folder
        self._environment = {
            **os.environ,
            "TIKTOKSHOP_APP_KEY": app[0],
            "TIKTOKSHOP_APP_SECRET": app[1],
            "TIKTOKSHOP_WEBHOOK_INBOX": inbox,
        }
        self._running: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        self._running = subprocess.Popen(
            self._command, cwd=self._folder, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._running.stdout is not None
        line = self._running.stdout.readline()
        self.port = int(line.decode().split("/webhooks")[0].rpartition(":")[2])
        self._command[-1] = str(self.port)

    def kill(self) -> None:
        """Ends it as the power does."""
        assert self._running is not None
        self._running.kill()
        self._running.communicate()


@dataclass
class Platform:
    """Delivers events until each is taken."""

    receivers: list[Receiver]
    events: int
    seed: int
    answers: Counter[str] = field(default_factory=Counter)
    lost: list[int] = field(default_factory=list)
    taken: int = 0

    def deliver(self) -> None:
        """Delivers all; some of them twice, in no order."""
        rng = random.Random(self.seed)
        numbers = [*range(self.events), *(number for number in range(self.events) if rng.random() < TWICE)]
        rng.shuffle(numbers)
        threads = [
            threading.Thread(target=self._some, args=(numbers[place::SENDERS], place)) for place in range(SENDERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _some(self, numbers: list[int], place: int) -> None:
        rng = random.Random(self.seed * SENDERS + place)
        for number in numbers:
            body = body_of(number)
            began = time.monotonic()
            while (answer := self._once(body, rng.choice(self.receivers).port)) != "200":
                self.answers[answer] += 1
                if time.monotonic() - began > TOO_LONG:
                    self.lost.append(number)
                    break
                time.sleep(0.05)
            self.answers[answer] += 1
            self.taken += 1

    @staticmethod
    def _once(body: bytes, port: int) -> str:
        signed = hmac.new(SECRET.encode(), KEY.encode() + body, hashlib.sha256).hexdigest()
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_WAIT)) as connection:
            try:
                connection.request("POST", "/webhooks", body, {"Authorization": signed})
                return str(connection.getresponse().status)
            except (OSError, http.client.HTTPException):
                return "none"


def follow(address: str, seen: list[tuple[int, bytes]], ended: threading.Event) -> None:
    """Reads along, as the tap does: what comes behind the last position."""
    with contextlib.closing(open_inbox(address, create=False)) as inbox:
        while True:
            last = ended.is_set()
            try:
                found = inbox.after(seen[-1][0] if seen else 0, 100)
            except TikTokShopError:
                found = []
                time.sleep(0.1)
            seen += [(event.position, event.body) for event in found]
            if last and not found:
                return
            time.sleep(0 if found else 0.01)


def faults_of(address: str, platform: Platform, seen: list[tuple[int, bytes]]) -> list[str]:
    """What is wrong with what is in the inbox, and with what a reader met."""
    wanted = {body_of(number) for number in range(platform.events)}
    with contextlib.closing(open_inbox(address, create=False)) as inbox:
        kept = inbox.after(0, 2 * platform.events + 1)
    there = Counter(event.body for event in kept)
    faults = [f"{len(platform.lost)} events were never taken"] if platform.lost else []
    faults += [f"{len(wanted - there.keys())} events are missing"] if wanted - there.keys() else []
    faults += [f"{len(there.keys() - wanted)} events were never sent"] if there.keys() - wanted else []
    faults += ["events are there twice"] if max(there.values(), default=0) > 1 else []
    faults += ["a reader has not met every event once"] if Counter(body for _, body in seen) != there else []
    faults += (
        ["positions have not risen"] if [place for place, _ in seen] != sorted({place for place, _ in seen}) else []
    )
    return faults


def run(address: str, folder: Path, *, events: int, kills: int, receivers: int = 1, seed: int = 7) -> list[str]:
    """Delivers and kills; what is wrong afterwards, [] if nothing is."""
    rng = random.Random(seed)
    made = [Receiver(folder, address, 0) for _ in range(receivers)]
    try:
        with contextlib.closing(open_inbox(address)) as inbox:
            inbox.check()
        platform = Platform(made, events, seed)
        seen: list[tuple[int, bytes]] = []
        ended = threading.Event()
        reader = threading.Thread(target=follow, args=(address, seen, ended))
        sending = threading.Thread(target=platform.deliver)
        reader.start()
        sending.start()
        done = 0
        while done < kills and sending.is_alive():
            if platform.taken >= (done + rng.random()) * events / (kills + 1):  # evenly, as far as they get
                one = rng.choice(made)
                one.kill()
                one.start()
                done += 1
            time.sleep(0.01)
        sending.join()
        ended.set()
        reader.join()
    finally:
        for one in made:
            one.kill()
    print(f"{events} events, {done} kills, answers: {dict(sorted(platform.answers.items()))}", flush=True)
    return faults_of(address, platform, seen) + ([] if done == kills else [f"only {done} kills"])


def main() -> int:
    """Prints what happened, and what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--receivers", type=int, default=1)
    parser.add_argument("--inbox", default="", help="postgresql://... in place of a new file; it must be empty")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}")
    with tempfile.TemporaryDirectory() as folder:
        address = chosen.inbox or str(Path(folder) / "inbox.sqlite")
        faults = run(
            address,
            Path(folder),
            events=chosen.events,
            kills=chosen.kills,
            receivers=chosen.receivers,
            seed=chosen.seed,
        )
    print("\n".join(faults) or "every event is in the inbox once")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
