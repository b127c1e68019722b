"""Amounts, shares and days, as a person reads them. An amount is never rounded."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import datetime as dt

MINUS: Final = "\N{MINUS SIGN}"
SPACE: Final = "\N{NO-BREAK SPACE}"
# The others are named by their code: a dollar sign alone would not say which dollar.
SIGNS: Final = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}
# Places after the point that are always shown; an amount that has more shows all of its own.
PLACES: Final = {"CLP": 0, "IDR": 0, "JPY": 0, "KRW": 0, "VND": 0}


def exact(value: Decimal, places: int) -> str:
    """All digits of a number, with at least so many places, in groups of three; without its sign."""
    plain = value.normalize()
    own = max(0, -int(plain.as_tuple().exponent))
    return f"{abs(plain):,.{max(own, places)}f}"


def amount(value: Decimal, currency: str) -> str:
    """An amount with its currency: $1,234.50, or CAD 1,234.50."""
    sign = MINUS if value < 0 else ""
    unit = SIGNS.get(currency, f"{currency}{SPACE}")
    return f"{sign}{unit}{exact(value, PLACES.get(currency, 2))}"


def count(value: int) -> str:
    """A number of things."""
    return f"{MINUS if value < 0 else ''}{abs(value):,}"


def things(number: int, name: str) -> str:
    """So many of something: 1 order, 2 orders."""
    return f"{count(number)} {name}{'' if number == 1 else 's'}"


def percent(value: Decimal) -> str:
    """A share, with one place: 0.1234 is 12.3 %."""
    rounded = (100 * value).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):,.1f}{SPACE}%"


def tenths(value: Decimal) -> str:
    """A measured number, with one place."""
    rounded = value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):,.1f}"


def ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """A part of a whole; of nothing there is none."""
    return part / whole if whole else None


def day(value: dt.date) -> str:
    """A day: 1 Jun 2026."""
    return f"{value.day} {value:%b %Y}"


def month(value: dt.date) -> str:
    """A month by one of its days: June 2026."""
    return f"{value:%B %Y}"
