"""What several budgets of a shop share: nobody says what the platform counts together, so it is found out.

The platform's texts name three ways of counting: all requests of an app for a shop, those of an API family, those of
an API. A ceiling that budgets share begins at what each of them has. Where they want more than that together, it is
raised a little at a time, and a refusal brings it back at once. How often it is tried is a matter of how many requests
have passed since, so that what it costs to learn stays below one request in 500.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiktokshop_client.calls.throttle import Throttle, after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_client.clock import Clock

PACE = 1.013
"""How much longer than a second the even spacing takes for the ceiling's worth of requests."""

GUARD = 0.010
"""Seconds more than a second that a full window lasts, from when a request has really left: on a busy machine that may
be long after its slot, and one may travel faster than the one before it."""

APART = 0.01
"""The part by which pace and guard are wider while several members send: their requests come from more threads and
over more connections, so that they overtake each other more often than those of one."""

WIDER = 0.02
"""What each refusal adds to it although nothing is tried: they overtake each other by more than was thought."""

WIDEST = 0.12
"""The most that all of them add."""

LATE = 0.06
"""Seconds of delay that requests make up for: on a busy machine threads wake up late, which costs no budget."""

PATIENCE = 1_000
"""Requests before the ceiling is tried: a limit that is met this way refuses one or two before it is known."""

MOST_PATIENCE = 32_000
"""The same after several tries that met the same limit: each failed one doubles it."""

CAREFUL = 0.03
"""What each request that the ceiling held up adds to it, in requests per second, while it is near what is known."""

BOLD = 0.2
"""The same once it is beyond ``NEAR`` times of what is known: the platform does not count them together there."""

NEAR = 1.15

KEPT = 0.9
"""The part of the rate at which a limit showed that is kept."""

STRAY = 0.01
"""The part of the requests whose refusals below the ceiling show that the platform refuses some at any rate."""

AT_ONCE = 2.0
"""Seconds within which refusals of several members are about what they share."""

_PACKED = (
    *("known", "more", "grown_at", "fell_at", "patience", "passed", "wider", "widened_at", "strays", "due"),
    *("members", "refused"),
)


@dataclass
class Departure:
    """When a request was given its slot, and when it left, as far as is known."""

    slot: float
    moment: float


class Shared:
    """A ceiling over several budgets, its members. Its owner makes sure that one thread at a time uses it.

    Args:
        ceiling: Requests per second that are allowed from the start.
        clock: Time.
        grows: Whether more is tried when the members want more together.
        apart: The part by which pace and guard are wider anyhow, because several processes send.
    """

    def __init__(self, ceiling: float, clock: Clock, *, grows: bool, apart: float = 0.0) -> None:
        self._clock = clock
        self._grows = grows
        self._least_apart = apart
        self._throttle = Throttle(ceiling, clock)  # for refusals at the ceiling and below
        self._known = self._throttle.fastest  # a rate that the platform is known to take
        self._more = 0.0  # what has been added to the ceiling
        self._grown_at = self._fell_at = -math.inf
        self._patience = PATIENCE
        self._passed = 0
        self._wider = 0.0
        self._widened_at = -math.inf
        self._strays = 0  # refusals of these that were not about what is tried
        self._due = -math.inf
        self._left: deque[Departure] = deque()
        self._members: dict[str, float] = {}  # when each of them had its last slot
        self._refused: dict[str, float] = {}  # when each of them was last refused

    @property
    def rate(self) -> float:
        """Requests per second that are allowed now."""
        rate = self._throttle.rate
        return rate + self._more if rate >= self._throttle.fastest else rate

    def free(self, now: float) -> float:
        """When the next request may go, by the monotonic clock."""
        limit, window = _window(self._throttle.fastest + self._more)
        lasts = window * (1 + self._apart(now)) + GUARD
        while self._left and self._left[0].moment + lasts <= now:
            self._left.popleft()
        over = len(self._left) - limit
        clear = self._left[over].moment + lasts if over >= 0 else -math.inf
        return max(self._throttle.paused_until, self._due, clear)

    def take(self, departure: Departure, member: str, *, waited: bool, held_up: bool) -> None:
        """Notes that a member has a slot, whether it waited for one, and whether that was for this ceiling's sake."""
        now, rate = departure.slot, self.rate
        self._members[member] = now
        full = rate >= self._throttle.fastest
        self._due = (max(self._due, now - LATE) if waited and full else now) + (PACE + self._apart(now)) / rate
        self._left.append(departure)
        self._throttle.went(now)
        self._passed += 1
        if self._passed % PATIENCE == 0:
            self._wider = max(0.0, self._wider - WIDER)
        if self._grows and held_up and full and self._passed >= self._patience and self._several(self._members, now):
            self._more += CAREFUL if rate < NEAR * self._known else BOLD
            self._grown_at = now

    def left_late(self, departure: Departure) -> None:
        """Notes a request that left so long after its slot that it was forgotten."""
        self._left.append(departure)

    def never_left(self, departure: Departure) -> None:
        """Takes back a slot that was given and not used; no earlier one is given for it."""
        if departure in self._left:
            self._left.remove(departure)
            last = max((left.moment for left in self._left), default=-math.inf)
            self._due = max(self._due - PACE / self.rate, last)
            self._throttle.never_went(departure.slot)

    def pack(self, since: float) -> dict[str, Any]:
        """All that it knows, for ``unpack``; of the requests only those since then."""
        return {
            "throttle": self._throttle.pack(since),
            "left": [(departure.slot, departure.moment) for departure in self._left],
            **{name: getattr(self, f"_{name}") for name in _PACKED},
        }

    def unpack(self, packed: Mapping[str, Any], departures: dict[float, Departure]) -> None:
        """Goes on from what ``pack`` has given; what several budgets share is one thing again in ``departures``."""
        self._throttle.unpack(packed["throttle"])
        self._left = deque(departures.setdefault(slot, Departure(slot, moment)) for slot, moment in packed["left"])
        for name in _PACKED:
            setattr(self, f"_{name}", packed[name])

    def refused(self, slot: float, member: str, retry_after: float | None) -> bool:
        """Lowers the ceiling if the refusal of a member's request is about what it shares with others.

        Returns:
            Whether it was, so that the member's own budget had no part in it.
        """
        now = self._clock.monotonic()
        self._refused[member] = now
        if slot < self._fell_at:  # it was under way when the ceiling was last lowered
            return True
        if not self._several(self._members, slot):
            return False
        limited = self._throttle.is_limited(slot)
        if self._more and (limited or self._strays <= STRAY * self._passed):
            tried = self._grown_at >= slot - AT_ONCE
            self._fall(now)
            self._throttle.pause(retry_after if tried else None)
            return tried
        self._strays += 1
        if slot >= self._widened_at:
            self._wider, self._widened_at = min(WIDEST, self._wider + WIDER), self._under_way(now)
        if not self._more and self._several(self._refused, now):
            self._throttle.slow_down(slot, retry_after)
        return False

    def _fall(self, now: float) -> None:
        """Back to what is known to be taken, and a longer patience."""
        fastest = self._throttle.fastest
        self._more = max(0.0, KEPT * (fastest + self._more) - fastest)
        self._known = fastest + self._more
        self._fell_at = self._under_way(now)
        self._patience = min(2 * self._patience, MOST_PATIENCE) if self._passed >= self._patience else self._patience
        self._passed = self._strays = 0

    def _under_way(self, now: float) -> float:
        return after([self._left[-1].slot] if self._left else [], now)

    def _apart(self, now: float) -> float:
        return max(self._least_apart, APART + self._wider if self._several(self._members, now) else 0.0)

    @staticmethod
    def _several(moments: dict[str, float], now: float) -> bool:
        """Whether more than one member was there of late."""
        return sum(moment >= now - AT_ONCE for moment in moments.values()) > 1


def _window(rate: float) -> tuple[int, float]:
    """How many requests a window may hold, and how many seconds it lasts."""
    return (int(rate), 1.0) if rate >= 1 else (1, 1 / rate)
