"""The fields that records of promotions have. Their values are looked at later, all of a record together."""

from __future__ import annotations

from target_tiktokshop.writing.fields import SHOP_ID, Contract, Field, as_it_is, identifier, own_key

ACTIVITY_FIELDS = (
    "title",
    "activity_type",
    "product_level",
    "begin_time",
    "end_time",
    "duration_type",
    "participation_limit",
    "target_user_info",
    "auction_support_type",
    "discount",
    "status",
)
"""Fields that say something of the activity itself."""
OFFER_FIELDS = (
    "product_id",
    "sku_id",
    "seller_sku",
    "activity_price",
    "currency",
    "discount_percent",
    "quantity_limit",
    "quantity_per_user",
    "cost",
    "removed",
)
"""Fields that say something of a product or a SKU in it; in flat records they stand beside those of the activity."""
_TYPES = {
    **dict.fromkeys(("activity_price", "discount_percent", "cost"), "number"),
    **dict.fromkeys(("quantity_limit", "quantity_per_user"), "integer"),
    **dict.fromkeys(("discount", "target_user_info"), "object"),
    **dict.fromkeys(("products", "participation_limit"), "array"),
    "removed": "boolean",
}
CONTRACT = Contract(
    (
        SHOP_ID,
        Field("activity_key", own_key),
        Field("activity_id", identifier, other_name="id"),
        *(Field(name, as_it_is, _TYPES.get(name, "string")) for name in (*ACTIVITY_FIELDS, *OFFER_FIELDS, "products")),
    ),
    either=(("activity_key", "activity_id"),),
)
