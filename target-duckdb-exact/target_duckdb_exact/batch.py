"""The rows of one stream on their way into its table, as one statement each."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import msgspec
import simplejson

from target_duckdb_exact.kinds import quoted
from target_duckdb_exact.tables import METADATA, REJECTED, structured
from target_duckdb_exact.values import ARROW, Table, prepared, text_of

if TYPE_CHECKING:
    from target_duckdb_exact.kinds import Column
    from target_duckdb_exact.tables import Place

VIEW = "_target_batch"
SPELT = {"time", "decimal", "decimal_text"}
"""Kinds whose values can be written in several ways: whether two are the same only DuckDB can tell."""
FORMS = {name: "int64" for name, sql in METADATA.items() if sql == "BIGINT"}


class Batch:
    """Rows of one stream; `rejected` holds, by row and column, what did not fit."""

    def __init__(
        self,
        place: Place,
        columns: list[Column],
        keys: tuple[str, ...],
        values: dict[str, list[Any]],
        rejected: dict[int, dict[str, Any]],
    ) -> None:
        self.place = place
        self.columns = columns
        self.keys = keys
        self.rejected = rejected
        self.extra = {name: values.pop(name) for name in (*METADATA, REJECTED) if name in values}
        self.hard_delete = False
        self.there: set[str] = set()
        """The columns of `METADATA` that the table is known to have."""
        self.counts: dict[str, int] = {}
        self.first: dict[str, Any] = {}
        for row in rejected.values():
            for name, original in row.items():
                self._count(name, original)
        self.values = {
            column.name: prepared(column, values[column.name], self._rejecting(column.name)) for column in columns
        }
        self.length = len(next(iter(self.values.values()), self.extra.get("_sdc_sequence", [])))
        self._last_ones({})

    def _rejecting(self, name: str) -> Any:
        def reject(index: int, original: Any) -> None:
            self.rejected.setdefault(index, {})[name] = original
            self._count(name, original)

        return reject

    def _count(self, name: str, original: Any) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1
        self.first.setdefault(name, original)

    def _last_ones(self, told: dict[str, list[Any]]) -> None:
        """Of rows with the same key only the last is written. A key that was rejected is told by its original.

        `told` has the keys' values as DuckDB writes them, where that matters.
        """
        if not self.keys:
            return
        keys = list(zip(*(told.get(key, self.values[key]) for key in self.keys), strict=True))
        for index, row in self.rejected.items():
            lost = [text_of(row[key]) for key in self.keys if key in row]
            if lost:
                keys[index] = (*keys[index], *lost)
        last = {key: index for index, key in enumerate(keys)}
        if len(last) == self.length:
            return
        kept = sorted(last.values())
        self.values = {name: [values[index] for index in kept] for name, values in self.values.items()}
        self.extra = {name: [values[index] for index in kept] for name, values in self.extra.items()}
        self.rejected = {new: self.rejected[old] for new, old in enumerate(kept) if old in self.rejected}
        self.length = len(kept)

    # -- SQL --------------------------------------------------------------------------------------------------------

    def table(self) -> Table:
        """The rows for DuckDB."""
        columns = {column.name: column for column in self.columns}
        fields = {
            f"f{number}": (ARROW.get(columns[name].kind, "string"), values)
            for number, (name, values) in enumerate(self.values.items())
        }
        for name, values in self.extra.items():
            if name != REJECTED:
                fields[name] = (FORMS.get(name, "string"), values)
        fields[REJECTED] = ("string", self._rejections())
        return Table(fields, self.length)

    def _rejections(self) -> list[str | None]:
        """The rejected values as JSON; a stream that has such a field of its own keeps what it holds."""
        texts: list[str | None] = list(self.extra.get(REJECTED) or [None] * self.length)
        for index, row in self.rejected.items():
            given = texts[index]
            own = simplejson.loads(given, use_decimal=True) if given else {}
            merged = own if isinstance(own, dict) else {REJECTED: own}
            texts[index] = text_of({**merged, **{name: _storable(value) for name, value in row.items()}})
        return texts

    def write(self, connection: Any) -> None:
        """Deletes the rows whose keys come again, and inserts."""
        names = [name for name in self.extra if name != REJECTED]
        for name in names:
            if name not in self.there:
                connection.execute(f"ALTER TABLE {self.place} ADD COLUMN IF NOT EXISTS {quoted(name)} {METADATA[name]}")
        _target_batch = self.table()  # DuckDB finds it by this name, here, where `execute` is called
        if spelt := self._spelt():
            sql = f"SELECT {', '.join(spelt.values())} FROM {VIEW}"
            told = zip(*connection.execute(sql).fetchall(), strict=True)
            self._last_ones(dict(zip(spelt, map(list, told), strict=True)))
            _target_batch = self.table()
        if self.keys:
            connection.execute(self._delete())
        connection.execute(self._insert(names))

    def _spelt(self) -> dict[str, str]:
        """The keys that can be written in several ways, each with the SQL for the one way of DuckDB."""
        return {
            column.name: f"{structured(column, f'f{number}')}::VARCHAR"
            for number, column in enumerate(self.columns)
            if column.name in self.keys and column.kind in SPELT
        }

    def _delete(self) -> str:
        fields = {name: f"f{number}" for number, name in enumerate(self.values)}
        keys = [column for name in self.keys for column in self.columns if column.name == name]
        nulls = any(None in self.values[key] for key in self.keys)
        same = "IS NOT DISTINCT FROM" if nulls else "="
        where = [f"{self.place}.{quoted(key.column)} {same} {structured(key, fields[key.name], VIEW)}" for key in keys]
        if nulls:  # a key that was rejected is null in the table: its original tells whose row it is
            some = " AND ".join(f"{VIEW}.{quoted(fields[key.name])} IS NOT NULL" for key in keys)
            where.append(
                f"(({some}) OR {self.place}.{quoted(REJECTED)}::VARCHAR IS NOT DISTINCT FROM {VIEW}.{quoted(REJECTED)})"
            )
        return f"DELETE FROM {self.place} USING {VIEW} WHERE {' AND '.join(where)}"

    def _insert(self, names: list[str]) -> str:
        targets = [quoted(column.column) for column in self.columns]
        sources = [structured(column, f"f{number}") for number, column in enumerate(self.columns)]
        for name in (*names, REJECTED):
            targets.append(quoted(name))
            sources.append(f"{quoted(name)}::{METADATA.get(name, 'JSON')}")
        alive = ' WHERE "_sdc_deleted_at" IS NULL' if self.hard_delete and "_sdc_deleted_at" in self.extra else ""
        return f"INSERT INTO {self.place} ({', '.join(targets)}) SELECT {', '.join(sources)} FROM {VIEW}{alive}"

    def check(self, connection: Any) -> None:
        """Sets aside what DuckDB cannot cast: the careful way, taken when the fast one has failed."""
        _target_batch = self.table()  # seen by `execute` from here only, so that these are loops
        unfit: dict[str, list[int]] = {}
        for number, column in enumerate(self.columns):
            if column.kind in {"time", "json", "decimal", "decimal_text", "huge"}:
                unfit[column.name] = _told(connection.execute(self._unfit(f"f{number}", column.sql)).fetchall())
        lost: dict[str, list[int]] = {}
        for name in self.extra:
            if METADATA.get(name, "BIGINT") != "BIGINT":
                lost[name] = _told(connection.execute(self._unfit(name, METADATA[name])).fetchall())
        for name, indexes in unfit.items():
            for index in indexes:
                value = self.values[name][index]
                self._rejecting(name)(index, value.decode() if isinstance(value, bytes) else value)
                self.values[name][index] = None
        for name, indexes in lost.items():
            for index in indexes:
                self._rejecting(name)(index, self.extra[name][index])
                self.extra[name][index] = None
        self._last_ones({})

    @staticmethod
    def _unfit(field: str, sql: str) -> str:
        return f"SELECT {quoted(field)} IS NOT NULL AND TRY_CAST({quoted(field)} AS {sql}) IS NULL FROM {VIEW}"


def _told(rows: list[tuple[bool]]) -> list[int]:
    return [index for index, (bad,) in enumerate(rows) if bad]


def _storable(value: Any) -> Any:
    """A value that DuckDB's JSON takes: what is no JSON there goes in as the text of what came."""
    text = text_of(value)
    try:
        msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        return text
    return value


def stamp(length: int) -> tuple[str, list[int]]:
    """The time now, and rising sequence numbers (microseconds) for so many rows."""
    now = time.time_ns() // 1000
    return datetime.fromtimestamp(now / 1e6, timezone.utc).isoformat(), list(range(now, now + length))
