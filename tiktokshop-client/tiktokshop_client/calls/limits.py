"""The budgets of one client, each made when it is needed: its own, or shared with other processes."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from tiktokshop_client.calls.budget import Budget
from tiktokshop_client.calls.daily import Daily
from tiktokshop_client.calls.desk import Desk, FleetBudget
from tiktokshop_client.calls.shared import Shared
from tiktokshop_client.calls.sharing import Sharing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Event

    from tiktokshop_client.clock import Clock
    from tiktokshop_client.places import BudgetPlace
    from tiktokshop_client.settings import Scope


class Limits:
    """The budgets of one client, made as they are needed.

    Args:
        requests_per_second: The ceiling of whatever ``scope`` says is counted together.
        clock: Time.
        closing: Set when the client closes.
        families: API family -> a ceiling of its own, in requests per second.
        scope: What the platform counts together for app and shop: all, an API family, or an API. Where it turns out
            to count more together, that is learnt from its refusals.
        daily: The requests of a day.
        place: Where the budgets are shared with other processes, None for nowhere.
        low: Whether other processes go first there.
    """

    def __init__(  # noqa: PLR0913 - what budgets depend on
        self,
        requests_per_second: float,
        clock: Clock,
        closing: Event,
        families: Mapping[str, float] | None = None,
        scope: Scope = "family",
        daily: Daily | None = None,
        place: BudgetPlace | None = None,
        *,
        low: bool = False,
    ) -> None:
        self.daily = daily or Daily(None)
        self._ceiling = requests_per_second
        self._families = families or {}
        self._scope = scope
        self._clock = clock
        self._closing = closing
        self._low = low
        self._sharing = Sharing(place) if place else None
        self._desks: dict[tuple[str, str], Desk] = {}
        self._budgets: dict[tuple[str, str, str, str, bool], Budget | FleetBudget] = {}
        self._levels: dict[tuple[str, ...], Shared] = {}
        self._locks: dict[tuple[str, str], Lock] = {}
        self._lock = Lock()

    def budget(
        self, app_key: str, shop_id: str, family: str, api: str = "", *, write: bool = False
    ) -> Budget | FleetBudget:
        """The budget of an app's requests for one shop ("" for none) to one API family, or one API of it.

        Where it is shared with other processes, writes go before reads.
        """
        api = api if self._scope == "api" else ""
        shared = self._sharing if shop_id else None
        key = (app_key, shop_id, family, api, write and shared is not None)
        with self._lock:
            if key not in self._budgets:
                self._budgets[key] = self._fleet(shared, *key) if shared else self._own(app_key, shop_id, family, api)
            return self._budgets[key]

    def slowed(self) -> tuple[str, ...]:
        """The API families of which the platform has refused a request."""
        with self._lock:
            return tuple(sorted({family for (_, _, family, *_), budget in self._budgets.items() if budget.refused}))

    def leave(self) -> None:
        """Leaves what is left of shared budgets to the other processes."""
        with self._lock:
            for desk in self._desks.values():
                desk.leave()

    def _own(self, app_key: str, shop_id: str, family: str, api: str) -> Budget:
        levels = [(self._level(app_key, shop_id), family)] if shop_id else []
        if api:
            levels.append((self._level(app_key, shop_id, family), api))
        lock = self._locks.setdefault((app_key, shop_id), Lock())
        return Budget(self._of(family), self._clock, self._closing, levels, lock)

    def _fleet(self, sharing: Sharing, app_key: str, shop_id: str, family: str, api: str, write: bool) -> FleetBudget:
        key = (app_key, shop_id)
        if key not in self._desks:
            self._desks[key] = Desk(
                sharing,
                f"{app_key}:{shop_id}",
                {"": self._ceiling},
                grows=self._scope != "shop",
                low=self._low,
                clock=self._clock,
                closing=self._closing,
            )
        unit = f"{family}/{api}" if api else family
        self._desks[key].add(unit, self._of(family))
        return FleetBudget(self._desks[key], unit, write=write, clock=self._clock)

    def _of(self, family: str) -> float:
        """The ceiling of an API family's budgets."""
        return self._families.get(family, self._ceiling)

    def _level(self, app_key: str, shop_id: str, family: str = "") -> Shared:
        """What the budgets of a shop, or of a family of it, share."""
        key = (app_key, shop_id, family)
        if key not in self._levels:
            ceiling = self._of(family)
            grows = self._scope != "shop" and family not in self._families
            self._levels[key] = Shared(ceiling, self._clock, grows=grows)
        return self._levels[key]
