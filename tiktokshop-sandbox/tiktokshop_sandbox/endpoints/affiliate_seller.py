"""Affiliate marketing from the seller's side: orders, open and target collaborations, sample applications."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox.catalog import goods_of
from tiktokshop_sandbox.contract import INVALID_PARAMETER, ApiError, Endpoint, Param
from tiktokshop_sandbox.derived.affiliate.invitations import accepted_by, invitations, offered
from tiktokshop_sandbox.derived.affiliate.offers import lowest_price, open_collaborations
from tiktokshop_sandbox.derived.affiliate.sales import ledger
from tiktokshop_sandbox.derived.affiliate.samples import applications, status
from tiktokshop_sandbox.documents.affiliate import affiliate_order, sample_application
from tiktokshop_sandbox.documents.collaborations import open_collaboration, target_collaboration, target_detail
from tiktokshop_sandbox.endpoints._listing import PAGE_TOKEN, TEXT, TIME, sort_order
from tiktokshop_sandbox.endpoints._sorted import page_of_sorted
from tiktokshop_sandbox.life.engine import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.derived.affiliate.invitations import Invitation
    from tiktokshop_sandbox.derived.affiliate.offers import Offer
    from tiktokshop_sandbox.derived.affiliate.sales import Sale
    from tiktokshop_sandbox.derived.affiliate.samples import Application
    from tiktokshop_sandbox.states import Product

_SCOPE: Final = "seller.affiliate_collaboration.read"
_TARGET_PAGES: Final = (20, 50, 100)
_EXPIRING: Final = 7 * DAY
APPLICATION_STATUSES: Final = (
    "PENDING",
    "AWAITING_SHIPMENT",
    "SHIPPED",
    "CONTENT_PENDING",
    "REJECT_CANCELLED",
    "OVERDUE_CANCELLED",
    "UNFULFILL_CANCELLED",
    "DEL_OPEN_COLLAB",
    "SELLER_NOT_SHIP_CANCELLED",
    "WITHDRAW_CANCELLED",
    "UNFULFILLABLE_CANCELLED",
    "OPS_CANCELLED",
    "OPS_FAILED",
    "OPS_COMPLETED",
    "COMPLETED",
)


def search_orders(call: ApiCall) -> Mapping[str, Any]:
    """A page of the orders that came through creators, newest first. None belongs to a programme (`program_id`)."""
    sales = ledger(call.world, call.the_shop).sales
    start = bisect_left(sales, call.body.get("create_time_ge", 0), key=lambda sale: sale.at)
    end = bisect_left(sales, call.body.get("create_time_lt", call.now + 1), key=lambda sale: sale.at)
    found = [] if call.body.get("program_id") else sales[start:end]
    with call.world.reading():
        shown, token = page_of_sorted(call, found, lambda sale: _order(call, sale), descending=True)
    return {"orders": shown, "next_page_token": token, "total_count": len(found)}


def _order(call: ApiCall, sale: Sale) -> dict[str, Any]:
    order, back = call.world.store.orders[sale.key], call.world.store.returns.get(sale.key)
    in_time = back is not None and back.created <= order.completed
    return affiliate_order(call.the_shop, order, sale.sources, rate=sale.rate, returned_in_time=in_time)


def _contains(words: str, text: str) -> bool:
    return words.casefold() in text.casefold()


# Filter of an open collaboration -> whether a product passes.
_OF_OFFERS: Final[Mapping[str, Callable[[Product, str], bool]]] = {
    "PRODUCT_ID": lambda product, keyword: product.id == keyword,
    "PRODUCT_NAME": lambda product, keyword: _contains(keyword, product.title),
    "top_level_category_id": lambda product, category: goods_of(product).categories[0][0] == category,
}


def search_open_collaborations(call: ApiCall) -> Mapping[str, Any]:
    """A page of open collaborations, the newest or, when sorted by it, the dearest first."""
    offers = open_collaborations(call.world, call.the_shop)
    asked = {"top_level_category_id": call.body.get("top_level_category_id")}
    asked |= {call.body["keyword_type"]: call.body.get("keyword")} if call.body.get("keyword_type") else {}
    tests = [(_OF_OFFERS[name], wanted) for name, wanted in asked.items() if wanted]
    found = [offer for offer in offers if all(test(offer.product, wanted) for test, wanted in tests)]
    if call.query.get("sort_field"):
        found = sorted(offer._replace(at=lowest_price(offer.product)) for offer in found)
    descending = call.query["sort_order"] == "DESC"
    shown, token = page_of_sorted(call, found, lambda offer: _offer(call, offer), descending=descending)
    return {"open_collaborations": shown, "next_page_token": token, "total_count": len(found)}


def _offer(call: ApiCall, offer: Offer) -> dict[str, Any]:
    known = ledger(call.world, call.the_shop)
    number = offer.product.n
    sellers, posters = len(known.sellers.get(number, ())), len(known.posters.get(number, ()))
    return open_collaboration(call.the_shop, offer, sellers, posters)


# Status asked for -> whether a target collaboration has it at a time.
_OF_INVITATIONS: Final[Mapping[str, Callable[[Invitation, int], bool]]] = {
    "ONGOING": lambda item, now: now < item.over and not _is_cancelled(item, now) and item.end - now > _EXPIRING,
    "EXPIRING": lambda item, now: now < item.over and not _is_cancelled(item, now) and item.end - now <= _EXPIRING,
    "VALID": lambda item, now: now < item.over,
    "CANCELING": lambda item, now: _is_cancelled(item, now) and now < item.over,
    "COMPLETED": lambda item, now: now >= item.over,
}


def _is_cancelled(item: Invitation, now: int) -> bool:
    return 0 < item.cancelled <= now


def search_target_collaborations(call: ApiCall) -> Mapping[str, Any]:
    """A page of target collaborations, newest first.

    Raises:
        ApiError: 36009004 for a page size other than 20, 50 or 100 ("Search Target Collaborations").
    """
    if call.query["page_size"] not in _TARGET_PAGES:
        raise ApiError(INVALID_PARAMETER, "PageSize is invalid, allowed values: 20,50,100.", 400)
    with call.world.reading():
        found = [item for item in invitations(call.world, call.the_shop, call.now) if _passes(call, item)]
        shown, token = page_of_sorted(call, found, lambda item: _invitation(call, item), descending=True)
    return {"target_collaborations": shown, "next_page_token": token, "total_count": len(found)}


def _passes(call: ApiCall, item: Invitation) -> bool:
    body, now = call.body, call.now
    search = body.get("search_param") or {}
    who = body.get("creator_user_open_id")
    return (
        _OF_INVITATIONS[body["collaboration_status"]](item, now)
        and (body["creator_accept_status"] == "ALL" or bool(accepted_by(item.members, min(now, item.over))))
        and (body["free_sample_setting"] == "ALL" or item.has_free_sample)
        and (not who or any(member.creator.open_id == who for member in item.members))
        and (not search.get("keyword") or _matches(call, item, search.get("keyword_type", ""), search["keyword"]))
    )


def _matches(call: ApiCall, item: Invitation, kind: str, keyword: str) -> bool:
    if kind.startswith("PRODUCT"):
        test = _OF_OFFERS[kind]
        return any(test(product, keyword) for product in _products(call, item))
    return item.id == keyword if kind == "TARGET_COLLABORATION_ID" else _contains(keyword, item.name)


def _products(call: ApiCall, item: Invitation) -> list[Product]:
    shop, store = call.the_shop, call.world.store
    return [store.products[shop.key(number)] for number, _ in offered(call.world, shop, item, call.now)]


def _invitation(call: ApiCall, item: Invitation) -> dict[str, Any]:
    return target_collaboration(item, offered(call.world, call.the_shop, item, call.now), call.now)


def target_collaboration_detail(call: ApiCall) -> Mapping[str, Any]:
    """A target collaboration with its products and creators.

    Raises:
        ApiError: 36009004, when the shop has no such target collaboration.
    """
    wanted = call.path["target_collaboration_id"]
    item = next((it for it in invitations(call.world, call.the_shop, call.now) if it.id == wanted), None)
    if item is None:
        raise ApiError(INVALID_PARAMETER, "The target collaboration does not exist.", 400)
    listed = offered(call.world, call.the_shop, item, call.now)
    with call.world.reading():
        detail = target_detail(call.the_shop, item, listed, _products(call, item), call.now)
    return {"target_collaboration": detail}


# Filter of the body -> whether an application (and what is shown of it) passes. The platform spells them so.
_OF_APPLICATIONS: Final[Mapping[str, Callable[[Application, Mapping[str, Any], str], bool]]] = {
    "product_id": lambda _, shown, wanted: shown["product"]["id"] == wanted,
    "title": lambda _, shown, wanted: _contains(wanted, shown["product"]["title"]),
    "creator_user_oepn_id": lambda item, _, wanted: item.creator.open_id == wanted,
    "username": lambda item, _, wanted: _contains(wanted, item.creator.user_name),
    "target_collabration_id": lambda item, _, wanted: item.invitation is not None and item.invitation.id == wanted,
    "order_id": lambda _, shown, wanted: shown.get("order_id") == wanted,
    "status": lambda _, shown, wanted: shown["status"] == wanted,
}


def search_sample_applications(call: ApiCall) -> Mapping[str, Any]:
    """A page of creators' applications for samples, newest first."""
    found = applications(call.world, call.the_shop, call.now)
    tests = [(test, call.body[name]) for name, test in _OF_APPLICATIONS.items() if call.body.get(name)]
    with call.world.reading():
        if tests:
            pairs = [(item, _application(call, item)) for item in found]
            found = [item for item, shown in pairs if all(test(item, shown, wanted) for test, wanted in tests)]
        page, token = page_of_sorted(call, found, lambda item: _application(call, item), descending=True)
    return {"sample_applications": page, "next_page_token": token, "total_count": len(found)}


def _application(call: ApiCall, item: Application) -> dict[str, Any]:
    shop, store = call.the_shop, call.world.store
    order = store.orders[item.order] if item.order >= 0 else None
    product = store.products[shop.key(order.lines[0].product if order else item.product)]
    return sample_application(shop, item, status(shop, item, order, call.now), order, product, call.now)


_KEYWORD_TYPES = ("PRODUCT_ID", "PRODUCT_NAME")
_TARGET_KEYWORD_TYPES = (*_KEYWORD_TYPES, "TARGET_COLLABORATION_ID", "TARGET_COLLABORATION_NAME")

ENDPOINTS = (
    Endpoint(
        "POST",
        "/affiliate_seller/202410/orders/search",
        _SCOPE,
        search_orders,
        query={"page_size": Param("integer", required=True, low=1, high=100), "page_token": PAGE_TOKEN},
        body={"create_time_ge": TIME, "create_time_lt": TIME, "program_id": TEXT},
    ),
    Endpoint(
        "POST",
        "/affiliate_seller/202412/open_collaborations/search",
        _SCOPE,
        search_open_collaborations,
        query={
            "page_size": Param("integer", required=True, low=1, high=100),
            "page_token": PAGE_TOKEN,
            "sort_field": Param("string", values=("product_original_price",)),
            "sort_order": sort_order("DESC"),
        },
        body={
            "keyword_type": Param("string", values=_KEYWORD_TYPES),
            "keyword": TEXT,
            "top_level_category_id": TEXT,
        },
    ),
    Endpoint(
        "POST",
        "/affiliate_seller/202508/target_collaborations/search",
        _SCOPE,
        search_target_collaborations,
        query={"page_size": Param("integer", default=20), "page_token": PAGE_TOKEN},
        body={
            "collaboration_status": Param("string", required=True, values=tuple(_OF_INVITATIONS)),
            "creator_accept_status": Param("string", values=("ACCEPT", "ALL"), default="ALL"),
            "free_sample_setting": Param("string", values=("WITH_FREE_SAMPLE", "ALL"), default="ALL"),
            "search_param": Param(
                "object",
                fields={"keyword_type": Param("string", values=_TARGET_KEYWORD_TYPES), "keyword": TEXT},
            ),
            "creator_user_open_id": TEXT,
        },
    ),
    Endpoint(
        "GET",
        "/affiliate_seller/202508/target_collaborations/{target_collaboration_id}",
        _SCOPE,
        target_collaboration_detail,
    ),
    Endpoint(
        "POST",
        "/affiliate_seller/202508/sample_applications/search",
        _SCOPE,
        search_sample_applications,
        query={"page_size": Param("integer", low=1, high=50, default=20), "page_token": PAGE_TOKEN},
        body={
            **dict.fromkeys(_OF_APPLICATIONS, TEXT),
            "status": Param("string", values=APPLICATION_STATUSES),
        },
    ),
)
