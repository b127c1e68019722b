"""Orders whose line items travel in several packages: split once, as the platform's eligibility allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client.operations import GET_SPLIT_ATTRIBUTES, SPLIT_ORDER

from target_tiktokshop.streams import packing
from target_tiktokshop.writing.claiming import claimed
from target_tiktokshop.writing.fields import SHOP_ID, Contract, Field, FieldError, identifier, identifiers
from target_tiktokshop.writing.live import objects, orders, some_orders, truth_of
from target_tiktokshop.writing.outcomes import REASONS
from target_tiktokshop.writing.persistence import attempted
from target_tiktokshop.writing.rows import Row, by_shop, last_wins, still_open
from target_tiktokshop.writing.surprises import apart, done_once
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_client import Answer, TikTokShopError

    from target_tiktokshop.writing.claiming import HeldOrders
    from target_tiktokshop.writing.run import WriteRun

ASKED_A_CALL = 50
SPLIT = "SPLIT"
Part = tuple[str, ...]


def groups_of(value: Any) -> tuple[Part, ...]:
    """Groups of line items, each a list of ids; also a text with commas between ids and semicolons between groups."""
    if isinstance(value, str):
        value = [part for part in value.split(";") if part.strip()]
    if not isinstance(value, list) or not value:
        raise FieldError('must be lists of ids, or a text like "id,id;id"')
    found = tuple(identifiers(part) for part in value)
    lines = [line for part in found for line in part]
    if len(set(lines)) < len(lines):
        raise FieldError("name a line item twice")
    return found


CONTRACT = Contract(
    (
        SHOP_ID,
        Field("order_id", identifier, needed=True),
        Field("package_id", identifier),
        Field("groups", groups_of, "array", needed=True),
    )
)


class SplitWriter(Writer):
    """Orders to be split. `subject` is the order as it was read."""

    def __init__(self, run: WriteRun) -> None:
        super().__init__(run)
        self._since = 0.0

    def look(self, rows: list[Row]) -> None:
        """Reads all orders, 50 a call, and asks which of them can be split."""
        self._since = 0.0 if self.settings.dry_run else self.run.client.claims().now()
        for shop, group in by_shop(still_open(rows)):
            found = orders(self.run, shop, (row.values["order_id"] for row in group))
            for row in group:
                row.subject = self.run.foreseen.of(shop.id, found.get(row.values["order_id"]))
                with apart(row):
                    self._plan(row)
        last_wins(rows, lambda row: (row.the_shop.id, row.values["order_id"]))
        for _, group in by_shop(still_open(rows)):
            self._ask(group)

    def _plan(self, row: Row) -> None:
        """Settles the row if there is nothing to do; else says what."""
        order: Mapping[str, Any] | None = row.subject
        now = packing.packages_of(order) if order else {}
        row.before = {"packages": [{"id": package or None, "lines": lines} for package, lines in now.items()]}
        parts, reason = self._parts(row) if order else ((), "unknown_order")
        row.after = {"packages": [{"lines": list(part)} for part in parts]}
        if not reason and set(map(frozenset, now.values())) == set(map(frozenset, parts)) and "" not in now:
            row.after = row.before
            row.unchanged("its line items are in these packages already")
            return
        reason = packing.unchangeable(order) or reason
        if not reason and order and packing.is_combined(order):
            reason = "combined_before"
        if not reason and order and packing.parted_skus(order, parts, row.the_shop):
            reason = "whole_skus"
        if reason:
            row.reject(reason, REASONS[reason])
        else:
            row.operation = SPLIT_ORDER.name

    @staticmethod
    def _parts(row: Row) -> tuple[tuple[Part, ...], str]:
        """All packages that the order is to have, and what is wrong; what no group names of one stays together."""
        groups, package_id = row.values["groups"], row.values.get("package_id", "")
        now = packing.packages_of(row.subject)
        known = {line for lines in now.values() for line in lines}
        named = {line for part in groups for line in part}
        if not named <= known:
            return (), "unknown_lines"
        if package_id and not (package_id in now and named <= set(now[package_id])):
            return (), "unknown_package" if package_id not in now else "unknown_lines"
        rest = [tuple(line for line in lines if line not in named) for lines in now.values()]
        parts = (*groups, *filter(None, rest))
        return parts, "" if len(parts) > 1 else "one_group"

    def _ask(self, rows: list[Row]) -> None:
        """Has the platform say which orders can be split; one of which it says nothing is tried."""
        shop = rows[0].the_shop

        def read(ids: list[str]) -> dict[str, dict[str, Any]]:
            data = self.run.client.call(GET_SPLIT_ATTRIBUTES, shop=shop, query={"order_ids": ids}).data
            return {str(each.get("order_id")): each for each in objects(data.get("split_attributes"))}

        told = self.run.in_bulk(read, (row.values["order_id"] for row in rows), ASKED_A_CALL)
        for row in rows:
            answer = told.get(row.values["order_id"], {})
            if truth_of(answer.get("can_split")) is False:
                why = answer.get("reason") or "it gives no reason"
                without = "" if any(packing.packages_of(row.subject)) else "; feed its parts to shipments instead"
                row.reject("cannot_split", f"the platform does not let the order be split ({why}){without}")

    def planned(self, rows: list[Row]) -> None:
        """Their line items count as packed so from here on."""
        for row in rows:
            parts, _ = self._parts(row)
            self.run.foreseen.pack(row.the_shop.id, {row.values["order_id"]: parts}, SPLIT)

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """An order a call."""
        return [[row] for row in rows]

    def send(self, rows: list[Row]) -> None:
        """Splits, while no other run does; after every unclear outcome the order is read first."""
        (row,) = rows
        with claimed(self.run, rows, [row.values["order_id"]], self._since) as hold:
            if hold.fresh is False:
                self._again(row)
            if row.open and not self._is_done(row):
                self._split(row, hold)

    def _split(self, row: Row, hold: HeldOrders) -> None:
        parts, _ = self._parts(row)
        groups = [{"id": str(number), "order_line_item_ids": list(part)} for number, part in enumerate(parts, 1)]
        path = {"order_id": row.values["order_id"]}

        def call() -> Answer:
            body = {"splittable_groups": groups}
            return self.run.client.call(SPLIT_ORDER, shop=row.the_shop, path=path, body=body, only_if=hold.lasts)

        def look(_: TikTokShopError) -> bool:
            self._again(row)
            return row.open and self._is_done(row)

        done_once(self.run, row, lambda: attempted(row, call), look)

    def _again(self, row: Row) -> None:
        """The order as the shop shows it now; what cannot be split any more is settled."""
        order_id = row.values["order_id"]
        row.subject = some_orders(self.run, row.the_shop, [order_id]).get(order_id)
        reason = "" if self._is_done(row) else packing.unchangeable(row.subject)
        if not reason and not self._is_done(row):  # line items may have been cancelled meanwhile
            parts, reason = self._parts(row)
            row.after = {"packages": [{"lines": list(part)} for part in parts]}
        if reason:
            row.reject(reason, REASONS[reason])

    def _is_done(self, row: Row) -> bool:
        """Whether the order is packed as it is to be; its packages go into `after` then."""
        if row.subject is None:
            return False
        now = packing.packages_of(row.subject)
        wanted = {frozenset(part["lines"]) for part in row.after["packages"]}
        if "" in now or set(map(frozenset, now.values())) != wanted:
            return False
        row.after = {"packages": [{"id": package, "lines": lines} for package, lines in now.items()]}
        return True

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The orders have these packages."""
        done: dict[int, bool] = {}
        for shop, group in by_shop(rows):
            found = orders(self.run, shop, (row.values["order_id"] for row in group))
            for row in group:
                row.subject = found.get(row.values["order_id"])
                done[id(row)] = self._is_done(row)
        return [done[id(row)] for row in rows]


PACKAGE_SPLITS = Writing(
    "package_splits",
    "Orders that the platform ships, split: which line items travel in a package of their own.",
    CONTRACT,
    SplitWriter,
)
