"""What the seller does with products: restocks, prices, titles, listings put on sale and taken off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox import money
from tiktokshop_sandbox.activities import all_kept, held
from tiktokshop_sandbox.catalog import new_product
from tiktokshop_sandbox.life.engine import DAY, HOUR
from tiktokshop_sandbox.life.kinds import EventKind

if TYPE_CHECKING:
    from tiktokshop_sandbox.draws import Draws
    from tiktokshop_sandbox.life.engine import Life
    from tiktokshop_sandbox.states import Order, Product, Sku
    from tiktokshop_sandbox.storefront import Shop

_LOW = 3
_TAGLINES = ("new look", "édition limitée", "2nd edition", "★ bestseller", "Größe neu")
ON_SALE = "ACTIVATE"


def touch(life: Life, product: Product) -> None:
    """Every change moves `update_time`."""
    product.updated = life.now
    life.store.products.put(product.shop << 32 | product.n, product)


def take(life: Life, shop: Shop, draws: Draws) -> tuple[Product | None, Sku | None, int]:
    """One unit off the shelf of something on sale: product, SKU, warehouse; nothing when all is sold out."""
    count = life.store.desks[shop.number].products
    first = draws.skewed(count) if count else 0
    which = draws.between(0, 19)
    for step in range(count):
        product = life.store.products[shop.key((first + step) % count)]
        if product.status != ON_SALE:
            continue
        for turn in range(len(product.skus)):
            sku = product.skus[(which + turn) % len(product.skus)]
            for position, stock in enumerate(sku.stock):
                if stock > 0:
                    sku.stock[position] -= 1
                    sku.committed[position] += 1
                    _reorder(life, shop, product, sku)
                    touch(life, product)
                    return product, sku, product.warehouses[position]
    return None, None, 0


def _reorder(life: Life, shop: Shop, product: Product, sku: Sku) -> None:
    if sum(sku.stock) <= _LOW and not sku.restocking:
        sku.restocking = True
        delay = life.draws(shop, "reorder", sku.id, life.now).between(6 * HOUR, 40 * HOUR)
        life.at(life.now + delay, shop, EventKind.RESTOCK, product.n)


def restock(life: Life, shop: Shop, number: int) -> None:
    """The goods ordered arrive."""
    product = life.store.products[shop.key(number)]
    draws = life.draws(shop, "restock", number, life.now)
    for sku in product.skus:
        if sku.restocking:
            sku.stock = [stock + draws.between(20, 160) for stock in sku.stock]
            sku.restocking = False
    touch(life, product)


def sold(life: Life, order: Order) -> None:
    """The order's units have left: they are committed no longer."""
    _move(life, order, back=False)


def put_back(life: Life, _: Shop, order: Order) -> None:
    """The order's units go back on the shelf."""
    _move(life, order, back=True)


def _move(life: Life, order: Order, *, back: bool) -> None:
    if order.source:
        return  # what is sent for an exchange never came off the counted stock
    for line in order.lines:
        product = life.store.products[order.shop << 32 | line.product]
        sku = next((sku for sku in product.skus if sku.id == line.sku), None)
        if sku is None or line.warehouse not in product.warehouses:
            continue  # the seller has taken it out of the product since
        position = product.warehouses.index(line.warehouse)
        sku.committed[position] -= 1
        if back:
            sku.stock[position] += 1
        touch(life, product)


def _price(_life: Life, shop: Shop, product: Product, draws: Draws) -> None:
    change = draws.pick((-15, -10, -5, 5, 8, 12))
    for sku in product.skus:
        moved = sku.price + money.portion(sku.price, change * 1_000)
        sku.price = max(moved if shop.market.decimals else moved // 100 * 100, 100)


def _title(_life: Life, _shop: Shop, product: Product, draws: Draws) -> None:
    product.edits += 1
    base = product.title.split(" · ")[0]
    product.title = f"{base} · {draws.pick(_TAGLINES)}"


def promotion(life: Life, shop: Shop, product: Product, draws: Draws) -> None:
    """The seller puts a product into the standing discount, if it is in no other one, or takes it out."""
    percent = draws.pick((10, 15, 20, 30))
    if product.promotion or not held(all_kept(life.store.db, shop), "DIRECT_DISCOUNT", product.id, life.now):
        product.promotion = 0 if product.promotion else percent


def _deactivate(_life: Life, _shop: Shop, product: Product, _draws: Draws) -> None:
    product.status = "SELLER_DEACTIVATED"


def _activate(life: Life, shop: Shop, product: Product, _draws: Draws) -> None:
    activate(life, shop, product)


def activate(life: Life, shop: Shop, product: Product) -> None:
    """Puts a listing up: at once if it was live before, else after the platform has looked at it."""
    if product.status == "SELLER_DEACTIVATED":
        product.status = ON_SALE
        return
    product.status = "PENDING"
    delay = life.draws(shop, "audit delay", product.n, life.now).between(HOUR, 2 * DAY)
    life.at(life.now + delay, shop, EventKind.AUDIT, product.n)


def _delete(_life: Life, _shop: Shop, product: Product, _draws: Draws) -> None:
    product.before_deletion, product.status = product.status, "DELETED"


def _count_stock(_life: Life, _shop: Shop, product: Product, draws: Draws) -> None:
    for sku in product.skus:
        sku.stock = [max(0, stock + draws.between(-3, 40)) for stock in sku.stock]


_LIVE = frozenset({ON_SALE})
_DOWN = frozenset({"SELLER_DEACTIVATED", "DRAFT", "FAILED"})
_UNFINISHED = frozenset({"DRAFT", "FAILED"})
_KEPT = _LIVE | _DOWN | {"PENDING"}

# How often the seller does what, and to products of which status.
DOINGS = (
    (240, (_price, _LIVE)),
    (255, (_count_stock, _KEPT)),
    (150, (_title, _KEPT)),
    (130, (promotion, _LIVE)),
    (15, (_deactivate, _LIVE)),
    (170, (_activate, frozenset({"SELLER_DEACTIVATED"}))),
    (10, (_activate, _UNFINISHED)),
    (30, (_delete, _DOWN)),
)
PACE = 6 * HOUR


def seller(life: Life, shop: Shop, number: int) -> None:
    """Every few hours the seller does something to a product, or lists a new one."""
    life.at(life.now + PACE, shop, EventKind.SELLER, number + 1)
    draws = life.draws(shop, "seller", number)
    desk = life.store.desks[shop.number]
    if number % 40 == 7:
        product = new_product(shop, desk.products, life.now, status="PENDING")
        desk.products += 1
        life.store.desks.put(shop.number, desk)
        touch(life, product)
        life.at(life.now + draws.between(HOUR, 2 * DAY), shop, EventKind.AUDIT, product.n)
        return
    if not desk.products:
        return
    product = life.store.products[shop.key(draws.between(0, desk.products - 1))]
    doing, statuses = draws.weighted(DOINGS)
    if product.status in statuses:
        doing(life, shop, product, draws)
        touch(life, product)
