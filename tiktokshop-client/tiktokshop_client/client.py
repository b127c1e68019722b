"""The client: calls operations of the platform for a shop, page by page where needed."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from tiktokshop_client.calls.call import Call, Caller, Shop
from tiktokshop_client.calls.daily import Daily
from tiktokshop_client.calls.day_store import DayStore
from tiktokshop_client.calls.documents import fetch
from tiktokshop_client.calls.limits import Limits
from tiktokshop_client.calls.tally import Tally
from tiktokshop_client.calls.walk import Walk, placed
from tiktokshop_client.claims import Claims
from tiktokshop_client.clock import SystemClock
from tiktokshop_client.errors import (
    LONGEST_ID,
    AuthorisationError,
    ConfigurationError,
    MarketError,
    TikTokShopError,
    TransientError,
)
from tiktokshop_client.http.answers import whole
from tiktokshop_client.http.raw_rows import RawRows
from tiktokshop_client.http.transport import Transport
from tiktokshop_client.operations import GET_SHOPS
from tiktokshop_client.places import open_claims_place, open_day_place, open_place, unshared
from tiktokshop_client.redaction import known, one_line
from tiktokshop_client.secret import Secret
from tiktokshop_client.tokens.refresh import Tokens, kept_at, store_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from tiktokshop_client.calls.call import ClockReading, Form
    from tiktokshop_client.clock import Clock
    from tiktokshop_client.http.answers import Answer
    from tiktokshop_client.operations import Operation
    from tiktokshop_client.settings import Settings
    from tiktokshop_client.stores import TokenStore
    from tiktokshop_client.token import Token


@dataclass(frozen=True)
class Page:
    """One page of a list.

    Attributes:
        rows: The rows, as the platform sent them; [] if it sent none. They may be ``RawRows``, decoded when walked.
        total_count: How many rows all pages have together, if the platform says.
        data: The whole ``data`` of the answer.
        request_id: The platform's id of the request.
        number: 1 for the first page.
        next_page_token: What the next page will be asked with, "" on the last.
        mended: How many values of the answer were broken, see ``mending.mend``.
    """

    rows: Sequence[dict[str, Any]]
    total_count: int | None
    data: dict[str, Any]
    request_id: str
    number: int
    next_page_token: str
    mended: int = 0


class Client:
    """The platform, for one app and one seller's grant. Any thread may use it; close it when done.

    Args:
        settings: The checked connection settings.
        token_store: Where tokens are kept, in place of what the settings say.
        clock: Time, for tests.

    Attributes:
        daily: The requests of today, see the setting ``requests_per_day``.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        token_store: TokenStore | None = None,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        redactor = known
        redactor.add(settings.app_secret, settings.access_token, settings.refresh_token)
        self._settings = settings
        self._clock = clock
        self._redactor = redactor
        self._closing = Event()
        self._transport = Transport(timeout=settings.request_timeout_seconds, user_agent=settings.user_agent)
        self._tokens = Tokens(
            settings,
            token_store or store_for(settings),
            self._transport,
            clock,
            self._closing,
            redactor,
        )
        families = {"analytics": min(settings.requests_per_second, settings.analytics_requests_per_second)}
        self._kept_at = None if token_store else kept_at(settings)
        place = open_place(settings.budget_store, self._kept_at)
        days = place or open_day_place(settings.budget_store, self._kept_at)
        self._days_place = days
        self.daily = Daily(settings.requests_per_day, DayStore(days, settings.app_key) if days else None)
        self._limits = Limits(
            settings.requests_per_second,
            clock,
            self._closing,
            families,
            settings.budget_scope,
            self.daily,
            place,
            low=settings.budget_priority == "low",
        )
        self._caller = Caller(settings, self._transport, self._tokens, self._limits, clock, self._closing, redactor)
        self.unshared = "" if token_store else unshared(settings.budget_store, self._kept_at)
        self.spent: dict[str, Tally] = {}  # by shop, what calls have cost that were given no tally
        self._shops: tuple[Shop, ...] | None = None
        self._shops_lock = Lock()
        self._claims: Claims | None = None

    def __enter__(self) -> Client:  # noqa: PYI034 - Self needs Python 3.11, and nobody derives from this
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Wakes every waiting call, which then raises ``ClosedError``, and closes the connections."""
        self._closing.set()
        if self._claims is not None:
            self._claims.close()
        self._limits.leave()
        self.daily.leave()
        if self._days_place is not None:
            self._days_place.close()
        self._tokens.close()
        self._transport.close()

    def now(self) -> int:
        """Unix seconds by the platform's clock: this machine's, unless the dates of its answers tell another time."""
        return int(self._caller.now())

    def claims(self) -> Claims:
        """What this process claims before others that share its tokens' place.

        Raises:
            ConfigurationError: The place cannot be used.
        """
        with self._shops_lock:
            if self._claims is None:
                place = open_claims_place(self._settings.budget_store, self._kept_at)
                self._claims = Claims(place, self._settings.request_timeout_seconds)
            return self._claims

    def clock_reading(self) -> ClockReading:
        """How this machine's clock compares with the platform's, as far as the answers so far have shown."""
        return self._caller.clock_reading()

    def grant(self) -> Token | None:
        """The token pair in use and what is known of the seller's grant, None before the first call."""
        return self._tokens.grant()

    def refresh(self) -> Token:
        """Replaces the token pair now, whether it is time or not.

        Raises:
            TikTokShopError: As ``call``.
        """
        return self._tokens.renew()

    def slowed(self) -> tuple[str, ...]:
        """The API families that the platform has asked to be called more slowly."""
        return self._limits.slowed()

    def shops(self) -> tuple[Shop, ...]:
        """The shops of the grant, or those of them that the setting ``shop_ids`` names. Asked once.

        Raises:
            ConfigurationError: ``shop_ids`` names a shop that is not in the grant.
            AuthorisationError: The grant covers no shop.
            TikTokShopError: The call failed, see ``call``.
        """
        with self._shops_lock:
            if self._shops is None:
                self._shops = self._wanted(tuple(self._authorised()))
            return self._shops

    def unit(self, operation: Operation) -> str:
        """The name of what shares a budget with an operation: its API family, or itself if each API has its own."""
        return operation.name if self._settings.budget_scope == "api" else operation.family

    def parallel(self, operation: Operation, shop: Shop | None) -> int:
        """How many requests must be on their way at once to use the whole budget of an operation's family.

        Little's law: requests a second, as the platform allows them now, times the seconds that an answer takes.
        """
        return self._caller.parallel(operation, shop)

    def call(
        self,
        operation: Operation,
        *,
        shop: Shop | None = None,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        tally: Tally | None = None,
        only_if: Callable[[], bool] | None = None,
    ) -> Answer:
        """Calls an operation; waits for its budget, refreshes and retries as needed.

        Args:
            operation: One of ``operations``.
            shop: The shop, for operations that take a cipher.
            path: The path's parameters, which are ids.
            query: Query parameters. Lists are joined with commas, booleans become ``true`` and ``false``, None is
                left out, "" is sent.
            body: The JSON body of a POST; ``{}`` if None.
            tally: Where the call's cost is added up.
            only_if: Asked right before each request leaves; ``ClaimLostError`` if it may not any more.

        Raises:
            TikTokShopError: What the platform refused, or could not do within the tries and the time allowed; its
                class and ``reach`` say what it means for the rest of the work.
        """
        call = self._call(operation, shop, path, query, body, tally)
        call.only_if = only_if
        return self._caller.perform(call)

    def upload(
        self,
        operation: Operation,
        *,
        texts: Mapping[str, str],
        files: Mapping[str, tuple[str, bytes]],
        shop: Shop | None = None,
        tally: Tally | None = None,
    ) -> Answer:
        """Calls an operation that takes a file: its body is a multipart form, which is no part of the signature.

        Args:
            operation: One of ``operations``.
            texts: The form's texts, by name.
            files: The form's files, by name: what the file is called, and its bytes.
            shop: The shop, for operations that take a cipher.
            tally: Where the call's cost is added up.

        Raises:
            TikTokShopError: As ``call``.
        """
        form: Form = {**texts, **files}
        call = self._call(operation, shop, None, None, None, tally)
        call.carry(form)
        return self._caller.perform(call)

    def document(self, url: str) -> bytes:
        """The bytes behind an address that an answer has given, like that of a label; no token goes along.

        Raises:
            TikTokShopError: It cannot be fetched, or the address is not valid (any more): ask for a new one.
        """
        plain = self._settings.api_base_url.startswith("http:")
        return fetch(
            url, self._transport, clock=self._clock, closing=self._closing, tries=self._settings.max_tries, plain=plain
        )

    def pages(  # noqa: PLR0913 - what is asked, and how its pages are wanted
        self,
        operation: Operation,
        *,
        shop: Shop | None = None,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        page_size: int | None = None,
        outline: tuple[str, ...] = (),
        tally: Tally | None = None,
    ) -> Iterator[Page]:
        """Calls a list operation page by page, with the same filters throughout, until there is no next page.

        Args:
            operation: One of ``operations`` with ``rows``.
            shop: As in ``call``.
            path: As in ``call``.
            query: As in ``call``.
            body: As in ``call``.
            page_size: Rows a page, the operation's own number if None.
            outline: The fields that ``RawRows.outline`` will be asked for: they are then read together with the
                answer's envelope, in one go, and ``data`` has nothing beyond what ``Page`` shows.
            tally: As in ``call``.

        Raises:
            PagingError: The platform repeats a page token, or ``walk.MOST_BARREN`` pages in a row had no row or only
                rows that came before, or pages come and come behind all rows that it counts: the list would never end.
            PageTokenInvalid: The platform does not accept its page token: begin again.
            TikTokShopError: As ``call``.
        """
        size = page_size or operation.page_size
        walk: Walk | None = None
        token = ""
        number = 0
        while True:
            number += 1
            inquiry, content = placed(
                operation, query, body, {"page_size": size} | ({"page_token": token} if token else {})
            )
            call = self._call(operation, shop, path, inquiry, content, tally, paging=bool(token))
            page = self._page(call, self._caller.perform(call, rows=operation.rows, outline=outline), number)
            walk = walk or Walk(call.context.who)
            walk.see(page.rows, page.total_count)
            yield page
            if isinstance(page.rows, RawRows) and page.rows.reservation:
                page.rows.pack()  # in case somebody still has it when the next one comes
            token = page.next_page_token
            if not token:
                return
            walk.go_on(token)

    def _call(
        self,
        operation: Operation,
        shop: Shop | None,
        path: Mapping[str, str] | None,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        tally: Tally | None,
        *,
        paging: bool = False,
    ) -> Call:
        if operation.cipher != (shop is not None):
            raise ValueError(f"{operation.name} is called {'with' if operation.cipher else 'without'} a shop")
        inquiry = {**operation.query, **(query or {})}
        cost = tally or self.spent.setdefault(shop.id if shop else "", Tally())
        call = Call.of(operation, shop, path or {}, inquiry, body, cost, paging=paging)
        reason = _exclusion(operation, shop) if shop else ""
        if shop and reason:
            raise MarketError(f"{call.context.who}: {reason}", operation=operation.name, shop_id=shop.id)
        if shop and not shop.cipher:
            error: TikTokShopError = AuthorisationError(
                f"{call.context.who}: the platform's list of shops has no cipher for it, and without one nothing "
                "can be asked about it: authorise the app again (tiktokshop auth login)",
                operation=operation.name,
                shop_id=shop.id,
            )
            error.reach = "shop"  # the others have theirs
            raise error
        return call

    def _page(self, call: Call, answer: Answer, number: int) -> Page:
        key = call.operation.rows
        rows = _at(answer.data, key) if key else None
        if rows is None or (isinstance(rows, (str, dict)) and not rows):  # as some write a list of nothing
            rows = []
        if not isinstance(rows, (list, RawRows)):
            raise TransientError(f"{call.context.who}: the answer's {key} is not a list", request_id=answer.request_id)
        total = answer.data.get("total_count")
        token = answer.data.get("next_page_token")
        return Page(
            rows,
            _count(total, rows),
            answer.data,
            answer.request_id,
            number,
            str(token) if token and call.operation.paging else "",
            answer.mended,
        )

    def _authorised(self) -> Iterator[Shop]:
        """The shops that the platform lists, each once."""
        answer = self.call(GET_SHOPS)
        listed = answer.data.get("shops") or []
        if not isinstance(listed, list):
            raise TransientError(f"{GET_SHOPS.name}: the answer's shops is not a list", request_id=answer.request_id)
        rows = {one_line(str(row["id"]), LONGEST_ID): row for row in listed if isinstance(row, dict) and _has_id(row)}
        if listed and not rows:
            raise TransientError(f"{GET_SHOPS.name}: no shop of the answer has an id", request_id=answer.request_id)
        for shop_id, row in rows.items():
            facts = {key: value for key, value in row.items() if key != "cipher"}
            given = row.get("cipher")
            cipher = Secret(given if isinstance(given, str) else "")
            self._redactor.add(cipher)
            yield Shop(
                id=shop_id,
                name=str(row.get("name") or ""),
                region=str(row.get("region") or ""),
                seller_type=str(row.get("seller_type") or ""),
                code=str(row.get("code") or ""),
                cipher=cipher,
                data=facts,
            )

    def _wanted(self, shops: tuple[Shop, ...]) -> tuple[Shop, ...]:
        if not shops:
            raise AuthorisationError(
                f"the grant of {self._tokens.seller()} covers no shop: authorise the app as the seller of a shop",
            )
        ids = self._settings.shop_ids
        missing = [shop_id for shop_id in ids if shop_id not in {shop.id for shop in shops}]
        if missing:
            raise ConfigurationError(
                f"the setting shop_ids names {', '.join(missing)}, which the grant does not cover; it covers "
                + ", ".join(shop.label.removeprefix("shop ") for shop in shops),
            )
        return tuple(shop for shop in shops if not ids or shop.id in ids)


def _exclusion(operation: Operation, shop: Shop) -> str:
    """Why a shop cannot have an operation, "" if it can."""
    if operation.excluded_from(shop.region):
        return f"the platform does not offer this in the shop's market ({shop.market})"
    if operation.excluded_for(shop.seller_type):
        return f"the platform offers this to {' and '.join(operation.seller_types or ())} shops only"
    return ""


def _has_id(row: Mapping[str, Any]) -> bool:
    """Whether a shop's id is one: a text, or a number as some answers have it."""
    shop_id = row.get("id")
    return bool(shop_id) and isinstance(shop_id, (str, int)) and not isinstance(shop_id, bool)


def _count(total: Any, rows: Sequence[Any]) -> int | None:
    """A count as the platform sends it; a missing count counts as unknown, and so does 0 beside rows."""
    count = whole(total)
    return None if count is None else count or (None if len(rows) else 0)


def _at(data: Any, path: str) -> Any:
    """What lies at a dotted path, None where the way ends early."""
    for name in path.split("."):
        if not isinstance(data, dict):
            return None
        data = data.get(name)
    return data
