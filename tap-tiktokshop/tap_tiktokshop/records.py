"""Platform JSON to Singer record: a plan made once from a stream's schema, applied to every row.

The live platform is freer than its documentation: it sends integers where a string is documented (and the other
way round), `""` for values it has purged, and fields that nobody names. A plan mends what has one meaning, and passes
on as it is what has none: an undocumented field or type is never fatal and never dropped.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Convert = Callable[[Any], Any]

MILLISECONDS_FROM = 253_402_300_800
"""The year 10000 in unix seconds, and 1978 in milliseconds: whatever is not smaller counts milliseconds."""
EPOCH = datetime.fromtimestamp(0, timezone.utc)
MOMENT = Annotated[datetime, msgspec.Meta(tz=True)]
"""Numbers and digits are unix seconds; a text without a zone is no moment."""

REST = [f"{second // 60:02}:{second % 60:02}Z" for second in range(3600)]


@lru_cache(maxsize=4096)
def _hour(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3600, timezone.utc).isoformat()[:14]


def utc(seconds: float) -> str:
    """Unix seconds as an RFC 3339 `date-time` in UTC, e.g. `2026-07-01T00:00:00Z`."""
    return str(msgspec.to_builtins(datetime.fromtimestamp(seconds, timezone.utc)))


def lax(value: Any, kind: Any) -> Any:
    """What msgspec makes of a number or a text where a kind of value is wanted: digits, "true", "null" and so on.

    Raises:
        ValueError: It can make nothing of it.
    """
    return msgspec.convert(value, kind | None, strict=False)


def to_time(value: Any) -> Any:
    """Unix seconds (or milliseconds), as a number or digits, or RFC 3339, to `date-time`; 0 and `""` mean "not yet"."""
    if value.__class__ is int and 0 < value < MILLISECONDS_FROM:  # put together from parts: an order has a dozen times
        return _hour(value // 3600) + REST[value % 3600]
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        return value
    try:
        moment = lax(_seconds(value), MOMENT)
    except (ArithmeticError, ValueError):  # no such moment: the value is passed on
        return None if value == "" else value
    return None if moment is None or moment <= EPOCH else msgspec.to_builtins(moment)


def _seconds(value: int | Decimal | str) -> float | str:
    if isinstance(value, str) and not value.isdecimal():
        return value
    number = float(value)
    return number / 1000 if number >= MILLISECONDS_FROM else number


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
        try:
            return lax(value, int)
        except ValueError:
            return int(value) if value.isdecimal() else (value or None)
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
        try:
            return lax(value, bool)
        except ValueError:
            return value or None
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
USUAL: Mapping[Convert, frozenset[type]] = {
    to_string: frozenset({str, int, float, Decimal, bool}),
    to_decimal: frozenset({str, int, float, Decimal}),
    to_integer: frozenset({int}),
    to_number: frozenset({int, float, Decimal}),
    to_boolean: frozenset({bool}),
    to_time: frozenset({int}),
}
"""The kinds of values that a conversion always makes something of; of others it has to be seen."""
NO_STRUCTURE = (dict, list)
NOTHING = ("", "null")
WANTED: Mapping[Convert, tuple[type, ...]] = {
    to_integer: (int,),
    to_number: (int, float, Decimal),
    to_boolean: (bool,),
}


def _fits(convert: Convert, value: Any, result: Any) -> bool:
    """Whether a conversion made of a value what is documented, or nothing of nothing."""
    if result is None or isinstance(value, NO_STRUCTURE):
        return result is None
    if convert is to_time:
        return result is not value
    return isinstance(result, WANTED.get(convert, (str,)))


class Oddities(Counter[str]):
    """How many values came whose type nobody documented: dotted path of the field -> number; `[]` are items."""

    def watched(self, convert: Convert, path: str) -> Convert:
        """A conversion that counts values it could not make anything documented of."""

        def watch(value: Any) -> Any:
            result = convert(value)
            if not _fits(convert, value, result):
                self[path] += 1
            return result

        return watch

    def instead(self, value: Any, path: str) -> Any:
        """A value that is no object or list where one is documented, as it is; nothing if it is nothing."""
        if value is None or (isinstance(value, str) and value.lower() in NOTHING):
            return None
        self[path] += 1
        return value


def kind_of(schema: Mapping[str, Any]) -> str:
    """The JSON type of a schema beside null."""
    kinds = schema["type"]
    return next(kind for kind in kinds if kind != "null") if isinstance(kinds, list) else str(kinds)


def plan(schema: Mapping[str, Any], oddities: Oddities, path: str = "") -> Convert:
    """What to do with a value of this schema, as one function. Objects and lists are converted in place."""
    kind = kind_of(schema)
    if kind == "object":
        prefix = f"{path}." if path else ""
        fields = {
            name: plan(child, oddities, f"{prefix}{name}") for name, child in schema.get("properties", {}).items()
        }
        return _plan_object(fields, oddities, path)
    if kind == "array":
        return _plan_list(plan(schema["items"], oddities, f"{path}[]"), oddities, path)
    return BY_FORMAT.get(schema.get("format", ""), BY_TYPE[kind])


def _for_kind(convert: Convert, kind: type, oddities: Oddities, path: str) -> Convert:
    """A conversion for values of one kind: watched where the kind is not the documented one."""
    return convert if convert not in USUAL or kind in USUAL[convert] else oddities.watched(convert, path)


def _plan_object(fields: dict[str, Convert], oddities: Oddities, path: str) -> Convert:
    prefix = f"{path}." if path else ""
    # Kind of value -> field -> conversion, with only those that may change something.
    tables: dict[type, dict[str, Convert]] = {
        kind: {
            name: _for_kind(field, kind, oddities, f"{prefix}{name}")
            for name, field in fields.items()
            if kind not in UNCHANGED.get(field, ())
        }
        for kind in KINDS
    }
    empty = tables[str]  # of texts, an amount changes only if it is empty
    texts = {name: field for name, field in empty.items() if field is not to_decimal}
    nothing: dict[str, Convert] = {}

    def convert(value: Any) -> Any:
        if value.__class__ is not dict:
            return oddities.instead(value, path)
        for name, inner in value.items():
            kind = inner.__class__
            table = (texts if inner else empty) if kind is str else tables.get(kind, nothing)
            if name in table:
                value[name] = table[name](inner)
        return value

    return convert


def plan_each(item: Convert, oddities: Oddities, path: str) -> Convert:
    """A conversion of one value of whatever kind, as it is made of a field of an object."""
    unchanged = UNCHANGED.get(item, frozenset())
    by_kind = {kind: _for_kind(item, kind, oddities, path) for kind in KINDS}

    def convert(value: Any) -> Any:
        return value if value.__class__ in unchanged else by_kind.get(value.__class__, item)(value)

    return convert


def _plan_list(item: Convert, oddities: Oddities, path: str) -> Convert:
    each = plan_each(item, oddities, f"{path}[]")

    def convert(value: Any) -> Any:
        return list(map(each, value)) if isinstance(value, list) else oddities.instead(value, path)

    return convert


class RecordPlan:
    """Turns one stream's rows into records that carry every documented field, null where the platform sent none.

    `oddities` counts the values that are not of their documented type; they are passed on all the same.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.oddities = Oddities()
        self._empty: dict[str, Any] = dict.fromkeys(schema["properties"])
        self._convert = plan(schema, self.oddities)

    def record(self, row: dict[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
        """The record of a platform row; `added` (e.g. the shop) wins over fields of the same name."""
        record: dict[str, Any] = self._convert({**self._empty, **row, **added})
        return record
