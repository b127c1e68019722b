"""Accounts of one's own, accruals, closed months, the two bases of dates, reserves and the bank, on real engines."""

from collections import Counter, defaultdict
from decimal import Decimal

import own_project
import pytest
from books import books, changed  # noqa: F401 - the fixtures
from store_places import postgresql_port  # noqa: F401 - one server for all files

pytestmark = pytest.mark.slow
JOURNAL = "tiktokshop__journal_lines"
OWN_MARTS = (JOURNAL, "tiktokshop__bank_matches", "tiktokshop__reconciliation_differences", "tiktokshop__books_closed")
LOADED = "tiktokshop"
MARTS = "tiktokshop_books"
CLOSED = (
    f"create or replace view {MARTS}.tiktokshop__closed_lines as"
    f" select * from {own_project.SCHEMA}.tiktokshop__closed_lines"
)
ENTRY = f"select category, debit - credit from {MARTS}.{JOURNAL} where entry_id like '{{}}' order by 1"
CAUSES = f"select identity, cause, difference from {MARTS}.tiktokshop__reconciliation_differences order by 1"


def balances(rows, *names):
    """What the rows add up to, debits less credits, by the values of these columns; without what is 0."""
    found = defaultdict(Decimal)
    for row in rows:
        found[tuple(row[name] for name in names)] += row["debit"] - row["credit"]
    return {key: amount for key, amount in found.items() if amount}


def first_open_day(books):  # noqa: F811
    closed = max(row["entry_date"] for row in books.own["duckdb"]["tiktokshop__closed_lines"])
    return min(row["entry_date"] for row in books.of(JOURNAL) if row["entry_date"] > closed).replace(day=1)


# Accruals


def test_what_is_accrued_is_what_was_not_settled_on_the_last_day_of_the_month(books):  # noqa: F811
    owed = {
        (row["shop_id"], row["day"], row["currency"]): row["unsettled_amount"]
        for row in books.of("tiktokshop__receivables_daily")
    }
    booked = balances(
        [row for row in books.of(JOURNAL) if row["entry_kind"] == "accrual" and row["category"] == "unsettled"],
        *("shop_id", "entry_date", "currency"),
    )
    ends = {(row["shop_id"], row["last_day"]) for row in books.of("tiktokshop__month_ends")}
    assert len(booked) > 3
    assert booked == {key: amount for key, amount in owed.items() if key[:2] in ends and amount}


def test_an_accrual_is_taken_back_on_the_next_day_line_by_line(books):  # noqa: F811
    rows = books.of(JOURNAL)
    names = ("shop_id", "document_id", "currency", "category", "account")
    accrued = balances([row for row in rows if row["entry_kind"] == "accrual"], *names)
    taken_back = balances([row for row in rows if row["entry_kind"] == "reversal"], *names)
    assert accrued == {key: -amount for key, amount in taken_back.items()} != {}
    days = {(row["shop_id"], row["document_id"], row["entry_kind"]): row["entry_date"] for row in rows}
    for (shop, document, kind), day in days.items():
        if kind == "reversal":
            assert (day - days[shop, document, "accrual"]).days == day.day == 1


def test_the_documents_of_an_accrual_add_up_to_it(books):  # noqa: F811
    documents = defaultdict(Decimal)
    for row in books.of("tiktokshop__accruals"):
        documents[row["shop_id"], f"{row['month']:%Y-%m}", row["currency"], row["category"]] -= row["amount"]
    rows = [row for row in books.of(JOURNAL) if row["entry_kind"] == "accrual" and row["category"] != "unsettled"]
    booked = balances(rows, "shop_id", "document_id", "currency", "category")
    assert booked == {key: amount for key, amount in documents.items() if amount}
    assert {row["basis"] for row in books.of("tiktokshop__accruals")} == {"settled", "estimated"}
    assert {row["category"] for row in rows} >= {"sales", "shipping", "platform_commission"}


def test_what_an_estimate_does_not_break_down_is_to_be_sorted(changed):  # noqa: F811
    bare = (
        f"update {LOADED}.unsettled_transactions set revenue_breakdown = '{{}}', shipping_cost_breakdown = '{{}}',"
        " fee_tax_breakdown = '{}'"
    )
    ask = f"select category, sum(amount) from {MARTS}.tiktokshop__accruals where basis = 'estimated' group by 1"
    before = changed(ask=ask)
    assert changed(bare, ask=ask) == [("other", sum(amount for _, amount in before))]


# Receivables and the two bases of dates


def test_what_is_not_settled_rolls_forward_to_what_the_platform_estimates_now(books):  # noqa: F811
    expected = defaultdict(Decimal)
    for row in books.records["unsettled_transactions"]:
        expected[row["shop_id"]] += Decimal(row["est_settlement_amount"])
    before = {}
    for row in sorted(books.of("tiktokshop__receivables_monthly"), key=lambda row: row["month"]):
        assert row["opening"] == before.get(row["shop_id"], 0)
        assert row["opening"] + row["earned"] - row["settled"] == row["closing"] == row["unsettled"]
        before[row["shop_id"]] = row["closing"]
    assert before == expected


def test_a_receivable_that_does_not_roll_forward_keeps_the_books_open(changed):  # noqa: F811
    one = f"(select min(id) from {LOADED}.unsettled_transactions)"
    amount = (
        f"select cast(est_settlement_amount as decimal(38, 9)) from {LOADED}.unsettled_transactions where id = {one}"
    )
    ((missing,),) = changed(ask=amount)
    undated = f"update {LOADED}.unsettled_transactions set order_create_time = null where id = {one}"
    assert ("receivable", "unexplained", missing) in changed(undated, ask=CAUSES)


def test_a_month_by_its_orders_and_what_lies_between_is_the_month_by_its_statements(books):  # noqa: F811
    reasons = ("settled_later", "not_settled", "ordered_earlier", "no_order", "order_not_read")
    between = defaultdict(Decimal)
    for row in books.of("tiktokshop__basis_lines"):
        between[row["shop_id"], row["month"], row["currency"], row["reason"]] += row["amount"]
    by_order, by_statement = defaultdict(Decimal), defaultdict(Decimal)
    for row in books.of("tiktokshop__order_profit"):
        by_order[row["shop_id"], row["order_date"].replace(day=1), row["currency"]] += row["profit"]
    for row in books.of("tiktokshop__statements"):
        by_statement[row["shop_id"], row["covered_date"].replace(day=1), row["currency"]] += row["settlement_amount"]
    for row in books.of("tiktokshop__basis_monthly"):
        key = (row["shop_id"], row["month"], row["currency"])
        assert (row["by_order"], row["by_statement"]) == (by_order[key], by_statement[key])
        assert [row[reason] for reason in reasons] == [between[(*key, reason)] for reason in reasons]
        assert row["by_order"] + sum(row[reason] for reason in reasons) == row["by_statement"]
    used = {reason for *_, reason in between}
    assert used >= {"settled_later", "not_settled", "ordered_earlier", "no_order"}


def test_what_is_settled_later_in_one_month_is_ordered_earlier_in_the_other(books):  # noqa: F811
    rows = books.of("tiktokshop__basis_lines")
    later = {
        (row["document_id"], row["month"], row["other_month"]): -row["amount"]
        for row in rows
        if row["reason"] == "settled_later"
    }
    earlier = {
        (row["document_id"], row["other_month"], row["month"]): row["amount"]
        for row in rows
        if row["reason"] == "ordered_earlier"
    }
    assert later == earlier != {}


def test_an_order_that_was_not_read_is_said_in_the_bridge(changed):  # noqa: F811
    one = f"(select min(order_id) from {MARTS}.tiktokshop__settlement_lines)"
    ask = f"select sum(amount) from {MARTS}.{{}} where order_id = {one}"
    settled = changed(ask=ask.format("tiktokshop__settlement_lines"))
    lines = (
        f"select sum(amount) from {MARTS}.tiktokshop__basis_lines where reason = 'order_not_read' and order_id = {one}"
    )
    gone = f"delete from {MARTS}.tiktokshop__orders where order_id = {one}"  # which `changed` does not make again
    assert changed(gone, ask=lines) == settled != [(0,)]
    assert [one for one in changed(ask=CAUSES) if one[0] == "date_bases"] == []


# Reserves


RESERVES = f"select reserve_id, held_amount, released_amount, open_amount from {MARTS}.tiktokshop__reserves order by 1"


def test_the_account_of_the_reserves_has_what_is_open_of_each(changed):  # noqa: F811
    table = f"{MARTS}.stg_tiktokshop__statement_transactions"
    orders = f"{table} where type = 'ORDER' and shop_id = (select min(shop_id) from {table})"
    two = f"(select id from {orders} order by statement_time, id limit 2)"
    first = f"(select min(id) from {two} as two)"
    second = f"(select max(id) from {two} as two)"
    table = f"update {LOADED}.statement_transactions set reserve_status"
    found = changed(
        f"{table} = 'COLLECTED', reserve_id = 'R1', reserve_amount = 5 where id = {first}",
        f"{table} = 'COLLECTED', reserve_id = 'R2', reserve_amount = 3 where id = {second}",
        ask=RESERVES,
    )
    assert found == [("R1", 5, 0, 5), ("R2", 3, 0, 3)]
    account = f"select sum(debit - credit) from {MARTS}.{JOURNAL} where category = 'reserves'"
    assert changed(ask=account) == [(8,)]
    found = changed(
        f"{table} = 'RELEASED', reserve_id = 'R1', reserve_amount = 5 where id = {second}",
        ask=RESERVES,
    )
    assert found == [("R1", 5, 5, 0)]
    assert changed(ask=account) == [(0,)]
    identity = f"select expected, actual from {MARTS}.tiktokshop__reconciliation where identity = 'reserves'"
    assert changed(ask=identity) == [(0, 0)]


# Late adjustments


# A statement of which the months that are closed know, and which was paid.
PAID = (
    f"(select s.id from {MARTS}.stg_tiktokshop__statements s join {MARTS}.tiktokshop__closed_lines c"
    " on c.entry_id = 'statement ' || s.id where s.payment_status = 'PAID'"
    " order by s.statement_time desc, s.id limit 1)"
)


def late(amount):
    """An adjustment on an order that was settled earlier, put into a statement that was closed and paid."""
    of_statement = f"from {MARTS}.stg_tiktokshop__statements where id = {PAID}"
    old = (
        f"select order_id from {MARTS}.stg_tiktokshop__statement_transactions where type = 'ORDER' and statement_time <"
        f" (select statement_time {of_statement}) and shop_id = (select shop_id {of_statement}) order by id limit 1"
    )
    columns = "shop_id, statement_id, id, type, adjustment_id, adjustment_order_id, adjustment_amount"
    return (
        f"insert into {LOADED}.statement_transactions ({columns}, settlement_amount, statement_time, currency)"
        f" select shop_id, id, 'late', 'PLATFORM_PENALTY', 'late', ({old}), {amount}, {amount}, statement_time,"
        f" currency {of_statement}"
    )


def test_a_late_adjustment_is_the_cause_where_it_is_just_what_is_missing(changed):  # noqa: F811
    assert changed(CLOSED, late(-3), ask=CAUSES) == [
        ("clearing", "late_adjustment", Decimal(3)),
        ("statement_transactions", "late_adjustment", Decimal(3)),
    ]
    restated = (
        f"update {LOADED}.statements set settlement_amount = settlement_amount - 3,"
        f" adjustment_amount = coalesce(adjustment_amount, 0) - 3 where id = {PAID}"
    )
    assert changed(restated, ask=CAUSES) == [
        ("clearing", "late_adjustment", Decimal(3)),
        ("payout_statements", "late_adjustment", Decimal(3)),
    ]


def test_an_amount_that_no_late_adjustment_has_stays_unexplained(changed):  # noqa: F811
    restated = f"update {LOADED}.statements set settlement_amount = settlement_amount - 1 where id = {PAID}"
    found = {identity: cause for identity, cause, _ in changed(CLOSED, late(-3), restated, ask=CAUSES)}
    assert found["statement_transactions"] == "unexplained"
    assert found["payout_statements"] == "platform_sums_differ"  # its own sections say what it was
    timely = f"update {LOADED}.statement_transactions set adjustment_order_id = '' where id = 'late'"
    again = f"update {LOADED}.statements set settlement_amount = settlement_amount + 1 where id = {PAID}"
    found = {identity: cause for identity, cause, _ in changed(timely, again, ask=CAUSES)}
    assert found["statement_transactions"] == "unexplained"


def test_what_a_later_payment_makes_up_for_is_late_and_open_until_then(changed):  # noqa: F811
    shop = f"(select min(shop_id) from {MARTS}.tiktokshop__payouts)"
    ask = (
        f"select payment_id from {MARTS}.tiktokshop__payouts where status = 'PAID' and shop_id = {shop}"
        " order by create_time, payment_id limit 3"
    )
    (first,), (second,), (third,) = changed(ask=ask)

    def paid(payment, more):
        parts = ("amount", "settlement_amount", "payment_amount_before_exchange")
        changes = ", ".join(
            f"{part} = json_object('currency', {part} ->> '$.currency', 'value',"
            f" cast(cast({part} ->> '$.value' as decimal(38, 2)) + {more} as varchar))"
            for part in parts
        )
        return f"update {LOADED}.payments set {changes} where id = '{payment}'"

    def causes(*changes):
        rows = (
            f"select document_id, cause from {MARTS}.tiktokshop__reconciliation_differences"
            " where identity = 'payout_statements'"
        )
        return dict(changed(*changes, ask=rows))

    assert causes(paid(first, "0.50")) == {first: "unexplained"}
    assert causes(paid(second, "-0.30")) == dict.fromkeys((first, second), "unexplained")
    assert causes(paid(third, "-0.20")) == dict.fromkeys((first, second, third), "late_adjustment")
    assert [cause for identity, cause, _ in changed(ask=CAUSES) if identity == "clearing"] == ["late_adjustment"] * 3


def test_a_statement_that_has_changed_since_its_month_was_closed_is_late_at_once(changed):  # noqa: F811
    table = f"{LOADED}.statement_transactions"
    first = f"(select min(id) from {table} where statement_id = {PAID} and type = 'ORDER')"
    ((statement, transaction),) = changed(CLOSED, ask=f"select {PAID}, {first}")
    fee = """json_merge_patch(fee_tax_breakdown, '{"fee": {"brand_new_fee_amount": "-1.25"}}')"""
    less = "settlement_amount = settlement_amount - 1.25"
    found = changed(
        f"update {table} set fee_tax_breakdown = {fee}, fee_tax_amount = fee_tax_amount - 1.25, {less}"
        f" where id = '{transaction}'",
        f"update {LOADED}.statements set fee_amount = fee_amount - 1.25, {less} where id = '{statement}'",
        ask=CAUSES,
    )
    assert found == [
        ("clearing", "late_adjustment", Decimal("1.25")),
        ("payout_statements", "late_adjustment", Decimal("1.25")),
    ]
    assert {cause for _, cause, _ in changed(f"{CLOSED} where false", ask=CAUSES)} == {"unexplained"}


def test_a_statement_that_has_changed_since_it_was_loaded_first_is_late_at_once(changed):  # noqa: F811
    """Without a closed month, and before a later payment makes up for it; each of two changes, and then one of them."""
    versions = f"{MARTS}.tiktokshop__statement_versions"
    now = f"select shop_id, id, settlement_amount, now() - interval '1 hour' from {MARTS}.stg_tiktokshop__statements"
    shop = f"(select min(shop_id) from {MARTS}.tiktokshop__payouts)"
    last = (
        f"select statement_id, covered_date from {MARTS}.tiktokshop__statements where payment_id is not null"
        f" and shop_id = {shop} and payment_status = 'PAID' order by covered_date desc"
    )
    rows = changed(f"delete from {versions}", f"insert into {versions} {now}", ask=last)
    (second, _), *_, (first, _) = rows[:6]

    def corrected(statement, more):
        transactions = f"{LOADED}.statement_transactions"
        one = f"(select min(id) from {transactions} where statement_id = '{statement}' and type = 'ORDER')"
        fee = f"""json_merge_patch(fee_tax_breakdown, '{{"fee": {{"brand_new_fee_amount": "{more}"}}}}')"""
        sums = f"settlement_amount = settlement_amount + {more}"
        present = f"select shop_id, id, settlement_amount, now() from {MARTS}.stg_tiktokshop__statements"
        fees = f"fee_tax_breakdown = {fee}, fee_tax_amount = fee_tax_amount + {more}"
        return (
            f"update {transactions} set {fees}, {sums} where id = {one}",
            f"update {LOADED}.statements set fee_amount = fee_amount + {more}, {sums} where id = '{statement}'",
            f"insert into {versions} {present} where id = '{statement}'",
        )

    late = [("clearing", "late_adjustment"), ("payout_statements", "late_adjustment")]
    found = changed(*corrected(first, "1.25"), ask=CAUSES)
    assert [(identity, cause) for identity, cause, _ in found] == late
    assert {difference for *_, difference in found} == {Decimal("-1.25")}
    found = changed(*corrected(second, "0.50"), ask=CAUSES)
    assert {(identity, cause) for identity, cause, _ in found} == {*late}
    assert len(found) == 4
    forgotten = f"delete from {versions} where statement_id = '{first}'"
    assert {cause for _, cause, _ in changed(forgotten, ask=CAUSES)} == {"unexplained"}


# Closed months


def test_closing_a_month_changes_no_line(books, changed):  # noqa: F811
    key = ("shop_id", "entry_id", "line")
    ask = f"select shop_id, entry_id, line, entry_date, category, account, debit, credit from {MARTS}.{JOURNAL}"
    expected = sorted(
        tuple(row[name] for name in (*key, "entry_date", "category", "account", "debit", "credit"))
        for row in books.of(JOURNAL)
    )
    assert sorted(changed(CLOSED, ask=ask)) == expected
    closed = books.own["duckdb"]["tiktokshop__closed_lines"]
    assert len(expected) > len(closed) > 100


def test_what_changes_in_a_closed_month_is_an_entry_of_the_first_open_one(books, changed):  # noqa: F811
    day = first_open_day(books)
    before = changed(CLOSED, ask=f"select * from {MARTS}.{JOURNAL} where entry_date < '{day}' order by all")
    ask = (
        f"select entry_id, corrects, document_id, entry_date, category, debit, credit from {MARTS}.{JOURNAL}"
        " where entry_kind = 'correction' order by category"
    )
    ((statement,),) = changed(ask=f"select {PAID}")
    entry = (f"correction {day:%Y-%m} statement {statement}", f"statement {statement}", statement, day)
    assert changed(late(-3), ask=ask) == [(*entry, "clearing", 0, 3), (*entry, "penalties", 3, 0)]
    assert changed(ask=f"select * from {MARTS}.{JOURNAL} where entry_date < '{day}' order by all") == before
    assert {identity for identity, cause, _ in changed(ask=CAUSES) if cause == "unexplained"} == set()


def test_a_document_of_a_closed_month_that_comes_late_is_booked_whole_in_the_first_open_one(changed):  # noqa: F811
    ((statement,),) = changed(CLOSED, ask=f"select {PAID}")
    whole = changed(ask=ENTRY.format(f"statement {statement}"))
    copy = f"insert into {LOADED}.{{}} select * replace ({{}}) from {LOADED}.{{}} where {{}} = '{statement}'"
    found = changed(
        copy.format("statement_transactions", "'new' as statement_id", "statement_transactions", "statement_id"),
        copy.format("statements", "'new' as id, '' as payment_id, 'UNPAID' as payment_status", "statements", "id"),
        ask=ENTRY.format("correction % statement new"),
    )
    assert found == whole != []
    assert changed(ask=ENTRY.format("statement new")) == []


def test_a_payout_that_has_failed_since_is_taken_back_in_the_first_open_month(changed):  # noqa: F811
    one = f"(select min(document_id) from {MARTS}.tiktokshop__closed_lines where entry_kind = 'payout')"
    ((amount,),) = changed(CLOSED, ask=f"select sum(debit) from {MARTS}.{JOURNAL} where entry_id = 'payout ' || {one}")
    found = changed(
        f"update {LOADED}.payments set status = 'FAILED' where id = {one}", ask=ENTRY.format("correction % payout %")
    )
    assert found == [("bank", -amount), ("clearing", amount)]


def test_a_better_estimate_corrects_nothing_and_an_accrual_is_taken_back_as_it_was_booked(books, changed):  # noqa: F811
    month = f"{own_project.closed_month(str(books.file)):%Y-%m}"
    booked = changed(CLOSED, ask=ENTRY.format(f"accrual {month}"))
    better = (
        f"update {LOADED}.statement_transactions set settlement_amount = settlement_amount + 7 where id in"
        f" (select split_part(document_id, '/', 2) from {MARTS}.tiktokshop__accruals where month = '{month}-01')"
    )
    assert changed(better, ask=ENTRY.format(f"accrual {month}")) == booked
    taken_back = changed(ask=ENTRY.format(f"reversal {month}"))
    assert sorted(taken_back) == sorted((category, -amount) for category, amount in booked)
    assert [one for one in changed(ask=CAUSES) if one[0] == "receivable"] == []


def test_a_document_that_is_not_in_the_warehouse_any_more_stays_as_it_was_closed(books, changed):  # noqa: F811
    gone = [f"delete from {LOADED}.statement_transactions where statement_id = {PAID}"]
    ((statement,),) = changed(CLOSED, ask=f"select {PAID}")
    changed(*gone, f"delete from {LOADED}.statements where id = '{statement}'", ask="select 1")
    assert changed(ask=ENTRY.format("correction%")) == []
    kept = balances([row for row in books.of(JOURNAL) if row["document_id"] == statement], "category")
    assert dict(changed(ask=ENTRY.format(f"statement {statement}"))) == {key: value for (key,), value in kept.items()}


# A project of one's own


@pytest.mark.parametrize("mart", OWN_MARTS)
def test_the_package_in_a_project_of_one_s_own_has_the_same_rows_in_both_engines(books, mart):  # noqa: F811
    assert "Completed" in books.said["own duckdb"]
    assert books.own["duckdb"][mart] == books.own["postgres"][mart] != []


def test_accounts_are_overridden_row_by_row_and_cell_by_cell(books):  # noqa: F811
    names = ("account", "account_name", "account_type", "tax_code")
    closed = max(row["entry_date"] for row in books.own["duckdb"]["tiktokshop__closed_lines"])
    rows = [row for row in books.own["duckdb"][JOURNAL] if row["entry_date"] > closed]
    found = {row["category"]: tuple(row[name] for name in names) for row in rows}
    assert found["sales"] == ("0200", "Sales of the shop", "income", "20% (VAT on Income)")
    assert found["clearing"] == ("1200", "Marketplaces", "asset", None)
    assert found["vouchers"] == ("4095", "Vouchers", None, None)
    assert found["bank"] == ("1000", "Bank", "asset", None)
    before = {row["account"] for row in books.own["duckdb"][JOURNAL] if row["category"] == "sales"} - {"0200"}
    assert before == {"4000"}  # of the months that were closed


def test_a_category_that_was_overridden_corrects_the_closed_months_and_leaves_them_as_they_are(books):  # noqa: F811
    rows = books.own["duckdb"][JOURNAL]
    closed = {row["entry_id"] for row in books.own["duckdb"]["tiktokshop__closed_lines"]}
    moved = balances([row for row in rows if row["entry_kind"] == "correction"], "shop_id", "corrects", "category")
    booked = {
        (shop, entry, category): amount
        for (shop, entry, category), amount in balances(
            [row for row in books.of(JOURNAL) if row["entry_kind"] == "statement"], "shop_id", "entry_id", "category"
        ).items()
        if category == "seller_discounts" and entry in closed
    }
    assert booked
    assert moved == {key: -amount for key, amount in booked.items()} | {
        (shop, entry, "vouchers"): amount for (shop, entry, _), amount in booked.items()
    }


def test_time_zones_are_overridden_by_market(books):  # noqa: F811
    zones = {row["region"]: row["time_zone"] for row in books.own["duckdb"]["tiktokshop__shop_zones"]}
    assert zones == {"US": "America/New_York", "GB": "Europe/London"}


def test_payouts_and_lines_of_the_bank_are_paired_and_what_is_left_is_listed(books):  # noqa: F811
    rows = books.own["duckdb"]["tiktokshop__bank_matches"]
    paid = [row for row in books.of("tiktokshop__payouts") if row["status"] == "PAID"]
    found = Counter(row["status"] for row in rows)
    assert found == {"matched": len(paid) - 1, "not_in_bank": 1, "not_a_payout": 1}
    for row in rows:
        if row["status"] == "matched":
            assert 0 <= (row["booked_date"] - row["paid_date"]).days <= own_project.SHIFTED
    (missing,) = (row for row in rows if row["status"] == "not_in_bank")
    (other,) = (row for row in rows if row["status"] == "not_a_payout")
    assert other["amount"] == Decimal("0.99")
    (difference,) = (
        row for row in books.own["duckdb"]["tiktokshop__reconciliation_differences"] if row["identity"] == "bank"
    )
    assert (difference["document_id"], difference["difference"]) == (missing["payment_id"], missing["amount"])
    assert difference["cause"] == "unexplained"
    open_months = {
        (row["shop_id"], row["month"])
        for row in books.own["duckdb"]["tiktokshop__books_closed"]
        if not row["is_closed"]
    }
    assert open_months == {(missing["shop_id"], missing["paid_date"].replace(day=1))}


BANK = f"create or replace view {MARTS}.tiktokshop__bank_lines as select * from (values {{}}) as lines"
BANK += " (bank_line, booked_date, amount, currency, reference, account_digits)"
LINE = "('{}', {}, {}, '{}', 'TikTok', {})"


def paired(changed, *lines):  # noqa: F811
    """Which line of the bank the first payout has; a line says how many days later it is, and how it differs."""
    ask = (
        f"select payment_id, paid_date, amount, currency from {MARTS}.tiktokshop__payouts where status = 'PAID'"
        " order by paid_date, payment_id limit 1"
    )
    ((payment, day, amount, currency),) = changed(ask=ask)
    values = [
        LINE.format(
            number,
            f"date '{day}' + {line.get('days', 1)}",
            f"cast({amount} + {line.get('more', 0)} as decimal(38, 9))",
            line.get("currency", currency),
            f"'{line['account']}'" if "account" in line else "cast(null as text)",
        )
        for number, line in enumerate(lines)
    ]
    ask = f"select bank_line, status from {MARTS}.tiktokshop__bank_matches where payment_id = '{payment}'"
    ((found, status),) = changed(BANK.format(", ".join(values)), ask=ask)
    return found or status


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([{}], "0"),
        ([{"days": 5}, {"days": 2}], "1"),
        ([{"days": 6}], "not_covered"),
        ([{"days": -2}, {"days": 9, "more": 1}], "not_in_bank"),
        ([{"days": -1}], "0"),
        ([{"more": "0.01"}], "not_covered"),
        ([{"currency": "XXX"}], "not_covered"),
        ([{"account": "99991234"}], "0"),
        ([{"account": "99994321"}, {"days": 3, "account": "00001234"}], "1"),
    ],
)
def test_a_line_of_the_bank_is_a_payout_by_amount_currency_days_and_last_digits(changed, lines, found):  # noqa: F811
    assert paired(changed, *lines) == found
