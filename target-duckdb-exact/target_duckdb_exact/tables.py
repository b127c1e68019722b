"""Tables that follow their streams' schemas: new columns, wider types, and a second column where a type changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_duckdb_exact.kinds import Column, holds, literal, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from logging import Logger

REJECTED = "_sdc_rejected"
METADATA = {
    "_sdc_extracted_at": "TIMESTAMP WITH TIME ZONE",
    "_sdc_received_at": "TIMESTAMP WITH TIME ZONE",
    "_sdc_batched_at": "TIMESTAMP WITH TIME ZONE",
    "_sdc_deleted_at": "TIMESTAMP WITH TIME ZONE",
    "_sdc_sequence": "BIGINT",
    "_sdc_table_version": "BIGINT",
    "_sdc_sync_started_at": "BIGINT",
}
DELETIONS = ("_sdc_deleted_at", "_sdc_table_version")
"""The columns without which deletions cannot be told: there even if `add_record_metadata` is off, once they matter."""


@dataclass(frozen=True)
class Place:
    """Where a stream's rows go."""

    schema: str
    table: str

    def __str__(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.table)}"

    @classmethod
    def of(cls, stream: str, default_schema: str | None) -> Place:
        """`schema-table` and `database-schema-table` name both, as in the SDK; a setting may fix the schema."""
        parts = stream.split("-")
        if len(parts) not in {2, 3} or not all(parts):
            return cls(default_schema or "main", stream)
        return cls(default_schema or parts[-2], parts[-1])


def columns_of(connection: Any, place: Place) -> dict[str, str]:
    """Names and types of a table's columns; nothing if there is no such table."""
    return dict(
        connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = current_database() "
            "AND lower(schema_name) = lower(?) AND lower(table_name) = lower(?) ORDER BY column_index",
            [place.schema, place.table],
        ).fetchall()
    )


def follow(connection: Any, place: Place, columns: list[Column], log: Logger) -> list[Column]:
    """Makes the table, or changes it, so that it has a column for each of these; says which.

    A column is used as it is if its type holds all that the property's does, and widened if it is the other way round.
    Otherwise the property gets a column of its own beside it, named after its type.
    """
    existing, fresh = _begun(connection, place)
    parts = [
        f"{quoted(REJECTED)} JSON"
    ]  # of a new table: one statement, for each change of a table costs all its columns
    claimed = {REJECTED, *METADATA, *(column.name for column in columns)}
    found: dict[str, Column] = {}
    used = {REJECTED.lower(), *METADATA}
    for column in sorted(columns, key=lambda column: column.name not in existing):
        kind = column.sql if column.kind != "struct" else _canonical(connection, column.sql)
        for name in _names(column, kind):
            actual = next((known for known in existing if known.lower() == name.lower()), None)
            if name.lower() in used or (actual not in {None, name} and actual in claimed):
                continue
            if actual is None:
                parts.append(f"{quoted(name)} {kind}")
                if not fresh:
                    connection.execute(f"ALTER TABLE {place} ADD COLUMN {parts[-1]}")
                if not fresh or name != column.name:
                    log.warning("%s has a new column %s for %s (%s).", place, name, column.name, kind)
            elif holds(existing[actual], kind):
                kind, name = existing[actual], actual  # noqa: PLW2901
            elif holds(kind, existing[actual]):
                connection.execute(f"ALTER TABLE {place} ALTER COLUMN {quoted(actual)} SET DATA TYPE {kind}")
                log.warning("Column %s of %s is widened from %s to %s.", actual, place, existing[actual], kind)
                name = actual  # noqa: PLW2901
            else:
                continue
            existing[name] = kind
            used.add(name.lower())
            found[column.name] = column.at(name, kind)
            break
    if fresh:
        connection.execute(f"CREATE TABLE {place} ({', '.join(parts)})")
    return [found[column.name] for column in columns]


def _begun(connection: Any, place: Place) -> tuple[dict[str, str], bool]:
    """The columns of a table, with the one for what does not fit; whether the table is still to be made."""
    existing = columns_of(connection, place)
    if not existing:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(place.schema)}")
        return {REJECTED: "JSON"}, True
    if REJECTED.lower() not in map(str.lower, existing):
        connection.execute(f"ALTER TABLE {place} ADD COLUMN {quoted(REJECTED)} JSON")
        existing[REJECTED] = "JSON"
    return existing, False


def _names(column: Column, kind: str) -> Iterator[str]:
    suffix = "list" if kind.endswith("[]") else re.split(r"[^A-Z]", kind)[0].lower()
    plain = column.name or "_"  # DuckDB has no column without a name
    yield plain
    yield f"{plain}__{suffix}"
    number = 2
    while True:
        yield f"{plain}__{suffix}_{number}"
        number += 1


def _canonical(connection: Any, sql: str) -> str:
    """A type as DuckDB writes it."""
    return str(connection.execute(f"SELECT typeof(NULL::{sql})").fetchone()[0])


def structured(column: Column, field: str, view: str = "") -> str:
    """The SQL that makes a column's value of the batch's field."""
    value = f"{view}.{quoted(field)}" if view else quoted(field)
    if column.kind == "struct":
        return f"json_transform({value}::JSON, {literal(column.structure)})::{column.sql}"
    return f"{value}::{column.sql}"
