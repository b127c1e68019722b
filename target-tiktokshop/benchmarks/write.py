"""How fast stock is written: against a sandbox with the platform's budget and a distant platform's answer time.

Prints the seconds and calls of a run in which everything differs, beside what the budget alone would take, and what a
row costs when nothing differs.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
import time
from pathlib import Path

import tiktokshop_sandbox
from target_tiktokshop.target import TargetTikTokShop
from tiktokshop_client import Client, MemoryStore, Settings, operations

RPS, LATENCY_MS, ORDERS = 50, 200, 10_000
ROWS_UNCHANGED = 100_000


def stock(config: dict[str, object]) -> list[dict[str, object]]:
    """A record for each SKU and warehouse of the first shop, as it is."""
    with Client(Settings.from_config(config), token_store=MemoryStore()) as client:
        shop = client.shops()[0]
        pages = client.pages(operations.SEARCH_PRODUCTS, shop=shop, body={"status": "ACTIVATE"})
        return [
            {"shop_id": shop.id, "sku_id": sku["id"], **place}
            for page in pages
            for product in page.rows
            for sku in product["skus"]
            for place in sku["inventory"]
        ]


def feed(config: dict[str, object], records: list[dict[str, object]]) -> float:
    """Seconds of a run with these records."""
    lines = [json.dumps({"type": "SCHEMA", "stream": "inventory", "schema": {"properties": {}}})]
    lines += [json.dumps({"type": "RECORD", "stream": "inventory", "record": record}) for record in records]
    target = TargetTikTokShop(config=config)
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        target.listen(io.StringIO("\n".join(lines) + "\n"))
    target.close()
    return time.perf_counter() - started


def main() -> None:
    """Two runs, two lines."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    folder = Path(tempfile.mkdtemp())
    file = folder / "shop.sqlite"
    more = {"token_store": str(folder / "tokens.json"), "results_path": str(folder / "results.jsonl")}
    with tiktokshop_sandbox.start(file, orders=ORDERS, rps=100_000) as sandbox:
        records = stock(sandbox.settings(requests_per_second=100_000))
        many = (records * (ROWS_UNCHANGED // len(records) + 1))[:ROWS_UNCHANGED]
        seconds = feed({**sandbox.settings(requests_per_second=100_000), **more}, many)
        calls = sandbox.control("GET", "/stats")["operations"]["POST /product/202309/inventory/search"]
        print(
            f"{ROWS_UNCHANGED} unchanged rows: {seconds:.1f} s, {calls} reads, {seconds / ROWS_UNCHANGED:.1e} s a row"
        )
    with tiktokshop_sandbox.start(file, rps=RPS, latency_ms=LATENCY_MS) as sandbox:
        changed = [{**record, "quantity": int(str(record["quantity"])) + 5} for record in records]
        seconds = feed({**sandbox.settings(requests_per_second=RPS), **more}, changed)
        calls = sandbox.control("GET", "/stats")["requests"]
        ratio = seconds / (calls / RPS)
        print(f"{len(changed)} changed rows: {seconds:.1f} s for {calls} calls, {ratio:.2f} of what the budget takes")


if __name__ == "__main__":
    sys.exit(main())
