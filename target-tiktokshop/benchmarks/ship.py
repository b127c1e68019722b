"""Ships many packages with their labels, in Great Britain and the United States, at a platform's pace.

    python target-tiktokshop/benchmarks/ship.py

Prints how long the shipments that wait in each market take at 200 ms an answer and 50 requests a second, and in
which time the budget would let 2,000 go out.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import tiktokshop_sandbox
from target_tiktokshop.target import TargetTikTokShop
from tiktokshop_client import Client, MemoryStore, Settings, operations

ORDERS, PACKAGES, RPS, LATENCY_MS = 30_000, 2_000, 50, 200


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


def feed(config: dict[str, Any], records: list[dict[str, str]]) -> float:
    """Seconds that a run takes."""
    lines = [{"type": "SCHEMA", "stream": "shipments", "schema": {"properties": {}}, "key_properties": []}]
    lines += [{"type": "RECORD", "stream": "shipments", "record": record} for record in records]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    target = TargetTikTokShop(config={**config, "max_shipments": PACKAGES})
    begun = time.monotonic()
    with contextlib.redirect_stdout(io.StringIO()):
        target.listen(io.StringIO(text))
    seconds = time.monotonic() - begun
    target.close()
    return seconds


def main() -> None:
    """Both markets, one after the other."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    folder = Path(tempfile.mkdtemp())
    with tiktokshop_sandbox.start(folder / "shop.sqlite", orders=ORDERS, rps=100_000) as sandbox:
        records = waiting(sandbox.settings(requests_per_second=100_000))
    for region, wanted in records.items():
        with tiktokshop_sandbox.start(folder / "shop.sqlite", rps=RPS, latency_ms=LATENCY_MS) as sandbox:
            results = folder / f"{region}.jsonl"
            more = {"results_path": str(results), "labels_path": str(folder / "labels"), "requests_per_second": RPS}
            config = sandbox.settings(token_store=str(folder / "tokens.json"), **more)
            seconds = feed(config, wanted)
            outcomes = Counter(json.loads(line)["outcome"] for line in results.read_text().splitlines())
            asked = sandbox.control("GET", "/stats")["operations"]
            calls = sum(count for name, count in asked.items() if "/papers/" not in name)
            needed = calls / len(wanted) * PACKAGES / RPS
            print(f"{region}: {len(wanted)} packages: {seconds:.1f} s, {calls} calls, {dict(outcomes)}", flush=True)
            print(f"{region}: the budget lets {PACKAGES} go out in {needed:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
