"""What was sold on a day: every unit of the orders placed and paid on it, and what brought the buyer.

The platform's gross merchandise value is what was paid for the day's orders, later cancelled and refunded ones included
("Get Shop Performance"); what a report gains with its revisions are the cancellations and refunds of the day's orders.
An order that is paid on delivery counts from when it is placed for good.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import msgspec

from tiktokshop_sandbox import money
from tiktokshop_sandbox.derived.analytics.content import (
    BY_AFFILIATE,
    BY_SELLER,
    CARD,
    LIVE,
    VIDEO,
    Content,
    on_air,
)
from tiktokshop_sandbox.draws import number_of
from tiktokshop_sandbox.life.amounts import carriage_and_commission
from tiktokshop_sandbox.states import Order, Return

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from tiktokshop_sandbox.derived.analytics.days import Calendar
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

T = TypeVar("T")

_A_DAY: Final = timedelta(days=1)

SHOP_TAB: Final = "SHOP_TAB"
SEARCH: Final = "SEARCH"
ELSEWHERE: Final = "ELSEWHERE"

_ORDERS_AND_RETURNS: Final = """
SELECT s.state, r.state FROM orders o JOIN order_states s ON s.key = o.key
LEFT JOIN returns r ON r.key = o.key AND r.create_time <= ?
WHERE o.shop = ? AND o.create_time >= ? AND o.create_time < ? ORDER BY o.create_time, o.id
"""
_ORDERS: Final = """
SELECT s.state FROM orders o JOIN order_states s ON s.key = o.key
WHERE o.shop = ? AND o.create_time >= ? AND o.create_time < ?
"""
_IN_A_LIVE_ROOM: Final = 6  # every sixth order names a live room (`room_id`), wherever the market shows it
_KINDS: Final = ((120, LIVE), (430, VIDEO), (450, CARD))
_CARDS: Final[Mapping[str, Sequence[tuple[int, str]]]] = {
    BY_SELLER: ((500, SHOP_TAB), (300, SEARCH), (200, ELSEWHERE)),
    BY_AFFILIATE: ((1_000, ELSEWHERE),),  # creators' showcases
}
_PAID_BACK: Final = frozenset({"REFUND_DONE", "REFUNDED"})

_order = msgspec.msgpack.Decoder(Order).decode
_return = msgspec.msgpack.Decoder(Return).decode


class Channel(NamedTuple):
    """What a sale is credited to.

    `kind` is LIVE, VIDEO or PRODUCT_CARD, `side` whose account it was on, `source` the id of the content (of a product
    card: the place it was found in). `direct` says that the content shows this very product.
    """

    kind: str
    side: str
    source: str
    direct: bool


class Unit(NamedTuple):
    """One unit of a paid order; amounts in minor units. `refund` is None until it was cancelled or paid back."""

    order: int
    buyer: str
    hour: int
    product: int
    sku: str
    sale: int
    funding: int
    tax: int
    shipping: int
    refund: int | None
    undone: bool  # the order was cancelled, or the unit asked to be taken back
    channel: Channel


def sold(world: World, shop: Shop, days: Calendar, day: date) -> tuple[Unit, ...]:
    """The day's units as its present report knows them, in the order of their sale."""
    key = ("analytics: sold", shop.number, day, days.drawn_up(day))
    return world.remembered(key, lambda: _read(world, shop, days, day))


def goods_sold(world: World, shop: Shop, days: Calendar) -> Mapping[date, set[tuple[int, str]]]:
    """The (product number, SKU) of all units sold, by day: what there are rows of."""
    found: dict[date, set[tuple[int, str]]] = {day: set() for day in days.all}
    bounds = (days.midnight(days.first), days.midnight(days.latest + _A_DAY))
    for (state,) in world.db.execute(_ORDERS, (shop.number, *bounds)):
        order = _order(state)
        if order.paid:
            found[days.day(order.created)].update((line.product, line.sku) for line in order.lines)
    return found


def _read(world: World, shop: Shop, days: Calendar, day: date) -> tuple[Unit, ...]:
    known = days.drawn_up(day)
    bounds = (days.midnight(day), days.midnight(day + _A_DAY))
    airing = on_air(world, shop, day)
    found: list[Unit] = []
    for state, back in world.db.execute(_ORDERS_AND_RETURNS, (known, shop.number, *bounds)):
        order = _order(state)
        if order.paid:
            item = None if back is None else _return(back)
            found += _units(shop, order, days.hour(order.created), _undoing(order, item, known), airing)
    return tuple(found)


class _Undoing(NamedTuple):
    """What of an order has been undone: the indexes of its lines, and whether they were paid back."""

    lines: frozenset[int]
    refunded: bool
    whole: bool


def _undoing(order: Order, item: Return | None, known: int) -> _Undoing:
    if order.cancelled and order.cancelled <= known:
        return _Undoing(frozenset(range(len(order.lines))), refunded=True, whole=True)
    if item is None:
        return _Undoing(frozenset(), refunded=False, whole=False)
    paid_back = any(record.event in _PAID_BACK and record.at <= known for record in item.records)
    return _Undoing(frozenset(item.lines), refunded=paid_back, whole=False)


def _units(
    shop: Shop, order: Order, hour: int, undoing: _Undoing, airing: Mapping[str, tuple[Content, ...]]
) -> list[Unit]:
    channel, shown = _channel(shop, order, airing)
    paid_shipping = order.shipping - order.shipping_seller - order.shipping_platform
    shares = money.share(paid_shipping, [1] * len(order.lines))
    units = []
    for index, (line, shipping) in enumerate(zip(order.lines, shares, strict=True)):
        undone = index in undoing.lines
        refund = line.sale + line.tax + shipping * undoing.whole if undone and undoing.refunded else None
        units.append(
            Unit(
                order=order.n,
                buyer=order.user,
                hour=hour,
                product=line.product,
                sku=line.sku,
                sale=line.sale,
                funding=line.platform_discount,
                tax=line.tax,
                shipping=shipping,
                refund=refund,
                undone=undone,
                channel=channel._replace(direct=line.product in shown),
            )
        )
    return units


def _channel(shop: Shop, order: Order, airing: Mapping[str, tuple[Content, ...]]) -> tuple[Channel, Sequence[int]]:
    """What an order is credited to, and the products that content shows.

    It was there before the order, and shows something of it if anything does.
    """
    side = BY_AFFILIATE if _through_creator(shop, order) else BY_SELLER
    drawn, rest = divmod(number_of(shop.seed, shop.number, "channel", order.n), 1_000)
    kind = LIVE if order.n % _IN_A_LIVE_ROOM == 2 else _weighed(_KINDS, rest)
    there = [item for item in airing.get(kind, ()) if item.channel == (kind, side) and item.begins <= order.created]
    bought = {line.product for line in order.lines}
    fitting = [item for item in there if not bought.isdisjoint(item.products)] or there
    if fitting:
        content = fitting[drawn % len(fitting)]
        return Channel(kind, side, content.id, direct=False), content.products
    return Channel(CARD, side, _weighed(_CARDS[side], drawn % 1_000), direct=False), ()


def _through_creator(shop: Shop, order: Order) -> bool:
    """Whether an affiliate creator earns a commission on an order."""
    by_platform = shop.options[order.option].shipping_type == "TIKTOK"
    return carriage_and_commission(shop, order.n, by_platform=by_platform)[1] > 0


def _weighed(table: Sequence[tuple[int, T]], drawn: int) -> T:
    """The choice of a table of (share in a thousand, choice) that a number below a thousand falls on."""
    for share, choice in table:
        drawn -= share
        if drawn < 0:
            return choice
    return table[-1][1]
