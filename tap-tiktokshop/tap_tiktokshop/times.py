"""Moments as the platform, a state and a setting write them, all in unix seconds."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import msgspec

DAY = 86_400
MILLISECONDS_FROM = 253_402_300_800
"""The year 10000 in unix seconds, and 1978 in milliseconds: numbers from here on count milliseconds."""
LONGEST = 20
"""Digits of a time at most, as a text: Python makes no number of thousands of them."""


def utc(seconds: float) -> str:
    """Unix seconds as an RFC 3339 `date-time` in UTC, e.g. `2026-07-01T00:00:00Z`."""
    return str(msgspec.to_builtins(datetime.fromtimestamp(seconds, timezone.utc)))


def unix(value: Any) -> int | None:
    """A time as the platform sends it, a number or digits, in seconds or milliseconds, as whole unix seconds.

    None for 0, which means "not yet", for what is no number, and for what is beyond the year 9999.
    """
    if isinstance(value, Decimal) or (isinstance(value, str) and value.isdecimal() and len(value) <= LONGEST):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    moment = value // 1000 if value >= MILLISECONDS_FROM else value
    return moment if 0 < moment < MILLISECONDS_FROM else None


def seconds(moment: str) -> int:
    """Unix seconds of a date or a date with time; UTC where no zone is given. Raises ValueError if it is neither."""
    import pendulum  # noqa: PLC0415 - a third of a second, which --about and --discover can do without

    parsed = pendulum.parse(moment.strip(), tz="UTC", strict=True, exact=True)
    if isinstance(parsed, pendulum.DateTime):
        return int(parsed.timestamp())
    if isinstance(parsed, pendulum.Date):
        return int(pendulum.datetime(parsed.year, parsed.month, parsed.day).timestamp())
    raise ValueError(f"{moment!r} is not a date")
