"""Tracking numbers: the call that the order asks for, and never a second package."""

import pytest

MARK = "POST /fulfillment/202610/orders/{order_id}/packages"
SHIP = "POST /fulfillment/202309/packages/{package_id}/ship"
CORRECT = "POST /fulfillment/202309/orders/{order_id}/shipping_info/update"
CORRECT_PACKAGE = "POST /fulfillment/202610/packages/{package_id}/shipping_info/update"
NUMBER = "940011234567000000012"
USPS = "7117858858072016686"
DAY = 86_400


@pytest.fixture
def lab(lab_of):
    with lab_of(orders=2_000, shops=5) as made:
        yield made


def waiting(lab, lines=1, shop="US"):
    """An order that can be shipped now."""
    return next(
        order
        for order in lab.orders(shop, order_status="AWAITING_SHIPMENT")
        if not order["is_buyer_request_cancel"] and len(order["line_items"]) >= lines
    )


def numbers(order):
    return [line.get("tracking_number") for line in order["line_items"]]


def track(order, number=NUMBER, **more):
    return {"order_id": order["id"], "tracking_number": number, "shipping_provider": "usps", **more}


def test_an_order_is_marked_as_shipped_once_and_the_same_number_again_is_unchanged(lab):
    order = waiting(lab)
    run = lab.feed("tracking", track(order))
    assert run.outcomes == [("applied", None)]
    assert run.writes == {MARK: 1}
    assert run.row["before"] == {"tracking_number": None}
    assert run.row["after"] == {"tracking_number": NUMBER, "shipping_provider_id": USPS}
    assert set(numbers(lab.order(order["id"]))) == {NUMBER}
    again = lab.feed("tracking", track(order))
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})
    assert len(lab.order(order["id"])["packages"]) == 1


def test_another_number_within_72_hours_is_a_correction_and_later_it_is_rejected(lab):
    order = waiting(lab)
    lab.feed("tracking", track(order))
    run = lab.feed("tracking", track(order, NUMBER + "9"))
    assert (run.outcomes, run.writes) == ([("applied", None)], {CORRECT: 1})
    assert run.row["before"] == {"tracking_number": NUMBER}
    assert set(numbers(lab.order(order["id"]))) == {NUMBER + "9"}


def test_corrections_are_rejected_when_72_hours_are_over(lab):
    order = next(
        order
        for order in lab.orders(order_status="IN_TRANSIT")
        if order["rts_time"] < lab.sandbox.control("GET", "/clock")["now"] - 4 * DAY
    )
    run = lab.feed("tracking", track(order))
    assert run.outcomes == [("rejected", "too_late")]
    assert "72 hours" in run.row["message"]
    assert run.writes == {}


def test_a_part_of_an_order_becomes_a_package_of_its_own_and_is_corrected_by_itself(lab):
    order = waiting(lab, lines=2)
    first, *rest = [line["id"] for line in order["line_items"]]
    one = lab.feed("tracking", track(order, order_line_item_ids=[first]))
    two = lab.feed("tracking", track(order, NUMBER + "2"))
    assert (one.writes, two.writes) == ({MARK: 1}, {MARK: 1})
    assert numbers(lab.order(order["id"])) == [NUMBER] + [NUMBER + "2"] * len(rest)
    clash = lab.feed("tracking", track(order, NUMBER + "2", order_line_item_ids=[first]))
    assert (clash.outcomes, clash.writes) == ([("rejected", "number_in_use")], {})
    whole = lab.feed("tracking", track(order, NUMBER + "3"))
    assert (whole.outcomes, whole.writes) == ([("rejected", "several_packages")], {})
    right = lab.feed("tracking", track(order, NUMBER + "3", order_line_item_ids=[first]))
    assert (right.outcomes, right.writes) == ([("applied", None)], {CORRECT_PACKAGE: 1})
    package = lab.order(order["id"])["packages"][0]["id"]
    named = lab.feed("tracking", track(order, NUMBER + "4", package_id=package))
    assert (named.outcomes, named.writes) == ([("applied", None)], {CORRECT_PACKAGE: 1})


def test_several_parts_of_an_order_in_one_feed_are_sent_one_after_the_other(lab):
    order = waiting(lab, lines=2)
    lines = [line["id"] for line in order["line_items"]]
    records = [track(order, f"{NUMBER}{place}", order_line_item_ids=[line]) for place, line in enumerate(lines)]
    run = lab.feed("tracking", *records)
    assert run.outcomes == [("applied", None)] * len(lines)
    assert numbers(lab.order(order["id"])) == [f"{NUMBER}{place}" for place in range(len(lines))]


def test_where_the_platform_makes_the_packages_they_are_shipped(lab):
    order = waiting(lab, shop="ID")
    package = order["packages"][0]["id"]
    record = track(order, shipping_provider="J&T Express", package_id=package)
    run = lab.feed("tracking", record, shop="ID")
    assert (run.outcomes, run.writes) == ([("applied", None)], {SHIP: 1})
    assert NUMBER in numbers(lab.order(order["id"], "ID"))


def assert_rejected(lab, order, code, shop="US", **more):
    run = lab.feed("tracking", track(order, **more), shop=shop)
    assert run.outcomes == [("rejected", code)]
    assert len(run.row["message"]) > 20
    assert run.writes == {}
    return run


def test_orders_that_the_seller_cannot_ship_are_rejected_with_what_to_do(lab):
    assert_rejected(lab, {"id": "17"}, "unknown_order")
    assert_rejected(lab, lab.orders(order_status="CANCELLED")[0], "cancelled")
    assert_rejected(lab, lab.orders(order_status="DELIVERED")[0], "delivered")
    platform = lab.orders(order_status="AWAITING_SHIPMENT", shipping_type="TIKTOK")
    by_whom = {order["fulfillment_type"]: order for order in platform + lab.orders(shipping_type="TIKTOK")}
    assert_rejected(lab, by_whom["FULFILLMENT_BY_SELLER"], "shipped_by_platform")
    assert_rejected(lab, by_whom["FULFILLMENT_BY_TIKTOK"], "fulfilled_by_platform")


def test_an_order_on_hold_or_unpaid_is_rejected(lab):
    seen = set()
    for shop in ("US", "GB", "DE", "ES"):
        for order in lab.orders(shop):
            if order["status"] in {"ON_HOLD", "UNPAID"} - seen:
                seen.add(order["status"])
                assert_rejected(lab, order, order["status"].lower(), shop)
    assert seen


def test_an_order_that_the_buyer_wants_to_cancel_is_rejected(lab):
    for _ in range(16):
        lab.sandbox.control("POST", "/clock", {"advance": DAY // 4})
        for shop in ("US", "GB", "DE", "ES"):
            asked = lab.orders(shop, is_buyer_request_cancel=True, order_status="AWAITING_SHIPMENT")
            if asked:
                assert_rejected(lab, asked[0], "after_sale", shop)
                return
    pytest.fail("no buyer asked to cancel an order that their seller ships")


def test_wrong_lines_packages_and_carriers_are_rejected(lab):
    order = waiting(lab)
    assert_rejected(lab, order, "unknown_lines", order_line_item_ids=["17"])
    assert_rejected(lab, order, "unknown_package", package_id="17")
    run = assert_rejected(lab, order, "unknown_carrier", shipping_provider="Pony Express")
    assert "USPS, UPS, FedEx" in run.row["message"]
    assert_rejected(lab, order, "bad_record", shipping_provider=None)
    assert numbers(lab.order(order["id"])) == [None] * len(order["line_items"])


@pytest.mark.parametrize("kind", ["truncated_json", "reset_middle", "http_500", "reset_before"])
def test_after_an_unclear_outcome_the_order_is_read_first_so_that_no_package_is_made_twice(lab, kind):
    order = waiting(lab)
    lab.fault(kind, path="/fulfillment/*/packages", next=1)
    run = lab.feed("tracking", track(order))
    assert run.outcomes == [("applied", None)]
    was_done = kind in {"truncated_json", "reset_middle"}
    assert run.writes == {MARK: 1 if was_done else 2}
    assert len(lab.order(order["id"])["packages"]) == 1


def test_what_the_platform_says_was_shipped_already_is_looked_at(lab):
    order = waiting(lab)
    lab.fault("refused", path="/fulfillment/*/packages", code=21011006)
    run = lab.feed("tracking", track(order))
    assert run.outcomes == [("rejected", "21011006")]


def test_a_number_that_the_platform_does_not_accept_is_rejected(lab):
    run = lab.feed("tracking", track(waiting(lab), "x!"))
    assert run.outcomes == [("rejected", "21011022")]


def test_a_warning_inside_code_0_is_told_with_the_row_that_was_applied(lab):
    run = lab.feed("tracking", track(waiting(lab), "1Z1234560312345678"))
    assert run.outcomes == [("applied", None)]
    assert "match more than one provider" in run.row["message"]
