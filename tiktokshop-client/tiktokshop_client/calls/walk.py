"""Asks for the pages of a list, and makes sure that they end: each needs a token of its own, and something new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tiktokshop_client.errors import PagingError
from tiktokshop_client.http.raw_rows import RawRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_client.operations import Operation

MOST_BARREN: Final = 10
"""Pages in a row that may bring nothing new. A few may: the platform may leave out rows after it has cut its pages."""
MOST_KNOWN: Final = 20_000
"""Rows, and page tokens, that are kept in mind, as a number each. A circle of more than these is not noticed."""
CAPPED: Final = 10_000
"""A count from which on it may stand for any more rows: some of the platform's searches count no further."""
MOST_BEYOND: Final = 100
"""Pages that may follow when all rows that the platform counts have come, if its count is not capped. A count may be
stale, or leave out what comes meanwhile; but 10,000 rows more than it says is no list that comes to an end."""
MOST_PAGES: Final = 50_000
"""The most pages of a list without a count: five million rows."""


class Walk:
    """One walk through the pages of a list. Rows are only looked at from the end on that the count promised.

    A count is taken for what it may be: one that is 0 beside rows is none, a smaller one than before is that of a list
    which rows have left, one of ``CAPPED`` or more says nothing of the end, and any other may be a little wrong.
    """

    def __init__(self, who: str) -> None:
        """`who`: the start of an error's sentence."""
        self._who = who
        self._tokens: set[int] = set()  # as numbers, because a token may be long
        self._known: set[int] = set()
        self._came = 0
        self._pages = 0
        self._barren = 0
        self._counted = 0
        self._beyond = 0

    def see(self, rows: Sequence[Any], total: int | None) -> None:
        """Takes note of a page, before it is handed over: its rows, and the count beside them if there is one."""
        self._pages += 1
        overdue = total is None or self._came >= total
        self._counted = max(self._counted, total or 0)
        if 0 < self._counted <= self._came and self._counted < CAPPED:
            self._beyond += 1
        self._came += len(rows)
        new = self._new(rows) if overdue else len(rows)
        self._barren = 0 if new else self._barren + 1

    def go_on(self, token: str) -> None:
        """Takes note of the next page's token.

        Raises:
            PagingError: It came before, or the list does not end: too many pages have brought nothing new, or have come
                behind the rows that were counted, or in all.
        """
        number = hash(token)
        if number in self._tokens:
            raise PagingError(f"{self._who}: the platform repeats a page token on page {self._pages}")
        if len(self._tokens) >= MOST_KNOWN:
            self._tokens.clear()
        self._tokens.add(number)
        if self._beyond >= MOST_BEYOND or self._pages >= MOST_PAGES:
            counted = f" of {self._counted} counted" if self._counted else ""
            raise PagingError(f"{self._who}: the list does not end: {self._came} rows{counted} on {self._pages} pages")
        if self._barren >= MOST_BARREN:
            raise PagingError(f"{self._who}: pages up to {self._pages} brought nothing new, {self._barren} in a row")

    def _new(self, rows: Sequence[Any]) -> int:
        """How many rows did not come before, as far as they are kept in mind."""
        raw = rows.undecoded() if isinstance(rows, RawRows) else [msgspec.json.encode(row) for row in rows]
        found = {hash(bytes(row)) for row in raw} - self._known
        if len(self._known) + len(found) > MOST_KNOWN:
            self._known.clear()
        self._known |= found
        return len(found)


def placed(
    operation: Operation, query: Mapping[str, Any] | None, body: Mapping[str, Any] | None, place: Mapping[str, Any]
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """The query and the body with the page's place in the list, where the operation wants it."""
    if operation.paging == "query":
        return {**(query or {}), **place}, body
    if operation.paging == "body":
        return query, {**(body or {}), **place}
    if operation.paging == "body.pagination":
        return query, {**(body or {}), "pagination": place}
    return query, body
