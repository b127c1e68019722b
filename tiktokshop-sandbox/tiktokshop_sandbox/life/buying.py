"""A new order: who buys what, at which price, and what will happen to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox import money
from tiktokshop_sandbox.life.aftersales import EXCHANGE_SHARES, RETURN_SHARES
from tiktokshop_sandbox.life.engine import DAY, HOUR
from tiktokshop_sandbox.life.kinds import EventKind
from tiktokshop_sandbox.life.products import take
from tiktokshop_sandbox.states import FulfilmentPlan, Order, OrderLine, Recipient
from tiktokshop_sandbox.storefront import OPTIONS

if TYPE_CHECKING:
    from tiktokshop_sandbox.draws import Draws
    from tiktokshop_sandbox.life.engine import Life
    from tiktokshop_sandbox.states import Product, Sku
    from tiktokshop_sandbox.storefront import Shop

KINDS = ((936, "NORMAL"), (18, "SAMPLE"), (16, "PRE_ORDER"), (10, "ZERO_LOTTERY"), (20, "GIFT"))
UNITS = ((700, 1), (170, 2), (70, 3), (35, 4), (15, 6), (10, 9))
OUTCOMES = (
    (45, "unpaid"),
    (14, "cancelled_on_hold"),
    (22, "buyer_cancels"),
    (8, "seller_refuses_cancel"),
    (6, "buyer_withdraws_cancel"),
    (10, "seller_cancels"),
    (8, "lost"),
    (887, "delivered"),
)
MESSAGES = (
    (860, ""),
    (40, "Please ship asap!"),
    (30, "It's a gift, no invoice please 🎁"),
    (25, "Bitte beim Nachbarn abgeben, danke schön"),
    (25, "請小心包裝 謝謝"),
    (20, "Leave at the “back” door\nbeware of the dog"),
)
NOTES = ((940, ""), (40, "VIP: add a sample"), (20, "checked address ✔"))
SHIPPING_CENTS = {"STANDARD": 499, "SEND_BY_SELLER": 599, "EXPRESS": 999}
_AGAIN = 300
_TAXED_SHIPPING = frozenset({"New York", "Texas"})


def place(life: Life, shop: Shop, number: int) -> None:
    """An order comes in, and the next one is on its way."""
    life.at(life.arrival(number + 1), shop, EventKind.PLACE, number + 1)
    take_order(life, shop, number)


def take_order(life: Life, shop: Shop, number: int, *, like: Order | None = None) -> Order | None:
    """An order comes in, from the buyer of another one if that is given; None where nothing is left to buy."""
    draws = life.draws(shop, "order", number)
    desk = life.store.desks[shop.number]
    order = _exchange(life, shop, number, draws) if desk.exchanges else _purchase(life, shop, number, draws, like)
    if order is None:
        return None
    life.store.orders.put(order.key, order)
    if order.plan.outcome == "unpaid":
        life.at(order.created + DAY, shop, EventKind.EXPIRE, number)
    else:
        life.at(order.created + order.plan.pay, shop, EventKind.PAY, number)
    return order


def _purchase(life: Life, shop: Shop, number: int, draws: Draws, like: Order | None) -> Order | None:
    kind = draws.weighted(KINDS)
    units = 1 if kind in {"SAMPLE", "ZERO_LOTTERY"} else draws.weighted(UNITS)
    recipient, user = _buyer(shop, number, draws)
    place = shop.market.places[recipient.place]
    lines: list[OrderLine] = []
    while len(lines) < units:
        product, sku, warehouse = take(life, shop, draws)
        if sku is None or product is None:
            break
        again = draws.between(1, 3) - 1  # several units of one SKU are several lines
        lines.append(_line(shop, number, len(lines), (product, sku, warehouse), draws))
        while again and len(lines) < units and sku.stock[product.warehouses.index(warehouse)] > 0:
            _commit(product, sku, warehouse)
            lines.append(_line(shop, number, len(lines), (product, sku, warehouse), draws))
            again -= 1
    if not lines:
        return None
    _reprice(kind, lines)
    rate = place.tax if shop.market.taxes_on_top else 0
    for line in lines:
        line.tax = money.portion(line.sale, rate)
        line.retail_fee = 0
    option = draws.weighted([(row[-1], index) for index, row in enumerate(OPTIONS)])
    before = like or _bought_just_before(life, shop, number)
    if before is not None:
        recipient, user, option = before.recipient, before.user, before.option
    order = Order(
        shop=shop.number,
        n=number,
        id=shop.identify("order", number),
        kind="NORMAL" if kind == "GIFT" else kind,
        status="UNPAID",
        created=life.now,
        updated=life.now,
        user=user,
        recipient=recipient,
        option=option,
        warehouse=lines[0].warehouse,
        method=draws.between(0, len(shop.market.payment_methods) - 1),
        lines=lines,
        plan=_plan(shop, draws, kind, len(lines)),
        tax_rate=rate,
        message=draws.weighted(MESSAGES),
        note=draws.weighted(NOTES),
    )
    _ship_fees(shop, order, draws)
    if place.retail_delivery_fee and any(line.sale for line in lines):
        for line, fee in zip(lines, money.share(place.retail_delivery_fee, [1] * len(lines)), strict=True):
            line.retail_fee = fee
    return order


def _bought_just_before(life: Life, shop: Shop, number: int) -> Order | None:
    """The last order of a buyer who comes back at once, as many do where packages can be combined."""
    if not shop.market.sea or not number or not life.draws(shop, "again", number).chance(_AGAIN):
        return None
    return life.store.orders.get(shop.key(number - 1))


def _commit(product: Product, sku: Sku, warehouse: int) -> None:
    position = product.warehouses.index(warehouse)
    sku.stock[position] -= 1
    sku.committed[position] += 1


def _line(shop: Shop, number: int, index: int, goods: tuple[Product, Sku, int], draws: Draws) -> OrderLine:
    product, sku, warehouse = goods
    seller = money.portion(sku.price, product.promotion * 1_000)
    platform = money.portion(sku.price - seller, draws.between(5, 15) * 1_000) if draws.chance(220) else 0
    return OrderLine(
        id=shop.identify("line", number * 64 + index),
        product=product.n,
        product_name=product.title,
        sku=sku.id,
        sku_name=", ".join(value for _, value in sku.attributes),
        seller_sku=sku.seller_sku,
        original=sku.price,
        seller_discount=seller,
        platform_discount=platform,
        tax=0,
        warehouse=warehouse,
        parts=sku.parts,
    )


def _reprice(kind: str, lines: list[OrderLine]) -> None:
    """Samples are at the seller's cost, lottery prizes at the platform's; a gift is one free unit of several."""
    if kind == "GIFT" and len(lines) > 1:
        lines[-1].gift = True
    for line in lines:
        if kind == "SAMPLE" or line.gift:
            line.seller_discount, line.platform_discount = line.original, 0
        elif kind == "ZERO_LOTTERY":
            line.seller_discount, line.platform_discount = 0, line.original


def _ship_fees(shop: Shop, order: Order, draws: Draws) -> None:
    cents = SHIPPING_CENTS[shop.options[order.option].type]
    fee = cents * shop.market.rate // 100
    order.shipping = fee if shop.market.decimals else fee // 100 * 100
    if order.kind in {"SAMPLE", "ZERO_LOTTERY"} or draws.chance(380):
        order.shipping_platform = order.shipping
    elif draws.chance(250):
        order.shipping_seller = order.shipping
    place = shop.market.places[order.recipient.place]
    if place.state in _TAXED_SHIPPING:
        paid = order.shipping - order.shipping_platform - order.shipping_seller
        order.shipping_tax = money.portion(paid, order.tax_rate)


def _buyer(shop: Shop, number: int, draws: Draws) -> tuple[Recipient, str]:
    """Every fourth order is by somebody who bought before."""
    who = draws.between(0, number) if number and draws.chance(250) else number
    person = draws if who == number else draws.__class__(shop.seed, shop.number, "person", who)
    market = shop.market
    index = person.between(0, len(market.places) - 1)
    recipient = Recipient(
        first=person.pick(market.first_names),
        last=person.pick(market.last_names),
        phone=person.pattern(market.phone),
        street=f"{person.between(1, 980)} {person.pick(market.streets)}",
        postcode=person.pattern(market.places[index].postcode),
        place=index,
    )
    return recipient, shop.identify("user", who)


def _plan(shop: Shop, draws: Draws, kind: str, units: int) -> FulfilmentPlan:
    outcome = draws.weighted(OUTCOMES)
    wait = draws.between(7, 20) * DAY if kind == "PRE_ORDER" else 0
    returns = ""
    if outcome == "delivered" and kind != "SAMPLE" and draws.chance(75):
        returns = draws.weighted(EXCHANGE_SHARES if shop.region in {"US", "GB"} else RETURN_SHARES)
    return FulfilmentPlan(
        outcome=outcome,
        pay=draws.between(3, 40) if draws.chance(850) else draws.between(60, 1_500),
        ship=wait + draws.between(2 * HOUR, 44 * HOUR),
        second=draws.between(20 * HOUR, 60 * HOUR) if units > 1 and draws.chance(150) else 0,
        collect=draws.between(2 * HOUR, 26 * HOUR),
        deliver=draws.between(30 * HOUR, 150 * HOUR),
        complete=draws.between(7 * DAY, 10 * DAY),
        settle=draws.between(5 * DAY, 8 * DAY),
        decide=draws.between(HOUR, 40 * HOUR),
        returns=returns,
        return_after=draws.between(5 * HOUR, 6 * DAY) if draws.chance(700) else draws.between(9 * DAY, 20 * DAY),
        refresh=draws.between(60, 6 * HOUR) if draws.chance(30) else 0,
    )


def _exchange(life: Life, shop: Shop, number: int, draws: Draws) -> Order | None:
    """What a buyer gets instead: the same goods again, for nothing."""
    desk = life.store.desks[shop.number]
    source_key, indexes, kind = desk.exchanges.pop(0)
    life.store.desks.put(shop.number, desk)
    source = life.store.orders[source_key]
    lines: list[OrderLine] = []
    for index in indexes:
        line = source.lines[index]
        lines.append(
            OrderLine(
                id=shop.identify("line", number * 64 + len(lines)),
                product=line.product,
                product_name=line.product_name,
                sku=line.sku,
                sku_name=line.sku_name,
                seller_sku=line.seller_sku,
                original=line.original,
                seller_discount=line.original,
                platform_discount=0,
                tax=0,
                warehouse=line.warehouse,
                parts=line.parts,
            )
        )
    plan = _plan(shop, draws, "SAMPLE", len(lines))
    plan.outcome, plan.returns = "delivered", ""
    return Order(
        shop=shop.number,
        n=number,
        id=shop.identify("order", number),
        kind=kind,
        status="UNPAID",
        created=life.now,
        updated=life.now,
        user=source.user,
        recipient=source.recipient if not source.purged else _buyer(shop, number, draws)[0],
        option=source.option,
        warehouse=source.warehouse,
        method=source.method,
        lines=lines,
        plan=plan,
        source=source.id,
    )
