"""The book of a shop's goods at a given moment: every change with what was left after it, and what is stored where."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from tiktokshop_sandbox.derived.fbt.book import INBOUND, Book, BookEntry, FbtGoods, Place, book

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.derived.fbt.deliveries import Delivery
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop


class FbtShelf(NamedTuple):
    """Goods in a centre: units on hand (`damaged` ones among them), spoken for by orders, and still to be counted."""

    at: int
    id: str
    goods: FbtGoods
    centre: int
    on_hand: int
    damaged: int
    reserved: int
    coming: int

    @property
    def available(self) -> int:
        """Units that can be sold."""
        return self.on_hand - self.damaged - self.reserved


class Stand(NamedTuple):
    """Everything as of a moment; the lists are sorted by time and then by id, `known` are the goods by number."""

    entries: Sequence[BookEntry]
    shelves: Sequence[FbtShelf]
    goods: Sequence[FbtGoods]
    known: Mapping[int, FbtGoods]
    deliveries: Mapping[str, Delivery]


def stand(world: World, shop: Shop, now: int) -> Stand:
    """How the shop's book stands at `now`, unix seconds."""
    found = book(world, shop, now)
    return world.remembered(("fbt stand", shop.number, len(found.entries)), lambda: _stand(found))


def _stand(found: Book) -> Stand:
    reserved: Counter[Place] = Counter()
    for units in found.waiting.values():
        reserved.update(units)
    coming: Counter[Place] = Counter()
    for change in found.coming:
        if change.kind == INBOUND:
            coming[change.place] += change.units
    shelves = sorted(
        FbtShelf(
            at=stock.at,
            id=f"{goods:06d}-{centre}",
            goods=found.goods[goods],
            centre=centre,
            on_hand=stock.on_hand,
            damaged=stock.damaged,
            reserved=reserved[goods, centre],
            coming=coming[goods, centre],
        )
        for (goods, centre), stock in found.stocks.items()
    )
    return Stand(found.entries, shelves, sorted(found.goods.values()), found.goods, found.deliveries)
