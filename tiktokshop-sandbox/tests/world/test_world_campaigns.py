"""Promotions written through the API: their states, limits and conflicts, and the prices they lock."""

from decimal import Decimal

import pytest
from tiktokshop_sandbox.contract import ApiError

DAY = 86_400
ROOT = "/promotion/202309/activities"
PRICES = "/product/202309/products/{}/prices/update"
TIERS = {
    "bmsm_discount": {
        "details": [
            {
                "tier": 1,
                "threshold_type": "MINIMAL_ITEM_QUANTITY",
                "threshold_value": "2",
                "type": "AMOUNT_OFF",
                "value": "1",
            }
        ]
    }
}


class Seller:
    """Writes promotions of one shop."""

    def __init__(self, asker):
        self.asker, self.ask = asker, asker.ask
        listed = [
            product
            for row in asker.ask("POST", f"{ROOT}/search", body={"page_size": 100})["activities"]
            if row["status"] in {"NOT_START", "ONGOING"}
            for product in self.detail(row["id"]).get("products", [])
        ]
        standing = next(
            row
            for row in asker.ask("POST", f"{ROOT}/search", body={"activity_type": "DIRECT_DISCOUNT", "page_size": 100})[
                "activities"
            ]
            if row.get("duration_type") == "INDEFINITE"
        )
        self.standing = standing["id"]
        self.taken = {row["id"] for row in listed} | {row["id"] for row in self.detail(self.standing)["products"]}
        products = asker.pages(
            "POST", "/product/202502/products/search", "products", {"page_size": 100}, {"status": "ACTIVATE"}
        )
        self.free = [row for row in products if row["id"] not in self.taken]

    def make(self, title="Autumn", kind="FIXED_PRICE", level="PRODUCT", start=3_600, last=DAY, **more):
        begin = self.asker.now + start
        body = {
            "title": title,
            "activity_type": kind,
            "product_level": level,
            "begin_time": begin,
            "end_time": begin + last,
        }
        return self.ask("POST", ROOT, body={**body, **more})["activity_id"]

    def detail(self, activity):
        return self.ask("GET", f"{ROOT}/{activity}")

    def put(self, activity, *products):
        return self.ask("PUT", f"{ROOT}/{activity}/products", body={"products": list(products)})

    def change(self, activity, **body):
        shown = self.detail(activity)
        whole = {name: shown[name] for name in ("title", "begin_time", "end_time")}
        return self.ask("PUT", f"{ROOT}/{activity}", body={**whole, **body})

    def end(self, activity):
        return self.ask("POST", f"{ROOT}/{activity}/deactivate", body={})

    def offer(self, place=0, percent=20, **more):
        product = self.free[place]
        price = min(Decimal(sku["price"]["sale_price"]) for sku in product["skus"])
        amount = str((price * (100 - percent) / 100).quantize(Decimal("0.01")))
        return {"id": product["id"], "activity_price_amount": amount, "skus": [], **more}

    def code(self, work, *args, **more):
        with pytest.raises(ApiError) as refused:
            work(*args, **more)
        return refused.value.code


@pytest.fixture
def seller(new_world):
    return Seller(new_world())


def test_an_activity_is_a_draft_until_it_has_products_and_then_follows_the_clock_until_it_is_ended(
    seller, undocumented
):
    activity = seller.make()
    seen = [seller.detail(activity)["status"]]
    answer = seller.put(activity, seller.offer())
    assert undocumented(answer, "PUT", f"{ROOT}/{{activity_id}}/products") == set()
    assert undocumented(seller.detail(activity), "GET", f"{ROOT}/{{activity_id}}") == set()
    for seconds in (0, 3_600, DAY):
        seller.asker.now += seconds
        seen.append(seller.detail(activity)["status"])
    other = seller.make("Winter")
    seller.put(other, seller.offer())
    seller.end(other)
    assert seen == ["DRAFT", "NOT_START", "ONGOING", "EXPIRED"]
    assert seller.detail(other)["status"] == "DEACTIVATED"
    assert seller.code(seller.change, activity, title="Again") == 17029012
    assert seller.code(seller.end, other) == 17029010
    assert seller.code(seller.end, seller.make("Empty")) == 17029001


def test_the_search_finds_written_activities_among_the_planned_ones(seller):
    activity = seller.make("Autumn of the mugs")
    found = seller.ask("POST", f"{ROOT}/search", body={"activity_title": "of the mugs"})
    assert ([row["id"] for row in found["activities"]], found["total_count"]) == ([activity], 1)
    assert found["activities"][0]["status"] == "DRAFT"


REFUSED = (
    ({"title": ""}, 17029003),
    ({"title": "t" * 51}, 17029002),
    ({"start": -60}, 17029005),
    ({"last": 599}, 17029006),
    ({"last": 31 * DAY}, 17029007),
    ({"kind": "FLASHSALE", "last": 4 * DAY}, 17029008),
    ({"kind": "SALE"}, 17029036),
    ({"level": "SHOP"}, 17029001),
    ({"duration_type": "INDEFINITE"}, 17029001),
    ({"kind": "BUY_MORE_SAVE_MORE"}, 17029001),
)


def test_what_cannot_be_made_is_refused_as_the_platform_does(seller):
    found = [(body, seller.code(seller.make, **body)) for body, _ in REFUSED]
    assert found == list(REFUSED)


def test_a_title_is_that_of_one_activity_of_a_shop(seller):
    seller.make("Autumn")
    assert seller.code(seller.make, "Autumn") == 17029004
    assert seller.code(seller.change, seller.make("Winter"), title="Autumn") == 17029004


def test_every_kind_can_be_made_and_those_for_the_whole_shop_need_no_products(seller):
    shipping = {"shipping_discount": {"threshold_type": "NO_THRESHOLD", "type": "FREE_SHIPPING"}}
    terms = {
        "SHIPPING_DISCOUNT": shipping,
        "BUY_MORE_SAVE_MORE": TIERS,
        "GIFT_WITH_PURCHASE": {"gift_discount": {"gift_infos": [{}]}},
    }
    terms["BUY_X_GET_Y"] = {"bxgy_discount": {"discount_type": "FREE"}}
    made = {kind: seller.make(kind, kind, "SHOP", discount=discount) for kind, discount in terms.items()}
    for kind in ("FIXED_PRICE", "DIRECT_DISCOUNT", "FLASHSALE"):
        made[kind] = seller.make(kind, kind, "VARIATION")
    assert {kind: seller.detail(activity)["status"] for kind, activity in made.items()} == {
        **dict.fromkeys(terms, "NOT_START"),
        **dict.fromkeys(("FIXED_PRICE", "DIRECT_DISCOUNT", "FLASHSALE"), "DRAFT"),
    }
    assert seller.code(seller.make, "Free again", "SHIPPING_DISCOUNT", "SHOP", discount=shipping) == 17003203
    forever = {
        "title": "Postage",
        "activity_type": "SHIPPING_DISCOUNT",
        "product_level": "SHOP",
        "duration_type": "INDEFINITE",
    }
    terms = {
        "shipping_discount": {
            "threshold_type": "MINIMAL_ORDER_AMOUNT",
            "threshold_value": "20",
            "type": "FREE_SHIPPING",
        }
    }
    always = seller.ask("POST", ROOT, body={**forever, "discount": terms})["activity_id"]
    assert (seller.detail(always)["status"], seller.detail(always)["end_time"]) == ("ONGOING", 0)


def test_the_start_is_fixed_once_it_runs_and_the_end_moves(seller):
    activity = seller.make()
    seller.put(activity, seller.offer())
    begin = seller.asker.now + 7_200
    seller.change(activity, title="Later", begin_time=begin)
    seller.asker.now = begin
    seller.change(activity, end_time=begin + 3 * DAY)
    shown = seller.detail(activity)
    assert (shown["title"], shown["begin_time"], shown["end_time"]) == ("Later", begin, begin + 3 * DAY)
    assert seller.code(seller.change, activity, begin_time=begin + 60) == 17029011
    assert seller.code(seller.change, activity, product_level="SHOP") == 17029102
    whole = {"title": "Later", "begin_time": begin, "end_time": begin + 3 * DAY}
    for name, code in (("title", 17029003), ("begin_time", 17029001), ("end_time", 17029001)):
        part = {key: value for key, value in whole.items() if key != name}
        assert seller.code(seller.ask, "PUT", f"{ROOT}/{activity}", body=part) == code


BAD_OFFERS = (
    ("FIXED_PRICE", "PRODUCT", {"percent": 0}, 17029062),
    ("FIXED_PRICE", "PRODUCT", {"percent": 95}, 17029020),
    ("FIXED_PRICE", "PRODUCT", {"activity_price_amount": "1.234"}, 17029034),
    ("FIXED_PRICE", "PRODUCT", {"activity_price_amount": ""}, 17029042),
    ("FIXED_PRICE", "PRODUCT", {"discount": "10"}, 17029030),
    ("FIXED_PRICE", "PRODUCT", {"quantity_limit": 100}, 17029050),
    ("FIXED_PRICE", "PRODUCT", {"quantity_per_user": 0}, 17029014),
    ("FIXED_PRICE", "PRODUCT", {"skus": [{"id": "1"}]}, 17029013),
    ("FIXED_PRICE", "PRODUCT", {"id": "1"}, 17029051),
    ("FIXED_PRICE", "VARIATION", {}, 17029037),
    ("FIXED_PRICE", "VARIATION", {"skus": [{"id": "1"}]}, 17029038),
    ("FIXED_PRICE", "VARIATION", {"activity_price_amount": "", "skus": [{"id": "1"}]}, 17029053),
    (
        "FIXED_PRICE",
        "VARIATION",
        {"activity_price_amount": "", "quantity_limit": 1, "skus": [{"id": "1"}]},
        17029015,
    ),
    ("DIRECT_DISCOUNT", "PRODUCT", {}, 17029029),
    ("DIRECT_DISCOUNT", "PRODUCT", {"activity_price_amount": ""}, 17029041),
    ("DIRECT_DISCOUNT", "PRODUCT", {"activity_price_amount": "", "discount": "91"}, 17029020),
    ("DIRECT_DISCOUNT", "PRODUCT", {"activity_price_amount": "", "discount": "0"}, 17029062),
)


def test_an_offer_that_breaks_a_rule_is_refused_with_all_others_of_its_call(seller):
    kinds = {(kind, level) for kind, level, _, _ in BAD_OFFERS}
    made = {form: seller.make(" ".join(form), *form) for form in kinds}
    sku = seller.free[1]["skus"][0]
    price = str(Decimal(sku["price"]["sale_price"]) / 2)[:4]
    good = {
        ("FIXED_PRICE", "PRODUCT"): seller.offer(1),
        ("FIXED_PRICE", "VARIATION"): {
            "id": seller.free[1]["id"],
            "skus": [{"id": sku["id"], "activity_price_amount": price}],
        },
        ("DIRECT_DISCOUNT", "PRODUCT"): {"id": seller.free[1]["id"], "discount": "10"},
    }
    found = [
        (*form, offer, seller.code(seller.put, made[form], good[form], seller.offer(**offer)))
        for *form_of, offer, _ in BAD_OFFERS
        for form in [tuple(form_of)]
    ]
    assert found == list(BAD_OFFERS)
    assert all("products" not in seller.detail(activity) for activity in made.values())


def test_skus_are_put_in_changed_and_taken_out_one_by_one(seller):
    product = next(row for row in seller.free if len(row["skus"]) > 1)
    activity = seller.make(kind="DIRECT_DISCOUNT", level="VARIATION")
    first, second = (sku["id"] for sku in product["skus"][:2])
    skus = [{"id": key, "discount": "10", "quantity_limit": -1, "quantity_per_user": 2} for key in (first, second)]
    seller.put(activity, {"id": product["id"], "quantity_limit": -1, "quantity_per_user": -1, "skus": skus})
    seller.put(activity, {"id": product["id"], "skus": [{**skus[0], "discount": "15", "quantity_per_user": 3}]})
    (shown,) = seller.detail(activity)["products"]
    assert [(sku["id"], sku["discount"], sku["quantity_per_user"]) for sku in shown["skus"]] == [
        (first, "15", 3),
        (second, "10", 2),
    ]
    lower = {"id": product["id"], "skus": [{**skus[1], "quantity_per_user": 1}]}
    assert seller.code(seller.put, activity, lower) == 17029058

    def take(**body):
        return seller.ask("DELETE", f"{ROOT}/{activity}/products", body=body)["status"]

    assert (take(sku_ids=[first]), take(sku_ids=[second])) == ("NOT_START", "DRAFT")
    assert seller.code(take, sku_ids=[first]) == 17029024
    assert seller.code(take, product_ids=[product["id"]]) == 17029023


def test_a_product_is_in_one_activity_of_its_layer_until_that_is_over(seller):
    one, other, flash = seller.make(), seller.make("Other"), seller.make("Flash", "FLASHSALE")
    seller.put(one, seller.offer())
    assert seller.code(seller.put, other, seller.offer()) == 17029022
    seller.put(flash, seller.offer())
    seller.end(one)
    seller.put(other, seller.offer())
    assert seller.code(seller.put, seller.make("Third"), {**seller.offer(), "id": next(iter(seller.taken))}) in {
        17029022,
        17029056,
    }
    assert seller.code(seller.put, seller.standing, seller.offer(1)) == 17029069
    seller.asker.now += 3_600
    assert seller.code(seller.put, flash, seller.offer()) == 17029047


def test_a_shop_that_lives_on_plans_nothing_for_products_that_are_in_a_promotion_until_that_is_over(seller):
    """Also none of those that had been taken out, or whose promotion had ended, by the time of a plan."""
    mine = {row["id"] for row in seller.free}
    activity = seller.make(last=30 * DAY)
    seller.put(activity, *map(seller.offer, range(len(seller.free))))

    def elsewhere(days):
        seller.asker.now += days * DAY
        seller.asker.world.advance(seller.asker.now)
        rows = seller.asker.ask("POST", f"{ROOT}/search", body={"page_size": 100})["activities"]
        rows = [row for row in rows if row["activity_type"] in {"FIXED_PRICE", "DIRECT_DISCOUNT"}]
        planned = [row for row in rows if row["id"] not in {activity, seller.standing}]
        return {
            (row["id"], product["id"])
            for row in [*planned, {"id": seller.standing}]
            for product in seller.detail(row["id"]).get("products", [])
            if product["id"] in mine and row.get("create_time", seller.asker.now) > seller.asker.now - days * DAY
        }

    assert elsewhere(20) == set()
    out = sorted(mine)[::2]
    seller.ask("DELETE", f"{ROOT}/{activity}/products", body={"product_ids": out})
    before = {row["id"] for row in seller.detail(activity)["products"]}
    again = {product for _, product in elsewhere(8)}
    assert again <= set(out)
    assert before == mine - set(out)
    later = elsewhere(40)
    assert {product for _, product in later} & before, "its end has freed them"


def test_a_running_promotion_locks_the_price_and_lets_stock_only_grow(seller):
    product = seller.free[0]
    sku = product["skus"][0]
    activity = seller.make()
    seller.put(activity, seller.offer())
    prices = {"skus": [{"id": sku["id"], "price": {"amount": "9.99", "currency": "USD"}}]}

    def price():
        return seller.ask("POST", PRICES.format(product["id"]), body=prices)

    def stock(more):
        places = [{"warehouse_id": row["warehouse_id"], "quantity": row["quantity"] + more} for row in sku["inventory"]]
        path = f"/product/202309/products/{product['id']}/inventory/update"
        return seller.ask("POST", path, body={"skus": [{"id": sku["id"], "inventory": places}]}).get("errors", [])

    seller.asker.now += 3_600
    assert seller.code(price) == 12052038
    assert [error["detail"]["extra_errors"][0]["code"] for error in stock(-1)] == [12052393]
    assert stock(1) == []
    seller.end(activity)
    assert price() == {}


def test_a_call_takes_300_products_and_an_activity_that_the_seller_planned_can_be_ended(seller):
    offers = [{**seller.offer(), "id": str(number)} for number in range(301)]
    assert seller.code(seller.put, seller.make(), *offers) == 17029046
    rows = seller.ask("POST", f"{ROOT}/search", body={"status": "ONGOING", "page_size": 100})["activities"]
    planned = next(row for row in rows if "activity_commands" not in row)
    before = seller.detail(planned["id"])
    seller.end(planned["id"])
    after = seller.detail(planned["id"])
    assert (after["status"], after["title"], after["update_time"]) == ("DEACTIVATED", before["title"], seller.asker.now)
    assert [row["id"] for row in after.get("products", [])] == [row["id"] for row in before.get("products", [])]
    again = seller.ask("POST", f"{ROOT}/search", body={"status": "ONGOING", "page_size": 100})
    assert planned["id"] not in [row["id"] for row in again["activities"]]
