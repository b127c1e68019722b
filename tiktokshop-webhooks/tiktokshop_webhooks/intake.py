"""The way into the inbox: one thread that stores what came together in one transaction, and never a long wait."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiktokshop_webhooks.inbox import InboxError, Stray
from tiktokshop_webhooks.inbox.engine import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_client.errors import TikTokShopError

    from tiktokshop_webhooks.inbox import Arrival, Inbox, Kept

MOST_AT_ONCE = 200
MOST_WAITING = 2_000


@dataclass(frozen=True)
class _Place:
    """A delivery in the queue, and who waits for what becomes of it. Without a delivery, the inbox is only checked."""

    delivery: Arrival | Stray | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Kept | None]

    def settle(self, made: Kept | None, error: Exception | None) -> None:
        """Tells who waits, unless they have gone."""
        if not self.future.done():
            if error is None:
                self.future.set_result(made)
            else:
                self.future.set_exception(error)


class Intake:
    """Stores deliveries for coroutines.

    Args:
        inbox: Where to.
        room: The most bytes that the quarantine may hold.
        patience: Seconds after which the inbox counts as away.
    """

    def __init__(self, inbox: Inbox, room: int, patience: float = PATIENCE) -> None:
        self._inbox = inbox
        self._room = room
        self._patience = patience
        self._queue: queue.SimpleQueue[_Place | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._busy_since: float | None = None
        self._guard = threading.Lock()

    async def put(self, delivery: Arrival | Stray) -> Kept:
        """What became of a delivery, when it is safely stored.

        Raises:
            InboxError: It cannot be, or not soon enough.
        """
        kept = await self._wait_for(delivery)
        assert kept is not None  # noqa: S101 - only a check has none
        return kept

    async def check(self) -> None:
        """Has the inbox store something.

        Raises:
            InboxError: It cannot.
        """
        await self._wait_for(None)

    def close(self) -> None:
        """Stores what waits, and ends the thread."""
        with self._guard:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join(2 * self._patience)

    async def _wait_for(self, delivery: Arrival | Stray | None) -> Kept | None:
        busy = self._busy_since
        if busy is not None and time.monotonic() - busy > self._patience:
            raise InboxError(f"the inbox {self._inbox.name} has not answered for {self._patience:g} seconds")
        if self._queue.qsize() >= MOST_WAITING:
            raise InboxError(f"the inbox {self._inbox.name} is too slow: {MOST_WAITING} deliveries wait for it")
        self._start()
        loop = asyncio.get_running_loop()
        place = _Place(delivery, loop, loop.create_future())
        self._queue.put(place)
        try:
            return await asyncio.wait_for(place.future, self._patience)
        except asyncio.TimeoutError:
            raise InboxError(f"the inbox {self._inbox.name} has not answered for {self._patience:g} seconds") from None

    def _start(self) -> None:
        with self._guard:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="tiktokshop-webhooks-inbox", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        going = True
        while going:
            first = self._queue.get()
            batch = [] if first is None else [first]
            going = first is not None
            while going and len(batch) < MOST_AT_ONCE:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                going = more is not None
                batch += [more] if more is not None else []
            if batch:
                self._store(batch)

    def _store(self, batch: Sequence[_Place]) -> None:
        self._busy_since = time.monotonic()
        strays = [place for place in batch if isinstance(place.delivery, Stray)]
        checks = [place for place in batch if place.delivery is None]
        arrivals = [place for place in batch if place.delivery is not None and not isinstance(place.delivery, Stray)]
        kept: list[Kept | None] = []
        error: TikTokShopError | None = None
        try:
            kept += self._inbox.keep(
                [place.delivery for place in arrivals],  # type: ignore[misc]
                [place.delivery for place in strays],  # type: ignore[misc]
                self._room,
            )
            if checks:
                self._inbox.check()
        except Exception as problem:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            error = problem if isinstance(problem, InboxError) else _unexpected(problem, self._inbox.name)
        finally:
            self._busy_since = None
        ordered = [*arrivals, *strays, *checks]
        results = [*kept, *([None] * (len(ordered) - len(kept)))]
        for loop in {place.loop for place in batch}:
            mine = [(place, made) for place, made in zip(ordered, results, strict=True) if place.loop is loop]
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(_settle, mine, error)


def _settle(places: Sequence[tuple[_Place, Kept | None]], error: Exception | None) -> None:
    for place, made in places:
        place.settle(made, error)


def _unexpected(problem: Exception, name: str) -> InboxError:
    words = str(problem) if type(problem).__module__.startswith("tiktokshop_client") else type(problem).__name__
    return InboxError(f"the inbox {name} cannot be used: {words}")
