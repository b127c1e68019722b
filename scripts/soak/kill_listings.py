"""Kills the target while it lists new products and edits them, in shops whose network is faulty."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import struct
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from feed import client_of, rows
from kill_target import GOOD, LAST_SECONDS, kill_after, runs_of, start
from shop import Shop, shop
from tiktokshop_client import operations
from tiktokshop_sandbox.faults import TRANSPORT

if TYPE_CHECKING:
    import random
    from pathlib import Path

PRODUCTS, PICTURES, SKUS = 60, 3, 2
"""New products of each shop; each shares one of its pictures with the product after it."""
FAULTY = 0.05
"""So large a part of all requests meets a fault of the network."""
MOST_KILLS = 8
COLORS = ("Black", "Oak")
Records = list[dict[str, Any]]


def png(width: int) -> bytes:
    """A picture that is known by its width, also when it is uploaded."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, width, 1, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes((width // 8 + 2) * width), 1))
    return b"\x89PNG\r\n\x1a\n" + head + pixels + chunk(b"IEND", b"")


def feed_of(one: Shop) -> Records:
    """Products of each shop, with pictures that are made here."""
    records = []
    with client_of(one) as client:
        for number, own in enumerate(client.shops()):
            places = client.call(operations.GET_WAREHOUSES, shop=own).data["warehouses"]
            place = next(row["id"] for row in places if row["type"] == "SALES_WAREHOUSE")
            for product in range(PRODUCTS):
                first = 300 + (number * PRODUCTS + product) * (PICTURES - 1)
                records.append(_record(one, own.id, place, product, range(first, first + PICTURES)))
    return records


def _record(one: Shop, shop_id: str, place: str, number: int, widths: range) -> dict[str, Any]:
    paths = [one.folder / f"{width}.png" for width in widths]
    for path, width in zip(paths, widths, strict=True):
        path.write_bytes(png(width))
    skus = [
        {"seller_sku": f"KILL-{number}-{color}", "price": "12", "quantity": 5, "warehouse_id": place}
        | {"variations": {"Color": color}}
        for color in COLORS
    ]
    return {
        "shop_id": shop_id,
        "title": f"A mug of stoneware, number {number} of many",
        "description": "<p>Holds tea.</p>",
        "category": "Home Supplies > Drinkware > Mugs",
        "main_images": list(map(str, paths)),
        "attributes": {"Material": "Stoneware"},
        "package_weight": {"value": "0.5", "unit": "KILOGRAM"},
        "package_dimensions": {"length": 9, "width": 9, "height": 9, "unit": "CENTIMETER"},
        "skus": skus,
    }


def uploads(one: Shop) -> Counter[int]:
    """How often each picture is in the sandbox, by its width."""
    with sqlite3.connect(f"file:{one.folder / 'shop.sqlite'}?mode=ro", uri=True) as database:
        found = database.execute("SELECT value FROM meta WHERE key LIKE 'upload.%'").fetchall()
    return Counter(json.loads(value)["width"] for (value,) in found)


def noted(one: Shop) -> set[int]:
    """The pictures that the target knows to be uploaded, by their width."""
    file = one.folder / "listings.sqlite"
    if not file.exists():
        return set()
    with sqlite3.connect(file) as database:
        found = database.execute("SELECT digest FROM pictures").fetchall()
    by_digest = {digest_of(path.read_bytes()): int(path.stem) for path in one.folder.glob("*.png")}
    return {by_digest[digest] for (digest,) in found}


def digest_of(content: bytes) -> str:
    """As the target's store has it."""
    return hashlib.sha256(content).hexdigest()


def soak(folder: Path, kills: int, moments: random.Random, *, orders: int, shops: int) -> list[str]:
    """Fresh shops, each killed at some times while products come into it, then looked at as a whole."""
    seed, number = moments.randrange(1000), 0
    new = folder / "new.sqlite"
    with shop(folder, path=new, orders=orders, shops=shops, seed=seed):
        pass
    faults: list[str] = []
    while kills > 0:
        place = folder / str(number := number + 1)
        place.mkdir()
        with shop(place, path=shutil.copy(new, place / "shop.sqlite"), seed=seed) as one:
            done, found = killed(one, moments, min(kills, MOST_KILLS))
        kills -= done
        faults += found
    return faults


def killed(one: Shop, moments: random.Random, most: int) -> tuple[int, list[str]]:
    """Kills runs in one shop, lets one come to its end, and looks; how many kills, and what was found."""
    records = feed_of(one)
    text = one.folder / "feed.singer"
    lines = [{"type": "SCHEMA", "stream": "listings", "schema": {"properties": {}}, "key_properties": []}]
    lines += [{"type": "RECORD", "stream": "listings", "record": record} for record in records]
    text.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    more = {"listings_store": str(one.folder / "listings.sqlite"), "max_new_listings": len(records)}
    for kind in TRANSPORT:
        one.sandbox.control("POST", "/faults", {"kind": kind, "probability": FAULTY / len(TRANSPORT), "seconds": 0.01})
    kills, known = 0, []
    for _ in range(most):
        process = start(one, text, **more)
        requests = moments.randrange(5, max(6, len(records) * (PICTURES + 2) // most))
        kills += kill_after(one, process, requests, moments.uniform(0, 0.05))
        process.communicate()
        known.append((noted(one), uploads(one)))
    one.sandbox.control("DELETE", "/faults")
    process = start(one, text, **more)
    process.communicate(timeout=LAST_SECONDS)
    faults = [f"exit code {process.returncode}: {one.folder / 'target.log'}"] if process.returncode else []
    faults += _looked_at(one, records, known)
    total = sum(uploads(one).values())
    print(
        f"listings: {len(records)} products, {kills} kills, {total} uploads of {len(uploads(one))} pictures", flush=True
    )
    return kills, faults


def _looked_at(one: Shop, records: Records, known: list[tuple[set[int], Counter[int]]]) -> list[str]:
    """What is wrong with the shops, the outcomes and the uploads."""
    runs, _ = runs_of(one)
    last = runs[-1] if runs else []
    faults = [f"outcome: {row['outcome']} {row['code']} {row['message']}" for row in last if row["outcome"] not in GOOD]
    if sorted(row["row"] for row in last) != list(range(1, len(records) + 1)):
        faults.append(f"results: {len(last)} lines of the last run for {len(records)} records")
    with client_of(one) as client:
        for own in client.shops():
            wanted = Counter(
                sku["seller_sku"] for record in records if record["shop_id"] == own.id for sku in record["skus"]
            )
            listed = rows(client, own, operations.SEARCH_PRODUCTS, status="ALL")
            found = Counter(sku["seller_sku"] for row in listed for sku in row["skus"] if "KILL-" in sku["seller_sku"])
            faults += [
                f"SKU {number} stands {found[number]} times in {own.id}"
                for number in wanted | found
                if found[number] != 1
            ]
    at_end = uploads(one)
    for names, counts in known:
        faults += [f"picture {name} was uploaded again" for name in sorted(names) if at_end[name] > counts[name]]
    return faults
