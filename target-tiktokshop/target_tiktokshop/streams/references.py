"""The numbers that orders have in other systems, up to 100 in a call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tiktokshop_client import TikTokShopError, partial_errors
from tiktokshop_client.operations import ADD_EXTERNAL_ORDERS, EXTERNAL_PLATFORMS, GET_EXTERNAL_ORDERS

from target_tiktokshop.writing.fields import SHOP_ID, Contract, Field, FieldError, identifier, one_of, text
from target_tiktokshop.writing.rows import Row, by_shop, last_wins, still_open
from target_tiktokshop.writing.run import only_these_rows
from target_tiktokshop.writing.surprises import apart
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable

REFERENCES_A_CALL = 100
LINES_AN_ORDER = 100
LINE = {"id": text, "origin_id": identifier}
_OF_LINES = re.compile("line_?items", re.IGNORECASE)
LINES_NEEDED = "the platform wants the lines of the external order: add line_items (id and origin_id) to the record"


def line_items(value: Any) -> list[dict[str, str]]:
    """The lines of the other system's order: each with its `id` there and, as `origin_id`, the platform's line item."""
    if not isinstance(value, list) or not 1 <= len(value) <= LINES_AN_ORDER:
        raise FieldError(f"must be a list of 1 to {LINES_AN_ORDER} objects with id and origin_id")
    return [_line(place, line) for place, line in enumerate(value, 1)]


def _line(place: int, line: Any) -> dict[str, str]:
    if not isinstance(line, dict):
        raise FieldError(f"must hold objects with id and origin_id, but line {place} is not one")
    name = ""
    try:
        return {(name := part): read(line.get(part)) for part, read in LINE.items()}
    except FieldError as error:
        raise FieldError(f"has a line {place} whose {name} {error}") from None


CONTRACT = Contract(
    (
        SHOP_ID,
        Field("order_id", identifier, needed=True),
        Field("platform", one_of(*EXTERNAL_PLATFORMS, upper=True), needed=True),
        Field("external_order_id", text, needed=True),
        Field("line_items", line_items, "array"),
    ),
)


class ReferenceWriter(Writer):
    """External order references. `subject` are the references that the order has for the platform."""

    def look(self, rows: list[Row]) -> None:
        """Reads what each order has, one call an order: the platform has no list of them."""
        self.run.each(self._read, rows if self.settings.skip_unchanged else [])
        for row in still_open(rows):
            row.operation = ADD_EXTERNAL_ORDERS.name
            row.before = {"external_order_ids": row.subject}
            row.after = {"external_order_id": row.values["external_order_id"]}
            if self.settings.skip_unchanged and row.values["external_order_id"] in (row.subject or []):
                row.unchanged("the order already has this reference")
        last_wins(rows, lambda row: tuple(row.values[name] for name in ("order_id", "platform", "external_order_id")))

    def _read(self, row: Row) -> None:
        with apart(row):
            row.subject = self._references(row)

    def _references(self, row: Row) -> list[str]:
        answer = self.run.client.call(
            GET_EXTERNAL_ORDERS,
            shop=row.the_shop,
            path={"order_id": row.values["order_id"]},
            query={"platform": row.values["platform"]},
        )
        return [str(item.get("id")) for item in answer.data.get("external_orders") or []]

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """A hundred references a call; those without lines have calls of their own, for the platform may want them."""
        for _, group in by_shop(rows):
            for whole in (True, False):
                part = [row for row in group if ("line_items" in row.values) is whole]
                for start in range(0, len(part), REFERENCES_A_CALL):
                    yield part[start : start + REFERENCES_A_CALL]

    def send(self, rows: list[Row]) -> None:
        """Each reference may be refused for itself; where the platform wants their lines, each says so."""
        try:
            self._send(rows)
        except TikTokShopError as error:
            if "line_items" in rows[0].values or not only_these_rows(error) or not _OF_LINES.search(str(error)):
                raise
            for row in still_open(rows):
                row.reject("lines_needed", LINES_NEEDED, error.request_id)

    def _send(self, rows: list[Row]) -> None:
        orders: list[dict[str, Any]] = [
            {
                "id": row.values["order_id"],
                "external_order": {
                    "id": row.values["external_order_id"],
                    "platform": row.values["platform"],
                    **{name: row.values[name] for name in ("line_items",) if name in row.values},
                },
            }
            for row in rows
        ]
        answer = self.run.client.call(ADD_EXTERNAL_ORDERS, shop=rows[0].the_shop, body={"orders": orders})
        for row in rows:
            row.request_id = answer.request_id
        for error in partial_errors(ADD_EXTERNAL_ORDERS, answer.data):
            named = error.ids.get("order_id")
            for row in still_open(rows):
                if named in {None, row.values["order_id"]}:
                    row.reject(str(error.code), f"the platform refused it: {error.message}", answer.request_id)

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The orders show the references."""
        return self.run.each(lambda row: row.values["external_order_id"] in self._references(row), rows)


EXTERNAL_ORDER_REFERENCES = Writing(
    "external_order_references", "The numbers that orders have in other systems.", CONTRACT, ReferenceWriter
)
