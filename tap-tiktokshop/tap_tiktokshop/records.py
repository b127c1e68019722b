"""Platform JSON to Singer record: a plan made once from a stream's schema, applied to every row.

The live platform is freer than its documentation: it sends integers where a string is documented (and the other
way round), `""` for values it has purged, and fields that nobody names. A plan mends what has one meaning, and passes
on as it is what has none: an undocumented field or type is never fatal and never dropped.
"""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Convert = Callable[[Any], Any]

MILLISECONDS_FROM = 100_000_000_000
"""Unix seconds pass this in the year 5138; whatever is larger counts milliseconds."""


MINUTES = [f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(1440)]
SECONDS = [f"{second:02}+00:00" for second in range(60)]


@lru_cache(maxsize=4096)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, timezone.utc).date().isoformat()


def utc(seconds: float) -> str:
    """Unix seconds as an RFC 3339 `date-time` in UTC, e.g. `2026-07-01T00:00:00+00:00`."""
    if isinstance(seconds, int):  # put together from parts: an order has a dozen times
        day, second = divmod(seconds, 86_400)
        return f"{_date(day)}{MINUTES[second // 60]}{SECONDS[second % 60]}"
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()


def to_time(value: Any) -> Any:
    """Unix seconds (or milliseconds), as a number or digits, to `date-time`; 0 and `""` mean "not yet"."""
    if value.__class__ is int and 0 < value < MILLISECONDS_FROM:
        return utc(value)
    if isinstance(value, str):
        if not value.isdigit():
            return value or None
        value = int(value)
    if not isinstance(value, (int, Decimal)) or isinstance(value, bool):
        return value
    try:
        seconds = float(value) / 1000 if value >= MILLISECONDS_FROM else int(value)
        return utc(seconds) if seconds > 0 else None
    except (OverflowError, ValueError, OSError):  # no such moment: the value is passed on
        return value


def to_string(value: Any) -> Any:
    """Identifiers and texts: numbers become their digits."""
    if isinstance(value, str) or value is None or isinstance(value, (dict, list)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def to_decimal(value: Any) -> Any:
    """Amounts stay the exact decimal string the platform sent; purged (`""`) is null."""
    return to_string(value) if value != "" else None


def to_integer(value: Any) -> Any:
    """Digits in a string, and decimals without a fraction, become an integer."""
    if isinstance(value, str):
        digits = value.removeprefix("-")
        return int(value) if digits.isdecimal() else (value or None)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def to_number(value: Any) -> Any:
    """A decimal in a string becomes a number."""
    if isinstance(value, str):
        try:
            return Decimal(value)
        except ArithmeticError:
            return value or None
    return value


def to_boolean(value: Any) -> Any:
    """`"true"` and `"false"` in any case, and 0 and 1, become booleans."""
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False, "": None}.get(value.lower(), value)
    if value in (0, 1):
        return bool(value)
    return value


BY_FORMAT: dict[str, Convert] = {"date-time": to_time, "x-singer.decimal": to_decimal}
BY_TYPE: dict[str, Convert] = {
    "string": to_string,
    "integer": to_integer,
    "number": to_number,
    "boolean": to_boolean,
}


UNCHANGED: Mapping[Convert, frozenset[type]] = {
    to_string: frozenset({str, type(None)}),
    to_integer: frozenset({int, bool, type(None)}),
    to_number: frozenset({int, float, Decimal, bool, type(None)}),
    to_boolean: frozenset({bool, type(None)}),
    to_time: frozenset({type(None)}),
    to_decimal: frozenset({type(None)}),
}
"""What a conversion leaves as it is, so that nothing need be called for it: nine values in ten."""
KINDS = (str, int, bool, float, Decimal, dict, list, type(None))


def plan(schema: Mapping[str, Any]) -> Convert:
    """What to do with a value of this schema, as one function. Objects and lists are converted in place."""
    kind = next(t for t in schema["type"] if t != "null") if isinstance(schema["type"], list) else schema["type"]
    if kind == "object":
        return _plan_object({name: plan(child) for name, child in schema.get("properties", {}).items()})
    if kind == "array":
        return _plan_list(plan(schema["items"]))
    return BY_FORMAT.get(schema.get("format", ""), BY_TYPE[kind])


def _plan_object(fields: dict[str, Convert]) -> Convert:
    # Kind of value -> field -> conversion, with only those that may change something.
    tables: dict[type, dict[str, Convert]] = {
        kind: {name: field for name, field in fields.items() if kind not in UNCHANGED.get(field, ())} for kind in KINDS
    }
    empty = tables[str]  # of texts, an amount changes only if it is empty
    texts = {name: field for name, field in empty.items() if field is not to_decimal}
    nothing: dict[str, Convert] = {}

    def convert(value: Any) -> Any:
        if value.__class__ is not dict:
            return None if value == "" else value
        for name, inner in value.items():
            kind = inner.__class__
            table = (texts if inner else empty) if kind is str else tables.get(kind, nothing)
            if name in table:
                value[name] = table[name](inner)
        return value

    return convert


def _plan_list(item: Convert) -> Convert:
    unchanged = UNCHANGED.get(item, frozenset())

    def convert(value: Any) -> Any:
        if isinstance(value, list):
            return [inner if inner.__class__ in unchanged else item(inner) for inner in value]
        return None if value == "" else value

    return convert


class RecordPlan:
    """Turns one stream's rows into records that carry every documented field, null where the platform sent none."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._empty: dict[str, Any] = dict.fromkeys(schema["properties"])
        self._convert = plan(schema)

    def record(self, row: dict[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
        """The record of a platform row; `added` (e.g. the shop) wins over fields of the same name."""
        record: dict[str, Any] = self._convert({**self._empty, **row, **added})
        return record
