"""The requests of a day, for apps with a daily cap: no more to a shop than ``requests_per_day`` says."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from threading import Lock
from typing import TYPE_CHECKING, Any

from tiktokshop_client.calls.day_store import DayCount, latest
from tiktokshop_client.errors import DayUsedUpError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_client.calls.day_store import DayStore


class Daily:
    """Counts the requests to each shop, tries included; the days are those of UTC. Any thread may use it.

    Args:
        most: Requests to one shop in a day, None for any number.
        store: Where processes count them together, None where each counts for itself.
    """

    def __init__(self, most: int | None, store: DayStore | None = None) -> None:
        self.most = most
        self._store = store
        self._days: dict[str, dict[str, DayCount]] = {}  # those last asked about; a clock may step back
        self._lock = Lock()

    def take(self, shop_id: str, now: float) -> None:
        """Counts a request. It may ask the store, and wait for its answer.

        Args:
            shop_id: The shop that it is for; "" for none, which no cap is about.
            now: Unix seconds.

        Raises:
            DayUsedUpError: The shop has had as many today.
        """
        if self.most is None or not shop_id:
            return
        with self._lock:
            counts = self._of(_day(now))
            if not self._is_free(shop_id, counts, self.most, now):
                raise DayUsedUpError(
                    f"the shop's requests for the day are used up (requests_per_day is {self.most:,}); "
                    f"there are new ones from {tomorrow(now)}"
                )
            counts[shop_id].used += 1
            counts[shop_id].own += 1

    def give_back(self, shop_id: str, now: float) -> None:
        """Takes back that a request was counted at a moment, as it was not sent."""
        with self._lock:
            count = self._of(_day(now)).get(shop_id)
            if count is not None and count.own:
                count.used -= 1
                count.own -= 1

    def resume(self, kept: Any) -> None:
        """Goes on from what ``kept`` of an earlier run has given; the first request shows if that is another day's."""
        if isinstance(kept, dict) and isinstance(kept.get("day"), str) and isinstance(kept.get("shops"), dict):
            with self._lock:
                counts = self._of(kept["day"])
                for shop, used in kept["shops"].items():
                    if type(used) is int and used > 0:
                        counts.setdefault(shop, DayCount()).used += used

    def kept(self, now: float) -> Mapping[str, Any]:
        """What a later run of the same day must know: ``{"day": "2026-11-28", "shops": {"7495": 120}}``."""
        with self._lock:
            day = _day(now)
            return {"day": day, "shops": {shop: count.used for shop, count in self._of(day).items() if count.used}}

    def leave(self) -> None:
        """Leaves to the other processes what this one may still send; it sends nothing any more."""
        if self._store is None:
            return
        with self._lock:
            for day, counts in self._days.items():
                for shop, count in counts.items():
                    if count.end:
                        self._store.leave(shop, day, count.own)
                    count.own = count.end = 0

    def _is_free(self, shop_id: str, counts: dict[str, DayCount], most: int, now: float) -> bool:
        count = counts.setdefault(shop_id, DayCount())
        if count.own < count.end:
            return True
        found = None if self._store is None else self._store.reserve(shop_id, _day(now), count, most, now)
        if found is None:
            return count.used < most
        counts[shop_id] = found
        return found.own < found.end

    def _of(self, day: str) -> dict[str, DayCount]:
        """The counts of a day, which is then the last that was asked about; of earlier ones some stay."""
        return latest(self._days, day)


def tomorrow(now: float) -> str:
    """When the next day begins, for a sentence."""
    return f"{_moment(now) + timedelta(days=1):%Y-%m-%d} 00:00 UTC"


def _day(now: float) -> str:
    return f"{_moment(now):%Y-%m-%d}"


def _moment(now: float) -> datetime:
    return datetime.fromtimestamp(now, timezone.utc)
