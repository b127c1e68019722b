"""What the reading of one stream of one shop has shown of its completeness."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Checks:
    """What one stream of one shop has shown of its completeness. Any thread may add to it.

    Attributes:
        whose: The stream and the shop, as a line of the log names them.
        counted: Rows of the lists that say how many they have, as the platform counts them.
        matched: Rows of the same lists that came.
        read_twice: Windows that came short, or that rows left meanwhile, and that were read once more.
        gone: Rows behind which the platform found nothing when it was asked about them.
        mended: Values that could not be read in full: half a character, bytes that are none, NUL.
        unidentified: Rows that came without anything to tell them from others by, and so were left out.
    """

    whose: str = ""
    counted: int = 0
    matched: int = 0
    read_twice: int = 0
    gone: int = 0
    mended: int = 0
    unidentified: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def add(self, **sums: int) -> None:
        """Adds to these sums."""
        with self._lock:
            for name, number in sums.items():
                setattr(self, name, getattr(self, name) + number)
