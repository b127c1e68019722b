"""The requests of a day, for apps with a daily cap: no more to a shop than ``requests_per_day`` says."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from threading import Lock
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import DayUsedUpError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Daily:
    """Counts the requests to each shop, tries included; the days are those of UTC. Any thread may use it.

    Args:
        most: Requests to one shop in a day, None for any number.
    """

    def __init__(self, most: int | None) -> None:
        self.most = most
        self._day = ""
        self._used: Counter[str] = Counter()
        self._lock = Lock()

    def take(self, shop_id: str, now: float) -> None:
        """Counts a request.

        Args:
            shop_id: The shop that it is for; "" for none, which no cap is about.
            now: Unix seconds.

        Raises:
            DayUsedUpError: The shop has had as many today.
        """
        if self.most is None or not shop_id:
            return
        with self._lock:
            self._turn_to(now)
            if self._used[shop_id] >= self.most:
                raise DayUsedUpError(
                    f"the shop's requests for the day are used up (requests_per_day is {self.most:,}); "
                    f"there are new ones from {tomorrow(now)}"
                )
            self._used[shop_id] += 1

    def give_back(self, shop_id: str) -> None:
        """Takes back that a request was counted, as it was not sent."""
        with self._lock:
            self._used[shop_id] -= self._used[shop_id] > 0

    def resume(self, kept: Any) -> None:
        """Goes on from what ``kept`` of an earlier run has given; the first request shows if that is another day's."""
        if isinstance(kept, dict) and isinstance(kept.get("day"), str) and isinstance(kept.get("shops"), dict):
            with self._lock:
                self._day = kept["day"]
                self._used.update({shop: n for shop, n in kept["shops"].items() if type(n) is int and n > 0})

    def kept(self, now: float) -> Mapping[str, Any]:
        """What a later run of the same day must know: ``{"day": "2026-11-28", "shops": {"7495": 120}}``."""
        with self._lock:
            self._turn_to(now)
            return {"day": self._day, "shops": dict(self._used)}

    def _turn_to(self, now: float) -> None:
        if self._day != _day(now):
            self._day = _day(now)
            self._used.clear()


def tomorrow(now: float) -> str:
    """When the next day begins, for a sentence."""
    return f"{_moment(now) + timedelta(days=1):%Y-%m-%d} 00:00 UTC"


def _day(now: float) -> str:
    return f"{_moment(now):%Y-%m-%d}"


def _moment(now: float) -> datetime:
    return datetime.fromtimestamp(now, timezone.utc)
