"""Promotions: activities that come, run and end, the products in them, and coupons."""

from decimal import Decimal
from itertools import pairwise

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.counts import row_counts
from tiktokshop_sandbox.derived.promotion import Activity

DAY = 86_400
SEARCH = "/promotion/202309/activities/search"
DETAIL = "/promotion/202309/activities/{activity_id}"
COUPONS = "/promotion/202406/coupons/search"
STATUSES = ("NOT_START", "ONGOING", "EXPIRED", "DEACTIVATED")


def activities(asker, size=100, shop=0, **filters):
    """All activities, whose pages are asked for in the body."""
    found, token = [], ""
    while True:
        body = {"page_size": size, "page_token": token, **filters}
        data = asker.ask("POST", SEARCH, body=body, shop=shop)
        found += data["activities"]
        token = data["next_page_token"]
        if not token:
            assert data["total_count"] == len(found)
            return found


def coupons(asker, size=100, **filters):
    return asker.pages("POST", COUPONS, "coupons", {"page_size": size}, filters)


def detail(asker, identifier, shop=0):
    return asker.ask("GET", f"/promotion/202309/activities/{identifier}", shop=shop)


def standing(asker):
    return next(row for row in activities(asker, activity_type="DIRECT_DISCOUNT") if "end_time" not in row)


def refusal(asker, *args, **more):
    with pytest.raises(ApiError) as refused:
        asker.ask(*args, **more)
    return refused.value.code


@pytest.mark.parametrize("shop", [0, 1])
def test_activities_and_coupons_send_only_documented_fields_of_documented_types(asker, undocumented, shop):
    found = asker.ask("POST", SEARCH, body={"page_size": 100}, shop=shop)
    assert undocumented(found, "POST", SEARCH) == set()
    assert undocumented(asker.ask("POST", COUPONS, shop=shop), "POST", COUPONS) == set()
    for kind in {row["activity_type"]: row["id"] for row in found["activities"]}.values():
        assert undocumented(detail(asker, kind, shop), "GET", DETAIL) == set()


@pytest.mark.parametrize("size", [100, 33, 7])
def test_paging_finds_every_activity_and_coupon_once(asker, size):
    counts = row_counts(asker.world)[asker.world.shops[0].id]
    found = [row["id"] for row in activities(asker, size)]
    assert len(found) == len(set(found)) == counts["promotions"] == counts["promotion_details"] == 121
    found = [row["id"] for row in coupons(asker, size)]
    assert len(found) == len(set(found)) == counts["coupons"] == 60


def test_the_newest_come_first_fifty_a_page_unless_asked_otherwise(asker):
    for data in (asker.ask("POST", SEARCH)["activities"], asker.ask("POST", COUPONS)["coupons"]):
        times = [row["create_time"] for row in data]
        assert len(times) == 50
        assert times == sorted(times, reverse=True)
    assert len(asker.ask("POST", SEARCH, body={"page_size": 0})["activities"]) == 50


def test_activities_take_their_page_from_the_body_and_coupons_from_the_query(asker):
    first = asker.ask("POST", SEARCH, {"page_size": 3}, {"page_size": 5})
    assert len(first["activities"]) == 5
    body = {"page_size": 5, "page_token": first["next_page_token"]}
    second = asker.ask("POST", SEARCH, body=body)["activities"]
    assert second[0]["create_time"] < first["activities"][-1]["create_time"]
    assert refusal(asker, "POST", SEARCH, body={**body, "status": "ONGOING"}) == 36009004
    assert len(asker.ask("POST", COUPONS, {"page_size": 4}, {"page_size": 9})["coupons"]) == 4


def test_sizes_and_values_out_of_range_are_refused(asker):
    for body in ({"page_size": 101}, {"page_size": -1}, {"status": "DRAFT"}, {"activity_type": "SALE"}):
        assert refusal(asker, "POST", SEARCH, body=body) == 36009004
    for size in (0, 101):
        assert refusal(asker, "POST", COUPONS, {"page_size": size}) == 36009004
    assert refusal(asker, "POST", COUPONS, body={"status": ["GONE"]}) == 36009004


def test_filters_keep_exactly_what_they_name(asker):
    everything = activities(asker)
    for name, field, values in (
        ("status", "status", STATUSES),
        ("activity_type", "activity_type", ("FLASHSALE", "FIXED_PRICE", "SHIPPING_DISCOUNT", "BUY_MORE_SAVE_MORE")),
    ):
        for value in values:
            expected = [row["id"] for row in everything if row[field] == value]
            assert [row["id"] for row in activities(asker, **{name: value})] == expected
            assert expected, value
    named = activities(asker, activity_title="payday")
    assert {row["title"].split(" 2026")[0] for row in named} == {"Payday picks"}
    assert not activities(asker, activity_type="BUY_X_GET_Y")


def test_coupons_are_found_by_status_kind_and_title(asker):
    everything = coupons(asker)
    for name, field, values in (
        ("status", "status", ["EXPIRED", "DEACTIVATED"]),
        ("display_type", "display_type", ["LIVE", "PROMO_CODE"]),
    ):
        expected = [row["id"] for row in everything if row[field] in values]
        assert [row["id"] for row in coupons(asker, **{name: values})] == expected
        assert expected
    assert all("Café treat" in row["title"] for row in coupons(asker, title_keyword="café TREAT"))
    assert {row["display_type"] for row in everything if "promo_code" in row} == {"PROMO_CODE"}


def test_the_state_of_an_activity_follows_the_clock(asker):
    rows = activities(asker)
    assert {row["status"] for row in rows} == set(STATUSES)
    for row in rows:
        begun, over = row["begin_time"] <= asker.now, row.get("end_time", asker.now + 1) <= asker.now
        expected = "EXPIRED" if over else "ONGOING" if begun else "NOT_START"
        assert row["status"] in {expected, "DEACTIVATED"}
        assert row["create_time"] < row["begin_time"] or "end_time" not in row
        assert row["create_time"] <= row["update_time"] <= asker.now
        if row["status"] == "DEACTIVATED":
            assert row["update_time"] > row["create_time"]
    for row in coupons(asker):
        claim = row["claim_duration"]
        assert claim["start_time"] < claim["end_time"]
        if row["status"] == "ONGOING":
            assert claim["start_time"] <= asker.now < claim["end_time"]


def test_a_prolonged_activity_changes_name_end_and_update_time_at_that_moment_only():
    plan = Activity(1, "7", "FLASHSALE", "Sale", "PRODUCT", 100, 200, 300, edited=250, longer=500, suffix="!")
    shown = [
        (plan.status_at(now), plan.title_at(now), plan.end_at(now), plan.updated_at(now))
        for now in (150, 249, 250, 799, 800)
    ]
    assert shown == [
        ("NOT_START", "Sale", 300, 100),
        ("ONGOING", "Sale", 300, 100),
        ("ONGOING", "Sale!", 800, 250),
        ("ONGOING", "Sale!", 800, 250),
        ("EXPIRED", "Sale!", 800, 250),
    ]
    ended = plan._replace(edited=0, stopped=220)
    assert [ended.status_at(now) for now in (219, 220, 900)] == ["ONGOING", "DEACTIVATED", "DEACTIVATED"]
    assert [ended.ran_until(now) for now in (150, 210, 900)] == [200, 210, 220]


def test_every_product_with_a_discount_is_in_the_standing_one_at_its_percentage(asker):
    item = detail(asker, standing(asker)["id"])
    assert (item["status"], item["duration_type"]) == ("ONGOING", "INDEFINITE")
    shop = asker.world.shops[0]
    with asker.world.reading() as store:
        products = [store.products[shop.key(n)] for n in range(store.desks[0].products)]
    expected = {product.id: str(product.promotion) for product in products if product.promotion}
    assert {row["id"]: row["discount"] for row in item["products"]} == expected
    assert len(expected) > 20


def test_activities_name_products_and_skus_of_the_shop_at_prices_below_theirs(asker):
    prices = {}
    for status in ("ALL", "DELETED"):
        for product in asker.pages(
            "POST", "/product/202502/products/search", "products", {"page_size": 100}, {"status": status}
        ):
            prices[product["id"]] = {sku["id"]: Decimal(sku["price"]["sale_price"]) for sku in product["skus"]}
    priced = 0
    for row in activities(asker):
        for product in detail(asker, row["id"]).get("products", []):
            assert product["id"] in prices
            for sku in product.get("skus", []):
                assert sku["used_quantity"] >= 0
                assert sku["quantity_limit"] == -1 or sku["used_quantity"] <= sku["quantity_limit"]
                assert ("activity_price" in sku) != ("discount" in sku)
                if "activity_price" in sku:
                    assert sku["activity_price"]["currency"] == "USD"
                    assert 0 < Decimal(sku["activity_price"]["amount"]) < prices[product["id"]][sku["id"]]
                    priced += 1
    assert priced > 500


def test_the_prices_of_an_activity_have_no_decimals_where_the_currency_has_none(new_world):
    asker = new_world(60, shops=5)
    rows = activities(asker, shop=4, activity_type="FIXED_PRICE")
    product = detail(asker, rows[0]["id"], shop=4)["products"][0]
    amount = product["skus"][0]["activity_price"]
    assert amount["currency"] == "IDR"
    assert amount["amount"].isdigit()
    assert int(amount["amount"]) % 100 == 0
    assert "redemption_limit" in asker.ask("POST", COUPONS, shop=4)["coupons"][0]["usage_limits"]
    assert "redemption_limit" not in asker.ask("POST", COUPONS)["coupons"][0]["usage_limits"]


def test_discounts_on_shipping_have_no_products_and_terms_instead(asker):
    for row in activities(asker, activity_type="SHIPPING_DISCOUNT"):
        assert row["product_level"] == "SHOP"
        item = detail(asker, row["id"])
        assert "products" not in item
        terms = item["discount"]["shipping_discount"]
        assert terms == row["discount"]["shipping_discount"]
        assert ("value" in terms) == (terms["type"] == "DISCOUNT_SHIPPING_FEE")
        assert ("threshold_value" in terms) == (terms["threshold_type"] != "NO_THRESHOLD")


def test_unknown_activities_and_those_of_another_shop_are_refused(asker):
    other = asker.ask("POST", SEARCH, shop=1)["activities"][0]["id"]
    for identifier in ("1", other):
        assert refusal(asker, "GET", f"/promotion/202309/activities/{identifier}") == 16032001


def test_days_later_there_is_more_and_nothing_is_forgotten(new_world):
    asker = new_world()
    before, offers = activities(asker), coupons(asker)
    details = {row["id"]: detail(asker, row["id"]) for row in before}
    asker.now += 3 * DAY
    after = {row["id"]: row for row in activities(asker)}
    assert len(after) == len(before) + 3
    assert {row["id"] for row in offers} < {row["id"] for row in coupons(asker)}
    moved = 0
    for row in before:
        later = after[row["id"]]
        assert STATUSES.index(later["status"]) >= STATUSES.index(row["status"])
        if later["update_time"] == row["update_time"]:
            kept = {"status": row["status"]}
            assert {**later, **kept} == row
            shown = {product["id"] for product in detail(asker, row["id"]).get("products", [])}
            assert shown == {product["id"] for product in details[row["id"]].get("products", [])}
        moved += later["status"] != row["status"]
    assert moved > 0


def test_the_standing_discount_is_updated_whenever_the_seller_takes_a_product_in_or_out(new_world):
    asker = new_world()
    seen = []
    for _ in range(30):
        row = standing(asker)
        seen.append((row["update_time"], {item["id"] for item in detail(asker, row["id"])["products"]}))
        asker.now += DAY
    changes = [(old, new) for old, new in pairwise(seen) if old[1] != new[1]]
    assert len(changes) > 5
    assert all(new[0] > old[0] for old, new in changes)


def test_more_is_sold_the_longer_an_activity_runs_and_no_more_when_it_is_over(new_world):
    asker = new_world()
    running, over = (activities(asker, status=status)[-1]["id"] for status in ("ONGOING", "EXPIRED"))

    def sold(identifier):
        return sum(product["used_quantity"] for product in detail(asker, identifier)["products"])

    first = sold(running), sold(over)
    asker.now += 10 * DAY
    assert sold(running) > first[0]
    assert sold(over) == first[1]


def test_worlds_of_one_seed_have_the_same_promotions_and_others_have_others(new_world):
    one, same, other = new_world(), new_world(), new_world(seed=8)
    assert activities(one) == activities(same)
    assert coupons(one) == coupons(same)
    assert activities(one) != activities(other)
    assert [row["id"] for row in coupons(one)] != [row["id"] for row in coupons(other)]
