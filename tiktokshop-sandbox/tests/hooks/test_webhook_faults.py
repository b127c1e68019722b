"""What can go wrong with deliveries on demand: each fault does what it says, and what it did can be asked."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter

import pytest
from tiktokshop_sandbox.faults import BURST, Spec

DAY, HOUR = 86_400, 3_600


def delivered(office, passing=DAY, **spec):
    """Everything that a receiver gets within a day of orders while a fault is on."""
    office.listen(1)
    office.faults.add(Spec(**spec))
    office.deliver(passing)
    return office.ear.came


def right(office, headers, body):
    app = office.accounts.app
    return (
        headers["authorization"] == hmac.new(app.secret.encode(), app.key.encode() + body, hashlib.sha256).hexdigest()
    )


def test_what_is_lost_never_comes_and_can_be_counted(office):
    came = delivered(office, kind="webhook_lost", probability=0.3)
    lost = office.outbox.read("state = 'lost'")
    assert len(lost) == office.states()["lost"] == office.faults.struck["webhook_lost"] > 0
    assert len(came) + len(lost) == len(office.happened())
    office.deliver(2 * DAY)
    assert {posting.notification for posting in lost}.isdisjoint(e["tts_notification_id"] for e in office.ear.events)


def test_what_is_doubled_comes_twice_under_one_id_and_nothing_else_does(office):
    delivered(office, kind="webhook_doubled", probability=0.3)
    times = Counter(event["tts_notification_id"] for event in office.ear.events)
    assert Counter(times.values())[2] == office.faults.struck["webhook_doubled"] > 0
    assert set(times.values()) == {1, 2}
    bodies = Counter(body for _, _, body in office.ear.came)
    assert sorted(bodies.values()) == sorted(times.values())


def test_what_is_late_comes_when_the_shops_clock_says_so(office):
    assert delivered(office, kind="webhook_late", seconds=3600) == []
    count = len(office.happened())
    office.faults.clear()
    office.deliver(3_599)
    assert office.states()["waiting"] == count
    office.deliver(1)
    assert len(office.ear.came) >= count


def test_what_is_shuffled_comes_in_another_order_and_all_of_it(office):
    delivered(office, kind="webhook_shuffled", seconds=0.2)
    while office.states()["waiting"]:
        office.pause.wait(0.02)
        office.deliver()
    order = [event["tts_notification_id"] for event in office.ear.events]
    made = [posting.notification for posting in office.outbox.read("1 ORDER BY id")]
    assert sorted(order) == sorted(made)
    assert order != made


def test_a_wrong_signature_is_wrong_and_who_takes_it_is_told_so(office):
    came = delivered(office, kind="webhook_bad_signature", next=3)
    wrong = [body for _, headers, body in came if not right(office, headers, body)]
    assert len(wrong) == 3
    assert all(len(headers["authorization"]) == 64 for _, headers, _ in came)
    told = [posting.told for posting in office.outbox.read("told <> ''")]
    assert told == ["It took a wrong signature: it keeps such deliveries apart, or does not check them."] * 3


def test_an_unknown_type_comes_beside_what_there_is(office):
    delivered(office, kind="webhook_unknown_type", next=2)
    types = Counter(event["type"] for event in office.ear.events)
    assert types == {1: len(office.happened(1)), 4242: 2}
    assert all(right(office, headers, body) for _, headers, body in office.ear.came)


def test_garbage_comes_beside_what_there_is_and_is_signed(office):
    came = delivered(office, 3 * DAY, kind="webhook_garbage", next=6)
    bodies = [body for _, _, body in came if not body.startswith(b'{"type":1,"tts_notification_id"')]
    assert len(bodies) == 6
    assert len(set(bodies)) > 2
    assert all(right(office, headers, body) for _, headers, body in came)
    assert office.states() == {"delivered": len(came)}


def test_a_burst_comes_once_and_is_of_real_orders(office):
    office.listen(1)
    shop = office.world.shops[1]
    office.faults.add(Spec("webhook_burst", shop_id=shop.id))
    office.dispatch.tick()
    office.dispatch.tick()
    rows = office.outbox.read("1")
    assert len(rows) == BURST == 5_000
    assert {row.shop for row in rows} == {1}
    assert office.faults.listed() == []
    known = dict(office.world.db.execute("SELECT id, status FROM orders WHERE shop = 1").fetchall())
    for row in rows[:500]:
        event = json.loads(row.data)
        assert event["order_status"] == known[event["order_id"]].replace("CANCELLED", "CANCEL")


def test_a_fault_strikes_the_events_and_the_shop_it_names(office):
    office.listen()
    shop = office.world.shops[0]
    office.faults.add(Spec("webhook_lost", path="INVENTORY_*", shop_id=shop.id))
    office.live(DAY)
    office.dispatch.tick()
    lost = {(posting.shop, posting.type) for posting in office.outbox.read("state = 'lost'")}
    assert lost == {(0, 68), (0, 71)} | (lost & {(0, 27)})
    assert {(0, 1), (1, 68)} <= {(p.shop, p.type) for p in office.outbox.read("state = 'waiting'")}


@pytest.mark.parametrize("kind", ["webhook_lost", "webhook_doubled"])
def test_the_same_seed_and_events_are_struck_alike(office_at, kind):
    struck = []
    for _ in range(2):
        with office_at(":memory:", orders=200) as office:
            office.clock.resume(f"frozen:{office.world.now}")
            office.listen(1)
            office.faults.add(Spec(kind, probability=0.2))
            office.live(DAY)
            office.dispatch.tick()
            struck.append(
                [
                    (p.at - office.world.now, json.loads(p.data)["order_id"])
                    for p in office.outbox.read("1")
                    if p.fault == kind
                ]
            )
    assert struck[0] == struck[1]
    assert struck[0]
