"""Promotion activities as the file keeps them: those that were made, or changed, through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from sqlite3 import Connection

    from tiktokshop_sandbox.storefront import Shop

NO_LIMIT = -1
WHOLE_SHOP = "SHOP"
LOCKING = frozenset({"FIXED_PRICE", "DIRECT_DISCOUNT", "FLASHSALE"})
"""Kinds that lock the prices of their products while they run, and let their stock only grow."""


SAME_LAYER = {"FIXED_PRICE": "price", "DIRECT_DISCOUNT": "price"}


def layer_of(kind: str) -> str:
    """What activities share that no product may be in two of at once; most kinds keep to themselves."""
    return SAME_LAYER.get(kind, kind)


class KeptOffer(Struct):
    """What a product or a SKU costs in an activity: a price in minor units, or a percentage; and its limits."""

    price: int | None = None
    percent: str = ""
    limit: int = NO_LIMIT
    per_user: int = NO_LIMIT
    used: int = 0


class KeptMember(Struct):
    """A product in an activity: an offer of its own, or offers of its SKUs."""

    offer: KeptOffer
    skus: dict[str, KeptOffer] = field(default_factory=dict)


class KeptActivity(Struct):
    """An activity. Times are unix seconds; 0 stands for never. `terms` is what is shown of it beside.

    `spans` has from when until when each product has been in it, as far as it came or went through the API.
    """

    number: int
    id: str
    kind: str
    title: str
    level: str
    created: int
    begin: int
    end: int
    edited: int = 0
    stopped: int = 0
    terms: dict[str, Any] = field(default_factory=dict)
    products: dict[str, KeptMember] = field(default_factory=dict)
    excluded: list[str] = field(default_factory=list)
    benefits: list[str] = field(default_factory=list)
    spans: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def came(self, product_id: str, now: int) -> None:
        """A product is put in, or changed."""
        if product_id not in self.products:
            self.spans.setdefault(product_id, []).append((now, 0))

    def went(self, product_id: str, now: int) -> None:
        """A product is taken out."""
        if self.products.pop(product_id, None) is not None and self.spans.get(product_id):
            self.spans[product_id][-1] = (self.spans[product_id][-1][0], now)

    def held(self, product_id: str, when: int) -> bool:
        """Whether a product was in it while it was to come or ran."""
        if 0 < (self.stopped or self.end) <= when:
            return False
        return any(since <= when and (not until or when < until) for since, until in self.spans.get(product_id, ()))

    def title_at(self, _: int) -> str:
        """The title."""
        return self.title

    def end_at(self, _: int) -> int:
        """When it ends."""
        return self.end

    def updated_at(self, _: int) -> int:
        """When the seller last changed it."""
        return max(self.created, self.edited, self.stopped)

    def status_at(self, now: int) -> str:
        """Where it is in its life; one for products that has none yet is a draft."""
        if self.stopped:
            return "DEACTIVATED"
        if self.end and now >= self.end:
            return "EXPIRED"
        if not self.products and self.level != WHOLE_SHOP:
            return "DRAFT"
        return "NOT_START" if now < self.begin else "ONGOING"

    @property
    def items(self) -> int:
        """How many products or SKUs are in it."""
        return sum(len(member.skus) or 1 for member in self.products.values())


def all_kept(db: Connection, shop: Shop) -> Iterator[KeptActivity]:
    """All kept activities of a shop, as the file has them."""
    head = f"campaign.{shop.id}."
    rows = db.execute("SELECT value FROM meta WHERE key >= ? AND key < ? ORDER BY key", (head, f"{head}~"))
    for (value,) in rows.fetchall():
        yield msgspec.json.decode(value, type=KeptActivity)


def held(activities: Iterable[KeptActivity], kind: str, product_id: str, when: int) -> bool:
    """Whether a kept activity of the layer had a product at a time, so that no other one could have it."""
    return any(layer_of(item.kind) == layer_of(kind) and item.held(product_id, when) for item in activities)
