"""Orders: the list, details by id, and what a price is made up of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.documents.orders import price_detail
from tiktokshop_sandbox.endpoints._listing import (
    PAGE_TOKEN,
    TEXT,
    TIME,
    Filter,
    narrowed,
    of_shop,
    page,
    sort_field,
    sort_order,
)
from tiktokshop_sandbox.paging import absent_when_empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall

STATUSES = (
    "UNPAID",
    "ON_HOLD",
    "AWAITING_SHIPMENT",
    "PARTIALLY_SHIPPING",
    "AWAITING_COLLECTION",
    "IN_TRANSIT",
    "DELIVERED",
    "COMPLETED",
    "CANCELLED",
)


def search(call: ApiCall) -> Mapping[str, Any] | bytes:
    """A page of orders.

    An order that a refresh moved on is listed where its update time says, and stays listed where the
    search last saw it, so its `update_time` can lie past the end of the window that was asked for.
    """
    sort = call.query["sort_field"]
    filters = _filters(call)
    times = {"create_time": "create_time", "update_time": "update_time"}
    listing = narrowed(of_shop(call, "orders", "doc", sort), filters.within(call.body, times))
    listings = [listing]
    end = call.body.get("update_time_lt")
    if end is not None:
        late = filters.within(call.body, {"create_time": "create_time", "update_time": "index_time"})
        late = late.also("index_time IS NOT NULL AND update_time >= ?", end)
        late_sort = "index_time" if sort == "update_time" else sort
        listings.append(narrowed(of_shop(call, "orders", "doc", late_sort), late))
    found = page(call, *listings)
    if not found.rows:
        data = {"next_page_token": "", "orders": [], "total_count": found.total}
        return absent_when_empty(call, data, "orders")
    docs = b",".join([row[2] for row in found.rows])
    token = found.next_page_token.encode()
    return b'{"next_page_token":"%b","orders":[%b],"total_count":%d}' % (token, docs, found.total)


def _filters(call: ApiCall) -> Filter:
    body = call.body
    filters = Filter().among("warehouse_id", body.get("warehouse_ids"))
    for name, column in (("order_status", "status"), ("shipping_type", "shipping_type"), ("buyer_user_id", "user_id")):
        if body.get(name):
            filters = filters.also(f"{column} = ?", body[name])
    if body.get("is_buyer_request_cancel") is not None:
        filters = filters.also("is_buyer_request_cancel = ?", int(body["is_buyer_request_cancel"]))
    return filters


def detail(call: ApiCall) -> Mapping[str, Any] | bytes:
    """The orders of the ids that were sent, in their order; ids of nobody or of another shop are left out."""
    ids = list(dict.fromkeys(call.query["ids"]))
    wanted = Filter().also("shop = ?", call.the_shop.number).among("id", ids)
    sql = f"SELECT id, doc FROM orders WHERE {wanted.sql}"  # noqa: S608 - our own conditions
    found = dict(call.world.db.execute(sql, wanted.parameters).fetchall())
    docs = b",".join([found[number] for number in ids if number in found])
    return b'{"orders":[%b]}' % docs


def order_key(call: ApiCall, order_id: str) -> int:
    """The key of one of the shop's orders.

    Raises:
        ApiError: 21008111, when the shop has no such order.
    """
    key = call.world.key("orders", call.the_shop, order_id)
    if key is None:
        raise ApiError(21008111, "The order does not belong to the seller.", 400)
    return key


def prices(call: ApiCall) -> Mapping[str, Any]:
    """How an order's price came about."""
    with call.world.reading() as store:
        return price_detail(call.the_shop, store.orders[order_key(call, call.path["order_id"])])


ENDPOINTS = (
    Endpoint(
        "POST",
        "/order/202309/orders/search",
        "seller.order.info",
        search,
        query={
            "page_size": Param("integer", required=True, low=1, high=100, default=20),
            "page_token": PAGE_TOKEN,
            "sort_field": sort_field("create_time", "update_time", default="create_time"),
            "sort_order": sort_order("DESC"),
        },
        body={
            "order_status": Param("string", values=STATUSES),
            "create_time_ge": TIME,
            "create_time_lt": TIME,
            "update_time_ge": TIME,
            "update_time_lt": TIME,
            "shipping_type": Param("string", values=("TIKTOK", "SELLER", "TIKTOK_DIGITAL")),
            "buyer_user_id": TEXT,
            "is_buyer_request_cancel": Param("boolean"),
            "warehouse_ids": Param("array", items=TEXT, max_count=100),
        },
    ),
    *(
        Endpoint(
            "GET",
            f"/order/{version}/orders",
            "seller.order.info",
            detail,
            query={"ids": Param("array", required=True, max_count=50, items=TEXT)},
        )
        for version in ("202309", "202507")
    ),
    Endpoint("GET", "/order/202407/orders/{order_id}/price_detail", "seller.order.info", prices),
)
