"""What the service does, whoever asks for it by whatever means: links, consents under way, grants.

A seller gets a link of ours, good for a week and until the grant is there. Whoever opens it and goes on gets a state,
good once and for half an hour, and only in the browser that it was given to: the book knows it by a digest of the state
and of a secret in that browser's cookie. Neither links nor states are kept themselves.

Whose grant comes back is checked under the lock of the seller's store, before anything is stored.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import logging
import re
import secrets
import time
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any

from tiktokshop_client.authorise import exchange, forget
from tiktokshop_client.client import Client
from tiktokshop_client.consent.addresses import consent_url
from tiktokshop_client.errors import AuthorisationError, TikTokShopError, TransientError
from tiktokshop_client.redaction import Redactor, known, one_line
from tiktokshop_client.secret import Secret
from tiktokshop_client.stores import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tiktokshop_client.consent.books import ConsentBook
    from tiktokshop_client.consent.sellers import ListedSeller
    from tiktokshop_client.consent.serving import ServiceSettings
    from tiktokshop_client.settings import Settings
    from tiktokshop_client.token import Token

log = logging.getLogger(__name__)

LINK_SECONDS = 7 * 86_400
STATE_SECONDS = 30 * 60
"""A code is not good for longer either."""
MOST_EXCHANGES = 8
"""At the same time, in one process."""
MOST_UNDER_WAY = 20
"""States of one link that are good at the same time: beyond that the oldest one ends."""
LONGEST_CODE = 4_096
_TICKET = re.compile(r"[A-Za-z0-9_-]{43}")
_CODE = re.compile(r"[!-~]+")
_IN_SELLER_CENTER = "only the seller can take the grant back, in Seller Center under the authorised apps"


class UnknownLinkError(AuthorisationError):
    """There is no such link, or not any more; or no such consent under way in this browser."""


class WrongSellerError(AuthorisationError):
    """The grant that came is not the one that was expected."""


class DeclinedError(AuthorisationError):
    """The seller has declined."""


class BusyError(TransientError):
    """Too many consents come back at the same time; nothing is used up."""


@dataclass(frozen=True)
class SellerLink:
    """A link for a seller to open, and until which unix second it is good."""

    url: Secret
    until: int


class ConsentDesk:
    """Makes links, takes what comes back, lists and revokes. Any thread may use it.

    Args:
        settings: The service's.
        book: Where consents under way are kept.
        time_now: Unix seconds.
    """

    def __init__(self, settings: ServiceSettings, book: ConsentBook, time_now: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._book = book
        self._now = time_now
        self._exchanges = BoundedSemaphore(MOST_EXCHANGES)
        self._noted: set[str] = set()
        self._exchanged: set[str] = set()
        self._lock = Lock()

    def ready(self) -> None:
        """Tries what everything depends on.

        Raises:
            TikTokShopError: The table or the book cannot be used.
        """
        self._settings.table.sellers()
        self._book.read("ready")

    def link(self, name: str) -> SellerLink | None:
        """A new link for a seller, in place of one there may be; None if the table has no such seller.

        Raises:
            TikTokShopError: The table or the book cannot be used, or the settings make no consent link.
        """
        seller = self._settings.seller(name)
        if seller is None:
            return None
        self._address(seller, "")  # so that what is missing shows before a seller has the link
        ticket, until = secrets.token_urlsafe(32), int(self._now()) + LINK_SECONDS
        note = {"ticket": _digest(ticket), "app_key": seller.app_key, "until": until}
        self._book.put(f"link:{name}", _packed(note), until)
        log.info("made a link for the seller %s", name, extra={"seller": name})
        return SellerLink(Secret(f"{self._settings.public_url}/consent/{name}/{ticket}"), until)

    def opened(self, name: str, ticket: str) -> ListedSeller:
        """Whose link it is.

        Raises:
            UnknownLinkError: Nobody's, or not any more.
            TikTokShopError: The table or the book cannot be used.
        """
        seller = self._settings.seller(name)
        if seller is None or not self._is_live(seller, _digest(ticket)):
            raise UnknownLinkError("there is no such link, or it has expired, or another has taken its place")
        return seller

    def begin(self, name: str, ticket: str, browser: str) -> str:
        """The platform's consent page for a link.

        Args:
            name: The seller's name in the link.
            ticket: What follows it.
            browser: The secret of the browser that has opened it.

        Raises:
            UnknownLinkError: It is no link, or not any more.
            TikTokShopError: The table or the book cannot be used.
        """
        seller = self.opened(name, ticket)
        state, until = secrets.token_urlsafe(32), int(self._now()) + STATE_SECONDS
        note = {"seller": name, "app_key": seller.app_key, "ticket": _digest(ticket), "until": until}
        self._count(name, _state_key(state, browser))
        self._book.put(_state_key(state, browser), _packed(note), until)
        return self._address(seller, state)

    def finish(self, query: Mapping[str, str], browser: str) -> None:
        """Takes what the platform sends a browser back with, and stores the grant.

        Args:
            query: The parameters, each once.
            browser: The secret of the browser.

        Raises:
            UnknownLinkError: That browser has no such consent under way, or not any more.
            DeclinedError: The seller has declined.
            WrongSellerError: It is another seller's grant; nothing is stored.
            BusyError: Come again with the same.
            TikTokShopError: The exchange has failed, or a store.
        """
        state, code = query.get("state", ""), query.get("code", "")
        if not _TICKET.fullmatch(state) or not _TICKET.fullmatch(browser):
            raise UnknownLinkError("the browser has come back with what no link of ours has sent it out with")
        if not self._exchanges.acquire(blocking=False):
            raise BusyError("too many consents come back at the same time")
        try:
            note, seller = self._under_way(state, browser)
            if not code or len(code) > LONGEST_CODE or not _CODE.fullmatch(code):
                log.info("the seller %s has come back without consent", seller.name, extra={"seller": seller.name})
                raise DeclinedError(f"the seller {seller.name} has declined")
            with self._alone(note, state, browser), known.for_now():
                self._exchange(seller, str(note["ticket"]), Secret(code))
            known.add(Secret(code))  # its grant may quote it, wherever that is shown
        finally:
            self._exchanges.release()

    def grants(self, after: str, most: int) -> list[dict[str, Any]]:
        """What is known of the grants of some sellers, by name: no secrets.

        Args:
            after: The name behind which to begin.
            most: How many sellers at most.

        Raises:
            ConfigurationError: The table cannot be read.
        """
        table = self._settings.table.sellers()
        names = sorted(name for name in table if name > after)[:most]
        return [self._facts(table[name]) for name in names]

    def revoke(self, name: str) -> dict[str, Any] | None:
        """Deletes a seller's tokens and link; what was done, None if the table has no such seller.

        Raises:
            TikTokShopError: The store or the book does not let us.
        """
        seller = self._settings.seller(name)
        if seller is None:
            return None
        self._book.take(f"link:{name}")
        store = self._settings.store(seller)
        stored = store.read()
        forget(self._settings.connection(seller), store)
        log.warning("deleted the tokens of the seller %s", name, extra={"seller": name})
        return {"seller": name, "deleted": stored is not None, "token_store": store.name, "note": _IN_SELLER_CENTER}

    def _address(self, seller: ListedSeller, state: str) -> str:
        region, service_id = self._settings.region(seller), self._settings.service_id(seller)
        return consent_url(self._settings.connection(seller), region=region, service_id=service_id, state=state)

    def _is_live(self, seller: ListedSeller, ticket: str) -> bool:
        """Whether a digest is that of the one link that the seller has, for the app that it belongs to now."""
        note = _unpacked(self._book.read(f"link:{seller.name}"))
        good = hmac.compare_digest(str(note.get("ticket", "")).encode(), ticket.encode())
        return good and note.get("app_key") == seller.app_key and self._now() < note["until"]

    def _taken(self, state: str, browser: str) -> dict[str, Any]:
        """What a state was made for; {} if there was none. It is used up by this."""
        return _unpacked(self._book.take(_state_key(state, browser)))

    def _count(self, name: str, key: str) -> None:
        """Notes one more state of a seller, and ends the oldest one if that is one too many.

        Raises:
            BusyError: Others begin at the same time, again and again.
            TikTokShopError: The book cannot be used.
        """
        for _ in range(10):
            before = self._book.read(f"states:{name}")
            keys = [*(before.decode().split() if before else ()), key]
            if self._book.swap(f"states:{name}", before, " ".join(keys[-MOST_UNDER_WAY:]).encode()):
                for old in keys[:-MOST_UNDER_WAY]:
                    self._book.take(old)
                return
        raise BusyError("too many consents of one seller begin at the same time")

    @contextlib.contextmanager
    def _alone(self, note: Mapping[str, Any], state: str, browser: str) -> Iterator[None]:
        """One exchange of a seller at a time, so that no link keeps other sellers waiting.

        Raises:
            BusyError: There is one; the state is as good as before.
            TikTokShopError: The book cannot be used.
        """
        name = note["seller"]
        with self._lock:
            free = name not in self._exchanged
            self._exchanged.add(name)
        if not free:
            self._book.put(_state_key(state, browser), _packed(note), note["until"])
            raise BusyError(f"another consent of the seller {name} comes back just now")
        try:
            yield
        finally:
            with self._lock:
                self._exchanged.discard(name)

    def _under_way(self, state: str, browser: str) -> tuple[Mapping[str, Any], ListedSeller]:
        """What a state was made for, and for which seller.

        Raises:
            UnknownLinkError: As `_seller_of`.
            TikTokShopError: The table or the book cannot be used, which is in the log then.
        """
        try:
            note = self._taken(state, browser)
            return note, self._seller_of(note)
        except UnknownLinkError:
            raise
        except TikTokShopError as error:
            log.error("%s", error)  # noqa: TRY400 - a sentence for a human
            raise

    def _seller_of(self, note: Mapping[str, Any]) -> ListedSeller:
        """The seller that a state was made for.

        Raises:
            UnknownLinkError: There was no such state, its time is over, or its link is not good any more.
        """
        seller = self._settings.seller(str(note.get("seller", "")))
        if seller is None or self._now() >= note["until"] or not self._is_live(seller, str(note["ticket"])):
            raise UnknownLinkError("no such consent is under way in this browser, or not any more")
        return seller

    def _exchange(self, seller: ListedSeller, ticket: str, code: Secret) -> None:
        connection = self._settings.connection(seller)

        def accept(token: Token, stored: Token | None) -> None:
            if not self._is_live(seller, ticket):  # revoked while the platform was asked
                raise UnknownLinkError(f"the link of the seller {seller.name} was taken back meanwhile")
            self._check(seller, connection, token, stored)

        try:
            self._note_owners()
            token = exchange(connection, self._settings.store(seller), code, accept=accept)
        except TikTokShopError as error:
            log.error("%s: %s", seller.name, error, extra={"seller": seller.name})  # noqa: TRY400 - a sentence
            raise
        try:
            self._book.take(f"link:{seller.name}")
        except (
            TikTokShopError
        ) as error:  # the grant is there all the same, and only its own seller's can take its place
            log.warning("%s: the link is good still: %s", seller.name, error, extra={"seller": seller.name})
        who = one_line(token.seller_name) or "a seller without a name"
        log.info("%s has authorised the app: the grant of %s", who, seller.name, extra={"seller": seller.name})

    def _check(self, seller: ListedSeller, connection: Settings, token: Token, stored: Token | None) -> None:
        """Refuses a grant that is not the seller's.

        Raises:
            WrongSellerError: It is not, as far as is known.
            TikTokShopError: That cannot be found out.
        """
        told = one_line(token.seller_name) or "another seller"
        expected = seller.open_id or (stored.open_id if stored else "")
        if expected and token.open_id != expected:
            raise WrongSellerError(
                f"the consent was given by {told}, not by the seller whose grant {seller.name} has had so far: nothing "
                "was stored; if it has really changed, revoke the old grant first"
            )
        if seller.shop_ids:
            store = MemoryStore()
            store.write(token)
            with Client(connection, token_store=store) as client:
                missing = set(seller.shop_ids) - {shop.id for shop in client.shops()}
            if missing:
                raise WrongSellerError(
                    f"the consent was given by {told}, whose grant has not the shop {min(missing)} that the table of "
                    f"sellers names for {seller.name}: nothing was stored"
                )
        if token.open_id:
            self._claim(seller, token.open_id, told)

    def _note_owners(self) -> None:
        """Notes whose grants are there by other means, such as `auth login`: once for each seller while we run."""
        for seller in self._settings.table.sellers().values():
            if seller.name in self._noted:
                continue
            with contextlib.suppress(TikTokShopError):  # one that cannot be read keeps nobody else out
                stored = self._settings.store(seller).read()
                if stored is not None and stored.open_id:
                    self._book.swap(_owner_key(seller, stored.open_id), None, seller.name.encode())
                self._noted.add(seller.name)

    def _claim(self, seller: ListedSeller, open_id: str, told: str) -> None:
        """Notes whose grant it is; one that another seller of the table has is refused."""
        table = self._settings.table.sellers().values()
        named = (each.name for each in table if (each.app_key, each.open_id) == (seller.app_key, open_id))
        self._refuse_if_of(next((name for name in named if name != seller.name), ""), seller, told)
        key, mine = _owner_key(seller, open_id), seller.name.encode()
        for _ in range(3):
            before = self._book.read(key)
            other = before.decode("utf-8", "replace") if before else ""
            if other not in {"", seller.name} and self._has(other, open_id):
                self._refuse_if_of(other, seller, told)
            if before == mine or self._book.swap(key, before, mine):
                return
        raise TransientError(f"whose grant that of {seller.name} is changes all the time; open the link again")

    @staticmethod
    def _refuse_if_of(other: str, seller: ListedSeller, told: str) -> None:
        if other:
            raise WrongSellerError(
                f"the consent was given by {told}, whose grant is that of the seller {other} already, and not of "
                f"{seller.name}: nothing was stored"
            )

    def _has(self, name: str, open_id: str) -> bool:
        """Whether a seller of the table has that grant, by its store."""
        other = self._settings.seller(name)
        stored = self._settings.store(other).read() if other else None
        return stored is not None and stored.open_id == open_id

    def _facts(self, seller: ListedSeller) -> dict[str, Any]:
        facts: dict[str, Any] = {"seller": seller.name, "app_key": seller.app_key, "granted": False}
        try:
            token = self._settings.store(seller).read()
        except TikTokShopError as error:
            return {**facts, "granted": None, "error": str(error)}
        if token is None:
            return facts
        own = Redactor()  # a name may hold anything
        own.add(token.access_token, token.refresh_token)
        more = {
            "granted": True,
            "seller_name": token.seller_name,
            "open_id": token.open_id,
            "region": token.region,
            "access_token_expires_at": token.access_expires_at,
            "grant_expires_at": token.refresh_expires_at,
            "can_refresh": bool(token.refresh_token),
            "granted_scopes": list(token.granted_scopes),
        }
        return {**facts, **own.throughout(more)}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _owner_key(seller: ListedSeller, open_id: str) -> str:
    return f"owner:{_digest(f'{seller.app_key} {open_id}')}"


def _state_key(state: str, browser: str) -> str:
    return f"state:{_digest(f'{state} {browser}')}"


def _packed(note: Mapping[str, Any]) -> bytes:
    return json.dumps(note).encode()


def _unpacked(text: bytes | None) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}
