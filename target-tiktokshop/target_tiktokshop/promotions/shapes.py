"""What a call about an activity takes: its fields and their types, as the platform describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_tiktokshop.writing.shaped import shaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_tiktokshop.writing.shaped import Shape

_THRESHOLD: Mapping[str, Shape] = {"threshold_type": str, "threshold_value": str}
DISCOUNT: Mapping[str, Shape] = {
    "shipping_discount": {
        **_THRESHOLD,
        "type": str,
        "value": str,
        "shipping_method": str,
        "inventory_type": str,
        "area_scope": {"type": str, "specific_areas": [str]},
    },
    "bmsm_discount": {"details": [{"tier": int, **_THRESHOLD, "type": str, "value": str}]},
    "gift_discount": {
        "gift_receiving_type": str,
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
        "discount_type": str,
        "discount_value": str,
        "benefit_max_applicable_quantity": str,
        "benefit_max_applicable_times": str,
    },
}
AUDIENCE: Mapping[str, Shape] = {"user_type": str}
ACTIVITY: Mapping[str, Shape] = {
    "title": str,
    "begin_time": int,
    "end_time": int,
    "duration_type": str,
    "product_level": str,
    "participation_limit": [{"type": str}],
    "discount": DISCOUNT,
    "target_user_info": AUDIENCE,
    "auction_support_type": str,
}
"""The fields of an activity that the call which changes one takes."""


def repeated(live: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Fields of a live activity as a call repeats them; those that it does not have are left out.

    Raises:
        ShapeError: One cannot be read: left out, it would become what the platform takes by default.
    """
    return shaped({name: ACTIVITY[name] for name in names}, dict(live)) or {}
