"""How long to wait before the next try, and when to stop trying."""

from __future__ import annotations

import email.utils
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import backoff

from tiktokshop_client.errors import ClosedError, TikTokShopError, UnreachableError

if TYPE_CHECKING:
    from threading import Event

    from tiktokshop_client.clock import Clock

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0

TOTAL_DEADLINE = 300.0
"""Seconds after which a call is not tried again, whatever the platform answers."""

FOREVER = 1e18
"""Seconds for which longer pauses are taken: a number like any other, unlike infinity."""

UNREACHABLE_DEADLINE = 45.0
"""The same while no connection comes about: a wrong address should be reported within a minute."""


class Retries:
    """The tries of one call: 1 s doubling, full jitter, capped, and bounded in number and total time."""

    def __init__(self, tries: int, clock: Clock, closing: Event, deadline: float = TOTAL_DEADLINE) -> None:
        self._tries = tries
        self._deadline = deadline
        self._clock = clock
        self._closing = closing
        self._started = clock.monotonic()
        self._made = 1
        self._waits = backoff.expo(factor=FIRST_WAIT, max_value=LONGEST_WAIT)
        next(self._waits)  # the library's generators answer their first call with nothing

    def next_wait(self, error: TikTokShopError) -> float | None:
        """Seconds to wait before the next try, or None when there is none.

        The platform's Retry-After is waited out even if it is longer than our own pause; when that would go past
        the deadline there is no point in trying earlier, so the call ends.
        """
        if self._made >= self._tries:
            return None
        wait = max(error.retry_after or 0.0, backoff.full_jitter(next(self._waits)))
        deadline = min(self._deadline, UNREACHABLE_DEADLINE if isinstance(error, UnreachableError) else self._deadline)
        if self._clock.monotonic() - self._started + wait > deadline:
            return None
        return wait

    def wait(self, seconds: float) -> None:
        """Waits, and counts the next try.

        Raises:
            ClosedError: The client was closed meanwhile.
        """
        if self._clock.wait(seconds, self._closing):
            raise ClosedError("the client was closed while a request waited for its next try")
        self._made += 1

    @property
    def progress(self) -> str:
        """How far it has come, for the log: ``try 2 of 5``."""
        return f"try {self._made + 1} of {self._tries}"


def http_date(text: str | None) -> float | None:
    """The unix time of an HTTP date, None if it is not one."""
    if not text:
        return None
    try:
        moment: datetime = email.utils.parsedate_to_datetime(text)
        return moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):  # what the library makes of odd years and zones
        return None


def retry_after(text: str | None, now: float) -> float | None:
    """The seconds that a Retry-After header asks for, None if there is none or it makes no sense.

    Args:
        text: The header: seconds, or an HTTP date.
        now: The time the answer came, by the same clock as the date (its ``Date`` header, or ours).
    """
    if not text:
        return None
    if text.strip().isdecimal():
        return min(float(text), FOREVER)
    moment = http_date(text)
    return None if moment is None else max(0.0, moment - now)
