"""Tells the C library to return freed memory to the system."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8

LARGEST: Final = 1024 * 1024
"""Blocks of up to so many bytes are reused. A page of orders is half of that. If each were mapped afresh, the
kernel would clear, and the process fault in, a hundred pieces of memory: a twentieth of the processor's time."""
SPARE: Final = 4 * LARGEST
"""Bytes at the end of the heap that may be kept for reuse."""


def tame() -> None:
    """Makes glibc keep freed memory up to a bound, because the next page uses it again, and give back the rest.

    By default it makes an arena for each thread, and raises its own limits with every large body that is freed, so that
    what many threads allocate and one frees leaves holes: a third more memory in a backfill. Elsewhere nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGEST)
        mallopt(_TRIM_THRESHOLD, SPARE)
        mallopt(_ARENA_MAX, 1)
