"""Pages of a list that rows may leave while it is read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tiktokshop_client import Page

STUCK = 5
"""How often a search starts again at the same place, because a second may hold more rows than a page."""


def steady(search: Callable[[int], Iterator[Page]], times: Callable[[Page], list[int]], start: int) -> Iterator[Page]:
    """All pages of a search in ascending order of a time, from `start`; for a descending one, give times negated.

    Where rows have left, those behind them may have moved up, past the place where the next page begins: nobody says
    whether they do. So the rest is searched for again, from the last time that was read before. Its pages count what
    was read before it as well; the page that shows that rows have left has no count. Where that leads nowhere, the
    pages are counted as if none had left: then it is for the count to tell whether all came.
    """
    since, before, pages, stuck = start, 0, 0, 0
    while True:
        reached, counted = since, None
        read: list[int] = []
        for page in search(since):
            pages += 1
            total = page.total_count
            if counted is not None and total is not None and total < counted:
                if reached > since or stuck < STUCK:
                    yield replace(page, total_count=None, number=pages)
                    stuck = 0 if reached > since else stuck + 1
                    before += sum(moment < reached for moment in read)
                    since = reached
                    break
                before += counted - total
            seconds = times(page)
            if seconds and seconds == sorted(seconds):
                reached = max(reached, seconds[-1])
                read += seconds
            counted = total
            counts = None if total is None else total + before
            yield replace(page, total_count=counts, number=pages) if counts != total or pages != page.number else page
        else:
            return
