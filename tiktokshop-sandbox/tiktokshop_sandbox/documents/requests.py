"""After-sales requests (202603) and RMAs (202604): what they show of their own, and of the return behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from tiktokshop_sandbox.derived.aftersales import AftersalesRequest, Rma

Document = dict[str, Any]
LINE_ITEMS, SKU_RETURN_REQUESTS, RMAS = "LINE_ITEMS", "SKU_RETURN_REQUESTS", "RETURN_MERCHANDISE_AUTHORIZATIONS"
# What Search Returns (202602) spells otherwise.
_RESHAPED = frozenset({"can_buyer_keep_item", "discount_amount", "shipping_fee_amount", "partial_refund"})


def request_document(
    request: AftersalesRequest, rma: Rma | None, returned: Document, wanted: Collection[str]
) -> Document:
    """An after-sales request with the whitelisted fields; `returned` is its return as Search Returns shows it."""
    shown: Document = {"id": request.id, "status": request.status, **_return_fields(returned, wanted)}
    if RMAS in wanted and rma is not None:
        shown["return_merchandise_authorizations"] = [rma_document(rma, returned, {LINE_ITEMS})]
    return shown


def rma_document(rma: Rma, returned: Document, wanted: Collection[str]) -> Document:
    """An RMA with the whitelisted fields. There is no package before there is a label."""
    shown: Document = {"id": rma.id, "aftersales_request_id": rma.request_id, "status": rma.status}
    if rma.package_id:
        shown["package_id"] = rma.package_id
    return shown | _return_fields(returned, wanted)


def _return_fields(returned: Document, wanted: Collection[str]) -> Document:
    shown: Document = {}
    if LINE_ITEMS in wanted:
        shown["line_items"] = [
            {
                "return_line_item_id": line["return_line_item_id"],
                "sku_id": line["sku_id"],
                "main_order_id": returned["order_id"],
                "sku_return_request_id": returned["return_id"],
            }
            for line in returned["return_line_items"]
        ]
    if SKU_RETURN_REQUESTS in wanted:
        shown["sku_return_requests"] = [_sku_return_request(returned)]
    return shown


def _sku_return_request(returned: Document) -> Document:
    """The return once more, some of it under other names; single objects stand here for lists of one."""
    shown = {name: value for name, value in returned.items() if name not in _RESHAPED}
    shown["buyer_keep_item"] = returned["can_buyer_keep_item"]
    shown["discount"] = _without_currency(returned["discount_amount"][0])
    fees = _without_currency(returned["shipping_fee_amount"][0])
    shown["shipping_fee"] = {f"{name}_amount": amount for name, amount in fees.items()}
    if "partial_refund" in returned:
        part = returned["partial_refund"]
        shown["partial_refund_amount"] = {"partial_refund_total": part["amount"], "currency": part["currency"]}
    return shown


def _without_currency(amounts: Document) -> Document:
    return {name: amount for name, amount in amounts.items() if name != "currency"}
