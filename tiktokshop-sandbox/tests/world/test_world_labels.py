"""Shipping with the platform: slots, labels that are bought, and documents behind addresses that live for a day."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from tiktokshop_sandbox import handover, papers, rush
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.endpoints import Router, all_endpoints
from tiktokshop_sandbox.exchange import RawRequest
from tiktokshop_sandbox.storefront import storefront

SEARCH = "/order/202309/orders/search"
HOUR, DAY = 3_600, 86_400
US, GB = 0, 1


@pytest.fixture
def asker(new_world):
    """Two shops with orders on the way."""
    return new_world(1500)


def an_order(asker, shop=US, shipping_type="TIKTOK", status="AWAITING_SHIPMENT", lines=1):
    body = {"order_status": status, "shipping_type": shipping_type, "is_buyer_request_cancel": False}
    orders = asker.pages("POST", SEARCH, "orders", {"page_size": 100}, body, shop)
    own = [order for order in orders if order["fulfillment_type"] == "FULFILLMENT_BY_SELLER"]
    return next(order for order in own if len(order["line_items"]) >= lines)


def again(asker, order, shop=US):
    return asker.ask("GET", "/order/202507/orders", {"ids": order["id"]}, shop=shop)["orders"][0]


def ship(asker, package_id, shop, **body):
    return asker.ask("POST", f"/fulfillment/202309/packages/{package_id}/ship", None, body, shop)


def the_code(call, *args, **kwargs):
    with pytest.raises(ApiError) as refused:
        call(*args, **kwargs)
    return refused.value.code


def slots_of(asker, package, shop=GB):
    return asker.ask("GET", f"/fulfillment/202309/packages/{package}/handover_time_slots", shop=shop)


def paper(asker, package, shop=GB, kind="SHIPPING_LABEL", **more):
    query = {"document_type": kind, **more}
    return asker.ask("GET", f"/fulfillment/202309/packages/{package}/shipping_documents", query, shop=shop)


def fetched(asker, url):
    parts = urlsplit(url)
    request = RawRequest("GET", parts.path, dict(parse_qsl(parts.query)), {}, b"")
    return papers.answer(asker.world, asker.now, request)


def buy(asker, order, version="202512", **body):
    return asker.ask("POST", f"/fulfillment/{version}/packages", None, {"order_id": order["id"], **body}, US)


def waiting(asker, shop=GB):
    order = an_order(asker, shop)
    return order, order["packages"][0]["id"]


# -- handing over ------------------------------------------------------------------------------------------


def test_a_parcel_is_picked_up_in_a_slot_that_has_room(asker):
    _, package = waiting(asker)
    offered = slots_of(asker, package)
    assert (offered["can_pickup"], offered["can_drop_off"], offered["can_van_collection"]) == (True, True, True)
    free = next(slot for slot in offered["pickup_slots"] if slot["avaliable"])
    assert free["start_time"] > asker.now
    wanted = {"start_time": free["start_time"], "end_time": free["end_time"]}
    assert ship(asker, package, GB, handover_method="PICKUP", pickup_slot=wanted) == {}
    detail = asker.ask("GET", f"/fulfillment/202309/packages/{package}", shop=GB)
    assert (detail["handover_method"], detail["pickup_slot"]) == ("PICKUP", wanted)
    assert the_code(slots_of, asker, package) == 21011006


def test_a_pick_up_needs_a_slot_that_exists(asker):
    order, package = waiting(asker)
    assert the_code(ship, asker, package, GB, handover_method="PICKUP") == 21011054
    wrong = {"start_time": asker.now + 1, "end_time": asker.now + 2}
    assert the_code(ship, asker, package, GB, handover_method="PICKUP", pickup_slot=wrong) == 21011053
    assert again(asker, order, GB) == order


def test_where_seller_center_sets_the_way_a_request_cannot_choose_it():
    local, abroad, british = storefront(7, 0, "ID"), storefront(7, 4, "ID"), storefront(7, 0, "GB")
    assert [handover.method_is_fixed(shop) for shop in (local, abroad, british)] == [True, False, False]


def test_what_the_platform_fulfils_cannot_be_shipped_or_printed(asker):
    body = {"order_status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK"}
    orders = asker.pages("POST", SEARCH, "orders", {"page_size": 100}, body, GB)
    order = next(order for order in orders if order["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK")
    package = order["packages"][0]["id"]
    assert the_code(ship, asker, package, GB) == 21008025
    assert the_code(paper, asker, package) == 21008043


# -- documents ---------------------------------------------------------------------------------------------


def test_a_label_is_a_pdf_of_one_page_behind_an_address_that_lives_for_a_day(asker):
    order, package = waiting(asker)
    assert the_code(paper, asker, package) == 21023035
    ship(asker, package, GB)
    answer = paper(asker, package)
    assert answer["tracking_number"] == again(asker, order, GB)["tracking_number"]
    label = fetched(asker, answer["doc_url"])
    assert (label.http, label.content_type, label.body[:5]) == (200, "application/pdf", b"%PDF-")
    assert label.body.count(b"/Type /Page ") == 1
    assert b"[0 0 298 420]" in label.body
    assert answer["tracking_number"].encode() in label.body
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF", label.body)[1])
    assert label.body[start : start + 4] == b"xref"
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", label.body), 1):
        assert label.body[int(place) :].startswith(b"%d 0 obj" % number)
    forged = answer["doc_url"].replace("SHIPPING_LABEL", "PACKING_SLIP")
    assert fetched(asker, forged).http == 403
    asker.now += DAY
    assert fetched(asker, answer["doc_url"]).http == 403


def test_a_slip_says_what_is_inside_in_the_size_that_was_asked_for(asker):
    order, package = waiting(asker)
    ship(asker, package, GB)
    slip = fetched(asker, paper(asker, package, kind="PACKING_SLIP", document_size="A5")["doc_url"]).body
    assert b"[0 0 420 595]" in slip
    assert all(line["seller_sku"].encode() in slip for line in order["line_items"])
    assert the_code(paper, asker, package, document_format="ZPL") == 21004010
    assert the_code(paper, asker, package, kind="SHIPPING_LABEL_PICTURE") == 21004010


def test_there_is_no_label_once_the_carrier_has_the_parcel_or_of_a_sellers_own(asker):
    gone = an_order(asker, GB, status="IN_TRANSIT")["packages"][0]["id"]
    assert the_code(paper, asker, gone) == 21023046
    own = an_order(asker, GB, "SELLER", status="IN_TRANSIT")["packages"][0]["id"]
    assert the_code(paper, asker, own) == 21008017


# -- labels that are bought --------------------------------------------------------------------------------


def test_in_the_united_states_buying_a_label_makes_the_package(asker):
    order = an_order(asker)
    assert order["packages"] == []
    path = f"/fulfillment/202309/orders/{order['id']}/shipping_services/query"
    weight = {"value": "2", "unit": "POUND"}
    offered = asker.ask("POST", path, None, {"weight": weight})["shipping_services"]
    assert [service["is_default"] for service in offered] == [True, False, False]
    assert [service["price"] for service in offered] == ["5.30", "5.35", "17.10"]
    bought = buy(asker, order, ship_type="1", weight=weight, shipping_service_id=offered[1]["id"])
    assert bought["shipping_service_info"]["price"] == "5.35"
    assert again(asker, order)["packages"] == [{"id": bought["package_id"]}]
    assert again(asker, order)["status"] == "AWAITING_COLLECTION"
    assert fetched(asker, paper(asker, bought["package_id"], US)["doc_url"]).body.startswith(b"%PDF-")
    assert the_code(buy, asker, order, ship_type="1") == 21022025
    assert len(again(asker, order)["packages"]) == 1


def test_a_label_can_be_bought_for_a_part_in_both_versions(asker):
    order = an_order(asker, lines=2)
    first, *rest = [line["id"] for line in order["line_items"]]
    part = buy(asker, order, ship_type="2", order_line_item=[{"order_line_id": first}])
    other = buy(asker, order, "202309", order_line_item_ids=rest)
    lines = again(asker, order)["line_items"]
    assert [line["package_id"] for line in lines] == [part["package_id"]] + [other["package_id"]] * len(rest)


def test_a_purchase_that_cannot_be_is_refused(asker):
    order = an_order(asker)
    assert the_code(buy, asker, order, ship_type="3") == 21001001
    assert the_code(buy, asker, order, ship_type="1", shipping_service_id="1") == 11003011
    assert the_code(buy, asker, order, ship_type="1", weight={"value": "x", "unit": "GRAM"}) == 21001001
    assert the_code(buy, asker, order, ship_type="1", dimension={"length": "3"}) == 21001001
    assert the_code(buy, asker, an_order(asker, US, "SELLER"), ship_type="1") == 21004010
    assert Router(all_endpoints()).find("/fulfillment/202512/packages").endpoints["POST"].markets == {"US"}
    assert again(asker, order) == order


# -- one label for several orders ----------------------------------------------------------------------------


def of_one_buyer(asker, count=8, shop=US):
    """Orders of one buyer that wait to be shipped the same way from the same warehouse, and those of other ways."""
    placed = rush.take_orders(asker.world, asker.now, asker.world.shops[shop], count, one_buyer=True)
    asker.now += 2 * HOUR
    asker.world.advance(asker.now)
    ids = [order.id for order in placed]
    found = asker.ask("GET", "/order/202507/orders", {"ids": ",".join(ids)}, shop=shop)["orders"]
    groups = {}
    for order in found:
        if order["status"] == "AWAITING_SHIPMENT" and not order["is_buyer_request_cancel"]:
            groups.setdefault(order["auto_combine_group_id"], []).append(order)
    return sorted(groups.values(), key=len, reverse=True)


def test_orders_that_the_platform_groups_go_with_one_label_and_in_one_package(asker):
    group = of_one_buyer(asker)[0]
    ids = [order["id"] for order in group]
    assert len(ids) > 1
    bought = buy(asker, {"id": "ignored"}, ship_type="3", order_list_ids=ids)
    now = [again(asker, order) for order in group]
    assert {order["status"] for order in now} == {"AWAITING_COLLECTION"}
    assert [order["packages"] for order in now] == [[{"id": bought["package_id"]}]] * len(ids)
    assert {order["split_or_combine_tag"] for order in now} == {"COMBINED"}
    assert len({line["tracking_number"] for order in now for line in order["line_items"]}) == 1
    assert [order["auto_combine_group_id"] for order in now] == [order["auto_combine_group_id"] for order in group]
    package = asker.ask("GET", f"/fulfillment/202309/packages/{bought['package_id']}", shop=US)
    assert {order["id"] for order in package["orders"]} == set(ids)
    assert the_code(buy, asker, group[0], ship_type="3", order_list_ids=ids) == 21022025
    assert fetched(asker, paper(asker, bought["package_id"], US)["doc_url"]).body.startswith(b"%PDF-")


def test_orders_to_different_doors_or_of_which_one_is_packed_get_no_label_together(asker):
    other = an_order(asker)
    group = of_one_buyer(asker)[0]
    ids = [order["id"] for order in group[:2]]
    assert the_code(buy, asker, other, ship_type="3", order_list_ids=[ids[0], other["id"]]) == 21011013
    assert the_code(buy, asker, other, ship_type="3", order_list_ids=ids[:1]) == 21001001
    buy(asker, group[0], ship_type="1")
    assert the_code(buy, asker, other, ship_type="3", order_list_ids=ids) == 21022025
    assert again(asker, group[1])["packages"] == []
