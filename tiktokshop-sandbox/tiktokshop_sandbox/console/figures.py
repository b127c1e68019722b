"""What the console shows of a shop, read from the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from tiktokshop_sandbox.life.amounts import totals
from tiktokshop_sandbox.states import Product, Statement, Transaction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.shops import Shop, World

DAY: Final = 86_400
DAYS: Final = 30
STATUSES: Final = (
    "UNPAID",
    "ON_HOLD",
    "AWAITING_SHIPMENT",
    "PARTIALLY_SHIPPING",
    "AWAITING_COLLECTION",
    "IN_TRANSIT",
    "DELIVERED",
    "COMPLETED",
    "CANCELLED",
)
_ORDERS: Final = """
SELECT create_time / 86400, status, count(*) FROM orders WHERE shop = ? AND create_time >= ? GROUP BY 1, 2
"""


@dataclass(frozen=True)
class StockFigure:
    """A product and what is left of it: units on the shelf, and units promised to orders."""

    id: str
    title: str
    status: str
    skus: int
    units: int
    committed: int


@dataclass(frozen=True)
class Money:
    """What the shop has earned, as the platform writes amounts."""

    currency: str
    paid: str
    settled: str
    unsettled: str
    statements: int
    open: int


def orders_by_day(world: World, shop: Shop, now: int) -> tuple[Sequence[int], Mapping[str, Sequence[int]]]:
    """The last days (numbers since 1970), and for each status how many of each day's orders have it now."""
    last = now // DAY
    days = range(last - DAYS + 1, last + 1)
    counts = {status: [0] * DAYS for status in STATUSES}
    for day, status, count in world.db.execute(_ORDERS, (shop.number, days[0] * DAY)):
        if status in counts and day in days:
            counts[status][day - days[0]] = count
    return days, counts


def stock(world: World, shop: Shop) -> list[StockFigure]:
    """The shop's products, those with the least left first; deleted ones left out."""
    rows = world.db.execute("SELECT state FROM products WHERE shop = ? AND status <> 'DELETED'", (shop.number,))
    decode = msgspec.msgpack.Decoder(Product).decode
    found = [
        StockFigure(
            product.id,
            product.title,
            product.status,
            len(product.skus),
            sum(sum(sku.stock) for sku in product.skus),
            sum(sum(sku.committed) for sku in product.skus),
        )
        for product in (decode(row[0]) for row in rows)
    ]
    return sorted(found, key=lambda each: (each.units, each.title))


def money(world: World, shop: Shop) -> Money:
    """What was settled by statements, paid out of it, and is still to come by estimate."""
    read = msgspec.msgpack.Decoder(Statement).decode
    statements = [
        read(row[0]) for row in world.db.execute("SELECT state FROM statements WHERE shop = ?", (shop.number,))
    ]
    decode = msgspec.msgpack.Decoder(Transaction).decode
    to_come = [
        decode(row[0])
        for row in world.db.execute(
            "SELECT state FROM transactions WHERE shop = ? AND statement IS NULL", (shop.number,)
        )
    ]
    sums = [totals(item) for item in to_come]
    return Money(
        currency=shop.currency,
        paid=shop.amount(sum(item.settlement for item in statements if item.status == "PAID")),
        settled=shop.amount(sum(item.settlement for item in statements)),
        unsettled=shop.amount(sum(each.revenue + each.shipping + each.fees + each.adjustment for each in sums)),
        statements=len(statements),
        open=len(to_come),
    )
