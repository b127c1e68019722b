"""What refusals cost the target: the same stock written once with none, and once with a part of all requests refused.

Prints the seconds of both runs and their ratio, which is to be at most 1.6 with 4 % refused.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import tiktokshop_sandbox
from write import ORDERS, RPS, feed, stock

REFUSED, ROWS, LATENCY_MS = 0.04, 5_800, 20
WAYS: dict[str, dict[str, Any]] = {
    "HTTP 429": {"kind": "rate_limit"},
    "HTTP 429 with Retry-After": {"kind": "rate_limit", "retry_after": 1},
    "HTTP 200": {"kind": "rate_limit_200"},
}


def measure(fault: dict[str, Any] | None, rows: int) -> tuple[float, int]:
    """Seconds and requests of a run."""
    folder = Path(tempfile.mkdtemp())
    more = {
        "token_store": str(folder / "tokens.json"),
        "results_path": str(folder / "results.jsonl"),
        "max_rejected_percent": 100,
    }
    with tiktokshop_sandbox.start(folder / "shop.sqlite", orders=ORDERS, rps=100_000) as sandbox:
        records = stock(sandbox.settings(requests_per_second=100_000))[:rows]
    with tiktokshop_sandbox.start(folder / "shop.sqlite", rps=RPS, latency_ms=LATENCY_MS) as sandbox:
        if fault:
            sandbox.control("POST", "/faults", fault)
        changed = [{**record, "quantity": int(str(record["quantity"])) + 5} for record in records]
        seconds = feed({**sandbox.settings(requests_per_second=RPS), **more}, changed)
        return seconds, sandbox.control("GET", "/stats")["requests"]


def main() -> None:
    """One run without, one for each way of refusing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=int, default=ROWS, help="default %(default)s")
    rows = parser.parse_args().rows
    base, calls = measure(None, rows)
    print(f"{rows} rows: {base:.1f} s for {calls} calls, no refusals")
    for name, fault in WAYS.items():
        seconds, calls = measure({**fault, "probability": REFUSED}, rows)
        print(f"{name}: {seconds:.1f} s for {calls} calls, {seconds / base:.2f} times as long", flush=True)


if __name__ == "__main__":
    sys.exit(main())
