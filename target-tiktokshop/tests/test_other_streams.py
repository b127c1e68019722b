"""Product status, cancellations, decisions and references."""

import pytest
from target_tiktokshop.streams.references import CONTRACT
from target_tiktokshop.writing.fields import FieldError
from tiktokshop_client import operations

ACTIVATE = "POST /product/202309/products/activate"
DEACTIVATE = "POST /product/202309/products/deactivate"
CANCEL = "POST /return_refund/202602/cancellations"
DECIDE = "POST /return_refund/202309/cancellations/{{cancel_id}}/{}"
REFER = "POST /order/202406/orders/external_orders"
OUT_OF_STOCK = "seller_cancel_reason_out_of_stock"


def status(lab, product_id):
    answer = lab.client.call(operations.GET_PRODUCT, shop=lab.us, path={"product_id": product_id})
    return answer.data["product_status"]


# -- product_status ------------------------------------------------------------------------------------------


def test_products_go_up_and_down_twenty_a_call(lab):
    products = [product["id"] for product in lab.products()][:25]
    records = [{"product_id": product, "status": "inactive"} for product in products]
    run = lab.feed("product_status", *records, max_deactivated_percent=100)
    assert run.outcomes == [("applied", None)] * 25
    assert run.writes == {DEACTIVATE: 2}
    assert {status(lab, product) for product in products} == {"SELLER_DEACTIVATED"}
    again = lab.feed("product_status", *records)
    assert (again.outcomes, again.writes) == ([("unchanged", None)] * 25, {})
    up = lab.feed("product_status", {"product_id": products[0], "status": "ACTIVE"})
    assert (up.outcomes, up.writes) == ([("applied", None)], {ACTIVATE: 1})
    assert up.row["before"] == {"status": "SELLER_DEACTIVATED"}
    assert up.row["after"] == {"status": "ACTIVATE"}
    assert status(lab, products[0]) == "ACTIVATE"


def test_a_product_that_was_never_on_sale_is_reviewed_first(lab):
    draft = lab.products("DRAFT")[0]["id"]
    run = lab.feed("product_status", {"product_id": draft, "status": "active"})
    assert run.outcomes == [("applied", None)]
    assert "reviews" in run.row["message"]


def test_what_the_platform_has_deactivated_is_left_alone(lab):
    product = lab.products("PLATFORM_DEACTIVATED")[0]["id"]
    run = lab.feed("product_status", {"product_id": product, "status": "active"})
    assert (run.outcomes, run.writes) == ([("guarded", "protect_status")], {})


def test_a_refusal_of_one_product_leaves_the_others_applied(lab):
    bad, good = lab.products("PLATFORM_DEACTIVATED")[0]["id"], lab.products("SELLER_DEACTIVATED")[0]["id"]
    records = [{"product_id": product, "status": "active"} for product in (bad, good)]
    run = lab.feed("product_status", *records, protect_status=False)
    assert run.outcomes == [("rejected", "12052003"), ("applied", None)]
    unknown = lab.feed("product_status", {"product_id": "17", "status": "active"})
    assert (unknown.outcomes, unknown.writes) == ([("rejected", "unknown_product")], {})


# -- order_cancellations -------------------------------------------------------------------------------------


@pytest.fixture
def busy(lab_of):
    with lab_of(orders=3_000) as made:
        yield made


def waiting(lab):
    orders = lab.orders(order_status="AWAITING_SHIPMENT", shipping_type="TIKTOK")
    return next(order for order in orders if not order["is_buyer_request_cancel"])


def test_an_order_is_cancelled_once(busy):
    record = {"order_id": waiting(busy)["id"], "cancel_reason": OUT_OF_STOCK}
    run = busy.feed("order_cancellations", record)
    assert (run.outcomes, run.writes) == ([("applied", None)], {CANCEL: 1})
    assert run.row["after"]["cancel_status"] == "CANCELLATION_REQUEST_SUCCESS"
    assert busy.order(record["order_id"])["status"] == "CANCELLED"
    again = busy.feed("order_cancellations", record)
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})


@pytest.mark.parametrize(("kind", "outcome"), [("truncated_json", "applied"), ("http_500", "rejected")])
def test_an_unclear_cancellation_is_looked_up_and_not_repeated(busy, kind, outcome):
    busy.fault(kind, path="/return_refund/202602/cancellations", next=1)
    run = busy.feed("order_cancellations", {"order_id": waiting(busy)["id"], "cancel_reason": OUT_OF_STOCK})
    assert (run.row["outcome"], run.writes) == (outcome, {CANCEL: 1})


def test_a_request_of_the_buyer_s_is_decided_and_not_taken_for_a_cancellation(busy):
    asked = [one for one in busy.orders(order_status="AWAITING_SHIPMENT") if one["is_buyer_request_cancel"]]
    asked += [
        one
        for one in busy.orders(order_status="AWAITING_SHIPMENT", shipping_type="TIKTOK")
        if one["is_buyer_request_cancel"]
    ]
    run = busy.feed("order_cancellations", {"order_id": asked[0]["id"], "cancel_reason": OUT_OF_STOCK})
    assert run.outcomes == [("rejected", "after_sale")]
    assert "cancellation_decisions" in run.row["message"]
    assert busy.order(asked[0]["id"])["status"] == "AWAITING_SHIPMENT"


def test_orders_are_cancelled_until_the_carrier_has_them_if_the_platform_lets_them(busy):
    taken = busy.orders(order_status="AWAITING_COLLECTION", shipping_type="TIKTOK")[0]
    with_carrier = busy.orders(order_status="AWAITING_COLLECTION")[0]
    run = busy.feed("order_cancellations", {"order_id": taken["id"], "cancel_reason": OUT_OF_STOCK})
    assert (run.outcomes, busy.order(taken["id"])["status"]) == ([("applied", None)], "CANCELLED")
    run = busy.feed("order_cancellations", {"order_id": with_carrier["id"], "cancel_reason": OUT_OF_STOCK})
    assert run.outcomes == [("rejected", "25001045")]


def test_a_part_is_named_as_the_newest_call_names_it_and_where_that_is_not_known_as_the_older_does(busy):
    order = next(
        one
        for one in busy.orders(order_status="AWAITING_SHIPMENT", shipping_type="TIKTOK")
        if len(one["line_items"]) > 1 and not one["is_buyer_request_cancel"]
    )
    lines = [line["id"] for line in order["line_items"]]
    part = {"order_id": order["id"], "cancel_reason": OUT_OF_STOCK, "order_line_item_ids": lines[:1]}
    run = busy.feed("order_cancellations", part)
    assert (run.outcomes, run.writes) == ([("rejected", "25005010")], {CANCEL: 1})
    assert "leave out order_line_item_ids" in run.row["message"]

    def unknown(path, answer):
        if path == "/return_refund/202602/cancellations":
            return {"code": 36009009, "message": "Invalid path", "request_id": "1", "data": None}
        return None

    def older(path):
        return path == "/return_refund/202602/cancellations" and paths.append(path)

    paths = []
    with busy.between(before=older, after=unknown):
        run = busy.feed("order_cancellations", part)
    assert len(paths) == 1
    assert run.row["code"] == "25005010"


def test_a_cancellation_that_the_platform_has_not_decided_is_not_said_to_be_done(busy):
    order = waiting(busy)

    def undecided(path, answer):
        data = answer["data"] or {}
        if path.endswith("/202602/cancellations"):
            data["cancel_status"] = "CANCELLATION_REQUEST_PENDING"
        for row in data.get("cancellations") or []:
            row["cancel_status"] = "CANCELLATION_REQUEST_PENDING"
        for row in data.get("orders") or []:
            row["status"] = "AWAITING_SHIPMENT"
        return answer

    with busy.between(after=undecided):
        run = busy.feed("order_cancellations", {"order_id": order["id"], "cancel_reason": OUT_OF_STOCK})
    assert run.outcomes == [("unconfirmed", "cancel_pending")]


def test_orders_that_cannot_be_cancelled_are_rejected(busy):
    shipped = busy.orders(order_status="DELIVERED")[0]["id"]
    order = waiting(busy)["id"]
    for record, code in (
        ({"order_id": "17"}, "unknown_order"),
        ({"order_id": shipped}, "shipped"),
        ({"order_id": order, "order_line_item_ids": ["17"]}, "unknown_lines"),
        ({"order_id": order, "cancel_reason": None}, "bad_record"),
    ):
        run = busy.feed("order_cancellations", {"cancel_reason": OUT_OF_STOCK, **record})
        assert (run.outcomes, run.writes) == ([("rejected", code)], {})
    reason = busy.feed("order_cancellations", {"order_id": order, "cancel_reason": "because"})
    assert reason.row["outcome"] == "rejected"


# -- decisions -----------------------------------------------------------------------------------------------


def asked(lab, search, statuses, name):
    """Requests in a status, waiting until there are some."""
    for _ in range(20):
        body = {name: statuses}
        found = [row for page in lab.client.pages(search, shop=lab.us, body=body) for row in page.rows]
        if len(found) >= 2:
            return found
        lab.sandbox.control("POST", "/clock", {"advance": 10_800})
    pytest.fail("nobody asked")


def test_cancellations_are_approved_and_rejected_with_an_idempotency_key(busy):
    pending = ["CANCELLATION_REQUEST_PENDING"]
    one, two, *_ = asked(busy, operations.SEARCH_CANCELLATIONS, pending, "cancel_status")
    no = "seller_reject_apply_product_has_been_packed"
    records = [
        {"id": one["cancel_id"], "decision": "approve"},
        {"cancel_id": two["cancel_id"], "decision": "reject", "reject_reason": no},
    ]
    run = busy.feed("cancellation_decisions", *records)
    assert run.outcomes == [("applied", None)] * 2
    assert run.writes == {DECIDE.format("approve"): 1, DECIDE.format("reject"): 1}
    sent = [row for row in busy.sandbox.control("GET", "/requests")["requests"] if "/approve" in row["path"]]
    assert len(sent[0]["query"]["idempotency_key"]) == 32
    assert busy.order(one["order_id"])["status"] == "CANCELLED"
    assert busy.order(two["order_id"])["status"] == "AWAITING_SHIPMENT"
    again = busy.feed("cancellation_decisions", *records)
    assert (again.outcomes, again.writes) == ([("unchanged", None)] * 2, {})
    late = busy.feed("cancellation_decisions", {**records[1], "id": one["cancel_id"], "cancel_id": None})
    assert (late.outcomes, late.writes) == ([("rejected", "not_pending")], {})


def test_a_rejection_without_a_reason_and_an_unknown_request_are_rejected(busy):
    for record, code in (
        ({"id": "17", "decision": "reject"}, "bad_record"),
        ({"id": "17", "decision": "maybe"}, "bad_record"),
        ({"id": "17", "decision": "approve"}, "unknown_request"),
    ):
        for stream in ("cancellation_decisions", "return_decisions"):
            run = busy.feed(stream, record)
            assert (run.outcomes, run.writes) == ([("rejected", code)], {})


def test_returns_are_approved_and_rejected_as_their_type_asks_for(busy):
    pending = ["RETURN_OR_REFUND_REQUEST_PENDING"]
    one, two, *_ = asked(busy, operations.SEARCH_RETURNS, pending, "return_status")
    run = busy.feed(
        "return_decisions",
        {"return_id": one["return_id"], "decision": "approve"},
        {"return_id": two["return_id"], "decision": "reject", "reject_reason": "reverse_reject_request_reason_1"},
    )
    assert run.outcomes == [("applied", None)] * 2
    word = {"REFUND": "REFUND", "RETURN_AND_REFUND": "RETURN"}
    assert run.rows[0]["after"] == {"decision": f"APPROVE_{word[one['return_type']]}"}
    again = busy.feed("return_decisions", {"return_id": two["return_id"], "decision": "approve"})
    assert (again.outcomes, again.writes) == ([("rejected", "not_pending")], {})


def test_an_answer_to_a_decision_that_is_lost_does_not_decide_twice(busy):
    one, *_ = asked(busy, operations.SEARCH_CANCELLATIONS, ["CANCELLATION_REQUEST_PENDING"], "cancel_status")
    busy.fault("truncated_json", path="/return_refund/*/approve", next=1)
    run = busy.feed("cancellation_decisions", {"id": one["cancel_id"], "decision": "approve"})
    assert (run.outcomes, run.writes) == ([("applied", None)], {DECIDE.format("approve"): 2})


# -- external_order_references -------------------------------------------------------------------------------


def lines_of(order):
    return [{"id": f"#1-{place}", "origin_id": line["id"]} for place, line in enumerate(order["line_items"])]


def reference(order, number="#1", **more):
    return {"order_id": order["id"], "platform": "SHOPIFY", "external_order_id": number, **more}


def test_references_are_added_a_hundred_a_call(lab):
    orders = lab.orders(shipping_type="TIKTOK")[:120]
    records = [
        reference(order, f"#{place}", platform="shopify", line_items=lines_of(order))
        for place, order in enumerate(orders)
    ]
    run = lab.feed("external_order_references", *records)
    assert run.outcomes == [("applied", None)] * 120
    assert run.writes == {REFER: 2}
    again = lab.feed("external_order_references", *records)
    assert (again.outcomes, again.writes) == ([("unchanged", None)] * 120, {})


def test_the_lines_of_a_reference_go_with_it(lab):
    order = lab.orders()[0]
    lines = lines_of(order)
    assert lab.feed("external_order_references", reference(order, line_items=lines)).outcomes == [("applied", None)]
    path, query = {"order_id": order["id"]}, {"platform": "SHOPIFY"}
    answer = lab.client.call(operations.GET_EXTERNAL_ORDERS, shop=lab.us, path=path, query=query)
    assert answer.data["external_orders"] == [{"id": "#1", "platform": "SHOPIFY", "line_items": lines}]


@pytest.mark.parametrize("verify", [True, False])
def test_a_reference_without_lines_is_told_to_have_them_and_the_others_are_kept(lab, verify):
    one, two, three = lab.orders()[:3]
    records = [reference(one), reference(two, line_items=lines_of(two)), reference(three)]
    run = lab.feed("external_order_references", *records, max_rejected_percent=70, verify=verify)
    assert run.outcomes == [("rejected", "lines_needed"), ("applied", None), ("rejected", "lines_needed")]
    assert "add line_items (id and origin_id) to the record" in run.rows[0]["message"]
    assert run.rows[0]["request_id"]
    assert run.error is None
    whole = [reference(each, line_items=lines_of(each)) for each in (one, three)]
    assert lab.feed("external_order_references", *whole).outcomes == [("applied", None)] * 2


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "a list of 1 to 100 objects"),
        ("1", "a list of 1 to 100 objects"),
        ([{"id": "a", "origin_id": "1"}] * 101, "a list of 1 to 100 objects"),
        (["1"], "but line 1 is not one"),
        ([{"id": "a", "origin_id": "1"}, {"origin_id": "1"}], "line 2 whose id must be text"),
        ([{"id": "a", "origin_id": "b/c"}], "line 1 whose origin_id must be an id"),
    ],
)
def test_lines_of_a_reference_that_cannot_be_sent_are_told(lines, words):
    record = {"order_id": "1", "platform": "SHOPIFY", "external_order_id": "#1", "line_items": lines}
    with pytest.raises(FieldError, match=f"^line_items .*{words}"):
        CONTRACT.read(record)


def test_a_reference_of_an_order_of_nobody_is_rejected(lab):
    order = lab.orders()[0]
    records = [reference(each, line_items=lines_of(order)) for each in ({"id": "17"}, order)]
    run = lab.feed("external_order_references", *records, max_rejected_percent=60)
    assert run.outcomes == [("rejected", "21008111"), ("applied", None)]
    blind = lab.feed("external_order_references", *records, max_rejected_percent=60, skip_unchanged=False, verify=False)
    assert blind.outcomes == [("rejected", "21008111"), ("applied", None)]
    unknown = lab.feed("external_order_references", {**records[1], "platform": "ebay"})
    assert (unknown.outcomes, unknown.writes) == ([("rejected", "bad_record")], {})
