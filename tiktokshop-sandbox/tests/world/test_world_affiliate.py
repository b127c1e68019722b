"""What creators sell for a shop: its orders, the collaborations behind them, and the samples creators ask for."""

from collections import defaultdict
from decimal import Decimal

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.counts import row_counts
from tiktokshop_sandbox.endpoints import Router, all_endpoints
from tiktokshop_sandbox.life.amounts import combined

NOW = 1_790_000_000
DAY = 86_400
ORDERS = "/affiliate_seller/202410/orders/search"
OPEN = "/affiliate_seller/202412/open_collaborations/search"
TARGET = "/affiliate_seller/202508/target_collaborations/search"
DETAIL = "/affiliate_seller/202508/target_collaborations/{target_collaboration_id}"
SAMPLES = "/affiliate_seller/202508/sample_applications/search"
# path -> stream, rows, page size
LISTS = {
    ORDERS: ("affiliate_orders", "orders", 97),
    OPEN: ("open_collaborations", "open_collaborations", 50),
    TARGET: ("target_collaborations", "target_collaborations", 20),
    SAMPLES: ("sample_applications", "sample_applications", 43),
}


NEEDED = {TARGET: {"collaboration_status": "COMPLETED"}}


@pytest.mark.parametrize("status", [{}, {"collaboration_status": None}, {"collaboration_status": ""}])
def test_target_collaborations_are_asked_for_by_status(asker, status):
    with pytest.raises(ApiError, match="CollaborationStatus is a required field"):
        asker.ask("POST", TARGET, None, status)


def rows(asker, path, body=None, shop=0, **query):
    _, name, size = LISTS[path]
    bodies = [body or {}]
    if path == TARGET and "collaboration_status" not in bodies[0]:  # which must be said
        bodies = [{**bodies[0], "collaboration_status": status} for status in ("VALID", "COMPLETED")]
    query = {"page_size": size, **query}
    return [row for each in bodies for row in asker.pages("POST", path, name, query, each, shop)]


def detail(asker, number, shop=0):
    return asker.ask("GET", DETAIL.replace("{target_collaboration_id}", number), shop=shop)["target_collaboration"]


def everything(asker):
    found = {path: rows(asker, path) for path in LISTS}
    return found | {DETAIL: [detail(asker, row["id"]) for row in found[TARGET]]}


def amount(value):
    return Decimal(value["amount"])


@pytest.fixture(scope="module")
def found(asker):
    """All rows of the first shop, by path."""
    return everything(asker)


@pytest.fixture(scope="module")
def orders(asker):
    """The first shop's orders, by id."""
    listed = asker.pages("POST", "/order/202309/orders/search", "orders", {"page_size": 100})
    return {row["id"]: row for row in listed}


@pytest.fixture(scope="module")
def products(asker):
    """The first shop's products, deleted ones too, by id."""
    path, query = "/product/202502/products/search", {"page_size": 100}
    listed = asker.pages("POST", path, "products", query)
    listed += asker.pages("POST", path, "products", query, {"status": "DELETED"})
    return {row["id"]: row for row in listed}


@pytest.mark.parametrize("shop", [0, 1])
def test_answers_send_only_documented_fields_of_documented_types(asker, undocumented, shop):
    for path, (_, _, size) in LISTS.items():
        answer = asker.ask("POST", path, {"page_size": size}, NEEDED.get(path), shop=shop)
        assert undocumented(answer, "POST", path) == set()
    for row in rows(asker, TARGET, shop=shop)[:6]:
        answer = {"target_collaboration": detail(asker, row["id"], shop)}
        assert undocumented(answer, "GET", DETAIL) == set()


@pytest.mark.parametrize("shop", [0, 1])
@pytest.mark.parametrize("path", LISTS)
def test_paging_finds_what_the_world_counts_and_nothing_twice(asker, path, shop):
    stream, _, size = LISTS[path]
    expected = row_counts(asker.world)[asker.world.shops[shop].id][stream]
    listed = [row["id"] for row in rows(asker, path, shop=shop)]
    assert len(listed) == len(set(listed)) == expected > size
    if path != TARGET:
        assert asker.ask("POST", path, {"page_size": 20}, shop=shop)["total_count"] == expected


def test_affiliate_orders_are_orders_of_the_shop_with_their_skus(asker, found, orders):
    for row in found[ORDERS]:
        order = orders[row["id"]]
        assert row["create_time"] == order["create_time"]
        assert row.get("delivery_time") == order.get("delivery_time")
        bought = defaultdict(list)
        for line in order["line_items"]:
            if line["original_price"] != line["seller_discount"]:
                bought[line["sku_id"], line["product_id"]].append(line)
        sold = {(sku["sku_id"], sku["product_id"]): sku["quantity"] for sku in row["skus"]}
        assert sold == {key: len(lines) for key, lines in bought.items()}
    times = [row["create_time"] for row in found[ORDERS]]
    assert times == sorted(times, reverse=True)


def test_the_base_of_a_commission_is_price_times_quantity_in_the_shops_currency(found):
    for sku in (sku for row in found[ORDERS] for sku in row["skus"]):
        assert amount(sku["estimated_commission_base"]) == amount(sku["price"]) * sku["quantity"]
        share = amount(sku["estimated_commission_base"]) * int(sku["commission_rate"]) / 10_000
        assert abs(amount(sku["estimated_paid_commission"]) - share) <= Decimal("0.005") * sku["quantity"]
        assert sku["price"]["currency"] == "USD"


def test_finance_takes_off_just_these_commissions(asker, found):
    world = asker.world
    taken = {}
    with world.reading() as store:
        for (key,) in world.db.execute("SELECT key FROM transactions WHERE shop = 0"):
            item = store.transactions[key]
            commission = -combined(item.skus).get("affiliate_commission_amount", 0)
            if commission:
                taken[item.order] = commission
    expected = {
        row["id"]: sum(int(amount(sku["estimated_paid_commission"]) * 100) for sku in row["skus"])
        for row in found[ORDERS]
    }
    assert len(taken) > 600
    assert taken.items() <= expected.items()


def test_commissions_are_estimates_until_the_order_is_over(found, orders):
    seen = set()
    for row in found[ORDERS]:
        order = orders[row["id"]]
        for sku in row["skus"]:
            status = sku.get("settlement_status")
            assert (status is None) == (order["status"] not in {"COMPLETED", "CANCELLED"})
            assert ("actual_paid_commission" in sku) == (status is not None)
            if order["status"] == "CANCELLED":
                assert status == "INELIGIBLE"
            if status == "INELIGIBLE":
                assert sku["actual_commission_base"]["amount"] == sku["actual_paid_commission"]["amount"] == "0"
            seen.add((order["status"], status))
    assert {("COMPLETED", "SETTLED"), ("COMPLETED", "INELIGIBLE"), ("CANCELLED", "INELIGIBLE")} < seen


def test_units_returned_bring_no_commission_unless_it_was_settled_before(asker, found):
    world = asker.world
    with world.reading() as store:
        over = [store.orders[key] for (key,) in world.db.execute("SELECT key FROM orders WHERE status = 'COMPLETED'")]
        completed = {order.id: order.completed for order in over}
    path, done = "/return_refund/202602/returns/search", {"return_status": ["RETURN_OR_REFUND_REQUEST_COMPLETE"]}
    returns = asker.pages("POST", path, "return_orders", {"page_size": 50}, done)
    returned = {row["order_id"]: row for row in returns if row["order_id"] in completed}
    checked = {True: 0, False: 0}
    for row in (row for row in found[ORDERS] if row["id"] in returned):
        back = returned[row["id"]]
        in_time = back["create_time"] <= completed[row["id"]]
        units = [line["sku_id"] for line in back["return_line_items"]] if in_time else []
        for sku in row["skus"]:
            kept = sku["quantity"] - units.count(sku["sku_id"])
            assert amount(sku["actual_commission_base"]) == amount(sku["price"]) * kept
            assert sku["settlement_status"] == ("SETTLED" if kept else "INELIGIBLE")
            assert sku["fully_return"] == ("false" if kept else "true")
            checked[in_time] += 1
    assert min(checked.values()) > 3


def test_every_sale_belongs_to_one_collaboration_that_covered_it(found):
    opened = {row["id"]: row for row in found[OPEN]}
    targets = {row["id"]: row for row in found[DETAIL]}
    kinds = set()
    for row in found[ORDERS]:
        for sku in row["skus"]:
            assert ("open_collaboration_id" in sku) != ("target_collaboration_id" in sku)
            if "open_collaboration_id" in sku:
                terms = opened[sku["open_collaboration_id"]]
                assert terms["product"]["id"] == sku["product_id"]
                rate = terms["current_commission"]["rate"]
                assert terms["current_commission"]["start_time"] <= row["create_time"]
            else:
                terms = targets[sku["target_collaboration_id"]]
                (rate,) = (it["commission"]["rate"] for it in terms["products"] if it["id"] == sku["product_id"])
                assert terms["start_time"] <= row["create_time"] < terms["end_time"]
                assert sku["creator_username"] in {who["username"] for who in terms["creators"]}
                kinds.add(terms["type"])
            assert (sku["commission_model"] == "Fixed commission") == (str(rate) == sku["commission_rate"])
    assert kinds == {"STANDARD", "TOP_CREATOR_PROGRAM"}


@pytest.mark.parametrize("kind", ["VIDEO", "LIVE"])
def test_the_content_of_a_sale_is_in_the_reports_of_that_day(asker, found, kind):
    from tiktokshop_sandbox.derived.analytics.content import begun
    from tiktokshop_sandbox.derived.analytics.days import calendar

    shop = asker.world.shops[0]
    days = calendar(asker.world, shop, NOW).all
    content = {item.id: item for day in days for item in begun(asker.world, shop, day)}
    sold = [(row, sku) for row in found[ORDERS] for sku in row["skus"] if sku["content_type"] == kind]
    known = [(row, sku, content[sku["content_id"]]) for row, sku in sold if sku["content_id"] in content]
    assert len(known) > 0.8 * len(sold) > 20  # a few videos are older than the shop
    for row, sku, item in known:
        assert item.kind == kind
        assert item.creator.user_name == sku["creator_username"]
        assert item.begins <= row["create_time"]
    assert all("content_id" not in sku for row in found[ORDERS] for sku in row["skus"] if sku["content_type"] == "SHOP")


def test_windows_of_affiliate_orders_are_half_open(asker, found):
    whole = found[ORDERS]
    edge = whole[len(whole) // 2]["create_time"]
    before = rows(asker, ORDERS, {"create_time_lt": edge})
    after = rows(asker, ORDERS, {"create_time_ge": edge})
    assert after + before == whole
    assert before[0]["create_time"] < edge == after[-1]["create_time"]
    assert rows(asker, ORDERS, {"program_id": "1"}) == []


def test_open_collaborations_are_of_products_as_they_are_now(found, products):
    for row in found[OPEN]:
        product = products[row["product"]["id"]]
        prices = [Decimal(sku["price"]["sale_price"]) for sku in product["skus"]]
        assert row["product"]["title"] == product["title"]
        assert Decimal(row["product"]["original_price"]["minimum_amount"]) == min(prices)
        assert Decimal(row["product"]["original_price"]["maximum_amount"]) == max(prices)
        stock = sum(place["quantity"] for sku in product["skus"] for place in sku["inventory"])
        assert row["product"]["inventory"] == stock
        assert ("status" in row) == (product["status"] == "DELETED")
    statuses = {row["product"]["status"] for row in found[OPEN]}
    assert statuses >= {"LIVE", "SELLER_DEACTIVATE", "PLATFORM_DEACTIVATE", "DELETE", "OTHER"}


def test_who_shows_and_who_posts_a_product_can_be_told_from_its_sales(found):
    sellers, posters = defaultdict(set), defaultdict(set)
    for sku in (sku for row in found[ORDERS] for sku in row["skus"]):
        sellers[sku["product_id"]].add(sku["creator_username"])
        if "content_id" in sku:
            posters[sku["product_id"]].add(sku["creator_username"])
    for row in found[OPEN]:
        number = row["product"]["id"]
        assert (row["showcase_creator_count"], row["content_creator_count"]) == (
            len(sellers[number]),
            len(posters[number]),
        )


def test_open_collaborations_come_newest_first_or_by_price(asker, found):
    starts = [row["current_commission"]["start_time"] for row in found[OPEN]]
    assert starts == sorted(starts, reverse=True)
    for order in ("ASC", "DESC"):
        listed = rows(asker, OPEN, sort_field="product_original_price", sort_order=order)
        prices = [Decimal(row["product"]["original_price"]["minimum_amount"]) for row in listed]
        assert prices == sorted(prices, reverse=order == "DESC")
        assert len(listed) == len(found[OPEN])


def test_open_collaborations_are_found_by_product_name_and_category(asker, found):
    some = found[OPEN][7]
    by_id = {"keyword_type": "PRODUCT_ID", "keyword": some["product"]["id"]}
    assert rows(asker, OPEN, by_id) == [some]
    named = [row for row in found[OPEN] if "mug" in row["product"]["title"].lower()]
    assert rows(asker, OPEN, {"keyword_type": "PRODUCT_NAME", "keyword": "mug"}) == named != []
    home, beauty = (rows(asker, OPEN, {"top_level_category_id": number}) for number in ("600001", "601450"))
    assert {row["id"] for row in named} < {row["id"] for row in home}
    assert any("Serum" in row["product"]["title"] for row in beauty)


def test_the_states_of_target_collaborations_add_up(asker, found):
    ids = {
        state: {row["id"] for row in rows(asker, TARGET, {"collaboration_status": state})}
        for state in ("ONGOING", "EXPIRING", "VALID", "CANCELING", "COMPLETED")
    }
    assert ids["ONGOING"] | ids["EXPIRING"] | ids["CANCELING"] == ids["VALID"]
    assert ids["ONGOING"].isdisjoint(ids["EXPIRING"])
    assert ids["VALID"].isdisjoint(ids["COMPLETED"])
    assert ids["VALID"] | ids["COMPLETED"] == {row["id"] for row in found[TARGET]}
    ends = {row["id"]: row["end_time"] for row in found[TARGET]}
    assert all(ends[number] - NOW > 7 * DAY for number in ids["ONGOING"])
    assert all(ends[number] <= NOW for number in ids["COMPLETED"])


def test_a_target_collaboration_by_itself_agrees_with_the_list(found, products):
    for row, whole in zip(found[TARGET], found[DETAIL], strict=True):
        same = row.keys() - {"create_time", "creator_inivited_count"}
        assert {name: whole[name] for name in same} == {name: row[name] for name in same}
        assert len(whole["creators"]) == whole["creator_invited_count"] == row["creator_inivited_count"]
        assert len(whole["products"]) == row["product_count"] > 0
        assert {item["id"] for item in whole["products"]} <= products.keys()
        shown = [who for who in whole["creators"] if who["showcase_product_count"]]
        posted = [who for who in whole["creators"] if who["content_product_count"]]
        assert (len(shown), len(posted)) == (row["showcase_creator_count"], row["content_creator_count"])
        assert row["create_time"] <= row["update_time"] <= NOW


def test_a_cancelled_target_collaboration_says_so(found):
    gone = [row for row in found[DETAIL] if row["products"][0]["collaboration_status"] == "DELETED"]
    assert gone
    for row in gone:
        assert row["end_time"] % DAY == 0
        assert row["end_time"] - DAY <= row["update_time"] < row["end_time"] <= NOW
        assert {item["commission_effective_status"] for item in row["products"]} == {"EFFECTIVE_NONE"}


def test_target_collaborations_are_found_by_what_is_in_them(asker, found):
    some = found[DETAIL][3]
    listed = {row["id"]: row for row in found[TARGET]}
    product, who = some["products"][0], some["creators"][0]
    cases = (
        ({"search_param": {"keyword_type": "TARGET_COLLABORATION_ID", "keyword": some["id"]}}, lambda row: row == some),
        (
            {"search_param": {"keyword_type": "TARGET_COLLABORATION_NAME", "keyword": some["name"].upper()}},
            lambda row: some["name"] in row["name"],
        ),
        (
            {"search_param": {"keyword_type": "PRODUCT_ID", "keyword": product["id"]}},
            lambda row: product["id"] in {item["id"] for item in row["products"]},
        ),
        (
            {"search_param": {"keyword_type": "PRODUCT_NAME", "keyword": product["title"]}},
            lambda row: any(product["title"] in item["title"] for item in row["products"]),
        ),
        (
            {"creator_user_open_id": who["creator_open_id"]},
            lambda row: who["username"] in {it["username"] for it in row["creators"]},
        ),
        ({"free_sample_setting": "WITH_FREE_SAMPLE"}, lambda row: row["free_sample_rule"]["has_free_sample"]),
    )
    for body, passes in cases:
        expected = [listed[row["id"]] for row in found[DETAIL] if passes(row)]
        assert rows(asker, TARGET, body) == expected != []
        assert len(expected) < len(listed)


def test_target_collaborations_that_nobody_has_taken_up_yet_can_be_left_out(asker):
    whole = rows(asker, TARGET, shop=1)
    taken_up = [row for row in whole if row["showcase_creator_count"]]
    assert rows(asker, TARGET, {"creator_accept_status": "ACCEPT"}, shop=1) == taken_up
    assert rows(asker, TARGET, {"creator_accept_status": "ALL"}, shop=1) == whole
    assert 0 < len(taken_up) < len(whole)


def test_an_application_that_was_approved_has_the_order_of_a_sample(asker, found, orders):
    samples = {number: row for number, row in orders.items() if row["is_sample_order"]}
    approved = {row["order_id"]: row for row in found[SAMPLES] if "order_id" in row}
    assert approved.keys() == samples.keys()
    for number, row in approved.items():
        order = samples[number]
        (line,) = order["line_items"]
        assert (row["product"]["id"], row["product"]["sku_id"]) == (line["product_id"], line["sku_id"])
        assert row.get("tracking_number") == order.get("tracking_number")
        if order["status"] == "CANCELLED":
            assert row["status"].endswith("_CANCELLED")
            assert row["fulfillment_status"] == "CANCELLED"
        else:
            assert (row["status"] in {"AWAITING_SHIPMENT", "SHIPPED"}) == ("delivery_time" not in order)


def test_applications_without_an_order_are_for_something_the_shop_has(found, products):
    others = [row for row in found[SAMPLES] if "order_id" not in row]
    assert {row["status"] for row in others} == {
        "PENDING",
        "REJECT_CANCELLED",
        "OVERDUE_CANCELLED",
        "WITHDRAW_CANCELLED",
        "DEL_OPEN_COLLAB",
    }
    for row in others:
        product = products[row["product"]["id"]]
        assert row["product"]["sku_id"] in {sku["id"] for sku in product["skus"]}
        if row["status"] == "PENDING":
            assert row["approve_expiration_time"] > NOW
            assert row["is_approvable"] == (not row["disapprovable_reasons"])
        else:
            assert not row["is_approvable"]


def test_sample_applications_are_found_by_product_creator_order_and_status(asker, found):
    some = next(row for row in found[SAMPLES] if row["status"] == "COMPLETED")
    cases = {
        "product_id": (some["product"]["id"], lambda row: row["product"]["id"]),
        "title": (some["product"]["title"], lambda row: row["product"]["title"]),
        "creator_user_oepn_id": (some["creator"]["creator_open_id"], lambda row: row["creator"]["creator_open_id"]),
        "username": (some["creator"]["username"], lambda row: row["creator"]["username"]),
        "order_id": (some["order_id"], lambda row: row.get("order_id")),
        "status": ("COMPLETED", lambda row: row["status"]),
    }
    for name, (wanted, look) in cases.items():
        expected = [row for row in found[SAMPLES] if look(row) == wanted]
        assert rows(asker, SAMPLES, {name: wanted}) == expected != []


def test_applications_by_invitation_are_found_by_it_and_made_by_who_was_invited(asker, found):
    total = 0
    for target in found[DETAIL]:
        applied = rows(asker, SAMPLES, {"target_collabration_id": target["id"]})
        invited = {who["username"] for who in target["creators"]}
        offered = {item["id"] for item in target["products"]}
        assert all(row["creator"]["username"] in invited and row["product"]["id"] in offered for row in applied)
        assert target["free_sample_rule"]["has_free_sample"] or not applied
        total += len(applied)
    assert 10 < total < len(found[SAMPLES])


@pytest.mark.parametrize(
    ("path", "sizes"), [(ORDERS, (None, 0, 101)), (OPEN, (None, 0, 101)), (TARGET, (10, 99)), (SAMPLES, (0, 51))]
)
def test_page_sizes_the_platform_does_not_take_are_refused(asker, path, sizes):
    for size in sizes:
        with pytest.raises(ApiError) as refused:
            asker.ask("POST", path, {} if size is None else {"page_size": size}, NEEDED.get(path))
        assert (refused.value.code, refused.value.http) == (36009004, 400)


def test_target_collaborations_and_samples_have_pages_of_twenty_unless_asked(asker):
    for path in (TARGET, SAMPLES):
        assert len(asker.ask("POST", path, None, NEEDED.get(path))[LISTS[path][1]]) == 20


def test_unknown_values_and_ids_are_refused(asker, found):
    for path, query, body in (
        (OPEN, {"page_size": 1, "sort_field": "create_time"}, {}),
        (OPEN, {"page_size": 1}, {"keyword_type": "SKU_ID"}),
        (TARGET, {}, {"collaboration_status": "OVER"}),
        (TARGET, {}, {**NEEDED[TARGET], "search_param": {"keyword_type": "SKU_ID"}}),
        (SAMPLES, {}, {"status": "APPROVED"}),
    ):
        with pytest.raises(ApiError, match="is invalid, allowed values"):
            asker.ask("POST", path, query, body)
    for number, shop in (("1", 0), (found[TARGET][0]["id"], 1)):
        with pytest.raises(ApiError, match="target collaboration does not exist") as refused:
            detail(asker, number, shop)
        assert refused.value.code == 36009004


def test_affiliate_marketing_has_a_scope_of_its_own():
    router = Router(all_endpoints())
    for path in (*LISTS, DETAIL.replace("{target_collaboration_id}", "1")):
        (endpoint,) = router.find(path).endpoints.values()
        assert endpoint.scope == "seller.affiliate_collaboration.read"


def test_a_week_later_there_is_more_and_nothing_is_gone(new_world):
    asker = new_world(600, shops=1)
    before = everything(asker)
    asker.now += 8 * DAY
    after = everything(asker)
    for path in LISTS:
        old, new = ({row["id"]: row for row in found[path]} for found in (before, after))
        assert new.keys() > old.keys(), path
        assert any(new[number] != row for number, row in old.items()), path
    kept = ("create_time", "estimated_commission_base", "estimated_paid_commission", "creator_username", "content_id")
    sales = {row["id"]: row for row in after[ORDERS]}
    for row in before[ORDERS]:
        for old, new in zip(row["skus"], sales[row["id"]]["skus"], strict=True):
            assert {name: old.get(name) for name in kept} == {name: new.get(name) for name in kept}
            assert old.get("open_collaboration_id") == new.get("open_collaboration_id")
            assert "settlement_status" not in old or new == old
    assert all(row["create_time"] > NOW for row in after[ORDERS][: len(after[ORDERS]) - len(before[ORDERS])])


def test_applications_move_on_from_status_to_status(new_world):
    asker = new_world(600, shops=1)
    moves = set()
    last = {row["id"]: row["status"] for row in rows(asker, SAMPLES)}
    for _ in range(30):
        asker.now += DAY
        now = {row["id"]: row["status"] for row in rows(asker, SAMPLES)}
        moves |= {(status, now[number]) for number, status in last.items() if now[number] != status}
        last = now
    assert {
        ("PENDING", "REJECT_CANCELLED"),
        ("PENDING", "OVERDUE_CANCELLED"),
        ("AWAITING_SHIPMENT", "SHIPPED"),
    } <= moves
    assert {("SHIPPED", "CONTENT_PENDING"), ("CONTENT_PENDING", "COMPLETED")} <= moves
    ended = {now for _, now in moves if now.endswith("CANCELLED") or now == "COMPLETED"}
    assert not ended & {before for before, _ in moves}


def test_it_makes_no_difference_how_often_somebody_asked_before(new_world):
    curious, patient = new_world(600, shops=1), new_world(600, shops=1)
    for _ in range(8):
        everything(curious)
        curious.now += 11 * 3_600
    patient.now = curious.now
    assert everything(curious) == everything(patient)
