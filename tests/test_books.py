"""dbt-tiktokshop on the real engines: what it makes of a shop is what the shop says, to the cent."""

import csv
import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from books import PACKAGE, books  # noqa: F401 - the fixture
from dbt_staging import day_name, kinds
from store_places import postgresql_port  # noqa: F401 - one server for all files
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.streams.declaration import load_schema

pytestmark = pytest.mark.slow
PREFIX = "tiktokshop__"
MARTS = sorted(path.stem for path in (PACKAGE / "models" / "marts").glob("*.sql"))
ZERO = Decimal(0)


def described():
    """Model -> what its YAML says."""
    files = (PACKAGE / "models").rglob("*.yml")
    return {one["name"]: one for file in files for one in yaml.safe_load(file.read_text()).get("models", ())}


def total(rows, column, **wanted):
    return sum((row[column] for row in rows if all(row[name] == value for name, value in wanted.items())), ZERO)


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_every_model_is_built_and_every_test_of_the_package_passes(books, engine):  # noqa: F811
    assert "Completed successfully" in books.said[engine]
    assert set(MARTS) <= set(books.rows[engine])


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_has_the_same_rows_in_both_engines(books, mart):  # noqa: F811
    assert books.of(mart) != []
    assert books.of(mart, "postgres") == books.of(mart)


def test_a_stream_that_was_not_loaded_is_said_and_nothing_fails(books):  # noqa: F811
    assert '"tiktokshop"."coupons" is not there, so nothing of the stream coupons is shown.' in books.said["duckdb"]
    assert "of the stream orders is shown" not in books.said["duckdb"]


def test_a_column_that_was_left_out_is_null(books):  # noqa: F811
    assert {row["cpf"] for row in books.of("stg_tiktokshop__orders")} == {None}


def test_the_freshness_of_a_source_can_be_asked_for(books):  # noqa: F811
    assert "Done." in books.said["freshness"]


def test_no_number_is_a_float(books):  # noqa: F811
    floats = [
        (engine, model, name)
        for engine, models in books.rows.items()
        for model, rows in models.items()
        for row in rows
        for name, value in row.items()
        if isinstance(value, float)
    ]
    assert floats == []


def test_every_order_of_the_sandbox_is_a_row_of_orders(books):  # noqa: F811
    held = {shop: counts["orders"] for shop, counts in books.counts.items()}
    assert Counter(row["shop_id"] for row in books.of("tiktokshop__orders")) == held


@pytest.mark.parametrize(
    ("mart", "stream"),
    [("tiktokshop__statements", "statements"), ("tiktokshop__payouts", "payments")],
)
def test_a_table_that_is_only_added_to_shows_the_latest_row_of_each_key(books, mart, stream):  # noqa: F811
    assert len(books.of(mart)) == sum(counts[stream] for counts in books.counts.values())
    assert total(books.of("tiktokshop__statements"), "settlement_amount") == sum(
        Decimal(row["settlement_amount"]) for row in books.records["statements"]
    )
    assert "STALE" not in {row["status"] for row in books.of("tiktokshop__payouts")}


def test_tombstones_are_kept_apart(books):  # noqa: F811
    held = sum(counts["deleted_products"] for counts in books.counts.values())
    gone = books.of("stg_tiktokshop__products_deleted")
    assert len(gone) == held > 0
    assert all(row["deleted_at"] is not None for row in gone)


def test_a_moment_has_its_zone_and_its_day_is_the_shop_s(books):  # noqa: F811
    zones = {row["shop_id"]: row["time_zone"] for row in books.of("tiktokshop__shop_zones")}
    assert set(zones.values()) == {"America/Los_Angeles", "Europe/London"}
    from zoneinfo import ZoneInfo

    days = {row["id"]: row["create_time"] for row in books.records["orders"]}
    for row in books.of("stg_tiktokshop__orders"):
        moment = dt.datetime.fromisoformat(days[row["id"]].replace("Z", "+00:00"))
        assert row["create_time"] == moment
        assert row["create_date"] == moment.astimezone(ZoneInfo(zones[row["shop_id"]])).date()


def test_lines_add_up_to_orders(books):  # noqa: F811
    units, revenue = Counter(), defaultdict(Decimal)
    for row in books.of("tiktokshop__order_lines"):
        units[row["order_id"]] += row["quantity"]
        revenue[row["order_id"]] += row["revenue"]
    for row in books.of("tiktokshop__orders"):
        assert (units[row["order_id"]], revenue[row["order_id"]]) == (row["units"], row["revenue"])


def test_units_are_those_of_the_records(books):  # noqa: F811
    assert {row["order_id"]: row["units"] for row in books.of("tiktokshop__orders")} == {
        row["id"]: len(row["line_items"]) for row in books.records["orders"]
    }


def test_revenue_is_what_the_platform_settles(books):  # noqa: F811
    settled = defaultdict(Decimal)
    sales = ("subtotal_before_discount_amount", "seller_discount_amount")
    for row in books.records["statement_transactions"]:
        if row["type"] == "ORDER":
            settled[row["order_id"]] += sum(Decimal(row["revenue_breakdown"][name]) for name in sales)
    sold = {row["order_id"]: row["revenue"] for row in books.of("tiktokshop__orders")}
    assert {order: sold[order] for order in settled} == dict(settled)
    assert sum(settled.values()) > 0


def test_only_a_sale_is_revenue(books):  # noqa: F811
    kinds_seen = {row["order_kind"] for row in books.of("tiktokshop__orders")}
    assert "sample" in kinds_seen
    assert total([row for row in books.of("tiktokshop__orders") if row["order_kind"] != "sale"], "revenue") == 0


def test_return_lines_are_those_of_the_records(books):  # noqa: F811
    expected = {
        line["return_line_item_id"]: Decimal(line["refund_amount"]["refund_total"])
        for row in books.records["returns"]
        for line in row["return_line_items"]
        if "refund_amount" in line
    }
    found = {row["return_line_id"]: row["refund_total"] for row in books.of("tiktokshop__return_lines")}
    assert {key: found[key] for key in expected} == expected


def test_settlement_lines_add_up_to_the_transactions(books):  # noqa: F811
    lines = defaultdict(Decimal)
    for row in books.of("tiktokshop__settlement_lines"):
        if row["section"] != "reserve":
            lines[row["transaction_id"]] += row["amount"]
    for row in books.records["statement_transactions"]:
        assert lines[row["id"]] == Decimal(row["settlement_amount"])


def test_the_seed_knows_every_component_that_the_schema_names(books):  # noqa: F811
    with (PACKAGE / "seeds" / "tiktokshop_components.csv").open() as file:
        known = {(row["section"], row["component"]) for row in csv.DictReader(file)}
    schema = load_schema("statement_transactions")["properties"]
    sections = {
        "revenue": schema["revenue_breakdown"],
        "shipping": schema["shipping_cost_breakdown"],
        **schema["fee_tax_breakdown"]["properties"],
    }
    named = {
        (section, name)
        for section, spec in sections.items()
        for name, field in spec["properties"].items()
        if "properties" not in field
    }
    assert named <= known
    assert {row["is_known"] for row in books.of("tiktokshop__settlement_lines")} == {True}


def test_statements_and_payouts_add_up(books):  # noqa: F811
    for row in books.of("tiktokshop__statements"):
        assert row["transactions_amount"] == row["settlement_amount"]
        parts = ("revenue_amount", "shipping_cost_amount", "fee_tax_amount", "adjustment_amount")
        assert sum(row[part] for part in parts) == row["settlement_amount"]
    for row in books.of("tiktokshop__payouts"):
        assert row["statements_amount"] == row["amount"]


def test_a_day_of_sales_is_the_sum_of_its_orders(books):  # noqa: F811
    days = defaultdict(Decimal)
    for row in books.of("tiktokshop__orders"):
        days[row["shop_id"], row["order_date"], row["currency"]] += row["revenue"]
    found = {
        (row["shop_id"], row["day"], row["currency"]): row["revenue"] for row in books.of("tiktokshop__sales_daily")
    }
    assert {key: value for key, value in found.items() if value} == {key: value for key, value in days.items() if value}


def test_the_fees_of_the_months_are_those_of_the_lines(books):  # noqa: F811
    lines = [row for row in books.of("tiktokshop__settlement_lines") if row["section"] not in {"revenue", "reserve"}]
    assert total(books.of("tiktokshop__fees_monthly"), "amount") == total(lines, "amount") != 0
    for row in books.of("tiktokshop__fees_monthly"):
        if row["revenue"]:
            exact = row["amount"] / row["revenue"]
            assert abs(row["share_of_revenue"] - exact) < Decimal("0.000001")


def test_every_stream_has_its_model_and_every_field_its_column():
    models = described()
    for stream in STREAMS:
        columns = {one["name"] for one in models[f"stg_tiktokshop__{stream.name}"]["columns"]}
        wanted = {path for path in kinds(stream.name) if "." not in path}
        assert wanted <= columns
        assert {day_name(path) for path, kind in kinds(stream.name).items() if kind == "moment"} <= columns


def test_every_column_of_a_mart_is_described_and_its_key_is_tested(books):  # noqa: F811
    models = described()
    for mart in MARTS:
        columns = {one["name"]: one["description"] for one in models[mart]["columns"]}
        assert set(columns) == set(books.of(mart)[0])
        assert all(columns.values())
        assert any("is_key" in test for test in models[mart]["data_tests"])


def test_personal_data_is_marked():
    columns = {one["name"]: one for one in described()["stg_tiktokshop__orders"]["columns"]}
    assert columns["buyer_email"]["config"]["meta"] == {"pii": "hash"}
    assert columns["recipient_address_phone_number"]["config"]["meta"] == {"pii": "drop"}
    assert "config" not in columns["status"]


def test_an_engine_that_nobody_has_tried_is_told_so():
    macros = "".join(path.read_text() for path in (PACKAGE / "macros" / "engines").glob("*.sql"))
    assert "is untested" in macros
    assert macros.count("adapter.dispatch(") == macros.count("macro default__")


def test_the_package_has_no_float_in_its_sql():
    found = [
        path.name
        for path in Path(PACKAGE).rglob("*.sql")
        if {"double", "float", "real"} & set(path.read_text().split())
    ]
    assert found == []
