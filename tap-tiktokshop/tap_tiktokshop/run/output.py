"""What a run needs from the code that writes its records and keeps its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tiktokshop_client import Shop

    from tap_tiktokshop.records.convert import RecordPlan
    from tap_tiktokshop.records.decode import Record, TypedPlan


class OutputError(Exception):
    """Messages can no longer be written. Not an `OSError`: click silently ends the process on some of those."""


@dataclass(frozen=True)
class Messages:
    """What a run asks of its messages as a whole.

    Attributes:
        flush: Writes what is pending, before anybody waits.
        write_state: Writes the state of all streams.
        offer_state: The same, unless the last one is too short a time ago for so many shops and its size.
        meet: Takes the shops of the run, before anything of them is written, and raises if they are not the state's.
        hand_over: Has all that was written leave, before anything that must not leave without it.
    """

    flush: Callable[[], None]
    write_state: Callable[[], None]
    offer_state: Callable[[int], None]
    meet: Callable[[Sequence[Shop]], None]
    hand_over: Callable[[], None]


class Output(Protocol):
    """Where the records of a stream go, and where its state is."""

    @property
    def plan(self) -> RecordPlan:
        """How its rows become records that keep to the schema that is sent."""
        ...

    @property
    def typed(self) -> TypedPlan:
        """How those of its rows do that need not be looked into on the way."""
        ...

    @property
    def full_table(self) -> bool:
        """Whether no bookmark is used or moved."""
        ...

    @property
    def one_record(self) -> bool:
        """Whether one record is wanted, as in a test of the connection."""
        ...

    @property
    def as_it_is(self) -> bool:
        """Whether its records go out unchanged."""
        ...

    @property
    def setup(self) -> str:
        """What its records are made with: another one may make others of the same rows."""
        ...

    def state_of(self, context: Mapping[str, Any] | None) -> dict[str, Any]:
        """The state of one shop, or of the seller, to be changed in place."""
        ...

    def write_state(self) -> None:
        """Writes the state of all shops, behind the records so far."""
        ...

    def offer_state(self, shops: int) -> None:
        """The same, unless the last one is too short a time ago for so many shops and its size."""
        ...

    def pass_on(self, records: Iterable[Record]) -> None:
        """Writes records outside of the stream's turn, behind its schema."""
        ...

    def begin_chunk(self) -> None:
        """Notes when the records that follow were read."""
        ...
