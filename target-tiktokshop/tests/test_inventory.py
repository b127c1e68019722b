"""Stock: resolved, compared, guarded, sent whole, read back."""

from collections import Counter

import pytest

UPDATE = "POST /product/202309/products/{product_id}/inventory/update"


def lots(lab, count, skus=1, warehouses=1):
    """(SKU, product, quantity now, warehouse) of so many SKUs of different products."""
    found = []
    for product in lab.plain(warehouses, skus):
        sku = product["skus"][0]
        place = sku["inventory"][0]
        found.append((sku, product, place["quantity"], place["warehouse_id"]))
    assert len(found) >= count
    return found[:count]


def test_a_quantity_is_sent_once_and_the_second_run_sends_nothing(lab):
    sku, product, now, warehouse = lots(lab, 1)[0]
    record = {"seller_sku": sku["seller_sku"], "quantity": now + 7}
    first = lab.feed("inventory", record)
    assert first.outcomes == [("applied", None)]
    assert first.writes == {UPDATE: 1}
    assert first.row["before"] == {"warehouse_id": warehouse, "quantity": now}
    assert first.row["after"] == {"warehouse_id": warehouse, "quantity": now + 7}
    assert first.row["request_id"]
    assert lab.stock(sku["id"]) == {(sku["id"], warehouse): now + 7}
    second = lab.feed("inventory", record)
    assert second.outcomes == [("unchanged", None)]
    assert second.writes == {}
    assert product["id"]


def test_all_skus_of_a_product_travel_in_one_call(lab):
    product = lab.plain(skus=3)[0]
    records = [{"sku_id": sku["id"], "quantity": sku["inventory"][0]["quantity"] + 1} for sku in product["skus"]]
    run = lab.feed("inventory", *records)
    assert {row["outcome"] for row in run.rows} == {"applied"}
    assert run.writes == {UPDATE: 1}


def test_warehouses_that_the_record_does_not_name_keep_their_stock(lab):
    sku, _, now, warehouse = lots(lab, 1, warehouses=2)[0]
    before = lab.stock(sku["id"])
    run = lab.feed("inventory", {"sku_id": sku["id"], "warehouse_id": warehouse, "quantity": now + 3})
    assert run.outcomes == [("applied", None)]
    assert lab.stock(sku["id"]) == {**before, (sku["id"], warehouse): now + 3}


def test_the_last_record_of_a_key_wins_whether_it_names_the_sku_by_id_or_by_number(lab):
    sku, _, now, warehouse = lots(lab, 1)[0]
    run = lab.feed(
        "inventory",
        {"sku_id": sku["id"], "quantity": now + 1},
        {"seller_sku": sku["seller_sku"], "quantity": now + 2},
    )
    assert run.outcomes == [("superseded", None), ("applied", None)]
    assert lab.stock(sku["id"]) == {(sku["id"], warehouse): now + 2}


def test_a_buffer_is_kept_back_and_never_goes_below_nothing(lab):
    (one, _, now, warehouse), (other, *_), *rest = lots(lab, 6)
    records = [
        {"sku_id": one["id"], "quantity": now + 20},
        {"sku_id": other["id"], "quantity": 3},
        *({"sku_id": sku["id"], "quantity": now + 5} for sku, _, now, _ in rest),
    ]
    lab.feed("inventory", *records, buffer_quantity=5)
    assert lab.stock(one["id"])[one["id"], warehouse] == now + 15
    assert set(lab.stock(other["id"]).values()) == {0}
    assert all(set(lab.stock(sku["id"]).values()) == {now} for sku, _, now, _ in rest)


REJECTIONS = {
    "missing key": ({"quantity": 5}, "bad_record", "sku_id or seller_sku is needed"),
    "missing quantity": ({"sku_id": "1"}, "bad_record", "quantity is missing"),
    "wrong type": ({"sku_id": "1", "quantity": "many"}, "bad_record", "quantity must be a decimal number"),
    "negative": ({"sku_id": "1", "quantity": -1}, "bad_record", "quantity must not be negative"),
    "fractional": ({"sku_id": "1", "quantity": 1.5}, "bad_record", "quantity must be a whole number"),
    "true": ({"sku_id": "1", "quantity": True}, "bad_record", "quantity must be a decimal number"),
    "no id": ({"sku_id": "a/b", "quantity": 1}, "bad_record", "sku_id must be an id"),
    "rounded id": (
        {"sku_id": "1,72912E+18", "quantity": 1},
        "bad_record",
        "sku_id must be an id, and a spreadsheet has",
    ),
    "float": ({"sku_id": 1.5e18, "quantity": 1}, "bad_record", "let it read the column as text"),
    "unknown id": ({"sku_id": "17", "quantity": 1}, "unknown_sku", "has no SKU 17"),
    "unknown number": ({"seller_sku": "nobody's", "quantity": 1}, "unknown_sku", "seller SKU nobody's"),
    "unknown shop": ({"shop_id": "9", "sku_id": "1", "quantity": 1}, "unknown_shop", "there is no shop 9"),
}


@pytest.mark.parametrize("name", REJECTIONS)
def test_a_record_that_cannot_be_used_is_rejected_with_the_reason_and_no_call_goes_out(lab, name):
    record, code, words = REJECTIONS[name]
    run = lab.feed("inventory", record)
    assert run.outcomes == [("rejected", code)]
    assert words in run.row["message"]
    assert run.row["record"].items() >= record.items()
    assert run.writes == {}
    assert type(run.error).__name__ == "RunStoppedError"


MADE_UP = "1000110284871069840"


@pytest.mark.parametrize("shops", [1, 2])
@pytest.mark.parametrize("shop_id", [MADE_UP, int(MADE_UP)], ids=["text", "number"])
def test_a_row_of_a_sandbox_is_never_written_into_a_real_shop(lab_of, shops, shop_id):
    with lab_of(older=True, shops=shops) as lab:
        assert lab.us.id.startswith("7495")
        sku, _, now, _ = lots(lab, 1)[0]
        records = [{"sku_id": sku["id"], "quantity": now + 1}, {"shop_id": shop_id, "sku_id": sku["id"], "quantity": 3}]
        run = lab.feed("inventory", *records, max_rejected_percent=100)
        known = "; ".join(f"{shop.id} ({shop.name}, {shop.region})" for shop in lab.shops.values())
        assert run.outcomes == [("applied", None), ("rejected", "made_up_shop")]
        assert run.rows[1]["message"] == (
            f"shop {MADE_UP} is made up by a sandbox, and this run writes to others: {known}; feed rows "
            "that were read from those, or set sandbox to write to made-up shops"
        )
        assert set(lab.stock(sku["id"]).values()) == {now + 1}


def test_a_made_up_shop_that_made_up_shops_do_not_have_is_just_unknown(lab):
    other = f"{MADE_UP[:-1]}{(int(MADE_UP[-1]) + 1) % 10}"
    assert lab.feed("inventory", {"shop_id": other, "sku_id": "1", "quantity": 1}).outcomes == [
        ("rejected", "unknown_shop")
    ]


def test_the_shop_may_be_left_out_only_where_there_is_one(lab_of):
    with lab_of() as lab:
        sku, _, now, _ = lots(lab, 1)[0]
        record = {"sku_id": sku["id"], "quantity": now + 1}
        run = lab.feed("inventory", record, shop=None)
        assert run.outcomes == [("rejected", "shop_needed")]
        assert run.writes == {}
        assert lab.feed("inventory", record, shop=None, shop_ids=[lab.us.id]).outcomes == [("applied", None)]


def test_a_number_that_two_products_carry_is_rejected_unless_the_product_is_named(lab):
    by_number = {}
    for product in lab.products("ALL"):
        for sku in product["skus"]:
            by_number.setdefault(sku["seller_sku"], []).append((product["id"], sku))
    number, twice = next((number, found) for number, found in by_number.items() if len(found) == 2)
    run = lab.feed("inventory", {"seller_sku": number, "quantity": 5})
    assert run.outcomes == [("rejected", "ambiguous_sku")]
    assert all(sku["id"] in run.row["message"] for _, sku in twice)
    assert run.writes == {}
    named = lab.feed("inventory", {"seller_sku": number, "product_id": twice[0][0], "quantity": 5}, dry_run=True)
    assert named.row["code"] not in {"ambiguous_sku", "unknown_sku"}


def test_a_sku_in_several_warehouses_needs_one_named_and_one_that_it_is_in(lab):
    sku, *_ = lots(lab, 1, warehouses=2)[0]
    for record, code in (({}, "warehouse_needed"), ({"warehouse_id": "77"}, "unknown_warehouse")):
        run = lab.feed("inventory", {"sku_id": sku["id"], "quantity": 5, **record})
        assert run.outcomes == [("rejected", code)]
        assert run.writes == {}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"max_quantity": 10}, "more than max_quantity (10)"),
        ({"deny_skus": ["{number}"]}, "deny_skus names this SKU"),
        ({"allow_skus": ["another"]}, "allow_skus does not name this SKU"),
    ],
)
def test_a_guard_holds_a_quantity_back(lab, setting, words):
    sku, _, now, _ = lots(lab, 1)[0]
    setting = {
        name: [sku["seller_sku"] if item == "{number}" else item for item in value] if type(value) is list else value
        for name, value in setting.items()
    }
    run = lab.feed("inventory", {"sku_id": sku["id"], "quantity": now + 500}, **setting)
    assert run.outcomes == [("guarded", next(iter(setting)))]
    assert words in run.row["message"]
    assert run.writes == {}
    left_out_on_purpose = "max_quantity" not in setting
    assert (run.error is None) == left_out_on_purpose


@pytest.mark.parametrize("status", ["SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED"])
def test_deactivated_products_are_left_alone_unless_the_setting_is_off(lab, status):
    product = next(product for product in lab.products(status) if not product["title"].endswith("bundle"))
    sku = product["skus"][0]
    place = sku["inventory"][0]
    record = {"sku_id": sku["id"], "warehouse_id": place["warehouse_id"], "quantity": place["quantity"] + 1}
    run = lab.feed("inventory", record)
    assert run.outcomes == [("guarded", "protect_status")]
    assert status in run.row["message"]
    assert run.writes == {}
    sent = lab.feed("inventory", record, protect_status=False)
    assert sent.writes == {UPDATE: 1}
    assert sent.row["outcome"] == ("applied" if status == "SELLER_DEACTIVATED" else "rejected")


def test_many_protected_products_are_found_by_their_status(lab):
    every = [sku for product in lab.products() for sku in product["skus"]][:400]
    off = next(product for product in lab.products("SELLER_DEACTIVATED"))["skus"][0]
    records = [
        {"sku_id": sku["id"], "warehouse_id": place["warehouse_id"], "quantity": place["quantity"] + 1}
        for sku in [*every, off]
        for place in sku["inventory"]
    ]
    run = lab.feed("inventory", *records, dry_run=True)
    assert {row["outcome"] for row in run.rows if row["record"]["sku_id"] == off["id"]} == {"guarded"}
    others = Counter((row["outcome"], row["code"]) for row in run.rows if row["record"]["sku_id"] != off["id"])
    combined = others.pop(("rejected", "12052850"))
    assert set(others) == {("planned", None)}
    assert others.total() > 5 * combined


def test_a_feed_that_sells_too_much_out_stops_before_the_first_write(lab):
    found = [item for item in lots(lab, 12) if item[2]][:10]
    wanted = [0 if place < 4 else now + 1 for place, (_, _, now, _) in enumerate(found)]
    records = [{"sku_id": sku["id"], "quantity": units} for (sku, *_), units in zip(found, wanted, strict=True)]
    run = lab.feed("inventory", *records)
    assert set(run.outcomes) == {("guarded", "max_zeroed_percent")}
    assert type(run.error).__name__ == "RunStoppedError"
    assert run.writes == {}
    assert lab.feed("inventory", *records, max_zeroed_percent=40).outcomes == [("applied", None)] * 10


def test_one_sku_may_sell_out(lab):
    sku, _, now, warehouse = next(item for item in lots(lab, 3) if item[2])
    run = lab.feed("inventory", {"sku_id": sku["id"], "quantity": 0})
    assert run.outcomes == [("applied", None)]
    assert lab.stock(sku["id"]) == {(sku["id"], warehouse): 0}
    assert now > 0


def test_where_the_platform_refuses_nothing_the_row_says_what_helps(lab):
    sku, *_ = next(item for item in lots(lab, 3) if item[2])
    lab.fault("refused", path="/product/*/inventory/update", code=12052055)
    run = lab.feed("inventory", {"sku_id": sku["id"], "quantity": 0})
    assert run.outcomes == [("rejected", "12052055")]
    assert "on_zero: deactivate" in run.row["message"]


def test_with_on_zero_a_product_without_stock_is_deactivated_and_stays_so(lab):
    sku, product, *_ = next(item for item in lots(lab, 15) if item[2] and len(item[1]["skus"]) == 1)
    record = {"sku_id": sku["id"], "quantity": 0}
    run = lab.feed("inventory", record, on_zero="deactivate")
    assert run.outcomes == [("applied", None)]
    assert run.writes == {"POST /product/202309/products/deactivate": 1}
    assert product["id"] in {row["id"] for row in lab.products("SELLER_DEACTIVATED")}
    again = lab.feed("inventory", record, on_zero="deactivate")
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})


def test_with_on_zero_a_product_that_keeps_some_stock_gets_its_nothing(lab):
    product = next(p for p in lab.plain(skus=2) if all(s["inventory"][0]["quantity"] for s in p["skus"][:2]))
    run = lab.feed("inventory", {"sku_id": product["skus"][0]["id"], "quantity": 0}, on_zero="deactivate")
    assert run.outcomes == [("applied", None)]
    assert run.writes == {UPDATE: 1}


def test_a_refusal_inside_code_0_is_the_row_s_outcome_and_the_others_are_applied(lab):
    promoted = next(
        p
        for p in lab.products()
        if len(p["skus"][0]["inventory"]) == 1
        and len(p["skus"]) > 1
        and lab.in_promotion(p)
        and not p["title"].endswith("bundle")
        and p["skus"][0]["inventory"][0]["quantity"] > 1
    )
    lower, higher = promoted["skus"][:2]
    run = lab.feed(
        "inventory",
        {"sku_id": lower["id"], "quantity": lower["inventory"][0]["quantity"] - 1},
        {"sku_id": higher["id"], "quantity": higher["inventory"][0]["quantity"] + 1},
    )
    assert run.outcomes == [("rejected", "12052393"), ("applied", None)]
    assert "warehouse" in run.rows[0]["message"]


def test_a_write_that_is_accepted_and_not_kept_is_unconfirmed(lab):
    sku, _, now, _ = lots(lab, 1)[0]
    lab.fault("not_kept", path="/product/*/inventory/update")
    run = lab.feed("inventory", {"sku_id": sku["id"], "quantity": now + 1})
    assert run.outcomes == [("unconfirmed", "not_kept")]
    assert run.row["request_id"]
    blind = lab.feed("inventory", {"sku_id": sku["id"], "quantity": now + 1}, verify=False)
    assert blind.outcomes == [("applied", None)]


def test_without_skip_unchanged_everything_is_sent(lab):
    sku, _, now, _ = lots(lab, 1)[0]
    run = lab.feed("inventory", {"sku_id": sku["id"], "quantity": now}, skip_unchanged=False)
    assert (run.outcomes, run.writes) == ([("applied", None)], {UPDATE: 1})


def test_an_answer_that_is_lost_is_settled_by_what_the_shop_shows(lab):
    sku, _, now, _ = lots(lab, 1)[0]
    lab.fault("truncated_json", path="/product/*/inventory/update", next=1)
    run = lab.feed("inventory", {"sku_id": sku["id"], "quantity": now + 1}, max_tries=1)
    assert run.outcomes == [("applied", None)]
    lab.fault("http_500", path="/product/*/inventory/update", next=1)
    run = lab.feed("inventory", {"sku_id": sku["id"], "quantity": now + 2}, max_tries=1)
    assert run.row["outcome"] == "rejected"
    assert "500" in run.row["message"]
