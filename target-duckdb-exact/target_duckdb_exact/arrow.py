"""From lists of values to what DuckDB reads: Arrow columns, in as many chunks as came."""

from __future__ import annotations

import functools
from array import array
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import nanoarrow as na
from nanoarrow.c_array_stream import CArrayStream

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMS = {"int": "int64", "bool": "bool", "float": "double", "json": "json", "struct": "json"}
"""How the prepared values of each kind of column are handed over; all others are strings."""
EMPTY: dict[str, Any] = {"string": "", "json": b""}
BITS = bytes([48, 49]) + bytes(254)
SCHEMAS = {
    "null": na.c_schema(na.null()),
    "string": na.c_schema(na.string()),
    "json": na.c_schema(na.extension_type(na.string(), "arrow.json")),
    "int64": na.c_schema(na.int64()),
    "double": na.c_schema(na.float64()),
    "bool": na.c_schema(na.bool_()),
}
"""JSON is named as such: msgspec has looked at each text, and DuckDB would parse it once more to call it JSON."""


class Table:
    """Columns that DuckDB reads by name, as often as it likes: for each its form, and an array a chunk.

    An array is None if its chunk has nothing but nulls there; `lengths` has the rows of each chunk.
    """

    def __init__(self, columns: dict[str, tuple[str, Sequence[Any]]], lengths: Sequence[int]) -> None:
        chunks: list[dict[str, Any]] = [{} for _ in lengths]
        for name, (form, arrays) in columns.items():
            empty = _nulls if any(made is not None for made in arrays) else _nothing
            for chunk, made, length in zip(chunks, arrays, lengths, strict=True):
                chunk[name] = empty(form, length) if made is None else made
        self._schema = na.c_schema(na.struct({name: made.schema for name, made in chunks[0].items()}))
        self._chunks = [
            na.c_array_from_buffers(
                self._schema, length, [None], children=list(chunk.values()), null_count=0, move=False
            )
            for chunk, length in zip(chunks, lengths, strict=True)
        ]

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The Arrow PyCapsule interface."""
        stream = CArrayStream.from_c_arrays(self._chunks, self._schema, move=False, validate=False)
        return stream.__arrow_c_stream__(requested_schema)


def array_of(form: str, values: list[Any]) -> Any:
    """An Arrow array of strings, JSON (given as `bytes`), int64, double or bool; None of nulls only.

    A batch has many columns, so that the schemas are made once, and lists are handed over, which is faster.
    """
    length = len(values)
    nulls = 0 if all(values) else values.count(None)  # most columns are full, and to look for None takes longer
    if nulls == length:
        return None
    validity = _bitmap([value is not None for value in values]) if nulls else None
    if form in EMPTY:
        offsets, data = _joined(form, [value or EMPTY[form] for value in values] if nulls else values)
        return na.c_array_from_buffers(SCHEMAS[form], length, [validity, offsets, data], null_count=nulls)
    if nulls:
        values = [value or 0 for value in values]
    if form == "bool":
        return na.c_array_from_buffers(SCHEMAS[form], length, [validity, _bitmap(values)], null_count=nulls)
    code = "q" if form == "int64" else "d"
    return na.c_array_from_buffers(SCHEMAS[form], length, [validity, array(code, values)], null_count=nulls)


def values_of(made: Any, length: int) -> list[Any]:
    """The values of an array again."""
    return [None] * length if made is None else list(na.Array(made).to_pylist())


@functools.lru_cache(maxsize=64)
def _nothing(_form: str, length: int) -> Any:
    """A column of nulls; many are, and chunks have the same lengths again and again."""
    return na.c_array_from_buffers(SCHEMAS["null"], length, [], null_count=length)


@functools.lru_cache(maxsize=64)
def _nulls(form: str, length: int) -> Any:
    """The nulls of a column that has values in another chunk: all chunks have the same types."""
    validity = bytes((length + 7) // 8)
    if form in EMPTY:
        offsets = array("i", [0]) * (length + 1)
        return na.c_array_from_buffers(SCHEMAS[form], length, [validity, offsets, b""], null_count=length)
    if form == "bool":
        return na.c_array_from_buffers(SCHEMAS[form], length, [validity, validity], null_count=length)
    code = "q" if form == "int64" else "d"
    return na.c_array_from_buffers(SCHEMAS[form], length, [validity, array(code, [0]) * length], null_count=length)


def _joined(form: str, parts: list[Any]) -> tuple[array[int], bytes]:
    """Where each part begins and ends, and all of them in one."""
    if form == "string":
        whole = "".join(parts)
        data = whole.encode()
        if len(data) == len(whole):
            return _offsets(parts), data
        parts = list(map(str.encode, parts))
    return _offsets(parts), b"".join(parts)


def _offsets(parts: list[Any]) -> array[int]:
    lengths = list(map(len, parts))
    if lengths.count(lengths[0]) == len(lengths):
        return _even_offsets(lengths[0], len(lengths))
    return array("i", list(accumulate(lengths, initial=0)))


@functools.lru_cache(maxsize=16)  # columns of one chunk share them; a chunk of tiny rows may have a hundred thousand
def _even_offsets(size: int, count: int) -> array[int]:
    """Of parts of one size, as times and identifiers are."""
    return array("i", range(0, size * count + 1, size)) if size else array("i", [0]) * (count + 1)


def _bitmap(flags: list[Any]) -> bytes:
    """Eight flags a byte, the first in the lowest bit."""
    digits = bytes(reversed(flags)).translate(BITS)
    return int(digits, 2).to_bytes((len(flags) + 7) // 8, "little")
