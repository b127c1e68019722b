"""Orders of which only one run at a time may make packages or buy labels."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiktokshop_client.errors import ClaimLostError

from target_tiktokshop.writing.rows import still_open

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tiktokshop_client import HeldClaim

    from target_tiktokshop.writing.rows import Row
    from target_tiktokshop.writing.run import WriteRun

LOOK_SECONDS = 0.2
LIVES = 3
"""So many times as long as a claim of a dead run lasts, one waits for those that others have."""


@dataclass(frozen=True)
class HeldOrders:
    """How a run has orders.

    Attributes:
        fresh: Whether they are as they were read; False if they must be read again, None if another run keeps them.
        lasts: Whether the run still has them, for `Client.call` to ask right before what cannot be undone.
    """

    fresh: bool | None
    lasts: Callable[[], bool] = lambda: False


@contextmanager
def claimed(run: WriteRun, rows: Sequence[Row], order_ids: Iterable[str], since: float) -> Iterator[HeldOrders]:
    """Has orders of a shop for itself.

    Args:
        run: The run.
        rows: The rows that are about them, of one shop.
        order_ids: The orders.
        since: When they were read, by the clock of the claims.

    Yields:
        How the run has them. Where another run keeps them, or has taken them while this one stood still, the rows are
        settled.

    Raises:
        TikTokShopError: The place of the claims cannot be used.
    """
    shop, held = rows[0].the_shop.id, []
    try:
        for order_id in sorted(set(order_ids)):  # all runs in one order, so that none waits for one that waits for it
            claim = _taken(run, f"{shop}:{order_id}", since)
            if claim is None:
                _leave(rows)
                yield HeldOrders(fresh=None)
                return
            held.append(claim)
        claims = run.client.claims()
        fresh = all(claim.fresh for claim in held)
        try:
            yield HeldOrders(fresh, lambda: all(claims.lasts(claim) for claim in held))
        except ClaimLostError:
            _leave(rows)
    finally:
        for claim in held:
            run.client.claims().give_back(claim)


def _leave(rows: Iterable[Row]) -> None:
    for row in still_open(rows):
        row.reject("claimed", "another run is making packages of the order: feed it again when that has ended")


def _taken(run: WriteRun, key: str, since: float) -> HeldClaim | None:
    claims = run.client.claims()
    for _ in range(int(LIVES * claims.seconds / LOOK_SECONDS) + 1):
        claim = claims.take(key, since)
        if claim is not None or run.closing.is_set():
            return claim
        run.closing.wait(LOOK_SECONDS)
    return None
