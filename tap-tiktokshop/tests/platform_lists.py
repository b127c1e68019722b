"""A client whose platform is a list with a time filter and pages."""

from dataclasses import dataclass, field

from tap_tiktokshop.reading import Source
from tap_tiktokshop.reading.lanes import Lane
from tap_tiktokshop.reading.pool import Pool
from tiktokshop_client import Page
from tiktokshop_client.errors import TOO_MANY_HITS, BusinessError

NOW = 1_800_000_000


@dataclass
class Platform:
    """A list with a time filter and pages, as the platform has it; `trouble` happens instead of a page, once each."""

    rows: list = field(default_factory=list)
    page_size: int = 3
    counts: bool = True
    most: int = 10**9
    trouble: dict = field(default_factory=dict)
    calls: list = field(default_factory=list)

    def pages(self, operation, *, shop=None, path=None, query=None, body=None, outline=(), tally=None):  # noqa: ARG002
        asked = {**(query or {}), **(body or {})}
        low = next((value for name, value in asked.items() if name.endswith("_ge")), 0)
        high = next((value for name, value in asked.items() if name.endswith("_lt")), None)
        if high is None:
            high = next((value + 1 for name, value in asked.items() if name.endswith("_le")), 10**12)
        found = sorted(
            (row for row in self.rows if low <= row["update_time"] < high),
            key=lambda row: row["update_time"],
            reverse=asked.get("sort_order") == "DESC",
        )
        if len(found) > self.most:
            raise BusinessError("too many", code=TOO_MANY_HITS)
        for number, first in enumerate(range(0, max(len(found), 1), self.page_size), 1):
            self.calls.append((low, high))
            outcome = self.trouble.pop(len(self.calls), None)
            if isinstance(outcome, Exception):
                raise outcome
            page = found[first : first + self.page_size]
            if outcome == "lose":
                page = page[1:]
            yield Page([dict(row) for row in page], len(found) if self.counts else None, {}, "r", number, "")

    def now(self):
        return NOW


def source(client, **facts):
    """What a stream is read through, of no shop in particular."""
    return Source(client, None, **facts)


def read_through(way, one, start, end, at_once=1):
    """What a way of reading gives of a source, in order, through the real pool with so many calls at once."""
    ahead = Pool()
    lane = Lane(0, one, ("1", "order"), lambda: at_once)
    lane.start(way.slices(start, end))
    ahead.add([lane])
    try:
        for _, item in ahead.take(0, lambda: None):
            if isinstance(item, Exception):
                raise item
            if item is not None:
                yield item
    finally:
        ahead.close()
