"""What a receiver does beside receiving: telling people, and removing what is old."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from tiktokshop_client import TikTokShopError, notify

from tiktokshop_webhooks.notices import texts

if TYPE_CHECKING:
    from tiktokshop_webhooks.inbox import Inbox
    from tiktokshop_webhooks.metrics import Metrics
    from tiktokshop_webhooks.settings import HookSettings

log = logging.getLogger(__name__)

ROUND_SECONDS = 30.0
"""How often it looks for what another process has noted, or nobody could be told before."""
FORGET_SECONDS = 3_600.0
DEAD_SECONDS = 600.0
"""People are told of dead events at most once in this time."""


class Upkeep:
    """A thread beside the receiver.

    Args:
        inbox: The inbox, over a connection of its own.
        settings: The receiver's.
        metrics: Where failures are counted.
    """

    def __init__(self, inbox: Inbox, settings: HookSettings, metrics: Metrics) -> None:
        self._inbox = inbox
        self._settings = settings
        self._metrics = metrics
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self._forgot_at = self._dead_at = float("-inf")
        self._failing = False

    def start(self) -> None:
        """Begins; a second call does nothing."""
        with self._guard:
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._work, name="tiktokshop-webhooks-upkeep", daemon=True)
                self._thread.start()

    def wake(self) -> None:
        """Says that there is something to tell."""
        self._wake.set()

    def close(self) -> None:
        """Ends the thread, when it has done what it is doing."""
        self._ended.set()
        self._wake.set()
        with self._guard:
            if self._thread is not None:
                self._thread.join(notify.ANSWER_SECONDS)
        self._inbox.close()

    def round(self) -> None:
        """Tells and removes what is due.

        Raises:
            InboxError: The inbox is away.
        """
        now = time.monotonic()
        if now - self._forgot_at >= FORGET_SECONDS:
            forgotten = self._inbox.forget(round(time.time() * 1_000) - self._settings.retention_ms)
            self._forgot_at = now
            if forgotten:
                log.info("Removed what is older than the setting retention_days: %s events and deliveries.", forgotten)
        for text, events in texts(self._inbox.notices()):
            dead = bool(events[0].dead)
            if dead and now - self._dead_at < DEAD_SECONDS:
                continue
            if self._told(text):
                self._inbox.told(events)
                self._dead_at = now if dead else self._dead_at

    def _told(self, text: str) -> bool:
        """Whether all that are to be told were. One who was is told again when another was not."""
        problems = notify.tell_all(self._settings.notify, text)
        for problem in problems:
            self._metrics.count("notices_failed_total")
            log.warning("%s; it is tried again.", problem)
        return not problems

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                self.round()
                self._failing = False
            except TikTokShopError as error:
                if not self._failing:  # the receiver itself says more, at each delivery
                    log.warning("%s", error)
                self._failing = True
            self._wake.wait(ROUND_SECONDS)
            self._wake.clear()
