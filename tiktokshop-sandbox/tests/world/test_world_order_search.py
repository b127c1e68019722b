"""Order search and detail: filters, sorts, pages, and rows that a refresh moved."""

import pytest
from tiktokshop_sandbox.contract import ApiError

NOW = 1_790_000_000
DAY = 86_400
SEARCH = "/order/202309/orders/search"


def search(asker, body=None, shop=0, **query):
    return asker.ask("POST", SEARCH, {"page_size": 100, **query}, body, shop)


def everything(asker, body=None, shop=0, **query):
    return asker.pages("POST", SEARCH, "orders", {"page_size": 100, **query}, body, shop)


@pytest.mark.parametrize("size", [0, 101])
def test_page_size_goes_from_1_to_100(asker, size):
    with pytest.raises(ApiError) as refused:
        search(asker, page_size=size)
    assert refused.value.code == 36009004


def test_page_size_is_required(asker):
    with pytest.raises(ApiError, match="PageSize is a required field"):
        asker.ask("POST", SEARCH)


def test_newest_orders_come_first_unless_asked_otherwise(asker):
    created = [order["create_time"] for order in search(asker)["orders"]]
    assert created == sorted(created, reverse=True)
    assert created[0] == asker.world.db.execute("SELECT max(create_time) FROM orders WHERE shop = 0").fetchone()[0]
    oldest = [order["create_time"] for order in search(asker, sort_order="ASC")["orders"]]
    assert oldest == sorted(oldest)
    assert oldest[-1] < created[-1]


@pytest.mark.parametrize("query", [{"sort_order": "asc"}, {"sort_field": "paid_time"}])
def test_other_sorts_are_refused(asker, query):
    with pytest.raises(ApiError, match="is invalid, allowed values"):
        search(asker, **query)


@pytest.mark.parametrize("field", ["create_time", "update_time"])
@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_pages_hold_every_order_once(asker, field, order):
    rows = everything(asker, sort_field=field, sort_order=order, page_size=97)
    assert len(rows) == len({row["id"] for row in rows}) == 3000
    times = [row[field] for row in rows]
    assert times == sorted(times, reverse=order == "DESC")


def test_the_total_is_that_of_all_pages(asker):
    body = {"create_time_ge": NOW - 30 * DAY, "create_time_lt": NOW - 10 * DAY}
    assert search(asker, body, page_size=7)["total_count"] == len(everything(asker, body)) > 300


def test_windows_are_half_open(asker):
    edge = everything(asker)[1500]["create_time"]
    before = everything(asker, {"create_time_lt": edge})
    after = everything(asker, {"create_time_ge": edge})
    assert max(row["create_time"] for row in before) < edge <= min(row["create_time"] for row in after)
    assert len(before) + len(after) == 3000


def test_create_and_update_bounds_hold_together(asker):
    body = {"create_time_lt": NOW - 60 * DAY, "update_time_ge": NOW - 20 * DAY, "update_time_lt": NOW - 5 * DAY}
    rows = everything(asker, body)
    assert rows
    assert all(row["create_time"] < NOW - 60 * DAY for row in rows)
    assert all(row["update_time"] >= NOW - 20 * DAY for row in rows)


def test_adjoining_windows_find_every_order_and_rows_past_the_end_are_in_a_later_one_too(asker):
    edges = range(NOW - 121 * DAY, NOW + DAY, DAY)
    windows = [
        everything(asker, {"update_time_ge": low, "update_time_lt": low + DAY}, sort_field="update_time")
        for low in edges
    ]
    late = [row for low, rows in zip(edges, windows, strict=True) for row in rows if row["update_time"] >= low + DAY]
    assert {row["id"] for rows in windows for row in rows} == {row["id"] for row in everything(asker)}
    assert late
    for row in late:
        low = edges[(row["update_time"] - edges[0]) // DAY]
        again = next(rows for start, rows in zip(edges, windows, strict=True) if start == low)
        assert row in again


def test_a_window_over_both_places_lists_a_refreshed_order_once(asker):
    number, true, stale = asker.world.db.execute(
        "SELECT id, update_time, index_time FROM orders WHERE shop = 0 AND index_time IS NOT NULL"
    ).fetchone()
    wide = everything(asker, {"update_time_ge": stale, "update_time_lt": true + 1})
    assert [row["id"] for row in wide].count(number) == 1
    narrow = search(asker, {"update_time_ge": stale, "update_time_lt": stale + 1}, sort_field="update_time")
    row = next(row for row in narrow["orders"] if row["id"] == number)
    assert row["update_time"] == true > stale
    assert narrow["total_count"] == len(narrow["orders"])


def test_pages_stay_right_while_orders_move(new_world):
    asker = new_world(300, shops=1)
    body = {"update_time_ge": NOW - 20 * DAY, "update_time_lt": NOW}
    query = {"page_size": 20, "sort_field": "update_time", "sort_order": "ASC"}
    expected = {row["id"] for row in asker.pages("POST", SEARCH, "orders", query, body)}
    found, token, moved = [], "", 0
    while True:
        data = asker.ask("POST", SEARCH, {**query, "page_token": token}, body)
        found += [row["id"] for row in data.get("orders", [])]
        token = data["next_page_token"]
        if not token:
            break
        asker.now += 2 * 3_600
        moved += asker.world.advance(asker.now)
    assert moved > 10
    assert len(found) == len(set(found))
    left = {number for (number,) in asker.world.db.execute("SELECT id FROM orders WHERE update_time >= ?", (NOW,))}
    assert expected - set(found) <= left  # only what has moved past the window is missing


@pytest.mark.parametrize("status", ["COMPLETED", "CANCELLED", "IN_TRANSIT", "AWAITING_SHIPMENT"])
def test_the_status_filter_keeps_orders_of_that_status(asker, status):
    rows = everything(asker, {"order_status": status})
    assert {row["status"] for row in rows} == {status}
    (expected,) = asker.world.db.execute(
        "SELECT count(*) FROM orders WHERE shop = 0 AND status = ?", (status,)
    ).fetchone()
    assert len(rows) == expected


def test_the_other_filters_keep_what_they_say(asker):
    some = search(asker)["orders"][5]
    cases = {
        "shipping_type": ("SELLER", lambda row: row["shipping_type"]),
        "buyer_user_id": (some["user_id"], lambda row: row["user_id"]),
        "is_buyer_request_cancel": (True, lambda row: row["is_buyer_request_cancel"]),
        "warehouse_ids": ([some["warehouse_id"]], lambda row: [row["warehouse_id"]]),
    }
    for name, (value, of) in cases.items():
        rows = everything(asker, {name: value})
        assert rows, name
        assert all(of(row) == value for row in rows), name


def test_the_last_page_has_an_empty_token(asker):
    data = search(asker, {"create_time_ge": NOW - 3 * 3_600})
    assert data["next_page_token"] == ""
    assert data["total_count"] == len(data["orders"])


def test_an_empty_list_is_sometimes_left_out_and_always_the_same_way(asker):
    bodies = [{"create_time_ge": NOW + 1, "create_time_lt": NOW + 2 + number} for number in range(20)]
    answers = [search(asker, body) for body in bodies]
    assert {"orders" in answer for answer in answers} == {True, False}
    assert answers == [search(asker, body) for body in bodies]
    assert all(answer["total_count"] == 0 and not answer.get("orders") for answer in answers)


def test_each_shop_lists_its_own_orders(asker):
    ids = [{row["id"] for row in everything(asker, shop=shop)} for shop in (0, 1)]
    assert ids[0].isdisjoint(ids[1])


@pytest.mark.parametrize("version", ["202309", "202507"])
def test_details_come_in_the_order_asked_for_and_strangers_are_left_out(asker, version):
    own = [row["id"] for row in search(asker)["orders"][:3]]
    foreign = search(asker, shop=1)["orders"][0]["id"]
    ids = [own[2], "576000000000000001", own[0], foreign, own[2]]
    data = asker.ask("GET", f"/order/{version}/orders", {"ids": ids})
    assert [row["id"] for row in data["orders"]] == [own[2], own[0]]
    assert data["orders"][0] == next(row for row in search(asker)["orders"] if row["id"] == own[2])


def test_at_most_50_details_come_at_once(asker):
    ids = [row["id"] for row in search(asker)["orders"]]
    assert len(asker.ask("GET", "/order/202507/orders", {"ids": ids[:50]})["orders"]) == 50
    with pytest.raises(ApiError):
        asker.ask("GET", "/order/202507/orders", {"ids": ids[:51]})


def test_there_is_no_path_for_one_order():
    from tiktokshop_sandbox.endpoints import Router, all_endpoints

    assert Router(all_endpoints()).find("/order/202309/orders/576461413038785752") is None


def test_the_price_detail_of_a_stranger_is_refused(asker):
    foreign = search(asker, shop=1)["orders"][0]["id"]
    with pytest.raises(ApiError) as refused:
        asker.ask("GET", f"/order/202407/orders/{foreign}/price_detail")
    assert refused.value.code == 21008111


def test_a_line_is_one_unit_and_several_units_are_several_lines(asker):
    orders = everything(asker)
    assert all(len({line["id"] for line in order["line_items"]}) == len(order["line_items"]) for order in orders)
    assert any(len({line["sku_id"] for line in order["line_items"]}) < len(order["line_items"]) for order in orders)


def test_ids_are_strings_beyond_what_a_double_holds(asker):
    for order in search(asker)["orders"]:
        line = order["line_items"][0]
        for number in (order["id"], order["user_id"], line["id"], line["sku_id"], line["product_id"]):
            assert len(number) in {18, 19}
            assert int(number) > 2**53


def test_recipients_are_masked_where_the_platform_ships_and_empty_in_old_orders(asker):
    orders = everything(asker)
    purged = [row for row in orders if row["recipient_address"]["name"] == ""]
    masked = [row for row in orders if "***" in row["recipient_address"]["name"]]
    plain = [row for row in orders if row not in purged and row not in masked]
    assert min(len(purged), len(masked), len(plain)) > 100
    for row in purged:
        address = row["recipient_address"]
        assert address["phone_number"] == address["full_address"] == address["postal_code"] == row["buyer_email"] == ""
    assert {row["shipping_type"] for row in masked} == {"TIKTOK"}
    assert max(row["create_time"] for row in purged) < min(row["create_time"] for row in plain[:20])
    assert any(not row["recipient_address"]["name"].isascii() for row in plain)


def test_samples_bundles_gifts_lotteries_and_zero_prices_occur(asker):
    orders = everything(asker)
    lines = [line for order in orders for line in order["line_items"]]
    assert any(order["is_sample_order"] and order["payment"]["sub_total"] == "0" for order in orders)
    assert any(order["order_type"] == "ZERO_LOTTERY" for order in orders)
    assert any(order["order_type"] == "PRE_ORDER" and order["release_date"] for order in orders)
    assert any(line["is_gift"] and line["sale_price"] == "0" for line in lines)
    bundles = [line for line in lines if "combined_listing_skus" in line]
    assert bundles
    for line in bundles:
        assert len(line["combined_listing_skus"]) == len(line["sub_item_info"]) == 2
    assert any(order.get("split_or_combine_tag") == "SPLIT" and len(order["packages"]) == 2 for order in orders)


def test_whatever_an_order_names_exists(asker):
    known = {
        table: {number for (number,) in asker.world.db.execute(f"SELECT id FROM {table} WHERE shop = 0")}
        for table in ("products", "packages")
    }
    skus = {number for (number,) in asker.world.db.execute("SELECT id FROM skus")}
    shop = asker.world.shops[0]
    warehouses = {warehouse.id for warehouse in shop.warehouses}
    for order in everything(asker):
        assert {package["id"] for package in order["packages"]} <= known["packages"]
        assert order["warehouse_id"] in warehouses
        assert order["delivery_option_id"] in {option.id for option in shop.options}
        for line in order["line_items"]:
            assert line["product_id"] in known["products"]
            assert line["sku_id"] in skus
            assert line.get("package_id", "") in {"", *(package["id"] for package in order["packages"])}


@pytest.mark.parametrize("field", ["create_time", "update_time"])
@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_a_page_is_read_from_an_index_without_sorting(asker, field, order):
    body = {f"{field}_ge": NOW - 30 * DAY, f"{field}_lt": NOW - DAY}
    query = {"page_size": 10, "sort_field": field, "sort_order": order}
    token = asker.ask("POST", SEARCH, query, body)["next_page_token"]
    asked = []
    asker.world.db.set_trace_callback(asked.append)
    asker.ask("POST", SEARCH, {**query, "page_token": token}, body)
    asker.world.db.set_trace_callback(None)
    pages = [
        sql for sql in asked if sql.startswith("SELECT") and "LIMIT" in sql and "index_time IS NOT NULL" not in sql
    ]
    assert len(pages) == 1
    steps = " ".join(row[3] for row in asker.world.db.execute(f"EXPLAIN QUERY PLAN {pages[0]}"))
    assert "SEARCH orders USING INDEX" in steps
    assert "TEMP B-TREE" not in steps
