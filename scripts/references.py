"""Which fields refer to which other tables, and what adds up to what: for checking that a load is consistent.

A path leads into objects with dots and into the items of lists with `[]`.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Row = Mapping[str, Any]

NOTHING = (None, "", "0")

# (table, field) -> (table, field) that has its values.
REFERENCES = (
    (("packages", "orders[].id"), ("orders", "id")),
    (("packages", "order_line_item_ids[]"), ("orders", "line_items[].id")),
    (("package_details", "package_id"), ("packages", "id")),
    (("order_price_details", "order_id"), ("orders", "id")),
    (("order_tracking", "order_id"), ("orders", "id")),
    (("orders", "packages[].id"), ("packages", "id")),
    (("orders", "warehouse_id"), ("warehouses", "id")),
    (("orders", "line_items[].product_id"), ("products", "id")),
    (("orders", "line_items[].sku_id"), ("products", "skus[].id")),
    (("delivery_options", "warehouse_id"), ("warehouses", "id")),
    (("shipping_providers", "delivery_option_id"), ("delivery_options", "id")),
    (("returns", "order_id"), ("orders", "id")),
    (("returns", "return_line_items[].order_line_item_id"), ("orders", "line_items[].id")),
    (("return_records", "return_id"), ("returns", "return_id")),
    (("cancellations", "order_id"), ("orders", "id")),
    (("aftersales", "sku_return_requests[].return_id"), ("returns", "return_id")),
    (("rmas", "aftersales_request_id"), ("aftersales", "id")),
    (("products", "skus[].inventory[].warehouse_id"), ("warehouses", "id")),
    (("product_details", "id"), ("products", "id")),
    (("product_details", "category_chains[].id"), ("categories", "id")),
    (("product_details", "brand.id"), ("brands", "id")),
    (("product_diagnoses", "id"), ("products", "id")),
    (("inventory", "product_id"), ("products", "id")),
    (("inventory", "sku_id"), ("products", "skus[].id")),
    (("inventory", "warehouse_id"), ("warehouses", "id")),
    (("category_rules", "category_id"), ("categories", "id")),
    (("category_attributes", "category_id"), ("categories", "id")),
    (("statements", "payment_id"), ("payments", "id")),
    (("statement_transactions", "statement_id"), ("statements", "id")),
    (("statement_transactions", "order_id"), ("orders", "id")),
    (("order_transactions", "order_id"), ("orders", "id")),
    (("unsettled_transactions", "order_id"), ("orders", "id")),
    (("promotion_details", "activity_id"), ("promotions", "id")),
    (("promotion_details", "products[].id"), ("products", "id")),
    (("messages", "conversation_id"), ("conversations", "id")),
    (("customer_service_sessions", "conversation_id"), ("conversations", "id")),
    (("product_performance", "id"), ("products", "id")),
    (("sku_performance", "id"), ("products", "skus[].id")),
    (("video_performance", "products[].id"), ("products", "id")),
    (("affiliate_orders", "id"), ("orders", "id")),
    (("affiliate_orders", "skus[].product_id"), ("products", "id")),
    (("affiliate_orders", "skus[].open_collaboration_id"), ("open_collaborations", "id")),
    (("affiliate_orders", "skus[].target_collaboration_id"), ("target_collaborations", "id")),
    (("open_collaborations", "product.id"), ("products", "id")),
    (("sample_applications", "order_id"), ("orders", "id")),
    (("sample_applications", "product.id"), ("products", "id")),
    (("fbt_goods", "skus[].id"), ("products", "skus[].id")),
    (("fbt_inventory", "goods_id"), ("fbt_goods", "id")),
    (("fbt_inventory", "fbt_warehouse_id"), ("fbt_warehouses", "fbt_warehouse_id")),
    (("fbt_inventory_records", "goods_id"), ("fbt_goods", "id")),
    (("fbt_inbound_orders", "warehouse.fbt_warehouse_id"), ("fbt_warehouses", "fbt_warehouse_id")),
)


def values(row: Any, path: str) -> Iterator[str]:
    """The values at a path, as texts; nothing where there are none."""
    head, _, rest = path.partition(".")
    inner = row.get(head.removesuffix("[]")) if isinstance(row, dict) else None
    for item in (inner or ()) if head.endswith("[]") else (inner,):
        if rest:
            yield from values(item, rest)
        elif item not in NOTHING:
            yield str(item)


def dangling(tables: Mapping[str, Iterable[Row]]) -> Iterator[str]:
    """What refers to a row that is not there: a line for each reference that does so. Tables may be missing."""
    for (table, field), (other, key) in REFERENCES:
        if tables.get(table) and other in tables:
            known = {value for row in tables[other] for value in values(row, key)}
            missing = sorted({value for row in tables[table] for value in values(row, field)} - known)
            if missing:
                yield f"{len(missing)} of {table}.{field} are not in {other}.{key}, e.g. {missing[0]}"


def unequal(tables: Mapping[str, Iterable[Row]]) -> Iterator[str]:
    """Statements that are not the sum of their transactions, and payments that are not that of their statements.

    A payment is also less by the reserves that its statements hold, and more by those that they release.
    """
    settled: defaultdict[str, Decimal] = defaultdict(Decimal)
    released: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in tables["statement_transactions"]:
        settled[row["statement_id"]] += Decimal(row["settlement_amount"] or row["adjustment_amount"])
        reserve = abs(Decimal(row.get("reserve_amount") or 0))
        released[row["statement_id"]] += -reserve if row.get("reserve_status") == "COLLECTED" else reserve
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in tables["statements"]:
        amount = Decimal(row["settlement_amount"])
        paid[row["payment_id"]] += amount + released[row["id"]]
        if settled[row["id"]] != amount:
            yield f"statement {row['id']} has {amount}, its transactions {settled[row['id']]}"
    for row in tables["payments"]:
        amount = Decimal(row["amount"]["value"])
        if paid[row["id"]] != amount:
            yield f"payment {row['id']} has {amount}, its statements {paid[row['id']]}"
