"""Records as Parquet: columns with the types of the stream's schema, and nothing rounded."""

from __future__ import annotations

from operator import attrgetter
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from tap_tiktokshop.run.output import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pyarrow as pa

    Raws = Sequence[msgspec.Raw | None]

GROUP_BYTES: Final = 8 << 20
"""So much JSON becomes one group of rows."""
MOST_DIGITS: Final = 38
"""What a DECIMAL of most databases, and Arrow's of 128 bits, can hold."""
NULL: Final = b"null"

ROWS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
BY_TYPE: Final[Mapping[str, tuple[str, Any, Any]]] = {
    "boolean": ("bool_", bool | None, msgspec.json.Decoder(list[bool | None])),
    "integer": ("int64", int | None, msgspec.json.Decoder(list[int | None])),
    "number": ("float64", float | None, msgspec.json.Decoder(list[float | None])),
    "string": ("string", str | None, msgspec.json.Decoder(list[str | None])),
}
"""What a field's JSON type is in Arrow, what a value of it is here, and what reads a column of them."""


class ParquetRows:
    """Writes the lines of one stream as Parquet.

    What the schema does not name gets a column of JSON from the rows on that have it, in a file of its own.
    """

    def __init__(
        self, open_file: Callable[[], IO[bytes]], stream: str, schema: Mapping[str, Any], compression: str
    ) -> None:
        self._open_file, self._stream, self._compression = open_file, stream, compression
        self._columns = {name: Column(name, spec) for name, spec in schema["properties"].items()}
        self._lines = bytearray()
        self._writer: Any = None
        self._expected = _expected(self._columns)

    def write(self, lines: bytearray) -> None:
        """Takes some lines, and writes them when they are many."""
        self._lines += lines
        if len(self._lines) >= GROUP_BYTES:
            self._write_group()

    def close(self) -> None:
        """Writes what is left."""
        if self._lines:
            self._write_group()
        if self._writer is not None:
            self._writer.close()

    def _write_group(self) -> None:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        from pyarrow import parquet  # noqa: PLC0415 - an extra

        arrays = self._arrays_as_expected() or self._arrays()
        self._lines.clear()
        schema = pa.schema([pa.field(name, array.type) for name, array in zip(self._columns, arrays, strict=True)])
        if self._writer is None:
            self._writer = parquet.ParquetWriter(self._open_file(), schema, compression=self._compression)
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

    def _arrays_as_expected(self) -> list[pa.Array]:
        """The columns of rows whose fields are all named and fit; nothing if one is not or does not."""
        try:
            rows = self._expected.decode_lines(self._lines)
            return [column.array(map(attrgetter(f"f{n}"), rows)) for n, column in enumerate(self._columns.values())]
        except (ValueError, OverflowError):  # Arrow's and msgspec's own are ValueErrors
            return []

    def _arrays(self) -> list[pa.Array]:
        """The columns of any rows, further ones for what is not named among them."""
        rows = [ROWS.decode(line) for line in bytes(self._lines).splitlines()]
        new = {name for row in rows for name in row} - self._columns.keys()
        if new:
            self._columns |= {name: Column(name, {}) for name in sorted(new)}
            self._expected = _expected(self._columns)
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        return [self._array(column, [row.get(name) for row in rows]) for name, column in self._columns.items()]

    def _array(self, column: Column, values: Raws) -> pa.Array:
        try:
            return column.array(column.read(values))
        except (ValueError, OverflowError):  # Arrow's and msgspec's own are ValueErrors
            raise OutputError(
                f"A value of {column.name} in {self._stream} does not fit {column.sql_name}, which its Parquet column "
                "is: set batch_config.encoding.format to jsonl, which holds every value; nothing was lost."
            ) from None


class Column:
    """A field of the schema as a column."""

    def __init__(self, name: str, spec: Mapping[str, Any]) -> None:
        self.name = name
        kinds = spec.get("type") or []
        self._kinds = [kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"]
        self._spec = spec

    @property
    def sql_name(self) -> str:
        """The type, for people."""
        return str(self._type())

    def _is_decimal(self) -> bool:
        precision = self._spec.get("precision")
        return self._spec.get("format") == "x-singer.decimal" and (precision or MOST_DIGITS + 1) <= MOST_DIGITS

    def _is_json(self) -> bool:
        return len(self._kinds) != 1 or self._kinds[0] not in BY_TYPE

    def _type(self) -> pa.DataType:
        import pyarrow as pa  # noqa: PLC0415 - an extra

        if self._is_json():
            return pa.json_()
        if self._kinds == ["string"]:
            if self._is_decimal():
                return pa.decimal128(self._spec["precision"], self._spec.get("scale", 0))
            of_format = {"date-time": pa.timestamp("us", "UTC"), "date": pa.date32()}
            return of_format.get(self._spec.get("format", ""), pa.string())
        return getattr(pa, BY_TYPE[self._kinds[0]][0])()

    @property
    def kind(self) -> Any:
        """What a value of it is here."""
        return msgspec.Raw if self._is_json() else BY_TYPE[self._kinds[0]][1]

    def read(self, values: Raws) -> Sequence[Any]:
        """Values as they came, as `array` takes them.

        Raises:
            ValueError: One of them does not fit.
        """
        if self._is_json():
            return values
        listed = b"[" + b",".join(NULL if value is None else value for value in values) + b"]"
        read: list[Any] = BY_TYPE[self._kinds[0]][2].decode(listed)
        return read

    def array(self, values: Iterable[Any]) -> pa.Array:
        """The values of some rows.

        Raises:
            ValueError: One of them does not fit.
        """
        import pyarrow as pa  # noqa: PLC0415 - an extra

        kind = self._type()
        if self._is_json():
            found = (NULL if value is None else bytes(value) for value in values)
            texts = [None if text == NULL else text for text in found]
            return pa.ExtensionArray.from_storage(kind, pa.array(texts, pa.string()))
        if self._kinds != ["string"] or kind == pa.string():
            return pa.array(list(values), kind)
        return pa.array(list(values), pa.string()).cast(kind)


def _expected(columns: Mapping[str, Column]) -> msgspec.json.Decoder[Any]:
    """What reads whole rows that have these fields and no others."""
    fields = [(f"f{number}", column.kind, None) for number, column in enumerate(columns.values())]
    names = {f"f{number}": name for number, name in enumerate(columns)}
    return msgspec.json.Decoder(msgspec.defstruct("Line", fields, rename=names, forbid_unknown_fields=True, gc=False))
