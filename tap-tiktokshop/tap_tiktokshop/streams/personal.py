"""The fields that hold personal data, and how to handle them where none may be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_tiktokshop.streams.declaration import load_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

DROP = "drop"
HASH = "hash"

PERSONAL: Mapping[str, Mapping[str, str]] = {
    "orders": {
        "user_id": HASH,
        "buyer_email": HASH,
        "buyer_nickname": DROP,
        "buyer_avatar": DROP,
        "buyer_message": DROP,
        "seller_note": DROP,
        "recipient_address": DROP,
        "cpf": DROP,
        "cpf_name": DROP,
    },
    "package_details": {"recipient_address": DROP, "sender_address": DROP},
    "warehouses": {"address": DROP},
    "return_records": {"note": DROP, "images": DROP, "videos": DROP},
    "inventory": {"total_available_inventory_distribution": DROP},
    "global_product_details": {"manufacturer": DROP},
    "manufacturers": {"regional_profiles": DROP},
    "responsible_persons": {"regional_profiles": DROP},
    "payments": {"bank_account": DROP},
    "conversations": {"participants": DROP, "latest_message": DROP},
    "messages": {"content": DROP, "sender": DROP, "data": DROP, "plaintext": DROP},
    "customer_service_sessions": {"buyer_nickname": HASH},
    "video_performance": {"creator": DROP, "username": HASH},
    "live_performance": {"creator": DROP},
    "affiliate_orders": {"skus[].creator_username": DROP},
    "target_collaborations": {"message": DROP},
    "sample_applications": {"creator": DROP, "partner_name": DROP},
    "webhook_events": {"data": DROP},
    "fbt_inbound_orders": {"status_logs[].operator": DROP},
}
"""Stream -> field -> what `stream_maps` should do with it; `[].` leads into the items of a list. Free texts count,
because who writes them may name anybody."""


def stream_maps() -> dict[str, dict[str, str | None]]:
    """The configuration `stream_maps` that drops or hashes them all.

    Hashes need a `salt` in `stream_map_config`, and are null where there is nothing to hash.
    """
    return {stream: dict(_rule(stream, *rule) for rule in fields.items()) for stream, fields in PERSONAL.items()}


def _rule(stream: str, field: str, what: str) -> tuple[str, str | None]:
    outer, _, inner = field.partition("[].")
    if inner:  # stream maps reach no item of a list, so the items are put together again from the fields that may stay
        items = load_schema(stream)["properties"][outer]["items"]["properties"]
        kept = ", ".join(f'"{name}": item.get("{name}")' for name in items if name != inner)
        return outer, f"[{{{kept}}} for item in {outer} or []]"
    return field, f'sha256(config["salt"] + {field}) if {field} else None' if what == HASH else None
