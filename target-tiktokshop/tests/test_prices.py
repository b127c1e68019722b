"""Prices: compared as decimals, guarded, one call a product."""

from decimal import Decimal

import pytest

UPDATE = "POST /product/202309/products/{product_id}/prices/update"


def offer(lab, skus=1):
    product = lab.plain(skus=skus)[0]
    sku = product["skus"][0]
    return sku, Decimal(sku["price"]["sale_price"])


def test_a_price_is_sent_once_and_written_another_way_it_is_still_the_same(lab):
    sku, now = offer(lab)
    run = lab.feed("prices", {"seller_sku": sku["seller_sku"], "amount": str(now + 1), "currency": "USD"})
    assert run.outcomes == [("applied", None)]
    assert run.writes == {UPDATE: 1}
    assert run.row["before"] == {"price": str(now), "currency": "USD"}
    assert run.row["after"] == {"price": str(now + 1), "currency": "USD"}
    assert Decimal(lab.price(sku["id"])) == now + 1
    for same in (f"{now + 1}000", float(now + 1)):
        again = lab.feed("prices", {"sku_id": sku["id"], "amount": same, "currency": "usd"})
        assert (again.outcomes, again.writes) == ([("unchanged", None)], {})


def test_all_prices_of_a_product_travel_in_one_call(lab):
    product = lab.plain(skus=3)[0]
    records = [
        {"sku_id": sku["id"], "amount": str(Decimal(sku["price"]["sale_price"]) + 1), "currency": "USD"}
        for sku in product["skus"]
    ]
    run = lab.feed("prices", *records)
    assert {row["outcome"] for row in run.rows} == {"applied"}
    assert run.writes == {UPDATE: 1}


def test_a_list_price_is_sent_and_read_back(lab):
    sku, now = offer(lab)
    record = {"sku_id": sku["id"], "amount": str(now), "currency": "USD", "list_price": str(now * 2)}
    run = lab.feed("prices", record)
    assert run.outcomes == [("applied", None)]
    assert run.row["after"]["list_price"] == str(now * 2)
    assert lab.feed("prices", record).outcomes == [("unchanged", None)]


REJECTIONS = {
    "no decimal": ({"amount": "twelve"}, "bad_record", "amount must be a decimal number"),
    "infinite": ({"amount": "Infinity"}, "bad_record", "amount must be a decimal number"),
    "nothing": ({"amount": "0"}, "bad_record", "amount must be above 0"),
    "negative": ({"amount": "-3"}, "bad_record", "amount must be above 0"),
    "too exact": ({"amount": "12.345"}, "bad_record", "amount has more decimals than USD has"),
    "unknown currency": ({"amount": "12", "currency": "XYZ"}, "bad_record", "currency must be one of"),
    "another currency": ({"amount": "12", "currency": "GBP"}, "wrong_currency", "is sold in USD, not GBP"),
    "list price": ({"amount": "12", "list_price": "11"}, "bad_record", "list_price is below the price"),
    "unknown sku": ({"sku_id": "17", "amount": "12"}, "unknown_sku", "has no SKU 17"),
    "another product": ({"product_id": "17", "amount": "12"}, "unknown_sku", "not 17"),
}


@pytest.mark.parametrize("name", REJECTIONS)
def test_a_price_that_cannot_be_used_is_rejected_with_the_reason_and_no_call_goes_out(lab, name):
    record, code, words = REJECTIONS[name]
    sku = lab.products()[0]["skus"][0]
    run = lab.feed("prices", {"sku_id": sku["id"], "currency": "USD", **record})
    assert run.outcomes == [("rejected", code)]
    assert words in run.row["message"]
    assert run.writes == {}


@pytest.mark.parametrize(
    ("factor", "setting", "code"),
    [
        ("1.6", {}, "max_price_change_percent"),
        ("0.4", {}, "max_price_change_percent"),
        ("1.2", {"max_price_change_percent": 10}, "max_price_change_percent"),
        ("1.2", {"max_price": {"USD": "1.00"}}, "max_price"),
        ("0.9", {"min_price": {"usd": 5000}}, "min_price"),
    ],
)
def test_a_guard_holds_a_price_back(lab, factor, setting, code):
    sku, now = offer(lab)
    wanted = (now * Decimal(factor)).quantize(Decimal("0.01"))
    run = lab.feed("prices", {"sku_id": sku["id"], "amount": str(wanted), "currency": "USD"}, **setting)
    assert run.outcomes == [("guarded", code)]
    assert run.row["before"]["price"] == str(now)
    assert run.writes == {}
    assert Decimal(lab.price(sku["id"])) == now


def test_a_change_of_exactly_the_limit_is_sent(lab):
    sku, now = offer(lab)
    record = {"sku_id": sku["id"], "amount": str(now + 1), "currency": "USD"}
    percent = float(100 / now) + 1e-9
    assert lab.feed("prices", record, max_price_change_percent=percent).outcomes == [("applied", None)]


def test_prices_of_deactivated_products_are_left_alone(lab):
    sku = lab.products("SELLER_DEACTIVATED")[0]["skus"][0]
    price = str(Decimal(sku["price"]["sale_price"]) + 1)
    run = lab.feed("prices", {"sku_id": sku["id"], "amount": price, "currency": "USD"})
    assert run.outcomes == [("guarded", "protect_status")]
    assert run.writes == {}


def test_a_price_that_a_promotion_locks_is_rejected_in_the_platform_s_words(lab):
    product = next(product for product in lab.products() if lab.in_promotion(product))
    sku = product["skus"][0]
    price = str(Decimal(sku["price"]["sale_price"]) + 1)
    run = lab.feed("prices", {"sku_id": sku["id"], "amount": price, "currency": "USD"})
    assert run.outcomes == [("rejected", "12052038")]
    assert "promotion" in run.row["message"]
    assert run.row["request_id"]


def test_prices_in_cents_stop_the_run_before_the_first_write(lab):
    skus = [sku for product in lab.plain() for sku in product["skus"]][:30]
    records = [
        {"sku_id": sku["id"], "amount": str(int(Decimal(sku["price"]["sale_price"]) * 100)), "currency": "USD"}
        for sku in skus
    ]
    fine = {"sku_id": skus[0]["id"], "amount": str(Decimal(skus[0]["price"]["sale_price"]) + 1), "currency": "USD"}
    run = lab.feed("prices", *records[1:], fine)
    assert type(run.error).__name__ == "RunStoppedError"
    assert {row["code"] for row in run.rows} == {"max_price_change_percent", "max_rejected_percent"}
    assert run.writes == {}


def test_a_price_that_is_accepted_and_not_kept_is_unconfirmed(lab):
    sku, now = offer(lab)
    lab.fault("not_kept", path="/product/*/prices/update")
    run = lab.feed("prices", {"sku_id": sku["id"], "amount": str(now + 1), "currency": "USD"})
    assert run.outcomes == [("unconfirmed", "not_kept")]
