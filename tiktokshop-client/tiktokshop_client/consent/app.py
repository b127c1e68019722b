"""The service as an ASGI application.

Sellers' browsers see pages, an operator's program JSON. Nothing of an address, a cookie or an answer of the platform is
ever put into a page or a log, and browsers are sent to two kinds of places only: the platform's consent page, and our
own page with the outcome, whose address has neither code nor state.
"""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tiktokshop_client.consent.desk import (
    STATE_SECONDS,
    BusyError,
    ConsentDesk,
    DeclinedError,
    UnknownLinkError,
    WrongSellerError,
)
from tiktokshop_client.consent.pages import HEADERS, OUTCOMES, invitation, outcome_page
from tiktokshop_client.consent.rates import AddressRate
from tiktokshop_client.console import sentence
from tiktokshop_client.errors import TikTokShopError
from tiktokshop_client.redaction import known
from tiktokshop_client.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tiktokshop_client.consent.serving import ServiceSettings

log = logging.getLogger(__name__)

CALLBACK = "/callback"
LONGEST_QUERY = 8_192
LARGEST_BODY = 65_536
"""Nothing that is asked here has a body; a program may send one all the same."""
MOST_LISTED = 500
LISTED = 100
_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")
_WORDS: Mapping[type[TikTokShopError], str] = {
    UnknownLinkError: "unknown",
    DeclinedError: "declined",
    WrongSellerError: "other-seller",
    BusyError: "busy",
}


def create_app(settings: ServiceSettings, desk: ConsentDesk) -> Starlette:
    """The application.

    Args:
        settings: The service's.
        desk: What does the work.
    """
    front = _Front(settings, desk)
    sellers, operators = front.for_sellers, front.for_operators
    app = Starlette(
        routes=[
            Route("/consent/{name}/{ticket}", sellers(front.invite), methods=["GET"]),
            Route("/consent/{name}/{ticket}", sellers(front.send), methods=["POST"]),
            Route(CALLBACK, sellers(front.receive), methods=["GET"]),
            Route("/outcome/{word}", sellers(front.outcome), methods=["GET"]),
            Route("/api/sellers", operators(front.list), methods=["GET"]),
            Route("/api/sellers/{name}/link", operators(front.link), methods=["POST"]),
            Route("/api/sellers/{name}/grant", operators(front.revoke), methods=["DELETE"]),
            Route("/healthz", front.health, methods=["GET"]),
            Route("/readyz", front.readiness, methods=["GET"]),
        ],
        middleware=[Middleware(_Bodies)],
        exception_handlers={HTTPException: front.no_such, Exception: front.broken},
    )
    app.router.redirect_slashes = False
    return app


class _Bodies:
    """Refuses a request whose body is too large, or whose length is told in two ways, and hangs up."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        sent = Headers(scope=scope) if scope["type"] == "http" else Headers()
        length, chunked = sent.get("content-length", "0"), "transfer-encoding" in sent
        # A server and a proxy that go by different ones of the two would not agree on where the next request begins.
        status = (
            400 if chunked and "content-length" in sent else 413 if len(length) > 6 or int(length) > LARGEST_BODY else 0
        )
        if status:
            refusal = HTMLResponse(outcome_page("wrong")[1], status, headers={**HEADERS, "Connection": "close"})
            await refusal(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if (
                chunked and message["type"] == "http.response.start"
            ):  # of a length that nobody knows: none of it is read
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, answer)


class _Front:
    """What answers requests."""

    def __init__(self, settings: ServiceSettings, desk: ConsentDesk) -> None:
        self._settings = settings
        self._desk = desk
        self._pages = AddressRate(60, 1.0)
        self._mistakes = AddressRate(10, 0.1)
        self._secure = settings.public_url.startswith("https://")
        self._cookie = "__Host-consent" if self._secure else "consent"

    def for_sellers(self, work: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Within the bounds of how often somebody may ask; what fails is one of the pages."""

        async def answer(request: Request) -> Response:
            if request.method == "HEAD":  # which a program sends that looks at links
                return Response(status_code=405, headers={**HEADERS, "Allow": "GET"})
            if not self._pages.allows(_address(request)):
                return _page("often")
            try:
                return await work(request)
            except TikTokShopError as error:
                word = next((word for kind, word in _WORDS.items() if isinstance(error, kind)), "failed")
                if word == "failed":
                    log.error("%s", error)  # noqa: TRY400 - a sentence for a human
                return _page(word)

        return answer

    def for_operators(self, work: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """With the operator's secret only; what fails is an object with one sentence."""

        async def answer(request: Request) -> Response:
            address = _address(request)
            if not self._mistakes.allows(address, 0):
                return _facts({"error": "Too many requests without the operator's secret; wait some minutes."}, 429)
            scheme, _, given = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or Secret(given.strip()) != self._settings.operator_secret:
                self._mistakes.allows(address)
                refusal = _facts({"error": "The operator's secret is missing or wrong."}, 401)
                refusal.headers["WWW-Authenticate"] = "Bearer"
                return refusal
            try:
                return await work(request)
            except TikTokShopError as error:
                log.error("%s", error)  # noqa: TRY400 - a sentence for a human
                return _facts({"error": str(error)}, 503)

        return answer

    async def invite(self, request: Request) -> Response:
        """The page behind a seller's link."""
        name, ticket = request.path_params["name"], request.path_params["ticket"]
        seller = await run_in_threadpool(self._desk.opened, name, ticket)
        return HTMLResponse(invitation(seller.name), headers=HEADERS)

    async def send(self, request: Request) -> Response:
        """Sends a browser on to the platform, with a state and a cookie that belong together."""
        if not self._is_own(request):
            return _page("wrong")
        name, ticket = request.path_params["name"], request.path_params["ticket"]
        browser = self._browser(request) or secrets.token_urlsafe(32)
        target = await run_in_threadpool(self._desk.begin, name, ticket, browser)
        answer = RedirectResponse(target, 303, headers=HEADERS)
        # Lax: the platform's redirect is a navigation from elsewhere.
        answer.set_cookie(
            self._cookie, browser, max_age=STATE_SECONDS, path="/", secure=self._secure, httponly=True, samesite="lax"
        )
        return answer

    async def receive(self, request: Request) -> Response:
        """Takes the platform's answer, and sends the browser on to an address without it."""
        query = _once(request.url.query)
        if query is None:
            return _page("wrong")
        try:
            await run_in_threadpool(self._desk.finish, query, self._browser(request))
            word = "authorised"
        except BusyError:
            return _page("busy")  # at this address, which can be asked for again
        except TikTokShopError as error:
            word = next((word for kind, word in _WORDS.items() if isinstance(error, kind)), "failed")
        return RedirectResponse(f"{self._settings.public_url}/outcome/{word}", 303, headers=HEADERS)

    async def outcome(self, request: Request) -> Response:
        """How a consent has ended."""
        word = request.path_params["word"]
        return _page(word if word in OUTCOMES else "wrong")

    async def list(self, request: Request) -> Response:
        """The sellers and their grants."""
        limit = request.query_params.get("limit", str(LISTED))
        if not (limit.isascii() and limit.isdigit() and len(limit) < 6 and 1 <= int(limit) <= MOST_LISTED):
            return _facts({"error": f"limit must be a number from 1 to {MOST_LISTED}."}, 400)
        found = await run_in_threadpool(self._desk.grants, request.query_params.get("after", ""), int(limit))
        following = found[-1]["seller"] if len(found) == int(limit) else None
        return _facts({"sellers": found, "after": following})

    async def link(self, request: Request) -> Response:
        """Makes a link for a seller."""
        made = await run_in_threadpool(self._desk.link, request.path_params["name"])
        if made is None:
            return _facts({"error": "The table of sellers has no such seller."}, 404)
        # Not by way of what takes secrets out: it is what was asked for.
        return JSONResponse({"url": made.url.reveal(), "expires_at": made.until}, 201, headers=dict(HEADERS))

    async def revoke(self, request: Request) -> Response:
        """Deletes a seller's tokens."""
        done = await run_in_threadpool(self._desk.revoke, request.path_params["name"])
        return _facts(done) if done else _facts({"error": "The table of sellers has no such seller."}, 404)

    async def health(self, _: Request) -> Response:
        """That the service lives."""
        return PlainTextResponse("alive\n", headers=HEADERS)

    async def readiness(self, request: Request) -> Response:
        """Whether it can work, which is looked up: not more often than pages are made for an address."""
        if not self._pages.allows(_address(request)):
            return PlainTextResponse("too many requests\n", 429, headers={**HEADERS, "Retry-After": "60"})
        with contextlib.suppress(TikTokShopError):
            await run_in_threadpool(self._desk.ready)
            return PlainTextResponse("ready\n", headers=HEADERS)
        return PlainTextResponse("the table of sellers or the consent store cannot be used\n", 503, headers=HEADERS)

    async def no_such(self, request: Request, error: Exception) -> Response:
        """There is nothing at that address."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        if request.url.path.startswith("/api/"):
            return _facts({"error": "There is nothing at this address, or not by this method."}, status)
        text = outcome_page("wrong")[1]
        return HTMLResponse(text, status, headers=HEADERS)

    async def broken(self, _: Request, error: Exception) -> Response:
        """A fault of ours."""
        log.error("%s", sentence(error))
        text = outcome_page("failed")[1]
        return HTMLResponse(text, 500, headers=HEADERS)

    def _browser(self, request: Request) -> str:
        """The secret of the browser, "" if it has none."""
        found = request.cookies.get(self._cookie, "")
        return found if _BROWSER.fullmatch(found) else ""

    def _is_own(self, request: Request) -> bool:
        """Whether a form was sent by a page of ours, as far as the browser says it."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        return request.headers.get("origin", self._settings.public_url) == self._settings.public_url


def _address(request: Request) -> str:
    """Where a request comes from: what the proxy has added, which is the last, or else who has connected."""
    added = request.headers.getlist("x-forwarded-for")
    if added:
        return added[-1].rpartition(",")[2]
    return request.client.host if request.client else ""


def _once(query: str) -> dict[str, str] | None:
    """The parameters of a query, None if it has too many, or one of those that count twice."""
    if len(query) > LONGEST_QUERY:
        return None
    try:
        found = parse_qsl(query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return None
    names = [name for name, _ in found if name in {"code", "state", "error"}]
    return dict(found) if len(names) == len(set(names)) else None


def _page(word: str) -> Response:
    status, text = outcome_page(word)
    more = {"Retry-After": "60"} if status in {429, 503} else {}
    return HTMLResponse(text, status, headers={**HEADERS, **more})


def _facts(facts: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(known.throughout(facts), status, headers=dict(HEADERS))
