"""A rate below a ceiling: halved when the platform refuses because of the rate, and soon restored."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import Counter, deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from tiktokshop_client.http.retries import TOTAL_DEADLINE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_client.clock import Clock

SLOWEST = 0.2
"""Requests per second below which no refusal takes a budget (the platform's own figure for its slowest endpoints)."""

RECOVERY = 0.25
"""The part of the ceiling that a budget gains back in a second without refusals: 2 s from the half to the full. A
platform that still has enough says so by one more refusal, which costs less than a budget left unused."""

DOUBLING = 2.0
"""Seconds that a rate needs at least to double, so that a very low one is kept long enough to see if it will do."""

CHANCE = 8
"""So many of the last ``LAST`` requests may be refused by chance. A limit that is passed refuses more, and soon."""

LAST = 40
"""The requests that are looked back on to see how many are refused: a second at the platform's own figure."""

BELOW = 0.9
"""A refusal is not about the rate if less than this part of what passed in another second had passed before it."""

RECENT = 1_000
"""The requests that are looked back on for that: twenty seconds at the platform's own figure."""


def after(slots: Sequence[float], now: float) -> float:
    """The first moment whose request is not under way yet: now, or after the slots that are given ahead."""
    last = slots[-1] if slots else -math.inf
    return math.nextafter(last, math.inf) if last > now else now


class Throttle:
    """What a ceiling's refusals have left of it. Its owner makes sure that one thread at a time uses it."""

    def __init__(self, ceiling: float, clock: Clock) -> None:
        self._ceiling = ceiling
        # A ceiling of 2.5 allows two requests in any one second, so that is what the spacing must be made for.
        self.fastest = math.floor(ceiling) if ceiling >= 1 else ceiling
        self.paused_until = -math.inf
        self._clock = clock
        self._base = self.fastest  # the rate at _slowed_at; it grows from there
        self._slowed_at = self._heeds_from = -math.inf
        self._recent: deque[float] = deque(maxlen=RECENT)  # the slots of the requests of late
        self._refused: deque[float] = deque(maxlen=RECENT)  # those of them that were refused
        self._forgot = False  # whether some of them were left out when it was packed
        self._limited_at = -math.inf  # the last slot that a limit refused for certain

    @property
    def refused(self) -> bool:
        """Whether a refusal has ever slowed it."""
        return self._slowed_at > -math.inf

    @property
    def rate(self) -> float:
        """Requests per second that are allowed now."""
        calm = max(0.0, self._clock.monotonic() - max(self._slowed_at, self.paused_until))
        doubled = self._base * 2 ** min(calm / DOUBLING, 30.0)
        return min(self.fastest, doubled, self._base + calm * RECOVERY * self._ceiling)

    def went(self, slot: float) -> None:
        """Notes a request."""
        self._recent.append(slot)

    def never_went(self, slot: float) -> None:
        """Takes back what ``went`` has noted."""
        if slot in self._recent:
            self._recent.remove(slot)

    def pause(self, seconds: float | None) -> None:
        """Allows no request for this long, but no longer than a call may take; None means no pause."""
        if seconds is not None:
            self.paused_until = max(self.paused_until, self._clock.monotonic() + min(seconds, TOTAL_DEADLINE))

    def slow_down(self, slot: float, retry_after: float | None) -> None:
        """Halves the rate because the request of a slot was refused, see ``Budget.slow_down``."""
        self._note(slot)
        if self._by_chance(slot):
            return
        self.pause(retry_after)
        if slot >= self._heeds_from:
            self._base = max(min(SLOWEST, self.fastest), self.rate / 2)
            self._slowed_at = self._clock.monotonic()
            self._heeds_from = after(self._recent, self._slowed_at)

    def is_limited(self, slot: float) -> bool:
        """Whether too many of the last requests were refused for mere chance, the one of this slot among them."""
        self._note(slot)
        return self._beyond_chance()

    def pack(self, since: float) -> dict[str, Any]:
        """All that it knows, for ``unpack``; of the requests only those since then."""
        recent = array("d", [slot for slot in self._recent if slot >= since])
        return {
            "base": self._base,
            "slowed_at": self._slowed_at,
            "heeds_from": self._heeds_from,
            "paused_until": self.paused_until,
            "limited_at": self._limited_at,
            "recent": recent.tobytes(),
            "refused": [slot for slot in self._refused if slot >= since],
            "forgot": self._forgot or len(recent) < len(self._recent) or len(recent) == RECENT,
        }

    def unpack(self, packed: Mapping[str, Any]) -> None:
        """Goes on from what ``pack`` has given."""
        self._base = min(packed["base"], self.fastest)
        self._slowed_at = packed["slowed_at"]
        self._heeds_from = packed["heeds_from"]
        self.paused_until = packed["paused_until"]
        self._limited_at = packed["limited_at"]
        self._recent = deque(array("d", packed["recent"]), maxlen=RECENT)
        self._refused = deque(packed["refused"], maxlen=RECENT)
        self._forgot = packed["forgot"]

    def _note(self, slot: float) -> None:
        if slot in self._recent and self._refused.count(slot) < self._recent.count(slot):
            self._refused.append(slot)

    def _beyond_chance(self) -> bool:
        last = Counter(islice(reversed(self._recent), LAST))
        return sum((last & Counter(self._refused)).values()) > CHANCE

    def _by_chance(self, slot: float) -> bool:
        """Whether refusals up to this one came at any rate: the platform lets more pass in another second.

        A limit always refuses when the same number has passed. What came after the slot is not looked at, as not all
        of it is answered; nor are refusals of which it is forgotten how much had passed before them.
        """
        if self._beyond_chance():
            self._limited_at = slot
            return False
        forgot = self._forgot or len(self._recent) == RECENT
        known = self._recent[0] + 1.0 if forgot and self._recent else -math.inf
        since = max(self._limited_at, known)
        refused = Counter(self._refused)
        passed: list[float] = []
        least, most = math.inf, 0
        for recent in self._recent:
            if recent > slot:
                break
            before = len(passed) - bisect_left(passed, recent - 1.0)
            if not refused[recent]:
                passed.append(recent)
                most = max(most, before + 1) if recent > self._limited_at + 1.0 else most
                continue
            refused[recent] -= 1
            if recent > since:
                least = min(least, before)
        return least + 1 < most and least < BELOW * most  # a platform's seconds are not quite ours
