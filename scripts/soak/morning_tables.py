"""The tables of a seller's morning in three markets: what waits in the shops, as CSV files have it."""

from __future__ import annotations

import csv
import struct
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from feed import Feed, client_of, rows
from target_tiktokshop.table import messages
from tiktokshop_client import operations

if TYPE_CHECKING:
    from pathlib import Path

    from shop import Shop
    from tiktokshop_client import Client
    from tiktokshop_client import Shop as Market

REGIONS = ("US", "GB", "ID")
PROMOTES = "GB"
DAMAGED = "ecom_order_delivered_refund_reason_{}_seller"
REASONS = {
    "US": DAMAGED.format("damaged"),
    "GB": f"{DAMAGED.format('damaged')}_uk",
    "ID": DAMAGED.format("missing_product"),
}
DAY = 86_400
Records = list[dict[str, Any]]


@dataclass(frozen=True)
class Sizes:
    """How much there is to do, in all markets together; `orders` is how large the shops are."""

    orders: int = 32_000
    shipments: int = 300
    refunds: int = 30
    answers: int = 50
    packing: int = 20
    promoted: int = 200

    def share(self, name: str) -> int:
        """What of it one market has."""
        return -(-getattr(self, name) // len(REGIONS))


@dataclass
class Morning:
    """The tables of a morning: what is to be done, and rows that cannot be, with the codes of their outcomes."""

    good: Feed = field(default_factory=Feed)
    bad: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)

    def tables(self, folder: Path) -> tuple[Feed, list[str]]:
        """All of it written as CSV files and read from them; the codes of the rows that cannot be done, in order."""
        read, codes = Feed(), []
        folder.mkdir()
        for stream, records in self.good.records.items():
            wrong = [(record, code) for name, record, code in self.bad if name == stream]
            table = folder / f"{stream}.csv"
            everything = [*records, *(record for record, _ in wrong)]
            with table.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(dict.fromkeys(name for record in everything for name in record)))
                writer.writeheader()
                writer.writerows(everything)
            read.add(stream, [one["record"] for one in messages(stream, table) if one["type"] == "RECORD"])
            codes += [code for _, code in wrong]
        return read, codes


def morning_of(one: Shop, sizes: Sizes) -> Morning:
    """What waits in the shops this morning."""
    work = Morning()
    with client_of(one) as client:
        for market in sorted(client.shops(), key=lambda shop: REGIONS.index(shop.region)):
            packed = packing(work, client, market, sizes.packing // 2)
            shipments(work, client, market, sizes.share("shipments"), packed)
            refunds(work, client, market, sizes.share("refunds"))
            answers(work, client, market, sizes.share("answers"), one.folder / "mug.png")
            if market.region == PROMOTES:
                promotion(work, client, market, sizes.promoted)
    return work


def waiting(client: Client, market: Market) -> Records:
    """Orders that the platform's carriers take, each in one package or in none yet."""
    body = {"order_status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK", "is_buyer_request_cancel": False}
    return [
        row
        for row in rows(client, market, operations.SEARCH_ORDERS, **body)
        if row["fulfillment_type"] == "FULFILLMENT_BY_SELLER" and len(row.get("packages") or []) < 2
    ]


def packing(work: Morning, client: Client, market: Market, most: int) -> set[str]:
    """Orders to be combined, and orders of several SKUs to be split, where a market lets it; their ids."""
    pages = client.pages(operations.SEARCH_COMBINABLE_PACKAGES, shop=market)
    pairs = [draft["order_ids"] for page in pages for draft in page.rows][:most]
    for pair in pairs:
        work.good.add("package_combinations", [{"shop_id": market.id, "order_ids": ",".join(pair)}])
    taken = {order for pair in pairs for order in pair}
    several = [row for row in waiting(client, market) if len({line["sku_id"] for line in row["line_items"]}) > 1]
    cut = [row for row in several if row["id"] not in taken and market.region != "US"][: -(-most // 2)]
    for row in cut:
        lines = [line["id"] for line in row["line_items"] if line["sku_id"] == row["line_items"][0]["sku_id"]]
        work.good.add("package_splits", [{"shop_id": market.id, "order_id": row["id"], "groups": ",".join(lines)}])
    return taken | {row["id"] for row in cut}


def shipments(work: Morning, client: Client, market: Market, most: int, packed: set[str]) -> None:
    """Parcels for the platform's carriers; and an order that nobody has paid."""
    whole = [row for row in waiting(client, market) if row["id"] not in packed][:most]
    work.good.add("shipments", [{"shop_id": market.id, "order_id": row["id"]} for row in whole])
    for row in rows(client, market, operations.SEARCH_ORDERS, order_status="UNPAID", shipping_type="TIKTOK")[:1]:
        if row["fulfillment_type"] == "FULFILLMENT_BY_SELLER":
            work.bad.append(("shipments", {"shop_id": market.id, "order_id": row["id"]}, "unpaid"))


def promotion(work: Morning, client: Client, market: Market, most: int) -> None:
    """One promotion of SKUs that are in no other; and a SKU that would cost less than half."""
    taken: set[str] = set()
    for status in ("NOT_START", "ONGOING"):
        for row in rows(client, market, operations.SEARCH_ACTIVITIES, status=status):
            shown = client.call(operations.GET_ACTIVITY, shop=market, path={"activity_id": row["id"]}).data
            taken |= {product["id"] for product in shown.get("products") or []}
    found = [
        row for row in rows(client, market, operations.SEARCH_PRODUCTS, status="ACTIVATE") if row["id"] not in taken
    ]
    skus = [sku for row in found for sku in row["skus"]][: most + 1]
    begin, end = (datetime.fromtimestamp(client.now() + days * DAY, timezone.utc).isoformat() for days in (40, 50))
    shared = {"shop_id": market.id, "activity_key": "autumn", "title": "Autumn sale", "activity_type": "FIXED_PRICE"}
    for number, sku in enumerate(skus):
        part = Decimal("0.8") if number < most and sku is not skus[-1] else Decimal("0.3")
        price = (Decimal(sku["price"]["sale_price"]) * part).quantize(Decimal("0.01"))
        record = {**shared, "begin_time": begin, "end_time": end, "sku_id": sku["id"], "activity_price": str(price)}
        if part < Decimal("0.5"):
            work.bad.append(("promotions", record, "max_discount_percent"))
        else:
            work.good.add("promotions", [record])


def refunds(work: Morning, client: Client, market: Market, most: int) -> None:
    """Delivered goods that were damaged, every second in part; and a reason that the market does not have."""
    found = rows(client, market, operations.SEARCH_ORDERS, order_status="DELIVERED")[: 4 * most + 1]
    ids = [row["id"] for row in found]
    back = {row["order_id"] for row in rows(client, market, operations.SEARCH_RETURNS, order_ids=ids)}
    free = [row for row in found if row["id"] not in back and float(row["payment"]["total_amount"]) > 1]
    for number, row in enumerate(free[:most]):
        part = {"amount": "1", "currency": row["payment"]["currency"]} if number % 2 else {}
        record = {"shop_id": market.id, "order_id": row["id"], "reason": REASONS[market.region], **part}
        work.good.add("refunds", [record])
    for row in free[most : most + 1]:
        work.bad.append(("refunds", {"shop_id": market.id, "order_id": row["id"], "reason": "because"}, "25001014"))


def answers(work: Morning, client: Client, market: Market, most: int, picture: Path) -> None:
    """Answers to buyers who may be answered, of each kind; and one that comes too late."""
    found = [row for page in client.pages(operations.GET_CONVERSATIONS, shop=market) for row in page.rows]
    order = rows(client, market, operations.SEARCH_ORDERS)[0]
    picture.write_bytes(png())
    kinds = (
        lambda number: {"text": f"Thank you for waiting, number {number}: it is on its way"},
        lambda _: {"card_order_id": order["id"]},
        lambda _: {"picture": str(picture)},
        lambda _: {"card_product_id": order["line_items"][0]["product_id"]},
    )
    can = [row["id"] for row in found if row["can_send_message"]]
    for number, conversation in enumerate(islice(cycle(can), most if can else 0)):
        turn = number // len(can)
        said = kinds[turn if turn < len(kinds) else 0](number)
        record = {"shop_id": market.id, "message_key": f"{market.region}-{number}", "conversation_id": conversation}
        work.good.add("messages", [{**record, **said}])
    late = next(row["id"] for row in found if not row["can_send_message"])
    record = {"shop_id": market.id, "message_key": f"{market.region}-late", "conversation_id": late, "text": "Late"}
    work.bad.append(("messages", record, "window_closed"))


def png() -> bytes:
    """A small picture."""
    head = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    content = b""
    for name, data in ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(6))), (b"IEND", b"")):
        content += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return b"\x89PNG\r\n\x1a\n" + content
