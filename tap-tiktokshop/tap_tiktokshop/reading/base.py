"""The building blocks of all ways of reading.

A way of reading turns one shop's share of a stream into slices, and a slice into chunks: rows to emit, and the time up
to which everything has been read and checked. Slices know nothing of each other (but the two that read a window from
both its ends), so that many can be fetched at once (`ahead` does that); in their order they give the stream. Nothing
here knows of Singer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from tiktokshop_client import RawRows, Tally

from tap_tiktokshop.reading.checks import Checks
from tap_tiktokshop.reading.roster import Roster
from tap_tiktokshop.reading.rows import as_raw
from tap_tiktokshop.times import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from tiktokshop_client import Answer, Client, Operation, Page, Shop

    Row = dict[str, Any]

ROWS_PER_WINDOW = 6_000
"""A window is split when the platform counts more rows in it: what a killed run reads again stays small."""
CHUNK_BYTES = 1_500
"""What a chunk and its slice weigh in addition to the rows: half a dozen small objects."""
MOST_TRIES = 10
"""So many rows of a kind are asked about, one after the other, until one is answered."""
EARLIEST = 1_577_836_800
"""2020-01-01, before the first TikTok Shop opened: what a missing `start_date` means where nothing is documented."""


@dataclass(frozen=True)
class Window:
    """A span of time `[start, end)`, unix seconds."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{utc(self.start)} to {utc(self.end)}"


@dataclass(frozen=True)
class Chunk:
    """Rows in the order they came, each with fields to add; `done` is set when all before that time is read."""

    rows: Collection[Row] = ()
    added: Mapping[str, Any] = field(default_factory=dict)
    done: int | None = None
    about: Mapping[str, Any] | None = None
    """The row of another list that these were asked for, as far as it was kept."""
    identity: str = ""
    """What that row was asked about by."""

    @property
    def weight(self) -> int:
        """Bytes that it holds while it waits to be handed over, see `held`."""
        return CHUNK_BYTES + getattr(self.rows, "weight", 0)

    def held(self, *, packed: bool) -> Chunk:
        """The same with rows whose weight is known: as text, in a fifth of the memory; packed, if it must wait."""
        rows: Any = as_raw(self.rows) if isinstance(self.rows, (list, tuple)) and self.rows else self.rows
        if packed and hasattr(rows, "pack"):
            rows.pack()
        return self if rows is self.rows else replace(self, rows=rows)


class Slice(Protocol):
    """A piece of a stream that is fetched on its own."""

    def fetch(self, source: Source) -> Iterator[Chunk | Following]:
        """Its chunks; and, as soon as they are known, the slices that come after it."""


@dataclass(frozen=True)
class Backwards:
    """A slice that is fetched from its end: its chunks come out when it has given all, the last one first."""

    slice: Slice

    def fetch(self, source: Source) -> Iterator[Chunk | Following]:
        """Its chunks, in the order in which they come."""
        return self.slice.fetch(source)


@dataclass(frozen=True)
class Following:
    """Slices that come out after all chunks of the one that names them, and after those it has named before.

    So whoever has named slices cannot say any more with a chunk of its own how far it is complete: it names a `Mark`.
    """

    slices: Sequence[Slice]


@dataclass(frozen=True)
class Mark:
    """A slice that consists of a chunk already known."""

    chunk: Chunk

    def fetch(self, source: Source) -> Iterator[Chunk]:  # noqa: ARG002 - as all slices
        """The chunk."""
        yield self.chunk


class Size(Protocol):
    """Decides how large windows should be."""

    def __call__(self, left: int, number: int) -> int:
        """Rows of the window cut next, when `left` rows are still to be read and `number` windows have been cut."""


def one_by_one(left: int, number: int) -> int:  # noqa: ARG001 - neither matters to who reads one window at a time
    """Windows as large as allowed, with room for more rows than expected."""
    return max(1, ROWS_PER_WINDOW * 5 // 8)


@dataclass(frozen=True)
class Source:
    """One stream of one shop (of the seller if None), as it is read in this run.

    `since` is from when on changes are new to this run, unix seconds. `known` are identities an earlier run has left
    for this one, `marks` the versions of rows that it has passed on. `zone` is the shop's, for reports by day.
    `read_until` is how far earlier runs have come, unix seconds; None if that does not count for this one.
    `lists` are settings that ways of reading name.
    """

    client: Client
    shop: Shop | None
    roster: Roster = field(default_factory=Roster)
    since: int = 0
    known: frozenset[str] = frozenset()
    marks: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo = timezone.utc
    read_until: int | None = None
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    checks: Checks = field(default_factory=Checks)
    refused_ones: dict[str, Exception] | None = None
    """Where it is noted what the platform has refused to say anything about, and why; nowhere if None."""
    _asked: set[str] = field(default_factory=set)
    _spares: dict[str, deque[tuple[str, Row]]] = field(default_factory=dict)
    _tries: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def pages(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        outline: tuple[str, ...] = (),
    ) -> Iterator[Page]:
        """Pages of an operation for this shop; `outline` are the fields of its rows that will be looked at first."""
        shop = self.shop if operation.cipher else None
        for page in self.client.pages(
            operation, shop=shop, path=path, query=query, body=body, outline=outline, tally=self.tally
        ):
            self._mended(page.mended)
            if isinstance(page.rows, RawRows):
                page.rows.on_mended = self._mended
            yield page

    def call(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """An operation's answer for this shop."""
        shop = self.shop if operation.cipher else None
        answer = self.client.call(operation, shop=shop, path=path, query=query, body=body, tally=self.tally)
        self._mended(answer.mended)
        return answer

    def _mended(self, values: int) -> None:
        if values:
            self.checks.add(mended=values)

    def now(self) -> int:
        """Unix seconds by the platform's clock."""
        return self.client.now()

    @property
    def read_today(self) -> bool:
        """Whether an earlier run has come as far as today, by the shop's clock."""
        days = [datetime.fromtimestamp(moment, self.zone).date() for moment in (self.read_until or 0, self.now())]
        return days[0] == days[1]

    def first_time(self, identity: str) -> bool:
        """Whether this identity has not been asked for yet in this run's share of the stream."""
        with self._lock:
            if identity in self._asked:
                return False
            self._asked.add(identity)
            return True

    def spare(self, kind: str, question: tuple[str, Row]) -> None:
        """Keeps one who may be asked as well as the first of its kind, in case that one is refused."""
        with self._lock:
            spares = self._spares.setdefault(kind, deque())
            if len(spares) < self._tries.get(kind, MOST_TRIES):
                spares.append(question)

    def refused(self, kind: str) -> tuple[str, Row] | None:
        """Another one to ask of a kind, if there is one; else the next that is met is asked as if it were the first.

        After ``MOST_TRIES`` refusals nobody is: they are not about those who are asked.
        """
        with self._lock:
            left = self._tries[kind] = self._tries.get(kind, MOST_TRIES) - 1
            if left <= 0:
                self._spares.pop(kind, None)
                return None
            spares = self._spares.get(kind)
            if spares:
                return spares.popleft()
            self._asked.discard(kind)
            return None

    def refuse(self, identity: str, error: Exception) -> None:
        """Notes that the platform says nothing about one that it was asked about alone, if somebody wants to know."""
        if self.refused_ones is not None:
            self.refused_ones[identity] = error

    @property
    def asked(self) -> frozenset[str]:
        """All identities that have been asked for."""
        with self._lock:
            return frozenset(self._asked)


class Reading(ABC):
    """One way to read a stream."""

    earliest: int
    """The first moment for which the platform has data; a missing `start_date` means this."""
    operation: Operation | None
    """What most of its calls are, None if there are none."""
    time: str | None = None
    """The field of its rows by which they are read from a bookmark on."""
    remember: bool = False
    """Whether what it was once asked about is asked about in every run."""
    in_one_go: bool = False
    """Whether a run reads all of it or nothing, whatever the time: who knows a part of it knows all."""
    of_new_rows: bool = False
    """Whether it has only what belongs to rows that are new to the run, not to those read again from further back."""

    @abstractmethod
    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:
        """The first slices of everything from `start` until `end`; they name the others."""

    def lookback(self, configured: int, end: int | None, now: Callable[[], datetime]) -> int:  # noqa: ARG002 - for reports
        """Seconds before its bookmark `end` from which it is read again; `now` gives the time by the shop's clock.

        `configured` is the setting `lookback_seconds`.
        """
        return configured

    @property
    def lists(self) -> tuple[Reading, ...]:
        """The other lists that it asks about, nearest first."""
        return ()

    @property
    def for_others(self) -> Reading:
        """How it is read by those who only ask about its rows."""
        return self

    def wanted(self) -> Iterator[tuple[Reading, tuple[str, ...]]]:
        """The fields of other lists' rows that must be kept for it."""
        yield from ()
