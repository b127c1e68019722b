"""Statements and their transactions, payments, withdrawals, and what is not settled yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_sandbox.contract import ApiError, Endpoint, Param
from tiktokshop_sandbox.documents.finance import (
    Breakdown,
    flat_order_transaction,
    flat_transaction,
    payment_document,
    sku_transaction,
    statement_document,
    statement_sums,
    transaction_document,
    unsettled_document,
    unsettled_sums,
    withdrawal_document,
)
from tiktokshop_sandbox.endpoints._listing import (
    PAGE_TOKEN,
    TIME,
    Filter,
    Listing,
    narrowed,
    of_shop,
    page,
    sort_field,
    sort_order,
)
from tiktokshop_sandbox.endpoints.orders import order_key
from tiktokshop_sandbox.life.amounts import Totals, totals
from tiktokshop_sandbox.markets import BY_REGION, SEA
from tiktokshop_sandbox.paging import absent_when_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.contract import ApiCall
    from tiktokshop_sandbox.endpoints._listing import Page
    from tiktokshop_sandbox.states import Statement, Transaction

SINCE = 1_735_689_600  # unsettled transactions exist since 2025-01-01
WITHDRAWAL_TYPES = ("WITHDRAW", "SETTLE", "TRANSFER", "REVERSE", "PAYMENT", "REFUND")
_SCOPE = "seller.finance.info"


def _answer(call: ApiCall, name: str, rows: list[dict[str, Any]], found: Page, *, total: bool = True) -> dict[str, Any]:
    data: dict[str, Any] = {"next_page_token": found.next_page_token, name: rows}
    if total:
        data["total_count"] = found.total
    return absent_when_empty(call, data, name)


def statements(call: ApiCall) -> Mapping[str, Any]:
    """A page of daily statements. There is no total."""
    filters = Filter().within(call.query, {"statement_time": "time"})
    if call.query.get("payment_status"):
        filters = filters.also("status = ?", call.query["payment_status"])
    found = page(call, narrowed(of_shop(call, "statements", "key", "time"), filters))
    with call.world.reading() as store:
        rows = [statement_document(call.the_shop, store.statements[row[2]]) for row in found.rows]
    return _answer(call, "statements", rows, found, total=False)


def payments(version: str) -> Callable[[ApiCall], Mapping[str, Any]]:
    """The handler of Get Payments in one version. There is no total."""

    def handler(call: ApiCall) -> Mapping[str, Any]:
        filters = Filter().within(call.query, {"create_time": "create_time"})
        found = page(call, narrowed(of_shop(call, "payments", "key", "create_time"), filters))
        with call.world.reading() as store:
            items = [store.payments[row[2]] for row in found.rows]
        rows = [payment_document(call.the_shop, item, reserve=version == "202309") for item in items]
        return _answer(call, "payments", rows, found, total=False)

    return handler


def withdrawals(call: ApiCall) -> Mapping[str, Any]:
    """A page of movements of the wanted types, oldest first."""
    filters = Filter().within(call.query, {"create_time": "create_time"}).among("type", call.query["types"])
    shop = call.the_shop
    oldest_first = Listing("withdrawals", "key", "create_time", False, Filter().also("shop = ?", shop.number))
    found = page(call, narrowed(oldest_first, filters))
    with call.world.reading() as store:
        rows = [withdrawal_document(shop, store.withdrawals[row[2]]) for row in found.rows]
    return _answer(call, "withdrawals", rows, found)


def unsettled(call: ApiCall) -> Mapping[str, Any]:
    """A page of transactions that no statement has taken yet, with the sums of all of them."""
    shop = call.the_shop
    filters = Filter().also("statement IS NULL").also("order_create_time >= ?", SINCE)
    filters = filters.within(call.query, {"search_time": "order_create_time"})
    listing = narrowed(of_shop(call, "transactions", "key", "order_create_time"), filters)
    found = page(call, listing)
    sql = f"SELECT key FROM transactions WHERE {listing.filter.sql}"  # noqa: S608 - our own conditions
    with call.world.reading() as store:

        def summed() -> dict[str, Any]:
            keys = call.world.db.execute(sql, listing.filter.parameters).fetchall()
            return unsettled_sums(shop, (store.transactions[key] for (key,) in keys))

        sums = call.world.remembered(("sums", sql, listing.filter.parameters), summed)
        breakdown = Breakdown(shop, settled=False)
        rows = [unsettled_document(shop, store.transactions[row[2]], breakdown) for row in found.rows]
    return _answer(call, "transactions", rows, found) | sums


def _statement_page(call: ApiCall) -> tuple[Statement, list[Transaction], Page]:
    key = call.world.key("statements", call.the_shop, call.path["statement_id"])
    if key is None:
        raise ApiError(36009004, "StatementId is invalid", 400)
    filters = Filter().also("statement = ?", key)
    descending = call.query["sort_order"] == "DESC"
    found = page(call, Listing("transactions", "key", "order_create_time", descending, filters))
    with call.world.reading() as store:
        return store.statements[key], [store.transactions[row[2]] for row in found.rows], found


def by_statement(call: ApiCall) -> Mapping[str, Any]:
    """A page of a statement's transactions (202501).

    Raises:
        ApiError: 36009004, when the shop has no such statement.
    """
    statement, transactions, found = _statement_page(call)
    breakdown = Breakdown(call.the_shop, settled=True)
    rows = [transaction_document(call.the_shop, item, breakdown) for item in transactions]
    return statement_sums(call.the_shop, statement) | _answer(call, "transactions", rows, found)


def by_statement_flat(call: ApiCall) -> Mapping[str, Any]:
    """The same in 202309."""
    statement, transactions, found = _statement_page(call)
    head = statement_document(call.the_shop, statement)
    rows = [flat_transaction(call.the_shop, item) for item in transactions]
    return {
        "statement_id": statement.id,
        **{name: value for name, value in head.items() if name.endswith("_amount")},
        "statement_time": statement.time,
        "currency": call.the_shop.currency,
        **_answer(call, "statement_transactions", rows, found),
    }


def _settled(call: ApiCall) -> tuple[int, list[tuple[Transaction, Statement]]]:
    order_key(call, call.path["order_id"])
    found = call.world.db.execute(
        "SELECT key FROM transactions WHERE order_id = ? AND statement IS NOT NULL ORDER BY statement, key",
        (call.path["order_id"],),
    ).fetchall()
    (created,) = call.world.db.execute(
        "SELECT create_time FROM orders WHERE id = ?", (call.path["order_id"],)
    ).fetchone()
    with call.world.reading() as store:
        items = [store.transactions[key] for (key,) in found]
        return created, [(item, store.statements[item.statement]) for item in items]


def by_order(call: ApiCall) -> Mapping[str, Any]:
    """What an order brought so far, by SKU and statement (202501).

    Raises:
        ApiError: 21008111, when the shop has no such order.
    """
    shop = call.the_shop
    created, settled = _settled(call)
    settled = [(item, statement) for item, statement in settled if item.skus]
    breakdown = Breakdown(shop, settled=True)
    parts = [totals(item) for item, _ in settled]
    whole = Totals(sum(p.revenue for p in parts), sum(p.shipping for p in parts), sum(p.fees for p in parts), 0)
    rows = [sku_transaction(shop, part, statement.id, breakdown) for item, statement in settled for part in item.skus]
    return {
        "order_id": call.path["order_id"],
        "order_create_time": created,
        "currency": shop.currency,
        "revenue_amount": shop.amount(whole.revenue),
        "fee_and_tax_amount": shop.amount(whole.fees),
        "shipping_cost_amount": shop.amount(whole.shipping),
        "settlement_amount": shop.amount(whole.settlement),
        "sku_transactions": rows,
        "total_count": len(rows),
    }


def by_order_flat(call: ApiCall) -> Mapping[str, Any]:
    """The same in 202309, one row a transaction."""
    created, settled = _settled(call)
    return {
        "order_id": call.path["order_id"],
        "order_create_time": created,
        "statement_transactions": [
            flat_order_transaction(call.the_shop, item, statement) for item, statement in settled
        ],
    }


def _query(*fields: str, **more: Param) -> dict[str, Param]:
    return {
        "page_size": Param("integer", low=1, high=100, default=20),
        "page_token": PAGE_TOKEN,
        "sort_field": sort_field(*fields),
        "sort_order": sort_order("ASC"),
        **more,
    }


_OF_STATEMENT = "/finance/{}/statements/{{statement_id}}/statement_transactions"
_OF_ORDER = "/finance/{}/orders/{{order_id}}/statement_transactions"
_RETIRED = 1_786_752_000  # 2026-08-15: since then payments come in their newer version only

ENDPOINTS = (
    Endpoint(
        "GET",
        "/finance/202309/statements",
        _SCOPE,
        statements,
        query=_query(
            "statement_time",
            statement_time_ge=TIME,
            statement_time_lt=TIME,
            payment_status=Param("string", values=("PAID", "FAILED", "PROCESSING")),
        ),
    ),
    *(
        Endpoint(
            "GET",
            f"/finance/{version}/payments",
            _SCOPE,
            payments(version),
            query=_query("create_time", create_time_ge=TIME, create_time_lt=TIME),
            markets=frozenset(BY_REGION) - SEA,
            retired=retired,
        )
        for version, retired in (("202309", _RETIRED), ("202605", 0))
    ),
    Endpoint(
        "GET",
        "/finance/202309/withdrawals",
        _SCOPE,
        withdrawals,
        query={
            "types": Param("array", required=True, items=Param("string", values=WITHDRAWAL_TYPES)),
            "page_size": Param("integer", low=1, high=100, default=20),
            "page_token": PAGE_TOKEN,
            "create_time_ge": TIME,
            "create_time_lt": TIME,
        },
    ),
    Endpoint(
        "GET",
        "/finance/202507/orders/unsettled",
        _SCOPE,
        unsettled,
        query=_query("order_create_time", search_time_ge=TIME, search_time_lt=TIME),
    ),
    Endpoint("GET", _OF_STATEMENT.format("202501"), _SCOPE, by_statement, query=_query("order_create_time")),
    Endpoint("GET", _OF_STATEMENT.format("202309"), _SCOPE, by_statement_flat, query=_query("order_create_time")),
    Endpoint("GET", _OF_ORDER.format("202501"), _SCOPE, by_order),
    Endpoint("GET", _OF_ORDER.format("202309"), _SCOPE, by_order_flat, markets=frozenset({"US", "GB"})),
)
