"""The line items of an order that a call is about, in the three ways in which calls name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox.contract import ApiError, Param
from tiktokshop_sandbox.endpoints._listing import TEXT, TEXTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.states import Order

_LINE: Final = {"order_line_item_id": Param("string", required=True), "sub_order_line_item_id": TEXT}
_SKU: Final = {"sku_id": Param("string", required=True), "quantity": Param("integer", required=True, low=1)}
ABOUT_LINES: Final[Mapping[str, Param]] = {
    "order_line_item_ids": TEXTS,
    "order_line_list": Param("array", items=Param("object", fields=_LINE)),
    "skus": Param("array", items=Param("object", fields=_SKU)),
}
UNKNOWN_LINES: Final = (25001001, "Invalid parameter. An order line item is not part of the order.")
TOO_MANY: Final = (25005011, "More items are requested than the order has.")


def named_lines(call: ApiCall, order: Order) -> list[int]:
    """The places of the lines that a call names by their ids or by SKU; of all of them if it names none.

    Raises:
        ApiError: 25001001 for a line of another order, 25005011 for more units than the order has.
    """
    ids = call.body.get("order_line_item_ids") or []
    listed = [line["order_line_item_id"] for line in call.body.get("order_line_list") or ()]
    by_id = {line.id: place for place, line in enumerate(order.lines)}
    wanted = [*ids, *listed]
    if not by_id.keys() >= set(wanted):
        raise ApiError(*UNKNOWN_LINES, 400)
    places = {by_id[line] for line in wanted}
    for asked in call.body.get("skus") or ():
        of_sku = [place for place, line in enumerate(order.lines) if line.sku == asked["sku_id"]]
        if asked["quantity"] > len(of_sku):
            raise ApiError(*TOO_MANY, 400)
        places |= set(of_sku[: asked["quantity"]])
    return sorted(places) or list(range(len(order.lines)))
