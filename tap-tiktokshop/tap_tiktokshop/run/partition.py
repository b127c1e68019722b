"""A stream of one shop in this run: where it starts, how far it has come, what it has cost, how it ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_client import Shop

    from tap_tiktokshop.reading import Chunk, Source
    from tap_tiktokshop.run.bookmarks import Bookmark
    from tap_tiktokshop.run.snapshots import Comparison


@dataclass(eq=False)
class Partition:
    """Read from `start` until `end` (unix seconds), complete until `reached`.

    Attributes:
        stream: The stream's name.
        shop: The shop; None for what belongs to the seller.
        bookmark: Where it goes on, in the Singer state.
        source: What its calls go through and add up in.
        rows: Records passed on.
        known: Identities to leave to the next run.
        key: What tells its rows apart, where final ones are looked at again.
        comparison: With what the run before has read of a list that is read whole; None if it is not compared.
        news_from: From when on a change is news to this process if no event has told of it; None if none is.
        remembers: Whether those that it asks about are left to the next run as well.
        seen: Identities of this run's rows, where those are needed.
        held: Chunks that are not passed on before a state knows their rows.
        undocumented: How many values did not fit their fields, by the field's path.
        ended: Whether everything has been read.
        skipped: Why nothing was read, "" if something was.
        failed: What went wrong, "" if nothing did.
        left_over: Why the rest waits for another day, "" if it does not.
    """

    stream: str
    shop: Shop | None
    bookmark: Bookmark
    source: Source
    start: int
    end: int
    rows: int = 0
    known: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    held: list[Chunk] = field(default_factory=list)
    key: str = ""
    undocumented: Counter[str] = field(default_factory=Counter)
    comparison: Comparison | None = None
    news_from: int | None = None
    remembers: bool = False
    ended: bool = False
    skipped: str = ""
    failed: str = ""
    left_over: str = ""

    def __post_init__(self) -> None:
        self.reached = self.start

    def see(self, rows: list[dict[str, Any]], chunk: Chunk) -> list[dict[str, Any]]:
        """Notes what is still open among the rows of a chunk, or the row of another list that it was asked for.

        Returns those to pass on: final rows that were passed on before are not.
        """
        if chunk.about is None or self.bookmark.open_rows is None:
            self.bookmark.see(rows, self.end)
            return [row for row in rows if self._passes(row)]
        self.bookmark.see([chunk.about], self.end)
        self.bookmark.passes(chunk.identity, chunk.about)
        (self.known.add if self.bookmark.open_rows.is_open(chunk.about) else self.known.discard)(chunk.identity)
        return rows

    def _passes(self, row: Mapping[str, Any]) -> bool:
        changed = self.bookmark.passes(str(row.get(self.key)), row)
        return changed or self.bookmark.is_new(row, self.source.since)

    def move(self, done: int) -> None:
        """Everything before `done` is read."""
        self.bookmark.move(done)
        if self.bookmark.open_rows is not None:
            self.bookmark.remember(self.known)
        elif self.remembers:  # with the bookmark, as a run that ends here will not ask about them again
            self.bookmark.remember(self.known | self.source.asked)

    @property
    def unchanged(self) -> int:
        """Rows that were read and not passed on, as they were known."""
        return self.comparison.unchanged if self.comparison else 0

    @property
    def subject(self) -> str:
        """Whose it is, for a human."""
        return self.shop.label if self.shop else "the seller"

    @property
    def counts_agree(self) -> bool | None:
        """Whether as many rows came as the platform counts; None where it does not count, or nothing was read."""
        checks = self.source.checks
        return checks.matched >= checks.counted if checks.counted else None

    @property
    def status(self) -> str:
        """How it ended, in one word."""
        how = {"skipped": self.skipped, "failed": self.failed, "left over": self.left_over, "read": self.ended}
        return next((word for word, so in how.items() if so), "interrupted")

    def report(self) -> dict[str, Any]:
        """What a summary says of it."""
        tally, checks = self.source.tally, self.source.checks
        return {
            "shop_id": self.shop.id if self.shop else None,
            "stream": self.stream,
            "status": self.status,
            "rows": self.rows,
            "rows_unchanged": self.unchanged,
            "bookmark": self.bookmark.value,
            "calls": tally.calls,
            "retries": tally.retries,
            "waited_seconds": round(tally.waited, 1),
            "windows_read_twice": checks.read_twice,
            "rows_counted_by_platform": checks.counted or None,
            "counts_agree": self.counts_agree,
            "gone": checks.gone,
            "mended": checks.mended,
            "without_identity": checks.unidentified,
            "reason": self.skipped or self.failed or self.left_over or None,
        }
