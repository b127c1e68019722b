"""What the lists of a run have shown, kept for the streams that ask about each of their rows.

No list is read twice in a run: whoever reads it first keeps, of each row, the few fields that others have announced to
need, and notes from when until when the list is complete. Whoever comes later takes what is there and reads the rest.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tap_tiktokshop.times import unix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

T = TypeVar("T")

pack = msgspec.json.Encoder(decimal_format="number").encode  # takes any whole number, however large
unpack = msgspec.json.Decoder(list[list[Any]], float_hook=Decimal).decode


@dataclass(frozen=True)
class Gap:
    """A span of time `[start, end)`, unix seconds, of which nothing has been kept."""

    start: int
    end: int


@dataclass(frozen=True)
class Known:
    """A span of time of which everything has been kept."""

    start: int
    end: int


@dataclass(frozen=True)
class Block:
    """Some kept rows, packed; `first` is the time of the first of them, unix seconds."""

    first: int
    fields: tuple[str, ...]
    packed: bytes

    def rows(self) -> list[dict[str, Any]]:
        """The rows, with the fields that are kept."""
        return [dict(zip(self.fields, values, strict=True)) for values in unpack(self.packed)]


class Roster:
    """The kept rows of one shop's lists. Any thread may use it.

    Lists are told apart by the object that describes how they are read.
    """

    def __init__(self, announced: Mapping[int, tuple[str, ...]] | None = None) -> None:
        """`announced`: `id` of a list's description -> the fields to keep of its rows."""
        self._announced = announced or {}
        self._packed: defaultdict[int, list[bytes]] = defaultdict(list)
        self._spans: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        self._lock = Lock()
        self._found: dict[object, Any] = {}
        self._finding = Lock()

    def once(self, question: object, find: Callable[[], T]) -> T:
        """What `find` has found for the first of the shop's streams that asked this."""
        with self._finding:
            if question not in self._found:
                self._found[question] = find()
            found: T = self._found[question]
            return found

    def fields(self, reading: object) -> tuple[str, ...]:
        """The fields to keep of a list's rows; () if nobody needs any."""
        return self._announced.get(id(reading), ())

    def keep(self, reading: object, rows: Iterable[Sequence[Any]]) -> None:
        """Keeps rows, each as the values of `fields`."""
        packed = pack(list(rows))
        with self._lock:
            self._packed[id(reading)].append(packed)

    def cover(self, reading: object, start: int, end: int) -> None:
        """Notes that everything of the list from `start` until `end` has been kept."""
        if end > start and self.fields(reading):
            with self._lock:
                self._spans[id(reading)].append((start, end))

    def rows(self, reading: object) -> Iterator[dict[str, Any]]:
        """All rows kept of a list."""
        fields = self.fields(reading)
        with self._lock:
            packed = list(self._packed[id(reading)])
        for block in packed:
            for values in unpack(block):
                yield dict(zip(fields, values, strict=True))

    def blocks(self, reading: object, time: str | None, start: int, end: int | None, most: int) -> list[Block]:
        """The kept rows whose `time` is from `start` until `end` (to the last if None), the oldest first.

        They come in blocks of `most`. Rows without a time count as of `start`. What is sorted are numbers: of many
        rows, only those of a block are in memory as rows.
        """
        fields = self.fields(reading)
        with self._lock:
            packed = list(self._packed[id(reading)])
        place = fields.index(time) if time in fields else -1
        times, origins = array("q"), array("q")
        for number, block in enumerate(packed):
            for index, values in enumerate(unpack(block)):
                moment = start if place < 0 else unix(values[place]) or start
                if start <= moment and (end is None or moment < end):
                    times.append(moment)
                    origins.append(number << 20 | index)
        order = sorted(range(len(times)), key=times.__getitem__)
        blocks = []
        for first in range(0, len(order), most):
            within = order[first : first + most]
            opened = {number: unpack(packed[number]) for number in {origins[row] >> 20 for row in within}}
            rows = [opened[origins[row] >> 20][origins[row] & 0xFFFFF] for row in within]
            distinct = {pack([row]): row for row in rows}  # whoever read a part again has kept it again
            blocks.append(Block(times[within[0]], fields, pack(list(distinct.values()))))
        return blocks

    def spans(self, reading: object, start: int, end: int) -> list[Gap | Known]:
        """The time from `start` until `end` in pieces, in order: what is kept, and what is not."""
        with self._lock:
            known = sorted(self._spans[id(reading)])
        pieces: list[Gap | Known] = []
        cursor = start
        for low, high in known:
            if high <= cursor or low >= end:
                continue
            if low > cursor:
                pieces.append(Gap(cursor, low))
            pieces.append(Known(max(low, cursor), min(high, end)))
            cursor = min(high, end)
        if cursor < end:
            pieces.append(Gap(cursor, end))
        return pieces
