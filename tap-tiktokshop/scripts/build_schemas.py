"""Write the stream schemas from descriptions of the platform's operations.

    python scripts/build_schemas.py PATH/TO/api

The folder holds `operations/<family>.json` (and `operations-2026-04/` for older versions): for each operation its
method, path and the shape of its answer. What the shapes leave open (which strings are exact decimals, which integers
are times, what a field means) is said here, in tables. The result is checked in; a test compares it with
the operations again wherever their descriptions are at hand.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

SCHEMAS = Path(__file__).parent.parent / "tap_tiktokshop" / "schemas"


class Source(NamedTuple):
    """Where the shape of one stream's rows comes from, and what the tap adds to them."""

    paths: tuple[str, ...]
    """Operations whose rows are merged, newest first: an older version may still answer."""
    rows: str
    """Key of the list in `data`."""
    keys: tuple[str, ...]
    added: dict[str, dict[str, Any]]
    """Fields the tap adds to a row."""


SHOP_ID = {"type": ["string"], "description": "The shop the row was read from; part of every key."}
TIME = {"type": ["string", "null"], "format": "date-time"}

SOURCES = {
    "shops": Source(("authorization/202309/shops",), "shops", ("shop_id", "id"), {}),
    "orders": Source(("order/202309/orders/search",), "orders", ("shop_id", "id"), {}),
    "products": Source(("product/202502/products/search",), "products", ("shop_id", "id"), {}),
    "returns": Source(("return_refund/202602/returns/search",), "return_orders", ("shop_id", "return_id"), {}),
    "cancellations": Source(
        ("return_refund/202602/cancellations/search",), "cancellations", ("shop_id", "cancel_id"), {}
    ),
    "statements": Source(("finance/202309/statements",), "statements", ("shop_id", "id"), {}),
    "statement_transactions": Source(
        ("finance/202501/statements/{statement_id}/statement_transactions",),
        "transactions",
        ("shop_id", "statement_id", "id"),
        {
            "statement_id": {
                "type": ["string"],
                "description": "The statement that settles the transaction.",
            },
            "statement_time": {
                **TIME,
                "description": "When the statement was cut: 00:00 UTC after the day it covers.",
            },
            "currency": {
                "type": ["string", "null"],
                "description": "Currency of every amount in the row (ISO 4217).",
            },
        },
    ),
    "payments": Source(("finance/202605/payments", "finance/202309/payments"), "payments", ("shop_id", "id"), {}),
}

HIDDEN = {"cipher"}  # a credential for the shop, not data about it

# Integers that are moments although their description does not say so.
TIMES = {
    "delivery_sla_time",
    "payment_time",
    "pick_up_cut_off_time",
    "recommended_shipping_time",
    "release_date",
}
# Strings that are exact decimals: by the end of their name, or whatever stands in a breakdown of an amount.
DECIMAL_NAME = re.compile(
    r"(^|_)(amount|value|price|fee|tax|total|discount|rate|subtotal|subsidy|commission)$"
    r"|(_amount_before_pit|^sub_total)$"
)
DECIMAL_PARENTS = re.compile(r"_breakdown$|^supplementary_component$")
# As many digits as the widest exact type that the common warehouses share.
DECIMAL = {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 9}

DESCRIPTIONS = {
    "adjustment_id": "Identifier of the adjustment, on rows that are not an order's.",
    "buyer_email": "Relay address of the buyer; the platform never gives the real one.",
    "cancel_id": "Identifier of the cancellation.",
    "code": "Short code of the shop.",
    "commerce_platform": "Where the order was placed.",
    "create_time": "When the row came into being (UTC).",
    "currency": "ISO 4217 code.",
    "exchange_rate": "Rate between the settlement's and the payment's currency.",
    "fulfillment_type": "Who ships: the seller, or the platform from its own warehouse.",
    "id": "Identifier; digits, wider than a 32-bit integer, so kept as a string.",
    "is_sample_order": "A free sample, usually for a creator: amounts are zero.",
    "is_replacement_order": "Sent to replace an earlier order; do not count its revenue twice.",
    "is_exchange_order": "Made by an exchange of an earlier order; do not count its revenue twice.",
    "line_items": "One element is one unit; there is no quantity. Group by sku_id to count.",
    "net_sales_amount": "Sales after the seller's discounts and refunds.",
    "order_id": "Identifier of the order.",
    "payment_id": "The payment that pays the statement out.",
    "payment_status": "PROCESSING until the payout is made; then PAID or FAILED.",
    "recipient_address": "Masked with asterisks when the platform ships; empty strings once purged.",
    "region": "ISO 3166 code of the shop's market.",
    "return_id": "Identifier of the return.",
    "seller_type": "Local shop or cross-border shop.",
    "settlement_amount": "What the seller receives: revenue plus (negative) fees and adjustments.",
    "statement_time": "When the statement was cut: 00:00 UTC after the day it covers.",
    "update_time": "When the row last changed (UTC); moves on changes of no business meaning too.",
}


def find(api: Path, path: str) -> dict[str, Any]:
    """The operation with this path, from the newest descriptions or the ones before."""
    for folder in ("operations", "operations-2026-04"):
        for file in sorted((api / folder).glob("*.json")):
            operations = json.loads(file.read_text(encoding="utf8"))
            if isinstance(operations, list):
                for operation in operations:
                    if operation["path"] == f"/{path}":
                        return operation
    raise SystemExit(f"{path} is not described in {api}")


def rows_shape(operation: dict[str, Any], rows: str) -> dict[str, Any]:
    """The shape of one row: the list under `rows`, or the first list of objects in the answer."""
    properties = operation["data"]["properties"]
    node = properties.get(rows) or next(p for p in properties.values() if p.get("type") == "array")
    return node["items"]


def scalar(name: str, node: dict[str, Any], *, in_breakdown: bool) -> dict[str, Any]:
    """Schema of one value: a time, an exact decimal, or what the description says."""
    if node.get("format", "").startswith("unix-") or (node["type"] == "integer" and name in TIMES):
        return dict(TIME)
    if node["type"] == "string" and (in_breakdown or DECIMAL_NAME.search(name)):
        return dict(DECIMAL)
    return {"type": [node["type"], "null"]}


def words(name: str, node: dict[str, Any]) -> str:
    """What a reader should know of a field: our own sentence, known values, the market it is for."""
    parts = [DESCRIPTIONS.get(name, "")]
    if node.get("values") and node["type"] == "string":
        parts.append(f"Known values: {', '.join(node['values'])}.")
    if node.get("market"):
        parts.append(f"Market: {node['market']}.")
    return " ".join(part for part in parts if part)


def schema(name: str, node: dict[str, Any], *, in_breakdown: bool = False) -> dict[str, Any]:
    """JSON schema of a node: nullable, unknown fields allowed."""
    if node["type"] == "object":
        inside = in_breakdown or bool(DECIMAL_PARENTS.search(name))
        properties = {
            key: schema(key, child, in_breakdown=inside)
            for key, child in node.get("properties", {}).items()
            if key not in HIDDEN
        }
        result = {"type": ["object", "null"], "properties": properties, "additionalProperties": True}
    elif node["type"] == "array":
        items = schema(name, node["items"], in_breakdown=in_breakdown)
        result = {"type": ["array", "null"], "items": items}
    else:
        result = scalar(name, node, in_breakdown=in_breakdown)
    description = words(name, node)
    return {**result, "description": description} if description else result


def build(api: Path, source: Source) -> dict[str, Any]:
    """The schema of one stream."""
    properties: dict[str, Any] = {"shop_id": SHOP_ID}
    for path in source.paths:
        for key, value in schema("", rows_shape(find(api, path), source.rows))["properties"].items():
            properties.setdefault(key, value)
    properties |= source.added
    for key in source.keys:
        properties[key] = {**properties[key], "type": ["string"]}
    return {
        "type": "object",
        "properties": properties,
        "required": list(source.keys),
        "additionalProperties": True,
    }


def main() -> None:
    """Write every schema."""
    api = Path(sys.argv[1])
    for stream, source in SOURCES.items():
        text = json.dumps(build(api, source), indent=2, ensure_ascii=False)
        (SCHEMAS / f"{stream}.json").write_text(text + "\n", encoding="utf8")
        print(f"{stream}: {text.count('type')} types")


if __name__ == "__main__":
    main()
