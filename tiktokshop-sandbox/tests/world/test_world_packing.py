"""Packages before they are shipped: split, combined and taken apart, under new ids each time."""

from __future__ import annotations

import pytest
from tiktokshop_sandbox.contract import ApiError

SEARCH = "/order/202309/orders/search"
US, GB, VN = 0, 1, 5


@pytest.fixture
def asker(new_world):
    """Shops of seven markets."""
    return new_world(3000, shops=7)


def waiting(asker, shop, lines=1):
    body = {"order_status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK", "is_buyer_request_cancel": False}
    orders = asker.pages("POST", SEARCH, "orders", {"page_size": 100}, body, shop)
    return next(
        order
        for order in orders
        if order["fulfillment_type"] == "FULFILLMENT_BY_SELLER"
        and len(order["packages"]) < 2
        and len({line["sku_id"] for line in order["line_items"]}) >= lines
    )


def order(asker, order_id, shop):
    return asker.ask("GET", "/order/202507/orders", {"ids": order_id}, shop=shop)["orders"][0]


def split(asker, order_id, shop, *groups):
    body = {"splittable_groups": [{"id": str(n), "order_line_item_ids": group} for n, group in enumerate(groups)]}
    return asker.ask("POST", f"/fulfillment/202309/orders/{order_id}/split", None, body, shop)["packages"]


def the_code(call, *args, **kwargs):
    with pytest.raises(ApiError) as refused:
        call(*args, **kwargs)
    return refused.value.code


def attributes(asker, shop, *ids):
    path = "/fulfillment/202309/orders/split_attributes"
    return asker.ask("GET", path, {"order_ids": list(ids)}, shop=shop)["split_attributes"]


def drafts(asker, shop=VN):
    return asker.pages(
        "GET", "/fulfillment/202309/combinable_packages/search", "combinable_packages", {"page_size": 2}, None, shop
    )


def combine(asker, *wanted, shop=VN):
    return asker.ask("POST", "/fulfillment/202309/packages/combine", None, {"combinable_packages": list(wanted)}, shop)


def detail(asker, package_id, shop):
    return asker.ask("GET", f"/fulfillment/202309/packages/{package_id}", shop=shop)


def test_an_order_is_split_into_new_packages_and_the_old_one_is_shown_as_cancelled(asker):
    before = waiting(asker, GB, lines=2)
    (old,) = [package["id"] for package in before["packages"]]
    first, *rest = [line["id"] for line in before["line_items"]]
    assert attributes(asker, GB, before["id"])[0]["can_split"] is True
    made = split(asker, before["id"], GB, [first])
    assert [package["splittable_group_id"] for package in made] == ["0", ""]
    now = order(asker, before["id"], GB)
    assert [package["id"] for package in now["packages"]] == [package["id"] for package in made]
    assert [line["package_id"] for line in now["line_items"]] == [made[0]["id"]] + [made[1]["id"]] * len(rest)
    assert now["split_or_combine_tag"] == "SPLIT"
    gone = detail(asker, old, GB)
    assert (gone["package_status"], gone["order_line_item_ids"]) == ("CANCELLED", [])
    assert the_code(asker.ask, "POST", f"/fulfillment/202309/packages/{old}/ship", None, {}, GB) == 21011003
    assert the_code(split, asker, before["id"], GB, [first]) == 21011035
    for package in made:
        assert asker.ask("POST", f"/fulfillment/202309/packages/{package['id']}/ship", None, {}, GB) == {}
    assert order(asker, before["id"], GB)["status"] == "AWAITING_COLLECTION"


def test_what_cannot_be_split_is_refused_and_the_order_stays_as_it_was(asker):
    before = waiting(asker, GB, lines=2)
    lines = [line["id"] for line in before["line_items"]]
    for groups in ([], [lines], [[lines[0]], [lines[0]]], [["17"]], [[], lines]):
        assert the_code(split, asker, before["id"], GB, *groups) == 21011005
    assert order(asker, before["id"], GB) == before
    american = waiting(asker, US, lines=2)
    (told,) = attributes(asker, US, american["id"])
    assert (told["can_split"], "made when they are shipped" in told["reason"]) == (False, True)
    assert the_code(split, asker, american["id"], US, [american["line_items"][0]["id"]]) == 21011035


def test_where_skus_stay_together_the_items_of_one_cannot_travel_apart(asker):
    body = {"order_status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK", "is_buyer_request_cancel": False}
    orders = asker.pages("POST", SEARCH, "orders", {"page_size": 100}, body, VN)
    several = next(
        each
        for each in orders
        if each["fulfillment_type"] == "FULFILLMENT_BY_SELLER"
        and 1 < len({line["sku_id"] for line in each["line_items"]}) < len(each["line_items"])
        and len(each["packages"]) == 1
    )
    skus = [line["sku_id"] for line in several["line_items"]]
    twice = next(line for line in several["line_items"] if skus.count(line["sku_id"]) > 1)
    assert the_code(split, asker, several["id"], VN, [twice["id"]]) == 21011036
    whole = [line["id"] for line in several["line_items"] if line["sku_id"] == twice["sku_id"]]
    assert len(split(asker, several["id"], VN, whole)) == 2


def test_orders_of_one_buyer_are_combined_shipped_as_one_and_printed_on_one_label(asker):
    draft = drafts(asker)[0]
    olds = [order(asker, each, VN)["packages"][0]["id"] for each in draft["order_ids"]]
    (made,) = combine(asker, draft)["packages"]
    assert made["id"] not in {*olds, draft["id"]}
    assert made["order_ids"] == draft["order_ids"]
    shown = detail(asker, made["id"], VN)
    assert (shown["split_and_combine_tag"], [each["id"] for each in shown["orders"]]) == ("COMBINE", draft["order_ids"])
    lines = [line["id"] for each in draft["order_ids"] for line in order(asker, each, VN)["line_items"]]
    assert shown["order_line_item_ids"] == lines
    found = asker.pages("POST", "/fulfillment/202309/packages/search", "packages", {"page_size": 50}, {}, VN)
    assert [each["order_line_item_ids"] for each in found if each["id"] == made["id"]] == [lines]
    assert {each["status"] for each in found if each["id"] in olds} == {"CANCELLED"}
    asker.ask("POST", f"/fulfillment/202309/packages/{made['id']}/ship", None, {}, VN)
    after = [order(asker, each, VN) for each in draft["order_ids"]]
    assert {each["status"] for each in after} == {"AWAITING_COLLECTION"}
    assert len({each["tracking_number"] for each in after}) == 1
    assert {each["split_or_combine_tag"] for each in after} == {"COMBINED"}


def test_a_combined_package_is_taken_apart_and_a_wrong_draft_fails_for_itself(asker):
    second = drafts(asker)[0]
    wrong = {"id": "17", "order_ids": second["order_ids"]}
    answer = combine(asker, wrong, second)
    assert [each["order_ids"] for each in answer["packages"]] == [second["order_ids"]]
    assert [(each["code"], each["detail"]) for each in answer["errors"]] == [(21011031, {"package_id": "17"})]
    (package,) = answer["packages"]
    path = f"/fulfillment/202309/packages/{package['id']}/uncombine"
    assert the_code(asker.ask, "POST", path, None, {"order_ids": ["17"]}, VN) == 21011029
    apart = asker.ask("POST", path, None, {"order_ids": second["order_ids"][:1]}, VN)["packages"]
    assert sorted(each for part in apart for each in part["order_ids"]) == sorted(second["order_ids"])
    shown = {order(asker, each, VN)["packages"][0]["id"] for each in second["order_ids"]}
    assert shown == {part["id"] for part in apart}
    assert package["id"] not in shown
    assert second["order_ids"] in [draft["order_ids"] for draft in drafts(asker)]
    assert the_code(combine, asker, {"id": "1", "order_ids": []}, shop=GB) == 21008106


def test_an_order_that_is_cancelled_leaves_the_package_of_the_others(asker):
    draft = drafts(asker)[0]
    (made,) = combine(asker, draft)["packages"]
    gone, *rest = draft["order_ids"]
    body = {"order_id": gone, "cancel_reason": "seller_cancel_reason_out_of_stock"}
    asker.ask("POST", "/return_refund/202602/cancellations", None, body, VN)
    assert order(asker, gone, VN)["status"] == "CANCELLED"
    for each in rest:
        kept = order(asker, each, VN)
        assert kept["status"] == "AWAITING_SHIPMENT"
        assert made["id"] not in [package["id"] for package in kept["packages"]]
        assert kept["line_items"][0]["package_status"] == "TO_FULFILL"
