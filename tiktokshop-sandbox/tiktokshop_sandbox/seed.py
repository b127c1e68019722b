"""How a world begins: shelves are filled, the first order is placed, and then events happen until now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox.catalog import first_product
from tiktokshop_sandbox.life.engine import DAY
from tiktokshop_sandbox.life.kinds import EventKind
from tiktokshop_sandbox.states import ShopMemory

if TYPE_CHECKING:
    from tiktokshop_sandbox.life.engine import Life

_FEWEST, _MOST, _ORDERS_A_PRODUCT = 60, 500, 20


def open_shops(life: Life) -> None:
    """Makes every shop's catalogue as of the world's first second, and the first events."""
    count = max(_FEWEST, min(_MOST, life.orders // _ORDERS_A_PRODUCT))
    midnight = life.start // DAY + 1
    life.set_time(life.start)
    for shop in life.store.shops:
        life.store.desks.put(shop.number, ShopMemory(products=count, ledger={}))
        for number in range(count):
            life.store.products.put(shop.key(number), first_product(shop, number, life.start))
        life.at(midnight * DAY, shop, EventKind.CUT, midnight)
        life.at(life.start + shop.number, shop, EventKind.SELLER, 0)
        if life.orders:
            life.at(life.arrival(0), shop, EventKind.PLACE, 0)
    life.settle_down()
