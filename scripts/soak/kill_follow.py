"""Kills a tap that follows an inbox while events come; each next one goes on from the last STATE of the killed one."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kill_tap import catalog_text
from shop import Output, Shop, shop
from tiktokshop_webhooks.inbox import Arrival, Inbox, open_inbox

if TYPE_CHECKING:
    import random
    from pathlib import Path

STREAMS = ("orders", "webhook_events")
AT_ONCE = 6
"""The most events that come together."""
LONGEST = 1.5
"""Seconds that a tap lives after it has begun to write, at most."""
START_SECONDS = 60.0
SETTINGS = {"follow": True, "follow_state_seconds": 0.2}


@dataclass
class Feed:
    """Events about a shop's orders, in an inbox.

    Attributes:
        orders: The shop and the id of each order.
        positions: The id of an event -> its position.
        named: The id of an event -> the order that it names.
    """

    inbox: Inbox
    moments: random.Random
    orders: list[tuple[str, str]]
    positions: dict[str, int] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)

    def tell(self) -> None:
        """Puts some events into the inbox. They do not say when anything changed, so that each has to be asked for."""
        arrivals, names = [], []
        for _ in range(self.moments.randint(1, AT_ONCE)):
            shop_id, order = self.moments.choice(self.orders)
            name = f"n{len(self.named)}"
            self.named[name] = order
            names.append(name)
            data = {"order_id": order, "order_status": "AWAITING_SHIPMENT"}
            event = {"type": 1, "tts_notification_id": name, "shop_id": shop_id, "timestamp": 1, "data": data}
            arrivals.append(Arrival(json.dumps(event).encode(), "k", round(time.time() * 1000)))
        for name, kept in zip(names, self.inbox.keep(arrivals), strict=True):
            self.positions[name] = kept.position


def position_of(state: dict[str, Any]) -> int:
    """Up to where a state says that events are done."""
    return int(state.get("webhook_inbox", {}).get("position", 0))


def faults_of(number: int, before: int, output: Output, feed: Feed) -> list[str]:
    """What is wrong with the output of a run that went on from the position `before`."""
    asked: set[str] = set()
    seen: Counter[str] = Counter()
    done = before
    faults = []
    for message in output.messages:
        if message["type"] == "STATE":
            position = position_of(message["value"])
            for name, place in feed.positions.items():
                if done < place <= position and (name not in seen or feed.named[name] not in asked):
                    faults.append(f"run {number}: a STATE passes event {place}, whose records are not out")
            done = max(done, position)
        elif message["type"] == "RECORD" and message["stream"] == "webhook_events":
            seen[message["record"]["event_id"]] += 1
        elif message["type"] == "RECORD":
            asked.add(message["record"]["id"])
    faults += [f"run {number}: event {name} twice" for name, times in seen.items() if times > 1]
    faults += [
        f"run {number}: event {name} again, although it was done" for name in seen if feed.positions[name] <= before
    ]
    return faults


def run_and_kill(one: Shop, catalog: Path, state: dict[str, Any], feed: Feed) -> Output:
    """A tap that follows, events meanwhile, and its end by SIGKILL.

    Raises:
        RuntimeError: It ended by itself.
    """
    file = one.folder / "output.singer"
    with file.open("wb") as output:
        process = one.start(catalog, state, output, **SETTINGS)
    begun = time.monotonic()
    early = feed.moments.random() < 0.1  # before it has written anything
    while not early and process.poll() is None and file.stat().st_size == 0:
        if time.monotonic() - begun > START_SECONDS:
            process.kill()
            break
        time.sleep(0.01)
    end = time.monotonic() + feed.moments.uniform(0, LONGEST)
    while time.monotonic() < end:
        feed.tell()
        time.sleep(feed.moments.uniform(0, 0.1))
    process.kill()
    if process.wait() >= 0:
        raise RuntimeError(f"a run ended by itself, with {process.returncode}: {one.folder / 'tap.log'}")
    return Output(file.read_bytes())


def last_run(one: Shop, catalog: Path, state: dict[str, Any], wanted: int) -> Output:
    """A run that is stopped by SIGTERM when all events are done.

    Raises:
        RuntimeError: It ended otherwise than asked to.
    """
    file = one.folder / "output.singer"
    with file.open("wb") as output:
        process = one.start(catalog, state, output, **SETTINGS)
    begun = time.monotonic()
    # A run that has written nothing may not hear SIGTERM yet, and has nothing to show.
    while not (said := file.read_bytes()) or position_of(Output(said).state() or state) < wanted:
        if process.poll() is not None or time.monotonic() - begun > START_SECONDS:
            break
        time.sleep(0.1)
    process.terminate()
    try:
        code = process.wait(START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    if code:
        raise RuntimeError(f"asked to end, the tap ended with {code}: {one.folder / 'tap.log'}")
    return Output(file.read_bytes())


def soak(folder: Path, kills: int, moments: random.Random, *, orders: int, shops: int) -> list[str]:
    """One shop and one inbox; so many taps, one after the other, and one that comes to its end."""
    catalog = folder / "catalog.json"
    faults: list[str] = []
    inbox = open_inbox(str(folder / "inbox.sqlite"))
    inbox.keep([])
    with shop(folder, orders=orders, shops=shops, seed=moments.randrange(1000)) as one:
        one.config["webhook_inbox"] = str(folder / "inbox.sqlite")
        catalog.write_text(catalog_text(one, list(STREAMS)))
        first = one.read(STREAMS)
        state = first.state()
        rows = [each["record"] for each in first.messages if each["type"] == "RECORD"]
        feed = Feed(inbox, moments, [(row["shop_id"], row["id"]) for row in rows])
        out: Counter[str] = Counter()
        for number in range(1, kills + 2):
            before = position_of(state)
            if number <= kills:
                output = run_and_kill(one, catalog, state, feed)
            else:
                output = last_run(one, catalog, state, len(feed.positions))
            faults += faults_of(number, before, output, feed)
            out.update(
                each["record"]["event_id"]
                for each in output.messages
                if each.get("stream") == "webhook_events" and each["type"] == "RECORD"
            )
            state = output.state() or state
    inbox.close()
    lost = feed.positions.keys() - out.keys()
    faults += [f"event {name} lost" for name in sorted(lost)]
    if position_of(state) != len(feed.positions):
        faults.append(f"the last STATE is at {position_of(state)} of {len(feed.positions)} events")
    again = sum(out.values()) - len(out)
    print(
        f"follow: {len(feed.positions)} events, {again} written again, {kills} kills, {len(faults)} faults", flush=True
    )
    return faults
