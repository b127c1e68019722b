"""Kills the target: the same feed again and again into one shop, until a run comes to its end."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from carried_out import carried_out_twice, labels_lost, not_so, replicas_lost
from feed import AT_ONCE, Feed, await_requests, feed_of
from shop import Shop, shop

if TYPE_CHECKING:
    import random
    from pathlib import Path

RECORDS = 60
"""At most so many records of each stream and shop."""
MOST_KILLS = 8
"""Kills in one shop, before a run is let come to its end."""
LEAST_ORDERS = 4_000
"""Shops that have fewer have seldom a cancellation and a return that wait for decisions at the same time."""
LAST_SECONDS = 900
REPLICAS_SECONDS = 3_601
SAID_AT_LAST = 2_000
"""So many characters of its log tell why a run failed; the log itself goes with its folder."""
GOOD = {"applied", "unchanged", "in_review"}


def start(one: Shop, feed: Path, **more: Any) -> subprocess.Popen[bytes]:
    """The target as a process of its own, under way; its log goes to a file."""
    # The feed cancels and decides more of a small shop than the guards of masses let pass.
    masses = {f"max_{change}_percent": 100 for change in ("cancelled", "decided", "deactivated", "activated", "fallen")}
    masses["max_refunds_percent"] = 100
    config = {**one.config, **masses, "results_path": str(results_of(one)), "batch_size_rows": AT_ONCE, **more}
    file = one.folder / "target.json"
    file.write_text(json.dumps(config))
    command = [sys.executable, "-m", "target_tiktokshop", "--config", str(file)]
    with (one.folder / "target.log").open("ab") as log, feed.open("rb") as lines:
        return subprocess.Popen(command, stdin=lines, stdout=subprocess.PIPE, stderr=log, cwd=one.folder)


def results_of(one: Shop) -> Path:
    """The results file, which all runs add to."""
    return one.folder / "results.jsonl"


def runs_of(one: Shop) -> tuple[list[list[dict[str, Any]]], list[str]]:
    """Result lines by run, in order; and lines that are not whole JSON."""
    file = results_of(one)
    runs: dict[str, list[dict[str, Any]]] = {}
    broken: list[str] = []
    for line in file.read_text().split("\n") if file.exists() else []:
        row = parsed(line)
        if row is not None:
            runs.setdefault(row["run"], []).append(row)
        elif line:
            broken.append(line)
    return list(runs.values()), broken


def parsed(line: str) -> dict[str, Any] | None:
    """A line as JSON; None if it is not whole."""
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return found


class Watch(threading.Thread):
    """Reads what a target writes; at each STATE looks whether the records before it have their lines on disk."""

    def __init__(self, one: Shop, process: subprocess.Popen[bytes], before: int) -> None:
        super().__init__()
        self.one, self.process, self.before = one, process, before
        self.ahead: list[int] = []
        self.states = 0
        self.start()

    def run(self) -> None:
        """Until the target has ended."""
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    self.look(json.loads(line)["n"])

    def look(self, count: int) -> None:
        """Whether the first `count` records of this run are on disk."""
        self.states += 1
        runs, _ = runs_of(self.one)
        if not {row["row"] for run in runs[self.before :] for row in run} >= set(range(1, count + 1)):
            self.ahead.append(count)


def kill_after(one: Shop, process: subprocess.Popen[bytes], requests: int, seconds: float) -> bool:
    """Kills the target some moments after its so-manieth request; whether it was still at work."""
    seen = one.sandbox.control("GET", "/stats")["requests"]
    while process.poll() is None and one.sandbox.control("GET", "/stats")["requests"] < seen + requests:
        time.sleep(0.005)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    return process.wait() < 0


def soak(folder: Path, kills: int, moments: random.Random, *, orders: int, shops: int) -> list[str]:
    """Fresh shops, each killed at some times while it is written to, then looked at as a whole."""
    seed = moments.randrange(1000)
    new = folder / "new.sqlite"
    with shop(folder, path=new, orders=max(orders, LEAST_ORDERS // shops), shops=shops, seed=seed) as one:
        now = await_requests(one)
        feed = feed_of(one, RECORDS)
    text = folder / "feed.singer"
    text.write_text("".join(f"{line}\n" for line in feed.lines()))
    faults: list[str] = []
    needed, number = None, 0
    while kills > 0:
        place = folder / str(number := number + 1)
        place.mkdir()
        with shop(place, path=shutil.copy(new, place / "shop.sqlite"), seed=seed, now=now) as one:
            one.sandbox.control("DELETE", "/stats")
            if needed is None:  # the first shop tells how many calls a run makes that nobody kills
                found, _ = finish(one, text, feed, 0)
                needed = one.sandbox.control("GET", "/stats")["requests"]
                sizes = ", ".join(f"{len(records)} {name}" for name, records in feed.records.items())
                print(f"target: {sizes}; {needed} calls; {len(found)} faults", flush=True)
                faults += found
                continue
            done, found = killed(one, text, feed, moments, (needed, min(kills, MOST_KILLS)))
            kills -= done
            faults += found
    return faults


def killed(one: Shop, text: Path, feed: Feed, moments: random.Random, limits: tuple[int, int]) -> tuple[int, list[str]]:
    """Kills runs in one shop; how many, and what was found.

    `limits` are the calls of a whole run, and the most kills.
    """
    needed, most = limits
    kills, tries, faults, states = 0, 0, [], 0
    while kills < most and tries < most:  # a run that had only little left to do ends before its turn
        tries += 1
        before = len(runs_of(one)[0])
        process = start(one, text)
        watch = Watch(one, process, before)
        kills += kill_after(one, process, int(needed * moments.random() ** 2), moments.uniform(0, 0.05))
        watch.join()
        states += watch.states
        faults += [f"a STATE ahead of its lines: {count}" for count in watch.ahead]
    more, last = finish(one, text, feed, kills)
    print(f"target: {kills} kills, {states} states, last run {last}, {len(faults + more)} faults", flush=True)
    return kills, faults + more


def finish(one: Shop, text: Path, feed: Feed, kills: int) -> tuple[list[str], dict[str, int]]:
    """A run to its end, and all that must be so after it."""
    before = len(runs_of(one)[0])
    process = start(one, text)
    watch = Watch(one, process, before)
    code = ended(process)
    watch.join()
    runs, broken = runs_of(one)
    last = runs[-1] if runs else []
    outcomes = Counter(row["outcome"] for row in last)
    faults = [f"a STATE ahead of its lines: {count}" for count in watch.ahead]
    if code:
        faults.append(f"exit code {code}: {(one.folder / 'target.log').read_text()[-SAID_AT_LAST:]}")
    if len(broken) > kills:
        faults.append(f"broken lines: {len(broken)} in the results, after {kills} kills")
    if sorted(row["row"] for row in last) != list(range(1, feed.size + 1)):
        faults.append(f"results: {len(last)} lines of the last run for {feed.size} records")
    faults += [f"outcome: {row['stream']} {row['outcome']} {row['code']}" for row in last if row["outcome"] not in GOOD]
    faults += not_so(one, feed) + labels_lost(one, feed)
    if "replications" in feed.records:
        faults += asked_again(one, feed)
    return faults + carried_out_twice(one), dict(outcomes)


def ended(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a run; one that does not end is killed, which its exit code shows."""
    try:
        return process.wait(LAST_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def asked_again(one: Shop, feed: Feed) -> list[str]:
    """What is found of replicas once the hour is over for which a run trusts that the platform makes them."""
    again = one.folder / "replications.singer"
    again.write_text("".join(f"{line}\n" for line in Feed({"replications": feed.records["replications"]}).lines()))
    one.sandbox.control("POST", "/clock", {"advance": REPLICAS_SECONDS})
    process = start(one, again)
    process.communicate(timeout=LAST_SECONDS)
    return [f"{words}, an hour later" for words in replicas_lost(one, feed)]
