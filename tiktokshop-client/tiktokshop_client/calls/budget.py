"""Request budgets: never more than the ceiling, less when the platform asks for it, slowly back up.

The platform counts requests per app, shop and endpoint, publishes no number, and answers HTTP 429 or code 36009002
when it has had enough ("Rate limits"). Nor is it sure what it counts together, see ``shared``.
"""

from __future__ import annotations

import math
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any

from tiktokshop_client.calls.shared import LATE, PACE, Departure, Shared
from tiktokshop_client.calls.throttle import Throttle
from tiktokshop_client.errors import ClosedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from threading import Event

    from tiktokshop_client.clock import Clock


MARGIN = 1.012
"""How much longer than a second the ceiling's worth of requests takes, so that a request which travels faster than
the one before it does not make the platform count one too many. The even spacing is a little slower; only a delay that
is made up for meets the margin."""

SMOOTHING = 0.1
"""The weight of the newest answer in the average of how long answers take."""

SPARE = 1.05
"""Requests on their way beyond those that Little's law asks for: answers do not all take the same time."""

TINY = 1e-6
"""Seconds that are not worth waiting for."""

Level = tuple[Shared, str]
"""A ceiling that a budget shares with others, and its name among them."""


class Budget:
    """The requests of one app and shop that are surely counted together.

    Requests are spaced evenly, one at a time in the order of their arrival, and no window of a second holds more than
    ``ceiling`` of them (one in each ``1 / ceiling`` seconds for a ceiling below 1).

    Args:
        ceiling: Requests per second.
        clock: Time.
        closing: Set when the client closes.
        levels: The ceilings that it shares with other budgets, if any.
        lock: Held for a moment whenever it is used; those who share a level share it.
        apart: The part by which requests are further apart, because several processes send them.
    """

    def __init__(
        self,
        ceiling: float,
        clock: Clock,
        closing: Event,
        levels: Sequence[Level] = (),
        lock: Lock | None = None,
        *,
        apart: float = 0.0,
    ) -> None:
        self._throttle = Throttle(ceiling, clock)
        self._clock = clock
        self._closing = closing
        self._levels = levels
        self._held_up_by: frozenset[Shared] = frozenset()  # the levels that the next request has waited for
        self._turn = Lock()  # held by the thread that waits for the next slot
        self._state = lock or Lock()  # never held while waiting
        self._due = -math.inf  # when the next request is to go by even spacing
        self._latency = 0.0
        limit, window = (int(self._throttle.fastest), 1.0) if ceiling >= 1 else (1, 1 / ceiling)
        self._apart = apart
        self._window = MARGIN * (1 + apart) * window
        self._left: deque[Departure] = deque(maxlen=limit)  # the requests of the last window

    @property
    def refused(self) -> bool:
        """Whether the platform has refused a request of this budget."""
        return self._throttle.refused

    @property
    def rate(self) -> float:
        """Requests per second that the budget allows now."""
        return min([self._throttle.rate, *(level.rate for level, _ in self._levels)])

    @property
    def parallel(self) -> int:
        """How many requests must be on their way at once to use the whole rate (Little's law); at least 1."""
        return needed(self.rate, self._latency)

    def acquire(self) -> float:
        """Waits for the next slot and takes it.

        Returns:
            The slot's time on the monotonic clock; hand it back to ``left`` when the request is on its way, to
            ``answered`` when its answer is there, to ``slow_down`` if it is refused.

        Raises:
            ClosedError: The client was closed meanwhile.
        """
        with self._turn:
            waited = False
            while True:
                now = self._clock.monotonic()
                seconds = self.take(now, waited=waited)
                if seconds is None:
                    return now
                waited = True
                if self._clock.wait(seconds, self._closing):
                    raise ClosedError("the client was closed while a request waited for its turn")

    def left(self, slot: float, moment: float | None = None) -> None:
        """Notes that the request of a slot is on its way only now, or left at that moment."""
        moment = self._clock.monotonic() if moment is None else moment
        with self._state:
            for departure in reversed(self._left):
                if departure.slot == slot:
                    departure.moment = moment
                    break
            else:  # later than a window after its slot
                departure = Departure(slot, moment)
                self._left.append(departure)
                for level, _ in self._levels:
                    level.left_late(departure)

    def answered(self, slot: float) -> None:
        """Notes how long the request of a slot took until its answer was there."""
        seconds = self._clock.monotonic() - slot
        with self._state:
            self._latency += (seconds - self._latency) * (SMOOTHING if self._latency else 1.0)

    def slow_down(self, slot: float, retry_after: float | None = None) -> None:
        """Halves the rate because the platform refused the request of ``slot``, unless that is others' doing as well.

        The ceilings that it shares with others are told first. Requests that were already under way when the rate was
        last halved do not halve it again; nor do refusals that a lower rate would not have spared, because the
        platform refuses a small part of all requests at any rate.

        Args:
            slot: What ``acquire`` returned for the refused request.
            retry_after: Seconds for which the platform wants no request at all; no more than a call may take are
                waited, after which the next one asks whether it still does.
        """
        with self._state:
            if not any([level.refused(slot, member, retry_after) for level, member in self._levels]):  # noqa: C419
                self._throttle.slow_down(slot, retry_after)

    def never_left(self, slot: float) -> None:
        """Takes back a slot whose request was not sent; no earlier one is given for it."""
        with self._state:
            for departure in self._left:
                if departure.slot == slot:
                    self._left.remove(departure)
                    last = max((left.moment for left in self._left), default=-math.inf)
                    self._due = max(self._due - PACE / self._throttle.rate, last)
                    self._throttle.never_went(slot)
                    for level, _ in self._levels:
                        level.never_left(departure)
                    break

    def left_unasked(self, moment: float) -> None:
        """Notes a request that was sent without a slot."""
        departure = Departure(moment, moment)
        with self._state:
            self._left.append(departure)
            self._due = max(self._due, moment + PACE / self._throttle.rate)
            for level, _ in self._levels:
                level.left_late(departure)

    def pack(self, since: float) -> dict[str, Any]:
        """All that it knows, for ``unpack``; of the requests only those since then."""
        with self._state:
            left = [(departure.slot, departure.moment) for departure in self._left]
            return {"throttle": self._throttle.pack(since), "due": self._due, "left": left}

    def unpack(self, packed: Mapping[str, Any], departures: dict[float, Departure]) -> None:
        """Goes on from what ``pack`` has given; what it shares with its levels is one thing again in ``departures``."""
        with self._state:
            self._throttle.unpack(packed["throttle"])
            self._due = packed["due"]
            left = (departures.setdefault(slot, Departure(slot, moment)) for slot, moment in packed["left"])
            self._left = deque(left, maxlen=self._left.maxlen)

    def take(self, now: float, *, waited: bool) -> float | None:
        """Takes a slot if one is free now (None), else says how many seconds to wait before asking again.

        Args:
            now: The monotonic clock's time.
            waited: Whether the request has waited already. One that wakes up late is made up for, within limits.
        """
        with self._state:
            while self._left and self._left[0].moment + self._window <= now:
                self._left.popleft()
            full = len(self._left) == self._left.maxlen
            clear = self._left[0].moment + self._window if full else -math.inf
            mine = max(self._throttle.paused_until, self._due, clear)
            theirs = {level: level.free(now) for level, _ in self._levels}
            free = max([mine, *theirs.values()])
            wait = free - now
            if wait > TINY:
                self._held_up_by = frozenset(level for level, when in theirs.items() if when == free > mine)
                return wait
            # Whoever waited and woke up late is made up for; who came late was not held up by us. What is made
            # up for never breaks the ceiling, because a full window is waited for.
            rate, departure = self._throttle.rate, Departure(now, now)
            planned = max(self._due, now - LATE) if waited and rate >= self._throttle.fastest else now
            self._due = planned + (PACE + self._apart) / rate
            self._left.append(departure)
            self._throttle.went(now)
            for level, member in self._levels:
                level.take(departure, member, waited=waited, held_up=level in self._held_up_by)
            self._held_up_by = frozenset()
            return None


def needed(rate: float, latency: float) -> int:
    """How many requests must be on their way at once at a rate, by Little's law; at least 1."""
    return 1 + math.ceil(SPARE * rate * latency)
