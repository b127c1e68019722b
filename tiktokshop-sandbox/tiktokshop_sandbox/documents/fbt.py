"""What the platform keeps for a seller, as its lists show it: sites, goods, stock, changes of stock, deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox.catalog import goods_of
from tiktokshop_sandbox.documents.products import image_uri, image_url
from tiktokshop_sandbox.draws import number_of
from tiktokshop_sandbox.life.engine import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived.fbt.book import BookEntry, FbtGoods
    from tiktokshop_sandbox.derived.fbt.centres import Centre
    from tiktokshop_sandbox.derived.fbt.deliveries import Delivery, Load
    from tiktokshop_sandbox.derived.fbt.stand import FbtShelf
    from tiktokshop_sandbox.states import Product
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]

_SERVICES: Final = (("1", "Standard storage and shipping", True), ("2", "Oversized goods", False))
_SHELF_LIFE: Final = 540  # days
# Traits of kinds of goods, by the noun in the catalogue.
_FRAGILE: Final = frozenset({"Ceramic Mug", "Soy Candle", "USB-C Desk Lamp"})
_LIQUID: Final = frozenset({"Vitamin C Serum", "Lip Tint"})
_WITH_BATTERY: Final = frozenset({"USB-C Desk Lamp"})
_BATTERY: Final[Mapping[str, Any]] = {
    "hazmat_type": "BATTERY",
    "battery_extra_info": {
        "battery_type": "LITHIUM_ION",
        "battery_packaging_type": "CONTAINED_IN_EQUIPMENT",
        "battery_count_per_package": "1",
        "total_battery_weight": "46",
        "total_battery_weight_unit": "GRAM",
        "total_battery_capacity": "7.4",
        "total_battery_capacity_unit": "WATT_HOURS",
        "is_need_un_38_3_test": True,
    },
    "dg_class": "9",
    "dg_uncode": "UN",
}


def warehouse_document(shop: Shop, centre: Centre) -> Document:
    """A site (202408)."""
    place = centre.site.place
    return {
        "fbt_warehouse_id": centre.id,
        "warehouse_ids": list(centre.warehouse_ids),
        "name": centre.site.name,
        "type": "PLATFORM_WAREHOUSE",
        "subscribed": True,
        "addresses": [
            {
                "region_code": shop.region,
                "state": place.state,
                "district": place.county,
                "city": place.city,
                "postal_code": place.postcode,
                "address_line_1": centre.site.street,
            }
        ],
        "logistics_services": [
            {"id": number, "name": name, "subscribed": subscribed} for number, name, subscribed in _SERVICES
        ],
    }


def reference_code(goods: FbtGoods) -> str:
    """The seller's own number of the goods."""
    return f"FBT-{goods.product:04d}-{goods.sku + 1:02d}"


def _named(goods: FbtGoods, product: Product) -> Document:
    name = f"{product.title} ({', '.join(value for _, value in product.skus[goods.sku].attributes)})"
    return {"id": goods.id, "reference_code": reference_code(goods), "name": name}


def goods_document(shop: Shop, goods: FbtGoods, product: Product) -> Document:
    """A kind of goods (202607): what the seller says of it, and what the platform measured."""
    kind = goods_of(product)
    sku = product.skus[goods.sku]
    picture = image_url(image_uri(shop, product.n * 8 + 4))
    shown = {
        **_named(goods, product),
        "image_url": picture,
        "barcodes": [{"code": f"X{number_of('barcode', goods.id) % 10**9:09d}", "type": "FBT"}],
        "merchant_declaration_info": _measured(kind.grams, 0),
        "skus": [
            {
                "id": sku.id,
                "name": ", ".join(value for _, value in sku.attributes),
                "image_url": picture,
                "product": {"id": product.id, "name": product.title, "image_url": picture},
                "regions": [shop.region],
                "matched": True,
            }
        ],
        "lot_expiration_info": _expiry(expires=kind.noun in _LIQUID),
        "is_hazmat": kind.noun in _WITH_BATTERY,
        "bulky_item_attribute": {"is_bulky_item": False, "is_bulky_item_accessories": False},
        "goods_safety_attributes": {
            "is_fragile": kind.noun in _FRAGILE,
            "is_liquid": kind.noun in _LIQUID,
            "is_sharp": False,
        },
        "is_sioc": False,
    }
    if goods.number % 9:  # the others have not been weighed
        shown["warehouse_confirmation_info"] = _measured(kind.grams, goods.number % 5)
    if kind.noun in _WITH_BATTERY:
        shown["hazmat_info"] = dict(_BATTERY)
        shown["hazmat_approval_status"] = "APPROVED"
    return shown


def _measured(grams: int, more: int) -> Document:
    return {
        "weight": {"value": str(grams + more), "unit": "GRAM"},
        "dimension": {"length": "22", "width": "16", "height": "8", "unit": "CENTIMETER"},
    }


def _expiry(*, expires: bool) -> Document:
    if not expires:
        return {"is_lot_control": False, "is_expiration_management": False}
    return {
        "is_lot_control": True,
        "is_expiration_management": True,
        "shelf_life_days": _SHELF_LIFE,
        "inbound_cutoff_days": 180,
        "expiration_alert_days": 120,
        "sales_cutoff_days": 90,
        "handling_method": "DISPOSE",
    }


def stock_document(centre: Centre, shelf: FbtShelf, product: Product) -> Document:
    """Goods in a centre (202408)."""
    quantities = {
        "total_quantity": shelf.on_hand,
        "available_quantity": shelf.available,
        "reserved_quantity": shelf.reserved,
    }
    sku = {"id": product.skus[shelf.goods.sku].id, "on_hand_detail": quantities}
    return {
        "goods": {**_named(shelf.goods, product), "skus": [sku]},
        "fbt_warehouse_id": centre.id,
        "in_transit_quantity": shelf.coming,
        "on_hand_detail": {**quantities, "unfulfillable_quantity": shelf.damaged},
    }


def record_document(centre: Centre, entry: BookEntry, goods: FbtGoods, product: Product) -> Document:
    """A change of stock (202410); it has no id."""
    change = entry.change
    return {
        "goods": _named(goods, product),
        "fbt_warehouse_id": centre.id,
        "order": {"id": change.order, "type": change.kind},
        "create_time": change.at,
        "inventory_goods_type": change.condition,
        "initial_on_hand_quantity": entry.after - change.units,
        "final_on_hand_quantity": entry.after,
        "changed_quantity": change.units,
    }


def delivery_document(
    shop: Shop, centre: Centre, item: Delivery, goods: Mapping[int, tuple[FbtGoods, Product]], now: int
) -> Document:
    """A delivery (202602) as of `now`, without its cartons; `goods` are its kinds of goods by number."""
    steps = item.steps_until(now)
    befores = ["", *(step.status for step in steps)]
    logs = [
        {"operate_time": step.at, "new_status": step.status, "previous_status": before, "operator": step.operator}
        for before, step in zip(befores, steps, strict=False)
    ]
    shipped = item.when("TO_BE_RECEIVED")
    del logs[0]["previous_status"]
    return {
        "order_id": item.id,
        "order_id_string": item.id,
        "order_plan_id": f"IPL{item.id[3:]}",
        "merchant": {"id": shop.id, "name": shop.name},
        "create_time": steps[0].at,
        "ship_time": shipped,
        "expected_arrival_time": shipped + 5 * DAY,
        "actual_arrival_time": item.when("ARRIVED_HUB" if item.hub else "DELIVERED"),
        "warehouse": {
            "fbt_warehouse_id": centre.id,
            "business_warehouse_ids": list(centre.warehouse_ids),
            "name": centre.site.name,
            "type": "HUB" if item.hub else "FC",
        },
        "status_logs": logs,
        "logistic_info_list": [{"provider_name": item.carrier, "waybill_number": item.waybill, "related_number": ""}],
        "inbound_goods_lot_receive_item_details": [
            _received(item, load, *goods[load.goods], complete=item.is_complete(now)) for load in item.loads
        ],
    }


def _received(item: Delivery, load: Load, goods: FbtGoods, product: Product, *, complete: bool) -> Document:
    counted = load.counted(all_of_it=complete)
    shown: Document = {
        "goods_id": goods.id,
        "planned_count": load.planned,
        "normal_received_count": counted - load.damaged,
        "defective_received_count": load.damaged,
        "total_received_count": counted,
    }
    if goods_of(product).noun in _LIQUID:
        shown["lot_code"] = f"L{item.number + 1:05d}"
        shown["expiration_time"] = item.received + _SHELF_LIFE * DAY
    return shown


def cartons(item: Delivery, goods: Mapping[int, tuple[FbtGoods, Product]]) -> list[Document]:
    """What a delivery was packed in: a carton for each kind of goods."""
    return [
        {
            "carton_no": f"{item.id}-{place:03d}",
            "carton_type": "SINGLE_SKU",
            "box_measurements": {
                "length": "60",
                "width": "40",
                "height": "40",
                "length_unit": "CENTIMETER",
                "weight": str(goods_of(goods[load.goods][1]).grams * load.planned),
                "weight_unit": "GRAM",
            },
            "items": [{"goods_id": goods[load.goods][0].id, "quantity": load.planned}],
        }
        for place, load in enumerate(item.loads, start=1)
    ]
