"""Reports by day: they follow from the shop's orders, add up, ripen for three days and then stand."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.counts import row_counts
from tiktokshop_sandbox.derived.analytics.days import Calendar, calendar
from tiktokshop_sandbox.endpoints import Router, all_endpoints
from tiktokshop_sandbox.markets import BY_REGION
from tiktokshop_sandbox.zones import zone

NOW = 1_790_000_000  # 21 September 2026, 07:13 in Los Angeles and 15:13 in London
DAY = 86_400
HOUR = 3_600
SHOP = "/analytics/202609/shop/performance"
HOURS = "/analytics/202510/shop/performance/{}/performance_per_hour"
PRODUCTS = "/analytics/202605/shop_products/performance"
SKUS = "/analytics/202509/shop_skus/performance"
VIDEOS = "/analytics/202605/shop_videos/performance"
LIVES = "/analytics/202609/shop_lives/performance"
SCORE = "/analytics/202606/shop_performances/overview"
SCORE_METRICS = "/analytics/202606/shop_performances/metrics"
ACCOUNTS = ("MARKETING_ACCOUNTS", "OFFICIAL_ACCOUNTS", "AFFILIATE_ACCOUNTS")
SETTLED = date(2026, 9, 10)  # its report stands at NOW
LATEST = date(2026, 9, 20)

# name of the stream -> path, rows, fixed parameters of each list that has one row an object and day
LISTS = {
    "product_performance": (PRODUCTS, "products", ({},)),
    "sku_performance": (SKUS, "skus", ({},)),
    "video_performance": (VIDEOS, "videos", ({},)),
    "live_performance": (LIVES, "live_stream_sessions", tuple({"account_type": name} for name in ACCOUNTS)),
}
SORTS = {
    PRODUCTS: {
        "gmv": lambda row: money(row["total_performance"]["gmv"]),
        "items_sold": lambda row: row["total_performance"]["items_sold"],
        "orders": lambda row: row["total_performance"]["orders"],
    },
    SKUS: {
        "gmv": lambda row: money(row["gmv"]),
        "sku_orders": lambda row: row["sku_orders"],
        "units_sold": lambda row: row["units_sold"],
    },
    VIDEOS: {
        "avg_customers": lambda row: row["avg_customers"],
        "click_through_rate": lambda row: float(row["click_through_rate"]),
        "gmv": lambda row: money(row["gmv"]),
        "gpm": lambda row: money(row["gpm"]),
        "items_sold": lambda row: row["items_sold"],
        "post_time": lambda row: row["video_post_time"],
        "sku_orders": lambda row: row["sku_orders"],
        "views": lambda row: row["views"],
    },
    LIVES: {
        "attributed_customers": lambda row: row["sales_performance"]["attributed_customers"],
        "live_attributed_gmv": lambda row: money(row["sales_performance"]["live_attributed_gmv"]),
        "live_attributed_items_sold": lambda row: row["sales_performance"]["live_attributed_items_sold"],
        "live_attributed_sku_orders": lambda row: row["sales_performance"]["live_attributed_sku_orders"],
        "products_added": lambda row: row["traffic"]["products_added"],
        "products_sold": lambda row: row["sales_performance"]["products_sold"],
    },
}
METRICS = {
    "PRODUCT_SATISFACTION": "RETURN_RATE",
    "FULFILLMENT_AND_LOGISTICS": "SELLER_CANCELLATION_RATE",
    "CUSTOMER_SERVICE": "RESPONSE_WITHIN_24_HOURS_RATE",
}
ROWS = {path: rows for path, rows, _ in LISTS.values()}
FIXED = {PRODUCTS: {}, SKUS: {}, VIDEOS: {}, LIVES: {"account_type": "AFFILIATE_ACCOUNTS"}}


def money(amount):
    return Decimal(amount["amount"])


def span(first, last=None):
    return {"start_date_ge": str(first), "end_date_lt": str((last or first) + timedelta(days=1))}


def all_rows(asker, name, first, last=None, shop=0):
    path, rows, variants = LISTS[name]
    found = []
    for fixed in variants:
        found += asker.pages("GET", path, rows, {**span(first, last), **fixed, "page_size": 100}, shop=shop)
    return found


def interval(asker, first, last=None, shop=0, **query):
    (found,) = asker.ask("GET", SHOP, {**span(first, last), **query}, shop=shop)["performance"]["intervals"]
    return found


def as_of(asker, now):
    """The same world asked at another time, which it has lived through."""
    other = type(asker)(asker.world)
    other.now = now
    return other


def morning(day, hour=6, minute=0, region="US"):
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone(region)).timestamp())


def orders_of(asker, day, region, shop):
    body = {"create_time_ge": morning(day, 0, region=region)}
    body["create_time_lt"] = morning(day + timedelta(days=1), 0, region=region)
    return asker.pages("POST", "/order/202309/orders/search", "orders", {"page_size": 100}, body, shop=shop)


def test_every_market_has_a_time_zone():
    noon = datetime(2026, 1, 15, 12, tzinfo=zone("GB"))
    hours = {region: noon.astimezone(zone(region)).hour for region in BY_REGION}
    assert hours == {"BR": 9, "US": 4, "GB": 12, "DE": 13, "ES": 13, "FR": 13, "IT": 13, "ID": 19, "VN": 19, "JP": 21}
    assert zone("JP").key == "Asia/Tokyo"
    with pytest.raises(KeyError):
        zone("XX")


@pytest.mark.parametrize("shop", [0, 1])
@pytest.mark.parametrize(
    ("path", "query"),
    [
        (SHOP, {"granularity": "1D"}),
        (SHOP, {"granularity": "ALL"}),
        (PRODUCTS, {"page_size": 100}),
        (SKUS, {"page_size": 100}),
        (VIDEOS, {"page_size": 100}),
        *((LIVES, {"account_type": name}) for name in ACCOUNTS),
    ],
)
def test_reports_send_only_documented_fields_of_documented_types(asker, undocumented, path, query, shop):
    answer = asker.ask("GET", path, {**span(date(2026, 9, 14), LATEST), **query}, shop=shop)
    assert undocumented(answer, "GET", path) == set()
    assert answer["latest_available_date"] == "2026-09-20"
    assert answer.get(ROWS.get(path)) or answer["performance"]["intervals"]


def test_hours_and_the_score_send_only_documented_fields_of_documented_types(asker, undocumented):
    hours = asker.ask("GET", HOURS.format(SETTLED))
    assert undocumented(hours, "GET", HOURS.format("{date}")) == set()
    assert undocumented(asker.ask("GET", SCORE), "GET", SCORE) == set()


@pytest.mark.parametrize("shop", [0, 1])
def test_paging_through_every_day_finds_what_the_world_counts(new_world, shop):
    asker = new_world()
    counts = row_counts(asker.world)[asker.world.shops[shop].id]
    found = asker.ask("GET", SHOP, {**span(date(2026, 1, 1), LATEST), "granularity": "1D"}, shop=shop)
    days = [date.fromisoformat(row["start_date"]) for row in found["performance"]["intervals"]]
    assert len(days) == len(set(days)) == counts["shop_performance"] == 120
    hours = [asker.ask("GET", HOURS.format(day), shop=shop)["performance"]["intervals"] for day in days]
    assert sum(map(len, hours)) == counts["shop_performance_hourly"] == 120 * 24
    for name in LISTS:
        keys = [(day, row["id"]) for day in days for row in all_rows(asker, name, day, shop=shop)]
        assert len(keys) == len(set(keys)) == counts[name] > 0


@pytest.mark.parametrize("name", LISTS)
def test_small_pages_hold_the_same_rows_as_large_ones_each_once(asker, name):
    path, rows, variants = LISTS[name]
    query = {**span(date(2026, 9, 1), LATEST), **variants[-1]}
    whole = asker.pages("GET", path, rows, {**query, "page_size": 100})
    small = asker.pages("GET", path, rows, {**query, "page_size": 7})
    first = asker.ask("GET", path, query)
    assert [row["id"] for row in small] == [row["id"] for row in whole]
    assert first["total_count"] == len(whole) == len({row["id"] for row in whole}) > 10
    assert [row["id"] for row in first[rows]] == [row["id"] for row in whole[:10]]


@pytest.mark.parametrize(("shop", "region"), [(0, "US"), (1, "GB")])
def test_a_day_reports_the_paid_orders_of_that_day_in_the_shops_time_zone(asker, shop, region):
    paid = [order for order in orders_of(asker, SETTLED, region, shop) if "paid_time" in order]
    lines = [line for order in paid for line in order["line_items"]]
    sales = interval(asker, SETTLED, shop=shop)["sales"]
    assert money(sales["gmv"]) == sum(Decimal(line["sale_price"]) for line in lines) > 0
    assert sales["gmv"]["currency"] == {"US": "USD", "GB": "GBP"}[region]
    assert sales["orders_count"] == len(paid)
    assert sales["items_sold"] == len(lines)
    assert sales["customers_count"] == len({order["user_id"] for order in paid})
    assert sales["sku_orders_count"] == len(
        {(order["id"], line["sku_id"]) for order in paid for line in order["line_items"]}
    )
    subsidy = sum(Decimal(line["platform_discount"]) for line in lines)
    assert money(sales["gmv_with_tiktok_co_funding"]) - money(sales["gmv"]) == subsidy
    taxes = sum(Decimal(tax["tax_amount"]) for line in lines for tax in line.get("item_tax", []))
    assert money(sales["tax"]) == money(sales["gmv_with_tax"]) - money(sales["gmv"]) == taxes


def test_orders_paid_on_delivery_count_from_the_day_they_are_placed(new_world):
    asker = new_world(orders=60, shops=6)
    placed = {}
    for order in asker.pages("POST", "/order/202309/orders/search", "orders", {"page_size": 100}, shop=5):
        if "rts_sla_time" in order:  # shown as soon as the order stands
            day = datetime.fromtimestamp(order["create_time"], zone("VN")).date()
            placed[day] = placed.get(day, 0) + 1
    found = asker.ask("GET", SHOP, {**span(date(2026, 5, 1), LATEST), "granularity": "1D"}, shop=5)
    counted = {
        date.fromisoformat(row["start_date"]): row["sales"]["orders_count"] for row in found["performance"]["intervals"]
    }
    assert {day: count for day, count in counted.items() if count} == {
        day: count for day, count in placed.items() if day <= LATEST
    }


@pytest.mark.parametrize("shop", [0, 1])
def test_the_hours_of_a_day_add_up_to_the_day(asker, shop):
    day = interval(asker, SETTLED, shop=shop)
    performance = asker.ask("GET", HOURS.format(SETTLED), shop=shop)["performance"]
    hours, overall = performance["intervals"], performance["overall"]
    assert [hour["index"] for hour in hours] == list(range(24))
    for name in ("gmv", "live_attributed_gmv", "video_attributed_gmv", "product_card_attributed_gmv"):
        assert sum(money(hour[name]) for hour in hours) == money(overall[name]) == money(day["sales"][name])
    for name in ("orders_count", "sku_orders_count", "items_sold"):
        assert sum(hour[name] for hour in hours) == overall[name] == day["sales"][name]
    for name in ("product_impressions", "product_clicks"):
        assert sum(hour[name] for hour in hours) == overall[name] == day["traffic"][name]
    assert overall["customers"] == day["sales"]["customers_count"]
    assert all(hour["customers"] <= hour["visitors"] <= hour["product_clicks"] for hour in hours)


def test_an_hour_has_the_orders_that_were_placed_in_it(asker):
    placed = [0] * 24
    for order in orders_of(asker, SETTLED, "US", 0):
        if "paid_time" in order:
            placed[datetime.fromtimestamp(order["create_time"], zone("US")).hour] += 1
    hours = asker.ask("GET", HOURS.format(SETTLED))["performance"]["intervals"]
    assert [hour["orders_count"] for hour in hours] == placed


@pytest.mark.parametrize("shop", [0, 1])
def test_products_and_skus_add_up_to_the_shop(asker, shop):
    day = interval(asker, SETTLED, shop=shop)
    products = all_rows(asker, "product_performance", SETTLED, shop=shop)
    skus = all_rows(asker, "sku_performance", SETTLED, shop=shop)
    totals = [row["total_performance"] for row in products]
    assert sum(money(row["gmv"]) for row in totals) == money(day["sales"]["gmv"])
    assert sum(money(row["gmv"]) for row in skus) == money(day["sales"]["gmv"])
    assert sum(row["items_sold"] for row in totals) == sum(row["units_sold"] for row in skus)
    assert sum(row["sku_orders"] for row in skus) == day["sales"]["sku_orders_count"]
    assert sum(money(row["refunds"]) for row in totals) == money(day["sales"]["refunds"])
    for name in ("product_impressions", "product_clicks"):
        assert sum(row[name] for row in totals) == day["traffic"][name]
    assert {str(row["product_id"]) for row in skus} == {
        row["id"] for row in products if row["total_performance"]["items_sold"]
    }


def test_the_channels_of_a_product_add_up_to_its_whole(asker):
    gmv = {
        "seller_live_performance": "attributed_gmv",
        "seller_video_performance": "attributed_gmv",
        "seller_product_card_performance": "attributed_gmv",
        "affiliate_total_performance": "attributed_gmv",
    }
    for row in all_rows(asker, "product_performance", SETTLED):
        total, parts = row["total_performance"], [row[name] for name in gmv if name in row]
        assert sum(money(row[name][key]) for name, key in gmv.items() if name in row) == money(total["gmv"])
        assert sum(part["product_clicks"] for part in parts) == total["product_clicks"]
        assert sum(part["product_impressions"] for part in parts) == total["product_impressions"]
        assert all(part["estimated_customers"] <= part["unique_clicks"] <= part["product_clicks"] for part in parts)
        assert 0 < total["product_clicks"] <= total["product_impressions"]


def test_what_is_credited_to_content_is_what_the_content_sold(asker):
    day = interval(asker, SETTLED)
    sales, parts = day["sales"], day["breakdowns"]
    videos = all_rows(asker, "video_performance", SETTLED)
    lives = [row["sales_performance"] for row in all_rows(asker, "live_performance", SETTLED)]
    assert sum(money(row["attributed_gmv"]) for row in videos) == money(sales["video_attributed_gmv"]) > 0
    assert sum(money(row["gmv"]) for row in videos) == money(sales["video_gmv"])
    assert sum(money(row["live_attributed_gmv"]) for row in lives) == money(sales["live_attributed_gmv"]) > 0
    assert money(sales["gmv"]) == sum(
        money(sales[f"{name}_attributed_gmv"]) for name in ("live", "video", "product_card")
    )
    for kind in ("live", "video"):
        assert money(sales[f"{kind}_attributed_gmv"]) == money(sales[f"{kind}_gmv"]) + money(
            sales[f"{kind}_indirect_gmv"]
        )
        assert money(sales[f"{kind}_gmv"]) == money(sales[f"seller_{kind}_gmv"]) + money(sales[f"creator_{kind}_gmv"])
    content = sum(money(row["gmv"]) + money(row["indirect_gmv"]) for row in parts["content_breakdown"])
    cards = money(parts["seller_product_card_gmv"]) + money(parts["affiliate_product_card_attributed_gmv"])
    assert content + cards == money(sales["gmv"])
    assert sum(map(money, parts["shop_tab_and_search"].values())) == cards


def test_creators_are_credited_with_the_orders_they_earn_a_commission_on(asker):
    compared = 0
    for day in (date(2026, 7, 1) + timedelta(days=passed) for passed in range(20)):
        paid = [order for order in orders_of(asker, day, "US", 0) if "paid_time" in order]
        if any("cancel_time" in order for order in paid):
            continue  # finance knows nothing of these
        by_creators = Decimal()
        for order in paid:
            settled = asker.ask("GET", f"/finance/202501/orders/{order['id']}/statement_transactions")
            if re.search(r"'affiliate_commission_amount': '-", str(settled)):
                by_creators += sum(Decimal(line["sale_price"]) for line in order["line_items"])
        report = interval(asker, day)
        parts = ("creator_live_attributed_gmv", "creator_video_attributed_gmv")
        credited = sum(money(report["sales"][name]) for name in parts)
        credited += money(report["breakdowns"]["affiliate_product_card_attributed_gmv"])
        assert credited == by_creators
        compared += by_creators > 0
    assert compared >= 3


def test_people_who_watch_see_the_products_that_the_products_reports_say_they_saw(asker):
    silent = next(
        day
        for day in (SETTLED - timedelta(days=passed) for passed in range(14))
        if not asker.ask("GET", LIVES, {**span(day), "account_type": "AFFILIATE_ACCOUNTS"})["total_count"]
    )
    for day in (SETTLED, silent):
        products = all_rows(asker, "product_performance", day)
        videos = all_rows(asker, "video_performance", day)
        lives = [row["traffic"] for row in all_rows(asker, "live_performance", day)]
        for kind, rows in (("video", videos), ("live", lives)):
            names = [f"{side}_{kind}_performance" for side in ("seller", "affiliate")]
            sections = [row[name] for row in products for name in names if name in row]
            for field in ("product_impressions", "product_clicks"):
                assert sum(row[field] for row in rows) == sum(part[field] for part in sections) > 0
        assert all(row["product_clicks"] <= row["product_impressions"] <= row["views"] for row in videos)
    assert not any("affiliate_live_performance" in row for row in products)


def test_nothing_is_credited_to_live_sessions_before_the_first_one_of_the_day(asker):
    credited = []
    for day in (SETTLED + timedelta(days=passed) for passed in range(10)):
        first = min(int(row["start_time"]) for row in all_rows(asker, "live_performance", day))
        hours = asker.ask("GET", HOURS.format(day))["performance"]["intervals"]
        credited += [hour["index"] for hour in hours if hour["live_attributed_gmv"]["amount"] != "0"]
        early = [hour for hour in hours if hour["index"] < datetime.fromtimestamp(first, zone("US")).hour]
        assert {hour["live_attributed_gmv"]["amount"] for hour in early} == {"0"}
    assert len(credited) > 10


def test_a_range_is_reported_as_a_whole_or_day_by_day(asker):
    first, last = date(2026, 9, 8), date(2026, 9, 12)
    query = {**span(first, last), "granularity": "1D"}
    days = asker.ask("GET", SHOP, query)["performance"]["intervals"]
    whole = interval(asker, first, last)
    assert [day["start_date"] for day in days] == [f"2026-09-{number:02d}" for number in range(8, 13)]
    assert [day["end_date"] for day in days] == [f"2026-09-{number:02d}" for number in range(9, 14)]
    assert (whole["start_date"], whole["end_date"]) == ("2026-09-08", "2026-09-13")
    assert money(whole["sales"]["gmv"]) == sum(money(day["sales"]["gmv"]) for day in days)
    assert whole["traffic"]["product_clicks"] == sum(day["traffic"]["product_clicks"] for day in days)
    visitors = sum(day["traffic"]["avg_visitors"] for day in days)
    assert whole["traffic"]["avg_visitors"] == visitors // 5
    assert interval(asker, first, last, granularity="ALL") == whole


def test_there_is_nothing_before_the_shops_first_day_nor_after_the_latest_available_one(asker):
    ahead = span(LATEST + timedelta(days=1), date(2027, 1, 1))
    for query in (ahead, span(date(2020, 1, 1), date(2026, 5, 24) - timedelta(days=1))):
        answer = asker.ask("GET", SHOP, query)
        assert answer == {"performance": {"intervals": []}, "latest_available_date": "2026-09-20"}
        for path, rows in ROWS.items():
            answer = asker.ask("GET", path, {**query, **FIXED[path]})
            assert (answer[rows], answer["next_page_token"], answer["total_count"]) == ([], "", 0)
    whole = interval(asker, date(2020, 1, 1), date(2027, 1, 1))
    assert (whole["start_date"], whole["end_date"]) == ("2026-05-24", "2026-09-21")
    performance = asker.ask("GET", HOURS.format("2026-09-21"))["performance"]
    assert performance == {"intervals": [], "latest_available_timestamp": morning(date(2026, 9, 21))}


@pytest.mark.parametrize(("shop", "region"), [(0, "US"), (1, "GB")])
def test_yesterday_is_available_from_six_in_the_morning_on(asker, shop, region):
    for clock, latest in (((5, 59), "2026-09-18"), ((6, 0), "2026-09-19")):
        other = as_of(asker, morning(date(2026, 9, 20), *clock, region=region))
        answer = other.ask("GET", SHOP, {**span(date(2026, 9, 10), LATEST), "granularity": "1D"}, shop=shop)
        assert answer["latest_available_date"] == latest
        assert answer["performance"]["intervals"][-1]["start_date"] == latest


def test_a_report_is_drawn_up_anew_on_three_mornings_and_then_stands(asker):
    mornings = [morning(SETTLED + timedelta(days=passed)) for passed in range(1, 8)]
    found = [interval(as_of(asker, now), SETTLED) for now in mornings]
    clicks = [report["traffic"]["product_clicks"] for report in found]
    assert clicks == sorted(clicks)
    assert len(set(clicks[:4])) == 4
    assert found[3] == found[4] == found[-1] == interval(asker, SETTLED)
    assert interval(as_of(asker, mornings[1] - 1), SETTLED) == found[0]  # nothing changes in between
    assert {report["sales"]["gmv"]["amount"] for report in found} == {found[0]["sales"]["gmv"]["amount"]}


def test_late_cancellations_find_their_way_into_the_reports_of_three_days(asker):
    first, last = date(2026, 9, 1), date(2026, 9, 14)
    days = [first + timedelta(days=passed) for passed in range((last - first).days)]

    def undone(passed):
        reports = [interval(as_of(asker, morning(day + timedelta(days=passed))), day)["sales"] for day in days]
        return [(report["cancellations_and_returns"], money(report["refunds"])) for report in reports]

    at_first, later, standing = undone(1), undone(2), undone(4)
    assert all(old <= new for old, new in zip(at_first, later, strict=True))
    assert sum(count for count, _ in at_first) < sum(count for count, _ in later) <= sum(count for count, _ in standing)
    assert undone(7) == standing
    known = morning(SETTLED + timedelta(days=4))
    cancelled = [
        order
        for order in orders_of(asker, SETTLED, "US", 0)
        if "paid_time" in order and order.get("cancel_time", known + 1) <= known
    ]
    sales = interval(asker, SETTLED)["sales"]
    assert sales["cancellations_and_returns"] >= len(cancelled)


@pytest.mark.parametrize("name", LISTS)
def test_no_row_of_a_report_ever_goes_away(asker, name):
    for day in (SETTLED, date(2026, 8, 3), date(2026, 7, 1)):
        first = {row["id"] for row in all_rows(as_of(asker, morning(day + timedelta(days=1))), name, day)}
        assert first == {row["id"] for row in all_rows(asker, name, day)} != set()


def test_a_day_later_there_is_one_more_day_and_the_last_three_have_changed(new_world):
    asker = new_world()
    query = {**span(date(2026, 9, 1), date(2026, 10, 1)), "granularity": "1D"}
    before = asker.ask("GET", SHOP, query)["performance"]["intervals"]
    rows = {name: [row["id"] for row in all_rows(asker, name, date(2026, 9, 1), LATEST)] for name in LISTS}
    asker.now += DAY
    answer = asker.ask("GET", SHOP, query)
    after = answer["performance"]["intervals"]
    assert answer["latest_available_date"] == "2026-09-21" == after[-1]["start_date"]
    assert len(after) == len(before) + 1
    changed = [old["start_date"] for old, new in zip(before, after, strict=False) if old != new]
    assert changed == ["2026-09-18", "2026-09-19", "2026-09-20"]
    for name, ids in rows.items():
        assert set(ids) == {row["id"] for row in all_rows(asker, name, date(2026, 9, 1), LATEST)}
        assert all_rows(asker, name, date(2026, 9, 21))


def test_two_worlds_of_one_seed_report_alike_and_others_do_not(new_world):
    def told(asker):
        week = (date(2026, 9, 14), LATEST)
        return [
            interval(asker, *week, shop=1),
            asker.ask("GET", HOURS.format(LATEST), shop=1),
            *(all_rows(asker, name, *week, shop=1) for name in LISTS),
            asker.ask("GET", SCORE),
        ]

    one, same, other = (told(new_world(seed=seed)) for seed in (7, 7, 8))
    assert one == same
    assert all(mine != theirs for mine, theirs in zip(one, other, strict=True))


@pytest.mark.parametrize("path", SORTS)
def test_lists_are_sorted_by_every_documented_field_both_ways(asker, path):
    query = {**span(date(2026, 9, 1), LATEST), **FIXED[path], "page_size": 100}
    for field, value in SORTS[path].items():
        falling = [value(row) for row in asker.pages("GET", path, ROWS[path], {**query, "sort_field": field})]
        assert falling == sorted(falling, reverse=True)
        rising = asker.pages("GET", path, ROWS[path], {**query, "sort_field": field, "sort_order": "ASC"})
        assert [value(row) for row in rising] == sorted(falling)
        assert falling[0] != falling[-1]


def test_lists_start_with_what_sold_best_unless_told_otherwise(asker):
    for path, sorts in SORTS.items():
        best = sorts.get("gmv") or sorts["live_attributed_gmv"]
        rows = asker.ask("GET", path, {**span(date(2026, 9, 1), LATEST), **FIXED[path]})[ROWS[path]]
        assert [best(row) for row in rows] == sorted(map(best, rows), reverse=True)


def test_products_and_skus_are_filtered_by_status_and_category(asker):
    live = {
        row["id"]: row["recommended_categories"][0]["id"]
        for row in asker.pages(
            "POST", "/product/202502/products/search", "products", {"page_size": 100}, {"status": "ACTIVATE"}
        )
    }
    query = {**span(date(2026, 6, 1), LATEST), "page_size": 100}
    for path, key in ((PRODUCTS, "id"), (SKUS, "product_id")):
        whole = [str(row[key]) for row in asker.pages("GET", path, ROWS[path], query)]
        for status, wanted in (("LIVE", True), ("INACTIVE", False)):
            found = asker.pages("GET", path, ROWS[path], {**query, "product_status_filter": status})
            assert [str(row[key]) for row in found] == [name for name in whole if (name in live) is wanted] != []
        leaf = live[next(name for name in whole if name in live)]
        found = asker.pages(
            "GET", path, ROWS[path], {**query, "category_filter": leaf, "product_status_filter": "LIVE"}
        )
        assert [str(row[key]) for row in found] == [name for name in whole if live.get(name) == leaf]


def test_a_category_stands_for_everything_below_it(asker):
    query = {**span(SETTLED), "page_size": 100}
    roots = ["600001", "601450", "601152", "601739"]
    counts = [asker.ask("GET", PRODUCTS, {**query, "category_filter": [root]})["total_count"] for root in roots]
    assert sum(counts) == asker.ask("GET", PRODUCTS, query)["total_count"]
    assert asker.ask("GET", PRODUCTS, {**query, "category_filter": roots})["total_count"] == sum(counts)
    assert asker.ask("GET", PRODUCTS, {**query, "category_filter": ["1"]})["total_count"] == 0


def test_skus_are_found_by_their_products(asker):
    whole = all_rows(asker, "sku_performance", date(2026, 9, 1), LATEST)
    wanted = {row["product_id"] for row in whole[:2]}
    found = asker.ask(
        "GET",
        SKUS,
        {**span(date(2026, 9, 1), LATEST), "product_ids": [str(number) for number in wanted], "page_size": 100},
    )
    assert [row["id"] for row in found["skus"]] == [row["id"] for row in whole if row["product_id"] in wanted]


def test_videos_and_sessions_are_told_apart_by_account(asker):
    week = span(date(2026, 9, 14), LATEST)
    everything = asker.pages("GET", VIDEOS, "videos", {**week, "account_type": "ALL", "page_size": 100})
    assert [row["id"] for row in everything] == [
        row["id"] for row in all_rows(asker, "video_performance", date(2026, 9, 14), LATEST)
    ]
    videos, sessions = [], []
    for account in ACCOUNTS:
        query = {**week, "account_type": account, "page_size": 100}
        author = account.removesuffix("_ACCOUNTS")
        of_account = asker.pages("GET", VIDEOS, "videos", query)
        lives = asker.pages("GET", LIVES, "live_stream_sessions", query)
        assert {row["creator"]["author_type"] for row in [*of_account, *lives]} == {author}
        assert all(("interaction_performance" in row) is (author != "AFFILIATE") for row in lives)
        videos += [row["id"] for row in of_account]
        sessions += [row["id"] for row in lives]
    assert sorted(videos) == sorted(row["id"] for row in everything)
    assert len(sessions) == len(set(sessions))


@pytest.mark.parametrize(("shop", "region"), [(0, "US"), (1, "GB")])
def test_a_session_takes_place_on_its_own_day_and_is_over(asker, shop, region):
    for row in all_rows(asker, "live_performance", SETTLED, shop=shop):
        start, end = int(row["start_time"]), int(row["end_time"])
        assert datetime.fromtimestamp(start, zone(region)).date() == SETTLED
        assert start < end < morning(SETTLED + timedelta(days=1), region=region)
    answer = asker.ask("GET", LIVES, {**span(LATEST), "account_type": "OFFICIAL_ACCOUNTS"}, shop=shop)
    assert int(answer["updated_at"]) == morning(date(2026, 9, 21), region=region) <= NOW


def test_a_video_is_watched_from_the_day_it_is_posted_on_for_some_weeks(asker):
    seen = {}
    for passed in range(40):
        day = SETTLED - timedelta(days=passed)
        for row in all_rows(asker, "video_performance", day):
            assert date.fromisoformat(row["video_post_time"]) <= day
            seen.setdefault(row["id"], []).append(day)
    whole = [days for days in seen.values() if max(days) < SETTLED and min(days) > SETTLED - timedelta(days=39)]
    assert {len(days) for days in whole} <= set(range(6, 22))
    assert max(map(len, whole)) > 10
    assert all((max(days) - min(days)).days + 1 == len(days) for days in whole)


def test_every_product_and_sku_of_a_report_is_one_of_the_shop(asker):
    titles = {}
    for status in ("ALL", "DELETED"):
        rows = asker.pages(
            "POST", "/product/202502/products/search", "products", {"page_size": 100}, {"status": status}, shop=1
        )
        titles |= {row["id"]: (row["title"], {sku["id"] for sku in row["skus"]}) for row in rows}
    whole = (date(2026, 8, 1), LATEST)
    products = {row["id"] for row in all_rows(asker, "product_performance", *whole, shop=1)}
    assert products <= titles.keys()
    for row in all_rows(asker, "sku_performance", *whole, shop=1):
        assert str(row["id"]) in titles[str(row["product_id"])][1]
        assert row["id"] > 2**53
    for row in all_rows(asker, "video_performance", *whole, shop=1):
        assert all(titles[product["id"]][0] == product["name"] for product in row["products"])
        assert row["products"]


@pytest.mark.parametrize(("shop", "region"), [(0, "US"), (1, "GB")])
def test_a_video_shows_only_products_that_were_there_when_it_was_posted(asker, shop, region):
    created = {}
    for status in ("ALL", "DELETED"):
        query, body = {"page_size": 100}, {"status": status}
        for row in asker.pages("POST", "/product/202502/products/search", "products", query, body, shop=shop):
            created[row["id"]] = datetime.fromtimestamp(row["create_time"], zone(region)).date()
    for row in all_rows(asker, "video_performance", date(2026, 5, 1), LATEST, shop=shop):
        posted = date.fromisoformat(row["video_post_time"])
        assert all(created[product["id"]] <= posted for product in row["products"])


def test_amounts_are_in_the_shops_currency_or_in_dollars(asker):
    for path in (SHOP, PRODUCTS, VIDEOS):
        local, dollars = (
            asker.ask("GET", path, {**span(SETTLED), **FIXED.get(path, {}), "currency": name}, shop=1)
            for name in ("LOCAL", "USD")
        )
        assert '"USD"' not in str(local).replace("'", '"')
        assert "GBP" not in str(dollars)
    (pounds,), (dollars,) = (
        asker.ask("GET", SHOP, {**span(SETTLED), "currency": name}, shop=1)["performance"]["intervals"]
        for name in ("LOCAL", "USD")
    )
    assert money(dollars["sales"]["gmv"]) == round(money(pounds["sales"]["gmv"]) * 100 / 79, 2)


def test_a_day_without_sales_has_traffic_but_no_averages(new_world):
    asker = new_world()
    found = asker.ask("GET", SHOP, {**span(date(2026, 5, 24), LATEST), "granularity": "1D"})["performance"]["intervals"]
    quiet = [day for day in found if not day["sales"]["orders_count"]]
    assert 0 < len(quiet) < len(found)
    for day in quiet:
        assert day["sales"]["gmv"]["amount"] == "0"
        assert "avg_order_value" not in day["sales"]
        assert "breakdowns" not in day
        assert day["traffic"]["product_clicks"] > 0
        assert day["traffic"]["avg_conversation_rate"] == "0"


def test_clocks_that_are_put_forward_leave_an_hour_out():
    london = Calendar(zone("GB"), date(2026, 1, 1), date(2026, 12, 31))
    assert london.hours(date(2026, 3, 29)) == [0, *range(2, 24)]
    assert london.hours(date(2026, 10, 25)) == london.hours(date(2026, 6, 1)) == list(range(24))
    assert london.midnight(date(2026, 3, 30)) - london.midnight(date(2026, 3, 29)) == 23 * HOUR


def test_the_calendar_begins_with_the_day_the_shops_life_began(asker):
    days = calendar(asker.world, asker.world.shops[0], NOW)
    born = datetime.fromtimestamp(NOW - 120 * DAY + 1, zone("US")).date()
    assert (days.first, days.latest, len(days.all)) == (born, LATEST, 120)
    assert days.among(LATEST, date(2030, 1, 1)) == [LATEST]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"start_date_ge": None}, "StartDateGe is a required field"),
        ({"end_date_lt": None}, "EndDateLt is a required field"),
        ({"start_date_ge": "20260901"}, "param start_date_ge is invalid"),
        ({"end_date_lt": "2026-09-31"}, "param end_date_lt is invalid"),
        ({"end_date_lt": "2026-09-01"}, "EndDateLt must be later than StartDateGe"),
        ({"currency": "EUR"}, "Currency is invalid"),
    ],
)
@pytest.mark.parametrize("path", [SHOP, *SORTS])
def test_reports_insist_on_a_range_of_dates(asker, path, query, words):
    asked = {"start_date_ge": "2026-09-01", "end_date_lt": "2026-09-03", **FIXED.get(path, {}), **query}
    with pytest.raises(ApiError, match=words) as refused:
        asker.ask("GET", path, {name: value for name, value in asked.items() if value})
    assert (refused.value.code, refused.value.http) == (36009004, 400)


@pytest.mark.parametrize("path", SORTS)
def test_lists_refuse_what_they_do_not_know(asker, path):
    fixed = {**span(SETTLED), **FIXED[path]}
    for query in (
        {"page_size": 0},
        {"page_size": 101},
        {"sort_field": "update_time"},
        {"sort_order": "desc"},
        {"page_token": "b+/xAAAA"},
    ):
        with pytest.raises(ApiError) as refused:
            asker.ask("GET", path, {**fixed, **query})
        assert refused.value.code == 36009004


def test_a_page_token_is_good_for_its_own_days_only(asker):
    token = asker.ask("GET", PRODUCTS, span(SETTLED))["next_page_token"]
    assert asker.ask("GET", PRODUCTS, {**span(SETTLED), "page_token": token})["products"]
    with pytest.raises(ApiError, match="PageToken is invalid"):
        asker.ask("GET", PRODUCTS, {**span(LATEST), "page_token": token})


@pytest.mark.parametrize("query", [{}, {"account_type": "ALL"}, {"account_type": "OFFICIAL"}])
def test_sessions_insist_on_one_of_three_types_of_accounts(asker, query):
    with pytest.raises(ApiError, match="AccountType is"):
        asker.ask("GET", LIVES, {**span(SETTLED), **query})


@pytest.mark.parametrize("day", ["yesterday", "2026-9-10", "2026-09-31"])
def test_hours_are_those_of_a_date(asker, day):
    with pytest.raises(ApiError, match="param date is invalid"):
        asker.ask("GET", HOURS.format(day))


def test_the_score_is_made_of_its_dimensions_and_of_the_last_thirty_days(asker):
    score = asker.ask("GET", SCORE)
    weighted = sum(Decimal(part["score"]) * Decimal(part["weight"]) for part in score["dimensions"])
    assert Decimal(score["sps_score"]) == weighted.quantize(Decimal("0.01"), rounding="ROUND_DOWN")
    assert sum(Decimal(part["weight"]) for part in score["dimensions"]) == 1
    assert score["end_evaluation_time"] == morning(date(2026, 9, 21), 0)
    assert score["start_evaluation_time"] == morning(date(2026, 8, 22), 0)
    assert score["update_time"] == morning(date(2026, 9, 21)) <= NOW
    assert all(
        benefit["is_unlocked"] is (Decimal(score["sps_score"]) >= Decimal(benefit["unlock_score"]))
        for benefit in score["benefits"]
    )
    worst = min(score["dimensions"], key=lambda part: Decimal(part["score"]))
    assert score["top_issues"]["issues"][0]["metric_code"] == METRICS[worst["name"]]


def test_the_score_speaks_the_sellers_language_and_english_where_it_cannot(asker):
    english, spanish, other = (asker.ask("GET", SCORE, {"locale": name}) for name in ("en-US", "es-MX", "th-TH"))
    assert english == other == asker.ask("GET", SCORE)
    assert spanish["sps_score"] == english["sps_score"]
    assert spanish["sps_tier_text"] != english["sps_tier_text"]


def test_the_score_changes_from_day_to_day(asker):
    mornings = [as_of(asker, NOW - DAY * passed).ask("GET", SCORE) for passed in range(4)]
    assert len({str(score["dimensions"]) for score in mornings}) == 4


def test_a_shop_without_orders_has_no_score(new_world):
    asker = new_world(orders=0)
    score = asker.ask("GET", SCORE)
    assert not asker.ask("GET", SCORE_METRICS).get("metrics")
    assert "sps_score" not in score
    assert score["evaluate_duration_days"] == 30


def test_each_dimension_of_the_score_has_a_metric_with_its_points_and_where_they_come_from(asker):
    score = asker.ask("GET", SCORE)
    metrics = asker.ask("GET", SCORE_METRICS)["metrics"]
    assert [(metric["dimension"], metric["metric_code"]) for metric in metrics] == list(METRICS.items())
    for metric, part in zip(metrics, score["dimensions"], strict=True):
        assert (metric["score"], metric["status"]) == (part["score"], part["status"])
        assert metric["end_evaluation_time"] == score["end_evaluation_time"]
        assert ("top_reason_text" in metric) is (metric["status"] != "EXCELLENT")
    window = (asker.world.shops[0].number, score["start_evaluation_time"], score["end_evaluation_time"])
    returns, orders = (
        asker.world.total(
            f"SELECT count(*) FROM {table} WHERE shop = ? AND create_time >= ? AND create_time < ?", window
        )
        for table in ("returns", "orders")
    )
    assert Decimal(metrics[0]["value"]) == (Decimal(100 * returns) / orders).quantize(Decimal("0.01"), "ROUND_DOWN")


@pytest.mark.parametrize("passed", range(4))
def test_the_benchmarks_of_a_metric_say_whether_it_is_excellent_or_poor(asker, passed):
    for metric in as_of(asker, NOW - DAY * passed).ask("GET", SCORE_METRICS)["metrics"]:
        value = Decimal(metric["value"])
        excellent, poor = (Decimal(metric["benchmarks"][f"{name}_threshold"]) for name in ("excellent", "poor"))
        sign = 1 if excellent > poor else -1
        assert (sign * value >= sign * excellent) is (metric["status"] == "EXCELLENT")
        assert (sign * value < sign * poor) is (metric["status"] == "POOR")


def test_the_score_exists_in_the_united_states_only(asker):
    for path in (SCORE, SCORE_METRICS):
        assert Router(all_endpoints()).find(path).endpoints["GET"].markets == {"US"}
    for path in (SHOP, *SORTS, HOURS.format("x")):
        assert Router(all_endpoints()).find(path).endpoints["GET"].markets is None
    counts = row_counts(asker.world)
    assert [counts[shop.id]["shop_score"] for shop in asker.world.shops] == [1, 0]
    assert [counts[shop.id]["shop_score_metrics"] for shop in asker.world.shops] == [3, 0]


def test_reports_need_the_scope_for_analytics():
    reports = [endpoint for endpoint in all_endpoints() if endpoint.path.startswith("/analytics/")]
    assert {endpoint.scope for endpoint in reports} == {"data.shop_analytics.public.read"}
    hours = HOURS.format("{date}")
    assert {SHOP, hours, PRODUCTS, SKUS, VIDEOS, LIVES, SCORE, SCORE_METRICS} <= {endpoint.path for endpoint in reports}
