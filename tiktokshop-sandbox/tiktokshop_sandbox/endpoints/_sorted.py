"""Pages of long lists that are kept in order in memory: only the rows that a page shows are read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, TypeVar

from tiktokshop_sandbox.derived import Item
from tiktokshop_sandbox.endpoints._listing import page_of
from tiktokshop_sandbox.paging import position_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tiktokshop_sandbox.contract import ApiCall

R = TypeVar("R", bound="tuple[Any, ...]")


def page_of_sorted(
    call: ApiCall, rows: Sequence[R], document: Callable[[R], dict[str, Any]], *, descending: bool = False
) -> tuple[list[dict[str, Any]], str]:
    """The documents of the page the call asks for, and the next page's token (empty on the last).

    `rows` begin with what they are sorted by and a text that is theirs alone, and are in that order, ascending.
    """
    size = call.query["page_size"]
    near = _behind(rows, position_of(call), size + 1, descending=descending)
    items = [Item(row[0], row[1], document(row)) for row in near]
    shown, token = page_of(call, items, size=size, descending=descending)
    return [item.doc for item in shown], token


def _behind(rows: Sequence[R], position: str | None, count: int, *, descending: bool) -> Sequence[R]:
    """At most `count` rows that follow a position of `page_of`."""
    low, high = 0, len(rows)
    if position is not None:
        value, _, identifier = position.partition(":")
        place = (int(value), identifier)
        if descending:
            high = bisect_left(rows, place, key=_place)
        else:
            low = bisect_right(rows, place, key=_place)
    return rows[max(low, high - count) : high] if descending else rows[low : low + count]


def _place(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[:2]
