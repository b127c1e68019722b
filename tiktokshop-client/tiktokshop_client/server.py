"""A server within bounds of time, connections and bytes, whoever connects; it needs the extra `serve`."""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tiktokshop_client.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.applications import Starlette

REQUEST_SECONDS = 10.0
"""From connecting, or from the last answer, to the end of the next request: slower ones are cut off."""
MOST_CONNECTIONS = 2_000
"""From then on, whoever has waited longest makes room for who comes."""
BESIDE = 100
"""Files that the process has open beside its connections, at most."""
FEWEST_CONNECTIONS = 10
"""With fewer, senders would cut each other off."""
LARGEST_HEAD = 16_384
BACKLOG = 2_048


class BoundedProtocol(H11Protocol):
    """Uvicorn's HTTP protocol, with an end to every connection that does not get on."""

    answer_seconds = 0.0
    """How much longer an answer may take to be made than its request to come."""
    since: float
    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the clock; a connection too many ends the oldest that waits."""
        super().connection_made(transport)
        self._begin()
        if len(self.connections) > most_connections():
            waiting = [each for each in self.connections if isinstance(each, BoundedProtocol) and not each.is_answered]
            oldest = min(waiting, key=lambda each: each.since, default=None)
            if oldest is not None:
                oldest.give_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        if self._limit is not None:
            self._limit.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Starts the clock anew."""
        self._begin()
        super().on_response_complete()

    @property
    def is_answered(self) -> bool:
        """Whether a whole request is here, whose answer is being made."""
        return self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete

    def give_up(self) -> None:
        """Ends the connection at once."""
        self.transport.abort()

    def _begin(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self.since = self.loop.time()
        self._limit = self.loop.call_later(REQUEST_SECONDS, self._late)

    def _late(self) -> None:
        if self.answer_seconds and self.is_answered:
            self._limit = self.loop.call_later(self.answer_seconds, self.give_up)
        else:
            self.give_up()


class PatientProtocol(BoundedProtocol):
    """The same for answers that wait for the platform."""

    answer_seconds = 120.0


class BoundedServer(uvicorn.Server):
    """Uvicorn, which says when it is ready, and ends in order at SIGTERM and Ctrl-C.

    Args:
        app: What to serve.
        ready: Called when it answers.
        protocol: How long a connection may take.
    """

    def __init__(
        self,
        app: Starlette,
        ready: Callable[[], Any] = lambda: None,
        protocol: type[BoundedProtocol] = BoundedProtocol,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol,
                ws="none",
                lifespan="on",
                loop="asyncio",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                backlog=BACKLOG,
                h11_max_incomplete_event_size=LARGEST_HEAD,
                timeout_keep_alive=math.ceil(REQUEST_SECONDS) + 1,  # ours is earlier
                timeout_graceful_shutdown=5,
            )
        )
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self.interrupted = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, then says so."""
        self._ending = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets=sockets)
        self._ready()

    async def main_loop(self) -> None:
        """Serves until it is told to stop."""
        await self.on_tick(0)
        await self._ending.wait()

    def stop(self) -> None:
        """Ends the server, from whatever thread or a signal's handler; a second call does nothing."""
        self.should_exit = True
        if self._loop is not None:  # else it has not started yet, and will not
            with contextlib.suppress(RuntimeError):  # it has ended, and its loop is closed
                self._loop.call_soon_threadsafe(self._ending.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends: at once where nothing is under way, and no connection waits for its answer."""
        for server in self.servers:
            server.close()
        for each in list(self.server_state.connections):
            each.shutdown()
        await asyncio.sleep(0)  # in which those that wait for nothing are closed
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets=sockets)
            return
        for sock in sockets or ():
            sock.close()
        await self.lifespan.shutdown()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Has signals end the server, and not the process in the middle of an answer."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._stop) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, _frame: Any) -> None:
        self.interrupted = number == signal.SIGINT
        self.stop()


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ConfigurationError: It cannot.
    """
    if not host:  # which the system takes for every address
        raise ConfigurationError("--host is empty; 0.0.0.0 listens on every address of this machine")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's delay off only where it is.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except (OSError, TypeError, ValueError) as error:  # the latter two of what can be no host's name
        sock.close()
        why = (error.strerror if isinstance(error, OSError) else "") or "there is no such address here"
        raise ConfigurationError(
            f"{host} port {port} cannot be listened on: {why}; choose another with --host and --port"
        ) from None
    sock.listen(BACKLOG)
    return sock


def most_connections() -> int:
    """How many connections there may be: fewer where the system lets the process open fewer files."""
    return min(MOST_CONNECTIONS, _files() - BESIDE)


def raise_limits() -> None:
    """Takes as many open files as the system gives, if more are needed.

    Raises:
        ConfigurationError: It gives too few to receive anything.
    """
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not everywhere

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MOST_CONNECTIONS + BESIDE
        if soft < wanted:
            most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most_connections() < FEWEST_CONNECTIONS:
        raise ConfigurationError(
            f"the system lets this process open {_files()} files, and a receiver needs {BESIDE + FEWEST_CONNECTIONS} "
            f"at least: raise the limit, for example with ulimit -n {MOST_CONNECTIONS + BESIDE}"
        )


def _files() -> int:
    if sys.platform == "win32":
        return MOST_CONNECTIONS + BESIDE
    import resource  # noqa: PLC0415 - not everywhere

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS + BESIDE if soft == resource.RLIM_INFINITY else soft
