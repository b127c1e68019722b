"""Statements, payments, and what is not settled yet."""

from tiktokshop_client.operations._operation import SOUTH_EAST_ASIA, Operation

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
