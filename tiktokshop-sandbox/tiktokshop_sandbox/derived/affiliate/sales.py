"""Which of the shop's orders came through creators, and through what.

An order's commission is decided when it comes in and is the one that finance takes off it; so is who earned it. Both
follow from the order's number, so that every order must be looked at only once.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from tiktokshop_sandbox.derived.affiliate.invitations import (
    STANDARD,
    in_open_collaboration,
    posted_by,
    running,
)
from tiktokshop_sandbox.derived.analytics.content import on_air
from tiktokshop_sandbox.derived.analytics.creators import AFFILIATE, creator
from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.kept import kept
from tiktokshop_sandbox.life.amounts import carriage_and_commission
from tiktokshop_sandbox.zones import zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.derived.affiliate.invitations import Invitation
    from tiktokshop_sandbox.derived.analytics.content import Content
    from tiktokshop_sandbox.derived.analytics.creators import Creator
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.states import Order, OrderLine
    from tiktokshop_sandbox.storefront import Shop

SHOWCASE: Final = "SHOP"  # sold from a creator's showcase: no content of theirs led there
_SAMPLE = b'"is_sample_order":true'


class SaleSource(NamedTuple):
    """Where a sale came from: a creator, a target collaboration unless it was the open one, and a piece of content."""

    creator: Creator
    invitation: Invitation | None
    content_type: str
    content_id: str


class Sale(NamedTuple):
    """An order that came through creators: its key, rate in hundred-thousandths, and sources by product's number."""

    at: int
    id: str
    key: int
    rate: int
    sources: Mapping[int, SaleSource]


class Sample(NamedTuple):
    """An order of a sample."""

    at: int
    key: int


def counting(order: Order) -> list[OrderLine]:
    """The lines that bring commission: those that cost something."""
    return [line for line in order.lines if line.original > line.seller_discount]


def _rate(shop: Shop, number: int, shipping_type: str) -> int:
    """The rate of an order's commission, 0 without a creator."""
    return carriage_and_commission(shop, number, by_platform=shipping_type == "TIKTOK")[1]


class Ledger:
    """The shop's sales through creators and its orders of samples, oldest first.

    Samples stay in the order they were taken in, so that they can be told apart by their place in the list.

    `sellers` are the names of who has sold a product from their showcase or through content, `posters` of those who
    did it through content, by the product's number.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._read = shop.key(0) - 1
        self._version = -1
        self._day: date | None = None
        self._shown: Sequence[Content] = ()
        self.sales: list[Sale] = []
        self.samples: list[Sample] = []
        self.sellers: dict[int, set[str]] = {}
        self.posters: dict[int, set[str]] = {}

    def bring_up(self, world: World) -> None:
        """Takes in the orders that have come in since the last time."""
        if self._version == world.version:
            return
        self._version = world.version
        sql = (
            "SELECT key, id, create_time, shipping_type, instr(doc, ?) FROM orders WHERE key > ? AND key < ? "
            "ORDER BY key"
        )
        rows = world.db.execute(sql, (_SAMPLE, self._read, self._shop.number + 1 << 32)).fetchall()
        with world.reading() as store:
            for key, identifier, at, shipping_type, sample in rows:
                self._read = key
                rate = _rate(self._shop, key & 0xFFFFFFFF, shipping_type)
                if sample:
                    self.samples.append(Sample(at, key))
                elif rate and (lines := counting(store.orders[key])):
                    products = {line.product for line in lines}
                    sources = {product: self._source(world, (key, at, product), rate) for product in sorted(products)}
                    self.sales.append(Sale(at, identifier, key, rate, sources))
        self.sales.sort()

    def _source(self, world: World, sale: tuple[int, int, int], rate: int) -> SaleSource:
        """Where the sale of a product in an order came from; `sale` is the order's key and time, and the product."""
        key, at, product = sale
        shop = self._shop
        draws = Draws(shop.seed, shop.number, "affiliate", key & 0xFFFFFFFF, product)
        invited = _invited(world, shop, at, product, rate)
        invitation, who = None, creator(shop, AFFILIATE, draws)
        if invited and (draws.chance(400) or not in_open_collaboration(product)):
            invitation, who = draws.pick(invited)
        shown = [
            item
            for item in self._on_air(world, at)
            if item.begins <= at and product in item.products and (invitation is None or item.creator == who)
        ]
        found = SaleSource(who, invitation, SHOWCASE, "")
        if shown:
            item = draws.pick(shown)
            found = SaleSource(item.creator, invitation, item.kind, item.id)
            self.posters.setdefault(product, set()).add(item.creator.id)
        self.sellers.setdefault(product, set()).add(found.creator.id)
        return found

    def _on_air(self, world: World, moment: int) -> Sequence[Content]:
        """What affiliate creators have for people to watch on a moment's day."""
        day = datetime.fromtimestamp(moment, zone(self._shop.region)).date()
        if self._day != day:
            found = on_air(world, self._shop, day)
            self._shown = [item for items in found.values() for item in items if item.account == AFFILIATE]
            self._day = day
        return self._shown


def ledger(world: World, shop: Shop) -> Ledger:
    """The shop's sales through creators."""
    found = kept(world, ("affiliate ledger", shop.number), lambda: Ledger(shop))
    found.bring_up(world)
    return found


def _invited(world: World, shop: Shop, moment: int, product: int, rate: int) -> list[tuple[Invitation, Creator]]:
    """Who could sell a product by invitation, at this rate unless by the programme, whose rates are in tiers."""
    return [
        (item, member.creator)
        for item in running(world, shop, moment, product)
        if item.kind != STANDARD or item.rate * 10 == rate
        for member in posted_by(item.members, moment)
    ]
