"""Singer messages on standard output."""

from __future__ import annotations

import math
import select
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw
from singer_sdk.contrib.msgspec import MsgSpecWriter, encoder
from singer_sdk.helpers._state import StateWriter
from singer_sdk.singerlib import RecordMessage, SchemaMessage, StateMessage
from tiktokshop_client.console import write_all
from typing_extensions import override

from tap_tiktokshop.run.output import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from singer_sdk.singerlib.encoding.simple import Message


def _output() -> str:
    """How to call standard output in a sentence: by the file's name where the system knows it."""
    try:
        name = str(Path("/proc/self/fd/1").readlink())
    except OSError:
        name = ""
    return f"The file {name}" if name.startswith("/") else "Standard output"


MOST_PENDING: Final = 128 * 1024
"""Bytes that are collected before they are written. More would save no time; fewer cost a system call, and a wait for
Python's lock behind it, every few records."""


FEW_SHOPS: Final = 8
SMALL_STATE: Final = 64_000
"""So many shops have their state written behind every window, while it has no more bytes."""
LEAST_SECONDS: Final = 1.0
"""Between two states of more shops."""
STATE_BYTES_A_SECOND: Final = 100_000
"""What larger ones may have on average: they leave every second with fifteen shops, every seven seconds with a hundred,
and every minute with a thousand. What was read since then is read again after a kill."""


class MessageWriter(MsgSpecWriter):
    """The SDK's msgspec writer, which collects records, and says so when the loader has gone.

    Whatever is not a record is written at once, after the records before it: a state is never ahead of its records,
    and never later than it was. What could not be written may have been cut anywhere, so nothing is written after it:
    a later state would cover records that nobody has.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pending = bytearray()
        self._alike: tuple[Any, ...] = ()  # what the messages around the last records had in common
        self._head = self._tail = b""
        self._failure: OutputError | None = None

    @override
    def write_message(self, message: Message) -> None:
        if self._failure is not None:
            raise self._failure
        whole = len(self._pending)
        try:
            self._collect(message)
        except BaseException:  # half a message would spoil the next one
            del self._pending[whole:]
            raise
        if len(self._pending) >= MOST_PENDING or not isinstance(message, RecordMessage):
            self.flush()

    def _collect(self, message: Message) -> None:
        if not isinstance(message, RecordMessage):
            encoder.encode_into(fields_of(message), self._pending, -1)
            self._pending += b"\n"
            return
        alike = (message.stream, message.version, message.time_extracted)
        if alike != self._alike:
            self._frame(message)
            self._alike = alike
        self._pending += self._head
        encoder.encode_into(message.record, self._pending, -1)
        self._pending += self._tail

    def _frame(self, message: RecordMessage) -> None:
        """Encodes what comes before and behind a record, which is the same for all of a page."""
        head, _, tail = encoder.encode({**message.to_dict(), "record": None}).partition(b'"record":null')
        self._head, self._tail = head + b'"record":', tail + b"\n"

    def flush(self) -> None:
        """Writes what is pending. Called by whoever is going to wait.

        Raises:
            OutputError: It could not be written. From then on nothing is.
        """
        if not self._pending:
            return
        self._failure = OutputError("The output was cut in the middle of a message.")  # if a signal comes from here on
        pending, self._pending = self._pending, bytearray()
        try:
            write_all(pending)
        except (OSError, ValueError) as error:  # a ValueError where standard output has been closed
            self._failure = _explain(error)
            raise self._failure from error
        self._failure = None

    def look(self) -> None:
        """Looks whether somebody still reads, for who may have nothing to write for long.

        Raises:
            OutputError: The program that read the output has stopped.
        """
        if self._failure is None and _is_left():
            self._failure = _explain(BrokenPipeError())
        if self._failure is not None:
            raise self._failure

    def hand_over(self) -> None:
        """Writes whatever has been kept back, before anything that must not come to a loader without it."""
        self.flush()

    def leave_early(self) -> None:
        """What is to be done as a run ends in the middle: nothing, as each state is out already."""


class StateOutput(StateWriter):
    """The SDK's, which writes no state twice in a row; it compares texts where the SDK copies whole states.

    It says when the next one is due. A state has every shop in it, so one behind each window of each shop would make
    what is written of them grow with the square of the number of shops: large ones come as seldom as they are large.
    """

    def __init__(self, writer: MessageWriter, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(writer)
        self._last = b""
        self._now, self._at = now, -math.inf

    def is_due(self, shops: int) -> bool:
        """Whether a state may leave now, as a stream of so many shops goes on: a large one must wait, see above."""
        size = len(self._last)
        if shops <= FEW_SHOPS and size <= SMALL_STATE:
            return True
        return self._now() - self._at >= max(LEAST_SECONDS, size / STATE_BYTES_A_SECOND)

    @override
    def write_state(self, state: Mapping[str, Any]) -> None:
        text = encoder.encode(state)
        if text != self._last:
            self._message_writer.write_message(StateMessage(value=Raw(text)))  # type: ignore[arg-type] # it is one
            self._last = text
        self._at = self._now()


def fields_of(message: Message) -> dict[str, Any]:
    """A message to be encoded at once: the SDK would copy schemas and states through and through."""
    if not isinstance(message, (SchemaMessage, StateMessage)):
        return message.to_dict()
    found = ((field.name, getattr(message, field.name)) for field in fields(message))
    return {name: value for name, value in found if value is not None}


def _is_left() -> bool:
    """Whether standard output is a pipe that nobody reads any more; not where the system cannot be asked."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
    except (AttributeError, OSError, ValueError):  # Windows; no file, or a closed one
        return False


def _explain(error: Exception) -> OutputError:
    if isinstance(error, BrokenPipeError):
        return OutputError(
            "The program that read the output has stopped, so there is nobody to write to; its own log says why."
        )
    why = error.strerror if isinstance(error, OSError) and error.strerror else "it is closed"
    return OutputError(
        f"{_output()} cannot be written: {why}. Make room, or fix what reads it; "
        "the next run goes on from the last state."
    )
