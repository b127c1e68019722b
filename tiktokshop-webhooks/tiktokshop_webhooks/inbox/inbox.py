"""The inbox itself: events kept once, in an order that readers can trust."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from tiktokshop_webhooks.event_types import GRANT_TYPES
from tiktokshop_webhooks.inbox import statements as sql
from tiktokshop_webhooks.inbox.envelope import read
from tiktokshop_webhooks.inbox.event import Event, Kept
from tiktokshop_webhooks.inbox.quarantine import Quarantine, add_strays

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tiktokshop_webhooks.inbox.engine import Engine, Execute
    from tiktokshop_webhooks.inbox.event import Arrival, Stray

POSITION, IDENTITY, FORGOTTEN = "position", "identity", "forgotten"
LARGEST = 2**63 - 1
"""The largest number that a database takes: no position comes near it, and asking for more finds no more."""
AT_ONCE = 1_000
"""Rows that are removed in one transaction, so that deliveries do not wait for long."""


class Inbox:
    """Events that were delivered. Any thread may use it; see the package for what a reader can rely on.

    Attributes:
        name: What a human knows it by, without secrets.
        quarantine: The deliveries whose signature is not right.
    """

    def __init__(self, engine: Engine) -> None:
        self.name = engine.name
        self.quarantine = Quarantine(engine, self._admit)
        self._engine = engine

    # -- for readers

    def after(self, position: int, limit: int = 1_000) -> list[Event]:
        """The events behind a position, in their order; also those that nobody can act on, see ``Event.dead``.

        Args:
            position: That of the last event that was read; 0 for the first time.
            limit: The most events. Fewer come only if there are no more at this time.
        """
        return self._events(sql.AFTER, position, limit)

    def last(self) -> int:
        """The highest position that was given to an event, 0 if none was."""
        return self._counter(POSITION)

    def forgotten(self) -> int:
        """The highest position that the retention has removed, 0 if there is none."""
        return self._counter(FORGOTTEN)

    def identity(self) -> int:
        """A number that no other inbox has: if it changes, positions have begun anew. 0 before the first delivery."""
        return self._counter(IDENTITY)

    def bury(self, position: int, reason: str) -> bool:
        """Notes that nobody can act on an event, because the platform refuses its object. It stays, and is told of.

        Args:
            position: The event's.
            reason: Why: one sentence, without anything personal.

        Returns:
            Whether that was news.
        """
        return self._engine.perform(lambda run: run(sql.BURY, reason, _taken(position), reason).rowcount > 0)

    # -- for the receiver

    def keep(self, arrivals: Sequence[Arrival], strays: Sequence[Stray] = (), room: int = 0) -> list[Kept]:
        """Keeps deliveries, durably: when this returns they are on the disk.

        Args:
            arrivals: Those whose signature is right.
            strays: Those that go into the quarantine.
            room: The most bytes that the quarantine may hold.

        Returns:
            What became of each of the arrivals, then of each of the strays.
        """

        def work(run: Execute) -> list[Kept]:
            kept = self._admit(run, arrivals)
            return kept + add_strays(run, strays, room, self._engine.lock)

        return self._engine.perform(work)

    def check(self) -> None:
        """Writes something, durably.

        Raises:
            InboxError: The inbox cannot take events.
        """

        def work(run: Execute) -> None:
            self._take(run)
            run(sql.TOUCH, POSITION)

        self._engine.perform(work)

    # -- for people

    def event(self, position: int) -> Event | None:
        """The event at a position, None if there is none."""
        return next(iter(self._events(sql.ONE, position)), None)

    def dead(self, limit: int = 1_000) -> list[Event]:
        """The first of the events that nobody can act on."""
        return self._events(sql.DEAD, limit)

    def revive(self, events: Iterable[Event]) -> int:
        """Puts dead events at the end once more, as if they came just now, so that every reader reads them again.

        The retention counts from now as well, or it would remove them before they are read.
        What cannot be understood stays where it is, and so does what the retention has emptied.

        Returns:
            How many it were.
        """
        found = [(event, read(event.body)) for event in events if event.dead and event.body]
        now = round(time.time() * 1_000)

        def work(run: Execute) -> int:
            position = self._take(run)
            done = 0
            for event, envelope in found:
                if envelope.fault:
                    continue
                if event.type is None and run(sql.REPEATED, envelope.key).rowcount:
                    done += run(sql.DROP, event.position).rowcount  # a delivery of it was understood meanwhile
                    continue
                facts = (envelope.key, envelope.type, envelope.shop_id, envelope.notification_id, now)
                notice = int(event.type is None and envelope.type in GRANT_TYPES)
                done += run(sql.REVIVE, position + done + 1, *facts, "", notice, event.position).rowcount
            run(sql.SET_COUNTER, position + done, POSITION)
            return done

        return self._engine.perform(work)

    def notices(self, limit: int = 100) -> list[Event]:
        """Events of which somebody must be told, and was not: of the grant, and dead ones."""
        return self._events(sql.NOTICES, limit)

    def told(self, events: Iterable[Event]) -> None:
        """Notes that somebody was told of events."""
        positions = [event.position for event in events]

        def work(run: Execute) -> None:
            for position in positions:
                run(sql.TOLD, position)

        self._engine.perform(work)

    def forget(self, before_ms: int) -> int:
        """Removes what came before a moment: events, what is in the quarantine, and the bodies of dead events.

        Of dead events there remain type, shop and reason.

        Returns:
            How many events and deliveries were removed.
        """
        done = self._engine.perform(lambda run: run(sql.DROP_STRAYS, before_ms).rowcount)
        self._engine.perform(lambda run: run(sql.EMPTY, b"", before_ms))

        def work(run: Execute) -> int:
            old = [row[0] for row in run(sql.OLD, before_ms, AT_ONCE).fetchall()]
            for position in old:
                run(sql.DROP, position)
            highest = max(old, default=0)
            run(sql.RAISE_COUNTER, highest, FORGOTTEN, highest)
            return len(old)

        while True:
            removed = self._engine.perform(work)
            done += removed
            if removed < AT_ONCE:
                break
        if done:
            self._engine.tidy()
        return done

    def of_types(self, types: Iterable[int], since_ms: int) -> list[Event]:
        """Events of some types that came since a moment."""
        return self._events(sql.OF_TYPE.format(types=", ".join(map(str, types))), since_ms)

    def figures(self) -> dict[str, Any]:
        """What there is: totals, the quarantine, and each type that was ever seen."""

        def work(run: Execute) -> dict[str, Any]:
            events, deliveries, first, latest = run(sql.TOTALS).fetchall()[0]
            size, strays = run(sql.SIZE_OF_STRAYS).fetchall()[0]
            types = [
                {"type": number, "events": int(seen), "deliveries": int(tries), "latest_ms": last}
                for number, seen, tries, last in run(sql.TYPES).fetchall()
            ]
            return {
                "events": events,
                "deliveries": int(deliveries),
                "first_ms": first,
                "latest_ms": latest,
                "dead": run(sql.COUNT_DEAD).fetchall()[0][0],
                "quarantine": {"deliveries": strays, "bytes": int(size)},
                "types": types,
            }

        return self._engine.perform(work, write=False)

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.close()

    # -- inside a transaction

    def _take(self, run: Execute) -> int:
        """The highest position so far; until the transaction ends, nobody else gets one. A new inbox begins with it."""
        statement = sql.TAKE.format(lock=self._engine.lock)
        found = run(statement, POSITION).fetchall()
        if not found:
            for name, value in ((POSITION, 0), (FORGOTTEN, 0), (IDENTITY, secrets.randbits(62))):
                run(sql.BEGIN_COUNTER, name, value)
            found = run(statement, POSITION).fetchall()
        return int(found[0][0])

    def _admit(self, run: Execute, arrivals: Sequence[Arrival]) -> list[Kept]:
        if not arrivals:
            return []
        position = self._take(run)
        kept: list[Kept] = []
        seen: dict[int, list[int]] = {}
        for arrival in arrivals:
            envelope = read(arrival.body)
            new = run(sql.REPEATED, envelope.key).rowcount == 0
            if new:
                position += 1
                run(
                    sql.ADD,
                    *(position, envelope.key, envelope.type, envelope.shop_id, envelope.notification_id),
                    *(arrival.app_key, arrival.received_ms, envelope.fault),
                    *(int(bool(envelope.fault) or envelope.type in GRANT_TYPES), arrival.body),
                )
            kept.append(Kept(new, position if new else 0, envelope.type, envelope.shop_id, envelope.fault))
            if envelope.type is not None:
                events, deliveries, latest = seen.get(envelope.type, (0, 0, 0))
                seen[envelope.type] = [events + new, deliveries + 1, max(latest, arrival.received_ms)]
        run(sql.SET_COUNTER, position, POSITION)
        for number, figures in sorted(seen.items()):
            run(sql.SAW, number, *figures)
        return kept

    def _counter(self, name: str) -> int:
        def work(run: Execute) -> int:
            found = run(sql.READ_COUNTER, name).fetchall()
            return int(found[0][0]) if found else 0

        return self._engine.perform(work, write=False)

    def _events(self, statement: str, *numbers: int) -> list[Event]:
        rows = self._engine.perform(lambda run: run(statement, *map(_taken, numbers)).fetchall(), write=False)
        return [Event(*(*facts, bytes(body), dead)) for *facts, body, dead in rows]


def _taken(number: int) -> int:
    """A number as near to it as a database takes."""
    return max(-LARGEST, min(number, LARGEST))
