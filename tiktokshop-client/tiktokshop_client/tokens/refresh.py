"""The current access token: one refresh serves all threads and processes that need one at the same time.

The token in the configuration is a seed. The store keeps the pairs that grew from it and the seed's fingerprint, so a
new seed (the seller authorised again) wins over the store, and an old one does not bring back dead tokens.

A refresh may kill the old pair, so all that keeping the new one takes is tried before, and it is kept before it is
used; see ``vault``. One gap cannot be closed from this side: a process killed between the platform's answer and the
write loses the pair, and the seller must authorise again.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
from datetime import datetime, timezone
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from tiktokshop_client.errors import (
    AuthorisationError,
    ConfigurationError,
    ShopInactiveError,
    TikTokShopError,
    TransientError,
)
from tiktokshop_client.redaction import one_line
from tiktokshop_client.secret import Secret
from tiktokshop_client.stores import LostRaceError, MemoryStore, open_store
from tiktokshop_client.token import Token
from tiktokshop_client.tokens.host import TokenHost, expiry
from tiktokshop_client.tokens.vault import UnkeptError, Vault, undisturbed

if TYPE_CHECKING:
    from threading import Event

    from tiktokshop_client.clock import Clock
    from tiktokshop_client.http.transport import Transport
    from tiktokshop_client.redaction import Redactor
    from tiktokshop_client.settings import Settings
    from tiktokshop_client.stores import Address, TokenStore

__all__ = ["Tokens", "expiry", "fingerprint", "store_for"]

log = logging.getLogger(__name__)

REFRESH_AHEAD = 600
"""Seconds before its expiry at which an access token is refreshed (or half its life, if that is less)."""

PAUSE_AFTER_FAILURE = 60
"""Seconds until the next attempt when a refresh ahead of expiry failed and the old token is still valid."""

PAUSE_AFTER_REFRESH = 60
"""Seconds for which a pair is used as it is, however soon it says that it expires: else every call would buy one."""

DEACTIVATED = frozenset({36009043, 36009044})
"""Refusals of a shop or a seller whom the platform has deactivated: a new grant does not help."""

DEFAULT_FOLDER = Path(".tiktokshop")


def fingerprint(settings: Settings) -> str:
    """Names the configuration's seed without giving it away; "" if the configuration has no token."""
    if not (settings.access_token or settings.refresh_token):
        return ""
    parts = (settings.app_key, *(secret.reveal() if secret else "" for secret in _seeds(settings)))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _seeds(settings: Settings) -> tuple[Secret | None, Secret | None]:
    return settings.refresh_token, settings.access_token


def store_for(settings: Settings) -> TokenStore:
    """The store that the settings ask for; by default a file of its own for each seed."""
    where = kept_at(settings)
    return MemoryStore() if where is None else open_store(where, settings.app_key)


def kept_at(settings: Settings) -> Path | Address | None:
    """Where the tokens are kept, None for nowhere."""
    if not settings.keep_tokens:
        return None
    return settings.token_store or DEFAULT_FOLDER / f"tokens-{fingerprint(settings)[:12]}.json"


class Tokens:
    """Hands out the access token of one grant and refreshes it when needed. Any thread may use it."""

    def __init__(
        self,
        settings: Settings,
        store: TokenStore,
        transport: Transport,
        clock: Clock,
        closing: Event,
        redactor: Redactor,
    ) -> None:
        self._settings = settings
        self._vault = Vault(store, settings.app_key, clock, closing)
        self._host = TokenHost(settings, transport, clock, closing, redactor)
        self._clock = clock
        self._redactor = redactor
        self._seed = fingerprint(settings)
        self._token: Token | None = None
        self._dead: Token | None = None  # the pair whose grant is over, so that it is not tried again
        self._refusal = 0  # the code it was refused with
        self._unkept: UnkeptError | None = None
        self._next_attempt = 0.0
        self._lock = Lock()

    def seller(self, subject: str = "") -> str:
        """Whose grant it is, for a human: the seller's name if it is known, else ``subject``, else by the app."""
        token = self._token
        if token is not None and token.seller_name:
            return one_line(f"seller {token.seller_name}")
        return subject or f"the seller of app {self._settings.app_key}"

    def grant(self) -> Token | None:
        """The pair in use and what is known of its grant, None before the first call."""
        return self._token

    def current(self, subject: str = "") -> Secret:
        """An access token that is valid for some minutes, as far as is known.

        Args:
            subject: The shop it is for, for the sentence of an error.

        Raises:
            AuthorisationError: The grant is over; the seller must authorise again.
            ConfigurationError: There is no token, or the store cannot be used.
            TransientError: The token host does not answer, and the old token is no good.
        """
        token = self._token
        if token is not None and not self._stale(token):
            return token.access_token
        with self._lock:
            if self._token is None:
                self._begin()
            token = self._token
            if token is None or not self._stale(token):
                return self._known().access_token
            return self._ahead(token, subject).access_token

    def refused(self, access_token: Secret, subject: str = "") -> Secret:
        """Another access token, after the platform refused this one as expired or invalid.

        If somebody else has replaced it meanwhile, that one is returned and nothing is refreshed.

        Args:
            access_token: The token that was refused.
            subject: The shop it was for, for the sentence of an error.

        Raises:
            AuthorisationError, ConfigurationError, TransientError: As ``current``.
        """
        with self._lock:
            if self._token is None or self._token.access_token == access_token:
                self._keep(self._renew(access_token, subject))
            return self._known().access_token

    def renew(self) -> Token:
        """Replaces the pair now, whether it is time or not.

        Raises:
            AuthorisationError, ConfigurationError, TransientError: As ``current``.
        """
        with self._lock:
            self._keep(self._renew(self._load().access_token, ""))
            if self._unkept is not None:
                raise self._unkept
            return self._known()

    def close(self) -> None:
        """Gives the store once more what it could not take before, unless a signal came while it was being asked."""
        if self._token is not None and self._lock.acquire(blocking=False):
            try:
                with contextlib.suppress(TikTokShopError):
                    self._vault.bring_home()
            finally:
                self._lock.release()

    def _begin(self) -> None:
        """The first look at the store. What would stop a refresh is reported now, not days later when it is due."""
        self._vault.bring_home()
        token = self._load()
        self._keep(token)
        if token.refresh_token is not None and not self._stale(token):
            complaint = self._vault.complaint()
            if complaint:
                log.warning("the access token is still valid, but could not be refreshed: %s", complaint)

    def _known(self) -> Token:
        if self._token is None:
            raise ConfigurationError("there is no token: set refresh_token")
        return self._token

    def _keep(self, token: Token) -> None:
        self._redactor.add(token.access_token, token.refresh_token)
        self._token = token

    def _stale(self, token: Token) -> bool:
        """Whether it is time to refresh; a token of unknown life is used until it is refused."""
        if not token.access_token:
            return True
        if token.access_expires_at is None or token.refresh_token is None or _came_expired(token):
            return False
        ahead, bought = float(REFRESH_AHEAD), -math.inf
        if token.issued_at is not None:
            ahead, bought = min(ahead, (token.access_expires_at - token.issued_at) / 2), token.issued_at
        due = max(token.access_expires_at - ahead, bought + PAUSE_AFTER_REFRESH, self._next_attempt)
        return self._clock.time() >= due

    def _ahead(self, token: Token, subject: str) -> Token:
        """Refreshes ahead of expiry; while the old token is good, a failure only postpones it."""
        failure = None
        try:
            self._keep(self._renew(None, subject))
            return self._known()
        except (TransientError, ConfigurationError) as error:
            failure = error
        now = self._clock.time()
        if not token.access_token or token.access_expires_at is None or now >= token.access_expires_at:
            raise failure
        self._next_attempt = now + PAUSE_AFTER_FAILURE
        log.warning("the access token could not be refreshed ahead of its expiry: %s", failure)
        return token

    def _load(self) -> Token:
        """The pair to use: the store's if it grew from this configuration's seed, else the seed."""
        stored = self._vault.read()
        if stored is not None and self._seed in {"", stored.seed}:
            return stored
        if not self._seed:
            raise ConfigurationError("the token store is empty: set refresh_token, or run tiktokshop auth login")
        refresh_token, access_token = _seeds(self._settings)
        return Token(access_token or Secret(""), refresh_token, seed=self._seed)

    def _renew(self, refused: Secret | None, subject: str) -> Token:
        """The store's pair if another process has refreshed it, else a fresh one, stored."""
        return undisturbed(lambda: self._fresh(refused, subject))

    def _fresh(self, refused: Secret | None, subject: str) -> Token:
        with self._vault.locked():
            token = self._load()
            if token.access_token != (refused or Secret("")) and not self._stale(token):
                return token
            if token.refresh_token is None:
                raise AuthorisationError(
                    f"the access token of {self.seller(subject)} is no longer valid and there is no refresh token to "
                    "get another one: let the seller authorise the app again (tiktokshop auth login)"
                    + (", and set refresh_token" if self._seed else ""),
                )
            if token == self._dead:
                raise self._over(subject)
            self._vault.prepare()
            fresh = self._host.refresh(token, self.seller(subject), self._seed)
            if isinstance(fresh, Token):
                self._redactor.add(fresh.access_token, fresh.refresh_token)
                if not self._stored(fresh):
                    return self._load()
                self._keep(fresh)
                if not fresh.access_token:
                    raise TransientError(
                        f"the token host sent {self.seller(subject)} an access token that cannot be one; its refresh "
                        "token is kept, so run again",
                    )
                self._tell(fresh, self.seller(subject))
                return fresh
            return self._settled(token, fresh)

    @staticmethod
    def _tell(fresh: Token, seller: str) -> None:
        if _came_expired(fresh):
            log.warning(
                "the new access token of %s has already expired (%s), as the token host has it; it is used until the "
                "platform refuses it: check the clock of this machine",
                seller,
                _moment(fresh),
            )
        else:
            log.info("refreshed the access token of %s, valid until %s", seller, _moment(fresh))

    def _stored(self, fresh: Token) -> bool:
        """Keeps a new pair; False if somebody who did not wait for our lock has stored another one meanwhile."""
        try:
            self._vault.keep(fresh)
        except LostRaceError as error:
            log.warning("%s; going on with theirs", error)
            return False
        except UnkeptError as error:  # the run has it anyway, and goes on
            self._unkept = error
            log.error("%s", error)  # noqa: TRY400 - a sentence for a human
        return True

    def _settled(self, token: Token, error: TikTokShopError) -> Token:
        """The store's pair if somebody without our lock has replaced it meanwhile, else the error."""
        if isinstance(error, (AuthorisationError, ShopInactiveError)):
            stored = self._load()
            if stored.refresh_token != token.refresh_token and stored.access_token:
                return stored
            self._dead, self._refusal = token, error.code
        if isinstance(error, AuthorisationError) and error.code not in DEACTIVATED:
            error.add(self._where())
        raise error

    def _over(self, subject: str) -> AuthorisationError:
        if self._refusal in DEACTIVATED:
            why = (
                "cannot be used: the platform has deactivated the shop or its seller, who must settle that in Seller "
                "Center, and authorising again does not help"
            )
        else:
            why = f"is over: the seller must authorise the app again (tiktokshop auth login){self._where()}"
        return AuthorisationError(f"the grant of {self.seller(subject)} {why}", code=self._refusal)

    def _where(self) -> str:
        """What else must be done for a new grant where the configuration has a token of its own."""
        return ", and the new refresh_token must go into the configuration" if self._seed else ""


def _came_expired(token: Token) -> bool:
    """Whether a pair had expired when it came: then a clock is wrong, and what it says of its life is worth nothing."""
    ends, came = token.access_expires_at, token.issued_at
    return ends is not None and came is not None and ends <= came


def _moment(token: Token) -> str:
    """When the access token expires, for a log line; years beyond what the calendar holds are just far away."""
    if token.access_expires_at is None:
        return "the platform disagrees"
    try:
        return datetime.fromtimestamp(token.access_expires_at, timezone.utc).isoformat()
    except (OverflowError, ValueError, OSError):
        return "the distant future"
