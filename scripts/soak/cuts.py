"""Cuts runs of the tap at their STATE lines and goes on from there: is anything missing?

Every stream that leaves a bookmark is read alone, with the streams whose rows it asks about, and added to a pipeline
that has a state of those already. Each output is cut behind each of its STATE lines (at most `--cuts` of them, spread
evenly), a second run goes on from that state, and what both have brought is compared with one whole run.

    python scripts/soak/cuts.py --orders 1500
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from remembered import remembered
from shop import Shop, shop
from tap_tiktokshop.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_tiktokshop.streams.declaration import Declaration


def parents_of(stream: Declaration) -> list[str]:
    """The streams that read the lists that a stream asks about."""
    lists = {id(reading) for reading in stream.reading.lists}
    return [other.name for other in STREAMS if id(other.reading) in lists]


def ways(stream: Declaration) -> dict[str, tuple[list[str], list[str] | None]]:
    """How to read a stream: what is selected with it, and what has a state already."""
    parents = parents_of(stream)
    found: dict[str, tuple[list[str], list[str] | None]] = {"alone": ([stream.name], None)}
    if parents:
        found["with its parents"] = ([*parents, stream.name], None)
        found["added later"] = ([*parents, stream.name], parents)
    return found


def lost(one: Shop, stream: str, selected: Sequence[str], before: Sequence[str] | None, most: int) -> tuple[int, int]:
    """(rows missing after the worst cut, cuts)."""
    state = one.read(before).state() if before else {}
    whole = one.read(selected, state)
    truth = {key for key in whole.table() if key[0] == stream}
    places = whole.states
    step = max(1, len(places) // most)
    worst = 0
    for place in places[::step]:
        union = {*whole.table(place + 1), *one.read(selected, whole.state(place + 1)).table()}
        worst = max(worst, len(truth - union))
    return worst, len(places[::step])


def main() -> int:
    """Prints a line for each way to read each stream; 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1500)
    parser.add_argument("--cuts", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("streams", nargs="*")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    failed = False
    with tempfile.TemporaryDirectory() as folder, shop(Path(folder), orders=chosen.orders, seed=chosen.seed) as one:
        for stream in STREAMS:
            if not stream.bookmarked or (chosen.streams and stream.name not in chosen.streams):
                continue
            for way, (selected, before) in ways(stream).items():
                with remembered():
                    missing, cuts = lost(one, stream.name, selected, before, chosen.cuts)
                failed |= bool(missing)
                print(f"{stream.name:32} {way:18} {cuts:3} cuts  {missing} lost", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
