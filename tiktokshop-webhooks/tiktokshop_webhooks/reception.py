"""What becomes of a delivery: whose it is, where it is kept, and what is answered. Nothing of it is ever logged."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

from tiktokshop_webhooks.event_types import GRANT_TYPES
from tiktokshop_webhooks.inbox import Arrival, Event, InboxError, Stray, UselessInboxError, open_inbox
from tiktokshop_webhooks.intake import Intake
from tiktokshop_webhooks.metrics import Metrics
from tiktokshop_webhooks.notices import dead_sentence, grant_sentence
from tiktokshop_webhooks.upkeep import Upkeep
from tiktokshop_webhooks.verification import NO_APP, NO_SIGNATURE, Apps

if TYPE_CHECKING:
    from tiktokshop_webhooks.inbox import Kept
    from tiktokshop_webhooks.settings import HookSettings

log = logging.getLogger(__name__)

TAKEN, REFUSED, TRY_AGAIN = 200, 401, 503
LONGEST_BODY = 1_000_000
LONGEST_SIGNATURE = 200
QUIET_SECONDS = 60.0
"""The same thing is logged once in this time."""
FIGURES_SECONDS = 5.0
READY_SECONDS = 1.0
FAILED_SECONDS = 10.0
"""After a delivery that the inbox could not take, the receiver is not ready for so long: a check is small, and may go
well where a delivery finds no room."""
HINTS = {
    NO_SIGNATURE: "a proxy in front of it may take the header Authorization away",
    NO_APP: "put that app into the setting apps, or correct the address in Partner Center",
}
MENDED = "check app_key and app_secret, and put a secret that was changed into old_app_secret"


class Reception:
    """Takes deliveries for one inbox.

    Args:
        settings: The receiver's.

    Attributes:
        metrics: What was counted.
    """

    def __init__(self, settings: HookSettings) -> None:
        self.metrics = Metrics()
        self._settings = settings
        self._apps = Apps(settings.secrets)
        self._inbox = open_inbox(settings.webhook_inbox)
        self._beside = open_inbox(
            settings.webhook_inbox
        )  # so that nobody waits for a delivery, nor a delivery for them
        self._intake = Intake(self._inbox, settings.quarantine_bytes)
        self._upkeep = Upkeep(open_inbox(settings.webhook_inbox), settings, self.metrics)
        self._logged: dict[str, float] = {}
        self._full_until = self._failed_until = self._checked_at = self._figured_at = float("-inf")
        self._gauges: dict[str, int] = {}
        self._ready = False

    def need_inbox(self) -> None:
        """Looks whether there can be an inbox. Of one that is only away for a time, the upkeep says so.

        Raises:
            UselessInboxError: There cannot, as things are.
        """
        with contextlib.closing(open_inbox(self._settings.webhook_inbox)) as inbox:
            try:
                inbox.check()
            except UselessInboxError:
                raise
            except InboxError:
                return

    def start(self) -> None:
        """Begins with what is done beside receiving."""
        self._upkeep.start()

    def close(self) -> None:
        """Stores what waits, and closes the inbox."""
        self._intake.close()
        self._upkeep.close()
        self._inbox.close()
        self._beside.close()

    async def take(self, body: bytes, signature: str, addressed: str = "") -> int:
        """The HTTP status for a delivery; 200 only when it is safely kept.

        Args:
            body: Its bytes as they came.
            signature: Its header ``Authorization``, "" if it has none.
            addressed: The app key in its address, "" if there is none.
        """
        self._upkeep.start()
        now = round(time.time() * 1_000)
        owner, reason = self._apps.owner(body, signature, addressed)
        try:
            if owner:
                self._note(await self._intake.put(Arrival(body, owner, now)), body, owner, now)
                return TAKEN
            return await self._turn_away(Stray(body, _short(signature), _short(addressed), reason, now))
        except InboxError as error:
            self.metrics.count("inbox_failures_total")
            self._failed_until = time.monotonic() + FAILED_SECONDS
            self._say("inbox", logging.ERROR, f"{error}. Deliveries are answered {TRY_AGAIN}, so that they come again.")
            return TRY_AGAIN

    async def ready(self) -> bool:
        """Whether the inbox takes events; it is asked once a second at most."""
        now = time.monotonic()
        if now < self._failed_until:
            return False
        if now - self._checked_at >= READY_SECONDS:
            self._checked_at = now
            try:
                await self._intake.check()
                self._ready = True
            except InboxError as error:
                self._say("inbox", logging.ERROR, f"{error}.")
                self._ready = False
        return self._ready

    async def figures(self) -> str:
        """All metrics; those that the inbox must be asked for are left out while it is away."""
        now = time.monotonic()
        if now - self._figured_at >= FIGURES_SECONDS:
            self._figured_at = now
            try:
                self._gauges = await asyncio.to_thread(self._look)
            except InboxError:
                self._gauges = {}
        return self.metrics.text(self._gauges)

    def _look(self) -> dict[str, int]:
        found = self._beside.figures()
        return {
            "inbox_events": found["events"],
            "dead_events": found["dead"],
            "quarantine_deliveries": found["quarantine"]["deliveries"],
            "quarantine_bytes": found["quarantine"]["bytes"],
        }

    def _note(self, kept: Kept, body: bytes, app_key: str, now: int) -> None:
        if not kept.new:
            self.metrics.count("duplicates_total")
            return
        self.metrics.count("events_total", f'type="{kept.type or 0}"')
        event = Event(kept.position, kept.type, kept.shop_id, "", app_key, now, 1, body, kept.fault)
        if kept.fault:
            self._say("dead", logging.WARNING, dead_sentence([event]))
        elif kept.type in GRANT_TYPES:
            self.metrics.count("grant_warnings_total", f'type="{kept.type}"')
            log.warning("%s", grant_sentence(event))
        else:
            return
        self._upkeep.wake()

    async def _turn_away(self, stray: Stray) -> int:
        """Into the quarantine with it; nothing that lies there is pushed out."""
        refused = self._settings.refuse_bad_signatures or stray.reason == NO_APP
        full = time.monotonic() < self._full_until
        if not full and (await self._intake.put(stray)).full:
            self._full_until = time.monotonic() + FIGURES_SECONDS
            full = True
        if full:
            self._say(
                "full",
                logging.ERROR,
                f"The quarantine is full, so a delivery whose signature is wrong is answered {TRY_AGAIN}: see "
                "tiktokshop-webhooks quarantine list, then quarantine retry or clear.",
            )
            return TRY_AGAIN
        self.metrics.count("quarantined_total", f'reason="{stray.reason}"')
        self._say(
            stray.reason,
            logging.WARNING,
            f"A delivery went into the quarantine: {stray.reason}. If it comes from the platform, "
            f"{HINTS.get(stray.reason, MENDED)}; then run tiktokshop-webhooks quarantine retry.",
        )
        return REFUSED if refused else TAKEN

    def _say(self, kind: str, level: int, text: str) -> None:
        """Logs something, unless the same was logged just now."""
        now = time.monotonic()
        if now - self._logged.get(kind, float("-inf")) >= QUIET_SECONDS:
            self._logged[kind] = now
            log.log(level, "%s", text)


def _short(text: str) -> str:
    """A header or a part of an address, as it may be stored: as text of a database, and not at any length."""
    return text.encode("ascii", "replace").decode().replace("\0", "?")[:LONGEST_SIGNATURE]
