"""Deliveries whose signature is not right: kept as they came, within bounds, until somebody has mended the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_webhooks.inbox import statements as sql
from tiktokshop_webhooks.inbox.event import Kept, Stray

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tiktokshop_webhooks.inbox.engine import Engine, Execute
    from tiktokshop_webhooks.inbox.event import Arrival

NUMBER = "quarantine"
OF_A_ROW = 1_000
"""Bytes that a row counts for beside its body, so that there are not too many small ones either."""
PAGE = 200


class Quarantine:
    """The quarantine of an inbox.

    Args:
        engine: Its database.
        admit: Keeps deliveries in the inbox, inside a transaction.
    """

    def __init__(self, engine: Engine, admit: Callable[[Execute, Sequence[Arrival]], list[Kept]]) -> None:
        self._engine = engine
        self._admit = admit

    def strays(self) -> Iterator[Stray]:
        """All that is there, oldest first."""
        number = 0
        while True:
            page = self._page(number)
            yield from page
            if len(page) < PAGE:
                return
            number = page[-1].number

    def release(self, stray: Stray, arrival: Arrival) -> Kept:
        """Moves a delivery into the inbox, as the arrival that it has turned out to be."""

        def work(run: Execute) -> Kept:
            run(sql.DROP_STRAY, stray.number)
            return self._admit(run, [arrival])[0]

        return self._engine.perform(work)

    def clear(self) -> int:
        """Throws all away; how many it were."""
        return sum(self._drop(stray) for stray in list(self.strays()))

    def _drop(self, stray: Stray) -> int:
        return self._engine.perform(lambda run: run(sql.DROP_STRAY, stray.number).rowcount)

    def _page(self, number: int) -> list[Stray]:
        rows = self._engine.perform(lambda run: run(sql.STRAYS, number, PAGE).fetchall(), write=False)
        return [Stray(bytes(row[0]), *row[1:]) for row in rows]


def add_strays(run: Execute, strays: Sequence[Stray], room: int, lock: str) -> list[Kept]:
    """Puts deliveries into the quarantine while there is room; nothing is pushed out of it."""
    if not strays:
        return []
    run(sql.BEGIN_COUNTER, NUMBER, 0)
    number = run(sql.TAKE.format(lock=lock), NUMBER).fetchall()[0][0]
    size = int(run(sql.SIZE_OF_STRAYS).fetchall()[0][0])
    kept = []
    for stray in strays:
        needed = len(stray.body) + OF_A_ROW
        full = size + needed > room
        if not full:
            number, size = number + 1, size + needed
            facts = (stray.reason, stray.signature, stray.app_key, stray.received_ms)
            run(sql.ADD_STRAY, number, *facts, needed, stray.body)
        kept.append(Kept(new=not full, full=full))
    run(sql.SET_COUNTER, number, NUMBER)
    return kept
