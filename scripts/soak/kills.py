"""Kills tap, target or loader, and both of a pipe, with `kill -9` at random moments: is anything lost or doubled?

    python scripts/soak/kills.py --tap 100 --target 100 --pipe 50 --seed 3

The next run goes on as a scheduler has it go on: from the last whole STATE line, with the same input. Prints a line for
each chain of runs; ends with 1 if anything was lost or doubled. README.md beside it says what is counted.
"""

from __future__ import annotations

import argparse
import logging
import random
import secrets
import sys
import tempfile
from pathlib import Path

import kill_follow
import kill_listings
import kill_load
import kill_parcels
import kill_pipe
import kill_tap
import kill_target

KINDS = {
    "tap": kill_tap.soak,
    "target": kill_target.soak,
    "parcels": kill_parcels.soak,
    "listings": kill_listings.soak,
    "pipe": kill_pipe.soak,
    "load": kill_load.soak,
    "follow": kill_follow.soak,
}


def main() -> int:
    """Prints what was found; 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=int, default=0, metavar="N", help="kills")
    parser.add_argument("--orders", type=int, default=300, help="orders of a shop")
    parser.add_argument("--shops", type=int, default=2, help="shops that the tap reads")
    parser.add_argument("--form", choices=kill_tap.FORMS, help="kill the tap in this form only")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="of shops and moments")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"--seed {chosen.seed}", flush=True)
    failed = False
    for kind, soak in KINDS.items():
        kills = getattr(chosen, kind)
        if not kills:
            continue
        with tempfile.TemporaryDirectory() as folder:
            form = {"form": chosen.form} if kind == "tap" else {}
            faults = soak(
                Path(folder), kills, random.Random(chosen.seed), orders=chosen.orders, shops=chosen.shops, **form
            )
        failed |= bool(faults)
        print(f"{kind}: {kills} kills, {len(faults)} faults", *faults, sep="\n  ", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
