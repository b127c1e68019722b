"""From JSON Schema to columns: what a property's values are in Python, in Arrow and in DuckDB."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from types import GenericAlias
from typing import Any

import msgspec

TIMES = {"date-time": "TIMESTAMP WITH TIME ZONE", "date": "DATE", "time": "TIME"}
ANNOTATIONS: dict[str, Any] = {
    "text": str | None,
    "time": str | None,
    "decimal_text": str | None,
    "decimal": Decimal | None,
    "bool": bool | None,
    "int": int | None,
    "huge": int | None,
    "float": float | None,
    "mixed": msgspec.Raw,
    "json": msgspec.Raw,
    "struct": msgspec.Raw,
}
"""How the JSON of each kind is read; what differs from it takes the careful way."""

INT64 = range(-(2**63), 2**63)
HUGE = range(-(2**127) + 1, 2**127)
PRECISION, SCALE = 38, 9


@dataclass(frozen=True)
class Column:
    """A property of a stream: `name` in the record, `column` and `sql` (its type) in the table."""

    name: str
    kind: str
    sql: str
    column: str = ""
    structure: str = ""
    """The type of a STRUCT or LIST as DuckDB's json_transform wants it: JSON text."""
    nested: Any = None
    """What msgspec checks nested values against before DuckDB transforms them."""

    def at(self, column: str, sql: str | None = None) -> Column:
        """The same property, kept in a column of this name (and, if it has a wider one, type)."""
        return replace(self, column=column, sql=sql or self.sql)


def column_of(name: str, schema: dict[str, Any], *, nested: bool = False) -> Column:
    """The column for a property; `nested` makes STRUCT and LIST of what the schema says the inside of."""
    types, merged = _types(schema)
    if nested and types in ({"object"}, {"array"}):
        found = _structure(merged)
        if found is not None:
            structure, sql, annotation = found
            return Column(name, "struct", sql, structure=msgspec.json.encode(structure).decode(), nested=annotation)
    return Column(name, *_scalar(types, merged))


def _scalar(types: set[str], schema: dict[str, Any]) -> tuple[str, str]:  # noqa: PLR0911 - one line a type
    form = schema.get("format")
    if types <= {"string", "number", "integer"} and form == "x-singer.decimal" and types:
        return ("decimal_text" if types == {"string"} else "decimal"), _decimal(schema)
    if types == {"string"}:
        return ("time", TIMES[form]) if form in TIMES else ("text", "VARCHAR")
    if types == {"boolean"}:
        return "bool", "BOOLEAN"
    if types == {"integer"}:
        beyond = any(not INT64[0] <= schema.get(edge, 0) <= INT64[-1] for edge in ("minimum", "maximum"))
        return ("huge", "HUGEINT") if beyond else ("int", "BIGINT")
    if types in ({"number"}, {"number", "integer"}):
        step = re.fullmatch(r"1|0?\.(0*)1|1e-0?(\d+)", str(schema.get("multipleOf", "")))
        if step and step[0] != "1":
            return "decimal", f"DECIMAL({PRECISION},{int(step[2]) if step[2] else len(step[1]) + 1})"
        return "float", "DOUBLE"
    if types and types <= {"string", "boolean", "integer", "number"}:
        return "mixed", "VARCHAR"
    return "json", "JSON"


def _decimal(schema: dict[str, Any]) -> str:
    precision = schema.get("precision")
    if not precision:
        return f"DECIMAL({PRECISION},{schema.get('scale', SCALE)})"
    precision = min(int(precision), PRECISION)
    return f"DECIMAL({precision},{min(int(schema.get('scale', 0)), precision)})"


def _types(schema: Any) -> tuple[set[str], dict[str, Any]]:
    """The types that a value may have besides null, and the schema with the words of its only variant."""
    if not isinstance(schema, dict):
        return set(), {}
    given = schema.get("type", [])
    types = {given} if isinstance(given, str) else set(given)
    merged = dict(schema)
    for word in ("anyOf", "oneOf", "allOf"):
        for variant in schema.get(word, []):
            inner, words = _types(variant)
            if inner:
                merged = {**words, **{key: merged[key] for key in merged if key != "format"}}
                merged["format"] = words.get("format") if not types - {"null"} else None
            elif not (isinstance(variant, dict) and variant.get("type") in ("null", ["null"])):
                inner = {"object", "string"}  # a variant that says nothing: anything may come
            types |= inner
    return types - {"null"}, merged


def _structure(schema: dict[str, Any]) -> tuple[Any, str, Any] | None:
    """DuckDB's structure, its type, and the msgspec type; None where the schema does not say what is inside."""
    types, merged = _types(schema)
    if types == {"array"}:
        inner = _structure(merged["items"]) if isinstance(merged.get("items"), dict) else None
        return inner and ([inner[0]], f"{inner[1]}[]", GenericAlias(list, (inner[2],)) | None)
    if types == {"object"}:
        properties = merged.get("properties") or {}
        if len({name.lower() for name in properties if name and readable(name)}) < max(len(properties), 1):
            return None
        parts = {name: _structure(part) or ("JSON", "JSON", msgspec.Raw) for name, part in properties.items()}
        fields = [
            (f"f{number}", part[2], msgspec.field(name=name, default=None))
            for number, (name, part) in enumerate(parts.items())
        ]
        annotation = msgspec.defstruct("Nested", fields, forbid_unknown_fields=True)
        sql = ", ".join(f"{quoted(name)} {part[1]}" for name, part in parts.items())
        return {name: part[0] for name, part in parts.items()}, f"STRUCT({sql})", annotation | None
    kind, sql = _scalar(types, merged)
    if kind in {"decimal", "decimal_text"}:
        return sql, sql, Decimal | None
    return sql, sql, ANNOTATIONS[kind]


def readable(name: str) -> bool:
    """Whether msgspec can look for a field of this name; records with others take the careful way."""
    return not re.search(r'[\\"\x00-\x1f]', name)


def quoted(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string for SQL."""
    return "'" + text.replace("'", "''") + "'"


def decimal_size(sql: str) -> tuple[int, int] | None:
    """Precision and scale of a DECIMAL type."""
    found = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", sql)
    return (int(found[1]), int(found[2])) if found else None


def holds(wider: str, narrower: str) -> bool:
    """Whether every value of the second type is exactly one of the first."""
    if wider == narrower:
        return True
    digits = {"BIGINT": (19, 0), "HUGEINT": (39, 0)}
    room, need = digits.get(wider) or decimal_size(wider), digits.get(narrower) or decimal_size(narrower)
    if room and need:
        return room[0] - room[1] >= need[0] - need[1] and room[1] >= need[1]
    return (wider, narrower) == (TIMES["date-time"], "DATE")
