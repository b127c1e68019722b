"""What the plan and the results show of a promotion: prices before and after, and what is left above the cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_tiktokshop.promotions.item import part_of

if TYPE_CHECKING:
    from decimal import Decimal

    from target_tiktokshop.promotions.wanted import WantedOffer
    from target_tiktokshop.settings import WritingSettings
    from target_tiktokshop.writing.rows import Row


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _old(offer: WantedOffer) -> dict[str, Any]:
    """What a buyer pays now: in the activity, or without it."""
    return {"price": _text(offer.was if offer.was is not None else offer.normal[0])}


def _new(offer: WantedOffer, settings: WritingSettings) -> dict[str, Any]:
    """What a buyer would pay, what is off, and what is left above the cost."""
    if offer.removed:
        return {"price": _text(offer.normal[0]), "removed": True}
    shown: dict[str, Any] = {"price": _text(offer.after)}
    cut, margin = offer.cut, offer.margin
    shown["discount_percent"] = None if cut is None else f"{cut:.1f}"
    if margin is not None:
        shown |= {
            "margin_percent": f"{margin:.1f}",
            "min_margin_percent": _text(settings.percent["min_margin_percent"]),
        }
    named = {"quantity_limit": offer.limit, "quantity_per_user": offer.per_user}
    return shown | {name: value for name, value in named.items() if value is not None}


def _named(offer: WantedOffer) -> dict[str, Any]:
    return {"product_id": offer.product_id, **({"sku_id": offer.sku_id} if offer.sku_id else {})}


def before_of(row: Row) -> dict[str, Any]:
    """The live values that a row would change."""
    part = part_of(row)
    live, difference = part.campaign.live, part.difference
    shown: dict[str, Any] = {"status": live.get("status"), **difference.before}
    if part.nested:
        shown["products"] = [{**_named(offer), **_old(offer)} for offer in (*difference.puts, *difference.removes)]
    elif part.wanted.offers:
        shown |= _old(part.wanted.offers[0])
    return shown


def after_of(row: Row, settings: WritingSettings) -> dict[str, Any]:
    """The values that a row asks for."""
    part = part_of(row)
    campaign, difference = part.campaign, part.difference
    shown: dict[str, Any] = dict(difference.fields)
    if not campaign.live:
        shown = {**campaign.fields, "product_level": campaign.level}
    elif difference.ends:
        shown["status"] = "DEACTIVATED"
    shown["activity_id"] = campaign.id or None
    if part.nested:
        offers = (*difference.puts, *difference.removes)
        shown["products"] = [{**_named(offer), **_new(offer, settings)} for offer in offers]
    elif part.wanted.offers:
        shown |= {**_named(part.wanted.offers[0]), **_new(part.wanted.offers[0], settings)}
    return shown
