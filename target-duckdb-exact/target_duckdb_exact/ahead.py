"""Reads ahead: what a tap says while a transaction is being written, so that the tap need not wait for it."""

from __future__ import annotations

import contextlib
import os
import select
import stat
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 18
"""So many bytes are read at a time: a buffered file's own `readline` asks the system for 8 KiB, a record or two."""
MOST_AHEAD = 4 << 20
"""So many bytes are read ahead at most; the tap itself has as much again on its way."""


class Ahead:
    """The chunks of an input in their order; only a pipe is read ahead, as a file waits for nobody."""

    def __init__(self, source: Any = None) -> None:
        self._source: Any = source if _is_pipe(source) else None
        self._chunks: deque[bytes] = deque()

    def chunk(self) -> bytes | None:
        """The next one that was read ahead, an empty one at the end of the input; None if there is none."""
        return self._chunks.popleft() if self._chunks else None

    def __bool__(self) -> bool:
        return bool(self._chunks)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Reads ahead, in a thread, while the caller does something else. Meanwhile nobody else may read."""
        if self._source is None or b"" in self._chunks:
            yield
            return
        stopped, stop = os.pipe()
        thread = threading.Thread(target=self._read, args=(stopped,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            os.close(stop)
            thread.join()
            os.close(stopped)

    def _read(self, stopped: int) -> None:
        """Until the other end of `stopped` is closed, the input ends, or enough is there."""
        room = MOST_AHEAD - sum(map(len, self._chunks))
        with contextlib.suppress(OSError, ValueError):  # whoever reads next meets it again
            while room > 0 and stopped not in select.select([self._source, stopped], [], [])[0]:
                chunk = bytes(self._source.read1(CHUNK))
                self._chunks.append(chunk)
                if not chunk:
                    return
                room -= len(chunk)


def _is_pipe(source: Any) -> bool:
    try:
        kind = os.fstat(source.fileno()).st_mode
    except (AttributeError, OSError, ValueError):
        return False
    return hasattr(source, "read1") and (stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind))
