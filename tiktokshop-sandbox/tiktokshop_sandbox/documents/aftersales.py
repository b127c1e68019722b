"""Cancellations and returns as their searches show them, and a return's history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox import money
from tiktokshop_sandbox.documents.products import image_uri, image_url
from tiktokshop_sandbox.reasons import ALL_RETURN_REASONS, CANCELLATION_REASONS, LOST
from tiktokshop_sandbox.states import SILENCE

if TYPE_CHECKING:
    from tiktokshop_sandbox.states import Cancellation, Order, OrderLine, Refund, Return
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]
_TWO_DAYS = 48 * 3_600
_ACTIONS = {
    "RETURN_OR_REFUND_REQUEST_PENDING": "SELLER_RESPOND_REFUND",
    "BUYER_SHIPPED_ITEM": "SELLER_RESPOND_RECEIVE_PACKAGE",
    "REPLACEMENT_REQUEST_PENDING": "SELLER_RESPOND_REPLACEMENT",
    "EXCHANGE_REQUEST_PENDING": "SELLER_RESPOND_REPLACEMENT",
}


def refund_document(shop: Shop, refund: Refund) -> Document:
    """What is paid back, and what it is made of."""
    shown = {
        "currency": shop.currency,
        "refund_total": shop.amount(refund.total),
        "refund_subtotal": shop.amount(refund.subtotal),
        "refund_shipping_fee": shop.amount(refund.shipping),
        "refund_tax": shop.amount(refund.tax),
        "retail_delivery_fee": shop.amount(refund.retail),
    }
    if shop.region == "ID":
        shown["buyer_service_fee"] = "0"
    return shown


def _line_refunds(refund: Refund, lines: list[OrderLine]) -> list[Refund]:
    """The refund of each line; what belongs to the order as a whole is spread over them."""
    weights = [line.original for line in lines]
    rest_of_tax = refund.tax - sum(line.tax for line in lines) if refund.total else 0
    parts = zip(lines, money.share(refund.shipping, weights), money.share(rest_of_tax, weights), strict=True)
    kind = type(refund)
    if not refund.total:
        return [kind() for _ in lines]
    if refund.subtotal != sum(line.sale for line in lines):  # a part of what was paid
        amounts = (refund.subtotal, refund.shipping, refund.tax, refund.retail)
        return [kind(*part) for part in zip(*(money.share(amount, weights) for amount in amounts), strict=True)]
    return [kind(line.sale, shipping, line.tax + tax, line.retail_fee) for line, shipping, tax in parts]


def _goods(shop: Shop, line: OrderLine) -> Document:
    return {
        "order_line_item_id": line.id,
        "sku_id": line.sku,
        "sku_name": line.sku_name,
        "product_name": line.product_name,
        "seller_sku": line.seller_sku,
        "product_image": {"url": image_url(image_uri(shop, line.product * 8 + 4)), "width": 200, "height": 200},
    }


def cancellation_document(shop: Shop, order: Order, item: Cancellation) -> Document:
    """A cancellation (202602)."""
    parts = _line_refunds(item.refund, order.lines)
    shown: Document = {
        "cancel_id": item.id,
        "order_id": order.id,
        "cancel_type": item.kind,
        "cancel_status": item.status,
        "role": item.role,
        "cancel_reason": item.reason,
        "cancel_reason_text": CANCELLATION_REASONS[item.reason],
        "create_time": item.created,
        "update_time": item.updated,
        "should_replenish_stock": item.reason != LOST,
        "cancel_line_items": [
            {
                "cancel_line_item_id": shop.identify("cancellation_line", order.n * 64 + index),
                **_goods(shop, line),
                "refund_amount": refund_document(shop, part),
            }
            for index, (line, part) in enumerate(zip(order.lines, parts, strict=True))
        ],
    }
    if order.paid:  # nothing is refunded to somebody who never paid
        shown["refund_amount"] = refund_document(shop, item.refund)
    if item.deadline:
        shown["seller_next_action_response"] = [{"action": "SELLER_RESPOND_BUYER_CANCEL", "deadline": item.deadline}]
    return shown


def return_document(shop: Shop, order: Order, item: Return) -> Document:
    """A return, refund, replacement or exchange (202602)."""
    lines = [order.lines[index] for index in item.lines]
    name, words = ALL_RETURN_REASONS[item.reason]
    shown: Document = {
        "return_id": item.id,
        "order_id": order.id,
        "return_type": item.kind,
        "return_status": item.status,
        "role": "SELLER" if item.records[0].role == "SELLER" else "BUYER",
        "return_reason": name,
        "return_reason_text": words,
        "create_time": item.created,
        "update_time": item.updated,
        "can_buyer_keep_item": item.kind == "REFUND",
        "is_combined_return": False,
        "is_quick_refund": item.script == "refund" and item.n % 4 == 0,
        "refund_amount": refund_document(shop, item.refund),
        "return_line_items": [
            {
                "return_line_item_id": shop.identify("return_line", order.n * 64 + index),
                **_goods(shop, line),
                "refund_amount": refund_document(shop, part),
            }
            for index, (line, part) in enumerate(zip(lines, _line_refunds(item.refund, lines), strict=True))
        ],
        "discount_amount": [
            {
                "currency": shop.currency,
                "product_seller_discount": shop.amount(sum(line.seller_discount for line in lines)),
                "product_platform_discount": shop.amount(sum(line.platform_discount for line in lines)),
                "shipping_fee_seller_discount": "0",
                "shipping_fee_platform_discount": "0",
            }
        ],
        "shipping_fee_amount": [
            {
                "currency": shop.currency,
                "seller_paid_return_shipping_fee": shop.amount(item.shipping_cost),
                "platform_paid_return_shipping_fee": "0",
                "buyer_paid_return_shipping_fee": "0",
            }
        ],
    }
    _add_course(shop, shown, item)
    return shown


def _add_course(shop: Shop, shown: Document, item: Return) -> None:
    if item.kind == "RETURN_AND_REFUND":
        shown["return_method"] = "BUYER_SHIPPED"
        shown["shipment_type"] = "PLATFORM"
        shown["handover_method"] = "DROP_OFF"
        shown["return_shipping_document_type"] = "SHIPPING_LABEL"
        shown["return_warehouse_address"] = {"full_address": f"{shop.warehouses[-1].name}, {shop.market.country}"}
    if item.tracking:
        number, name, _ = shop.market.carriers[item.carrier]
        shown["return_tracking_number"] = item.tracking
        shown["return_provider_id"] = number
        shown["return_provider_name"] = name
    if item.arbitration:
        shown["arbitration_status"] = item.arbitration
    if item.proposed:
        shown["seller_proposed_return_type"] = "PARTIAL_REFUND"
        shown["partial_refund"] = {"currency": shop.currency, "amount": shop.amount(item.proposed)}
        shown["buyer_rejected_partial_refund"] = False
    if item.status in _ACTIONS:
        deadline = item.updated + SILENCE.get(item.status, _TWO_DAYS)
        shown["seller_next_action_response"] = [{"action": _ACTIONS[item.status], "deadline": deadline}]


def return_records(item: Return) -> list[Document]:
    """A return's history, newest first. The platform spells the roles `Buyer`, `Seller`, … here."""
    reason = ALL_RETURN_REASONS[item.reason][1]
    return [
        {
            "event": record.event,
            "role": record.role.title(),
            "description": record.description,
            "reason_text": reason,
            "note": record.note,
            "create_time": record.at,
        }
        for record in reversed(item.records)
    ]
