"""Time, injected: everything that reads a clock or waits uses one of these."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from threading import Event


class Clock(Protocol):
    """What the client needs to know about time."""

    def time(self) -> float:
        """Unix seconds, as the wall clock has them."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, from an arbitrary start."""

    def wait(self, seconds: float, wake: Event) -> bool:
        """Waits ``seconds``, or less if ``wake`` is set; says whether it is set."""


class SystemClock:
    """The machine's own clock."""

    def time(self) -> float:
        """Unix seconds, as the wall clock has them."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never run backwards, from an arbitrary start."""
        return time.monotonic()

    def wait(self, seconds: float, wake: Event) -> bool:
        """Waits ``seconds``, or less if ``wake`` is set; says whether it is set."""
        return wake.wait(seconds)
