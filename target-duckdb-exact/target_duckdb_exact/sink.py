"""A stream: how its records are read, and the rows that wait to be written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec
from singer_sdk.exceptions import MissingKeyPropertiesError
from singer_sdk.sinks import Sink
from typing_extensions import override

from target_duckdb_exact.batch import Batch
from target_duckdb_exact.errors import InputError
from target_duckdb_exact.kinds import ANNOTATIONS, Column, column_of, quoted, readable
from target_duckdb_exact.piece import Piece, stamp
from target_duckdb_exact.tables import DELETIONS, METADATA, REJECTED, Place, follow
from target_duckdb_exact.values import UNFIT, fit, parsed, text_of

if TYPE_CHECKING:
    from singer_sdk import Target

    from target_duckdb_exact.database import Database


PIECE_BYTES = 1 << 20
"""So many bytes of records are packed together: as rows they take several times as much memory."""


def _refuse(_line: bytes) -> Any:
    raise msgspec.ValidationError("msgspec takes no such names")


DELETED = Column("_sdc_deleted_at", "time", METADATA["_sdc_deleted_at"])


class Loading(Protocol):
    """What a sink needs of its target: the database, and where a stream's rows go that replace all older ones."""

    database: Database

    def overwritten(self, place: Place) -> Place:
        """The table that takes the place of another when the run ends."""


class DuckDBSink(Sink):
    """One stream with one schema. The hot path is `append`: bytes in, a struct of values out."""

    def __init__(self, target: Target, stream_name: str, schema: dict[str, Any], key_properties: Any) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        self._target = cast("Loading", target)
        self.place = Place.of(stream_name, self.config.get("default_target_schema"))
        self.method = str(self.config.get("load_method", "upsert"))
        self.keys = () if self.method == "append-only" else tuple(self._key_properties)
        self.written_to = self.place
        properties = self.original_schema.get("properties", {})
        missing = [key for key in self._key_properties if key not in properties]
        if missing:
            raise MissingKeyPropertiesError(
                f"The stream {stream_name} names the key {', '.join(missing)}, which its schema does not have."
            )
        nested = bool(self.config.get("nested_types", "json") == "struct")
        self.columns = [
            column_of(name, part, nested=nested and name not in self._key_properties)
            for name, part in properties.items()
            if name not in METADATA and name != REJECTED
        ]
        self._rows: list[Any] = []
        self._rejected: dict[int, dict[str, Any]] = {}
        self._bytes = 0
        self._pieces: list[Piece] = []
        self._packed = 0
        self._sequence = 0
        self._there: set[str] = set()

    @override
    def setup(self) -> None:
        """Makes or changes the table, and what reads the records."""
        if self.method == "overwrite":
            self.written_to = self._target.overwritten(self.place)
        given = self.columns
        self.columns = self._target.database.run(
            lambda connection: follow(connection, self.written_to, given, self.logger)
        )
        self.columns = [column for column in self.columns if column.column]
        self._fields = [f"f{number}" for number in range(len(self.columns))]
        odd = not all(map(readable, (column.name for column in self.columns)))
        fields: list[Any] = []
        for name, column in zip(self._fields, self.columns, strict=True):
            needed = odd or column.name in self._key_properties
            read_as = None if odd else column.name
            found = msgspec.field(name=read_as, default=msgspec.NODEFAULT if needed else None)
            fields.append((name, ANNOTATIONS[column.kind], found))
        fields.append(("deleted", str | None, msgspec.field(name="_sdc_deleted_at", default=None)))
        fields.append(("rejections", msgspec.Raw, msgspec.field(name=REJECTED, default=None)))
        self._record = msgspec.defstruct("Record", fields, gc=False, kw_only=True)
        envelope: list[Any] = [
            ("record", self._record),
            ("time_extracted", str | None, None),
            ("version", int | None, None),
        ]
        self._message = msgspec.defstruct("Message", envelope, gc=False)
        self._decode = _refuse if odd else msgspec.json.Decoder(self._message).decode

    # -- records ----------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many rows wait to be written."""
        return self._packed + len(self._rows)

    def append(self, line: bytes) -> None:
        """Takes a RECORD message."""
        try:
            self._rows.append(self._decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._rows.append(self._carefully(line))
        self._bytes += len(line)
        if self._bytes >= PIECE_BYTES:
            self._pack()

    def _carefully(self, line: bytes) -> Any:
        """A record that is not as its schema says, value by value."""
        try:
            message = parsed(line)
        except ValueError as error:
            raise InputError(f"The input is not a Singer stream: a line of {self.stream_name} is not JSON.") from error
        record = message.get("record")
        if not isinstance(record, dict):
            raise InputError(f"The input is not a Singer stream: a RECORD of {self.stream_name} has no record object.")
        missing = [key for key in self._key_properties if key not in record]
        if missing:
            raise MissingKeyPropertiesError(
                f"A record of {self.stream_name} lacks its key {', '.join(missing)}: fix the tap, or take the key out "
                "of its catalogue. Nothing since the last state was written."
            )
        rejected: dict[str, Any] = {}
        values = {}
        for name, column in (*zip(self._fields, self.columns, strict=True), ("deleted", DELETED)):
            value = fit(column, record.get(column.name))
            if value is UNFIT:
                rejected[column.name] = record[column.name]
                value = fit(column, None)
            values[name] = value
        own = record.get(REJECTED)
        values["rejections"] = None if own is None else msgspec.Raw(text_of(own).encode())
        if rejected:
            self._rejected[len(self._rows)] = rejected
        extracted, version = message.get("time_extracted"), message.get("version")
        return self._message(
            self._record(**values),
            extracted if isinstance(extracted, str) else None,
            version if isinstance(version, int) and not isinstance(version, bool) else None,
        )

    def _pack(self) -> None:
        """Makes a piece of the rows."""
        rows, self._rows, self._bytes = self._rows, [], 0
        if not rows:
            return
        fields = list(map(list, zip(*(msgspec.structs.astuple(row.record) for row in rows), strict=True)))
        own, deleted = fields.pop(), fields.pop()
        values = {column.name: given for column, given in zip(self.columns, fields, strict=True)}
        values |= self._metadata(rows, deleted)
        if any(own):
            texts = [None if raw is None else bytes(raw).decode(errors="backslashreplace") for raw in own]
            values[REJECTED] = [None if text == "null" else text for text in texts]
        rejected, self._rejected = self._rejected, {}
        self._pieces.append(Piece(self.columns, self.keys, values, rejected, len(rows)))
        self._packed += len(rows)

    def batch(self) -> Batch | None:
        """The rows that wait, in one batch."""
        self._pack()
        pieces, self._pieces, self._packed = self._pieces, [], 0
        if not pieces:
            return None
        made = Batch(self.written_to, self.columns, self.keys, pieces)
        made.hard_delete = bool(self.config.get("hard_delete"))
        made.there = self._there
        return made

    def written(self, batch: Batch) -> None:
        """The batch is committed, and its columns with it."""
        self._there |= set(batch.extra)

    def _metadata(self, rows: list[Any], deleted: list[Any]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {
            "_sdc_deleted_at": deleted,
            "_sdc_table_version": [row.version for row in rows],
        }
        if not self.include_sdc_metadata_properties:
            return {name: found[name] for name in DELETIONS} if any(map(any, found.values())) else {}
        length = len(rows)
        now, sequence = stamp(length, self._sequence)
        self._sequence = sequence[-1]
        return found | {
            "_sdc_extracted_at": [row.time_extracted for row in rows],
            "_sdc_received_at": [now] * length,
            "_sdc_batched_at": [now] * length,
            "_sdc_sequence": sequence,
            "_sdc_sync_started_at": [self.sync_started_at] * length,
        }

    # -- what the SDK asks of a sink --------------------------------------------------------------------------------

    @override
    def get_validator(self) -> None:
        """None: values are checked where they are read, and to check a large schema takes longer than to use it."""

    @property
    @override
    def include_sdc_metadata_properties(self) -> bool:
        return bool(self.config.get("add_record_metadata", True))

    @override
    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """A record as the SDK's own way hands it over."""
        self.append(text_of({"record": record}).encode())

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        """Rows are written by the target, all streams' together."""

    @override
    def activate_version(self, new_version: int) -> None:
        """Rows of older versions are no longer in the source: they are marked, or taken away if `hard_delete` is on."""
        place = self.written_to

        def end(connection: Any) -> None:
            for name in DELETIONS:
                connection.execute(f"ALTER TABLE {place} ADD COLUMN IF NOT EXISTS {quoted(name)} {METADATA[name]}")
            older = '("_sdc_table_version" < ? OR "_sdc_table_version" IS NULL)'
            if self.config.get("hard_delete"):
                connection.execute(f"DELETE FROM {place} WHERE {older}", [new_version])
            else:
                connection.execute(
                    f'UPDATE {place} SET "_sdc_deleted_at" = now() WHERE "_sdc_deleted_at" IS NULL AND {older}',
                    [new_version],
                )

        self._target.database.run(end)
