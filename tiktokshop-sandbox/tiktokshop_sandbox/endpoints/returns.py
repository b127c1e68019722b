"""Returns, cancellations, a return's history, and why a seller may refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import VALUE_OUT_OF_RANGE, ApiError, Endpoint, Param
from tiktokshop_sandbox.documents.aftersales import return_records
from tiktokshop_sandbox.endpoints._listing import (
    PAGE_TOKEN,
    TEXT,
    TEXTS,
    TIME,
    Filter,
    narrowed,
    of_shop,
    page,
    sort_field,
    sort_order,
)
from tiktokshop_sandbox.paging import absent_when_empty
from tiktokshop_sandbox.reasons import REJECTS_OF_CANCELLATIONS, REJECTS_OF_RETURNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall

CANCEL_STATUSES = tuple(f"CANCELLATION_REQUEST_{word}" for word in ("PENDING", "SUCCESS", "CANCEL", "COMPLETE"))
RETURN_STATUSES = (
    "RETURN_OR_REFUND_REQUEST_PENDING",
    "REFUND_OR_RETURN_REQUEST_REJECT",
    "AWAITING_BUYER_SHIP",
    "AWAITING_BUYER_RESPONSE",
    "BUYER_SHIPPED_ITEM",
    "REJECT_RECEIVE_PACKAGE",
    "RETURN_OR_REFUND_REQUEST_SUCCESS",
    "RETURN_OR_REFUND_REQUEST_CANCEL",
    "RETURN_OR_REFUND_REQUEST_COMPLETE",
    *(f"REPLACEMENT_REQUEST_{word}" for word in ("PENDING", "REJECT", "REFUND_SUCCESS", "CANCEL", "COMPLETE")),
    *(f"EXCHANGE_REQUEST_{word}" for word in ("PENDING", "REFUND_SUCCESS", "CANCEL", "COMPLETE")),
)
NO_SUCH_RETURN = 25001001
_TIMES = {"create_time": "create_time", "update_time": "update_time"}

# Filter of the body -> column.
_OF_RETURNS = {
    "return_ids": "id",
    "order_ids": "order_id",
    "buyer_user_ids": "user_id",
    "return_types": "type",
    "return_status": "status",
    "arbitration_status": "arbitration",
    "seller_proposed_return_type": "proposed",
}
_OF_CANCELLATIONS = {
    "cancel_ids": "id",
    "order_ids": "order_id",
    "buyer_user_ids": "user_id",
    "cancel_types": "type",
    "cancel_status": "status",
}


def _search(call: ApiCall, table: str, name: str, columns: Mapping[str, str]) -> Mapping[str, Any] | bytes:
    filters = Filter().within(call.body, _TIMES)
    for filter_name, column in columns.items():
        filters = filters.among(column, call.body.get(filter_name))
    found = page(call, narrowed(of_shop(call, table, "doc", call.query["sort_field"]), filters))
    if not found.rows:
        return absent_when_empty(call, {name: [], "total_count": found.total, "next_page_token": ""}, name)
    docs = b",".join([row[2] for row in found.rows])
    token = found.next_page_token.encode()
    if not token:  # the last page has no token at all here
        return b'{"%b":[%b],"total_count":%d}' % (name.encode(), docs, found.total)
    return b'{"next_page_token":"%b","%b":[%b],"total_count":%d}' % (token, name.encode(), docs, found.total)


def search_returns(call: ApiCall) -> Mapping[str, Any] | bytes:
    """A page of returns, refunds, replacements and exchanges."""
    return _search(call, "returns", "return_orders", _OF_RETURNS)


def search_cancellations(call: ApiCall) -> Mapping[str, Any] | bytes:
    """A page of cancellations."""
    return _search(call, "cancellations", "cancellations", _OF_CANCELLATIONS)


def records(call: ApiCall) -> Mapping[str, Any]:
    """What happened to a return so far.

    Raises:
        ApiError: 25001001, when the shop has no such return.
    """
    key = call.world.key("returns", call.the_shop, call.path["return_id"])
    if key is None:
        raise ApiError(NO_SUCH_RETURN, "Invalid parameter. The return order does not exist.", 400)
    with call.world.reading() as store:
        return {"records": return_records(store.returns[key])}


def reject_reasons(call: ApiCall) -> Mapping[str, Any]:
    """Why this return or cancellation may be refused.

    Raises:
        ApiError: 25001001, when the shop has neither of that id.
    """
    wanted = call.query["return_or_cancel_id"]
    for table, reasons in (("returns", REJECTS_OF_RETURNS), ("cancellations", REJECTS_OF_CANCELLATIONS)):
        if call.world.key(table, call.the_shop, wanted) is not None:
            return {"reasons": [{"name": name, "text": text} for name, text in reasons]}
    raise ApiError(NO_SUCH_RETURN, "Invalid parameter. The reverse order does not exist.", 400)


def _query(lowest: int) -> dict[str, Param]:
    size = Param("integer", low=lowest, high=50, default=10, out_of_range=VALUE_OUT_OF_RANGE)
    return {
        "page_size": size,
        "page_token": PAGE_TOKEN,
        "sort_field": sort_field("create_time", "update_time", default="create_time"),
        "sort_order": sort_order("ASC"),
    }


def _among(*values: str) -> Param:
    return Param("array", items=Param("string", values=values))


_BOUNDS = dict.fromkeys(("create_time_ge", "create_time_lt", "update_time_ge", "update_time_lt"), TIME)
_SCOPE = "seller.return_refund.basic"

ENDPOINTS = (
    *(
        Endpoint(
            "POST",
            f"/return_refund/{version}/returns/search",
            _SCOPE,
            search_returns,
            query=_query(10),
            body={
                "return_ids": TEXTS,
                "order_ids": TEXTS,
                "buyer_user_ids": TEXTS,
                "return_types": _among("REFUND", "RETURN_AND_REFUND", "REPLACEMENT", "EXCHANGE"),
                "return_status": _among(*RETURN_STATUSES),
                "arbitration_status": _among("IN_PROGRESS", "SUPPORT_BUYER", "SUPPORT_SELLER", "CLOSED"),
                "seller_proposed_return_type": _among("PARTIAL_REFUND"),
                "locale": TEXT,
                **_BOUNDS,
            },
        )
        for version in ("202309", "202602")
    ),
    *(
        Endpoint(
            "POST",
            f"/return_refund/{version}/cancellations/search",
            _SCOPE,
            search_cancellations,
            query=_query(1),
            body={
                "cancel_ids": TEXTS,
                "order_ids": TEXTS,
                "buyer_user_ids": TEXTS,
                "cancel_types": _among("CANCEL", "BUYER_CANCEL"),
                "cancel_status": _among(*CANCEL_STATUSES),
                "locale": TEXT,
                **_BOUNDS,
            },
        )
        for version in ("202309", "202602")
    ),
    Endpoint("GET", "/return_refund/202309/returns/{return_id}/records", _SCOPE, records, query={"locale": TEXT}),
    Endpoint(
        "GET",
        "/return_refund/202309/reject_reasons",
        _SCOPE,
        reject_reasons,
        query={"return_or_cancel_id": Param("string", required=True), "locale": TEXT},
    ),
)
