"""Reading ahead: what the tap writes is taken while a transaction is being written, so that the tap need not wait."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOM = 2 << 20
"""So many bytes may wait before the tap has to."""
PART = 1 << 20


class Source(Protocol):
    """What bytes come from, as `io.BufferedReader`."""

    def read1(self, size: int, /) -> bytes:
        """Some bytes, as soon as there are any; none at the end."""
        ...


class Ahead:
    """A thread that reads, and the parts it has read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._parts: list[bytes] = []
        self._waiting = 0
        self._ended: BaseException | bool = False
        self._change = threading.Condition()
        _widen(source)
        threading.Thread(target=self._read, name="reading ahead", daemon=True).start()

    def _read(self) -> None:
        ended: BaseException | bool = True
        try:
            while part := self._source.read1(PART):
                with self._change:
                    self._parts.append(part)
                    self._waiting += len(part)
                    self._change.notify()
                    self._change.wait_for(lambda: self._waiting < ROOM)
        except Exception as error:  # noqa: BLE001 - it is raised where the lines are asked for
            ended = error
        with self._change:
            self._ended = ended
            self._change.notify()

    def _taken(self) -> bytes:
        with self._change:
            self._change.wait_for(lambda: self._parts or self._ended)
            parts, self._parts, self._waiting = self._parts, [], 0
            self._change.notify()
            if not parts and isinstance(self._ended, BaseException):
                raise self._ended
        return b"".join(parts)

    def lines(self) -> Iterator[bytes]:
        """Whole lines, each with its end; the last one has none if the source stopped within it.

        Raises:
            OSError: The source cannot be read any further.
        """
        begun: list[bytes] = []
        while part := self._taken():
            first, *more = part.split(b"\n")
            begun.append(first)
            if more:
                last = more.pop()
                yield b"".join(begun) + b"\n"
                for line in more:
                    yield line + b"\n"
                begun = [last]
        if rest := b"".join(begun):
            yield rest


def _widen(source: Source) -> None:
    """Lets a pipe hold more than its 64 KiB, where the system has such a thing."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 - Windows has none

        fcntl.fcntl(source.fileno(), fcntl.F_SETPIPE_SZ, PART)  # type: ignore[attr-defined]
