"""The platform's endpoints as data. Nobody else writes a path."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

SOUTH_EAST_ASIA = frozenset({"ID", "MY", "PH", "SG", "TH", "VN"})
SHIPPED_BY_SELLER = frozenset({"US", "GB", "ES", "IE", "IT", "DE", "FR", "JP"})

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_PATH_VALUE = re.compile(r"[A-Za-z0-9_-]+")

QueryDefault = str | tuple[str, ...]


def same_region(region: str) -> str:
    """A shop's region code in one spelling: the platform writes both ``UK`` and ``GB``."""
    return {"UK": "GB"}.get(region.upper(), region.upper())


@dataclass(frozen=True)
class Operation:
    """One endpoint of the platform.

    Attributes:
        name: Ours, in snake_case; it is what logs and errors call the endpoint.
        method: The HTTP method.
        path: The path with ``{parameters}``, without a trailing slash.
        scope: The scope that the app and the seller's grant must have; missing answers code 105005.
        cipher: Whether ``shop_cipher`` must be sent; where it must not, sending it is an error.
        rows: The key of the list in ``data``, if the answer is one.
        paging: Where ``page_size`` and ``page_token`` go, None if the list comes whole.
        page_size: The largest page the platform allows, and the one we ask for.
        query: Query parameters sent unless the caller sends others; the finance lists insist on ``sort_field``.
        markets: The only regions that have the endpoint; None if all do.
        not_in: Regions documented as not having it. Some shops there are served, so it is asked all the
            same, and a refusal is reported as "not available in this market".
        repeatable: Whether sending it twice does no harm, so that an attempt with an unclear end may be
            repeated.
        partial: The keys of ``data`` under which refused rows hide although the answer has code 0.
        fallback: An older path with the same answer, used when the platform does not know ``path``.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    scope: str
    cipher: bool = True
    rows: str | None = None
    paging: Literal["query", "body"] | None = None
    page_size: int | None = None
    query: Mapping[str, QueryDefault] = field(default_factory=lambda: MappingProxyType({}))
    markets: frozenset[str] | None = None
    not_in: frozenset[str] = frozenset()
    repeatable: bool = True
    partial: tuple[str, ...] = ()
    fallback: str | None = None

    @property
    def family(self) -> str:
        """The API family, which shares one request budget: the first part of the path."""
        return self.path.split("/")[1]

    def excluded_from(self, region: str) -> bool:
        """Whether only other regions have this endpoint, so that a call cannot succeed."""
        return self.markets is not None and same_region(region) not in self.markets

    def undocumented_in(self, region: str) -> bool:
        """Whether the documentation says that this region does not have the endpoint."""
        return self.excluded_from(region) or same_region(region) in self.not_in

    def fill(self, template: str, values: Mapping[str, str]) -> str:
        """``template`` with its parameters replaced by ``values``, which are ids.

        Raises:
            ValueError: A parameter is missing, unknown, or could be read as another path.
        """
        wanted = set(_PLACEHOLDER.findall(template))
        if wanted != set(values):
            raise ValueError(f"{self.name} takes the path parameters {sorted(wanted)}, not {sorted(values)}")
        for key, value in values.items():
            if not _PATH_VALUE.fullmatch(value):
                raise ValueError(f"{self.name}: the path parameter {key} is not an id")
        return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


# -- reading ---------------------------------------------------------------------------------------------------

GET_SHOPS = Operation(
    "get_shops",
    "GET",
    "/authorization/202309/shops",
    "seller.authorization.info",
    cipher=False,
    rows="shops",
)
GET_PERMISSIONS = Operation(
    "get_permissions",
    "GET",
    "/seller/202309/permissions",
    "seller.shop.info",
    cipher=False,
    rows="permissions",
)
SEARCH_ORDERS = Operation(
    "search_orders",
    "POST",
    "/order/202309/orders/search",
    "seller.order.info",
    rows="orders",
    paging="query",
    page_size=100,
)
GET_ORDERS = Operation("get_orders", "GET", "/order/202507/orders", "seller.order.info", rows="orders")
GET_PRICE_DETAIL = Operation(
    "get_price_detail",
    "GET",
    "/order/202407/orders/{order_id}/price_detail",
    "seller.order.info",
)
SEARCH_PRODUCTS = Operation(
    "search_products",
    "POST",
    "/product/202502/products/search",
    "seller.product.basic",
    rows="products",
    paging="query",
    page_size=100,
)
GET_PRODUCT = Operation(
    "get_product",
    "GET",
    "/product/202309/products/{product_id}",
    "seller.product.basic",
)
SEARCH_INVENTORY = Operation(
    "search_inventory",
    "POST",
    "/product/202309/inventory/search",
    "seller.product.basic",
    rows="inventory",
)
SEARCH_RETURNS = Operation(
    "search_returns",
    "POST",
    "/return_refund/202602/returns/search",
    "seller.return_refund.basic",
    rows="return_orders",
    paging="query",
    page_size=50,
)
SEARCH_CANCELLATIONS = Operation(
    "search_cancellations",
    "POST",
    "/return_refund/202602/cancellations/search",
    "seller.return_refund.basic",
    rows="cancellations",
    paging="query",
    page_size=50,
)
GET_RETURN_RECORDS = Operation(
    "get_return_records",
    "GET",
    "/return_refund/202309/returns/{return_id}/records",
    "seller.return_refund.basic",
    rows="records",
)
GET_REJECT_REASONS = Operation(
    "get_reject_reasons",
    "GET",
    "/return_refund/202309/reject_reasons",
    "seller.return_refund.basic",
    rows="reasons",
)
GET_STATEMENTS = Operation(
    "get_statements",
    "GET",
    "/finance/202309/statements",
    "seller.finance.info",
    rows="statements",
    paging="query",
    page_size=100,
    query={"sort_field": "statement_time"},
)
GET_STATEMENT_TRANSACTIONS = Operation(
    "get_statement_transactions",
    "GET",
    "/finance/202501/statements/{statement_id}/statement_transactions",
    "seller.finance.info",
    rows="transactions",
    paging="query",
    page_size=100,
    query={"sort_field": "order_create_time"},
)
GET_ORDER_TRANSACTIONS = Operation(
    "get_order_transactions",
    "GET",
    "/finance/202501/orders/{order_id}/statement_transactions",
    "seller.finance.info",
    rows="sku_transactions",
)
GET_PAYMENTS = Operation(
    "get_payments",
    "GET",
    "/finance/202605/payments",
    "seller.finance.info",
    rows="payments",
    paging="query",
    page_size=100,
    query={"sort_field": "create_time"},
    not_in=SOUTH_EAST_ASIA,
    fallback="/finance/202309/payments",
)
GET_WITHDRAWALS = Operation(
    "get_withdrawals",
    "GET",
    "/finance/202309/withdrawals",
    "seller.finance.info",
    rows="withdrawals",
    paging="query",
    page_size=100,
    query={"types": ("PAYMENT", "REFUND", "REVERSE", "SETTLE", "TRANSFER", "WITHDRAW")},
)
GET_UNSETTLED = Operation(
    "get_unsettled",
    "GET",
    "/finance/202507/orders/unsettled",
    "seller.finance.info",
    rows="transactions",
    paging="query",
    page_size=100,
    query={"sort_field": "order_create_time"},
)
SEARCH_PACKAGES = Operation(
    "search_packages",
    "POST",
    "/fulfillment/202309/packages/search",
    "seller.fulfillment.basic",
    rows="packages",
    paging="query",
    page_size=50,
)
GET_PACKAGE = Operation(
    "get_package",
    "GET",
    "/fulfillment/202309/packages/{package_id}",
    "seller.fulfillment.basic",
)
GET_WAREHOUSES = Operation(
    "get_warehouses",
    "GET",
    "/logistics/202309/warehouses",
    "seller.logistics",
    rows="warehouses",
)
GET_DELIVERY_OPTIONS = Operation(
    "get_delivery_options",
    "GET",
    "/logistics/202309/warehouses/{warehouse_id}/delivery_options",
    "seller.logistics",
    rows="delivery_options",
)
GET_SHIPPING_PROVIDERS = Operation(
    "get_shipping_providers",
    "GET",
    "/logistics/202309/delivery_options/{delivery_option_id}/shipping_providers",
    "seller.logistics",
    rows="shipping_providers",
)
GET_EXTERNAL_ORDERS = Operation(
    "get_external_orders",
    "GET",
    "/order/202406/orders/{order_id}/external_orders",
    "seller.order.info",
    rows="external_orders",
)

# -- writing ---------------------------------------------------------------------------------------------------

UPDATE_INVENTORY = Operation(
    "update_inventory",
    "POST",
    "/product/202309/products/{product_id}/inventory/update",
    "seller.product.write",
    partial=("errors",),
)
UPDATE_PRICES = Operation(
    "update_prices",
    "POST",
    "/product/202309/products/{product_id}/prices/update",
    "seller.product.write",
)
MARK_PACKAGE_AS_SHIPPED = Operation(
    "mark_package_as_shipped",
    "POST",
    "/fulfillment/202610/orders/{order_id}/packages",
    "seller.fulfillment.basic",
    markets=SHIPPED_BY_SELLER,
    repeatable=False,
    partial=("warning",),
)
MARK_PACKAGE_AS_SHIPPED_202309 = Operation(
    "mark_package_as_shipped_202309",
    "POST",
    "/fulfillment/202309/orders/{order_id}/packages",
    "seller.fulfillment.basic",
    markets=SHIPPED_BY_SELLER,
    repeatable=False,
    partial=("warning",),
)
SHIP_PACKAGE = Operation(
    "ship_package",
    "POST",
    "/fulfillment/202309/packages/{package_id}/ship",
    "seller.fulfillment.basic",
    repeatable=False,
)
SHIP_PACKAGES = Operation(
    "ship_packages",
    "POST",
    "/fulfillment/202309/packages/ship",
    "seller.fulfillment.basic",
    repeatable=False,
    partial=("errors",),
)
UPDATE_ORDER_SHIPPING_INFO = Operation(
    "update_order_shipping_info",
    "POST",
    "/fulfillment/202309/orders/{order_id}/shipping_info/update",
    "seller.fulfillment.basic",
    repeatable=False,
)
UPDATE_PACKAGE_SHIPPING_INFO = Operation(
    "update_package_shipping_info",
    "POST",
    "/fulfillment/202610/packages/{package_id}/shipping_info/update",
    "seller.fulfillment.basic",
    repeatable=False,
)
UPDATE_PACKAGE_SHIPPING_INFO_202309 = Operation(
    "update_package_shipping_info_202309",
    "POST",
    "/fulfillment/202309/packages/{package_id}/shipping_info/update",
    "seller.fulfillment.basic",
    repeatable=False,
)
ACTIVATE_PRODUCTS = Operation(
    "activate_products",
    "POST",
    "/product/202309/products/activate",
    "seller.product.write",
    partial=("errors",),
)
DEACTIVATE_PRODUCTS = Operation(
    "deactivate_products",
    "POST",
    "/product/202309/products/deactivate",
    "seller.product.write",
    partial=("errors",),
)
CANCEL_ORDER = Operation(
    "cancel_order",
    "POST",
    "/return_refund/202602/cancellations",
    "seller.return_refund.basic",
    repeatable=False,
)
# The decisions carry an idempotency key in the query.
APPROVE_CANCELLATION = Operation(
    "approve_cancellation",
    "POST",
    "/return_refund/202309/cancellations/{cancel_id}/approve",
    "seller.return_refund.basic",
)
REJECT_CANCELLATION = Operation(
    "reject_cancellation",
    "POST",
    "/return_refund/202309/cancellations/{cancel_id}/reject",
    "seller.return_refund.basic",
)
APPROVE_RETURN = Operation(
    "approve_return",
    "POST",
    "/return_refund/202309/returns/{return_id}/approve",
    "seller.return_refund.basic",
)
REJECT_RETURN = Operation(
    "reject_return",
    "POST",
    "/return_refund/202606/returns/{return_id}/reject",
    "seller.return_refund.basic",
    fallback="/return_refund/202309/returns/{return_id}/reject",
)
ADD_EXTERNAL_ORDERS = Operation(
    "add_external_orders",
    "POST",
    "/order/202406/orders/external_orders",
    "seller.order.info",
    partial=("errors",),
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {operation.name: operation for operation in list(globals().values()) if isinstance(operation, Operation)},
)
