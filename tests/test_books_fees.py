"""The audit of fees finds the fees that the sandbox charges wrongly, and no others."""

from collections import defaultdict
from decimal import Decimal

import pytest
from books import books  # noqa: F401 - the fixture
from store_places import postgresql_port  # noqa: F401 - one server for all files

pytestmark = pytest.mark.slow
RATES = {"referral_fee_amount": Decimal("0.06"), "platform_commission_amount": Decimal("0.09")}
REVENUE = (
    "subtotal_before_discount_amount",
    "seller_discount_amount",
    "refund_subtotal_before_discount_amount",
    "seller_discount_refund_amount",
)


@pytest.fixture
def wrong(books):  # noqa: F811
    """(order, fee) -> revenue, what was charged, what is right: of orders that were charged half as much again."""
    revenue, charged = defaultdict(Decimal), defaultdict(Decimal)
    for row in books.records["statement_transactions"]:
        if row["type"] == "ORDER":
            revenue[row["order_id"]] += sum(Decimal(row["revenue_breakdown"].get(name) or 0) for name in REVENUE)
            for name in RATES:
                amount = row["fee_tax_breakdown"]["fee"].get(name)
                charged[row["order_id"], name] -= Decimal(amount or 0)
    return {
        (order, name): (revenue[order], amount, (revenue[order] * RATES[name]).quantize(Decimal("0.01")))
        for (order, name), amount in charged.items()
        if amount > 0 and amount > revenue[order] * RATES[name] * Decimal("1.2") + Decimal("0.05")
    }


def test_the_audit_finds_exactly_the_fees_that_are_wrong(books, wrong):  # noqa: F811
    rows = {(row["order_id"], row["component"]): row for row in books.of("tiktokshop__fee_audit")}
    assert rows.keys() == wrong.keys()
    assert len(rows) > 3
    for key, (revenue, amount, right) in wrong.items():
        row = rows[key]
        assert (row["base_amount"], row["charged_amount"]) == (revenue, amount)
        assert abs(row["expected_amount"] - right) <= Decimal("0.005")
        assert row["difference"] == row["charged_amount"] - row["expected_amount"] > row["allowed"]
        assert row["kind"] == "referral"


def test_the_arithmetic_is_said_in_words(books):  # noqa: F811
    for row in books.of("tiktokshop__fee_audit"):
        percent = {"referral_fee_amount": "6", "platform_commission_amount": "9"}[row["component"]]
        base, expected, charged, difference = (
            f"{row[name].quantize(Decimal('0.01'), 'ROUND_HALF_UP')}"
            for name in ("base_amount", "expected_amount", "charged_amount", "difference")
        )
        assert row["arithmetic"] == f"{percent} % of {base} = {expected}; charged {charged}, {difference} too much"


def test_a_wrong_fee_is_followed_until_its_adjustment_has_come(books):  # noqa: F811
    adjusted = {
        row["adjustment_order_id"]: row
        for row in books.records["statement_transactions"]
        if row["type"] == "PLATFORM_COMMISSION_ADJUSTMENT"
    }
    rows = books.of("tiktokshop__fee_audit")
    last = {}
    for row in books.of("tiktokshop__statements"):
        last[row["shop_id"]] = max(row["covered_date"], last.get(row["shop_id"], row["covered_date"]))
    for row in rows:
        assert (row["claim_until"] - row["settled_date"]).days == 60
        if row["order_id"] in adjusted:
            assert row["status"] == "adjusted"
            assert row["adjustment_id"] == adjusted[row["order_id"]]["adjustment_id"]
        else:
            assert row["status"] == ("too late" if row["claim_until"] < last[row["shop_id"]] else "open")
            assert (row["adjusted_amount"], row["adjustment_id"]) == (0, None)
    assert {row["status"] for row in rows} >= {"adjusted", "open"}


def test_without_rules_nothing_is_compared():
    from books import PACKAGE

    seed = (PACKAGE / "seeds" / "tiktokshop_fee_rules.csv").read_text()
    assert len(seed.splitlines()) == 1
    assert "tiktokshop_fee_rules: tiktokshop_fee_rules\n" in (PACKAGE / "dbt_project.yml").read_text()
