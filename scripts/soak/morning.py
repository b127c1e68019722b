"""A morning's work from tables, in three markets: planned, carried out, read back, and killed on the way.

    python scripts/soak/morning.py --kills 30 --seed 3

Shops of the United States, Great Britain and Indonesia each get their part of the tables, which are CSV files as a
spreadsheet saves them. The plan must say row for row what the run then does, each label must be a PDF, the tap must
read what was done; and killed again and again, with faults in one of twenty answers, the same tables must come to the
same, nothing twice. Exits with 1 if something is otherwise.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import random
import re
import secrets
import shutil
import struct
import sys
import tempfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feed import Feed, client_of, rows
from kill_target import GOOD, LAST_SECONDS, killed, parsed, start
from shop import Shop, shop
from target_tiktokshop.table import messages
from tiktokshop_client import operations

if TYPE_CHECKING:
    from tiktokshop_client import Client
    from tiktokshop_client import Shop as Market

REGIONS = ("US", "GB", "ID")
DAMAGED = "ecom_order_delivered_refund_reason_{}_seller"
REASONS = {
    "US": DAMAGED.format("damaged"),
    "GB": f"{DAMAGED.format('damaged')}_uk",
    "ID": DAMAGED.format("missing_product"),
}
# Kind of fault -> how often it strikes: five of a hundred answers in all.
FAULTS = {"http_500": 0.02, "reset_before": 0.01, "reset_middle": 0.01, "truncated_json": 0.01}
MOST_KILLS = 10
Records = list[dict[str, Any]]


@dataclass(frozen=True)
class Sizes:
    """How much there is to do, in all markets together; `orders` is how large the shops are."""

    orders: int = 25_000
    shipments: int = 300
    refunds: int = 30
    answers: int = 50

    def share(self, name: str) -> int:
        """What of it one market has."""
        return -(-getattr(self, name) // len(REGIONS))


@dataclass
class Morning:
    """The tables of a morning: what is to be done, and rows that cannot be, with the codes of their outcomes."""

    good: Feed = field(default_factory=Feed)
    bad: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)

    def tables(self, folder: Path) -> tuple[Feed, list[str]]:
        """All of it written as CSV files and read from them; the codes of the rows that cannot be done, in order."""
        read, codes = Feed(), []
        folder.mkdir()
        for stream, records in self.good.records.items():
            wrong = [(record, code) for name, record, code in self.bad if name == stream]
            table = folder / f"{stream}.csv"
            everything = [*records, *(record for record, _ in wrong)]
            with table.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(dict.fromkeys(name for record in everything for name in record)))
                writer.writeheader()
                writer.writerows(everything)
            read.add(stream, [one["record"] for one in messages(stream, table) if one["type"] == "RECORD"])
            codes += [code for _, code in wrong]
        return read, codes


def morning_of(one: Shop, sizes: Sizes) -> Morning:
    """What waits in the shops this morning."""
    work = Morning()
    with client_of(one) as client:
        for market in sorted(client.shops(), key=lambda shop: REGIONS.index(shop.region)):
            shipments(work, client, market, sizes.share("shipments"))
            refunds(work, client, market, sizes.share("refunds"))
            answers(work, client, market, sizes.share("answers"), one.folder / "mug.png")
    return work


def shipments(work: Morning, client: Client, market: Market, most: int) -> None:
    """Parcels for the platform's carriers; and an order that nobody has paid."""
    body = {"order_status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK"}
    found = [
        row
        for row in rows(client, market, operations.SEARCH_ORDERS, **body)
        if row["fulfillment_type"] == "FULFILLMENT_BY_SELLER" and not row["is_buyer_request_cancel"]
    ]
    whole = [row for row in found if len(row.get("packages") or []) < 2][:most]
    work.good.add("shipments", [{"shop_id": market.id, "order_id": row["id"]} for row in whole])
    for row in rows(client, market, operations.SEARCH_ORDERS, order_status="UNPAID", shipping_type="TIKTOK")[:1]:
        if row["fulfillment_type"] == "FULFILLMENT_BY_SELLER":
            work.bad.append(("shipments", {"shop_id": market.id, "order_id": row["id"]}, "unpaid"))


def refunds(work: Morning, client: Client, market: Market, most: int) -> None:
    """Delivered goods that were damaged, every second in part; and a reason that the market does not have."""
    found = rows(client, market, operations.SEARCH_ORDERS, order_status="DELIVERED")[: 4 * most + 1]
    ids = [row["id"] for row in found]
    back = {row["order_id"] for row in rows(client, market, operations.SEARCH_RETURNS, order_ids=ids)}
    free = [row for row in found if row["id"] not in back and float(row["payment"]["total_amount"]) > 1]
    for number, row in enumerate(free[:most]):
        part = {"amount": "1", "currency": row["payment"]["currency"]} if number % 2 else {}
        record = {"shop_id": market.id, "order_id": row["id"], "reason": REASONS[market.region], **part}
        work.good.add("refunds", [record])
    for row in free[most : most + 1]:
        work.bad.append(("refunds", {"shop_id": market.id, "order_id": row["id"], "reason": "because"}, "25001014"))


def answers(work: Morning, client: Client, market: Market, most: int, picture: Path) -> None:
    """Answers to buyers who may be answered, of each kind; and one that comes too late."""
    found = [row for page in client.pages(operations.GET_CONVERSATIONS, shop=market) for row in page.rows]
    order = rows(client, market, operations.SEARCH_ORDERS)[0]
    picture.write_bytes(png())
    kinds = (
        lambda number: {"text": f"Thank you for waiting, number {number}: it is on its way"},
        lambda _: {"card_order_id": order["id"]},
        lambda _: {"picture": str(picture)},
        lambda _: {"card_product_id": order["line_items"][0]["product_id"]},
    )
    can = [row["id"] for row in found if row["can_send_message"]]
    for number, conversation in enumerate(islice(cycle(can), most if can else 0)):
        turn = number // len(can)
        said = kinds[turn if turn < len(kinds) else 0](number)
        record = {"shop_id": market.id, "message_key": f"{market.region}-{number}", "conversation_id": conversation}
        work.good.add("messages", [{**record, **said}])
    late = next(row["id"] for row in found if not row["can_send_message"])
    record = {"shop_id": market.id, "message_key": f"{market.region}-late", "conversation_id": late, "text": "Late"}
    work.bad.append(("messages", record, "window_closed"))


def png() -> bytes:
    """A small picture."""
    head = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    content = b""
    for name, data in ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(6))), (b"IEND", b"")):
        content += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return b"\x89PNG\r\n\x1a\n" + content


# -- planned, carried out, read back ---------------------------------------------------------------------------------


def carried_out(one: Shop, lines: Path, name: str, **config: Any) -> Records:
    """A run to its end; the lines of its results."""
    results = one.folder / f"{name}.jsonl"
    process = start(one, lines, results_path=str(results), batch_size_rows=1_000, max_rejected_percent=50, **config)
    process.communicate(timeout=LAST_SECONDS)
    found = [parsed(line) for line in results.read_text().splitlines()]
    return sorted((row for row in found if row is not None), key=lambda row: row["row"])


def differences(plan: Records, real: Records) -> list[str]:
    """Rows of which the plan says otherwise than what was done."""
    faults = [f"plan: {len(plan)} rows, and {len(real)} were carried out"] if len(plan) != len(real) else []
    for planned, done in zip(plan, real, strict=False):
        wanted = "applied" if planned["outcome"] == "planned" else planned["outcome"]
        after = {name: value for name, value in (planned["after"] or {}).items() if value is not None}
        same = (
            (wanted, planned["code"]) == (done["outcome"], done["code"])
            and all(planned[name] == done[name] for name in ("row", "stream", "operation", "before"))
            and after.items() <= (done["after"] or {}).items()
        )
        if not same:
            faults.append(f"plan: {json.dumps(planned)} became {json.dumps(done)}")
    return faults


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
    found = one.read(("orders", "returns", "messages")).table()
    orders = {row["id"]: row["status"] for (stream, *_), row in found.items() if stream == "orders"}
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
    real = carried_out(one, lines, "real")
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
            for kind, probability in FAULTS.items():
                one.sandbox.control("POST", "/faults", {"kind": kind, "probability": probability})
            calls = 8 * work.good.size
            done, found = killed(one, lines, work.good, moments, (calls, min(kills, MOST_KILLS)))
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
