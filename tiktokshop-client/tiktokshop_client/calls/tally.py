"""What calls have cost: of a stream, a shop, or a run."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass
class Tally:
    """What calls have cost so far. Any thread may add to it.

    Attributes:
        calls: Requests sent, those that were tried again included.
        retries: How many of them were because the one before failed.
        waited: Seconds that threads have waited for the budget, all threads together.
        refused: How many requests the platform has refused because there were too many.
    """

    calls: int = 0
    retries: int = 0
    waited: float = 0.0
    refused: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, *, calls: int = 0, retries: int = 0, waited: float = 0.0, refused: int = 0) -> None:
        """Adds to the sums."""
        with self._lock:
            self.calls += calls
            self.retries += retries
            self.waited += waited
            self.refused += refused
