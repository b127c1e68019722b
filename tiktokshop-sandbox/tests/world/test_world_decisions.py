"""What the seller decides through the API: cancels, approves, rejects, and notes other systems' numbers."""

import pytest
from tiktokshop_sandbox.contract import ApiError

DAY = 86_400
RETURNS = "/return_refund/202602/returns/search"
CANCELLATIONS = "/return_refund/202602/cancellations/search"
REASON = "seller_cancel_reason_out_of_stock"


@pytest.fixture
def asker(new_world):
    """Two shops with many orders on the way."""
    return new_world(3000)


def code(call, *args):
    with pytest.raises(ApiError) as refused:
        call(*args)
    return refused.value.code


def an_order(asker, status):
    body = {"order_status": status, "is_buyer_request_cancel": False}
    return asker.ask("POST", "/order/202309/orders/search", {"page_size": 1}, body)["orders"][0]


def shown(asker, order_id):
    return asker.ask("GET", "/order/202507/orders", {"ids": order_id})["orders"][0]


def requests(asker, path, rows, name, status):
    for _ in range(30):
        found = asker.ask("POST", path, {"page_size": 50}, {name: [status]}).get(rows) or []
        if len(found) >= 2:
            return found
        asker.now += DAY // 8
    return pytest.fail("nobody asked")


def test_the_seller_cancels_an_order_that_waits_and_no_other(asker):
    order = an_order(asker, "AWAITING_SHIPMENT")
    path = "/return_refund/202602/cancellations"
    done = asker.ask("POST", path, None, {"order_id": order["id"], "cancel_reason": REASON})
    assert done["cancel_status"] == "CANCELLATION_REQUEST_SUCCESS"
    assert shown(asker, order["id"])["status"] == "CANCELLED"
    assert shown(asker, order["id"])["cancellation_initiator"] == "SELLER"
    again = {"order_id": order["id"], "cancel_reason": REASON}
    assert code(asker.ask, "POST", path, None, again) == 25001011
    waiting = {"order_id": an_order(asker, "AWAITING_SHIPMENT")["id"]}
    assert code(asker.ask, "POST", path, None, waiting | {"cancel_reason": "because"}) == 25001014
    part = waiting | {"cancel_reason": REASON, "order_line_item_ids": ["17"]}
    assert code(asker.ask, "POST", path, None, part) == 25001001


# Only the newer version can be asked about some kinds.
KINDS = {"202602": {"CANCEL"}, "202309": {"CANCEL", "REFUND", "RETURN_AND_REFUND"}}


def test_an_order_says_whether_and_why_its_seller_may_cancel_it(asker):
    def verdicts(order, version="202602"):
        path = f"/return_refund/{version}/orders/{order['id']}/aftersale_eligibility"
        skus = asker.ask("GET", path, {"request_types": "CANCEL"})["sku_eligibility"]
        verdicts = [line for sku in skus for line in sku["line_item_eligibility"]]
        assert {line["request_type"] for line in verdicts} == KINDS[version]
        lines = [line for line in verdicts if line["request_type"] == "CANCEL"]
        assert [number for line in lines for number in line["order_line_items_ids"]] == [
            line["id"] for line in order["line_items"]
        ]
        return lines[0]

    waiting = an_order(asker, "AWAITING_SHIPMENT")
    assert verdicts(waiting)["eligible"] is True
    assert REASON in verdicts(waiting)["available_reason_names"]
    assert "available_reason_names" not in verdicts(waiting, "202309")
    gone = verdicts(an_order(asker, "DELIVERED"))
    assert (gone["eligible"], gone["ineligible_code"]) == (False, 25001021)


CANCEL = "/return_refund/202602/cancellations"


def cancel(asker, order, reason=REASON, **more):
    return asker.ask("POST", CANCEL, None, {"order_id": order["id"], "cancel_reason": reason, **more})


def soon(asker, wanted):
    """The first order of a kind, as soon as there is one."""
    while True:
        found = asker.ask("POST", "/order/202309/orders/search", {"page_size": 1}, wanted).get("orders")
        if found:
            return found[0]
        asker.now += 600


def test_orders_can_be_cancelled_until_the_carrier_has_them(asker):
    for status, reason in (
        ("ON_HOLD", REASON),
        ("UNPAID", "seller_cancel_unpaid_reason_out_of_stock"),
        ("AWAITING_COLLECTION", REASON),
    ):
        order = soon(asker, {"order_status": status, "shipping_type": "TIKTOK"})
        lines = [{"order_line_item_id": line["id"]} for line in order["line_items"]]
        assert cancel(asker, order, reason, order_line_list=lines)["cancel_status"] == "CANCELLATION_REQUEST_SUCCESS"
        asker.now += 3 * DAY
        assert shown(asker, order["id"])["status"] == "CANCELLED", "nothing brings it back"
    gone = soon(asker, {"order_status": "AWAITING_COLLECTION", "shipping_type": "SELLER"})
    assert code(cancel, asker, gone) == 25001045
    assert code(cancel, asker, an_order(asker, "IN_TRANSIT")) == 25001021
    assert code(cancel, asker, an_order(asker, "COMPLETED")) == 25001051
    assert code(cancel, asker, soon(asker, {"order_status": "UNPAID"})) == 25001021


def test_a_part_of_an_order_is_not_cancelled_however_it_is_named(asker):
    found = asker.pages(
        "POST", "/order/202309/orders/search", "orders", {"page_size": 100}, {"order_status": "AWAITING_SHIPMENT"}
    )
    order = next(one for one in found if len(one["line_items"]) > 1 and not one["is_buyer_request_cancel"])
    line = order["line_items"][0]
    for part in (
        {"order_line_item_ids": [line["id"]]},
        {"order_line_list": [{"order_line_item_id": line["id"]}]},
        {"skus": [{"sku_id": line["sku_id"], "quantity": 1}]},
    ):
        assert code(lambda part=part: cancel(asker, order, **part)) == 25005010
    assert code(lambda: cancel(asker, order, skus=[{"sku_id": line["sku_id"], "quantity": 99}])) == 25005011
    assert shown(asker, order["id"])["status"] == "AWAITING_SHIPMENT"


def test_a_request_that_the_seller_does_not_answer_in_time_is_approved_by_the_platform(asker):
    pending, waits = {"return_status": ["RETURN_OR_REFUND_REQUEST_PENDING"]}, []
    while len(waits) < 2:
        asked = asker.pages("POST", RETURNS, "return_orders", {"page_size": 50}, pending)
        for row in asked:
            assert row["seller_next_action_response"][0]["deadline"] == row["update_time"] + 2 * DAY
        asker.now += 3 * DAY
        for row in asked:
            history = asker.ask("GET", f"/return_refund/202309/returns/{row['return_id']}/records")["records"]
            silent = [one for one in history if one["event"] == "AUTO_APPROVE"]
            waits += [(one["create_time"] - row["create_time"], one["role"]) for one in silent]
    assert set(waits) == {(2 * DAY, "System")}


def test_a_cancellation_is_decided_once_and_the_same_key_again_changes_nothing(asker):
    status = "CANCELLATION_REQUEST_PENDING"
    one, two, *_ = requests(asker, CANCELLATIONS, "cancellations", "cancel_status", status)
    approve = f"/return_refund/202309/cancellations/{one['cancel_id']}/approve"
    assert asker.ask("POST", approve, {"idempotency_key": "k"}) == {}
    assert asker.ask("POST", approve, {"idempotency_key": "k"}) == {}
    assert code(asker.ask, "POST", approve, {"idempotency_key": "another"}) == 25011014
    assert shown(asker, one["order_id"])["status"] == "CANCELLED"
    reject = f"/return_refund/202309/cancellations/{two['cancel_id']}/reject"
    assert code(asker.ask, "POST", reject, None, {"reject_reason": "no"}) == 25001001
    reason = "seller_reject_apply_product_has_been_packed"
    assert asker.ask("POST", reject, None, {"reject_reason": reason}) == {}
    asker.now += 10 * DAY
    assert shown(asker, two["order_id"])["status"] not in {"CANCELLED", "AWAITING_SHIPMENT"}


def test_a_return_takes_the_course_that_the_seller_decides(asker):
    status = "RETURN_OR_REFUND_REQUEST_PENDING"
    one, two, *_ = requests(asker, RETURNS, "return_orders", "return_status", status)
    kinds = {"REFUND": "REFUND", "RETURN_AND_REFUND": "RETURN"}
    approve = f"/return_refund/202309/returns/{one['return_id']}/approve"
    assert asker.ask("POST", approve, None, {"decision": f"APPROVE_{kinds[one['return_type']]}"}) == {}
    assert code(asker.ask, "POST", approve, None, {"decision": "APPROVE_REPLACEMENT"}) == 25011014
    reject = f"/return_refund/202606/returns/{two['return_id']}/reject"
    body = {"decision": f"REJECT_{kinds[two['return_type']]}", "reject_reason": "reverse_reject_request_reason_1"}
    assert asker.ask("POST", reject, None, body) == {}
    asker.now += 30 * DAY
    rows = asker.ask("POST", RETURNS, {"page_size": 10}, {"return_ids": [one["return_id"], two["return_id"]]})
    ends = {row["return_id"]: row["return_status"] for row in rows["return_orders"]}
    assert ends[one["return_id"]] == "RETURN_OR_REFUND_REQUEST_COMPLETE"
    assert ends[two["return_id"]] == "REFUND_OR_RETURN_REQUEST_REJECT"


def test_references_are_kept_by_order_and_system_and_each_fails_for_itself(asker):
    order = an_order(asker, "AWAITING_SHIPMENT")["id"]
    external = {"id": "#1", "platform": "SHOPIFY", "line_items": [{"id": "#1-1", "origin_id": "1"}]}
    rows = [{"id": number, "external_order": external} for number in (order, "17")]
    for _ in range(2):
        answer = asker.ask("POST", "/order/202406/orders/external_orders", None, {"orders": rows})
        assert [error["detail"]["order_id"] for error in answer["errors"]] == ["17"]
    path = f"/order/202406/orders/{order}/external_orders"
    assert asker.ask("GET", path, {"platform": "SHOPIFY"}) == {"external_orders": [external]}
    assert asker.ask("GET", path, {"platform": "AMAZON"}) == {"external_orders": []}


@pytest.mark.parametrize("lines", [{}, {"line_items": []}, {"line_items": None}])
def test_a_reference_without_lines_is_refused(asker, lines):
    row = {"id": an_order(asker, "AWAITING_SHIPMENT")["id"], "external_order": {"id": "#1", "platform": "SHOPIFY"}}
    row["external_order"].update(lines)
    with pytest.raises(ApiError, match="LineItems is a required field"):
        asker.ask("POST", "/order/202406/orders/external_orders", None, {"orders": [row]})
