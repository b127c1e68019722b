"""A run: what is read ahead, what one stream leaves for another, what failed, and the closing summary."""

from __future__ import annotations

import logging
import math
import time
from collections import defaultdict
from datetime import datetime, timezone
from functools import cached_property
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Protocol

from tiktokshop_client import OPERATIONS, Client, Settings
from tiktokshop_client.console import sentence
from tiktokshop_client.endings import Ending, ending_of_all
from tiktokshop_client.errors import (
    ConfigurationError,
    DayUsedUpError,
    MarketError,
    ScopeError,
    TikTokShopError,
    TransientError,
)
from tiktokshop_client.health import grant_sentence, missing_scopes, scope_sentence
from tiktokshop_client.log_lines import facts_of, name_seller, seller_named
from tiktokshop_client.push import GATEWAY, Pusher, checked, of_run

from tap_tiktokshop.reading import Roster, Source
from tap_tiktokshop.reading.checks import Checks
from tap_tiktokshop.reading.onboarding import NotTakingPartError
from tap_tiktokshop.reading.pool import Pool
from tap_tiktokshop.run.metrics import JOB, of_parts
from tap_tiktokshop.run.summary import Summary, check, write
from tap_tiktokshop.streams.needs import needs_of
from tap_tiktokshop.times import utc
from tap_tiktokshop.zones import shop_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from tiktokshop_client import Shop

    from tap_tiktokshop.reading.lanes import Lane
    from tap_tiktokshop.records.convert import Oddities
    from tap_tiktokshop.run.listener import Listener
    from tap_tiktokshop.run.output import Messages
    from tap_tiktokshop.run.partition import Partition
    from tap_tiktokshop.settings import ReadingSettings
    from tap_tiktokshop.streams.declaration import Declaration

HEARING = 0.2
"""Seconds between two looks into the inbox while windows are read."""
LAST_REQUESTS = 60.0
"""Seconds for requests that are under way as a run ends, where those of a day are counted."""
CLOCKS_AGREE = 60
"""Seconds that two readings of the platform's time may differ by."""


class PartsFailedError(Exception):
    """Some streams of some shops could not be read; the rest was.

    Attributes:
        ending: Whether running it again may help, or a person must act.
    """

    def __init__(self, sentence: str, ending: Ending) -> None:
        super().__init__(sentence)
        self.ending = ending


class Reader(Protocol):
    """What a run must know of a stream that is read in it; `reader.StreamReader` is one."""

    name: str
    declaration: Declaration
    partitions: dict[Lane, Partition]

    @property
    def one_record(self) -> bool:
        """Whether one record is wanted of it, as in a test of the connection."""

    @property
    def oddities(self) -> Oddities:
        """What did not fit the fields of its records."""

    def lanes(self, turn: int) -> list[Lane]:
        """One lane for each shop that is still read, for the threads."""

    def bookmarks(self) -> Iterator[int]:
        """The ends of what earlier runs have read, unix seconds."""


class Run:
    """What the streams of a run share.

    Attributes:
        reading: What is read, and from when.
        messages: Where records and states go.
        stopped_shops: Shops of which nothing more is read, because the platform refuses all of them.
        given_up: Such a shop -> its streams that were not read for that.
        name: What tells it from other runs.
        listener: Who does what events say, None if there is no inbox.
    """

    def __init__(
        self,
        settings: Settings,
        reading: ReadingSettings,
        config: Mapping[str, Any],
        logger: logging.Logger,
        messages: Messages,
        selected: Callable[[], Sequence[Reader]],
        requests: Any = None,
    ) -> None:
        """Begins a run.

        Args:
            settings: Of the connection.
            reading: What is read.
            config: The other settings, by name.
            logger: Where people are told.
            messages: Where records and states go.
            selected: Gives the streams, in their order.
            requests: What `requests_today` of an earlier run has given.
        """
        self.settings, self.reading, self.config = settings, reading, config
        self.logger, self.messages = logger, messages
        self.flush, self.write_state = messages.flush, messages.write_state
        self._meet = messages.meet
        self._find_readers = selected
        self._requests = requests
        self.listener: Listener | None = None
        self._heard_at = -math.inf
        self._unwritten: str | None = None
        self.stopped_shops: set[str] = set()
        self.given_up: defaultdict[str, list[str]] = defaultdict(list)
        self.summary = Summary()
        self.name = token_hex(6)
        self._failures: list[str] = []
        self._causes: list[Exception] = []  # of them
        self._warned_scopes: set[str] | None = None
        self._added: set[str] = set()
        self._gateway = ""
        self._pusher = Pusher("", JOB, "", logger)

    @cached_property
    def readers(self) -> Sequence[Reader]:
        """The selected streams, in the order in which they are read."""
        return self._find_readers()

    @cached_property
    def client(self) -> Client:
        """The platform, for all streams. It counts the day's requests on from where the last run was."""
        made = Client(self.settings)
        made.daily.resume(self._requests)
        return made

    @cached_property
    def end(self) -> int:
        """Unix seconds until which this run reads: its own start by the platform's clock, or `end_date` if earlier."""
        now = self.client.now()
        return now if self.reading.end is None else min(now, self.reading.end)

    def not_ahead(self, moment: int) -> int:
        """The moment, or the platform's time if that is well before it.

        A clock may have been wrong, or have jumped, when the end of the run was set: a bookmark that lies ahead of the
        platform would pass rows that do not exist yet.
        """
        now = self.client.now()
        return moment if moment <= now + CLOCKS_AGREE else now

    @cached_property
    def pool(self) -> Pool:
        """The threads that fetch. Where the requests of a day are counted, none for what is less important."""
        patience = HEARING if self.config.get("follow") else None
        return Pool(patience=patience) if self.client.daily.most is None else Pool(later_bytes=0, patience=patience)

    def requests_today(self) -> Mapping[str, Any] | None:
        """How many requests each shop has had today, for a later run; None if no setting limits them."""
        return None if self.client.daily.most is None else self.client.daily.kept(self.client.now())

    @cached_property
    def _announced(self) -> dict[int, tuple[str, ...]]:
        """For each list that selected streams ask about, the fields they need of its rows."""
        fields: dict[int, dict[str, None]] = {}
        for stream in self.readers:
            for reading, names in stream.declaration.reading.wanted():
                fields.setdefault(id(reading), {}).update(dict.fromkeys(names))
        return {reading: tuple(names) for reading, names in fields.items()}

    @cached_property
    def _rosters(self) -> defaultdict[str, Roster]:
        return defaultdict(lambda: Roster(self._announced))

    def time_in(self, shop: Shop | None) -> datetime:
        """Now, by the clock of a shop (UTC if None)."""
        return datetime.fromtimestamp(self.client.now(), self._zone(shop))

    def _zone(self, shop: Shop | None) -> tzinfo:
        return shop_zone(shop, self.reading.time_zones) if shop else timezone.utc

    def source(
        self, stream: str, shop: Shop | None, since: int, known: frozenset[str] = frozenset(), **more: Any
    ) -> Source:
        """What one stream of a shop (of the seller if None) is read through; `more` are further facts of a source."""
        whose = f"stream {stream} of {shop.label if shop else 'the seller'}"
        facts = {"roster": self._rosters[shop.id if shop else ""], "checks": Checks(whose), **more}
        return Source(
            self.client,
            shop,
            since=since,
            known=known,
            zone=self._zone(shop),
            lists={"external_order_platforms": self.reading.external_order_platforms},
            **facts,
        )

    def read_ahead(self, stream: Reader) -> None:
        """Has the selected streams fetched from this one on, in the order in which the SDK will ask for them.

        A stream that asks about rows of a list that another one reads waits until its turn, when that list is known. A
        dry run takes one record of each stream, so there each is fetched when its turn comes.
        """
        if self._warned_scopes is None:
            self.warn_early()
            if not stream.one_record:
                self._begin_to_listen()
                for each in self.readers:
                    if not self._waits(each):
                        self._add(each)
        if stream.name not in self._added:
            self._add(stream)

    @property
    def tests(self) -> bool:
        """Whether one record is wanted of each stream, as in a test of the connection."""
        return any(stream.one_record for stream in self.readers)

    def _begin_to_listen(self) -> None:
        """Does what events say, before anything else is asked."""
        if self.listener is not None:
            declared = [(each.declaration, each) for each in self.readers]
            getting: list[Any] = [each for what, each in declared if not (what.of_the_inbox or what.of_the_run)]
            telling: Any = next((each for what, each in declared if what.of_the_inbox), None)
            self.listener.attend(self, getting, telling)
            self.listener.listen(patient=not self.config.get("follow"))
            self.listener.windows_begin()

    def listen(self) -> None:
        """Does what events say that have come meanwhile, if this run follows them and has not just looked."""
        if self.config.get("follow") and time.monotonic() - self._heard_at >= HEARING:
            self.hear()

    def before_waiting(self) -> None:
        """What is done whenever nothing has come yet: what is pending leaves, and events are heard."""
        self.flush()
        self.listen()

    def hear(self) -> None:
        """The same, now."""
        if self.listener is not None:
            self.listener.listen()
            self.listener.write_state()
            self._heard_at = time.monotonic()

    def _add(self, stream: Reader) -> None:
        self._added.add(stream.name)
        lanes = stream.lanes(self.readers.index(stream))
        self.summary.parts += stream.partitions.values()
        self.pool.add(lanes)

    def _waits(self, stream: Reader) -> bool:
        """Whether an earlier stream reads, or asks about, a list that this one asks about."""
        earlier = self.readers[: self.readers.index(stream)]
        touched = {
            id(each) for other in earlier for each in (other.declaration.reading, *other.declaration.reading.lists)
        }
        return any(id(each) in touched for each in stream.declaration.reading.lists)

    def _doubts_of_times(self) -> Iterator[str]:
        """What of the dates and of the state leaves nothing to read: one sentence for each kind of it."""
        now, start, end = self.client.now(), self.reading.start, self.reading.end
        if start > now:
            yield f"The setting start_date ({utc(start)}) lies in the future, so nothing that has times is read."
        elif end is not None and start >= end:
            yield f"The setting start_date ({utc(start)}) is not before end_date ({utc(end)}), so nothing is read."
        bookmarks = [
            (stream.name, bookmark) for stream in self.readers for bookmark in stream.bookmarks() if bookmark > start
        ]
        ahead = {name: bookmark for name, bookmark in bookmarks if bookmark > now}
        if ahead:
            yield (
                f"The state's bookmarks of {', '.join(ahead)} lie in the future (up to {utc(max(ahead.values()))}), so "
                "nothing of them is read until then: correct the state if that is not meant."
            )
        behind = {name: bookmark for name, bookmark in bookmarks if end is not None and end <= bookmark <= now}
        if behind and end is not None:
            yield (
                f"The state's bookmarks of {', '.join(behind)} are not before end_date ({utc(end)}), so none of them "
                "is read: to read an earlier time again, use a separate state, or none."
            )

    def warn_early(self) -> None:
        """Warns, once a run, of a grant that ends soon and of scopes that the selected streams lack."""
        self._check_summary_path()
        gateway = str(self.config.get(GATEWAY) or "")
        self._gateway = checked(gateway, JOB) if gateway else ""
        self._meet(self.client.shops())  # the first call brings the grant
        grant = self.client.grant()
        name_seller(grant.seller_name if grant else "")
        self._pusher = Pusher(self._gateway, JOB, seller_named(), self.logger)
        missing = missing_scopes(grant, needs_of([stream.name for stream in self.readers])) if grant else {}
        self._warned_scopes = set(missing)
        ending = grant_sentence(grant, self.client.now()) if grant else None
        for warning in [
            *([ending] if ending else []),
            *([self.client.unshared] if self.client.unshared else []),
            *(scope_sentence(*each) for each in missing.items()),
            *self._doubts_of_times(),
        ]:
            self.logger.warning("%s", warning)

    def skip_if_excused(self, part: Partition, error: Exception) -> bool:
        """Skips a part that the shop cannot have or has not granted, and says so; whether it did.

        What is left over as the requests of the day are used up is no failure either.
        """
        if isinstance(error, DayUsedUpError):  # said once, when the run ends
            part.left_over = str(error)
            return True
        scope = isinstance(error, ScopeError)
        if scope and self.config["on_missing_scope"] != "warn":
            return False
        if not scope and not isinstance(error, (MarketError, NotTakingPartError)):
            return False
        part.skipped = str(error)
        level = logging.WARNING if scope and not self._tell_scope(error) else logging.INFO
        facts = facts_of(error, stream=part.stream)
        whose = "" if isinstance(error, TikTokShopError) else f" of {part.subject}"  # the platform's say it themselves
        self.logger.log(level, "Stream %s%s is skipped: %s", part.stream, whose, error, extra=facts)
        return True

    def _tell_scope(self, error: Exception) -> bool:
        """Notes that the run has warned of the scope that an error is about; whether it had already."""
        operation = OPERATIONS.get(getattr(error, "operation", ""))
        scope, warned = operation.scope if operation else "", self._warned_scopes or set()
        told = scope in warned
        self._warned_scopes = warned | {scope}
        return told

    def report_failure(self, stream: str, shop: Shop | None, error: Exception) -> None:
        """One line for a part that failed; its bookmark stays, the others go on, the run ends non-zero."""
        whose = shop.label if shop else "the seller"
        subject = f"Stream {stream}" if isinstance(error, TikTokShopError) else f"Stream {stream} of {whose}"
        if shop and getattr(error, "reach", "stream") == "shop":
            self.stopped_shops.add(shop.id)
        self._failures.append(f"{stream} of {f'shop {shop.id}' if shop else whose}")
        self._causes.append(error)
        facts = facts_of(error, stream=stream, **({"shop": shop.id} if shop else {}))
        self.logger.error("%s was not read to its end: %s", subject, sentence(error), extra=facts)
        self.logger.debug("Traceback of the failure", exc_info=error)

    def conclude(self) -> None:
        """Ends what there is to read: the state handed over, the summary told."""
        counted = self.client.daily.most is not None  # what is under way is sent, so that the state may count it
        self.pool.close(LAST_REQUESTS if counted else 0.0)
        if self.listener is not None:
            self.listener.windows_read()
            if not (self.listener.trouble or self.config.get("follow")):
                self.listener.peek()
        if counted:
            self.write_state()
        self.messages.hand_over()
        now = self.client.now()
        self._pusher.send([*of_parts(self.summary.parts, now), *of_run(self.client.grant(), now)])
        self._unwritten = self._summarise()

    def finish(self) -> None:
        """Ends the run, if that was not done: connections closed, the summary told, an error if a part of it failed."""
        if self._unwritten is None or self.listener is not None:
            self.conclude()
        self.client.close()
        if self.listener is not None:
            self.listener.close()
        self._pusher.wait()
        unwritten = self._unwritten or ""
        if self.listener is not None and self.listener.trouble:
            self._failures.append("the inbox of webhook_inbox")
            self._causes.append(TransientError(self.listener.trouble))
        if self._failures:
            unread = [
                *self._failures,
                *(f"with that shop {shop} also {', '.join(streams)}" for shop, streams in self.given_up.items()),
            ]
            number = len(self._failures) + sum(map(len, self.given_up.values()))
            raise PartsFailedError(
                f"{number} of the run's parts could not be read ({'; '.join(unread)}); "
                f"everything else was. Their bookmarks stay, so the next run tries them again. {unwritten}".strip(),
                ending_of_all(self._causes),
            )
        if unwritten:
            raise ConfigurationError(f"{unwritten} Everything was read, and its state is written.")

    def summary_rows(self) -> Iterator[dict[str, Any]]:
        """What the summary says of each part, as far as the run has come."""
        self.summary.oddities = {stream.name: stream.oddities for stream in self.readers}
        return self.summary.rows(self.name, self.end, self.client.now())

    def _summarise(self) -> str:
        """Tells the summary; a sentence if its file cannot be written."""
        self.summary.oddities = {stream.name: stream.oddities for stream in self.readers}
        for stream in self.readers:
            read = [part for part in stream.partitions.values() if part.ended]
            if stream.declaration.empty and read and not any(part.rows or part.unchanged for part in read):
                self.logger.info("Stream %s came back empty: %s.", stream.name, stream.declaration.empty)
        for told in self.summary.sentences():
            self.logger.warning("%s", told)
        report = self.summary.report(self.end, self.client.now())
        if self.listener is not None:
            hearing = self.listener.hearing
            report["events"] = hearing.report()
            self.logger.info("Events %s", hearing.line())
            if told := hearing.sentence():
                self.logger.warning("%s", told)
        self.logger.info("Summary %s", self.summary.line(), extra={"summary": report})
        return self._try_summary(lambda path: write(path, report))

    def _check_summary_path(self) -> None:
        if problem := self._try_summary(check):
            raise ConfigurationError(f"{problem} Nothing was read.")

    def _try_summary(self, work: Callable[[str], None]) -> str:
        """Does something with the file of the summary, if there is to be one; a sentence if that fails."""
        path = self.config.get("summary_path")
        try:
            if path:
                work(path)
        except OSError as error:
            return f"The summary cannot be written to {path} (the setting summary_path): {error.strerror}."
        return ""
