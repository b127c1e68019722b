"""Statements, their transactions, and payments."""

from tiktokshop_client import operations

from tap_tiktokshop.bookmarks import OpenRows
from tap_tiktokshop.reading import DAY, Children, TimeFilter, Windows
from tap_tiktokshop.streams.base import Declaration

EARLIEST = 1_688_169_600
"""2023-07-01: the platform keeps no finance data from before."""
FIRST = 90 * DAY
"""The finance lists do not say how many rows they have, so the first window is short and shows how dense they are."""

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
    open_rows=OpenRows("payment_status", frozenset({"PAID"})),
    reading=READ_STATEMENTS,
)

STATEMENT_TRANSACTIONS = Declaration(
    name="statement_transactions",
    summary="The orders and adjustments that a statement settles, with every fee and tax.",
    keys=("shop_id", "statement_id", "id"),
    replication_key="statement_time",
    reading=Children(
        parents=READ_STATEMENTS,
        operation=operations.GET_STATEMENT_TRANSACTIONS,
        path="statement_id",
        key="id",
        key_fallbacks=("adjustment_id", "reserve_id"),
        inherit={"statement_id": "id", "statement_time": "statement_time", "currency": "currency"},
        query={"sort_field": "order_create_time", "sort_order": "ASC"},
    ),
)

PAYMENTS = Declaration(
    name="payments",
    summary="Payouts to the seller's bank account.",
    keys=("shop_id", "id"),
    replication_key="create_time",
    open_rows=OpenRows("status", frozenset({"PAID"})),
    reading=Windows(
        operation=operations.GET_PAYMENTS,
        filter=TimeFilter("create_time", where="query"),
        key="id",
        query={"sort_field": "create_time", "sort_order": "ASC"},
        first=FIRST,
        earliest=EARLIEST,
    ),
)

STREAMS = (STATEMENTS, STATEMENT_TRANSACTIONS, PAYMENTS)
