"""Goods that the platform keeps: what lies where, how it came there and left, and that the sums are right."""

from collections import Counter, defaultdict

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.counts import row_counts
from tiktokshop_sandbox.endpoints import Router, all_endpoints

NOW = 1_790_000_000
HOUR, DAY = 3_600, 86_400
GOODS = "/fbt/202607/goods/search"
INVENTORY = "/fbt/202408/inventory/search"
RECORDS = "/fbt/202410/inventory_records/search"
INBOUND = "/fbt/202602/inbound_orders"
WAREHOUSES = "/fbt/202408/warehouses"
REGIONS = "/fbt/202409/merchants/onboarded_regions"
SEARCHES = {GOODS: "goods", INVENTORY: "inventory", RECORDS: "inventory_records"}


def rows(asker, path, body=None, shop=0, size=100):
    return asker.pages("POST", path, SEARCHES[path], {"page_size": size}, body, shop)


def inbound(asker, ids, shop=0, **query):
    found = []
    for start in range(0, len(ids), 50):
        query["order_ids"] = ids[start : start + 50]
        found += asker.ask("GET", INBOUND, query, shop=shop)["inbound_orders"]
    return found


def named(records, kind):
    return list(dict.fromkeys(row["order"]["id"] for row in records if row["order"]["type"] == kind))


def place(row):
    return row["goods"]["id"], row["fbt_warehouse_id"]


def everything(asker, shop=0):
    records = rows(asker, RECORDS, shop=shop)
    return {
        "records": records,
        "goods": rows(asker, GOODS, shop=shop),
        "inventory": rows(asker, INVENTORY, shop=shop),
        "inbound": inbound(asker, named(records, "INBOUND_ORDER"), shop),
    }


@pytest.fixture(scope="module")
def found(asker):
    """Everything the first shop has."""
    return everything(asker)


@pytest.fixture(scope="module")
def orders(asker):
    """The first shop's orders that the platform fulfils, by id."""
    query = {"page_size": 100}
    listed = asker.pages("POST", "/order/202309/orders/search", "orders", query, {"shipping_type": "TIKTOK"})
    return {row["id"]: row for row in listed if row["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK"}


@pytest.mark.parametrize("shop", [0, 1])
def test_answers_send_only_documented_fields_of_documented_types(asker, undocumented, shop):
    for path in SEARCHES:
        assert undocumented(asker.ask("POST", path, {"page_size": 100}, shop=shop), "POST", path) == set()
    records = asker.ask("POST", RECORDS, {"page_size": 100}, shop=shop)["inventory_records"]
    query = {"order_ids": named(records, "INBOUND_ORDER")[:50], "include_carton_details": "true"}
    for path, sent in ((WAREHOUSES, {}), (REGIONS, {}), (INBOUND, query)):
        assert undocumented(asker.ask("GET", path, sent, shop=shop), "GET", path) == set()


@pytest.mark.parametrize("shop", [0, 1])
def test_paging_finds_what_the_world_counts_and_nothing_twice(asker, shop):
    counts = row_counts(asker.world)[asker.world.shops[shop].id]
    keys = {
        GOODS: ("fbt_goods", lambda row: row["id"]),
        INVENTORY: ("fbt_inventory", place),
        RECORDS: ("fbt_inventory_records", repr),
    }
    for path, (name, key) in keys.items():
        listed = [key(row) for row in rows(asker, path, shop=shop, size=97)]
        assert len(listed) == len(set(listed)) == counts[name] > 100
        assert asker.ask("POST", path, {"page_size": 1}, shop=shop)["total_count"] == counts[name]
    deliveries = named(rows(asker, RECORDS, shop=shop), "INBOUND_ORDER")
    assert len(inbound(asker, deliveries, shop)) == len(deliveries) == counts["fbt_inbound_orders"] > 50
    sites = asker.ask("GET", WAREHOUSES, shop=shop)["warehouses"]
    assert len(sites) == counts["fbt_warehouses"] == 2 - shop


def test_what_is_on_hand_is_the_sum_of_the_records_and_each_goes_on_where_the_last_one_ended(found):
    total, bad = Counter(), Counter()
    for row in found["records"]:
        assert row["initial_on_hand_quantity"] == total[place(row)]
        total[place(row)] += row["changed_quantity"]
        bad[place(row)] += row["changed_quantity"] if row["inventory_goods_type"] == "DEFECTIVE" else 0
        assert row["final_on_hand_quantity"] == total[place(row)]
    stock = {place(row): row["on_hand_detail"] for row in found["inventory"]}
    assert {at: detail["total_quantity"] for at, detail in stock.items()} == dict(total)
    assert {at: detail["unfulfillable_quantity"] for at, detail in stock.items()} == {at: bad[at] for at in stock}
    assert sum(bad.values()) > 10


def test_what_can_be_sold_is_what_is_there_and_sound_and_not_spoken_for(found, orders):
    for row in found["inventory"]:
        detail = row["on_hand_detail"]
        kept = detail["reserved_quantity"] + detail["unfulfillable_quantity"]
        assert detail["available_quantity"] == detail["total_quantity"] - kept >= 0
        (sku,) = row["goods"]["skus"]
        assert sku["on_hand_detail"] == {name: detail[name] for name in sku["on_hand_detail"]}
    waiting = [row for row in orders.values() if "collection_time" not in row and "cancel_time" not in row]
    reserved = sum(row["on_hand_detail"]["reserved_quantity"] for row in found["inventory"])
    assert reserved == sum(len(row["line_items"]) for row in waiting) > 0


def test_every_order_the_platform_sent_took_its_units_when_it_was_collected(found, orders):
    skus = {row["id"]: row["skus"][0]["id"] for row in found["goods"]}
    taken = defaultdict(Counter)
    for row in found["records"]:
        if row["order"]["type"] == "SALES_ORDER":
            taken[row["order"]["id"], row["create_time"]][skus[row["goods"]["id"]]] -= row["changed_quantity"]
    assert taken == {
        (row["id"], row["collection_time"]): Counter(line["sku_id"] for line in row["line_items"])
        for row in orders.values()
        if "collection_time" in row
    }


def test_goods_are_skus_of_the_shops_products_sold_by_the_platform_or_not(asker, found, orders):
    products = asker.pages("POST", "/product/202502/products/search", "products", {"page_size": 100})
    products += asker.pages(
        "POST", "/product/202502/products/search", "products", {"page_size": 100}, {"status": "DELETED"}
    )
    skus = {sku["id"]: product["id"] for product in products for sku in product["skus"]}
    known = {sku["id"]: sku["product"]["id"] for row in found["goods"] for sku in row["skus"]}
    assert known.items() <= skus.items()
    sold = {line["sku_id"] for row in orders.values() for line in row["line_items"]}
    assert sold < set(known)


def test_sites_fulfil_orders_of_the_shops_own_warehouses(asker, found):
    own = asker.ask("GET", "/logistics/202309/warehouses")["warehouses"]
    sites = asker.ask("GET", WAREHOUSES)["warehouses"]
    served = [number for site in sites for number in site["warehouse_ids"]]
    assert sorted(served) == sorted(row["id"] for row in own if row["type"] == "SALES_WAREHOUSE")
    ids = {site["fbt_warehouse_id"] for site in sites}
    assert {row["fbt_warehouse_id"] for row in found["records"] + found["inventory"]} == ids
    assert {row["warehouse"]["fbt_warehouse_id"] for row in found["inbound"]} == ids


def test_deliveries_bring_what_their_records_say(found):
    received = defaultdict(Counter)
    for row in found["records"]:
        if row["order"]["type"] == "INBOUND_ORDER":
            received[row["order"]["id"]][row["goods"]["id"], row["inventory_goods_type"]] += row["changed_quantity"]
    for order in found["inbound"]:
        counted = Counter()
        for item in order["inbound_goods_lot_receive_item_details"]:
            counted[item["goods_id"], "NORMAL"] += item["normal_received_count"]
            counted[item["goods_id"], "DEFECTIVE"] += item["defective_received_count"]
            assert item["total_received_count"] <= item["planned_count"]
        assert +counted == received[order["order_id"]]


def test_a_deliverys_log_leads_from_status_to_status_up_to_now(found):
    ways = set()
    for order in found["inbound"]:
        logs = order["status_logs"]
        times = [log["operate_time"] for log in logs]
        assert times == sorted(times)
        assert order["create_time"] == times[0]
        assert times[-1] <= NOW
        assert [log.get("previous_status") for log in logs] == [None, *(log["new_status"] for log in logs[:-1])]
        assert order["ship_time"] < order["actual_arrival_time"] < times[-1]
        ways.add(tuple(log["new_status"] for log in logs[3:]))
    assert ("ARRIVED_HUB", "INTERNAL_TRANSFER", "RECEIVING", "PARTIALLY_RECEIVED", "RECEIVED") in ways
    assert ("DELIVERED", "RECEIVING", "RECEIVED") in ways


def test_goods_are_counted_now_and_then_and_the_book_is_put_right(found):
    corrected = [row["changed_quantity"] for row in found["records"] if row["order"]["type"] == "ADJUSTMENT"]
    assert {-2, -1, 1, 2} <= set(corrected)
    assert {row["order"]["type"] for row in found["records"]} == {"INBOUND_ORDER", "SALES_ORDER", "ADJUSTMENT"}


def test_cartons_are_told_only_to_those_who_ask(asker, found):
    number = found["inbound"][3]["order_id"]
    (plain,) = inbound(asker, [number])
    (full,) = inbound(asker, [number], include_carton_details="true")
    packed = full.pop("carton_details")
    assert full == plain == found["inbound"][3]
    planned = {row["goods_id"]: row["planned_count"] for row in plain["inbound_goods_lot_receive_item_details"]}
    assert {item["goods_id"]: item["quantity"] for carton in packed for item in carton["items"]} == planned


def test_inbound_orders_of_nobody_and_of_other_shops_are_left_out(asker, found):
    own = found["inbound"][0]["order_id"]
    assert [row["order_id"] for row in inbound(asker, ["IBR000001", own, own, "5"])] == [own]
    assert inbound(asker, [own], shop=1) == []


@pytest.mark.parametrize(
    ("path", "name", "look"),
    [
        (GOODS, "goods_ids", lambda row: row["id"]),
        (GOODS, "product_ids", lambda row: row["skus"][0]["product"]["id"]),
        (GOODS, "reference_codes", lambda row: row["reference_code"]),
        (GOODS, "sku_ids", lambda row: row["skus"][0]["id"]),
        (INVENTORY, "goods_ids", lambda row: row["goods"]["id"]),
        (INVENTORY, "sku_ids", lambda row: row["goods"]["skus"][0]["id"]),
        (INVENTORY, "fbt_warehouse_ids", lambda row: row["fbt_warehouse_id"]),
        (RECORDS, "goods_ids", lambda row: row["goods"]["id"]),
        (RECORDS, "fbt_warehouse_ids", lambda row: row["fbt_warehouse_id"]),
    ],
)
def test_filters_keep_exactly_what_they_name(asker, found, path, name, look):
    whole = found[{GOODS: "goods", INVENTORY: "inventory", RECORDS: "records"}[path]]
    wanted = [look(whole[5])] if name == "fbt_warehouse_ids" else [look(whole[5]), look(whole[-1]), "1"]
    expected = [row for row in whole if look(row) in wanted]
    assert 0 < len(expected) < len(whole)
    assert rows(asker, path, {name: wanted}) == expected


def test_both_ends_of_a_window_of_records_are_included(asker, found):
    whole = found["records"]
    edge = whole[len(whole) // 2]["create_time"]
    before = rows(asker, RECORDS, {"create_time_le": edge})
    after = rows(asker, RECORDS, {"create_time_ge": edge})
    assert before == [row for row in whole if row["create_time"] <= edge]
    assert after == [row for row in whole if row["create_time"] >= edge]
    assert len(before) + len(after) > len(whole)


@pytest.mark.parametrize("path", SEARCHES)
def test_page_sizes_and_long_filters_are_refused(asker, path):
    for query in ({}, {"page_size": 0}, {"page_size": 101}):
        with pytest.raises(ApiError) as refused:
            asker.ask("POST", path, query)
        assert refused.value.code == 36009004
    with pytest.raises(ApiError, match="GoodsIds must contain at maximum 100 items"):
        asker.ask("POST", path, {"page_size": 1}, {"goods_ids": ["1"] * 101})


def test_inbound_orders_insist_on_ids_and_take_fifty(asker):
    with pytest.raises(ApiError, match="OrderIds is a required field"):
        asker.ask("GET", INBOUND)
    with pytest.raises(ApiError, match="OrderIds must contain at maximum 50 items"):
        asker.ask("GET", INBOUND, {"order_ids": ["1"] * 51})


def test_shops_elsewhere_are_not_onboarded_and_refused_everything_else(new_world):
    asker = new_world(shops=3)
    regions = [asker.ask("GET", REGIONS, shop=shop)["onboarded_regions"] for shop in range(3)]
    assert regions == [[{"region_code": "US"}], [{"region_code": "GB"}], []]
    for method, path, query in (
        ("GET", WAREHOUSES, {}),
        ("GET", INBOUND, {"order_ids": "IBR100001"}),
        *(("POST", path, {"page_size": 10}) for path in SEARCHES),
    ):
        with pytest.raises(ApiError, match="merchant is not onboarded to FBT") as refused:
            asker.ask(method, path, query, shop=2)
        assert (refused.value.code, refused.value.http) == (36009004, 400)
    counts = row_counts(asker.world)[asker.world.shops[2].id]
    assert {number for name, number in counts.items() if name.startswith("fbt_")} == {0}


def test_the_platforms_storage_needs_no_scope():
    router = Router(all_endpoints())
    for path in (*SEARCHES, INBOUND, WAREHOUSES, REGIONS):
        (endpoint,) = router.find(path).endpoints.values()
        assert endpoint.scope == ""


def test_days_later_more_has_happened_and_all_that_had_happened_still_has(new_world):
    asker = new_world(600, shops=1)
    before = everything(asker)
    asker.now += 8 * DAY
    after = everything(asker)
    told = [row | {"goods": row["goods"]["id"]} for row in before["records"]]
    assert [row | {"goods": row["goods"]["id"]} for row in after["records"][: len(told)]] == told
    new = after["records"][len(told) :]
    assert {row["order"]["type"] for row in new} >= {"INBOUND_ORDER", "SALES_ORDER"}
    assert all(NOW < row["create_time"] <= asker.now for row in new)
    assert {row["id"] for row in before["goods"]} < {row["id"] for row in after["goods"]}
    assert {place(row) for row in before["inventory"]} < {place(row) for row in after["inventory"]}


def test_a_delivery_counted_in_part_is_counted_to_the_end_a_day_or_two_later(new_world):
    asker = new_world(600, shops=1)
    for _ in range(10):
        asker.now += DAY
        halves = [row for row in everything(asker)["inbound"] if row["status_logs"][-1]["new_status"] != "RECEIVED"]
        if halves:
            break
    (half, *_) = halves
    assert half["status_logs"][-1]["new_status"] == "PARTIALLY_RECEIVED"
    short = [
        (item["goods_id"], item["planned_count"] - item["total_received_count"])
        for item in half["inbound_goods_lot_receive_item_details"]
        if item["total_received_count"] < item["planned_count"]
    ]
    for goods, missing in short:
        stock = rows(asker, INVENTORY, {"goods_ids": [goods]})
        assert sum(row["in_transit_quantity"] for row in stock) == missing
    asker.now += 2 * DAY
    (whole,) = inbound(asker, [half["order_id"]])
    assert whole["status_logs"][: len(half["status_logs"])] == half["status_logs"]
    assert whole["status_logs"][-1]["new_status"] == "RECEIVED"
    items = whole["inbound_goods_lot_receive_item_details"]
    assert all(item["total_received_count"] == item["planned_count"] for item in items)


def test_it_makes_no_difference_how_often_somebody_asked_before(new_world):
    curious, patient = new_world(600, shops=1), new_world(600, shops=1)
    for _ in range(12):
        everything(curious)
        curious.now += 7 * HOUR
    patient.now = curious.now
    assert everything(curious) == everything(patient)
