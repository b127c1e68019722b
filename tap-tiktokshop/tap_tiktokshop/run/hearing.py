"""What a run knows of objects that events name: what it was told, what it has got, and what only a window has found."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from tap_tiktokshop.times import utc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Key = tuple[str, str, str]
"""A stream, a shop ("" for the seller), and the identity of an object."""

MOST_KEYS: Final = 200_000
"""Objects that are remembered; of older ones it is not known what they were when they came."""
MOST_TIMES: Final = 20_000
"""The latest events of which it is known how long they took."""
FEW: Final = 5
"""Missed changes that are named."""


@dataclass
class EventFigures:
    """Sums of what became of events.

    Attributes:
        events: Events that were read, each counted once.
        duplicates: Deliveries of these beyond the first, as far as they had come by then.
        of_others: Events of shops that are not read.
        unused: Events of which no selected stream has rows.
        known: Objects that were not asked for, as what was got before is newer than the event.
        objects: Objects that were got because of events.
        records: Records that were written because of events.
        refused: Objects that the platform does not give.
        left: Objects that windows were left to find, as they could not be got soon enough.
    """

    events: int = 0
    duplicates: int = 0
    of_others: int = 0
    unused: int = 0
    known: int = 0
    objects: int = 0
    records: int = 0
    refused: int = 0
    left: int = 0


class _Newest(OrderedDict[Key, Any]):
    """The newest of many."""

    def put(self, key: Key, value: Any) -> None:
        self[key] = value
        self.move_to_end(key)
        if len(self) > MOST_KEYS:
            self.popitem(last=False)


@dataclass
class Hearing:
    """What was told and what was got, for as long as the process lives."""

    figures: EventFigures = field(default_factory=EventFigures)
    _told: _Newest = field(default_factory=_Newest)
    _got: _Newest = field(default_factory=_Newest)
    _missed: _Newest = field(default_factory=_Newest)
    _times: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_TIMES))

    def told(self, key: Key, time: int | None) -> None:
        """Notes that an event names an object, which changed then (unix seconds), if it says so.

        A change that a window has found meanwhile was not missed: its event was only later.
        """
        moment = float("inf") if time is None else time
        self._told.put(key, max(moment, self._told.get(key, moment)))
        if self._missed.get(key, moment) <= moment:
            self._missed.pop(key, None)

    def got(self, key: Key, version: int | None, asked: int, *, told: bool) -> None:
        """Notes that an object was read: its version, and not before when.

        Args:
            key: The object.
            version: When it last changed, as its row says (unix seconds).
            asked: When it was asked for, unix seconds of the platform's clock.
            told: Whether that was because of an event.
        """
        if version is None:
            return
        before, _ = self._got.get(key, (version, 0))
        if version >= before:
            self._got.put(key, (version, asked))
        if told:
            self.told(key, version)

    def has(self, key: Key, time: int | None) -> bool:
        """Whether what was got of an object has its change of this time, and all others of the same second."""
        version, asked = self._got.get(key, (0, 0))
        return time is not None and time <= version and time + 1 < asked

    def has_newer(self, key: Key, version: int) -> bool:
        """Whether a later version of an object was got already."""
        return bool(self._got.get(key, (0, 0))[0] > version)

    def found(self, key: Key, version: int) -> None:
        """Notes that a window has an object whose change is new; if no event has told of it, it was missed."""
        if self._told.get(key, -1) < version:
            self._missed.put(key, version)

    def took(self, seconds: float) -> None:
        """Notes how long it was from an event to its record."""
        self._times.append(max(0.0, seconds))

    def missed(self) -> int:
        """How many changed objects only a window has found."""
        return len(self._missed)

    def report(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        return {
            **vars(self.figures),
            "only_windows_found": self.missed(),
            "examples": [
                {"stream": stream, "shop_id": shop or None, "identity": identity, "changed_at": utc(version)}
                for (stream, shop, identity), version in list(self._missed.items())[-FEW:]
            ],
            "seconds_to_record": dict(quantiles(sorted(self._times))),
        }

    def line(self) -> str:
        """The same as one line."""
        took = [f"{name}={seconds}s" for name, seconds in quantiles(sorted(self._times))]
        sums = [f"{name}={number}" for name, number in vars(self.figures).items()]
        return " ".join([*sums, f"only_windows_found={self.missed()}", *took])

    def sentence(self) -> str:
        """What people should know of the changes that no event told of, "" if there is none."""
        if not self._missed:
            return ""
        named = ", ".join(f"{stream} {identity}" for stream, _, identity in list(self._missed)[-FEW:])
        more = ", …" if len(self._missed) > FEW else ""
        return (
            f"Windows found {len(self._missed)} changed objects of which no event has told ({named}{more}): either "
            "events were lost, or events of their type are not switched on; `tiktokshop doctor` lists those."
        )


def quantiles(ordered: Sequence[float]) -> Iterator[tuple[str, float]]:
    """The median, the one that 95 % do not exceed, and the worst; nothing of nothing."""
    if ordered:
        for name, share in (("median", 0.5), ("p95", 0.95), ("worst", 1.0)):
            yield name, round(ordered[max(0, ceil(share * len(ordered)) - 1)], 3)
