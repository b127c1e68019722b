"""How events are delivered: signed, in time, again when they are not taken, and to nobody else."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections import defaultdict

import pytest
from tiktokshop_sandbox.derived.event import subscribe, unsubscribe
from tiktokshop_sandbox.webhooks import outbox, posting
from tiktokshop_sandbox.webhooks.subscribers import read_401, switch

DAY, HOUR = 86_400, 3_600
SCHEDULE = (120, 1_800, 10_800, 43_200)


def ordered(office, seconds=6 * HOUR):
    """Lets some orders come in, hears of their status, and gives the time at which they were first delivered."""
    office.listen(1)
    office.deliver(seconds)
    assert office.ear.came
    return office.clock.now()


def signature(office, body):
    app = office.accounts.app
    return hmac.new(app.secret.encode(), app.key.encode() + body, hashlib.sha256).hexdigest()


def test_a_delivery_is_signed_over_its_exact_bytes_and_says_what_it_is(office):
    now = ordered(office)
    for path, headers, body in office.ear.came:
        assert path == "/hooks"
        assert headers["authorization"] == signature(office, body)
        assert headers["content-type"] == "application/json"
        event = json.loads(body)
        assert list(event) == ["type", "tts_notification_id", "shop_id", "timestamp", "data"]
        assert event["timestamp"] == now
        assert event["shop_id"] in {shop.id for shop in office.world.shops}
    assert office.states() == {"delivered": len(office.ear.came)}


def test_nobody_has_to_ask_for_anything_for_the_shops_to_live_and_tell(office):
    office.listen(1)
    office.clock.advance(DAY)
    office.dispatch.tick()
    assert office.happened(1)
    assert office.world.now == office.clock.now()


def test_every_notification_has_an_id_of_its_own_that_no_other_sandbox_gives(office, office_at, file_of):
    ordered(office)
    ids = [event["tts_notification_id"] for event in office.ear.events]
    assert len(set(ids)) == len(ids)
    assert all(len(name) == 19 and name.isdecimal() for name in ids)
    office.ear.came.clear()
    with office_at(":memory:", orders=300) as other:
        ordered(other)
        assert set(ids).isdisjoint(event["tts_notification_id"] for event in other.ear.events)


def test_some_events_name_the_seller_in_place_of_the_shop(office):
    office.listen(1, 68, 71)
    office.deliver(6 * HOUR)
    grant = office.accounts.newest().grant
    by_type = defaultdict(list)
    for event in office.ear.events:
        by_type[event["type"]].append(event)
    for event in by_type[68]:
        assert "shop_id" not in event
        assert event["seller_open_id"] == grant.open_id
        assert event["data"]["seller_id"] == int(grant.seller_id) > 2**53
    assert len(by_type[68]) == len(by_type[71]) > 0
    assert all(type(event["data"]["sku_id"]) is int for event in by_type[68])


def test_what_is_not_taken_comes_again_four_times_at_the_documented_times_and_then_no_more(office):
    office.ear.answers(503)
    first = ordered(office)
    count = len(office.ear.came)
    due = first
    for wait in SCHEDULE:
        due += wait
        office.deliver(wait - 1)
        before = len(office.ear.came)
        office.deliver(1)
        again = [event for event in office.ear.events[before:] if event["tts_notification_id"] in names(office, count)]
        assert {event["timestamp"] for event in again} == {due}
    tries = defaultdict(list)
    for event in office.ear.events:
        tries[event["tts_notification_id"]].append(event["timestamp"] - first)
    assert {tuple(tries[name]) for name in names(office, count)} == {(0, 120, 1_920, 12_720, 55_920)}
    assert office.states()["dropped"] >= count


def names(office, count):
    return {event["tts_notification_id"] for event in office.ear.events[:count]}


def test_what_time_leaps_over_is_tried_as_if_it_had_passed(office):
    office.ear.answers(500)
    first = ordered(office)
    mine = names(office, len(office.ear.came))
    office.deliver(16 * HOUR)
    stamps = defaultdict(list)
    for event in office.ear.events:
        stamps[event["tts_notification_id"]].append(event["timestamp"] - first)
    assert {tuple(stamps[name]) for name in mine} == {(0, 120, 1_920, 12_720, 55_920)}


def test_a_try_differs_from_the_one_before_in_its_timestamp_alone(office):
    office.ear.answers(500)
    ordered(office)
    count = len(office.ear.came)
    office.ear.answers(200)
    office.deliver(120)
    again = {event["tts_notification_id"]: event for event in office.ear.events[count:]}
    for event in office.ear.events[:count]:
        other = again[event["tts_notification_id"]]
        assert other == {**event, "timestamp": event["timestamp"] + 120}
    assert office.states()["delivered"] >= count


@pytest.mark.parametrize(("reading", "state"), [("end", "refused"), ("retry", "waiting")])
def test_a_401_ends_an_event_or_is_tried_again_as_it_is_set(office, reading, state):
    read_401(office.world, reading)
    office.ear.answers(401)
    ordered(office)
    assert office.states() == {state: len(office.ear.came)}


@pytest.mark.parametrize(
    ("status", "headers", "body", "words"),
    [
        (302, {"location": "/elsewhere"}, b"", "redirect (302)"),
        (204, {}, b"", "only 200"),
        (404, {}, b"", "Nothing is at this path"),
        (500, {}, b"", "It answered 500"),
        (401, {}, b"", "found the signature wrong"),
    ],
)
def test_an_answer_that_does_not_take_the_event_is_explained(office, status, headers, body, words):
    read_401(office.world, "retry")
    office.ear.answers(status, body, **headers)
    ordered(office)
    (told,) = {one.told for one in office.outbox.read("1")}
    assert words in told
    assert office.states() == {"waiting": len(office.ear.came)}


@pytest.mark.parametrize(
    ("headers", "body", "words"),
    [
        ({"content_type": "text/html"}, b"<html>canary</html>", "HTML page"),
        ({}, b"OK", "has a body"),
        ({}, b"", ""),
    ],
)
def test_a_200_with_something_in_it_counts_and_is_remarked_on(office, headers, body, words):
    office.ear.answers(200, body, **headers)
    ordered(office)
    (told,) = {one.told for one in office.outbox.read("1")}
    assert words in told
    assert bool(words) == bool(told)
    assert "canary" not in told
    assert office.states() == {"delivered": len(office.ear.came)}


def test_nobody_there_and_no_http_are_told_apart(office):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    office.listen(1, address=f"http://127.0.0.1:{port}/")
    office.deliver(6 * HOUR)
    assert {one.told for one in office.outbox.read("1")} == {"Nobody listens at this address."}


def test_who_takes_too_long_is_told_so(office, monkeypatch):
    monkeypatch.setattr(posting, "PATIENCE", 0.2)
    ended = threading.Event()
    office.ear.answer = lambda _: (ended.wait(20) and 200, {}, b"")
    office.listen(1)
    office.deliver(6 * HOUR)
    ended.set()
    tried = office.outbox.read("1")
    assert {(one.state, one.tries, one.http) for one in tried} == {("waiting", 1, 0)}
    assert {one.told for one in tried} == {
        "No answer within 3 seconds. Store the event, answer, and work on it afterwards."
    }


def test_who_never_answers_keeps_nobody_else_waiting(office):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow, quick = office.world.shops
        now = office.clock.now()
        subscribe(office.world, slow, now, "ORDER_STATUS_CHANGE", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        subscribe(office.world, quick, now, "ORDER_STATUS_CHANGE", office.ear.address)
        office.dispatch.tick()
        office.live(2 * DAY)
        office.dispatch.tick()
        mine = [event for event in office.happened(1) if event["shop"] == quick.number]
        while len(office.ear.came) < len(mine):
            office.pause.wait(0.005)
        assert office.dispatch.busy
        assert {event["shop_id"] for event in office.ear.events} == {quick.id}


def test_of_what_is_over_the_newest_are_kept_and_all_are_counted(office, monkeypatch):
    monkeypatch.setattr(outbox, "KEPT", 5)
    ordered(office, DAY)
    before = office.states()
    office.outbox.forget()
    assert office.states() == before
    assert len(office.outbox.read("1")) == 5
    assert before["delivered"] > 5


def test_one_event_goes_to_one_address_and_what_is_not_subscribed_goes_nowhere(office):
    shop, other = office.world.shops
    now = office.clock.now()
    subscribe(office.world, shop, now, "ORDER_STATUS_CHANGE", f"{office.ear.address}/one")
    unsubscribe(office.world, other, "ORDER_STATUS_CHANGE")
    unsubscribe(office.world, other, "PACKAGE_UPDATE")
    office.dispatch.tick()
    office.deliver(DAY)
    assert {path for path, _, _ in office.ear.came} == {"/hooks/one"}
    assert {(event["type"], event["shop_id"]) for event in office.ear.events} == {(1, shop.id)}


def test_a_subscription_of_a_shop_goes_before_what_is_switched_on_for_all(office):
    shop, other = office.world.shops
    subscribe(office.world, shop, office.clock.now(), "ORDER_STATUS_CHANGE", f"{office.ear.address}/own")
    office.listen(1)
    office.deliver(DAY)
    paths = defaultdict(set)
    for (path, _, _), event in zip(office.ear.came, office.ear.events, strict=True):
        paths[event["shop_id"]].add(path)
    assert paths == {shop.id: {"/hooks/own"}, other.id: {"/hooks"}}


def test_names_that_are_nobodys_are_never_sent_to(office):
    switch(office.world, [1], "https://hooks.shop.example/x")
    office.live(DAY)
    office.dispatch.tick()
    assert office.states() == {}


def test_once_a_seller_has_taken_the_grant_back_nothing_comes_but_that(office):
    office.listen()
    office.accounts.revoke()
    office.deliver(2 * DAY)
    assert sorted((event["type"], event["shop_id"]) for event in office.ear.events) == [
        (6, shop.id) for shop in sorted(office.world.shops, key=lambda shop: shop.id)
    ]
    assert office.ear.events[0]["data"]["message"].endswith("is deauthorized from your APP by merchant.")
    office.deliver(DAY)
    assert len(office.ear.events) == 2


def test_the_end_of_a_grant_is_announced_before_it_comes_once(office):
    office.listen(7)
    office.accounts.expire_grants()
    office.deliver()
    office.deliver(DAY)
    assert [event["type"] for event in office.ear.events] == [7, 7]
    data = office.ear.events[0]["data"]
    assert type(data["expiration_time"]) is str
    assert "is expirating in 0 days" in data["message"]


def test_what_was_not_delivered_when_the_sandbox_ended_is_delivered_when_it_comes_back(office_at, file_of):
    file = file_of()
    with office_at(file) as office:
        office.ear.answers(500)
        ordered(office)
        lost = names(office, len(office.ear.came))
        office.live(HOUR)  # more happens, of which no round has heard
        waiting = office.states().total()
    with office_at(file) as again:
        again.ear.came.clear()
        again.ear.answers(200)
        again.deliver(DAY)
        came = [event["tts_notification_id"] for event in again.ear.events]
        assert lost <= set(came)
        assert len(came) == len(set(came)) >= waiting


def test_what_is_under_way_when_the_sandbox_ends_is_sent_again(office_at, file_of):
    file = file_of()
    with office_at(file) as office:
        office.listen(1)
        office.live(6 * HOUR)
        office.dispatch.tick()  # they are sent, and nobody looks at what came back
        count = office.states()["waiting"]
    with office_at(file) as again:
        again.ear.came.clear()
        again.deliver()
        assert len(again.ear.came) == count > 0


def test_what_was_dropped_can_be_sent_again(office):
    office.ear.answers(500)
    ordered(office)
    office.deliver(DAY)
    dropped = office.outbox.read("state = 'dropped' LIMIT 1")[0]
    office.ear.answers(200)
    office.ear.came.clear()
    assert office.dispatch.send_again(dropped.id)
    office.deliver()
    assert dropped.notification in {event["tts_notification_id"] for event in office.ear.events}
    assert office.outbox.one(dropped.id).state == "delivered"
    assert not office.dispatch.send_again(10**9)
