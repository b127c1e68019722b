"""What all writers of a run share: the client, the settings, the results, and threads to make calls in parallel."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from tiktokshop_client.errors import BugError, BusinessError, MarketError, TransientError

from target_tiktokshop.writing.changes import Changes, Stop
from target_tiktokshop.writing.foreseen import Foreseen

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Sequence

    from tiktokshop_client import Client, Shop, TikTokShopError

    from target_tiktokshop.settings import WritingSettings
    from target_tiktokshop.writing.results import Results
    from target_tiktokshop.writing.rows import Row

T = TypeVar("T")
R = TypeVar("R")

CALLS_AT_ONCE = 32
"""Calls under way at once: 50 requests a second are kept up to an answer time of 600 ms."""


@dataclass
class WriteRun:
    """What the writers of one run share."""

    client: Client
    settings: WritingSettings
    results: Results
    logger: logging.Logger
    changes: Changes = field(default_factory=Changes)
    stops: list[tuple[str, Stop]] = field(default_factory=list)
    """By stream, what would have stopped the real run, in a dry run."""
    foreseen: Foreseen = field(default_factory=Foreseen)
    closing: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self._threads = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="call")

    def shops(self) -> dict[str, Shop]:
        """The shops that may be written to, by id."""
        return {shop.id: shop for shop in self.client.shops()}

    def each(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """What `work` returns for each item, in their order, made in parallel.

        The first exception ends it: what has not begun is not begun, what is under way is waited for.
        """
        futures = [self._threads.submit(work, item) for item in items]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            for future in futures:
                future.cancel()
        wait(futures)
        failed = next((future for future in futures if not future.cancelled() and future.exception()), None)
        if failed is not None:
            failed.result()
        return [future.result() for future in futures]

    def in_bulk(self, read: Callable[[list[str]], dict[str, R]], ids: Iterable[str], most: int) -> dict[str, R]:
        """What `read` finds for the ids, `most` at a time; an id that the platform refuses costs only itself."""
        wanted = list(dict.fromkeys(ids))
        parts = [wanted[start : start + most] for start in range(0, len(wanted), most)]
        found: dict[str, R] = {}
        for part in self.each(lambda part: self.halving(read, part), parts):
            found |= part
        return found

    def halving(self, read: Callable[[list[str]], dict[str, R]], ids: list[str]) -> dict[str, R]:
        """What one call finds for the ids; when it is refused, what two calls for half of them each do, and so on."""
        try:
            return read(ids)
        except (BusinessError, BugError):
            if len(ids) == 1:
                return {}
        half = len(ids) // 2
        return self.halving(read, ids[:half]) | self.halving(read, ids[half:])

    def close(self) -> None:
        """Ends waiting calls and releases everything."""
        self.closing.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.client.close()
        self.results.close()


def only_these_rows(error: TikTokShopError) -> bool:
    """Whether an error is about the rows of one call, so that the run can go on without them."""
    return error.reach == "stream" and isinstance(error, (BusinessError, BugError, MarketError, TransientError))


def refuse_all(rows: Sequence[Row], error: TikTokShopError) -> None:
    """Settles the rows of a call that failed; an error that is about more than them is raised."""
    if not only_these_rows(error):
        raise error
    for row in rows:
        row.refuse(error)
