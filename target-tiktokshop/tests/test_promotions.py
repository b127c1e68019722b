"""Promotions fed to a sandbox shop, and what became of them."""

import csv
import json
import time
from decimal import Decimal
from pathlib import Path

import pytest
from fairs import CREATE, DAY, END, HOUR, PRODUCTS, REMOVE, UPDATE, Fair
from target_tiktokshop.promotions.difference import put_body, update_body
from target_tiktokshop.promotions.reading import read
from target_tiktokshop.promotions.shapes import ACTIVITY
from target_tiktokshop.promotions.wanted import WantedOffer
from target_tiktokshop.table import messages
from target_tiktokshop.writing.keys import Keys
from target_tiktokshop.writing.shaped import ShapeError
from tiktokshop_client import operations

FACTS = Path(__file__).parents[2] / "facts"


def keys_of(fair):
    return Keys(fair.folder / "promotion-keys.sqlite")


def test_rows_of_a_flat_table_become_one_activity_and_a_second_run_writes_nothing(fair):
    rows = fair.flat(fair.sku(0), fair.sku(1, 30, quantity_per_user=2), fair.sku(2))
    run = fair.feed(*rows)
    assert run.outcomes == [("applied", None)] * 3, [row["message"] for row in run.rows]
    assert run.writes == {CREATE: 1, PRODUCTS: 1}
    live = fair.named()
    assert fair.offers(live) == {row["sku_id"]: row["activity_price"] for row in rows}
    assert (live["status"], live["product_level"], live["activity_type"]) == ("NOT_START", "VARIATION", "FIXED_PRICE")
    assert {row["after"]["activity_id"] for row in run.rows} == {live["activity_id"]}
    again = fair.feed(*rows)
    assert (again.outcomes, again.writes) == ([("unchanged", None)] * 3, {})


def test_a_record_with_a_list_of_products_becomes_an_activity_that_is_changed_and_ended(fair):
    first, second, third = (row["id"] for row in fair.free[:3])
    record = fair.activity(
        kind="DIRECT_DISCOUNT",
        products=[{"id": first, "discount": "10"}, {"product_id": second, "discount_percent": 25}],
    )
    run = fair.feed(record)
    assert (run.outcomes, run.writes) == ([("applied", None)], {CREATE: 1, PRODUCTS: 1}), run.row["message"]
    assert fair.offers(fair.named()) == {first: "10", second: "25"}
    changed = {"activity_key": "autumn", "title": "Autumn sale, longer", "end_time": fair.time(5 * DAY)}
    changed["products"] = [{"id": second, "removed": True}, {"id": third, "discount": "15"}]
    run = fair.feed(changed)
    assert (run.outcomes, run.writes) == ([("applied", None)], {UPDATE: 1, REMOVE: 1, PRODUCTS: 1}), run.row["message"]
    live = fair.named("Autumn sale, longer")
    assert fair.offers(live) == {first: "10", third: "15"}
    assert live["end_time"] == fair.now + 5 * DAY
    run = fair.feed({"activity_key": "autumn", "status": "ended"})
    assert (run.outcomes, run.writes) == ([("applied", None)], {END: 1})
    assert fair.shown(live["activity_id"])["status"] == "DEACTIVATED"
    over = fair.feed({"activity_key": "autumn", "status": "ended"})
    assert (over.outcomes, over.writes) == ([("unchanged", None)], {})
    over = fair.feed({"activity_key": "autumn", "title": "Again"}, max_rejected_percent=100)
    assert (over.outcomes, over.writes) == ([("rejected", "activity_over")], {})


def test_what_a_record_does_not_name_stays_as_it_is(fair):
    fair.feed(*fair.flat(fair.sku(0, quantity_per_user=2, quantity_limit=5), fair.sku(1)))
    before = fair.named()
    run = fair.feed({"activity_key": "autumn", **fair.sku(0, 30)})
    assert (run.outcomes, run.writes) == ([("applied", None)], {PRODUCTS: 1})
    after = fair.named()
    changed, other = (sku for row in after["products"] for sku in row["skus"])
    assert changed["activity_price"]["amount"] == fair.price(fair.skus[0][1], 30)
    assert (changed["quantity_limit"], changed["quantity_per_user"]) == (5, 2)
    assert other == before["products"][-1]["skus"][-1]
    same = ("title", "begin_time", "end_time", "activity_type", "product_level")
    assert [after[name] for name in same] == [before[name] for name in same]


def test_what_a_live_activity_shows_in_other_types_is_repeated_in_those_of_the_call():
    terms = {"threshold_type": "MINIMAL_ORDER_AMOUNT", "threshold_value": 30, "type": "FREE_SHIPPING", "odd": 1}
    live = {
        "title": "Spring",
        "activity_type": "SHIPPING_DISCOUNT",
        "begin_time": "1790000000",
        "end_time": 1790100000,
        "duration_type": None,
        "product_level": "SHOP",
        "participation_limit": [],
        "discount": {"shipping_discount": terms, "bmsm_discount": None},
    }
    body = update_body(live, {"title": "Summer", "discount": {"shipping_discount": {"threshold_value": "40"}}})
    assert body == {
        "title": "Summer",
        "begin_time": 1790000000,
        "end_time": 1790100000,
        "product_level": "SHOP",
        "discount": {
            "shipping_discount": {
                "threshold_type": "MINIMAL_ORDER_AMOUNT",
                "threshold_value": "40",
                "type": "FREE_SHIPPING",
            }
        },
    }
    with pytest.raises(ShapeError, match="end_time must be a whole number"):
        update_body({**live, "end_time": "soon"}, {})
    with pytest.raises(ShapeError, match="duration_type must be one of INDEFINITE, NORMAL"):
        update_body({**live, "duration_type": "WEEKENDS"}, {})


def test_the_words_that_a_call_about_an_activity_takes_are_those_of_its_description():
    rows = map(json.loads, (FACTS / "operations.jsonl").read_text(encoding="utf-8").splitlines())
    path = "/promotion/202309/activities/{activity_id}"
    [described] = [row["body"] for row in rows if (row["method"], row["path"]) == ("PUT", path)]
    assert dict(words_of(ACTIVITY)) == {
        path: words
        for path, words in words_described(described)
        if not path.endswith(".value") and not path.endswith("_value")  # there it says when they are needed
    }


def words_of(shape, path=""):
    if isinstance(shape, frozenset):
        yield path, shape
    elif isinstance(shape, list):
        yield from words_of(shape[0], path)
    elif not isinstance(shape, type):
        for name, inner in shape.items():
            yield from words_of(inner, f"{path}.{name}")


def words_described(part, path=""):
    if part.get("values"):
        yield path, frozenset(part["values"])
    yield from words_described(part["items"], path) if "items" in part else ()
    for name, inner in part.get("properties", {}).items():
        yield from words_described(inner, f"{path}.{name}")


def test_a_sku_that_is_shown_without_its_product_is_not_put_into_a_promotion(fair):
    def after(path, answer):
        for product in answer["data"]["products"] if path.endswith("/products/search") else ():
            product["id"] = None
        return answer

    fair.now = int(time.time())  # what passes between has this machine's date
    with fair.lab.between(after=after):
        run = fair.feed(*fair.flat(fair.sku(0)), max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "bad_promotion")], {})
    assert "without its product: look at it in Seller Center" in run.row["message"]


def test_a_limit_that_the_shop_does_not_show_is_not_made_up():
    live = {"product_level": "PRODUCT", "products": [{"id": "1", "discount": "10", "quantity_per_user": 3}]}
    offer = WantedOffer(product_id="1", percent=15)
    (row,) = put_body("DIRECT_DISCOUNT", "PRODUCT", live, [offer])["products"]
    assert row == {"id": "1", "discount": "15", "quantity_per_user": 3, "skus": []}
    (fresh,) = put_body("DIRECT_DISCOUNT", "PRODUCT", {}, [offer])["products"]
    assert (fresh["quantity_limit"], fresh["quantity_per_user"]) == (-1, -1)


def test_terms_are_sent_in_the_types_of_the_call_and_misspelt_ones_are_faults():
    tier = {"tier": "1", "threshold_value": 2, "type": "PERCENTAGE_OFF", "value": 12.5}
    wanted = read({"discount": {"bmsm_discount": {"details": [tier]}}})
    assert wanted.fields["discount"]["bmsm_discount"]["details"] == [
        {"tier": 1, "threshold_value": "2", "type": "PERCENTAGE_OFF", "value": "12.5"}
    ]
    odd = read({"discount": {"bmsm_discount": {"details": [{**tier, "treshold_type": "X"}]}}})
    assert odd.faults == ["discount has fields that the platform does not know: bmsm_discount.details.treshold_type"]
    wrong = read({"discount": {"bmsm_discount": {"details": [{**tier, "tier": "first"}]}}})
    assert wrong.faults == [
        "discount is not as the platform takes it: bmsm_discount.details.tier must be a whole number"
    ]


@pytest.mark.slow
def test_a_table_of_200_skus_becomes_one_promotion_in_two_calls(lab_of, tmp_path):
    with lab_of(orders=3_000, shops=1) as lab:
        put_200_skus_on_offer(Fair(lab), tmp_path)
        assert sum(len(row["skus"]) for row in Fair(lab).named()["products"]) == 200


def put_200_skus_on_offer(fair, tmp_path):
    table = tmp_path / "promotion.csv"
    once = ("title", "activity_type", "begin_time", "end_time")
    skus = [sku for _, sku in fair.skus if sku["seller_sku"]][:200]
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["activity_key", *once, "seller_sku", "activity_price", "currency", "cost"])
        for number, sku in enumerate(skus):
            said = [fair.activity()[name] if number == 0 else "" for name in once]
            writer.writerow(["autumn", *said, sku["seller_sku"], fair.price(sku), "USD", "0.10"])
    lines = "".join(f"{json.dumps(message)}\n" for message in messages("promotions", table))
    keys = str(tmp_path / "keys.sqlite")
    plan = fair.lab.run(lines, dry_run=True, promotion_keys_path=keys, shop_ids=[fair.lab.us.id])
    run = fair.lab.run(lines, promotion_keys_path=keys, shop_ids=[fair.lab.us.id])
    assert plan.outcomes == [("planned", None)] * 200
    assert (run.outcomes, run.writes) == ([("applied", None)] * 200, {CREATE: 1, PRODUCTS: 1})
    assert fair.offers(fair.named()) == {sku["id"]: fair.price(sku) for sku in skus}


BAD = (
    ({"title": "t" * 51}, "title may have 50 characters, and has 51"),
    ({"activity_type": "COUPON"}, "coupons can only be read (stream coupons of the tap)"),
    ({"activity_type": "SALE"}, "activity_type must be one of BUY_MORE_SAVE_MORE, BUY_X_GET_Y, DIRECT_DISCOUNT"),
    ({"activity_type": None}, "activity_type is missing, which a new activity needs"),
    ({"begin_time": "2026-05-01T00:00:00Z"}, "begin_time is in the past"),
    ({"begin_time": "2026-06-02 09:00"}, "begin_time must be a time with its offset"),
    ({"end_time": None}, "end_time is missing, which a new activity needs"),
    ({"end_time": "2026-06-01T12:30:00Z"}, "end_time must be after begin_time"),
    ({"product_level": "SHOP"}, "product_level SHOP is not for FIXED_PRICE"),
    ({"product_level": "PRODUCT"}, "the whole product has one price: name product_id, and no SKU"),
    ({"duration_type": "INDEFINITE"}, "duration_type INDEFINITE is for SHIPPING_DISCOUNT only"),
    ({"status": "paused"}, "status must be active or ended"),
    ({"discount": {"bmsm_discount": {}}}, "a discount with terms is not for FIXED_PRICE"),
    ({"activity_price": None}, "activity_price is missing"),
    ({"activity_price": None, "discount_percent": 20}, "discount_percent is not for FIXED_PRICE: give activity_price"),
    ({"activity_price": "0"}, "activity_price must be above 0"),
    ({"activity_price": "1.999"}, "activity_price has more decimals than USD has"),
    ({"activity_price": "99999"}, "is not below the price of"),
    ({"currency": "GBP"}, "it is sold in USD, not in GBP"),
    ({"quantity_limit": 100}, "quantity_limit must be 1 to 99, or -1 for no limit"),
    ({"quantity_per_user": 0}, "quantity_per_user must be 1 to 99, or -1 for no limit"),
    ({"cost": "-1"}, "cost must not be negative"),
    ({"removed": "maybe"}, "removed must be true or false"),
    ({"sku_id": "1"}, "has no SKU 1: check sku_id"),
    ({"sku_id": None, "seller_sku": "NOBODY"}, "the shop has no SKU with this number: check seller_sku"),
    ({"activity_type": "DIRECT_DISCOUNT"}, "activity_price is not for DIRECT_DISCOUNT: give discount_percent"),
    (
        {"activity_type": "BUY_MORE_SAVE_MORE"},
        'discount is missing, which says the terms: an object with "bmsm_discount"',
    ),
)


def test_a_bad_record_has_one_outcome_that_names_every_fault_and_nothing_is_sent(fair):
    records = [
        {
            k: v
            for k, v in {**fair.activity(f"Sale {n}"), "activity_key": str(n), **fair.sku(0), **bad}.items()
            if v is not None
        }
        for n, (bad, _) in enumerate(BAD)
    ]
    worst = {
        **fair.activity("t" * 60, "FIXED_PRICE"),
        "activity_key": "worst",
        **fair.sku(0),
        "quantity_limit": 500,
        "cost": "much",
    }
    worst["begin_time"] = "tomorrow"
    run = fair.feed(*records, worst, max_rejected_percent=100)
    assert run.writes == {}
    assert set(run.outcomes) == {("rejected", "bad_promotion")}
    missing = [
        (bad, row["message"]) for (bad, words), row in zip(BAD, run.rows, strict=False) if words not in row["message"]
    ]
    assert missing == []
    words = ("title may have", "begin_time must be", "quantity_limit must be", "cost must be a decimal number")
    assert [word for word in words if word not in run.rows[-1]["message"]] == []


def test_the_records_of_one_activity_must_not_contradict_one_another_and_two_activities_have_two_titles(fair):
    rows = fair.flat(fair.sku(0), {**fair.sku(1), "title": "Another"})
    run = fair.feed(*rows, max_rejected_percent=100)
    assert run.outcomes == [("rejected", "bad_promotion")] * 2
    assert "title differs among the records of the activity" in run.rows[0]["message"]
    twins = [{**fair.activity(), "activity_key": key, **fair.sku(place)} for place, key in enumerate("ab")]
    run = fair.feed(*twins, max_rejected_percent=100)
    assert sorted(outcome for outcome, _ in run.outcomes) == ["applied", "rejected"]
    assert sum("and no two may have the same" in (row["message"] or "") for row in run.rows) == 1


GUARDED = (
    ({"activity_price": 60}, {}, "max_discount_percent", "60.0 % off from"),
    (
        {"activity_price": 20},
        {"max_discount_percent": 15},
        "max_discount_percent",
        "is more than max_discount_percent (15 %)",
    ),
    ({"activity_price": 20, "cost": 90}, {}, "min_margin_percent", "less than min_margin_percent (0 %)"),
    (
        {"activity_price": 20, "cost": 70},
        {"min_margin_percent": 20},
        "min_margin_percent",
        "less than min_margin_percent (20 %)",
    ),
    ({"activity_price": 20}, {"min_margin_percent": 1}, "min_margin_percent", "the record has no cost"),
    ({"activity_price": 20}, {"min_price": {"USD": "5000"}}, "min_price", "is below min_price (5000 USD)"),
    ({"activity_price": 20}, {"max_price": {"USD": "0.01"}}, "max_price", "is above max_price (0.01 USD)"),
)


@pytest.mark.parametrize(("offer", "config", "guard", "words"), GUARDED)
def test_a_guard_holds_a_promotion_back_before_any_call_by_price_and_by_percentage(fair, offer, config, guard, words):
    product, sku = fair.skus[0]
    normal = Decimal(sku["price"]["sale_price"])
    shares = {name: value if name == "activity_price" else str(normal * value / 100) for name, value in offer.items()}
    percent = shares.pop("activity_price")
    flat = {**fair.activity(), **fair.sku(0, percent), **shares}
    nested = fair.activity("By percent", "DIRECT_DISCOUNT", activity_key="other", product_level="VARIATION")
    nested["products"] = [{"id": product["id"], "skus": [{"id": sku["id"], "discount": str(percent), **shares}]}]
    run = fair.feed(flat, nested, **{"max_rejected_percent": 100, **config})
    assert (run.outcomes, run.writes) == ([("guarded", guard)] * 2, {})
    assert words in run.rows[0]["message"]


def test_sku_lists_and_terms_are_guarded_too(fair):
    sku = fair.skus[0][1]["id"]
    run = fair.feed(*fair.flat(fair.sku(0), fair.sku(1)), deny_skus=[sku])
    assert run.outcomes == [("guarded", "deny_skus"), ("applied", None)]
    tiers = [
        {
            "tier": 1,
            "threshold_type": "MINIMAL_ITEM_QUANTITY",
            "threshold_value": "2",
            "type": "PERCENTAGE_OFF",
            "value": "60",
        }
    ]
    record = fair.activity(
        "Two", "BUY_MORE_SAVE_MORE", activity_key="two", discount={"bmsm_discount": {"details": tiers}}
    )
    record["products"] = [{"id": fair.free[2]["id"]}]
    run = fair.feed(record, max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("guarded", "max_discount_percent")], {})
    tiers[0]["value"] = "20"
    assert fair.feed(record).outcomes == [("applied", None)]
    assert [row["id"] for row in fair.named("Two")["products"]] == [fair.free[2]["id"]]


def test_free_postage_for_the_whole_shop_needs_no_products(fair):
    terms = {
        "shipping_discount": {
            "threshold_type": "MINIMAL_ORDER_AMOUNT",
            "threshold_value": "30",
            "type": "FREE_SHIPPING",
        }
    }
    record = {
        "activity_key": "post",
        "title": "Free postage",
        "activity_type": "SHIPPING_DISCOUNT",
        "duration_type": "INDEFINITE",
        "discount": terms,
    }
    run = fair.feed(record)
    assert (run.outcomes, run.writes) == ([("applied", None)], {CREATE: 1}), run.row["message"]
    live = fair.named("Free postage")
    assert (live["status"], live["product_level"], live["discount"]) == ("ONGOING", "SHOP", terms)
    assert fair.feed(record).outcomes == [("unchanged", None)]
    dearer = {"shipping_discount": {"threshold_value": "40"}}
    assert fair.feed({"activity_key": "post", "discount": dearer}).outcomes == [("applied", None)]
    entries = fair.lab.sandbox.control("GET", "/requests?limit=20")["requests"]
    (sent,) = [json.loads(entry["body"]) for entry in entries if entry["operation"] == UPDATE]
    assert sent == {
        "title": "Free postage",
        "begin_time": 0,
        "end_time": 0,
        "duration_type": "INDEFINITE",
        "product_level": "SHOP",
        "discount": {"shipping_discount": {**terms["shipping_discount"], "threshold_value": "40"}},
    }


def test_the_plan_shows_prices_and_margins_and_the_real_run_does_row_for_row_what_it_says(fair, capsys):
    taken = next(row for row in fair.lab.products() if row["id"] not in {one["id"] for one in fair.free})
    rows = fair.flat(fair.sku(0, cost="0.50"), fair.sku(1, 60), fair.sku(2), fair.sku(0, 25, cost="0.50"))
    clash = {**fair.activity(), "sku_id": taken["skus"][0]["id"], "activity_price": fair.price(taken["skus"][0])}
    feed = [*rows, clash, {**fair.activity(), **fair.sku(3), "quantity_limit": 0}]
    plan = fair.feed(*feed, dry_run=True, max_rejected_percent=100)
    shown = capsys.readouterr().err
    real = fair.feed(*feed, max_rejected_percent=100)
    done = {"planned": "applied"}
    said = [(done.get(outcome, outcome), code) for outcome, code in plan.outcomes]
    assert said == real.outcomes
    assert said == [
        ("superseded", None),
        ("guarded", "max_discount_percent"),
        ("applied", None),
        ("applied", None),
        ("rejected", "17029022"),
        ("rejected", "bad_promotion"),
    ]
    assert plan.writes == {}
    normal, price = fair.skus[0][1]["price"]["sale_price"], fair.price(fair.skus[0][1], 25)
    assert (plan.rows[3]["before"]["price"], plan.rows[3]["after"]["price"]) == (normal, price)
    margin = (Decimal(price) - Decimal("0.5")) * 100 / Decimal(price)
    assert plan.rows[3]["after"]["margin_percent"] == f"{margin:.1f}"
    assert f"{normal} -> {price}, margin {margin:.1f} % (at least 0 %)" in shown
    same = ("price", "discount_percent", "product_id", "sku_id")
    assert [[row["after"].get(name) for name in same] for row in plan.rows if row["outcome"] == "planned"] == [
        [row["after"].get(name) for name in same] for row in real.rows if row["outcome"] == "applied"
    ]


def test_a_product_goes_from_an_activity_that_a_run_ends_into_one_that_it_makes(fair):
    fair.feed(*fair.flat(fair.sku(0)))
    feed = [
        {**fair.activity("Winter sale"), "activity_key": "winter", **fair.sku(0, 30)},
        {"activity_key": "autumn", "status": "ended"},
    ]
    plan = fair.feed(*feed, dry_run=True)
    run = fair.feed(*feed)
    assert (plan.outcomes, run.outcomes) == ([("planned", None)] * 2, [("applied", None)] * 2)
    assert [fair.named(title)["status"] for title in ("Autumn sale", "Winter sale")] == ["DEACTIVATED", "NOT_START"]


def test_two_promotions_of_a_run_that_want_one_sku_are_planned_as_they_are_carried_out(fair):
    feed = [{**fair.activity(f"Sale {n}"), "activity_key": str(n), **fair.sku(0, 20 + n)} for n in range(2)]
    plan = fair.feed(*feed, dry_run=True, max_rejected_percent=100)
    run = fair.feed(*feed, max_rejected_percent=100)
    assert plan.outcomes == [("planned", None), ("rejected", "17029022")]
    assert run.outcomes == [("applied", None), ("rejected", "17029022")]


def test_a_row_that_is_superseded_hands_on_what_it_says_of_the_activity(fair):
    first, again = fair.sku(0), {"activity_key": "autumn", **fair.sku(0, 30)}
    run = fair.feed(*fair.flat(first), again)
    assert run.outcomes == [("superseded", None), ("applied", None)], run.rows[1]["message"]
    assert fair.offers(fair.named()) == {again["sku_id"]: again["activity_price"]}


def test_an_activity_that_a_killed_run_has_made_is_found_again_by_its_title_and_not_made_twice(fair):
    rows = fair.flat(fair.sku(0))
    keys_of(fair).begin(fair.lab.us.id, "autumn", "Autumn sale", "", None)
    body = {"title": "Autumn sale", "activity_type": "FIXED_PRICE", "product_level": "VARIATION"}
    body |= {"begin_time": fair.now + HOUR, "end_time": fair.now + 3 * DAY}
    made = fair.lab.client.call(operations.CREATE_ACTIVITY, shop=fair.lab.us, body=body).data["activity_id"]
    run = fair.feed(*rows)
    assert (run.outcomes, run.writes) == ([("applied", None)], {PRODUCTS: 1})
    assert keys_of(fair).find(fair.lab.us.id, "autumn").done == made
    assert fair.named()["activity_id"] == made


def test_an_activity_whose_title_changes_is_the_same_by_its_key_and_without_the_file_by_its_title(fair):
    fair.feed(*fair.flat(fair.sku(0)))
    renamed = fair.flat(fair.sku(0), title="Autumn, at last")
    assert fair.feed(*renamed).writes == {UPDATE: 1}
    (fair.folder / "promotion-keys.sqlite").unlink()
    again = fair.feed(*renamed)
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})


def test_a_title_that_two_activities_have_stands_for_neither(fair):
    fair.now = int(time.time())  # what passes between has this machine's date
    alike = [{**row, "title": "Autumn sale", "status": "NOT_START"} for row in fair.listed()[:2]]

    def after(path, answer):
        if path.endswith("/activities/search"):
            answer["data"] |= {"activities": alike, "next_page_token": ""}
        return answer

    with fair.lab.between(after=after):
        run = fair.feed(*fair.flat(fair.sku()), max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "ambiguous_title")], {})
    assert [row["id"] for row in alike if row["id"] not in run.row["message"]] == []


def test_an_activity_that_another_run_is_making_is_left_to_it_and_found_by_the_next_run(fair, monkeypatch):
    fair.now = int(time.time())  # what passes between has this machine's date
    monkeypatch.setattr("target_tiktokshop.promotions.writes.FIRST_PAUSE", 0)
    record = fair.flat(fair.sku())[0]
    keys = keys_of(fair)

    def after(path, answer):
        if path.endswith("/activities/search"):  # this run looks for it, as the other begins
            keys.begin(fair.lab.us.id, "autumn", "Autumn sale", "", None)
        return answer

    with fair.lab.between(after=after):
        run = fair.feed(record, max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "activity_begun")], {})
    assert fair.feed(record).outcomes == [("applied", None)]  # the other was killed before it made the activity
    assert fair.feed(record).outcomes == [("unchanged", None)]


@pytest.mark.parametrize("path", [CREATE, PRODUCTS])
def test_when_an_answer_is_lost_the_shop_is_read_before_anything_is_sent_again(fair, path):
    lost = []

    def after(asked, answer):
        if asked.startswith("/promotion") and asked.endswith(path.rpartition("/")[2]) and not lost:
            lost.append(asked)
            return {"code": 36009003, "message": "Internal error.", "request_id": "r"}
        return answer

    times = {"begin_time": fair.time(300 * DAY), "end_time": fair.time(310 * DAY)}  # the relay has a clock of its own
    with fair.lab.between(after=after):
        run = fair.feed(*fair.flat(fair.sku(0), fair.sku(1), **times))
    assert run.outcomes == [("applied", None)] * 2, [row["message"] for row in run.rows]
    assert (run.writes[CREATE], len(fair.offers(fair.named())), len(lost)) == (1, 2, 1)


@pytest.mark.parametrize("shared", [True, False], ids=["one file of keys", "a file each"])
def test_of_two_runs_at_once_one_makes_the_activity_and_the_other_finds_it(fair, shared):
    times = {"begin_time": fair.time(300 * DAY), "end_time": fair.time(310 * DAY)}
    rows = fair.flat(fair.sku(0), fair.sku(1), **times)
    straight, others = fair.lab.config["api_base_url"], []

    def before(path):
        """The other run comes and goes between this one's looking and its call."""
        if path.endswith("/activities") and not others:
            others.append(None)
            keys = str(fair.folder / ("promotion-keys.sqlite" if shared else "other.sqlite"))
            others[0] = fair.lab.feed("promotions", *rows, api_base_url=straight, promotion_keys_path=keys)

    with fair.lab.between(before=before):
        run = fair.feed(*rows)
    assert others[0].outcomes == run.outcomes == [("applied", None)] * 2
    assert [row["title"] for row in fair.listed()].count("Autumn sale") == 1
    assert len(fair.offers(fair.named())) == 2
    assert keys_of(fair).find(fair.lab.us.id, "autumn").done == fair.named()["activity_id"]


def test_what_cannot_be_changed_is_rejected_with_what_to_do(fair):
    fair.feed(*fair.flat(fair.sku(0), kind="FLASHSALE", end_time=fair.time(2 * DAY)))
    fair.advance(2 * HOUR)
    run = fair.feed({"activity_key": "autumn", **fair.sku(0, 30)}, max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "activity_frozen")], {})
    later = fair.feed({"activity_key": "autumn", "begin_time": fair.time(DAY)}, max_rejected_percent=100)
    assert later.outcomes == [("rejected", "bad_promotion")]
    assert "begin_time cannot change any more" in later.row["message"]
    longer = fair.feed({"activity_key": "autumn", "end_time": fair.time(2 * DAY + HOUR)})
    assert (longer.outcomes, fair.named()["end_time"]) == ([("applied", None)], fair.now + 2 * DAY + HOUR)
    unknown = fair.feed(
        {"activity_id": "1", "status": "ended"}, {"activity_key": "x", **fair.sku(1)}, max_rejected_percent=100
    )
    assert (unknown.outcomes, unknown.writes) == ([("rejected", "unknown_activity")] * 2, {})
    made = next(row for row in fair.listed(status="ONGOING") if row.get("activity_commands") == ["IMMUTABLE"])
    fixed = fair.feed({"activity_id": made["id"], "title": "Mine now"}, max_rejected_percent=100)
    assert (fixed.outcomes, fixed.writes) == ([("rejected", "activity_frozen")], {})


def test_the_stream_prices_is_told_that_a_running_promotion_locks_the_price(fair):
    fair.feed(*fair.flat(fair.sku(0)))
    fair.advance(2 * HOUR)
    sku = fair.skus[0][1]
    price = {"sku_id": sku["id"], "amount": fair.price(sku, 5), "currency": "USD"}
    plan, run = (fair.lab.feed("prices", price, dry_run=dry, max_rejected_percent=100) for dry in (True, False))
    assert (plan.outcomes, run.outcomes) == ([("rejected", "12052038")], [("rejected", "12052038")])


def test_a_feed_of_coupons_is_told_that_they_can_only_be_read(fair):
    run = fair.lab.feed("coupons", {"id": "1"})
    assert (run.rows, run.writes) == ([], {})
    assert str(run.error).startswith("Coupons can only be read: the platform lets them be made and changed in Seller")
