"""The target: its settings, what it makes of each message, and when it commits."""

from __future__ import annotations

import contextlib
import gc
import json
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

import click
from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigValidationError, MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.mapper import RemoveRecordTransform, SameRecordTransform
from singer_sdk.singerlib.exceptions import InvalidInputLine
from typing_extensions import override

from target_duckdb_exact.batches import records_of
from target_duckdb_exact.database import Database, filled
from target_duckdb_exact.errors import InputError, LoadError, SettingsError, states_unread
from target_duckdb_exact.kinds import quoted
from target_duckdb_exact.memory import share_heap
from target_duckdb_exact.reader import LineReader
from target_duckdb_exact.sink import DuckDBSink
from target_duckdb_exact.tables import Place
from target_duckdb_exact.values import text_of

if TYPE_CHECKING:
    import logging
    from types import FrameType

    from target_duckdb_exact.batch import Batch

BATCH_BYTES = 6 << 20
"""So many bytes of records, of all streams together, are written in one transaction, once they fill row groups."""
MOST_BYTES = 24 << 20
"""So many wait at most, whether they do or not."""
REOPEN_BYTES = 128 << 20
"""After so many bytes of records the file is closed and opened again: what DuckDB notes about each row group that was
written stays in memory until then, ten megabytes for a hundred thousand wide rows."""
BATCH_SECONDS = 30.0
"""So long, at most, records wait while others, or states, keep arriving."""
GARBAGE = (10_000, 10, 10)
"""How rarely Python looks for garbage that refers to itself: rows are none, and there are many of them."""
PAUSE_SECONDS = 1.0
"""So long, at most, they wait once nothing else comes: a tap may say nothing more for long."""
QUIET_SECONDS = 0.2
"""So long nothing must come for it to be a pause: pages that come one by one are none, and soon fill row groups."""
PATIENT_SECONDS = 3.0
"""After so long it is a pause as soon as nothing is there to be read."""


def _worth_a_line(record: logging.LogRecord) -> bool:
    """Whether a log line is worth showing: not that the SDK did nothing."""
    return not str(record.msg).startswith("Skipping parse of env var")


class _InputFile(click.File):
    """The file that `--input` names: one that cannot be opened is a sentence, not the command's usage."""

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            why = getattr(error.__context__, "strerror", None) or "that is no path"
            raise SettingsError(f"The input in {value} cannot be read: {why}.") from error


class TargetDuckDB(Target):
    """Singer target for DuckDB."""

    name = "target-duckdb-exact"
    default_sink_class = DuckDBSink
    message_reader_class = LineReader
    capabilities: ClassVar[list[Any]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
        PluginCapabilities.ACTIVATE_VERSION,
        PluginCapabilities.BATCH,
        TargetCapabilities.TARGET_SCHEMA,
        TargetCapabilities.HARD_DELETE,
    ]
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("path", th.StringType(), required=True, description="The DuckDB file; it is created if needed."),
        th.Property(
            "default_target_schema",
            th.StringType(),
            description="The schema of all tables; otherwise `main`, or what a stream's name says before its dash.",
        ),
        th.Property(
            "load_method",
            th.StringType(),
            default="upsert",
            allowed_values=["upsert", "append-only", "overwrite"],
            description="`upsert` replaces rows by key (a stream without a key is appended), `append-only` only adds, "
            "`overwrite` replaces all older rows with this run's when the run ends.",
        ),
        th.Property(
            "nested_types",
            th.StringType(),
            default="json",
            allowed_values=["json", "struct"],
            description="What objects and arrays become: JSON, or STRUCT and LIST if the schema says what is inside.",
        ),
        th.Property("hard_delete", th.BooleanType(), default=False, description="Delete rows instead of marking them."),
        th.Property(
            "add_record_metadata", th.BooleanType(), default=True, description="Add the `_sdc_*` columns to tables."
        ),
        th.Property("batch_size_rows", th.IntegerType(), description="The most rows of a stream in one transaction."),
        th.Property(
            "share_file",
            th.BooleanType(),
            default=False,
            description="Let other programs read the file while no input comes, for a tap that follows, and wait for "
            "them. One that keeps it open longer than a minute ends the load.",
        ),
        th.Property(
            "memory_limit",
            th.StringType(),
            description="What DuckDB may use at most; without it 12MB, and more only once a transaction needs it.",
        ),
    ).to_dict()

    def __init__(self, **kwargs: Any) -> None:
        self.logger.addFilter(_worth_a_line)
        super().__init__(**kwargs)
        shared = bool(self.config.get("share_file"))
        self.database = Database(str(self.config["path"]), self.config.get("memory_limit"), shared=shared)
        self._places: dict[tuple[str, str], str] = {}
        self._replacing: dict[Place, Place] = {}
        self._known: dict[str, dict[str, Any]] = {}
        self._direct: dict[str, DuckDBSink | None] = {}
        self._waiting = self._loaded = 0
        self._since = time.monotonic()
        self._rows = int(self.config.get("batch_size_rows") or sys.maxsize)
        self._warned: set[tuple[str, str]] = set()
        self._unfit: dict[str, int] = {}
        self._emitted: Any = None
        reader = self.message_reader
        if isinstance(reader, LineReader):
            reader.direct = self._direct.get
            reader.taken = self._taken
            reader.patience = self._patience
            reader.paused = self._paused

    # -- messages ---------------------------------------------------------------------------------------------------

    def _taken(self, sink: DuckDBSink, size: int) -> None:
        self._waiting += size
        if (
            (self._waiting >= BATCH_BYTES and (filled(sink.waiting) or self._waiting >= MOST_BYTES))
            or sink.waiting >= self._rows
            or self._long()
        ):
            self.flush()

    def _patience(self) -> float:
        waited = time.monotonic() - self._since
        return max(QUIET_SECONDS, PAUSE_SECONDS - waited) if waited < PATIENT_SECONDS else 0.0

    def _paused(self) -> None:
        if self._waiting:
            self.flush()
        if self.config.get("share_file"):
            self.database.release()

    def _long(self) -> bool:
        return time.monotonic() - self._since > BATCH_SECONDS

    @override
    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        stream = message_dict.get("stream")
        if not isinstance(stream, str) or not isinstance(message_dict.get("schema"), dict):
            raise InputError("The input is not a Singer stream: a SCHEMA message lacks its stream or its schema.")
        keys = message_dict.get("key_properties") or []
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise InputError(f"The input is not a Singer stream: the key_properties of {stream} are no list of names.")
        if not isinstance(message_dict["schema"].get("properties", {}), dict):
            raise InputError(f"The input is not a Singer stream: the properties of {stream} are no object.")
        if self._known.get(stream) == message_dict:
            return
        if stream in self._known or self.config.get("stream_maps"):  # else no sink is replaced, so no row is in its way
            self.flush()
        message_dict["key_properties"] = keys
        super()._process_schema_message(json.loads(text_of(message_dict)))
        self._sinks_to_clear.clear()  # what they had, if they were there, was written above
        self._known[stream] = message_dict
        maps = self.mapper.stream_maps[stream]
        plain = len(maps) == 1 and type(maps[0]) is SameRecordTransform and maps[0].stream_alias == stream
        flat = bool(self.config.get("flattening_enabled"))
        sink = self._sinks_active.get(stream) if plain and not flat else None
        self._direct[stream] = sink if isinstance(sink, DuckDBSink) else None
        self._one_stream_a_table()

    def _one_stream_a_table(self) -> None:
        for name in self._sinks_active:
            place = Place.of(name, self.config.get("default_target_schema"))
            other = self._places.setdefault((place.schema.lower(), place.table.lower()), name)
            if other != name:
                raise SettingsError(
                    f"The streams {other} and {name} would share the table {place}: rename one with stream_maps, "
                    "or remove default_target_schema."
                )

    @override
    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        """A record that stream maps or flattening change."""
        stream, record = message_dict.get("stream"), message_dict.get("record")
        if stream not in self.mapper.stream_maps:
            self._assert_sink_exists(str(stream))
        if not isinstance(record, dict):
            raise InputError(f"The input is not a Singer stream: a RECORD of {stream} has no record object.")
        size = message_dict.pop("line_size", 0)
        for stream_map in self.mapper.stream_maps[str(stream)]:
            if isinstance(stream_map, RemoveRecordTransform):
                continue
            changed = stream_map.transform(dict(record))
            if changed is None:
                continue
            sink = cast("DuckDBSink", self.get_sink(stream_map.stream_alias))
            sink.append(text_of({**message_dict, "record": changed}).encode())
            self._taken(sink, size)

    @override
    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        super()._process_state_message(message_dict)
        if not self._waiting:
            self._emit()
        elif self._long():
            self.flush()

    @override
    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        if not self.config.get("process_activate_version_messages", True):
            return
        self.flush()
        for stream_map in self.mapper.stream_maps.get(message_dict["stream"], []):
            if not isinstance(stream_map, RemoveRecordTransform):
                self.get_sink(stream_map.stream_alias).activate_version(message_dict["version"])

    @override
    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        """Reads the files of a BATCH message, record by record, as if they had come on the line."""
        stream = str(message_dict["stream"])
        if stream not in self.mapper.stream_maps:
            self._assert_sink_exists(stream)
        storage = (self.config.get("batch_config") or {}).get("storage")
        direct = self._direct.get(stream)
        for record in records_of(message_dict["encoding"], message_dict["manifest"], storage):
            if direct is not None:
                direct.append(b'{"record":' + record + b"}")
                self._taken(direct, len(record))
            else:
                message = self.message_reader.deserialize_json(b'{"record":' + record + b"}")
                self._process_record_message({**message, "stream": stream, "line_size": len(record)})

    # -- commits ----------------------------------------------------------------------------------------------------

    def flush(self, *, last: bool = False) -> None:
        """Writes everything that waits, of all streams, in one transaction; then the newest state may be passed on."""
        sinks = [sink for sink in self._sinks_active.values() if isinstance(sink, DuckDBSink)]
        found = [(sink, batch) for sink in sinks if (batch := sink.batch()) is not None]
        if found or (last and self._replacing):
            with self._meanwhile():
                self.database.write([batch for _, batch in found], self._replace if last else None)
            for sink, batch in found:
                sink.written(batch)
                self._say_unfit(sink, batch)
        self._loaded += self._waiting
        self._waiting = 0
        self._since = time.monotonic()
        if last:
            self._replacing.clear()
        self._emit()
        if self._loaded >= REOPEN_BYTES:
            self._loaded = 0
            self.database.release()

    def _meanwhile(self) -> contextlib.AbstractContextManager[None]:
        reader = self.message_reader
        return reader.ahead.reading() if isinstance(reader, LineReader) else contextlib.nullcontext()

    def _say_unfit(self, sink: DuckDBSink, batch: Batch) -> None:
        for name, original in batch.rejected():
            self._unfit[sink.stream_name] = self._unfit.get(sink.stream_name, 0) + 1
            if (sink.stream_name, name) not in self._warned:
                self._warned.add((sink.stream_name, name))
                column = next((column for column in sink.columns if column.name == name), None)
                self.logger.warning(
                    "A value of %s in %s does not fit %s: it is null there, and the original is in _sdc_rejected (%s).",
                    name,
                    sink.stream_name,
                    column.sql if column else "its type",
                    text_of(original)[:80],
                )

    def overwritten(self, place: Place) -> Place:
        """Where the rows of a table wait that takes the old one's place when the run ends."""
        if place not in self._replacing:
            waiting = Place(place.schema, f"{place.table}__loading")
            taken = {str(other).lower() for pair in self._replacing.items() for other in pair}
            while str(waiting).lower() in taken:  # another stream's
                waiting = Place(place.schema, f"{waiting.table}__loading")
            with self.database.told():
                self.database.connection.execute(f"DROP TABLE IF EXISTS {waiting}")
            self._replacing[place] = waiting
        return self._replacing[place]

    def _replace(self, connection: Any) -> None:
        for place, waiting in self._replacing.items():
            connection.execute(f"DROP TABLE IF EXISTS {place}")
            connection.execute(f"ALTER TABLE {waiting} RENAME TO {quoted(place.table)}")

    def _emit(self) -> None:
        """Writes the newest state, all before which is committed; with `overwrite` that is so at the end only."""
        if self._latest_state is not None and not self._replacing and self._latest_state != self._emitted:
            self._emitted = self._latest_state
            self._write_state_message(self._latest_state)

    @override
    def _write_state_message(self, state: dict[str, Any]) -> None:
        try:
            sys.stdout.write(f"{text_of(state)}\n")
            sys.stdout.flush()
        except (OSError, ValueError) as error:  # a ValueError where standard output has been closed
            with contextlib.suppress(OSError):
                sys.stdout = open("/dev/null", "w", encoding="utf-8")  # noqa: PTH123, SIM115 - nothing is left to flush
            raise states_unread(error) from error

    @override
    def process_endofpipe(self) -> None:
        self.flush(last=True)
        for stream, count in self._unfit.items():
            self.logger.warning("%s: %d values did not fit their columns; _sdc_rejected has them.", stream, count)
        self.database.close()

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Ctrl-C and SIGTERM: what is not committed is left to the next run."""
        signal.signal(signum, signal.SIG_DFL)
        by = "Ctrl-C (SIGINT)" if signum == signal.SIGINT else signal.Signals(signum).name
        self.logger.warning("Stopped by %s; the next run goes on from the last state.", by)
        sys.exit(128 + signum)

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """The SDK's settings of `--config`, of files that are what they should be."""
        try:
            return super().cb_config(ctx, param, value)
        except (OSError, ValueError, TypeError) as error:  # nothing of the file is quoted: it may hold secrets
            broken = "no such file" if isinstance(error, OSError) else "no JSON object"
            why = getattr(error, "strerror", None) or broken
            files = " and ".join(each for each in value if each != "ENV")
            raise SettingsError(f"The settings in {files} cannot be read: {why}.") from error

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        command = super().get_singer_command()
        for option in command.params:
            if option.name == "file_input":
                option.type = _InputFile("r")
        return command

    @classmethod
    @override
    def invoke(cls, **kwargs: Any) -> None:
        try:
            super().invoke(**kwargs)
        except ConfigValidationError as error:
            raise SettingsError(f"The settings cannot be used: {'; '.join(error.errors)}.") from error


def main() -> NoReturn:
    """The command `target-duckdb-exact`: one sentence for anything that goes wrong, and an exit code to match."""
    share_heap()
    gc.freeze()  # what was imported stays; else it would be looked through for garbage again and again
    gc.set_threshold(*GARBAGE)
    if sys.stdout is None:  # the database's file would come in its place
        sys.exit(_tell("Standard output is closed: send it to a file or /dev/null.", LoadError.exit_code))
    try:
        code = TargetDuckDB.cli.main(standalone_mode=False) or 0  # what click's own `ctx.exit` was given
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except LoadError as error:
        code = _tell(error, error.exit_code)
    except (InvalidInputLine, MissingKeyPropertiesError, RecordsWithoutSchemaException) as error:
        code = _tell(error, InputError.exit_code)
    sys.exit(code)


def _tell(words: object, code: int) -> int:
    sys.stderr.write(f"{TargetDuckDB.name}: {words}\n")
    return code
