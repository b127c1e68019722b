"""Kills a tap, target-duckdb-exact, or both, in one pipe; goes on from the last STATE that the loader passed on."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import duckdb
from shop import KEYS, Shop, shop

if TYPE_CHECKING:
    import random
    from pathlib import Path

MOST_KILLS = 6
"""Kills of one database, before a run is let come to its end."""
WINDOW = 100
END_SECONDS = 600
OF_THE_TAP = ("_sdc_deleted_at", "_sdc_rejected")
"""Of the columns whose names begin with `_sdc_`, those that say what a row is, not when it came."""
Tables = dict[str, list[str]]


class Load:
    """A tap of all streams, and a loader that puts them into the DuckDB file of a folder."""

    def __init__(self, source: Shop, folder: Path, catalog: Path, state: dict[str, Any], **config: Any) -> None:
        self.output = folder / "states.singer"
        self.database = folder / "load.duckdb"
        file = folder / "loader.json"
        file.write_text(json.dumps({"path": str(self.database), "batch_size_rows": 500}))
        self.tap = source.start(catalog, state, window=WINDOW, **config)
        command = [sys.executable, "-m", "target_duckdb_exact", "--config", str(file)]
        with self.output.open("wb") as output, (folder / "loader.log").open("ab") as log:
            self.loader = subprocess.Popen(command, stdin=self.tap.stdout, stdout=output, stderr=log, cwd=folder)
        assert self.tap.stdout is not None
        self.tap.stdout.close()  # so that the tap notices when the loader is gone

    def end(self) -> tuple[int, int]:
        """Waits for both; their exit codes."""
        return self.tap.wait(END_SECONDS), self.loader.wait(END_SECONDS)

    def kill(self, who: str, seconds: float) -> bool:
        """Kills one or both after some seconds; whether it was still at work."""
        process = self.loader if who == "loader" else self.tap
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        at_work = process.poll() is None
        process.kill()
        if who == "both":
            self.loader.kill()
        self.end()
        return at_work

    def state(self, before: dict[str, Any]) -> dict[str, Any]:
        """The last state that the loader has passed on, in this run or before."""
        lines = self.output.read_bytes().split(b"\n")[:-1]
        return json.loads(lines[-1]) if lines else before

    def tables(self) -> Tables:
        """The rows of each table, without what says when they came."""
        found: Tables = {}
        with duckdb.connect(str(self.database), read_only=True) as connection:
            for name in KEYS:
                columns = connection.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = ?", [name]
                ).fetchall()
                kept = sorted(f'"{column}"::VARCHAR' for (column,) in columns if _is_kept(column))
                if kept:
                    rows = connection.execute(f"SELECT {', '.join(kept)} FROM {name}").fetchall()
                    found[name] = sorted(map(str, rows))
        return found


def _is_kept(column: str) -> bool:
    return column in OF_THE_TAP or not (column == "snapshot_at" or column.startswith("_sdc_"))


def soak(folder: Path, kills: int, moments: random.Random, *, orders: int, shops: int) -> list[str]:
    """New databases beside shops that do not change; every second one with `snapshot_changes_only`."""
    faults: list[str] = []
    facts = {"orders": orders, "shops": shops, "seed": moments.randrange(1000)}
    with shop(folder, path=folder / "shop.sqlite", **facts) as source:
        catalog = folder / "catalog.json"
        catalog.write_text(json.dumps(source.catalog(KEYS)))
        whole = Load(source, new(folder, 0), catalog, {})
        began = time.monotonic()
        codes = whole.end()
        seconds, wanted = time.monotonic() - began, whole.tables()
        print(f"load: {sum(map(len, wanted.values()))} rows of {len(wanted)} tables in {seconds:.0f} s", flush=True)
        faults += [] if codes == (0, 0) else [f"exit codes {codes}"]
        number = 0
        while kills > 0:
            number += 1
            config = {"snapshot_changes_only": bool(number % 2)}
            done, last = chain(source, new(folder, number), catalog, moments, (seconds, min(kills, MOST_KILLS)), config)
            unlike = unequal(last.tables(), wanted)
            print(f"load: {done} kills, {len(unlike)} faults", flush=True)
            kills -= done
            faults += unlike
    return faults


def new(folder: Path, number: int) -> Path:
    """A folder for a database."""
    place = folder / str(number)
    place.mkdir()
    return place


def chain(
    source: Shop,
    place: Path,
    catalog: Path,
    moments: random.Random,
    limits: tuple[float, int],
    config: dict[str, Any],
) -> tuple[int, Load]:
    """Runs until one comes to its end; how many were killed. `limits`: how long a run takes, and most kills."""
    seconds, most = limits
    state: dict[str, Any] = {}
    kills = 0
    while kills < most:
        load = Load(source, place, catalog, state, **config)
        killed = load.kill(moments.choice(["tap", "loader", "both"]), moments.uniform(0.5, 0.8 * seconds))
        state = load.state(state)
        if not killed:
            break
        kills += 1
    load = Load(source, place, catalog, state, **config)
    load.end()
    return kills, load


def unequal(found: Tables, wanted: Tables) -> list[str]:
    """The tables that are not as those of a run that nobody killed."""
    return [
        f"{name}: {len(found.get(name, []))} rows, not {len(wanted.get(name, []))}, or other ones"
        for name in sorted(found.keys() | wanted.keys())
        if found.get(name) != wanted.get(name)
    ]
