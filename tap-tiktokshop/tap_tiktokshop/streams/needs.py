"""What the streams need from the platform, derived from their declarations."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from tiktokshop_client import Operation, operations
from tiktokshop_client.health import Need

from tap_tiktokshop.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


def needs(catalog: Mapping[str, Any] | None = None) -> list[Need]:
    """What the streams that a Singer catalog selects need; all streams without one."""
    return needs_of(None if catalog is None else _selected(catalog))


def needs_of(streams: Collection[str] | None = None, *, optional: bool = True) -> list[Need]:
    """What the streams of these names (all if None) need; `optional`: whether a run goes on well without them."""
    return [
        Need(f"stream {stream.name}", tuple(_operations(stream.reading)) or (operations.GET_SHOPS,), optional)
        for stream in STREAMS
        if streams is None or stream.name in streams
    ]


def _selected(catalog: Mapping[str, Any]) -> set[str]:
    """The streams a catalog selects: by the metadata of the whole stream, or by a field of its own as older ones do."""
    chosen = set()
    for stream in catalog.get("streams") or []:
        marks = {
            tuple(entry.get("breadcrumb") or ()): entry.get("metadata") or {} for entry in stream.get("metadata") or []
        }
        whole = marks.get((), {})
        selected = whole.get("selected", stream.get("selected", whole.get("selected-by-default", not marks)))
        if selected or whole.get("inclusion") == "automatic":
            chosen.add(str(stream.get("tap_stream_id") or stream.get("stream") or ""))
    return chosen


def _operations(reading: object) -> Iterator[Operation]:
    """The operations anywhere in a way of reading, whatever its kind."""
    if isinstance(reading, Operation):
        yield reading
    elif is_dataclass(reading):
        for field in fields(reading):
            yield from _operations(getattr(reading, field.name))
