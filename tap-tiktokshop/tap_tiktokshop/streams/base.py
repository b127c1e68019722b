"""A stream as a declaration, and the one class that carries it out."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from tiktokshop_client.errors import TikTokShopError
from typing_extensions import override

from tap_tiktokshop.bookmarks import Bookmark, OpenRows
from tap_tiktokshop.progress import Progress
from tap_tiktokshop.reading import Source
from tap_tiktokshop.records import RecordPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_sdk.helpers.types import Context
    from tiktokshop_client import Shop

    from tap_tiktokshop.reading import Reading
    from tap_tiktokshop.tap import TapTikTokShop


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


class PlatformStream(Stream):
    """Carries out a declaration: one partition a shop, state only past what is read, checked and written."""

    # Records leave the plan as their schema has them; conforming again would drop undocumented fields.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: TapTikTokShop, declaration: Declaration) -> None:
        schema = {**load_schema(declaration.name), "description": declaration.summary}
        super().__init__(tap, schema=schema, name=declaration.name)
        self.tap = tap
        self.declaration = declaration
        self.primary_keys = declaration.keys
        self.replication_key = declaration.replication_key
        self._plan = RecordPlan(self.schema)

    @property
    @override
    def partitions(self) -> list[dict[str, Any]] | None:
        shops = self.tap.client.shops()
        self.tap.warn_early()
        return [{"shop_id": shop.id} for shop in shops]

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """None: the bookmark is a window's end, which never lies past the start of the run."""

    @override
    def _increment_stream_state(self, latest_record: Any, *, context: Context | None = None) -> None:
        """Nothing: a record's own time is no bookmark, only the end of a finished window is."""

    @override
    def get_records(self, context: Context | None) -> Iterator[dict[str, Any]]:
        """The records of one shop. What goes wrong there is reported and ends this partition, not the run."""
        shop_id = str((context or {}).get("shop_id", ""))
        shop = next(shop for shop in self.tap.client.shops() if shop.id == shop_id)
        if shop_id in self.tap.stopped_shops:
            return
        try:
            yield from self._read(shop, context)
        except Exception as error:
            stops_the_run = isinstance(error, TikTokShopError) and error.reach == "run"
            if stops_the_run or self.ABORT_AT_RECORD_COUNT is not None:
                raise
            self.tap.report_failure(self.name, shop, error)

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

    def _read(self, shop: Shop, context: Context | None) -> Iterator[dict[str, Any]]:
        reading, incremental = self.declaration.reading, self.replication_method == "INCREMENTAL"
        state = self.get_context_state(context) if incremental else {}
        key = self.declaration.replication_key or ""
        bookmark = Bookmark(state, key, self.declaration.open_rows)
        start = bookmark.start(max(self.tap.start, reading.earliest), self.tap.lookback)
        end = self.tap.end
        with Progress(self.logger, self.name, shop.id, start=start, end=end) as progress:
            for chunk in reading.read(Source(self.tap.client, shop), start, end):
                bookmark.see(chunk.rows)
                progress.add(len(chunk.rows))
                yield from self._records(chunk.rows, shop, chunk.added)
                if chunk.done is not None:
                    progress.reached(chunk.done)
                    if incremental:
                        bookmark.move(chunk.done)
                        self.tap.state_writer.write_state(self.tap_state)
            progress.reached(end)

    def _records(self, rows: list[dict[str, Any]], shop: Shop, added: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        extra = {**added, "shop_id": shop.id}
        for row in rows:
            yield self._plan.record(row, extra)
