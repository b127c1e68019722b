"""Marts made by hand: two shops, two currencies, and one of everything that a page has to show."""

import datetime as dt
from decimal import Decimal

import duckdb

TODAY = dt.date(2026, 10, 15)
FIRST, LAST = TODAY - dt.timedelta(days=28), TODAY - dt.timedelta(days=1)
NASTY = "<script>alert(1)</script>\"'&"
NOON = dt.datetime(2026, 10, 15, 12, tzinfo=dt.timezone.utc)
SCHEMA = "tiktokshop_books"
# Columns whose names do not say of which type they are.
TYPES = {
    **dict.fromkeys(("day", "month", "covered_date", "order_date", "create_date", "paid_date"), "date"),
    **dict.fromkeys(("return_date", "updated_date"), "date"),
    **dict.fromkeys(("payment_time", "update_time", "statement_time", "create_time"), "timestamptz"),
    **dict.fromkeys(("is_closed", "is_refunded", "is_latest", "is_unread"), "boolean"),
    **dict.fromkeys(("orders", "sold_quantity", "units", "returned_units", "statements", "checked"), "bigint"),
    **dict.fromkeys(("differences", "open_differences", "available_units", "committed_units"), "bigint"),
    **dict.fromkeys(("listing_problems", "count"), "bigint"),
    **dict.fromkeys(("revenue", "refunds", "amount", "settlement_amount", "reserve_amount"), "numeric(38, 9)"),
    **dict.fromkeys(("unsettled_amount", "unpaid_amount", "receivable", "refund_total", "profit"), "numeric(38, 9)"),
    **dict.fromkeys(("expected", "actual", "difference", "units_per_day", "days_of_cover"), "numeric(38, 9)"),
}


def money(text):
    return Decimal(text)


def ago(days):
    return TODAY - dt.timedelta(days=days)


def sales():
    for n in range(60):
        yield {
            "shop_id": "1",
            "day": ago(n),
            "currency": "GBP",
            "orders": n % 5,
            "revenue": money("10.10") * (n % 7),
            "refunds": money("1.01") if n == 3 else money(0),
        }
    yield {"shop_id": "1", "day": ago(5), "currency": "EUR", "orders": 1, "revenue": money("7.77"), "refunds": money(0)}
    yield {"shop_id": "2", "day": TODAY, "currency": "USD", "orders": 1, "revenue": money(3), "refunds": money(0)}


def order_lines():
    product = {"product_id": "p1", "product_name": f"Tea {NASTY}"}
    for n in range(60):
        line = {"shop_id": "1", "order_id": f"o{n}", "sku_id": "s1", "order_date": ago(n), "currency": "GBP"}
        yield {**line, **product, "sold_quantity": n % 3}
    yield {
        **line,
        "order_id": "x",
        "order_date": TODAY,
        "shop_id": "2",
        "sold_quantity": 1,
        "currency": "USD",
        **product,
    }


def settlement_lines():
    day = ago(4)
    for section, category, text in (
        ("revenue", "sales", "100.00"),
        ("revenue", "seller_discounts", "-10.00"),
        ("revenue", "refunds", "-5.50"),
        ("fee", "platform_commission", "-9.01"),
        ("fee", "other", "-0.50"),
        ("tax", "tax", "-2.00"),
        ("shipping", "shipping", "1.00"),
        ("adjustment", "advertising", "-3.33"),
        ("reserve", "reserves", "-6.00"),
    ):
        yield {
            "shop_id": "1",
            "currency": "GBP",
            "covered_date": day,
            "section": section,
            "category": category,
            "amount": money(text),
        }
    yield {
        "shop_id": "1",
        "currency": "GBP",
        "covered_date": ago(40),
        "section": "fee",
        "category": "tax",
        "amount": money(-1),
    }


def statements():
    one = {"shop_id": "1", "currency": "GBP", "statement_time": NOON}
    yield {
        **one,
        "statement_id": "st1",
        "covered_date": ago(4),
        "settlement_amount": money("50.66"),
        "reserve_amount": money("-6.00"),
        "payment_status": "PAID",
        "payment_id": "pay1",
        "payment_time": NOON,
    }
    yield {
        **one,
        "statement_id": "st2",
        "covered_date": ago(3),
        "settlement_amount": money("20.01"),
        "reserve_amount": money(0),
        "payment_status": "PROCESSING",
        "payment_id": "pay2",
        "payment_time": None,
    }


def payouts():
    one = {"shop_id": "1", "create_date": ago(2), "create_time": NOON, "statements": 1}
    yield {
        **one,
        "payment_id": "pay1",
        "paid_date": ago(1),
        "status": "PAID",
        "amount": money("44.66"),
        "currency": "GBP",
    }
    yield {
        **one,
        "payment_id": "pay2",
        "paid_date": None,
        "status": "FAILED",
        "amount": money("23.42"),
        "currency": "EUR",
    }


def fees():
    for months, factor in ((dt.date(2026, 9, 1), 2), (dt.date(2026, 10, 1), 1)):
        for section, category, text in (
            ("fee", "platform_commission", "-9.01"),
            ("tax", "tax", "-2.00"),
            ("shipping", "shipping", "1.00"),
        ):
            yield {
                "shop_id": "1",
                "month": months,
                "currency": "GBP",
                "section": section,
                "category": category,
                "amount": money(text) * factor,
                "revenue": money("84.50") * factor,
            }


def receivables():
    for n in range(10):
        yield {
            "shop_id": "1",
            "day": ago(n),
            "currency": "GBP",
            "unsettled_amount": money("30.30") + n,
            "unpaid_amount": money("20.01"),
            "receivable": money("50.31") + n,
        }


DIFFERENCE = {
    "shop_id": "1",
    "identity": "statement_transactions",
    "document": "statement",
    "document_id": "st1",
    "month": dt.date(2026, 9, 1),
    "currency": "GBP",
    "expected": money("50.66"),
    "actual": money("50.65"),
    "difference": money("0.01"),
    "cause": "unexplained",
}
MONTH = {"shop_id": "1", "checked": 40, "differences": 0, "open_differences": 0, "is_closed": True}
STOCK = {"shop_id": "1", "day": TODAY, "product_id": "p1", "committed_units": 1, "warehouse_id": "w1"}
PRODUCT = {"shop_id": "1", "currency": "GBP", "status": "ACTIVATE", "listing_quality": None, "listing_problems": 0}
MARTS = {
    "stg_tiktokshop__shops": [
        {"shop_id": "1", "name": f"Tea & {NASTY}", "region": "GB"},
        {"shop_id": "2", "name": "Zoe's", "region": "US"},
    ],
    "tiktokshop__sales_daily": list(sales()),
    "tiktokshop__order_lines": list(order_lines()),
    "tiktokshop__settlement_lines": list(settlement_lines()),
    "tiktokshop__statements": list(statements()),
    "tiktokshop__payouts": list(payouts()),
    "tiktokshop__fees_monthly": list(fees()),
    "tiktokshop__receivables_daily": list(receivables()),
    "tiktokshop__orders": [{"shop_id": "1", "update_time": NOON}],
    "tiktokshop__return_lines": [
        {
            "shop_id": "1",
            "order_id": "o4",
            "sku_id": "s1",
            "product_name": f"Old {NASTY}",
            "is_refunded": refunded,
            "return_reason": "CODE",
            "return_reason_text": reason,
            "return_date": ago(3),
            "updated_date": ago(2),
            "currency": "GBP",
            "refund_total": money("4.05"),
        }
        for refunded, reason in ((True, NASTY), (False, NASTY), (True, None))
    ],
    "tiktokshop__reconciliation": [
        {key: value for key, value in DIFFERENCE.items() if key != "cause"},
        {**DIFFERENCE, "document_id": "st2", "difference": money(0)},
    ],
    "tiktokshop__reconciliation_differences": [DIFFERENCE],
    "tiktokshop__books_closed": [
        {**MONTH, "month": dt.date(2026, 8, 1)},
        {**MONTH, "month": dt.date(2026, 9, 1), "differences": 2, "open_differences": 1, "is_closed": False},
        {**MONTH, "month": dt.date(2026, 10, 1)},
    ],
    "stg_tiktokshop__run_summary": [{"shop_id": "1"}],
    "tiktokshop__data_quality": [
        {"shop_id": "1", "day": TODAY, "stream": stream, "kind": kind, "count": 3, "detail": NASTY, **latest}
        for stream, kind, latest in (
            ("orders", "short", {"is_latest": True, "is_unread": True}),
            ("shop_score", "skipped", {"is_latest": True, "is_unread": True}),
            ("returns", "left_over", {"is_latest": False, "is_unread": True}),
        )
    ],
    "tiktokshop__inventory_daily": [
        {
            **STOCK,
            "sku_id": sku,
            "seller_sku": name,
            "available_units": units,
            "units_per_day": pace,
            "days_of_cover": days,
        }
        for sku, name, units, pace, days in (
            ("s1", NASTY, 3, money("1.5"), money(2)),
            ("s2", "GONE", 0, money("0.25"), money(0)),
            ("s3", "SLOW", 90, money("0.1"), money(900)),
            ("s4", "STILL", 7, money(0), None),
        )
    ],
    "tiktokshop__product_scorecard": [
        {
            **PRODUCT,
            "product_id": f"p{number}",
            "title": f"Tea {number} {NASTY}",
            "units": 20 - number,
            "revenue": money("9.99") * number,
            "refunds": money(0),
            "returned_units": number,
            "profit": money("5.55") * (4 - number),
            "available_units": number,
        }
        for number in range(1, 9)
    ]
    + [
        {
            **PRODUCT,
            "product_id": "bad",
            "title": f"Bad {NASTY}",
            "status": "FREEZE",
            "listing_quality": "POOR",
            "listing_problems": 2,
            "units": 0,
            "revenue": money(0),
            "refunds": money(0),
            "returned_units": 0,
            "profit": money(0),
            "available_units": None,
        }
    ],
}


def type_of(column):
    return TYPES.get(column, "varchar")


def fill(execute, marts=None, mark="?"):
    """Makes the tables, those of `marts` or all, by an engine's `execute`."""
    execute(f"create schema {SCHEMA}")
    for table, rows in (MARTS if marts is None else marts).items():
        columns = list({name: None for row in rows for name in row} or dict.fromkeys(MARTS[table][0]))
        described = ", ".join(f"{name} {type_of(name)}" for name in columns)
        execute(f"create table {SCHEMA}.{table} ({described})")
        marks = ", ".join(mark for _ in columns)
        for row in rows:
            execute(f"insert into {SCHEMA}.{table} values ({marks})", [row.get(name) for name in columns])


def warehouse(path, marts=None):
    """A DuckDB file with these marts."""
    with duckdb.connect(str(path)) as database:
        fill(database.execute, marts)
    return path
