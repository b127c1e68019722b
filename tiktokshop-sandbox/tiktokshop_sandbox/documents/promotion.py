"""Promotion activities as their search and Get Activity show them.

Terms follow from the activity's number alone. A fixed price hangs on the price the SKU was listed at, so that it stays
what it is while the SKU's own price moves; where that has come down to it, the activity's price gives way as well.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox import money
from tiktokshop_sandbox.catalog import new_product
from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.life.engine import HOUR
from tiktokshop_sandbox.storefront import storefront

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tiktokshop_sandbox.derived.promotion import Activity
    from tiktokshop_sandbox.states import Product, Sku
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]
NO_LIMIT = -1
_LOWEST_CUT = 5  # percent that an activity's price lies below the SKU's at least
_FIXED_PRICES = frozenset({"FIXED_PRICE", "FLASHSALE"})
_AUDIENCES = (
    (820, "ALL_USER"),
    (70, "SHOP_NEW_CUSTOMER"),
    (60, "SHOP_EXISTING_CUSTOMER"),
    (50, "SHOP_REPEAT_CUSTOMER"),
)


def local(shop: Shop, cents: int) -> str:
    """A round amount of the shop's currency worth about so many US cents."""
    step = 50 if shop.market.decimals else 1_000
    return shop.amount(max(cents * shop.market.rate // 100 // step, 1) * step)


def price(shop: Shop, minor: int) -> Document:
    """An amount with its currency."""
    return {"amount": shop.amount(minor), "currency": shop.currency}


def activity_row(shop: Shop, activity: Activity, now: int) -> Document:
    """The activity as the search shows it; `duration_type` is left out of some."""
    shown = {"id": activity.id, **_head(shop, activity, now)}
    if activity.number % 6 == 5:
        del shown["duration_type"]
    return shown


def activity_detail(shop: Shop, activity: Activity, products: Sequence[Product], now: int) -> Document:
    """The activity with the products that take part in it."""
    shown = {"activity_id": activity.id, **_head(shop, activity, now)}
    shown["target_user_info"] = {"user_type": _terms(shop, activity).weighted(_AUDIENCES)}
    if products:
        shown["products"] = [_product(shop, activity, product, now) for product in products]
    return shown


def immutable(activity: Activity) -> bool:
    """Whether the seller cannot change it through the API: the standing one, and some that the platform has made."""
    return activity.number % 20 == 9 or not activity.number


def _terms(shop: Shop, activity: Activity) -> Draws:
    return Draws(shop.seed, shop.number, "activity terms", activity.number)


def _head(shop: Shop, activity: Activity, now: int) -> Document:
    shown: Document = {
        "title": activity.title_at(now),
        "activity_type": activity.kind,
        "duration_type": "NORMAL" if activity.end else "INDEFINITE",
        "begin_time": activity.begin,
        "status": activity.status_at(now),
        "create_time": activity.created,
        "update_time": activity.updated_at(now),
        "product_level": activity.level,
        "participation_limit": [{"type": "BUYER_LIMIT_ONLY_ONE" if activity.number % 7 == 3 else "BUYER_NO_LIMIT"}],
    }
    if activity.end:
        shown["end_time"] = activity.end_at(now)
    if immutable(activity):
        shown["activity_commands"] = ["IMMUTABLE"]
    if activity.kind in _DISCOUNTS:
        shown["discount"] = _DISCOUNTS[activity.kind](shop, _terms(shop, activity))
    return shown


def _shipping_discount(shop: Shop, draws: Draws) -> Document:
    threshold = draws.pick(("NO_THRESHOLD", "MINIMAL_ITEM_QUANTITY", "MINIMAL_ORDER_AMOUNT"))
    values = {"MINIMAL_ITEM_QUANTITY": str(draws.between(2, 4)), "MINIMAL_ORDER_AMOUNT": local(shop, 2_500)}
    discount: Document = {"threshold_type": threshold, "type": "FREE_SHIPPING"}
    if threshold in values:
        discount["threshold_value"] = values[threshold]
    if draws.chance(450):
        discount |= {"type": "DISCOUNT_SHIPPING_FEE", "value": local(shop, draws.between(1, 4) * 100)}
    discount["shipping_method"] = draws.pick(("STANDARD_SHIPPING", "ALL_SHIPPING_METHOD"))
    discount["inventory_type"] = "SELF_FULFILLED"
    discount["area_scope"] = {"type": "WHOLE"}
    if draws.chance(300):
        states = sorted({place.state for place in shop.market.places})
        discount["area_scope"] = {"type": "SPECIFIC_AREAS", "specific_areas": states[:2]}
    return {"shipping_discount": discount}


def _tiers(_: Shop, draws: Draws) -> Document:
    first = draws.between(1, 3) * 5
    details = [
        {
            "tier": tier,
            "threshold_type": "MINIMAL_ITEM_QUANTITY",
            "threshold_value": str(tier + 1),
            "type": "PERCENTAGE_OFF",
            "value": str(first * tier),
        }
        for tier in (1, 2)
    ]
    return {"bmsm_discount": {"details": details}}


_DISCOUNTS: Mapping[str, Callable[[Shop, Draws], Document]] = {
    "SHIPPING_DISCOUNT": _shipping_discount,
    "BUY_MORE_SAVE_MORE": _tiers,
}


def _product(shop: Shop, activity: Activity, product: Product, now: int) -> Document:
    shown: Document = {"id": product.id}
    if activity.kind in _DISCOUNTS:
        return shown  # its terms hold for all products alike, and for orders rather than SKUs
    draws = Draws(shop.seed, shop.number, "activity product", activity.number, product.n)
    percent = draws.between(2, 9) * 5 if activity.number else product.promotion
    limit = draws.between(8, 40) * 10 if activity.kind == "FLASHSALE" else NO_LIMIT
    limits = {"quantity_limit": limit, "quantity_per_user": draws.pick((1, 2, 5)) if limit > 0 else NO_LIMIT}
    skus: list[Document] = [
        {"id": sku.id, **limits, "used_quantity": _used(activity, product, draws, limit, now)} for sku in product.skus
    ]
    if activity.kind in _FIXED_PRICES:
        amounts = _prices(shop, product, percent, together=activity.level == "PRODUCT")
        for row, amount in zip(skus, amounts, strict=True):
            row["activity_price"] = price(shop, amount)
    else:
        for row in skus:
            row["discount"] = str(percent)
    if activity.level == "PRODUCT":
        shown |= {name: value for name, value in skus[0].items() if name != "id"}
    shown["used_quantity"] = sum(row["used_quantity"] for row in skus)
    shown["skus"] = skus
    return shown


def _used(activity: Activity, product: Product, draws: Draws, limit: int, now: int) -> int:
    """How many have been sold in it: one every so many hours that it has run and the product has been listed."""
    pace = draws.between(20, 400) * HOUR
    sold = max(0, activity.ran_until(now) - max(activity.begin, product.created)) // pace
    return min(sold, limit) if limit > 0 else sold


def _prices(shop: Shop, product: Product, percent: int, *, together: bool) -> list[int]:
    """The SKUs' prices in an activity; `together`, all have the price of the cheapest."""
    opening = _opening_prices(shop.seed, shop.number, shop.region, product.n)
    amounts = [_price(shop, sku, first, percent) for sku, first in zip(product.skus, opening, strict=True)]
    return [min(amounts)] * len(amounts) if together else amounts


def _price(shop: Shop, sku: Sku, opening: int, percent: int) -> int:
    fixed = opening - money.portion(opening, percent * 1_000)
    highest = sku.price - money.portion(sku.price, _LOWEST_CUT * 1_000)
    amount = min(fixed, highest)
    return amount if shop.market.decimals else amount // 100 * 100


@lru_cache(maxsize=1 << 12)
def _opening_prices(seed: int, shop: int, region: str, product: int) -> tuple[int, ...]:
    opened = new_product(storefront(seed, shop, region), product, 0, status="ACTIVATE")
    return tuple(sku.price for sku in opened.skus)
