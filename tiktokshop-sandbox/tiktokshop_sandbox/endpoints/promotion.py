"""Promotions: the shop's activities and coupons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.activities import KeptActivity
from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.derived import Item
from tiktokshop_sandbox.derived.coupons import coupons
from tiktokshop_sandbox.derived.promotion import activities, participants
from tiktokshop_sandbox.documents.campaigns import kept_detail, kept_row
from tiktokshop_sandbox.documents.coupons import coupon_document
from tiktokshop_sandbox.documents.promotion import activity_detail, activity_row
from tiktokshop_sandbox.endpoints._listing import PAGE_TOKEN, TEXT, page_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.derived.promotion import Activity

NO_SUCH_ACTIVITY = 16032001
STATUSES = ("NOT_START", "ONGOING", "EXPIRED", "DEACTIVATED")
TYPES = (
    "BUY_MORE_SAVE_MORE",
    "BUY_X_GET_Y",
    "DIRECT_DISCOUNT",
    "FIXED_PRICE",
    "FLASHSALE",
    "GIFT_WITH_PURCHASE",
    "SHIPPING_DISCOUNT",
)
DISPLAY_TYPES = ("REGULAR", "LIVE", "CREATOR_EXCLUSIVE", "CHAT", "PROMO_CODE")
_DEFAULT_SIZE = 50
_SCOPE = "seller.promotion.info"


def search_activities(call: ApiCall) -> Mapping[str, Any]:
    """A page of activities, the newest first. A size of 0 stands for the default."""
    shop, asked = call.the_shop, call.body
    found = {
        activity.id: activity
        for activity in activities(call.world, shop, call.now)
        if asked.get("status") in {None, activity.status_at(call.now)}
        and asked.get("activity_type") in {None, activity.kind}
        and _holds(activity.title_at(call.now), asked.get("activity_title"))
    }
    items = [Item(activity.created, activity.id, {}) for activity in found.values()]
    shown, token = page_of(call, items, size=asked["page_size"] or _DEFAULT_SIZE, descending=True)
    rows = [_row(call, found[item.id]) for item in shown]
    return {"activities": rows, "next_page_token": token, "total_count": len(items)}


def activity_by_id(call: ApiCall) -> Mapping[str, Any]:
    """An activity with its products.

    Raises:
        ApiError: 16032001, when the shop has no such activity.
    """
    shop = call.the_shop
    known = (item for item in activities(call.world, shop, call.now) if item.id == call.path["activity_id"])
    activity = next(known, None)
    if activity is None:
        raise ApiError(NO_SUCH_ACTIVITY, "The activity does not exist.", 400)
    return shown_in_full(call, activity)


def _row(call: ApiCall, activity: Activity | KeptActivity) -> Mapping[str, Any]:
    if isinstance(activity, KeptActivity):
        return kept_row(activity, call.now)
    return activity_row(call.the_shop, activity, call.now)


def shown_in_full(call: ApiCall, activity: Activity | KeptActivity) -> Mapping[str, Any]:
    """An activity as Get Activity shows it."""
    if isinstance(activity, KeptActivity):
        return kept_detail(call.the_shop, activity, call.now)
    return activity_detail(call.the_shop, activity, participants(call.world, call.the_shop, activity), call.now)


def search_coupons(call: ApiCall) -> Mapping[str, Any]:
    """A page of coupons, the newest first."""
    shop, asked = call.the_shop, call.body
    found = {
        coupon.id: coupon
        for coupon in coupons(call.world, shop, call.now)
        if coupon.status_at(call.now) in (asked.get("status") or STATUSES)
        and coupon.display in (asked.get("display_type") or DISPLAY_TYPES)
        and _holds(coupon.title, asked.get("title_keyword"))
    }
    items = [Item(coupon.created, coupon.id, {}) for coupon in found.values()]
    shown, token = page_of(call, items, size=call.query["page_size"], descending=True)
    rows = [coupon_document(shop, found[item.id], call.now) for item in shown]
    return {"coupons": rows, "next_page_token": token, "total_count": len(items)}


def _holds(title: str, words: str | None) -> bool:
    return not words or words.casefold() in title.casefold()


ENDPOINTS = (
    Endpoint(
        "POST",
        "/promotion/202309/activities/search",
        _SCOPE,
        search_activities,
        body={
            "page_size": Param("integer", low=0, high=100, default=_DEFAULT_SIZE),
            "page_token": PAGE_TOKEN,
            "status": Param("string", values=STATUSES),
            "activity_title": TEXT,
            "activity_type": Param("string", values=TYPES),
        },
    ),
    Endpoint("GET", "/promotion/202309/activities/{activity_id}", _SCOPE, activity_by_id),
    Endpoint(
        "POST",
        "/promotion/202406/coupons/search",
        _SCOPE,
        search_coupons,
        query={"page_size": Param("integer", low=1, high=100, default=_DEFAULT_SIZE), "page_token": PAGE_TOKEN},
        body={
            "status": Param("array", items=Param("string", values=STATUSES)),
            "title_keyword": TEXT,
            "display_type": Param("array", items=Param("string", values=DISPLAY_TYPES)),
        },
    ),
)
