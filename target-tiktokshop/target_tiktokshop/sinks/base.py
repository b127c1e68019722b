"""The way every record takes: collect, resolve, compare, guard, send, read back, report."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import BatchSink
from singer_sdk.helpers.conform import DatetimeErrorTreatmentEnum
from tiktokshop_client.errors import TikTokShopError
from typing_extensions import override

from target_tiktokshop import foresight, guards, surprises
from target_tiktokshop.desk import only_these_rows, refuse_all
from target_tiktokshop.fields import FieldError
from target_tiktokshop.guards import RunStoppedError
from target_tiktokshop.outcomes import APPLIED, PLANNED, UNCONFIRMED
from target_tiktokshop.planning import STOCK_A_CALL, Catalogue
from target_tiktokshop.rows import Row, still_open

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from singer_sdk.sinks.core import BaseJSONSchemaValidator
    from tiktokshop_client import Shop

    from target_tiktokshop.desk import Desk
    from target_tiktokshop.fields import Contract
    from target_tiktokshop.target import TargetTikTokShop

DELETED = (
    "the tap marks the row as deleted ({}), so what it says is no longer so: take such rows out of the feed, or send "
    "what is to hold instead, like a quantity of 0"
)


class Writer(abc.ABC):
    """How the rows of one stream become calls. Rows that are settled on the way are left alone from there on."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.rules = desk.rules
        self.promotions = foresight.Promotions(desk)
        self._catalogues: dict[str, Catalogue] = {}

    def catalogue(self, shop: Shop) -> Catalogue:
        """The products of a shop."""
        if shop.id not in self._catalogues:
            self._catalogues[shop.id] = Catalogue(self.desk, shop)
        return self._catalogues[shop.id]

    @abc.abstractmethod
    def look(self, rows: list[Row]) -> None:
        """Resolves names, reads the live values, sets `before` and `after`, settles what is wrong or so already."""

    def foresee(self, rows: list[Row]) -> None:  # noqa: B027 - most streams can foresee nothing
        """Rejects rows that the platform would refuse, as far as the shop tells; only a dry run asks.

        Raises:
            TikTokShopError: The shop cannot be asked.
        """

    @abc.abstractmethod
    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """Which rows one call carries."""

    @abc.abstractmethod
    def send(self, rows: list[Row]) -> None:
        """Makes one call. Rows the platform refuses are settled, the others stay open.

        Raises:
            TikTokShopError: The call failed as a whole.
        """

    @abc.abstractmethod
    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """Whether the shop now has what each row asked for, read in bulk."""


@dataclass(frozen=True)
class Writing:
    """One stream the target accepts: its name, its fields, and how its rows are written."""

    name: str
    summary: str
    contract: Contract
    writer: type[Writer]


class WriteSink(BatchSink):
    """The SDK's side of a stream: it collects rows and hands each batch to the stream's writer."""

    writings: ClassVar[Mapping[str, Writing]]

    def __init__(
        self,
        target: TargetTikTokShop,
        stream_name: str,
        schema: dict[str, Any],  # noqa: ARG002 - the contract of the stream counts
        key_properties: Sequence[str] | None,
    ) -> None:
        # Types are checked row by row below; the SDK's own look at a record would warn of the same field once more.
        # Its formats are not asked for either: a date that is none would be the end of the run.
        loose: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": True}
        super().__init__(target, stream_name, loose, None)  # a record without its keys is a rejected row, not an error
        self._declared_keys = list(key_properties or ())
        self._target = target
        self._writing = self.writings[stream_name]
        self._writer = target.writer(self._writing)
        self._known = self._writing.contract.names
        self._odd: set[str] = set()

    @property
    @override
    def key_properties(self) -> Sequence[str]:
        return self._declared_keys

    @property
    @override
    def max_size(self) -> int:
        """The batch size, down to whole calls of the stock search, so that no call of it is half empty."""
        size = self._target.rules.batch_size_rows
        return size - size % STOCK_A_CALL or size

    @override
    def get_validator(self) -> BaseJSONSchemaValidator | None:
        """None: the contract is checked here, row by row, and a bad row does not end the run."""
        return None

    @property
    @override
    def datetime_error_treatment(self) -> DatetimeErrorTreatmentEnum:
        """A time of the metadata that is none is left out; it would be the end of the run."""
        return DatetimeErrorTreatmentEnum.NULL

    @override
    def setup(self) -> None:
        self._target.results.open()
        self._target.supersede(self)

    @override
    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        row = Row(self.stream_name, self._target.progress.received(self.stream_name), record)
        contract = self._writing.contract
        unknown = record.keys() - self._known - self._odd
        if unknown:
            self._warn(unknown)
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

    def _warn(self, names: Iterable[str]) -> None:
        self._odd.update(names)
        for name in sorted(name for name in names if not name.startswith("_sdc_")):
            self.logger.warning("The field %s of %s is not known and is ignored.", name, self.stream_name)

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        rows: list[Row] = context["records"]
        try:
            carry_out(self._target.desk, self._writer, rows)
        except BaseException as error:
            give_up(rows, error)
            self._target.results.write([row for row in rows if not row.open])
            raise
        self._target.results.write(rows)
        self._target.warn_early(self.stream_name)
        self._target.progress.settled(self.stream_name, len(rows))
        self._target.pass_on_state()


def give_up(rows: list[Row], error: BaseException) -> None:
    """The run ends in the middle of a batch: what was not settled was not finished, and says so."""
    if not isinstance(error, (TikTokShopError, RunStoppedError)):
        return
    for row in still_open(rows):
        if row.request_id:
            row.settle(UNCONFIRMED, "run_stopped", "it was sent, but the run was stopped before it was read back")
        else:
            row.reject("run_stopped", f"the run was stopped before this was sent: {error}")


def carry_out(desk: Desk, writer: Writer, rows: list[Row]) -> None:
    """Brings the rows of a batch to their outcome; results are not written yet.

    Raises:
        RunStoppedError: A guard stopped the run before anything was sent.
        TikTokShopError: The run cannot go on.
    """
    find_shops(desk, rows)
    try:
        surprises.look(writer, still_open(rows))
    except TikTokShopError as error:
        error.add("; nothing of the batch was sent")
        raise
    guards.check(rows, desk)
    planned = still_open(rows)
    if desk.rules.dry_run:
        foresight.unless_unknown(writer.foresee, planned)
        for row in still_open(planned):
            row.settle(PLANNED)
        return
    send(desk, writer, planned)


def find_shops(desk: Desk, rows: list[Row]) -> None:
    """The shop each row is for: the only one, or the one it names."""
    shops = desk.shops()
    known = ", ".join(shops)
    only = next(iter(shops.values())) if len(shops) == 1 else None
    for row in still_open(rows):
        shop_id = row.values.get("shop_id")
        row.shop = only if shop_id is None else shops.get(shop_id)
        if row.shop is None and shop_id is None:
            row.reject("shop_needed", f"shop_id is missing, and there are several shops: {known}")
        elif row.shop is None:
            row.reject("unknown_shop", f"there is no shop {shop_id} among those that may be written to: {known}")


def send(desk: Desk, writer: Writer, planned: list[Row]) -> None:
    """Makes the calls in parallel, then reads back."""
    unclear: dict[int, Exception] = {}

    def one_call(rows: list[Row]) -> None:
        try:
            writer.send(rows)
        except TikTokShopError as error:
            if error.unclear and error.reach == "stream":
                unclear.update(dict.fromkeys(map(id, rows), error))  # the read-back tells
            else:
                refuse_all(still_open(rows), error)
        except Exception as error:  # noqa: BLE001 - a surprise of one call is none of the others'
            unclear.update(dict.fromkeys(map(id, rows), error))

    desk.each(one_call, writer.calls(planned))
    read_back(writer, still_open(planned), unclear, verify=desk.rules.verify)


def read_back(writer: Writer, sent: list[Row], unclear: Mapping[int, Exception], *, verify: bool) -> None:
    """Settles rows that were sent by what the shop shows now; without `verify` only those whose end is unclear."""
    look_again = sent if verify else [row for row in sent if id(row) in unclear]
    try:
        kept = surprises.kept(writer, look_again)
    except TikTokShopError as error:
        for row in sent:
            row.settle(UNCONFIRMED, "not_read_back", f"it was sent, but could not be read back: {error}")
        if not only_these_rows(error):
            raise
        return
    for row in still_open(sent):
        problem = unclear.get(id(row))
        if kept.get(id(row), True):
            row.settle(APPLIED, row.code, row.message)
        elif isinstance(problem, TikTokShopError):
            row.refuse(problem)
        elif problem is not None or kept[id(row)] is None:
            surprises.leave_unconfirmed(row, problem)
        else:
            words = row.message or "the platform accepted it, but the shop does not show it"
            row.settle(UNCONFIRMED, "not_kept", words)
