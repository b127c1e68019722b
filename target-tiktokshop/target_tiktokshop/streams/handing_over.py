"""How and when the platform's carrier gets a package: the way, and the slot in which it comes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import TikTokShopError
from tiktokshop_client.operations import GET_HANDOVER_SLOTS, same_region

from target_tiktokshop.writing.live import objects, truth_of
from target_tiktokshop.writing.pickups import chosen, slots_of
from target_tiktokshop.writing.rows import Row, by_shop
from target_tiktokshop.writing.run import only_these_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_client import Shop

    from target_tiktokshop.writing.pickups import PickupSlot
    from target_tiktokshop.writing.run import WriteRun

FIXED = frozenset({"ID", "MY", "PH", "SG", "TH", "VN"})
"""Markets where the way is set for each warehouse in Seller Center, for local sellers."""
NO_HOURS = 36009003
"""What is answered for a shop that is collected from without fixed hours: it is shipped for pick-up without a slot."""
MOST_TOLD = 6


class PickupSlots:
    """The ways and slots of the packages of a run."""

    def __init__(self, run: WriteRun) -> None:
        self._run = run
        self._rule = run.settings.day.pickup_rule

    def find(self, rows: Sequence[Row]) -> None:
        """Sets the way of each row, and the slot where the carrier comes; rejects those for which none is good."""
        asked = []
        for row in rows:
            method = row.values.get("handover_method", self._run.settings.day.handover_method)
            if method and fixed(row.the_shop):
                row.note("the way of handing over is set in Seller Center in this market, so it was not sent")
            elif method:
                row.after["handover_method"] = method
                asked += [row] if method == "PICKUP" else []
        for _, group in by_shop(asked):
            self._of_shop(group)

    def _of_shop(self, rows: Sequence[Row]) -> None:
        first = self._ask(rows[0])
        if isinstance(first, TikTokShopError) and first.code == NO_HOURS:
            for row in rows:
                row.note("the shop is collected from without fixed hours, so no slot was chosen")
            return
        answers = [first, *self._run.each(self._ask, rows[1:])]
        for row, answer in zip(rows, answers, strict=True):
            if isinstance(answer, TikTokShopError):
                row.refuse(answer)
            else:
                self._choose(row, answer)

    def _ask(self, row: Row) -> Mapping[str, Any] | TikTokShopError:
        path = {"package_id": row.after["package_id"]}
        try:
            return self._run.client.call(GET_HANDOVER_SLOTS, shop=row.the_shop, path=path).data
        except TikTokShopError as error:
            if not only_these_rows(error):
                raise
            return error

    def _choose(self, row: Row, data: Mapping[str, Any]) -> None:
        slots, asked = slots_of(data), row.values.get("pickup_start")
        if truth_of(data.get("can_pickup")) is False:
            row.reject("no_pickup", "the carrier does not come for this package: set handover_method to DROP_OFF")
            return
        slot = chosen(slots, self._rule, self._run.client.now(), asked)
        if slot is not None:
            row.after |= {"pickup_start": slot.start, "pickup_end": slot.end}
        elif objects(data.get("pickup_slots")) or asked is not None:  # without a slot it would become a drop-off
            wanted = "none begins at pickup_start" if asked is not None else "none fits pickup_rule"
            row.reject("no_slot", f"of the pick-up slots that have room {wanted}; there are: {told(slots)}")

    def request(self, row: Row) -> dict[str, Any]:
        """What a call says of the way and the slot."""
        said: dict[str, Any] = {}
        if "handover_method" in row.after:
            said["handover_method"] = row.after["handover_method"]
        if "pickup_start" in row.after:
            said["pickup_slot"] = {"start_time": row.after["pickup_start"], "end_time": row.after["pickup_end"]}
        return said


def fixed(shop: Shop) -> bool:
    """Whether a request cannot choose the way."""
    return same_region(shop.region) in FIXED and shop.seller_type != "CROSS_BORDER"


def told(slots: Sequence[PickupSlot]) -> str:
    """When slots begin, for people."""
    words = [datetime.fromtimestamp(slot.start, timezone.utc).strftime("%Y-%m-%dT%H:%MZ") for slot in slots[:MOST_TOLD]]
    return ", ".join(words) or "none"
