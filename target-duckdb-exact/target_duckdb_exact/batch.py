"""The rows of one stream on their way into its table, as one statement each."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from target_duckdb_exact.arrow import FORMS, Table, array_of
from target_duckdb_exact.kinds import quoted
from target_duckdb_exact.piece import form_of
from target_duckdb_exact.tables import METADATA, REJECTED, structured
from target_duckdb_exact.values import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_duckdb_exact.kinds import Column
    from target_duckdb_exact.piece import Piece
    from target_duckdb_exact.tables import Place

VIEW = "_target_batch"
LAST = "_last"
"""Whether a row is the last one with its key: a column of the view where some are not."""
SPELT = {"time", "decimal", "decimal_text"}
"""Kinds whose values can be written in several ways: whether two are the same only DuckDB can tell."""
CAST = {"time", "decimal", "decimal_text", "huge"}
"""Kinds of which only DuckDB can tell whether a value fits."""


class Batch:
    """The pieces of one stream that are written together."""

    def __init__(self, place: Place, columns: list[Column], keys: tuple[str, ...], pieces: list[Piece]) -> None:
        self.place = place
        self.columns = columns
        self.keys = keys
        self.pieces = pieces
        self.extra = [name for name in METADATA if any(name in piece.arrays for piece in pieces)]
        self.hard_delete = False
        self.there: set[str] = set()
        """The columns of `METADATA` that the table is known to have."""
        self._lengths = [piece.length for piece in pieces]
        self._last: list[list[bool]] | None = None
        self._find_last({})

    def rejected(self) -> Iterator[tuple[str, Any]]:
        """What did not fit: name and original."""
        for piece in self.pieces:
            for row in piece.rejected.values():
                yield from row.items()

    def _find_last(self, told: dict[str, list[Any]]) -> None:
        """Of rows with the same key only the last is written. A key that was rejected is told by its original.

        `told` has the keys' values as DuckDB writes them, where that matters.
        """
        if not self.keys:
            return
        values = [told.get(key) or [each for piece in self.pieces for each in piece.keys[key]] for key in self.keys]
        rows = list(zip(*values, strict=True))
        for begin, piece in zip(accumulate(self._lengths, initial=0), self.pieces, strict=False):
            for index, row in piece.rejected.items():
                lost = [text_of(row[key]) for key in self.keys if key in row]
                if lost:
                    rows[begin + index] = (*rows[begin + index], *lost)
        last = {key: index for index, key in enumerate(rows)}
        if len(last) == len(rows):
            return
        kept = set(last.values())
        numbers = iter(range(len(rows)))
        self._last = [[next(numbers) in kept for _ in range(length)] for length in self._lengths]

    # -- SQL --------------------------------------------------------------------------------------------------------

    def table(self) -> Table:
        """The rows for DuckDB."""
        fields: dict[str, tuple[str, Sequence[Any]]] = {}
        for number, column in enumerate(self.columns):
            made = [piece.arrays[column.name] for piece in self.pieces]
            fields[f"f{number}"] = FORMS.get(column.kind, "string"), made
        for name in self.extra:
            fields[name] = form_of(name), [piece.arrays.get(name) for piece in self.pieces]
        fields[REJECTED] = "string", [array_of("string", piece.rejections()) for piece in self.pieces]
        if self._last:
            fields[LAST] = "bool", [array_of("bool", flags) for flags in self._last]
        return Table(fields, self._lengths)

    def write(self, connection: Any) -> None:
        """Deletes the rows whose keys come again, and inserts."""
        for name in self.extra:
            if name not in self.there:
                connection.execute(f"ALTER TABLE {self.place} ADD COLUMN IF NOT EXISTS {quoted(name)} {METADATA[name]}")
        _target_batch = self.table()  # DuckDB finds it by this name, here, where `execute` is called
        if spelt := self._spelt():
            sql = f"SELECT {', '.join(spelt.values())} FROM {VIEW}"
            told = zip(*connection.execute(sql).fetchall(), strict=True)
            self._find_last(dict(zip(spelt, map(list, told), strict=True)))
            _target_batch = self.table()
        if self.keys:
            connection.execute(self._delete())
        connection.execute(self._insert())

    def _spelt(self) -> dict[str, str]:
        """The keys that can be written in several ways, each with the SQL for the one way of DuckDB."""
        return {
            column.name: f"{structured(column, f'f{number}')}::VARCHAR"
            for number, column in enumerate(self.columns)
            if column.name in self.keys and column.kind in SPELT
        }

    def _delete(self) -> str:
        fields = {column.name: f"f{number}" for number, column in enumerate(self.columns)}
        keys = [column for name in self.keys for column in self.columns if column.name == name]
        nulls = any(None in piece.keys[key] for key in self.keys for piece in self.pieces)
        same = "IS NOT DISTINCT FROM" if nulls else "="
        where = [f"{self.place}.{quoted(key.column)} {same} {structured(key, fields[key.name], VIEW)}" for key in keys]
        if nulls:  # a key that was rejected is null in the table: its original tells whose row it is
            some = " AND ".join(f"{VIEW}.{quoted(fields[key.name])} IS NOT NULL" for key in keys)
            where.append(
                f"(({some}) OR {self.place}.{quoted(REJECTED)}::VARCHAR IS NOT DISTINCT FROM {VIEW}.{quoted(REJECTED)})"
            )
        return f"DELETE FROM {self.place} USING {VIEW} WHERE {' AND '.join(where)}"

    def _insert(self) -> str:
        targets = [quoted(column.column) for column in self.columns]
        sources = [structured(column, f"f{number}") for number, column in enumerate(self.columns)]
        for name in (*self.extra, REJECTED):
            targets.append(quoted(name))
            sources.append(f"{quoted(name)}::{METADATA.get(name, 'JSON')}")
        only = [quoted(LAST)] if self._last else []
        if self.hard_delete and "_sdc_deleted_at" in self.extra:
            only.append('"_sdc_deleted_at" IS NULL')
        where = f" WHERE {' AND '.join(only)}" if only else ""
        return f"INSERT INTO {self.place} ({', '.join(targets)}) SELECT {', '.join(sources)} FROM {VIEW}{where}"

    def check(self, connection: Any) -> None:
        """Sets aside what DuckDB cannot cast: the careful way, taken when the fast one has failed."""
        casts = {
            column.name: (f"f{number}", column.sql) for number, column in enumerate(self.columns) if column.kind in CAST
        }
        casts |= {name: (name, METADATA[name]) for name in self.extra if METADATA[name] != "BIGINT"}
        _target_batch = self.table()  # seen by `execute` from here only, so that this is a loop
        found = {}
        for name, (field, sql) in casts.items():
            words = f"{quoted(field)} IS NOT NULL AND TRY_CAST({quoted(field)} AS {sql}) IS NULL"
            found[name] = [bool(bad) for (bad,) in connection.execute(f"SELECT {words} FROM {VIEW}").fetchall()]
        for name, flags in found.items():
            for begin, piece in zip(accumulate(self._lengths, initial=0), self.pieces, strict=False):
                bad = [index for index, flag in enumerate(flags[begin : begin + piece.length]) if flag]
                if bad:
                    piece.remove(name, bad)
        self._last = None
        self._find_last({})
