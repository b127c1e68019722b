"""The server: in a thread of this process for plugins and tests, or in the foreground for the command line."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tiktokshop_sandbox.budget import RateLimit
from tiktokshop_sandbox.connection import Connection, connection
from tiktokshop_sandbox.sandbox import SandboxError, WorldSize, announce, assembled, held, opened
from tiktokshop_sandbox.testers import PREFIX

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from tiktokshop_sandbox.app import SandboxApp
    from tiktokshop_sandbox.budget import Scope

_LOOPBACK: Final = "127.0.0.1"
_START_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.1
"""How often to look whether a signal, which cannot wake the server, has asked it to end."""


class SandboxProtocol(H11Protocol):
    """Uvicorn's HTTP protocol, which tells the application about its connections."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the connection under the client's address."""
        super().connection_made(transport)
        self.config.app.connections[self.client] = transport  # type: ignore[union-attr]

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.config.app.connections.pop(self.client, None)  # type: ignore[union-attr]
        super().connection_lost(exc)


class Server(uvicorn.Server):
    """Uvicorn, with an event for when it answers."""

    def __init__(self, app: SandboxApp) -> None:
        config = uvicorn.Config(
            app,
            http=SandboxProtocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._app = app
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, begin to deliver webhooks, and say so."""
        await super().startup(sockets=sockets)
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        self._delivering = asyncio.create_task(self._app.deliver(self._ending))
        self.ready.set()

    async def main_loop(self) -> None:
        """Serve until told to stop: by `stop` at once, by a signal soon."""
        while not await self.on_tick(0):
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _LOOK_SECONDS)

    def stop(self) -> None:
        """End the server, from whatever thread; a second call does nothing."""
        self.should_exit = True
        with contextlib.suppress(RuntimeError):  # it has ended, and its loop is closed
            self._loop.call_soon_threadsafe(self._ending.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop delivering first: nothing may use the shops once they are closed."""
        self._ending.set()
        await self._delivering
        for server in self.servers:
            server.close()
        for idle in list(self.server_state.connections):
            idle.shutdown()
        await asyncio.sleep(0)  # in which those that wait for nothing are closed
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets=sockets)


@contextlib.contextmanager
def prepared(
    path: str | os.PathLike[str] | None,
    *,
    size: WorldSize,
    budget: RateLimit,
    latency_ms: int,
    now: int | None,
    port: int,
    hold: bool = False,
) -> Iterator[tuple[SandboxApp, Server, socket.socket]]:
    """A sandbox that is ready to serve: its application, server and bound socket; all closed at the end.

    Raises:
        SandboxError: the port is taken, or the file is in use.
    """
    with held(path) as file, opened(file, size, now) as (world, clock), contextlib.closing(_bound(port)) as sock:
        if hold:
            clock.hold()
        app = assembled(world, clock, seed=size.seed, budget=budget, latency_ms=latency_ms)
        app.gateway.host_url = f"http://{_LOOPBACK}:{sock.getsockname()[1]}"
        announce(file, app.gateway.host_url)
        with contextlib.closing(app.control.dispatch):
            yield app, Server(app), sock


@dataclass(kw_only=True)
class Running(Connection):
    """A sandbox that serves in a thread of this process, with what a client needs to use it.

    The tokens are the pair given out last when it started. Close it, or use it as a context manager.
    """

    _server: Server = field(repr=False)
    _thread: threading.Thread = field(repr=False)
    _resources: contextlib.ExitStack = field(repr=False)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call a control endpoint: `control("POST", "/clock", {"advance": 3600})`.

        Raises:
            SandboxError: the sandbox refused; the text is its own.
        """
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            self.api_base_url + PREFIX + path, None if body is None else msgspec.json.encode(body), method=method
        )
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
                return msgspec.json.decode(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise SandboxError(f"{method} {path}: {error.read().decode()}") from None

    def close(self) -> None:
        """Stop serving and let go of the file. A second call does nothing."""
        self._server.stop()
        self._thread.join()
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(  # noqa: PLR0913 - one argument for each setting of the command line
    path: str | os.PathLike[str] | None = None,
    *,
    seed: int = 7,
    shops: int = 2,
    orders: int = 5000,
    rps: int = 50,
    rps_scope: Scope = "family",
    latency_ms: int = 0,
    now: int | None = None,
    port: int = 0,
    hold: bool = False,
    regions: Iterable[str] = (),
    difficulties: Iterable[str] = (),
) -> Running:
    """Start a sandbox in a thread of this process.

    `path` is its SQLite file (None: in memory); a new one is filled with `shops` shops of about `orders`
    orders each, the same for the same `seed` and `now`. `now` (unix seconds) makes the shops' clock stand
    still; without it, it runs with real time, or, with `hold`, stands still until the sandbox is closed, so
    that nothing changes under a run that reads it. `rps` requests a second are let through for a shop: altogether
    (`rps_scope` "shop"), for each API family, or for each API ("api"). `port` 0 takes a free one. New shops are in
    `regions` ("US", "JP") in turn, and their books have had these `difficulties` from the first day.

    Raises:
        SandboxError: the port is taken, or another sandbox has the file.
    """
    with contextlib.ExitStack() as resources:
        app, server, sock = resources.enter_context(
            prepared(
                path,
                size=WorldSize(seed, shops, orders, tuple(regions), tuple(difficulties)),
                budget=RateLimit(rps, rps_scope),
                latency_ms=latency_ms,
                now=now,
                port=port,
                hold=hold,
            )
        )
        thread = threading.Thread(target=server.run, args=([sock],), name="tiktokshop-sandbox", daemon=True)
        thread.start()
        if not server.ready.wait(_START_SECONDS):
            raise SandboxError("the sandbox's server did not start")
        return Running(
            **connection(app.gateway).settings(),
            _server=server,
            _thread=thread,
            _resources=resources.pop_all(),
        )


def _bound(port: int) -> socket.socket:
    # The protocol is named because asyncio switches Nagle's delay off only where it is: 40 ms a request.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((_LOOPBACK, port))
    except OSError as error:
        sock.close()
        raise SandboxError(f"port {port} cannot be used: {error.strerror}") from None
    sock.listen(128)
    return sock
