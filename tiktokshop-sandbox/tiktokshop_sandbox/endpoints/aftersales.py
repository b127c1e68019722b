"""Searches of after-sales requests and of RMAs: filters, sort and pagination are objects of the body here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from tiktokshop_sandbox.contract import VALUE_OUT_OF_RANGE, Endpoint, Param
from tiktokshop_sandbox.derived import Item
from tiktokshop_sandbox.derived.aftersales import (
    REQUEST_STATUSES,
    RMA_STATUSES,
    AftersalesRequest,
    Rma,
    requests,
    rma,
    rmas,
)
from tiktokshop_sandbox.documents.requests import (
    LINE_ITEMS,
    RMAS,
    SKU_RETURN_REQUESTS,
    Document,
    request_document,
    rma_document,
)
from tiktokshop_sandbox.endpoints._listing import PAGE_TOKEN, TEXT, TEXTS, TIME, Filter, page_of
from tiktokshop_sandbox.paging import absent_when_empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tiktokshop_sandbox.contract import ApiCall

Row = TypeVar("Row", AftersalesRequest, Rma)
_END_OF_TIME = 1 << 62

# Filter of the body -> what it narrows.
_OF_REQUESTS = {
    "aftersales_request_ids": "id",
    "aftersales_request_statuses": "status",
    "return_types": "return_type",
    "main_order_ids": "order_id",
    "buyer_ids": "buyer_id",
}
_OF_RMAS = {
    "rma_ids": "id",
    "package_ids": "package_id",
    "statuses": "status",
    "aftersales_request_ids": "request_id",
    "main_order_ids": "order_id",
}


def search_requests(call: ApiCall) -> Mapping[str, Any]:
    """A page of after-sales requests."""
    shop = call.the_shop
    rows, token, total = _page(call, requests(call.world, shop), _OF_REQUESTS)
    returned, wanted = _returned(call, rows), call.body["whitelisted_data_fields"]
    docs = [request_document(row, rma(shop, row, call.now), returned[row.key], wanted) for row in rows]
    return _answer(call, "aftersales_requests", docs, token, total)


def search_rmas(call: ApiCall) -> Mapping[str, Any]:
    """A page of RMAs."""
    rows, token, total = _page(call, rmas(call.world, call.the_shop, call.now), _OF_RMAS)
    returned, wanted = _returned(call, rows), call.body["whitelisted_data_fields"]
    docs = [rma_document(row, returned[row.key], wanted) for row in rows]
    return _answer(call, "return_merchandise_authorizations", docs, token, total)


def _page(call: ApiCall, rows: Iterable[Row], columns: Mapping[str, str]) -> tuple[list[Row], str, int]:
    """The rows of the page that the call asks for, the next page's token, and how many rows fit the filters."""
    found = {row.id: row for row in _narrowed(rows, call.body.get("filters", {}), columns)}
    sort, size = call.body["sort"], call.body["pagination"]["page_size"]
    field = sort["sort_field"].lower()
    items = [Item(getattr(row, field), number, {}) for number, row in found.items()]
    shown, token = page_of(call, items, size=size, descending=sort["sort_order"] == "DESC")
    return [found[item.id] for item in shown], token, len(found)


def _narrowed(rows: Iterable[Row], filters: Mapping[str, Any], columns: Mapping[str, str]) -> list[Row]:
    choices = [(column, frozenset(filters[name])) for name, column in columns.items() if filters.get(name)]
    windows = [
        (column, bounds.get("min_unix_time_inclusive", 0), bounds.get("max_unix_time_exclusive", _END_OF_TIME))
        for column, bounds in filters.get("time", {}).items()
    ]
    return [
        row
        for row in rows
        if all(getattr(row, column) in values for column, values in choices)
        and all(start <= getattr(row, column) < end for column, start, end in windows)
    ]


def _returned(call: ApiCall, rows: Sequence[AftersalesRequest] | Sequence[Rma]) -> dict[int, Document]:
    """The returns behind the rows, by key, as Search Returns shows them."""
    if not rows:
        return {}
    wanted = Filter().among("key", [row.key for row in rows])
    sql = f"SELECT key, doc FROM returns WHERE {wanted.sql}"  # noqa: S608 - our own conditions
    return {key: msgspec.json.decode(doc) for key, doc in call.world.db.execute(sql, wanted.parameters)}


def _answer(call: ApiCall, name: str, docs: list[Document], token: str, total: int) -> Mapping[str, Any]:
    return absent_when_empty(call, {name: docs, "total_count": total, "next_page_token": token}, name)


def _among(*values: str) -> Param:
    return Param("array", items=Param("string", values=values))


_WINDOW = Param("object", fields={"min_unix_time_inclusive": TIME, "max_unix_time_exclusive": TIME})
_TIME = Param("object", fields={"create_time": _WINDOW, "update_time": _WINDOW})
_SORT = Param(
    "object",
    fields={
        "sort_field": Param("string", values=("CREATE_TIME", "UPDATE_TIME"), default="CREATE_TIME"),
        "sort_order": Param("string", values=("ASC", "DESC"), default="ASC"),
    },
    default={"sort_field": "CREATE_TIME", "sort_order": "ASC"},
)
_PAGINATION = Param(
    "object",
    fields={
        "page_size": Param("integer", low=1, high=50, default=20, out_of_range=VALUE_OUT_OF_RANGE),
        "page_token": PAGE_TOKEN,
    },
    default={"page_size": 20},
)


def _search(path: str, handler: Any, whitelist: Sequence[str], filters: Mapping[str, Param]) -> Endpoint:
    return Endpoint(
        "POST",
        f"/return_refund/{path}",
        "seller.return_refund.basic",
        handler,
        query={"locale": TEXT},
        body={
            "whitelisted_data_fields": Param("array", items=Param("string", values=tuple(whitelist)), default=[]),
            "filters": Param("object", fields={**filters, "time": _TIME}),
            "sort": _SORT,
            "pagination": _PAGINATION,
        },
    )


ENDPOINTS = (
    _search(
        "202603/aftersales/search",
        search_requests,
        (LINE_ITEMS, SKU_RETURN_REQUESTS, RMAS),
        dict.fromkeys(_OF_REQUESTS, TEXTS)
        | {
            "aftersales_request_statuses": _among(*REQUEST_STATUSES),
            "return_types": _among("REFUND", "RETURN_AND_REFUND", "REPLACEMENT", "EXCHANGE"),
        },
    ),
    _search(
        "202604/rma/search",
        search_rmas,
        (LINE_ITEMS, SKU_RETURN_REQUESTS),
        dict.fromkeys(_OF_RMAS, TEXTS) | {"statuses": _among(*RMA_STATUSES)},
    ),
)
