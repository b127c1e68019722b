"""Budgets that this process shares with others: its requests wait here until the fleet's document gives them slots."""

from __future__ import annotations

import contextlib
import math
import secrets
from collections import deque
from dataclasses import dataclass, field
from threading import Condition
from typing import TYPE_CHECKING

from tiktokshop_client.calls.alone import Alone
from tiktokshop_client.calls.budget import SMOOTHING, needed
from tiktokshop_client.calls.fleet import AHEAD, Fleet, Report, SlotGrant, Wants
from tiktokshop_client.errors import ClosedError, ConfigurationError, TikTokShopError

if TYPE_CHECKING:
    from threading import Event

    from tiktokshop_client.calls.sharing import Sharing
    from tiktokshop_client.clock import Clock

AGAIN = 0.1
"""Seconds after which who waits looks again, whatever was said, so that a closed client keeps nobody."""

LATE = 0.25
"""Seconds after its slot at which a request may still leave; one that wakes up later takes another slot."""

EXACT = 0.001
"""Seconds after its slot at which a request is taken to have left when it should."""

SLOW = 0.05
"""Seconds that a slot lies ahead at most because the place's answer takes its time."""

RETRY = 0.5
"""Seconds between attempts to reach a place that is away."""


@dataclass(eq=False)
class _Ticket:
    """A request that waits."""

    unit: str
    write: bool
    grant: SlotGrant | None = None
    asked: bool = False  # whether the document knows of it


@dataclass(frozen=True)
class _Unasked:
    """A slot that this process gave itself while the place was away: by the place's clock, and when it was taken."""

    unit: str
    slot: float
    taken: float


@dataclass
class _Known:
    """What the document said last."""

    members: int = 0
    equals: int = 0
    again: float = 0.0
    together: float = 0.0
    rates: dict[str, float] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()


class Desk:
    """This process among those that send requests of one app to one shop. Any thread may use it.

    Args:
        sharing: Where the budget is shared.
        key: The document.
        ceilings: See ``fleet.FleetMember``.
        grows: See ``fleet.FleetMember``.
        clock: Time.
        closing: Set when the client closes.
        low: See ``fleet.FleetMember``.
    """

    def __init__(
        self,
        sharing: Sharing,
        key: str,
        ceilings: dict[str, float],
        *,
        grows: bool,
        low: bool = False,
        clock: Clock,
        closing: Event,
    ) -> None:
        self._sharing = sharing
        self._place = sharing.place
        self._key = key
        self._ceilings = ceilings
        self._grows = grows
        self._low = low
        self._clock = clock
        self._closing = closing
        self._name = secrets.token_hex(8)
        self._state = Condition()
        self._tickets: list[_Ticket] = []
        self._report = Report()
        self._known = _Known()
        self._asking = False
        self._next = -math.inf  # when it is to ask again, on the monotonic clock
        self._took = 0.0  # how long the place takes to answer
        self._alone: Alone | None = None  # what it allows itself while the place is away
        self._unasked: deque[_Unasked] = deque(maxlen=1_000)  # what it sent meanwhile

    def add(self, unit: str, ceiling: float) -> None:
        """Adds a budget, or one of an API in a family."""
        with self._state:
            self._ceilings = {**self._ceilings, unit: ceiling, unit.partition("/")[0]: ceiling}

    def rate(self, unit: str) -> float:
        """Requests a second that this process may send of a budget now, if all want as much."""
        return self._known.rates.get(unit, self._ceilings[unit]) / max(1, self._known.equals)

    @property
    def is_shared(self) -> bool:
        """Whether other processes are there, for whose slots each request waits."""
        return self._known.members > 1

    def refused(self, unit: str) -> bool:
        """Whether the platform has refused a request of a budget."""
        return unit in self._known.refused

    def wait_for(self, unit: str, *, write: bool) -> float:
        """Waits for a slot, and until its time.

        Returns:
            The slot, by the place's clock.

        Raises:
            ClosedError: The client was closed meanwhile.
            ConfigurationError: The place does not let us.
        """
        while True:
            ticket = _Ticket(unit, write)
            with self._state:
                self._tickets.append(ticket)
            try:
                grant = self._granted(ticket)
            finally:
                self._forget(ticket)
            if grant is None:
                return self._without(unit, write=write)
            self._pause(grant.slot - self._place.now())
            if self._place.now() <= grant.slot + LATE:
                return grant.slot
            with self._state:
                self._report.unused.append((unit, grant.slot))

    def left(self, unit: str, slot: float) -> None:
        """Notes that the request of a slot is on its way only now."""
        moment = self._place.now()
        if moment > slot + EXACT:
            with self._state:
                self._report.late.append((unit, slot, moment))

    def never_left(self, unit: str, slot: float) -> None:
        """Gives back a slot whose request was not sent."""
        with self._state:
            own = self._own(unit, slot)
            if own is None:
                self._report.unused.append((unit, slot))
                return
            self._unasked.remove(own)
            if self._alone is not None:
                self._alone.never_left(unit, own.taken)

    def slow_down(self, unit: str, slot: float, retry_after: float | None) -> None:
        """Tells all that a request was refused."""
        with self._state:
            own = self._own(unit, slot)
            if self._alone is None:
                self._report.refused.append((unit, slot, retry_after))
                self._next = -math.inf
            else:
                self._alone.slow_down(unit, own.taken if own else -math.inf, retry_after)
        self._ask()

    def _own(self, unit: str, slot: float) -> _Unasked | None:
        """What this process knows of a slot that it gave itself."""
        return next((one for one in self._unasked if (one.unit, one.slot) == (unit, slot)), None)

    def leave(self) -> None:
        """Gives back what is left of its share; the client has closed."""
        if self._known.members and self._alone is None:
            with contextlib.suppress(TikTokShopError):
                self._place.exchange(self._key, self._farewell)

    def _farewell(self, stored: bytes | None, now: float) -> tuple[bytes, None]:
        try:
            fleet = Fleet(stored, now)
            fleet.leave(self._name)
            return fleet.pack(), None
        except Exception:  # noqa: BLE001 - as in `_visit`: what cannot be understood is the next one's to begin anew
            return stored or b"", None

    def _granted(self, ticket: _Ticket) -> SlotGrant | None:
        """The slot of a ticket; None while the place is away."""
        while ticket.grant is None:
            if self._closing.is_set():
                raise ClosedError("the client was closed while a request waited for its turn")
            self._ask()
            with self._state:
                if ticket.grant is None and self._alone is not None:
                    return None
                if ticket.grant is None:
                    self._state.wait(max(0.0, min(AGAIN, self._next - self._clock.monotonic())) or 1e-3)
        return ticket.grant

    def _forget(self, ticket: _Ticket) -> None:
        with self._state:
            if ticket in self._tickets:
                self._tickets.remove(ticket)

    def _without(self, unit: str, *, write: bool) -> float:
        """Waits for a slot of the share of this process, or for the place to be back."""
        waited = False
        while True:
            self._ask()
            with self._state:
                if self._alone is None:
                    break
                taken = self._clock.monotonic()
                seconds = self._alone.take(unit, taken, waited=waited)
                if seconds is None:
                    slot = self._place.now()
                    self._unasked.append(_Unasked(unit, slot, taken))
                    return slot
            waited = True
            self._pause(min(seconds, AGAIN))
        return self.wait_for(unit, write=write)

    def _on_its_own(self) -> Alone:
        """What it allows itself now that the place is away."""
        together = self._known.together
        return Alone(
            lambda unit: self._ceilings[unit] if unit else together or self._ceilings[""],
            self._part,
            grows=self._grows,
            later=self._known.members > 1,
            clock=self._clock,
            closing=self._closing,
        )

    def _pause(self, seconds: float) -> None:
        if seconds > 0 and self._clock.wait(seconds, self._closing):
            raise ClosedError("the client was closed while a request waited for its turn")

    def _ask(self) -> None:
        """Asks for slots for all who wait, unless another thread is asking, or it is too early."""
        with self._state:
            if self._asking or not self._is_time():
                return
            self._asking = True
            report, self._report = self._report, Report()
            report.unasked = [(one.unit, one.slot) for one in self._unasked]
            waiting = [ticket for ticket in self._tickets if ticket.grant is None]
        began, grants = self._clock.monotonic(), list[SlotGrant]()
        try:
            self._known, grants = self._place.exchange(
                self._key, lambda kept, at: self._visit(kept, at, report, waiting)
            )
            self._took = min(SLOW, self._clock.monotonic() - began)
        except TikTokShopError as error:
            if isinstance(error, ConfigurationError) and self._place.wanted and not self._known.members:
                raise
            if not self._closing.is_set():  # else the place may be closed already, and nobody waits
                self._sharing.is_away(error, "the whole budget" if self._part == 1 else f"1/{1 / self._part:.0f} of it")
            with self._state:
                if self._alone is None:
                    self._alone = self._on_its_own()
                    for unit, _, retry_after in report.refused:  # it has told nobody yet, itself included
                        self._alone.slow_down(unit, -math.inf, retry_after)
                self._report = report.before(self._report, self._place.now())
        else:
            self._sharing.is_back()
            with self._state:
                self._alone = None
                self._unasked.clear()
        finally:
            with self._state:
                self._asking = False
                self._next = self._clock.monotonic() + (self._known.again if self._alone is None else RETRY)
                for ticket in waiting:
                    ticket.asked = self._alone is None
                self._hand_out(grants)
                self._state.notify_all()

    def _is_time(self) -> bool:
        """Whether it was asked long enough ago, or somebody waits whom the document does not know of."""
        if self._clock.monotonic() >= self._next:
            return True
        waiting = [ticket for ticket in self._tickets if ticket.grant is None]
        known = {(ticket.unit, ticket.write) for ticket in waiting if ticket.asked}
        return self._alone is None and any((ticket.unit, ticket.write) not in known for ticket in waiting)

    @property
    def _part(self) -> float:
        """The part of the budget that it allows itself while the place is away."""
        return 1 / self._known.members if self._known.members else self._place.alone

    def _visit(
        self, stored: bytes | None, now: float, report: Report, waiting: list[_Ticket]
    ) -> tuple[bytes, tuple[_Known, list[SlotGrant]]]:
        """One turn with the document; one that cannot be understood is begun anew."""
        try:
            return self._turn(stored, now, report, waiting)
        except Exception as error:  # another version, or somebody else who may write there, has written it
            if stored is None:
                raise
            self._sharing.is_odd(error)
            return self._turn(None, now, report, waiting)

    def _turn(
        self, stored: bytes | None, now: float, report: Report, waiting: list[_Ticket]
    ) -> tuple[bytes, tuple[_Known, list[SlotGrant]]]:
        fleet = Fleet(stored, now)
        members = self._known.members
        fleet.come(self._name, ceilings=self._ceilings, grows=self._grows, members=members, low=self._low)
        fleet.note(report)
        fleet.want(self._name, _wants(waiting))
        fleet.plan(self._name, self._took)
        again = fleet.come_again(self._name)
        rates = {**self._known.rates, **fleet.rates()}
        known = _Known(fleet.members, fleet.equals(self._name), again, fleet.together, rates, fleet.refused())
        grants = fleet.tell(self._name)
        return fleet.pack(), (known, grants)

    def _hand_out(self, grants: list[SlotGrant]) -> None:
        """Gives slots to those who wait longest; one that nobody waits for goes back."""
        for grant in grants:
            ticket = next(
                (
                    one
                    for one in self._tickets
                    if one.grant is None and one.unit == grant.unit and one.write == grant.write
                ),
                None,
            )
            if ticket is None:
                self._report.unused.append((grant.unit, grant.slot))
            else:
                ticket.grant = grant


def _wants(waiting: list[_Ticket]) -> dict[str, Wants]:
    wants: dict[str, Wants] = {}
    for ticket in waiting:
        want = wants.setdefault(ticket.unit, Wants())
        if ticket.write:
            want.writes += 1
        else:
            want.reads += 1
    return wants


class FleetBudget:
    """What ``Budget`` is, shared with other processes.

    Args:
        desk: This process among them.
        unit: The budget's name.
        write: Whether it is for writes, which go first.
        clock: Time.
    """

    def __init__(self, desk: Desk, unit: str, *, write: bool, clock: Clock) -> None:
        self._desk = desk
        self._unit = unit
        self._write = write
        self._clock = clock
        self._sent: dict[float, float] = {}  # slot -> when it was handed out, until its answer is there
        self._latency = 0.0

    @property
    def refused(self) -> bool:
        """Whether the platform has refused a request of this budget."""
        return self._desk.refused(self._unit)

    @property
    def rate(self) -> float:
        """Requests per second that the budget allows this process now, if all want as much."""
        return self._desk.rate(self._unit)

    @property
    def parallel(self) -> int:
        """See ``Budget.parallel``."""
        return needed(self.rate, self._latency + (AHEAD if self._desk.is_shared else 0.0))

    def acquire(self) -> float:
        """See ``Budget.acquire``; the slot is the store's time."""
        slot = self._desk.wait_for(self._unit, write=self._write)
        self._sent[slot] = self._clock.monotonic()
        return slot

    def left(self, slot: float) -> None:
        """See ``Budget.left``."""
        self._desk.left(self._unit, slot)

    def never_left(self, slot: float) -> None:
        """See ``Budget.never_left``."""
        self._sent.pop(slot, None)
        self._desk.never_left(self._unit, slot)

    def answered(self, slot: float) -> None:
        """See ``Budget.answered``."""
        now = self._clock.monotonic()
        seconds = now - self._sent.pop(slot, now)
        self._latency += (seconds - self._latency) * (SMOOTHING if self._latency else 1.0)

    def slow_down(self, slot: float, retry_after: float | None = None) -> None:
        """See ``Budget.slow_down``."""
        self._desk.slow_down(self._unit, slot, retry_after)
