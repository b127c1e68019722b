"""Write the stream schemas from the streams' declarations and descriptions of the platform's operations.

The shapes of the answers come from `facts/` (see `scripts/platform_facts.py`). What they leave open (which strings are
exact decimals, which integers are times, what a field means) is said here and in `schema_words`, in tables. The result
is checked in.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_tiktokshop.reading import AuthorisedShop, Children, Days, IfOnboarded, OfTheInbox, OfTheRun, Single
from tap_tiktokshop.streams import OFFERED

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from platform_facts import operations
from schema_words import DESCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_tiktokshop.reading import Reading
    from tap_tiktokshop.streams.declaration import Declaration

    Node = dict[str, Any]

SCHEMAS = Path(__file__).parent.parent / "tap_tiktokshop" / "schemas"

TEXT = {"type": ["string", "null"]}
INTEGER = {"type": ["integer", "null"]}
TIME = {"type": ["string", "null"], "format": "date-time"}
DATE = {"type": ["string", "null"], "format": "date"}
# As many digits as the widest exact type that the common warehouses share.
DECIMAL = {"type": ["string", "null"], "format": "x-singer.decimal", "precision": 38, "scale": 9}
# The original texts of what did not fit its field, by where that is.
REJECTED = {"type": ["object", "null"], "additionalProperties": {"type": "string"}}
# What ways of reading and shapes add to rows, by its name.
ADDED = {
    "_sdc_deleted_at": TIME,
    "_sdc_rejected": REJECTED,
    "account_type": TEXT,
    "category_id": TEXT,
    "conversation_id": TEXT,
    "currency": TEXT,
    "date": DATE,
    "delivery_option_id": TEXT,
    "estimated_settlement_words": TEXT,
    "goods_id": TEXT,
    "hour": INTEGER,
    "id": TEXT,
    "order_id": TEXT,
    "order_update_time": TIME,
    "permission": TEXT,
    "platform": TEXT,
    "position": INTEGER,
    "return_id": TEXT,
    "return_update_time": TIME,
    "shop_id": TEXT,
    "snapshot_at": TIME,
    "statement_id": TEXT,
    "statement_time": TIME,
    "update_time": TIME,
    "warehouse_id": TEXT,
}
# Retired versions whose fields stay in the schema: tables have these columns, and rows of that time their values.
RETIRED = {"payments": ("/finance/202309/payments",)}
# What a stream has beyond its rows and its keys.
MORE = {
    "products": ("_sdc_deleted_at",),
    "unsettled_transactions": ("estimated_settlement_words", "_sdc_deleted_at"),
    "inventory": ("snapshot_at",),
    "order_tracking": ("update_time",),
    "aftersales": ("update_time",),
    "rmas": ("update_time",),
    "conversations": ("update_time",),
    "live_performance": ("account_type",),
}

# What the tap says of a part of its own run.
SUMMARY: Node = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in ("run_id", "stream")},
        **{name: {"type": "integer", "format": "unix-seconds"} for name in ("started_at", "ended_at")},
        "status": {"type": "string", "values": ["read", "skipped", "failed", "left over", "interrupted"]},
        "reason": {"type": "string"},
        "rows": {"type": "integer"},
        "rows_counted_by_platform": {"type": "integer"},
        "counts_agree": {"type": "boolean"},
        "windows_read_twice": {"type": "integer"},
        "gone": {"type": "integer"},
        "mended": {"type": "integer"},
        "without_identity": {"type": "integer"},
        "calls": {"type": "integer"},
        "retries": {"type": "integer"},
        "undocumented": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "values": {"type": "integer"},
                    "example": {"type": "string"},
                },
            },
        },
    },
}

# What the tap says of an event.
EVENT: Node = {
    "type": "object",
    "properties": {
        "type": {"type": "integer"},
        "event_id": {"type": "string"},
        "name": {"type": "string"},
        **{name: {"type": "integer", "format": "unix-seconds"} for name in ("sent_at", "received_at")},
        "deliveries": {"type": "integer"},
        "data": {"type": "string"},
    },
}

HIDDEN = {"cipher"}  # a credential for the shop, not data about it

# Integers that are moments although their description does not say so.
TIMES = {
    "actual_arrival_time",
    "create_time",
    "delivery_sla_time",
    "end_time",
    "expected_arrival_time",
    "payment_time",
    "pick_up_cut_off_time",
    "recommended_shipping_time",
    "release_date",
    "ship_time",
}
# Texts that are moments most of the time; the words that they are else stand beside them.
SOMETIMES_TIMES = {"estimated_settlement"}
# What is described as a moment or a day, and is something else altogether.
NOT_TIMES = {"data", "video_post_time"}
# A moment that is part of a key, and that the platform may leave out: a text, so that it can be empty.
KEYS_OF_TEXT = {"update_time_millis"}
# Identifiers are texts whatever they are described as, so that they can be joined.
IDENTIFIER = re.compile(r"(^|_)ids?$")
# Strings that are exact decimals: by the end of their name, or whatever stands in a breakdown of an amount.
DECIMAL_NAME = re.compile(
    r"(^|_)(amount|value|price|fee|tax|total|discount|rate|subtotal|subsidy|commission)$"
    r"|(_amount_before_pit|^sub_total)$"
)
# A breakdown by content has words beside its amounts, and the cells of a size chart hold sizes like XS.
DECIMAL_PARENTS = re.compile(r"(?<!content)_breakdown$|^supplementary_component$")
# Families whose rates and values are written for people ("9.96%", "NONE"): only what is surely money is exact there.
LOOSE = {"analytics", "customer_service", "affiliate_seller", "promotion", "fbt", "product_texts"}
SURELY_MONEY = re.compile(r"^(amount|minimum_amount|maximum_amount|cs_guided_gmv)$")


def plain(reading: Reading) -> Reading:
    """The way of reading behind a condition."""
    return reading.reading if isinstance(reading, IfOnboarded) else reading


def path_of(reading: Reading, rows: str | None) -> str:
    """Where an answer has the rows of the stream, as a dotted path."""
    if isinstance(reading, Days) and reading.inside:
        return reading.inside
    if isinstance(reading, Single) or (isinstance(reading, (Children, Days)) and reading.key is None):
        return ""
    return rows or ""


def row_shapes(declaration: Declaration) -> list[Node]:
    """The documented shape of a row, of each version that may answer or once did."""
    reading = plain(declaration.reading)
    if isinstance(reading, OfTheInbox):
        return [EVENT]
    if isinstance(reading, OfTheRun):
        return [SUMMARY]
    if isinstance(reading, AuthorisedShop):
        return [operations()["GET", "/authorization/202309/shops"]["data"]["properties"]["shops"]["items"]]
    operation = declaration.reading.operation
    shapes = []
    for path in (operation.path, operation.fallback, *RETIRED.get(declaration.name, ())):
        if path:
            node = operations()[operation.method, path]["data"]
            for part in filter(None, path_of(reading, operation.rows).split(".")):
                lists = [each for each in node["properties"].values() if each["type"] == "array"]
                node = node["properties"].get(part) or lists[0]  # an older version may call the list otherwise
            shapes.append(node["items"] if node["type"] == "array" else node)
    return shapes


def flat_stock(row: Node) -> Node:
    """What `shapes.stock` makes of a product: the SKU's fields and the warehouse's in one row."""
    sku = row["properties"]["skus"]["items"]["properties"]
    whole = {name: node for name, node in sku.items() if name not in {"id", "warehouse_inventory"}}
    place = sku["warehouse_inventory"]["items"]["properties"]
    ids = {name: {"type": "string"} for name in ("product_id", "sku_id")}
    return {"type": "object", "properties": {**ids, **place, **whole}}


def one_permission(row: Node) -> Node:
    """What `shapes.permissions` makes of the seller: a name a row."""
    values = row["properties"]["permissions"].get("values", [])
    return {"type": "object", "properties": {"permission": {"type": "string", "values": values}}}


def group_and_shop(row: Node) -> Node:
    """What `shapes.shop_group` makes of a group: each shop with what the group is called."""
    group = row["properties"]["shop_group_data"]["properties"]
    both = {**group["shop_group"]["properties"], **group["shops"]["items"]["properties"]}
    return {"type": "object", "properties": both}


RESHAPED: dict[str, Callable[[Node], Node]] = {
    "inventory": flat_stock,
    "seller_permissions": one_permission,
    "shop_groups": group_and_shop,
}


def scalar(name: str, node: Node, family: str, *, in_breakdown: bool) -> Node:
    """Schema of one value: a time, a day, an exact decimal, or what the description says."""
    kind, form = node["type"], node.get("format", "")
    if IDENTIFIER.search(name):
        return dict(TEXT)
    if name in SOMETIMES_TIMES:
        return dict(TIME)
    if name not in NOT_TIMES and (form.startswith("unix-") or (kind == "integer" and name in TIMES)):
        return dict(TIME)
    if form == "date" and name not in NOT_TIMES:
        return dict(DATE)
    money = SURELY_MONEY if family in LOOSE else DECIMAL_NAME
    if kind == "string" and (in_breakdown or money.search(name)):
        return dict(DECIMAL)
    return {"type": [kind, "null"]}


def words(stream: str, name: str, node: Node) -> str:
    """What a reader should know of a field: our own sentence, known values, the market it is for."""
    parts = [DESCRIPTIONS.get(f"{stream}.{name}") or DESCRIPTIONS.get(name, "")]
    if node.get("values") and node["type"] == "string":
        parts.append(f"Known values: {', '.join(node['values'])}.")
    if node.get("market"):
        parts.append(f"Market: {node['market']}.")
    return " ".join(part for part in parts if part)


def schema(stream: str, name: str, node: Node, family: str, *, in_breakdown: bool = False) -> Node:
    """JSON schema of a node: nullable, unknown fields allowed."""
    family = "product_texts" if name == "cells" else family
    if node["type"] in {"object", "map"}:
        inside = in_breakdown or bool(DECIMAL_PARENTS.search(name))
        properties = {
            key: schema(stream, key, child, family, in_breakdown=inside)
            for key, child in node.get("properties", {}).items()
            if key not in HIDDEN
        }
        made = {"type": ["object", "null"], "properties": properties, "additionalProperties": True}
    elif node["type"] == "array":
        items = schema(stream, name, node["items"], family, in_breakdown=in_breakdown)
        items.pop("description", None)
        made = {"type": ["array", "null"], "items": items}
    else:
        made = scalar(name, node, family, in_breakdown=in_breakdown)
    description = words(stream, name, node)
    return {**made, "description": description} if description else made


def part_of_key(name: str, node: Node) -> Node:
    """A part of a record's key, which is never null."""
    made = {**node, "type": node["type"][:1]}
    if name in KEYS_OF_TEXT:
        del made["format"]
    return made


def build(declaration: Declaration) -> Node:
    """The schema of one stream."""
    stream, operation = declaration.name, declaration.reading.operation
    family = operation.family if operation else ""
    properties: Node = {}
    for shape in row_shapes(declaration):
        row = RESHAPED.get(stream, dict)(shape)
        for key, value in schema(stream, "", row, family)["properties"].items():
            properties.setdefault(key, value)
    reading = plain(declaration.reading)
    inherited = (reading.name, *reading.inherit) if isinstance(reading, Children) else ()
    time = (declaration.replication_key,) if declaration.replication_key else ()
    more = (*MORE.get(stream, ()), "_sdc_rejected")
    for name in filter(None, (*declaration.keys, *inherited, *time, *more)):
        if name not in properties:
            made = dict(ADDED[name])
            properties[name] = {**made, "description": DESCRIPTIONS.get(f"{stream}.{name}") or DESCRIPTIONS[name]}
    keys = {name: part_of_key(name, properties[name]) for name in declaration.keys}
    return {
        "type": "object",
        "properties": {**keys, **{name: value for name, value in properties.items() if name not in keys}},
        "required": list(declaration.keys),
        "additionalProperties": True,
    }


def main() -> None:
    """Write every schema, and remove those of streams that no longer exist; or show what would change."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a schema would change")
    check = parser.parse_args().check
    made = {
        SCHEMAS / f"{stream.name}.json": json.dumps(build(stream), indent=1, ensure_ascii=False) + "\n"
        for stream in OFFERED
    }
    changed = 0
    for file in sorted({*made, *SCHEMAS.glob("*.json")}):
        old, new = file.read_text(encoding="utf8") if file.exists() else "", made.get(file, "")
        if old == new:
            continue
        changed += 1
        sys.stdout.writelines(unified_diff(old.splitlines(True), new.splitlines(True), file.name, file.name))
        if check:
            continue
        if new:
            file.write_text(new, encoding="utf8")
        else:
            file.unlink()
    print(f"{changed} of {len(made)} schemas {'would change' if check else 'changed'}")
    sys.exit(bool(changed) and check)


if __name__ == "__main__":
    main()
