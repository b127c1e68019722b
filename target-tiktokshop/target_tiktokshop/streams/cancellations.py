"""Orders that the seller cancels: one call for each order, never a second one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client.errors import Action, TikTokShopError
from tiktokshop_client.operations import CANCEL_ORDER, CANCEL_ORDER_202309

from target_tiktokshop.writing import foresight
from target_tiktokshop.writing.fields import SHOP_ID, Contract, Field, identifier, identifiers, text
from target_tiktokshop.writing.live import CANCELLATIONS_OF_ORDERS, objects, orders, searched, some_orders
from target_tiktokshop.writing.outcomes import CODES, REASONS, UNCONFIRMED
from target_tiktokshop.writing.rows import Row, by_shop, last_wins, still_open
from target_tiktokshop.writing.surprises import apart
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from tiktokshop_client import Answer

SHIPPED = frozenset({"IN_TRANSIT", "DELIVERED", "COMPLETED"})
"""Before these, the platform asks the carrier."""
BUYER, PENDING = "BUYER", "CANCELLATION_REQUEST_PENDING"
DECIDED = frozenset({"CANCELLATION_REQUEST_SUCCESS", "CANCELLATION_REQUEST_COMPLETE"})
UNDER_WAY = 25_001_011
"""What the platform answers both where the order is cancelled and where somebody has asked for it."""
WHOLE_ONLY = frozenset({25_005_010, 25_005_011, 11_050_001})
CONTRACT = Contract(
    (
        SHOP_ID,
        Field("order_id", identifier, needed=True),
        Field("cancel_reason", text, needed=True),
        Field("order_line_item_ids", identifiers, "array"),
    ),
)


class CancellationWriter(Writer):
    """Cancellations by the seller. `subject` is the order."""

    def look(self, rows: list[Row]) -> None:
        """Reads all orders, 50 a call."""
        for shop, group in by_shop(still_open(rows)):
            found = orders(self.run, shop, (row.values["order_id"] for row in group))
            for row in group:
                with apart(row):
                    self._compare(row, found.get(row.values["order_id"]))
        last_wins(rows, lambda row: (row.values["order_id"], row.values.get("order_line_item_ids")))

    def _compare(self, row: Row, order: Mapping[str, Any] | None) -> None:
        row.subject, row.operation = order, CANCEL_ORDER.name
        if order is None:
            words = f"shop {row.the_shop.id} has no order {row.values['order_id']}: check order_id"
            row.reject("unknown_order", words)
            return
        status = str(order.get("status") or "")
        row.before, row.after = {"status": status}, {"status": "CANCELLED"}
        wanted = set(row.values.get("order_line_item_ids", ()))
        lines = {str(line.get("id")): line for line in order.get("line_items") or []}
        if wanted - lines.keys():
            row.reject("unknown_lines", "the order has no such line items: check order_line_item_ids")
        elif is_cancelled(order, wanted):
            row.unchanged("the order is already cancelled")
        elif status in SHIPPED:
            words = f"the order is {status}, and what has been shipped cannot be cancelled: wait for a return"
            row.reject("shipped", words)

    def foresee(self, rows: list[Row]) -> None:
        """Whether each order can be cancelled, and for which reasons: one call an order, as the run itself makes."""
        foresight.cancellations(self.run, rows)

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """One call a record."""
        return [[row] for row in rows]

    def send(self, rows: list[Row]) -> None:
        """Cancels an order, or some of its line items. An unclear outcome is looked up by the read-back.

        Raises:
            TikTokShopError: The call failed.
        """
        row = rows[0]
        try:
            answer = self._call(row)
        except TikTokShopError as error:
            if error.code == UNDER_WAY:
                self._under_way(row, error)
                return
            if error.code in WHOLE_ONLY and "order_line_item_ids" in row.values:
                error.add("; leave out order_line_item_ids to cancel the whole order")
            raise
        row.request_id = answer.request_id
        row.after = {
            "status": "CANCELLED",
            "cancel_id": answer.data.get("cancel_id"),
            "cancel_status": answer.data.get("cancel_status"),
        }

    def _call(self, row: Row) -> Answer:
        """The call, in the older version where the platform does not know the newer."""
        body = {"order_id": row.values["order_id"], "cancel_reason": row.values["cancel_reason"]}
        lines = row.values.get("order_line_item_ids", ())
        named = {"order_line_list": [{"order_line_item_id": line} for line in lines]} if lines else {}
        try:
            return self.run.client.call(CANCEL_ORDER, shop=row.the_shop, body={**body, **named})
        except TikTokShopError as error:
            if error.action is not Action.FALLBACK:
                raise
            older = {"order_line_item_ids": list(lines)} if lines else {}
            return self.run.client.call(CANCEL_ORDER_202309, shop=row.the_shop, body={**body, **older})

    def _under_way(self, row: Row, error: TikTokShopError) -> None:
        """The order is cancelled, or somebody has asked for it: the shop shows which of both, and who."""
        row.request_id, order_id = error.request_id, row.values["order_id"]
        order = some_orders(self.run, row.the_shop, [order_id]).get(order_id) or {}
        request = searched(self.run, row.the_shop, CANCELLATIONS_OF_ORDERS, [order_id]).get(order_id)
        if is_cancelled(order, set(row.values.get("order_line_item_ids", ()))):
            row.unchanged("the order is cancelled meanwhile")
        elif request is not None and request.get("role") == BUYER and request.get("cancel_status") == PENDING:
            row.reject("after_sale", f"{REASONS['after_sale']} with cancellation_decisions", error.request_id)
        else:
            row.refuse(error)

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The order is cancelled, or its cancellation is decided; one that is not decided says so."""
        done: dict[int, bool] = {}
        for shop, group in by_shop(rows):
            ids = [row.values["order_id"] for row in group]
            found = orders(self.run, shop, ids)
            asked = searched(self.run, shop, CANCELLATIONS_OF_ORDERS, ids)
            for row in group:
                order, request = found.get(row.values["order_id"]), asked.get(row.values["order_id"]) or {}
                wanted = set(row.values.get("order_line_item_ids", ()))
                own = request.get("role") != BUYER and covers(request, wanted)
                decided = own and request.get("cancel_status") in DECIDED
                done[id(row)] = decided or (order is not None and is_cancelled(order, wanted))
                if own and not done[id(row)] and request.get("cancel_status") == PENDING:
                    row.settle(UNCONFIRMED, "cancel_pending", CODES["cancel_pending"].meaning)
        return [done[id(row)] for row in rows]


def covers(request: Mapping[str, Any], wanted: set[str]) -> bool:
    """Whether a cancellation is about all of some line items, as far as it shows its own."""
    lines = {str(line.get("order_line_item_id") or "") for line in objects(request.get("cancel_line_items"))} - {""}
    return not lines or wanted <= lines


def is_cancelled(order: Mapping[str, Any], wanted: set[str]) -> bool:
    """Whether the order, or these of its line items, are cancelled."""
    if order.get("status") == "CANCELLED":
        return True
    lines = {str(line.get("id")): line for line in order.get("line_items") or []}
    return bool(wanted) and all(lines[key].get("display_status") == "CANCELLED" for key in wanted if key in lines)


ORDER_CANCELLATIONS = Writing("order_cancellations", "Orders that the seller cancels.", CONTRACT, CancellationWriter)
