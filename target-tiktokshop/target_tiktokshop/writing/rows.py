"""A record on its way to the shop, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from target_tiktokshop.writing.outcomes import REJECTED, SUPERSEDED, UNCHANGED

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from tiktokshop_client import Shop, TikTokShopError

T = TypeVar("T")


@dataclass(slots=True)
class Row:
    """One input record.

    Attributes:
        stream: The stream it came in.
        number: Its place among the records of the run, from 1.
        record: The record as it came.
        values: The fields that the stream knows, parsed.
        shop: The shop it is for; set before anything is read.
        subject: What the shop knows it by: a SKU, an order, a product, …; set by planning.
        outcome: One of `outcomes.OUTCOMES`, "" while it is open.
        code: The platform's code, or our word for the reason; "" for none.
        message: A sentence for a human: what happened and what to do.
        request_id: The platform's id of the request that decided it.
        operation: The name of the call that carries it, once planned.
        before: The live values it would change.
        after: The values it asks for.
        deliberate: Whether a setting meant for that keeps it out, so that it is no sign of a broken feed.
        stopped_by: In a dry run the setting that would have stopped the real run at its batch; "" for none.
        notes: What was read otherwise than it was written, as sentences that go before the message.
    """

    stream: str
    number: int
    record: Any
    values: dict[str, Any] = field(default_factory=dict)
    shop: Shop | None = None
    subject: Any = None
    outcome: str = ""
    code: str = ""
    message: str = ""
    request_id: str = ""
    operation: str = ""
    before: Any = None
    after: Any = None
    deliberate: bool = False
    stopped_by: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether it has no outcome yet."""
        return not self.outcome

    @property
    def the_shop(self) -> Shop:
        """The shop of a row that has got past the check of shops."""
        if self.shop is None:
            raise LookupError("the row has no shop yet")
        return self.shop

    def settle(self, outcome: str, code: str = "", message: str = "", request_id: str = "") -> None:
        """Gives the row its outcome; a request id that is known already stays when no other is given."""
        self.outcome, self.code, self.message = outcome, code, message
        self.request_id = request_id or self.request_id

    def note(self, words: str) -> None:
        """Remembers what was read otherwise than it was written."""
        if words and words not in self.notes:
            self.notes.append(words)

    def reject(self, code: str, message: str, request_id: str = "") -> None:
        """The record cannot be carried out."""
        self.settle(REJECTED, code, message, request_id)

    def refuse(self, error: TikTokShopError) -> None:
        """The platform refused, or failed."""
        self.reject(str(error.code or error.category), str(error), error.request_id)

    def unchanged(self, message: str = "", code: str = "") -> None:
        """The shop has it already."""
        self.settle(UNCHANGED, code, message)


def still_open(rows: Iterable[Row]) -> list[Row]:
    """Those without an outcome."""
    return [row for row in rows if row.open]


def by(rows: Iterable[T], key: Callable[[T], Hashable]) -> Mapping[Any, list[T]]:
    """Rows, or what there is of them, grouped by a key, in the order of their first appearance."""
    groups: dict[Any, list[T]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def by_shop(rows: Iterable[Row]) -> Iterable[tuple[Shop, list[Row]]]:
    """Rows grouped by their shop."""
    return [(group[0].the_shop, group) for group in by(rows, lambda row: row.the_shop.id).values()]


def last_wins(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> None:
    """Settles every row that a later one of the same key replaces; a row that cannot be carried out replaces none."""
    usable = [row for row in rows if row.outcome in {"", UNCHANGED}]
    for group in by(usable, key).values():
        for row in group[:-1]:
            row.settle(SUPERSEDED, "", f"record {group[-1].number} of the run, which is later, replaces it")
