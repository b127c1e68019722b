"""Which pick-up slot a parcel gets: the one asked for, or the earliest that fits the rule of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_tiktokshop.writing.live import objects, truth_of, units_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_tiktokshop.day_settings import PickupRule


@dataclass(frozen=True)
class PickupSlot:
    """A span in which the carrier comes, in unix seconds."""

    start: int
    end: int


def slots_of(data: Mapping[str, Any]) -> list[PickupSlot]:
    """The slots of an answer that still have room, the earliest first; the platform misspells the word for that."""
    found = []
    for row in objects(data.get("pickup_slots")):
        start, end = units_of(row.get("start_time")), units_of(row.get("end_time"))
        if start and end and truth_of(row.get("avaliable", row.get("available"))) is not False:
            found.append(PickupSlot(start, end))
    return sorted(found, key=lambda slot: (slot.start, slot.end))


def chosen(slots: Sequence[PickupSlot], rule: PickupRule, now: int, asked: int | None) -> PickupSlot | None:
    """The slot that begins when it is asked for, or the earliest good one; None if there is none."""
    if asked is not None:
        return next((slot for slot in slots if slot.start == asked), None)
    return next((slot for slot in slots if rule.fits(slot.start, slot.end, now)), None)
