"""Where processes share the count of a day's requests: what each has sent, and the block that it may still send."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from tiktokshop_client.errors import TikTokShopError

if TYPE_CHECKING:
    from tiktokshop_client.places import BudgetPlace

log = logging.getLogger(__name__)

LARGEST_BLOCK = 50
"""Requests that a process has in hand at most, so that it need not ask before each."""

SMALLEST_PART = 20
"""A block is no more than one in so many of the requests that are left: the last ones are asked for one by one."""

RETRY = 10.0
"""Seconds between attempts to reach a place that is away: each may last as long as an answer is waited for."""

DAYS = 3
"""Days that are known at a time: processes may come to a new one at different moments, and a clock may step back."""

GONE = ""
"""The name under which stands what processes have sent that are not there any more."""

Kept = TypeVar("Kept")
Members: TypeAlias = "dict[str, tuple[int, int]]"
"""Process -> the requests that it has sent, and those that it has in hand."""


@dataclass
class DayCount:
    """What this process knows of a shop's requests of the day.

    Attributes:
        used: How many were sent, by whomever.
        own: How many of them this process has sent.
        end: Up to how many of its own it may send before it asks again.
    """

    used: int = 0
    own: int = 0
    end: int = 0


class DayStore:
    """This process among those that count the requests of a day together. Its owner lets one thread at a time use it.

    Each process writes its own line of a document, so that one whose answer was lost may be written again.

    Args:
        place: Where they are counted.
        app_key: The app, which the platform counts for.
    """

    def __init__(self, place: BudgetPlace, app_key: str) -> None:
        self._place = place
        self._app_key = app_key
        self._name = secrets.token_hex(4)
        self._asked = -math.inf  # when the place was last away
        self._away = False

    def reserve(self, shop_id: str, day: str, count: DayCount, most: int, now: float) -> DayCount | None:
        """Tells what this process has sent, and takes a new block.

        Args:
            shop_id: The shop.
            day: The day, like ``2026-11-30``.
            count: What is known so far. Where that is more than the place knows, it counts.
            most: Requests to the shop in a day.
            now: Unix seconds.

        Returns:
            What is known now; None while the place is away.
        """

        def change(stored: bytes | None, _: float) -> tuple[bytes, DayCount]:
            days = _days(stored)
            members = latest(days, day)
            before, in_hand = _others(members, self._name)
            used = max(before + count.own, count.used)
            left = most - used - in_hand
            block = max(1, min(LARGEST_BLOCK, left // SMALLEST_PART)) if left > 0 else 0
            gone = used - before - count.own  # an earlier run of this state knows of them, and the place does not
            members[GONE] = (members.get(GONE, (0, 0))[0] + gone, 0)
            members[self._name] = (count.own, block)
            return _document(days), DayCount(used, count.own, count.own + block)

        if self._away and abs(now - self._asked) < RETRY:
            return None
        try:
            found = self._place.exchange(self._key(shop_id), change)
        except TikTokShopError as error:
            self._is_away(error, now)
            return None
        if self._away:
            self._away = False
            log.warning("the requests of the day are counted together in %s again", self._place.name)
        return found

    def leave(self, shop_id: str, day: str, own: int) -> None:
        """Gives back what this process has in hand; where the place is away, that stays lost for the day."""

        def change(stored: bytes | None, _: float) -> tuple[bytes, None]:
            days = _days(stored)
            members = latest(days, day)
            members.pop(self._name, None)
            members[GONE] = (members.get(GONE, (0, 0))[0] + own, 0)
            return _document(days), None

        if not self._away:
            with contextlib.suppress(TikTokShopError):
                self._place.exchange(self._key(shop_id), change)

    def _is_away(self, error: TikTokShopError, now: float) -> None:
        self._asked = now
        if not self._away:
            self._away = True
            log.warning(
                "%s; each process counts requests_per_day by itself until it is there again, so several on one shop "
                "may send more together",
                error,
            )

    def _key(self, shop_id: str) -> str:
        return f"{self._app_key}:{shop_id}:day"


def _others(members: Members, name: str) -> tuple[int, int]:
    """What all but one have sent, and have in hand."""
    others = [line for member, line in members.items() if member != name]
    return sum(sent for sent, _ in others), sum(in_hand for _, in_hand in others)


def _days(stored: bytes | None) -> dict[str, Members]:
    """What a document says by day; one that somebody else has written into says nothing."""
    try:
        found = json.loads(stored) if stored else {}
        return {
            day: {name: (max(0, int(sent)), max(0, int(in_hand))) for name, (sent, in_hand) in members.items()}
            for day, members in found.items()
        }
    except (ValueError, TypeError, AttributeError, OverflowError):
        return {}


def _document(days: dict[str, Members]) -> bytes:
    return json.dumps(days, separators=(",", ":")).encode()


def latest(days: dict[str, dict[str, Kept]], day: str) -> dict[str, Kept]:
    """What is known of a day, which is then the last that was asked about; the one asked about first is forgotten."""
    days[day] = days.pop(day, {})
    for first in list(days)[:-DAYS]:
        del days[first]
    return days[day]
