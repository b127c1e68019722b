"""What is announced of lists that follow from the shops' history: that, and only that, which the lists show."""

from __future__ import annotations

from collections import defaultdict

from tiktokshop_sandbox.derived.affiliate.samples import applications, course, status
from tiktokshop_sandbox.derived.aftersales import requests, rma, rma_course
from tiktokshop_sandbox.derived.customer_service import conversations
from tiktokshop_sandbox.derived.fbt import stand
from tiktokshop_sandbox.derived.promotion import activities
from tiktokshop_sandbox.faults import Spec

DAY, HOUR = 86_400, 3_600


def shops(office):
    return {shop.number: shop for shop in office.world.shops}


def test_every_message_is_announced_once_to_each_of_its_two_events(lived):
    now = lived.clock.now()
    for number, shop in shops(lived).items():
        told = [event for event in lived.happened(14) if event["shop"] == number]
        said = [
            (item.id, shop.identify("message", one.message.number), one.at)
            for item in conversations(lived.world, shop, now)
            for one in item.said_by(now)
            if one.at > lived.began
        ]
        assert sorted((e["conversation_id"], e["message_id"], e["create_time"]) for e in told) == sorted(said)
        assert len(said) > 10
        listened = [event for event in lived.happened(33) if event["shop"] == number]
        assert sorted((e["message_id"], e["create_time"]) for e in listened) == sorted(
            (identifier, str(at)) for _, identifier, at in said
        )
        begun = [item.id for item in conversations(lived.world, shop, now) if item.begin > lived.began]
        opened = [event["conversation_id"] for event in lived.happened(13) if event["shop"] == number]
        assert sorted(opened) == sorted(begun)


def test_the_last_that_is_told_of_an_rma_and_its_request_is_how_they_are(lived):
    now = lived.clock.now()
    spelt = {"AWAITING_BUYER_SHIPPED": "AWAITING_BUYER_RETURN"}
    last_rma = {event["rma_id"]: event["rma_status"] for event in lived.happened(65)}
    last_request = {e["aftersales_request_id"]: e["aftersales_request_status"] for e in lived.happened(64)}
    found = [(shop, item) for shop in lived.world.shops for item in requests(lived.world, shop)]
    statuses = {item.id: item.status for _, item in found}
    rmas = {one.id: one.status for one in (rma(shop, item, now) for shop, item in found) if one}
    assert {key: spelt.get(told, told) for key, told in last_rma.items()} == {key: rmas[key] for key in last_rma}
    assert last_request == {key: statuses[key] for key in last_request}
    assert len(last_rma) > 1
    assert len(last_request) > 3


def test_the_course_of_an_rma_is_what_its_list_has_shown(lived):
    for shop in lived.world.shops:
        for request in requests(lived.world, shop):
            course_of = rma_course(shop, request.item)
            last = max((record.at for record in request.item.records), default=0)
            for moment in (last, last + HOUR, last + 3 * DAY):
                found = rma(shop, request, moment)
                so_far = [status for at, status in course_of if at <= moment]
                assert (found.status if found else None) == (so_far[-1] if so_far else None)


def test_the_course_of_a_sample_is_what_its_list_has_shown(lived):
    now = lived.clock.now()
    for shop in lived.world.shops:
        with lived.world.reading() as store:
            for item in applications(lived.world, shop, now):
                order = store.orders[item.order] if item.order >= 0 else None
                for moment in (now, now + 7 * DAY, now + 40 * DAY):
                    so_far = [name for at, name in course(shop, item, order) if at <= moment]
                    assert status(shop, item, order, moment)[0] == so_far[-1]


def test_of_a_sample_every_status_is_told_once_and_the_last_is_its_own(lived):
    now = lived.clock.now()
    told = defaultdict(list)
    for event in lived.happened(56):
        told[event["application_id"]].append(event["new_status"])
    assert all(len(set(names)) == len(names) for names in told.values())
    with lived.world.reading() as store:
        for shop in lived.world.shops:
            for item in applications(lived.world, shop, now):
                order = store.orders[item.order] if item.order >= 0 else None
                if item.id in told:
                    assert told[item.id][-1] == status(shop, item, order, now)[0]
    assert len(told) > 5


def test_promotions_are_told_when_they_begin_end_and_change(lived):
    now = lived.clock.now()
    last = {(event["shop"], event["activity_id"]): event["status"] for event in lived.happened(39)}
    found = {(n, item.id): item for n, shop in shops(lived).items() for item in activities(lived.world, shop, now)}
    assert last == {key: found[key].status_at(now) for key in last}
    assert {"ONGOING", "EXPIRED"} <= set(last.values()) <= {"ONGOING", "EXPIRED", "DEACTIVATED"}
    assert "FLASHSALE" not in {event["activity_type"] for event in lived.happened(39)}
    missing = {
        key
        for key, item in found.items()
        if item.kind != "FLASHSALE"
        and lived.began < item.begin <= now
        and key not in last
        and item.status_at(now) != "DEACTIVATED"
    }
    assert missing == set()
    edited = {item.id for item in found.values() if item.number and lived.began < item.edited <= now}
    changed = {e["activity_id"] for e in lived.happened(63) if e["change_type"] == "ACTIVITY_UPDATE"}
    assert changed == edited


def test_what_the_platform_stores_is_told_with_what_lies_there(lived):
    now = lived.clock.now()
    for number, shop in shops(lived).items():
        book = stand(lived.world, shop, now)
        entries = [entry for entry in book.entries if entry.at > lived.began]
        told = [event for event in lived.happened(24) if event["shop"] == number]
        assert sorted((e["goods_id"], e["at"]) for e in told) == sorted(
            (book.known[entry.change.place[0]].id, entry.at) for entry in entries
        )
        inbound = {
            event["inbound_order_id"]: event["order_status"] for event in lived.happened(21) if event["shop"] == number
        }
        assert inbound == {key: book.deliveries[key].steps_until(now)[-1].status for key in inbound}
    assert len(lived.happened(24)) > 10
    assert lived.happened(21)


def test_events_of_a_life_looked_at_often_or_once_are_the_same(office_at, file_of):
    told = []
    for pieces in (1, 30):
        with office_at(file_of()) as office:
            office.listen(13, 14, 19, 33, 39, 56, 63, 64, 65, 67)
            office.faults.add(Spec("webhook_lost"))
            for _ in range(pieces):
                office.live(15 * DAY // pieces)
                office.look()
            rows = office.outbox.read("1")
            told.append(sorted((row.shop, row.type, row.at, row.data) for row in rows))
    assert told[0] == told[1]
    assert len(told[0]) > 50


def test_where_it_stopped_looking_it_goes_on_after_a_restart(office_at, file_of):
    file = file_of()
    types = (13, 14, 33, 39, 56)
    with office_at(file) as office:
        office.listen(*types)
        for _ in range(3):
            office.live(2 * DAY)
            office.look()
        office.live(2 * DAY)
        began = office.clock.now() - 8 * DAY
    with office_at(file) as again:
        again.dispatch.tick()
        ids = [(row.type, row.at, row.data) for row in again.outbox.read("1")]
        assert len(set(ids)) == len(ids)
        now = again.clock.now()
        said = [
            one.at
            for shop in again.world.shops
            for item in conversations(again.world, shop, now)
            for one in item.said_by(now)
            if began < one.at
        ]
        assert sorted(at for number, at, _ in ids if number == 14) == sorted(said)
