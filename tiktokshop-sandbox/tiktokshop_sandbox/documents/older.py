"""The answers of newer versions in the form of older ones; what only the older ones break down is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Document = dict[str, Any]
# Part of a shop's sales -> the field of the newer report that has its value.
_PARTS: Final = {
    "LIVE": "live_attributed_gmv",
    "VIDEO": "video_attributed_gmv",
    "PRODUCT_CARD": "product_card_attributed_gmv",
}
_GOODS: Final = (
    "id",
    "reference_code",
    "name",
    "image_url",
    "barcodes",
    "merchant_declaration_info",
    "warehouse_confirmation_info",
    "skus",
    "lot_expiration_info",
)
_VIDEO: Final = (
    "id",
    "title",
    "username",
    "video_post_time",
    "products",
    "gmv",
    "sku_orders",
    "views",
    "click_through_rate",
)
_VIDEO_202509: Final = (*_VIDEO, "items_sold", "avg_customers", "duration", "gpm", "hash_tags")
_NAMES_OF_DELIVERIES: Final = {
    "order_id": "id",
    "merchant": "merchant",
    "create_time": "create_time",
    "ship_time": "ship_time",
    "expected_arrival_time": "expect_arrive_time",
    "actual_arrival_time": "actual_arrive_time",
}


def _only(shown: Mapping[str, Any], names: tuple[str, ...]) -> Document:
    return {name: shown[name] for name in names if name in shown}


def interval_202405(shown: Document) -> Document:
    """A shop's days before there were sales and traffic apart."""
    sales, traffic = shown["sales"], shown["traffic"]
    older = {
        "start_date": shown["start_date"],
        "end_date": shown["end_date"],
        "gmv": sales["gmv"],
        "gmv_breakdowns": [{"type": kind, **sales[name]} for kind, name in _PARTS.items()],
        "orders": sales["orders_count"],
        "sku_orders": sales["sku_orders_count"],
        "units_sold": sales["items_sold"],
        "buyers": sales["customers_count"],
        "refunds": sales["refunds"],
        "cancellations_and_returns": sales["cancellations_and_returns"],
        "product_impressions": traffic["product_impressions"],
        "product_page_views": traffic["product_clicks"],
        "avg_product_page_visitors": traffic["avg_visitors"],
    }
    return older | _only(sales, ("avg_order_value",))


def interval_202509(shown: Document) -> Document:
    """A shop's days with the value of sales as a whole and in parts."""
    sales, traffic = shown["sales"], shown["traffic"]
    parts = [{"type": kind, "gmv": sales[name]} for kind, name in _PARTS.items()]
    return {
        "start_date": shown["start_date"],
        "end_date": shown["end_date"],
        "sales": {
            "gmv": {"overall": sales["gmv"], "breakdowns": parts},
            "gross_revenue": {"overall": sales["gmv_with_tax"]},
            "avg_customers_count": sales["customers_count"],
            **_only(sales, ("items_sold", "orders_count", "sku_orders_count", "refunds")),
        },
        "traffic": _only(traffic, ("avg_visitors", "avg_page_views", "avg_conversation_rate")),
    }


def product_202405(shown: Document) -> Document:
    """A product's report; its id was a number then."""
    total = shown["total_performance"]
    return {
        "id": int(shown["id"]),
        "gmv": total["gmv"],
        "orders": total["orders"],
        "units_sold": total["items_sold"],
        "click_through_rate": total["ctr"],
    }


def product_202509(shown: Document) -> Document:
    """A product's report."""
    return {
        "id": shown["id"],
        "overall_performance": _only(shown["total_performance"], ("gmv", "orders", "items_sold")),
    }


def video_202409(shown: Document) -> Document:
    """A video's report."""
    return {**_only(shown, _VIDEO), "units_sold": shown["items_sold"]}


def video_202509(shown: Document) -> Document:
    """A video's report."""
    return _only(shown, _VIDEO_202509)


def contact_202409(shown: Document) -> Document:
    """A manufacturer or a responsible person before there were locales: a text that is not there was empty."""
    profile = {name: value for name, value in shown["regional_profiles"][0].items() if name != "locale"}
    phone = {name: profile["phone_number"].get(name, "") for name in ("country_code", "local_number")}
    return {"id": shown["id"], **profile, "phone_number": phone}


def offer_202409(shown: Document) -> Document:
    """An open collaboration; every creator may take part in the sandbox's."""
    return {**shown, "require_seller_approve_creator": False}


def invitation_202409(shown: Document) -> Document:
    """A target collaboration in the search."""
    return {name: value for name, value in shown.items() if name != "create_time"}


def invitation_detail_202409(shown: Document) -> Document:
    """A target collaboration by itself."""
    return {**shown, "creators": [_with_user_id(creator) for creator in shown["creators"]]}


def application_202409(shown: Document) -> Document:
    """A sample application."""
    return {**shown, "creator": _with_user_id(shown["creator"])}


def _with_user_id(creator: Document) -> Document:
    rest = {name: value for name, value in creator.items() if name != "creator_open_id"}
    return {**rest, "user_id": creator["creator_open_id"]}


def goods_202409(shown: Document) -> Document:
    """A kind of goods before the platform asked for dangers and safety."""
    return _only(shown, _GOODS)


def delivery_202409(shown: Document, goods: Mapping[str, Document]) -> Document:
    """A delivery; `goods` are its kinds as the search shows them, by id."""
    older: Document = {new: shown[name] for name, new in _NAMES_OF_DELIVERIES.items()}
    place = {**shown["warehouse"], "warehouse_ids": shown["warehouse"]["business_warehouse_ids"]}
    del place["business_warehouse_ids"]
    lots = shown["inbound_goods_lot_receive_item_details"]
    return older | {
        "warehouse": place,
        "order_operation_logs": [
            {"operate_time": log["operate_time"], "order_status": log["new_status"]} for log in shown["status_logs"]
        ],
        "carriers": [
            {"carrier_name": one["provider_name"], "tracking_number": one["waybill_number"]}
            for one in shown["logistic_info_list"]
        ],
        "planned_goods": [
            {
                **_only(goods[lot["goods_id"]], ("id", "name", "reference_code")),
                "quantity": lot["planned_count"],
                "sku_ids": [sku["id"] for sku in goods[lot["goods_id"]]["skus"]],
            }
            for lot in lots
        ],
        "received_batches": [_batch(shown["order_id"], lot, goods[lot["goods_id"]]) for lot in lots],
    }


def _batch(delivery: str, lot: Document, goods: Document) -> Document:
    return {
        "id": lot.get("lot_code") or f"{delivery}-{lot['goods_id'][-6:]}",
        "goods_id": lot["goods_id"],
        "sku_ids": [sku["id"] for sku in goods["skus"]],
        "product_ids": sorted({sku["product"]["id"] for sku in goods["skus"]}),
        "normal_quantity": lot["normal_received_count"],
        "defective_quantity": lot["defective_received_count"],
        "total_quantity": lot["total_received_count"],
    }
