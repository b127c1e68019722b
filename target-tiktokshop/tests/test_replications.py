"""Replicas in other markets: made once, with prices and stock of their own, and followed until they are on sale."""

import pytest
from tiktokshop_client import operations

REPLICATE = "POST /product/202507/products/{product_id}/global_replicate"


class Market:
    """The other market of a stall, and what is replicated to it."""

    def __init__(self, stall):
        self.stall, self.shop = stall, stall.lab.shops["GB"]
        answer = stall.lab.client.call(operations.GET_WAREHOUSES, shop=self.shop)
        self.places = [row["id"] for row in answer.data["warehouses"] if row["type"] == "SALES_WAREHOUSE"]

    def record(self, number="MUG-B", **more):
        return {
            "seller_sku": number,
            "region": "UK",
            "price": "9.99",
            "quantity": 4,
            "warehouse_id": self.places[0],
            **more,
        }

    def feed(self, *records, **config):
        store = str(self.stall.folder / "listings.sqlite")
        return self.stall.lab.feed("replications", *records, **{"listings_store": store, **config})

    def shown(self, product_id):
        return self.stall.lab.client.call(operations.GET_PRODUCT, shop=self.shop, path={"product_id": product_id}).data


@pytest.fixture
def market(stall):
    skus = [stall.sku(f"MUG-{color[0]}", variations={"Color": color}) for color in ("Black", "Oak")]
    stall.live(*skus)
    return Market(stall)


def test_a_product_is_listed_in_another_market_at_the_prices_of_that_market(market):
    plan = market.feed(market.record(), market.record("MUG-O", price=11), dry_run=True)
    assert plan.writes == {}
    assert [row["outcome"] for row in plan.rows] == ["planned"] * 2, plan.rows
    assert plan.rows[0]["after"] == {
        "region": "GB",
        "price": "9.99",
        "currency": "GBP",
        "quantity": 4,
        "warehouse_id": market.places[0],
    }
    run = market.feed(market.record(), market.record("MUG-O", price=11))
    assert (run.outcomes, run.writes) == ([("in_review", None)] * 2, {REPLICATE: 1})
    assert run.rows[0]["after"]["shop_id"] == market.shop.id
    assert [line["stream"] for line in market.stall.settled()] == ["listings"]
    market.stall.review()
    assert [(line["row"], line["outcome"]) for line in market.stall.settled()] == [(1, "applied"), (2, "applied")]
    live = market.shown(run.rows[0]["after"]["product_id"])
    assert (live["status"], live["title"]) == ("ACTIVATE", "A mug of stoneware from Lisbon")
    assert [(sku["seller_sku"], sku["price"]["sale_price"]) for sku in live["skus"]] == [
        ("MUG-B", "9.99"),
        ("MUG-O", "11.00"),
    ]
    again = market.feed(market.record(), market.record("MUG-O", price=11))
    assert (again.outcomes, again.writes) == ([("unchanged", None)] * 2, {})
    assert f"with the shop_id {market.shop.id}" in again.rows[0]["message"]


WRONG = {
    "a SKU is left out": ({}, "give MUG-O a record, too"),
    "the market is its own": ({"region": "US", "currency": "USD"}, "is listed in US already"),
    "the price is too high": ({"price": "999999"}, "is outside 0.01 to 5600 GBP"),
    "the warehouse is unknown": ({"warehouse_id": "17"}, "warehouse 17 is none of that market; there are: "),
    "no warehouse is named": ({"warehouse_id": None}, "name warehouse_id ("),
    "there is none of it": ({"quantity": 0}, "a replica needs 1 unit or more"),
}


@pytest.mark.parametrize(("change", "words"), WRONG.values(), ids=WRONG)
def test_what_the_platform_would_refuse_is_told_before_any_call(market, change, words):
    records = [market.record(**change), market.record("MUG-O", **change)]
    run = market.feed(*(records[:1] if not change else records), max_rejected_percent=100)
    assert run.writes == {}
    assert {(row["outcome"], row["code"]) for row in run.rows} == {("rejected", "not_replicable")}
    assert words in run.rows[0]["message"]


def test_a_currency_that_is_not_that_of_the_market_is_refused(market):
    run = market.feed(market.record(currency="USD"), max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("rejected", "bad_record")], {})
    assert run.row["message"] == "currency must be GBP in GB, not USD"


def test_a_market_without_a_shop_is_refused_by_itself(market):
    abroad = {"region": "FR", "price": "9.99", "quantity": 3, "warehouse_id": "17"}
    records = [market.record(number, **more) for more in ({}, abroad) for number in ("MUG-B", "MUG-O")]
    run = market.feed(*records, max_rejected_percent=100)
    assert run.outcomes == [("in_review", None)] * 2 + [("rejected", "12052513")] * 2
    assert "has no shop in the stated region" in run.rows[2]["message"]
    assert run.writes == {REPLICATE: 1}


def hiding(path, answer):
    """The list of replicas, which lags."""
    if path.endswith("/replicated_products"):
        answer["data"]["replicated_products"] = []
        return answer
    return None


def test_a_replica_that_is_not_shown_yet_is_not_made_again(market):
    records = [market.record(), market.record("MUG-O")]
    with market.stall.lab.between(after=hiding):
        first = market.feed(*records)
        again = market.feed(*records)
    assert first.outcomes == again.outcomes == [("in_review", None)] * 2
    assert (first.writes, again.writes) == ({REPLICATE: 1}, {})


def test_a_replica_whose_answer_was_lost_is_found_and_not_made_again(market):
    records = [market.record(), market.record("MUG-O")]
    market.stall.lab.fault("reset_middle", path="/product/202507/products/*/global_replicate", next=1)
    run = market.feed(*records, max_rejected_percent=100)
    again = market.feed(*records)
    assert {row["outcome"] for row in [*run.rows, *again.rows]} == {"in_review"}
    assert (run.writes, again.writes) == ({REPLICATE: 1}, {})


@pytest.mark.parametrize(
    ("cheap", "guard"),
    [("1.00", {"min_price": {"GBP": "5"}}), ("99", {"max_price": {"GBP": "50"}}), ("9.99", {"allow_skus": ["MUG-O"]})],
)
def test_a_sku_that_a_guard_holds_back_holds_back_those_that_are_made_with_it(market, cheap, guard):
    records = [market.record(price=cheap), market.record("MUG-O", price=11)]
    for dry_run in (True, False):
        run = market.feed(*records, max_rejected_percent=100, dry_run=dry_run, **guard)
        assert (run.outcomes, run.writes) == ([("guarded", next(iter(guard)))] * 2, {})


@pytest.mark.parametrize(
    ("guard", "outcome"),
    [
        ({"max_price": {"GBP": "9"}}, ("guarded", "max_price")),
        ({"max_quantity": 3}, ("guarded", "max_quantity")),
        ({"max_new_listings": 0}, ("guarded", "max_new_listings")),
        ({"deny_skus": ["MUG-O"]}, ("guarded", "deny_skus")),
    ],
)
def test_guards_hold_replicas_back_before_any_call(market, guard, outcome):
    run = market.feed(market.record(), market.record("MUG-O"), max_rejected_percent=100, **guard)
    assert (run.outcomes, run.writes) == ([outcome] * 2, {})
