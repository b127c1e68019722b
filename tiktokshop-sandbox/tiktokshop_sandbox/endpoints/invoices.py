"""Invoices of Brazil: uploaded for each package, before it is shipped."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.endpoints._listing import TEXTS
from tiktokshop_sandbox.endpoints.fulfillment import package_place
from tiktokshop_sandbox.endpoints.shipping import INVALID, refuse
from tiktokshop_sandbox.life import invoices
from tiktokshop_sandbox.markets import INVOICE_FIRST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.life import Life

MOST_BYTES = 1 << 20
_ROOT = b"<nfeProc"


def upload(call: ApiCall) -> Mapping[str, Any]:
    """Takes invoices; each may fail for itself. The platform looks at them a moment later."""
    errors = []
    with call.world.writing(call.now) as life:
        for invoice in call.body["invoices"]:
            try:
                _upload(life, call, invoice)
            except ApiError as error:  # noqa: PERF203 - each invoice fails for itself
                detail = {"package_id": invoice["package_id"], "order_ids": invoice.get("order_ids") or []}
                errors.append({"code": error.code, "message": error.message, "detail": detail})
    return {"errors": errors} if errors else {}


def _upload(life: Life, call: ApiCall, invoice: Mapping[str, Any]) -> None:
    key, index = package_place(call, invoice["package_id"])
    order = life.store.orders[key]
    parts = life.store.parts(order, order.packages[index])
    try:
        content = base64.b64decode(invoice["file"], validate=True)
    except (binascii.Error, ValueError):
        raise refuse(INVALID, "file") from None
    wanted = set(invoice.get("order_ids") or [mate.id for mate, _ in parts])
    if not content or len(content) > MOST_BYTES or not wanted <= {mate.id for mate, _ in parts}:
        raise refuse(INVALID, "file" if wanted else "order_ids")
    for mate, _ in parts:
        if mate.id in wanted:
            invoices.upload(life, call.the_shop, mate, good=_ROOT in content)


_INVOICE = Param(
    "object",
    fields={
        "package_id": Param("string", required=True),
        "order_ids": TEXTS,
        "file_type": Param("string", required=True, values=("XML",)),
        "file": Param("string", required=True),
    },
)

ENDPOINTS = (
    Endpoint(
        "POST",
        "/fulfillment/202502/invoice/upload",
        "seller.fulfillment.basic",
        upload,
        body={"invoices": Param("array", required=True, items=_INVOICE)},
        markets=INVOICE_FIRST,
    ),
)
