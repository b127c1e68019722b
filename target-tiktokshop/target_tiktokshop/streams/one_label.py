"""One label for several orders: those that a record names, and those that the platform would send together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tiktokshop_client.operations import CREATE_PACKAGE, GET_SHIPPING_DOCUMENT, same_region

from target_tiktokshop.streams import parcels
from target_tiktokshop.streams.parcels import Parcel, parcel_of
from target_tiktokshop.writing.live import truth_of
from target_tiktokshop.writing.outcomes import REASONS
from target_tiktokshop.writing.rows import Row, by

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


PACKED_ALREADY = frozenset({"DE", "ES", "FR", "GB", "IE", "IT", "JP"})
"""Markets where each order has a package once it is paid, and none are combined before they are shipped."""
OPTED_OUT = frozenset({"", "N/A"})
"""What `auto_combine_group_id` says of an order that the platform sends with no other."""
OF_ONE_PARCEL = frozenset({"package_id", "order_ids", "order_line_item_ids", "weight", "length"})
"""Fields of a record that is about one parcel as it is."""
OF_ONE_ORDER = frozenset({"shop_id", "order_id"})


def parcel_of_all(orders: Sequence[Mapping[str, Any] | None], region: str, statuses: Mapping[str, str]) -> Parcel:
    """The parcel in which several orders travel, or are to.

    In Europe and Japan the platform says whether it sells one label for them: its pages contradict one another.
    """
    found = [parcel_of(order, "", (), region, statuses) for order in orders]
    lines = tuple(line for parcel in found for line in parcel.line_ids)
    packages = {parcel.package_id for parcel in found}
    nexts = {parcel.next for parcel in found}
    reasons = {parcel.reason for parcel in found} - {"", "several_packages", "partly_packed"}
    if reasons:
        return Parcel(reason=next(parcel.reason for parcel in found if parcel.reason in reasons))
    if any(parcel.reason for parcel in found):
        return Parcel(reason="not_together")
    if len(packages) == 1 and (packages != {""} or nexts == {parcels.DONE}):
        return replace(found[0], line_ids=lines)
    at_once = nexts == {parcels.BUY} or (
        nexts == {parcels.SHIP} and len(packages) == len(found) and same_region(region) in PACKED_ALREADY
    )
    if not at_once:
        return Parcel(reason="not_together")
    if any(map(is_dangerous, orders)):
        return Parcel(reason="dangerous_together")
    return Parcel(parcels.BUY, line_ids=lines)


def is_dangerous(order: Mapping[str, Any] | None) -> bool:
    """Whether goods are in it that the platform sends with no other order."""
    return any(truth_of(line.get("is_dangerous_good")) for line in (order or {}).get("line_items") or [])


def shown_as_one(orders: Sequence[Mapping[str, Any] | None]) -> Mapping[str, Any] | None:
    """Several orders as one, with the line items of all; None if one of them is not there."""
    known = [order for order in orders if order is not None]
    if not known or len(known) < len(orders) or len(known) == 1:
        return known[0] if len(known) == len(orders) == 1 else None
    return {**known[0], "line_items": [line for order in known for line in order.get("line_items") or []]}


def told(reason: str, orders: Sequence[Mapping[str, Any] | None], ids: Sequence[str], region: str) -> str:
    """What to do about a reason; of several orders the one that it is about is named."""
    if len(ids) < len("ab"):
        return REASONS[reason]
    for order_id, order in zip(ids, orders, strict=True):
        if parcel_of(order, "", (), region, {}).reason == reason:
            return f"order {order_id}: {REASONS[reason]}"
    return REASONS[reason]


def grouped(rows: Iterable[Row]) -> list[list[Row]]:
    """Rows whose orders the platform would send with one label, several in each group."""
    alike: list[tuple[Any, Row]] = []
    for row in rows:
        order, values = row.subject or {}, row.values
        group = str(order.get("auto_combine_group_id") or "")
        if row.operation != CREATE_PACKAGE.name or group in OPTED_OUT or OF_ONE_PARCEL & values.keys():
            continue
        if not is_dangerous(order):
            wishes = frozenset((name, value) for name, value in values.items() if name not in OF_ONE_ORDER)
            alike.append(((row.the_shop.id, group, wishes), row))
    return [[row for _, row in pairs] for pairs in by(alike, lambda pair: pair[0]).values() if len(pairs) > 1]


class OneLabel:
    """The groups of a run's rows that share a label. The last row of a group buys it, and speaks for the others."""

    def __init__(self) -> None:
        self._others: dict[int, list[Row]] = {}
        self._led: set[int] = set()

    def forget(self, rows: Iterable[Row]) -> None:
        """Rows that are looked at anew belong to nobody."""
        for row in rows:
            self._others.pop(id(row), None)
            self._led.discard(id(row))

    def join(self, rows: Iterable[Row]) -> None:
        """Finds the groups of rows that buy labels."""
        for group in grouped(rows):
            lead, others = group[-1], group[:-1]
            ids = [row.values["order_id"] for row in (lead, *others)]
            self._others[id(lead)] = others
            for row in group:
                row.after["order_ids"] = ids
            for row in others:
                self._led.add(id(row))
                row.operation = GET_SHIPPING_DOCUMENT.name

    def others(self, row: Row) -> list[Row]:
        """The rows that a row speaks for."""
        return self._others.get(id(row), [])

    def is_led(self, row: Row) -> bool:
        """Whether another row speaks for it."""
        return id(row) in self._led

    def share_refusals(self, rows: Iterable[Row]) -> None:
        """Settles the others where nothing is bought."""
        for row in rows:
            if not row.open:
                self.share(row)

    def share(self, lead: Row) -> None:
        """Gives the others what came of the label."""
        for row in self.others(lead):
            row.request_id = lead.request_id
            row.after |= {name: value for name, value in lead.after.items() if name not in {"price", "currency"}}
            for words in lead.notes:
                row.note(words)
            if not lead.open and row.open:
                row.settle(lead.outcome, lead.code, f"one label for it and others: {lead.message}", lead.request_id)


def ids_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The orders that a record names."""
    return values.get("order_ids") or (values["order_id"],)
