"""The platform's token host: turns an authorisation code or a refresh token into a token pair."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tiktokshop_client.errors import Context, TikTokShopError, TransientError
from tiktokshop_client.http.answers import Answer, read_answer
from tiktokshop_client.http.retries import Retries
from tiktokshop_client.secret import Secret
from tiktokshop_client.token import LONGEST_SCOPES, LONGEST_TEXT, Token
from tiktokshop_client.tokens.answer import LONGEST_NUMBER, legible, pairs, text_of, token_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Event

    from tiktokshop_client.clock import Clock
    from tiktokshop_client.http.transport import Transport
    from tiktokshop_client.redaction import Redactor
    from tiktokshop_client.settings import Settings

log = logging.getLogger(__name__)

ABSOLUTE = 1_000_000_000
"""``*_expire_in`` from here on is a moment in unix seconds, in spite of its name; below, it is a duration."""

FOREVER = 1 << 53
"""Later moments are taken for this one, which every JSON reader can hold."""

LONGEST_ANSWER = 60.0
"""Seconds that an answer of the token host may take in all, if that is less than any answer may."""

TRYING = 50.0
"""Seconds after which it is not asked again. With one more answer that is less than others wait for the store's lock,
which is held meanwhile, see ``token_store.LOCK_TIMEOUT``."""

EXCHANGE_PATH = "/api/v2/token/get"
REFRESH_PATH = "/api/v2/token/refresh"


class TokenHost:
    """Asks the token host, with tries of its own. Nothing of a request or an answer is ever logged."""

    def __init__(
        self, settings: Settings, transport: Transport, clock: Clock, closing: Event, redactor: Redactor
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._closing = closing
        self._redactor = redactor
        self._doubt: tuple[Mapping[str, str], str] | None = None  # what an unclear answer may have spent, and why

    def refresh(self, token: Token, seller: str, seed: str) -> Token | TikTokShopError:
        """A new pair for the refresh token of an old one, or why there is none.

        Args:
            token: The old pair; what the answer leaves out stays as it was.
            seller: Whose it is, for the sentence of an error.
            seed: The fingerprint of the configuration that the pair descends from.
        """
        secret = token.refresh_token.reveal() if token.refresh_token else ""
        query = {"refresh_token": secret, "grant_type": "refresh_token"}
        outcome = self._ask(REFRESH_PATH, query, Context("refresh_token", seller))
        return pair_of(outcome.data, token, seed, int(self._clock.time())) if isinstance(outcome, Answer) else outcome

    def exchange(self, code: Secret, seed: str) -> Token | TikTokShopError:
        """The first pair of a grant for its authorisation code, which is good once, within 30 minutes.

        Args:
            code: The ``code`` that the seller's browser came back with.
            seed: The fingerprint of the configuration that the pair belongs to.
        """
        self._redactor.add(code)
        query = {"auth_code": code.reveal(), "grant_type": "authorized_code"}
        outcome = self._ask(EXCHANGE_PATH, query, Context("exchange_code"))
        return (
            pair_of(outcome.data, Token(Secret("")), seed, int(self._clock.time()))
            if isinstance(outcome, Answer)
            else outcome
        )

    def _ask(self, path: str, query: Mapping[str, str], context: Context) -> Answer | TikTokShopError:
        retries = Retries(self._settings.max_tries, self._clock, self._closing, TRYING)
        while True:
            outcome = self._request(path, query, context)
            if isinstance(outcome, Answer):
                return outcome
            wait = retries.next_wait(outcome) if isinstance(outcome, TransientError) else None
            if wait is None:
                outcome.reach = "run"
                return self._doubted(outcome, query, context)
            if outcome.unclear:
                self._doubt = (query, _words(outcome, context))
            log.warning("%s; %s in %.1f s", outcome, retries.progress, wait)
            retries.wait(wait)

    def _doubted(self, error: TikTokShopError, query: Mapping[str, str], context: Context) -> TikTokShopError:
        """The error, with what else may have spent the secret: else whoever reads it looks for a cause elsewhere."""
        what = "refresh token" if "refresh_token" in query else "authorisation code"
        words = _words(error, context)
        if error.unclear:
            self._doubt = (query, words)
            error.add(f"; that may have spent the {what}")
        elif self._doubt and self._doubt[0] == query:
            cause = f"an earlier try ended without a clear answer ({self._doubt[1]})"
            error.args = (f"{context.who}: {cause} and may have spent the {what}; now {words}",)
        return error

    def _request(self, path: str, query: Mapping[str, str], context: Context) -> Answer | TikTokShopError:
        """One request ("Get access token"): GET, unsigned, the secrets in the query."""
        full = {"app_key": self._settings.app_key, "app_secret": self._settings.app_secret.reveal(), **query}
        encoded = "&".join(f"{key}={quote(value, safe='')}" for key, value in full.items())
        url = f"{self._settings.auth_base_url}{path}?{encoded}"
        try:
            reply = self._transport.send("GET", url, headers={}, seconds=LONGEST_ANSWER)
        except TikTokShopError as error:
            return error.about(context)
        body, envelopes = legible(reply.body)
        answer = read_answer(replace(reply, body=body), context, self._clock.time(), self._redactor)
        if not 200 <= reply.status < 300 or (isinstance(answer, TikTokShopError) and answer.code):
            return answer
        if isinstance(answer, Answer) and not envelopes:  # it could be mended
            envelopes = [{"data": answer.data}]
        found = pairs(envelopes)
        if len(found) == 1:
            return Answer(dict(found[0]), "", "")
        if found or isinstance(answer, Answer):
            holds = f"{len(found)} different token pairs" if found else "no token"
            return TransientError(f"{context.who}: the token host's answer holds {holds}", unclear=True)
        return answer


def _words(error: TikTokShopError, context: Context) -> str:
    """What an error says, without what it is about."""
    words = str(error.args[0]).removeprefix(f"{context.who}: ")
    return f"{words}, HTTP {error.http_status}" if error.unclear and error.http_status >= 300 else words


# By now the old pair is spent. So the code below makes the best of whatever the answer holds, and never fails.


def pair_of(data: Mapping[str, Any], old: Token, seed: str, now: int) -> Token:
    """The pair in the token host's answer; what it leaves out, or what cannot be, stays as it was.

    Args:
        data: The answer's ``data``, of any shape.
        old: The pair before.
        seed: The fingerprint of the configuration that the pair descends from.
        now: Unix seconds.
    """
    return replace(
        old,
        access_token=token_in(data, "access_token") or Secret(""),
        refresh_token=token_in(data, "refresh_token") or old.refresh_token,
        access_expires_at=expiry(data.get("access_token_expire_in"), now),
        refresh_expires_at=expiry(data.get("refresh_token_expire_in"), now),
        issued_at=now,
        seed=seed or old.seed,
        open_id=_word(data.get("open_id")) or old.open_id,
        seller_name=_word(data.get("seller_name")) or old.seller_name,
        region=_word(data.get("seller_base_region")) or old.region,
        granted_scopes=_scopes(data.get("granted_scopes")) or old.granted_scopes,
    )


def _word(value: Any) -> str:
    """A name or an id of the answer, as much of it as is kept; "" if it is neither text nor number."""
    return text_of(value)[:LONGEST_TEXT]


def _scopes(value: Any) -> tuple[str, ...]:
    """The scopes of the answer: a list, or one text with commas or spaces between them; () if it is neither."""
    words = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(words, list):
        return ()
    kept: list[str] = []
    room = LONGEST_SCOPES
    for word in filter(None, map(_word, words)):
        room -= len(word) + 1
        if room < 0:
            break
        kept.append(word)
    return tuple(kept)


def expiry(value: Any, now: int) -> int | None:
    """The unix second that an ``*_expire_in`` means, None if it says nothing."""
    if isinstance(value, str) and value.isdecimal() and len(value) <= LONGEST_NUMBER:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return None
    return min(value, FOREVER) if value >= ABSOLUTE else now + value
