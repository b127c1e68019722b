"""Coupons as their search shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.documents.promotion import local
from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.life.engine import DAY

if TYPE_CHECKING:
    from tiktokshop_sandbox.derived.coupons import Coupon
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]
_SOURCES = ((800, "SELLER_CENTER"), (150, "SELLER_APP"), (50, "TTS_CRM"))


def coupon_document(shop: Shop, coupon: Coupon, now: int) -> Document:
    """A coupon. What does not apply to it is left out: a code, a threshold, a limit of the market."""
    draws = Draws(shop.seed, shop.number, "coupon terms", coupon.number)
    shown: Document = {
        "id": coupon.id,
        "title": coupon.title,
        "display_type": coupon.display,
        "status": coupon.status_at(now),
        "create_time": coupon.created,
        "update_time": coupon.updated_at(now),
        "claim_duration": {"start_time": coupon.begin, "end_time": coupon.end},
        "redemption_duration": _redemption(coupon, draws),
        "target_buyer_segment": coupon.segment,
        "usage_limits": {"single_buyer_claim_limit": draws.between(1, 3), "total_claim_limit": coupon.claims_at(now)},
        "discount": _discount(shop, draws),
        "threshold": _threshold(shop, draws),
        "product_scope": draws.pick(("FULL_SHOP", "SPECIFIC_PRODUCTS")),
        "creation_source": draws.weighted(_SOURCES),
    }
    if shop.market.sea:
        shown["usage_limits"]["redemption_limit"] = coupon.claims // 2
    if coupon.display == "PROMO_CODE":
        shown["promo_code"] = draws.pattern("????##")
    return shown


def _redemption(coupon: Coupon, draws: Draws) -> Document:
    if draws.chance(400):
        return {"type": "RELATIVE", "relative_time": draws.between(1, 14) * DAY}
    return {"type": "ABSOLUTE", "start_time": coupon.begin, "end_time": coupon.end + draws.between(0, 7) * DAY}


def _discount(shop: Shop, draws: Draws) -> Document:
    if draws.chance(500):
        return {"type": "AMOUNT_OFF", "reduction_amount": _amount(shop, draws.between(1, 6) * 100)}
    discount: Document = {"type": "PERCENT_OFF", "percentage": str(draws.between(1, 6) * 5)}
    if draws.chance(700):
        discount["max_discount"] = _amount(shop, draws.between(5, 20) * 100)
    return discount


def _threshold(shop: Shop, draws: Draws) -> Document:
    if draws.chance(350):
        return {"type": "NONE"}
    return {"type": "MIN_SPEND", "min_spend": _amount(shop, draws.between(8, 40) * 100)}


def _amount(shop: Shop, cents: int) -> Document:
    return {"amount": local(shop, cents), "currency": shop.currency}
