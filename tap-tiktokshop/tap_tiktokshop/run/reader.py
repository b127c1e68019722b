"""One stream in a run: what is fetched of each shop, what comes of it, and when a bookmark moves.

To Singer the stream is in one piece: its shops are read side by side, each with a state of its own.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tiktokshop_client.console import sentence
from tiktokshop_client.errors import TikTokShopError

from tap_tiktokshop.reading import Windows
from tap_tiktokshop.reading.lanes import Lane
from tap_tiktokshop.reading.lists import EVERYTHING
from tap_tiktokshop.reading.rows import PageRows
from tap_tiktokshop.records.decode import as_dict
from tap_tiktokshop.run.bookmarks import Bookmark, UnreadableStateError
from tap_tiktokshop.run.output import OutputError
from tap_tiktokshop.run.partition import Partition
from tap_tiktokshop.run.progress import Progress
from tap_tiktokshop.run.snapshots import DIGEST, MOST_BYTES, Comparison
from tap_tiktokshop.run.together import NeedsState, Together
from tap_tiktokshop.streams import BY_NAME
from tap_tiktokshop.streams.announced import KINDS
from tap_tiktokshop.times import unix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tiktokshop_client import Shop

    from tap_tiktokshop.reading import Chunk
    from tap_tiktokshop.records.convert import Oddities
    from tap_tiktokshop.records.decode import Record
    from tap_tiktokshop.run.output import Output
    from tap_tiktokshop.run.run import Run
    from tap_tiktokshop.streams.declaration import Declaration

KNOWN_AT_ONCE = 2_000
"""So many rows, of all shops, share a state that must leave before them: it holds every shop and all identities."""
WATCHED = frozenset(
    way.stream
    for ways in KINDS.values()
    for way in ways
    if way.found_by and way.time and isinstance(BY_NAME[way.stream].reading, Windows)
)
"""Streams whose windows show what events have missed."""
DELETED_AT = "_sdc_deleted_at"


class StreamReader:
    """Reads a stream of all shops: a state for each, only past what is read, checked and written."""

    def __init__(self, run: Run, declaration: Declaration, output: Output) -> None:
        self._run = run
        self._output = output
        self.declaration = declaration
        self.name = declaration.name
        self.turn = 0
        self.partitions: dict[Lane, Partition] = {}
        self._together = Together(self._take, self._hand_over_state, lambda: 1 if self.one_record else KNOWN_AT_ONCE)
        self._counted: Counter[str] = Counter()

    @property
    def one_record(self) -> bool:
        """Whether one record is wanted of it, as in a test of the connection."""
        return self._output.one_record

    @property
    def oddities(self) -> Oddities:
        """What did not fit the fields of its records."""
        return self._output.plan.oddities

    def records(self) -> Iterator[Record]:
        """The records of all shops, window by window as they come, each window with its shop's state behind it.

        What goes wrong with a shop is reported and ends its partition, not the run.
        """
        self._run.read_ahead(self)
        try:
            with Progress(self._run.logger, self.name, self.partitions.values()) as progress:
                for lane, item in self._run.pool.take(self.turn, self._run.before_waiting):
                    yield from self._together.records(lane, item) if self._shares else self._take(lane, item)
                    progress.show()
                    self._run.listen()
                yield from self._together.rest()
                if self.partitions:
                    self._output.write_state()
        finally:  # who stops in the middle wants nothing more
            for lane in self.partitions:
                self._run.pool.drop(lane)

    @cached_property
    def _shares(self) -> bool:
        """Whether some of its rows must not leave before a state that knows of them."""
        return bool(self.declaration.departed) or any(part.comparison for part in self.partitions.values())

    def _hand_over_state(self) -> None:
        self._output.write_state()
        self._run.messages.hand_over()

    def _wait(self, partition: Partition, rows: int) -> Iterator[NeedsState]:
        """Lets others go on until a state has left."""
        self._count(partition)
        yield NeedsState(rows)
        self._counted = Counter(self.oddities)
        self._output.begin_chunk()

    def _count(self, partition: Partition) -> None:
        partition.undocumented += Counter(self.oddities) - self._counted

    def _take(self, lane: Lane, item: Chunk | Exception | None) -> Iterator[Any]:
        """The records of a chunk, and what is to be done behind them; what is due when everything has come.

        Among them is a `NeedsState` wherever a state must leave before what follows.
        """
        partition = self.partitions[lane]
        self._output.begin_chunk()
        if partition.shop and partition.shop.id in self._run.stopped_shops:
            partition.failed = "the shop was given up, see its first failure"
            self._run.given_up[partition.shop.id].append(self.name)
            self._run.pool.drop(lane)
            return
        self._counted = Counter(self.oddities)
        try:
            yield from self._come(partition, item)
        except OutputError:  # nobody has received what was written last
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other shops must come through
            self._run.pool.drop(lane)
            item = error
        finally:
            self._count(partition)
        if isinstance(item, Exception):
            self._failed(partition, item)
        elif item is not None and item.done is not None:
            partition.reached = item.done
            self._pass_on(partition, item.done)

    def _come(self, partition: Partition, item: Chunk | Exception | None) -> Iterator[Any]:
        if item is None:
            return self._ended(partition)
        return self._left(partition) if isinstance(item, Exception) else self._records(partition, item)

    # -- what comes outside of its turn --------------------------------------------------------------------------

    @property
    def whole(self) -> bool:
        """Whether each run reads all of it, whatever was read before."""
        return self._output.full_table

    def read_until(self, shop: Shop | None) -> int | None:
        """The end of what was read of a shop, unix seconds; None if nothing was, or the state does not tell."""
        try:
            return self._bookmark(shop).end
        except UnreadableStateError:
            return None

    def records_of(
        self, shop: Shop | None, rows: Iterable[dict[str, Any]], added: Mapping[str, Any]
    ) -> list[tuple[dict[str, Any], Record]]:
        """Rows that were got outside of its turn, as its shape has them, each with the record that it becomes."""
        declaration, plan = self.declaration, self._output.plan
        extra = {**added, "shop_id": shop.id} if shop else added
        shaped = rows if declaration.shape is None else declaration.shape(rows, self._run.client.now())
        return [(row, plan.record(row, extra)) for row in shaped]

    def pass_on(self, shop: Shop | None, records: Iterable[Record]) -> None:
        """Writes records outside of its turn. No digest may say any more how its list was, see `Comparison`."""
        if self._run.config.get("snapshot_changes_only") and self.declaration.whole:
            for partition in self.partitions.values():
                if partition.shop == shop and partition.comparison is not None:
                    partition.comparison.disturb()
            state = self._output.state_of({"shop_id": shop.id} if shop else None)
            if state.pop(DIGEST, None) is not None:
                self._output.write_state()
                self._run.messages.hand_over()
        self._output.begin_chunk()
        self._output.pass_on(records)

    # -- what is fetched -----------------------------------------------------------------------------------------

    def lanes(self, turn: int) -> list[Lane]:
        """One lane for each shop that is still read, for the threads."""
        self.turn = turn
        self.partitions = {}
        for shop in self._shops():
            try:
                partition = self._partition(shop)
            except UnreadableStateError as error:  # noqa: PERF203 - once a shop
                self._run.report_failure(self.name, shop, error)
            else:
                self.partitions[self._lane(partition)] = partition
        return list(self.partitions)

    def _shops(self) -> Iterable[Shop | None]:
        """Whose it is: of each shop, or of the seller if one of the shops may have it."""
        shops = self._run.client.shops()
        operation = self.declaration.reading.operation
        if operation is None or operation.cipher:
            return shops
        if all(operation.excluded_for(shop.seller_type) for shop in shops):
            kinds = " and ".join(operation.seller_types or ())
            reason = f"the platform offers it to {kinds} shops only"
            self._run.logger.info("Stream %s is skipped: %s.", self.name, reason)
            self._run.summary.skip(self.name, reason)
            return ()
        return (None,)

    def bookmarks(self) -> Iterator[int]:
        """The ends of what earlier runs have read, unix seconds, of the shops that have any."""
        if not self.declaration.replication_key or self._output.full_table:
            return
        for shop in (None,) if self.declaration.of_seller else self._run.client.shops():
            with suppress(UnreadableStateError):  # it is told when its partition is made
                end = self._bookmark(shop).end
                if end is not None:
                    yield end

    def _bookmark(self, shop: Shop | None) -> Bookmark:
        declaration = self.declaration
        context = {"shop_id": shop.id} if shop else None
        state = self._output.state_of(context) if declaration.bookmarked and not self._output.full_table else {}
        return Bookmark(state, declaration.replication_key or declaration.follows, declaration.open_rows)

    def _partition(self, shop: Shop | None) -> Partition:
        declaration, run = self.declaration, self._run
        bookmark = self._bookmark(shop)
        earliest, end = declaration.reading.earliest, run.end
        configured = max(run.reading.start, earliest)
        if declaration.departed:  # what is not asked about would be taken for gone, so no setting narrows it down
            configured, end = earliest, run.client.now()
        lookback = declaration.reading.lookback(run.reading.lookback, bookmark.end, lambda: run.time_in(shop))
        since = bookmark.since(configured, lookback)
        compared = self._comparison(shop)  # with a list that must then be whole
        until = None if compared else bookmark.end
        source = run.source(self.name, shop, since, bookmark.known, marks=bookmark.marks, read_until=until)
        start = bookmark.start(configured, lookback)
        partition = Partition(self.name, shop, bookmark, source, start, end, known=set(bookmark.known))
        partition.key = declaration.keys[-1]
        if run.listener is not None and declaration.replication_key:
            partition.news_from = run.listener.counts_from(bookmark.end)
        partition.remembers = declaration.reading.remember
        partition.comparison = compared
        return partition

    def _comparison(self, shop: Shop | None) -> Comparison | None:
        """What tells the rows of a list that have changed, if only those are wanted."""
        if not self._run.config.get("snapshot_changes_only") or not self.declaration.whole or self.one_record:
            return None
        shops = max(1, len(self._run.client.shops()))
        state = self._output.state_of({"shop_id": shop.id} if shop else None)
        return Comparison(state, self._output.setup, MOST_BYTES // shops)

    def _lane(self, partition: Partition) -> Lane:
        operation, client = self.declaration.reading.operation, self._run.client
        lane = Lane(
            turn=self.turn,
            source=partition.source,
            budget=(partition.shop.id if partition.shop else "", client.unit(operation) if operation else self.name),
            parallel=lambda: client.parallel(operation, partition.shop) if operation else 1,
        )
        lane.start(self.declaration.reading.slices(partition.start, partition.end, self._run.pool.size(lane)))
        return lane

    # -- what comes of it ----------------------------------------------------------------------------------------

    def _records(self, partition: Partition, chunk: Chunk) -> Iterator[Any]:
        if partition.comparison is None:
            yield from self._new(partition, chunk)
            return
        if self.declaration.departed:
            partition.seen.update(self._identities(chunk))
        for each in partition.comparison.take(chunk):
            yield from self._new(partition, each)
        self._pass_on_late(partition)

    def _left(self, partition: Partition) -> Iterator[Any]:
        """What was held to be compared with a list that did not come to its end."""
        if partition.comparison is not None:
            for each in partition.comparison.rest():
                yield from self._new(partition, each)
            self._pass_on_late(partition)

    def _forget(self, partition: Partition, rows: int) -> Iterator[NeedsState]:
        """No row leaves while a state says how its list was, see `Comparison`."""
        if partition.comparison is not None and partition.comparison.forget():
            yield from self._wait(partition, rows)

    def _new(self, partition: Partition, chunk: Chunk) -> Iterator[Any]:
        if self.declaration.departed:
            yield from self._known_first(partition, chunk)
        else:
            yield from self._passed_on(partition, chunk)

    def _known_first(self, partition: Partition, chunk: Chunk | None) -> Iterator[Any]:
        """Rows that may leave their list, some at a time, each only after a state that knows it; all held ones if None.

        A run that ends before its last state would else leave rows behind of which no later run knows that they have
        to be marked as departed. A state that knows a row too early costs one mark too many.
        """
        if chunk is not None:
            partition.held.append(chunk)
            if sum(len(held.rows) for held in partition.held) < KNOWN_AT_ONCE / len(self.partitions):
                return
        held, partition.held = partition.held, []
        partition.seen.update(identity for each in held for identity in self._identities(each))
        if not partition.seen <= partition.bookmark.known:
            partition.bookmark.remember(partition.known | partition.seen)
            yield from self._wait(partition, sum(len(each.rows) for each in held))
        for each in held:
            yield from self._passed_on(partition, each)

    def _identities(self, chunk: Chunk) -> Iterable[str]:
        if isinstance(chunk.rows, PageRows):
            return chunk.rows.chosen.values()
        return (str(row.get(self.declaration.keys[-1])) for row in chunk.rows)

    def _passed_on(self, partition: Partition, chunk: Chunk) -> Iterator[Any]:
        declaration = self.declaration
        yield from self._forget(partition, len(chunk.rows))
        extra = {**chunk.added, "shop_id": partition.shop.id} if partition.shop else chunk.added
        if declaration.looks_into_rows or not isinstance(chunk.rows, PageRows):
            record = self._output.plan.record
            for row in self._looked_into(partition, chunk):
                if not self._old(partition, [(row.get(partition.key), row.get(str(self.declaration.replication_key)))]):
                    partition.rows += 1
                    yield record(row, extra)
            return
        rows = chunk.rows
        if self.watched:
            old = self._old(partition, rows.pick((partition.key, str(self.declaration.replication_key))))
            rows = rows.only(set(range(len(rows))) - old) if old else rows
        for made in self._output.typed.records(rows, extra):
            partition.rows += 1
            yield made if self._output.as_it_is else as_dict(made)

    def _old(self, partition: Partition, rows: Iterable[tuple[Any, ...]]) -> set[int]:
        """Compares rows of a window with what events have told: the identity of each, and when it last changed.

        Returns:
            The places of those that have changed since they were fetched, and were written anew: they would be the
            last word on their objects.
        """
        listener = self._run.listener
        old: set[int] = set()
        if listener is None or not self.watched:
            return old
        for place, (identity, moment) in enumerate(rows):
            version = unix(moment)
            if version is not None:
                new = partition.news_from is not None and partition.news_from <= version < partition.end
                if not listener.found(self.name, partition.shop, str(identity), version, partition.end, new=new):
                    old.add(place)
        return old

    @cached_property
    def watched(self) -> bool:
        """Whether events tell of its rows, and windows find these as well and leave out what is older."""
        return self._run.listener is not None and self.name in WATCHED

    def _looked_into(self, partition: Partition, chunk: Chunk) -> Iterable[dict[str, Any]]:
        """The rows of a chunk, after those of its stream who must know them have seen them."""
        declaration = self.declaration
        rows: Iterable[dict[str, Any]] = chunk.rows
        if declaration.open_rows is not None:
            rows = partition.see(list(rows), chunk)
        return rows if declaration.shape is None else declaration.shape(rows, partition.end)

    def _ended(self, partition: Partition) -> Iterator[Any]:
        """Everything has come: what has left a list of what is current, and what others may rely on."""
        declaration, comparison = self.declaration, partition.comparison
        for chunk in comparison.changed() if comparison is not None else ():
            yield from self._new(partition, chunk)
        yield from self._known_first(partition, None)
        for identity in sorted(partition.known - partition.seen) if declaration.departed else ():
            yield from self._forget(partition, 1)
            row = {declaration.keys[-1]: identity, **declaration.departed, DELETED_AT: partition.end}
            partition.rows += 1
            yield self._output.plan.record(row, {"shop_id": partition.shop.id} if partition.shop else {})
        partition.ended, partition.reached = True, partition.end
        self._cover(partition)
        if declaration.departed:
            partition.bookmark.remember(partition.seen)
        news = comparison is not None and comparison.keep()
        self._pass_on_late(partition)
        if declaration.departed or declaration.reading.remember or news:
            self._output.offer_state(len(self.partitions))

    def _cover(self, partition: Partition) -> None:
        """Others need not read again what this partition has read."""
        reading = self.declaration.reading
        for each in (reading, *reading.lists):
            if each.time:
                start = max(partition.start, partition.source.since) if each.of_new_rows else partition.start
                partition.source.roster.cover(each, start, partition.reached)
            elif partition.ended:
                partition.source.roster.cover(each, *EVERYTHING)

    def _pass_on_late(self, partition: Partition) -> None:
        """Says how far a list is done, once its rows are held no more."""
        comparison = partition.comparison
        if comparison is not None and comparison.due is not None and not comparison.holds:
            due, comparison.due = comparison.due, None
            self._pass_on(partition, due)

    def _pass_on(self, partition: Partition, done: int) -> None:
        """Moves a shop's bookmark, and has the state written if that is not too soon; later if rows are held."""
        if partition.comparison is not None and partition.comparison.holds:
            partition.comparison.due = done
            return
        nothing_read = partition.start >= partition.end  # as with a start_date in the future
        if (
            nothing_read
            or self._output.full_table
            or not (self.declaration.replication_key or self.declaration.follows)
        ):
            return
        partition.move(self._run.not_ahead(done))
        self._output.offer_state(len(self.partitions))

    def _failed(self, partition: Partition, error: Exception) -> None:
        self._cover(partition)
        if self._run.skip_if_excused(partition, error):
            return
        stops_the_run = isinstance(error, TikTokShopError) and error.reach == "run"
        if stops_the_run or self.one_record:
            raise error
        partition.failed = sentence(error)
        self._run.report_failure(self.name, partition.shop, error)
