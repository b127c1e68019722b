"""Warehouses and carriers, packages, and the writes that ship and correct."""

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.counts import row_counts

HOUR = 3_600
SEARCH = "/order/202309/orders/search"


@pytest.fixture
def asker(new_world):
    """Two shops with many orders on the way."""
    return new_world(1500)


def an_order(asker, shop=0, shipping_type="SELLER", status="AWAITING_SHIPMENT", lines=1):
    body = {"order_status": status, "shipping_type": shipping_type}
    orders = asker.pages("POST", SEARCH, "orders", {"page_size": 100}, body, shop)
    own = [order for order in orders if order["fulfillment_type"] == "FULFILLMENT_BY_SELLER"]
    return next(order for order in own if len(order["line_items"]) >= lines and not order["is_buyer_request_cancel"])


def again(asker, order, shop=0):
    return asker.ask("GET", "/order/202507/orders", {"ids": order["id"]}, shop=shop)["orders"][0]


def carriers(asker, shop=0):
    option = asker.world.shops[shop].options[1].id
    path = f"/logistics/202309/delivery_options/{option}/shipping_providers"
    return asker.ask("GET", path, shop=shop)["shipping_providers"]


def label(asker, shop=0, number="9400112345670000000123"):
    return {"tracking_number": number, "shipping_provider_id": carriers(asker, shop)[0]["id"]}


def mark(asker, order, shop=0, **body):
    return asker.ask("POST", f"/fulfillment/202309/orders/{order['id']}/packages", None, body, shop)


def the_code(call, *args, **kwargs):
    with pytest.raises(ApiError) as refused:
        call(*args, **kwargs)
    return refused.value.code


# -- reading -----------------------------------------------------------------------------------------------


def test_warehouses_have_addresses_and_one_is_the_default(asker):
    rows = asker.ask("GET", "/logistics/202309/warehouses")["warehouses"]
    assert [row["is_default"] for row in rows] == [True, False, False, False]
    assert {row["type"] for row in rows} == {"SALES_WAREHOUSE", "RETURN_WAREHOUSE"}
    assert rows[0]["address"]["distict"] == "Middlesex"
    assert len({row["id"] for row in rows}) == row_counts(asker.world)[asker.world.shops[0].id]["warehouses"] == 4


def test_carriers_are_named_only_where_the_seller_ships(asker):
    place = asker.world.shops[0].warehouses[0].id
    options = asker.ask("GET", f"/logistics/202309/warehouses/{place}/delivery_options")["delivery_options"]
    path = "/logistics/202309/delivery_options/{}/shipping_providers"
    assert [option["type"] for option in options] == ["STANDARD", "SEND_BY_SELLER", "EXPRESS", "STANDARD"]
    assert [row["name"] for row in asker.ask("GET", path.format(options[1]["id"]))["shipping_providers"]] == [
        "USPS",
        "UPS",
        "FedEx",
    ]
    assert the_code(asker.ask, "GET", path.format(options[0]["id"])) == 21008116
    assert the_code(asker.ask, "GET", path.format("1")) == 21008116
    assert the_code(asker.ask, "GET", "/logistics/202309/warehouses/1/delivery_options") == 12052097


def test_a_package_is_found_by_its_id_in_its_own_shop(asker):
    row = asker.ask("POST", "/fulfillment/202309/packages/search", {"page_size": 50})["packages"][0]
    detail = asker.ask("GET", f"/fulfillment/202309/packages/{row['id']}")
    assert detail["package_id"] == row["id"]
    assert detail["package_status"] == row["status"]
    assert detail["orders"] == row["orders"]
    assert the_code(asker.ask, "GET", f"/fulfillment/202309/packages/{row['id']}", shop=1) == 21011028
    assert the_code(asker.ask, "GET", "/fulfillment/202309/packages/1") == 21011001


def test_tracking_lists_the_newest_first_in_milliseconds(asker):
    order = an_order(asker, status="DELIVERED", shipping_type="TIKTOK")
    steps = asker.ask("GET", f"/fulfillment/202309/orders/{order['id']}/tracking")["tracking"]
    times = [step["update_time_millis"] for step in steps]
    assert times == sorted(times, reverse=True)
    assert times[0] == order["delivery_time"] * 1_000
    assert all("action_code" in step for step in steps)


# -- mark as shipped ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["202309", "202610"])
def test_marking_an_order_as_shipped_makes_a_package_that_travels_on(asker, version):
    order = an_order(asker)
    lines = [line["id"] for line in order["line_items"]]
    listed = [{"order_line_id": line} for line in lines]
    info = label(asker)
    body = {
        "202309": {"order_line_item_ids": lines, **info},
        "202610": {"order_line_list": listed, "shipping_info_list": [info]},
    }[version]
    asker.now += 60
    answer = asker.ask("POST", f"/fulfillment/{version}/orders/{order['id']}/packages", None, body)
    assert answer["order_id"] == order["id"]
    assert answer["order_line_item_ids"] == lines
    changed = again(asker, order)
    assert changed["status"] == "AWAITING_COLLECTION"
    assert changed["update_time"] == changed["rts_time"] == asker.now
    assert changed["tracking_number"] == info["tracking_number"]
    assert changed["packages"] == [{"id": answer["package_id"]}]
    assert {line["package_id"] for line in changed["line_items"]} == {answer["package_id"]}
    package = asker.ask("GET", f"/fulfillment/202309/packages/{answer['package_id']}")
    assert (package["package_status"], package["tracking_number"]) == ("PROCESSING", info["tracking_number"])
    asker.now += 12 * 24 * HOUR
    assert again(asker, order)["status"] in {"DELIVERED", "IN_TRANSIT", "COMPLETED", "CANCELLED"}


def test_one_line_at_a_time_ships_the_order_in_parts(asker):
    order = an_order(asker, lines=2)
    lines = [line["id"] for line in order["line_items"]]
    first = mark(asker, order, order_line_item_ids=lines[:1], **label(asker))
    assert again(asker, order)["status"] == "PARTIALLY_SHIPPING"
    statuses = [line["display_status"] for line in again(asker, order)["line_items"]]
    assert statuses[:2] == ["AWAITING_COLLECTION", "AWAITING_SHIPMENT"]
    assert the_code(mark, asker, order, order_line_item_ids=lines[:1], **label(asker)) == 21011006
    second = mark(asker, order, order_line_item_ids=lines[1:], **label(asker, number="9400112345670000000999"))
    changed = again(asker, order)
    assert changed["status"] == "AWAITING_COLLECTION"
    assert [package["id"] for package in changed["packages"]] == [first["package_id"], second["package_id"]]
    assert changed["split_or_combine_tag"] == "SPLIT"


def test_a_number_of_another_carriers_shape_is_taken_with_a_warning(asker):
    answer = mark(asker, an_order(asker), **label(asker, number="748912345678"))
    assert answer["warning"] == {"message": "match more than one provider"}
    assert "warning" not in mark(asker, an_order(asker), **label(asker))


def test_each_rule_of_marking_has_its_code(asker):
    good = label(asker)
    order = an_order(asker)
    assert the_code(mark, asker, {"id": "1"}, **good) == 21008111
    assert the_code(mark, asker, an_order(asker, shipping_type="TIKTOK"), **good) == 21011004
    assert the_code(mark, asker, an_order(asker, status="CANCELLED"), **good) == 11007009
    assert the_code(mark, asker, an_order(asker, status="IN_TRANSIT"), **good) == 21011006
    assert the_code(mark, asker, an_order(asker, status="DELIVERED"), **good) == 21011030
    assert the_code(mark, asker, order, **{**good, "tracking_number": "no!"}) == 21011022
    assert the_code(mark, asker, order, **{**good, "shipping_provider_id": "1"}) == 21011022
    assert the_code(mark, asker, order, order_line_item_ids=["1"], **good) == 21001001
    two = {"shipping_info_list": [good, good]}
    path = f"/fulfillment/202610/orders/{order['id']}/packages"
    assert the_code(asker.ask, "POST", path, None, two) == 21001001
    assert again(asker, order) == order
    mark(asker, order, **good)
    assert the_code(mark, asker, order, **good) == 21011006


def test_an_order_whose_buyer_wants_out_cannot_be_shipped(new_world):
    asker = new_world(3000)
    asked = []
    while not asked:
        asker.now += HOUR
        body = {"order_status": "AWAITING_SHIPMENT", "shipping_type": "SELLER", "is_buyer_request_cancel": True}
        asked = asker.ask("POST", SEARCH, {"page_size": 1}, body).get("orders", [])
    assert the_code(mark, asker, asked[0], **label(asker)) == 21011007


def test_orders_on_hold_cannot_be_shipped_yet(new_world):
    asker = new_world(3000)
    held = []
    while not held:
        asker.now += 600
        body = {"order_status": "ON_HOLD", "shipping_type": "SELLER"}
        held = asker.ask("POST", SEARCH, {"page_size": 1}, body).get("orders", [])
    assert the_code(mark, asker, held[0], **label(asker)) == 11007009


def test_marking_exists_in_its_markets_only():
    from tiktokshop_sandbox.endpoints import Router, all_endpoints

    endpoint = Router(all_endpoints()).find("/fulfillment/202610/orders/1/packages").endpoints["POST"]
    assert endpoint.markets == {"US", "GB", "ES", "IE", "IT", "DE", "FR", "JP"}


# -- ship a package ----------------------------------------------------------------------------------------


def ship(asker, package_id, shop=0, **body):
    return asker.ask("POST", f"/fulfillment/202309/packages/{package_id}/ship", None, body, shop)


def test_a_package_of_the_platform_gets_its_carrier_from_the_platform(asker):
    order = an_order(asker, 1, shipping_type="TIKTOK")
    (package,) = order["packages"]
    assert ship(asker, package["id"], 1, handover_method="DROP_OFF") == {}
    changed = again(asker, order, 1)
    assert changed["status"] == "AWAITING_COLLECTION"
    assert changed["tracking_number"]
    assert "***" in changed["recipient_address"]["name"]
    detail = asker.ask("GET", f"/fulfillment/202309/packages/{package['id']}", shop=1)
    assert detail["handover_method"] == "DROP_OFF"
    assert the_code(ship, asker, package["id"], 1) == 21011006


def test_a_sellers_own_package_needs_the_sellers_number(new_world):
    asker = new_world(1500, shops=5)
    shop = 4
    assert asker.world.shops[shop].region == "ID"
    order = an_order(asker, shop)
    (package,) = order["packages"]
    number = {"tracking_number": "JX1234567890", "shipping_provider_id": asker.world.shops[shop].market.carriers[0][0]}
    assert the_code(ship, asker, package["id"], shop) == 21011022
    assert ship(asker, package["id"], shop, self_shipment=number) == {}
    assert again(asker, order, shop)["tracking_number"] == "JX1234567890"


def test_in_a_batch_each_package_fails_for_itself(asker):
    body = {"order_status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK"}
    found = asker.pages("POST", SEARCH, "orders", {"page_size": 100}, body, 1)
    orders = [order for order in found if order["fulfillment_type"] == "FULFILLMENT_BY_SELLER"][:3]
    ready = [order["packages"][0]["id"] for order in orders]
    gone = an_order(asker, 1, shipping_type="TIKTOK", status="IN_TRANSIT")["packages"][0]["id"]
    done = an_order(asker, 1, shipping_type="TIKTOK", status="DELIVERED")["packages"][0]["id"]
    foreign = an_order(asker, 0, shipping_type="TIKTOK", status="IN_TRANSIT")["packages"][0]["id"]
    packages = [{"id": number} for number in (ready[0], gone, done, foreign, "1", ready[1])]
    errors = asker.ask("POST", "/fulfillment/202309/packages/ship", None, {"packages": packages}, 1)["errors"]
    assert [(error["code"], error["detail"]["package_id"]) for error in errors] == [
        (21011006, gone),
        (21011030, done),
        (21011028, foreign),
        (21011001, "1"),
    ]
    for order in (orders[0], orders[1]):
        assert again(asker, order, 1)["status"] in {"AWAITING_COLLECTION", "PARTIALLY_SHIPPING"}
    assert again(asker, orders[2], 1) == orders[2]


# -- correct a number --------------------------------------------------------------------------------------


def correct(asker, order, **info):
    return asker.ask("POST", f"/fulfillment/202309/orders/{order['id']}/shipping_info/update", None, info)


def shipped(asker, lines=1):
    order = an_order(asker, lines=lines)
    return order, mark(asker, order, **label(asker))["package_id"]


def test_a_wrong_number_is_corrected_within_72_hours_and_not_for_ever(asker):
    order, package = shipped(asker)
    new = label(asker, number="9400199999990000000999")
    asker.now += 10
    assert correct(asker, order, **new) == {}
    changed = again(asker, order)
    assert changed["tracking_number"] == new["tracking_number"]
    assert changed["update_time"] == asker.now
    path = "/fulfillment/{}/packages/{}/shipping_info/update"
    assert asker.ask("POST", path.format("202309", package), None, new) == {}
    assert asker.ask("POST", path.format("202610", package), None, {"shipping_info_list": [new]}) == {}
    assert the_code(correct, asker, order, **new) == 21011050


def test_after_72_hours_a_number_stays(new_world):
    asker = new_world(1500)
    rows = asker.pages(
        "POST", SEARCH, "orders", {"page_size": 100}, {"order_status": "IN_TRANSIT", "shipping_type": "SELLER"}
    )
    old = next(row for row in rows if row["rts_time"] < asker.now - 72 * HOUR and len(row["packages"]) == 1)
    young = next(row for row in rows if row["rts_time"] > asker.now - 60 * HOUR and len(row["packages"]) == 1)
    assert the_code(correct, asker, old, **label(asker)) == 21011051
    assert correct(asker, young, **label(asker)) == {}


def test_each_rule_of_correcting_has_its_code(asker):
    good = label(asker)
    assert the_code(correct, asker, an_order(asker), **good) == 21011043
    assert the_code(correct, asker, an_order(asker, shipping_type="TIKTOK", status="IN_TRANSIT"), **good) == 21011004
    assert the_code(correct, asker, an_order(asker, status="DELIVERED"), **good) in {21011030, 21011048}
    order, _ = shipped(asker)
    assert the_code(correct, asker, order, **{**good, "tracking_number": ""}) == 21011022
    split = an_order(asker, lines=2)
    lines = [line["id"] for line in split["line_items"]]
    for part in (lines[:1], lines[1:]):
        mark(asker, split, order_line_item_ids=part, **good)
    assert the_code(correct, asker, split, **good) == 21011048
