"""One call from start to finish: budget, stamp, sign, send, judge; then refresh, correct, wait or give up."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias
from urllib.parse import quote

import msgspec
from urllib3.filepost import encode_multipart_formdata

from tiktokshop_client.calls.tally import Tally
from tiktokshop_client.errors import (
    Action,
    ClaimLostError,
    ClockError,
    ClosedError,
    Context,
    DayUsedUpError,
    TikTokShopError,
    TransientError,
)
from tiktokshop_client.http.answers import Answer, of_known_host, read_answer, read_page
from tiktokshop_client.http.bounds import AnswerError
from tiktokshop_client.http.retries import Retries, http_date
from tiktokshop_client.log_lines import facts_of
from tiktokshop_client.redaction import one_line
from tiktokshop_client.signing import sign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from threading import Event

    from tiktokshop_client.calls.budget import Budget
    from tiktokshop_client.calls.desk import FleetBudget
    from tiktokshop_client.calls.limits import Limits
    from tiktokshop_client.clock import Clock
    from tiktokshop_client.http.bounds import Allowance
    from tiktokshop_client.http.transport import Reply, Transport
    from tiktokshop_client.operations import Operation
    from tiktokshop_client.redaction import Redactor
    from tiktokshop_client.secret import Secret
    from tiktokshop_client.settings import Settings
    from tiktokshop_client.tokens.refresh import Tokens

log = logging.getLogger(__name__)

JSON = "application/json"

UNNOTICED_DRIFT = 5.0
"""Seconds between the clocks that a whole-second date and an answer's way here explain."""

LONGEST_REGION = 20
"""Characters of a region in a sentence. Those of the platform have two."""

STALE = 5.0
"""Seconds after which a request that has waited for its slot is stamped and signed again."""


Form: TypeAlias = "Mapping[str, str | tuple[str, bytes]]"
"""The parts of a multipart body: texts, and files as their name and bytes."""


@dataclass(frozen=True)
class Shop:
    """A shop of the grant.

    Attributes:
        id: The platform's id, digits.
        name: The shop's name.
        region: Its market, an ISO country code (the United Kingdom is GB or UK).
        seller_type: CROSS_BORDER or LOCAL.
        code: The shop's code in Seller Center.
        cipher: What names the shop in requests.
        data: All that the platform says about it, without the cipher.
    """

    id: str
    name: str
    region: str
    seller_type: str
    code: str
    cipher: Secret
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """It in a sentence: one line, however the platform calls it."""
        return one_line(f"shop {self.id} ({self.name})")

    @property
    def market(self) -> str:
        """Its region in a sentence."""
        return one_line(self.region, LONGEST_REGION)


@dataclass(frozen=True)
class ClockReading:
    """How this machine's clock compares with the platform's; seconds, positive if the machine is ahead.

    Attributes:
        ahead: By the date of the last answer; 0 while the difference is within what its way here explains.
        refused: Whether the platform has refused a request because of the machine's time.
    """

    ahead: float
    refused: bool


@dataclass
class Call:
    """A call on its way.

    Attributes:
        operation: What is called.
        shop: For which shop, None for those without a cipher.
        path: The values of the path's parameters.
        query: The query as it is signed, without what each attempt adds (key, time, signature).
        body: The body's bytes, None for none.
        content_type: What they are.
        context: What its errors are to say about it.
        tally: Where its cost is added up.
        remedies: The remedies already tried; each helps once.
        only_if: Asked right before each request leaves, whether it still may.
    """

    operation: Operation
    shop: Shop | None
    path: Mapping[str, str]
    query: dict[str, str]
    body: bytes | None
    context: Context
    tally: Tally
    content_type: str = JSON
    remedies: set[Action] = field(default_factory=set)
    only_if: Callable[[], bool] | None = None

    @property
    def is_older(self) -> bool:
        """Whether the operation's older path has all that is sent, if there is one."""
        newer = self.operation.newer_in_body
        return self.operation.fallback is not None and not (
            newer and newer & msgspec.json.decode(self.body or b"{}").keys()
        )

    @classmethod
    def of(
        cls,
        operation: Operation,
        shop: Shop | None,
        path: Mapping[str, str],
        query: Mapping[str, Any],
        body: Mapping[str, Any] | None,
        tally: Tally | None,
        *,
        paging: bool,
    ) -> Call:
        """A call from what a caller passes, see ``Client.call``."""
        operation.fill(operation.path, path)  # complains early about missing or wrong parameters
        if operation.method == "GET" and body is not None:
            raise ValueError(f"{operation.name} takes no body")
        texts = {key: as_text(value) for key, value in query.items() if value is not None}
        if shop is not None:
            texts["shop_cipher"] = shop.cipher.reveal()
        content = None if operation.method == "GET" else msgspec.json.encode(body or {})
        subject = shop.label if shop else ""
        context = Context.of(
            operation,
            subject,
            shop.id if shop else "",
            shop.market if shop else "",
            paging=paging,
        )
        return cls(operation, shop, path, texts, content, context, tally or Tally())

    def carry(self, form: Form) -> None:
        """Makes a multipart form of its body."""
        self.body, self.content_type = encode_multipart_formdata(form)


def as_text(value: Any) -> str:
    """A query value as the platform reads it: ``true``, ``a,b``, or simply its text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(map(as_text, value))
    return str(value)


def encode_query(query: Mapping[str, str]) -> str:
    """The query on the wire: everything but letters, digits and ``_.-~`` percent-encoded as UTF-8."""
    return "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in query.items())


@dataclass(frozen=True)
class _Attempt:
    """What one attempt came to, and what is needed to make the next one better."""

    call: Call
    outcome: Answer | TikTokShopError
    slot: float
    token: Secret
    date: float | None = None


class Caller:
    """Performs calls. It owns what all calls share: the clock's correction and which paths fell back."""

    def __init__(
        self,
        settings: Settings,
        transport: Transport,
        tokens: Tokens,
        limits: Limits,
        clock: Clock,
        closing: Event,
        redactor: Redactor,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._tokens = tokens
        self._limits = limits
        self._clock = clock
        self._closing = closing
        self._redactor = redactor
        self._skew = 0.0  # what stamps are corrected by, once the platform has refused one
        self._refused = False  # whether the platform has refused this machine's own time
        self._drift = 0.0  # how far the platform's dates are from this machine's clock
        self._fallen_back: set[str] = set()
        self._heard = False  # whether the host has answered as the platform does

    def now(self) -> float:
        """Unix seconds by the platform's clock: this machine's, unless the last answer's date told another time."""
        return self._clock.time() + self._drift

    def clock_reading(self) -> ClockReading:
        """How this machine's clock compares with the platform's, as far as the answers so far have shown."""
        return ClockReading(-self._drift, self._refused)

    def parallel(self, operation: Operation, shop: Shop | None) -> int:
        """See ``Client.parallel``."""
        return self._limits.budget(
            self._settings.app_key, shop.id if shop else "", operation.family, operation.name, write=operation.writes
        ).parallel

    def perform(self, call: Call, *, rows: str | None = None, outline: tuple[str, ...] = ()) -> Answer:
        """Tries a call until it succeeds, is refused for good, or the tries or the time are used up.

        Args:
            call: The call.
            rows: The name of the list in the answer that is to stay undecoded.
            outline: The fields of its rows that will be asked for first, see ``Client.pages``.

        Raises:
            TikTokShopError: It did not succeed.
        """
        retries = Retries(self._settings.max_tries, self._clock, self._closing)
        while True:
            attempt = self._attempt(call, rows, outline)
            if isinstance(attempt.outcome, Answer):
                return attempt.outcome
            error = attempt.outcome
            if error.action is Action.SLOW_DOWN:
                self._budget(call).slow_down(attempt.slot, error.retry_after)
                call.tally.add(refused=1)
            if self._remedy(attempt, error):
                continue
            wait = self._wait(call, error, retries)
            if wait is None:
                raise self._final(call, error)
            log.warning("%s; %s in %.1f s", error, retries.progress, wait, extra=facts_of(error))
            retries.wait(wait)
            call.tally.add(retries=1)

    def _attempt(self, call: Call, rows: str | None, outline: tuple[str, ...]) -> _Attempt:
        """Sends a call once, stamped and signed for this moment."""
        if self._closing.is_set():
            raise ClosedError(f"{call.context.who}: the client is closed")
        token = self._tokens.current(call.context.subject)
        budget = self._budget(call)
        signed_at = self._clock.monotonic()
        url = self._signed(call)  # before the slot, so that the request leaves when its slot says
        counted_at = self.now()
        try:
            self._limits.daily.take(call.context.shop_id, counted_at)
        except DayUsedUpError as error:
            raise error.about(call.context) from None
        try:
            slot = self._turn(call, budget)
        except BaseException:  # nothing leaves: the client was closed while the request waited, or it may not any more
            self._limits.daily.give_back(call.context.shop_id, counted_at)
            raise
        waited = self._clock.monotonic() - signed_at
        call.tally.add(calls=1, waited=max(0.0, waited))
        if waited > STALE:
            url = self._signed(call)
        # A large answer has this to itself until it is decoded: what is made of it is larger still.
        with self._transport.allowance(decoded=not rows or "." in rows) as allowance:
            try:
                reply = self._send(call, token, url, lambda: budget.left(slot), allowance)
            except TikTokShopError as error:
                return _Attempt(call, error.about(call.context), slot, token)
            budget.answered(slot)
            now, date = self._clock.time(), http_date(reply.headers.get("Date"))
            if date is not None:
                self._drift = date - now if abs(date - now) > UNNOTICED_DRIFT else 0.0
            outcome = self._read(reply, call, now, rows, outline, allowance)
            self._heard = self._heard or isinstance(outcome, Answer)
            if self._heard and not call.operation.writes:  # a write that may pass later is not refused for good
                outcome = of_known_host(outcome, reply, call.context)
            del reply
        if call.operation.partial and isinstance(outcome, Answer):  # what it says of single rows is told to people
            outcome = replace(outcome, data=self._redactor.throughout(outcome.data))
        return _Attempt(call, outcome, slot, token, date)

    @staticmethod
    def _turn(call: Call, budget: Budget | FleetBudget) -> float:
        """The slot of a request, once it has come, for one that may still leave by then."""
        slot, may_leave = budget.acquire(), False
        try:
            may_leave = call.only_if is None or call.only_if()
        finally:
            if not may_leave:  # others may have its slot
                budget.never_left(slot)
        if not may_leave:
            raise ClaimLostError(f"{call.context.who}: another process has claimed it meanwhile, so nothing was sent")
        return slot

    def _read(
        self, reply: Reply, call: Call, now: float, rows: str | None, outline: tuple[str, ...], allowance: Allowance
    ) -> Answer | TikTokShopError:
        """What an answer means; that of a list waits until there is room for it."""
        if not rows or "." in rows:
            return read_answer(reply, call.context, now, self._redactor, rows, outline)
        try:
            return read_page(reply, call.context, now, self._redactor, rows, outline, allowance)
        except AnswerError as error:
            return TransientError(f"the platform {error}", action=Action.RETRY).about(call.context)

    def _signed(self, call: Call) -> str:
        """The complete address of a call, stamped and signed for this moment."""
        operation, template, asked = call.operation, call.operation.path, call.query
        if operation.fallback and operation.name in self._fallen_back and call.is_older:
            template = operation.fallback
            asked = {name: value for name, value in asked.items() if name not in operation.newer}
        path = operation.fill(template, call.path)
        query = {
            **asked,
            "app_key": self._settings.app_key,
            "timestamp": str(int(self._clock.time() + self._skew)),
        }
        query["sign"] = sign(self._settings.app_secret.reveal(), path, query, call.body or b"", call.content_type)
        return f"{self._settings.api_base_url}{path}?{encode_query(query)}"

    def _send(self, call: Call, token: Secret, url: str, left: Callable[[], None], allowance: Allowance) -> Reply:
        return self._transport.send(
            call.operation.method,
            url,
            headers={"x-tts-access-token": token.reveal(), "content-type": call.content_type, "accept": JSON},
            body=call.body,
            left=left,
            allowance=allowance,
        )

    def _budget(self, call: Call) -> Budget | FleetBudget:
        shop_id, operation = call.shop.id if call.shop else "", call.operation
        return self._limits.budget(
            self._settings.app_key, shop_id, operation.family, operation.name, write=operation.writes
        )

    def _remedy(self, attempt: _Attempt, error: TikTokShopError) -> bool:
        """Whether something was changed that makes another attempt worthwhile at once; each remedy helps once."""
        remedies = attempt.call.remedies
        if error.action in remedies or error.action not in self._remedies:
            return False
        remedies.add(error.action)
        return self._remedies[error.action](self, attempt)

    def _refresh(self, attempt: _Attempt) -> bool:
        """The gateway refused the token, so nothing has happened yet, not even for a write."""
        self._tokens.refused(attempt.token, attempt.call.context.subject)
        return True

    def _restamp(self, attempt: _Attempt) -> bool:
        """Takes the platform's own time from its answer, if it says it; else a fresh stamp must do."""
        self._refused = True
        if attempt.date is not None:
            self._skew = attempt.date - self._clock.time()
            log.warning(
                "this machine's clock is %+.0f s from the platform's; requests are stamped with the platform's time",
                -self._skew,
            )
        return True

    def _fall_back(self, attempt: _Attempt) -> bool:
        """Switches an operation to its older path, for good, so that all pages of a list come from one version."""
        operation = attempt.call.operation
        if not attempt.call.is_older:
            return False
        self._fallen_back.add(operation.name)
        log.warning("%s: the platform does not know the newest version; using an older one", operation.name)
        return True

    _remedies: ClassVar[Mapping[Action, Callable[[Caller, _Attempt], bool]]] = {
        Action.REFRESH: _refresh,
        Action.RESTAMP: _restamp,
        Action.FALLBACK: _fall_back,
    }

    def _wait(self, call: Call, error: TikTokShopError, retries: Retries) -> float | None:
        """Seconds until the next try, None if there is to be none."""
        if error.action not in {Action.RETRY, Action.SLOW_DOWN}:
            return None
        if error.unclear and not call.operation.repeatable:
            return None
        return retries.next_wait(error)

    def _final(self, call: Call, error: TikTokShopError) -> TikTokShopError:
        """The error as it leaves the client, with what only the whole call knows."""
        if isinstance(error, ClockError) and self._skew:
            error.add(f"; this machine's clock is {-self._skew:+.0f} s from the platform's: set it right")
        elif isinstance(error, ClockError):
            error.add("; set this machine's clock right")
        if error.unclear and not call.operation.repeatable:
            error.add("; it is not known whether it was carried out")
        return error
