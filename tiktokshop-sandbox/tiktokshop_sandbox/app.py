"""The ASGI application: reads a request, lets the right part answer it, and applies faults to the answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
import time
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.routing import Router

from tiktokshop_sandbox import papers
from tiktokshop_sandbox.console import PATH as CONSOLE
from tiktokshop_sandbox.console import Console
from tiktokshop_sandbox.console.signing import rejection
from tiktokshop_sandbox.console.slips import slips
from tiktokshop_sandbox.exchange import RawRequest, RawResponse
from tiktokshop_sandbox.faults import TRANSPORT, Spec, Target
from tiktokshop_sandbox.guard import refusal_of
from tiktokshop_sandbox.journal import Journal, JournalEntry, excerpt, without_secrets
from tiktokshop_sandbox.oauth import CONSENT, TOKEN_HOST, Consent, TokenHost
from tiktokshop_sandbox.refusals import SIGN_INVALID, refusal
from tiktokshop_sandbox.testers import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from tiktokshop_sandbox.control import Control
    from tiktokshop_sandbox.gateway import Gateway

_LOG: Final = logging.getLogger(__name__)
_NO_LINGER: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
_DAMAGES: Final = tuple(kind for kind in TRANSPORT if kind != "slow")
_TICK: Final = 0.1  # seconds between two looks at what has happened in the shops
_HTML: Final = "text/html; charset=utf-8"
_PLAIN: Final = "text/plain; charset=utf-8"


def _page(title: str) -> bytes:
    body = f"<body><center><h1>{title}</h1></center></body>"
    return f"<html>\r\n<head><title>{title}</title></head>\r\n{body}\r\n</html>\r\n".encode()


# What stands in for the answer; the request is then not carried out.
_INSTEAD: Final[Mapping[str, Callable[[Gateway], RawResponse]]] = {
    "http_500": lambda _: RawResponse(500, None, _page("500 Internal Server Error"), content_type=_HTML),
    "http_502": lambda _: RawResponse(502, None, _page("502 Bad Gateway"), content_type=_HTML),
    "http_503": lambda _: RawResponse(
        503, None, b"upstream connect error or disconnect/reset before headers", content_type=_PLAIN
    ),
    "html_page": lambda _: RawResponse(200, None, _page("Please wait..."), content_type=_HTML),
    "internal_error": lambda gateway: gateway.refuse(refusal("internal", http=200)),
    "internal_error_500": lambda gateway: gateway.refuse(refusal("internal")),
    "reset_before": lambda _: RawResponse(0, None, b""),
}


class _Outcome(NamedTuple):
    """An answer, how many seconds late it is to be, and whether it ends in a reset."""

    answer: RawResponse
    delay: float
    reset: bool


@dataclass
class SandboxApp:
    """API host, token host, consent page and control endpoints on one port.

    `connections` maps a client's address to its transport; the server's protocol fills it, so that a
    fault can reset a connection for real.
    """

    gateway: Gateway
    control: Control
    latency: float = 0.0
    connections: dict[Any, asyncio.Transport] = field(default_factory=dict)

    def __post_init__(self) -> None:
        accounts, world = self.gateway.accounts, self.gateway.world
        self._token_host = TokenHost(accounts, self.gateway)
        console = Console(self.gateway, self.control)
        self._pages = Router(routes=[*self.control.routes(), *Consent(accounts, world).routes(), *console.routes()])
        self._date = (0, b"")
        self._turn = asyncio.Lock()

    @property
    def journal(self) -> Journal:
        """What was asked so far."""
        return self.control.journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI request."""
        path: str = scope["path"]
        if path in CONSENT or path.startswith((PREFIX, CONSOLE)):
            refused = refusal_of(scope["method"], _headers(scope))
            pages = Response(f"{refused}\n", 403, media_type="text/plain") if refused else self._pages
            async with self._turn:
                await pages(scope, receive, send)
            return
        request = await _read(scope, receive)
        arrived = self.gateway.clock.precise()
        # One after the other, and outside the loop: a request that comes meanwhile is counted when it comes.
        async with self._turn:
            outcome = await asyncio.to_thread(self._carry_out, request, arrived)
        # After everything else: however long an answer takes, its request has been carried out.
        if outcome.delay:
            await asyncio.sleep(outcome.delay)
        if outcome.reset:
            await self._reset(scope, send, outcome.answer)
        else:
            await self._send(send, outcome.answer)

    async def deliver(self, until: asyncio.Event) -> None:
        """Lets the shops live and delivers their webhooks until the server ends, between the requests."""
        while not until.is_set():
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(until.wait(), _TICK)
            async with self._turn:
                try:
                    await asyncio.to_thread(self.control.dispatch.tick)
                except Exception as error:  # noqa: BLE001 - the next round may go better; what it says may hold data
                    _LOG.error("the sandbox failed to deliver webhooks: %s", type(error).__name__)

    def _carry_out(self, request: RawRequest, arrived: float) -> _Outcome:
        target = self._target(request)
        faults = self.gateway.faults
        slow = faults.strike(target, "slow")
        faults.last = slow.kind if slow else None
        fault = faults.strike(target, *_DAMAGES)
        answer, operation = self._answer(request, fault)
        if fault and fault.kind == "truncated_json":
            answer = replace(answer, body=answer.body[: len(answer.body) // 2])
        self._note(request, answer, operation, target, arrived)
        reset = fault is not None and fault.kind.startswith("reset")
        return _Outcome(answer, self.latency + (slow.seconds if slow else 0.0), reset)

    def _target(self, request: RawRequest) -> Target:
        shop = self.gateway.shop_of(request.query.get("shop_cipher", ""))
        return Target(request.path, shop.id if shop else None)

    def _answer(self, request: RawRequest, fault: Spec | None) -> tuple[RawResponse, str | None]:
        if fault and fault.kind in _INSTEAD:
            return _INSTEAD[fault.kind](self.gateway), self.gateway.operation_of(request)
        if request.path.startswith(TOKEN_HOST):
            return self._token_host.answer(request), f"{request.method} {request.path}"
        if request.path.startswith(papers.PREFIX):
            return papers.answer(
                self.gateway.world, self.gateway.clock.now(), request
            ), f"{request.method} {papers.PREFIX}"
        try:
            return self.gateway.answer(request), self.gateway.operation_of(request)
        except Exception:  # noqa: BLE001 - the platform answers its own bugs like this; ours are logged
            _LOG.exception("the sandbox failed on %s %s", request.method, request.path)
            return self.gateway.refuse(refusal("internal")), None

    def _note(
        self, request: RawRequest, answer: RawResponse, operation: str | None, target: Target, arrived: float
    ) -> None:
        self.journal.note(
            JournalEntry(
                time=round(arrived, 3),
                method=request.method,
                path=request.path,
                operation=operation,
                shop_id=target.shop_id,
                query=without_secrets({**request.query, **request.repeated}),
                body=excerpt(request.body),
                http=answer.http,
                code=answer.code,
                fault=self.gateway.faults.last,
                bytes=len(answer.body),
                slips=tuple(slips(self.gateway, request, answer.code)),
            ),
            rejection(self.gateway.accounts.app.secret, request) if answer.code == SIGN_INVALID else None,
        )

    async def _send(self, send: Send, answer: RawResponse, length: int | None = None, *, more: bool = False) -> None:
        """Send an answer; `length` announces another length than the body has."""
        headers = [
            (b"date", self._http_date()),
            (b"content-type", answer.content_type.encode()),
            (b"content-length", str(len(answer.body) if length is None else length).encode()),
            *((name.encode(), value.encode()) for name, value in answer.headers),
        ]
        await send({"type": "http.response.start", "status": answer.http, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": more})

    async def _reset(self, scope: Scope, send: Send, answer: RawResponse) -> None:
        """Reset the connection: at once, or when half of the body has gone out."""
        if answer.http:
            half = replace(answer, body=answer.body[: len(answer.body) // 2])
            await self._send(send, half, len(answer.body), more=True)
        transport = self.connections[scope["client"]]
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
        await asyncio.sleep(0)  # the server learns of the lost connection before we return without an answer

    def _http_date(self) -> bytes:
        """The `Date` header: the platform's time, by which clients may correct their clock."""
        now = self.gateway.clock.told()
        if self._date[0] != now:
            self._date = (now, formatdate(now, usegmt=True).encode())
        return self._date[1]


async def _read(scope: Scope, receive: Receive) -> RawRequest:
    arrived = time.monotonic()
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    came: dict[str, list[str]] = {}
    for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
        came.setdefault(name, []).append(value)
    query = {name: values[0] for name, values in came.items()}
    repeated = {name: tuple(values) for name, values in came.items() if len(values) > 1}
    return RawRequest(scope["method"], scope["path"], query, _headers(scope), bytes(body), arrived, repeated)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
