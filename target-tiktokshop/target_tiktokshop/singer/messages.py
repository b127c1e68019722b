"""The input: lines that may be anything. One that cannot be read is a rejected record and never ends a run."""

from __future__ import annotations

import re
import sys
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding import GenericSingerReader
from tiktokshop_client.endings import Ending
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST_LINE = 1_000_000
"""Characters. A record of any of the streams has some hundreds; what is this long was not meant for them."""
DEEPEST_LINE = 100
"""Brackets in one another. Python's own limit is not far behind, and counts what a record goes through as well."""

UNREADABLE = "UNREADABLE"
NOTHING = "NOTHING"
BYTE_ORDER_MARK = "\ufeff"
UNMARKED = (None, False, "")
DELETION_MARKS = ("_sdc_deleted_at", "_sdc_removed_at", "_ab_cdc_deleted_at", "_fivetran_deleted")
"""Fields by which taps with log-based replication say that a row is gone; null, false and blank mean that it is not."""

_decode = msgspec.json.Decoder().decode
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')


class InputError(Exception):
    """The input is not something a tap may send."""

    ending = Ending.PERSON


class LineReader(GenericSingerReader[str]):
    """Reads messages with msgspec, and hands lines that are not messages to `reject`.

    Attributes:
        reject: Called with the stream ("" if unknown) and a sentence for each line that cannot be used.
        marks: The deletion marks of the record that was read last, by field.
    """

    reject: Callable[[str, str], None]

    def __init__(self) -> None:
        super().__init__()
        self.marks: dict[str, Any] = {}

    @property
    @override
    def default_input(self) -> IO[str]:
        if sys.stdin is None:
            raise InputError("Standard input is closed: pipe a tap's output in, or use --input.")
        return sys.stdin

    @override
    def deserialize_json(self, line: str) -> dict[str, Any]:
        """A line as a message; one that is not comes back with the type `UNREADABLE`, an empty one as `NOTHING`.

        Raises:
            InputError: The line refers to records elsewhere, which would be left out.
        """
        line = line.strip().strip(BYTE_ORDER_MARK) if line[:1] in {BYTE_ORDER_MARK, "\n", "\r", " ", "\t"} else line
        if not line:
            return {"type": NOTHING}
        if line.count("[") + line.count("{") > DEEPEST_LINE and _depth(line) > DEEPEST_LINE:
            return _unreadable("", f"the line has more than {DEEPEST_LINE} nested brackets")
        try:
            message = _decode(line)
        except (msgspec.DecodeError, UnicodeError) as error:
            return _unreadable("", f"the line is not JSON ({_told(error)})")
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            return _unreadable("", "the line is not a Singer message")
        check = _CHECKS.get(message["type"])
        problem = check(message) if check else ""
        if not problem and message["type"] == "RECORD" and len(line) > LONGEST_LINE:
            problem = f"the line has {len(line):,} characters, more than {LONGEST_LINE:,}"
        if problem:
            stream = message.get("stream")
            return _unreadable(stream if isinstance(stream, str) else "", problem)
        if message["type"] == "RECORD":
            record = message["record"]
            self.marks = {name: record[name] for name in DELETION_MARKS if record.get(name) not in UNMARKED}
        return message

    @override
    def _process_unknown_message(self, message_dict: dict[str, Any]) -> None:
        kind = message_dict["type"]
        if kind == UNREADABLE:
            self.reject(message_dict["stream"], message_dict["problem"])
        elif kind != NOTHING:
            self.reject("", f"{kind[:40]!r} is not a type of Singer message")


def _told(error: Exception) -> str:
    return "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)


def _depth(line: str) -> int:
    """How deeply brackets are nested, ignoring those in texts."""
    deepest = depth = 0
    for character in _STRINGS.sub("", line):
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest


def _record(message: dict[str, Any]) -> str:
    if not isinstance(message.get("time_extracted"), str):
        message.pop("time_extracted", None)
    fits = isinstance(message.get("stream"), str) and isinstance(message.get("record"), dict)
    return "" if fits else "the line has no stream or no record"


def _schema(message: dict[str, Any]) -> str:
    """Makes do with the odd property: the target has fields of its own, and looks at a schema for their names only."""
    schema = message.get("schema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(message.get("stream"), str) or not isinstance(properties, dict):
        return "the SCHEMA has no stream, or no properties"
    properties.update({name: {} for name, spec in properties.items() if not isinstance(spec, dict)})
    keys = message.get("key_properties")
    message["key_properties"] = [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []
    return ""


def _state(message: Mapping[str, Any]) -> str:
    return "" if "value" in message else "the STATE has no value"


def _version(message: Mapping[str, Any]) -> str:
    return "" if isinstance(message.get("stream"), str) else "the ACTIVATE_VERSION has no stream"


def _batch(message: Mapping[str, Any]) -> str:
    stream = message.get("stream")
    about = f" of stream {stream[:60]}" if isinstance(stream, str) else ""
    raise InputError(
        f"The input has a BATCH message{about}: the target reads RECORD messages only, so none of its records was "
        "sent. Take batch_config out of the tap's configuration."
    )


_CHECKS: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "RECORD": _record,
    "SCHEMA": _schema,
    "STATE": _state,
    "ACTIVATE_VERSION": _version,
    "BATCH": _batch,
}
"""Type of message -> what finds a problem with it, "" for none."""


def _unreadable(stream: str, problem: str) -> dict[str, Any]:
    return {"type": UNREADABLE, "stream": stream, "problem": problem}
