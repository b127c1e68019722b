"""Turns a code into a stored token pair, and deletes the pair again."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

from tiktokshop_client.client import Client
from tiktokshop_client.clock import SystemClock
from tiktokshop_client.health import moment
from tiktokshop_client.http.transport import Transport
from tiktokshop_client.redaction import known, one_line
from tiktokshop_client.token import Token
from tiktokshop_client.tokens.host import TokenHost
from tiktokshop_client.tokens.refresh import fingerprint
from tiktokshop_client.tokens.vault import Vault, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tiktokshop_client.calls.call import Shop
    from tiktokshop_client.clock import Clock
    from tiktokshop_client.secret import Secret
    from tiktokshop_client.settings import Settings
    from tiktokshop_client.stores import TokenStore


@dataclass(frozen=True)
class Standing:
    """A grant as it stands: its pair, its shops, and where the pair is kept."""

    token: Token
    shops: tuple[Shop, ...]
    store: str

    def facts(self) -> dict[str, Any]:
        """All but the secrets, for a program to read; times are unix seconds."""
        token = self.token
        return {
            "seller_name": token.seller_name,
            "open_id": token.open_id,
            "region": token.region,
            "access_token_expires_at": token.access_expires_at,
            "grant_expires_at": token.refresh_expires_at,
            "can_refresh": bool(token.refresh_token),
            "granted_scopes": list(token.granted_scopes),
            "shops": [{"id": shop.id, "name": shop.name, "region": shop.region} for shop in self.shops],
            "token_store": self.store,
        }

    def lines(self) -> list[str]:
        """The same for a human."""
        token = self.token
        unknown = "unknown: the platform did not say"
        seller, region = one_line(token.seller_name) or unknown, one_line(token.region)
        until, ends = token.access_expires_at, token.refresh_expires_at
        return [
            f"Seller        {seller}{f' ({region})' if region else ''}",
            f"Access token  {f'valid until {moment(until)}' if until else unknown}",
            f"Grant         {f'ends {moment(ends)}' if ends else unknown}",
            f"Token store   {self.store}",
            *_column("Shops", [f"{shop.id} {one_line(shop.name)} ({shop.market})" for shop in self.shops] or ["none"]),
            *_column("Scopes", token.granted_scopes or [unknown]),
        ]


def _column(title: str, words: Sequence[str]) -> Iterator[str]:
    """One line for each of the words, the first with a title."""
    for number, word in enumerate(words):
        yield f"{'' if number else title:<14}{word}"


def exchange(
    settings: Settings,
    store: TokenStore,
    code: Secret,
    clock: Clock | None = None,
    accept: Callable[[Token, Token | None], None] | None = None,
) -> Token:
    """Buys the first pair of a grant with its code and stores it, before anything uses it.

    Args:
        settings: The connection.
        store: Where the pair goes.
        code: The authorisation code.
        clock: Time, for tests.
        accept: Is given the pair and the one that is stored, under the store's lock; what it raises keeps the pair out.

    Raises:
        ConfigurationError: The store cannot be written; the code is not used up then.
        TikTokShopError: The platform refuses, or cannot be reached.
    """
    transport = Transport(timeout=settings.request_timeout_seconds, user_agent=settings.user_agent)
    known.add(settings.app_secret, code)
    clock, closing = clock or SystemClock(), Event()
    host = TokenHost(settings, transport, clock, closing, known)
    vault = Vault(store, settings.app_key, clock, closing)

    def buy() -> Token:
        with vault.locked():
            vault.prepare()
            outcome = host.exchange(code, fingerprint(settings))
            if not isinstance(outcome, Token):
                raise outcome
            known.add(outcome.access_token, outcome.refresh_token)
            if accept is not None:
                accept(outcome, vault.read())
            vault.keep(outcome, consent=True)
            return outcome

    try:
        return undisturbed(buy)
    finally:
        transport.close()


def check(settings: Settings, store: TokenStore) -> None:
    """Tries all that keeping a pair takes, before a human is asked for consent.

    Raises:
        ConfigurationError, TransientError: A pair could not be kept.
    """
    vault = Vault(store, settings.app_key, SystemClock(), Event())
    with vault.locked():
        vault.prepare()


def forget(settings: Settings, store: TokenStore) -> None:
    """Removes the stored pair.

    Raises:
        ConfigurationError, TransientError: That did not work.
    """
    vault = Vault(store, settings.app_key, SystemClock(), Event())
    with store.locked():
        vault.clear()


def standing(settings: Settings, store: TokenStore, *, refresh: bool = False) -> Standing:
    """The grant behind the store, its shops asked for again; with ``refresh`` its pair is replaced first.

    Raises:
        TikTokShopError: There is no pair, or the platform refuses it.
    """
    with Client(settings, token_store=store) as client:
        if refresh:
            client.refresh()
        shops = client.shops()
        token = client.grant()
    assert token is not None  # noqa: S101 - the call above used it
    return Standing(token, shops, store.name)
