"""Fetches what the platform keeps behind an address of its own: labels, slips, pictures."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tiktokshop_client.errors import Action, BusinessError, TikTokShopError, TransientError
from tiktokshop_client.http.retries import Retries

if TYPE_CHECKING:
    from threading import Event

    from tiktokshop_client.clock import Clock
    from tiktokshop_client.http.transport import Transport

GONE = frozenset({401, 403, 404, 410})
"""How a store answers for an address whose time is over."""

HTTP_OK, HTTP_REDIRECTS = 200, 300

log = logging.getLogger(__name__)


def fetch(url: str, transport: Transport, *, clock: Clock, closing: Event, tries: int, plain: bool) -> bytes:
    """The bytes behind an address; no token goes along, and the address is named in no error.

    Args:
        url: The address.
        transport: What sends.
        clock: The time, for pauses.
        closing: What ends them.
        tries: How often it is asked at most.
        plain: Whether `http` may be spoken: only where the platform itself is spoken to so.

    Raises:
        BusinessError: The address is none, or it is not valid any more.
        TikTokShopError: It cannot be fetched.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if not parts.hostname or parts.scheme not in ({"https", "http"} if plain else {"https"}):
        raise BusinessError("the platform gave no address from which the document could be fetched")
    retries = Retries(tries, clock, closing)
    while True:
        found = _once(url, transport, parts.hostname)
        if isinstance(found, bytes):
            return found
        wait = retries.next_wait(found) if found.action is Action.RETRY else None
        if wait is None:
            raise found
        log.warning("%s; %s in %.1f s", found, retries.progress, wait)
        retries.wait(wait)


def _once(url: str, transport: Transport, host: str) -> bytes | TikTokShopError:
    try:
        reply = transport.send("GET", url, headers={"accept": "*/*"})
    except TikTokShopError as error:
        return error
    if reply.status in GONE:
        return BusinessError(f"{host} does not give out the document: its address is not valid any more")
    if not HTTP_OK <= reply.status < HTTP_REDIRECTS:
        words = f"{host} did not give out the document (HTTP {reply.status}); try again later"
        return TransientError(words, action=Action.RETRY)
    return reply.body
