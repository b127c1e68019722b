"""The platform's book of a shop's goods: what it was sent, what it sent on, what it counted.

Which of the shop's orders the platform fulfils, and which goods they take from where, is settled when an order comes
in. So the first order for a product brings the product's goods into the book, with a delivery that is counted at that
very second, and an order that would leave too little brings another one. What is delivered never depends on what
becomes of an order; so nothing must be taken back, and there is always something left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from tiktokshop_sandbox.derived.fbt.centres import centres
from tiktokshop_sandbox.derived.fbt.deliveries import Delivery, delivery
from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.kept import kept
from tiktokshop_sandbox.life.engine import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.states import Order, Product
    from tiktokshop_sandbox.store import Store
    from tiktokshop_sandbox.storefront import Shop

SOUND, DAMAGED = "NORMAL", "DEFECTIVE"
INBOUND, SALE, ADJUSTMENT = "INBOUND_ORDER", "SALES_ORDER", "ADJUSTMENT"
SKUS: Final = 32  # numbers reserved for a product's goods
_SWING: Final = 6  # counts differ from the book by at most so much, all of them together
_SPARE: Final = 4 * _SWING  # what every order leaves, late units and the worst counts not yet taken off
_COUNTED_EVERY: Final = 30 * DAY
_FULFILLED = b"FULFILLMENT_BY_TIKTOK"

Place = tuple[int, int]  # goods by number, centre by number


class FbtGoods(NamedTuple):
    """A kind of goods, which is a SKU of a product: since when the platform has had it, and which it is."""

    at: int
    id: str
    number: int

    @property
    def product(self) -> int:
        """The product's number."""
        return self.number // SKUS

    @property
    def sku(self) -> int:
        """The SKU's place among the product's."""
        return self.number % SKUS


class Change(NamedTuple):
    """A change of what lies in a centre: by which order (`kind` and `order`), and by how many units."""

    at: int
    kind: str
    order: str
    place: Place
    condition: str
    units: int


class BookEntry(NamedTuple):
    """A change as the book has it, and the units on hand after it. Entries are sorted by time and by `id`."""

    at: int
    id: str
    change: Change
    after: int


@dataclass
class FbtStock:
    """Goods in a centre: since when, on hand (`damaged` ones among them), and spoken for by nobody yet (`spare`).

    `counts` is how often they were counted, `off` by how much all counts together differed from the book.
    """

    at: int
    on_hand: int = 0
    damaged: int = 0
    spare: int = 0
    off: int = 0
    counts: int = 0


class Book:
    """All a shop has had in the platform's centres: goods and stocks, deliveries by id, and every change.

    `coming` are changes that are certain but still to come, `waiting` the units of orders that have not left yet, by
    the order's key.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._centres = len(centres(shop))
        self._read = shop.key(0) - 1
        self._seen = (-1, -1)
        self.goods: dict[int, FbtGoods] = {}
        self.stocks: dict[Place, FbtStock] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.entries: list[BookEntry] = []
        self.coming: list[Change] = []
        self.waiting: dict[int, Counter[Place]] = {}

    def bring_up(self, world: World, now: int) -> None:
        """Writes down what has happened since the last time, until `now`."""
        if self._seen == (world.version, now):
            return
        with world.reading() as store:
            if self._seen[0] != world.version:
                for key in self._coming_in(world):
                    self._take(store, store.orders[key])
                for key in list(self.waiting):
                    self._follow(key, store.orders[key])
        self._count(now)
        self._enter(now)
        self._seen = (world.version, now)

    def _enter(self, now: int) -> None:
        """What has come by `now` goes into the book, in order of time."""
        self.coming.sort()
        happened = bisect_right(self.coming, now, key=lambda change: change.at)
        for change in self.coming[:happened]:
            stock = self.stocks[change.place]
            stock.on_hand += change.units
            if change.condition == DAMAGED:
                stock.damaged += change.units
            self.entries.append(BookEntry(change.at, f"{len(self.entries):09d}", change, stock.on_hand))
        del self.coming[:happened]

    def _coming_in(self, world: World) -> list[int]:
        sql = (
            "SELECT key FROM orders WHERE key > ? AND key < ? AND shipping_type = 'TIKTOK' AND instr(doc, ?) "
            "ORDER BY key"
        )
        newest = "SELECT max(key) FROM orders WHERE key > ? AND key < ?"
        (last,) = world.db.execute(newest, (self._read, self._shop.number + 1 << 32)).fetchone()
        if last is None:
            return []
        keys = [key for (key,) in world.db.execute(sql, (self._read, last + 1, _FULFILLED))]
        self._read = last
        return keys

    def _take(self, store: Store, order: Order) -> None:
        """An order comes in: its units are spoken for, and what gets short is delivered."""
        units: Counter[Place] = Counter()
        short: dict[int, list[int]] = {}
        for line in order.lines:
            product = store.products[self._shop.key(line.product)]
            centre = line.warehouse % self._centres
            index = next((index for index, sku in enumerate(product.skus) if sku.id == line.sku), 0)  # it may be gone
            units[line.product * SKUS + index, centre] += 1
            short.setdefault(centre, []).extend(self._introduce(order.created, product, centre))
        for (goods, centre), count in units.items():
            stock = self.stocks[goods, centre]
            stock.spare -= count
            if goods not in short[centre] and stock.spare < _SPARE:
                short[centre].append(goods)
        for centre, kinds in short.items():
            if kinds:
                self._deliver(order.created, centre, kinds)
        self.waiting[order.key] = units

    def _introduce(self, at: int, product: Product, centre: int) -> Iterator[int]:
        """The numbers of a product's goods that the centre has not had before."""
        for goods in range(product.n * SKUS, product.n * SKUS + len(product.skus)):
            if (goods, centre) not in self.stocks:
                self.stocks[goods, centre] = FbtStock(at)
                self.goods.setdefault(goods, FbtGoods(at, self._shop.identify("goods", goods), goods))
                yield goods

    def _deliver(self, at: int, centre: int, kinds: list[int]) -> None:
        item = delivery(self._shop, len(self.deliveries), centre, at, kinds)
        self.deliveries[item.id] = item
        for load in item.loads:
            place = (load.goods, centre)
            self.stocks[place].spare += load.sound
            for moment, condition, units in (
                (at, SOUND, load.sound - load.late),
                (at, DAMAGED, load.damaged),
                (item.completed, SOUND, load.late),
            ):
                if units:
                    self.coming.append(Change(moment, INBOUND, item.id, place, condition, units))

    def _follow(self, key: int, order: Order) -> None:
        """An order leaves the centre, or never will."""
        if order.collected:
            for place, units in self.waiting[key].items():
                self.coming.append(Change(order.collected, SALE, order.id, place, SOUND, -units))
        if order.collected or order.cancelled:
            del self.waiting[key]

    def _count(self, now: int) -> None:
        """Every month somebody counts, and the book is put right."""
        for (goods, centre), stock in self.stocks.items():
            while (due := stock.at + (stock.counts + 1) * _COUNTED_EVERY + goods % 24 * HOUR) <= now:
                stock.counts += 1
                draws = Draws(self._shop.seed, self._shop.number, "counted", goods, centre, stock.counts)
                found = draws.weighted(((600, 0), (150, -1), (90, -2), (100, 1), (60, 2)))
                off = max(-_SWING, min(_SWING, stock.off + found))
                if off != stock.off:
                    number = f"ADJ{self._shop.number + 1}{goods:06d}{centre}{stock.counts:02d}"
                    change = Change(due, ADJUSTMENT, number, (goods, centre), SOUND, off - stock.off)
                    self.coming.append(change)
                stock.off = off


def book(world: World, shop: Shop, now: int) -> Book:
    """The shop's book, with everything in it that has happened until `now`."""
    found = kept(world, ("fbt book", shop.number), lambda: Book(shop))
    found.bring_up(world, now)
    return found
