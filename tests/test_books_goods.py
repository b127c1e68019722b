"""What dbt-tiktokshop says of stock, products, creators and the runs themselves is what the records say."""

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal

import pytest
from books import STALE, books  # noqa: F401 - the fixture
from store_places import postgresql_port  # noqa: F401 - one server for all files

pytestmark = pytest.mark.slow
ZERO = Decimal(0)
BEFORE, NOW = dt.date(2026, 5, 30), dt.date(2026, 6, 1)
DAYS = [BEFORE, dt.date(2026, 5, 31), NOW]


def by(rows, *names):
    return {tuple(row[name] for name in names): row for row in rows}


def cut(part, whole):
    """A quotient with six decimals, the rest cut off; None of nothing."""
    return None if not whole else Decimal(int(Decimal(part) * 1_000_000 / whole)) / 1_000_000


def gone(books):  # noqa: F811
    return {(row["shop_id"], row["id"]) for row in books.of("stg_tiktokshop__products_deleted")}


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_every_day_since_the_first_snapshot_has_the_latest_one_until_then(books, engine):  # noqa: F811
    rows = by(books.of("tiktokshop__inventory_daily", engine), "day", "sku_id", "warehouse_id")
    records = [row for row in books.records["inventory"] if (row["shop_id"], row["product_id"]) not in gone(books)]
    assert len(rows) == len(records) * len(DAYS) > 0
    for record in records:
        for day in DAYS:
            row = rows[day, record["sku_id"], record["warehouse_id"]]
            stale = STALE["inventory"]["available_quantity"]
            assert row["available_units"] == (record["available_quantity"] if day == NOW else stale)
            assert row["committed_units"] == record["committed_quantity"]
            assert row["snapshot_day"] == (NOW if day == NOW else BEFORE)
            assert (row["seller_sku"], row["product_id"]) == (record["seller_sku"], record["product_id"])


def test_a_loader_that_keeps_one_row_of_each_key_has_the_same_history(books):  # noqa: F811
    daily = "tiktokshop__inventory_daily"
    assert {row["snapshot_day"] for row in books.of(daily, "postgres")} == {BEFORE, NOW}
    assert books.of(daily, "postgres") == books.of(daily)


def test_days_of_cover_are_the_stock_of_all_warehouses_by_what_four_weeks_have_sold(books):  # noqa: F811
    sold, first = Counter(), {}
    for row in books.of("tiktokshop__order_lines"):
        sold[row["sku_id"], row["order_date"]] += row["sold_quantity"]
        first[row["shop_id"]] = min(first.get(row["shop_id"], NOW), row["order_date"])
    stock = defaultdict(int)
    rows = books.of("tiktokshop__inventory_daily")
    for row in rows:
        stock[row["sku_id"], row["day"]] += row["available_units"]
    for row in rows:
        days = min(28, (row["day"] - first[row["shop_id"]]).days + 1)
        units = sum(sold[row["sku_id"], row["day"] - dt.timedelta(days=back)] for back in range(28))
        assert (row["units_sold"], row["sales_days"]) == (units, days)
        assert row["sku_available_units"] == stock[row["sku_id"], row["day"]]
        assert row["units_per_day"] == cut(units, days)
        assert row["days_of_cover"] == cut(stock[row["sku_id"], row["day"]] * days, units)
    assert any(row["days_of_cover"] for row in rows)


def test_the_profit_of_an_order_s_lines_adds_up_to_that_of_the_order(books):  # noqa: F811
    lines = defaultdict(Decimal)
    for row in books.of("tiktokshop__line_profit"):
        lines[row["order_id"]] += row["profit"]
    assert dict(lines) == {row["order_id"]: row["profit"] for row in books.of("tiktokshop__order_profit")}
    assert any(lines.values())


def test_a_line_s_part_of_the_profit_goes_by_its_revenue(books):  # noqa: F811
    profit = by(books.of("tiktokshop__order_profit"), "order_id")
    revenue = defaultdict(Decimal)
    lines = books.of("tiktokshop__order_lines")
    for row in lines:
        revenue[row["order_id"]] += row["revenue"]
    parts = by(books.of("tiktokshop__line_profit"), "order_id", "sku_id")
    for row in lines:
        if revenue[row["order_id"]]:
            exact = profit[row["order_id"],]["profit"] * row["revenue"] / revenue[row["order_id"]]
            assert abs(parts[row["order_id"], row["sku_id"]]["profit"] - exact) <= Decimal("0.011")


def test_a_product_s_sales_returns_and_profit_are_those_of_its_lines(books):  # noqa: F811
    units, revenue, profit, refunds, back = Counter(), Counter(), Counter(), Counter(), Counter()
    product = {}
    for row in books.of("tiktokshop__order_lines"):
        units[row["product_id"]] += row["sold_quantity"]
        revenue[row["product_id"]] += row["revenue"]
        product[row["order_id"], row["sku_id"]] = row["product_id"]
    for row in books.of("tiktokshop__line_profit"):
        profit[row["product_id"]] += row["profit"]
    for row in books.of("tiktokshop__return_lines"):
        if row["is_refunded"]:
            refunds[product[row["order_id"], row["sku_id"]]] += row["refund_total"]
            back[product[row["order_id"], row["sku_id"]]] += 1
    for row in books.of("tiktokshop__product_scorecard"):
        name = row["product_id"]
        found = (row["units"], row["revenue"], row["profit"], row["refunds"], row["returned_units"])
        assert found == (units[name], revenue[name], profit[name], refunds[name], back[name])
        assert row["return_rate"] == (cut(back[name], units[name]) if name in units else None)
    assert sum(back.values()) > 0


def test_the_scorecard_has_every_product_with_its_listing_and_its_stock(books):  # noqa: F811
    rows = by(books.of("tiktokshop__product_scorecard"), "product_id")
    listed = {row["id"]: row for row in books.records["products"]}
    assert {name for (name,) in rows} == listed.keys() | {
        row["product_id"] for row in books.of("tiktokshop__order_lines")
    }
    stock = Counter()
    for row in books.records["inventory"]:
        stock[row["product_id"]] += row["available_quantity"]
    diagnosed = {row["id"]: row for row in books.records["product_diagnoses"]}
    for name, record in listed.items():
        row = rows[name,]
        assert row["currency"] == {"US": "USD", "GB": "GBP"}[books_region(books, row["shop_id"])]
        if record["title"]:
            assert (row["title"], row["status"]) == (record["title"], record["status"])
        assert row["available_units"] == (None if name not in stock or row["status"] == "DELETED" else stock[name])
        problems = diagnosed.get(name, {}).get("diagnoses") or []
        assert row["listing_problems"] == sum(len(one["diagnosis_results"] or ()) for one in problems)
        quality = (diagnosed.get(name, {}).get("listing_quality") or {}).get("current_tier")
        assert row["listing_quality"] == (quality or record["listing_quality_tier"] or None)


def books_region(books, shop):  # noqa: F811
    return next(row["region"] for row in books.records["shops"] if row["id"] == shop)


def test_what_a_run_could_not_read_is_a_row_of_data_quality(books):  # noqa: F811
    british = [row["id"] for row in books.records["shops"] if row["region"] == "GB"]
    summary = {(row["shop_id"], row["stream"]): row for row in books.records["run_summary"]}
    for engine in ("duckdb", "postgres"):
        rows = [row for row in books.of("tiktokshop__data_quality", engine) if row["stream"] == "shop_score"]
        assert [row["shop_id"] for row in rows] == british
        (row,) = rows
        assert (row["kind"], row["count"], row["is_latest"], row["is_unread"]) == ("skipped", 1, True, True)
        told = summary[row["shop_id"], "shop_score"]
        assert (row["run_id"], row["detail"]) == (told["run_id"], told["reason"])
        assert row["day"] == NOW


def test_creators_sales_and_commissions_are_those_of_the_orders_and_statements(books):  # noqa: F811
    final, estimated, orders = defaultdict(Decimal), defaultdict(Decimal), defaultdict(set)
    days = by(books.of("tiktokshop__orders"), "order_id")
    for order in books.records["affiliate_orders"]:
        month = days[order["id"],]["order_date"].replace(day=1)
        for sku in order["skus"]:
            key = (order["shop_id"], month, sku["price"]["currency"])
            orders[key].add(order["id"])
            if sku.get("settlement_status") in {"SETTLED", "INELIGIBLE"}:
                final[key] += Decimal(sku["actual_paid_commission"]["amount"])
            else:
                estimated[key] += Decimal(sku["estimated_paid_commission"]["amount"])
    settled = defaultdict(Decimal)
    for row in books.of("tiktokshop__settlement_lines"):
        if row["category"] == "affiliate_commission":
            settled[row["shop_id"], row["covered_date"].replace(day=1), row["currency"]] += row["amount"]
    rows = by(books.of("tiktokshop__affiliate_monthly"), "shop_id", "month", "currency")
    assert rows.keys() == orders.keys() | settled.keys()
    for key, row in rows.items():
        assert row["orders"] == len(orders[key])
        assert (row["commission"], row["estimated_commission"]) == (final[key], estimated[key])
        assert row["settled_amount"] == settled[key]
    assert sum(final.values()) > 0 > sum(settled.values())
