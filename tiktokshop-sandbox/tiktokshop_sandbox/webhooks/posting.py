"""Posts deliveries: in a thread of its own, many at once, each within the three seconds that the platform waits."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
import time
from collections import deque
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

import h11

if TYPE_CHECKING:
    from collections.abc import Iterable

PATIENCE: Final = 3.0
"""Seconds that an answer may take, from connecting to its end."""
_AT_ONCE: Final = 32
"""Deliveries to one address at the same time: one that is slow keeps nobody else waiting."""
_READ: Final = 65_536

TOO_SLOW, NOBODY, NO_SUCH_HOST, NO_TLS, NO_HTTP, BROKEN = "slow", "nobody", "host", "tls", "http", "broken"


class Job(NamedTuple):
    """What is to be sent where. `id` is the delivery's."""

    id: int
    address: str
    body: bytes
    signature: str


class Reaction(NamedTuple):
    """What came back: a status and the kind and size of the body, or, with status 0, what went wrong."""

    id: int
    http: int = 0
    wrong: str = ""
    html: bool = False
    size: int = 0
    seconds: float = 0.0


class Poster:
    """Posts jobs; `reactions` has what came of them, in the order in which it came."""

    def __init__(self) -> None:
        self.reactions: deque[Reaction] = deque()
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread()

    def post(self, jobs: Iterable[Job]) -> None:
        """Sends jobs; returns at once."""
        if self._loop is None:
            loop = self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=loop.run_forever, name="tiktokshop-sandbox-webhooks", daemon=True)
            self._thread.start()
        self._loop.call_soon_threadsafe(self._begin, self._loop, list(jobs))

    def close(self) -> None:
        """Stops; what is under way is left to itself. It may have arrived, so it counts as not made."""
        loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._end(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            loop.close()

    def _begin(self, loop: asyncio.AbstractEventLoop, jobs: list[Job]) -> None:
        for job in jobs:
            task = loop.create_task(self._send(job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, job: Job) -> None:
        async with self._turns.setdefault(urlsplit(job.address).netloc, asyncio.Semaphore(_AT_ONCE)):
            began = time.monotonic()
            try:
                reaction = await asyncio.wait_for(_exchange(job), PATIENCE)
            except (asyncio.TimeoutError, TimeoutError):
                reaction = Reaction(job.id, wrong=TOO_SLOW)
            except Exception as error:  # noqa: BLE001 - whatever a receiver does must not stop the others
                reaction = Reaction(job.id, wrong=_named(error))
        self.reactions.append(reaction._replace(seconds=time.monotonic() - began))


@cache
def _trust() -> ssl.SSLContext:
    """The authorities that this machine trusts; reading them takes as long as a dozen deliveries."""
    return ssl.create_default_context()


async def _exchange(job: Job) -> Reaction:
    """One request over a connection of its own."""
    where = urlsplit(job.address)
    secure = _trust() if where.scheme == "https" else None
    port = where.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(where.hostname, port, ssl=secure)
    try:
        connection = h11.Connection(h11.CLIENT)
        target = f"{where.path or '/'}?{where.query}" if where.query else where.path or "/"
        writer.write(_request(connection, job, where.netloc.rpartition("@")[2], target))
        await writer.drain()
        return await _answer(connection, job, reader)
    finally:
        writer.transport.abort()
        with contextlib.suppress(Exception):
            await writer.wait_closed()


def _request(connection: h11.Connection, job: Job, host: str, target: str) -> bytes:
    headers = [
        ("Host", host),
        ("Authorization", job.signature),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(job.body))),
        ("User-Agent", "tiktokshop-sandbox"),
        ("Connection", "close"),
    ]
    events = (
        h11.Request(method="POST", target=target, headers=headers),
        h11.Data(data=job.body),
        h11.EndOfMessage(),
    )
    return b"".join(connection.send(event) or b"" for event in events)


async def _answer(connection: h11.Connection, job: Job, reader: asyncio.StreamReader) -> Reaction:
    status, html, size = 0, False, 0
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_READ))
        elif isinstance(event, h11.Response):
            status = event.status_code
            html = any(name == b"content-type" and b"html" in value.lower() for name, value in event.headers)
        elif isinstance(event, h11.Data):
            size += len(event.data)
        if size > _READ or isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
            return Reaction(job.id, status, html=html, size=size) if status else Reaction(job.id, wrong=BROKEN)


def _named(error: Exception) -> str:
    """What went wrong, in a word of our own: what others say of it may quote what nobody should read."""
    kinds = (
        (ssl.SSLError, NO_TLS),
        (h11.RemoteProtocolError, NO_HTTP),
        (ConnectionRefusedError, NOBODY),
        ((ConnectionError, EOFError), BROKEN),
        (OSError, NO_SUCH_HOST),
    )
    return next((name for kind, name in kinds if isinstance(error, kind)), BROKEN)
