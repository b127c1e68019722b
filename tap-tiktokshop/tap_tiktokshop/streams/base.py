"""A stream as a declaration, and the one class that carries it out."""

from __future__ import annotations

import json
import logging
import math
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import RecordMessage
from tiktokshop_client.errors import TikTokShopError
from typing_extensions import override

from tap_tiktokshop.ahead import Lane
from tap_tiktokshop.bookmarks import Bookmark, OpenRows, UnreadableStateError
from tap_tiktokshop.progress import Progress
from tap_tiktokshop.reading import Source
from tap_tiktokshop.records import RecordPlan

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from singer_sdk.helpers.types import Context
    from singer_sdk.mapper import StreamMap
    from tiktokshop_client import Shop

    from tap_tiktokshop.reading import Chunk, Reading
    from tap_tiktokshop.tap import TapTikTokShop


FEW_SHOPS = 8
"""So many shops have their state written behind every window; the state of many takes long to write and to compare."""
STATE_SECONDS = 1.0
STATE_ROWS = 2_000
"""A state is written after a window when the last one is so long ago. It has every shop in it, so that one after each
window of each of many shops would cost more than the records do."""


@dataclass(frozen=True)
class Declaration:
    """Everything that makes one stream differ from another.

    `keys` identify a record; `replication_key` is the time its windows move along (None: read whole each run);
    `open_rows` are read again until they are final; `summary` says what a record is, for README and `--about`.
    """

    name: str
    summary: str
    keys: tuple[str, ...]
    reading: Reading
    replication_key: str | None = None
    open_rows: OpenRows | None = None


def load_schema(stream: str) -> dict[str, Any]:
    """The checked-in JSON schema of a stream."""
    text = resources.files("tap_tiktokshop.schemas").joinpath(f"{stream}.json").read_text(encoding="utf8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _passes_on(stream_map: StreamMap) -> bool:
    return type(stream_map) is SameRecordTransform and not stream_map.flattening_enabled


@dataclass(eq=False)
class Part:
    """A stream of one shop in this run: read from `start` until `end` (unix seconds), complete until `reached`."""

    shop: Shop
    bookmark: Bookmark
    start: int
    end: int
    rows: int = 0

    def __post_init__(self) -> None:
        self.reached = self.start


class PlatformStream(Stream):
    """Carries out a declaration: a state for each shop, only past what is read, checked and written."""

    # Records leave the plan as their schema has them; conforming again would drop undocumented fields.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: TapTikTokShop, declaration: Declaration) -> None:
        schema = {**load_schema(declaration.name), "description": declaration.summary}
        super().__init__(tap, schema=schema, name=declaration.name)
        self.tap = tap
        self.declaration = declaration
        self.primary_keys = declaration.keys
        self.replication_key = declaration.replication_key
        self.turn = 0
        self._parts: dict[Lane, Part] = {}
        self._plan = RecordPlan(self.schema)
        self._state_at, self._state_rows = -math.inf, 0

    @property
    @override
    def partitions(self) -> None:
        """None: the shops are read side by side, so that to the SDK the stream is in one piece."""

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """None: the bookmark is a window's end, which never lies past the start of the run."""

    @override
    def _increment_stream_state(self, latest_record: Any, *, context: Context | None = None) -> None:
        """Nothing: a record's own time is no bookmark, only the end of a finished window is."""

    @override
    def _write_starting_replication_value(self, context: Context | None) -> None:
        """Nothing: where a shop goes on is in its own state."""

    @override
    def get_records(self, context: Context | None) -> Iterator[dict[str, Any]]:
        """The records of all shops, window by window as they come, each window with its shop's state behind it.

        To the SDK this is one partition: shops are read at the same time, each with a state of its own. What goes
        wrong with a shop is reported and ends its part, not the run.
        """
        del context
        self.tap.read_ahead(self)
        self.tap.warn_early()
        try:
            with Progress(self.logger, self.name, self._parts.values()) as progress:
                for lane, item in self.tap.ahead.take(self.turn, self.tap.message_writer.flush):
                    yield from self._take(lane, item)
                    progress.show()
        finally:  # who stops in the middle wants nothing more
            for lane in self._parts:
                self.tap.ahead.drop(lane)

    def _take(self, lane: Lane, item: Chunk | Exception) -> Iterator[dict[str, Any]]:
        """The records of a chunk, and what is to be done behind them."""
        part = self._parts[lane]
        if part.shop.id in self.tap.stopped_shops:
            self.tap.ahead.drop(lane)
            return
        if isinstance(item, Exception):
            self._failed(part, item)
            return
        try:
            yield from self._records(part, item)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other shops must come through
            self.tap.ahead.drop(lane)
            self._failed(part, error)
            return
        if item.done is not None:
            part.reached = item.done
            self._pass_on(part, item.done)

    @override
    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """The SDK announces an error that ends the run before the error itself says what it is: one line is enough."""
        super().log(message, *args, level=logging.DEBUG if level >= logging.ERROR else level, **kwargs)

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
            yield from super()._generate_record_messages(record)
            return
        now = datetime.now(timezone.utc)
        yield RecordMessage(self._alias, record, version=self._stream_version, time_extracted=now)

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
        self._parts = {}
        for shop in self.tap.client.shops():
            try:
                part = self._part(shop)
            except UnreadableStateError as error:  # noqa: PERF203 - once a shop
                self.tap.report_failure(self.name, shop, error)
            else:
                self._parts[self._lane(part)] = part
        return list(self._parts)

    def _part(self, shop: Shop) -> Part:
        state = self.get_context_state({"shop_id": shop.id}) if self._incremental else {}
        bookmark = Bookmark(state, self.declaration.replication_key or "", self.declaration.open_rows)
        start = bookmark.start(max(self.tap.start, self.declaration.reading.earliest), self.tap.lookback)
        return Part(shop, bookmark, start, self.tap.end)

    def _lane(self, part: Part) -> Lane:
        operation, client = self.declaration.reading.operation, self.tap.client
        lane = Lane(
            turn=self.turn,
            source=Source(client, part.shop),
            budget=(part.shop.id, operation.family if operation else self.name),
            parallel=lambda: client.parallel(operation, part.shop) if operation else 1,
        )
        lane.start(self.declaration.reading.slices(part.start, part.end, self.tap.ahead.size(lane)))
        return lane

    @property
    def _incremental(self) -> bool:
        return self.replication_method == "INCREMENTAL"

    # -- what comes of it ----------------------------------------------------------------------------------------

    def _records(self, part: Part, chunk: Chunk) -> Iterator[dict[str, Any]]:
        rows = list(chunk.rows)
        part.bookmark.see(rows)
        part.rows += len(rows)
        extra = {**chunk.added, "shop_id": part.shop.id}
        record = self._plan.record
        for row in rows:
            yield record(row, extra)

    def _pass_on(self, part: Part, done: int) -> None:
        """Moves a shop's bookmark, and writes the state unless it was written a moment ago."""
        if not self._incremental:
            return
        part.bookmark.move(done)
        rows = sum(other.rows for other in self._parts.values())
        now = time.monotonic()
        late = now - self._state_at >= STATE_SECONDS or rows - self._state_rows >= STATE_ROWS
        if late or len(self._parts) <= FEW_SHOPS:
            self._state_at, self._state_rows = now, rows
            self.tap.state_writer.write_state(self.tap_state)

    def _failed(self, part: Part, error: Exception) -> None:
        stops_the_run = isinstance(error, TikTokShopError) and error.reach == "run"
        if stops_the_run or self.ABORT_AT_RECORD_COUNT is not None:
            raise error
        self.tap.report_failure(self.name, part.shop, error)
