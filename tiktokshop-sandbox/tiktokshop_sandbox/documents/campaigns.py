"""Promotion activities that are kept, as their search and Get Activity show them; and planned ones, to be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox import money
from tiktokshop_sandbox.activities import NO_LIMIT, KeptActivity, KeptMember, KeptOffer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]
TERMS = ("participation_limit", "discount", "target_user_info", "auction_support_type")


def kept_row(activity: KeptActivity, now: int) -> Document:
    """The activity as the search shows it."""
    shown = {"id": activity.id, **_head(activity, now)}
    shown.pop("target_user_info", None)
    return shown


def kept_detail(shop: Shop, activity: KeptActivity, now: int) -> Document:
    """The activity with what is in it."""
    shown = {"activity_id": activity.id, **_head(activity, now)}
    if activity.products:
        shown["products"] = [_member(shop, key, member) for key, member in activity.products.items()]
    if activity.benefits:
        shown["benefit_products"] = [{"id": key} for key in activity.benefits]
    return shown


def _head(activity: KeptActivity, now: int) -> Document:
    return {
        "title": activity.title,
        "activity_type": activity.kind,
        "duration_type": "NORMAL" if activity.end else "INDEFINITE",
        "begin_time": activity.begin,
        "end_time": activity.end,
        "status": activity.status_at(now),
        "create_time": activity.created,
        "update_time": activity.updated_at(now),
        "product_level": activity.level,
        **activity.terms,
    }


def _member(shop: Shop, product_id: str, member: KeptMember) -> Document:
    shown: Document = {"id": product_id, **_offer(shop, member.offer)}
    if member.skus:
        shown["skus"] = [{"id": key, **_offer(shop, offer)} for key, offer in member.skus.items()]
        shown["used_quantity"] = sum(offer.used for offer in member.skus.values())
    return shown


def _offer(shop: Shop, offer: KeptOffer) -> Document:
    shown: Document = {"quantity_limit": offer.limit, "quantity_per_user": offer.per_user, "used_quantity": offer.used}
    if offer.price is not None:
        shown["activity_price"] = {"amount": shop.amount(offer.price), "currency": shop.currency}
    if offer.percent:
        shown["discount"] = offer.percent
    return shown


def kept_of(shop: Shop, number: int, detail: Mapping[str, Any]) -> KeptActivity:
    """A planned activity as it is shown now, to be kept."""
    stopped = detail["update_time"] if detail["status"] == "DEACTIVATED" else 0
    return KeptActivity(
        number=number,
        id=detail["activity_id"],
        kind=detail["activity_type"],
        title=detail["title"],
        level=detail["product_level"],
        created=detail["create_time"],
        begin=detail["begin_time"],
        end=detail.get("end_time", 0),
        edited=detail["update_time"],
        stopped=stopped,
        terms={name: detail[name] for name in TERMS if name in detail},
        products={row["id"]: _kept_member(shop, row, detail["product_level"]) for row in detail.get("products", ())},
    )


def _kept_member(shop: Shop, row: Mapping[str, Any], level: str) -> KeptMember:
    if level == "VARIATION":
        return KeptMember(KeptOffer(), {sku["id"]: _kept_offer(shop, sku) for sku in row.get("skus", ())})
    return KeptMember(_kept_offer(shop, row))


def _kept_offer(shop: Shop, row: Mapping[str, Any]) -> KeptOffer:
    price = row.get("activity_price")
    return KeptOffer(
        price=money.parse(price["amount"], shop.market.decimals) if price else None,
        percent=row.get("discount", ""),
        limit=row.get("quantity_limit", NO_LIMIT),
        per_user=row.get("quantity_per_user", NO_LIMIT),
        used=row.get("used_quantity", 0),
    )
