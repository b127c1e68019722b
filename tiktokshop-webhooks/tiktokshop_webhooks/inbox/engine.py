"""What the inbox needs of a database, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tiktokshop_client import errors
from tiktokshop_client.endings import Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Made = TypeVar("Made")

PATIENCE = 2.0
"""Seconds until an inbox that does not answer counts as away: the platform waits for three."""


class InboxError(errors.TransientError):
    """The inbox cannot take or give events at this time; the sentence says why, and quotes nothing of them."""

    reach = "run"


class UselessInboxError(InboxError):
    """The inbox takes no events until somebody has done what the sentence says; waiting does not help."""

    ending = Ending.PERSON


class Result(Protocol):
    """What a statement brought."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchall(self) -> Sequence[Any]:
        """The rows that it found."""


class Execute(Protocol):
    """Carries out a statement with its values."""

    def __call__(self, statement: str, *values: Any) -> Result:
        """The result; the values stand in for the statement's question marks."""


class Engine(Protocol):
    """A database. Any thread may use it; one at a time does."""

    name: str
    """What a human knows it by, without secrets."""
    lock: str
    """What has a SELECT lock the rows that it finds."""

    def perform(self, work: Callable[[Execute], Made], *, write: bool = True) -> Made:
        """The result of a work that is done in one transaction, wholly and durably or not at all.

        A work may be done again, if the connection was lost under it.

        Raises:
            InboxError: It could not be done.
            ConfigurationError: It never will, as things are.
        """

    def tidy(self) -> None:
        """Has what was deleted leave the disk, as far as the database knows how to."""

    def close(self) -> None:
        """Closes the connection."""
