"""Kills the tap: chains of runs, each from the last STATE that the killed one left, against one clean run."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shop import KEYS, Output, Shop, shop
from tap_tiktokshop.reading import Listed
from tap_tiktokshop.reading.windows import TOO_LONG
from tap_tiktokshop.streams import STREAMS

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable
    from pathlib import Path

WINDOW = 100
"""Rows of a window and details until a mark, in place of the tap's thousands, so that a small shop has many."""
LARGEST = WINDOW * TOO_LONG
"""Rows that a window may turn out to have before it is cut: it is made by the density of the one before."""
MOST_KILLS = 8
"""Kills of one chain, before it is let come to its end."""
DAYS = 8
"""Days of a report: the last seven before a bookmark are read again, and the one that the kill has hit."""
WHOLE = frozenset(stream.name for stream in STREAMS if not stream.bookmarked)
LISTED = frozenset(stream.name for stream in STREAMS if isinstance(stream.reading, Listed))
"""Streams that pass on what has changed in a list which is read whole: cut short, they pass it on again."""
DAY = 86_400
FORMS = ("all streams", "without parents", "living on")
SNAPSHOTS = {"unsettled_transactions": "_sdc_deleted_at"}
"""Streams that mark what has left their list -> the field that does."""


def without_parents() -> list[str]:
    """All streams but those whose rows others ask about."""
    parents = {id(reading) for stream in STREAMS for reading in stream.reading.lists}
    return [stream.name for stream in STREAMS if id(stream.reading) not in parents]


def catalog_text(one: Shop, streams: list[str]) -> str:
    """The catalog that selects these streams, as a file has it."""
    return json.dumps(one.catalog(streams))


@dataclass
class Chain:
    """Runs that go on from each other, what a loader holds of them, and what came more than once.

    Attributes:
        table: What a loader that upserts holds.
        state: The last whole STATE line.
        kills: Runs that were killed.
        gone_on: Runs that had a state to go on from.
        written: Rows written, by stream.
        again: For each run after the first, rows it brought that earlier ones had brought, by stream and shop.
        twice: Rows that one run wrote twice.
    """

    table: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    kills: int = 0
    gone_on: int = 0
    written: Counter[str] = field(default_factory=Counter)
    again: list[dict[tuple[str, str], set[Any]]] = field(default_factory=list)
    twice: Counter[str] = field(default_factory=Counter)

    def add(self, run: Output) -> None:
        """Takes in what a run has written."""
        table = run.table()
        self.gone_on += bool(self.state)
        rows = Counter(message["stream"] for message in run.messages if message["type"] == "RECORD")
        self.written += rows
        self.twice += rows - Counter(key[0] for key in table) - Counter(key[0] for key in late(run))
        repeated: dict[tuple[str, str], set[Any]] = defaultdict(set)
        for key in table.keys() & self.table.keys():
            repeated[key[0], str(key[1])].add(key)
        self.again.append(repeated)
        self.table |= table
        self.state = run.state() or self.state


def late(run: Output) -> set[tuple[str, str]]:
    """Orders that a window brought although their time lies past its end: the next window brings them as well.

    The platform's search goes by the time at which it last saw an order, which may be older than the order's own.
    """
    found: set[tuple[str, str]] = set()
    waiting: list[dict[str, Any]] = []
    for message in run.messages:
        if message["type"] == "RECORD" and message["stream"] == "orders":
            waiting.append(message["record"])
        elif message["type"] == "STATE":
            partitions = message["value"].get("bookmarks", {}).get("orders", {}).get("partitions", [])
            ends = {each["context"]["shop_id"]: each.get("replication_key_value", "") for each in partitions}
            found |= {("orders", row["id"]) for row in waiting if row["update_time"] >= ends.get(row["shop_id"], "~")}
            waiting = []
    return found


@dataclass
class Length:
    """How long a clean run is: seconds until its first message, and bytes in all."""

    seconds: float
    size: int

    def shortened(self, times: int) -> Length:
        """For chains of many kills: only the first part of a run."""
        return Length(self.seconds, self.size // times)

    def moment(self, moments: random.Random) -> tuple[int, float]:
        """When to kill: behind how many bytes, and how many seconds later.

        One time in ten that is before anything was written. Early moments are more likely, because a run that goes on
        from another one is shorter; bytes are counted, because a busy machine has no steady clock.
        """
        if moments.random() < 0.1:
            return 0, moments.uniform(0, self.seconds)
        return 1 + int(self.size * moments.random() ** 2), moments.uniform(0, 0.2)


def clean(one: Shop, catalog: Path, state: dict[str, Any] | None = None) -> tuple[Output, Length]:
    """A run that nobody kills.

    Raises:
        RuntimeError: It failed.
    """
    started = time.monotonic()
    with one.start(catalog, state or {}, window=WINDOW) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.monotonic() - started
        text = line + process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"a clean run ended with {process.returncode}: {one.folder / 'tap.log'}")
    return Output(text), Length(seconds, len(text))


def run_until(one: Shop, catalog: Path, state: dict[str, Any], moment: tuple[int, float]) -> tuple[Output, bool]:
    """A run that is killed at a moment, and whether it had not come to its end.

    Raises:
        RuntimeError: It failed by itself.
    """
    file = one.folder / "output.singer"
    size, seconds = moment
    with file.open("wb") as output:
        process = one.start(catalog, state, output, WINDOW)
    while process.poll() is None and file.stat().st_size < size:
        time.sleep(0.005)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    killed = process.wait() < 0
    if not killed and process.returncode:
        raise RuntimeError(f"a run ended by itself, with {process.returncode}: {one.folder / 'tap.log'}")
    return Output(file.read_bytes()), killed


def chain_of(one: Shop, catalog: Path, length: Length, moments: random.Random, most: int) -> Chain:
    """Runs that are killed until one comes to its end before its turn; after `most` kills it is let."""
    chain = Chain()
    while chain.kills < most:
        output, killed = run_until(one, catalog, chain.state, length.moment(moments))
        chain.add(output)
        chain.kills += killed
        if not killed:
            return chain
    chain.add(clean(one, catalog, chain.state)[0])
    return chain


def differences(chain: Chain, truth: Output, every_run: set[Any]) -> list[str]:
    """What a chain lacks, has wrong, has too much, or has read again beyond what is documented."""
    table = truth.table()
    faults = [f"{count} of {name} lost" for name, count in names(table.keys() - chain.table.keys())]
    faults += [f"{count} of {name} that are not there" for name, count in names(chain.table.keys() - table.keys())]
    other = [key for key in table.keys() & chain.table.keys() if table[key] != chain.table[key]]
    faults += [f"{count} of {name} differ" for name, count in names(other)]
    faults += [f"{count} of {name} twice in one run" for name, count in chain.twice.items()]
    return faults + [
        f"{name} of shop {shop_id}: {count} read again after a kill, more than a window"
        for (name, shop_id), count in most_again(chain, every_run).items()
        if name not in LISTED and count > (DAYS if "date" in KEYS[name] else LARGEST)
    ]


def names(keys: Iterable[tuple[Any, ...]]) -> Iterable[tuple[str, int]]:
    """How many keys of each stream."""
    return sorted(Counter(key[0] for key in keys).items())


def most_again(chain: Chain, every_run: set[Any]) -> Counter[tuple[str, str]]:
    """The most that one run read again, by stream and shop; in rows of the list, which details are asked about.

    Left out are lists that are read whole, and what every run reads again (open statements, late reports).
    """
    most: Counter[tuple[str, str]] = Counter()
    for repeated in chain.again:
        for place, keys in repeated.items():
            if place[0] not in WHOLE:
                most[place] = max(most[place], len({key[:3] for key in keys - every_run}))
    return most


def parts_of(kills: int, form: str | None) -> dict[str, int]:
    """Form of the chains -> its kills: half of them all streams, a quarter each of the others; or all of one form."""
    quarter = kills // 4
    return {form: kills} if form else dict(zip(FORMS, (kills - 2 * quarter, quarter, quarter), strict=True))


def soak(
    folder: Path, kills: int, moments: random.Random, *, orders: int, shops: int, form: str | None = None
) -> list[str]:
    """Chains over all streams, over those that ask about rows which nobody selected, and over shops that live on."""
    faults: list[str] = []
    for name, part in parts_of(kills, form).items():
        streams = without_parents() if name == "without parents" else list(KEYS)
        facts = {"orders": orders, "shops": shops, "seed": moments.randrange(1000)}
        (folder / name).mkdir()
        with shop(folder / name, **facts) as one:
            catalog = folder / name / "catalog.json"
            catalog.write_text(catalog_text(one, streams))
            soak_one = living if name == "living on" else standing
            faults += [f"{name}: {fault}" for fault in soak_one(one, catalog, part, moments, name)]
    return faults


def standing(one: Shop, catalog: Path, kills: int, moments: random.Random, name: str) -> list[str]:
    """Chains against a shop in which nothing happens: exactly the rows of one clean run."""
    truth, length = clean(one, catalog)
    second, _ = clean(one, catalog, truth.state())
    every_run = set(second.table())
    faults: list[str] = []
    while kills > 0:
        chain = chain_of(one, catalog, length, moments, min(kills, MOST_KILLS))
        kills -= chain.kills
        found = differences(chain, truth, every_run)
        again = most_again(chain, every_run)
        rows = chain.written.total() - len(chain.table)
        listed = sum(chain.written[each] for each in WHOLE) - sum(key[0] in WHOLE for key in chain.table)
        print(
            f"tap, {name}: {chain.kills} kills, {len(chain.table)} rows, {rows} written again, of which {listed} "
            f"of lists read whole; most after a kill {again.most_common(3)}; {len(found)} faults",
            flush=True,
        )
        faults += found
    return faults


def living(one: Shop, catalog: Path, kills: int, moments: random.Random, name: str) -> list[str]:
    """A chain beside one that nobody kills, while the shop lives on between the runs; both end with a whole run."""
    first, length = clean(one, catalog)
    calm, chain = Chain(), Chain()
    calm.add(first)
    while chain.kills < kills:
        for _ in range(moments.randrange(1, 4)):
            output, killed = run_until(one, catalog, chain.state, length.moment(moments))
            chain.add(output)
            chain.kills += killed
        calm.add(clean(one, catalog, calm.state)[0])
        one.sandbox.control("POST", "/clock", {"advance": moments.randrange(600, 2 * DAY)})
    for each in (chain, calm):
        each.add(clean(one, catalog, each.state)[0])
    truth, _ = clean(one, catalog)
    found = missed(chain, calm, truth)
    print(f"tap, {name}: {chain.kills} kills, {len(chain.table)} rows, {len(found)} faults", flush=True)
    return found


def missed(chain: Chain, calm: Chain, truth: Output) -> list[str]:
    """What a chain lacks of the shop as it is now, and where it is older than one that nobody killed."""
    table = truth.table()
    faults = [f"{count} of {name} lost" for name, count in names(table.keys() - chain.table.keys())]
    stale = [key for key, row in table.items() if chain.table.get(key, row) != row and calm.table.get(key, row) == row]
    faults += [f"{count} of {name} stale" for name, count in names(stale)]
    gone = [
        key
        for key in chain.table.keys() - table.keys()
        if key[0] in SNAPSHOTS and chain.table[key][SNAPSHOTS[key[0]]] is None
    ]
    return faults + [f"{count} of {name} have left their list unmarked" for name, count in names(gone)]
