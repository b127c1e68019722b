"""What the platform would refuse of a promotion, as far as the shop shows it; only a dry run asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client.operations import GET_ACTIVITY, SEARCH_ACTIVITIES

from target_tiktokshop.promotions.difference import live_offers
from target_tiktokshop.promotions.item import part_of
from target_tiktokshop.writing.live import whole
from target_tiktokshop.writing.rows import by_shop, still_open

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from tiktokshop_client import Shop

    from target_tiktokshop.promotions.wanted import WantedOffer
    from target_tiktokshop.writing.rows import Row
    from target_tiktokshop.writing.run import WriteRun

ON_SALE = "ACTIVATE"
IN_ANOTHER, NOT_ON_SALE = "17029022", "17029056"
LAYERS = {"FIXED_PRICE": "price", "DIRECT_DISCOUNT": "price"}
"""Kinds of which a product can only be in one; others keep to themselves."""
OPEN = ("NOT_START", "ONGOING")


class Conflicts:
    """Which products of a shop are in promotions that run or are to come, read once a run."""

    def __init__(self, run: WriteRun) -> None:
        self._run = run
        self._known: dict[str, list[Mapping[str, Any]]] = {}

    def foresee(self, rows: list[Row]) -> None:
        """Rejects rows whose products are not on sale, or in another promotion that this run does not free.

        Raises:
            TikTokShopError: The shop cannot be asked.
        """
        for shop, group in by_shop(rows):
            freed = self._freed(group)
            for row in group:
                for offer in part_of(row).difference.puts:
                    self._judge(shop, row, offer, freed)

    @staticmethod
    def _freed(rows: list[Row]) -> set[tuple[str, tuple[str, str]]]:
        """What the run takes out of activities; of one that it ends, everything."""
        found: set[tuple[str, tuple[str, str]]] = set()
        for row in rows:
            part = part_of(row)
            ended = live_offers(part.campaign.live) if part.difference.ends else ()
            keys = (*ended, *(offer.key for offer in part.difference.removes))
            found |= {(part.campaign.id, key) for key in keys}
        return found

    def _judge(self, shop: Shop, row: Row, offer: WantedOffer, freed: set[tuple[str, tuple[str, str]]]) -> None:
        off = next((sku.status for sku in offer.skus if sku.status and sku.status != ON_SALE), "")
        if off and row.open:
            row.reject(NOT_ON_SALE, f"the platform would refuse it: {offer.label} is not on sale ({off})")
        campaign = part_of(row).campaign
        for other in self._others(shop):
            if not still_open([row]) or _id(other) == campaign.id or _layer(other) != _layer_of(campaign.kind):
                continue
            if any(_meets(key, offer) for key in live_offers(other) if (_id(other), key) not in freed):
                words = f"{offer.label} is in activity {_id(other)} ({other.get('title')}): take it out there first"
                row.reject(IN_ANOTHER, f"the platform would refuse it: {words}, or end that one")

    def _others(self, shop: Shop) -> list[Mapping[str, Any]]:
        if shop.id not in self._known:
            ids = [
                str(row.get("id"))
                for status in OPEN
                for row in whole(self._run, SEARCH_ACTIVITIES, shop, {"status": status})
            ]
            self._known[shop.id] = self._run.each(lambda key: self._read(shop, key), dict.fromkeys(ids))
        return self._known[shop.id]

    def _read(self, shop: Shop, activity_id: str) -> Mapping[str, Any]:
        return self._run.client.call(GET_ACTIVITY, shop=shop, path={"activity_id": activity_id}).data


def _id(activity: Mapping[str, Any]) -> str:
    return str(activity.get("activity_id") or "")


def _layer(activity: Mapping[str, Any]) -> str:
    return _layer_of(str(activity.get("activity_type") or ""))


def _layer_of(kind: str) -> str:
    return LAYERS.get(kind, kind)


def _meets(key: tuple[str, str], offer: WantedOffer) -> bool:
    """Whether an offer is about a product, or a SKU, that an activity has."""
    return key[0] == offer.product_id and (not key[1] or not offer.sku_id or key[1] == offer.sku_id)
