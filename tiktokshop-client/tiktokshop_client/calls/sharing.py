"""Where a client's budgets are shared with other processes, and what is said, once, when it is away or odd."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiktokshop_client.errors import TikTokShopError
    from tiktokshop_client.places import BudgetPlace

log = logging.getLogger(__name__)


class Sharing:
    """The place where a client's budgets are shared, and what was said about it. Any thread may use it.

    Args:
        place: The place.
    """

    def __init__(self, place: BudgetPlace) -> None:
        self.place = place
        self._away = False
        self._odd = False

    def is_away(self, error: TikTokShopError, part: str) -> None:
        """Says once that the place is away, and what part of its budget each process goes on with."""
        if not self._away:
            self._away = True
            log.warning("%s; each process goes on with %s until it is there again", error, part)

    def is_odd(self, error: Exception) -> None:
        """Says once that what the place holds is of another kind."""
        if not self._odd:
            self._odd = True
            log.warning(
                "the shared budget in %s cannot be understood (%s) and is begun anew: let all processes that share it "
                "have the same version of tiktokshop-client",
                self.place.name,
                type(error).__name__,
            )

    def is_back(self) -> None:
        """Says that the place is there again."""
        if self._away:
            self._away = False
            log.warning("the shared budget in %s is there again", self.place.name)
