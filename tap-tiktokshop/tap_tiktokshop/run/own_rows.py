"""The streams that nothing is asked for: what a run says of itself, and the events that were sent."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tiktokshop_webhooks.inbox import Event

    from tap_tiktokshop.reading.lanes import Lane
    from tap_tiktokshop.records.convert import Oddities
    from tap_tiktokshop.run.output import Output
    from tap_tiktokshop.run.partition import Partition
    from tap_tiktokshop.run.run import Run
    from tap_tiktokshop.streams.declaration import Declaration


class OwnRows:
    """A stream that reads nothing of the platform."""

    def __init__(self, run: Run, declaration: Declaration, output: Output) -> None:
        self._run = run
        self._output = output
        self.declaration = declaration
        self.name = declaration.name
        self.partitions: dict[Lane, Partition] = {}

    @property
    def one_record(self) -> bool:
        """Whether one record is wanted of it, as in a test of the connection."""
        return self._output.one_record

    @property
    def oddities(self) -> Oddities:
        """What did not fit the fields of its records: nothing."""
        return self._output.plan.oddities

    def lanes(self, turn: int) -> list[Lane]:  # noqa: ARG002 - nothing is fetched
        """None."""
        return []

    def bookmarks(self) -> Iterator[int]:
        """None."""
        yield from ()


class SummaryReader(OwnRows):
    """Comes last, and says what the others have read."""

    def records(self) -> Iterator[dict[str, Any]]:
        """A record for each stream of each shop."""
        self._run.read_ahead(self)
        self._output.begin_chunk()
        for row in self._run.summary_rows():
            yield self._output.plan.record(row, {})


class EventsReader(OwnRows):
    """Passes on what the inbox has as it is read, before anything else."""

    def records(self) -> Iterator[dict[str, Any]]:
        """None: they have been passed on already."""
        self._run.read_ahead(self)
        if self._run.listener is None:
            self._run.logger.info("Stream %s is empty: it is what the inbox of webhook_inbox has.", self.name)
        yield from ()

    def pass_on(self, events: Iterable[Event]) -> None:
        """Writes events as records."""
        self._output.begin_chunk()
        self._output.pass_on([self._output.plan.record(row_of(event), {}) for event in events])


def row_of(event: Event) -> dict[str, Any]:
    """An event as a row; its data is the text that came, to the digit."""
    return {
        "shop_id": event.shop_id,
        "type": event.type,
        "event_id": event.notification_id or _digest(event),
        "name": event.name,
        "sent_at": event.timestamp(),
        "received_at": event.received_ms // 1000,
        "deliveries": event.deliveries,
        "data": _data(event),
    }


def _digest(event: Event) -> str:
    """What tells an event without an id from others: the same for each of its deliveries."""
    return blake2b(_data(event).encode(), digest_size=16).hexdigest()


def _data(event: Event) -> str:
    """The text of what an event says, as it came; "" if it says nothing.

    What is no strict JSON, but legible to the inbox, is written anew: two events must not look the same for it.
    """
    try:
        found = msgspec.json.decode(event.body, type=dict[str, msgspec.Raw]).get("data")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = event.content().get("data")
        return "" if said is None else json.dumps(said)
    return "" if found is None else bytes(found).decode(errors="replace")
