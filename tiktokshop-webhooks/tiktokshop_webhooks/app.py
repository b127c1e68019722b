"""The receiver as an ASGI application: to serve, or to mount in a service of one's own."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tiktokshop_webhooks.reception import LONGEST_BODY, Reception
from tiktokshop_webhooks.settings import HookSettings, gather

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

PATH = "/webhooks"
TOO_LARGE = 413
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def create_app(config: Mapping[str, Any] | None = None) -> Starlette:
    """The application.

    Args:
        config: The receiver's settings by their names; those of the environment, and of ``.env``, if None.

    Returns:
        The application. Where no lifespan tells it of its end, ``app.state.reception.close()`` does.

    Raises:
        ConfigurationError: A setting is missing or wrong.
    """
    file: Path | None = None
    settings = HookSettings.from_config(gather(file) if config is None else config)
    reception = Reception(settings)
    desk = _Counter(reception)
    app = Starlette(
        routes=[
            Route(PATH, desk.deliver, methods=["POST"]),
            Route(f"{PATH}/", desk.deliver, methods=["POST"]),
            Route(f"{PATH}/{{app_key}}", desk.deliver, methods=["POST"]),
            Route("/healthz", desk.health, methods=["GET"]),
            Route("/readyz", desk.readiness, methods=["GET"]),
            Route("/metrics", desk.metrics, methods=["GET"]),
        ],
        lifespan=desk.lifespan,
    )
    app.state.reception = reception
    app.router.redirect_slashes = False  # the platform follows no redirect
    return app


class _Counter:
    """Where deliveries are handed in."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """From the start of the server to its end. Mounted in another service, it begins with the first delivery."""
        self._reception.start()
        yield
        self._reception.close()

    async def deliver(self, request: Request) -> Response:
        """Takes a delivery: 200 or another status, always with an empty body."""
        began = time.monotonic()
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400)  # which nobody reads
        if body is None:
            status = TOO_LARGE
        else:
            addressed = request.path_params.get("app_key", "")
            status = await self._reception.take(body, request.headers.get("authorization", ""), addressed)
        self._reception.metrics.answered(status, time.monotonic() - began)
        return Response(status_code=status)

    async def health(self, _: Request) -> Response:
        """That the receiver lives."""
        return PlainTextResponse("alive\n")

    async def readiness(self, _: Request) -> Response:
        """Whether it can take deliveries."""
        if await self._reception.ready():
            return PlainTextResponse("ready\n")
        return PlainTextResponse("the inbox takes no events; the receiver's log says why\n", status_code=503)

    async def metrics(self, _: Request) -> Response:
        """What was counted, for Prometheus."""
        return Response(await self._reception.figures(), media_type=METRICS_TYPE)


async def _body(request: Request) -> bytes | None:
    """The body as it came, None if it is too large; of such a one, no more than its beginning is read."""
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and len(said) < 20 and int(said) > LONGEST_BODY:
        return None
    parts = bytearray()
    async for chunk in request.stream():
        parts += chunk
        if len(parts) > LONGEST_BODY:
            return None
    return bytes(parts)
