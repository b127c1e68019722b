"""What would harm the owner of a shop, had it been sent: each is held back in the plan and in the run alike."""

import pytest
from fairs import CREATE, END, PRODUCTS

FREE = {
    "shipping_discount": {"threshold_type": "MINIMAL_ORDER_AMOUNT", "threshold_value": "30", "type": "FREE_SHIPPING"}
}


def terms(percent):
    tier = {"threshold_type": "MINIMAL_ITEM_QUANTITY", "threshold_value": "2", "type": "PERCENTAGE_OFF"}
    return {"bmsm_discount": {"details": [{**tier, "value": str(percent)}]}}


def both(fair, *records, **config):
    """The outcomes of the plan, those of the run, and what the run wrote."""
    config = {"max_rejected_percent": 100, **config}
    plan = fair.feed(*records, dry_run=True, **config)
    run = fair.feed(*records, **config)
    return plan.outcomes, run.outcomes, run.writes


def test_terms_that_are_too_good_hold_back_all_records_of_their_activity(fair):
    products = [row["id"] for row in fair.free[:2]]
    first = fair.activity(kind="BUY_MORE_SAVE_MORE", discount=terms(60), product_id=products[0])
    guarded = [("guarded", "max_discount_percent")] * 2
    records = first, {"activity_key": "autumn", "product_id": products[1]}
    assert both(fair, *records) == (guarded, guarded, {})
    live = {**first, "discount": terms(60)}
    assert fair.feed(live, max_discount_percent=70).outcomes == [("applied", None)]
    assert both(fair, records[1]) == (guarded[:1], guarded[:1], {})  # they are the live activity's by now


@pytest.mark.parametrize(
    ("cost", "more"),
    [("100000", {}), ("0", {}), (None, {}), (None, {"product_id": None, "product_level": "SHOP"})],
)
def test_terms_leave_the_margin_that_must_be_left(fair, cost, more):
    record = {"product_id": fair.free[0]["id"], "cost": cost, **more}
    record = fair.activity(kind="BUY_MORE_SAVE_MORE", discount=terms(40), **record)
    guarded = [("guarded", "min_margin_percent")]
    assert both(fair, record, min_margin_percent=20) == (guarded, guarded, {})


def test_terms_keep_to_the_lowest_price_that_the_seller_has_set(fair):
    record = fair.activity(kind="BUY_MORE_SAVE_MORE", discount=terms(40), product_id=fair.free[0]["id"])
    lowest = min(sku["price"]["sale_price"] for sku in fair.free[0]["skus"])
    guarded = [("guarded", "min_price")]
    assert both(fair, record, min_price={"USD": lowest}) == (guarded, guarded, {})


@pytest.mark.parametrize(
    ("part", "given"),
    [
        ("bxgy_discount", {"discount_type": "AMOUNT_OFF_EACH", "discount_value": "30", "threshold_value": "100"}),
        ("bmsm_discount", {"details": [{"type": "AMOUNT_OFF", "value": "60", "threshold_value": "-10"}]}),
        ("bmsm_discount", {"details": [{"type": "AMOUNT_OFF", "value": "60", "threshold_value": "0"}]}),
        ("bmsm_discount", {"details": [{"type": "PERCENTAGE_OFF", "value": "-60", "threshold_value": "10"}]}),
        ("bmsm_discount", {"details": [{"type": "PERCENTAGE_OFF", "value": "NaN", "threshold_value": "10"}]}),
    ],
)
def test_terms_that_do_not_say_how_much_is_off_are_held_back(fair, part, given):
    for tier in given.get("details", [given]):
        tier["threshold_type"] = "MINIMAL_ORDER_AMOUNT"
    kind = "BUY_X_GET_Y" if part == "bxgy_discount" else "BUY_MORE_SAVE_MORE"
    run = fair.feed(
        fair.activity(kind=kind, discount={part: given}, product_id=fair.free[0]["id"]), max_rejected_percent=100
    )
    assert (run.outcomes, run.writes) == ([("guarded", "max_discount_percent")], {})
    assert "do not say how much is off" in run.row["message"]


def test_terms_in_small_letters_are_the_same_terms(fair):
    small = {"details": [{**terms(60)["bmsm_discount"]["details"][0], "type": "percentage_off"}]}
    record = fair.activity(kind="BUY_MORE_SAVE_MORE", discount={"bmsm_discount": small}, product_id=fair.free[0]["id"])
    run = fair.feed(record, max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("guarded", "max_discount_percent")], {})
    assert "60" in run.row["message"]


def test_an_activity_that_gives_products_says_in_plan_and_run_that_none_is_named(fair):
    terms = {"bxgy_discount": {"discount_type": "FREE"}}
    record = fair.activity(kind="BUY_X_GET_Y", discount=terms, product_id=fair.free[0]["id"])
    said = "it names no products that buyers are given, which records cannot say: add them in Seller Center"
    planned, done = (fair.feed(record, dry_run=dry_run, max_discount_percent=100) for dry_run in (True, False))
    assert [(run.outcomes, run.row["message"]) for run in (planned, done)] == [
        ([("planned", None)], said),
        ([("applied", None)], said),
    ]
    again = fair.feed({**record, "title": record["title"] + "!"}, max_discount_percent=100)
    assert (again.outcomes, again.row["message"]) == ([("applied", None)], None)


def test_a_cost_of_nothing_says_nothing_of_the_margin(fair):
    guarded = [("guarded", "min_margin_percent")]
    assert both(fair, *fair.flat(fair.sku(0, cost=0)), min_margin_percent=1) == (guarded, guarded, {})


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"products": []}, "no product is named"),
        ({"products": "[]"}, "no product is named"),
        ({"product_id": ""}, "no product is named"),
        ({"product_id": ["1729119848721713437"]}, "product_id must be an id"),
        ({"product_id": 1.5e18}, "product_id must be an id"),
        ({"product_id": "1.72912E+18"}, "product_id must be an id"),
        ({"products": [{"name": "Mug"}]}, "name product_id, sku_id or seller_sku"),
        ({"products": [{"id": "1", "skus": "MUG"}]}, "skus is not JSON"),
        ({"products": [{"id": "1", "skus": [5]}]}, "skus must be a list of objects"),
        ({"products": "[" * 100_000}, "products is not JSON"),
        ({"begin_time": "9" * 5_000}, "begin_time must be a time"),
        ({"participation_limit": [{"kind": "ONE"}]}, "participation_limit must be one of"),
        (
            {"discount": {"shipping_discount": {**FREE["shipping_discount"], "type": "FREE"}}},
            "shipping_discount.type must",
        ),
        ({"target_user_info": "everybody"}, "target_user_info must be one of ALL_USER, SHOP_EXISTING_CUSTOMER"),
        ({"title": "Free\npostage"}, "title has a line break"),
    ],
)
def test_what_names_no_product_is_never_the_whole_shop(fair, named, words):
    record = {**fair.activity(kind="SHIPPING_DISCOUNT", discount=FREE), **named}
    run = fair.feed(record, max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "bad_promotion")], {})
    assert words in run.row["message"]


def test_only_the_skus_that_may_be_sent_go_into_a_promotion(fair):
    (one, own), (other, second) = next((a, b) for a in fair.skus for b in fair.skus if a[0]["id"] != b[0]["id"])
    offers = [{"id": row["id"], "skus": [{"id": sku["id"], "activity_price": fair.price(sku)}]}
              for row, sku in ((one, own), (other, second))]  # fmt: skip
    guarded = [("guarded", "allow_skus")]
    assert both(fair, fair.activity(products=offers), allow_skus=[own["id"]]) == (guarded, guarded, {})
    many = next(row for row in fair.free if len(row["skus"]) > 1)
    whole = fair.activity(kind="DIRECT_DISCOUNT", products=[{"id": many["id"], "discount_percent": 20}])
    assert both(fair, whole, allow_skus=[many["skus"][0]["id"]]) == (guarded, guarded, {})
    run = fair.feed(whole, allow_skus=[sku["id"] for sku in many["skus"]])
    assert run.outcomes == [("applied", None)]


def test_an_activity_that_is_named_in_two_ways_gets_one_price(fair):
    fair.feed(*fair.flat(fair.sku(0)))
    made = fair.named()["activity_id"]
    records = {"activity_key": "autumn", **fair.sku(0, 25)}, {"activity_id": made, **fair.sku(0, 30)}
    plan, run, writes = both(fair, *records)
    assert (plan, run, writes) == (
        [("planned", None), ("rejected", "named_twice")],
        [("applied", None), ("rejected", "named_twice")],
        {PRODUCTS: 1},
    )


def test_one_record_ends_the_activity_for_all_and_none_is_put_in_on_the_way(fair):
    fair.feed(*fair.flat(fair.sku(0)))
    records = {"activity_key": "autumn", "status": "ended"}, {"activity_key": "autumn", **fair.sku(1)}
    plan, run, writes = both(fair, *records)
    assert (plan, run, writes) == ([("planned", None)] * 2, [("applied", None)] * 2, {END: 1})


@pytest.mark.parametrize("states", [("ended", "active"), ("active", "ended")])
def test_records_that_disagree_whether_an_activity_ends_do_not_end_it(fair, states):
    fair.feed(*fair.flat(fair.sku(0)))
    records = [{"activity_key": "autumn", **fair.sku(place), "status": state} for place, state in enumerate(states)]
    rejected = [("rejected", "bad_promotion")] * 2
    assert both(fair, *records) == (rejected, rejected, {})


def test_numbers_that_the_shop_does_not_have_are_each_told(fair):
    offers = [{"seller_sku": number, "activity_price": "1"} for number in ("NO-1", "NO-2")]
    run = fair.feed(*fair.flat(*offers), max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "bad_promotion")] * 2, {})


def test_an_activity_that_the_platform_does_not_show_is_not_made_again(fair, monkeypatch):
    fair.feed(*fair.flat(fair.sku(0)))
    changed = {**fair.activity("Autumn sale, longer"), **fair.sku(0, 30)}
    from target_tiktokshop.promotions import finding

    class Blank:
        def __init__(self, run):
            self.client = self
            self.run = run

        def call(self, operation, **more):
            answer = self.run.client.call(operation, **more)
            answer.data.clear()
            return answer

    real = finding.read_activity
    monkeypatch.setattr("target_tiktokshop.streams.promotions.read_activity", lambda run, *ids: real(Blank(run), *ids))
    run = fair.feed(changed, max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "odd_answer")], {})
    monkeypatch.undo()
    assert [row["title"] for row in fair.listed() if row["title"].startswith("Autumn")] == ["Autumn sale"]
    assert fair.feed(changed).outcomes == [("applied", None)]
    assert CREATE not in fair.feed(changed).writes


def test_a_table_that_touches_more_promotions_than_a_run_may_sends_nothing_whatever_it_does_to_them(fair):
    names = ("Spring", "Summer", "Autumn", "Winter")
    made = [{**fair.activity(name), "activity_key": name, **fair.sku(n)} for n, name in enumerate(names)]
    more = {**fair.sku(4), "activity_key": names[0]}  # a second SKU makes no second promotion
    guarded = [("guarded", "max_promotions")] * 5
    plan = fair.feed(*made, more, max_promotions=3, dry_run=True)
    run = fair.feed(*made, more, max_promotions=3)
    assert (run.outcomes, run.writes) == (guarded, {})
    assert "4 promotions would be made, changed or ended, more than max_promotions (3)" in str(run.error)
    assert {row["stopped_by"] for row in plan.rows} == {"max_promotions"}
    assert fair.feed(*made, more, max_promotions=4).outcomes == [("applied", None)] * 5
    ways = [{"status": "ended"}, {"end_time": fair.time(7_200)}, {**fair.sku(2), "removed": True}, fair.sku(3, 40)]
    harm = [{"activity_key": name, **way} for name, way in zip(names, ways, strict=True)]
    assert (found := fair.feed(*harm, max_promotions=3, batch_size_rows=3)).outcomes == [
        *([("applied", None)] * 3),
        guarded[0],
    ], found.error
    assert fair.offers(fair.named("Winter")) == {made[3]["sku_id"]: made[3]["activity_price"]}
    assert fair.feed(*made[3:], max_promotions=0).outcomes == [("unchanged", None)]
