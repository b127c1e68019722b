"""An activity on its way to the shop, with the records that are about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_tiktokshop.promotions.difference import ActivityDifference, level_of, live_offers, over
from target_tiktokshop.promotions.reading import KINDS, is_nested
from target_tiktokshop.writing.live import DEACTIVATED, UNSEEN, object_of
from target_tiktokshop.writing.rows import Row, still_open

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_client import Shop

    from target_tiktokshop.promotions.wanted import WantedActivity, WantedOffer
    from target_tiktokshop.writing.keys import KeyEntry


@dataclass
class Campaign:
    """An activity, with the records of a batch that are about it.

    Attributes:
        shop: Whose it is.
        key: The key that the records have for it, "" if they have none.
        id: The activity, "" for a new one.
        rows: The records.
        live: The activity as the shop shows it, {} for a new one.
        fields: What the records say of it together.
        faults: What is wrong with that, as sentences without a full stop.
        entry: What was known of the key when it was looked up.
    """

    shop: Shop
    key: str
    id: str = ""
    rows: list[Row] = field(default_factory=list)
    live: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    entry: KeyEntry | None = None

    @property
    def title(self) -> str:
        """What it is called: in the record, or in the shop."""
        return str(self.fields.get("title") or self.live.get("title") or "")

    @property
    def kind(self) -> str:
        """What kind of activity it is."""
        return str(self.live.get("activity_type") or self.fields.get("activity_type") or "")

    @property
    def level(self) -> str:
        """Whether it is about products, SKUs or the whole shop; where nothing says it, by what the records name."""
        said = level_of(self.live) or self.fields.get("product_level")
        if said:
            return str(said)
        offers = self.offers(self.rows)
        if not offers and not KINDS.get(self.kind):
            return "SHOP"
        return "VARIATION" if any(offer.sku_id or offer.seller_sku for offer in offers) else "PRODUCT"

    def offers(self, rows: Iterable[Row]) -> list[WantedOffer]:
        """The offers of some of its records."""
        return [offer for row in rows for offer in row.subject.wanted.offers]

    def settle(self, outcome: str, code: str = "", message: str = "") -> None:
        """Gives its open records their outcome."""
        for row in still_open(self.rows):
            row.settle(outcome, code, message)


@dataclass
class PromotionPart:
    """What one record says of an activity; it is the `subject` of its row.

    Attributes:
        wanted: What the record asks for.
        campaign: The activity it is about.
        difference: What the shop lacks of it.
        nested: Whether the record has a list of products.
    """

    wanted: WantedActivity
    campaign: Campaign
    difference: ActivityDifference = field(default_factory=ActivityDifference)
    nested: bool = False

    @property
    def numbered(self) -> bool:
        """Whether the shop shows the seller's numbers of all its SKUs, were it only to say that there are none."""
        return all(sku.numbered for offer in self.wanted.offers for sku in offer.skus)

    @property
    def title(self) -> str:
        """What the plan calls it."""
        return self.campaign.title

    @property
    def _only(self) -> WantedOffer | None:
        return self.wanted.offers[0] if self.wanted.offers and not self.nested else None

    @property
    def id(self) -> str:
        """The SKU or the product of a flat record, or else the key or the id of the activity."""
        offer = self._only
        return (offer.sku_id or offer.product_id) if offer else self.campaign.key or self.campaign.id

    @property
    def seller_sku(self) -> str:
        """The number by which people know it."""
        return self._only.seller_sku if self._only else ""

    @property
    def status(self) -> str:
        """The status of a product that it would put in, if that is one to be protected."""
        found = [sku.status or UNSEEN for offer in self.difference.puts for sku in offer.skus]
        return next((status for status in found if status in {*DEACTIVATED, UNSEEN}), "")

    @property
    def terms(self) -> Mapping[str, Any]:
        """The terms under which it would sell; those of an activity are all its records', whichever has them."""
        live = self.campaign.live
        if live and not self.difference.puts and "discount" not in self.difference.fields:
            return {}
        return over(object_of(live.get("discount")), object_of(self.campaign.fields.get("discount")))

    @property
    def sells_unnamed(self) -> bool:
        """Whether new terms are for the whole shop, too, or for products whose cost no record tells."""
        if "discount" not in self.difference.fields:
            return False
        told = {offer.key for offer in self.campaign.offers(self.campaign.rows) if offer.cost}
        return self.campaign.level == "SHOP" or bool(live_offers(self.campaign.live).keys() - told)

    @property
    def names_of_each(self) -> list[set[str]]:
        """What settings may call each of its SKUs."""
        named = [
            (sku.id, sku.seller_sku, *((offer.sku_id, offer.seller_sku) if offer.sku_id else ()))
            for offer in self.wanted.offers
            for sku in offer.skus
        ]
        named += [(offer.sku_id, offer.seller_sku) for offer in self.wanted.offers if not offer.skus]
        return [{name for name in names if name} for names in named]

    @property
    def names(self) -> set[str]:
        """What settings may call any of its SKUs."""
        return set().union(*self.names_of_each)


def part_of(row: Row) -> PromotionPart:
    """What a row says."""
    part: PromotionPart = row.subject
    return part


def nested(row: Row) -> bool:
    """Whether a row has a list of products."""
    return is_nested(row.values)
