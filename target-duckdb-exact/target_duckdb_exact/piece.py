"""Some rows of one stream, packed: Arrow columns take a fraction of what the rows took."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import msgspec
import simplejson

from target_duckdb_exact.arrow import FORMS, array_of, values_of
from target_duckdb_exact.tables import METADATA, REJECTED
from target_duckdb_exact.values import prepared, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_duckdb_exact.kinds import Column


class Piece:
    """Rows in a form that can wait; `rejected` holds, by row and column, what did not fit.

    `arrays` has an array for each property and each of the `_sdc_*` columns, None where there are only nulls; `keys`
    has the values of the keys.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        keys: Sequence[str],
        values: dict[str, list[Any]],
        rejected: dict[int, dict[str, Any]],
        length: int,
    ) -> None:
        self.length = length
        self.rejected: dict[int, dict[str, Any]] = {}
        for index, row in rejected.items():
            for name, original in row.items():
                self.reject(name, index, original)
        self._own = values.pop(REJECTED, None)
        self.arrays: dict[str, Any] = {}
        self.keys: dict[str, list[Any]] = {}
        for column in columns:
            made = prepared(column, values.pop(column.name), self.rejecting(column.name))
            self.arrays[column.name] = array_of(FORMS.get(column.kind, "string"), made)
            if column.name in keys:
                self.keys[column.name] = made
        for name, given in values.items():
            self.arrays[name] = array_of(form_of(name), given)

    def rejecting(self, name: str) -> Any:
        """What is told each value of a column that does not fit."""
        return lambda index, original: self.reject(name, index, original)

    def reject(self, name: str, index: int, original: Any) -> None:
        """Keeps what did not fit."""
        self.rejected.setdefault(index, {})[name] = original

    def remove(self, name: str, indexes: Sequence[int]) -> None:
        """Makes values of a column null, and keeps them as what did not fit; it must be one of strings."""
        values = values_of(self.arrays.get(name), self.length)
        for index in indexes:
            self.reject(name, index, values[index])
            values[index] = None
        self.arrays[name] = array_of("string", values)
        if name in self.keys:
            self.keys[name] = values

    def rejections(self) -> list[str | None]:
        """The rejected values as JSON; a stream that has such a field of its own keeps what it holds."""
        texts: list[str | None] = list(self._own or [None] * self.length)
        for index, row in self.rejected.items():
            given = texts[index]
            own = simplejson.loads(given, use_decimal=True) if given else {}
            merged = own if isinstance(own, dict) else {REJECTED: own}
            texts[index] = text_of({**merged, **{name: _storable(value) for name, value in row.items()}})
        return texts


def form_of(name: str) -> str:
    """The form of a `_sdc_*` column."""
    return "int64" if METADATA.get(name) == "BIGINT" else "string"


def _storable(value: Any) -> Any:
    """A value that DuckDB's JSON takes: what is no JSON there goes in as the text of what came."""
    text = text_of(value)
    try:
        msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        return text
    return value


def stamp(length: int, after: int) -> tuple[str, list[int]]:
    """The time now, and rising sequence numbers (microseconds, more than `after`) for so many rows."""
    now = time.time_ns() // 1000
    first = max(now, after + 1)
    return datetime.fromtimestamp(now / 1e6, timezone.utc).isoformat(), list(range(first, first + length))
