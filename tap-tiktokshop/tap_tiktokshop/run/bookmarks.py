"""Where a stream of one shop continues: the bookmark in its Singer state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client.endings import Ending

from tap_tiktokshop.times import DAY, seconds, unix, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_tiktokshop.reading.open_rows import OpenRows

OPEN_FROM = "open_from"
KNOWN = "known"
MARKS = "marks"


class UnreadableStateError(Exception):
    """The state the run was given holds something that no run has written."""

    ending = Ending.PERSON


class Bookmark:
    """The end of the last finished window, and since when rows are still open.

    It lives in the state of one shop's partition: `replication_key_value` as the SDK has it; `open_from`, the time
    of the oldest row that had not come to its final status when it was read; `known`, identities that the next run
    needs; and `marks`, which versions have been passed on of rows that are looked at again when they are final. The
    next run starts at the bookmark or at `open_from`, whichever is earlier, so that a row is read again until it is
    final; or as many days before the bookmark as final rows are looked at again. Neither ever loses an open row to a
    killed run.
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
        self._marks = self._kept() if self.end is not None else {}

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
        if self.end is None:
            return since
        open_from = self._read(OPEN_FROM)
        again = self.end - (self.open_rows.again if self.open_rows else 0) * DAY
        return max(configured, min(since, again, since if open_from is None else open_from))

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

    def passes(self, identity: str, row: Mapping[str, Any]) -> bool:
        """Whether a row is open, or another version than the last that was passed on; from now on, it is that one."""
        moment = unix(row.get(self._time))
        if self.open_rows is None or not self.open_rows.again or moment is None:
            return True
        mark = self.open_rows.mark(row)
        before = self._marks.get(identity, (0, ""))[1]
        self._marks[identity] = (moment // DAY, mark)
        return mark != before or self.open_rows.is_open(row)

    def is_new(self, row: Mapping[str, Any], since: int) -> bool:
        """Whether a row is of the time that is read for the first time, or again because of the lookback."""
        moment = unix(row.get(self._time))
        return moment is None or moment >= since

    @property
    def marks(self) -> Mapping[str, str]:
        """The rows that have been passed on: identity -> which version."""
        return {identity: mark for identity, (_, mark) in self._marks.items()}

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
        self._keep()

    def _keep(self) -> None:
        """Leaves the versions of rows to the next run, as far back as it will look at them."""
        if self.open_rows is None or not self.open_rows.again or self.end is None:
            return
        first = self.end // DAY - self.open_rows.again
        self._marks = {identity: (day, mark) for identity, (day, mark) in self._marks.items() if day >= first}
        self._state[MARKS] = {identity: f"{day} {mark}" for identity, (day, mark) in sorted(self._marks.items())}
        if not self._marks:
            del self._state[MARKS]

    def _kept(self) -> dict[str, tuple[int, str]]:
        """The versions that the last run left; what is none is ignored, and the row passed on once more."""
        kept = self._state.get(MARKS)
        found = {}
        for identity, text in kept.items() if isinstance(kept, dict) else ():
            day, _, mark = str(text).partition(" ")
            if day.isdecimal() and mark:
                found[identity] = (int(day), mark)
        return found

    def _read(self, name: str) -> int | None:
        value = self._state.get(name)
        try:
            return seconds(str(value)) if value else None
        except ValueError:
            raise UnreadableStateError(
                f"The state's {name} is not a date: {value!r}. Correct the state, or remove it to read from start_date."
            ) from None
