"""How large an answer may be and how long it may take: an endless one, or a decompression bomb, is cut off.

Every byte of an answer passes ``Received`` on its way from the socket to whoever reads the status, the headers, the
framing of chunks, the body or what follows it; and is unpacked here, or not at all. So no kind of answer gets round it.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import threading
import time
import zlib
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import Buffer, override

if TYPE_CHECKING:
    from types import TracebackType

MEGABYTE: Final = 1_000_000
MOST_SENT: Final = 16 * MEGABYTE
"""Bytes of an answer as it is sent, its headers included. A page of 100 rows with all that they may hold has some
megabytes, and is sent packed, as a tenth of that."""
MOST_UNPACKED: Final = 16 * MEGABYTE
"""Bytes of a body when it is unpacked."""
FREE: Final = 3 * MEGABYTE // 4
"""Bytes, sent or unpacked, that any number of answers may take up at the same time. What is larger is taken one at a
time, so that many threads cannot be made to take up much memory together."""
MOST_DECODED: Final = 2 * MEGABYTE
"""The same of an answer that is no list of rows: it is decoded as a whole, to twenty-five times its bytes at worst. No
single thing that the platform documents has a tenth of that."""
FREE_DECODED: Final = MEGABYTE // 10
"""The same as `FREE` for such an answer."""
MOST_CODINGS: Final = 3
"""How often a body may be packed in itself."""
MOST_MEMBERS: Final = 1_000
"""The most compressed files in a row that a body may consist of. One is usual."""
PATIENCE: Final = 2
"""A whole answer may take so many times the seconds for which it may be silent."""

_PIECE: Final = 1 << 16
_GZIP: Final = 16 + zlib.MAX_WBITS
_GZIP_BEGINS: Final = b"\x1f\x8b"
_WINDOWS: Final = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}
"""By content coding what zlib may find. Some who say deflate leave its header out."""

_large = threading.Lock()
"""Held by the one answer of this process that is larger than is free."""


class AnswerError(OSError):
    """An answer is beyond its bounds, or cannot be unpacked; says what its host did, as the rest of a sentence."""


class Allowance:
    """What one answer may still take: seconds and bytes. A context: what it holds is given back when that is left.

    Args:
        silence: The seconds for which it may be silent.
        seconds: The seconds in which all of it must be there, from now on.
        decoded: Whether it will be decoded as a whole.
    """

    def __init__(self, silence: float, seconds: float, *, decoded: bool = False) -> None:
        self.silence = silence
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self.free, self.most_unpacked = (FREE_DECODED, MOST_DECODED) if decoded else (FREE, MOST_UNPACKED)
        self._most = min(MOST_SENT, self.most_unpacked)
        self._room = self._most
        self._is_large = False

    def __enter__(self) -> Allowance:  # noqa: PYI034 - Self needs Python 3.11, and nobody derives from this
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_large:
            self._is_large = False
            _large.release()

    def left(self) -> float:
        """The seconds until all of it must be there.

        Raises:
            AnswerError: There are none.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise AnswerError(f"did not end its answer within {self._seconds:g} seconds")
        return left

    def expect(self, count: int) -> None:
        """Notes that the answer says that so many bytes follow.

        Raises:
            AnswerError: It may not have so many.
        """
        if count > self._room:
            raise AnswerError(f"wants to send an answer of more than {self._most // MEGABYTE} MB")

    def received(self, count: int) -> None:
        """Counts bytes that came.

        Raises:
            AnswerError: They are too many.
        """
        self._room -= count
        if self._room < 0:
            raise AnswerError(f"sent an answer of more than {self._most // MEGABYTE} MB")
        if self._room < self._most - self.free:
            self.grow()

    def grow(self) -> None:
        """Lets it be larger than ``free``, as soon as no other answer is.

        Raises:
            AnswerError: Others were, until its time was over.
        """
        while not self._is_large:
            self._is_large = _large.acquire(timeout=self.left())


class Received(io.RawIOBase):
    """The bytes of an answer as they come from a socket, and no more than its allowance has."""

    def __init__(self, raw: io.RawIOBase, sock: Any, allowance: Allowance) -> None:
        self._raw = raw
        self._sock = sock
        self.allowance = allowance

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        left = self.allowance.left()
        if left < self.allowance.silence:  # else the socket has it already; to tell it so is a system call
            self._sock.settimeout(left)
        try:
            count: int = self._sock.recv_into(buffer)
        except TimeoutError:
            self.allowance.left()  # says so if all of its time is over, not only that of this silence
            raise
        self.allowance.received(count)
        return count

    @override
    def close(self) -> None:
        self._raw.close()
        super().close()


class _Buffered(io.BufferedReader):
    raw: Received

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None:
            self.raw.allowance.expect(size)  # before memory is set aside for as many as it says
        return super().read(size)


class BoundedResponse(http.client.HTTPResponse):
    """The standard library's response, read within the allowance of the request that the thread has under way."""

    def __init__(self, allowance: Allowance, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp: Any = _Buffered(Received(self.fp.detach(), sock, allowance), _PIECE)

    @override
    def read(self, amt: int | None = None) -> bytes:
        """A body of unknown length grows in one piece: the library would keep many, and chunks may be tiny."""
        if amt is not None or self.length is not None:
            return super().read(amt)
        body = bytearray()
        while piece := super().read(_PIECE):
            body += piece
        return bytes(body)


def unpack(body: bytes, codings: str, allowance: Allowance) -> bytes:
    """A body without its content codings; as it is if one of them is not known.

    Args:
        body: The body as it was sent.
        codings: The header Content-Encoding: gzip and deflate, several of them with commas, or nothing.
        allowance: That of the answer.

    Raises:
        AnswerError: It is too large, or is not packed as it says.
    """
    names = [name for name in (part.strip().lower() for part in codings.split(",")) if name not in {"", "identity"}]
    if len(names) > MOST_CODINGS:
        raise AnswerError(f"sent an answer that is compressed more than {MOST_CODINGS} times over")
    if not body or not all(name in _WINDOWS for name in names):
        return body
    for name in reversed(names):
        body = _unpacked(body, _WINDOWS[name], allowance)
    return body


def _unpacked(body: bytes, windows: tuple[int, ...], allowance: Allowance) -> bytes:
    for window in windows:
        with contextlib.suppress(zlib.error):
            return _inflated(body, window, allowance)
    if body.lstrip()[:1] == b"{":  # somebody on the way has unpacked it and left the header
        return body
    raise AnswerError("sent an answer that cannot be unpacked")


def _inflated(packed: bytes, window: int, allowance: Allowance) -> bytes:
    """What zlib makes of a body.

    Raises:
        zlib.error: It is packed in another way, is broken, or ends too early.
        AnswerError: It is too large.
    """
    engine = zlib.decompressobj(window)
    pieces: list[bytes] = []
    size, room, members = 0, allowance.free, 1
    rest = memoryview(packed)  # what is left is not copied for each of the files
    while True:
        allowance.left()
        given = rest[:_PIECE]
        pieces.append(engine.decompress(given, room - size))
        size += len(pieces[-1])
        rest = rest[len(given) - len(engine.unconsumed_tail) - len(engine.unused_data) :]
        if engine.eof:
            if window != _GZIP or bytes(rest[: len(_GZIP_BEGINS)]) != _GZIP_BEGINS:
                break
            members += 1
            if members > MOST_MEMBERS:
                raise AnswerError(f"sent an answer that consists of more than {MOST_MEMBERS} compressed files")
            engine = zlib.decompressobj(window)  # one file after the other
        elif not rest and size < room:
            raise zlib.error("it is cut off")
        if size == room:
            most = allowance.most_unpacked
            if room == most:
                raise AnswerError(f"sent an answer that is larger than {most // MEGABYTE} MB when unpacked")
            allowance.grow()
            room = most
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
