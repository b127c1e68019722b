"""A mixed feed for the target: what a shop should become, as Singer messages. Whether it did: `carried_out`."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shop import NOON
from tiktokshop_client import Client, MemoryStore, Settings, TikTokShopError, operations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shop import Shop as Lab
    from tiktokshop_client import Shop

CARRIERS = {"US": "USPS", "GB": "Evri"}
AT_ONCE = 20
"""Records of a stream between two states."""
RTS_SECONDS = 70 * 3_600
# Field of a message -> its type, and what its content calls it.
SAID = {
    "text": ("TEXT", "content"),
    "card_order_id": ("ORDER_CARD", "order_id"),
    "card_product_id": ("PRODUCT_CARD", "product_id"),
    "picture": ("IMAGE", ""),
}
MUGS = "853000"
NO = "seller_reject_apply_product_has_been_packed"
OUT_OF_STOCK = "seller_cancel_reason_out_of_stock"
PENDING = {
    "cancel_status": ["CANCELLATION_REQUEST_PENDING"],
    "return_status": ["RETURN_OR_REFUND_REQUEST_PENDING"],
}
SEARCHES = {"cancel_status": operations.SEARCH_CANCELLATIONS, "return_status": operations.SEARCH_RETURNS}
FEW, HOURS = 1, 120
OPEN = ("AWAITING_SHIPMENT", "AWAITING_COLLECTION", "IN_TRANSIT")
Records = list[dict[str, Any]]


def client_of(lab: Lab) -> Client:
    """A client of its own, which leaves the runs' tokens alone."""
    config = {name: value for name, value in lab.config.items() if name != "token_store"}
    return Client(Settings.from_config(config), token_store=MemoryStore())


def rows(client: Client, shop: Shop, search: Any, **body: Any) -> Records:
    """All rows of a search."""
    return [row for page in client.pages(search, shop=shop, body=body) for row in page.rows]


@dataclass
class Feed:
    """Records by stream, and the messages they make."""

    records: dict[str, Records] = field(default_factory=dict)

    def add(self, stream: str, records: Iterable[dict[str, Any]]) -> None:
        """More records of a stream."""
        self.records.setdefault(stream, []).extend(records)

    @property
    def size(self) -> int:
        """Records in all."""
        return sum(map(len, self.records.values()))

    def lines(self) -> Iterator[str]:
        """The streams by turns, with a STATE behind each turn that says how many records came before it."""
        for stream in self.records:
            yield json.dumps({"type": "SCHEMA", "stream": stream, "schema": {"properties": {}}, "key_properties": []})
        sent = 0
        for start in range(0, max(map(len, self.records.values())), AT_ONCE):
            for stream, records in self.records.items():
                turn = records[start : start + AT_ONCE]
                for record in turn:
                    yield json.dumps({"type": "RECORD", "stream": stream, "record": record})
                sent += len(turn)
                if turn:
                    yield json.dumps({"type": "STATE", "value": {"n": sent}})


def await_requests(lab: Lab) -> int:
    """Lets a shop live, while nobody decides, until buyers wait for decisions of both kinds; the time it is then."""
    now = NOON
    with client_of(lab) as client:
        for _ in range(HOURS // 3):
            asked = [
                sum(len(rows(client, shop, search, **{name: PENDING[name]})) for shop in client.shops())
                for name, search in SEARCHES.items()
            ]
            if min(asked) >= FEW:
                break
            now += 3 * 3_600
            lab.sandbox.control("POST", "/clock", {"advance": 3 * 3_600})
    return now


def feed_of(lab: Lab, most: int) -> Feed:
    """Something of every kind that a shop can be told, at most so many records of each stream and shop."""
    feed = Feed()
    with client_of(lab) as client:
        for shop in client.shops():
            answers(feed, client, shop, most)
            refunds(feed, client, shop, most)
            moving = [*orders(feed, client, shop, most), *decisions(feed, client, shop, most)]
            feed.add("listings", listings(lab, client, shop, most))
            products(feed, client, shop, most, {sku for key in moving for sku in skus_of(client, shop, key)})
        replicas(feed, client, most)
    return feed


def replicas(feed: Feed, client: Client, most: int) -> None:
    """Some products of each market for the other one, where there are both; all SKUs of a product have a record."""
    markets = {shop.region: shop for shop in client.shops()}
    for source, target in (("US", "GB"), ("GB", "US")):
        if {source, target} <= markets.keys():
            shop, place = markets[source], sales_warehouse(client, markets[target])
            found = rows(client, shop, operations.SEARCH_PRODUCTS, status="ACTIVATE")[: most // 20]
            offer = {"region": target, "price": "12", "quantity": 4, "warehouse_id": place}
            for row in found:
                known = [{"shop_id": shop.id, "product_id": row["id"], "sku_id": sku["id"]} for sku in row["skus"]]
                feed.add("replications", [{**each, **offer} for each in known])


def sales_warehouse(client: Client, shop: Shop) -> str:
    """A warehouse of a shop that has what is sold."""
    found = client.call(operations.GET_WAREHOUSES, shop=shop).data["warehouses"]
    return str(next(row["id"] for row in found if row["type"] == "SALES_WAREHOUSE"))


def listings(lab: Lab, client: Client, shop: Shop, most: int) -> Records:
    """New products, some with a picture that others have, too."""
    place = sales_warehouse(client, shop)
    records = []
    for number in range(most // 4):
        picture = lab.folder / f"picture-{number % 7}.bmp"
        picture.write_bytes(bmp(number % 7))
        sku = {"seller_sku": f"SOAK-{shop.region}-{number}", "price": "12", "quantity": 5, "warehouse_id": place}
        records.append(
            {
                "shop_id": shop.id,
                "title": f"A mug of stoneware, number {number} of many",
                "description": "<p>Holds tea.</p>",
                "category_id": MUGS,
                "main_images": [str(picture)],
                "attributes": {"Material": "Stoneware"},
                "package_weight": {"value": "0.5", "unit": "KILOGRAM"},
                "package_dimensions": {"length": 9, "width": 9, "height": 9, "unit": "CENTIMETER"},
                "skus": [sku],
            }
        )
    return records


def bmp(shade: int, side: int = 300) -> bytes:
    """A square picture of one shade of grey."""
    row = bytes([shade]) * side * 3 + bytes(-side * 3 % 4)
    head = struct.pack("<IHHIIiiHHIIiiII", 54 + len(row) * side, 0, 0, 54, 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + head + row * side


def skus_of(client: Client, shop: Shop, order_id: str) -> set[str]:
    """The SKUs of an order."""
    order = client.call(operations.GET_ORDERS, shop=shop, query={"ids": [order_id]}).data["orders"][0]
    return {line["sku_id"] for line in order["line_items"]}


def products(feed: Feed, client: Client, shop: Shop, most: int, moving: set[str]) -> None:
    """Stock and prices of some products, the status of others; no stock of SKUs that cancellations bring back."""
    found = rows(client, shop, operations.SEARCH_PRODUCTS, status="ACTIVATE")
    plain = [row for row in found if not row["title"].split(" · ")[0].endswith("bundle")]
    down, rest = plain[: min(most // 2, len(plain) // 4)], plain[min(most // 2, len(plain) // 4) :]
    feed.add("product_status", [{"shop_id": shop.id, "product_id": row["id"], "status": "inactive"} for row in down])
    skus = [(row, sku) for row in rest for sku in row["skus"]]
    stock = [
        {"shop_id": shop.id, "sku_id": sku["id"], **place, "quantity": place["quantity"] + 5}
        for _, sku in skus
        for place in sku["inventory"]
        if sku["id"] not in moving
    ]
    feed.add("inventory", stock[:most])
    prices: Records = []
    for product in rest:
        if len(prices) < most and not locked(client, shop, product):
            prices += [price_of(shop, sku) for sku in product["skus"]]
    feed.add("prices", prices[:most])
    promotions(feed, client, shop, most, rest)


def promotions(feed: Feed, client: Client, shop: Shop, most: int, found: Records) -> None:
    """Two promotions of products that are in none: one that takes SKUs a record each, one that takes its products."""
    taken: set[str] = set()
    for status in ("NOT_START", "ONGOING"):
        for row in rows(client, shop, operations.SEARCH_ACTIVITIES, status=status):
            path = {"activity_id": row["id"]}
            shown = client.call(operations.GET_ACTIVITY, shop=shop, path=path).data.get("products") or []
            taken |= {product["id"] for product in shown}
    free = [row for row in found if row["id"] not in taken]
    times = {"begin_time": client.now() + 40 * 86_400, "end_time": client.now() + 50 * 86_400}
    flat, nested = free[: len(free) // 2], free[len(free) // 2 :]
    skus = [sku for row in flat for sku in row["skus"]][: most // 2]
    one = {"shop_id": shop.id, "activity_key": "soak-flat", "title": f"Soak of SKUs, {shop.region}", **times}
    for sku in skus:
        price = (Decimal(sku["price"]["sale_price"]) * Decimal("0.8")).quantize(Decimal("0.01"))
        offer = {"sku_id": sku["id"], "activity_price": str(price)}
        feed.add("promotions", [{**one, "activity_type": "FIXED_PRICE", **offer}])
    products = [{"product_id": row["id"], "discount_percent": 20} for row in nested[:most]]
    whole = {**one, "activity_key": "soak-nested", "title": f"Soak of products, {shop.region}"}
    feed.add("promotions", [{**whole, "activity_type": "DIRECT_DISCOUNT", "products": products}])


def price_of(shop: Shop, sku: dict[str, Any]) -> dict[str, Any]:
    """A tenth more."""
    now = sku["price"]
    amount = (Decimal(now["sale_price"]) * Decimal("1.1")).quantize(Decimal("0.01"))
    return {"shop_id": shop.id, "sku_id": sku["id"], "amount": str(amount), "currency": now["currency"]}


def locked(client: Client, shop: Shop, product: dict[str, Any]) -> bool:
    """Whether a promotion locks the prices, which the platform tells only those who try."""
    sku = product["skus"][0]
    price = {"amount": sku["price"]["sale_price"], "currency": sku["price"]["currency"]}
    body = {"skus": [{"id": sku["id"], "price": price}]}
    try:
        client.call(operations.UPDATE_PRICES, shop=shop, path={"product_id": product["id"]}, body=body)
    except TikTokShopError:
        return True
    return False


def orders(feed: Feed, client: Client, shop: Shop, most: int) -> list[str]:
    """Tracking of orders that the seller ships, cancellations of some that the platform ships, references of all.

    Returns the ids of those that are cancelled.
    """
    now = client.now()
    found = {status: rows(client, shop, operations.SEARCH_ORDERS, order_status=status) for status in OPEN}
    calm = [row for group in found.values() for row in group if not row["is_buyer_request_cancel"]]
    own = [row for row in calm if row["shipping_type"] == "SELLER" and len(row.get("packages") or []) < 2]
    for row in [row for row in own if row.get("rts_time", now) > now - RTS_SECONDS][:most]:
        number = {"tracking_number": f"94001{row['id'][-15:]}", "shipping_provider": CARRIERS[shop.region]}
        feed.add("tracking", [{"shop_id": shop.id, "order_id": row["id"], **number}])
    waiting = [row for row in found["AWAITING_SHIPMENT"] if row["shipping_type"] == "TIKTOK" and row in calm]
    for row in waiting[: most // 4]:
        feed.add("order_cancellations", [{"shop_id": shop.id, "order_id": row["id"], "cancel_reason": OUT_OF_STOCK}])
    for row in calm[:most]:
        lines = [{"id": f"ERP-{line['id']}", "origin_id": line["id"]} for line in row["line_items"]]
        reference = {"platform": "ERP_SYSTEM", "external_order_id": f"ERP-{row['id']}", "line_items": lines}
        feed.add("external_order_references", [{"shop_id": shop.id, "order_id": row["id"], **reference}])
    shipped = [row for row in waiting[most // 4 :] if row["fulfillment_type"] == "FULFILLMENT_BY_SELLER"]
    one_parcel = [row for row in shipped if len(row["packages"]) < 2]
    feed.add("shipments", [{"shop_id": shop.id, "order_id": row["id"]} for row in one_parcel[: most // 2]])
    return [row["id"] for row in waiting[: most // 4]]


REFUND_REASON = "ecom_order_delivered_refund_reason_damaged_seller"


def refunds(feed: Feed, client: Client, shop: Shop, most: int) -> None:
    """A refund of delivered orders of which nothing has come back."""
    found = rows(client, shop, operations.SEARCH_ORDERS, order_status="DELIVERED")[: 2 * most]
    ids = [row["id"] for row in found if Decimal(row["payment"]["total_amount"]) > 0]  # others replaced goods
    back = {row["order_id"] for row in rows(client, shop, operations.SEARCH_RETURNS, order_ids=ids)} if ids else set()
    for key in [key for key in ids if key not in back][: most // 4]:
        reason = f"{REFUND_REASON}_uk" if shop.region == "GB" else REFUND_REASON
        feed.add("refunds", [{"shop_id": shop.id, "order_id": key, "reason": reason}])


def answers(feed: Feed, client: Client, shop: Shop, most: int) -> None:
    """An answer to every buyer who may still be answered."""
    found = [row for page in client.pages(operations.GET_CONVERSATIONS, shop=shop) for row in page.rows]
    for row in [row for row in found if row["can_send_message"]][:most]:
        said = {"message_key": f"soak-{row['id']}", "text": f"About {row['id']}: it is on its way"}
        feed.add("messages", [{"shop_id": shop.id, "conversation_id": row["id"], **said}])


def decisions(feed: Feed, client: Client, shop: Shop, most: int) -> list[str]:
    """Every second cancellation approved, the others rejected; returns approved. Returns the ids of their orders."""
    asked = rows(client, shop, operations.SEARCH_CANCELLATIONS, cancel_status=PENDING["cancel_status"])[:most]
    for number, row in enumerate(asked):
        decision = {"decision": "reject", "reject_reason": NO} if number % 2 else {"decision": "approve"}
        feed.add("cancellation_decisions", [{"shop_id": shop.id, "cancel_id": row["cancel_id"], **decision}])
    returned = rows(client, shop, operations.SEARCH_RETURNS, return_status=PENDING["return_status"])[:most]
    for row in returned:
        feed.add("return_decisions", [{"shop_id": shop.id, "return_id": row["return_id"], "decision": "approve"}])
    return [row["order_id"] for row in (*asked, *returned)]
