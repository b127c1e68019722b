"""Warehouses, how parcels can leave them, and who carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.storefront import Shop, Warehouse

NO_SUBSCRIPTION = 21008116
NO_SUCH_WAREHOUSE = 12052097
_SCOPE = "seller.logistics"


def _warehouse(shop: Shop, item: Warehouse) -> dict[str, Any]:
    place = item.place
    return {
        "id": item.id,
        "entity_id": f"70005{item.id[-14:]}",
        "name": item.name,
        "type": item.type,
        "sub_type": "DOMESTIC_WAREHOUSE" if shop.seller_type == "LOCAL" else "CB_OVERSEA_WAREHOUSE",
        "effect_status": item.effect_status,
        "is_default": item == shop.warehouses[0],
        "address": {
            "region": shop.market.country,
            "region_code": shop.region,
            "state": place.state,
            "city": place.city,
            "distict": place.county,  # the platform spells it so
            "town": "",
            "postal_code": place.postcode,
            "full_address": f"{place.city}, {place.state}, {place.postcode}, {shop.market.country}",
            "contact_person": "Dock 4",
            "phone_number": f"{shop.market.dialling}188****2234",
            "geolocation": {"latitude": "45.41634", "longitude": "-75.6868"},
        },
    }


def warehouses(call: ApiCall) -> Mapping[str, Any]:
    """All warehouses of the shop."""
    return {"warehouses": [_warehouse(call.the_shop, item) for item in call.the_shop.warehouses]}


def delivery_options(call: ApiCall) -> Mapping[str, Any]:
    """How parcels can leave a warehouse.

    Raises:
        ApiError: 12052097, when the shop has no such warehouse.
    """
    shop = call.the_shop
    if call.path["warehouse_id"] not in {item.id for item in shop.sales_warehouses}:
        raise ApiError(NO_SUCH_WAREHOUSE, "The warehouse does not exist.", 400)
    unit, side = shop.market.unit
    return {
        "delivery_options": [
            {
                "id": option.id,
                "name": option.name,
                "type": option.type,
                "description": option.description,
                "dimension_limit": {"max_height": 100, "max_length": 100, "max_width": 100, "unit": side},
                "weight_limit": {"max_weight": 30, "min_weight": 0, "unit": unit},
                "platform": ["TIKTOK_SHOP"],
            }
            for option in shop.options
        ]
    }


def shipping_providers(call: ApiCall) -> Mapping[str, Any]:
    """Who carries parcels the seller sends; nobody may be chosen where the platform sends them.

    Raises:
        ApiError: 21008116, for an option that the platform fulfils or that the shop does not have.
    """
    shop = call.the_shop
    option = next((item for item in shop.options if item.id == call.path["delivery_option_id"]), None)
    if option is None or option.shipping_type != "SELLER":
        raise ApiError(NO_SUBSCRIPTION, "The seller does not have subscription with this delivery option.", 400)
    return {"shipping_providers": [{"id": number, "name": name} for number, name, _ in shop.market.carriers]}


ENDPOINTS = (
    Endpoint("GET", "/logistics/202309/warehouses", _SCOPE, warehouses),
    Endpoint(
        "GET",
        "/logistics/202309/warehouses/{warehouse_id}/delivery_options",
        _SCOPE,
        delivery_options,
        query={"scope": Param("string", values=("WAREHOUSE", "PRODUCT"))},
    ),
    Endpoint(
        "GET",
        "/logistics/202309/delivery_options/{delivery_option_id}/shipping_providers",
        _SCOPE,
        shipping_providers,
        query={"warehouse_region": Param("string"), "buyer_region": Param("string")},
    ),
)
