"""Open and target collaborations as the seller's affiliate lists show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox import money
from tiktokshop_sandbox.derived.affiliate.invitations import OPEN_RATE, PROGRAMME, accepted_by, posted_by
from tiktokshop_sandbox.documents.products import image_uri, image_url
from tiktokshop_sandbox.life.engine import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.derived.affiliate.invitations import Invitation, Member
    from tiktokshop_sandbox.derived.affiliate.offers import Offer
    from tiktokshop_sandbox.states import Product
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]

_STATUSES: Final[Mapping[str, str]] = {
    "ACTIVATE": "LIVE",
    "SELLER_DEACTIVATED": "SELLER_DEACTIVATE",
    "PLATFORM_DEACTIVATED": "PLATFORM_DEACTIVATE",
    "DELETED": "DELETE",
}


def _status(product: Product) -> str:
    status = _STATUSES.get(product.status, "OTHER")
    sold_out = not any(sum(sku.stock) for sku in product.skus)
    return "OUT_OF_STOCK" if status == "LIVE" and sold_out else status


def _range(shop: Shop, product: Product, portion: int = 10_000) -> Document:
    """The lowest and the highest price of the product's SKUs, or a portion of it in hundredths of a percent."""
    prices = [money.portion(sku.price, portion * 10) for sku in product.skus]
    return {
        "currency": shop.currency,
        "minimum_amount": shop.amount(min(prices)),
        "maximum_amount": shop.amount(max(prices)),
    }


def open_collaboration(shop: Shop, offer: Offer, sellers: int, posters: int) -> Document:
    """A product's open collaboration (202412).

    `sellers` and `posters` are how many creators show the product, and how many have posted about it. It ends on the
    midnight after the product was deleted.
    """
    product = offer.product
    commission = {"rate": OPEN_RATE, "start_time": offer.at}
    shown: Document = {
        "id": offer.id,
        "current_commission": commission,
        "showcase_creator_count": sellers,
        "content_creator_count": posters,
        "product": {
            "id": product.id,
            "title": product.title,
            "main_image_url": image_url(image_uri(shop, product.n * 8)),
            "status": _status(product),
            "inventory": sum(sum(sku.stock) for sku in product.skus),
            "original_price": _range(shop, product),
        },
    }
    if product.status == "DELETED":
        shown["status"] = "TERMINATING"
        commission["end_time"] = (product.updated // DAY + 1) * DAY
    return shown


def _about(item: Invitation, products: Sequence[tuple[int, int]], now: int) -> Document:
    """What the list and the detail of a target collaboration have in common; `products` are (number, listed at)."""
    until = min(now, item.over)
    is_cancelled = 0 < item.cancelled <= now
    changes = [item.created, *([item.cancelled] if is_cancelled else [])]
    if item.kind == PROGRAMME:
        changes += [listed for _, listed in products]
    return {
        "id": item.id,
        "name": item.name,
        "message": item.message,
        "start_time": item.start,
        "end_time": item.over if is_cancelled else item.end,
        "update_time": max(changes),
        "showcase_creator_count": len(accepted_by(item.members, until)),
        "content_creator_count": len(posted_by(item.members, until)),
        "product_count": len(products),
        "free_sample_rule": {"has_free_sample": item.has_free_sample, "is_sample_approval_exempt": item.exempt},
        "type": item.kind,
    }


def target_collaboration(item: Invitation, products: Sequence[tuple[int, int]], now: int) -> Document:
    """A target collaboration in the search (202508), which spells "invited" its own way."""
    about = _about(item, products, now)
    return about | {"create_time": item.created, "creator_inivited_count": len(item.members)}


def target_detail(
    shop: Shop, item: Invitation, listed: Sequence[tuple[int, int]], products: Sequence[Product], now: int
) -> Document:
    """A target collaboration by itself (202508); `products` are those of `listed`."""
    ends = _ends(item, now)
    return _about(item, listed, now) | {
        "creator_invited_count": len(item.members),
        "seller_contact_info": {"email": f"creators+{shop.code.lower()}@example.com"},
        "products": [_product(shop, item, product, ends) for product in products],
        "creators": [
            _member(shop, item, member, (len(products), ends), min(now, item.over)) for member in item.members
        ],
    }


def _ends(item: Invitation, now: int) -> str:
    """Whether it goes on, is being cancelled, or was."""
    if not 0 < item.cancelled <= now:
        return "NORMAL"
    return "DELETED" if now >= item.over else "DELETING"


def _product(shop: Shop, item: Invitation, product: Product, ends: str) -> Document:
    return {
        "id": product.id,
        "title": product.title,
        "main_image_url": image_url(image_uri(shop, product.n * 8)),
        "original_price": _range(shop, product),
        "commission": {"rate": item.rate, "effective_time": str(item.start), **_range(shop, product, item.rate)},
        "status": _status(product),
        "commission_effective_status": "EFFECTIVE_NONE" if ends == "DELETED" else "EFFECTIVE_ALL",
        "collaboration_status": ends,
    }


def _member(shop: Shop, item: Invitation, member: Member, rest: tuple[int, str], until: int) -> Document:
    products, ends = rest
    who = member.creator
    return {
        "creator_open_id": who.open_id,
        "username": who.user_name,
        "nickname": who.nick_name,
        "avatar": {"url": f"https://p16.tiktokcdn.com/avatar/{who.id}.webp"},
        "selection_region": shop.region,
        "showcase_product_count": products if member in accepted_by(item.members, until) else 0,
        "content_product_count": 1 if member in posted_by(item.members, until) else 0,
        "collaboration_status": ends,
        "product_effective_status": "EFFECTIVE_NONE" if ends == "DELETED" else "EFFECTIVE_ALL",
    }
