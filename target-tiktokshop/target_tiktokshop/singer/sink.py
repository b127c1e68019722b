"""The SDK's sink: records become rows, and each batch of them is carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from singer_sdk import BatchSink
from singer_sdk.helpers.conform import DatetimeErrorTreatmentEnum
from typing_extensions import override

from target_tiktokshop.singer.field_names import FieldNames, MisspeltFieldError
from target_tiktokshop.streams import WRITINGS
from target_tiktokshop.writing.batch import carry_out, give_up
from target_tiktokshop.writing.fields import FieldError
from target_tiktokshop.writing.live import STOCK_A_CALL
from target_tiktokshop.writing.rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk.sinks.core import BaseJSONSchemaValidator

    from target_tiktokshop.settings import WritingSettings
    from target_tiktokshop.singer.progress import PendingStates
    from target_tiktokshop.writing.results import Results
    from target_tiktokshop.writing.run import WriteRun
    from target_tiktokshop.writing.writer import Writer, Writing

MOST_TOGETHER = 1_000
"""More rows than these are not kept together: no product has so many SKUs."""
DELETED = (
    "the tap marks the row as deleted ({}), so what it says is no longer true: take such rows out of the feed, or send "
    "what should hold instead, like a quantity of 0"
)


class Host(Protocol):
    """What a sink needs of its target; the properties are those of `TargetTikTokShop`."""

    run: WriteRun
    progress: PendingStates
    results: Results
    settings: WritingSettings

    @property
    def marks(self) -> Mapping[str, Any]:
        """The deletion marks of the record that is read just now, by field."""

    def writer(self, writing: Writing) -> Writer:
        """The one writer of a stream."""

    def supersede(self, sink: WriteSink) -> None:
        """Empties the older sink of the stream."""

    def warn_early(self, stream: str) -> None:
        """Warns, once a run, of what the grant lacks for a stream."""

    def pass_on_state(self) -> None:
        """Writes the newest state whose records all have their outcomes on disk."""


class WriteSink(BatchSink):
    """The SDK's side of a stream: it collects rows and hands each batch to the stream's writer."""

    def __init__(
        self,
        target: Any,  # the SDK's `Target`, which is also a `Host`
        stream_name: str,
        schema: dict[str, Any],  # its names only: otherwise the contract of the stream counts
        key_properties: Sequence[str] | None,
    ) -> None:
        # Types are checked row by row below; the SDK's own look at a record would warn of the same field once more.
        # Its formats are not asked for either: a date that is not one would end the run.
        loose: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": True}
        super().__init__(target, stream_name, loose, None)  # a record without its keys is a rejected row, not an error
        self._declared_keys = list(key_properties or ())
        self._target: Host = target
        self._writing = WRITINGS[stream_name]
        contract = self._writing.contract
        self._names = FieldNames(stream_name, contract, schema.get("properties") or {}, self.logger)
        self._writer = target.writer(self._writing)
        self._held: list[Row] = []
        """The last rows of a full batch, while the next record may belong to them."""

    @property
    @override
    def key_properties(self) -> Sequence[str]:
        return self._declared_keys

    @property
    @override
    def max_size(self) -> int:
        """The batch size, down to whole calls of the stock search, so that no call of it is half empty."""
        size = self._target.settings.batch_size_rows
        return size - size % STOCK_A_CALL or size

    @property
    @override
    def current_size(self) -> int:
        """Rows that wait, those of the last batch among them."""
        return len(self._held) + super().current_size

    @override
    def get_validator(self) -> BaseJSONSchemaValidator | None:
        """None: the contract is checked here, row by row, and a bad row does not end the run."""
        return None

    @property
    @override
    def datetime_error_treatment(self) -> DatetimeErrorTreatmentEnum:
        """A metadata time that is not a time is left out; it would end the run."""
        return DatetimeErrorTreatmentEnum.NULL

    @override
    def setup(self) -> None:
        self._target.results.open()
        self._target.supersede(self)

    @override
    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        row = Row(self.stream_name, self._target.progress.received(self.stream_name), record)
        contract = self._writing.contract
        try:
            self._names.check(record)
        except MisspeltFieldError as error:
            row.reject("bad_record", f"{error}")
            rows = [*self._held, *context.get("records", []), row]
            give_up(rows, error)
            self._target.results.write(rows)
            raise
        deleted = self._target.marks
        try:
            row.values = contract.read(record)
            row.notes = contract.tidied(record, row.values)
        except FieldError as error:
            row.reject("bad_record", f"{error}")
        if deleted:
            row.record = {**record, **deleted}  # the SDK takes the marks away, and a row that is fed again keeps them
            row.reject("deleted_row", DELETED.format(", ".join(deleted)))
        context.setdefault("records", []).append(row)

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        new: list[Row] = context.get("records", [])
        rows, self._held = self._held + new, []
        if new and len(rows) >= self.max_size:
            rows, self._held = self._apart(rows)
        if not rows:
            return
        try:
            carry_out(self._target.run, self._writer, rows)
            if not self._target.settings.dry_run:
                self._writer.remember(rows)
        except BaseException as error:
            give_up(rows, error)
            self._target.results.write([row for row in rows if not row.open])
            raise
        self._target.results.write(rows)
        self._target.warn_early(self.stream_name)
        self._target.progress.settled(self.stream_name, len(rows))
        self._target.pass_on_state()

    def _apart(self, rows: list[Row]) -> tuple[list[Row], list[Row]]:
        """The rows of a full batch, and the last of them that may belong together with the next record."""
        key = self._writing.together(rows[-1].values)
        first = len(rows)
        while key is not None and first and self._writing.together(rows[first - 1].values) == key:
            first -= 1
        return (rows, []) if len(rows) - first > MOST_TOGETHER else (rows[:first], rows[first:])
