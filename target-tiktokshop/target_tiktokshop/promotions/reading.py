"""From the values of a record to what it asks for: nested or flat, our words or those of the tap."""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tiktokshop_client.configuration import PLAIN_NUMBER

from target_tiktokshop.promotions.shapes import (
    AUCTIONS,
    AUDIENCE,
    BUYERS,
    DISCOUNT,
    DURATIONS,
    LEVELS,
    PARTICIPATIONS,
)
from target_tiktokshop.promotions.wanted import WantedActivity, WantedOffer
from target_tiktokshop.writing.fields import CURRENCIES, MOST_DIGITS, FieldError, identifier, text
from target_tiktokshop.writing.shaped import ShapeError, shaped, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from target_tiktokshop.writing.shaped import Shape

LONGEST_TITLE = 50
HIGHEST_LIMIT = 99
NO_LIMIT = -1
KINDS: Mapping[str, str] = {
    "FIXED_PRICE": "price",
    "FLASHSALE": "price",
    "DIRECT_DISCOUNT": "percent",
    "SHIPPING_DISCOUNT": "",
    "BUY_MORE_SAVE_MORE": "",
    "GIFT_WITH_PURCHASE": "",
    "BUY_X_GET_Y": "",
}
"""Kind of activity -> what each of its products has in it."""
ACTIVE, ENDED = "active", "ended"
STATES = {
    **dict.fromkeys(("active", "draft", "not_start", "ongoing"), ACTIVE),
    **dict.fromkeys(("ended", "deactivated"), ENDED),
}
COUPON = (
    "coupons can only be read (stream coupons of the tap): the platform lets them be made and changed in Seller Center "
    "and its app alone"
)
YES, NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
_COUPON_WORDS = ("COUPON", "VOUCHER", "PROMO_CODE")


class PromotionReadError(ValueError):
    """A value that cannot be used; the text completes "<field> "."""


def is_nested(values: Mapping[str, Any]) -> bool:
    """Whether a record has its products in a list."""
    return values.get("products") is not None


def read(values: Mapping[str, Any]) -> WantedActivity:
    """What a record asks for."""
    wanted = WantedActivity()
    for name, reader in _ACTIVITY.items():
        value = values.get(name)
        if value is None or value == "" or (name == "discount" and not _is_terms(value)):
            continue
        found = _attempt(wanted.faults, name, reader, value)
        if found is not None:
            wanted.fields[name] = found
    if is_nested(values):
        for item in _attempt(wanted.faults, "products", _objects, values["products"]) or ():
            wanted.offers += _offers_of(item, wanted.faults)
    elif any(values.get(name) not in (None, "") for name in ("product_id", "sku_id", "seller_sku")):
        wanted.offers.append(_offer(values, {}))
    return wanted


def _offers_of(item: Mapping[str, Any], faults: list[str]) -> list[WantedOffer]:
    """The offers of a product: its own, or those of its SKUs."""
    own = {**item, "product_id": item.get("product_id") or item.get("id"), "sku_id": item.get("sku_id")}
    skus = item.get("skus")
    if skus and not any(item.get(name) for name in PRICED):
        found = _attempt(faults, "skus", _objects, skus) or ()
        return [_offer({**sku, "sku_id": sku.get("sku_id") or sku.get("id")}, own) for sku in found]
    return [_offer(own, {})]


PRICED = ("activity_price", "activity_price_amount", "discount_percent", "discount")


def _offer(item: Mapping[str, Any], product: Mapping[str, Any]) -> WantedOffer:
    offer = WantedOffer()
    given = {"product_id": item.get("product_id") or product.get("product_id")}
    given |= {name: item.get(name) for name in ("sku_id", "seller_sku")}
    for name, value in given.items():
        if value not in (None, ""):
            setattr(offer, name, _attempt(offer.faults, name, _name if name == "seller_sku" else _id, value) or "")
    if not (offer.product_id or offer.sku_id or offer.seller_sku or offer.faults):
        offer.fault("name product_id, sku_id or seller_sku")

    def attempt(name: str, reader: Callable[[Any], Any], *given: Any) -> Any:
        value = next((one for one in given if one not in (None, "")), None)
        return None if value is None else _attempt(offer.faults, f"{offer.label}: {name}", reader, value)

    price = item.get("activity_price")
    if isinstance(price, dict):
        offer.currency = _plain(price.get("currency")).upper()
        price = price.get("amount")
    offer.currency = offer.currency or _plain(item.get("currency") or product.get("currency")).upper()
    percent = item.get("discount") if not _is_terms(item.get("discount")) else None
    offer.price = attempt("activity_price", _amount, price, item.get("activity_price_amount"))
    offer.percent = attempt("discount_percent", _percent, item.get("discount_percent"), percent)
    offer.limit = attempt("quantity_limit", _limit, item.get("quantity_limit"))
    offer.per_user = attempt("quantity_per_user", _limit, item.get("quantity_per_user"))
    offer.cost = attempt("cost", _cost, item.get("cost"), product.get("cost"))
    offer.removed = bool(attempt("removed", _boolean, item.get("removed"), product.get("removed")))
    if offer.currency and offer.currency not in CURRENCIES:
        offer.fault(f"currency must be one of {', '.join(CURRENCIES)}")
    return offer


def _attempt(faults: list[str], name: str, reader: Callable[[Any], Any], value: Any) -> Any:
    """What a reader makes of a value; if it cannot, the fault is noted."""
    try:
        return reader(value)
    except PromotionReadError as error:
        faults.append(f"{name} {error}")
        return None


def _plain(value: Any) -> str:
    return str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _id(value: Any) -> str:
    try:
        return identifier(value)
    except FieldError as error:
        raise PromotionReadError(str(error)) from None


def _name(value: Any) -> str:
    try:
        return text(value).strip()
    except FieldError as error:
        raise PromotionReadError(str(error)) from None


def _is_terms(value: Any) -> bool:
    """Whether a `discount` is the terms of an activity; otherwise it is the percentage of a product."""
    return isinstance(value, dict) or (isinstance(value, str) and value.lstrip().startswith("{"))


def _json(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise PromotionReadError("is not JSON that can be read") from None


def _objects(value: Any) -> list[dict[str, Any]]:
    found = _json(value) if isinstance(value, str) else value
    if not isinstance(found, (list, tuple)) or not all(isinstance(one, dict) for one in found):
        raise PromotionReadError("must be a list of objects")
    return list(found)


def _object(value: Any) -> dict[str, Any]:
    found = _json(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise PromotionReadError("must be an object")
    return found


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise PromotionReadError("must be a decimal number")
    if isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value):
        raise PromotionReadError("must be a decimal number")
    found = Decimal(str(value))
    if not found.is_finite() or abs(found.adjusted()) > MOST_DIGITS:
        raise PromotionReadError("must be a decimal number")
    return found


def _amount(value: Any) -> Decimal:
    found = _decimal(value)
    if found <= 0:
        raise PromotionReadError("must be above 0")
    return found


def _cost(value: Any) -> Decimal:
    found = _decimal(value)
    if found < 0:
        raise PromotionReadError("must not be negative")
    return found


def _percent(value: Any) -> int:
    found = _decimal(value)
    if found != found.to_integral_value() or not 1 <= found <= HIGHEST_LIMIT:
        raise PromotionReadError("must be whole percent off, from 1 to 99 (20 makes 100 cost 80)")
    return int(found)


def _limit(value: Any) -> int:
    found = _decimal(value)
    if found != NO_LIMIT and (found != found.to_integral_value() or not 1 <= found <= HIGHEST_LIMIT):
        raise PromotionReadError("must be 1 to 99, or -1 for no limit")
    return int(found)


def _boolean(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in YES | NO:
        raise PromotionReadError("must be true or false")
    return word in YES


def _title(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PromotionReadError("must be text")
    if len(value.strip()) > LONGEST_TITLE:
        raise PromotionReadError(f"may have {LONGEST_TITLE} characters, and has {len(value.strip())}")
    if any(unicodedata.category(sign) == "Cc" for sign in value.strip()):
        raise PromotionReadError("has a line break, or another sign that cannot be seen")
    return value.strip()


def _word(words: Collection[str]) -> Callable[[Any], str]:
    def reader(value: Any) -> str:
        word = value.strip().upper() if isinstance(value, str) else ""
        if word not in words:
            raise PromotionReadError(f"must be one of {', '.join(sorted(words))}")
        return word

    return reader


def _kind(value: Any) -> str:
    word = value.strip().upper() if isinstance(value, str) else ""
    if any(part in word for part in _COUPON_WORDS):
        raise PromotionReadError(f"is {word}: {COUPON}")
    return _word(KINDS)(value)


def _state(value: Any) -> str:
    word = STATES.get(value.strip().lower() if isinstance(value, str) else "")
    if word is None:
        raise PromotionReadError("must be active or ended")
    return word


def _moment(value: Any) -> int:
    """Unix seconds, also from a time with its offset."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) <= MOST_DIGITS:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**11:
        return value
    try:
        when = dt.datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise PromotionReadError("must be a time with its offset, like 2026-12-01T09:00:00+01:00, or unix seconds")
    return int(when.timestamp())


def _participation(value: Any) -> list[dict[str, str]]:
    word = _word(PARTICIPATIONS)
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return [{"type": word(value)}]
    return [{"type": word(one.get("type"))} for one in _objects(value)]


def _audience(value: Any) -> Any:
    if isinstance(value, str) and not value.lstrip().startswith("{"):
        return {"user_type": _word(BUYERS)(value)}
    return _shaped(AUDIENCE)(value)


def _shaped(shape: Shape) -> Callable[[Any], Any]:
    """An object as the platform takes it; a field that it does not know would be lost, and with it what was meant."""

    def reader(value: Any) -> Any:
        found = _object(value)
        strange = unknown(shape, found)
        if strange:
            raise PromotionReadError(f"has fields that the platform does not know: {', '.join(strange)}")
        try:
            return shaped(shape, found) or {}
        except ShapeError as error:
            raise PromotionReadError(f"is not as the platform takes it: {error}") from None

    return reader


_ACTIVITY: Mapping[str, Callable[[Any], Any]] = {
    "title": _title,
    "activity_type": _kind,
    "product_level": _word(LEVELS),
    "begin_time": _moment,
    "end_time": _moment,
    "duration_type": _word(DURATIONS),
    "participation_limit": _participation,
    "target_user_info": _audience,
    "auction_support_type": _word(AUCTIONS),
    "discount": _shaped(DISCOUNT),
    "status": _state,
}
