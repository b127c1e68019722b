"""Statements, their transactions, payments, and money on its way."""

from dataclasses import replace

from tiktokshop_client import operations

from tap_tiktokshop.reading import IDENTITY, Children, Parents, TimeFilter, Windows
from tap_tiktokshop.reading.open_rows import OpenRows, until
from tap_tiktokshop.streams.declaration import Declaration
from tap_tiktokshop.streams.shapes import settling
from tap_tiktokshop.times import DAY

EARLIEST = 1_688_169_600
"""2023-07-01: the platform keeps no finance data from before."""
EARLIEST_UNSETTLED = 1_735_689_600
"""2025-01-01: the same for what is not settled."""
FIRST = 90 * DAY
"""Some finance lists do not say how many rows they have, so the first window is short and shows how dense they are."""
AGAIN = 60
"""Days for which the platform may change what it has called paid. A list has a row a day, so that they all fit the page
of 100 that is asked for anyway."""
AMOUNTS = (
    *("settlement_amount", "revenue_amount", "net_sales_amount", "fee_amount", "shipping_cost_amount"),
    "adjustment_amount",
)
UNPAID = OpenRows(until("payment_status", "PAID"), again=AGAIN, tells=AMOUNTS)

PAYMENT = (
    *("status", "amount", "settlement_amount", "payment_amount_before_exchange", "exchange_rate", "paid_time"),
    *("reserve_amount", "bank_account"),
)
MOVED = ("SUCCESS", "PROCESSED", "RECEIVED", "FAILED", "REVERSED", "CLOSED")

READ_STATEMENTS = Windows(
    operation=operations.GET_STATEMENTS,
    filter=TimeFilter("statement_time", where="query"),
    key="id",
    query={"sort_field": "statement_time", "sort_order": "ASC"},
    first=FIRST,
    earliest=EARLIEST,
)

STATEMENTS = Declaration(
    name="statements",
    summary="Daily statements: what was earned, charged and settled.",
    keys=("shop_id", "id"),
    replication_key="statement_time",
    open_rows=replace(UNPAID, tells=(*AMOUNTS, "currency", "payment_status", "payment_id", "payment_time")),
    how="incremental on `statement_time`; unpaid ones again, and those of 60 days that have changed",
    reading=READ_STATEMENTS,
)

READ_STATEMENT_TRANSACTIONS = Children(
    parents=(Parents(READ_STATEMENTS, "id", ("currency", "payment_status", *AMOUNTS), final=UNPAID),),
    operation=operations.GET_STATEMENT_TRANSACTIONS,
    path="statement_id",
    key="id",
    key_fallbacks=("adjustment_id", "reserve_id"),
    name="statement_id",
    inherit={"statement_time": "statement_time", "currency": "currency"},
    query={"sort_field": "order_create_time", "sort_order": "ASC"},
)

STATEMENT_TRANSACTIONS = Declaration(
    name="statement_transactions",
    summary="The orders and adjustments that a statement settles, with every fee and tax.",
    keys=("shop_id", "statement_id", "id"),
    replication_key="statement_time",
    open_rows=UNPAID,
    how="of new statements, once more when they are paid, and again if one of 60 days has changed",
    reading=READ_STATEMENT_TRANSACTIONS,
)

ORDER_TRANSACTIONS = Declaration(
    name="order_transactions",
    summary="What an order brought and cost, SKU by SKU, over all its statements.",
    keys=("shop_id", "order_id"),
    follows="statement_time",
    off=True,
    how="of settled orders",
    reading=Children(
        parents=(Parents(READ_STATEMENT_TRANSACTIONS, "order_id", once=IDENTITY),),
        operation=operations.GET_ORDER_TRANSACTIONS,
        key=None,
        path="order_id",
        name="order_id",
    ),
)

PAYMENTS = Declaration(
    name="payments",
    summary="Payouts to the seller's bank account.",
    keys=("shop_id", "id"),
    replication_key="create_time",
    open_rows=OpenRows(until("status", "PAID"), again=AGAIN, tells=PAYMENT),
    how="incremental on `create_time`; unpaid ones again, and those of 60 days that have changed",
    reading=Windows(
        operation=operations.GET_PAYMENTS,
        filter=TimeFilter("create_time", where="query"),
        key="id",
        query={"sort_field": "create_time", "sort_order": "ASC"},
        first=FIRST,
        earliest=EARLIEST,
    ),
)

WITHDRAWALS = Declaration(
    name="withdrawals",
    summary="Movements on the seller's balance: settlements, withdrawals, transfers and what was reversed.",
    keys=("shop_id", "id"),
    replication_key="create_time",
    open_rows=OpenRows(until("status", *MOVED), days=30, again=AGAIN, tells=("type", "status", "amount", "currency")),
    how="incremental on `create_time`; open ones again, and those of 60 days that have changed",
    reading=Windows(
        operation=operations.GET_WITHDRAWALS,
        filter=TimeFilter("create_time", where="query"),
        key="id",
        earliest=EARLIEST,
    ),
)

UNSETTLED_TRANSACTIONS = Declaration(
    name="unsettled_transactions",
    summary="Transactions that no statement has settled yet, with estimated amounts.",
    keys=("shop_id", "id"),
    departed={"status": "SETTLED"},
    shape=settling,
    how="whole, each run: a snapshot; what has left it is marked once",
    reading=Windows(
        operation=operations.GET_UNSETTLED,
        filter=TimeFilter("search_time", where="query"),
        key="id",
        key_fallbacks=("adjustment_id", "order_id"),
        query={"sort_field": "order_create_time", "sort_order": "ASC"},
        earliest=EARLIEST_UNSETTLED,
    ),
)

STREAMS = (STATEMENTS, STATEMENT_TRANSACTIONS, ORDER_TRANSACTIONS, PAYMENTS, WITHDRAWALS, UNSETTLED_TRANSACTIONS)
