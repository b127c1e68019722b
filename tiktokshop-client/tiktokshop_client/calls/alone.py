"""What a process sends of one shop's budget while the place is away where it is shared with others."""

from __future__ import annotations

import random
from threading import Lock
from typing import TYPE_CHECKING

from tiktokshop_client.calls.budget import Budget
from tiktokshop_client.calls.shared import Shared

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from tiktokshop_client.clock import Clock


class Alone:
    """Its part of each ceiling, and of what they share: all of its requests together are no more than its part.

    Args:
        ceiling: Requests per second that all processes may send of an API family, or of an API of one
            (``family/API``); of "", to the whole shop.
        part: The part of each that this process allows itself.
        grows: Whether more is tried when the families want more together, see ``Shared``.
        later: Whether it begins at a moment of its own, because others lose the place at the same time.
        clock: Time.
        closing: Set when the client closes.
    """

    def __init__(
        self, ceiling: Callable[[str], float], part: float, *, grows: bool, later: bool, clock: Clock, closing: Event
    ) -> None:
        self._ceiling = ceiling
        self._part = part
        self._grows = grows
        self._later = later
        self._clock = clock
        self._closing = closing
        self._lock = Lock()
        self._budgets: dict[str, Budget] = {}
        self._levels: dict[str, Shared] = {}

    def take(self, unit: str, now: float, *, waited: bool) -> float | None:
        """See ``Budget.take``."""
        return self._of(unit).take(now, waited=waited)

    def never_left(self, unit: str, slot: float) -> None:
        """See ``Budget.never_left``; the slot is the ``now`` that ``take`` was given."""
        if unit in self._budgets:
            self._budgets[unit].never_left(slot)

    def slow_down(self, unit: str, slot: float, retry_after: float | None) -> None:
        """See ``Budget.slow_down``; a request of before the place was lost has a slot before all others."""
        self._of(unit).slow_down(slot, retry_after)

    def _of(self, unit: str) -> Budget:
        if unit not in self._budgets:
            self._budgets[unit] = self._budget(unit)
        return self._budgets[unit]

    def _budget(self, unit: str) -> Budget:
        family, _, api = unit.partition("/")
        levels = [(self._level(""), family)]
        if api:
            levels.append((self._level(family), api))
        budget = Budget(self._ceiling(unit) * self._part, self._clock, self._closing, levels, self._lock)
        if not self._budgets:  # its last request may have left just now
            later = random.random() / budget.rate if self._later else 0.0  # noqa: S311 - no secret
            budget.left_unasked(self._clock.monotonic() + later)
        return budget

    def _level(self, unit: str) -> Shared:
        if unit not in self._levels:
            ceiling = self._ceiling(unit) * self._part
            grows = self._grows and (not unit or self._ceiling(unit) == self._ceiling(""))
            self._levels[unit] = Shared(ceiling, self._clock, grows=grows)
        return self._levels[unit]
