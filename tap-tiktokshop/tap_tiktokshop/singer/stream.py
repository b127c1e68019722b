"""The one class that carries out a stream's declaration."""

from __future__ import annotations

import logging
import math
import time
from contextlib import suppress
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import RecordMessage
from tiktokshop_client.console import sentence
from tiktokshop_client.errors import TikTokShopError
from typing_extensions import override

from tap_tiktokshop.reading.lanes import Lane
from tap_tiktokshop.reading.lists import EVERYTHING
from tap_tiktokshop.reading.rows import PageRows
from tap_tiktokshop.records.convert import REJECTED_FIELD, RecordPlan, as_sent
from tap_tiktokshop.records.decode import TypedPlan, as_dict
from tap_tiktokshop.run.bookmarks import Bookmark, UnreadableStateError
from tap_tiktokshop.run.partition import Part
from tap_tiktokshop.run.progress import Progress
from tap_tiktokshop.singer.maps import mistake_in_expression
from tap_tiktokshop.singer.messages import OutputError
from tap_tiktokshop.streams.declaration import load_schema
from tap_tiktokshop.streams.personal import PERSONAL

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from singer_sdk.helpers.types import Context
    from singer_sdk.mapper import StreamMap
    from singer_sdk.singerlib import Catalog
    from tiktokshop_client import Shop

    from tap_tiktokshop.reading import Chunk
    from tap_tiktokshop.records.decode import Record
    from tap_tiktokshop.streams.declaration import Declaration
    from tap_tiktokshop.tap import TapTikTokShop


FEW_SHOPS = 8
"""So many shops have their state written behind every window; the state of many takes long to write and to compare."""
STATE_SECONDS = 1.0
STATE_ROWS = 2_000
"""A state is written after a window when the last one is so long ago. It has every shop in it, so that one after each
window of each of many shops would cost more than the records do."""
KNOWN_AT_ONCE = 2_000
"""Rows of a list that they may leave are known to the state so many at a time: it holds all identities each time."""
DELETED_AT = "_sdc_deleted_at"
WHOLE, BY_TIME = "FULL_TABLE", "INCREMENTAL"
"""How a catalogue may want a stream replicated."""


def _passes_on(stream_map: StreamMap) -> bool:
    return type(stream_map) is SameRecordTransform and not stream_map.flattening_enabled


class PlatformStream(Stream):
    """Carries out a declaration: a state for each shop, only past what is read, checked and written."""

    # Records leave the plan as their schema has them; conforming again would drop undocumented fields.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: TapTikTokShop, declaration: Declaration) -> None:
        schema = {**load_schema(declaration.name), "description": declaration.summary}
        self.selected_by_default = not declaration.off
        super().__init__(tap, schema=schema, name=declaration.name)
        self.tap = tap
        self.declaration = declaration
        self.primary_keys = declaration.keys
        self.replication_key = declaration.replication_key
        self.full_table = False
        self.doubts: list[str] = []
        self.turn = 0
        self.parts: dict[Lane, Part] = {}
        self._state_at, self._state_rows = -math.inf, 0
        self._read_at = datetime.now(timezone.utc)

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """What a catalogue says of it, as far as it can be followed: the platform is asked by one time only."""
        super().apply_catalog(catalog)
        own, wanted, method = self.declaration.replication_key, self.replication_key, self.forced_replication_method
        self.full_table = own is not None and method == WHOLE
        self.replication_key = None if self.full_table else own
        if not self.full_table and wanted not in {None, own}:
            way = f"by {own} only, so it follows that" if own else "for no times, so it is read whole"
            self.doubts.append(f"Stream {self.name} cannot follow {wanted}: the platform can be asked {way}.")
        if method not in {None, WHOLE, BY_TIME}:
            way = BY_TIME if own else WHOLE
            self.doubts.append(f"Stream {self.name} cannot be read by {method}; it is read as {way}.")

    @cached_property
    def plan(self) -> RecordPlan:
        """How its rows become records that keep to the schema that is sent, be it from a catalogue."""
        made = RecordPlan(as_sent(self.schema, self.effective_schema))
        made.oddities.hidden = {REJECTED_FIELD, *self._withheld()}
        made.oddities.private = PERSONAL.get(self.name, {}).keys()
        return made

    @cached_property
    def typed(self) -> TypedPlan:
        """How those of its rows become records that need not be looked into on the way."""
        return TypedPlan(as_sent(self.schema, self.effective_schema), self.plan)

    def _withheld(self) -> Iterator[str]:
        """Fields that are deselected or mapped, of which nothing may come out another way."""
        yield from (path[1] for path, selected in self.mask.items() if len(path) > 1 and not selected)
        mapped = (self.config.get("stream_maps") or {}).get(self.name)
        yield from mapped if isinstance(mapped, dict) else ()

    @property
    @override
    def stream_maps(self) -> list[StreamMap]:
        """Its stream maps, set up now if it was not selected when the others' were."""
        if self.name not in self.tap.mapper.stream_maps:
            self.tap.map_stream(self.name)
        return super().stream_maps

    @property
    @override
    def partitions(self) -> None:
        """None: the shops are read side by side, so that to the SDK the stream is in one piece."""

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """None: the bookmark is a window's end, which never lies past the start of the run."""

    @override
    def generate_child_contexts(self, record: Any, context: Context | None) -> tuple[()]:
        """None: streams that ask about the rows of others do so while these are read ahead."""
        return ()

    @override
    def _increment_stream_state(self, latest_record: Any, *, context: Context | None = None) -> None:
        """Nothing: a record's own time is no bookmark, only the end of a finished window is."""

    @override
    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Nothing: where a shop goes on is in its own state."""

    @override
    def get_records(self, context: Context | None) -> Iterator[Any]:
        """The records of all shops, window by window as they come, each window with its shop's state behind it.

        To the SDK this is one partition: shops are read at the same time, each with a state of its own. What goes
        wrong with a shop is reported and ends its part, not the run.
        """
        del context
        self.tap.read_ahead(self)
        try:
            with Progress(self.logger, self.name, self.parts.values()) as progress:
                for lane, item in self.tap.ahead.take(self.turn, self.tap.message_writer.flush):
                    yield from self._take(lane, item)
                    progress.show()
        finally:  # who stops in the middle wants nothing more
            for lane in self.parts:
                self.tap.ahead.drop(lane)

    def _take(self, lane: Lane, item: Chunk | Exception | None) -> Iterator[Record]:
        """The records of a chunk, and what is to be done behind them; what is due when everything has come."""
        part = self.parts[lane]
        self._read_at = datetime.now(timezone.utc)
        if part.shop and part.shop.id in self.tap.stopped_shops:
            part.failed = "the shop was given up, see its first failure"
            self.tap.given_up[part.shop.id].append(self.name)
            self.tap.ahead.drop(lane)
            return
        if isinstance(item, Exception):
            self._failed(part, item)
            return
        try:
            yield from self._ended(part) if item is None else self._records(part, item)
        except OutputError:  # nobody has what was written last
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other shops must come through
            self.tap.ahead.drop(lane)
            self._failed(part, error)
            return
        if item is not None and item.done is not None:
            part.reached = item.done
            self._pass_on(part, item.done)

    @override
    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """The SDK announces each stream, and an error before the error itself says what it is: one line is enough."""
        announced = message.startswith("Beginning sync") and self.ABORT_AT_RECORD_COUNT is None
        super().log(message, *args, level=logging.DEBUG if announced or level >= logging.ERROR else level, **kwargs)

    @override
    def log_sync_costs(self) -> None:
        """The SDK calls this for each stream after all have been read: at the last one the run ends."""
        super().log_sync_costs()
        if self is list(self.tap.streams.values())[-1]:
            self.tap.finish()

    @override
    def _generate_record_messages(self, record: dict[str, Any]) -> Generator[RecordMessage, None, None]:
        """The SDK's way, unless nothing is deselected, mapped or flattened: then the record is ready."""
        if not self._as_it_is:
            try:
                yield from super()._generate_record_messages(record)
            except Exception as error:  # noqa: BLE001 - an expression can raise anything
                raise mistake_in_expression(error, self.name) from None
            return
        yield RecordMessage(self._alias, record, version=self._stream_version, time_extracted=self._read_at)

    @cached_property
    def _as_it_is(self) -> bool:
        """Whether the SDK would only look a record over and pass it on."""
        maps = self.stream_maps
        return all(self.mask.values()) and len(maps) == 1 and _passes_on(maps[0])

    @cached_property
    def _alias(self) -> str:
        return self.stream_maps[0].stream_alias

    # -- what the tap reads ahead --------------------------------------------------------------------------------

    def lanes(self, turn: int) -> list[Lane]:
        """One lane for each shop that is still read, which the tap hands to the threads."""
        self.turn = turn
        self.parts = {}
        for shop in self._shops():
            try:
                part = self._part(shop)
            except UnreadableStateError as error:  # noqa: PERF203 - once a shop
                self.tap.report_failure(self.name, shop, error)
            else:
                self.parts[self._lane(part)] = part
        return list(self.parts)

    def _shops(self) -> Iterable[Shop | None]:
        """Whose it is: of each shop, or of the seller if one of the shops may have it."""
        shops = self.tap.client.shops()
        operation = self.declaration.reading.operation
        if operation is None or operation.cipher:
            return shops
        if all(operation.excluded_for(shop.seller_type) for shop in shops):
            kinds = " and ".join(operation.seller_types or ())
            self.logger.info("Stream %s is skipped: the platform offers it to %s shops only.", self.name, kinds)
            return ()
        return (None,)

    def bookmarks(self) -> Iterator[int]:
        """The ends of what earlier runs have read, unix seconds, of the shops that have any."""
        if not self.declaration.replication_key or self.full_table:
            return
        for shop in (None,) if self.declaration.of_seller else self.tap.client.shops():
            with suppress(UnreadableStateError):  # it is told when its part is made
                end = self._bookmark(shop).end
                if end is not None:
                    yield end

    def _bookmark(self, shop: Shop | None) -> Bookmark:
        declaration = self.declaration
        context = {"shop_id": shop.id} if shop else None
        state = self.get_context_state(context) if declaration.bookmarked and not self.full_table else {}
        return Bookmark(state, declaration.replication_key or declaration.follows, declaration.open_rows)

    def _part(self, shop: Shop | None) -> Part:
        declaration, tap = self.declaration, self.tap
        bookmark = self._bookmark(shop)
        earliest, end = declaration.reading.earliest, tap.end
        configured = max(tap.reading.start, earliest)
        if declaration.departed:  # what is not asked about would be taken for gone, so no setting narrows it down
            configured, end = earliest, tap.client.now()
        lookback = tap.reading.lookback if declaration.reading.again is None else declaration.reading.again
        since = bookmark.since(configured, lookback)
        source = tap.source(shop, since, bookmark.known)
        start = bookmark.start(configured, lookback)
        remembers = declaration.reading.remember
        return Part(self.name, shop, bookmark, source, start, end, known=set(bookmark.known), remembers=remembers)

    def _lane(self, part: Part) -> Lane:
        operation, client = self.declaration.reading.operation, self.tap.client
        lane = Lane(
            turn=self.turn,
            source=part.source,
            budget=(part.shop.id if part.shop else "", client.unit(operation) if operation else self.name),
            parallel=lambda: client.parallel(operation, part.shop) if operation else 1,
        )
        lane.start(self.declaration.reading.slices(part.start, part.end, self.tap.ahead.size(lane)))
        return lane

    # -- what comes of it ----------------------------------------------------------------------------------------

    def _records(self, part: Part, chunk: Chunk) -> Iterator[Record]:
        if self.declaration.departed:
            yield from self._known_first(part, chunk)
        else:
            yield from self._passed_on(part, chunk)

    def _known_first(self, part: Part, chunk: Chunk | None) -> Iterator[Record]:
        """Rows that may leave their list, some at a time, each only after a state that knows it; all held ones if None.

        A run that ends before its last state would else leave rows behind of which no later run knows that they have
        to be marked as departed. A state that knows a row too early costs one mark too many.
        """
        if chunk is not None:
            part.held.append(chunk)
            if sum(len(held.rows) for held in part.held) < KNOWN_AT_ONCE:
                return
        held, part.held = part.held, []
        part.seen.update(identity for each in held for identity in self._identities(each))
        if not part.seen <= part.bookmark.known:
            part.bookmark.remember(part.known | part.seen)
            self._write_state()
        for each in held:
            yield from self._passed_on(part, each)

    def _identities(self, chunk: Chunk) -> Iterable[str]:
        if isinstance(chunk.rows, PageRows):
            return chunk.rows.chosen.values()
        return (str(row.get(self.declaration.keys[-1])) for row in chunk.rows)

    def _passed_on(self, part: Part, chunk: Chunk) -> Iterator[Record]:
        declaration = self.declaration
        extra = {**chunk.added, "shop_id": part.shop.id} if part.shop else chunk.added
        if declaration.looks_into_rows or not isinstance(chunk.rows, PageRows):
            record = self.plan.record
            for row in self._looked_into(part, chunk):
                part.rows += 1
                yield record(row, extra)
            return
        for made in self.typed.records(chunk.rows, extra):
            part.rows += 1
            yield made if self._as_it_is else as_dict(made)

    def _looked_into(self, part: Part, chunk: Chunk) -> Iterable[dict[str, Any]]:
        """The rows of a chunk, after those of its stream who have to know them have seen them."""
        declaration = self.declaration
        rows: Iterable[dict[str, Any]] = chunk.rows
        if declaration.open_rows is not None:
            rows = list(rows)
            part.see(rows, chunk)
        return rows if declaration.shape is None else declaration.shape(rows, part.end)

    def _ended(self, part: Part) -> Iterator[Record]:
        """Everything has come: what has left a list of what is current, and what others may rely on."""
        declaration = self.declaration
        yield from self._known_first(part, None)
        for identity in sorted(part.known - part.seen) if declaration.departed else ():
            row = {declaration.keys[-1]: identity, **declaration.departed, DELETED_AT: part.end}
            part.rows += 1
            yield self.plan.record(row, {"shop_id": part.shop.id} if part.shop else {})
        part.ended, part.reached = True, part.end
        self._cover(part)
        if declaration.departed:
            part.bookmark.remember(part.seen)
        if declaration.departed or declaration.reading.remember:
            self._write_state()

    def _cover(self, part: Part) -> None:
        """Others need not read again what this part has read."""
        reading = self.declaration.reading
        for each in (reading, *reading.lists):
            if each.time:
                start = max(part.start, part.source.since) if each.of_new_rows else part.start
                part.source.roster.cover(each, start, part.reached)
            elif part.ended:
                part.source.roster.cover(each, *EVERYTHING)

    def _pass_on(self, part: Part, done: int) -> None:
        """Moves a shop's bookmark, and writes the state unless it was written a moment ago."""
        nothing_read = part.start >= part.end  # as with a start_date in the future
        if nothing_read or self.full_table or not (self.declaration.replication_key or self.declaration.follows):
            return
        part.move(done)
        rows = sum(other.rows for other in self.parts.values())
        now = time.monotonic()
        late = now - self._state_at >= STATE_SECONDS or rows - self._state_rows >= STATE_ROWS
        if late or len(self.parts) <= FEW_SHOPS:
            self._state_at, self._state_rows = now, rows
            self._write_state()

    def _write_state(self) -> None:
        self.tap.note_requests()
        self.tap.state_writer.write_state(self.tap_state)

    def _failed(self, part: Part, error: Exception) -> None:
        self._cover(part)
        if self.tap.excuses(part, error):
            return
        stops_the_run = isinstance(error, TikTokShopError) and error.reach == "run"
        if stops_the_run or self.ABORT_AT_RECORD_COUNT is not None:
            raise error
        part.failed = sentence(error)
        self.tap.report_failure(self.name, part.shop, error)
