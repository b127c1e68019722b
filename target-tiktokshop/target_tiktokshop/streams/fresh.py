"""Warehouses that no record names: read again right before they are written back, and checked afterwards."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from target_tiktokshop.writing.rows import by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from target_tiktokshop.writing.live import Sku
    from target_tiktokshop.writing.rows import Row

SKUS_A_LOOK = 100
"""SKUs that one call reads again: a hundredth more calls, and at 50 calls a second it is 2 s old at most."""

FRESH_SECONDS = 3.0
"""How old a reading may be when it is written back; a slow run reads the rest of its lot again."""


@dataclass
class Lot:
    """SKUs whose calls go out about the same time, and share one reading.

    Attributes:
        read: Reads the stock of SKUs by id in one call.
        waiting: The ids that have not been asked for yet.
        clock: Seconds that only go forward.
    """

    read: Callable[[list[str]], dict[str, Sku]]
    waiting: set[str]
    clock: Callable[[], float] = time.monotonic
    _lock: Lock = field(default_factory=Lock)
    _found: dict[str, Sku] = field(default_factory=dict)
    _at: float = float("-inf")

    def now(self, sku_ids: Iterable[str]) -> dict[str, Sku]:
        """The stock of SKUs of the lot, read no longer than `FRESH_SECONDS` ago; what is gone is left out.

        Raises:
            TikTokShopError: It cannot be read.
        """
        with self._lock:
            moment = self.clock()
            if moment - self._at > FRESH_SECONDS:
                self._found = self.read(sorted(self.waiting))
                self._at = moment
            wanted = set(sku_ids)
            self.waiting -= wanted
            return {sku_id: self._found[sku_id] for sku_id in wanted if sku_id in self._found}


def unnamed(rows: Sequence[Row]) -> set[str]:
    """The warehouses of a SKU that none of its rows names."""
    sku: Sku = rows[0].subject
    return sku.available.keys() - {row.after["warehouse_id"] for row in rows}


def lots(calls: Iterable[list[Row]], read: Callable[[list[str]], dict[str, Sku]]) -> dict[str, Lot]:
    """SKU id -> its lot, for those SKUs of one shop's calls that have a warehouse no row names."""
    ids = [
        group[0].subject.id
        for rows in calls
        for group in by(rows, lambda row: row.subject.id).values()
        if unnamed(group)
    ]
    found: dict[str, Lot] = {}
    for start in range(0, len(ids), SKUS_A_LOOK):
        part = ids[start : start + SKUS_A_LOOK]
        found |= dict.fromkeys(part, Lot(read, set(part)))
    return found


def renew(rows: Sequence[Row], now: Sku) -> str:
    """Gives a SKU the stock that was read again.

    Returns:
        What somebody else than buyers changed since it was read first, in warehouses that no row names; "" for nothing.
    """
    sku: Sku = rows[0].subject
    words = []
    for place in sorted(unnamed(rows) & now.available.keys()):
        sold = now.committed.get(place, 0) - sku.committed.get(place, 0)
        if now.available[place] not in {sku.available[place], sku.available[place] - sold}:
            words.append(f"warehouse {place} from {sku.available[place]} to {now.available[place]}")
    sku.available, sku.committed, sku.unseen = now.available, now.committed, now.unseen
    return ", ".join(words)


@dataclass(frozen=True)
class Aftermath:
    """What happened to the warehouses of a SKU that no row names.

    Attributes:
        overwritten: Warehouse -> (units it had when the call arrived, units that the call gave it).
        changed: Warehouse -> (units that were sent, units it shows now), where somebody changed it afterwards.
    """

    overwritten: Mapping[str, tuple[int, int]]
    changed: Mapping[str, tuple[int, int]]


def aftermath(sent: Mapping[str, int], named: set[str], before: Sku, now: Sku) -> Aftermath:
    """Compares all warehouses that were sent, and no row names, with what the shop shows now.

    Units that orders took since the reading show as committed. Where they are not missing from the stock, they were
    taken before the call arrived, and the call has given them back: the same units would be sold twice.
    """
    overwritten, changed = {}, {}
    for place, units in sent.items():
        if place in named or place not in now.available or place in now.unseen:
            continue
        taken = now.committed.get(place, 0) - before.committed.get(place, 0)
        given_back = now.available[place] - (units - taken)
        if taken > 0 and 0 < given_back <= taken:
            overwritten[place] = (units - given_back, units)
        elif now.available[place] not in {units, units - taken}:
            changed[place] = (units, now.available[place])
    return Aftermath(overwritten, changed)
