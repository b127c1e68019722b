"""Whether the pages of a list come to an end: each is asked for with a token of its own and brings something new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tiktokshop_client.errors import PagingError
from tiktokshop_client.raw_rows import RawRows

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_BARREN: Final = 10
"""Pages in a row that may bring nothing new. A few may: the platform may leave out rows after it has cut its pages."""
MOST_KNOWN: Final = 20_000
"""Rows that are kept in mind, as a number each. A circle of more than these is not noticed."""


class Walk:
    """One walk through the pages of a list. Rows are only looked at from the end on that the count promised."""

    def __init__(self, who: str) -> None:
        """`who`: the start of an error's sentence."""
        self._who = who
        self._tokens: set[str] = set()
        self._known: set[int] = set()
        self._came = 0
        self._pages = 0
        self._barren = 0

    def see(self, rows: Sequence[Any], total: int | None) -> None:
        """Takes note of a page, before it is handed over: its rows, and the count beside them if there is one."""
        self._pages += 1
        overdue = total is None or self._came >= total
        self._came += len(rows)
        new = self._new(rows) if overdue else len(rows)
        self._barren = 0 if new else self._barren + 1

    def go_on(self, token: str) -> None:
        """Takes note of the next page's token.

        Raises:
            PagingError: It came before, or too many pages have brought nothing new.
        """
        if token in self._tokens:
            raise PagingError(f"{self._who}: the platform repeats a page token on page {self._pages}")
        self._tokens.add(token)
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
