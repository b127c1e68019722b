"""What a run does with events: it gets the objects that they name, and notes how far everything is done.

An event is done when the records of its objects are out, or when nobody needs them: no selected stream has rows of
them, or what is there already is newer. The position in the state never passes an event that is not done. Windows read
everything as always, so what events miss is found by them, and counted.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from math import inf
from threading import Event as Flag
from typing import TYPE_CHECKING, Final

from tiktokshop_client.console import sentence
from tiktokshop_client.errors import DayUsedUpError, MarketError, ScopeError, TikTokShopError, TransientError
from tiktokshop_client.redaction import one_line

from tap_tiktokshop.reading.onboarding import NotTakingPartError
from tap_tiktokshop.run.asking import Asking, Task
from tap_tiktokshop.run.hearing import Hearing
from tap_tiktokshop.run.inbox import DeafError
from tap_tiktokshop.run.output import OutputError
from tap_tiktokshop.streams.announced import KINDS, named_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tiktokshop_client import Shop
    from tiktokshop_client.clock import Clock
    from tiktokshop_webhooks.inbox import Event

    from tap_tiktokshop.reading import Chunk
    from tap_tiktokshop.records.decode import Record
    from tap_tiktokshop.run.asking import Asked
    from tap_tiktokshop.run.heard_for import Getting, HearingRun, Telling
    from tap_tiktokshop.run.inbox import InboxReader
    from tap_tiktokshop.streams.announced import Named, Way

AT_ONCE: Final = 500
"""Events that are read together, so that many of their objects go into one call."""
MOST_TASKS: Final = 20_000
"""Objects that may wait to be got; with more, no further events are read until some have come."""
AGAIN: Final = (1.0, 3.0, 8.0)
"""Seconds until an object is asked for again whose change the platform does not show yet."""
AFTER_TROUBLE: Final = (5.0, 15.0, 45.0, 120.0, 300.0)
"""The same after an error that may pass."""
BEHIND: Final = 60
"""Seconds that a list may lag behind the changes in it, as windows assume at least."""
SAME: Final = 1
"""Seconds by which an event and its row may differ."""


class Listener:
    """Reads the inbox for the runs of this process. One thread uses it.

    Attributes:
        hearing: What came of it.
        stop: Set by whoever wants it to wait no longer.
        trouble: Why the inbox cannot be read at this time, "" if it can.
    """

    def __init__(self, inbox: InboxReader, clock: Clock, state_seconds: float = 0.0) -> None:
        """`state_seconds`: how long a state may wait; 0 if each batch of events gets one."""
        self.inbox, self.hearing, self.stop = inbox, Hearing(), Flag()
        self._clock, self._state_seconds = clock, state_seconds
        self._asking = Asking()
        self._tasks: dict[tuple[str, str, str], Task] = {}
        self._left: Counter[int] = Counter()  # position -> objects that are still to be got
        self._closed: set[tuple[str, str]] = set()
        self._ends: dict[tuple[str, str], int | None] = {}
        self._since = inbox.heard  # what was told before, an earlier process knew
        self._begun = 0
        self._news = False
        self._state_at = -1e9
        self._windows_read = self._reading = False
        self._afterwards: dict[tuple[str, str, str], Task] = {}
        self._run: HearingRun
        self._readers: dict[str, Getting] = {}
        self._events: Telling | None = None
        self.trouble = ""

    def attend(self, run: HearingRun, readers: Iterable[Getting], events: Telling | None) -> None:
        """Begins to work for a run: `readers` are of its selected streams, `events` of that of raw events."""
        self._run, self._events = run, events
        self._readers = {reader.name: reader for reader in readers}
        self._closed.clear()

    # -- what windows find ---------------------------------------------------------------------------------------

    def counts_from(self, end: int | None) -> int | None:
        """From when on changes that a window finds are new, given up to where the one before has read; None: none."""
        return None if end is None or self.inbox.first_time else max(end, self._since)

    def found(self, stream: str, shop: Shop | None, identity: str, version: int, asked: int, *, new: bool) -> bool:
        """Notes an object that a window has: its version, not before when it was asked for, and whether it is news.

        Returns:
            Whether it is as new as what was written of the object: if not, an event has brought that meanwhile.
        """
        key = (stream, shop.id if shop else "", identity)
        if self.hearing.has_newer(key, version):
            return False
        self.hearing.got(key, version, asked, told=False)
        if new:
            self.hearing.found(key, version)
        return True

    def windows_begin(self) -> None:
        """Notes that windows are read from now on, which may write what they fetched before an event behind its row."""
        self._reading = bool(self._state_seconds)

    def windows_read(self) -> None:
        """Notes that all windows of a run were read, so that lists that nobody had read before are known."""
        self._windows_read, self.inbox.first_time, self._reading = True, False, False
        self._tasks = {**self._afterwards, **self._tasks}
        self._afterwards.clear()

    # -- what events say -----------------------------------------------------------------------------------------

    def listen(self, *, patient: bool = False) -> None:
        """Does what there is to do now; if `patient`, waits for what the platform does not show yet as well.

        While the inbox cannot be read, nothing is done, and people are told once.
        """
        try:
            self._listen(patient=patient)
        except DeafError as error:
            if not self.trouble:
                self._run.logger.error("Events are not read at this time: %s", error)  # noqa: TRY400 - a sentence
            self.trouble = str(error)
        else:
            self.trouble = ""

    def _listen(self, *, patient: bool) -> None:
        while True:
            self._ends.clear()
            events = self.inbox.next(AT_ONCE) if len(self._tasks) < MOST_TASKS else ()
            self._begin_anew()
            self._pass_on(events)
            for event in events:
                self._take(event)
            self._get([task for task in self._tasks.values() if task.due <= self._clock.monotonic()])
            self._keep(caught_up=not events)
            if events:
                continue
            waiting = [task.due for task in self._tasks.values() if task.due < inf]
            if not patient or not waiting or self.stop.is_set():
                return
            self._run.flush()
            self._clock.wait(max(0.0, min(waiting) - self._clock.monotonic()), self.stop)

    def _begin_anew(self) -> None:
        """Lets go of what is to be got, if other events have the positions of its events now; windows find it."""
        if self._begun != self.inbox.begun:
            self._begun = self.inbox.begun
            self.hearing.figures.left += len(self._tasks)
            self._tasks.clear()
            self._left.clear()
            self._afterwards.clear()

    def peek(self) -> None:
        """Looks at events that have come meanwhile, so that none of them counts as missed; the next run reads them."""
        position = self.inbox.cursor
        with suppress(DeafError):  # then some may count that were only late
            while events := self.inbox.next(AT_ONCE):
                for event in events:
                    self._hear_only(event)
        self.inbox.cursor = position

    def _hear_only(self, event: Event) -> None:
        for shop in self._shops(event):
            for named in named_in(event.type, event.data()):
                for way in KINDS[named.kind]:
                    self.hearing.told((way.stream, shop.id, named.identity), named.time)

    def write_state(self, *, at_once: bool = False) -> None:
        """Writes the state, if there is news and it is time, and hands everything over."""
        now = self._clock.monotonic()
        if self._news and (at_once or now - self._state_at >= self._state_seconds):
            self._news, self._state_at = False, now
            self._run.write_state()
            if self._state_seconds:
                self._run.messages.hand_over()

    def close(self) -> None:
        """Ends the threads, and lets go of the inbox."""
        self._asking.close()
        self.inbox.close()

    def _shops(self, event: Event) -> Sequence[Shop]:
        """The shops of the run that an event is about: one, or all if it is about their seller."""
        shops = self._run.client.shops()
        grant = self._run.client.grant()
        if event.shop_id and grant is not None and event.shop_id == grant.open_id:
            return shops
        return [shop for shop in shops if shop.id == event.shop_id]

    def _pass_on(self, events: Sequence[Event]) -> None:
        """The events themselves, for those who want them."""
        reader = self._events
        if reader is not None and events:
            self._news = True
            ours = [event for event in events if event.type is not None and self._shops(event)]
            reader.pass_on(ours)

    def _take(self, event: Event) -> None:
        """Notes what is to be got for an event."""
        figures = self.hearing.figures
        figures.events += 1
        figures.duplicates += max(0, event.deliveries - 1)
        shops = self._shops(event)
        if not shops:
            figures.of_others += 1
            return
        used = False
        for named in named_in(event.type, event.data()) if event.type is not None else ():
            for way in KINDS[named.kind]:
                for reader, shop in self._owners(way, shops):
                    used = True
                    self._want(event, named, way, reader, shop, of_seller=len(shops) > 1)
        figures.unused += not used

    def _owners(self, way: Way, shops: Sequence[Shop]) -> Iterator[tuple[Getting, Shop | None]]:
        """The selected stream of a way, and whose rows it has."""
        reader = self._readers.get(way.stream)
        if reader is not None:
            for shop in (None,) if reader.declaration.of_seller else shops:
                if (way.stream, shop.id if shop else "") not in self._closed:
                    yield reader, shop

    def _want(
        self, event: Event, named: Named, way: Way, reader: Getting, shop: Shop | None, *, of_seller: bool
    ) -> None:
        key = (way.stream, shop.id if shop else "", named.identity)
        self.hearing.told(key, named.time)
        moment = named.time if named.time is not None else (event.timestamp() or round(event.received_ms / 1000))
        if self._is_known(key, named, moment, reader, shop):
            self.hearing.figures.known += 1
            return
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = Task(way, shop, named.identity)
        if named.own and named.time is not None:
            task.changed = max(named.time, task.changed or 0)
        task.of_seller |= of_seller
        if event.position not in task.events:
            task.events[event.position] = event.received_ms / 1000
            self._left[event.position] += 1
        task.told = min(moment, task.told or moment)
        task.due, task.tries, task.troubles = self._clock.monotonic(), 0, 0

    def _is_known(
        self, key: tuple[str, str, str], named: Named, moment: int, reader: Getting, shop: Shop | None
    ) -> bool:
        """Whether what was written of an object is newer than the event, or will be as windows have yet to read it.

        Windows of a run end where it began: a first one may take hours, and what changes meanwhile is not in them.
        """
        in_windows = moment < self._run.end - BEHIND
        if (self.inbox.first_time and in_windows) or (named.time is not None and named.time < self._run.reading.start):
            return True
        if named.own and self.hearing.has(key, named.time):
            return True
        if not reader.declaration.replication_key or reader.whole:
            return False
        owner = key[:2]
        if owner not in self._ends:
            self._ends[owner] = reader.read_until(shop)
        end = self._ends[owner]
        if end is None:
            return in_windows and not self._windows_read
        return named.time is not None and named.time < end - max(BEHIND, self._run.reading.lookback)

    # -- getting it ----------------------------------------------------------------------------------------------

    def _get(self, due: Iterable[Task]) -> None:
        """Asks for objects, passes on what comes, and decides what is done."""
        tasks = {task.key: task for task in due}
        for task in list(tasks.values()):  # who needs another one's row needs it now
            if task.way.after:
                above = next(way for kind in KINDS.values() for way in kind if way.stream == task.way.after)
                key = (above.stream, *task.key[1:])
                tasks.setdefault(key, self._tasks.get(key) or Task(above, task.shop, task.identity, told=task.told))
        if not tasks:
            return
        asked: dict[int, Asked] = {}
        for each, chunk in self._asking.ask(self._run, tasks.values()):
            asked[id(each)] = each
            if chunk is not None:
                self._come(each, chunk)
        for each in asked.values():
            self._settle(each)

    def _come(self, asked: Asked, chunk: Chunk) -> None:
        """Passes on the rows of a chunk; ones that cannot be read are no reason to end the run."""
        try:
            records = self._records_in(asked, chunk)
        except Exception as error:  # noqa: BLE001 - whatever it is, all else must come through
            asked.error = error
            asked.spoilt.add(chunk.identity)
            return
        reader = self._readers.get(asked.way.stream)
        if reader is not None and records:
            reader.pass_on(asked.shop, records)
            self.hearing.figures.records += len(records)

    def _records_in(self, asked: Asked, chunk: Chunk) -> list[Record]:
        """The records of a chunk; what came is noted."""
        way, reader = asked.way, self._readers.get(asked.way.stream)
        rows = [row for row in chunk.rows if way.keeps is None or way.keeps(row)]
        if way.without:
            rows = [{name: value for name, value in row.items() if name not in way.without} for row in rows]
        shop_id = asked.shop.id if asked.shop else ""
        pairs = [] if reader is None else reader.records_of(asked.shop, rows, chunk.added)
        if not way.found_by and chunk.identity:  # only now: what comes counts as done
            asked.came.setdefault(chunk.identity, None)
        for row in rows if reader is None else (row for row, _ in pairs):
            identity = asked.note(row, chunk.identity)
            key = (way.stream, shop_id, identity)
            self.hearing.got(key, asked.came[identity], asked.began, told=True)
        return [record for _, record in pairs]

    def _settle(self, asked: Asked) -> None:
        """Decides for each object whether it is done, is asked for again, or never comes."""
        error = asked.error
        if error is not None and self._excused(asked, error):
            return
        asked.drop_unsure()
        for task in asked.tasks:
            if not task.events:
                self._tasks.pop(task.key, None)
                continue  # it was only needed by another one, or was written before
            if task.identity in asked.came and self._is_fresh(task, asked.came[task.identity]):
                now = self._clock.time()
                for received in task.events.values():
                    self.hearing.took(now - received)
                self.hearing.figures.objects += 1
                self._done(task)
                if self._reading and not (task.way.stream in self._readers and self._readers[task.way.stream].watched):
                    self._afterwards[task.key] = Task(task.way, task.shop, task.identity, told=task.told)
                continue
            late = task.identity in asked.came and not self._state_seconds  # the windows come next
            task.tries += error is None
            task.troubles += error is not None
            waits, tries = (AGAIN, task.tries) if error is None else (AFTER_TROUBLE, task.troubles)
            if isinstance(error, TikTokShopError) and not self._state_seconds:
                task.due = inf  # the windows come next, and the next run reads its events again
            elif tries <= len(waits) and not late and (error is None or self._state_seconds):
                task.due = self._clock.monotonic() + waits[tries - 1]
            else:
                self._give_up(task, asked)

    @staticmethod
    def _is_fresh(task: Task, version: int | None) -> bool:
        return task.changed is None or version is None or version >= task.changed - SAME

    def _excused(self, asked: Asked, error: Exception) -> bool:
        """What an error means for the stream; whether nothing more is to be done about its objects."""
        if isinstance(error, OutputError):
            raise error
        if isinstance(error, DayUsedUpError):
            for task in asked.tasks:
                task.due = self._clock.monotonic() + AFTER_TROUBLE[-1] if self._state_seconds else inf
            return True
        if isinstance(error, (ScopeError, MarketError, NotTakingPartError)):  # its windows say so
            self._closed.add((asked.way.stream, asked.shop.id if asked.shop else ""))
            for task in asked.tasks:
                self._done(task)
            return True
        follows = bool(self._state_seconds) and isinstance(error, TransientError)  # what passes is waited for
        if isinstance(error, TikTokShopError) and error.reach == "run" and not follows:
            raise error
        whose = asked.shop.label if asked.shop else "the seller"
        self._run.logger.warning(
            "Objects of stream %s of %s could not be got, although events name them: %s",
            *(asked.way.stream, whose, sentence(error)),
        )
        return False

    def _give_up(self, task: Task, asked: Asked) -> None:
        """Leaves an object to the windows; one that the platform does not give is told of."""
        refused = asked.refused.get(task.identity)
        gone = asked.error is None and task.identity not in asked.came and task.way.how.all_named
        if (refused is not None or gone) and not task.way.after and not task.of_seller:
            whose = task.shop.label if task.shop else "the seller"
            why = sentence(refused) if refused is not None else "it gives no such one"
            reason = f"The platform refuses {task.identity} of stream {task.way.stream} of {whose}: {why}"
            self._bury(task, one_line(reason))
            self.hearing.figures.refused += 1
        else:
            self.hearing.figures.left += 1
        self._done(task)

    def _bury(self, task: Task, reason: str) -> None:
        """Notes in the inbox why nobody can act on events; where it takes no notes, in the log."""
        try:
            for position in task.events:
                self.inbox.bury(position, reason)
        except DeafError as error:
            self._run.logger.warning("%s. That is not in the list of dead events: %s", reason.rstrip("."), error)

    def _done(self, task: Task) -> None:
        self._tasks.pop(task.key, None)
        for position in task.events:
            self._left[position] -= 1
            if not self._left[position]:
                del self._left[position]

    def _keep(self, *, caught_up: bool) -> None:
        """Moves the position in the state up to the first event that is not done."""
        done = min(self._left) - 1 if self._left else self.inbox.cursor
        heard = self._run.client.now() + 1 if caught_up and not self._left else None
        self._news |= self.inbox.keep(done, heard)
        self.write_state()
