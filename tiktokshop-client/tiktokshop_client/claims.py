"""Claims: what one process at a time may do, of all that share the place where tokens are kept.

A claim lasts for some seconds and is renewed as long as its process lives, so that one which is killed holds up the
others for that long and no longer: by then what it sent last has been answered, or never will be.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from tiktokshop_client.errors import TikTokShopError

if TYPE_CHECKING:
    from tiktokshop_client.places import BudgetPlace

SHORTEST = 5.0
"""Seconds that a claim lasts at least."""
REMEMBERED = 3_000.0
"""Seconds for which a claim is known after its end; the places keep what nobody changes for longer."""
BEATS = 3
"""How often a claim is renewed while it lasts."""
DRIFT = 5.0
"""Seconds by which processes may be of different minds about the place's clock."""
DRAWERS = 64
"""Over so many documents the claims are spread, so that processes seldom wait for one another's."""

Entry = tuple[str, str, float, float]
"""Whose it is or was, by which claim ("" once given back), until when, and for how many seconds at a time."""
NOBODY: Entry = ("", "", 0.0, 0.0)
LOST = ""
"""The key under which a document says until when it cannot tell who had what."""


@dataclass(frozen=True)
class HeldClaim:
    """A claim that this process has.

    Attributes:
        key: What is claimed.
        fresh: Whether nobody else has had it since the moment that `Claims.take` was given.
    """

    key: str
    fresh: bool
    token: str = field(repr=False, default="")


class Claims:
    """The claims of one process; any thread may take them.

    Args:
        place: Where processes see one another's claims.
        seconds: How long a claim lasts without being renewed: longer than an answer of the platform may take.
        alive: Whether claims are renewed by a thread of this process; tests do that themselves.
    """

    def __init__(self, place: BudgetPlace, seconds: float, *, alive: bool = True) -> None:
        self._place = place
        self._seconds = max(SHORTEST, seconds)
        self._owner = secrets.token_hex(8)
        self._alive = alive
        self._held: dict[str, HeldClaim] = {}
        self._lock = Lock()
        self._closing = Event()
        self._thread: Thread | None = None

    @property
    def seconds(self) -> float:
        """How long a claim lasts whose process is gone."""
        return self._seconds

    def now(self) -> float:
        """A moment for `take`, by the place's clock.

        Raises:
            TransientError: As `take`.
            ConfigurationError: As `take`.
        """
        return self._place.exchange("claims:clock", lambda _, now: (b"-", now))

    def take(self, key: str, since: float) -> HeldClaim | None:
        """Claims something; None while another process, or another thread of this one, has it.

        Args:
            key: What is claimed, as short as can be.
            since: When what is known of it was read, see `now`; also what ended right then counts as later.

        Raises:
            TransientError: The place cannot be reached, or does not answer in time.
            ConfigurationError: It does not let us.
        """
        token = secrets.token_hex(8)

        def change(stored: bytes | None, now: float) -> tuple[bytes, tuple[bool, bool]]:
            entries = _entries(stored, now)
            owner, holder, end, _ = entries.get(key, NOBODY)
            again = holder == token  # a try whose answer was lost had it; what was before is not known any more
            if holder and end > now and not again:
                return _document(entries), (False, False)
            known = since > now - REMEMBERED and since > entries.get(LOST, NOBODY)[2] and not again
            fresh = known and (not owner or owner == self._owner or end < since)
            entries[key] = (self._owner, token, now + self._seconds, self._seconds)
            return _document(entries), (True, fresh)

        taken, fresh = self._place.exchange(_drawer(key), change)
        if not taken:
            return None
        claim = HeldClaim(key, fresh, token)
        with self._lock:
            self._held[key] = claim
            if self._thread is None and self._alive:
                self._thread = Thread(target=self._renew_all, name="claims", daemon=True)
                self._thread.start()
        return claim

    def lasts(self, claim: HeldClaim) -> bool:
        """Whether nobody else has claimed it since; if so, it lasts from now on. Asked right before the deed.

        A process that stands still for longer than its claims last loses them without noticing.

        Raises:
            TransientError: As `take`.
            ConfigurationError: As `take`.
        """
        return self._change(claim, lasts=True)

    def give_back(self, claim: HeldClaim) -> None:
        """Ends a claim; where the place cannot be reached, it ends by itself."""
        with self._lock:
            if self._held.get(claim.key) == claim:
                del self._held[claim.key]
        with contextlib.suppress(TikTokShopError):
            self._change(claim, lasts=False)

    def renew(self) -> None:
        """Lets every claim of this process last from now on."""
        with self._lock:
            held = list(self._held.values())
        for claim in held:
            with contextlib.suppress(TikTokShopError):
                self._change(claim, lasts=True)

    def close(self) -> None:
        """Gives everything back that is still claimed."""
        self._closing.set()
        with self._lock:
            held = list(self._held.values())
        for claim in held:
            self.give_back(claim)
        self._place.close()

    def _change(self, claim: HeldClaim, *, lasts: bool) -> bool:
        """Renews a claim, or ends it, if it is still this one that holds; whether it is."""

        def change(stored: bytes | None, now: float) -> tuple[bytes, bool]:
            entries = _entries(stored, now)
            owner, holder, _, seconds = entries.get(claim.key, NOBODY)
            if holder == claim.token and lasts:
                entries[claim.key] = (owner, holder, now + seconds, seconds)
            elif holder == claim.token:
                entries[claim.key] = (owner, "", now, seconds)
            return _document(entries), holder == claim.token

        return self._place.exchange(_drawer(claim.key), change)

    def _renew_all(self) -> None:
        while not self._closing.wait(self._seconds / BEATS):
            self.renew()


def _drawer(key: str) -> str:
    return f"claims:{int(hashlib.sha256(key.encode()).hexdigest(), 16) % DRAWERS}"


def _entries(stored: bytes | None, now: float) -> dict[str, Entry]:
    """What a document says by key.

    What ends later than its claim can is from before the place's clock began anew: whoever had it is gone. What is no
    such document says that nobody knows.
    """
    entries: dict[str, Entry] = {}
    try:
        found = json.loads(stored) if stored else {}
        for key, (owner, holder, end, seconds) in found.items():
            if end > now + seconds + DRIFT:
                entries[key] = (owner, "", now, seconds)
            elif end > now - REMEMBERED:
                entries[key] = (str(owner), str(holder), float(end), float(seconds))
    except (ValueError, TypeError, AttributeError):  # somebody has written into it
        return {LOST: ("", "", now, 0.0)}
    return entries


def _document(entries: dict[str, Entry]) -> bytes:
    return json.dumps(entries, separators=(",", ":")).encode()
