"""The queue of events and the loop that lets them happen, each at its own time and always in the same order."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from tiktokshop_sandbox.difficulties import usual
from tiktokshop_sandbox.draws import Draws

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.difficulties import Rates
    from tiktokshop_sandbox.store import Store
    from tiktokshop_sandbox.storefront import Shop

    Handler = Callable[["Life", Shop, int], None]

DAY = 86_400
HOUR = 3_600
PERIOD = 120 * DAY  # how much history a new world gets; the number of orders refers to it, too

# How many orders are held before they are written and let go: at least so many, and those of some twelve days, within
# which most of what happens to an order does. Fewer would have each of them loaded and written a dozen times.
_CROWD, _IN_HAND = 30_000, 0.1

# Share of a day's orders in each hour (UTC) in a thousand: quiet nights, busy evenings.
_HOURS = (40, 32, 26, 22, 18, 16, 18, 24, 32, 38, 42, 44, 46, 46, 46, 48, 50, 54, 58, 62, 64, 62, 60, 52)


class Life:
    """Everything that happens in a world. Events are (time, shop, kind, ref): their order is total."""

    def __init__(self, store: Store, *, start: int, orders: int, handlers: Mapping[int, Handler]) -> None:
        self.store = store
        self.start = start
        self.orders = orders
        self.now = start
        self.rates: Rates = {}
        self.usual = usual(rarely=False)
        self._handlers = handlers
        self._heap: list[tuple[int, int, int, int]] = []
        self._until = start
        self._later: list[tuple[int, int, int, int]] = []
        self._warp = _cumulative(start)
        self._crowd = max(_CROWD, int(orders * len(store.shops) * _IN_HAND))

    def at(self, when: int, shop: Shop, kind: int, ref: int) -> None:
        """Lets something happen at a time (never before now)."""
        event = (max(when, self.now), shop.number, kind, ref)
        if event[0] <= self._until:
            heapq.heappush(self._heap, event)
        else:
            self._later.append(event)

    def forget(self, shop: Shop, kind: int, ref: int) -> None:
        """Keeps something from happening that was to come."""
        sql = "DELETE FROM events WHERE shop = ? AND kind = ? AND ref = ?"
        self.store.db.execute(sql, (shop.number, kind, ref))

    def draws(self, shop: Shop, *parts: object) -> Draws:
        """Draws for one thing of one shop."""
        return Draws(shop.seed, shop.number, *parts)

    def rate(self, shop: Shop, difficulty: str) -> int:
        """In how many of a thousand cases a difficulty happens in a shop."""
        return self.rates.get(shop.number, {}).get(difficulty, self.usual[difficulty])

    def is_hard(self, shop: Shop, difficulty: str, number: int) -> bool:
        """Whether a difficulty happens to the order, day or payment of that number."""
        rate = self.rate(shop, difficulty)
        return rate > 0 and self.draws(shop, difficulty, number).chance(rate)

    def arrival(self, number: int) -> int:
        """When order `number` of a shop is placed: `orders` in each period, at a shop's daily rhythm."""
        slot = (number * PERIOD + number * 7919 % 1000 * PERIOD // 1000) // self.orders
        day, second = divmod(min(slot, (number + 1) * PERIOD // self.orders - 1), DAY)
        return self.start + day * DAY + self._warped(second)

    def _warped(self, second: int) -> int:
        passed = second * self._warp[-1] // DAY
        hour = next(index for index in range(24) if self._warp[index + 1] > passed)
        low, high = self._warp[hour], self._warp[hour + 1]
        return hour * HOUR + (passed - low) * HOUR // (high - low)

    def run(self, until: int) -> int:
        """Lets everything due up to `until` happen, inside the caller's transaction; returns how much did."""
        db = self.store.db
        self._until = until
        self._heap = db.execute("SELECT at, shop, kind, ref FROM events WHERE at <= ?", (until,)).fetchall()
        db.execute("DELETE FROM events WHERE at <= ?", (until,))
        heapq.heapify(self._heap)
        happened = 0
        while self._heap:
            self.now, shop, kind, ref = heapq.heappop(self._heap)
            self._handlers[kind](self, self.store.shops[shop], ref)
            happened += 1
            if len(self.store.orders) > self._crowd:
                self.store.flush()
                self.store.forget()
        self.settle_down()
        return happened

    def settle_down(self) -> None:
        """Writes changed objects and the events still to come."""
        self.store.flush()
        self.store.forget()
        self.store.db.executemany("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", self._later)
        self._later.clear()

    def set_time(self, now: int) -> None:
        """The moment a caller changes something from outside (a write through the API)."""
        self.now = now
        self._until = now - 1  # what is due this very second waits for the next run
        self._heap.clear()

    def undo(self) -> None:
        """Forgets what has not been written."""
        self.store.forget()
        self._later.clear()


def _cumulative(start: int) -> list[int]:
    first = start % DAY // HOUR
    sums = [0]
    for hour in range(24):
        sums.append(sums[-1] + _HOURS[(first + hour) % 24])
    return sums
