"""What creators sell, and which samples they ask for, as the seller's affiliate lists show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox import money
from tiktokshop_sandbox.derived.affiliate.invitations import OPEN_RATE
from tiktokshop_sandbox.derived.affiliate.sales import counting
from tiktokshop_sandbox.derived.affiliate.samples import TO_DECIDE, TO_SHIP
from tiktokshop_sandbox.documents.products import image_uri, image_url
from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.life.engine import DAY
from tiktokshop_sandbox.life.products import ON_SALE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.derived.affiliate.sales import SaleSource
    from tiktokshop_sandbox.derived.affiliate.samples import Application
    from tiktokshop_sandbox.derived.analytics.creators import Creator
    from tiktokshop_sandbox.states import Order, OrderLine, Product, Sku
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]
_TIERS: Final = "8.0 OR 10.0 OR 15.0"  # percent


def _price(shop: Shop, minor: int) -> Document:
    return {"amount": shop.amount(minor), "currency": shop.currency}


def affiliate_order(
    shop: Shop, order: Order, sources: Mapping[int, SaleSource], *, rate: int, returned_in_time: bool
) -> Document:
    """An order that came through creators (202410).

    `rate` is its commission in hundred-thousandths, `sources` say by the product's number where the sale came from.
    Commissions are estimates until the order is completed or cancelled. Then they are settled for good: units that were
    refunded bring none if they were returned before (`returned_in_time`), and nothing is taken back afterwards.
    """
    skus: dict[str, list[OrderLine]] = {}
    for line in counting(order):
        skus.setdefault(line.sku, []).append(line)
    shown: Document = {
        "id": order.id,
        "create_time": order.created,
        "skus": [_sale(shop, rate, lines, sources[lines[0].product]) for lines in skus.values()],
    }
    if order.completed or order.cancelled:
        for sku, lines in zip(shown["skus"], skus.values(), strict=True):
            kept = [line for line in lines if order.completed and not (line.refunded and returned_in_time)]
            sku.update(
                _commissions(shop, "actual", rate, kept),
                settlement_status="SETTLED" if kept else "INELIGIBLE",
                fully_return="true" if order.completed and not kept else "false",
            )
    if order.delivered:
        shown["delivery_time"] = order.delivered
    return shown


def _sale(shop: Shop, rate: int, lines: Sequence[OrderLine], source: SaleSource) -> Document:
    first = lines[0]
    terms = source.invitation.rate if source.invitation else OPEN_RATE
    tiered = terms * 10 != rate
    shown: Document = {
        "sku_id": first.sku,
        "product_id": shop.identify("product", first.product),
        "price": _price(shop, first.original - first.seller_discount),
        "quantity": len(lines),
        "creator_username": source.creator.user_name,
        "content_type": source.content_type,
        "is_carousel": False,
        "commission_model": "Tiered commission" if tiered else "Fixed commission",
        "commission_rate": str(rate // 10),
        "partner_commission_rate": "0",
        "shop_ads_commission_rate": "0",
        **_commissions(shop, "estimated", rate, lines),
    }
    if tiered:
        shown["commission_tier_setting"] = _TIERS
    if source.content_id:
        shown["content_id"] = source.content_id
    if source.invitation:
        shown["target_collaboration_id"] = source.invitation.id
    else:
        shown["open_collaboration_id"] = shop.identify("open_collaboration", first.product)
    return shown


def _commissions(shop: Shop, which: str, rate: int, lines: Sequence[OrderLine]) -> Document:
    """The base and what is paid on it; finance rounds it unit by unit, too."""
    prices = [line.original - line.seller_discount for line in lines]
    nothing = _price(shop, 0)
    shown = {
        f"{which}_commission_base": _price(shop, sum(prices)),
        f"{which}_paid_commission": _price(shop, sum(money.portion(price, rate) for price in prices)),
        f"{which}_paid_partner_commission": nothing,
        f"{which}_paid_shop_ads_commission": nothing,
    }
    if shop.region == "US":
        shown[f"{which}_cofunded_creator_bonus_amount"] = nothing
    return shown


def sample_application(
    shop: Shop, item: Application, states: tuple[str, str], order: Order | None, product: Product, now: int
) -> Document:
    """An application for a sample (202508); `states` are its status and the creator's progress with the content."""
    status, progress = states
    sku = _asked_for(item, order, product)
    stock = sum(sku.stock)
    shown: Document = {
        "id": item.id,
        "status": status,
        "commission_rate": money.rate_text((item.invitation.rate if item.invitation else OPEN_RATE) * 10),
        "available_quantity": min(stock, 50),
        "approve_expiration_time": item.at + TO_DECIDE,
        "is_approvable": False,
        "creator": _applicant(shop, item.creator, now),
        "product": {
            "id": product.id,
            "title": product.title,
            "sku_id": sku.id,
            "sku_name": ", ".join(value for _, value in sku.attributes),
            "sku_image_url": image_url(image_uri(shop, product.n * 8 + 4)),
        },
    }
    if status == "PENDING":
        reasons = [
            text
            for holds, text in (
                (stock == 0, "Product out of stock"),
                (product.status != ON_SALE, "Product is not on sale"),
            )
            if holds
        ]
        shown["is_approvable"] = not reasons
        shown["disapprovable_reasons"] = reasons
    if order is not None:
        shown["order_id"] = order.id
        shown["shipment_expiration_time"] = item.at + TO_SHIP
        shown["fulfillment_status"] = progress
        if order.active and order.active[0].shipped:
            shown["tracking_number"] = order.active[0].tracking
    if item.number % 13 == 6:
        shown["partner_name"] = "Nordlicht Talents"
    return shown


def _asked_for(item: Application, order: Order | None, product: Product) -> Sku:
    if order is None:
        return product.skus[item.sku % len(product.skus)]
    return next((sku for sku in product.skus if sku.id == order.lines[0].sku), product.skus[0])  # it may be gone


def _applicant(shop: Shop, creator: Creator, now: int) -> Document:
    """A creator's figures: followers become more by the day, the rest follows the month."""
    draws = Draws(shop.seed, shop.number, "followers", creator.id)
    followers = draws.between(2_000, 400_000)
    shown: Document = {
        "creator_open_id": creator.open_id,
        "username": creator.user_name,
        "nickname": creator.nick_name,
        "avatar_url": f"https://p16.tiktokcdn.com/avatar/{creator.id}.webp",
        "follower_count": followers + followers * (now // DAY % 10_000) // 50_000,
    }
    if draws.chance(850):  # the others have not agreed to share these
        month = Draws(shop.seed, shop.number, "creator's month", creator.id, now // (30 * DAY))
        shown["gmv"] = _price(shop, month.between(10_000, 4_000_000) * shop.market.rate // 100)
        shown["content_count"] = month.between(2, 60)
        shown["fulfillment_percentage"] = f"{money.text(month.between(4_000, 10_000), 2)}%"
        shown["ec_video_view"] = month.between(300, 90_000)
    return shown
