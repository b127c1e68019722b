"""Refunds that sellers make by themselves."""

from decimal import Decimal

import pytest
from tiktokshop_sandbox.contract import ApiError

REASON = "ecom_order_delivered_refund_reason_damaged_seller"
CALCULATE = "/return_refund/202602/refunds/calculate"
CREATE = "/return_refund/202602/returns"
SEARCH = "/return_refund/202602/returns/search"
DAY = 86_400


@pytest.fixture
def asker(new_world):
    return new_world(1500)


def eligibility(asker, order, *kinds):
    query = {"request_types": list(kinds)} if kinds else {}
    answer = asker.ask("GET", f"/return_refund/202602/orders/{order}/aftersale_eligibility", query)
    return [line for sku in answer["sku_eligibility"] for line in sku["line_item_eligibility"]]


def delivered(asker, lines=1):
    """A delivered order that can be refunded."""
    found = asker.pages(
        "POST", "/order/202309/orders/search", "orders", {"page_size": 100}, {"order_status": "DELIVERED"}
    )
    for order in found:
        if len(order["line_items"]) >= lines and all(
            line["eligible"] for line in eligibility(asker, order["id"], "REFUND")[1::2]
        ):
            return order
    raise LookupError


def calculate(asker, order, **more):
    body = {"order_id": order["id"], "request_type": "REFUND", "reason_name": REASON, **more}
    return asker.ask("POST", CALCULATE, None, body)["order_refund_amount"]


def create(asker, order, key="k", **more):
    body = {"order_id": order["id"], "return_type": "REFUND", "return_reason": REASON, **more}
    return asker.ask("POST", CREATE, {"idempotency_key": key} if key else None, body)


def returns(asker, order):
    return asker.pages("POST", SEARCH, "return_orders", {"page_size": 50}, {"order_ids": [order["id"]]})


def the_code(call, *args, **more):
    with pytest.raises(ApiError) as refused:
        call(*args, **more)
    return refused.value.code


def test_what_is_refunded_is_what_was_calculated_and_shown(asker):
    order = delivered(asker)
    wanted = calculate(asker, order)
    assert Decimal(wanted["refund_total"]) == Decimal(order["payment"]["total_amount"])
    made = create(asker, order)
    assert made["return_status"] == "RETURN_OR_REFUND_REQUEST_SUCCESS"
    (shown,) = returns(asker, order)
    assert (shown["return_id"], shown["role"], shown["return_type"]) == (made["return_id"], "SELLER", "REFUND")
    assert (shown["return_reason"], shown["refund_amount"]) == (REASON, wanted)
    asker.now += 3 * DAY
    assert returns(asker, order)[0]["return_status"] == "RETURN_OR_REFUND_REQUEST_COMPLETE"


def test_a_part_is_refunded_and_its_lines_add_up(asker):
    order = delivered(asker, lines=2)
    create(asker, order, refund_total="1.00", currency="USD")
    (shown,) = returns(asker, order)
    assert Decimal(shown["refund_amount"]["refund_total"]) == 1
    parts = [Decimal(line["refund_amount"]["refund_total"]) for line in shown["return_line_items"]]
    assert sum(parts) == 1
    first = order["line_items"][0]["id"]
    assert the_code(create, asker, order, "other", order_line_item_ids=[first]) == 25001010


def test_a_repeat_with_the_same_key_is_answered_as_before_and_another_is_refused(asker):
    order = delivered(asker)
    made = create(asker, order)
    assert create(asker, order) == made
    assert the_code(create, asker, order, "other") == 25001010
    assert len(returns(asker, order)) == 1
    assert [line["eligible"] for line in eligibility(asker, order["id"], "REFUND")][1::2].count(True) == 0


def on_the_way(asker, shop=None):
    more = {} if shop is None else {"shop": shop}
    found = asker.ask("POST", "/order/202309/orders/search", {"page_size": 50}, {"order_status": "IN_TRANSIT"}, **more)
    return found["orders"][0]


def test_in_the_united_states_what_is_lost_on_its_way_is_refunded_and_paid_back_once(asker):
    order, lost = on_the_way(asker), "seller_shipped_refund_package_lost"
    assert the_code(create, asker, order) == 25001021
    wanted = calculate(asker, order, reason_name=lost)
    create(asker, order, return_reason=lost)
    assert calculate(asker, order, reason_name=lost)["refund_total"] == "0"
    asker.now += 40 * DAY
    (shown,) = returns(asker, order)
    assert (shown["refund_amount"], shown["return_status"]) == (wanted, "RETURN_OR_REFUND_REQUEST_COMPLETE")
    now = asker.ask("GET", "/order/202507/orders", {"ids": order["id"]})["orders"][0]
    assert now["status"] == "COMPLETED"


def test_goods_that_the_seller_has_sent_back_are_paid_back_once_they_are_there(asker):
    order, reason = delivered(asker), "seller_ecom_delivered_return_refund_reason1"
    kind = {"return_type": "RETURN_AND_REFUND", "return_reason": reason}
    wanted = calculate(asker, order, request_type="RETURN_AND_REFUND", reason_name=reason)
    assert create(asker, order, **kind, shipment_type="PLATFORM")["return_status"] == "AWAITING_BUYER_SHIP"
    (shown,) = returns(asker, order)
    assert (shown["return_type"], shown["role"], shown["refund_amount"]) == ("RETURN_AND_REFUND", "SELLER", wanted)
    asker.now += 20 * DAY
    assert returns(asker, order)[0]["return_status"] == "RETURN_OR_REFUND_REQUEST_COMPLETE"


def test_what_is_left_to_refund_of_a_part_is_the_rest(asker):
    order = delivered(asker, lines=2)
    total = Decimal(calculate(asker, order)["refund_total"])
    create(asker, order, refund_total="1.00", currency="USD")
    assert Decimal(calculate(asker, order)["refund_total"]) == total - 1


def test_some_units_of_a_sku_are_refunded_by_naming_it(asker):
    order = delivered(asker, lines=2)
    line = order["line_items"][0]
    by_line = calculate(asker, order, order_line_item_ids=[line["id"]])
    assert calculate(asker, order, skus=[{"sku_id": line["sku_id"], "quantity": 1}]) == by_line
    assert the_code(calculate, asker, order, skus=[{"sku_id": line["sku_id"], "quantity": 99}]) == 25005011


def test_what_cannot_be_refunded_is_refused(asker):
    order = delivered(asker)
    total = Decimal(calculate(asker, order)["refund_total"])
    assert the_code(create, asker, order, refund_total=str(total + 1), currency="USD") == 25005005
    assert the_code(create, asker, order, refund_total="0", currency="USD") == 25005005
    assert the_code(create, asker, order, refund_total="1.001", currency="USD") == 25001001
    assert the_code(create, asker, order, refund_total="1", currency="EUR") == 25001001
    assert the_code(create, asker, order, return_reason="no_reason") == 25001014
    assert the_code(create, asker, order, return_type="EXCHANGE") == 25001001
    assert the_code(create, asker, order, order_line_item_ids=["17"]) == 25001001
    waiting = asker.ask("POST", "/order/202309/orders/search", {"page_size": 1}, {"order_status": "AWAITING_SHIPMENT"})
    assert the_code(create, asker, waiting["orders"][0]) == 25001003
    assert returns(asker, order) == []


def test_eligibility_speaks_of_refunds_only_to_those_who_ask(asker):
    order = delivered(asker)
    assert {line["request_type"] for line in eligibility(asker, order["id"])} == {"CANCEL"}
    refunds = [line for line in eligibility(asker, order["id"], "REFUND") if line["request_type"] == "REFUND"]
    assert all(REASON in line["available_reason_names"] for line in refunds)
