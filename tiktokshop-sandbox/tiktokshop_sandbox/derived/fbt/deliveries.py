"""Deliveries of a shop's goods to the platform: what was sent, what arrived when, and how that is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.life.engine import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_sandbox.storefront import Shop

FEWEST: Final = 40  # units of one kind of goods in a delivery
MOST: Final = 160
MOST_LATE: Final = 6  # units that are counted a day later
_CARRIERS: Final = (
    ("UPS", "1Z##########"),
    ("FEDEX", "7489########"),
    ("DHL", "JD01########"),
    ("OTHER", "LTL-#######"),
)


class Load(NamedTuple):
    """One kind of goods in a delivery: `late` of the planned units are counted later, `damaged` are no good."""

    goods: int
    planned: int
    late: int
    damaged: int

    @property
    def sound(self) -> int:
        """Units that can be sold, once all have been counted."""
        return self.planned - self.damaged

    def counted(self, *, all_of_it: bool) -> int:
        """Units counted so far, damaged ones included."""
        return self.planned if all_of_it else self.planned - self.late


class DeliveryStep(NamedTuple):
    """A change of a delivery's status."""

    at: int
    status: str
    operator: str


class Delivery(NamedTuple):
    """A delivery (inbound order): `received` is when the goods were counted, `completed` when the late ones were, too.

    `hub` is whether it came by way of a hub.
    """

    id: str
    number: int
    centre: int
    received: int
    completed: int
    hub: bool
    loads: tuple[Load, ...]
    steps: tuple[DeliveryStep, ...]
    carrier: str
    waybill: str

    def is_complete(self, now: int) -> bool:
        """Whether everything has been counted by `now`."""
        return now >= self.completed

    def steps_until(self, now: int) -> list[DeliveryStep]:
        """The changes of status that have happened by `now`, oldest first."""
        return [step for step in self.steps if step.at <= now]

    def when(self, status: str) -> int:
        """When the delivery got a status."""
        return next(step.at for step in self.steps if step.status == status)


def delivery(shop: Shop, number: int, centre: int, received: int, goods: Sequence[int]) -> Delivery:
    """The shop's delivery of that number (from 0), of these kinds of goods, counted at `received`.

    In every other one some units are counted a day later. Nothing here depends on the present, so that a delivery says
    of its past what it has always said.
    """
    draws = Draws(shop.seed, shop.number, "inbound", number)
    in_two_goes = draws.chance(500)
    loads = tuple(_load(kind, draws, in_two_goes=in_two_goes) for kind in goods)
    late = any(load.late for load in loads)
    completed = received + draws.between(18, 40) * HOUR if late else received
    hub = draws.chance(400)
    carrier, waybill = draws.pick(_CARRIERS)
    return Delivery(
        id=f"IBR{shop.number + 1}{number + 1:05d}",
        number=number,
        centre=centre,
        received=received,
        completed=completed,
        hub=hub,
        loads=loads,
        steps=_course(received, completed, draws, hub=hub),
        carrier=carrier,
        waybill=draws.pattern(waybill),
    )


def _load(goods: int, draws: Draws, *, in_two_goes: bool) -> Load:
    planned = draws.between(FEWEST, MOST)
    late = draws.between(2, MOST_LATE) if in_two_goes and draws.chance(600) else 0
    damaged = draws.between(1, 2) if draws.chance(120) else 0
    return Load(goods, planned, late, damaged)


def _course(received: int, completed: int, draws: Draws, *, hub: bool) -> tuple[DeliveryStep, ...]:
    receiving = received - draws.between(1, 5) * HOUR
    moved = receiving - draws.between(6, 40) * HOUR
    arrived = moved - draws.between(3, 20) * HOUR
    shipped = arrived - draws.between(2, 6) * DAY
    ready = shipped - draws.between(8, 60) * HOUR
    planned = ready - draws.between(5, 50) * HOUR
    through_hub = (
        DeliveryStep(arrived, "ARRIVED_HUB", "CARRIER"),
        DeliveryStep(moved, "INTERNAL_TRANSFER", "WAREHOUSE"),
    )
    steps = (
        DeliveryStep(planned, "WORKING", "SELLER"),
        DeliveryStep(ready, "READY_TO_SHIP", "SELLER"),
        DeliveryStep(shipped, "TO_BE_RECEIVED", "SELLER"),
        *(through_hub if hub else (DeliveryStep(arrived, "DELIVERED", "CARRIER"),)),
        DeliveryStep(receiving, "RECEIVING", "WAREHOUSE"),
        DeliveryStep(received, "PARTIALLY_RECEIVED", "WAREHOUSE"),
        DeliveryStep(completed, "RECEIVED", "WAREHOUSE"),
    )
    return tuple(step for step in steps if completed > received or step.status != "PARTIALLY_RECEIVED")
