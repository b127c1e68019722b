"""dbt-tiktokshop on the real engines: what it makes of a shop is what the shop says, to the cent."""

import csv
import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from books import PACKAGE, books, changed  # noqa: F401 - the fixtures
from dbt_staging import day_name, kinds
from store_places import postgresql_port  # noqa: F401 - one server for all files
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.streams.declaration import load_schema

pytestmark = pytest.mark.slow
PREFIX = "tiktokshop__"
KEYS = {stream.name: stream.keys for stream in STREAMS}
MARTS = sorted(path.stem for path in (PACKAGE / "models" / "marts").glob("*.sql"))
ZERO = Decimal(0)
# Nothing differs in these shops, and no reserve is held.
EMPTY = {"tiktokshop__reconciliation_differences", "tiktokshop__reserves"}


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
    assert (books.of(mart) != []) == (mart not in EMPTY)
    assert books.of(mart, "postgres") == books.of(mart)


def test_a_stream_that_was_not_loaded_is_said_and_nothing_fails(books):  # noqa: F811
    assert '"tiktokshop"."coupons" is not there, so nothing of the stream coupons is shown.' in books.said["duckdb"]
    assert "of the stream orders is shown" not in books.said["duckdb"]


def test_a_column_that_was_left_out_is_null(books):  # noqa: F811
    assert {row["cpf"] for row in books.of("stg_tiktokshop__orders")} == {None}


def test_the_freshness_of_the_sources_can_be_asked_for(books):  # noqa: F811
    found = {one["unique_id"].rpartition(".")[2]: one["status"] for one in books.left["sources"]["results"]}
    assert found == dict.fromkeys(("shops", "orders", "statements", "statement_transactions"), "pass")


def test_the_documents_of_dbt_describe_every_model_seed_and_column(books):  # noqa: F811
    nodes = {key: one for key, one in books.left["manifest"]["nodes"].items() if key.startswith(("model.", "seed."))}
    catalog = books.left["catalog"]["nodes"]
    assert set(nodes) == set(catalog)
    assert [key for key, one in nodes.items() if not one["description"]] == []
    for key, one in nodes.items():
        described = {name for name, column in one["columns"].items() if column["description"]}
        assert described == set(catalog[key]["columns"]), key
    assert len(nodes) > 100


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
        assert set(columns) == books.columns[mart]
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


IDENTITIES = {
    "section_revenue": "statement_transactions",
    "section_shipping": "statement_transactions",
    "section_fees": "statement_transactions",
    "transaction_settlement": "statement_transactions",
    "statement_sections": "statements",
    "statement_transactions": "statements",
    "payout_statements": "payments",
    "payout_exchange": "payments",
}


def test_every_identity_is_checked_for_every_document_and_holds(books):  # noqa: F811
    rows = books.of("tiktokshop__reconciliation")
    checked = Counter(row["identity"] for row in rows)
    for identity, stream in IDENTITIES.items():
        assert checked[identity] == len({tuple(row[key] for key in KEYS[stream]) for row in books.records[stream]})
    others = {"clearing", "entry_balance", "payout_movements", "receivable", "date_bases", "refunds"}
    assert set(checked) == {*IDENTITIES, *others}
    assert {row["difference"] for row in rows} == {0}


def test_the_books_of_every_month_are_closed(books):  # noqa: F811
    assert {row["is_closed"] for row in books.of("tiktokshop__books_closed")} == {True}


def test_the_clearing_account_holds_what_is_settled_and_not_paid(books):  # noqa: F811
    balance, unpaid = defaultdict(Decimal), defaultdict(Decimal)
    for row in books.of("tiktokshop__journal_lines"):
        if row["category"] == "clearing":
            balance[row["shop_id"], row["currency"]] += row["debit"] - row["credit"]
    for row in books.records["statements"]:
        paid = row["payment_status"] == "PAID"
        unpaid[row["shop_id"], row["currency"]] += 0 if paid else Decimal(row["settlement_amount"])
    assert balance == unpaid
    assert any(unpaid.values())


def test_the_bank_has_what_was_paid(books):  # noqa: F811
    bank = [row for row in books.of("tiktokshop__journal_lines") if row["account_name"] == "Bank"]
    paid = [Decimal(row["amount"]["value"]) for row in books.records["payments"] if row["status"] == "PAID"]
    assert total(bank, "debit") - total(bank, "credit") == sum(paid) > 0


def test_the_last_day_s_receivable_is_what_is_not_settled_and_what_is_not_paid(books):  # noqa: F811
    expected = defaultdict(Decimal)
    for row in books.records["unsettled_transactions"]:
        expected[row["shop_id"]] += Decimal(row["est_settlement_amount"])
    for row in books.records["statements"]:
        expected[row["shop_id"]] += 0 if row["payment_status"] == "PAID" else Decimal(row["settlement_amount"])
    last = {
        row["shop_id"]: row for row in sorted(books.of("tiktokshop__receivables_daily"), key=lambda row: row["day"])
    }
    assert {shop: row["receivable"] for shop, row in last.items()} == expected


def test_the_profit_of_an_order_is_all_that_is_settled_on_it_or_estimated(books):  # noqa: F811
    expected = defaultdict(Decimal)
    for row in books.records["statement_transactions"]:
        expected[row["order_id"] or row["adjustment_order_id"]] += Decimal(row["settlement_amount"])
    for row in books.records["unsettled_transactions"]:
        expected[row["order_id"] or row["adjustment_order_id"]] += Decimal(row["est_settlement_amount"])
    found = {row["order_id"]: row["profit"] for row in books.of("tiktokshop__order_profit")}
    assert found == {order: expected[order] for order in found}
    assert {row["basis"] for row in books.of("tiktokshop__order_profit")} >= {"settled", "estimated", "none"}


CAUSES = "select identity, cause, difference from tiktokshop_books.tiktokshop__reconciliation_differences order by 1"
FIRST_PAID = (
    "(select payment_id from tiktokshop.statements where payment_id in"
    " (select id from tiktokshop.payments where status = 'PAID') group by 1"
    " having count(distinct id) = 1 order by 1 limit 1)"
)
STATEMENT = f"(select min(id) from tiktokshop.statements where payment_id = {FIRST_PAID})"


def test_a_sum_of_the_platform_that_is_wrong_by_a_cent_is_said_to_be_the_platform_s(changed):  # noqa: F811
    wrong = f"update tiktokshop.statements set settlement_amount = settlement_amount + 0.01 where id = {STATEMENT}"
    assert changed(wrong, ask=CAUSES) == [
        ("payout_statements", "platform_sums_differ", Decimal("-0.01")),
        ("statement_sections", "platform_sums_differ", Decimal("0.01")),
        ("statement_transactions", "platform_sums_differ", Decimal("0.01")),
    ]


def test_a_statement_whose_transactions_were_not_read_keeps_the_books_open(changed):  # noqa: F811
    found = changed(
        f"delete from tiktokshop.statement_transactions where statement_id = {STATEMENT}",
        ask=CAUSES.replace(", difference", ""),
    )
    assert found == [("clearing", "not_read"), ("statement_transactions", "not_read")]
    assert changed(ask="select sum(open_differences) from tiktokshop_books.tiktokshop__books_closed") == [(2,)]


def test_money_of_a_shop_that_the_tap_says_it_has_not_read_in_full_is_not_read(changed):  # noqa: F811
    table = "tiktokshop.statement_transactions"
    one = f"delete from {table} where id = (select min(id) from {table} where statement_id = {STATEMENT})"
    ask = CAUSES.replace(", difference", "")
    unexplained = [("clearing", "unexplained"), ("statement_transactions", "unexplained")]
    assert changed(one, ask=ask) == unexplained
    failed = "update tiktokshop.run_summary set status = 'failed' where stream = 'statement_transactions' and shop_id"
    shop = f"(select max(shop_id) from tiktokshop.statements where id = {STATEMENT})"
    assert changed(f"{failed} <> {shop}", ask=ask) == unexplained
    assert changed(f"{failed} = {shop}", ask=ask) == [(identity, "not_read") for identity, _ in unexplained]


def test_a_refund_that_no_return_accounts_for_is_a_difference(changed):  # noqa: F811
    transactions = "tiktokshop_books.tiktokshop__transactions"
    ask = f"select order_id, -sum(buyer_refund_amount) from {transactions} group by 1 order by 2 desc limit 1"
    ((order, refunded),) = changed(ask=ask)
    returns = f"tiktokshop.returns where order_id = '{order}'"
    ((shown,),) = changed(
        ask=f"select sum(refund_total) from tiktokshop_books.tiktokshop__return_lines where order_id = '{order}'"
    )
    assert shown >= refunded > 0
    cent = """json_merge_patch(item, '{"refund_amount": {"refund_total": "0.01"}}')"""
    items = "(select unnest(cast(return_line_items as json[])) as item)"
    less = (
        f"update tiktokshop.returns set return_line_items = (select to_json(list({cent})) from {items})"
        f" where order_id = '{order}'"
    )
    found = changed(less, ask=CAUSES)
    assert [(identity, cause) for identity, cause, _ in found] == [("refunds", "unexplained")]
    assert 0 < found[0][2] < refunded
    assert changed(f"delete from {returns}", ask=CAUSES) == [("refunds", "not_read", refunded)]


def test_a_reserve_that_a_payment_holds_is_its_cause(changed):  # noqa: F811
    parts = ("amount", "settlement_amount", "payment_amount_before_exchange")
    less = ", ".join(
        f"{part} = json_object('currency', {part} ->> '$.currency', 'value',"
        f" cast(cast({part} ->> '$.value' as decimal(38, 2)) - 5 as varchar))"
        for part in parts
    )
    held = "reserve_amount = json_object('currency', amount ->> '$.currency', 'value', '5')"
    found = changed(f"update tiktokshop.payments set {less}, {held} where id = {FIRST_PAID}", ask=CAUSES)
    assert {
        ("clearing", "reserve_held", Decimal(-5)),
        ("payout_statements", "reserve_held", Decimal(-5)),
    } <= set(found)


def test_money_that_nothing_explains_is_unexplained_and_keeps_the_books_open(changed):  # noqa: F811
    more = "json_object('currency', amount ->> '$.currency', 'value', '0.07')"
    wrong = f"update tiktokshop.payments set payment_amount_before_exchange = {more} where id = {FIRST_PAID}"
    found = {identity: cause for identity, cause, _ in changed(wrong, ask=CAUSES)}
    assert found == {
        "clearing": "unexplained",
        "entry_balance": "unexplained",
        "payout_exchange": "exchange",
        "payout_statements": "unexplained",
    }


def test_a_fee_that_no_document_names_is_counted_under_its_own_name(changed):  # noqa: F811
    added = (
        "update tiktokshop.statement_transactions set fee_tax_breakdown ="
        """ json_merge_patch(fee_tax_breakdown, '{"fee": {"brand_new_fee_amount": "-1.00"}}'),"""
        " fee_tax_amount = coalesce(fee_tax_amount, 0) - 1, settlement_amount = settlement_amount - 1"
        f" where id = (select min(id) from tiktokshop.statement_transactions where statement_id = {STATEMENT})"
    )
    lines = "select category, is_known, amount from tiktokshop_books.tiktokshop__settlement_lines where component = "
    assert changed(added, ask=f"{lines}'brand_new_fee_amount'") == [("other", False, Decimal(-1))]
    journal = (
        "select debit from tiktokshop_books.tiktokshop__journal_lines"
        " where account_name = 'To be sorted' and entry_kind = 'statement'"
    )
    assert changed(ask=journal) == [(Decimal(1),)]
    found = {identity: cause for identity, cause, _ in changed(ask=CAUSES)}
    assert found == {"clearing": "unexplained", "statement_transactions": "unexplained"}
