"""The shops' life: the same from the same seed, however often one looks, and never standing still."""

import hashlib
import json

import pytest
from tiktokshop_sandbox.counts import row_counts

DAY = 86_400
NOW = 1_790_000_000

ORDER_STATUSES = {
    "UNPAID",
    "ON_HOLD",
    "AWAITING_SHIPMENT",
    "PARTIALLY_SHIPPING",
    "AWAITING_COLLECTION",
    "IN_TRANSIT",
    "DELIVERED",
    "COMPLETED",
    "CANCELLED",
}
PRODUCT_STATUSES = {
    "DRAFT",
    "PENDING",
    "FAILED",
    "ACTIVATE",
    "SELLER_DEACTIVATED",
    "PLATFORM_DEACTIVATED",
    "FREEZE",
    "DELETED",
}
CANCELLATION_STATUSES = {f"CANCELLATION_REQUEST_{word}" for word in ("PENDING", "SUCCESS", "CANCEL", "COMPLETE")}
RETURN_STATUSES = {
    "RETURN_OR_REFUND_REQUEST_PENDING",
    "REFUND_OR_RETURN_REQUEST_REJECT",
    "AWAITING_BUYER_SHIP",
    "AWAITING_BUYER_RESPONSE",
    "BUYER_SHIPPED_ITEM",
    "REJECT_RECEIVE_PACKAGE",
    "RETURN_OR_REFUND_REQUEST_SUCCESS",
    "RETURN_OR_REFUND_REQUEST_CANCEL",
    "RETURN_OR_REFUND_REQUEST_COMPLETE",
    "REPLACEMENT_REQUEST_PENDING",
    "REPLACEMENT_REQUEST_REJECT",
    "REPLACEMENT_REQUEST_REFUND_SUCCESS",
    "REPLACEMENT_REQUEST_CANCEL",
    "REPLACEMENT_REQUEST_COMPLETE",
    "EXCHANGE_REQUEST_PENDING",
    "EXCHANGE_REQUEST_REFUND_SUCCESS",
    "EXCHANGE_REQUEST_CANCEL",
    "EXCHANGE_REQUEST_COMPLETE",
}
TABLES = (
    "events",
    "desks",
    "products",
    "orders",
    "order_states",
    "packages",
    "cancellations",
    "returns",
    "transactions",
    "statements",
    "payments",
    "withdrawals",
)


def fingerprint(world):
    digest = hashlib.sha256()
    for table in TABLES:
        for row in world.db.execute(
            f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4" if table == "events" else f"SELECT * FROM {table} ORDER BY 1"
        ):
            digest.update(repr(row).encode())
    return digest.hexdigest()


def test_the_same_seed_makes_the_same_world(new_world):
    one, other = (new_world(60, path=":memory:").world for _ in range(2))
    assert fingerprint(one) == fingerprint(other)


def test_another_seed_makes_another_world_with_other_ids(new_world):
    one, other = new_world(40, seed=1).world, new_world(40, seed=2).world
    assert {shop.id for shop in one.shops}.isdisjoint(shop.id for shop in other.shops)
    ids = [{number for (number,) in world.db.execute("SELECT id FROM orders")} for world in (one, other)]
    assert ids[0].isdisjoint(ids[1])


def test_ten_days_at_once_are_ten_days_one_by_one(new_world):
    at_once, day_by_day = new_world(100).world, new_world(100).world
    at_once.advance(NOW + 10 * DAY)
    for day in range(1, 11):
        day_by_day.advance(NOW + day * DAY)
    assert fingerprint(at_once) == fingerprint(day_by_day)


def test_a_world_opened_later_is_the_world_that_lived_on(new_world, tmp_path):
    lived = new_world(50, path=tmp_path / "a.db").world
    slept = new_world(50, path=tmp_path / "b.db").world
    slept.close()
    lived.advance(NOW + 3 * DAY)
    woken = new_world(999, shops=5, seed=99, now=NOW + 3 * DAY, path=tmp_path / "b.db").world
    assert fingerprint(woken) == fingerprint(lived)
    assert len(woken.shops) == 2


def test_each_shop_starts_with_the_orders_asked_for_and_gets_more_at_the_same_pace(new_world):
    world = new_world(240).world
    assert [counts["orders"] for counts in row_counts(world).values()] == [240, 240]
    world.advance(NOW + 12 * DAY)
    assert [counts["orders"] for counts in row_counts(world).values()] == [264, 264]


def test_a_world_without_orders_has_products_only(new_world):
    world = new_world(0).world
    world.advance(NOW + 30 * DAY)
    for counts in row_counts(world).values():
        assert counts["orders"] == counts["statements"] == counts["packages"] == 0
        assert counts["products"] > 50


def test_nothing_happens_twice_and_nothing_when_nothing_is_due(new_world):
    world = new_world(100).world
    assert world.advance(NOW) == 0
    assert world.advance(NOW + DAY) > 0
    version = world.version
    assert world.advance(NOW + DAY) == 0
    assert world.version == version


def test_nothing_is_dated_in_the_future(asker):
    for table in ("orders", "products", "returns", "cancellations", "packages"):
        newest = asker.world.db.execute(f"SELECT max(update_time), max(create_time) FROM {table}").fetchone()
        assert max(newest) <= NOW


def test_every_change_of_an_order_moves_its_update_time(new_world):
    world = new_world(400, shops=1).world
    before = {}
    for step in range(1, 40):
        now = NOW + step * 3 * 3_600
        earlier = now - 3 * 3_600
        world.advance(now)
        rows = world.db.execute("SELECT id, update_time, doc FROM orders").fetchall()
        for number, updated, doc in rows:
            if number in before and before[number][1] != doc:
                assert before[number][0] < updated
                assert earlier < updated <= now
        before = {number: (updated, doc) for number, updated, doc in rows}


def test_everything_passes_through_every_status(new_world):
    world = new_world(3000, path=":memory:").world
    seen = {name: set() for name in ("orders", "returns", "cancellations", "products", "packages", "statements")}
    for step in range(140):
        world.advance(NOW + step * 3 * 3_600)
        for table, statuses in seen.items():
            statuses.update(status for (status,) in world.db.execute(f"SELECT DISTINCT status FROM {table}"))
    assert seen == {
        "orders": ORDER_STATUSES,
        "returns": RETURN_STATUSES,
        "cancellations": CANCELLATION_STATUSES,
        "products": PRODUCT_STATUSES,
        "packages": {"TO_FULFILL", "PROCESSING", "FULFILLING", "COMPLETED", "CANCELLED"},
        "statements": {"PROCESSING", "PAID", "FAILED"},
    }


def test_a_replaced_or_exchanged_order_points_at_the_order_it_replaces(asker):
    sources = {}
    for (doc,) in asker.world.db.execute("SELECT doc FROM orders"):
        order = json.loads(doc)
        if order["is_replacement_order"]:
            sources[order["id"]] = order["replaced_order_id"]
        if order["is_exchange_order"]:
            sources[order["id"]] = order["exchange_source_order_id"]
            assert order["payment"]["total_amount"] == "0"
    assert len(sources) > 5
    known = {number for (number,) in asker.world.db.execute("SELECT id FROM orders")}
    assert set(sources.values()) <= known


@pytest.mark.parametrize(("shops", "regions"), [(2, "US GB"), (8, "US GB DE ES ID VN FR IT")])
def test_shops_stand_in_the_markets_in_turn(new_world, shops, regions):
    world = new_world(4, shops=shops).world
    assert [shop.region for shop in world.shops] == regions.split()
    assert all(int(shop.id) > 2**53 for shop in world.shops)
    assert [shop.cipher[:4] for shop in world.shops][:2] == ["TTP_", "GCP_"]
