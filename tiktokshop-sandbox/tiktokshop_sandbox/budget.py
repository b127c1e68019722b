"""Request budgets: so many requests in any second, for each app, shop and API family."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_WINDOW: Final = 1.0


class Budget:
    """A sliding window: a request is refused when `rps` others were let through less than a second ago.

    Refused requests do not count. `source` gives seconds that never go back.
    """

    def __init__(self, rps: int, *, source: Callable[[], float] = time.monotonic) -> None:
        self.rps = rps
        self._source = source
        self._passed: defaultdict[tuple[str, ...], deque[float]] = defaultdict(deque)

    def take(self, *key: str, at: float | None = None) -> bool:
        """Let one request for `key` (app, shop, family) through, or not; it came now, or `at` that second."""
        passed, now = self._passed[key], self._source() if at is None else at
        while passed and now - passed[0] >= _WINDOW:
            passed.popleft()
        if len(passed) >= self.rps:
            return False
        passed.append(now)
        return True
