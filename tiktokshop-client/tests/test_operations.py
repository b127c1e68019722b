"""The table of endpoints, by itself and against what is known of the platform."""

from __future__ import annotations

import re

import platform_facts
import pytest
from tiktokshop_client import OPERATIONS, operations

SHAPE = re.compile(r"/(\w+)/\d{6}(/[a-z_]+|/\{[a-z_]+\})+")
WRITES = {
    "update_inventory",
    "update_prices",
    "mark_package_as_shipped",
    "mark_package_as_shipped_202309",
    "ship_package",
    "ship_packages",
    "split_order",
    "combine_packages",
    "uncombine_package",
    "create_package",
    "create_return",
    "read_conversation",
    "send_message",
    "send_message_202309",
    "create_package_202309",
    "update_order_shipping_info",
    "update_package_shipping_info",
    "update_package_shipping_info_202309",
    "activate_products",
    "deactivate_products",
    "delete_products",
    "recover_products",
    "create_product",
    "replicate_product",
    "edit_product_partly",
    "upload_image",
    "cancel_order",
    "cancel_order_202309",
    "approve_cancellation",
    "reject_cancellation",
    "approve_return",
    "reject_return",
    "add_external_orders",
    "update_webhook",
    "delete_webhook",
    "create_activity",
    "update_activity",
    "deactivate_activity",
    "update_activity_products",
    "remove_activity_products",
}
# Absolute values, wanted states and calls with an idempotency key.
HARMLESS = {
    "create_return",
    "read_conversation",
    "update_inventory",
    "update_prices",
    "activate_products",
    "deactivate_products",
    "delete_products",
    "recover_products",
    "edit_product_partly",
    "upload_image",
    "approve_cancellation",
    "reject_cancellation",
    "approve_return",
    "reject_return",
    "add_external_orders",
    "update_webhook",
    "delete_webhook",
    "update_activity",
    "deactivate_activity",
    "update_activity_products",
    "remove_activity_products",
}
# By the release notes, not by the operation's own page; what a score is made of is where the score is.
ELSEWHERE_SAID = dict.fromkeys(("get_shop_score", "get_shop_score_metrics"), frozenset({"US"}))
ALL = sorted(OPERATIONS)


@pytest.fixture(scope="module")
def facts():
    return platform_facts.operations()


@pytest.mark.parametrize("name", ALL)
def test_an_operation_is_well_formed(name):
    operation = OPERATIONS[name]
    assert operation.name == name
    assert SHAPE.fullmatch(operation.path)
    assert getattr(operations, name.upper()) is operation
    assert (operation.paging is None) == (operation.page_size is None)
    assert operation.rows or operation.paging is None
    assert operation.scope.startswith(("seller.", "data.")) or (operation.scope == "" and operation.family == "fbt")
    assert operation.family == operation.path.split("/")[1]


def test_all_reads_and_writes_are_there():
    assert len(OPERATIONS) == 118
    assert set(OPERATIONS) >= WRITES


@pytest.mark.parametrize("name", ALL)
def test_only_what_does_no_harm_twice_is_repeatable(name):
    assert OPERATIONS[name].repeatable == (name not in WRITES or name in HARMLESS)


@pytest.mark.parametrize("name", ALL)
def test_an_operation_agrees_with_what_is_known_of_the_platform(facts, name):
    operation = OPERATIONS[name]
    row = facts[operation.method, operation.path]
    query, body = row.get("query") or {}, (row.get("body") or {}).get("properties", {})
    assert operation.cipher is row.get("shop_cipher", "shop_cipher" in query)
    nested = "body.pagination" if "pagination" in body else None
    where = "query" if "page_token" in query else "body" if "page_token" in body else nested
    assert operation.paging == where
    if where == "query" and "range" in query["page_size"]:
        assert operation.page_size == int(query["page_size"]["range"].strip("[]").split("-")[1])
    shape = row["data"]
    if operation.rows:
        for part in operation.rows.split("."):
            shape = shape["properties"][part]
        assert shape["type"] == "array"
    required = {key for key, spec in query.items() if spec.get("required")} - {"shop_cipher"}
    given = {"page_size"} if operation.paging == "query" else set()
    assert required - given - set(operation.query) == set(operation.needs)
    markets = frozenset(map(operations.same_region, row["markets"])) if row.get("markets") else None
    assert operation.markets == (markets or ELSEWHERE_SAID.get(name))


def test_categories_and_brands_are_asked_for_in_the_second_tree_in_every_market(facts):
    trees = {
        name: operation.query.get("category_version")
        for name, operation in OPERATIONS.items()
        if "category_version" in (facts[operation.method, operation.path].get("query") or {})
    }
    asked = ("get_brands", "get_categories", "get_category_attributes", "get_category_rules")
    assert trees == dict.fromkeys(asked, "v2")


def test_the_older_path_of_an_operation_is_a_known_one(facts):
    fallbacks = {(operation.method, operation.fallback) for operation in OPERATIONS.values() if operation.fallback}
    assert fallbacks == {
        ("POST", "/return_refund/202309/returns/{return_id}/reject"),
        ("GET", "/return_refund/202309/orders/{order_id}/aftersale_eligibility"),
    }
    assert fallbacks <= facts.keys()
    for operation in (one for one in OPERATIONS.values() if one.fallback):
        now, older = (facts[operation.method, path] for path in (operation.path, operation.fallback))
        assert now["query"].keys() - older["query"].keys() == set(operation.newer)
        bodies = [row.get("body", {}).get("properties", {}).keys() for row in (now, older)]
        assert bodies[0] - bodies[1] == operation.newer_in_body


def test_a_path_is_filled_with_ids_only():
    path = operations.GET_PRODUCT.fill(operations.GET_PRODUCT.path, {"product_id": "17"})
    assert path == "/product/202309/products/17"


@pytest.mark.parametrize(("region", "missing"), [("VN", True), ("SG", True), ("GB", False), ("US", False)])
def test_payments_are_undocumented_in_south_east_asia_but_not_excluded(region, missing):
    assert operations.GET_PAYMENTS.undocumented_in(region) is missing
    assert operations.GET_PAYMENTS.excluded_from(region) is False


@pytest.mark.parametrize(("region", "excluded"), [("UK", False), ("gb", False), ("JP", False), ("BR", True)])
def test_marking_as_shipped_belongs_to_some_markets(region, excluded):
    assert operations.MARK_PACKAGE_AS_SHIPPED.excluded_from(region) is excluded


@pytest.mark.parametrize(("kind", "excluded"), [("LOCAL", True), ("CROSS_BORDER", False), ("", False)])
def test_global_products_are_for_cross_border_shops_and_whoever_does_not_say_what_it_is(kind, excluded):
    assert operations.SEARCH_GLOBAL_PRODUCTS.excluded_for(kind) is excluded
    assert operations.SEARCH_PRODUCTS.excluded_for(kind) is False
