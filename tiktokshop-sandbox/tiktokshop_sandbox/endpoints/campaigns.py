"""Promotion activities as sellers write them: made, changed, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tiktokshop_sandbox.activities import WHOLE_SHOP, KeptActivity
from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.derived.campaigns import copy_of, keep, next_number
from tiktokshop_sandbox.derived.promotion import activities
from tiktokshop_sandbox.documents.campaigns import TERMS, kept_of
from tiktokshop_sandbox.documents.promotion import immutable
from tiktokshop_sandbox.endpoints import _bodies
from tiktokshop_sandbox.endpoints._listing import TEXT, TIME
from tiktokshop_sandbox.endpoints.promotion import shown_in_full
from tiktokshop_sandbox.life.engine import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall

SCOPE = "seller.promotion.write"
LONGEST_TITLE = 50
SHORTEST = 600
INVALID = (17029001, "Invalid parameters")
TITLE_LONG = (17029002, "Title Length Too Long")
TITLE_EMPTY = (17029003, "The activity title is empty.")
TITLE_USED = (17029004, "Duplicate activity title.")
PAST = (17029005, "Begin Time Earlier Than Now")
SHORT = (17029006, "The activity period is too short.")
LONG = (17029007, "The activity period is too long.")
FLASH_LONG = (17029008, "FlashSale Period Too Long")
UNKNOWN = (17029009, "Activity does not exist")
DEACTIVATED = (17029010, "Activity is deactivated")
BEGUN = (17029011, "Not allowed to update the beginning time of activity")
EXPIRED = (17029012, "Not allowed to update expired activities")
OTHER_TYPE = (17029036, "ActivityType is not supported.")
NOT_OWN = (17029069, "Access denied. This activity does not belong to this shop and therefore cannot be modified.")
OTHER_LEVEL = (17029102, "Product level and shop level are not interchangeable")
FIXED_TERMS = (17029105, "The threshold type and discount type can not be modified.")
FIXED_LIMIT = (17029106, "Participation Limit info cannot change or modify.")
BAD_VALUE = (17029112, "The discount value is invalid.")
FREE_ALREADY = (17003203, "A storewide free shipping promotion activity is already active.")


class CampaignKind(NamedTuple):
    """What a kind of activity may be: its levels, how long (seconds), the part of `discount` that it needs."""

    levels: tuple[str, ...]
    longest: int
    terms: str = ""


_GOODS = ("PRODUCT", "VARIATION")
_ANY = ("PRODUCT", WHOLE_SHOP)
CAMPAIGN_KINDS: Mapping[str, CampaignKind] = {
    "FIXED_PRICE": CampaignKind(_GOODS, 30 * DAY),
    "DIRECT_DISCOUNT": CampaignKind(_GOODS, 30 * DAY),
    "FLASHSALE": CampaignKind(_GOODS, 3 * DAY),
    "SHIPPING_DISCOUNT": CampaignKind((WHOLE_SHOP, "PRODUCT"), 180 * DAY, "shipping_discount"),
    "BUY_MORE_SAVE_MORE": CampaignKind(_ANY, 180 * DAY, "bmsm_discount"),
    "GIFT_WITH_PURCHASE": CampaignKind(_ANY, 180 * DAY, "gift_discount"),
    "BUY_X_GET_Y": CampaignKind(_ANY, 180 * DAY, "bxgy_discount"),
}


def refuse(refusal: tuple[int, str]) -> ApiError:
    """The refusal as an answer."""
    return ApiError(*refusal, 400)


def found(call: ApiCall) -> KeptActivity:
    """The activity that the path names, to be changed.

    Raises:
        ApiError: The shop has none of that id, or it may not be changed (any more).
    """
    wanted = call.path["activity_id"]
    activity = copy_of(call.world, call.the_shop, wanted)
    if activity is None:
        planned = next((item for item in activities(call.world, call.the_shop, call.now) if item.id == wanted), None)
        if planned is None or isinstance(planned, KeptActivity):
            raise refuse(UNKNOWN)
        if immutable(planned):
            raise refuse(NOT_OWN)
        activity = kept_of(call.the_shop, planned.number, shown_in_full(call, planned))
    over = {"DEACTIVATED": DEACTIVATED, "EXPIRED": EXPIRED}.get(activity.status_at(call.now))
    if over:
        raise refuse(over)
    return activity


def create(call: ApiCall) -> Mapping[str, Any]:
    """Makes an activity; one for products is a draft until it has some."""
    body, shop = call.body, call.the_shop
    kind = CAMPAIGN_KINDS.get(body.get("activity_type", ""))
    if kind is None:
        raise refuse(OTHER_TYPE)
    if body.get("product_level") not in kind.levels:
        raise refuse(INVALID)
    _check_title(call, body.get("title", ""), "")
    begin, end = _period(call, body)
    if body["duration_type"] == "NORMAL" and begin < call.now:
        raise refuse(PAST)
    terms = {name: body[name] for name in TERMS if body.get(name)}
    if kind.terms:
        _check_terms(call, kind.terms, terms.get("discount"))
    with call.world.writing(call.now):
        number = next_number(call.world, shop)
        activity = KeptActivity(
            number=number,
            id=shop.identify("promotion", number),
            kind=body["activity_type"],
            title=body["title"],
            level=body["product_level"],
            created=call.now,
            begin=begin,
            end=end,
            terms=terms,
        )
        keep(call.world, shop, activity)
    status = activity.status_at(call.now)
    return {"activity_id": activity.id, "create_time": call.now, "update_time": call.now, "status": status}


def _check_title(call: ApiCall, title: str, own: str) -> None:
    if not title.strip():
        raise refuse(TITLE_EMPTY)
    if len(title) > LONGEST_TITLE:
        raise refuse(TITLE_LONG)
    listed = activities(call.world, call.the_shop, call.now)
    if any(item.title_at(call.now) == title and item.id != own for item in listed):
        raise refuse(TITLE_USED)


def _period(call: ApiCall, body: Mapping[str, Any]) -> tuple[int, int]:
    """From when until when, 0 for never."""
    if body["duration_type"] == "INDEFINITE":
        if body["activity_type"] != "SHIPPING_DISCOUNT" or body.get("begin_time") or body.get("end_time"):
            raise refuse(INVALID)
        return call.now, 0
    if not body.get("begin_time") or not body.get("end_time"):
        raise refuse(INVALID)
    _check_period(body["activity_type"], body["begin_time"], body["end_time"])
    return body["begin_time"], body["end_time"]


def _check_period(kind: str, begin: int, end: int) -> None:
    if end - begin < SHORTEST:
        raise refuse(SHORT)
    if end - begin > CAMPAIGN_KINDS[kind].longest:
        raise refuse(FLASH_LONG if kind == "FLASHSALE" else LONG)


def _check_terms(call: ApiCall, part: str, discount: Mapping[str, Any] | None) -> None:
    terms = (discount or {}).get(part)
    if not terms:
        raise refuse(INVALID)
    tiers = terms.get("details", ())
    if part == "bmsm_discount" and not 1 <= len(tiers) <= 2:
        raise refuse(INVALID)
    if any(
        tier.get("type") == "PERCENTAGE_OFF" and not (tier.get("value", "").isdigit() and 1 <= int(tier["value"]) <= 90)
        for tier in tiers
    ):
        raise refuse(BAD_VALUE)
    if part == "shipping_discount" and _free_for_all(terms):
        others = [item for item in activities(call.world, call.the_shop, call.now) if isinstance(item, KeptActivity)]
        active = [item for item in others if item.status_at(call.now) in {"NOT_START", "ONGOING"}]
        if any(_free_for_all(item.terms.get("discount", {}).get(part, {})) for item in active):
            raise refuse(FREE_ALREADY)


def _free_for_all(terms: Mapping[str, Any]) -> bool:
    everywhere = terms.get("area_scope", {}).get("type", "WHOLE") == "WHOLE"
    return terms.get("type") == "FREE_SHIPPING" and terms.get("threshold_type") == "NO_THRESHOLD" and everywhere


def update(call: ApiCall) -> Mapping[str, Any]:
    """Changes an activity: its title and times must be sent whole, of the rest what is not sent stays."""
    activity, body = found(call), call.body
    _check_title(call, body.get("title", ""), activity.id)
    activity.title = body["title"]
    terms = CAMPAIGN_KINDS[activity.kind].terms
    if not {"begin_time", "end_time"} <= body.keys() or (terms and "product_level" not in body):
        raise refuse(INVALID)
    begin, end = (body["begin_time"], body["end_time"]) if activity.end else (activity.begin, 0)
    if begin != activity.begin:
        if activity.begin <= call.now:
            raise refuse(BEGUN)
        if begin < call.now:
            raise refuse(PAST)
    if (begin, end) != (activity.begin, activity.end):
        _check_period(activity.kind, begin, end)
        if end <= call.now:
            raise refuse(SHORT)
        activity.begin, activity.end = begin, end
    if body.get("product_level", activity.level) != activity.level:
        raise refuse(OTHER_LEVEL if WHOLE_SHOP in {body["product_level"], activity.level} else INVALID)
    limits = activity.terms.get("participation_limit", body.get("participation_limit"))
    if body.get("participation_limit", limits) != limits:
        raise refuse(FIXED_LIMIT)
    if body.get("discount") and body["discount"] != activity.terms.get("discount"):
        _check_terms_change(call, activity, body["discount"])
    activity.terms |= {name: body[name] for name in TERMS if body.get(name)}
    return saved(call, activity)


def _check_terms_change(call: ApiCall, activity: KeptActivity, discount: Mapping[str, Any]) -> None:
    part = CAMPAIGN_KINDS[activity.kind].terms
    if not part:
        raise refuse(INVALID)
    before = activity.terms.get("discount", {}).get(part, {})
    _check_terms(
        call, part, discount if not _free_for_all(before) else {**discount, part: {**discount[part], "type": ""}}
    )
    types = [
        [(tier.get("threshold_type"), tier.get("type")) for tier in terms.get("details", ())]
        for terms in (before, discount[part])
    ]
    if types[0] != types[1]:
        raise refuse(FIXED_TERMS)


def saved(call: ApiCall, activity: KeptActivity) -> Mapping[str, Any]:
    """Keeps a changed activity; what is answered."""
    activity.edited = max(call.now, activity.edited)
    with call.world.writing(call.now):
        keep(call.world, call.the_shop, activity)
    status = activity.status_at(call.now)
    return {"activity_id": activity.id, "title": activity.title, "status": status, "update_time": call.now}


def deactivate(call: ApiCall) -> Mapping[str, Any]:
    """Ends an activity that is to come or runs."""
    activity = found(call)
    if activity.status_at(call.now) == "DRAFT":
        raise refuse(INVALID)
    activity.stopped = call.now
    return saved(call, activity)


COMMON = {
    "title": TEXT,
    "product_level": TEXT,
    "begin_time": TIME,
    "end_time": TIME,
    "participation_limit": _bodies.LIMITS,
    "discount": _bodies.DISCOUNT,
    "target_user_info": _bodies.AUDIENCE,
    "auction_support_type": TEXT,
}
_DURATIONS = ("NORMAL", "INDEFINITE")
ROOT = "/promotion/202309/activities"

ENDPOINTS = (
    Endpoint(
        "POST",
        ROOT,
        SCOPE,
        create,
        body={
            **COMMON,
            "activity_type": TEXT,
            "duration_type": Param("string", values=_DURATIONS, default="NORMAL"),
        },
    ),
    Endpoint(
        "PUT",
        f"{ROOT}/{{activity_id}}",
        SCOPE,
        update,
        body={**COMMON, "duration_type": Param("string", values=_DURATIONS)},
    ),
    Endpoint("POST", f"{ROOT}/{{activity_id}}/deactivate", SCOPE, deactivate),
)
