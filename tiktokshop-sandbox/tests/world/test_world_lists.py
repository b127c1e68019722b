"""Every list: what it counts, how it pages, sorts and filters, and which sizes it takes."""

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.counts import row_counts

NOW = 1_790_000_000
DAY = 86_400
TYPES = "WITHDRAW,SETTLE,TRANSFER,REVERSE,PAYMENT,REFUND"

# name -> method, path, rows, id, least and most rows a page, code for other sizes, fixed parameters
LISTS = {
    "orders": ("POST", "/order/202309/orders/search", "orders", "id", 1, 100, 36009004, {}),
    "products": ("POST", "/product/202502/products/search", "products", "id", 1, 100, 36009004, {}),
    "returns": ("POST", "/return_refund/202602/returns/search", "return_orders", "return_id", 10, 50, 98001004, {}),
    "cancellations": (
        "POST",
        "/return_refund/202602/cancellations/search",
        "cancellations",
        "cancel_id",
        1,
        50,
        98001004,
        {},
    ),
    "packages": ("POST", "/fulfillment/202309/packages/search", "packages", "id", 1, 50, 36009004, {}),
    "statements": (
        "GET",
        "/finance/202309/statements",
        "statements",
        "id",
        1,
        100,
        36009004,
        {"sort_field": "statement_time"},
    ),
    "payments": ("GET", "/finance/202605/payments", "payments", "id", 1, 100, 36009004, {"sort_field": "create_time"}),
    "withdrawals": ("GET", "/finance/202309/withdrawals", "withdrawals", "id", 1, 100, 36009004, {"types": TYPES}),
    "unsettled_transactions": (
        "GET",
        "/finance/202507/orders/unsettled",
        "transactions",
        "id",
        1,
        100,
        36009004,
        {"sort_field": "order_create_time"},
    ),
}
OLDER = {
    "/return_refund/202309/returns/search": "/return_refund/202602/returns/search",
    "/return_refund/202309/cancellations/search": "/return_refund/202602/cancellations/search",
    "/product/202309/products/search": "/product/202502/products/search",
    "/product/202312/products/search": "/product/202502/products/search",
}


@pytest.mark.parametrize("shop", [0, 1])
@pytest.mark.parametrize("name", LISTS)
def test_paging_through_a_list_finds_what_the_world_counts(asker, name, shop):
    method, path, rows, key, _, most, _, fixed = LISTS[name]
    expected = row_counts(asker.world)[asker.world.shops[shop].id][name]
    for size in (most, most - 13):
        found = [row[key] for row in asker.pages(method, path, rows, {"page_size": size, **fixed}, shop=shop)]
        assert len(found) == len(set(found)) == expected > 0


@pytest.mark.parametrize("name", LISTS)
def test_page_sizes_outside_the_range_are_refused(asker, name):
    method, path, _, _, least, most, code, fixed = LISTS[name]
    for size in (least - 1, most + 1):
        with pytest.raises(ApiError) as refused:
            asker.ask(method, path, {"page_size": size, **fixed})
        assert refused.value.code == code
    asker.ask(method, path, {"page_size": least, **fixed})


@pytest.mark.parametrize("name", ["returns", "cancellations", "statements", "payments", "withdrawals"])
def test_lists_that_need_no_page_size_have_a_default(asker, name):
    method, path, rows, _, _, _, _, fixed = LISTS[name]
    expected = 10 if path.startswith("/return_refund") else 20
    assert len(asker.ask(method, path, fixed)[rows]) == expected


@pytest.mark.parametrize("name", ["statements", "payments", "unsettled_transactions"])
def test_finance_lists_insist_on_their_sort_field(asker, name):
    method, path = LISTS[name][:2]
    with pytest.raises(ApiError, match="SortField is a required field"):
        asker.ask(method, path)
    with pytest.raises(ApiError, match="SortField is invalid"):
        asker.ask(method, path, {"sort_field": "update_time"})


def test_withdrawals_insist_on_types(asker):
    with pytest.raises(ApiError, match="Types is a required field"):
        asker.ask("GET", "/finance/202309/withdrawals")
    query = {"types": "WITHDRAW", "page_size": 100}
    rows = asker.pages("GET", "/finance/202309/withdrawals", "withdrawals", query)
    assert {row["type"] for row in rows} == {"WITHDRAW"}


@pytest.mark.parametrize(
    ("name", "field"),
    [("returns", "create_time"), ("cancellations", "create_time"), ("statements", "statement_time")],
)
def test_returns_and_finance_lists_start_with_the_oldest(asker, name, field):
    method, path, rows, _, _, _, _, fixed = LISTS[name]
    times = [row[field] for row in asker.ask(method, path, fixed)[rows]]
    assert times == sorted(times)
    latest = [row[field] for row in asker.ask(method, path, {**fixed, "sort_order": "DESC"})[rows]]
    assert latest == sorted(latest, reverse=True)
    assert latest[0] > times[-1]


@pytest.mark.parametrize("name", ["returns", "cancellations", "packages"])
@pytest.mark.parametrize("field", ["create_time", "update_time"])
def test_windows_are_half_open_everywhere(asker, name, field):
    method, path, rows, key, _, most, _, fixed = LISTS[name]
    query = {"page_size": most, "sort_field": field, "sort_order": "ASC", **fixed}
    whole = asker.pages(method, path, rows, query)
    edge = whole[len(whole) // 2][field]
    before = asker.pages(method, path, rows, query, {f"{field}_lt": edge})
    after = asker.pages(method, path, rows, query, {f"{field}_ge": edge})
    assert [row[key] for row in before + after] == [row[key] for row in whole]
    assert all(row[field] < edge for row in before)


@pytest.mark.parametrize(
    ("name", "parameter", "field"),
    [("statements", "statement_time", "statement_time"), ("payments", "create_time", "create_time")],
)
def test_finance_windows_are_half_open_too(asker, name, parameter, field):
    method, path, rows, key, _, most, _, fixed = LISTS[name]
    query = {"page_size": most, **fixed}
    whole = asker.pages(method, path, rows, query)
    edge = whole[50][field]
    before = asker.pages(method, path, rows, {**query, f"{parameter}_lt": edge})
    after = asker.pages(method, path, rows, {**query, f"{parameter}_ge": edge})
    assert [row[key] for row in before + after] == [row[key] for row in whole]
    assert after[0][field] == edge


@pytest.mark.parametrize("path", OLDER)
def test_older_versions_find_the_same(asker, path):
    name = next(name for name, row in LISTS.items() if row[1] == OLDER[path])
    method, new, rows, key, _, most, _, fixed = LISTS[name]
    query = {"page_size": most, **fixed}
    old = [row[key] for row in asker.pages(method, path, rows, query)]
    assert old == [row[key] for row in asker.pages(method, new, rows, query)]


def test_payments_of_202309_name_a_reserve_and_are_otherwise_the_same(asker):
    query = {"sort_field": "create_time"}
    old = asker.ask("GET", "/finance/202309/payments", query)["payments"]
    new = asker.ask("GET", "/finance/202605/payments", query)["payments"]
    assert all(row.pop("reserve_amount")["value"] == "0" for row in old)
    assert old == new


def test_payments_do_not_exist_in_south_east_asia():
    from tiktokshop_sandbox.endpoints import Router, all_endpoints

    route = Router(all_endpoints()).find("/finance/202605/payments")
    assert "US" in route.endpoints["GET"].markets
    assert route.endpoints["GET"].markets.isdisjoint({"ID", "VN"})


@pytest.mark.parametrize(
    ("name", "filters", "field"),
    [
        ("returns", {"return_status": ["RETURN_OR_REFUND_REQUEST_COMPLETE"]}, "return_status"),
        ("returns", {"return_types": ["REFUND", "EXCHANGE"]}, "return_type"),
        ("returns", {"arbitration_status": ["SUPPORT_BUYER"]}, "arbitration_status"),
        ("returns", {"seller_proposed_return_type": ["PARTIAL_REFUND"]}, "seller_proposed_return_type"),
        ("cancellations", {"cancel_status": ["CANCELLATION_REQUEST_COMPLETE"]}, "cancel_status"),
        ("cancellations", {"cancel_types": ["BUYER_CANCEL"]}, "cancel_type"),
        ("packages", {"package_status": "FULFILLING"}, "status"),
    ],
)
def test_filters_keep_exactly_what_they_name(asker, name, filters, field):
    method, path, rows, key, _, most, _, fixed = LISTS[name]
    query = {"page_size": most, **fixed}
    ((_, wanted),) = filters.items()
    expected = [row[key] for row in asker.pages(method, path, rows, query) if row.get(field) and row[field] in wanted]
    found = asker.pages(method, path, rows, query, filters)
    assert [row[key] for row in found] == expected
    assert expected


def test_returns_and_cancellations_are_found_by_their_ids_orders_and_buyers(asker):
    for name, filter_name, key in (
        ("returns", "return_ids", "return_id"),
        ("cancellations", "cancel_ids", "cancel_id"),
    ):
        method, path, rows = LISTS[name][:3]
        some = asker.ask(method, path)[rows][3]
        for filters in ({filter_name: [some[key]]}, {"order_ids": [some["order_id"]]}):
            assert [row[key] for row in asker.ask(method, path, body=filters)[rows]] == [some[key]]


def test_what_a_return_or_cancellation_names_is_an_order_of_the_shop(asker):
    for name in ("returns", "cancellations"):
        method, path, rows, _, _, most, _, _ = LISTS[name]
        items = asker.pages(method, path, rows, {"page_size": most})
        for start in range(0, len(items), 50):
            ids = [item["order_id"] for item in items[start : start + 50]]
            orders = {row["id"]: row for row in asker.ask("GET", "/order/202507/orders", {"ids": ids})["orders"]}
            for item in items[start : start + 50]:
                own = {line["id"] for line in orders[item["order_id"]]["line_items"]}
                lines = item.get("return_line_items") or item["cancel_line_items"]
                assert {line["order_line_item_id"] for line in lines} <= own


def test_a_returns_history_tells_how_it_came_to_its_status(asker):
    path = "/return_refund/202602/returns/search"
    done = {"return_status": ["RETURN_OR_REFUND_REQUEST_COMPLETE"], "return_types": ["RETURN_AND_REFUND"]}
    item = asker.ask("POST", path, body=done)["return_orders"][0]
    records = asker.ask("GET", f"/return_refund/202309/returns/{item['return_id']}/records")["records"]
    assert [record["event"] for record in records] == [
        "REFUND_DONE",
        "SELLER_AGREE_REFUND",
        "BUYER_SHIP",
        "SELLER_AGREE_RETURN",
        "ORDER_RETURN",
    ]
    assert records[0]["create_time"] == item["update_time"]
    assert records[-1]["create_time"] == item["create_time"]
    assert records[-1]["role"] == "Buyer"


def test_there_are_reasons_to_reject_a_return_and_others_for_a_cancellation(asker):
    returned = asker.ask("POST", "/return_refund/202602/returns/search")["return_orders"][0]["return_id"]
    cancelled = asker.ask("POST", "/return_refund/202602/cancellations/search")["cancellations"][0]["cancel_id"]
    path = "/return_refund/202309/reject_reasons"
    reasons = [
        {reason["name"] for reason in asker.ask("GET", path, {"return_or_cancel_id": number})["reasons"]}
        for number in (returned, cancelled)
    ]
    assert reasons[0]
    assert reasons[1]
    assert reasons[0].isdisjoint(reasons[1])
    with pytest.raises(ApiError) as refused:
        asker.ask("GET", path, {"return_or_cancel_id": "1"})
    assert refused.value.code == 25001001


def test_cancellations_that_refund_nothing_name_no_refund(asker):
    rows = asker.pages("POST", "/return_refund/202602/cancellations/search", "cancellations", {"page_size": 50})
    assert {"refund_amount" in row for row in rows} == {True, False}


def test_the_counts_grow_with_the_shop_and_stay_right(new_world):
    asker = new_world(300, shops=1)
    asker.now += 9 * DAY
    shop = asker.world.shops[0]
    for name, (method, path, rows, _, _, most, _, fixed) in LISTS.items():
        found = asker.pages(method, path, rows, {"page_size": most, **fixed})
        assert len(found) == row_counts(asker.world)[shop.id][name], name
