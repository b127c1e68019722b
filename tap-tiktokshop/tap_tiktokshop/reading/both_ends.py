"""A list that is read from both ends at once: in half the time, and with one page that is not full instead of two."""

from __future__ import annotations

import math
from threading import Condition
from typing import TYPE_CHECKING, Any

from tiktokshop_client import TikTokShopError

from tap_tiktokshop.reading.completeness import Completeness
from tap_tiktokshop.reading.rows import PageRows, moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tiktokshop_client import Page

    from tap_tiktokshop.reading.checks import Checks


PATIENCE = 3.0
"""Seconds that one end waits for what is on its way to the other, which may have to be tried again for long."""


class BothEnds(Completeness):
    """Completeness of a list read in ascending order of a time while another reader goes in descending order.

    Who reads from the start answers for the list, and stops where the two have met: when as many distinct rows have
    come as are counted, and the latest time it has read is later than the earliest that has come from the end, so
    that nothing can lie between them. Else it reads on to the end of the list, as if it were alone.
    """

    def __init__(self, key: str, version: str, what: str, checks: Checks | None, until: int) -> None:
        """`until` is the end of the list; rows with a later `version` have changed while it was read."""
        super().__init__((key,), version, what, checks, steady=True)
        self._until = until
        self._changed = Condition(self._lock)
        self._expected = 0
        self._per_page = 1
        self._begun = self._ended = False  # the walk from the start; a second walk is done alone
        self._asking_start = self._asking_end = False
        self._from_start, self._from_end = -math.inf, math.inf

    @property
    def worth_it(self) -> bool:
        """Whether anything is left to read from the end: more than the next page from the start has."""
        return self._left > self._per_page

    @property
    def _left(self) -> int:
        """Rows that are counted but have not come."""
        return self._expected - len(self._seen)

    def passes(self, pages: Callable[[], Iterator[Page]], too_many: Callable[[int], bool] | None) -> Iterator[PageRows]:
        """From the start; as `Completeness.passes`."""
        return super().passes(lambda: self._until_met(pages()), too_many)

    def from_end(self, pages: Iterator[Page]) -> Iterator[PageRows]:
        """New rows of pages in descending order, the last row of each first, until they meet the others.

        No refusal is an error here: then the other end is read alone.
        """
        while self._may_ask_at_end():
            try:
                page = next(pages, None)
                rows = None if page is None else self._sift_backwards(page)
            except TikTokShopError:
                rows = None
            finally:
                with self._changed:
                    self._asking_end = False
                    self._changed.notify_all()
            if rows is None:
                return
            yield rows

    def _until_met(self, pages: Iterator[Page]) -> Iterator[Page]:
        if self._begun:
            yield from pages
            return
        self._begun = True
        try:
            while self._may_ask_at_start() and (page := next(pages, None)) is not None:
                yield page
        finally:
            with self._changed:
                self._ended, self._asking_start = True, False

    def _may_ask_at_start(self) -> bool:
        """Whether there is more to ask for. Waits if what is on its way to the other end may be all that is left."""
        with self._changed:
            while self._asking_end and self._left <= self._per_page and not self._have_met():
                if not self._changed.wait(PATIENCE):
                    break
            self._asking_start = not self._have_met()
            return self._asking_start

    def _may_ask_at_end(self) -> bool:
        """Whether there is more to ask for than what is on its way to the other end."""
        with self._changed:
            useful = not self._ended and self._from_start <= self._from_end
            self._asking_end = useful and self._left > (self._per_page if self._asking_start else 0)
            return self._asking_end

    def _have_met(self) -> bool:
        return self._left <= 0 and self._from_start > self._from_end

    def _sift(self, page: Page, outline: Sequence[tuple[Any, ...]]) -> PageRows:
        rows = super()._sift(page, outline)
        times = moments(outline, self._until)
        with self._changed:
            self._asking_start = False
            self._per_page = max(self._per_page, len(outline))
            if page.total_count is not None:  # else rows may be missing before it
                self._expected = page.total_count
                if times and times == sorted(times):
                    self._from_start = max(self._from_start, times[-1])
        return rows

    def _sift_backwards(self, page: Page) -> PageRows | None:
        """The new rows of a page from the end; None if it is not in descending order, and so of no use."""
        outline = self._outline(page)
        times = moments(outline, self._until)
        if not times or times != sorted(times, reverse=True):
            return None
        rows = super()._sift(page, outline)
        if page.total_count is not None:  # else rows may be missing behind it
            with self._changed:
                self._from_end = min(self._from_end, times[-1])
        return PageRows(page.rows, self._key, dict(reversed(list(rows.chosen.items()))))
