"""The authorised shops themselves, and what belongs to their seller."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import AuthorisedShop, Listed, Single
from tap_tiktokshop.streams.declaration import Declaration
from tap_tiktokshop.streams.shapes import permissions, shop_group

SHOPS = Declaration(
    name="shops",
    summary="The shops the token may read.",
    keys=("shop_id", "id"),
    reading=AuthorisedShop(),
)

SELLER_PERMISSIONS = Declaration(
    name="seller_permissions",
    summary="What the seller may do beyond running shops, such as managing global products.",
    keys=("permission",),
    reading=Single(operations.GET_PERMISSIONS, permissions),
)

SHOP_GROUPS = Declaration(
    name="shop_groups",
    summary="The shops that the seller runs as a group, including those that were not authorised.",
    keys=("shop_id",),
    reading=Single(operations.GET_SHOP_GROUPS, shop_group),
)

WEBHOOK_SUBSCRIPTIONS = Declaration(
    name="webhook_subscriptions",
    summary="The events the platform sends out for a shop, and where to.",
    keys=("shop_id", "event_type"),
    reading=Listed(operations.GET_WEBHOOKS, "event_type"),
)

STREAMS = (SHOPS, SELLER_PERMISSIONS, SHOP_GROUPS, WEBHOOK_SUBSCRIPTIONS)
