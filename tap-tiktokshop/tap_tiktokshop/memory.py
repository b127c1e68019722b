"""What the process asks of its C library, so that memory given back is given back."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8


def tame() -> None:
    """Keeps glibc from holding on to the bodies of answers, which many threads allocate and one frees.

    By default it makes an arena for each thread and, once a body is freed, keeps all that are as large on the heap,
    where they leave holes: a third more memory in a backfill. Elsewhere nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 128 * 1024)
        mallopt(_ARENA_MAX, 2)
