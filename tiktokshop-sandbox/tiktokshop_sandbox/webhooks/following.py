"""What happens in the lists that are not stored but follow from the shops' history, as events of a span of time.

Each function yields what happened to a shop after `since` and up to `until`, unix seconds, each at its own time.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import msgspec

from tiktokshop_sandbox.derived.affiliate.samples import applications, asked_for, course
from tiktokshop_sandbox.derived.aftersales import MARKETS, request_course, rma_course
from tiktokshop_sandbox.derived.catalogue import NUMBER
from tiktokshop_sandbox.derived.fbt import centres, is_onboarded, stand
from tiktokshop_sandbox.derived.promotion import activities
from tiktokshop_sandbox.documents.size_charts import OWN_EVERY, OWN_REST, chart_of
from tiktokshop_sandbox.life.engine import DAY
from tiktokshop_sandbox.states import Return
from tiktokshop_sandbox.webhooks import talk
from tiktokshop_sandbox.webhooks.types import Happening

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from tiktokshop_sandbox.derived.affiliate.samples import Application
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.states import Order
    from tiktokshop_sandbox.store import Store
    from tiktokshop_sandbox.storefront import Shop

    Follow = Callable[[World, Shop, int, int], Iterator[Happening]]

_BY_ITSELF: Final = 3 * DAY  # after its last change an RMA goes on by itself for less than this
_SAMPLES: Final = 40 * DAY  # and a sample whose order has changed, for less than this
_SOUTH_EAST: Final = frozenset({"ID", "MY", "PH", "SG", "TH", "VN"})
_RMA_STATUSES: Final = {"AWAITING_BUYER_RETURN": "AWAITING_BUYER_SHIPPED"}  # events spell this one otherwise
_REFUNDS: Final = frozenset({"REFUND_DONE", "REFUNDED"})
_decoded = msgspec.msgpack.Decoder(Return).decode


def after_sales(world: World, shop: Shop, since: int, until: int) -> Iterator[Happening]:
    """After-sales requests, RMAs and refunds, where they exist."""
    if shop.region not in MARKETS:
        return
    sql = "SELECT state FROM returns WHERE shop = ? AND update_time > ?"
    for (state,) in world.db.execute(sql, (shop.number, since - _BY_ITSELF)).fetchall():
        item = _decoded(state)
        request = {"aftersales_request_id": shop.identify("aftersales", item.n)}
        for at, status in request_course(item):
            if since < at <= until:
                yield Happening(
                    shop.number,
                    64,
                    at,
                    {
                        **request,
                        "return_role": "BUYER",
                        "aftersales_request_status": status,
                        "aftersales_request_create_time": item.created,
                        "aftersales_request_update_time": at,
                    },
                )
        course = rma_course(shop, item)
        rma = {"rma_id": shop.identify("rma", item.n)} if course else {}
        for at, status in course:
            if since < at <= until:
                yield Happening(
                    shop.number,
                    65,
                    at,
                    {
                        **rma,
                        **request,
                        "return_role": "BUYER",
                        "rma_status": _RMA_STATUSES.get(status, status),
                        "rma_request_create_time": course[0][0],
                        "rma_request_update_time": at,
                    },
                )
        for record in item.records:
            if record.event in _REFUNDS and since < record.at <= until:
                yield Happening(shop.number, 67, record.at, {**request, **rma, **_refund(world, shop, item, record.at)})


def _refund(world: World, shop: Shop, item: Return, at: int) -> dict[str, object]:
    with world.reading() as store:
        lines = store.orders[item.order].lines
        skus = [(index, lines[index].sku) for index in item.lines]
    return {
        "line_items": [
            {
                "main_order_id": shop.identify("order", item.n),
                "return_line_item_id": shop.identify("return_line", item.n * 64 + place),
                "sku_id": sku,
                "sku_return_request_id": item.id,
                "sub_return_line_item_id": shop.identify("return_line", item.n * 64 + place),
            }
            for place, (_, sku) in enumerate(skus)
        ],
        "refund_currency": shop.currency,
        "refund_status": "REFUND_SUCCESS",
        "refund_timestamp": at,
        "refund_total": shop.amount(item.proposed or item.refund.total),
    }


def campaigns(world: World, shop: Shop, since: int, until: int) -> Iterator[Happening]:
    """Promotions that begin, end, are ended or changed. Flash sales are told of in South East Asia only."""
    for item in activities(world, shop, until):
        ends = item.end_at(until) if item.end else 0
        course = [(item.begin, "ONGOING"), (ends, "EXPIRED")]
        if item.stopped:
            course = [step for step in course if step[0] < item.stopped] + [(item.stopped, "DEACTIVATED")]
        for at, status in course:
            if since < at <= until and (item.kind != "FLASHSALE" or shop.region in _SOUTH_EAST):
                yield Happening(
                    shop.number,
                    39,
                    at,
                    {
                        "activity_id": item.id,
                        "update_time": at,
                        "activity_type": item.kind,
                        "product_level": item.level,
                        "status": status,
                    },
                )
        if item.number and since < item.edited <= until:
            data = {"activity_id": item.id, "update_time": item.edited, "change_type": "ACTIVITY_UPDATE"}
            yield Happening(shop.number, 63, item.edited, data)


def samples(world: World, shop: Shop, since: int, until: int) -> Iterator[Happening]:
    """Creators' applications for samples, whenever their status changes."""
    found = applications(world, shop, until)
    wanted = msgspec.json.encode([item.order for item in found if item.order >= 0]).decode()
    sql = "SELECT o.key FROM orders AS o JOIN json_each(?) AS wanted ON o.key = wanted.value WHERE update_time > ?"
    moving = {key for (key,) in world.db.execute(sql, (wanted, since - _SAMPLES))}
    with world.reading() as store:
        for item in found:
            order = store.orders[item.order] if item.order in moving else None
            if order is None and (item.order >= 0 or item.decided <= since):
                continue
            for at, status in course(shop, item, order):
                if since < at <= until:
                    yield _application(shop, store, item, order, (at, status))


def _application(shop: Shop, store: Store, item: Application, order: Order | None, step: tuple[int, str]) -> Happening:
    number = order.lines[0].product if order else item.product
    sku = order.lines[0].sku if order else asked_for(item, store.products[shop.key(number)]).id
    data = {
        "application_id": item.id,
        "new_status": step[1],
        "creator": [{"creator_open_id": item.creator.open_id}],
        "product": [{"id": shop.identify("product", number), "sku_id": sku}],
    }
    return Happening(shop.number, 56, step[0], data)


def fulfilled(world: World, shop: Shop, since: int, until: int) -> Iterator[Happening]:
    """What the platform keeps for a shop: deliveries to it, goods that are new to it, and their stock."""
    if not is_onboarded(shop):
        return
    book = stand(world, shop, until)
    for delivery in book.deliveries.values():
        for step in delivery.steps:
            if since < step.at <= until:
                data = {"inbound_order_id": delivery.id, "order_status": step.status, "update_time": step.at}
                yield Happening(shop.number, 21, step.at, data)
    for goods in book.goods:
        if since < goods.at <= until:
            ids = {"goods_id": goods.id, "product_id": shop.identify("product", goods.product)}
            match = {"match_type": "MATCH", "product_type": "LOCAL", "sku_id": shop.identify("sku", goods.number)}
            yield Happening(shop.number, 23, goods.at, {**match, **ids, "update_time": goods.at})
    places = {centre.number: centre.id for centre in centres(shop)}
    for entry in book.entries[bisect_right(book.entries, since, key=lambda entry: entry.at) :]:
        number = entry.change.place[0]
        shelves = [shelf for shelf in book.shelves if shelf.goods.number == number]
        inventory = [
            {
                "fbt_warehouse_id": places[shelf.centre],
                "on_hand_detail": {
                    "total_quantity": shelf.on_hand,
                    "reserved_quantity": shelf.reserved,
                    "available_quantity": shelf.available,
                },
            }
            for shelf in shelves
        ]
        ids = {"goods_id": book.known[number].id, "sku_id": shop.identify("sku", number)}
        data = {**ids, "fbt_warehouse_inventory": inventory, "update_time": entry.at}
        yield Happening(shop.number, 24, entry.at, data)


def charts(world: World, shop: Shop, since: int, until: int) -> Iterator[Happening]:
    """Size charts that come with products of their own."""
    sql = f"SELECT key FROM products WHERE shop = ? AND create_time > ? AND create_time <= ? AND {NUMBER} % ? = ?"  # noqa: S608
    keys = world.db.execute(sql, (shop.number, since, until, OWN_EVERY, OWN_REST)).fetchall()
    with world.reading() as store:
        products = [store.products[key] for (key,) in keys]
    for product in products:
        chart = chart_of(shop, product)
        if chart:
            names = {"size_chart_template_id": chart.id, "size_chart_template_name": chart.name}
            data = {**names, "event_type": "CREATE", "update_time": product.created}
            yield Happening(shop.number, 19, product.created, data)


# Which types of events each function yields.
_FOLLOWS: Final[tuple[tuple[frozenset[int], Follow], ...]] = (
    (frozenset({13, 14, 33}), talk.said),
    (frozenset({64, 65, 67}), after_sales),
    (frozenset({39, 63}), campaigns),
    (frozenset({56}), samples),
    (frozenset({21, 23, 24}), fulfilled),
    (frozenset({19}), charts),
)


def followed(world: World, shop: Shop, wanted: Collection[int], span: tuple[int, int]) -> Iterator[Happening]:
    """What happened to a shop in a span of time, of the types that are wanted (and perhaps of some that are not)."""
    for types, follow in _FOLLOWS:
        if not types.isdisjoint(wanted):
            yield from follow(world, shop, *span)
