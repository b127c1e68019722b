"""Older versions that clients still call: the newer operation, its parameters and its answer under older names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tiktokshop_sandbox.contract import Endpoint, Param
from tiktokshop_sandbox.documents import older
from tiktokshop_sandbox.endpoints import (
    affiliate_seller,
    analytics,
    compliance,
    decisions,
    fbt,
    global_products,
)
from tiktokshop_sandbox.endpoints._listing import TEXT

if TYPE_CHECKING:
    from tiktokshop_sandbox.contract import ApiCall

Shape = Callable[[dict[str, Any]], dict[str, Any]]
_NEWER: Final[Mapping[str, Endpoint]] = {
    endpoint.path: endpoint
    for family in (affiliate_seller, analytics, compliance, decisions, fbt, global_products)
    for endpoint in family.ENDPOINTS
}


@dataclass(frozen=True)
class Older:
    """How an older version differs from a newer one.

    `rows` is the list (or the object) of the answer that `shape` rewrites. `names` are parameters that were called
    otherwise, old to new; `without` were not there yet.
    """

    version: str
    newer: str
    rows: str = ""
    shape: Shape | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    def endpoint(self) -> Endpoint:
        """The older version, ready to be served."""
        newer = _NEWER[self.newer]
        family, _, rest = newer.path.removeprefix("/").split("/", 2)
        return replace(
            newer,
            path=f"/{family}/{self.version}/{rest}",
            query=self._older(newer.query),
            body=self._older(newer.body),
            handler=self._handler(newer),
        )

    def _older(self, params: Mapping[str, Param]) -> dict[str, Param]:
        old = {new: name for name, new in self.names.items()}
        return {old.get(name, name): param for name, param in params.items() if name not in self.without}

    def _handler(self, newer: Endpoint) -> Callable[[ApiCall], Mapping[str, Any] | bytes]:
        def handler(call: ApiCall) -> Mapping[str, Any] | bytes:
            return self._shown(answer_of(newer, call, self.names))

        return newer.handler if self.shape is None and not (self.names or self.without) else handler

    def _shown(self, data: dict[str, Any]) -> dict[str, Any]:
        found = data.get(self.rows)
        if self.shape is None or not found:
            return data
        shown = self.shape(found) if isinstance(found, dict) else [self.shape(row) for row in found]
        return {**data, self.rows: shown}


def answer_of(newer: Endpoint, call: ApiCall, names: Mapping[str, str]) -> dict[str, Any]:
    """What the newer operation answers, with its own defaults for what the older call cannot say."""

    def renamed(sent: Mapping[str, Any], params: Mapping[str, Param]) -> dict[str, Any]:
        defaults = {name: param.default for name, param in params.items() if param.default is not None}
        return defaults | {names.get(name, name): value for name, value in sent.items()}

    asked = replace(call, query=renamed(call.query, newer.query), body=renamed(call.body, newer.body))
    answer = newer.handler(asked)
    return msgspec.json.decode(answer) if isinstance(answer, bytes) else dict(answer)


_SHOP: Final = _NEWER["/analytics/202609/shop/performance"]
_INBOUND: Final = _NEWER["/fbt/202602/inbound_orders"]


def _shop_performance(shape: Shape) -> Callable[[ApiCall], Mapping[str, Any]]:
    """The shop's days; beside the days before, if it is asked to compare."""

    def intervals(call: ApiCall) -> dict[str, Any]:
        data = answer_of(_SHOP, call, {})
        return {**data, "performance": {"intervals": [shape(row) for row in data["performance"]["intervals"]]}}

    def handler(call: ApiCall) -> Mapping[str, Any]:
        data = intervals(call)
        if call.query.get("with_comparison"):
            start, end = (date.fromisoformat(call.query[name]) for name in ("start_date_ge", "end_date_lt"))
            before = {"start_date_ge": (start - (end - start)).isoformat(), "end_date_lt": start.isoformat()}
            compared = intervals(replace(call, query={**call.query, **before}))["performance"]["intervals"]
            data["performance"]["comparison_intervals"] = compared
        return data

    return handler


def _inbound_orders(call: ApiCall) -> Mapping[str, Any]:
    found = answer_of(_INBOUND, call, {"ids": "order_ids"})["inbound_orders"]
    lots = [lot for row in found for lot in row["inbound_goods_lot_receive_item_details"]]
    ids = list(dict.fromkeys(lot["goods_id"] for lot in lots))
    asked = replace(call, query={"page_size": max(len(ids), 1)}, body={"goods_ids": ids})
    goods = {item["id"]: item for item in fbt.search_goods(asked)["goods"]}
    return {"inbound_orders": [older.delivery_202409(row, goods) for row in found]}


_A: Final = "/affiliate_seller"
_OLDER: Final = (
    Older("202309", "/return_refund/202602/cancellations", without=("order_line_list",)),
    Older("202309", "/product/202312/global_products/search"),
    *(
        Older("202409", f"/product/202501/compliance/{rows}/search", rows, older.contact_202409, without=("locales",))
        for rows in ("manufacturers", "responsible_persons")
    ),
    Older("202409", "/fbt/202607/goods/search", "goods", older.goods_202409),
    Older("202409", f"{_A}/202412/open_collaborations/search", "open_collaborations", older.offer_202409),
    Older(
        "202409",
        f"{_A}/202508/target_collaborations/search",
        "target_collaborations",
        older.invitation_202409,
        {"creator_user_id": "creator_user_open_id"},
    ),
    Older(
        "202409",
        f"{_A}/202508/target_collaborations/{{target_collaboration_id}}",
        "target_collaboration",
        older.invitation_detail_202409,
    ),
    Older(
        "202409",
        f"{_A}/202508/sample_applications/search",
        "sample_applications",
        older.application_202409,
        {"creator_user_id": "creator_user_oepn_id"},
    ),
    Older(
        "202405",
        "/analytics/202605/shop_products/performance",
        "products",
        older.product_202405,
        without=("category_filter", "product_status_filter"),
    ),
    Older("202509", "/analytics/202605/shop_products/performance", "products", older.product_202509),
    Older("202409", "/analytics/202605/shop_videos/performance", "videos", older.video_202409),
    Older("202509", "/analytics/202605/shop_videos/performance", "videos", older.video_202509),
)

ENDPOINTS = (
    *(one.endpoint() for one in _OLDER),
    replace(
        _SHOP,
        path="/analytics/202405/shop/performance",
        query={**_SHOP.query, "with_comparison": Param("boolean", default=False)},
        handler=_shop_performance(older.interval_202405),
    ),
    replace(_SHOP, path="/analytics/202509/shop/performance", handler=_shop_performance(older.interval_202509)),
    replace(
        _INBOUND,
        path="/fbt/202409/inbound_orders",
        query={"ids": Param("array", required=True, items=TEXT, max_count=fbt.MOST_ORDERS)},
        handler=_inbound_orders,
    ),
)
