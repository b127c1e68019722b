"""Where a stream of one shop goes on: the bookmark in its Singer state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_tiktokshop.records import to_integer, utc

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

OPEN_FROM = "open_from"


def seconds(moment: str) -> int:
    """Unix seconds of a date or a date with time; UTC where no zone is given. Raises ValueError if it is neither."""
    import pendulum  # noqa: PLC0415 - a third of a second, which --about and --discover can do without

    parsed = pendulum.parse(moment.strip(), tz="UTC", strict=True, exact=True)
    if isinstance(parsed, pendulum.DateTime):
        return int(parsed.timestamp())
    if isinstance(parsed, pendulum.Date):
        return int(pendulum.datetime(parsed.year, parsed.month, parsed.day).timestamp())
    raise ValueError(f"{moment!r} is not a date")


class UnreadableStateError(Exception):
    """The state the run was given holds something that no run has written."""


@dataclass(frozen=True)
class OpenRows:
    """Rows that may still change after the window that holds them is read: those not in a final status."""

    field: str
    final: Collection[str]


class Bookmark:
    """The end of the last finished window, and since when rows are still open.

    It lives in the state of one shop's partition: `replication_key_value` as the SDK has it, and `open_from`, the time
    of the oldest row that had not come to its final status when it was read. The next run starts at whichever is
    earlier, so that such a row is read again until it is final. Neither ever loses an open row to a killed run.
    """

    def __init__(self, state: dict[str, Any], replication_key: str, open_rows: OpenRows | None = None) -> None:
        self._state = state
        self._key = replication_key
        self._open_rows = open_rows
        self._open: int | None = None
        known = state.get("replication_key") == replication_key
        self.end = self._read("replication_key_value") if known else None
        self._reread_until = self.end

    def start(self, configured: int, lookback: int) -> int:
        """Unix seconds to read from: `configured`, or later, `lookback` before the bookmark, or at open rows."""
        if self.end is None:
            return configured
        open_from = self._read(OPEN_FROM)
        resumed = self.end - lookback
        return max(configured, resumed if open_from is None else min(resumed, open_from))

    def see(self, rows: Iterable[dict[str, Any]]) -> None:
        """Notes which of these rows are still open (their times are unix seconds, as the platform sent them)."""
        if self._open_rows is None:
            return
        for row in rows:
            moment = to_integer(row.get(self._key))
            if row.get(self._open_rows.field) not in self._open_rows.final and isinstance(moment, int):
                self._open = moment if self._open is None else min(self._open, moment)

    def move(self, end: int) -> None:
        """Everything before `end` is read: the bookmark moves there, never back."""
        unseen = [end] if self._reread_until is not None and end < self._reread_until else []
        open_from = min([*unseen, *([] if self._open is None else [self._open])], default=None)
        self.end = end if self.end is None else max(self.end, end)
        self._state["replication_key"] = self._key
        self._state["replication_key_value"] = utc(self.end)
        if self._open_rows is None or open_from is None:
            self._state.pop(OPEN_FROM, None)
        else:
            self._state[OPEN_FROM] = utc(open_from)

    def _read(self, name: str) -> int | None:
        value = self._state.get(name)
        try:
            return seconds(str(value)) if value else None
        except ValueError:
            raise UnreadableStateError(
                f"The state's {name} is not a date: {value!r}. Mend the state, or remove it to read from start_date."
            ) from None
