"""The rows of a page as they came: still text, with an outline of the few fields that reading needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from tiktokshop_client import RawRows, decode_row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from tiktokshop_client import RowDecoder

    Row = dict[str, Any]

T = TypeVar("T")
Key = str | tuple[str, ...]
"""The field that identifies a row, or several that do so together."""


def outline_of(rows: Sequence[Row], fields: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """These fields of each row, None where a row has none, without decoding the others where that can wait."""
    if isinstance(rows, RawRows):
        return rows.outline(fields)
    return [tuple(row.get(name) if isinstance(row, dict) else None for name in fields) for row in rows]


_encode = msgspec.json.Encoder(decimal_format="number").encode


def as_raw(rows: Sequence[Row]) -> RawRows:
    """The same rows as text, if they are not yet: in a fifth of the memory, and their weight is known."""
    return rows if isinstance(rows, RawRows) else RawRows(_encode(rows))


def moments(outline: Sequence[tuple[Any, ...]], until: int) -> list[int]:
    """The last of each row's fields, where that is a time before `until`."""
    return [moment for *_, moment in outline if isinstance(moment, int) and moment < until]


class PageRows:
    """Rows chosen from a page, each under its identity. They stay undecoded until somebody walks them.

    Attributes:
        field: The field that the identity becomes, None where several fields make it up.
        chosen: Index in the page -> identity.
        unidentified: Indexes of rows that have none, which are not among the chosen.
    """

    def __init__(
        self, rows: Sequence[Row], key: Key, chosen: Mapping[int, str], unidentified: Sequence[int] = ()
    ) -> None:
        """`chosen`: index in the page -> identity, which becomes the field `key` where that is one field."""
        self.unidentified = unidentified
        self._rows = as_raw(rows)
        self.field = key if isinstance(key, str) else None
        self.chosen = chosen

    @property
    def weight(self) -> int:
        """The bytes that they take up."""
        return self._rows.weight

    def pack(self) -> None:
        """Makes them small for as long as they must wait."""
        self._rows.pack()

    def __len__(self) -> int:
        return len(self.chosen)

    def __contains__(self, row: object) -> bool:
        return row in list(self)

    def __iter__(self) -> Iterator[Row]:
        for row, named in self.undecoded():
            yield {**decode_row(row, self.noticed), **named}

    def undecoded(self) -> Iterator[tuple[msgspec.Raw, dict[str, str]]]:
        """Each row as it came, and what to call it."""
        rows = self._rows.undecoded()
        return (
            (rows[index], {} if self.field is None else {self.field: identity})
            for index, identity in self.chosen.items()
        )

    def only(self, places: Collection[int]) -> PageRows:
        """Some of the chosen rows, by their places among these."""
        wanted = set(places)
        chosen = {index: name for place, (index, name) in enumerate(self.chosen.items()) if place in wanted}
        return PageRows(self._rows, self.field or (), chosen)

    def noticed(self, mended: int) -> None:
        """Reports how many values of a row had to be repaired."""
        self._rows.noticed(mended)

    def decoded(self, decoder: RowDecoder[T]) -> list[T]:
        """All rows of the page, chosen or not, by a decoder of the caller's choice.

        Raises:
            ValueError: They are not what it takes.
        """
        return self._rows.decoded(decoder)

    def pick(self, fields: tuple[str, ...]) -> list[tuple[Any, ...]]:
        """These fields of each row; the key as the identity it goes under."""
        outline = outline_of(self._rows, fields)
        place = fields.index(self.field) if self.field in fields else -1
        return [
            (*outline[index][:place], identity, *outline[index][place + 1 :]) if place >= 0 else outline[index]
            for index, identity in self.chosen.items()
        ]
