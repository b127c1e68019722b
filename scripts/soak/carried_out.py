"""Whether a shop has become what a mixed feed says, see `feed`, and exactly once."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from feed import PENDING, SAID, Feed, Records, client_of, rows
from shop import NOON
from tiktokshop_client import Client, operations

if TYPE_CHECKING:
    from shop import Shop as Lab
    from tiktokshop_client import Shop

ONCE = (
    "/packages",
    "/packages/ship",
    "/shipping_info/update",
    "/approve",
    "/reject",
    "/cancellations",
    "/external_orders",
    "/activities",
    "/global_replicate",
)
"""How the paths of calls end that must be carried out once for each order, request or reference."""


def carried_out_twice(lab: Lab) -> list[str]:
    """Calls that the sandbox has carried out more than once for the same order, request or reference."""
    done: Counter[tuple[str, str]] = Counter()
    for entry in lab.sandbox.control("GET", "/requests?limit=100000")["requests"]:
        if entry["method"] != "POST" or entry["code"] != 0 or not entry["path"].endswith(ONCE):
            continue
        body = entry["body"] if isinstance(entry["body"], dict) else json.loads(entry["body"] or "{}")
        for part in body.get("orders") or body.get("packages") or [body.get("order_id") or body.get("title") or ""]:
            done[entry["path"], json.dumps(part)] += 1
    return [f"{path} {part} carried out {count} times" for (path, part), count in done.items() if count > 1]


def not_so(lab: Lab, feed: Feed) -> list[str]:
    """Records that the shop does not show."""
    faults: list[str] = []
    with client_of(lab) as client:
        shops = {shop.id: shop for shop in client.shops()}
        for stream, records in feed.records.items():
            for shop in shops.values():
                own = [record for record in records if record["shop_id"] == shop.id]
                shown = SHOWN[stream](client, shop, own)
                faults += [f"{stream}: {record} is {has}" for record, (has, wanted) in shown if has != wanted]
    return faults


Pairs = list[tuple[dict[str, Any], tuple[Any, Any]]]


def all_products(client: Client, shop: Shop) -> Records:
    """Products in any status that the feed leads to."""
    return [
        row
        for status in ("ACTIVATE", "SELLER_DEACTIVATED")
        for row in rows(client, shop, operations.SEARCH_PRODUCTS, status=status)
    ]


def listings_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """How many products have each seller SKU."""
    numbers = [record["skus"][0]["seller_sku"] for record in records]
    has: Counter[str] = Counter()
    for start in range(0, len(numbers), 10):
        search = {"seller_skus": numbers[start : start + 10]}
        for row in rows(client, shop, operations.SEARCH_PRODUCTS, **search):
            has.update(sku["seller_sku"] for sku in row["skus"])
    return [(record, (has[number], 1)) for record, number in zip(records, numbers, strict=True)]


def stock_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """Units by SKU and warehouse."""
    has = {
        (sku["id"], place["warehouse_id"]): place["quantity"]
        for row in all_products(client, shop)
        for sku in row["skus"]
        for place in sku["inventory"]
    }
    return [(record, (has.get((record["sku_id"], record["warehouse_id"])), record["quantity"])) for record in records]


def prices_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """Prices by SKU."""
    has = {sku["id"]: sku["price"]["sale_price"] for row in all_products(client, shop) for sku in row["skus"]}
    return [(record, (Decimal(has[record["sku_id"]]), Decimal(record["amount"]))) for record in records]


def status_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """Off sale."""
    has = {row["id"]: row["status"] for row in all_products(client, shop)}
    return [(record, (has.get(record["product_id"]), "SELLER_DEACTIVATED")) for record in records]


def by_id(client: Client, shop: Shop, records: Records) -> dict[str, dict[str, Any]]:
    """The orders of records."""
    ids = [record["order_id"] for record in records]
    found: Records = []
    for start in range(0, len(ids), 50):
        query = {"ids": ids[start : start + 50]}
        found += client.call(operations.GET_ORDERS, shop=shop, query=query).data["orders"]
    return {row["id"]: row for row in found}


def tracking_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """One package an order, with the number."""
    has = {
        key: (len(row["packages"]), {line.get("tracking_number") for line in row["line_items"]})
        for key, row in by_id(client, shop, records).items()
    }
    return [(record, (has.get(record["order_id"]), (1, {record["tracking_number"]}))) for record in records]


def shipments_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """One package an order, shipped."""
    has = {
        key: (len(row["packages"]), {line.get("package_status") for line in row["line_items"]})
        for key, row in by_id(client, shop, records).items()
    }
    return [(record, (has.get(record["order_id"]), (1, {"PROCESSING"}))) for record in records]


def packages_of(client: Client, shop: Shop, records: Records, ids: list[str]) -> list[set[str]]:
    """The packages of some orders."""
    has = by_id(client, shop, [{"order_id": key} for key in ids]) if records else {}
    return [{package["id"] for package in has[key]["packages"]} for key in ids]


def splits_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """Two packages an order."""
    found = packages_of(client, shop, records, [record["order_id"] for record in records])
    return [(record, (len(packages), 2)) for record, packages in zip(records, found, strict=True)]


def combinations_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """One package of all orders."""
    named = [record["order_ids"].split(",") for record in records]
    found = iter(packages_of(client, shop, records, [key for keys in named for key in keys]))
    parcels = [set.union(*(next(found) for _ in keys)) for keys in named]
    return [(record, (len(packages), 1)) for record, packages in zip(records, parcels, strict=True)]


def messages_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """The answer, once; of pictures, of which the shop shows another address, one since it was noon."""
    found: Pairs = []
    for record in records:
        path = {"conversation_id": record["conversation_id"]}
        said = [row for page in client.pages(operations.GET_MESSAGES, shop=shop, path=path) for row in page.rows]
        own = [row for row in said if row["sender"]["role"] == "CUSTOMER_SERVICE" and row["create_time"] >= NOON]
        field = next(name for name in SAID if name in record)
        kind, name = SAID[field]
        same = [row for row in own if row["type"] == kind]
        if name:
            same = [row for row in same if json.loads(row["content"])[name] == record[field]]
        found.append((record, (len(same), 1)))
    return found


def refunds_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """One refund of the seller's an order."""
    ids = [record["order_id"] for record in records]
    made = Counter(
        row["order_id"]
        for row in rows(client, shop, operations.SEARCH_RETURNS, order_ids=ids)
        if row["role"] == "SELLER"
    )
    return [(record, (made[record["order_id"]], 1)) for record in records]


def promotions_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """One activity of each title, with every product and SKU as the record has it."""
    listed = rows(client, shop, operations.SEARCH_ACTIVITIES)
    found: Pairs = []
    for record in records:
        ids = [row["id"] for row in listed if row["title"] == record["title"]]
        shown = client.call(operations.GET_ACTIVITY, shop=shop, path={"activity_id": ids[0]}).data if ids else {}
        has = {"": len(ids)}
        for product in shown.get("products") or []:
            has[product["id"]] = product.get("discount")
            has |= {sku["id"]: Decimal(sku["activity_price"]["amount"]) for sku in product.get("skus") or []}
        wanted: dict[str, Any] = {"": 1}
        wanted |= {one["product_id"]: str(one["discount_percent"]) for one in record.get("products", ())}
        wanted |= {record["sku_id"]: Decimal(record["activity_price"])} if "sku_id" in record else {}
        found.append((record, ({name: has.get(name) for name in wanted}, wanted)))
    return found


def replicas(client: Client, shop: Shop, records: Records) -> list[int]:
    """How many replicas the product of each record has in its market."""
    shown = {}
    for product_id in {record["product_id"] for record in records}:
        answer = client.call(operations.GET_REPLICAS, shop=shop, path={"product_id": product_id})
        regions = [row["region"] for row in answer.data["replicated_products"]]
        shown[product_id] = Counter(map(operations.same_region, regions))
    return [shown[record["product_id"]][record["region"]] for record in records]


def replicas_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """One replica at most: what a killed run may have asked for is asked for again an hour later, see `kill_target`."""
    return [
        (record, (count <= 1, True)) for record, count in zip(records, replicas(client, shop, records), strict=True)
    ]


def replicas_lost(lab: Lab, feed: Feed) -> list[str]:
    """Products of which the other market has no replica, or several."""
    faults: list[str] = []
    with client_of(lab) as client:
        for shop in client.shops():
            own = [record for record in feed.records.get("replications", ()) if record["shop_id"] == shop.id]
            counts = zip(own, replicas(client, shop, own), strict=True)
            faults += [f"{count} replicas: {record}" for record, count in counts if count != 1]
    return faults


def labels_lost(lab: Lab, feed: Feed) -> list[str]:
    """Orders that are shipped without a whole label in the folder."""
    whole = {file.name.split("-")[0] for file in lab.folder.rglob("*.pdf") if b"%%EOF" in file.read_bytes()[-16:]}
    return [
        f"label lost: {row['order_id']}" for row in feed.records.get("shipments", ()) if row["order_id"] not in whole
    ]


def cancelled_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """Cancelled orders."""
    has = by_id(client, shop, records)
    return [(record, (has[record["order_id"]]["status"], "CANCELLED")) for record in records]


def references_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """The reference, once."""
    found: Pairs = []
    for record in records:
        path, query = {"order_id": record["order_id"]}, {"platform": record["platform"]}
        answer = client.call(operations.GET_EXTERNAL_ORDERS, shop=shop, path=path, query=query)
        has = [row["id"] for row in answer.data.get("external_orders") or []]
        found.append((record, (has, [record["external_order_id"]])))
    return found


def cancellations_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """Approved ones have succeeded, rejected ones are off."""
    ends = {"approve": "CANCELLATION_REQUEST_SUCCESS", "reject": "CANCELLATION_REQUEST_CANCEL"}
    has = {row["cancel_id"]: row["cancel_status"] for row in rows(client, shop, operations.SEARCH_CANCELLATIONS)}
    return [(record, (has.get(record["cancel_id"]), ends[record["decision"]])) for record in records]


def returns_shown(client: Client, shop: Shop, records: Records) -> Pairs:
    """No longer waiting for a decision."""
    waiting = rows(client, shop, operations.SEARCH_RETURNS, return_status=PENDING["return_status"])
    ids = {row["return_id"] for row in waiting}
    return [(record, (record["return_id"] in ids, False)) for record in records]


SHOWN = {
    "inventory": stock_shown,
    "listings": listings_shown,
    "prices": prices_shown,
    "product_status": status_shown,
    "tracking": tracking_shown,
    "order_cancellations": cancelled_shown,
    "external_order_references": references_shown,
    "cancellation_decisions": cancellations_shown,
    "return_decisions": returns_shown,
    "package_splits": splits_shown,
    "package_combinations": combinations_shown,
    "shipments": shipments_shown,
    "messages": messages_shown,
    "refunds": refunds_shown,
    "promotions": promotions_shown,
    "replications": replicas_shown,
}
