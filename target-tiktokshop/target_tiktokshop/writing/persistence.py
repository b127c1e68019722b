"""Calls that must not be carried out twice: after every unclear end the shop is looked at before the next try."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tiktokshop_client.errors import Action, TikTokShopError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_tiktokshop.writing.rows import Row
    from target_tiktokshop.writing.run import WriteRun

TRIES = 5
FIRST_PAUSE = 0.25


def persist(run: WriteRun, call: Callable[[], None], nothing_left: Callable[[], bool]) -> None:
    """Makes a call until its end is known; `nothing_left` looks at the shop and says whether it need not be repeated.

    Raises:
        TikTokShopError: The platform refused, or the last try was as unclear as the others.
    """
    for tries in range(1, TRIES + 1):
        problem = _unclear(call)
        if problem is None:
            return
        run.closing.wait(FIRST_PAUSE * 2 ** (tries - 1))
        if nothing_left():
            return
        if tries == TRIES:
            raise problem


@contextmanager
def named(row: Row) -> Iterator[None]:
    """Has a row know the request that failed."""
    try:
        yield
    except TikTokShopError as error:
        row.request_id = error.request_id
        raise


def _unclear(call: Callable[[], None]) -> TikTokShopError | None:
    """The error of a call that may have been carried out, or had been before."""
    try:
        call()
    except TikTokShopError as error:
        if error.action is Action.DONE or (error.unclear and error.reach == "stream"):
            return error
        raise
    return None
