"""What must be true of a shop before it is asked for anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiktokshop_client import operations

from tap_tiktokshop.reading.base import Following, Reading, one_by_one

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tiktokshop_client import Operation

    from tap_tiktokshop.reading.base import Size, Slice, Source


class NotTakingPartError(Exception):
    """The shop does not use the service that the stream is about, so there is nothing to read."""


@dataclass(frozen=True)
class IfOnboarded(Reading):
    """Reads only what belongs to shops whose goods the platform stores; the platform is asked once for each shop."""

    reading: Reading
    regions: Operation = operations.GET_FBT_REGIONS

    @property
    def earliest(self) -> int:  # type: ignore[override] # what is read
        """As what it reads."""
        return self.reading.earliest

    @property
    def operation(self) -> Operation | None:  # type: ignore[override] # what is read
        """As what it reads."""
        return self.reading.operation

    @property
    def time(self) -> str | None:  # type: ignore[override] # what is read
        """As what it reads."""
        return self.reading.time

    @property
    def lists(self) -> tuple[Reading, ...]:
        """What it reads, and the lists that asks about."""
        return (self.reading, *self.reading.lists)

    def wanted(self) -> Iterator[tuple[Reading, tuple[str, ...]]]:
        """As what it reads."""
        return self.reading.wanted()

    def slices(self, start: int, end: int, size: Size = one_by_one) -> Sequence[Slice]:
        """One, which asks first."""
        return [_Gate(self, start, end, size)]

    def open_to(self, source: Source) -> bool:
        """Whether the platform stores goods for the shop."""
        return source.roster.once(self.regions.name, lambda: any(page.rows for page in source.pages(self.regions)))


@dataclass(frozen=True)
class _Gate:
    way: IfOnboarded
    start: int
    end: int
    size: Size

    def fetch(self, source: Source) -> Iterator[Following]:
        if not self.way.open_to(source):
            raise NotTakingPartError("the shop does not take part in Fulfilled by TikTok")
        yield Following(self.way.reading.slices(self.start, self.end, self.size))
