"""Packages: search, detail and where they are. What ships them is in `shipping`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.documents.packages import package_detail, tracking
from tiktokshop_sandbox.endpoints._listing import (
    PAGE_TOKEN,
    TIME,
    Filter,
    narrowed,
    of_shop,
    page,
    sort_field,
    sort_order,
)
from tiktokshop_sandbox.endpoints.orders import order_key
from tiktokshop_sandbox.paging import absent_when_empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.contract import ApiCall

NOT_FOUND, OF_ANOTHER_SHOP = 21011001, 21011028
_SCOPE = "seller.fulfillment.basic"


def search(call: ApiCall) -> Mapping[str, Any] | bytes:
    """A page of packages."""
    filters = Filter().within(call.body, {"create_time": "create_time", "update_time": "update_time"})
    if call.body.get("package_status"):
        filters = filters.also("status = ?", call.body["package_status"])
    found = page(call, narrowed(of_shop(call, "packages", "doc", call.query["sort_field"]), filters))
    if not found.rows:
        data = {"next_page_token": "", "packages": [], "total_count": found.total}
        return absent_when_empty(call, data, "packages")
    docs = b",".join([row[2] for row in found.rows])
    token = found.next_page_token.encode()
    return b'{"next_page_token":"%b","total_count":%d,"packages":[%b]}' % (token, found.total, docs)


def package_place(call: ApiCall, package_id: str) -> tuple[int, int]:
    """The order's key and the package's index in it.

    Raises:
        ApiError: 21011001 when there is no such package, 21011028 when it is another shop's.
    """
    row = call.world.db.execute("SELECT key, shop FROM packages WHERE id = ?", (package_id,)).fetchone()
    if row is None:
        raise ApiError(NOT_FOUND, "Package not found.", 400)
    key, shop = row
    if shop != call.the_shop.number:
        raise ApiError(OF_ANOTHER_SHOP, "The package does not belong to this shop.", 400)
    number, index = divmod(key & 0xFFFFFFFF, 64)
    return call.the_shop.key(number), index


def detail(call: ApiCall) -> Mapping[str, Any]:
    """Everything about a package."""
    key, index = package_place(call, call.path["package_id"])
    with call.world.reading() as store:
        order = store.orders[key]
        return package_detail(call.the_shop, store.parts(order, order.packages[index]))


def order_tracking(call: ApiCall) -> Mapping[str, Any]:
    """Where an order's parcels have been, newest first."""
    key = order_key(call, call.path["order_id"])
    with call.world.reading() as store:
        return {"tracking": tracking(store.orders[key])}


ENDPOINTS = (
    Endpoint(
        "POST",
        "/fulfillment/202309/packages/search",
        _SCOPE,
        search,
        query={
            "page_size": Param("integer", required=True, low=1, high=50),
            "page_token": PAGE_TOKEN,
            "sort_field": sort_field("create_time", "order_pay_time", "update_time", default="create_time"),
            "sort_order": sort_order("DESC"),
        },
        body={
            "create_time_ge": TIME,
            "create_time_lt": TIME,
            "update_time_ge": TIME,
            "update_time_lt": TIME,
            "package_status": Param(
                "string", values=("TO_FULFILL", "PROCESSING", "FULFILLING", "COMPLETED", "CANCELLED")
            ),
        },
    ),
    Endpoint("GET", "/fulfillment/202309/packages/{package_id}", _SCOPE, detail),
    Endpoint("GET", "/fulfillment/202309/orders/{order_id}/tracking", _SCOPE, order_tracking),
)
