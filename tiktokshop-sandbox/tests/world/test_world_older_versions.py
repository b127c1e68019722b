"""Older versions that clients still call say the same as the newer ones, under older names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tiktokshop_sandbox.endpoints import Router, all_endpoints

DAYS = {"start_date_ge": "2026-09-01", "end_date_lt": "2026-09-15"}
A = "/affiliate_seller"
# Method, older and newer path, list, query, and by field of the older row where the newer one has the same.
LISTS: dict[str, tuple[str, str, str, str, dict[str, Any], dict[str, str]]] = {
    "products 202405": (
        "GET",
        "/analytics/202405/shop_products/performance",
        "/analytics/202605/shop_products/performance",
        "products",
        {**DAYS, "page_size": 100},
        {
            "gmv": "total_performance.gmv",
            "orders": "total_performance.orders",
            "units_sold": "total_performance.items_sold",
            "click_through_rate": "total_performance.ctr",
        },
    ),
    "products 202509": (
        "GET",
        "/analytics/202509/shop_products/performance",
        "/analytics/202605/shop_products/performance",
        "products",
        {**DAYS, "page_size": 100},
        {
            "id": "id",
            "overall_performance.gmv": "total_performance.gmv",
            "overall_performance.orders": "total_performance.orders",
            "overall_performance.items_sold": "total_performance.items_sold",
        },
    ),
    "videos 202409": (
        "GET",
        "/analytics/202409/shop_videos/performance",
        "/analytics/202605/shop_videos/performance",
        "videos",
        {**DAYS, "page_size": 100},
        {"id": "id", "gmv": "gmv", "units_sold": "items_sold", "sku_orders": "sku_orders", "views": "views"},
    ),
    "videos 202509": (
        "GET",
        "/analytics/202509/shop_videos/performance",
        "/analytics/202605/shop_videos/performance",
        "videos",
        {**DAYS, "page_size": 100},
        {"id": "id", "gmv": "gmv", "items_sold": "items_sold", "duration": "duration", "hash_tags": "hash_tags"},
    ),
    "goods": (
        "POST",
        "/fbt/202409/goods/search",
        "/fbt/202607/goods/search",
        "goods",
        {"page_size": 100},
        {"id": "id", "name": "name", "reference_code": "reference_code", "skus": "skus"},
    ),
    "open collaborations": (
        "POST",
        f"{A}/202409/open_collaborations/search",
        f"{A}/202412/open_collaborations/search",
        "open_collaborations",
        {"page_size": 50},
        {"id": "id", "product": "product", "current_commission": "current_commission"},
    ),
    "target collaborations": (
        "POST",
        f"{A}/202409/target_collaborations/search",
        f"{A}/202508/target_collaborations/search",
        "target_collaborations",
        {"page_size": 20},
        {"id": "id", "name": "name", "update_time": "update_time"},
    ),
    "sample applications": (
        "POST",
        f"{A}/202409/sample_applications/search",
        f"{A}/202508/sample_applications/search",
        "sample_applications",
        {"page_size": 50},
        {"id": "id", "status": "status", "creator.user_id": "creator.creator_open_id"},
    ),
}
BODIES = {"target collaborations": {"collaboration_status": "VALID"}}
# Fields that the older shapes do not have.
GONE = {
    "goods": {"is_hazmat", "goods_safety_attributes", "is_sioc", "bulky_item_attribute"},
    "target collaborations": {"create_time"},
    "videos 202409": {"items_sold", "creator", "likes", "hash_tags"},
    "videos 202509": {"creator", "likes", "attributed_gmv"},
    "products 202509": {"total_performance"},
    "products 202405": {"total_performance"},
}


def at(row, path):
    for name in path.split("."):
        row = row[name]
    return row


@pytest.mark.parametrize("case", LISTS)
def test_an_older_list_has_the_rows_of_the_newer_one(asker, case):
    method, old, new, rows, query, same = LISTS[case]
    before, now = (asker.ask(method, path, query, BODIES.get(case)) for path in (old, new))
    assert before[rows]
    assert before["total_count"] == now["total_count"]
    for older, newer in zip(before[rows], now[rows], strict=True):
        assert {name: at(older, name) for name in same} == {name: at(newer, where) for name, where in same.items()}
        assert GONE.get(case, set()).isdisjoint(older)


@pytest.mark.parametrize("case", LISTS)
def test_an_older_list_goes_on_page_by_page(asker, case):
    method, old, _, rows, query, _ = LISTS[case]
    size = 20 if case == "target collaborations" else 7
    found = asker.pages(method, old, rows, {**query, "page_size": size}, BODIES.get(case))
    assert len(found) == asker.ask(method, old, query, BODIES.get(case))["total_count"]


def test_products_of_202405_have_numbers_for_ids(asker):
    _, old, new, rows, query, _ = LISTS["products 202405"]
    before, now = (asker.ask("GET", path, query)[rows] for path in (old, new))
    assert [row["id"] for row in before] == [int(row["id"]) for row in now]


def test_days_of_202405_and_202509_add_up_to_those_of_202609(asker):
    old, middle, new = (
        asker.ask("GET", f"/analytics/{version}/shop/performance", {**DAYS, "granularity": "1D"})
        for version in ("202405", "202509", "202609")
    )
    assert old["latest_available_date"] == middle["latest_available_date"] == new["latest_available_date"]
    assert "comparison_intervals" not in old["performance"]
    triples = zip(*(answer["performance"]["intervals"] for answer in (old, middle, new)), strict=True)
    for first, second, third in triples:
        sales = third["sales"]
        assert first["start_date"] == second["start_date"] == third["start_date"]
        assert first["gmv"] == second["sales"]["gmv"]["overall"] == sales["gmv"]
        assert first["orders"] == second["sales"]["orders_count"] == sales["orders_count"]
        assert first["units_sold"] == second["sales"]["items_sold"] == sales["items_sold"]
        assert [part["type"] for part in first["gmv_breakdowns"]] == ["LIVE", "VIDEO", "PRODUCT_CARD"]
        assert [part["gmv"] for part in second["sales"]["gmv"]["breakdowns"]] == [
            {name: part[name] for name in ("amount", "currency")} for part in first["gmv_breakdowns"]
        ]


def test_a_comparison_is_with_as_many_days_before(asker):
    path, days = "/analytics/202405/shop/performance", {"start_date_ge": "2026-09-08", "end_date_lt": "2026-09-15"}
    found = asker.ask("GET", path, {**days, "with_comparison": "1"})["performance"]
    before = {"start_date_ge": "2026-09-01", "end_date_lt": "2026-09-08"}
    assert found["comparison_intervals"] == asker.ask("GET", path, before)["performance"]["intervals"] != []


@pytest.mark.parametrize("shop", [0, 1])
def test_an_older_delivery_has_goods_batches_and_the_log_of_the_newer_one(asker, shop):
    entries = asker.ask("POST", "/fbt/202410/inventory_records/search", {"page_size": 100}, shop=shop)
    ids = sorted({row["order"]["id"] for row in entries["inventory_records"] if row["order"]["id"].startswith("IBR")})
    old = asker.ask("GET", "/fbt/202409/inbound_orders", {"ids": ids[:10]}, shop=shop)["inbound_orders"]
    new = asker.ask("GET", "/fbt/202602/inbound_orders", {"order_ids": ids[:10]}, shop=shop)["inbound_orders"]
    assert [row["id"] for row in old] == [row["order_id"] for row in new] != []
    for before, now in zip(old, new, strict=True):
        lots = now["inbound_goods_lot_receive_item_details"]
        assert before["expect_arrive_time"] == now["expected_arrival_time"]
        assert [one["quantity"] for one in before["planned_goods"]] == [lot["planned_count"] for lot in lots]
        assert [one["total_quantity"] for one in before["received_batches"]] == [
            lot["total_received_count"] for lot in lots
        ]
        assert [log["order_status"] for log in before["order_operation_logs"]] == [
            log["new_status"] for log in now["status_logs"]
        ]
        assert all(one["name"] and one["sku_ids"] for one in before["planned_goods"])
        assert before["carriers"][0]["tracking_number"] == now["logistic_info_list"][0]["waybill_number"]


def test_a_creator_is_found_by_the_older_names_of_its_id(asker):
    path, body = f"{A}/202409/target_collaborations/search", {"collaboration_status": "VALID"}
    listed = asker.ask("POST", path, {"page_size": 20}, body)["target_collaborations"]
    shown = asker.ask("GET", f"{A}/202409/target_collaborations/{listed[0]['id']}")["target_collaboration"]
    who = shown["creators"][0]["user_id"]
    assert "creator_open_id" not in shown["creators"][0]
    found = asker.ask("POST", path, {"page_size": 100}, {**body, "creator_user_id": who})["target_collaborations"]
    assert listed[0]["id"] in {row["id"] for row in found}
    samples = f"{A}/202409/sample_applications/search"
    applicant = asker.ask("POST", samples, {"page_size": 1})["sample_applications"][0]["creator"]["user_id"]
    rows = asker.ask("POST", samples, {"page_size": 50}, {"creator_user_id": applicant})["sample_applications"]
    assert {row["creator"]["user_id"] for row in rows} == {applicant}


@pytest.mark.parametrize("rows", ["manufacturers", "responsible_persons"])
def test_contacts_of_202409_have_no_locales(new_world, rows):
    asker = new_world(orders=120, shops=4)
    old, new = (
        asker.ask("POST", f"/product/{version}/compliance/{rows}/search", {"page_size": 100})
        for version in ("202409", "202501")
    )
    assert len(old[rows]) == len(new[rows]) > 0
    for before, now in zip(old[rows], new[rows], strict=True):
        profile = now["regional_profiles"][0]
        assert (before["id"], before["name"], before["email"]) == (now["id"], profile["name"], profile["email"])
        assert before["address"] == profile["address"]
        assert set(before["phone_number"]) == {"country_code", "local_number"}
        assert "locale" not in json.dumps(before)


def test_an_order_is_cancelled_by_the_older_version_too(new_world):
    asker = new_world(orders=120)
    body = {"order_status": "AWAITING_SHIPMENT"}
    order = asker.ask("POST", "/order/202309/orders/search", {"page_size": 1}, body)["orders"][0]["id"]
    wanted = {"order_id": order, "cancel_reason": "seller_cancel_reason_out_of_stock"}
    assert asker.ask("POST", "/return_refund/202309/cancellations", None, wanted)["cancel_id"]
    (again,) = asker.ask("GET", "/order/202507/orders", {"ids": order})["orders"]
    assert again["status"] == "CANCELLED"


def test_older_versions_ask_for_what_the_newer_ones_ask():
    router = Router(all_endpoints())
    for path in (case[1:3] for case in LISTS.values()):
        old, new = (next(iter(router.find(one).endpoints.values())) for one in path)
        assert (old.scope, old.cipher, old.markets, old.method) == (new.scope, new.cipher, new.markets, new.method)
    assert "/product/202309/global_products/search" in router.versions("/product/1/global_products/search")
