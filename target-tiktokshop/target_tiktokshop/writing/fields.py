"""The contract of each stream's fields: how a value is read, and what makes a record unusable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tiktokshop_client.configuration import PLAIN_NUMBER

from target_tiktokshop.writing import slips

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

# Currency -> decimals that its prices may have.
CURRENCIES: Mapping[str, int] = {
    **dict.fromkeys(("BRL", "CZK", "EUR", "GBP", "HUF", "MXN", "MYR", "PHP", "PLN", "SGD", "THB", "USD"), 2),
    **dict.fromkeys(("IDR", "JPY", "VND"), 0),
}
LONGEST_TEXT = 255
MOST_DIGITS = 18
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ROUNDED = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")


class FieldError(ValueError):
    """A value that cannot be used; the text completes "<field> "."""


@dataclass(frozen=True)
class Field:
    """One field of a stream's records.

    Attributes:
        name: Its name.
        read: Turns a value that is not None into ours, or raises `FieldError`.
        type: Its JSON type, for the schema that goes with records that are fed again.
        needed: Whether a record without it is rejected.
        other_name: A second name it may come under.
    """

    name: str
    read: Callable[[Any], Any]
    type: str = "string"
    needed: bool = False
    other_name: str = ""


def identifier(value: Any) -> str:
    """An id of the platform's: digits, usually, never blanks, so those around it go. Whole numbers are accepted."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and _ID.fullmatch(value.strip()):
        return value.strip()
    if isinstance(value, float) or (isinstance(value, str) and _ROUNDED.fullmatch(value.strip())):
        raise FieldError("must be an id, and a spreadsheet has rounded this one: let it read the column as text")
    raise FieldError("must be an id")


def as_it_is(value: Any) -> Any:
    """A value that is looked at later, with all others of its record, so that one outcome names every fault."""
    return value


def own_key(value: Any) -> str:
    """A key of the user's own: text, or a whole number."""
    found = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not found:
        raise FieldError("must be text")
    return found


def identifiers(value: Any) -> tuple[str, ...]:
    """Some ids, each once; a text with commas is accepted, too."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list) or not value:
        raise FieldError("must be a list of ids")
    return tuple(dict.fromkeys(map(identifier, value)))


def number(value: Any) -> str:
    """The number of a parcel, which no carrier begins or ends with blanks."""
    return text(value).strip()


def text(value: Any) -> str:
    """A text that says something, as it is: others may tell names apart by a blank. Whole numbers are accepted."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise FieldError("must be text")
    if len(value) > LONGEST_TEXT:
        raise FieldError(f"may have {LONGEST_TEXT} characters")
    return value


def boolean(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise FieldError("must be true or false")
    return value


def quantity(value: Any) -> int:
    """A whole number of units, from 0."""
    found = _decimal(value)
    if found != found.to_integral_value():
        raise FieldError("must be a whole number")
    if found < 0:
        raise FieldError("must not be negative")
    return int(found)


def amount(value: Any) -> Decimal:
    """An amount of money above 0."""
    found = _decimal(value)
    if found <= 0:
        raise FieldError("must be above 0")
    return found


def currency(value: Any) -> str:
    """A currency that the platform trades in."""
    code = value.strip().upper() if isinstance(value, str) else ""
    if code not in CURRENCIES:
        raise FieldError(f"must be one of {', '.join(CURRENCIES)}")
    return code


def one_of(*words: str, upper: bool = False) -> Callable[[Any], str]:
    """One of some words, in any case."""

    def read(value: Any) -> str:
        word = value.strip() if isinstance(value, str) else ""
        word = word.upper() if upper else word.lower()
        if word not in words:
            raise FieldError(f"must be one of {', '.join(words)}")
        return word

    return read


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise FieldError("must be a decimal number")
    if isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value):
        raise FieldError("must be a decimal number")
    found = Decimal(value) if isinstance(value, str) else Decimal(str(value))
    if not found.is_finite() or abs(found.adjusted()) > MOST_DIGITS:
        raise FieldError("must be a decimal number")
    return found


def money(value: Decimal, code: str) -> str:
    """An amount as the platform writes it in a currency.

    Raises:
        FieldError: It has more decimals than the currency.
    """
    exact = Decimal(1).scaleb(-CURRENCIES[code])
    if value != value.quantize(exact):
        raise FieldError(f"has more decimals than {code} has")
    return str(value.quantize(exact))


SHOP_ID = Field("shop_id", identifier)


@dataclass(frozen=True)
class Contract:
    """What records of a stream look like.

    Attributes:
        fields: The fields it knows; others are ignored.
        either: Groups of fields of which a record needs at least one.
        check: A last look at the values together; it may raise `FieldError` with a whole sentence.
    """

    fields: tuple[Field, ...]
    either: tuple[tuple[str, ...], ...] = ()
    check: Callable[[dict[str, Any]], None] | None = None

    @property
    def names(self) -> frozenset[str]:
        """All names a field may come under."""
        return frozenset(name for field in self.fields for name in (field.name, field.other_name) if name)

    def meant(self, name: str) -> str:
        """The field that a name is meant for which is none, "" if it is not like any."""
        return "" if name in self.names else slips.meant(name, self.names)

    def slips(self, names: Iterable[str], beside: Collection[str] = ()) -> dict[str, str]:
        """Names that are no fields, with the field that each is nearly, unless that stands among them or `beside`."""
        near = {name: self.meant(name) for name in names}
        there = {*near, *beside}
        missing = {
            name
            for field in self.fields
            if there.isdisjoint({field.name, field.other_name})
            for name in (field.name, field.other_name)
        }
        return {name: field for name, field in near.items() if field and field in missing}

    def read(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The known fields of a record, parsed; those that are missing or null are left out.

        Raises:
            FieldError: What is wrong with the record, as a sentence.
        """
        values: dict[str, Any] = {}
        for field in self.fields:
            value = record.get(field.name)
            if value is None and field.other_name:
                value = record.get(field.other_name)
            if value is None or value == "":
                if field.needed:
                    raise FieldError(f"{field.name} is missing")
                continue
            try:
                values[field.name] = field.read(value)
            except FieldError as error:
                raise FieldError(f"{field.name} {error}") from None
        for names in self.either:
            if values.keys().isdisjoint(names):
                raise FieldError(f"{' or '.join(names)} is needed")
        if self.check is not None:
            self.check(values)
        return values

    def tidied(self, record: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
        """What was read without the blanks around it, as sentences for the outcome."""
        given = {field.name: record.get(field.name, record.get(field.other_name)) for field in self.fields}
        return [
            f"{name} was read without the blanks around it"
            for name, value in values.items()
            if isinstance(value, str) and isinstance(given[name], str) and value == given[name].strip() != given[name]
        ]

    def schema(self) -> dict[str, Any]:
        """The JSON schema of the stream; permissive, because the target itself says what is wrong with a record."""
        kinds = {field.name: [*dict.fromkeys((field.type, "string", "null"))] for field in self.fields}
        properties = {name: {"type": kind} for name, kind in kinds.items()}
        return {"type": "object", "properties": properties, "additionalProperties": True}
