"""Why orders are cancelled, goods come back, and sellers refuse: the platform's names and their texts."""

from __future__ import annotations

BUYER_CANCELS = (
    ("ecom_order_to_ship_canceled_reason_created_by_mistakes", "Order created by mistake"),
    ("ecom_order_to_ship_canceled_reason_no_longer_needed", "No longer needed"),
    ("ecom_order_to_ship_canceled_reason_better_price", "Better price available"),
    ("ecom_order_to_ship_canceled_reason_change_address", "Need to change the address"),
)
SELLER_CANCELS = "seller_cancel_reason_out_of_stock"
# What a seller may name for an order that waits to be shipped.
REASONS_OF_SELLERS = {
    SELLER_CANCELS: "Out of stock",
    "seller_cancel_reason_wrong_price": "Wrong price",
    "seller_cancel_paid_reason_address_not_deliver": "The address cannot be delivered to",
}
# The same for an order that nobody has paid.
UNPAID_REASONS_OF_SELLERS = {
    "seller_cancel_unpaid_reason_out_of_stock": "Out of stock",
    "seller_cancel_unpaid_reason_wrong_price": "Wrong price",
    "seller_cancel_unpaid_reason_buyer_hasnt_paid_within_time_allowed": "The buyer has not paid",
}
CANCELLABLE = ("ON_HOLD", "AWAITING_SHIPMENT", "AWAITING_COLLECTION")
UNPAID = "ecom_order_unpaid_canceled_reason_timeout"
LOST = "ecom_order_in_transit_canceled_reason_package_lost"
CANCELLATION_REASONS = dict(BUYER_CANCELS) | {
    **REASONS_OF_SELLERS,
    **UNPAID_REASONS_OF_SELLERS,
    UNPAID: "The buyer did not pay in time",
    LOST: "Package lost in transit",
}
RETURN_REASONS = (
    ("ecom_order_delivered_refund_reason_wrong_product", "Wrong product was sent"),
    ("ecom_order_delivered_refund_reason_damaged", "Package or product is damaged"),
    ("ecom_order_delivered_refund_and_return_reason_does_not_fit", "Item does not fit: size “S” is naïve"),
    ("ecom_order_delivered_refund_reason_missing_part", "Missing parts"),
    ("ecom_order_delivered_refund_and_return_reason_no_longer_needed", "No longer needed"),
)
_PAID_BACK = "ecom_order_delivered_refund_reason_{}_seller"
_SENT_BACK = "seller_ecom_delivered_return_refund_reason1"
# Why sellers pay back by themselves, by what the names have in common.
_SELLER_WORDS = {
    "missing_product": "A product was missing",
    "damaged": "The product arrived damaged",
    "wrong_product": "The wrong product was sent",
    "not_received": "The package was not received",
    "not_match_description": "The product is not as described",
    "missed_delivery_date": "The package came too late",
    "defective": "The product does not work",
}
_DELIVERED = tuple(_PAID_BACK.format(name) for name in _SELLER_WORDS if name != "defective")
_ON_THE_WAY = {
    "seller_shipped_refund_package_lost": "Package lost in transit",
    "seller_shipped_refund_package_delivery_failed": "The package could not be delivered",
    "seller_shipped_refund_miss_estimated_delivery_date": "The package is late",
    "seller_package_lost": "Package lost in transit",
    "ecom_order_shipped_refund_reason_not_arrive_on_time_seller": "The package is late",
}
_LOST_OR_LATE = ("seller_package_lost", "ecom_order_shipped_refund_reason_not_arrive_on_time_seller")
_SHIPPED = {"US": tuple(_ON_THE_WAY)[:3], **dict.fromkeys(("GB", "VN", "DE", "ES", "FR", "IE", "IT"), _LOST_OR_LATE)}
_NAMED = {**{_PAID_BACK.format(name): words for name, words in _SELLER_WORDS.items()}, **_ON_THE_WAY}
_NAMED[_SENT_BACK] = "The buyer sends the product back"
SELLER_REFUNDS = tuple(_NAMED.items())
SHIPPED = ("AWAITING_COLLECTION", "IN_TRANSIT")
ALL_RETURN_REASONS = (*RETURN_REASONS, *SELLER_REFUNDS, *((f"{name}_uk", words) for name, words in SELLER_REFUNDS))


def seller_reasons(region: str, kind: str, status: str) -> tuple[str, ...]:
    """What a seller may name who pays back by itself (`REFUND`), or has goods sent back (`RETURN_AND_REFUND`).

    None where that cannot be done: goods are sent back in the United States only, and before delivery some markets
    pay nothing back.
    """
    names: tuple[str, ...] = ()
    if kind == "REFUND" and status == "DELIVERED":
        names = _DELIVERED[:1] if region == "ID" else _DELIVERED
    elif kind == "REFUND" and status in SHIPPED:
        names = _SHIPPED.get(region, ())
    elif kind == "RETURN_AND_REFUND" and status == "DELIVERED" and region == "US":
        names = (_SENT_BACK,)
    return tuple(f"{name}_uk" for name in names) if region == "GB" else names


REJECTS_OF_RETURNS = (
    ("reverse_reject_request_reason_1", "The product works as described"),
    ("reverse_reject_request_reason_3", "Product already used, damaged or removed from original packaging"),
    ("reverse_reject_request_reason_4", "Reached an agreement with the buyer"),
)
REJECTS_OF_CANCELLATIONS = (
    ("seller_reject_apply_product_has_been_packed", "The product has been packed"),
    ("seller_reject_apply_package_has_been_shipped", "The package has been shipped"),
)
