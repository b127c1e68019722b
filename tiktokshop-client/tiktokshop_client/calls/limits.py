"""Request budgets: never more than the ceiling, less when the platform asks for it, slowly back up.

The platform counts requests per app, shop and endpoint, publishes no number, and answers HTTP 429 or code 36009002
when it has had enough ("Rate limits").
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from threading import Event, Lock
from typing import TYPE_CHECKING, cast

from pyrate_limiter import InMemoryBucket, Rate, RateItem

from tiktokshop_client.errors import ClosedError
from tiktokshop_client.http.retries import TOTAL_DEADLINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_client.clock import Clock

MARGIN = 1.012
"""How much longer than a second the ceiling's worth of requests takes, so that a request which travels faster than
the one before it does not make the platform count one too many."""

PACE = 1.013
"""The same for the even spacing, which is what requests wait for; only a delay that is made up for meets the margin."""

GUARD = 0.010
"""The same in seconds, from when a request has really left: on a busy machine that may be long after its slot."""

LATE = 0.06
"""Seconds of delay that requests make up for: on a busy machine threads wake up late, which costs no budget."""

SLOWEST = 0.2
"""Requests per second below which no refusal takes a budget (the platform's own figure for its slowest endpoints)."""

RECOVERY = 0.25
"""The part of the ceiling that a budget gains back in a second without refusals: 2 s from the half to the full. A
platform that still has enough says so by one more refusal, which costs less than a budget left unused."""

DOUBLING = 2.0
"""Seconds that a rate needs at least to double, so that a very low one is kept long enough to see if it will do."""

SMOOTHING = 0.1
"""The weight of the newest answer in the average of how long answers take."""

SPARE = 1.05
"""Requests on their way beyond those that Little's law asks for: answers do not all take the same time."""

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

MICROSECONDS = 1_000_000


@dataclass
class _Departure:
    """When a request was given its slot, and when it left, as far as is known."""

    slot: float
    moment: float


@dataclass
class _Recent:
    """A request of late: its slot, the rate at that time, and whether it was refused, and so for no reason of rate."""

    slot: float
    rate: float
    refused: bool = False
    chance: bool = False


class Budget:
    """The requests of one app and shop to one API family.

    Requests are spaced evenly, one at a time in the order of their arrival, and no window of a second holds more than
    ``ceiling`` of them (one in each ``1 / ceiling`` seconds for a ceiling below 1).
    """

    def __init__(self, ceiling: float, clock: Clock, closing: Event) -> None:
        self._ceiling = ceiling
        # A ceiling of 2.5 allows two requests in any one second, so that is what the spacing has to be made for.
        self._fastest = math.floor(ceiling) if ceiling >= 1 else ceiling
        self._clock = clock
        self._closing = closing
        self._turn = Lock()  # held by the one who waits for the next slot
        self._state = Lock()  # never held while waiting
        self._base = self._fastest  # the rate at _slowed_at; it grows from there
        self._slowed_at = -math.inf
        self._paused_until = -math.inf
        self._due = -math.inf  # when the next request is to go by even spacing
        self._latency = 0.0
        self._peak = 0.0  # the rate at which the last limit showed
        self._recent: deque[_Recent] = deque(maxlen=RECENT)
        limit, self._window = (int(self._fastest), 1.0) if ceiling >= 1 else (1, 1 / ceiling)
        self._bucket = InMemoryBucket([Rate(limit, math.ceil(MARGIN * MICROSECONDS * self._window))])
        self._left: deque[_Departure] = deque(maxlen=limit)  # the requests of the last window

    @property
    def refused(self) -> bool:
        """Whether the platform has refused a request of this budget."""
        return self._slowed_at > -math.inf

    @property
    def rate(self) -> float:
        """Requests per second that the budget allows now."""
        calm = max(0.0, self._clock.monotonic() - max(self._slowed_at, self._paused_until))
        doubled = self._base * 2 ** min(calm / DOUBLING, 30.0)
        return min(self._fastest, doubled, self._base + calm * RECOVERY * self._ceiling)

    @property
    def parallel(self) -> int:
        """How many requests have to be on their way at once to use the whole rate (Little's law); at least 1."""
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
                seconds = self._take(now, waited=waited)
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
                self._left.append(_Departure(slot, self._clock.monotonic()))

    def answered(self, slot: float) -> None:
        """Notes how long the request of a slot took until its answer was there."""
        seconds = self._clock.monotonic() - slot
        with self._state:
            self._latency += (seconds - self._latency) * (SMOOTHING if self._latency else 1.0)

    def slow_down(self, slot: float, retry_after: float | None = None) -> None:
        """Halves the rate because the platform refused the request of ``slot``.

        Requests that were already under way when the rate was last halved do not halve it again; nor do refusals that
        a lower rate would not have spared, because the platform refuses a small part of all requests at any rate.

        Args:
            slot: What ``acquire`` returned for the refused request.
            retry_after: Seconds for which the platform wants no request at all; no more than a call may take are
                waited, after which the next one asks whether it still does.
        """
        with self._state:
            now = self._clock.monotonic()
            request = next((recent for recent in reversed(self._recent) if recent.slot == slot), None)
            if request is not None:
                request.refused = True
                request.chance = self._by_chance(request)
                if request.chance:
                    return
            if retry_after is not None:
                self._paused_until = max(self._paused_until, now + min(retry_after, TOTAL_DEADLINE))
            if slot >= self._slowed_at:
                self._peak = request.rate if request is not None else self.rate
                self._base = max(min(SLOWEST, self._fastest), self.rate / 2)
                self._slowed_at = now

    def _by_chance(self, request: _Recent) -> bool:
        """Whether the platform would have refused it at a lower rate too."""
        last = list(self._recent)[-LAST:]
        if sum(recent.refused for recent in last) * LAST > CHANCE * len(last):
            for recent in self._recent:
                recent.chance = False  # what looked like proofs was a new limit
            return False
        proofs = sum(recent.chance for recent in self._recent)
        return request.rate < BELOW * self._peak or proofs >= PROOFS

    def _take(self, now: float, *, waited: bool) -> float | None:
        """Takes a slot if one is free now (None), else says how many seconds to wait before asking again."""
        with self._state:
            while self._left and self._left[0].moment + self._window + GUARD <= now:
                self._left.popleft()
            full = len(self._left) == self._left.maxlen
            clear = self._left[0].moment + self._window + GUARD if full else -math.inf
            wait = max(self._paused_until, self._due, clear) - now
            if wait * MICROSECONDS > 1:
                return wait
            # The bucket's unit of time is ours to choose; its milliseconds would be too coarse, so these are micro.
            item = RateItem("request", math.ceil(now * MICROSECONDS))
            self._bucket.leak(item.timestamp)
            if not self._bucket.put(item):
                return (cast("int", self._bucket.waiting(item)) + 1) / MICROSECONDS
            # Whoever waited and woke up late is made up for; who came late was not held up by us. The bucket sees to
            # it that what is made up for never breaks the ceiling.
            planned = max(self._due, now - LATE) if waited and self.rate >= self._fastest else now
            self._due = planned + PACE / self.rate
            self._left.append(_Departure(now, now))
            self._recent.append(_Recent(now, self.rate))
            return None


class Limits:
    """The budgets of one client, made as they are needed."""

    def __init__(
        self, requests_per_second: float, clock: Clock, closing: Event, families: Mapping[str, float] | None = None
    ) -> None:
        """`families` have a ceiling of their own, in requests per second."""
        self._ceiling = requests_per_second
        self._families = families or {}
        self._clock = clock
        self._closing = closing
        self._budgets: dict[tuple[str, str, str], Budget] = {}
        self._lock = Lock()

    def budget(self, app_key: str, shop_id: str, family: str) -> Budget:
        """The budget of an app's requests for one shop ("" for none) to one API family."""
        key = (app_key, shop_id, family)
        with self._lock:
            if key not in self._budgets:
                ceiling = self._families.get(family, self._ceiling)
                self._budgets[key] = Budget(ceiling, self._clock, self._closing)
            return self._budgets[key]

    def slowed(self) -> tuple[str, ...]:
        """The API families of which the platform has refused a request."""
        with self._lock:
            return tuple(sorted({family for (_, _, family), budget in self._budgets.items() if budget.refused}))
