"""What makes a promotion one that cannot be sent: everything is looked at, so that one outcome names every fault."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_tiktokshop.promotions.difference import OVER, live_offers
from target_tiktokshop.promotions.item import part_of
from target_tiktokshop.promotions.reading import ENDED, KINDS, NO_LIMIT
from target_tiktokshop.writing.fields import FieldError, money

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_tiktokshop.promotions.item import Campaign
    from target_tiktokshop.promotions.wanted import WantedOffer

NEEDED = ("title", "activity_type")
WHOLE_SHOP = "SHOP"
TERMS = {
    "SHIPPING_DISCOUNT": "shipping_discount",
    "BUY_MORE_SAVE_MORE": "bmsm_discount",
    "GIFT_WITH_PURCHASE": "gift_discount",
    "BUY_X_GET_Y": "bxgy_discount",
}
"""Kind of activity -> the part of its `discount` that it cannot do without."""
MOST_TIERS = 2


def check_activity(campaign: Campaign, now: int) -> None:
    """Notes what is wrong with the fields of an activity."""
    fields, faults = campaign.fields, campaign.faults
    if not campaign.live:
        faults += _new(fields, now)
    else:
        faults += _changed(campaign)
    begin, end = (fields.get(name, campaign.live.get(name)) for name in ("begin_time", "end_time"))
    if begin and end and end <= begin:
        faults.append("end_time must be after begin_time")
    faults += [*_level(campaign), *_meant(campaign)]
    if "discount" in fields:
        faults += _terms(campaign.kind, fields["discount"])


def _new(fields: Mapping[str, Any], now: int) -> Iterable[str]:
    for name in NEEDED:
        if name not in fields:
            yield f"{name} is missing, which a new activity needs"
    indefinite = fields.get("duration_type") == "INDEFINITE"
    if indefinite and fields.get("activity_type") != "SHIPPING_DISCOUNT":
        yield "duration_type INDEFINITE is for SHIPPING_DISCOUNT only: give begin_time and end_time"
    elif indefinite and {"begin_time", "end_time"} & fields.keys():
        yield "an activity with duration_type INDEFINITE has no begin_time and no end_time"
    elif not indefinite:
        for name in ("begin_time", "end_time"):
            if name not in fields:
                yield f"{name} is missing, which a new activity needs"
    if fields.get("begin_time", now + 1) <= now:
        yield "begin_time is in the past: an activity begins later than it is made"
    part = TERMS.get(fields.get("activity_type", ""))
    if part and "discount" not in fields:
        yield f'discount is missing, which says the terms: an object with "{part}"'


def _changed(campaign: Campaign) -> Iterable[str]:
    fields, live = campaign.fields, campaign.live
    for name in ("activity_type", "product_level", "duration_type"):
        if name in fields and live.get(name) and fields[name] != live[name]:
            yield (
                f"{name} is {live[name]} in activity {campaign.id} and cannot become {fields[name]}: make a new one, "
                "with an activity_key and a title of its own"
            )
    if live.get("status") == "ONGOING" and fields.get("begin_time", live.get("begin_time")) != live.get("begin_time"):
        yield "begin_time cannot change any more, because the activity has begun: leave it as it is, or out"


def _level(campaign: Campaign) -> Iterable[str]:
    goods, level = bool(KINDS.get(campaign.kind)), campaign.level
    if goods and level == WHOLE_SHOP:
        yield f"product_level SHOP is not for {campaign.kind}: use PRODUCT or VARIATION"
    if campaign.kind in KINDS and not goods and level == "VARIATION":
        yield f"product_level VARIATION is not for {campaign.kind}: use PRODUCT or SHOP, and name products"
    if goods and "discount" in campaign.fields:
        yield f"a discount with terms is not for {campaign.kind}: give each product a price or discount_percent"


def _meant(campaign: Campaign) -> Iterable[str]:
    """An empty list of products is not the whole shop."""
    said = any(part_of(row).wanted.fields.get("product_level") for row in campaign.rows)
    names = ("products", "product_id", "sku_id", "seller_sku")
    blank = any(row.record.get(name) is not None for row in campaign.rows for name in names)
    if not campaign.live and campaign.level == WHOLE_SHOP and blank and not said:
        yield "no product is named: name some, or give product_level SHOP, which means the whole shop"


def _terms(kind: str, discount: Mapping[str, Any]) -> Iterable[str]:
    part = TERMS.get(kind)
    if part is None:
        return
    terms = discount.get(part)
    if not isinstance(terms, dict) or not terms:
        yield f'discount must have "{part}" for {kind}'
        return
    tiers = terms.get("details")
    if kind == "BUY_MORE_SAVE_MORE" and (not isinstance(tiers, list) or not 1 <= len(tiers) <= MOST_TIERS):
        yield f"discount must have one or {MOST_TIERS} tiers in bmsm_discount.details"


def check_offer(campaign: Campaign, offer: WantedOffer) -> None:
    """Notes what is wrong with an offer, beside what was found when it was read."""
    if campaign.level == WHOLE_SHOP:
        offer.fault("an activity for the whole shop (product_level SHOP) names no products")
        return
    by_sku = campaign.level == "VARIATION"
    if by_sku and not (offer.sku_id or offer.seller_sku):
        offer.fault("with product_level VARIATION, name sku_id or seller_sku")
    if not by_sku and (offer.sku_id or offer.seller_sku):
        offer.fault("with product_level PRODUCT, the whole product has one price: name product_id, and no SKU")
    if offer.removed:
        return
    _check_price(campaign, offer)
    _check_limits(campaign, offer)


def _check_price(campaign: Campaign, offer: WantedOffer) -> None:
    wants, kind = KINDS.get(campaign.kind, ""), campaign.kind
    named = offer.key in live_offers(campaign.live)
    if wants == "price" and offer.percent is not None:
        offer.fault(f"discount_percent is not for {kind}: give activity_price")
    elif wants == "price" and offer.price is None and not named and not _bad(offer, "activity_price"):
        offer.fault("activity_price is missing")
    if wants == "percent" and offer.price is not None:
        offer.fault(f"activity_price is not for {kind}: give discount_percent")
    elif wants == "percent" and offer.percent is None and not named and not _bad(offer, "discount_percent"):
        offer.fault("discount_percent is missing")
    if not wants and kind in KINDS and (offer.price is not None or offer.percent is not None):
        offer.fault(f"{kind} has its terms in discount: name the product without a price")
    code = next((sku.currency for sku in offer.skus if sku.currency), "")
    if offer.currency and code and offer.currency != code:
        offer.fault(f"it is sold in {code}, not in {offer.currency}")
    if offer.price is None or wants != "price":
        return
    try:
        offer.price = Decimal(money(offer.price, code or offer.currency)) if code or offer.currency else offer.price
    except (FieldError, KeyError) as error:
        offer.fault(f"activity_price {error}")
    lowest = offer.normal[0]
    if lowest is not None and offer.price >= lowest and offer.was != offer.price:
        offer.fault(f"activity_price {offer.price} is not below the price of {lowest}: lower it")


def _bad(offer: WantedOffer, name: str) -> bool:
    """Whether a value was given and could not be used, which has been said."""
    return any(f": {name} " in words for words in offer.faults)


def _check_limits(campaign: Campaign, offer: WantedOffer) -> None:
    own = live_offers(campaign.live).get(offer.key)
    for name, before, wanted in (
        ("quantity_limit", own.limit if own else None, offer.limit),
        ("quantity_per_user", own.per_user if own else None, offer.per_user),
    ):
        if before is None or wanted is None or wanted in {NO_LIMIT, before}:
            continue
        if before == NO_LIMIT or wanted < before:
            now = "no limit" if before == NO_LIMIT else str(before)
            offer.fault(f"{name} can only be raised, and is {now} now: take the product out first, or leave it")


def barred(campaign: Campaign) -> tuple[str, str] | None:
    """Why an activity cannot be changed at all: a code and a sentence; None if it can."""
    live = campaign.live
    if live.get("status") in OVER:
        ended = "ended" if live["status"] == "DEACTIVATED" else "over"
        words = f"activity {campaign.id} is {ended}: make a new one, with an activity_key and a title of its own"
        return "activity_over", words
    if "IMMUTABLE" in (live.get("activity_commands") or []):
        return (
            "activity_frozen",
            f"the platform does not let activity {campaign.id} be changed: see it in Seller Center",
        )
    return None


def frozen(campaign: Campaign, offers: Iterable[WantedOffer]) -> str:
    """Why offers of a flash sale cannot be changed, "" if they can: what is in one that runs stays."""
    if campaign.kind != "FLASHSALE" or campaign.live.get("status") != "ONGOING":
        return ""
    has = live_offers(campaign.live)
    names = [offer.label for offer in offers if offer.key in has]
    return f"the flash sale runs, so these stay as they are until it is over: {', '.join(names)}" if names else ""


def repeated(offers: Iterable[WantedOffer]) -> list[str]:
    """Products or SKUs that a record names more than once."""
    counts = Counter(offer.key for offer in offers if offer.product_id)
    return [f"{' / '.join(filter(None, key))} is named {count} times" for key, count in counts.items() if count > 1]


def ends(campaign: Campaign) -> bool:
    """Whether the records want the activity ended."""
    return campaign.fields.get("status") == ENDED
