"""A stream as a declaration: everything that makes it differ from another."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from tap_tiktokshop.reading import OfTheInbox, OfTheRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tap_tiktokshop.reading import Reading
    from tap_tiktokshop.reading.open_rows import OpenRows

    Row = dict[str, Any]
    Shape = Callable[[Iterable[Row], int], Iterator[Row]]


@dataclass(frozen=True)
class Declaration:
    """Everything that makes one stream differ from another.

    Attributes:
        name: The stream's name.
        summary: What a record is, for README and `--about`.
        keys: What identifies a record; the first is `shop_id` unless the stream is the seller's.
        reading: How it is read.
        replication_key: The time that its bookmark moves along; None: read whole each run.
        open_rows: Rows that are read again until they are final.
        off: Whether it is left out unless selected, because it costs a call a row, or has another row after each run.
        shape: Makes records of the rows as they came, given the moment of the run (unix seconds).
        follows: For a stream that is read whole: the time of another list, from which it learns what is new there.
        departed: For a list of what is current: the fields that say so of a record that has left it.
        how: How it is read, in words, where it is neither incremental nor whole.
        empty: Why it may come back empty, for people, where that is more than that there is nothing.
    """

    name: str
    summary: str
    keys: tuple[str, ...]
    reading: Reading
    replication_key: str | None = None
    open_rows: OpenRows | None = None
    off: bool = False
    shape: Shape | None = None
    follows: str = ""
    departed: Mapping[str, Any] = field(default_factory=dict)
    how: str = ""
    empty: str = ""

    @property
    def of_seller(self) -> bool:
        """Whether it belongs to the seller, not to one of the shops."""
        operation = self.reading.operation
        return operation is not None and not operation.cipher

    @property
    def of_the_inbox(self) -> bool:
        """Whether it has what the platform has sent, so that nothing is asked for it."""
        return isinstance(self.reading, OfTheInbox)

    @property
    def of_the_run(self) -> bool:
        """Whether it is about the run itself, so that nothing is asked for it."""
        return isinstance(self.reading, OfTheRun) and not self.of_the_inbox

    @property
    def looks_into_rows(self) -> bool:
        """Whether its rows must be known as they came before they become records."""
        return self.open_rows is not None or self.shape is not None

    @property
    def bookmarked(self) -> bool:
        """Whether a run leaves something to the next one."""
        return bool(self.replication_key or self.follows or self.departed)

    @property
    def whole(self) -> bool:
        """Whether each run reads all of it again, so that what has changed can be told from what has not."""
        return not self.replication_key and (not self.follows or self.reading.remember)

    @property
    def reads(self) -> str:
        """How it is read, for people."""
        way = self.how or (f"incremental on `{self.replication_key}`" if self.replication_key else "whole, each run")
        return f"{way}; open ones again" if self.open_rows and not self.how else way


def load_schema(stream: str) -> dict[str, Any]:
    """The checked-in JSON schema of a stream."""
    text = resources.files("tap_tiktokshop.schemas").joinpath(f"{stream}.json").read_text(encoding="utf8")
    schema: dict[str, Any] = json.loads(text)
    return schema
