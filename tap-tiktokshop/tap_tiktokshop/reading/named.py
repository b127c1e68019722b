"""Rows that somebody names: asked for by their identities, or looked for where a list has what is new.

Not every list can be asked for some of its rows. One with a filter on a time is read from when they changed; one
without is read until they have come.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from tap_tiktokshop.reading.base import Chunk
from tap_tiktokshop.reading.rows import PageRows, outline_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_tiktokshop.reading.base import Reading, Row, Slice, Source
    from tap_tiktokshop.reading.children import Children
    from tap_tiktokshop.reading.lists import Listed
    from tap_tiktokshop.reading.windows import Windows


class Naming(Protocol):
    """A way to get rows that somebody names."""

    @property
    def reading(self) -> Reading:
        """How else they are read: whose operation is asked, whose budget is used."""

    @property
    def all_named(self) -> bool:
        """Whether the platform has said that there is none, if one does not come."""

    def slices(self, asked: Sequence[tuple[str, Row]], since: int, now: int) -> Sequence[Slice]:
        """What brings them.

        Args:
            asked: Each one's identity, and the row of another list that it belongs to, if one is needed.
            since: When the first of them changed, unix seconds.
            now: Unix seconds of the platform's clock.
        """


@dataclass(frozen=True)
class ByIds:
    """One call asks about one, or about as many as it takes; a refusal is about one of them."""

    reading: Children
    all_named = True

    def slices(self, asked: Sequence[tuple[str, Row]], since: int, now: int) -> Sequence[Slice]:  # noqa: ARG002
        """As `Naming` says."""
        return replace(self.reading, forgiving=True).about(asked)


@dataclass(frozen=True)
class Since:
    """The list is read from when the first of them changed: it has them, and whatever else has changed."""

    reading: Windows
    all_named = False

    def slices(self, asked: Sequence[tuple[str, Row]], since: int, now: int) -> Sequence[Slice]:  # noqa: ARG002
        """As `Naming` says."""
        return self.reading.slices(since, now + 1)


@dataclass(frozen=True)
class UntilFound:
    """The list is read until all of them have come."""

    reading: Listed
    all_named = True

    def slices(self, asked: Sequence[tuple[str, Row]], since: int, now: int) -> Sequence[Slice]:  # noqa: ARG002
        """As `Naming` says."""
        return [_LookingFor(self.reading, frozenset(identity for identity, _ in asked))]


@dataclass(frozen=True)
class _LookingFor:
    way: Listed
    wanted: frozenset[str]

    def fetch(self, source: Source) -> Iterator[Chunk]:
        """The wanted rows of each page, until there are no more of them."""
        way, left = self.way, set(self.wanted)
        for page in source.pages(way.operation, query=way.query, body=way.body or None):
            names = [str(name) for (name,) in outline_of(page.rows, (str(way.key),))]
            found = {place: name for place, name in enumerate(names) if name in left}
            if found:
                yield Chunk(PageRows(page.rows, way.key, found))
            left.difference_update(found.values())
            if not left:
                return
