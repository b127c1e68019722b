"""Kills the target while it ships, buys labels, splits and combines, with faults in one answer of twenty."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

from feed import Feed, client_of, rows
from kill_target import Watch, kill_after, runs_of, start
from shop import Shop, shop
from tiktokshop_client import operations

if TYPE_CHECKING:
    import random
    import subprocess
    from pathlib import Path

    from tiktokshop_client import Client
    from tiktokshop_client import Shop as Market

STREAMS = ("package_splits", "package_combinations", "shipments")
SHOPS, LEAST_ORDERS, MOST, MOST_KILLS = 6, 6_000, 12, 10
"""Shops in the United States, Great Britain and South East Asia are among six; of each so many orders at most."""
FAULTS = ("reset_middle", "truncated_json", "http_500", "reset_before", "http_503")
EACH_FAULT = 0.01
BUYERS = 4
"""Buyers of several orders for which one label is bought."""
SECONDS = 5
"""How long an answer may take, and so how long a killed run's claims hold up the next one."""
LAST_SECONDS = 240
GOOD = {"applied", "unchanged", "superseded"}
BOUGHT, SPLIT, COMBINED = "/fulfillment/202512/packages", "/split", "/packages/combine"


def waiting(client: Client, market: Market) -> list[dict[str, Any]]:
    """Orders that the platform's carrier takes, in one package or in none yet."""
    body = {"order_status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK", "is_buyer_request_cancel": False}
    found = rows(client, market, operations.SEARCH_ORDERS, **body)
    return [
        row for row in found if row["fulfillment_type"] == "FULFILLMENT_BY_SELLER" and len(row.get("packages", [])) < 2
    ]


def groups(orders: list[dict[str, Any]]) -> list[list[str]]:
    """Orders for which the platform would sell one label."""
    alike: dict[str, list[str]] = {}
    for row in orders:
        alike.setdefault(row.get("auto_combine_group_id", "N/A"), []).append(row["id"])
    return [ids for name, ids in alike.items() if name != "N/A" and len(ids) > 1]


def feed_of(one: Shop) -> Feed:
    """What is split, combined and shipped: every order in one record."""
    feed = Feed()
    with client_of(one) as client:
        for market in client.shops():
            pages = client.pages(operations.SEARCH_COMBINABLE_PACKAGES, shop=market)
            pairs = [draft["order_ids"] for page in pages for draft in page.rows][:MOST]
            feed.add("package_combinations", [{"shop_id": market.id, "order_ids": pair} for pair in pairs])
            left = [
                row for row in waiting(client, market) if row["id"] not in {each for pair in pairs for each in pair}
            ]
            cut = [row for row in left if market.region != "US" and len({x["sku_id"] for x in row["line_items"]}) > 1]
            for row in cut[: MOST // 2]:
                sku = row["line_items"][0]["sku_id"]
                group = [line["id"] for line in row["line_items"] if line["sku_id"] == sku]
                feed.add("package_splits", [{"shop_id": market.id, "order_id": row["id"], "groups": [group]}])
            labels = groups(left)
            feed.add("shipments", [{"shop_id": market.id, "order_ids": ids} for ids in labels])
            taken = {each for ids in labels for each in ids} | {row["id"] for row in cut[: MOST // 2]}
            whole = [row for row in left if row["id"] not in taken][:MOST]
            feed.add("shipments", [{"shop_id": market.id, "order_id": row["id"]} for row in whole])
    return feed


def soak(folder: Path, kills: int, moments: random.Random, *, orders: int, shops: int) -> list[str]:
    """Copies of one shop, each killed at some times while it is written to, then looked at as a whole."""
    seed, new = moments.randrange(1000), folder / "new.sqlite"
    facts = {"seed": seed, "orders": max(orders, LEAST_ORDERS), "shops": max(shops, SHOPS)}
    with shop(folder, path=new, **facts) as one:
        for _ in range(BUYERS):
            one.sandbox.control("POST", "/orders", {"count": 4, "one_buyer": True})
        one.sandbox.control("POST", "/clock", {"advance": 7_200})
        feed = feed_of(one)
    sizes = ", ".join(f"{len(records)} {name}" for name, records in feed.records.items())
    shared = sum("order_ids" in each for each in feed.records["shipments"])
    print(f"parcels: {sizes} ({shared} labels for several orders)", flush=True)
    text = folder / "feed.singer"
    text.write_text("".join(f"{line}\n" for line in feed.lines()))
    faults: list[str] = []
    for number in range(1, 1_000):
        if kills <= 0:
            break
        place = folder / str(number)
        place.mkdir()
        with shop(place, path=shutil.copy(new, place / "shop.sqlite"), seed=seed) as one:
            one.config |= {"request_timeout_seconds": SECONDS, "labels_path": str(place / "labels")}
            done, found = killed(one, text, feed, moments, min(kills, MOST_KILLS))
            kills -= done
            faults += found
    return faults


def killed(one: Shop, text: Path, feed: Feed, moments: random.Random, most: int) -> tuple[int, list[str]]:
    """Kills runs in one shop, then lets one come to its end; how many were killed, and what was found."""
    for kind in FAULTS:
        one.sandbox.control("POST", "/faults", {"kind": kind, "probability": EACH_FAULT, "path": "/fulfillment/*"})
    kills = 0
    for _ in range(most):
        process, watch = run(one, text)
        kills += kill_after(one, process, moments.randrange(10, 10 + 2 * feed.size // most), moments.uniform(0, 0.1))
        watch.join()
    one.sandbox.control("DELETE", "/faults")
    process, watch = run(one, text)
    code = process.wait(LAST_SECONDS)
    watch.join()
    last = runs_of(one)[0][-1]
    outcomes = Counter(row["outcome"] for row in last)
    found = [] if code == 0 else [f"exit code {code}: {one.folder / 'target.log'}"]
    if sorted(row["row"] for row in last) != list(range(1, feed.size + 1)):
        found.append(f"results: {len(last)} lines of the last run for {feed.size} records")
    found += [f"outcome: {row['stream']} {row['outcome']} {row['code']}" for row in last if row["outcome"] not in GOOD]
    found += carried_out_twice(one) + not_so(one, feed)
    print(f"parcels: {kills} kills, last run {dict(outcomes)}, {len(found)} faults", flush=True)
    return kills, found


def run(one: Shop, text: Path) -> tuple[subprocess.Popen[bytes], Watch]:
    """A run that has begun, and who reads what it writes."""
    before = len(runs_of(one)[0])
    process = start(one, text, batch_size_rows=10, max_rejected_percent=100, max_shipments=10_000)
    return process, Watch(one, process, before)


def carried_out_twice(one: Shop) -> list[str]:
    """Labels that were bought, and orders that were split or combined, more than once."""
    done: Counter[tuple[str, str]] = Counter()
    for entry in one.sandbox.control("GET", "/requests?limit=100000")["requests"]:
        if entry["method"] != "POST" or entry["code"] != 0:
            continue
        body = entry["body"] if isinstance(entry["body"], dict) else json.loads(entry["body"] or "{}")
        if entry["path"] == BOUGHT:
            done["bought", body["order_id"]] += 1
        elif entry["path"].endswith(SPLIT):
            done["split", entry["path"]] += 1
    return [f"{what} {name} {count} times" for (what, name), count in done.items() if count > 1]


def not_so(one: Shop, feed: Feed) -> list[str]:
    """Records that the shop does not show, and labels that are not on disk once."""
    faults: list[str] = []
    labels = Counter(file.name.split("-")[1] for file in (one.folder / "labels").rglob("*.pdf"))
    with client_of(one) as client:
        for market in client.shops():
            own = {
                name: [each for each in feed.records.get(name, []) if each["shop_id"] == market.id] for name in STREAMS
            }
            ids = [order for records in own.values() for each in records for order in orders_of(each)]
            packages = packages_of(client, market, ids)
            for each in own["shipments"]:
                shown = sorted({package for order in orders_of(each) for package in packages[order]})
                if len(shown) != 1 or any(labels[package] != 1 for package in shown):
                    faults.append(f"shipments: {each} has {shown}, labels {[labels[package] for package in shown]}")
            faults += [
                f"not split in two: {each}" for each in own["package_splits"] if len(packages[each["order_id"]]) != 2
            ]
            faults += [
                f"not one package: {each}"
                for each in own["package_combinations"]
                if len({package for order in each["order_ids"] for package in packages[order]}) != 1
            ]
    return faults


def orders_of(record: dict[str, Any]) -> list[str]:
    """The orders that a record names."""
    return list(record.get("order_ids") or [record["order_id"]])


def packages_of(client: Client, market: Market, ids: list[str]) -> dict[str, list[str]]:
    """The packages of orders."""
    found: dict[str, list[str]] = {}
    for start_at in range(0, len(ids), 50):
        query = {"ids": ids[start_at : start_at + 50]}
        for order in client.call(operations.GET_ORDERS, shop=market, query=query).data["orders"]:
            found[order["id"]] = [package["id"] for package in order["packages"]]
    return found
