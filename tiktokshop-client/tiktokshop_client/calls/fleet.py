"""What all processes that send requests of one app to one shop have been given, as one document that they share.

Each of them in turn takes the document, says what it wants and what became of what it had, plans the next slots for
all of them, and puts the document back. It is planned with the budgets of one process, on a clock that runs ahead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

import msgspec

from tiktokshop_client.calls.budget import Budget
from tiktokshop_client.calls.shared import Departure, Shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


AHEAD = 0.06
"""Seconds for which slots are given. Whoever comes new is behind those that are given already."""

EARLY = 0.045
"""Seconds before its next slot at which a process is to come for it."""

SOONEST = 0.01
LATEST = 0.3
"""Seconds after which a process is to come again, at the least and at the most."""

OVERDUE = 0.1
"""Seconds after which a process that should have come is given no slots until it does."""

DEAD = 1.2
"""Seconds after which a process that does not come again is taken for dead. Its share and its slots are the others'."""

SUCCESSION = 2.0
"""Seconds in which all are expected back after the document was lost."""

APART = 0.008
"""The part by which requests are further apart where several processes send them, over connections of their own."""

TURN_OF_READS = 10
"""Every so many slots, a read goes before the writes, so that none waits for ever."""

TURN_OF_LOW = 10
"""Every so many slots, one goes to a process of low priority, so that it ends although the others never rest."""

AHEAD_OF_LOW = 0.02
"""Seconds for which slots are given to processes of low priority while others are there, who are not to queue."""

KEPT = 20.0
"""Seconds for which requests are remembered, to tell whether a refusal was chance."""

FUTURE = 60.0
"""Seconds: a document of a moment this far ahead is of another clock."""

FARTHEST = 3_600.0
"""Seconds: nothing that was planned, and no pause, is this far ahead, so a document that says so is of no use."""

FORMAT = 1


@dataclass
class SlotGrant:
    """A slot that a process was given.

    Attributes:
        slot: When its request is to leave, by the store's clock; also its name.
        unit: The name of the budget.
        member: Whose it is.
        write: Whether it is for a write.
        told: Whether its owner knows.
    """

    slot: float
    unit: str
    member: str
    write: bool
    told: bool = False


@dataclass
class Wants:
    """How many requests of a process wait for a budget."""

    reads: int = 0
    writes: int = 0


@dataclass
class FleetMember:
    """A process.

    Attributes:
        seen: When it last came.
        wants: Budget -> what waits for it.
        ceilings: Budget -> the most requests a second that the process may send. "" is the whole shop's.
        grows: Whether it takes the platform to count less together than the whole shop.
        served: The last slot it was given.
        comes: When it comes again.
        low: Whether it takes what the others leave, and one slot in ``TURN_OF_LOW``.
    """

    seen: float
    wants: dict[str, Wants] = field(default_factory=dict)
    ceilings: dict[str, float] = field(default_factory=dict)
    grows: bool = True
    served: float = -math.inf
    comes: float = -math.inf
    low: bool = False


@dataclass
class Report:
    """What became of the slots that a process had, and what it has learnt.

    Attributes:
        late: Budget, slot, the moment at which its request left.
        unused: Budget and slot.
        refused: Budget, slot, what the platform's `Retry-After` says.
        unasked: Budget and moment of a request that left without a slot, while the store was away.
    """

    late: list[tuple[str, float, float]] = field(default_factory=list)
    unused: list[tuple[str, float]] = field(default_factory=list)
    refused: list[tuple[str, float, float | None]] = field(default_factory=list)
    unasked: list[tuple[str, float]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.late or self.unused or self.refused or self.unasked)

    def before(self, later: Report, now: float) -> Report:
        """This one, which nobody has heard, with a later one behind it; without what nobody would remember."""
        since = now - KEPT
        return Report(
            [one for one in (*self.late, *later.late) if one[1] > since],
            [one for one in (*self.unused, *later.unused) if one[1] > since],
            [one for one in (*self.refused, *later.refused) if one[1] > since],
        )


class _Document(msgspec.Struct, array_like=True):
    """What is stored."""

    format: int
    moment: float
    members: dict[str, FleetMember]
    grants: list[SlotGrant]
    budgets: dict[str, dict[str, Any]]
    levels: dict[str, dict[str, Any]]
    ceilings: dict[str, float]
    writes: dict[str, int]
    served: dict[str, float]
    expected: int
    expected_until: float
    passed: dict[str, int] = {}
    """Budget -> slots since a process of low priority had one."""


class _Planned:
    """A clock that says what it is told."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        """Seconds by the store's clock."""
        return self.now

    def monotonic(self) -> float:
        """The same."""
        return self.now

    def wait(self, _seconds: float, wake: Event) -> bool:
        """Nobody waits for it."""
        return wake.is_set()


class Fleet:
    """The document, for as long as one process has it.

    Args:
        stored: What was put back last, None if there is nothing.
        now: Seconds by the store's clock.
    """

    def __init__(self, stored: bytes | None, now: float) -> None:
        self._clock = _Planned(now)
        self._now = now
        self._document = _read(stored, now) or _Document(FORMAT, now, {}, [], {}, {}, {}, {}, {}, 0, -math.inf)
        self._budgets: dict[str, Budget] = {}
        self._levels: dict[str, Shared] = {}
        self._departures: dict[float, Departure] = {}
        self._new: set[str] = set()  # the budgets that the process which has the document did not wait for before
        self._free: dict[str, float] = {}  # when each budget's next slot is, as planned last

    @property
    def members(self) -> int:
        """How many processes are there, those that are expected back included."""
        expected = self._document.expected if self._now < self._document.expected_until else 0
        return max(1, len(self._document.members), expected)

    def equals(self, name: str) -> int:
        """How many processes, itself included, a process has to share its budgets with as equals."""
        members = self._document.members
        return self.members - (0 if members[name].low else sum(one.low for one in members.values()))

    @property
    def together(self) -> float:
        """Requests a second to the whole shop that are allowed to all of them now."""
        self._clock.now = self._now
        return self._level("").rate

    def rates(self) -> dict[str, float]:
        """Requests a second that the budgets which were asked about allow all of them now."""
        self._clock.now = self._now
        return {unit: budget.rate for unit, budget in self._budgets.items()}

    def refused(self) -> frozenset[str]:
        """The budgets of which the platform has refused a request."""
        stored = {
            unit for unit, packed in self._document.budgets.items() if packed["throttle"]["slowed_at"] > -math.inf
        }
        return frozenset(stored | {unit for unit, budget in self._budgets.items() if budget.refused})

    def come(self, name: str, *, ceilings: Mapping[str, float], grows: bool, members: int, low: bool = False) -> bool:
        """A process comes; those that have not come for long are dead.

        Args:
            name: The process.
            ceilings: See ``FleetMember``.
            grows: See ``FleetMember``.
            members: How many there were when it was last here, 0 if it never was.
            low: See ``FleetMember``.

        Returns:
            Whether the document knew it.
        """
        document = self._document
        known = name in document.members
        if not known and members > len(document.members) + 1 and not document.budgets:
            document.expected, document.expected_until = members, self._now + SUCCESSION
        member = document.members.setdefault(name, FleetMember(self._now))
        member.seen, member.ceilings, member.grows, member.low = self._now, dict(ceilings), grows, low
        dead = {one for one, facts in document.members.items() if facts.seen < self._now - DEAD}
        for one in dead:
            del document.members[one]
        for unit in {unit for one in document.members.values() for unit in one.ceilings}:
            document.ceilings[unit] = min(
                one.ceilings[unit] for one in document.members.values() if unit in one.ceilings
            )
        for grant in [one for one in document.grants if one.member not in document.members and one.slot > self._now]:
            self._take_back(grant)
        return known

    def leave(self, name: str) -> None:
        """A process ends: it wants nothing any more."""
        self._document.members.pop(name, None)
        for grant in [one for one in self._document.grants if one.member == name and one.slot > self._now]:
            self._take_back(grant)

    def note(self, report: Report) -> None:
        """What became of slots."""
        for unit, slot in report.unused:
            for grant in [one for one in self._document.grants if one.slot == slot and one.unit == unit][:1]:
                self._take_back(grant)
        for unit, moment in report.unasked:
            self._budget(unit).left_unasked(moment)
        for unit, slot, moment in report.late:
            self._budget(unit).left(slot, moment)
        self._clock.now = self._now
        for unit, slot, retry_after in report.refused:
            self._budget(unit).slow_down(slot, retry_after)

    def want(self, name: str, wants: Mapping[str, Wants]) -> None:
        """What waits at a process, the slots included that it was given and does not know of yet."""
        left = {unit: Wants(want.reads, want.writes) for unit, want in wants.items()}
        for grant in [one for one in self._document.grants if one.member == name and not one.told]:
            want = left.setdefault(grant.unit, Wants())
            kind = "writes" if grant.write else "reads"
            if getattr(want, kind):
                setattr(want, kind, getattr(want, kind) - 1)
            else:
                self._take_back(grant)
        member = self._document.members[name]
        self._new = set(wants) - set(member.wants)
        member.wants = {unit: want for unit, want in left.items() if want.reads or want.writes}

    def plan(self, name: str, lead: float = 0.0) -> None:
        """Gives slots to those who wait and will hear of it in time: writes first, then who had one longest ago.

        Args:
            name: The process that has the document.
            lead: Seconds before which it can use no slot, because it does not hear of it sooner.
        """
        moment = first = self._now + lead
        while moment <= self._now + AHEAD + lead:
            self._clock.now = moment
            waits: dict[str, float] = {}
            for member, unit, write in self._turns(name, moment, moment - lead - self._now):
                if unit in waits:
                    continue
                wait = self._budget(unit).take(moment, waited=moment > first or member != name or unit not in self._new)
                if wait is None:
                    self._give(SlotGrant(moment, unit, member, write))
                    break
                waits[unit] = wait
            else:
                if not waits:
                    break
                self._free.update({unit: moment + wait for unit, wait in waits.items()})
                moment += max(min(waits.values()), 1e-6)

    def come_again(self, name: str) -> float:
        """Seconds until a process is to come again: before its next slot, as far as can be said."""
        member, members = self._document.members[name], self._document.members.values()
        soonest = math.inf
        for unit in member.wants:
            last = member.low and self._document.passed.get(unit, 0) < TURN_OF_LOW - 1
            turn = (last, member.served)
            before = sum(unit in one.wants and (one.low, one.served) < turn for one in members)
            free = max(self._free.get(unit, self._now), self._now)
            soonest = min(soonest, free + before / self._budget(unit).rate)
        seconds = min(max(soonest - self._now - EARLY, SOONEST), LATEST)
        member.comes = self._now + seconds
        return seconds

    def tell(self, name: str) -> list[SlotGrant]:
        """The slots that a process was given and does not know of yet, earliest first."""
        new = [grant for grant in self._document.grants if grant.member == name and not grant.told]
        for grant in new:
            grant.told = True
        return sorted(new, key=lambda grant: grant.slot)

    def pack(self) -> bytes:
        """The document, to be put back."""
        document, since = self._document, self._now - KEPT
        document.moment = self._now
        document.grants = [grant for grant in document.grants if grant.slot > self._now - DEAD]
        document.budgets.update({unit: budget.pack(since) for unit, budget in self._budgets.items()})
        document.levels.update({unit: level.pack(since) for unit, level in self._levels.items()})
        for unit, packed in document.budgets.items():
            if unit not in self._budgets and packed["due"] < since:
                packed["left"] = packed["throttle"]["refused"] = []
                packed["throttle"]["recent"], packed["throttle"]["forgot"] = b"", True
        return msgspec.msgpack.encode(document)

    def _turns(self, visitor: str, slot: float, ahead: float) -> Iterator[tuple[str, str, bool]]:
        """Who may be given a slot so many seconds ahead, in order: process, budget, whether for a write."""
        members = self._document.members
        heard = {
            name: one
            for name, one in members.items()
            if name == visitor or self._now - OVERDUE <= one.comes <= slot - SOONEST
        }
        served = self._document.served
        turns = [(one.served, served.get(unit, 0.0), name, unit) for name, one in heard.items() for unit in one.wants]
        queues: dict[bool, list[tuple[str, str, bool]]] = {}
        for low in (False, True):
            waiting = [(name, unit) for *_, name, unit in sorted(turns) if heard[name].low == low]
            reads = [(name, unit, False) for name, unit in waiting if heard[name].wants[unit].reads]
            writes = [(name, unit, True) for name, unit in waiting if heard[name].wants[unit].writes]
            late = [turn for turn in reads if self._document.writes.get(turn[1], 0) >= TURN_OF_READS - 1]
            queues[low] = [*late, *writes, *reads]
        passed = [turn for turn in queues[True] if self._document.passed.get(turn[1], 0) >= TURN_OF_LOW - 1]
        soon = ahead <= AHEAD_OF_LOW or all(one.low for one in members.values())
        yield from (*passed, *queues[False], *(queues[True] if soon else ()))

    def _give(self, grant: SlotGrant) -> None:
        document = self._document
        member = document.members[grant.member]
        want = member.wants[grant.unit]
        if grant.write:
            want.writes -= 1
            document.writes[grant.unit] = document.writes.get(grant.unit, 0) + 1
        else:
            want.reads -= 1
            document.writes[grant.unit] = 0
        document.passed[grant.unit] = 0 if member.low else document.passed.get(grant.unit, 0) + 1
        if not (want.reads or want.writes):
            del member.wants[grant.unit]
        member.served = document.served[grant.unit] = grant.slot
        document.grants.append(grant)

    def _take_back(self, grant: SlotGrant) -> None:
        self._document.grants.remove(grant)
        self._budget(grant.unit).never_left(grant.slot)

    def _budget(self, unit: str) -> Budget:
        """A budget as it was left; its members' lowest ceiling counts."""
        if unit not in self._budgets:
            family, _, api = unit.partition("/")
            levels = [(self._level(""), family)]
            if api:
                levels.append((self._level(family), api))
            budget = Budget(self._ceiling(unit), self._clock, Event(), levels, apart=self._apart())
            packed = self._document.budgets.get(unit)
            if packed:
                budget.unpack(packed, self._departures)
            self._budgets[unit] = budget
        return self._budgets[unit]

    def _level(self, unit: str) -> Shared:
        if unit not in self._levels:
            grows = all(member.grows for member in self._document.members.values())
            own = self._ceiling(unit) != self._ceiling("")
            level = Shared(self._ceiling(unit), self._clock, grows=grows and not own, apart=self._apart())
            packed = self._document.levels.get(unit)
            if packed:
                level.unpack(packed, self._departures)
            self._levels[unit] = level
        return self._levels[unit]

    def _ceiling(self, unit: str) -> float:
        # Whoever is expected back still sends its own share.
        return self._document.ceilings[unit] * max(1, len(self._document.members)) / self.members

    def _apart(self) -> float:
        return APART if self.members > 1 else 0.0


def _read(stored: bytes | None, now: float) -> _Document | None:
    """The stored document; None if it is no use: of another version, or of a clock that has been set back since.

    Raises:
        LookupError: It is of a kind that nobody knows; so do `TypeError` and others, here and in all that reads it.
    """
    if stored is None:
        return None
    try:
        document = msgspec.msgpack.decode(stored, type=_Document)
    except msgspec.MsgspecError:
        return None
    if document.format != FORMAT or not document.moment <= now + FUTURE:
        return None
    packed = (*document.budgets.values(), *document.levels.values())
    ahead = [moment for one in packed for moment in (one["due"], one["throttle"]["paused_until"])]
    ahead += [grant.slot for grant in document.grants]
    return document if all(moment <= now + FARTHEST for moment in ahead) else None
