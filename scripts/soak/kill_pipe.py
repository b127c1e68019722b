"""Kills a tap, a target, or both, in one pipe from shop to shop; goes on from the last STATE that the target wrote."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from carried_out import carried_out_twice, not_so
from feed import AT_ONCE, client_of, rows
from feed import Feed as Wanted
from kill_target import kill_after
from shop import Shop, shop
from tiktokshop_client import operations

if TYPE_CHECKING:
    import random
    from pathlib import Path

STREAM = "external_order_references"
PLATFORM = "ERP_SYSTEM"
PREFIX = "ERP-"
MOST_KILLS = 6
"""Kills in one pair of shops, before a run is let come to its end."""
WINDOW = 20
END_SECONDS = 300
MAPS = {
    "orders": {
        "__alias__": STREAM,
        "shop_id": "shop_id",
        "order_id": "id",
        "platform": f"'{PLATFORM}'",
        "external_order_id": f"'{PREFIX}' + id",
        "line_items": f"[{{'id': '{PREFIX}' + line['id'], 'origin_id': line['id']}} for line in line_items]",
        "__key_properties__": ["shop_id", "order_id"],
        "__else__": None,
    }
}


class Pipe:
    """A tap that reads the orders of one shop, and a target that writes a reference for each into another one.

    `ends` is where the target's output goes.
    """

    def __init__(self, source: Shop, goal: Shop, catalog: Path, state: dict[str, Any]) -> None:
        self.output = goal.folder / "states.singer"
        config = {**goal.config, "results_path": str(goal.folder / "results.jsonl"), "batch_size_rows": AT_ONCE}
        file = goal.folder / "target.json"
        file.write_text(json.dumps(config))
        self.tap = source.start(catalog, state, window=WINDOW, stream_maps=MAPS)
        command = [sys.executable, "-m", "target_tiktokshop", "--config", str(file)]
        with self.output.open("wb") as output, (goal.folder / "target.log").open("ab") as log:
            self.target = subprocess.Popen(command, stdin=self.tap.stdout, stdout=output, stderr=log, cwd=goal.folder)
        assert self.tap.stdout is not None
        self.tap.stdout.close()  # so that the tap notices when the target is gone

    def end(self) -> tuple[int, int]:
        """Waits for both; their exit codes."""
        return self.tap.wait(END_SECONDS), self.target.wait(END_SECONDS)

    def kill(self, who: str, goal: Shop, requests: int, seconds: float) -> bool:
        """Kills one or both some moments after the goal's so-manieth request; whether one was still at work."""
        first, other = (self.target, self.tap) if who != "tap" else (self.tap, self.target)
        killed = kill_after(goal, first, requests, seconds)
        if who == "both":
            other.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.end()
        return killed

    def state(self, before: dict[str, Any]) -> dict[str, Any]:
        """The last state that the target has passed on, in this run or before."""
        lines = self.output.read_bytes().split(b"\n")[:-1]
        return json.loads(lines[-1]) if lines else before


def wanted(source: Shop) -> Wanted:
    """A reference for each order."""
    feed = Wanted()
    with client_of(source) as client:
        for one in client.shops():
            for row in rows(client, one, operations.SEARCH_ORDERS):
                reference = {"platform": PLATFORM, "external_order_id": PREFIX + row["id"]}
                feed.add(STREAM, [{"shop_id": one.id, "order_id": row["id"], **reference}])
    return feed


def soak(folder: Path, kills: int, moments: random.Random, *, orders: int, shops: int) -> list[str]:
    """Fresh shops to write to beside one that is read."""
    facts = {"orders": orders, "shops": shops, "seed": moments.randrange(1000)}
    new = folder / "new.sqlite"
    with shop(folder, path=new, **facts):
        pass
    faults: list[str] = []
    number, needed = 0, None
    (folder / "source").mkdir()
    with shop(folder / "source", path=shutil.copy(new, folder / "source.sqlite"), **facts) as source:
        feed = wanted(source)
        catalog = folder / "catalog.json"
        catalog.write_text(json.dumps(source.catalog(["orders"])))
        while kills > 0:
            place = folder / str(number := number + 1)
            place.mkdir()
            with shop(place, path=shutil.copy(new, place / "shop.sqlite"), **facts) as goal:
                if needed is None:
                    faults += finished(Pipe(source, goal, catalog, {}), goal, feed)
                    needed = goal.sandbox.control("GET", "/stats")["requests"]
                    print(f"pipe: {feed.size} orders, {needed} calls of the target, {len(faults)} faults", flush=True)
                    continue
                done, found = chain(source, goal, catalog, moments, (needed, min(kills, MOST_KILLS)))
                found += not_so(goal, feed) + carried_out_twice(goal)
                print(f"pipe: {done} kills, {len(found)} faults", flush=True)
                kills -= done
                faults += found
    return faults


def chain(
    source: Shop, goal: Shop, catalog: Path, moments: random.Random, limits: tuple[int, int]
) -> tuple[int, list[str]]:
    """Runs until one comes to its end; how many were killed, and what went wrong. `limits`: calls, and most kills."""
    needed, most = limits
    state: dict[str, Any] = {}
    kills, faults = 0, []
    while kills < most:
        pipe = Pipe(source, goal, catalog, state)
        who = moments.choice(["tap", "target", "both"])
        killed = pipe.kill(who, goal, int(needed * moments.random() ** 2), moments.uniform(0, 0.05))
        kills += killed
        state = pipe.state(state)
        if not killed:
            break
    pipe = Pipe(source, goal, catalog, state)
    if pipe.end() != (0, 0):
        faults.append(f"exit codes {pipe.end()}")
    return kills, faults


def finished(pipe: Pipe, goal: Shop, feed: Wanted) -> list[str]:
    """A run that nobody kills, and what is wrong after it."""
    codes = pipe.end()
    wrong = [f"exit codes {codes}"] if codes != (0, 0) else []
    return wrong + not_so(goal, feed) + carried_out_twice(goal)
