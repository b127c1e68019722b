"""Hundreds of sellers on Airflow, small and for real: Airflow, PostgreSQL, Redis, a sandbox for each seller.

Two sellers are broken in different ways. In the middle a task, the scheduler and all sandboxes are killed with
`kill -9`. At the end the rows of every healthy seller must be those of its sandbox, none doubled, and the broken ones
must say why.
Then a seller's range is read again beside its scheduled run, and stock is written back after an approval.

`python scripts/fleet/fleet.py` runs all of it with 24 sellers; `--short` a few sellers and one kill, for CI. Needs
`.ci/airflow`, and Debian's PostgreSQL and Redis. Exits with 1 if anything is not as it must be.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
import requests
from tap_tiktokshop.streams import STREAMS as STREAMS_OF_THE_TAP
from tiktokshop_airflow.store import FleetStore

sys.path.insert(0, str(Path(__file__).parent))
from descent import adopt, end_all
from engine import Engine, engine, servers, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KEYS = {stream.name: stream.keys for stream in STREAMS_OF_THE_TAP}
STREAMS = ("orders", "products", "returns", "statements", "statement_transactions")
HERE, PROGRAMS = Path(__file__).parent, Path(sys.executable).parent
READ = 15
"""Seconds that somebody takes to read a plan. Airflow fails a task that is answered before the scheduler has seen the
end of the process that asked."""
TRANSFORM = """
import sys
import duckdb

with duckdb.connect(sys.argv[1]) as db:
    db.execute("CREATE OR REPLACE TABLE daily AS SELECT create_time::date AS day, count(*) AS orders FROM orders"
               " GROUP BY 1")
    (loaded,), (counted,) = db.execute("SELECT count(*) FROM orders UNION ALL SELECT sum(orders) FROM daily").fetchall()
sys.exit(3 if loaded != counted else 0)
"""
LATE = """
import os
from pathlib import Path

def late(context=None, **_):
    Path(os.environ["FLEET_HOME"], "late.txt").write_text("late")
"""
TRIED = """
CREATE TABLE fleet.tried (run text, seller text);
CREATE FUNCTION fleet.tried() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO fleet.tried VALUES (new.run, new.seller); RETURN new; END $$;
CREATE TRIGGER tried AFTER INSERT OR UPDATE ON tiktokshop_outcomes FOR EACH ROW EXECUTE FUNCTION fleet.tried();
"""
problems: list[str] = []


def check(good: bool, what: str) -> None:
    """Prints what holds, and remembers what does not."""
    print(f"{'ok ' if good else 'NOT'} {what}", flush=True)
    if not good:
        problems.append(what)


def free_ports(count: int) -> int:
    """The first of so many free ports, below those that a system gives to whoever asks for any."""
    for _ in range(100):
        first = random.randrange(15_000, 32_000 - count)
        with contextlib.suppress(OSError), contextlib.ExitStack() as bound:
            for port in range(first, first + count):
                bound.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
    raise SystemExit(f"found no {count} free ports in a row")


class Sandboxes:
    """The process in which the sellers' sandboxes are."""

    def __init__(self, home: Path, count: int) -> None:
        self.command = [sys.executable, HERE / "sandboxes.py", home, str(free_ports(count)), str(count)]
        self.requests = self.refused = 0
        self.settings: list[dict[str, str]] = []
        self.start()

    def start(self) -> None:
        """Starts it on the same ports, with the same shops."""
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        said = json.loads(self.process.stdout.readline())
        self.settings = self.settings or said

    def control(self, number: int, method: str, path: str, body: Any = None) -> Any:
        """Calls a control endpoint of a seller's sandbox."""
        url = f"{self.settings[number]['api_base_url']}/_sandbox{path}"
        return requests.request(method, url, json=body, timeout=30).json()

    def count(self) -> None:
        """Adds up what all have counted; they forget it when they are killed."""
        for number in range(len(self.settings)):
            stats = self.control(number, "GET", "/stats")
            self.requests += sum(stats["operations"].values())
            self.refused += stats["rate_limited"]

    def kill(self) -> None:
        """Kills it."""
        self.process.kill()
        self.process.wait()


def sellers(sandboxes: Sandboxes, address: str) -> list[str]:
    """Writes the table of sellers; the first has a wrong secret, the second a platform that has no orders for it."""
    names = [f"seller-{number:02}" for number in range(len(sandboxes.settings))]
    FleetStore(f"{address}/fleet").prepare()
    with psycopg.connect(f"{address}/fleet", autocommit=True) as db:
        db.execute("CREATE SCHEMA fleet")
        db.execute(TRIED)
        db.execute("CREATE TABLE fleet.sellers (name text PRIMARY KEY, settings jsonb, active boolean DEFAULT true)")
        for number, (name, settings) in enumerate(zip(names, sandboxes.settings, strict=True)):
            own = {**settings, "token_store": f"{address}/fleet?name={name}"}
            if number == 0:
                own["app_secret"] = "not-the-secret"
            db.execute("INSERT INTO fleet.sellers VALUES (%s, %s)", (name, json.dumps(own)))
    sandboxes.control(1, "POST", "/faults", {"kind": "http_503", "path": "/order/*"})
    return names


def catalog(home: Path) -> None:
    """The catalog that selects a few streams."""
    said = subprocess.run(
        [PROGRAMS / "tap-tiktokshop", "--config=ENV", "--discover"],
        env={**os.environ, "TAP_TIKTOKSHOP_SANDBOX": "true"},
        capture_output=True,
        check=True,
        cwd=home,
    )
    made = json.loads(said.stdout)
    for entry in made["streams"]:
        for mark in entry["metadata"]:
            if not mark["breadcrumb"]:
                mark["metadata"]["selected"] = entry["tap_stream_id"] in STREAMS
    (home / "catalog.json").write_text(json.dumps(made))


def outcomes(address: str, dag: str) -> dict[str, tuple[int, str]]:
    """The newest outcome of each seller in the runs of a DAG."""
    with psycopg.connect(f"{address}/fleet") as db, contextlib.suppress(psycopg.errors.UndefinedTable):
        asked = "SELECT seller, code, sentence FROM tiktokshop_outcomes WHERE run LIKE %s ORDER BY ended"
        return {name: (code, text) for name, code, text in db.execute(asked, (f"{dag} %",))}
    return {}


def times_tried(address: str, name: str) -> int:
    """How often a seller was read to an end, whatever that was."""
    with psycopg.connect(f"{address}/fleet") as db:
        return db.execute("SELECT count(*) FROM fleet.tried WHERE seller = %s", (name,)).fetchone()[0]


def choose(address: str, names: Sequence[str]) -> None:
    """Makes these the only sellers that are active."""
    with psycopg.connect(f"{address}/fleet", autocommit=True) as db:
        db.execute("UPDATE fleet.sellers SET active = name = ANY(%s)", (list(names),))


def kill_task(running: Engine, run: str) -> None:
    """Kills the process of a batch that is running."""

    def pid() -> int | None:
        found = [one for one in running.tasks("fleet", run) if one["task_id"] == "read_batch"]
        return next((one["pid"] for one in found if one["state"] == "running" and one["pid"]), None)

    os.kill(until(pid, "a running batch"), signal.SIGKILL)


def same_rows(home: Path, name: str, settings: dict[str, str]) -> tuple[int, int, int]:
    """Rows of a seller's file, rows that differ from a new reading of its sandbox, and doubled keys."""
    fresh = home / "fresh.duckdb"
    fresh.unlink(missing_ok=True)
    own = {f"TAP_TIKTOKSHOP_{key.upper()}": text for key, text in settings.items()}
    own |= {"TARGET_DUCKDB_EXACT_PATH": str(fresh), "TAP_TIKTOKSHOP_TOKEN_STORE": str(home / "fresh" / name)}
    reading = f"{PROGRAMS}/tap-tiktokshop --config=ENV --catalog {home}/catalog.json"
    line = f"{reading} | {PROGRAMS}/target-duckdb-exact --config=ENV"
    subprocess.run(["bash", "-o", "pipefail", "-c", line], env={**os.environ, **own}, check=True, capture_output=True)
    rows = differing = doubled = 0
    with duckdb.connect(str(fresh)) as db:
        db.execute(f"ATTACH '{home}/warehouse/{name}.duckdb' AS loaded (READ_ONLY)")
        for stream in STREAMS:
            told = db.execute(f"SELECT * FROM {stream} LIMIT 0").description
            columns = ", ".join(f'"{one[0]}"' for one in told or () if not one[0].startswith("_sdc_"))
            ours, theirs = f"SELECT {columns} FROM loaded.{stream}", f"SELECT {columns} FROM {stream}"
            for left, right in ((ours, theirs), (theirs, ours)):
                differing += db.execute(f"SELECT count(*) FROM ({left} EXCEPT ALL {right})").fetchone()[0]
            key = ", ".join(KEYS[stream])
            doubled += db.execute(f"SELECT count(*) - count(DISTINCT ({key})) FROM loaded.{stream}").fetchone()[0]
            rows += db.execute(f"SELECT count(*) FROM loaded.{stream}").fetchone()[0]
    return rows, differing, doubled


def all_sellers(running: Engine, sandboxes: Sandboxes, names: Sequence[str], address: str, short: bool) -> None:
    """A run of all sellers, with its kills."""
    begun = time.monotonic()
    run = running.begin("fleet")
    at = [len(names) // 8, len(names) // 4, len(names) // 2]
    until(lambda: len(outcomes(address, "fleet")) >= at[0], "the first sellers")
    kill_task(running, run)
    print("    killed a task", flush=True)
    if not short:
        until(lambda: len(outcomes(address, "fleet")) >= at[1], "a quarter of the sellers")
        sandboxes.count()
        sandboxes.kill()
        print("    killed the sandboxes", flush=True)
        time.sleep(4)
        sandboxes.start()
        sandboxes.control(1, "POST", "/faults", {"kind": "http_503", "path": "/order/*"})
        until(lambda: len(outcomes(address, "fleet")) >= at[2], "half of the sellers")
        running.kill("scheduler")
        print("    killed the scheduler", flush=True)
        time.sleep(4)
        running.start("scheduler")
    state = running.end("fleet", run, 1200)
    print(f"    {len(names)} sellers in {time.monotonic() - begun:.0f} s", flush=True)
    tries = [one["try_number"] for one in running.tasks("fleet", run) if one["task_id"] == "read_batch"]
    print(f"    tries of the batches: {tries}", flush=True)
    check(state == "failed", "the run fails, because two sellers did")
    found = outcomes(address, "fleet")
    for name in names[:2]:
        print(f"    {name}: {found.get(name)}", flush=True)
    check(
        found[names[0]][0] == 2 and "secret" in found[names[0]][1],
        "the one with a wrong secret says so, for a person",
    )
    check(found[names[1]][0] == 1 and "rders" in found[names[1]][1], "the one without orders says so, and is run again")
    once, often = (times_tried(address, name) for name in names[:2])
    check(once == 1 and often > 1, f"a wrong secret is tried {once} time, a busy platform {often} times")
    check([found[name][0] for name in names[2:]] == [0] * (len(names) - 2), "every other seller is done")
    told = (running.home / "told.txt").read_text()
    check(found[names[0]][1] in told and found[names[1]][1] in told, "the failure callback has both sentences")
    check((running.home / "late.txt").exists(), "the callback for a run that is late was called")


def equal(home: Path, sandboxes: Sandboxes, names: Sequence[str]) -> None:
    """The warehouse has what the sandboxes have."""
    sandboxes.count()
    counted = [same_rows(home, name, sandboxes.settings[int(name[-2:])]) for name in names[2:]]
    rows, differing, doubled = map(sum, zip(*counted, strict=True))
    check(
        rows > 0 and differing == 0, f"{rows:,} rows of {len(counted)} sellers, {differing} differ from the sandbox's"
    )
    check(doubled == 0, f"{doubled} doubled")
    check(
        sandboxes.refused < sandboxes.requests / 1000,
        f"{sandboxes.refused} of {sandboxes.requests:,} requests refused for the budget",
    )


def two_runs(running: Engine, sandboxes: Sandboxes, address: str, names: Sequence[str]) -> None:
    """A backfill of one seller beside a scheduled run of it and a few more."""
    choose(address, names[-4:])
    number = len(names) - 1
    sandboxes.control(number, "DELETE", "/stats")
    ranged = running.begin("fleet_backfill", start_date="2026-03-01", end_date="2026-04-30", sellers=[names[-1]])
    hourly = running.begin("fleet")
    check(running.end("fleet", hourly) == "success", "a run beside a backfill is done")
    check(running.end("fleet_backfill", ranged) == "success", "a backfill beside a run is done")
    refused = sandboxes.control(number, "GET", "/stats")["rate_limited"]
    check(refused == 0, f"of both together {refused} requests are refused")
    file = next((running.home / "warehouse").glob(f"{names[-1]}.backfill*.duckdb"))
    with duckdb.connect(str(file), read_only=True) as db:
        first, last, count = db.execute("SELECT min(create_time), max(create_time), count(*) FROM orders").fetchone()
    print(f"    {count} orders, created {first:%Y-%m-%d} to {last:%Y-%m-%d}", flush=True)
    check(count > 0 and f"{last:%Y-%m-%d}" < "2026-05-01", "it has the range it was asked for")


def written(running: Engine, sandboxes: Sandboxes, home: Path, address: str, names: Sequence[str]) -> None:
    """Stock of two sellers: planned, approved and sent for one, rejected for the other."""
    chosen = list(names[2:4])
    choose(address, chosen)
    for name in chosen:
        with duckdb.connect(str(home / "warehouse" / f"{name}.duckdb"), read_only=True) as db:
            (skus,) = db.execute("SELECT skus FROM products WHERE status = 'ACTIVATE' LIMIT 1").fetchone()
        sku = json.loads(skus)[0]
        place = sku["inventory"][0]
        record = {"sku_id": sku["id"], "warehouse_id": place["warehouse_id"], "quantity": place["quantity"] + 1}
        schema = {"type": "SCHEMA", "stream": "inventory", "schema": {"properties": {}}, "key_properties": []}
        lines = [schema, {"type": "RECORD", "stream": "inventory", "record": record}]
        (home / f"{name}.singer").write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    def asked() -> dict[str, int]:
        details = running.ask("GET", f"/dags/fleet_write_back/dagRuns/{run}/hitlDetails")["hitl_details"]
        return {one["subject"]: one["task_instance"]["map_index"] for one in details}

    def sent() -> list[int]:
        numbers = [sandboxes.control(number, "GET", "/stats")["operations"] for number in (2, 3)]
        return [sum(count for name, count in one.items() if "inventory/update" in name) for one in numbers]

    run = running.begin("fleet_write_back")
    until(lambda: len(asked()) == 2, "two plans that wait for an approval")
    time.sleep(READ)
    plans = asked()
    check(sent() == [0, 0], f"nothing is sent before an approval: {', '.join(sorted(plans))}")
    for subject, number in plans.items():
        option = "Approve" if chosen[0] in subject else "Reject"
        where = f"/dags/fleet_write_back/dagRuns/{run}/taskInstances/seller.approve/{number}/hitlDetails"
        running.ask("PATCH", where, {"chosen_options": [option]})
    check(running.end("fleet_write_back", run) == "success", "the run of writing back is done")
    check(sent() == [1, 0], f"what was approved is sent, once; what was rejected is not: {sent()}")


@contextlib.contextmanager
def fleet(count: int, batch: int, retries: int) -> Iterator[tuple[Engine, Sandboxes, list[str], str]]:
    """All that a run needs."""
    with tempfile.TemporaryDirectory(prefix="tiktokshop-fleet-") as folder, contextlib.ExitStack() as kept:
        home = Path(folder)
        for name in ("dags", "warehouse", "fresh"):
            (home / name).mkdir()
        shutil.copy(HERE / "fleet_dags.py", home / "dags")
        (home / "dags" / "fleet_late.py").write_text(LATE)
        (home / "transform.py").write_text(TRANSFORM)
        catalog(home)
        address, redis = kept.enter_context(servers(home))
        sandboxes = Sandboxes(home, count)
        kept.callback(sandboxes.kill)
        names = sellers(sandboxes, address)
        more = {
            "FLEET_HOME": folder,
            "FLEET_PROGRAMS": str(PROGRAMS),
            "FLEET_REDIS": redis,
            "FLEET_BATCH": str(batch),
            "FLEET_RETRIES": str(retries),
            "AIRFLOW_CONN_FLEET_STORE": f"{address}/fleet",
        }
        yield kept.enter_context(engine(home, address, **more)), sandboxes, names, address


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="four sellers and one kill")
    short = parser.parse_args().short
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all that it has started ends with it
    adopt()
    try:
        with fleet(*((4, 2, 2) if short else (24, 8, 4))) as (running, sandboxes, names, address):
            all_sellers(running, sandboxes, names, address, short)
            equal(running.home, sandboxes, names)
            if not short:
                two_runs(running, sandboxes, address, names)
            written(running, sandboxes, running.home, address, names)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        left = end_all()
    check(not left, f"nothing that was started had to be killed at the end {', '.join(left.values())}")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
