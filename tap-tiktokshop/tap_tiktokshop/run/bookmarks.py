"""Where a stream of one shop continues: the bookmark in its Singer state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_tiktokshop.times import DAY, seconds, unix, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_tiktokshop.reading.open_rows import OpenRows

OPEN_FROM = "open_from"
KNOWN = "known"


class UnreadableStateError(Exception):
    """The state the run was given holds something that no run has written."""


class Bookmark:
    """The end of the last finished window, and since when rows are still open.

    It lives in the state of one shop's partition: `replication_key_value` as the SDK has it; `open_from`, the time
    of the oldest row that had not come to its final status when it was read; and `known`, identities that the next run
    needs. The next run starts at the bookmark or at `open_from`, whichever is earlier, so that such a row is read again
    until it is final. Neither ever loses an open row to a killed run.
    """

    def __init__(self, state: dict[str, Any], time: str, open_rows: OpenRows | None = None) -> None:
        """`time`: the name of what the windows move along."""
        self._state = state
        self._time = time
        self.open_rows = open_rows
        self._open: int | None = None
        known = state.get("replication_key") == time
        self.end = self._read("replication_key_value") if known else None
        self._reread_until = self.end

    @property
    def value(self) -> str | None:
        """The bookmark as the state has it."""
        return None if self.end is None else utc(self.end)

    @property
    def known(self) -> frozenset[str]:
        """The identities that the last run left; anything else among them is ignored."""
        kept = self._state.get(KNOWN)
        known = kept if isinstance(kept, list) else ()
        texts = (each if isinstance(each, str) else str(each) for each in known if type(each) in {str, int})
        return frozenset(text for text in texts if text.strip())

    def remember(self, identities: Iterable[str]) -> None:
        """Leaves identities to the next run."""
        self._state[KNOWN] = sorted(identities)
        if not self._state[KNOWN]:
            del self._state[KNOWN]

    def since(self, configured: int, lookback: int) -> int:
        """Unix seconds from which on changes are new: `configured`, or later, `lookback` before the bookmark."""
        return configured if self.end is None else max(configured, self.end - lookback)

    def start(self, configured: int, lookback: int) -> int:
        """Unix seconds to read from: as `since`, or where rows are still open."""
        since = self.since(configured, lookback)
        open_from = self._read(OPEN_FROM) if self.end is not None else None
        return since if open_from is None else max(configured, min(since, open_from))

    def see(self, rows: Iterable[Mapping[str, Any]], now: int) -> None:
        """Notes which of these rows are still open (times as the platform sent them, seconds or milliseconds)."""
        if self.open_rows is None:
            return
        days = self.open_rows.days
        oldest = now - days * DAY if days is not None else 0
        for row in rows:
            moment = unix(row.get(self._time))
            if moment is not None and moment >= oldest and self.open_rows.is_open(row):
                self._open = moment if self._open is None else min(self._open, moment)

    def move(self, end: int) -> None:
        """Everything before `end` is read: the bookmark moves there, never back."""
        unseen = [end] if self._reread_until is not None and end < self._reread_until else []
        open_from = min([*unseen, *([] if self._open is None else [self._open])], default=None)
        self.end = end if self.end is None else max(self.end, end)
        self._state["replication_key"] = self._time
        self._state["replication_key_value"] = utc(self.end)
        if self.open_rows is None or open_from is None:
            self._state.pop(OPEN_FROM, None)
        else:
            self._state[OPEN_FROM] = utc(open_from)

    def _read(self, name: str) -> int | None:
        value = self._state.get(name)
        try:
            return seconds(str(value)) if value else None
        except ValueError:
            raise UnreadableStateError(
                f"The state's {name} is not a date: {value!r}. Correct the state, or remove it to read from start_date."
            ) from None
