"""What has changed of an object that is stored, as the platform's events say it.

An object is marked when it is loaded to be changed, and compared with its mark whenever it is stored. So whatever
changes it, the shops' life or a client, is announced, each step of it once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox.webhooks import goods, trade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tiktokshop_sandbox.storefront import Shop
    from tiktokshop_sandbox.webhooks.types import Happening

    Marking = Callable[[Any], Any]
    Telling = Callable[[Shop, Any, Any, str], Iterator[Happening]]

_KINDS: Final[Mapping[str, tuple[Marking, Telling]]] = {
    "orders": (trade.order_mark, trade.order_events),
    "cancellations": (trade.status_mark, trade.cancellation_events),
    "returns": (trade.status_mark, trade.return_events),
    "products": (goods.product_mark, goods.product_events),
}


class Noticing:
    """Notices what happens to the objects of a transaction.

    `source` is who made the change, as the platform says it: `SELLER_CENTER` or `OPEN_API`.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._marks: dict[tuple[str, int], Any] = {}
        self.happened: list[Happening] = []

    def saw(self, table: str, key: int, thing: Any) -> None:
        """An object was loaded, as it was before."""
        if table in _KINDS:
            self._marks[table, key] = _KINDS[table][0](thing)

    def put(self, table: str, key: int, shops: tuple[Shop, ...], thing: Any) -> None:
        """An object is stored, new or changed."""
        if table not in _KINDS:
            return
        marking, telling = _KINDS[table]
        before, now = self._marks.get((table, key)), marking(thing)
        if before != now:
            self.happened.extend(telling(shops[thing.shop], before, thing, self._source))
            self._marks[table, key] = now
