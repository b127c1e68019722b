"""Platform JSON to Singer record: a plan made once from a stream's schema, applied to every row.

The live platform is freer than its documentation: it sends integers where a string is documented (and the other
way round), `""` for values it has purged, and fields that nobody names. A plan mends what has one meaning; what has
none is null in its field, as loaders stop at what breaks the schema they were sent, and is kept as text beside it.
Undocumented fields, which the schema allows, are passed on as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timezone
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from singer_sdk.contrib.msgspec import encoder

from tap_tiktokshop.times import MILLISECONDS_FROM

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    Convert = Callable[[Any], Any]

EPOCH = datetime.fromtimestamp(0, timezone.utc)
MOMENT = Annotated[datetime, msgspec.Meta(tz=True)]
"""Numbers and digits are unix seconds; a text without a zone is no moment."""

REJECTED_FIELD = "_sdc_rejected"
"""The field of a record that has the original texts of what did not fit elsewhere, by its path."""
MOST_INTEGER = 1 << 63
LONGEST_INTEGER = 25
MOST_EXPONENT = 307
"""The range of integers and numbers that every warehouse can hold."""
DIGITS = 29
"""The most digits before the decimal point of an amount: as many as DECIMAL(38, 9) holds."""
NOT_PLAIN = re.compile(r"[eE \t\r\n]").search
"""What else JSON allows in numbers and around them."""
LONGEST_EXAMPLE = 60
DAY_LENGTH = len("2026-07-31")

_decode_amounts = msgspec.json.Decoder(list[Annotated[float, msgspec.Meta(gt=-(10.0**DIGITS), lt=10.0**DIGITS)]]).decode

REST = [f"{second // 60:02}:{second % 60:02}Z" for second in range(3600)]


@lru_cache(maxsize=4096)
def _hour(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3600, timezone.utc).isoformat()[:14]


def lax(value: Any, kind: Any) -> Any:
    """What msgspec makes of a number or a text where a kind of value is wanted: digits, "true", "null" and so on.

    Raises:
        ValueError: It can make nothing of it.
    """
    return msgspec.convert(value, kind | None, strict=False)


def to_time(value: Any) -> Any:
    """Unix seconds (or milliseconds), as a number or digits, or RFC 3339, to `date-time`; 0 and `""` mean "not yet"."""
    if value.__class__ is int and 0 < value < MILLISECONDS_FROM:  # built from parts: an order has a dozen times
        return _hour(value // 3600) + REST[value % 3600]
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        return nothing_in(value)
    try:
        moment = lax(_seconds(value), MOMENT)
    except (ArithmeticError, ValueError):
        return nothing_in(value)
    return None if moment is None or moment <= EPOCH else msgspec.to_builtins(moment)


def _seconds(value: int | Decimal | str) -> float | str:
    if isinstance(value, str) and not value.isdecimal():
        return value
    number = float(value)
    return number / 1000 if number >= MILLISECONDS_FROM else number


def to_date(value: Any) -> Any:
    """Days as `2026-07-31`; of an RFC 3339 time its day."""
    if not isinstance(value, str):
        return nothing_in(value)
    try:
        return str(msgspec.convert(value, date if len(value) == DAY_LENGTH else MOMENT))[:DAY_LENGTH]
    except ValueError:
        return nothing_in(value)


def to_string(value: Any) -> Any:
    """Identifiers and texts: numbers become their digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (dict, list)):
        return nothing_in(value)
    return str(value)


def to_decimal(value: Any) -> Any:
    """Amounts stay the exact decimal string the platform sent; what is written otherwise is written plainly."""
    text = to_string(value)
    return _plainly(text) if text.__class__ is str else text


@lru_cache(maxsize=4096)  # amounts repeat
def _plainly(text: str) -> Any:
    if are_plain((text,)):
        return text
    try:
        number = Decimal(text if text.isascii() and "_" not in text else "NaN")
    except ArithmeticError:
        return nothing_in(text.strip())
    if not (number.is_finite() and number.adjusted() < DIGITS and int(number.as_tuple().exponent) >= -MOST_EXPONENT):
        return REJECTED
    return format(number, "f")


def are_plain(texts: Collection[str]) -> bool:
    """Whether all texts are decimals in plain notation, which every loader takes: as JSON has them, no exponent."""
    together = ",".join(texts)
    try:
        numbers = _decode_amounts(f"[{together}]")
    except ValueError:
        return False
    return len(numbers) == len(texts) and not NOT_PLAIN(together)


def to_integer(value: Any) -> Any:
    """Digits in a string, and decimals without a fraction, become an integer of at most 64 bits."""
    if isinstance(value, str):
        try:
            value = lax(value, int)
        except ValueError:
            value = int(value) if value.isdecimal() and len(value) <= LONGEST_INTEGER else value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    return value if value.__class__ is int and -MOST_INTEGER <= value < MOST_INTEGER else nothing_in(value)


def to_number(value: Any) -> Any:
    """A decimal in a string becomes a number."""
    number = value
    if isinstance(value, str):
        try:
            number = Decimal(value)
        except ArithmeticError:
            return nothing_in(value)
    if isinstance(number, bool) or not isinstance(number, (int, Decimal)):
        return nothing_in(value)
    return number if Decimal(number).is_finite() and Decimal(number).adjusted() <= MOST_EXPONENT else REJECTED


def to_boolean(value: Any) -> Any:
    """`"true"` and `"false"` in any case, and 0 and 1, become booleans."""
    if isinstance(value, str):
        try:
            return lax(value, bool)
        except ValueError:
            return nothing_in(value)
    if isinstance(value, (bool, int, Decimal)) and value in (0, 1):
        return bool(value)
    return nothing_in(value)


REJECTED: Any = object()
"""What a conversion returns for a value that it cannot convert."""


def nothing_in(value: Any) -> Any:
    """None for what says nothing in any type (empty texts, lists and objects, "null"), else that it is rejected."""
    nothing = not value if isinstance(value, (dict, list, str)) else value is None
    return None if nothing or (isinstance(value, str) and value.lower() == "null") else REJECTED


BY_FORMAT: dict[str, Convert] = {"date-time": to_time, "date": to_date, "x-singer.decimal": to_decimal}
BY_TYPE: dict[str, Convert] = {
    "string": to_string,
    "integer": to_integer,
    "number": to_number,
    "boolean": to_boolean,
}
UNCHANGED: Mapping[Convert, frozenset[type]] = {
    to_string: frozenset({str, type(None)}),
    to_integer: frozenset({type(None)}),
    to_number: frozenset({type(None)}),
    to_boolean: frozenset({bool, type(None)}),
    to_time: frozenset({type(None)}),
    to_date: frozenset({type(None)}),
    to_decimal: frozenset({type(None)}),
}
"""What a conversion leaves as it is, so that nothing need be called for it: nine values in ten."""
KINDS = (str, int, bool, float, Decimal, dict, list, type(None))
NOTHING_KNOWN: Mapping[str, Any] = {"date-time": "1970-01-01T00:00:00Z", "date": "1970-01-01", "integer": 0}
"""What stands in a key, by its format or type, where the platform left that part out; elsewhere an empty string."""


def _shares(one: str, other: str) -> bool:
    """Whether one of two fields is, or holds, the other."""
    parts, others = one.replace("[]", "").split("."), other.replace("[]", "").split(".")
    return all(map(str.__eq__, parts, others))


class Oddities(Counter[str]):
    """How many values came that were not of their documented type: dotted path of the field -> number; `[]` are items.

    Attributes:
        examples: One of them for each path, cut short.
        hidden: Fields of records of which no value may be kept or shown, because their user has dropped them.
        private: Fields of which none may be shown, as paths of the same kind.
    """

    def __init__(self) -> None:
        super().__init__()
        self.examples: dict[str, str] = {}
        self.hidden: Collection[str] = frozenset({REJECTED_FIELD})
        self.private: Collection[str] = frozenset()
        self.pending: list[_Rejected] = []
        """What was rejected of the record that is being made."""

    def reject(self, value: Any, path: str) -> Any:
        """Counts a value that does not fit its field, keeps it beside the record, and returns what is there: None."""
        self[path] += 1
        field = path.partition(".")[0].removesuffix("[]")
        if field in self.hidden:
            return None
        text = value if isinstance(value, str) else encoder.encode(value).decode()
        self.pending.append(_Rejected(path, text))
        if path not in self.examples and not any(_shares(path, each) for each in self.private):
            self.examples[path] = text if len(text) <= LONGEST_EXAMPLE else f"{text[:LONGEST_EXAMPLE]}…"
        return None

    def each(self, convert: Convert, items: list[Any]) -> list[Any]:
        """The converted items of a list, of which those that are rejected are numbered."""
        made, pending = [], self.pending
        for index, item in enumerate(items):
            before = len(pending)
            made.append(convert(item))
            if len(pending) > before:
                self.number(before, index)
        return made

    def number(self, before: int, index: int) -> None:
        """Says that what was rejected since there were `before` lies in a list's item."""
        for rejected in self.pending[before:]:
            rejected.indexes.insert(0, index)

    def missing(self, name: str, nothing: Any) -> Any:
        """What stands in a required field that the platform left out: `nothing`, noted if it looks like something."""
        if nothing != "" and all(rejected.path != name for rejected in self.pending):
            self.reject(None, name)
        return nothing

    def taken(self) -> dict[str, str] | None:
        """What was rejected of the finished record, by its path, `lines[0].price`; None if nothing was."""
        if not self.pending:
            return None
        found = {rejected.place: rejected.text for rejected in self.pending}
        self.pending.clear()
        return found


class _Rejected:
    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text
        self.indexes: list[int] = []

    @property
    def place(self) -> str:
        head, *tails = self.path.split("[]")
        return head + "".join(f"[{index}]{tail}" for index, tail in zip(self.indexes, tails, strict=True))


def kind_of(schema: Mapping[str, Any]) -> str:
    """The JSON type of a schema apart from null."""
    kinds = schema["type"]
    return next(kind for kind in kinds if kind != "null") if isinstance(kinds, list) else str(kinds)


def plan(schema: Mapping[str, Any], oddities: Oddities, path: str = "") -> Convert:
    """What to do with a value of this schema, as one function that may say `REJECTED`. Objects change in place."""
    kind = kind_of(schema)
    if kind == "object":
        prefix = f"{path}." if path else ""
        fields = {
            name: plan(child, oddities, f"{prefix}{name}") for name, child in schema.get("properties", {}).items()
        }
        return _plan_object(fields, oddities, prefix)
    if kind == "array":
        return _plan_list(plan(schema["items"], oddities, f"{path}[]"), oddities, path)
    return BY_FORMAT.get(schema.get("format", ""), BY_TYPE[kind])


def _plan_object(fields: dict[str, Convert], oddities: Oddities, prefix: str) -> Convert:
    # Kind of value -> field -> conversion, with only those that may change something.
    tables: dict[type, dict[str, Convert]] = {
        kind: {name: field for name, field in fields.items() if kind not in UNCHANGED.get(field, ())} for kind in KINDS
    }
    nothing: dict[str, Convert] = {}

    def convert(value: Any) -> Any:
        if value.__class__ is not dict:
            return nothing_in(value)
        for name, inner in value.items():
            table = tables.get(inner.__class__, nothing)
            if name in table:
                made = table[name](inner)
                value[name] = oddities.reject(inner, prefix + name) if made is REJECTED else made
        return value

    return convert


def plan_each(item: Convert, oddities: Oddities, path: str) -> Convert:
    """A conversion of one value of whatever kind, which is null where it is rejected."""
    unchanged = UNCHANGED.get(item, frozenset())

    def convert(value: Any) -> Any:
        if value.__class__ in unchanged:
            return value
        made = item(value)
        return oddities.reject(value, path) if made is REJECTED else made

    return convert


def _plan_list(item: Convert, oddities: Oddities, path: str) -> Convert:
    each = plan_each(item, oddities, f"{path}[]")

    def convert(value: Any) -> Any:
        return oddities.each(each, value) if isinstance(value, list) else nothing_in(value)

    return convert


def as_sent(own: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A stream's schema with what a catalogue declares otherwise, where that says of everything what type it is."""
    usable = {name: part for name, part in given["properties"].items() if _says_types(part)}
    return {**own, "properties": {**own["properties"], **usable}}


def _says_types(schema: Any) -> bool:
    if not isinstance(schema, dict) or not schema.get("type"):
        return False
    kinds = {
        kind for kind in ([schema["type"]] if isinstance(schema["type"], str) else schema["type"]) if kind != "null"
    }
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    known = len(kinds) == 1 and kinds <= {*BY_TYPE, "object", "array"}
    return known and all(map(_says_types, inner)) and ("array" not in kinds or "items" in schema)


def required_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are never null, and what stands there where the platform sent nothing."""
    return {
        name: NOTHING_KNOWN.get(field.get("format", kind_of(field)), "")
        for name, field in schema["properties"].items()
        if "null" not in field["type"]
    }


class RecordPlan:
    """Turns one stream's rows into records that keep to its schema: every documented field, null where none was sent.

    What cannot be made to fit its field is null there, and its text is in the field `_sdc_rejected`; `oddities`
    counts it. Fields that nobody documented are passed on as they are.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.oddities = Oddities()
        self._empty: dict[str, Any] = dict.fromkeys(schema["properties"])
        self._required = required_of(schema)
        self._convert = plan(schema, self.oddities)

    def record(self, row: dict[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
        """The record of a platform row; `added` (e.g. the shop) wins over fields of the same name."""
        record: dict[str, Any] = self._convert({**self._empty, **row, **added})
        for name, nothing in self._required.items():
            if record[name] is None:
                record[name] = self.oddities.missing(name, nothing)
        rejected = self.oddities.taken()
        if REJECTED_FIELD in self._empty:
            record[REJECTED_FIELD] = rejected
        return record
