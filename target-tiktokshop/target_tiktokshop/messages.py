"""The input: lines that may be anything. What cannot be read is a rejected record, never the end of a run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding import GenericSingerReader
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_LINE = 1_000_000
"""Characters. A record of any of the streams has some hundreds; what is this long was not meant for them."""

UNREADABLE = "UNREADABLE"
_decode = msgspec.json.Decoder().decode


class LineReader(GenericSingerReader[str]):
    """Reads messages with msgspec, and hands lines that are none to `reject`.

    Attributes:
        reject: Called with the stream ("" if unknown) and a sentence for each line that cannot be used.
    """

    default_input = sys.stdin
    reject: Callable[[str, str], None]

    @override
    def deserialize_json(self, line: str) -> dict[str, Any]:
        """A line as a message; one that is none comes back with the type `UNREADABLE`."""
        try:
            message = _decode(line)
        except (msgspec.DecodeError, UnicodeError) as error:
            return _unreadable("", f"the line is not JSON ({error})")
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            return _unreadable("", "the line is not a Singer message")
        if message["type"] == "RECORD":
            stream = message.get("stream")
            if not isinstance(stream, str) or not isinstance(message.get("record"), dict):
                return _unreadable(stream if isinstance(stream, str) else "", "the line has no stream or no record")
            if len(line) > LONGEST_LINE:
                return _unreadable(stream, f"the line has {len(line):,} characters, more than {LONGEST_LINE:,}")
        return message

    @override
    def _process_unknown_message(self, message_dict: dict[str, Any]) -> None:
        if message_dict["type"] == UNREADABLE:
            self.reject(message_dict["stream"], message_dict["problem"])
        else:
            self.reject("", f"{message_dict['type'][:40]} is not a type of Singer message")


def _unreadable(stream: str, problem: str) -> dict[str, Any]:
    return {"type": UNREADABLE, "stream": stream, "problem": problem}
