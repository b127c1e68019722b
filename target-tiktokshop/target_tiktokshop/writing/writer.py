"""What a stream declares: its name, its fields, and how its rows become calls."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_tiktokshop.writing import foresight
from target_tiktokshop.writing.live import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tiktokshop_client import Shop

    from target_tiktokshop.writing.fields import Contract
    from target_tiktokshop.writing.rows import Row
    from target_tiktokshop.writing.run import WriteRun


class Writer(abc.ABC):
    """How the rows of one stream become calls. Rows that are settled on the way are left alone from there on."""

    def __init__(self, run: WriteRun) -> None:
        self.run = run
        self.settings = run.settings
        self.promotions = foresight.Promotions(run)
        self._catalogues: dict[str, Catalogue] = {}

    def catalogue(self, shop: Shop) -> Catalogue:
        """The products of a shop."""
        if shop.id not in self._catalogues:
            self._catalogues[shop.id] = Catalogue(self.run, shop)
        return self._catalogues[shop.id]

    @abc.abstractmethod
    def look(self, rows: list[Row]) -> None:
        """Resolves names, reads the live values, sets `before` and `after`, settles what is wrong or so already."""

    def foresee(self, rows: list[Row]) -> None:  # noqa: B027 - most streams can foresee nothing
        """Rejects rows that the platform would refuse, as far as the shop tells; only a dry run asks.

        Raises:
            TikTokShopError: The shop cannot be asked.
        """

    def planned(self, rows: list[Row]) -> None:  # noqa: B027 - most streams look at nothing that they have planned
        """Remembers what the real run would have done to planned rows of a dry run; later batches look at it."""

    @abc.abstractmethod
    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """Which rows one call carries."""

    @abc.abstractmethod
    def send(self, rows: list[Row]) -> None:
        """Makes one call. Rows the platform refuses are settled, the others stay open.

        Raises:
            TikTokShopError: The call failed as a whole.
        """

    @abc.abstractmethod
    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """Whether the shop now has what each row asked for, read in bulk."""

    def remember(self, rows: list[Row]) -> None:  # noqa: B027 - most streams have nothing to come back to
        """Notes what a later look must settle, when the rows of a batch have their outcomes; no dry run asks."""


def _alone(_: Mapping[str, Any]) -> str | None:
    """Each row is for itself."""
    return None


@dataclass(frozen=True)
class Writing:
    """One stream the target accepts: its name, its fields, and how its rows are written.

    `together` says of a row's values what rows have in common that must be in one batch; None for a row that is alone.
    """

    name: str
    summary: str
    contract: Contract
    writer: type[Writer]
    together: Callable[[Mapping[str, Any]], str | None] = _alone
