"""A run that does not end: events as they come, and windows again from time to time."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from tiktokshop_client.console import sentence
from tiktokshop_client.errors import TransientError

from tap_tiktokshop.run.output import OutputError

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from tiktokshop_client.clock import Clock

    from tap_tiktokshop.run.listener import Listener
    from tap_tiktokshop.settings import FollowSettings

EVERY: Final = 0.2
"""Seconds between two looks into the inbox."""


class StoppedError(SystemExit):
    """Somebody has asked the process to end, and what it was at is to be left as it is."""


class Follower:
    """Follows the inbox until somebody stops it, or its time is over."""

    def __init__(
        self,
        settings: FollowSettings,
        listener: Listener,
        clock: Clock,
        hear: Callable[[], None],
        windows: Callable[[], None],
        logger: logging.Logger,
    ) -> None:
        """Begins to count the time now.

        Args:
            settings: How long it follows, and when it reads windows.
            listener: Who knows what there is to write.
            clock: Time.
            hear: Does what events there are say.
            windows: Reads all windows once more.
            logger: Where people are told.
        """
        self._settings, self._listener, self._clock = settings, listener, clock
        self._hear, self._windows, self._logger = hear, windows, logger
        self._began = self._windows_at = clock.monotonic()

    def go(self) -> None:
        """Follows. The state is written at the end, however that comes."""
        seconds = self._settings.seconds
        limit = "until it is stopped" if seconds is None else f"for {seconds:g} seconds"
        self._logger.info("Following the inbox %s %s.", self._listener.inbox.name, limit)
        try:
            while not self._over():
                self._hear()
                self._listener.write_state()
                if self._clock.monotonic() - self._windows_at >= self._settings.poll_seconds:
                    self._read_windows()
                self._clock.wait(EVERY, self._listener.stop)
        except StoppedError:
            pass
        finally:
            with suppress(OutputError):  # who reads has gone, or a message was cut: then nothing can follow
                self._listener.write_state(at_once=True)

    def _over(self) -> bool:
        seconds = self._settings.seconds
        late = seconds is not None and self._clock.monotonic() - self._began >= seconds
        return late or self._listener.stop.is_set()

    def _read_windows(self) -> None:
        """Reads windows; what does not pass within the client's tries is tried again the next time."""
        self._windows_at = self._clock.monotonic()
        try:
            self._windows()
        except TransientError as error:
            self._logger.error("The windows were not read to their end: %s", sentence(error))  # noqa: TRY400
