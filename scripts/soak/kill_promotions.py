"""Kills the target while it makes promotions and answers fail: no promotion is made twice, every offer is in once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from feed import Feed, Records, client_of, promotions, rows
from kill_target import MOST_KILLS, finish, killed
from shop import NOON, Shop, shop
from tiktokshop_client import operations

if TYPE_CHECKING:
    import random
    from pathlib import Path

ACTIVITIES = 6
OFFERS = 120
FAULTS = ("reset_middle", "truncated_json", "http_503", "internal_error")
"""The first two carry the request out and lose its answer."""
SHARE = 0.05


def feed_of_promotions(one: Shop) -> Feed:
    """Some activities of each shop: flat ones, each with its own SKUs, and one with a list of products."""
    feed = Feed()
    with client_of(one) as client:
        for place in client.shops():
            found = rows(client, place, operations.SEARCH_PRODUCTS, status="ACTIVATE")
            own = Feed()
            promotions(own, client, place, OFFERS, found)
            feed.add("promotions", list(apart(own.records["promotions"])))
    return feed


def apart(records: Records) -> Records:
    """The flat records as several activities, by turns; those of one stay together."""
    flat = [record for record in records if "products" not in record]
    parts: list[dict[str, Any]] = []
    for number in range(ACTIVITIES):
        key = {"activity_key": f"soak-{number}"}
        titled = [{**record, "title": f"{record['title']}, {number}"} for record in flat[number::ACTIVITIES]]
        parts += [{**record, **key} for record in titled]
    return [*parts, *(record for record in records if "products" in record)]


def soak(folder: Path, kills: int, moments: random.Random, *, orders: int, shops: int) -> list[str]:
    """Fresh shops, each killed at some times while promotions are written, then looked at as a whole."""
    seed = moments.randrange(1000)
    new = folder / "new.sqlite"
    with shop(folder, path=new, orders=orders, shops=shops, seed=seed) as one:
        feed = feed_of_promotions(one)
    text = folder / "feed.singer"
    text.write_text("".join(f"{line}\n" for line in feed.lines()))
    print(f"promotions: {feed.size} records, {SHARE:.0%} faults", flush=True)
    faults: list[str] = []
    needed, number = None, 0
    while kills > 0:
        place = folder / str(number := number + 1)
        place.mkdir()
        with shop(place, path=shutil.copy(new, place / "shop.sqlite"), seed=seed, now=NOON) as one:
            one.sandbox.control("DELETE", "/stats")
            for kind in FAULTS:
                one.sandbox.control("POST", "/faults", {"kind": kind, "probability": SHARE / len(FAULTS)})
            if needed is None:  # the first shop tells how many calls a run makes that nobody kills
                found, _ = finish(one, text, feed, 0)
                needed = one.sandbox.control("GET", "/stats")["requests"]
                faults += found
                continue
            done, found = killed(one, text, feed, moments, (needed, min(kills, MOST_KILLS)))
            kills -= done
            faults += found
    return faults
