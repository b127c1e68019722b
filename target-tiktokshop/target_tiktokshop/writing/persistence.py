"""One attempt at a call that must not be carried out twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client.errors import Action, TikTokShopError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiktokshop_client import Answer

    from target_tiktokshop.writing.rows import Row


def attempted(row: Row, call: Callable[[], Answer]) -> TikTokShopError | None:
    """Makes a call for a row; the error if it may have been carried out, or had been before.

    Raises:
        TikTokShopError: The platform refused.
    """
    try:
        row.request_id = call().request_id
    except TikTokShopError as error:
        row.request_id = error.request_id
        if error.action is Action.DONE or (error.unclear and error.reach == "stream"):
            return error
        raise
    return None
