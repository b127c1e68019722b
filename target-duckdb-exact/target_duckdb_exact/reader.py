"""From lines to messages: RECORD lines are recognised by how they begin, all others are parsed."""

from __future__ import annotations

import contextlib
import select
import sys
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

import simplejson
from singer_sdk.singerlib.encoding import GenericSingerReader
from typing_extensions import override

from target_duckdb_exact.ahead import CHUNK, Ahead
from target_duckdb_exact.errors import InputError
from target_duckdb_exact.values import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_duckdb_exact.sink import DuckDBSink

PIPE = 1 << 20
"""So many bytes a tap may write while a transaction is being written: a pipe's own 64 KiB are a dozen records."""
REQUIRED: dict[str, dict[str, type]] = {
    "RECORD": {"stream": str},
    "ACTIVATE_VERSION": {"stream": str, "version": int},
    "BATCH": {"stream": str, "encoding": dict, "manifest": list},
}
"""What the SDK does not ask of a message, and of which type it must be."""
KINDS: dict[type, str] = {str: "text", int: "whole number", dict: "object", list: "list"}
HEAD = 400
"""In so many bytes a RECORD line says whose record it is, if it is to be known by them."""


class LineReader(GenericSingerReader[bytes]):
    """Reads bytes. `direct` gives a stream's sink if its records need no mapping, `taken` counts the bytes it got.

    `paused` is called when no input has come for as many seconds as `patience` says. With `ahead` what comes meanwhile
    is read while something else is done.
    """

    def __init__(self) -> None:
        super().__init__()
        self.direct: Callable[[str], DuckDBSink | None] = lambda _stream: None
        self.taken: Callable[[DuckDBSink, int], None] = lambda _sink, _size: None
        self.patience: Callable[[], float] = lambda: 0.0
        self.paused: Callable[[], None] = lambda: None
        self.ahead = Ahead()
        self._heads: dict[bytes, str] = {}
        self._cut = False

    @override
    def process_lines(self, file_input: IO[bytes] | None, callbacks: Any) -> Counter[str]:
        records = 0
        stats: Counter[str] = Counter()
        for line in self._lines(file_input):
            stream = self._heads.get(line[: line.find(b'"record"', 0, HEAD)])
            sink = self.direct(stream) if stream is not None else None
            if sink is not None:
                sink.append(line)
                self.taken(sink, len(line))
                records += 1
            elif line.strip():
                stats[self._other(line, callbacks)] += 1
        stats["RECORD"] += records
        return stats

    def _other(self, line: bytes, callbacks: Any) -> str:
        """A line that is no known RECORD; the next one that begins the same will be."""
        message = self.deserialize_json(line)
        self.assert_line_requires(message, requires={"type"})
        kind = str(message["type"])
        required = REQUIRED.get(kind, {})
        self.assert_line_requires(message, requires=set(required))
        for part, wanted in required.items():
            if type(message[part]) is not wanted:
                words = f"a {kind} message whose {part} is no {KINDS[wanted]}"
                raise InputError(f"The input is not a Singer stream: it has {words}.")
        if kind == "RECORD":
            sink = self.direct(message["stream"])
            if sink is not None:
                self._learn(line, message["stream"])
                sink.append(line)
                self.taken(sink, len(line))
                return kind
            message["line_size"] = len(line)
        callback = callbacks.get(kind)
        if callback is None:
            raise InputError(f"The input is not a Singer stream: it has a message of the unknown type {kind}.")
        callback(message)
        return kind

    def _learn(self, line: bytes, stream: str) -> None:
        """Keeps how this line begins, if type and stream are all that it says before the record."""
        end = line.find(b'"record"', 0, HEAD)
        try:
            head = simplejson.loads(line[: max(end, 0)].rstrip().rstrip(b",") + b"}")
        except ValueError:
            return
        if head == {"type": "RECORD", "stream": stream}:
            self._heads[line[:end]] = stream

    def _lines(self, file_input: Any) -> Iterator[bytes]:
        """The lines without their ends."""
        given = file_input or self.default_input
        binary = getattr(given, "buffer", given)
        _widen(binary)
        self.ahead = Ahead(binary)
        begun: list[bytes] = []
        while chunk := self._next(binary):
            if b"\n" not in chunk:
                begun.append(chunk)
                continue
            lines = b"".join((*begun, chunk)).split(b"\n")
            begun = [lines.pop()]
            yield from lines
        self._cut = True
        yield b"".join(begun)

    def _next(self, source: Any) -> bytes:
        """What is there to read; in a pause, when something has come."""
        if not self.ahead and not _ready(source, self.patience()):
            self.paused()
        chunk = self.ahead.chunk()
        return _some(source) if chunk is None else chunk

    @property
    @override
    def default_input(self) -> IO[bytes]:
        if sys.stdin is None:
            raise InputError("Standard input is closed: pipe a tap's output in, or use --input.")
        return sys.stdin.buffer

    @override
    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        try:
            message = parsed(line)
        except ValueError as error:
            cut = ": it ends within a line, so the tap has stopped halfway" if self._cut else ""
            raise InputError(f"The input is not a Singer stream, a line of it is not JSON{cut}.") from error
        if not isinstance(message, dict):
            raise InputError("The input is not a Singer stream: a line of it is not a JSON object.")
        return message


def _some(source: Any) -> bytes:
    """What is there to read; an input that is a list of lines, as the SDK's tests have, is read line by line."""
    if hasattr(source, "read1"):
        return bytes(source.read1(CHUNK))
    text = source.readline()
    return text if isinstance(text, bytes) else text.encode(errors="surrogatepass")


def _ready(source: Any, seconds: float) -> bool:
    """Whether something can be read within so many seconds; of what was read before nothing is left, as none is cut."""
    try:
        return bool(select.select([source], [], [], seconds)[0])
    except (AttributeError, OSError, TypeError, ValueError):  # no pipe, or one of Windows, which cannot be asked
        return True


def _widen(source: Any) -> None:
    """Lets a pipe hold more, where the system has such a thing and the input is a pipe."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 - Windows has none

        fcntl.fcntl(source.fileno(), fcntl.F_SETPIPE_SZ, PIPE)
