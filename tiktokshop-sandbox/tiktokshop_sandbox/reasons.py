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
UNPAID = "ecom_order_unpaid_canceled_reason_timeout"
LOST = "ecom_order_in_transit_canceled_reason_package_lost"
CANCELLATION_REASONS = dict(BUYER_CANCELS) | {
    **REASONS_OF_SELLERS,
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
# Why sellers pay back by themselves what has been delivered.
SELLER_REFUNDS = (
    ("ecom_order_delivered_refund_reason_missing_product_seller", "A product was missing"),
    ("ecom_order_delivered_refund_reason_damaged_seller", "The product arrived damaged"),
    ("ecom_order_delivered_refund_reason_wrong_product_seller", "The wrong product was sent"),
)
ALL_RETURN_REASONS = (*RETURN_REASONS, *SELLER_REFUNDS)
REJECTS_OF_RETURNS = (
    ("reverse_reject_request_reason_1", "The product works as described"),
    ("reverse_reject_request_reason_3", "Product already used, damaged or removed from original packaging"),
    ("reverse_reject_request_reason_4", "Reached an agreement with the buyer"),
)
REJECTS_OF_CANCELLATIONS = (
    ("seller_reject_apply_product_has_been_packed", "The product has been packed"),
    ("seller_reject_apply_package_has_been_shipped", "The package has been shipped"),
)
