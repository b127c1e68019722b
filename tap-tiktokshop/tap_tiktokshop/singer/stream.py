"""The one class that carries out a stream's declaration."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone
from fnmatch import fnmatch
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.contrib.msgspec import encoder
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import MAPPER_SOURCE_OPTION, SameRecordTransform
from singer_sdk.singerlib import RecordMessage
from tiktokshop_client.stream_maps import mistake_in_expression
from typing_extensions import override

from tap_tiktokshop.records.convert import REJECTED_FIELD, RecordPlan, as_sent
from tap_tiktokshop.records.decode import TypedPlan
from tap_tiktokshop.run.own_rows import EventsReader, SummaryReader
from tap_tiktokshop.run.reader import StreamReader
from tap_tiktokshop.singer.maps import register_map
from tap_tiktokshop.streams.declaration import load_schema
from tap_tiktokshop.streams.personal import PERSONAL

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context
    from singer_sdk.mapper import StreamMap
    from singer_sdk.singerlib import Catalog

    from tap_tiktokshop.records.decode import Record
    from tap_tiktokshop.run.run import Run
    from tap_tiktokshop.streams.declaration import Declaration


MAPPING = ("stream_map", "flattening_", "faker_config")
"""How the names begin of the SDK's settings that change records on their way out."""
WHOLE, BY_TIME = "FULL_TABLE", "INCREMENTAL"
"""The replication methods that a catalogue may ask for."""


def _passes_on(stream_map: StreamMap) -> bool:
    return type(stream_map) is SameRecordTransform and not stream_map.flattening_enabled


@dataclass(frozen=True)
class Ends:
    """What is to be done at the end of a run: as it ends in the middle, or as all streams are read."""

    early: Callable[[], None]
    all_read: Callable[[], None]


class PlatformStream(Stream):
    """Carries out a declaration: a state for each shop, only past what is read, checked and written."""

    # Records leave the plan as their schema has them; conforming again would drop undocumented fields.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(
        self, tap: Tap, declaration: Declaration, run: Callable[[], Run], ends: Ends, *, selected: bool
    ) -> None:
        schema = {**load_schema(declaration.name), "description": declaration.summary}
        self.selected_by_default = selected
        super().__init__(tap, schema=schema, name=declaration.name)
        self._run, self._ends = run, ends
        self.declaration = declaration
        self.primary_keys = declaration.keys
        self.replication_key = declaration.replication_key
        self.full_table = False
        self.doubts: list[str] = []
        self._introduced = False
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
    def reader(self) -> StreamReader | SummaryReader | EventsReader:
        """What reads it in this run."""
        if self.declaration.of_the_inbox:
            return EventsReader(self._run(), self.declaration, self)
        kind = SummaryReader if self.declaration.of_the_run else StreamReader
        return kind(self._run(), self.declaration, self)

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
        for key, mapped in (self.config.get("stream_maps") or {}).items():
            if isinstance(mapped, dict) and fnmatch(self.name, str(mapped.get(MAPPER_SOURCE_OPTION, key))):
                yield from mapped

    @property
    @override
    def stream_maps(self) -> list[StreamMap]:
        """Its stream maps, set up now if it was not selected when the others' were."""
        if self.name not in self._tap.mapper.stream_maps:
            register_map(self._tap, self.name)
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
    def _write_schema_message(self) -> None:
        """The SDK's way; records may come before the stream's turn, and then it comes twice."""
        self._introduced = True
        super()._write_schema_message()

    @override
    def get_batch_config(self, config: Mapping[str, Any]) -> None:
        """None: whether records go into files is for the writer of all streams, who knows the states."""

    @override
    def _sync_records(self, context: Context | None = None, *, write_messages: bool = True) -> Any:
        """The SDK's way, and what has been read is handed over if it ends in the middle."""
        try:
            yield from super()._sync_records(context, write_messages=write_messages)
        except BaseException:  # signals as well
            if write_messages:
                self._ends.early()
            raise

    @override
    def get_records(self, context: Context | None) -> Iterator[Any]:
        """The records of all shops; to the SDK this is one partition."""
        del context
        return self.reader.records()

    @override
    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """The SDK announces each stream, and an error before the error itself says what it is: one line is enough."""
        announced = message.startswith("Beginning sync") and self.ABORT_AT_RECORD_COUNT is None
        super().log(message, *args, level=logging.DEBUG if announced or level >= logging.ERROR else level, **kwargs)

    @override
    def log_sync_costs(self) -> None:
        """Goes on at the last stream: the SDK calls this for each when all are read, and its loop is final."""
        super().log_sync_costs()
        if self is list(self._tap.streams.values())[-1]:
            self._ends.all_read()

    @override
    def _generate_record_messages(self, record: dict[str, Any]) -> Generator[RecordMessage, None, None]:
        """The SDK's way, unless nothing is deselected, mapped or flattened: then the record is ready."""
        if not self.as_it_is:
            try:
                yield from super()._generate_record_messages(record)
            except Exception as error:  # noqa: BLE001 - an expression can raise anything
                raise mistake_in_expression(error, self.name) from None
            return
        yield RecordMessage(self._alias, record, version=self._stream_version, time_extracted=self._read_at)

    @cached_property
    def as_it_is(self) -> bool:
        """Whether the SDK would only look a record over and pass it on."""
        maps = self.stream_maps
        return all(self.mask.values()) and len(maps) == 1 and _passes_on(maps[0])

    @cached_property
    def _alias(self) -> str:
        return self.stream_maps[0].stream_alias

    # -- what its reader needs -----------------------------------------------------------------------------------

    @property
    def one_record(self) -> bool:
        """Whether the SDK wants one record only, to test the connection."""
        return self.ABORT_AT_RECORD_COUNT is not None

    @cached_property
    def setup(self) -> str:
        """What its records are made with: version, schema, selection and stream maps, as a hash."""
        schema = as_sent(self.schema, self.effective_schema)
        selected = sorted((list(path), wanted) for path, wanted in self.mask.items())
        maps = {name: value for name, value in self.config.items() if name.startswith(MAPPING)}
        made = encoder.encode([self._tap.plugin_version, schema, selected, maps])
        return blake2b(made, digest_size=8).hexdigest()

    def state_of(self, context: Mapping[str, Any] | None) -> dict[str, Any]:
        """The state of one shop, or of the seller, to be changed in place."""
        if not context:
            return self.get_context_state(None)
        shop = context["shop_id"]
        if shop not in self._states:
            self._states[shop] = self.get_context_state(context)
        return self._states[shop]

    @cached_property
    def _states(self) -> dict[str, dict[str, Any]]:
        """The states of shops that the SDK would look for among those of all shops, each time."""
        parts = [part for part in self.stream_state.get("partitions", ()) if part["context"].keys() == {"shop_id"}]
        named = Counter(part["context"]["shop_id"] for part in parts)
        once = (part for part in parts if named[part["context"]["shop_id"]] == 1)  # the SDK says what is wrong
        return {part["context"]["shop_id"]: part for part in once}

    def write_state(self) -> None:
        """Writes the state of all shops and streams, behind the records so far."""
        self._run().write_state()

    def offer_state(self, shops: int) -> None:
        """The same, unless the last one is too short a time ago for so many shops and its size."""
        self._run().messages.offer_state(shops)

    def pass_on(self, records: Iterable[Record]) -> None:
        """Writes records outside of the stream's turn, behind its schema."""
        for record in records:
            if not self._introduced:
                self._write_schema_message()
            self._write_record_message(record)  # type: ignore[arg-type] # the SDK knows no structs

    def begin_chunk(self) -> None:
        """Notes that the records which follow were read now."""
        self._read_at = datetime.now(timezone.utc)
