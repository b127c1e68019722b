"""The seller, the shops of the grant, and the events that the platform reports to them."""

from tiktokshop_client.operations._operation import Operation

GET_SHOPS = Operation(
    "get_shops",
    "GET",
    "/authorization/202309/shops",
    "seller.authorization.info",
    cipher=False,
    rows="shops",
)
GET_PERMISSIONS = Operation(
    "get_permissions",
    "GET",
    "/seller/202309/permissions",
    "seller.shop.info",
    cipher=False,
    rows="permissions",
)
GET_SHOP_GROUPS = Operation(
    "get_shop_groups",
    "GET",
    "/seller/202601/shop_groups",
    "seller.shop.info",
    cipher=False,
    rows="shop_group_data.shops",
)
GET_WEBHOOKS = Operation(
    "get_webhooks",
    "GET",
    "/event/202309/webhooks",
    "seller.authorization.info",
    rows="webhooks",
)
UPDATE_WEBHOOK = Operation(
    "update_webhook",
    "PUT",
    "/event/202309/webhooks",
    "seller.authorization.info",
)
DELETE_WEBHOOK = Operation(
    "delete_webhook",
    "DELETE",
    "/event/202309/webhooks",
    "seller.authorization.info",
)
