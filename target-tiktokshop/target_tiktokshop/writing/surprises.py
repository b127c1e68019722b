"""Unexpected answers of the platform: each affects only the row that it is about."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tiktokshop_client.errors import Action, TikTokShopError

from target_tiktokshop.writing.outcomes import UNCONFIRMED
from target_tiktokshop.writing.rows import Row, by, still_open
from target_tiktokshop.writing.run import only_these_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from target_tiktokshop.writing.run import WriteRun
    from target_tiktokshop.writing.writer import Writer

IDENTITIES = (
    "listing_key",
    "message_key",
    "activity_key",
    "activity_id",
    "order_id",
    "cancel_id",
    "return_id",
    "product_id",
    "seller_sku",
    "sku_id",
)
"""Fields of which one tells which records may replace one another."""
TRIES = 5
"""So often a call is made whose outcome is unclear, with a look at the shop before each but the first."""
FIRST_PAUSE = 0.25

logger = logging.getLogger("target-tiktokshop")


@contextmanager
def apart(row: Row, *, sending: bool = False) -> Iterator[None]:
    """Makes whatever goes wrong about one row its outcome, unless the platform ends more than that.

    Args:
        row: The row.
        sending: Whether something may have been sent for it, so that a surprise leaves it unconfirmed.

    Raises:
        TikTokShopError: The run, or the shop, cannot go on.
    """
    try:
        yield
    except TikTokShopError as error:
        if only_these_rows(error):
            row.refuse(error)
            return
        if sending and error.code and not error.unclear:
            row.refuse(error)  # or it would be said that it may have been sent
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is about this row
        (leave_unconfirmed if sending else reject)(row, error)


def done_once(
    run: WriteRun,
    row: Row,
    attempt: Callable[[], TikTokShopError | None],
    look: Callable[[TikTokShopError], bool],
) -> bool:
    """Has done once what the platform would do twice: after every unclear end the shop is looked at first.

    Args:
        run: The run.
        row: The row that asks for it; it is settled if this returns False.
        attempt: Makes the call; returns the error if it is not known whether the shop has it.
        look: Whether the shop has it now, or settles the row.

    Raises:
        TikTokShopError: The platform refused.
    """
    for tries in range(1, TRIES + 1):
        problem = attempt()
        if problem is None:
            return True
        pause(run, tries)
        if look(problem):
            return True
        if row.open and (problem.action is Action.DONE or tries == TRIES):
            row.refuse(problem)
        if not row.open:
            break
    return False


def pause(run: WriteRun, tries: int) -> None:
    """Waits before something is looked at that has been tried so often; not at all once the run is being closed."""
    run.closing.wait(FIRST_PAUSE * 2 ** (tries - 1))


def reject(row: Row, error: Exception) -> None:
    """The row cannot be understood, so nothing is sent for it."""
    row.reject("odd_answer", f"{_told(error)}, so nothing was sent for it: look at it in Seller Center")


def looked_at(rows: Sequence[Row], look_at: Callable[[], None]) -> None:
    """Looks at what some rows are about together, before anything is sent; what goes wrong is about them alone.

    Raises:
        TikTokShopError: It is about more than these rows.
    """
    try:
        look_at()
    except TikTokShopError as error:
        if not only_these_rows(error):
            raise
        for row in still_open(rows):
            row.refuse(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is about these rows
        for row in still_open(rows):
            reject(row, error)


def leave_unconfirmed(row: Row, error: Exception | None) -> None:
    """The row may have been sent, and it cannot be said whether the shop has it."""
    words = _told(error) if error else "what the platform shows about it cannot be read"
    row.settle(UNCONFIRMED, "odd_answer", f"it may have been sent, and {words}: look at it in Seller Center")


def _told(error: Exception) -> str:
    """What to say of a surprise; its own words are left out, for they may hold anything."""
    logger.debug("A surprise", exc_info=error)
    return f"what the platform shows about it cannot be read ({type(error).__name__})"


def look(writer: Writer, rows: list[Row]) -> None:
    """Has a writer look at rows; where that ends in a surprise, fewer are looked at, down to the one it is about.

    Raises:
        TikTokShopError: They cannot be read.
    """
    seen = writer.run.changes.skus
    try:
        writer.look(rows)
    except TikTokShopError:
        raise
    except Exception as error:  # noqa: BLE001 - found out below whose it is
        writer.run.changes.skus = seen
        if len(rows) == 1:
            reject(rows[0], error)
            return
        for row in rows:
            row.settle("")
        for part in _halves(rows):
            look(writer, part)


def kept(writer: Writer, rows: list[Row]) -> dict[int, bool | None]:
    """Whether the shop has what each row asked for, by the row's `id()`; None where that cannot be read.

    Raises:
        TikTokShopError: The shop cannot be read.
    """
    try:
        return dict(zip(map(id, rows), writer.kept(rows), strict=True)) if rows else {}
    except TikTokShopError:
        raise
    except Exception as error:  # noqa: BLE001 - found out below whose it is
        if len(rows) == 1:
            _told(error)
            return {id(rows[0]): None}
    found: dict[int, bool | None] = {}
    for part in _halves(still_open(rows)):
        found |= kept(writer, part)
    return found


def _halves(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows in two parts, those that may replace one another in the same part as long as there are others."""
    groups = list(by(rows, _identity).values())
    if len(groups) == 1:
        groups = [[row] for row in rows]
    half = len(groups) // 2
    return [[row for group in part for row in group] for part in (groups[:half], groups[half:]) if part]


def _identity(row: Row) -> tuple[str, str]:
    return next(((name, str(row.values[name])) for name in IDENTITIES if name in row.values), ("", ""))
