"""Request budgets: never more than the ceiling, less when the platform asks for it, slowly back up.

The platform counts requests per app, shop and endpoint, publishes no number, and answers HTTP 429 or code 36009002
when it has had enough ("Rate limits"). Nor is it sure what it counts together, see ``shared``.
"""

from __future__ import annotations

import math
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING

from tiktokshop_client.calls.daily import Daily
from tiktokshop_client.calls.shared import LATE, PACE, Departure, Shared
from tiktokshop_client.calls.throttle import Throttle
from tiktokshop_client.errors import ClosedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from threading import Event

    from tiktokshop_client.clock import Clock
    from tiktokshop_client.settings import Scope


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
    """

    def __init__(
        self, ceiling: float, clock: Clock, closing: Event, levels: Sequence[Level] = (), lock: Lock | None = None
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
        self._window = MARGIN * window
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
        return 1 + math.ceil(SPARE * self.rate * self._latency)

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

    def left(self, slot: float) -> None:
        """Notes that the request of a slot is on its way only now."""
        with self._state:
            for departure in reversed(self._left):
                if departure.slot == slot:
                    departure.moment = self._clock.monotonic()
                    break
            else:  # later than a window after its slot
                departure = Departure(slot, self._clock.monotonic())
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
            self._due = planned + PACE / rate
            self._left.append(departure)
            self._throttle.went(now)
            for level, member in self._levels:
                level.take(departure, member, waited=waited, held_up=level in self._held_up_by)
            self._held_up_by = frozenset()
            return None


class Limits:
    """The budgets of one client, made as they are needed.

    Args:
        requests_per_second: The ceiling of whatever ``scope`` says is counted together.
        clock: Time.
        closing: Set when the client closes.
        families: API family -> a ceiling of its own, in requests per second.
        scope: What the platform counts together for app and shop: all, an API family, or an API. Where it turns out
            to count more together, that is learnt from its refusals.
        daily: The requests of a day.
    """

    def __init__(
        self,
        requests_per_second: float,
        clock: Clock,
        closing: Event,
        families: Mapping[str, float] | None = None,
        scope: Scope = "family",
        daily: Daily | None = None,
    ) -> None:
        self.daily = daily or Daily(None)
        self._ceiling = requests_per_second
        self._families = families or {}
        self._scope = scope
        self._clock = clock
        self._closing = closing
        self._budgets: dict[tuple[str, str, str, str], Budget] = {}
        self._levels: dict[tuple[str, ...], Shared] = {}
        self._locks: dict[tuple[str, str], Lock] = {}
        self._lock = Lock()

    def budget(self, app_key: str, shop_id: str, family: str, api: str = "") -> Budget:
        """The budget of an app's requests for one shop ("" for none) to one API family, or one API of it."""
        api = api if self._scope == "api" else ""
        key = (app_key, shop_id, family, api)
        with self._lock:
            if key not in self._budgets:
                ceiling = self._families.get(family, self._ceiling)
                levels = [(self._level(app_key, shop_id), family)] if shop_id else []
                if api:
                    levels.append((self._level(app_key, shop_id, family), api))
                lock = self._locks.setdefault((app_key, shop_id), Lock())
                self._budgets[key] = Budget(ceiling, self._clock, self._closing, levels, lock)
            return self._budgets[key]

    def slowed(self) -> tuple[str, ...]:
        """The API families of which the platform has refused a request."""
        with self._lock:
            return tuple(sorted({family for (_, _, family, _), budget in self._budgets.items() if budget.refused}))

    def _level(self, app_key: str, shop_id: str, family: str = "") -> Shared:
        """What the budgets of a shop, or of a family of it, share."""
        key = (app_key, shop_id, family)
        if key not in self._levels:
            ceiling = self._families.get(family, self._ceiling)
            grows = self._scope != "shop" and family not in self._families
            self._levels[key] = Shared(ceiling, self._clock, grows=grows)
        return self._levels[key]
