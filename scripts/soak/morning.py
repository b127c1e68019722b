"""A morning's work from tables, in three markets: planned, carried out, read back, and killed on the way.

    python scripts/soak/morning.py --kills 30 --seed 3

Shops of the United States, Great Britain and Indonesia each get their part of the tables, which are CSV files as a
spreadsheet saves them. The plan must say row for row what the run then does, each label must be a PDF, the tap must
read what was done; and killed again and again, with faults in one of twenty answers, the same tables must come to the
same, nothing twice. Exits with 1 if something is otherwise.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import re
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kill_target import GOOD, LAST_SECONDS, killed, parsed, start
from morning_tables import REGIONS, Morning, Sizes, morning_of
from shop import Shop, shop

if TYPE_CHECKING:
    from feed import Records

# Kind of fault -> how often it strikes: five of a hundred answers in all.
FAULTS = {"http_500": 0.02, "reset_before": 0.01, "reset_middle": 0.01, "truncated_json": 0.01}
MOST_KILLS, PARTS = 10, 2
SECONDS = 5
"""How long an answer may take, and so how long a killed run's claims hold up the next one."""
# -- planned, carried out, read back ---------------------------------------------------------------------------------


def carried_out(one: Shop, lines: Path, name: str, **config: Any) -> Records:
    """A run to its end; the lines of its results."""
    results = one.folder / f"{name}.jsonl"
    process = start(
        one, lines, results_path=str(results), batch_size_rows=1_000, **{"max_rejected_percent": 50, **config}
    )
    process.communicate(timeout=LAST_SECONDS)
    found = [parsed(line) for line in results.read_text().splitlines()]
    return sorted((row for row in found if row is not None), key=lambda row: row["row"])


def differences(plan: Records, real: Records) -> list[str]:
    """Rows of which the plan says otherwise than what was done."""
    faults = [f"plan: {len(plan)} rows, and {len(real)} were carried out"] if len(plan) != len(real) else []
    for planned, done in zip(plan, real, strict=False):
        wanted = "applied" if planned["outcome"] == "planned" else planned["outcome"]
        same = (
            (wanted, planned["code"]) == (done["outcome"], done["code"])
            and all(planned[name] == done[name] for name in ("row", "stream", "operation", "before"))
            and within(planned["after"], done["after"])
        )
        if not same:
            faults.append(f"plan: {json.dumps(planned)} became {json.dumps(done)}")
    return faults


def within(planned: Any, done: Any) -> bool:
    """Whether what was done is what was planned, with more said of it: ids that only the platform knows."""
    if isinstance(planned, dict) and isinstance(done, dict):
        return all(within(value, done.get(name)) for name, value in planned.items())
    if isinstance(planned, list) and isinstance(done, list):
        return len(planned) == len(done) and all(map(within, planned, done))
    return planned is None or planned == done


def unreadable(file: Path) -> str:
    """What is wrong with a PDF; "" if it has one page, and each object is where its table says."""
    content = file.read_bytes()
    start_of = re.search(rb"startxref\s+(\d+)\s+%%EOF\s*$", content)
    if not content.startswith(b"%PDF-") or start_of is None:
        return f"{file.name} is no PDF"
    table = content[int(start_of[1]) :]
    places = re.findall(rb"(\d{10}) \d{5} n", table)
    wrong = [
        number for number, place in enumerate(places, 1) if not content[int(place) :].startswith(b"%d 0 obj" % number)
    ]
    if not table.startswith(b"xref") or not places or wrong or len(re.findall(rb"/Type\s*/Page\b", content)) != 1:
        return f"{file.name} is a damaged PDF"
    return ""


def labels(one: Shop, real: Records) -> list[str]:
    """Labels that are not there, or cannot be read."""
    faults = []
    for row in real:
        if row["stream"] == "shipments" and row["outcome"] == "applied":
            files = [one.folder / file for file in row["after"].get("files") or ()]
            faults += ["no label: " + row["record"]["order_id"]] if not files else filter(None, map(unreadable, files))
    return faults


def not_read_back(one: Shop, work: Morning) -> list[str]:
    """What the tap does not read of what was done."""
    one.config["start_date"] = "2026-06-01T00:00:00Z"
    one.sandbox.control("POST", "/clock", {"advance": 1})  # windows end before the second that it is
    found = one.read(("orders", "returns", "messages", "promotions", "promotion_details")).table()
    orders = {row["id"]: row["status"] for (stream, *_), row in found.items() if stream == "orders"}
    parcels = {
        row["id"]: frozenset(package["id"] for package in row.get("packages") or [])
        for (stream, *_), row in found.items()
        if stream == "orders"
    }
    promoted = Counter(
        (row["title"], sku["id"])
        for (stream, *_), row in found.items()
        if stream == "promotion_details"
        for product in row["products"] or []
        for sku in product.get("skus") or []
    )
    back = Counter(
        row["order_id"] for (stream, *_), row in found.items() if stream == "returns" and row["role"] == "SELLER"
    )
    said = Counter(
        (row["conversation_id"], json.loads(row["content"]).get("content"))
        for (stream, *_), row in found.items()
        if stream == "messages" and row["type"] == "TEXT"
    )
    faults = [
        f"tap: order {row['order_id']} is {orders.get(row['order_id'])}"
        for row in work.good.records["shipments"]
        if orders.get(row["order_id"]) != "AWAITING_COLLECTION"
    ]
    faults += [
        f"tap: {back[row['order_id']]} refunds" for row in work.good.records["refunds"] if back[row["order_id"]] != 1
    ]
    for row in work.good.records.get("package_combinations", ()):
        shown = {parcels.get(key) for key in row["order_ids"].split(",")}
        faults += [] if len(shown) == 1 and shown != {None} else [f"tap: {row} is in {shown}"]
    for row in work.good.records.get("package_splits", ()):
        shown = parcels.get(row["order_id"])
        faults += [] if shown is not None and len(shown) == PARTS else [f"tap: {row} is in {shown}"]
    faults += [
        f"tap: {row['sku_id']} is {count} times in the promotion"
        for row in work.good.records.get("promotions", ())
        if (count := promoted[row["title"], row["sku_id"]]) != 1
    ]
    return faults + [
        f"tap: {said[key]} times {key}"
        for row in work.good.records["messages"]
        if "text" in row and said[key := (row["conversation_id"], row["text"])] != 1
    ]


def work_once(one: Shop, work: Morning, folder: Path) -> list[str]:
    """The tables planned, carried out, carried out again, and read back."""
    tables, codes = work.tables(folder / "tables")
    lines = folder / "morning.singer"
    lines.write_text("".join(f"{line}\n" for line in tables.lines()))
    plan = carried_out(one, lines, "plan", dry_run=True)
    one.sandbox.control("DELETE", "/stats")
    real = carried_out(one, lines, "real")
    print(f"morning: {one.sandbox.control('GET', '/stats')['requests']} calls", flush=True)
    again = carried_out(one, lines, "again")
    told = Counter((row["stream"], row["outcome"], row["code"]) for row in real)
    for (stream, outcome, code), count in sorted(told.items(), key=str):
        print(f"morning: {count} {stream} {outcome} {code or ''}", flush=True)
    faults = differences(plan, real) + labels(one, real) + not_read_back(one, work)
    refused = sorted(row["code"] for row in real if row["outcome"] not in GOOD)
    faults += [] if refused == sorted(codes) else [f"refused: {refused} instead of {sorted(codes)}"]
    changed = [row for row in again if row["outcome"] in {"applied", "unconfirmed"}]
    return faults + [f"done again: {json.dumps(row)}" for row in changed]


# -- killed on the way -----------------------------------------------------------------------------------------------


def work_killed(new: Path, work: Morning, folder: Path, kills: int, moments: random.Random) -> list[str]:
    """The same tables in fresh shops with faults, killed again and again until a run comes to its end."""
    lines = folder / "killed.singer"
    lines.write_text("".join(f"{line}\n" for line in work.good.lines()))
    faults: list[str] = []
    number = 0
    while kills > 0:
        place = folder / f"killed-{(number := number + 1)}"
        place.mkdir()
        with shop(place, path=shutil.copy(new, place / "shop.sqlite")) as one:
            one.config["request_timeout_seconds"] = SECONDS
            for kind, probability in FAULTS.items():
                one.sandbox.control("POST", "/faults", {"kind": kind, "probability": probability})
            # a run that goes on has less to do than the first, so most are killed early
            done, found = killed(one, lines, work.good, moments, (work.good.size, min(kills, MOST_KILLS)))
            kills -= done
            faults += found
    return faults


def soak(folder: Path, sizes: Sizes, kills: int, seed: int) -> list[str]:
    """All of it; what was found."""
    new = folder / "new.sqlite"
    first = folder / "first"
    first.mkdir()
    with shop(first, path=new, orders=sizes.orders, shops=len(REGIONS), regions=REGIONS, seed=seed):
        pass
    with shop(first, path=shutil.copy(new, first / "shop.sqlite")) as one:
        work = morning_of(one, sizes)
        print(
            "morning:", ", ".join(f"{len(records)} {name}" for name, records in work.good.records.items()), flush=True
        )
        faults = work_once(one, work, first)
    return faults + work_killed(new, work, folder, kills, random.Random(seed))


def main() -> int:
    """Prints what was found; 1 if anything was otherwise than it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--orders", type=int, default=Sizes.orders, help="orders of a shop")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="of shops and moments")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"--seed {chosen.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        faults = soak(Path(folder), Sizes(orders=chosen.orders), chosen.kills, chosen.seed)
    print(f"morning: {chosen.kills} kills, {len(faults)} faults", *faults, sep="\n  ", flush=True)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
