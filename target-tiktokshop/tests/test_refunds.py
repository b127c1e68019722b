"""Refunds that the seller makes by itself: as much as can be, and each once."""

from decimal import Decimal

import pytest
from target_tiktokshop.streams.refunds import CONTRACT
from target_tiktokshop.writing.fields import FieldError
from tiktokshop_client import operations

CREATE = "POST /return_refund/202602/returns"
SENT_BACK = "seller_ecom_delivered_return_refund_reason1"
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


@pytest.mark.parametrize("role", [None, "", "SELLER_OF_2027"])
def test_a_refund_that_does_not_show_who_made_it_is_not_made_again(lab, role):
    def after(path, answer):
        for made in answer["data"].get("return_orders") or () if path.endswith("/returns/search") else ():
            made["role"] = role
        return answer

    (order,) = delivered(lab)
    assert refund(lab, order, amount="1.50", currency="USD").outcomes == [("applied", None)]
    with lab.between(after=after):
        same = refund(lab, order, amount="1.50", currency="USD")
        other = refund(lab, order, amount="1.60", currency="USD", config={"max_rejected_percent": 100})
    assert (same.outcomes, writes(same)) == ([("unchanged", None)], {})
    assert (other.outcomes, writes(other)) == ([("rejected", "refunded_before")], {})


def test_a_part_is_refunded_and_another_amount_is_not_taken_for_it(lab):
    (order,) = delivered(lab)
    run = refund(lab, order, amount="1.50", currency="usd")
    assert run.outcomes == [("applied", None)]
    assert Decimal(returns(lab, order)[0]["refund_amount"]["refund_total"]) == Decimal("1.50")
    assert refund(lab, order, amount="1.50", currency="USD").outcomes == [("unchanged", None)]
    other = refund(lab, order, amount="1.60", currency="USD")
    assert (other.outcomes, writes(other)) == ([("rejected", "refunded_before")], {})
    assert "the seller has refunded 1.50 USD of it before" in other.row["message"]


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


def test_of_two_runs_at_once_that_ask_for_the_same_refund_one_makes_it_and_both_know(lab):
    (order,) = delivered(lab)
    others = []

    def before(path):
        if path.endswith("/202602/returns") and not others:
            others.append(None)
            others[0] = refund(lab, order)

    with lab.between(before=before):
        run = refund(lab, order)
    assert (run.outcomes, others[0].outcomes) == ([("applied", None)], [("applied", None)])
    (made,) = returns(lab, order)
    assert {run.row["after"]["return_id"], others[0].row["after"]["return_id"]} == {made["return_id"]}


def test_what_is_lost_on_its_way_is_refunded_in_the_united_states_where_the_platform_lets_it(lab):
    (order,) = [one for one in lab.orders(order_status="IN_TRANSIT") if not returns(lab, one)][:1]
    wrong = refund(lab, order)
    assert (wrong.outcomes, writes(wrong)) == ([("rejected", "25001014")], {})
    assert "seller_shipped_refund_package_lost" in wrong.row["message"]
    run = refund(lab, order, reason="seller_shipped_refund_package_lost")
    assert run.outcomes == [("applied", None)]
    assert returns(lab, order)[0]["return_type"] == "REFUND"


def test_goods_are_sent_back_and_paid_back_as_a_record_asks(lab):
    (order,) = delivered(lab)
    asked = {"reason": SENT_BACK, "return_type": "return_and_refund", "shipment_type": "PLATFORM"}
    plan = refund(lab, order, config={"dry_run": True}, **asked)
    run = refund(lab, order, **asked)
    assert (plan.outcomes, run.outcomes) == ([("planned", None)], [("applied", None)])
    (made,) = returns(lab, order)
    assert (made["return_type"], made["return_status"]) == ("RETURN_AND_REFUND", "AWAITING_BUYER_SHIP")
    assert Decimal(plan.row["after"]["refund_total"]) == Decimal(made["refund_amount"]["refund_total"])
    again, other = refund(lab, order, **asked), refund(lab, order)
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})
    assert (other.outcomes, writes(other)) == ([("rejected", "refunded_before")], {})


def test_outside_the_united_states_the_platform_lets_no_seller_send_goods_back(lab):
    (order,) = delivered(lab, shop="GB")
    run = refund(lab, order, shop="GB", reason=f"{SENT_BACK}_uk", return_type="RETURN_AND_REFUND")
    assert (run.outcomes, writes(run)) == ([("rejected", "25001021")], {})
    assert "have the goods sent back" in run.row["message"]
    money = refund(lab, order, shop="GB", reason=f"{REASON}_uk")
    assert money.outcomes == [("applied", None)]


def test_the_plan_shows_what_the_platform_calculates_in_its_parts(lab):
    (order,) = delivered(lab)
    shown = refund(lab, order, config={"dry_run": True}).row["before"]
    parts = [Decimal(shown[name]) for name in ("refund_subtotal", "refund_shipping_fee", "refund_tax")]
    assert Decimal(shown["refundable"]) == sum(parts) + Decimal(shown["retail_delivery_fee"]) > 0


def rejected(lab, code, order, **more):
    run = refund(lab, order, **more)
    assert (run.outcomes, writes(run)) == ([("rejected", code)], {})
    assert len(run.row["message"]) > 20
    return run.row


def test_what_cannot_be_refunded_is_rejected_with_what_to_do_and_no_refund(lab):
    (order,) = delivered(lab)
    rejected(lab, "unknown_order", {"id": "17"})
    rejected(lab, "cancelled", lab.orders(order_status="CANCELLED")[0])
    row = rejected(lab, "25001021", lab.orders(order_status="AWAITING_SHIPMENT")[0])
    assert "cancel it with order_cancellations" in row["message"]
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
        {"return_type": "EXCHANGE"},
        {"shipment_type": "PLATFORM"},
        {"shipment_type": "PLATFORM", "return_type": "REFUND"},
        {"shipment_type": "PICKUP", "return_type": "RETURN_AND_REFUND"},
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


def generous(path, answer):
    """A platform that lets an order be refunded line by line, as ours does not."""
    if path.endswith("/aftersale_eligibility"):
        return {**answer, "data": {"sku_eligibility": []}}
    if path.endswith("/refunds/calculate"):
        data = {"order_refund_amount": {"currency": "USD", "refund_total": "3"}}
        return {"code": 0, "message": "Success", "data": data, "request_id": "1"}
    return None


def test_max_refund_amount_counts_all_refunds_of_an_order_in_one_run_or_several(lab):
    (order,) = delivered(lab, lines=2)
    record = {"order_id": order["id"], "reason": REASON, "amount": "2", "currency": "USD"}
    records = [{**record, "order_line_item_ids": [line["id"]]} for line in order["line_items"][:2]]
    config = {"max_refunds_percent": 100, "max_rejected_percent": 100, "max_refund_amount": {"USD": "3.99"}}
    for size in (1, 2):
        plan = lab.feed("refunds", *records, dry_run=True, batch_size_rows=size, **config)
        assert plan.outcomes == [("planned", None), ("guarded", "max_refund_amount")]
    run = lab.feed("refunds", *records, **config)
    assert (run.outcomes, writes(run)) == ([("applied", None), ("guarded", "max_refund_amount")], {CREATE: 1})
    with lab.between(after=generous):
        later = lab.feed("refunds", records[1], **config)
        raised = lab.feed("refunds", records[1], dry_run=True, **{**config, "max_refund_amount": {"USD": "4"}})
    assert (later.outcomes, writes(later)) == ([("guarded", "max_refund_amount")], {})
    assert raised.outcomes == [("planned", None)]


def test_of_several_refunds_of_an_order_the_first_is_made_first(lab):
    (order,) = delivered(lab, lines=2)
    record = {"order_id": order["id"], "reason": REASON, "amount": "1", "currency": "USD"}
    records = [{**record, "order_line_item_ids": [line["id"]]} for line in order["line_items"][:2]]
    run = lab.feed("refunds", *records, max_refunds_percent=100, max_rejected_percent=100)
    assert run.outcomes == [("applied", None), ("rejected", "25001010")]  # ours lets an order be refunded once


def test_max_refund_amount_holds_back_refunds_in_currencies_that_it_does_not_name(lab):
    (order,) = delivered(lab)
    run = refund(lab, order, config={"max_refund_amount": {"GBP": "500"}})
    assert (run.outcomes, writes(run)) == ([("guarded", "max_refund_amount")], {})
    assert "names no amount for USD" in run.row["message"]


def test_line_items_that_several_records_of_a_run_name_are_refunded_by_one_of_them(lab):
    order = next(one for one in delivered(lab, count=40) if len(one["line_items"]) > 1)
    ids = [line["id"] for line in order["line_items"]]
    money = {"order_id": order["id"], "reason": REASON, "amount": "1", "currency": "USD"}
    records = [
        {**money, "order_line_item_ids": ids},
        {**money, "order_line_item_ids": ids[::-1]},
        {**money, "order_line_item_ids": ids[:1]},
        {**money, "amount": "2"},
    ]
    loose = {"max_rejected_percent": 100, "max_refunds_percent": 100}
    plan = lab.feed("refunds", *records, dry_run=True, batch_size_rows=2, **loose)
    run = lab.feed("refunds", *records, batch_size_rows=2, **loose)
    assert plan.outcomes == [("superseded", None), ("planned", None), *[("rejected", "refunded_before")] * 2]
    assert run.outcomes == [("superseded", None), ("applied", None), *[("rejected", "refunded_before")] * 2]
    assert writes(run) == {CREATE: 1}


def test_a_record_that_repeats_a_refund_in_a_later_batch_changes_nothing_as_the_plan_says(lab):
    (order,) = delivered(lab)
    record = {"order_id": order["id"], "reason": REASON, "amount": "1", "currency": "USD"}
    plan = lab.feed("refunds", record, record, dry_run=True, batch_size_rows=1, max_refunds_percent=100)
    run = lab.feed("refunds", record, record, batch_size_rows=1, max_refunds_percent=100)
    assert plan.outcomes == [("planned", None), ("unchanged", None)]
    assert (run.outcomes, writes(run)) == ([("applied", None), ("unchanged", None)], {CREATE: 1})


def answering(path, change):
    """A platform that answers otherwise where a path ends so."""

    def after(asked, answer):
        if asked.endswith(path):
            change(answer["data"])
            return answer
        return None

    return after


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        ({"refund_total": "12.00"}, "odd_answer"),
        ({"currency": "USD"}, "odd_answer"),
        ({"refund_total": "0", "currency": "USD"}, "above_refundable"),
        ({"refund_total": "-3", "currency": "USD"}, "above_refundable"),
        ({"refund_total": "NaN", "currency": "USD"}, "odd_answer"),
        (None, "odd_answer"),
    ],
)
def test_nothing_is_refunded_where_the_platform_does_not_say_how_much_that_is(lab, shown, code):
    (order,) = delivered(lab)
    with lab.between(after=answering("/refunds/calculate", lambda data: data.update(order_refund_amount=shown))):
        run = refund(lab, order, config={"max_refund_amount": {"USD": "1"}, "max_rejected_percent": 100})
    assert (run.outcomes, writes(run)) == ([("rejected", code)], {})


def test_a_refund_that_the_platform_shows_without_its_line_items_is_not_made_again(lab):
    (order,) = delivered(lab, lines=2)
    line = order["line_items"][0]["id"]
    assert refund(lab, order, order_line_item_ids=[line]).outcomes == [("applied", None)]

    def bare(data):
        for row in data["return_orders"]:
            row.pop("return_line_items")

    with lab.between(after=answering("/returns/search", bare)):
        again = refund(lab, order, order_line_item_ids=[line])
        other = refund(lab, order, order_line_item_ids=[order["line_items"][1]["id"]], amount="1", currency="USD")
    assert (again.outcomes, writes(again)) == ([("unchanged", None)], {})
    assert (other.outcomes, writes(other)) == ([("rejected", "refunded_before")], {})


def test_a_refund_that_was_refused_later_does_not_count_as_made(lab):
    (order,) = delivered(lab)
    refund(lab, order)

    def refused(data):
        for row in data["return_orders"]:
            row["return_status"] = "REFUND_OR_RETURN_REQUEST_REJECT"

    with lab.between(after=answering("/returns/search", refused)):
        again = refund(lab, order, config={"max_rejected_percent": 100})
    assert again.outcomes != [("unchanged", None)]


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
