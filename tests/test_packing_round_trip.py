"""What the target has split, combined and shipped, the tap reads back: packages with their orders and line items."""

import contextlib
import io
import json

import pytest
from target_tiktokshop.target import TargetTikTokShop

STREAMS = ("orders", "packages")


def fed(lab, stream, record):
    """What came of a record."""
    path = lab.folder / f"{stream}.jsonl"
    schema = {"type": "SCHEMA", "stream": stream, "schema": {"properties": {}}, "key_properties": []}
    lines = [schema, {"type": "RECORD", "stream": stream, "record": record}]
    settings = {name: value for name, value in lab.config.items() if not name.startswith("analytics")}
    labels = {"labels_path": str(lab.folder / "labels")}
    target = TargetTikTokShop(config={**settings, **labels, "results_path": str(path), "max_rejected_percent": 100})
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            target.listen(io.StringIO("".join(f"{json.dumps(line)}\n" for line in lines)))
        finally:
            target.close()
    return json.loads(path.read_text())


@pytest.fixture
def markets(lab_of):
    """Shops where packages are split and combined, and where one label is bought for several orders."""
    with lab_of(path=None, orders=40, regions=("VN", "US")) as made:
        for buyers in [{"count": 8, "one_buyer": True}] * 4:
            made.sandbox.control("POST", "/orders", buyers)
        made.sandbox.control("POST", "/clock", {"advance": 7_200})
        yield made


def waiting(lab, rows, market):
    """Orders of a market that the platform ships for the seller, and that nothing keeps."""
    shops = {shop["id"]: shop["region"] for shop in lab.sandbox.control("GET", "")["shops"]}
    wanted = {"status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK", "fulfillment_type": "FULFILLMENT_BY_SELLER"}
    return [
        row
        for row in rows
        if shops[row["shop_id"]] == market
        and all(row[name] == value for name, value in wanted.items())
        and len(row["packages"]) < 2
        and not row["is_buyer_request_cancel"]
    ]


def alike(orders):
    """Up to three orders of one buyer that leave one warehouse the same way for one address."""
    groups = {}
    for order in orders:
        place = order["recipient_address"]["full_address"]
        key = (order["user_id"], order["warehouse_id"], order["delivery_option_id"], place)
        groups.setdefault(key, []).append(order)
    found = max(groups.values(), key=len)
    assert len(found) > 1
    return found[:3]


def test_the_tap_reads_back_what_the_target_has_split_combined_and_bought_a_label_for(markets):
    first = markets.run(streams=STREAMS, start_date="2025-01-01")
    orders = first.records("orders")
    local, american = waiting(markets, orders, "VN"), waiting(markets, orders, "US")
    together, labelled = alike(local), alike(american)
    parted = next(
        order for order in local if order not in together and len({line["sku_id"] for line in order["line_items"]}) > 1
    )
    sku = parted["line_items"][0]["sku_id"]
    part = {line["id"] for line in parted["line_items"] if line["sku_id"] == sku}
    rest = {line["id"] for line in parted["line_items"]} - part
    combined, bought = ({order["id"] for order in group} for group in (together, labelled))
    for stream, record in (
        ("package_splits", {"shop_id": parted["shop_id"], "order_id": parted["id"], "groups": [sorted(part)]}),
        ("package_combinations", {"shop_id": parted["shop_id"], "order_ids": sorted(combined)}),
        ("shipments", {"shop_id": labelled[0]["shop_id"], "order_ids": sorted(bought)}),
    ):
        done = fed(markets, stream, record)
        assert done["outcome"] == "applied", (done["code"], done["message"], record)
    markets.sandbox.control("POST", "/clock", {"advance": 60})
    again = markets.run(state=first.state, streams=STREAMS, start_date="2025-01-01")
    packages = again.records("packages")
    live = [row for row in packages if row["status"] != "CANCELLED"]
    by_orders = {}
    for row in live:
        by_orders.setdefault(frozenset(order["id"] for order in row["orders"]), []).append(row)
    assert {frozenset(row["order_line_item_ids"]) for row in by_orders[frozenset({parted["id"]})]} == {
        frozenset(part),
        frozenset(rest),
    }
    (one,), (label,) = by_orders[frozenset(combined)], by_orders[frozenset(bought)]
    assert (one["status"], label["status"]) == ("TO_FULFILL", "PROCESSING")
    read = {row["id"]: row for row in again.records("orders")}
    assert {line["package_id"] for each in combined for line in read[each]["line_items"]} == {one["id"]}
    assert {line["tracking_number"] for each in bought for line in read[each]["line_items"]} == {
        label["tracking_number"]
    }
    old = {package["id"] for order in (parted, *together) for package in order["packages"]}
    assert old == {row["id"] for row in packages if row["status"] == "CANCELLED"}, "the old packages are gone"
