"""Money adds up: in orders, transactions, statements and payments, to the last minor unit."""

from collections import Counter, defaultdict
from decimal import Decimal

import pytest
from tiktokshop_sandbox import money
from tiktokshop_sandbox.counts import row_counts

STATEMENTS = "/finance/202309/statements"
SORT = {"sort_field": "order_create_time", "page_size": 100}


def total(rows, name):
    return sum(Decimal(row[name]) for row in rows)


def all_orders(asker, shop):
    return asker.pages("POST", "/order/202309/orders/search", "orders", {"page_size": 100}, shop=shop)


def all_statements(asker, shop):
    query = {"sort_field": "statement_time", "page_size": 100}
    return asker.pages("GET", STATEMENTS, "statements", query, shop=shop)


@pytest.mark.parametrize("shop", [0, 1])
def test_an_orders_payment_is_the_sum_of_its_lines(asker, shop):
    for order in all_orders(asker, shop):
        lines, payment = order["line_items"], {k: v for k, v in order["payment"].items() if k != "currency"}
        paid = {name: Decimal(value) for name, value in payment.items()}
        assert paid["original_total_product_price"] == total(lines, "original_price")
        assert paid["seller_discount"] == total(lines, "seller_discount")
        assert paid["platform_discount"] == total(lines, "platform_discount")
        assert paid["sub_total"] == total(lines, "sale_price")
        for line in lines:
            discounts = Decimal(line["seller_discount"]) + Decimal(line["platform_discount"])
            assert Decimal(line["sale_price"]) == Decimal(line["original_price"]) - discounts
        taxes = [tax for line in lines for tax in line.get("item_tax", [])]
        assert paid["product_tax"] == total(taxes, "tax_amount")
        assert paid["tax"] == paid["product_tax"] + paid["shipping_fee_tax"]
        discounts = paid["shipping_fee_seller_discount"] + paid["shipping_fee_platform_discount"]
        assert paid["shipping_fee"] == paid["original_shipping_fee"] - discounts
        retail = paid.get("retail_delivery_fee", Decimal(0))
        assert retail == sum(Decimal(line.get("retail_delivery_fee", 0)) for line in lines)
        assert paid["total_amount"] == paid["sub_total"] + paid["shipping_fee"] + paid["tax"] + retail


def test_us_prices_exclude_sales_tax_and_british_prices_include_vat(asker):
    taxed = [sum(Decimal(order["payment"]["tax"]) for order in all_orders(asker, shop)) for shop in (0, 1)]
    assert taxed[0] > 0
    assert taxed[1] == 0
    order = next(order for order in all_orders(asker, 1) if order["payment"]["total_amount"] != "0")
    detail = asker.ask("GET", f"/order/202407/orders/{order['id']}/price_detail", shop=1)
    net, tax = Decimal(detail["net_price_amount"]), Decimal(detail["subtotal_tax_amount"])
    assert detail["tax_rate"] == "0.2"
    assert net + tax == Decimal(detail["sku_sale_price"])
    assert abs(net * Decimal("0.2") - tax) < Decimal("0.02") * len(detail["line_items"])


@pytest.mark.parametrize("shop", [0, 1])
def test_a_price_detail_agrees_with_the_order_and_adds_up_over_its_lines(asker, shop):
    for order in all_orders(asker, shop)[:80]:
        detail = asker.ask("GET", f"/order/202407/orders/{order['id']}/price_detail", shop=shop)
        assert detail["payment"] == order["payment"]["total_amount"]
        assert [line["id"] for line in detail["line_items"]] == [line["id"] for line in order["line_items"]]
        for name in ("payment", "total", "sku_list_price", "shipping_sale_price", "tax_amount", "net_price_amount"):
            assert Decimal(detail[name]) == total(detail["line_items"], name), name


@pytest.mark.parametrize("shop", [0, 1])
def test_every_statement_is_the_sum_of_its_transactions(asker, shop):
    statements = all_statements(asker, shop)
    seen = []
    for statement in statements:
        path = f"/finance/202501/statements/{statement['id']}/statement_transactions"
        rows = asker.pages("GET", path, "transactions", SORT, shop=shop)
        seen += [row["id"] for row in rows]
        sums = {name: total(rows, f"{name}_amount") for name in ("revenue", "shipping_cost", "fee_tax", "adjustment")}
        assert Decimal(statement["revenue_amount"]) == sums["revenue"]
        assert Decimal(statement["shipping_cost_amount"]) == sums["shipping_cost"]
        assert Decimal(statement["fee_amount"]) == sums["fee_tax"] + sums["shipping_cost"]
        assert Decimal(statement["adjustment_amount"]) == sums["adjustment"]
        assert Decimal(statement["settlement_amount"]) == sum(sums.values()) == total(rows, "settlement_amount")
    assert len(seen) == len(set(seen)) == row_counts(asker.world)[asker.world.shops[shop].id]["statement_transactions"]


@pytest.mark.parametrize("shop", [0, 1])
def test_every_transaction_is_the_sum_of_its_breakdown(asker, shop):
    for statement in all_statements(asker, shop)[::10]:
        path = f"/finance/202501/statements/{statement['id']}/statement_transactions"
        for row in asker.pages("GET", path, "transactions", SORT, shop=shop):
            parts = {
                "revenue_amount": row["revenue_breakdown"],
                "shipping_cost_amount": {k: v for k, v in row["shipping_cost_breakdown"].items() if isinstance(v, str)},
                "fee_tax_amount": {**row["fee_tax_breakdown"]["fee"], **row["fee_tax_breakdown"]["tax"]},
            }
            for name, breakdown in parts.items():
                assert Decimal(row[name]) == sum(map(Decimal, breakdown.values())), name


def test_both_versions_of_a_statements_transactions_tell_the_same(asker):
    statement = all_statements(asker, 0)[40]
    path = "/finance/{}/statements/{}/statement_transactions"
    new = asker.ask("GET", path.format("202501", statement["id"]), SORT)
    old = asker.ask("GET", path.format("202309", statement["id"]), SORT)
    assert old["settlement_amount"] == new["total_settlement_amount"] == statement["settlement_amount"]
    for before, after in zip(old["statement_transactions"], new["transactions"], strict=True):
        assert before["id"] == after["id"]
        parts = (before[name] for name in ("revenue_amount", "fee_amount", "adjustment_amount"))
        assert before["settlement_amount"] == after["settlement_amount"]
        assert Decimal(before["settlement_amount"]) == sum(map(Decimal, parts))


@pytest.mark.parametrize("shop", [0, 1])
def test_an_orders_sku_transactions_add_up_to_the_order_and_to_its_statements(asker, shop):
    by_order = defaultdict(Decimal)
    for statement in all_statements(asker, shop)[-30:]:
        path = f"/finance/202501/statements/{statement['id']}/statement_transactions"
        for row in asker.pages("GET", path, "transactions", SORT, shop=shop):
            if row["type"] == "ORDER":
                by_order[row["order_id"]] += Decimal(row["settlement_amount"])
    checked = 0
    for order_id in list(by_order)[:150]:
        data = asker.ask("GET", f"/finance/202501/orders/{order_id}/statement_transactions", shop=shop)
        rows = data["sku_transactions"]
        for whole, part in (
            ("settlement_amount", "settlement_amount"),
            ("revenue_amount", "revenue_amount"),
            ("fee_and_tax_amount", "fee_tax_amount"),
            ("shipping_cost_amount", "shipping_cost_amount"),
        ):
            assert Decimal(data[whole]) == total(rows, part)
        checked += Decimal(data["settlement_amount"]) == by_order[order_id]
    assert checked > 100  # the others were refunded before or after these statements


@pytest.mark.parametrize("shop", [0, 1])
def test_every_payment_is_the_sum_of_its_statements(asker, shop):
    by_payment = defaultdict(list)
    for statement in all_statements(asker, shop):
        by_payment[statement["payment_id"]].append(statement)
    query = {"sort_field": "create_time", "page_size": 100}
    payments = asker.pages("GET", "/finance/202605/payments", "payments", query, shop=shop)
    assert {payment["id"] for payment in payments} == by_payment.keys() - {""}
    for payment in payments:
        statements = by_payment[payment["id"]]
        assert Decimal(payment["settlement_amount"]["value"]) == total(statements, "settlement_amount")
        assert Decimal(payment["amount"]["value"]) > 0
        assert {statement["payment_status"] for statement in statements} == {payment["status"]}
        assert payment["create_time"] > max(statement["statement_time"] for statement in statements)


def test_small_statements_are_paid_together(new_world):
    asker = new_world(40, shops=1)
    paid = Counter(statement["payment_id"] for statement in all_statements(asker, 0) if statement["payment_id"])
    assert max(paid.values()) > 1


@pytest.mark.parametrize("shop", [0, 1])
def test_statements_are_stamped_at_midnight_utc_and_hold_what_settled_before(asker, shop):
    for statement in all_statements(asker, shop):
        assert statement["statement_time"] % 86_400 == 0
        key = asker.world.key("statements", asker.world.shops[shop], statement["id"])
        low, high = asker.world.db.execute(
            "SELECT min(settle_time), max(settle_time) FROM transactions WHERE statement = ?", (key,)
        ).fetchone()
        assert statement["statement_time"] - 86_400 <= low <= high <= statement["statement_time"]


def test_what_is_unsettled_settles_and_keeps_its_id(new_world):
    asker = new_world(400, shops=1)
    query = {"sort_field": "order_create_time", "page_size": 100}
    before = asker.pages("GET", "/finance/202507/orders/unsettled", "transactions", query)
    asker.now += 30 * 86_400
    after = asker.pages("GET", "/finance/202507/orders/unsettled", "transactions", query)
    gone = {row["id"] for row in before} - {row["id"] for row in after}
    settled = {
        row["id"]
        for statement in all_statements(asker, 0)
        for row in asker.pages(
            "GET", f"/finance/202501/statements/{statement['id']}/statement_transactions", "transactions", SORT
        )
    }
    assert len(before) > 20
    assert len(gone - settled) <= 2  # parcels that were lost never settle
    assert len(gone & settled) > 20
    assert settled.isdisjoint(row["id"] for row in after)


def test_the_sums_over_unsettled_transactions_are_the_sums_of_the_rows(asker):
    query = {"sort_field": "order_create_time", "page_size": 100}
    head = asker.ask("GET", "/finance/202507/orders/unsettled", query)
    rows = asker.pages("GET", "/finance/202507/orders/unsettled", "transactions", query)
    assert Decimal(head["sum_est_settlement_amount"]) == total(rows, "est_settlement_amount")
    assert Decimal(head["sum_est_revenue_amount"]) == total(rows, "est_revenue_amount")
    fees = total(rows, "est_fee_tax_amount") + total(rows, "est_shipping_cost_amount")
    assert Decimal(head["sum_est_fee_amount"]) == fees
    assert {row["estimated_settlement"].isdigit() for row in rows} == {True, False}


@pytest.mark.parametrize("shop", [0, 1])
def test_refunds_add_up_over_lines_and_parts(asker, shop):
    cases = (
        ("returns", "return_orders", "return_line_items"),
        ("cancellations", "cancellations", "cancel_line_items"),
    )
    for name, rows, lines in cases:
        path = f"/return_refund/202602/{name}/search"
        for item in asker.pages("POST", path, rows, {"page_size": 50}, shop=shop):
            refund = item.get("refund_amount")
            if refund is None:
                continue
            parts = ("refund_subtotal", "refund_shipping_fee", "refund_tax", "retail_delivery_fee")
            assert Decimal(refund["refund_total"]) == sum(Decimal(refund[part]) for part in parts)
            for part in (*parts, "refund_total"):
                assert Decimal(refund[part]) == total([line["refund_amount"] for line in item[lines]], part)


@pytest.mark.parametrize(
    ("minor", "decimals", "text"),
    [(1250, 2, "12.50"), (-5, 2, "-0.05"), (0, 2, "0"), (150_000, 0, "150000"), (7, 2, "0.07")],
)
def test_amounts_are_written_as_decimal_strings(minor, decimals, text):
    assert money.text(minor, decimals) == text
    assert money.parse(text, decimals) == minor


@pytest.mark.parametrize("text", ["", "1.234", "1,50", "1e3", "+1", " 1", "NaN", "1.", ".5", "--1", "¹"])
def test_what_is_no_plain_amount_of_the_currency_is_refused(text):
    assert money.parse(text, 2) is None


def test_shares_add_up_to_what_is_shared():
    assert money.share(100, [1, 1, 1]) == [33, 33, 34]
    assert money.share(-100, [3, 0, 1]) == [-75, 0, -25]
    assert money.share(7, [0, 0]) == [3, 4]


def test_portions_are_rounded_half_away_from_zero():
    assert money.portion(1_000, 8_875) == 89
    assert money.portion(-1_000, 8_850) == -89
    assert money.included(1_200, 20_000) == 200
