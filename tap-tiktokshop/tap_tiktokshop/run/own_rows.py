"""The stream that is about the run itself: the summary as records, when all other streams are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_tiktokshop.reading.lanes import Lane
    from tap_tiktokshop.records.convert import Oddities
    from tap_tiktokshop.run.output import Output
    from tap_tiktokshop.run.partition import Partition
    from tap_tiktokshop.run.run import Run
    from tap_tiktokshop.streams.declaration import Declaration


class SummaryReader:
    """Reads nothing of the platform: it comes last, and says what the others have read."""

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

    def records(self) -> Iterator[dict[str, Any]]:
        """A record for each stream of each shop."""
        self._run.read_ahead(self)
        self._output.begin_chunk()
        for row in self._run.summary_rows():
            yield self._output.plan.record(row, {})
