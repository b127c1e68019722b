"""What the process asks of its C library, so that memory given back is given back."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8

LARGEST: Final = 1024 * 1024
"""Bytes up to which memory is used again as it is. A page of orders is half of that. If each were mapped afresh, the
kernel would clear, and the process fault in, a hundred pieces of memory: a twentieth of the processor's time."""
SPARE: Final = 4 * LARGEST
"""Bytes at the end of the heap that may wait to be used again."""


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
        mallopt(_ARENA_MAX, 2)
