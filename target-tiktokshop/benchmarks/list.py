"""Lists new products with pictures and SKUs at a platform's pace, and then feeds the same table again.

    python target-tiktokshop/benchmarks/list.py
    python target-tiktokshop/benchmarks/list.py 200

Prints how long 1,000 new listings with 3 pictures and 5 SKUs each take at 200 ms an answer and 50 requests a second,
how much of the budget that used, and what the same feed costs when everything is listed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import struct
import sys
import tempfile
import time
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import tiktokshop_sandbox
from target_tiktokshop.target import TargetTikTokShop
from tiktokshop_client import Client, MemoryStore, Settings, operations

LISTINGS, PICTURES, SKUS, RPS, LATENCY_MS = 1_000, 3, 5, 50, 200
PACKS = ("1 pc", "2 pcs", "3 pcs", "4 pcs", "5 pcs")


def picture(number: int) -> bytes:
    """A PNG of 600 x 600 pixels, another one for each number."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 600, 600, 1, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * (600 * 76)))
    text = chunk(b"tEXt", b"n\0" + str(number).encode())
    return b"\x89PNG\r\n\x1a\n" + head + text + pixels + chunk(b"IEND", b"")


def table(count: int, folder: Path, shop_id: str, place: str) -> list[dict[str, Any]]:
    """Records of so many products, each with its own pictures."""
    records = []
    for number in range(count):
        paths = [folder / f"{number}-{n}.png" for n in range(PICTURES)]
        for n, path in enumerate(paths):
            path.write_bytes(picture(number * PICTURES + n))
        skus = [
            {"seller_sku": f"L{number}-{n}", "price": "12.50", "quantity": 5, "warehouse_id": place}
            | {"variations": {"Pack": PACKS[n]}}
            for n in range(SKUS)
        ]
        records.append(
            {
                "shop_id": shop_id,
                "title": f"A mug of stoneware, number {number}",
                "description": "<p>Holds <b>tea</b>.</p>",
                "category": "Home Supplies > Drinkware > Mugs",
                "main_images": list(map(str, paths)),
                "attributes": {"Material": "Stoneware"},
                "package_weight": {"value": "0.5", "unit": "POUND"},
                "package_dimensions": {"length": 4, "width": 4, "height": 4, "unit": "INCH"},
                "skus": skus,
            }
        )
    return records


def feed(config: dict[str, Any], records: list[dict[str, Any]]) -> float:
    """Seconds that a run takes."""
    lines = [{"type": "SCHEMA", "stream": "listings", "schema": {"properties": {}}, "key_properties": []}]
    lines += [{"type": "RECORD", "stream": "listings", "record": record} for record in records]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    target = TargetTikTokShop(config={**config, "max_new_listings": len(records)})
    begun = time.monotonic()
    with contextlib.redirect_stdout(io.StringIO()):
        target.listen(io.StringIO(text))
    seconds = time.monotonic() - begun
    target.close()
    return seconds


def main() -> None:
    """New, and then the same again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("listings", type=int, nargs="?", default=LISTINGS)
    count = parser.parse_args().listings
    folder = Path(tempfile.mkdtemp())
    with tiktokshop_sandbox.start(folder / "shop.sqlite", orders=600, rps=RPS, latency_ms=LATENCY_MS) as sandbox:
        config = sandbox.settings(requests_per_second=RPS, token_store=str(folder / "tokens.json"))
        with Client(Settings.from_config(config), token_store=MemoryStore()) as client:
            shop = next(shop for shop in client.shops() if shop.region == "US")
            places = client.call(operations.GET_WAREHOUSES, shop=shop).data["warehouses"]
        place = next(row["id"] for row in places if row["type"] == "SALES_WAREHOUSE")
        records = table(count, folder, shop.id, place)
        for name in ("new", "again"):
            sandbox.control("DELETE", "/stats")
            results = folder / f"{name}.jsonl"
            own = {"results_path": str(results), "listings_store": str(folder / "listings.sqlite")}
            seconds = feed({**config, **own}, records)
            outcomes = Counter(json.loads(line)["outcome"] for line in results.read_text().splitlines())
            asked = sandbox.control("GET", "/stats")["operations"]
            calls = sum(asked.values())
            print(f"{name}: {count} listings: {seconds:.1f} s, {calls} calls, {dict(outcomes)}", flush=True)
            print(f"{name}: {calls / RPS / seconds:.0%} of the budget; {dict(asked)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
