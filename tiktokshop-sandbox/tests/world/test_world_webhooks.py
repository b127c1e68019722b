"""Webhook subscriptions: what a new shop has, what the app changes of them, and what it may not ask for."""

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.counts import row_counts
from tiktokshop_sandbox.endpoints import Router, all_endpoints

DAY = 86_400
PATH = "/event/202309/webhooks"


def listed(asker, shop=0):
    return {row["event_type"]: row for row in asker.ask("GET", PATH, shop=shop)["webhooks"]}


def put(asker, event_type, address="https://hooks.example.com/tiktok"):
    return asker.ask("PUT", PATH, body={"event_type": event_type, "address": address})


@pytest.mark.parametrize("shop", [0, 1])
def test_a_new_shop_has_two_or_three_subscriptions_as_documented(asker, undocumented, shop):
    data = asker.ask("GET", PATH, shop=shop)
    assert undocumented(data, "GET", PATH) == set()
    assert data["total_count"] == len(data["webhooks"]) == len(listed(asker, shop)) in {2, 3}
    assert row_counts(asker.world)[asker.world.shops[shop].id]["webhook_subscriptions"] == data["total_count"]
    start = asker.now - 120 * DAY
    assert all(start < row["create_time"] == row["update_time"] < start + DAY for row in data["webhooks"])
    assert all(row["address"].startswith("https://") for row in data["webhooks"])


def test_an_event_is_reported_to_one_address_the_last_that_was_put(new_world):
    asker = new_world()
    before = listed(asker)
    asker.now += DAY
    assert put(asker, "PRODUCT_CREATION") == {}
    assert listed(asker) == before | {
        "PRODUCT_CREATION": {
            "event_type": "PRODUCT_CREATION",
            "address": "https://hooks.example.com/tiktok",
            "create_time": asker.now,
            "update_time": asker.now,
        }
    }
    asker.now += DAY
    put(asker, "ORDER_STATUS_CHANGE", "https://other.example.com/")
    changed = listed(asker)["ORDER_STATUS_CHANGE"]
    assert changed["address"] == "https://other.example.com/"
    assert changed["create_time"] == before["ORDER_STATUS_CHANGE"]["create_time"]
    assert changed["update_time"] == asker.now
    assert row_counts(asker.world)[asker.world.shops[0].id]["webhook_subscriptions"] == len(before) + 1


def test_shops_have_their_subscriptions_to_themselves(new_world):
    asker = new_world()
    other = listed(asker, shop=1)
    put(asker, "NEW_MESSAGE")
    assert listed(asker, shop=1) == other


def test_ending_a_subscription_always_succeeds(new_world):
    asker = new_world()
    for _ in range(2):
        assert asker.ask("DELETE", PATH, body={"event_type": "PACKAGE_UPDATE"}) == {}
        assert "PACKAGE_UPDATE" not in listed(asker)
    for event in listed(asker):
        asker.ask("DELETE", PATH, body={"event_type": event})
    assert asker.ask("GET", PATH) == {"webhooks": [], "total_count": 0}


def test_changes_outlive_the_sandbox(new_world, tmp_path):
    path = tmp_path / "kept.db"
    asker = new_world(30, shops=1, path=path)
    put(asker, "NEW_CONVERSATION")
    before = listed(asker)
    asker.world.close()
    assert listed(new_world(path=path)) == before


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.example.com/",
        "https://10.0.0.7/hook",
        "https://[2001:db8::7]/hook",
        "https://hooks.example.com:8443/",
        "https://localhost/",
        "https://hooks.example.com:port/",
        "hooks.example.com",
        "https://hooks.example.com/" + "x" * 230,
        "",
    ],
)
def test_addresses_that_nothing_would_be_sent_to_are_refused(asker, address):
    with pytest.raises(ApiError) as refused:
        put(asker, "ORDER_STATUS_CHANGE", address)
    assert refused.value.code == 36009004
    assert refused.value.message.startswith("Address ")


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8787/webhooks", "http://localhost:8787/", "http://[::1]:8787/x", "http://127.8.9.1/"]
)
def test_http_on_this_machine_is_taken_too(new_world, address):
    asker = new_world()
    put(asker, "ORDER_STATUS_CHANGE", address)
    assert listed(asker)["ORDER_STATUS_CHANGE"]["address"] == address


def test_the_longest_address_is_taken(new_world):
    asker = new_world()
    longest = "https://hooks.example.com/" + "x" * 229
    assert len(longest) == 255
    put(asker, "ORDER_STATUS_CHANGE", longest)
    assert listed(asker)["ORDER_STATUS_CHANGE"]["address"] == longest


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_only_events_that_exist_can_be_named(asker, method):
    for body, words in (({}, "required"), ({"event_type": "FULL_MOON"}, "EventType is invalid")):
        with pytest.raises(ApiError, match=words):
            asker.ask(method, PATH, body={"address": "https://hooks.example.com/", **body})


def test_subscriptions_belong_to_a_shop_and_to_the_scope_of_its_authorisation():
    for endpoint in Router(all_endpoints()).find(PATH).endpoints.values():
        assert endpoint.cipher
        assert endpoint.scope == "seller.authorization.info"
