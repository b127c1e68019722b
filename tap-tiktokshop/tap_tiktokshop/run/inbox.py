"""The inbox of webhooks as a run reads it: from its own position, which is in its state, and always the same inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client.console import sentence
from tiktokshop_client.errors import ConfigurationError, TransientError

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence

    from tiktokshop_webhooks.inbox import Event, Inbox

IDENTITY, POSITION, HEARD = "inbox", "position", "heard"
"""In the state: which inbox, up to where it is read, and until when (unix seconds) all that had come was read."""


class DeafError(Exception):
    """The inbox cannot be read or written at this time; the sentence says why."""


def opened(address: str) -> Inbox:
    """The inbox at the address that the setting `webhook_inbox` has; nothing is opened before it is used.

    Raises:
        ConfigurationError: The address cannot be read, or what reads it is not installed.
    """
    try:
        from tiktokshop_webhooks.inbox import open_inbox  # noqa: PLC0415 - an extra, which most do without
    except ImportError:
        raise ConfigurationError(
            "the setting webhook_inbox needs the extra webhooks of tap-tiktokshop, which is not installed: in a clone, "
            "pip install './tap-tiktokshop[webhooks]'"
        ) from None
    return open_inbox(address, create=False)


class InboxReader:
    """Reads the events of an inbox once, in their order.

    Attributes:
        cursor: The position of the last event that was read.
        first_time: Whether no run has read it before, as far as the state says.
        heard: Until when all events were read that had come, unix seconds; 0 if that is not known.
        begun: How often it was begun anew, as positions have changed their meaning.
    """

    def __init__(self, inbox: Inbox, place: dict[str, Any], logger: logging.Logger) -> None:
        """`place` is where the position is in the state, changed in place by `keep`."""
        self._inbox, self._place, self._logger = inbox, place, logger
        position, identity, heard = (place.get(name) for name in (POSITION, IDENTITY, HEARD))
        known = type(position) is int and position >= 0 and isinstance(identity, str)
        self.cursor = int(position or 0) if known else 0
        self.first_time = not known
        self.heard = heard if known and type(heard) is int else 0
        self._identity = str(identity) if known else ""
        self._checked = self._found = False
        self.begun = 0

    @property
    def name(self) -> str:
        """What a human knows the inbox by."""
        return self._inbox.name

    def next(self, limit: int) -> Sequence[Event]:
        """The next events, [] if there are no more at this time. The cursor moves behind them.

        Raises:
            DeafError: The inbox cannot be read at this time.
            ConfigurationError: It cannot be read, and never was.
        """
        try:
            events = self._next(limit)
        except (TransientError, ConfigurationError) as error:
            if isinstance(error, ConfigurationError) and not self._found:
                raise
            raise DeafError(sentence(error)) from None  # who moves an inbox away may put another one in its place
        self._found = True
        return events

    def _next(self, limit: int) -> Sequence[Event]:
        events: Sequence[Event] = self._inbox.after(self.cursor, limit)
        identity = str(self._inbox.identity() or "")  # after the events: they are of this inbox, or it is another now
        if self._identity and identity != self._identity:  # it has none before its first delivery
            self._identity = ""
            events = self._anew("is another one than the state is of", limit)
        elif not events and self.cursor and self._inbox.last() < self.cursor:
            events = self._anew("was set back to what it was earlier", limit)
        self._identity = identity or self._identity
        if not self._checked or (events and events[0].position > self.cursor + 1):
            self._check_forgotten()
        if events:
            self.cursor = events[-1].position
        return events

    def keep(self, position: int, heard: int | None) -> bool:
        """Notes in the state that everything up to a position is done; whether that is news.

        Args:
            position: The highest position of which nothing is left to do.
            heard: The platform's time, if that is all that had come until now.
        """
        before = (self._place.get(IDENTITY), self._place.get(POSITION))
        self._place[IDENTITY], self._place[POSITION] = self._identity, position
        if heard is not None:
            self._place[HEARD] = self.heard = max(self.heard, heard)
        return before != (self._identity, position)

    def bury(self, position: int, reason: str) -> bool:
        """Notes in the inbox that the platform refuses what an event is about; whether that was news.

        Raises:
            DeafError: It cannot be written at this time.
        """
        try:
            return self._inbox.bury(position, reason)
        except (TransientError, ConfigurationError) as error:
            raise DeafError(sentence(error)) from None

    def close(self) -> None:
        """Lets go of the inbox."""
        self._inbox.close()

    def _anew(self, why: str, limit: int) -> Sequence[Event]:
        """The first events, as positions are of other events than they were."""
        self._logger.warning(
            "The inbox %s %s, so it is read from its beginning; what came before and was not read yet, the windows "
            "find.",
            *(self.name, why),
        )
        self.cursor, self._checked = 0, False
        self.begun += 1
        return self._inbox.after(0, limit)

    def _check_forgotten(self) -> None:
        """Says it once if the retention has removed events that were not read."""
        self._checked = True
        forgotten = self._inbox.forgotten()
        if forgotten > self.cursor and not self.first_time:
            self._logger.warning(
                "Events %s to %s of the inbox %s were removed by its retention before they were read; what they were "
                "about, the windows find.",
                self.cursor + 1,
                forgotten,
                self.name,
            )
