"""Which days there are reports of, and how far a day's figures have ripened.

The platform counts by the days of the shop's own time zone. A day's report is ready on the next morning, and is drawn
up again on each of the three mornings after that, because orders are still cancelled and visits still come in late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.zones import zone

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

REVISIONS: Final = 3
_READY: Final = time(6)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """A shop's days with a report, `first` to `latest`, both included."""

    zone: ZoneInfo
    first: date
    latest: date

    def midnight(self, day: date) -> int:
        """When the day begins, unix seconds."""
        return self._moment(day, time())

    def age(self, day: date) -> int:
        """How often the day's report has been drawn up again, at most three times."""
        return min((self.latest - day).days, REVISIONS)

    def drawn_up(self, day: date) -> int:
        """When the day's present report was drawn up, unix seconds: what happened later it does not know."""
        return self._moment(day + _DAY * (self.age(day) + 1), _READY)

    def day(self, moment: int) -> date:
        """The day that calendars there show at a time in unix seconds."""
        return datetime.fromtimestamp(moment, self.zone).date()

    def hour(self, moment: int) -> int:
        """The hour that clocks there show at a time in unix seconds."""
        return datetime.fromtimestamp(moment, self.zone).hour

    def hours(self, day: date) -> list[int]:
        """The hours of a day: 24, or 23 when clocks are put forward (the hour that comes twice in autumn is one)."""
        whole = range(self.midnight(day), self.midnight(day + _DAY), 3_600)
        return sorted({self.hour(moment) for moment in whole})

    def among(self, start: date, end: date) -> list[date]:
        """The days with a report from `start` (included) to `end` (not included)."""
        begin = max(start, self.first)
        return [begin + _DAY * passed for passed in range((min(end, self.latest + _DAY) - begin).days)]

    @property
    def all(self) -> list[date]:
        """Every day with a report."""
        return self.among(self.first, self.latest + _DAY)

    def _moment(self, day: date, clock: time) -> int:
        return int(datetime.combine(day, clock, self.zone).timestamp())


def calendar(world: World, shop: Shop, now: int) -> Calendar:
    """The shop's days with a report as of `now` (unix seconds): from the day its life began to yesterday.

    Before six in the morning it is to the day before that.
    """
    where = zone(shop.region)
    local = datetime.fromtimestamp(now, where)
    ready = local.date() - _DAY * (1 if local.time() >= _READY else 2)
    return Calendar(where, datetime.fromtimestamp(world_start(world), where).date(), ready)


def world_start(world: World) -> int:
    """When the shops' life began, unix seconds."""
    return int(world.meta("world.start") or 0)
