"""Refunds that the seller makes by itself: as much as can be, and each once."""

from decimal import Decimal

import pytest
from target_tiktokshop.streams.refunds import CONTRACT
from target_tiktokshop.writing.fields import FieldError
from tiktokshop_client import operations

CREATE = "POST /return_refund/202602/returns"
CALCULATE = "POST /return_refund/202602/refunds/calculate"
REASON = "ecom_order_delivered_refund_reason_damaged_seller"


@pytest.fixture
def lab(lab_of):
    with lab_of(orders=1_500) as made:
        yield made


def returns(lab, order, shop="US"):
    body = {"order_ids": [order["id"]]}
    pages = lab.client.pages(operations.SEARCH_RETURNS, shop=lab.shops[shop], body=body)
    return [row for page in pages for row in page.rows]


def delivered(lab, count=1, lines=1, shop="US"):
    """Delivered orders of which nothing has been returned."""
    found = lab.client.pages(operations.SEARCH_ORDERS, shop=lab.shops[shop], body={"order_status": "DELIVERED"})
    good = []
    for order in (row for page in found for row in page.rows):
        if len(good) == count:
            break
        if len(order["line_items"]) >= lines and not returns(lab, order, shop):
            good.append(order)
    assert len(good) == count
    return good


def refund(lab, *orders, config=None, shop="US", **more):
    records = [{"order_id": order["id"], "reason": REASON, **more} for order in orders]
    return lab.feed("refunds", *records, shop=shop, **{"max_refunds_percent": 100, **(config or {})})


def writes(run):
    return {name: count for name, count in run.writes.items() if name != CALCULATE}


def test_all_that_was_paid_is_refunded_once_as_the_platform_calculates_it(lab):
    (order,) = delivered(lab)
    run = refund(lab, order)
    assert run.outcomes == [("applied", None)]
    assert writes(run) == {CREATE: 1}
    (made,) = returns(lab, order)
    total = Decimal(order["payment"]["total_amount"])
    assert Decimal(run.row["before"]["refundable"]) == Decimal(made["refund_amount"]["refund_total"]) == total
    assert (run.row["after"]["return_id"], made["role"]) == (made["return_id"], "SELLER")
    again = refund(lab, order)
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})


def test_a_part_is_refunded_and_another_amount_is_not_taken_for_it(lab):
    (order,) = delivered(lab)
    run = refund(lab, order, amount="1.50", currency="usd")
    assert run.outcomes == [("applied", None)]
    assert Decimal(returns(lab, order)[0]["refund_amount"]["refund_total"]) == Decimal("1.50")
    assert refund(lab, order, amount="1.50", currency="USD").outcomes == [("unchanged", None)]
    other = refund(lab, order, amount="1.60", currency="USD")
    assert (other.outcomes, writes(other)) == ([("rejected", "25001021")], {})


def test_single_lines_are_refunded(lab):
    (order,) = delivered(lab, lines=2)
    line = order["line_items"][0]["id"]
    run = refund(lab, order, order_line_item_ids=[line])
    assert run.outcomes == [("applied", None)]
    assert [item["order_line_item_id"] for item in returns(lab, order)[0]["return_line_items"]] == [line]


@pytest.mark.parametrize("kind", ["truncated_json", "reset_middle", "http_500", "reset_before"])
def test_after_an_unclear_outcome_nothing_is_refunded_twice(lab, kind):
    (order,) = delivered(lab)
    lab.fault(kind, path="/return_refund/202602/returns", next=1)
    run = refund(lab, order)
    assert run.outcomes == [("applied", None)]
    assert len(returns(lab, order)) == 1


def rejected(lab, code, order, **more):
    run = refund(lab, order, **more)
    assert (run.outcomes, writes(run)) == ([("rejected", code)], {})
    assert len(run.row["message"]) > 20
    return run.row


def test_what_cannot_be_refunded_is_rejected_with_what_to_do_and_no_refund(lab):
    (order,) = delivered(lab)
    rejected(lab, "unknown_order", {"id": "17"})
    rejected(lab, "cancelled", lab.orders(order_status="CANCELLED")[0])
    rejected(lab, "25001021", lab.orders(order_status="AWAITING_SHIPMENT")[0])
    rejected(lab, "unknown_lines", order, order_line_item_ids=["17"])
    rejected(lab, "wrong_currency", order, amount="1", currency="EUR")
    total = Decimal(order["payment"]["total_amount"])
    row = rejected(lab, "above_refundable", order, amount=str(total + 1), currency="USD")
    assert f"at most {total} USD can be refunded" in row["message"]
    run = lab.feed("refunds", {"order_id": order["id"], "reason": "because"})
    assert run.outcomes == [("rejected", "25001014")]
    assert REASON in run.row["message"]


@pytest.mark.parametrize(
    "values",
    [
        {"amount": "1"},
        {"currency": "USD"},
        {"amount": "0", "currency": "USD"},
        {"amount": "1.001", "currency": "USD"},
        {"reason": ""},
    ],
)
def test_a_record_with_a_value_that_cannot_be_used_is_rejected(values):
    with pytest.raises(FieldError):
        CONTRACT.read({"order_id": "1", "reason": REASON, **values})


def test_max_refund_amount_holds_back_what_is_above_it_in_its_currency(lab):
    (order,) = delivered(lab)
    run = refund(lab, order, config={"max_refund_amount": {"USD": "0.50"}})
    assert (run.outcomes, writes(run)) == ([("guarded", "max_refund_amount")], {})
    small = refund(lab, order, amount="0.50", currency="USD", config={"max_refund_amount": {"usd": "0.50"}})
    assert small.outcomes == [("applied", None)]


def test_max_refunds_percent_stops_before_more_of_a_month_s_orders_are_refunded(lab):
    orders = delivered(lab, count=6)
    run = refund(lab, *orders, config={"max_refunds_percent": 1})
    assert (run.outcomes, writes(run)) == ([("guarded", "max_refunds_percent")] * 6, {})
    assert "6 of " in str(run.error)
    assert refund(lab, *orders[:5], config={"max_refunds_percent": 0}).outcomes == [("applied", None)] * 5


def test_the_plan_says_what_the_run_then_does(lab):
    orders = [*delivered(lab, count=2), lab.orders(order_status="AWAITING_SHIPMENT")[0]]
    plan = refund(lab, *orders, config={"dry_run": True, "max_rejected_percent": 50})
    run = refund(lab, *orders, config={"max_rejected_percent": 50})
    assert writes(plan) == {}
    assert plan.outcomes == [("planned", None)] * 2 + [("rejected", "25001021")]
    assert run.outcomes == [("applied", None)] * 2 + [("rejected", "25001021")]
    for planned, done in zip(plan.rows[:2], run.rows[:2], strict=True):
        assert planned["before"] == done["before"]
        assert Decimal(planned["after"]["refund_total"]) == Decimal(done["after"]["refund_total"])
