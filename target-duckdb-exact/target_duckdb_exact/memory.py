"""One heap for all threads: what one has freed another uses again."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_ARENA_MAX: Final = -8


def share_heap() -> None:
    """Keeps glibc from making a heap for each thread, none of which gives to the others what it has freed.

    Only one thread at a time has much to do here, so they do not get into each other's way. Elsewhere nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform.startswith("linux") else None
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
