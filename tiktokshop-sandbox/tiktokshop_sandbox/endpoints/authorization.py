"""Authorization and seller API: which shops a token reaches, and what its seller may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox.contract import ApiCall, Endpoint

if TYPE_CHECKING:
    from tiktokshop_sandbox.shops import Shop

_CROSS_BORDER: Final = "CROSS_BORDER"


def _granted(call: ApiCall) -> list[Shop]:
    return [shop for shop in call.world.shops if shop.id in call.grant.shop_ids]


def authorized_shops(call: ApiCall) -> dict[str, Any]:
    """Get Authorized Shops: every shop the seller's grant covers, with the cipher that names it."""
    return {
        "shops": [
            {
                "cipher": shop.cipher,
                "code": shop.code,
                "id": shop.id,
                "name": shop.name,
                "region": shop.region,
                "seller_type": shop.seller_type,
            }
            for shop in _granted(call)
        ]
    }


def active_shops(call: ApiCall) -> dict[str, Any]:
    """Get Active Shops: ids and regions only."""
    return {"shops": [{"id": shop.id, "region": shop.region} for shop in _granted(call)]}


def seller_permissions(call: ApiCall) -> dict[str, Any]:
    """Get Seller Permissions: only cross-border sellers manage global products."""
    crosses = any(shop.seller_type == _CROSS_BORDER for shop in _granted(call))
    return {"permissions": ["MANAGE_GLOBAL_PRODUCT"] if crosses else []}


def shop_groups(call: ApiCall) -> dict[str, Any]:
    """Get Shop Group And Related Shops: the seller's shops, in the one group there is."""
    shops = [
        {
            "shop_id": shop.id,
            "seller_id": call.grant.seller_id,
            "shop_name": shop.name,
            "shop_region": shop.region,
        }
        for shop in _granted(call)
    ]
    group = {"source": "TIKTOK_SHOP", "shop_group_name": call.grant.seller_name}
    return {"shop_group_data": {"shop_group": group, "shops": shops}}


ENDPOINTS: Final = (
    Endpoint("GET", "/authorization/202309/shops", "seller.authorization.info", authorized_shops, cipher=False),
    Endpoint("GET", "/seller/202309/shops", "seller.shop.info", active_shops, cipher=False),
    Endpoint("GET", "/seller/202309/permissions", "seller.shop.info", seller_permissions, cipher=False),
    Endpoint("GET", "/seller/202601/shop_groups", "seller.shop.info", shop_groups, cipher=False),
)
