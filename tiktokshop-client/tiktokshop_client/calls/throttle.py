"""A rate below a ceiling: halved by refusals that are about the rate, and soon back."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiktokshop_client.http.retries import TOTAL_DEADLINE

if TYPE_CHECKING:
    from tiktokshop_client.clock import Clock

SLOWEST = 0.2
"""Requests per second below which no refusal takes a budget (the platform's own figure for its slowest endpoints)."""

RECOVERY = 0.25
"""The part of the ceiling that a budget gains back in a second without refusals: 2 s from the half to the full. A
platform that still has enough says so by one more refusal, which costs less than a budget left unused."""

DOUBLING = 2.0
"""Seconds that a rate needs at least to double, so that a very low one is kept long enough to see if it will do."""

CHANCE = 6
"""So many of the last ``LAST`` requests may be refused by chance. A limit that is passed refuses more, and soon."""

LAST = 40
"""The requests that are looked back on to see how many are refused: a second at the platform's own figure."""

BELOW = 0.75
"""A refusal at less than this part of the rate at which the last limit showed is not about the rate."""

RECENT = 200
"""The requests that are looked back on for proofs that refusals come at any rate."""

PROOFS = 2
"""So many refusals far below the limit among the recent requests show that the platform refuses at any rate."""


@dataclass
class _Recent:
    """A request of late: its slot, the rate at that time, and whether it was refused, and so for no reason of rate."""

    slot: float
    rate: float
    refused: bool = False
    chance: bool = False


class Throttle:
    """What a ceiling's refusals have left of it. Whoever has it sees to it that one thread at a time uses it."""

    def __init__(self, ceiling: float, clock: Clock) -> None:
        self._ceiling = ceiling
        # A ceiling of 2.5 allows two requests in any one second, so that is what the spacing must be made for.
        self.fastest = math.floor(ceiling) if ceiling >= 1 else ceiling
        self.paused_until = -math.inf
        self._clock = clock
        self._base = self.fastest  # the rate at _slowed_at; it grows from there
        self._slowed_at = -math.inf
        self._peak = 0.0  # the rate at which the last limit showed
        self._recent: deque[_Recent] = deque(maxlen=RECENT)

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
        self._recent.append(_Recent(slot, self.rate))

    def pause(self, seconds: float | None) -> None:
        """Allows no request for so long, but for no longer than a call may take; None is no pause."""
        if seconds is not None:
            self.paused_until = max(self.paused_until, self._clock.monotonic() + min(seconds, TOTAL_DEADLINE))

    def slow_down(self, slot: float, retry_after: float | None) -> None:
        """Halves the rate because the request of a slot was refused, see ``Budget.slow_down``."""
        request = self._find(slot)
        if request is not None:
            request.refused = True
            request.chance = self._by_chance(request)
            if request.chance:
                return
        self.pause(retry_after)
        if slot >= self._slowed_at:
            self._peak = request.rate if request is not None else self.rate
            self._base = max(min(SLOWEST, self.fastest), self.rate / 2)
            self._slowed_at = self._clock.monotonic()

    def is_limited(self, slot: float) -> bool:
        """Whether too many of the last requests were refused for mere chance, the one of this slot among them."""
        request = self._find(slot)
        if request is not None:
            request.refused = True
        return self._beyond_chance()

    def _find(self, slot: float) -> _Recent | None:
        return next((recent for recent in reversed(self._recent) if recent.slot == slot), None)

    def _beyond_chance(self) -> bool:
        last = list(self._recent)[-LAST:]
        return sum(recent.refused for recent in last) * LAST > CHANCE * len(last)

    def _by_chance(self, request: _Recent) -> bool:
        """Whether the platform would have refused it at a lower rate too."""
        if self._beyond_chance():
            for recent in self._recent:
                recent.chance = False  # what looked like proofs was a new limit
            return False
        proofs = sum(recent.chance for recent in self._recent)
        return request.rate < BELOW * self._peak or proofs >= PROOFS
