"""After-sales requests and RMAs: the returns once more, with filters, sort and pages in the body."""

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.counts import row_counts

HOUR = 3_600
DAY = 86_400
RETURNS = "/return_refund/202602/returns/search"
REQUESTS = "/return_refund/202603/aftersales/search"
RMAS = "/return_refund/202604/rma/search"
# path -> rows, name of the count, every field that can be whitelisted
LISTS = {
    REQUESTS: (
        "aftersales_requests",
        "aftersales",
        ["LINE_ITEMS", "SKU_RETURN_REQUESTS", "RETURN_MERCHANDISE_AUTHORIZATIONS"],
    ),
    RMAS: (
        "return_merchandise_authorizations",
        "rmas",
        ["LINE_ITEMS", "SKU_RETURN_REQUESTS"],
    ),
}
# What the returns search spells otherwise.
RESHAPED = {"can_buyer_keep_item", "discount_amount", "shipping_fee_amount", "partial_refund"}
NEW_NAMES = {"buyer_keep_item", "discount", "shipping_fee", "partial_refund_amount"}


def whole(asker, path, shop=0, size=50, sort=None, **filters):
    """All rows of a list with all their fields, page by page."""
    rows, _, fields = LISTS[path]
    body = {"whitelisted_data_fields": fields, "filters": filters, "pagination": {"page_size": size}}
    body |= {"sort": sort} if sort else {}
    found = []
    while True:
        data = asker.ask("POST", path, None, body, shop)
        found += data.get(rows, [])
        assert len(found) <= data["total_count"]
        if not data["next_page_token"]:
            assert len(found) == data["total_count"]
            return found
        body["pagination"] = {"page_size": size, "page_token": data["next_page_token"]}


def by_id(rows):
    return {row["id"]: row for row in rows}


def returns(asker, shop=0, **body):
    rows = asker.pages("POST", RETURNS, "return_orders", {"page_size": 50}, body, shop)
    return {row["return_id"]: row for row in rows}


def the_return(row):
    (one,) = row["sku_return_requests"]
    return one


def refused(asker, path, body):
    with pytest.raises(ApiError) as error:
        asker.ask("POST", path, None, body)
    return error.value.code


# -- shapes and pages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shop", [0, 1])
@pytest.mark.parametrize("path", LISTS)
def test_only_documented_fields_of_documented_types_are_sent(asker, undocumented, path, shop):
    rows, _, fields = LISTS[path]
    body = {"whitelisted_data_fields": fields, "pagination": {"page_size": 50}}
    answer = asker.ask("POST", path, None, body, shop)
    assert len(answer[rows]) == 50
    assert undocumented(answer, "POST", path) == set()


@pytest.mark.parametrize("shop", [0, 1])
@pytest.mark.parametrize("path", LISTS)
def test_paging_through_a_list_finds_what_the_world_counts(asker, path, shop):
    expected = row_counts(asker.world)[asker.world.shops[shop].id][LISTS[path][1]]
    for size in (50, 7):
        found = whole(asker, path, shop, size)
        assert len(found) == len(by_id(found)) == expected > 20


@pytest.mark.parametrize("path", LISTS)
def test_a_page_holds_twenty_rows_unless_told_otherwise(asker, path):
    rows = LISTS[path][0]
    assert len(asker.ask("POST", path)[rows]) == 20
    assert len(asker.ask("POST", path, None, {"pagination": {}})[rows]) == 20
    assert len(asker.ask("POST", path, None, {"pagination": {"page_size": 1}})[rows]) == 1


@pytest.mark.parametrize("path", LISTS)
def test_the_page_size_may_change_between_pages_but_no_filter(asker, path):
    rows = LISTS[path][0]
    token = asker.ask("POST", path, None, {"pagination": {"page_size": 5}})["next_page_token"]
    ids = [row["id"] for row in whole(asker, path)]
    second = asker.ask("POST", path, None, {"pagination": {"page_size": 9, "page_token": token}})
    assert [row["id"] for row in second[rows]] == ids[5:14]
    other = {"filters": {"main_order_ids": ["1"]}, "pagination": {"page_token": token}}
    with pytest.raises(ApiError, match="PageToken is invalid"):
        asker.ask("POST", path, None, other)
    with pytest.raises(ApiError, match="PageToken is invalid"):
        asker.ask("POST", path, None, {"pagination": {"page_token": "abc"}})


@pytest.mark.parametrize(("path", "kept"), [(REQUESTS, {"id", "status"}), (RMAS, {"id", "status"})])
def test_what_is_large_is_only_sent_to_those_who_ask_for_it(asker, path, kept):
    rows, _, fields = LISTS[path]
    always = kept | {"package_id", "aftersales_request_id"}
    assert all(kept <= set(row) <= always for row in asker.ask("POST", path)[rows])
    for field in fields:
        body = {"whitelisted_data_fields": [field], "pagination": {"page_size": 50}}
        added = {name for row in asker.ask("POST", path, None, body)[rows] for name in row} - always
        assert added == {field.lower()}


# -- what the rows say -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shop", [0, 1])
def test_every_return_is_in_one_request_and_looks_there_as_in_its_own_search(asker, shop):
    known = returns(asker, shop)
    found = [the_return(row) for row in whole(asker, REQUESTS, shop)]
    assert sorted(item["return_id"] for item in found) == sorted(known)
    for item in found:
        own = known[item["return_id"]]
        same = set(own) - RESHAPED
        assert {name: item[name] for name in same} == {name: own[name] for name in same}
        assert set(item) - same <= NEW_NAMES
        assert item["buyer_keep_item"] == own["can_buyer_keep_item"]
        (fees,), (discounts,) = own["shipping_fee_amount"], own["discount_amount"]
        assert item["shipping_fee"] == {f"{name}_amount": fees[name] for name in fees if name != "currency"}
        assert item["discount"] == {name: discounts[name] for name in discounts if name != "currency"}
        part = own.get("partial_refund", {})
        assert item.get("partial_refund_amount", {}).get("partial_refund_total") == part.get("amount")
    assert any("partial_refund_amount" in item for item in found)


def test_a_request_is_under_review_until_somebody_has_done_something(asker):
    rows = whole(asker, REQUESTS) + whole(asker, REQUESTS, shop=1)
    pending = {row["id"] for row in rows if the_return(row)["return_status"].endswith("_PENDING")}
    assert {row["id"] for row in rows if row["status"] == "PENDING_REQUEST_REVIEW"} == pending
    assert {row["status"] for row in rows} == {"PENDING_REQUEST_REVIEW", "REQUEST_REVIEW_COMPLETED"}


@pytest.mark.parametrize("path", LISTS)
def test_line_items_are_those_of_the_return(asker, path):
    for row in whole(asker, path):
        item = the_return(row)
        expected = [(line["return_line_item_id"], line["sku_id"]) for line in item["return_line_items"]]
        assert [(line["return_line_item_id"], line["sku_id"]) for line in row["line_items"]] == expected
        assert {line["main_order_id"] for line in row["line_items"]} == {item["order_id"]}
        assert {line["sku_return_request_id"] for line in row["line_items"]} == {item["return_id"]}


def test_the_goods_of_a_request_belong_to_an_order_of_the_shop(asker):
    rows = whole(asker, REQUESTS)[:100]
    for start in range(0, len(rows), 50):
        ids = [the_return(row)["order_id"] for row in rows[start : start + 50]]
        orders = by_id(asker.ask("GET", "/order/202507/orders", {"ids": ids})["orders"])
        assert len(orders) == len(ids)
        for row in rows[start : start + 50]:
            skus = {line["sku_id"] for line in orders[the_return(row)["order_id"]]["line_items"]}
            assert {line["sku_id"] for line in row["line_items"]} <= skus


def test_an_rma_exists_for_every_return_that_the_seller_let_come_back_and_for_no_other(asker):
    known = returns(asker)
    agreed = set()
    for number, item in known.items():
        if item["return_type"] == "RETURN_AND_REFUND":
            records = asker.ask("GET", f"/return_refund/202309/returns/{number}/records")["records"]
            agreed |= {number} if "SELLER_AGREE_RETURN" in {record["event"] for record in records} else set()
    assert {the_return(row)["return_id"] for row in whole(asker, RMAS)} == agreed
    assert agreed


def test_a_request_shows_the_same_rma_as_the_search_of_rmas(asker):
    own = by_id(whole(asker, RMAS))
    seen = {}
    for row in whole(asker, REQUESTS):
        for item in row.get("return_merchandise_authorizations", []):
            seen[item["id"]] = item
            assert item["aftersales_request_id"] == row["id"]
    assert seen == {
        number: {name: value for name, value in row.items() if name != "sku_return_requests"}
        for number, row in own.items()
    }


def test_an_rma_is_where_its_return_is(asker):
    statuses = {
        "AWAITING_BUYER_SHIP": {"INIT", "AWAITING_BUYER_RETURN"},
        "RETURN_OR_REFUND_REQUEST_CANCEL": {"AWAITING_BUYER_RETURN"},
        "BUYER_SHIPPED_ITEM": {"RETURN_IN_TRANSIT", "PENDING_PACKAGE_REVIEW"},
        "REJECT_RECEIVE_PACKAGE": {"PACKAGE_REVIEW_COMPLETED"},
        "RETURN_OR_REFUND_REQUEST_SUCCESS": {"PACKAGE_REVIEW_COMPLETED"},
        "RETURN_OR_REFUND_REQUEST_COMPLETE": {"PACKAGE_REVIEW_COMPLETED"},
    }
    rows = whole(asker, RMAS) + whole(asker, RMAS, shop=1)
    assert all(row["status"] in statuses[the_return(row)["return_status"]] for row in rows)
    assert {row["status"] for row in rows} >= {"AWAITING_BUYER_RETURN", "PACKAGE_REVIEW_COMPLETED"}
    packages = [row["package_id"] for row in rows if row["status"] != "INIT"]
    assert len(set(packages)) == len(packages)
    assert all(number.startswith("1154") for number in packages)


def test_requests_exist_in_the_us_and_the_uk_only(new_world):
    asker = new_world(120, shops=3)
    german = 2
    assert returns(asker, german)
    for path in LISTS:
        answer = asker.ask("POST", path, shop=german)
        assert answer["total_count"] == 0
        assert not answer.get(LISTS[path][0])
        assert whole(asker, path, shop=german) == []
        assert row_counts(asker.world)[asker.world.shops[german].id][LISTS[path][1]] == 0


# -- filters, sort and refusals ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "name", "values", "value_of"),
    [
        (REQUESTS, "aftersales_request_statuses", ["PENDING_REQUEST_REVIEW"], lambda row: row["status"]),
        (REQUESTS, "return_types", ["EXCHANGE", "REPLACEMENT"], lambda row: the_return(row)["return_type"]),
        (RMAS, "statuses", ["AWAITING_BUYER_RETURN", "RETURN_IN_TRANSIT"], lambda row: row["status"]),
    ],
)
def test_filters_by_status_and_type_keep_exactly_what_they_name(asker, path, name, values, value_of):
    expected = [row for row in whole(asker, path, shop=1) if value_of(row) in values]
    assert whole(asker, path, shop=1, **{name: values}) == expected
    assert expected


@pytest.mark.parametrize(
    ("path", "name", "value_of"),
    [
        (REQUESTS, "aftersales_request_ids", lambda row: row["id"]),
        (REQUESTS, "main_order_ids", lambda row: the_return(row)["order_id"]),
        (RMAS, "rma_ids", lambda row: row["id"]),
        (RMAS, "package_ids", lambda row: row["package_id"]),
        (RMAS, "aftersales_request_ids", lambda row: row["aftersales_request_id"]),
        (RMAS, "main_order_ids", lambda row: the_return(row)["order_id"]),
    ],
)
def test_rows_are_found_by_their_ids_and_by_those_of_what_they_belong_to(asker, path, name, value_of):
    some = whole(asker, path)[3:5]
    assert whole(asker, path, **{name: [value_of(row) for row in some]}) == some
    assert whole(asker, path, **{name: ["1"]}) == []


def test_requests_are_found_by_their_buyers(asker):
    row = whole(asker, REQUESTS)[4]
    order = asker.ask("GET", "/order/202507/orders", {"ids": the_return(row)["order_id"]})["orders"][0]
    found = whole(asker, REQUESTS, buyer_ids=[order["user_id"]])
    assert row in found
    known = returns(asker, buyer_user_ids=[order["user_id"]])
    assert {the_return(item)["return_id"] for item in found} == set(known)


@pytest.mark.parametrize("field", ["create_time", "update_time"])
def test_windows_of_requests_are_half_open_and_look_at_the_times_of_the_return(asker, field):
    sort = {"sort_field": field.upper()}
    rows = whole(asker, REQUESTS, sort=sort)
    times = [the_return(row)[field] for row in rows]
    assert times == sorted(times)
    edge = times[len(times) // 2]
    before = whole(asker, REQUESTS, sort=sort, time={field: {"max_unix_time_exclusive": edge}})
    after = whole(asker, REQUESTS, sort=sort, time={field: {"min_unix_time_inclusive": edge}})
    assert before + after == rows
    assert all(the_return(row)[field] < edge for row in before)
    assert the_return(after[0])[field] == edge


def test_the_windows_of_both_times_hold_together(asker):
    rows = whole(asker, REQUESTS)
    edge = the_return(rows[len(rows) // 2])["create_time"]
    window = {"create_time": {"max_unix_time_exclusive": edge}, "update_time": {"min_unix_time_inclusive": edge}}
    found = whole(asker, REQUESTS, time=window)
    items = [the_return(row) for row in rows]
    expected = {item["return_id"] for item in items if item["create_time"] < edge <= item["update_time"]}
    assert {the_return(row)["return_id"] for row in found} == expected
    assert expected


@pytest.mark.parametrize("field", ["create_time", "update_time"])
def test_windows_of_rmas_cut_the_list_in_two(asker, field):
    sort = {"sort_field": field.upper()}
    rows = whole(asker, RMAS, sort=sort)
    edge = asker.now - 40 * DAY
    before = whole(asker, RMAS, sort=sort, time={field: {"max_unix_time_exclusive": edge}})
    after = whole(asker, RMAS, sort=sort, time={field: {"min_unix_time_inclusive": edge}})
    assert before + after == rows
    assert before
    assert after
    none = {"min_unix_time_inclusive": asker.now + 1}
    assert whole(asker, RMAS, time={field: none}) == []


def test_an_rma_begins_when_the_seller_agrees_and_not_when_the_buyer_asks(asker):
    row = whole(asker, RMAS)[10]
    item = the_return(row)
    records = asker.ask("GET", f"/return_refund/202309/returns/{item['return_id']}/records")["records"]
    agreed = next(record["create_time"] for record in records if record["event"] == "SELLER_AGREE_RETURN")
    assert agreed > item["create_time"]
    window = {"min_unix_time_inclusive": agreed, "max_unix_time_exclusive": agreed + 1}
    assert row in whole(asker, RMAS, time={"create_time": window})


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("field", ["CREATE_TIME", "UPDATE_TIME"])
def test_the_sort_order_turns_the_list_around(asker, path, field):
    upwards = whole(asker, path, sort={"sort_field": field, "sort_order": "ASC"})
    assert whole(asker, path, sort={"sort_field": field, "sort_order": "DESC"}) == upwards[::-1]
    assert whole(asker, path) == whole(asker, path, sort={"sort_field": "CREATE_TIME", "sort_order": "ASC"})


@pytest.mark.parametrize("path", LISTS)
def test_what_is_not_documented_is_refused(asker, path):
    for size in (0, 51):
        assert refused(asker, path, {"pagination": {"page_size": size}}) == 98001004
    for body in (
        {"sort": {"sort_order": "asc"}},
        {"sort": {"sort_field": "create_time"}},
        {"whitelisted_data_fields": ["RECORDS"]},
        {"filters": {"main_order_ids": "1"}},
        {"filters": {"time": {"create_time": {"min_unix_time_inclusive": "1790000000"}}}},
        {"pagination": {"page_size": "20"}},
    ):
        assert refused(asker, path, body) == 36009004
    assert refused(asker, REQUESTS, {"filters": {"aftersales_request_statuses": ["DONE"]}}) == 36009004
    assert refused(asker, REQUESTS, {"filters": {"return_types": ["CANCEL"]}}) == 36009004
    assert refused(asker, RMAS, {"filters": {"statuses": ["DONE"]}}) == 36009004
    assert refused(asker, RMAS, {"whitelisted_data_fields": ["RETURN_MERCHANDISE_AUTHORIZATIONS"]}) == 36009004


# -- life --------------------------------------------------------------------------------------------------


def a_waiting_return(asker):
    """A return of goods that the seller has not answered yet."""
    asked = {"return_types": ["RETURN_AND_REFUND"], "return_status": ["RETURN_OR_REFUND_REQUEST_PENDING"]}
    for _ in range(60):
        found = asker.ask("POST", RETURNS, None, asked).get("return_orders")
        if found:
            return found[0]
        asker.now += DAY // 8
    return pytest.fail("nobody wanted to send anything back")


def rma_of(asker, item, **more):
    found = whole(asker, RMAS, main_order_ids=[item["order_id"]], **more)
    return found[0] if found else None


def test_an_rma_lives_on_by_itself_and_by_what_buyer_and_seller_do(new_world):
    asker = new_world(600)
    item = a_waiting_return(asker)
    assert rma_of(asker, item) is None
    agreed = asker.now
    path = f"/return_refund/202309/returns/{item['return_id']}/approve"
    asker.ask("POST", path, None, {"decision": "APPROVE_RETURN"})
    begun = rma_of(asker, item)
    assert begun["status"] == "INIT"
    assert "package_id" not in begun
    asker.now += HOUR
    labelled = rma_of(asker, item)
    assert (labelled["id"], labelled["status"]) == (begun["id"], "AWAITING_BUYER_RETURN")
    assert labelled["package_id"]
    # the label moved the update time, though the return has not changed
    assert the_return(labelled)["update_time"] == agreed
    moved = {"update_time": {"min_unix_time_inclusive": agreed + 1, "max_unix_time_exclusive": asker.now + 1}}
    assert rma_of(asker, item, time=moved) == labelled
    seen = ["INIT", "AWAITING_BUYER_RETURN"]
    for _ in range(45):
        asker.now += 6 * HOUR
        status = rma_of(asker, item)["status"]
        seen += [status] if status != seen[-1] else []
    assert seen == [*seen[:2], "RETURN_IN_TRANSIT", "PENDING_PACKAGE_REVIEW", "PACKAGE_REVIEW_COMPLETED"]
    assert rma_of(asker, item)["package_id"] == labelled["package_id"]


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("approve", {"decision": "DIRECT_REFUND"}),
        ("reject", {"decision": "REJECT_RETURN", "reject_reason": "reverse_reject_request_reason_1"}),
    ],
)
def test_goods_that_stay_with_the_buyer_need_no_rma(new_world, verb, body):
    asker = new_world(600)
    item = a_waiting_return(asker)
    asker.ask("POST", f"/return_refund/202309/returns/{item['return_id']}/{verb}", None, body)
    asker.now += 9 * DAY
    request = whole(asker, REQUESTS, main_order_ids=[item["order_id"]])[0]
    assert request["status"] == "REQUEST_REVIEW_COMPLETED"
    assert "return_merchandise_authorizations" not in request
    assert rma_of(asker, item) is None


@pytest.mark.parametrize("path", LISTS)
def test_days_later_there_are_new_and_changed_rows_and_none_is_lost(new_world, path):
    asker = new_world(1200)
    before, then = by_id(whole(asker, path)), asker.now
    asker.now += 4 * DAY
    after = by_id(whole(asker, path))
    assert set(before) < set(after)
    changed = {number for number, row in after.items() if before.get(number, row) != row}
    assert changed
    moved = by_id(whole(asker, path, time={"update_time": {"min_unix_time_inclusive": then}}))
    assert set(after) - set(before) | changed <= set(moved)
    assert len(moved) < len(after)
    assert len(after) == row_counts(asker.world)[asker.world.shops[0].id][LISTS[path][1]]


def test_worlds_of_one_seed_agree_and_of_another_do_not(new_world):
    one, two, other = new_world(), new_world(), new_world(seed=8)
    for path in LISTS:
        assert whole(one, path) == whole(two, path) != []
        assert not set(by_id(whole(one, path))) & set(by_id(whole(other, path)))
