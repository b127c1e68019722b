"""What a listener needs of those it works for: the run, its selected streams, and the stream of the events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from tap_tiktokshop.run.asking import Platform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from logging import Logger

    from tiktokshop_client import Shop
    from tiktokshop_webhooks.inbox import Event

    from tap_tiktokshop.records.decode import Record
    from tap_tiktokshop.run.output import Messages
    from tap_tiktokshop.settings import ReadingSettings
    from tap_tiktokshop.streams.declaration import Declaration

    Row = dict[str, Any]


class HearingRun(Platform, Protocol):
    """The run that it works for; `run.Run` is one."""

    reading: ReadingSettings
    messages: Messages
    logger: Logger

    @property
    def write_state(self) -> Callable[[], None]:
        """Writes the state of all streams."""

    @property
    def end(self) -> int:
        """Up to when its windows read, unix seconds."""


class Getting(Protocol):
    """A selected stream; `reader.StreamReader` is one."""

    name: str
    declaration: Declaration

    @property
    def whole(self) -> bool:
        """Whether each run reads all of it, whatever was read before."""

    @property
    def watched(self) -> bool:
        """Whether its windows leave out rows that are older than what events have brought."""

    def read_until(self, shop: Shop | None) -> int | None:
        """The end of what was read of a shop, unix seconds; None if nothing was."""

    def records_of(self, shop: Shop | None, rows: Iterable[Row], added: Mapping[str, Any]) -> list[tuple[Row, Record]]:
        """Rows as its shape has them, each with the record that it becomes."""

    def pass_on(self, shop: Shop | None, records: Iterable[Record]) -> None:
        """Writes records outside of its turn."""


class Telling(Protocol):
    """The stream of the events themselves; `own_rows.EventsReader` is one."""

    def pass_on(self, events: Iterable[Event]) -> None:
        """Writes events as records."""
