"""Ships 2,000 packages with their labels, in Great Britain and the United States, at a platform's pace.

    python target-tiktokshop/benchmarks/ship.py

Prints how long a run takes from the start of its process to its end, at 200 ms an answer and 50 requests a second,
how many calls a package costs, and whether each label is there. It exits with 1 if that is not so, or if a run takes
longer than 90 s.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import tiktokshop_sandbox
from tiktokshop_client import Client, MemoryStore, Settings, operations

BEFORE, BUYERS, PACKAGES, RPS, LATENCY_MS = 3_000, 6_000, 2_000, 50, 200
AGO = 2 * 3_600
"""Seconds since the buyers came: they have paid, and most of their orders wait to be shipped."""
LONGEST = 90.0


def waiting(config: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Records of orders that wait to be shipped, by market."""
    found: dict[str, list[dict[str, str]]] = {}
    body = {"order_status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK", "is_buyer_request_cancel": False}
    with Client(Settings.from_config(config), token_store=MemoryStore()) as client:
        for shop in client.shops():
            pages = client.pages(operations.SEARCH_ORDERS, shop=shop, body=body)
            rows = [row for page in pages for row in page.rows if len(row["packages"]) < 2]
            own = [row for row in rows if row["fulfillment_type"] == "FULFILLMENT_BY_SELLER"]
            found[shop.region] = [{"shop_id": shop.id, "order_id": row["id"]} for row in own[:PACKAGES]]
    return found


def feed(folder: Path, config: dict[str, Any], records: list[dict[str, str]]) -> float:
    """Seconds that a run takes, from the start of its process to its end."""
    lines = [{"type": "SCHEMA", "stream": "shipments", "schema": {"properties": {}}, "key_properties": []}]
    lines += [{"type": "RECORD", "stream": "shipments", "record": record} for record in records]
    table, settings = folder / "feed.singer", folder / "config.json"
    table.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    settings.write_text(json.dumps({**config, "max_shipments": PACKAGES}))
    command = [sys.executable, "-m", "target_tiktokshop", "--config", str(settings), "--input", str(table)]
    begun = time.monotonic()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    return time.monotonic() - begun


def ship(folder: Path, region: str, wanted: list[dict[str, str]]) -> bool:
    """Ships what waits in a market and prints what it took; whether all of it is shipped with its label in time."""
    with tiktokshop_sandbox.start(folder / "shop.sqlite", rps=RPS, latency_ms=LATENCY_MS) as sandbox:
        results, labels = folder / f"{region}.jsonl", folder / f"labels-{region}"
        more = {"results_path": str(results), "labels_path": str(labels)}
        seconds = feed(
            folder,
            {**sandbox.settings(requests_per_second=RPS), "token_store": str(folder / "tokens.json"), **more},
            wanted,
        )
        outcomes = Counter(json.loads(line)["outcome"] for line in results.read_text().splitlines())
        asked = sandbox.control("GET", "/stats")
        calls = sum(count for name, count in asked["operations"].items() if "/papers/" not in name)
    there = len(list(labels.glob("*.pdf")))
    print(
        f"{region}: {len(wanted)} packages: {seconds:.1f} s, {calls} calls, {there} labels, {dict(outcomes)}, "
        f"{asked['rate_limited']} refused for the budget",
        flush=True,
    )
    return outcomes["applied"] == there == len(wanted) == PACKAGES and seconds <= LONGEST


def main() -> int:
    """Both markets, one after the other."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        with tiktokshop_sandbox.start(folder / "shop.sqlite", orders=BEFORE, rps=100_000) as sandbox:
            sandbox.control("POST", "/orders", {"count": BUYERS})
            sandbox.control("POST", "/clock", {"advance": AGO})
            records = waiting(sandbox.settings(requests_per_second=100_000))
        done = [ship(folder, region, wanted) for region, wanted in records.items()]
        return 0 if all(done) else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
