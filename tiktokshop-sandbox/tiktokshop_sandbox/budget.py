"""Request budgets: a limit on requests in any second for app and shop: of all APIs, of an API family, or of an API."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.contract import Endpoint

Scope = Literal["shop", "family", "api"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
_WINDOW: Final = 1.0
# What is counted together, besides app and shop. The platform's own texts name all three.
_UNITS: Final[Mapping[Scope, Callable[[Endpoint], tuple[str, ...]]]] = {
    "shop": lambda _: (),
    "family": lambda endpoint: (endpoint.family,),
    "api": lambda endpoint: (endpoint.method, endpoint.path),
}


class RateLimit:
    """A sliding window: a request is refused when `rps` others were let through less than a second ago.

    Refused requests do not count. `scope` says what is counted together and may be changed. `source`
    gives seconds that never go back.
    """

    def __init__(self, rps: int, scope: Scope = "family", *, source: Callable[[], float] = time.monotonic) -> None:
        self.rps = rps
        self.scope = scope
        self._source = source
        self._passed: defaultdict[tuple[str, ...], deque[float]] = defaultdict(deque)

    def take(self, app: str, shop: str, endpoint: Endpoint, at: float | None = None) -> bool:
        """Let one request of an app for a shop through, or not; it came now, or `at` that second."""
        key = (self.scope, app, shop, *_UNITS[self.scope](endpoint))
        passed, now = self._passed[key], self._source() if at is None else at
        while passed and now - passed[0] >= _WINDOW:
            passed.popleft()
        if len(passed) >= self.rps:
            return False
        passed.append(now)
        return True
