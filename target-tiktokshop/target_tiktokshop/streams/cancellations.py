"""Orders that the seller cancels: one call for each order, never a second one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client.operations import CANCEL_ORDER

from target_tiktokshop.writing import foresight
from target_tiktokshop.writing.fields import SHOP_ID, Contract, Field, identifier, identifiers, text
from target_tiktokshop.writing.live import CANCELLATIONS_OF_ORDERS, orders, searched
from target_tiktokshop.writing.rows import Row, by_shop, last_wins, still_open
from target_tiktokshop.writing.surprises import apart
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

SHIPPED = frozenset({"PARTIALLY_SHIPPING", "AWAITING_COLLECTION", "IN_TRANSIT", "DELIVERED", "COMPLETED"})
TURNED_DOWN = "CANCELLATION_REQUEST_CANCEL"
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
            row.reject("unknown_order", f"shop {row.the_shop.id} has no order {row.values['order_id']}")
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
        """Cancels an order, or some of its line items. An unclear outcome is looked up by the read-back."""
        row = rows[0]
        body = {"order_id": row.values["order_id"], "cancel_reason": row.values["cancel_reason"]}
        if "order_line_item_ids" in row.values:
            body["order_line_item_ids"] = list(row.values["order_line_item_ids"])
        answer = self.run.client.call(CANCEL_ORDER, shop=row.the_shop, body=body)
        row.request_id = answer.request_id
        row.after = {
            "status": "CANCELLED",
            "cancel_id": answer.data.get("cancel_id"),
            "cancel_status": answer.data.get("cancel_status"),
        }

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The order is cancelled, or its cancellation is under way."""
        done: dict[int, bool] = {}
        for shop, group in by_shop(rows):
            ids = [row.values["order_id"] for row in group]
            found = orders(self.run, shop, ids)
            asked = searched(self.run, shop, CANCELLATIONS_OF_ORDERS, ids)
            for row in group:
                order, request = found.get(row.values["order_id"]), asked.get(row.values["order_id"])
                wanted = set(row.values.get("order_line_item_ids", ()))
                under_way = request is not None and request.get("cancel_status") != TURNED_DOWN
                done[id(row)] = under_way or (order is not None and is_cancelled(order, wanted))
        return [done[id(row)] for row in rows]


def is_cancelled(order: Mapping[str, Any], wanted: set[str]) -> bool:
    """Whether the order, or these of its line items, are cancelled."""
    if order.get("status") == "CANCELLED":
        return True
    lines = {str(line.get("id")): line for line in order.get("line_items") or []}
    return bool(wanted) and all(lines[key].get("display_status") == "CANCELLED" for key in wanted if key in lines)


ORDER_CANCELLATIONS = Writing("order_cancellations", "Orders that the seller cancels.", CONTRACT, CancellationWriter)
