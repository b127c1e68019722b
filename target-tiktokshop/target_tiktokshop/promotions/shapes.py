"""What a call about an activity takes: its fields and their types, as the platform describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_tiktokshop.writing.shaped import shaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_tiktokshop.writing.shaped import Shape

BUYERS = frozenset({"ALL_USER", "SHOP_EXISTING_CUSTOMER", "SHOP_NEW_CUSTOMER", "SHOP_REPEAT_CUSTOMER"})
DURATIONS = frozenset({"NORMAL", "INDEFINITE"})
LEVELS = frozenset({"PRODUCT", "VARIATION", "SHOP"})
PARTICIPATIONS = frozenset({"BUYER_NO_LIMIT", "BUYER_LIMIT_ONLY_ONE"})
AUCTIONS = frozenset({"ALL", "EXCLUDE_AUCTION"})
_THRESHOLDS = frozenset({"MINIMAL_ITEM_QUANTITY", "MINIMAL_ORDER_AMOUNT"})
_THRESHOLD: Mapping[str, Shape] = {"threshold_type": _THRESHOLDS, "threshold_value": str}
DISCOUNT: Mapping[str, Shape] = {
    "shipping_discount": {
        "threshold_type": _THRESHOLDS | {"NO_THRESHOLD"},
        "threshold_value": str,
        "type": frozenset({"FREE_SHIPPING", "DISCOUNT_SHIPPING_FEE"}),
        "value": str,
        "shipping_method": frozenset({"STANDARD_SHIPPING", "EXPRESS_SHIPPING", "ALL_SHIPPING_METHOD"}),
        "inventory_type": frozenset({"SELF_FULFILLED", "FULFILLED_BY_TIKTOK", "ALL", "SHOP"}),
        "area_scope": {"type": frozenset({"WHOLE", "SPECIFIC_AREAS"}), "specific_areas": [str]},
    },
    "bmsm_discount": {
        "details": [
            {"tier": int, **_THRESHOLD, "type": frozenset({"AMOUNT_OFF", "PERCENTAGE_OFF"}), "value": str},
        ]
    },
    "gift_discount": {
        "gift_receiving_type": frozenset({"ALL_RECEIVE"}),
        "gift_infos": [
            {
                "tier": int,
                **_THRESHOLD,
                "gift_details": [{"product_id": str, "sku_id": str, "total_claim_limit": str}],
            }
        ],
    },
    "bxgy_discount": {
        **_THRESHOLD,
        "discount_type": frozenset({"AMOUNT_OFF_EACH", "FREE", "PERCENTAGE_OFF"}),
        "discount_value": str,
        "benefit_max_applicable_quantity": str,
        "benefit_max_applicable_times": str,
    },
}
AUDIENCE: Mapping[str, Shape] = {"user_type": BUYERS}
ACTIVITY: Mapping[str, Shape] = {
    "title": str,
    "begin_time": int,
    "end_time": int,
    "duration_type": DURATIONS,
    "product_level": LEVELS,
    "participation_limit": [{"type": PARTICIPATIONS}],
    "discount": DISCOUNT,
    "target_user_info": AUDIENCE,
    "auction_support_type": AUCTIONS,
}
"""The fields of an activity that the call which changes one takes."""


def repeated(live: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Fields of a live activity as a call repeats them; those that it does not have are left out.

    Raises:
        ShapeError: One cannot be read, or has a word that nobody knows: left out, it would become what the platform
            takes by default.
    """
    return shaped({name: ACTIVITY[name] for name in names}, dict(live)) or {}
