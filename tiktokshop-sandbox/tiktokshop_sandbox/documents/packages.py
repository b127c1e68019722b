"""Parcels as Search Package and Get Package Detail show them, and where they have been."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.documents.products import image_uri, image_url
from tiktokshop_sandbox.documents.recipients import recipient_address

if TYPE_CHECKING:
    from tiktokshop_sandbox.states import Order, Package
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]
_ADDRESS = (
    "full_address",
    "phone_number",
    "name",
    "postal_code",
    "address_detail",
    "region_code",
    "address_line1",
    "address_line2",
    "address_line3",
    "address_line4",
)


Parts = Sequence[tuple["Order", "Package"]]
"""The orders in a package, with their parts of it."""


def _orders(shop: Shop, parts: Parts) -> list[Document]:
    return [_order(shop, order, package) for order, package in parts]


def _order(shop: Shop, order: Order, package: Package) -> Document:
    skus: dict[str, Document] = {}
    for index in package.lines:
        line = order.lines[index]
        url = image_url(image_uri(shop, line.product * 8 + 4))
        sku = skus.setdefault(line.sku, {"id": line.sku, "name": line.sku_name, "image_url": url, "quantity": 0})
        sku["quantity"] += 1
    return {"id": order.id, "skus": list(skus.values())}


def _lines(parts: Parts) -> list[str]:
    return [order.lines[index].id for order, package in parts for index in package.lines]


def _tag(order: Order, parts: Parts) -> str:
    if len(parts) > 1:
        return "COMBINE"
    return "SPLIT" if len(order.active) > 1 else "DEFAULT"


def _label(shop: Shop, package: Package) -> Document:
    if not package.shipped:
        return {"tracking_number": "", "shipping_provider_name": "", "shipping_provider_id": ""}
    number, name, _ = shop.market.carriers[package.carrier]
    return {"tracking_number": package.tracking, "shipping_provider_name": name, "shipping_provider_id": number}


def package_document(shop: Shop, parts: Parts) -> Document:
    """The package in a search."""
    _, package = parts[0]
    return {
        "id": package.id,
        "orders": _orders(shop, parts),
        "order_line_item_ids": _lines(parts),
        "status": package.status,
        "create_time": package.created,
        "update_time": package.updated,
        **_label(shop, package),
    }


def package_detail(shop: Shop, parts: Parts) -> Document:
    """The package by itself."""
    order, package = parts[0]
    option = shop.options[order.option]
    recipient = recipient_address(shop, order)
    place = shop.warehouses[order.warehouse]
    town = place.place
    mass, length = ("POUND", "INCH") if shop.region == "US" else ("GRAM", "CM")
    shown: Document = {
        "package_id": package.id,
        "package_status": package.status,
        "package_sub_status": package.sub_status,
        "orders": _orders(shop, parts),
        "order_line_item_ids": _lines(parts),
        "split_and_combine_tag": _tag(order, parts),
        "has_multi_skus": len({mate.lines[index].sku for mate, part in parts for index in part.lines}) > 1,
        "note_tag": "BUYER_NOTED" if order.message else "BUYER_UNNOTED",
        "shipping_type": option.shipping_type,
        "delivery_option_id": option.id,
        "delivery_option_name": option.name,
        "create_time": package.created,
        "update_time": package.updated,
        "recipient_address": {name: recipient[name] for name in _ADDRESS},
        "sender_address": dict.fromkeys(_ADDRESS, "")
        | {
            "name": place.name,
            "region_code": shop.region,
            "postal_code": town.postcode,
            "full_address": f"{town.city}, {town.state}, {town.postcode}",
        },
        "weight": {"value": "1.2" if mass == "POUND" else "540", "unit": mass},
        "dimension": {"length": "9", "width": "6", "height": "3", "unit": length},
        **_label(shop, package),
    }
    if package.handover:
        shown["handover_method"] = package.handover
    if package.slot:
        shown["pickup_slot"] = dict(zip(("start_time", "end_time"), package.slot, strict=True))
    if shop.region == "US":
        shown["warehouse_id"] = place.id
        shown["insurance"] = {"is_purchased": False, "is_claim_eligible": False, "claim_status": "NOT_STARTED"}
    return shown


def tracking(order: Order) -> list[Document]:
    """Where the order's parcels have been, newest first; times in milliseconds."""
    steps = (
        (max((package.shipped for package in order.active), default=0), "Your package is ready to be collected", 10),
        (order.collected, "Your package has been picked up by the carrier", 20),
        (order.collected and order.delivered and (order.collected + order.delivered) // 2, "Arrived at the depot", 40),
        (order.delivered, "Your package was delivered!", 60),
    )
    events = [
        {"description": words, "update_time_millis": at * 1_000, "action_code": code} for at, words, code in steps if at
    ]
    return events[::-1]
