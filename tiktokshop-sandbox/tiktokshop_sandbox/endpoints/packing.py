"""Packages before they are shipped: one order's split over several, several orders' combined into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.draws import number_of
from tiktokshop_sandbox.endpoints._listing import PAGE_TOKEN, TEXT, TEXTS
from tiktokshop_sandbox.endpoints.fulfillment import package_place
from tiktokshop_sandbox.endpoints.orders import order_key
from tiktokshop_sandbox.endpoints.shipping import ALREADY_SHIPPED, by_platform, refuse, shipped_by_seller
from tiktokshop_sandbox.life import parcels
from tiktokshop_sandbox.markets import SEA
from tiktokshop_sandbox.paging import page_token, position_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.states import Order
    from tiktokshop_sandbox.store import Store
    from tiktokshop_sandbox.storefront import Shop

_SCOPE = "seller.fulfillment.package.write"
COMBINES = SEA | {"BR", "MX"}
MOST_ITEMS = 8
"""Of what travels as one package where the market limits it."""
MOST_ORDERS = 20
MOST_ASKED = 50

INVALID = (21011005, "Invalid parameters: {}.")
OF_ANOTHER_SHOP = (21011028, "The package does not belong to the current shop.")
NOT_IN_UNIT = (21011029, "The order does not belong to the package.")
NOT_IN_DRAFT = (21011031, "The order does not belong to the package that can be combined.")
NOT_ALLOWED = (21011035, "The order can not be split: {}.")
WHOLE_SKUS = (21011036, "All items of a SKU must travel in one package.")
IS_COMBINED = (21011046, "The order is combined with others.")
TOO_LARGE = (21022028, "A package may hold {} items.")
NOT_HERE = (21008106, "The shop's market does not support this.")


def _whole_skus(shop: Shop) -> bool:
    """Whether the items of a SKU stay together."""
    return shop.region in SEA | {"BR"} or (shop.region == "MX" and shop.seller_type == "LOCAL")


def _waits(order: Order) -> bool:
    """Whether nothing of the order has left, and it can."""
    return order.status == "AWAITING_SHIPMENT" and not order.asked_to_cancel


def _unsplittable(shop: Shop, order: Order) -> str:
    """Why an order cannot be split; "" if it can."""
    if by_platform(shop, order) or shipped_by_seller(shop, order):
        return "the seller does not hand it over to the platform"
    if not _waits(order) or any(package.shipped for package in order.active):
        return "it does not wait to be shipped"
    if not order.active:
        return "its packages are made when they are shipped"
    if any(package.partners for package in order.active):
        return "it is combined with others"
    if len(order.active) > 1:
        return "it is split already"
    units = {line.sku for line in order.lines} if _whole_skus(shop) else order.lines
    return "" if len(units) > 1 else "it has only one item"


def attributes(call: ApiCall) -> Mapping[str, Any]:
    """Which orders can be split, and which must be."""
    wanted = call.query["order_ids"]
    if len(wanted) > MOST_ASKED:
        raise refuse(INVALID, f"at most {MOST_ASKED} orders")
    with call.world.reading() as store:
        found = [_attributes(call.the_shop, store.orders[order_key(call, order_id)]) for order_id in wanted]
    return {"split_attributes": found}


def _attributes(shop: Shop, order: Order) -> dict[str, Any]:
    reason = _unsplittable(shop, order)
    must = not reason and shop.region in COMBINES and len(order.lines) > MOST_ITEMS
    shown: dict[str, Any] = {"order_id": order.id, "can_split": not reason, "reason": reason, "must_split": must}
    if must:
        shown["must_split_reasons"] = [{"type": "TOTAL_COUNT_LIMITATION", "max_count": str(MOST_ITEMS)}]
    return shown


def split(call: ApiCall) -> Mapping[str, Any]:
    """Makes a package of each group of line items; what no group names stays together in one more."""
    shop, key = call.the_shop, order_key(call, call.path["order_id"])
    groups = _groups(call.body)
    with call.world.writing(call.now) as life:
        order = life.store.orders[key]
        reason = _unsplittable(shop, order)
        if reason:
            raise refuse(IS_COMBINED) if "combined" in reason else refuse(NOT_ALLOWED, reason)
        parts = _indexes(order, [lines for _, lines in groups])
        if len(parts) < 2 or len(order.packages) + len(parts) > parcels.MOST_PACKAGES:
            raise refuse(INVALID, "splittable_groups")
        _check_parts(shop, order, parts)
        made = parcels.split(life, shop, order, parts)
        names = [name for name, _ in groups]
        return {
            "packages": [
                {"splittable_group_id": names[place] if place < len(names) else "", "id": package.id}
                for place, package in enumerate(made)
            ]
        }


def _groups(body: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """The caller's names of the groups, with the line items in them."""
    plain = [
        (each.get("id", ""), each.get("order_line_item_ids") or []) for each in body.get("splittable_groups") or ()
    ]
    newer = [
        (each.get("id", ""), [line["order_line_id"] for line in each.get("order_line_list") or ()])
        for each in body.get("splittable_groups_v2") or ()
    ]
    return plain or newer


def _indexes(order: Order, groups: Sequence[Sequence[str]]) -> list[list[int]]:
    by_id = {line.id: index for index, line in enumerate(order.lines)}
    named = [line for group in groups for line in group]
    if not groups or not all(groups) or len(set(named)) < len(named) or not by_id.keys() >= set(named):
        raise refuse(INVALID, "order_line_item_ids")
    rest = [index for line, index in by_id.items() if line not in named]
    return [[by_id[line] for line in group] for group in groups] + ([rest] if rest else [])


def _check_parts(shop: Shop, order: Order, parts: Sequence[Sequence[int]]) -> None:
    places: dict[str, set[int]] = {}
    for place, part in enumerate(parts):
        for index in part:
            places.setdefault(order.lines[index].sku, set()).add(place)
    if _whole_skus(shop) and any(len(each) > 1 for each in places.values()):
        raise refuse(WHOLE_SKUS)
    if shop.region in COMBINES and any(len(part) > MOST_ITEMS for part in parts):
        raise refuse(TOO_LARGE, str(MOST_ITEMS))


# -- combining ---------------------------------------------------------------------------------------------------------


def _drafts(shop: Shop, store: Store) -> dict[str, list[Order]]:
    """What could travel as one: orders of one buyer to one address from one place, by the id of the package to be."""
    if shop.region not in COMBINES:
        return {}
    rows = store.db.execute(
        "SELECT key FROM orders WHERE shop = ? AND status = 'AWAITING_SHIPMENT' AND shipping_type = 'TIKTOK' "
        "AND is_buyer_request_cancel = 0 ORDER BY key",
        (shop.number,),
    )
    alike: dict[tuple[Any, ...], list[Order]] = {}
    for (key,) in rows.fetchall():
        order = store.orders[key]
        if by_platform(shop, order) or not _waits(order) or len(order.active) != 1 or order.active[0].partners:
            continue
        to = order.recipient
        alike.setdefault((order.user, to.street, to.postcode, order.warehouse, order.option), []).append(order)
    found = [
        group[start : start + MOST_ORDERS] for group in alike.values() for start in range(0, len(group), MOST_ORDERS)
    ]
    return {_draft_id(shop, group): group for group in found if len(group) > 1}


def _draft_id(shop: Shop, group: Iterable[Order]) -> str:
    """Another one whenever the group is another."""
    return f"1155{number_of(shop.seed, shop.number, *(order.active[0].id for order in group)) % 10**15:015d}"


def combinable(call: ApiCall) -> Mapping[str, Any]:
    """A page of what could travel as one package; the ids are of drafts."""
    with call.world.reading() as store:
        drafts = sorted(_drafts(call.the_shop, store).items())
        shown = [{"id": name, "order_ids": [order.id for order in group]} for name, group in drafts]
    start = int(position_of(call) or 0)
    end = start + call.query["page_size"]
    token = page_token(call, str(end)) if end < len(shown) else ""
    return {"combinable_packages": shown[start:end], "next_page_token": token, "total_count": len(shown)}


def combine(call: ApiCall) -> Mapping[str, Any]:
    """Makes one package of several orders; each may fail for itself."""
    shop = call.the_shop
    if shop.region not in COMBINES:
        raise refuse(NOT_HERE)
    packages, errors = [], []
    with call.world.writing(call.now) as life:
        drafts = _drafts(shop, life.store)
        for wanted in call.body["combinable_packages"]:
            try:
                orders = _chosen(drafts.get(wanted["id"], []), wanted.get("order_ids") or [])
            except ApiError as error:
                detail = {"package_id": wanted["id"]}
                errors.append({"code": error.code, "message": error.message, "detail": detail})
                continue
            made = parcels.combine(life, shop, orders)
            packages.append({"id": made.id, "order_ids": [order.id for order in orders]})
            del drafts[wanted["id"]]
    return {"packages": packages, **({"errors": errors} if errors else {})}


def _chosen(draft: Sequence[Order], ids: Sequence[str]) -> list[Order]:
    """The orders of a draft that are wanted, all if none are named."""
    chosen = [order for order in draft if order.id in ids] if ids else list(draft)
    if len(chosen) < max(2, len(set(ids))):
        raise refuse(NOT_IN_DRAFT)
    if any(len(order.packages) >= parcels.MOST_PACKAGES for order in chosen):
        raise refuse(INVALID, "the orders were combined too often")
    return chosen


def uncombine(call: ApiCall) -> Mapping[str, Any]:
    """Takes orders out of a combined package, all of them if none is named; every package of it has a new id."""
    shop = call.the_shop
    key, index = package_place(call, call.path["package_id"])
    with call.world.writing(call.now) as life:
        order = life.store.orders[key]
        package = order.packages[index]
        if not package.partners or package.retired:
            raise refuse(INVALID, "the package is not a combined one")
        if package.shipped:
            raise refuse(ALREADY_SHIPPED)
        mates = {mate.id: mate.n for mate, _ in life.store.parts(order, package)}
        wanted = call.body.get("order_ids") or list(mates)
        if not mates.keys() >= set(wanted):
            raise refuse(NOT_IN_UNIT)
        made = parcels.take_out(life, shop, package, order, {mates[each] for each in wanted})
        return {"packages": [{"id": part.id, "order_ids": [mate.id for mate in orders]} for part, orders in made]}


_LINE = Param("object", fields={"order_line_id": Param("string", required=True), "sub_item_id": TEXT})
_GROUP = Param("object", fields={"id": TEXT, "order_line_item_ids": TEXTS})
_NEWER = Param("object", fields={"id": TEXT, "order_line_list": Param("array", items=_LINE)})
_DRAFT = Param("object", fields={"id": Param("string", required=True), "order_ids": TEXTS})

ENDPOINTS = (
    Endpoint(
        "GET",
        "/fulfillment/202309/orders/split_attributes",
        _SCOPE,
        attributes,
        query={"order_ids": Param("array", required=True, items=TEXT)},
    ),
    Endpoint(
        "POST",
        "/fulfillment/202309/orders/{order_id}/split",
        _SCOPE,
        split,
        body={
            "splittable_groups": Param("array", items=_GROUP),
            "splittable_groups_v2": Param("array", items=_NEWER),
        },
    ),
    Endpoint(
        "GET",
        "/fulfillment/202309/combinable_packages/search",
        _SCOPE,
        combinable,
        query={"page_size": Param("integer", required=True, low=1, high=50), "page_token": PAGE_TOKEN},
    ),
    Endpoint(
        "POST",
        "/fulfillment/202309/packages/combine",
        _SCOPE,
        combine,
        body={"combinable_packages": Param("array", required=True, items=_DRAFT)},
    ),
    Endpoint(
        "POST",
        "/fulfillment/202309/packages/{package_id}/uncombine",
        _SCOPE,
        uncombine,
        body={"order_ids": TEXTS},
    ),
)
