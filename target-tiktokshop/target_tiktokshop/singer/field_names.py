"""Fields that a tap sends and the stream does not have: ignored and named once, or refused if they are misspelt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client.endings import Ending

from target_tiktokshop.writing.guards import RunStoppedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from logging import Logger

    from target_tiktokshop.writing.fields import Contract

METADATA = "_sdc_"
OF_THE_PLATFORM = frozenset(
    {
        "can_buyer_keep_item",
        "comments",
        "delivery_option_id",
        "fbt_warehouse_id",
        "manufacturer",
        "order_id",
        "order_ids",
        "package_dimension",
        "product",
        "responsible_person",
        "shipping_provider_name",
        "shipping_sale_price",
        "warehouse",
        "warehouse_ids",
    }
)
"""Fields of what the platform tells, or of other streams here, that are like a field of a stream and not meant for it.

Records that a tap has read have them beside the stream's own.
"""


class MisspeltFieldError(RunStoppedError):
    """Records have a field that is nearly one of the stream's: what was meant for that one would be left out."""

    ending = Ending.PERSON


class FieldNames:
    """Looks at the names of a stream's fields: at those of its SCHEMA once, at others when they first come.

    Args:
        stream: Its name.
        contract: The fields that it has.
        declared: The fields that the SCHEMA says its records have.
        log: Where those that are ignored are named.

    Raises:
        MisspeltFieldError: The SCHEMA has a field that is nearly one that it lacks.
    """

    def __init__(self, stream: str, contract: Contract, declared: Iterable[str], log: Logger) -> None:
        self._stream, self._contract, self._log = stream, contract, log
        self._seen = {*contract.names, *declared}
        self._slips: dict[str, str] = {}
        for name, field in contract.slips(declared).items():
            if not _fine(name):
                raise self._error(f"The SCHEMA of {stream}", name, field)
        self._tell(self._seen - contract.names)

    def check(self, record: Mapping[str, Any]) -> None:
        """Looks at a record's fields that neither the stream nor its SCHEMA has.

        Raises:
            MisspeltFieldError: One is nearly a field that the record lacks.
        """
        new = record.keys() - self._seen
        if new:
            self._seen |= new
            near = {name: self._contract.meant(name) for name in new if not _fine(name)}
            self._slips.update({name: field for name, field in near.items() if field})
        if self._slips:
            for name, field in self._contract.slips(record.keys() & self._slips.keys(), beside=record).items():
                raise self._error(f"A record of {self._stream}", name, field)
        if new:
            self._tell(new)

    def _error(self, whose: str, name: str, field: str) -> MisspeltFieldError:
        return MisspeltFieldError(
            f"{whose} has {name}, which the target does not know: call it {field} if that is meant, or "
            "otherwise something that is not so like it, or leave it out (stream_maps can do all of this). Nothing of "
            f"{self._stream} is sent from here on."
        )

    def _tell(self, names: Iterable[str]) -> None:
        told = sorted(name for name in names if name.strip() and not name.startswith(METADATA))
        if told:
            self._log.warning("Fields that %s does not have are ignored: %s.", self._stream, ", ".join(told))


def _fine(name: str) -> bool:
    return name in OF_THE_PLATFORM or name.startswith(METADATA)
