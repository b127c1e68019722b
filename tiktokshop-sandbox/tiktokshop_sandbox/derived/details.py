"""The details of stored lists: how many rows a pipeline loads that asks about each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from tiktokshop_sandbox.documents.packages import tracking
from tiktokshop_sandbox.life.finance import ORDER, REFUND
from tiktokshop_sandbox.reasons import REJECTS_OF_CANCELLATIONS, REJECTS_OF_RETURNS
from tiktokshop_sandbox.states import Order, Product, Return

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.derived import Count
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

T = TypeVar("T", bound=msgspec.Struct)


def _rows(sql: str) -> Count:
    """A count that one query answers; its parameter is the shop's number."""
    return lambda world, shop, _: world.total(sql, (shop.number,))


def _sum(kind: type[T], sql: str, size: Callable[[T], int]) -> Count:
    """The sizes of what stands in packed states, added up; the query's parameter is the shop's number."""
    decode = msgspec.msgpack.Decoder(kind).decode

    def count(world: World, shop: Shop, _: int) -> int:
        def compute() -> int:
            return sum(size(decode(state)) for (state,) in world.db.execute(sql, (shop.number,)))

        return world.remembered((sql, shop.number), compute)

    return count


def _stock_places(product: Product) -> int:
    return len(product.skus) * len(product.warehouses)


def _reject_reasons(world: World, shop: Shop, _: int) -> int:
    """Different names of reasons, over all returns and cancellations that the shop has."""
    names: set[str] = set()
    for table, reasons in (("returns", REJECTS_OF_RETURNS), ("cancellations", REJECTS_OF_CANCELLATIONS)):
        if world.total(f"SELECT count(*) FROM {table} WHERE shop = ?", (shop.number,)):  # noqa: S608 - our own names
            names.update(name for name, _ in reasons)
    return len(names)


def _delivery_options(_: World, shop: Shop, __: int) -> int:
    """Goods leave sales warehouses only, each by every option."""
    return len(shop.sales_warehouses) * len(shop.options)


def _shipping_providers(_: World, shop: Shop, __: int) -> int:
    """Only the options where the seller ships name carriers; the others refuse."""
    return len(shop.market.carriers) * sum(option.shipping_type == "SELLER" for option in shop.options)


def _seller_permissions(world: World, shop: Shop, _: int) -> int:
    """The seller has them, not a shop: they count at the first one. There is one, for those who sell abroad."""
    return int(shop.number == 0 and any(item.seller_type == "CROSS_BORDER" for item in world.shops))


# References are kept as `external.<order id>.<platform>`; GLOB with a fixed beginning is a range of the table's key.
_REFERENCES = """
SELECT ifnull(sum(json_array_length(meta.value)), 0)
FROM meta JOIN orders ON orders.id = substr(meta.key, 10, instr(substr(meta.key, 10), '.') - 1)
WHERE meta.key GLOB 'external.*' AND orders.shop = ?
"""
# What a transaction is for stands in the lowest three bits of its key; adjustments are not of the type ORDER.
_SETTLED = f"""
SELECT count(DISTINCT order_id) FROM transactions
WHERE shop = ? AND statement IS NOT NULL AND key & 7 IN ({ORDER}, {REFUND})
"""  # noqa: S608 - our own numbers
_ORDER_STATES = "SELECT state FROM orders JOIN order_states USING (key) WHERE shop = ?"
_RETURN_STATES = "SELECT state FROM returns WHERE shop = ?"
_PRODUCT_STATES = "SELECT state FROM products WHERE shop = ? AND status <> 'DELETED'"

# The comment is the key of a row.
COUNTS: Mapping[str, Count] = {
    "order_price_details": _rows("SELECT count(*) FROM orders WHERE shop = ?"),  # shop_id, order_id
    "external_order_references": _rows(_REFERENCES),  # shop_id, order_id, platform, id
    "package_details": _rows("SELECT count(*) FROM packages WHERE shop = ?"),  # shop_id, package_id
    # shop_id, order_id, update_time_millis, description
    "order_tracking": _sum(Order, _ORDER_STATES, lambda order: len(tracking(order))),
    "delivery_options": _delivery_options,  # shop_id, warehouse_id, id
    "shipping_providers": _shipping_providers,  # shop_id, delivery_option_id, id
    "return_records": _sum(Return, _RETURN_STATES, lambda item: len(item.records)),  # shop_id, return_id, position
    "reject_reasons": _reject_reasons,  # shop_id, name
    "inventory": _sum(Product, _PRODUCT_STATES, _stock_places),  # shop_id, product_id, sku_id, warehouse_id
    "order_transactions": _rows(_SETTLED),  # shop_id, order_id
    "seller_permissions": _seller_permissions,  # permission
    "shop_groups": lambda _, __, ___: 1,  # shop_id
}
