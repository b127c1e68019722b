"""What is announced of what happens in the shops: every step once, with the documented values."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest
from msgspec import structs
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.endpoints import Router, all_endpoints
from tiktokshop_sandbox.life import buying, listings
from tiktokshop_sandbox.states import FulfilmentPlan, Order, Package, Recipient
from tiktokshop_sandbox.storefront import storefront
from tiktokshop_sandbox.webhooks.subscribers import switch
from tiktokshop_sandbox.webhooks.trade import order_events, order_mark
from tiktokshop_sandbox.webhooks.types import TYPES

DAY, HOUR = 86_400, 3_600


def stored(office, table):
    """(shop, id) -> (status, update_time) of the objects of a table."""
    rows = office.world.db.execute(f"SELECT shop, id, status, update_time FROM {table}")
    return {(shop, identifier): (status, updated) for shop, identifier, status, updated in rows}


def test_of_every_order_every_status_is_announced_once_and_the_last_is_its_own(office):
    office.listen(1)
    before = stored(office, "orders")
    office.live(9 * DAY)
    told = defaultdict(list)
    for event in office.happened(1):
        told[event["shop"], event["order_id"]].append(event["order_status"])
    now = stored(office, "orders")
    changed = {key for key, (status, _) in now.items() if before.get(key, ("", 0))[0] != status}
    assert told.keys() == changed
    assert len(changed) > 20
    assert all(len(set(statuses)) == len(statuses) for statuses in told.values())
    assert {key: statuses[-1] for key, statuses in told.items()} == {
        key: now[key][0].replace("CANCELLED", "CANCEL") for key in changed
    }
    new = [statuses for key, statuses in told.items() if key not in before]
    assert {statuses[0] for statuses in new} == {"UNPAID"}


def test_an_order_is_on_hold_between_its_payment_and_an_hour_later(office):
    office.listen(1)
    office.live(3 * DAY)
    holds = {(event["order_status"], event["is_on_hold_order"]) for event in office.happened(1)}
    assert {status for status, hold in holds if hold} == {"ON_HOLD"}
    assert ("AWAITING_SHIPMENT", False) in holds


def test_a_new_address_is_announced_and_the_order_has_it(office):
    office.listen(1, 3)
    office.live(60 * DAY)
    told = office.happened(3)
    assert told
    for event in told:
        key = office.world.key("orders", office.world.shops[event["shop"]], event["order_id"])
        with office.world.reading() as store:
            assert store.orders[key].moved
        holds = [e for e in office.happened(1) if e["order_id"] == event["order_id"] and e["is_on_hold_order"]]
        assert holds[0]["update_time"] < event["update_time"] < holds[0]["update_time"] + HOUR


def test_packages_that_are_combined_and_taken_apart_are_announced_once_each():
    shop, orders = storefront(7, 5, "VN"), [order_with(n, [7, 9]) for n in (7, 9)]
    before = order_mark(order_with(7, []))
    (told,) = [event for order in orders for event in order_events(shop, before, order)]
    assert (told.type, told.data["sc_type"], told.data["role_type"]) == (4, "COMBINE", "SELLER")
    ids = [shop.identify("order", n) for n in (7, 9)]
    assert [parcel["order_id_list"] for parcel in told.data["package_list"]] == [ids]
    (apart,) = order_events(shop, order_mark(orders[0]), order_with(7, []))
    assert apart.data["sc_type"] == "CANCEL_COMBINE"
    assert [parcel["order_id_list"] for parcel in apart.data["package_list"]] == [ids[:1]]


def order_with(number, partners):
    """An order with one package, in which others travel, too."""
    package = Package(f"1153{number if not partners else 0}", 1, 1, "TO_FULFILL", "STOCKING", [0], partners=partners)
    recipient = Recipient("A", "B", "1", "Street", "1", 0)
    plan = FulfilmentPlan("delivered", *[0] * 8, "", 0, 0)
    facts = {"kind": "NORMAL", "status": "AWAITING_SHIPMENT", "created": 1, "updated": 1, "user": "u"}
    more = {"option": 0, "warehouse": 0, "method": 0, "lines": [], "plan": plan, "packages": [package]}
    return Order(shop=5, n=number, id=str(number), recipient=recipient, **facts, **more)


def test_an_order_in_two_parcels_is_announced_as_split(office):
    office.listen(4)
    office.live(30 * DAY)
    told = office.happened(4)
    assert {(event["sc_type"], event["role_type"]) for event in told} == {("SPLIT", "SELLER")}
    for event in told:
        shop = event["shop"]
        parcels = [parcel["package_id"] for parcel in event["package_list"]]
        known = office.world.db.execute("SELECT id FROM packages WHERE shop = ?", (shop,)).fetchall()
        assert {(parcel,) for parcel in parcels} <= set(known)
        assert len(parcels) == 2
        assert len({tuple(parcel["order_id_list"]) for parcel in event["package_list"]}) == 1


def test_an_event_says_when_it_happened_and_comes_in_the_order_of_its_time(office):
    office.listen(1)
    office.live(5 * DAY)
    events = office.happened(1)
    assert [event["at"] for event in events] == [event["update_time"] for event in events]
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)


def test_a_cancellation_is_announced_twice_by_the_event_of_today_and_the_older_one(office):
    office.listen(2, 11)
    office.live(30 * DAY)
    new, old = office.happened(11), office.happened(2)
    assert len(new) == len(old) > 5
    assert [(e["cancel_id"], e["order_id"], e["update_time"]) for e in new] == [
        (e["reverse_order_id"], e["order_id"], e["update_time"]) for e in old
    ]
    assert {event["cancel_status"] for event in new} <= {
        "CANCELLATION_REQUEST_PENDING",
        "CANCELLATION_REQUEST_SUCCESS",
        "CANCELLATION_REQUEST_CANCELLED",
        "CANCELLATION_REQUEST_COMPLETE",
    }
    assert {event["cancellations_role"] for event in new} <= {"BUYER", "SELLER", "SYSTEM"}
    numbers = ("reverse_type", "reverse_order_status", "reverse_user")
    assert all(type(event[name]) is int and event[name] > 0 for event in old for name in numbers)


def test_the_last_announced_status_of_returns_is_theirs(office):
    office.listen(12)
    before = stored(office, "returns")
    office.live(20 * DAY)
    last = {(event["shop"], event["return_id"]): event["return_status"] for event in office.happened(12)}
    now = stored(office, "returns")
    assert last == {key: now[key][0] for key in now if before.get(key, ("", 0))[0] != now[key][0]}
    assert len(last) > 3


def test_products_tell_of_reviews_status_titles_and_stock_and_never_of_prices(office):
    office.listen()
    office.live(25 * DAY)
    assert {event["status"] for event in office.happened(5)} <= {
        "PRODUCT_FIRST_PASS_REVIEW",
        "PRODUCT_STATUS_CHANGED",
        "PRODUCT_AUDIT_FAILURE",
    }
    assert {tuple(event["changed_fields"]) for event in office.happened(15)} == {("title",)}
    assert {event["change_source"] for event in office.happened(15)} == {"SELLER_CENTER"}
    assert {event["audit"]["status"] for event in office.happened(37)} <= {"AUDITING", "APPROVED", "FAILED"}
    integers = [event["product_id"] for event in office.happened(5, 16, 37, 68, 71)]
    assert {type(number) for number in integers} == {int}
    assert min(integers) > 2**53
    assert {type(event["product_id"]) for event in office.happened(15, 27, 50)} == {str}
    assert "price" not in json.dumps([event for event in office.happened() if event["type"] not in {13, 14, 33}])


def test_the_stock_that_is_announced_last_is_the_stock(office):
    office.listen(68, 71)
    office.live(4 * DAY)
    last = {event["sku_id"]: event for event in office.happened(71)}
    assert last.keys() == {event["sku_id"] for event in office.happened(68)}
    with office.world.reading() as store:
        keys = [key for (key,) in office.world.db.execute("SELECT key FROM products")]
        stock = {int(sku.id): sum(sku.stock) for key in keys for sku in store.products[key].skus}
    assert len(last) > 10
    for sku, event in last.items():
        assert event["quantity_snapshot_after_change"]["total_available_quantity"] == stock[sku]


def test_what_a_client_writes_is_announced_as_its_doing(office):
    office.listen(68, 71)
    with office.world.writing(office.clock.now()) as life:
        product = life.store.products[0]
        product.skus[0].stock[0] += 5
        product.updated = life.now
        life.store.products.put(0, product)
    (event,) = office.happened(71)
    assert event["change_detail"][0]["trigger_source"] == "SELLER"
    assert event["change_detail"][0]["available_quantity_delta"] == 5
    assert event["shop_id"] == int(office.world.shops[0].id)


def edited(office, **changes):
    """A product on sale whose edit by the API has been reviewed."""
    with office.world.writing(office.clock.now()) as life:
        shop = office.world.shops[0]
        keys = [key for (key,) in office.world.db.execute("SELECT key FROM products WHERE shop = 0")]
        product = next(it for it in map(life.store.products.__getitem__, keys[::-1]) if it.status == "ACTIVATE")
        version = structs.replace(listings.version_of(product), **changes)
        listings.submit(life, shop, product, version)
        identifier = product.id
    office.live(HOUR)
    return [event for event in office.happened(5, 15, 18, 37, 50) if str(event["product_id"]) == identifier]


def test_an_edit_by_the_api_is_announced_when_it_takes_effect(office):
    office.listen(5, 15, 18, 37, 50)
    chain = [{"id": "600001", "parent_id": "0"}, {"id": "853000", "parent_id": "600001"}]
    told = edited(office, title="Another title", shown={"description": "<p>Neu</p>", "category_chains": chain})
    assert [(event["type"], event.get("audit", {}).get("status")) for event in told] == [
        (37, "AUDITING"),
        (37, "APPROVED"),
        (18, None),
        (15, None),
    ]
    assert told[2]["current_category_id"] == "853000"
    assert told[3]["changed_fields"] == ["description", "title"]
    assert told[3]["change_source"] == "OPEN_API"


def test_an_edit_that_is_refused_is_announced_as_that_and_changes_nothing(office):
    office.listen(5, 15, 18, 37, 50)
    told = edited(office, title="A miracle mug")
    assert [(event["type"], event.get("audit", {}).get("status")) for event in told] == [
        (37, "AUDITING"),
        (5, None),
        (37, "FAILED"),
    ]
    assert told[1]["status"] == "PRODUCT_AUDIT_FAILURE"


def test_what_is_undone_is_not_announced(office):
    office.listen(1)

    def refuse():
        with office.world.writing(office.clock.now()) as life:
            buying.place(life, office.world.shops[0], 10_000)
            raise ApiError(1, "An endpoint refuses in the middle.")

    with pytest.raises(ApiError):
        refuse()
    assert office.happened() == []


def test_nothing_is_kept_for_who_has_not_subscribed(office):
    office.live(DAY)
    assert office.happened() == []
    office.listen(12, 64)
    office.live(10 * DAY)
    assert {event["type"] for event in office.happened()} <= {12, 64}


def test_what_happened_before_somebody_listened_is_not_told(office):
    office.live(3 * DAY)
    office.listen()
    office.dispatch.tick()
    assert office.happened() == []
    switch(office.world, TYPES, "")
    office.dispatch.tick()
    office.live(3 * DAY)
    office.listen()
    office.dispatch.tick()
    assert office.happened() == []


def test_there_is_an_endpoint_for_all_that_is_subscribed_by_api():
    endpoint = Router(all_endpoints()).find("/event/202309/webhooks").endpoints["PUT"]
    assert len(endpoint.body["event_type"].values) == 17
    assert set(endpoint.body["event_type"].values) == {each.name for each in TYPES.values() if each.by_api}
