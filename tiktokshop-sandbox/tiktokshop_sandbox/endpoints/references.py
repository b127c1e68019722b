"""The numbers that orders have in other systems."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import Endpoint, Param
from tiktokshop_sandbox.endpoints._listing import TEXT
from tiktokshop_sandbox.endpoints.orders import order_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall

PLATFORMS = (
    "AMAZON",
    "BIGCOMMERCE",
    "CHANNEL_ADVISOR",
    "ERP_SYSTEM",
    "MAGENTO",
    "ORDER_MANAGEMENT_SYSTEM",
    "SALESFORCE_COMMERCE_CLOUD",
    "SHOPIFY",
    "WAREHOUSE_MANAGEMENT_SYSTEM",
    "WOOCOMMERCE",
)
NOT_OF_SELLER = "21008111"  # codes are texts in this answer


def _name(order_id: str, platform: str) -> str:
    return f"external.{order_id}.{platform}"


def add(call: ApiCall) -> Mapping[str, Any]:
    """Keeps a reference for each order; each may fail for itself, and the same one again changes nothing."""
    errors = []
    with call.world.writing(call.now):
        for row in call.body["orders"]:
            external = row["external_order"]
            if call.world.key("orders", call.the_shop, row["id"]) is None:
                detail = {"order_id": row["id"], "external_order": external}
                words = "The order does not belong to the seller."
                errors.append({"code": NOT_OF_SELLER, "message": words, "detail": detail})
                continue
            name = _name(row["id"], external["platform"])
            known = json.loads(call.world.meta(name) or "[]")
            if external["id"] not in {item["id"] for item in known}:
                call.world.set_meta(name, json.dumps([*known, external]))
    return {"errors": errors} if errors else {}


def listed(call: ApiCall) -> Mapping[str, Any]:
    """An order's references in one system."""
    order_key(call, call.path["order_id"])
    known = call.world.meta(_name(call.path["order_id"], call.query["platform"]))
    return {"external_orders": json.loads(known or "[]")}


_PLATFORM = Param("string", required=True, values=PLATFORMS)
_NEEDED = Param("string", required=True)
_LINE = Param("object", fields={"id": TEXT, "origin_id": TEXT})
_EXTERNAL = Param(
    "object",
    required=True,
    fields={
        "id": _NEEDED,
        "platform": _PLATFORM,
        "line_items": Param("array", required=True, max_count=100, items=_LINE),  # no source says so; strict to be safe
    },
)
_ORDER = Param("object", fields={"id": _NEEDED, "external_order": _EXTERNAL})

ENDPOINTS = (
    Endpoint(
        "POST",
        "/order/202406/orders/external_orders",
        "seller.order.info",
        add,
        body={"orders": Param("array", required=True, max_count=100, items=_ORDER)},
    ),
    Endpoint(
        "GET",
        "/order/202406/orders/{order_id}/external_orders",
        "seller.order.info",
        listed,
        query={"platform": _PLATFORM},
    ),
)
