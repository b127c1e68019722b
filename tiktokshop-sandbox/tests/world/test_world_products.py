"""Products: search, detail and stock, and the writes to listings, stock and prices."""

import pytest
from tiktokshop_sandbox.catalog import new_product
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.counts import row_counts

NOW = 1_790_000_000
DAY = 86_400
SEARCH = "/product/202502/products/search"


def everything(asker, body=None, shop=0):
    return asker.pages("POST", SEARCH, "products", {"page_size": 100}, body, shop)


def the_code(asker, method, path, body, shop=0):
    with pytest.raises(ApiError) as refused:
        asker.ask(method, path, None, body, shop)
    return refused.value.code


def a_product(asker, shop=0, **wanted):
    """A product of the store with these properties."""
    with asker.world.reading() as store:
        for number in range(200):
            product = store.products.get(asker.world.shops[shop].key(number))
            if product is None:
                break
            facts = {
                "status": product.status,
                "promotion": bool(product.promotion),
                "warehouses": len(product.warehouses),
                "bundle": any(sku.parts for sku in product.skus),
                "several": len(product.skus) > 1,
            }
            if all(facts[name] == value for name, value in wanted.items()):
                return product
    raise LookupError(wanted)


def set_stock(asker, product_id, *rows, shop=0):
    body = {"skus": [{"id": sku, "inventory": inventory} for sku, inventory in rows]}
    return asker.ask("POST", f"/product/202309/products/{product_id}/inventory/update", None, body, shop)


def stock_of(asker, product_id):
    skus = asker.ask("GET", f"/product/202309/products/{product_id}")["skus"]
    return {sku["id"]: {row["warehouse_id"]: row["quantity"] for row in sku["inventory"]} for sku in skus}


# -- reading -----------------------------------------------------------------------------------------------


def test_bounds_are_inclusive_on_both_sides(asker):
    edge = sorted(row["update_time"] for row in everything(asker))[40]
    upto = everything(asker, {"update_time_le": edge})
    since = everything(asker, {"update_time_ge": edge})
    assert max(row["update_time"] for row in upto) == min(row["update_time"] for row in since) == edge
    both = {row["id"] for row in upto} & {row["id"] for row in since}
    assert both == {row["id"] for row in everything(asker, {"update_time_ge": edge, "update_time_le": edge})} != set()


def test_all_hides_deleted_products_and_the_filter_finds_them(asker):
    shown, deleted = everything(asker), everything(asker, {"status": "DELETED"})
    assert deleted
    assert {row["status"] for row in deleted} == {"DELETED"}
    assert "DELETED" not in {row["status"] for row in shown}
    assert everything(asker, {"status": "ALL"}) == shown
    detail = asker.ask("GET", f"/product/202309/products/{deleted[0]['id']}")
    assert detail["status"] == "DELETED"
    counts = row_counts(asker.world)[asker.world.shops[0].id]
    assert (len(shown), len(deleted)) == (counts["products"], counts["deleted_products"])


@pytest.mark.parametrize("status", ["DRAFT", "PENDING", "FAILED", "ACTIVATE", "FREEZE", "PLATFORM_DEACTIVATED"])
def test_the_status_filter_keeps_products_of_that_status(asker, status):
    assert {row["status"] for row in everything(asker, {"status": status})} == {status}


def test_products_are_found_by_seller_sku_and_by_sku_id(asker):
    product = everything(asker)[3]
    sku = product["skus"][-1]
    for body in ({"seller_skus": [sku["seller_sku"]]}, {"sku_ids": [sku["id"]]}):
        assert [row["id"] for row in everything(asker, body)] == [product["id"]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"create_time_ge": 2, "create_time_le": 1}, 12019118),
        ({"update_time_ge": 2, "update_time_le": 1}, 12019119),
        ({"seller_skus": [str(number) for number in range(11)]}, 12019027),
        ({"status": "LIVE"}, 36009004),
    ],
)
def test_filters_that_make_no_sense_are_refused(asker, body, code):
    with pytest.raises(ApiError) as refused:
        asker.ask("POST", SEARCH, {"page_size": 10}, body)
    assert refused.value.code == code


def test_a_search_refuses_more_than_ten_thousand_hits(new_world):
    asker = new_world(0, shops=1)
    held = row_counts(asker.world)[asker.world.shops[0].id]["products"]

    def list_more(first, last):
        with asker.world.writing(asker.now) as life:
            for number in range(first, last):
                one_more = new_product(asker.world.shops[0], number, NOW - number % 7, status="DRAFT")
                life.store.products.put(asker.world.shops[0].key(number), one_more)

    list_more(1_000, 1_000 + 10_000 - held)
    assert asker.ask("POST", SEARCH, {"page_size": 1})["total_count"] == 10_000
    list_more(20_000, 20_001)
    with pytest.raises(ApiError) as refused:
        asker.ask("POST", SEARCH, {"page_size": 1})
    assert refused.value.code == 12052180
    assert asker.ask("POST", SEARCH, {"page_size": 1}, {"create_time_ge": NOW - 3})["total_count"] < 10_000


def test_products_have_1_to_20_skus_in_1_to_3_warehouses(asker):
    products = everything(asker)
    assert {len(row["skus"]) for row in products} >= {1, 2, 3, 7}
    assert max(len(row["skus"]) for row in products) <= 20
    assert {len(sku["inventory"]) for row in products for sku in row["skus"]} == {1, 2, 3}
    assert any(not row["title"].isascii() for row in products)


def test_detail_and_search_agree(asker):
    for row in everything(asker)[:20]:
        detail = asker.ask("GET", f"/product/202309/products/{row['id']}")
        for name in ("id", "title", "status", "create_time", "update_time"):
            assert detail[name] == row[name]
        for short, long in zip(row["skus"], detail["skus"], strict=True):
            assert short.items() <= long.items()
            assert long["sku_dimensions"]
            assert long["sku_weight"]


def test_a_version_under_review_exists_only_while_pending(asker):
    path = "/product/202309/products/{}"
    pending, live = (everything(asker, {"status": status})[0]["id"] for status in ("PENDING", "ACTIVATE"))
    query = {"return_under_review_version": "true"}
    assert asker.ask("GET", path.format(pending), query)["id"] == pending
    with pytest.raises(ApiError) as refused:
        asker.ask("GET", path.format(live), query)
    assert refused.value.code == 12052547


def test_stock_search_shows_what_is_available_and_what_is_sold_but_not_sent(asker):
    products = everything(asker)[:40]
    body = {"product_ids": [row["id"] for row in products]}
    found = asker.ask("POST", "/product/202309/inventory/search", None, body)["inventory"]
    assert {row["product_id"] for row in found} == set(body["product_ids"])
    shelves = {sku["id"]: sku["inventory"] for row in products for sku in row["skus"]}
    committed = 0
    for row in found:
        for sku in row["skus"]:
            places = sku["warehouse_inventory"]
            assert sku["total_available_quantity"] == sum(place["available_quantity"] for place in places)
            assert sku["total_committed_quantity"] == sum(place["committed_quantity"] for place in places)
            assert [place["available_quantity"] for place in places] == [s["quantity"] for s in shelves[sku["id"]]]
            committed += sku["total_committed_quantity"]
    assert committed > 0


def test_in_a_stock_search_sku_ids_win(asker):
    one, other = everything(asker)[:2]
    body = {"product_ids": [one["id"]], "sku_ids": [other["skus"][0]["id"]]}
    (found,) = asker.ask("POST", "/product/202309/inventory/search", None, body)["inventory"]
    assert found["product_id"] == other["id"]
    assert [sku["id"] for sku in found["skus"]] == [other["skus"][0]["id"]]
    with pytest.raises(ApiError):
        asker.ask("POST", "/product/202309/inventory/search", None, {})
    with pytest.raises(ApiError):
        asker.ask("POST", "/product/202309/inventory/search", None, {"product_ids": ["1"] * 101})


def test_what_is_committed_is_what_orders_still_wait_for(asker):
    waiting = 0
    for (doc,) in asker.world.db.execute(
        "SELECT state FROM order_states JOIN orders USING (key) WHERE shop = 0 AND status IN "
        "('UNPAID', 'ON_HOLD', 'AWAITING_SHIPMENT', 'PARTIALLY_SHIPPING', 'AWAITING_COLLECTION')"
    ):
        order = asker.world.store.orders._decode(doc)
        waiting += 0 if order.source else len(order.lines)
    with asker.world.reading() as store:
        keys = [key for (key,) in asker.world.db.execute("SELECT key FROM products WHERE shop = 0")]
        committed = sum(sum(sku.committed) for key in keys for sku in store.products[key].skus)
    assert committed == waiting > 0


# -- stock -------------------------------------------------------------------------------------------------


def test_stock_is_replaced_and_the_update_time_moves(new_world):
    asker = new_world()
    product = a_product(asker, status="ACTIVATE", promotion=False, warehouses=2, bundle=False)
    sku, places = product.skus[0].id, list(stock_of(asker, product.id)[product.skus[0].id])
    asker.now += 5
    rows = [{"warehouse_id": places[0], "quantity": 0}, {"warehouse_id": places[1], "quantity": 99_999}]
    assert set_stock(asker, product.id, (sku, rows)) == {}
    assert stock_of(asker, product.id)[sku] == {places[0]: 0, places[1]: 99_999}
    assert asker.ask("GET", f"/product/202309/products/{product.id}")["update_time"] == asker.now
    assert set_stock(asker, product.id, (sku, rows)) == {}


def test_a_lone_warehouse_need_not_be_named(new_world):
    asker = new_world()
    product = a_product(asker, status="ACTIVATE", promotion=False, warehouses=1, bundle=False)
    assert set_stock(asker, product.id, (product.skus[0].id, [{"quantity": 12}])) == {}
    assert list(stock_of(asker, product.id)[product.skus[0].id].values()) == [12]


def test_refused_stock_is_reported_by_sku_and_warehouse_and_the_rest_is_changed(new_world):
    asker = new_world()
    product = a_product(asker, status="ACTIVATE", promotion=False, warehouses=2, bundle=False, several=True)
    good, bad = product.skus[0].id, product.skus[1].id
    places = list(stock_of(asker, product.id)[good])
    before = stock_of(asker, product.id)[bad]
    answer = set_stock(
        asker,
        product.id,
        (good, [{"warehouse_id": place, "quantity": 5} for place in places]),
        (bad, [{"warehouse_id": places[0], "quantity": 5}]),
    )
    (error,) = answer["errors"]
    assert error["code"] == 12052990
    assert error["detail"]["sku_id"] == bad
    assert [(extra["code"], extra["warehouse_id"]) for extra in error["detail"]["extra_errors"]] == [
        (12019028, places[1])
    ]
    assert set(stock_of(asker, product.id)[good].values()) == {5}
    assert stock_of(asker, product.id)[bad] == before


def test_each_rule_of_stock_has_its_code(new_world):
    asker = new_world()
    product = a_product(asker, status="ACTIVATE", promotion=False, warehouses=2, bundle=False)
    sku, places = product.skus[0].id, list(stock_of(asker, product.id)[product.skus[0].id])
    shop = asker.world.shops[0]
    other = next(place.id for place in shop.sales_warehouses if place.id not in places)
    cases = {
        12052530: {"warehouse_id": asker.world.shops[1].warehouses[0].id, "quantity": 1},
        12052532: {"warehouse_id": shop.warehouses[-1].id, "quantity": 1},
        12052533: {"warehouse_id": other, "quantity": 1},
        12052555: {"warehouse_id": places[0], "quantity": 1},
        12052037: {"quantity": 1},
    }
    full = [{"warehouse_id": place, "quantity": 5} for place in places]
    for code, extra in cases.items():
        (error,) = set_stock(asker, product.id, (sku, [*full, extra]))["errors"]
        assert [item["code"] for item in error["detail"]["extra_errors"]] == [code]
    for quantity in (-1, 100_000):
        rows = [{"warehouse_id": places[0], "quantity": quantity}, full[1]]
        (error,) = set_stock(asker, product.id, (sku, rows))["errors"]
        assert [item["code"] for item in error["detail"]["extra_errors"]] == [12052055]


def test_in_a_promotion_stock_may_rise_but_not_fall(new_world):
    asker = new_world()
    product = a_product(asker, status="ACTIVATE", promotion=True, warehouses=1, bundle=False)
    sku, (place, now) = product.skus[0].id, *stock_of(asker, product.id)[product.skus[0].id].items()
    assert set_stock(asker, product.id, (sku, [{"warehouse_id": place, "quantity": now + 1}])) == {}
    (error,) = set_stock(asker, product.id, (sku, [{"warehouse_id": place, "quantity": now}]))["errors"]
    assert error["detail"]["extra_errors"][0]["code"] == 12052393
    assert stock_of(asker, product.id)[sku] == {place: now + 1}


def test_a_stock_update_that_cannot_be_meant_is_refused_as_a_whole(new_world):
    asker = new_world()
    path = "/product/202309/products/{}/inventory/update"
    frozen = a_product(asker, status="FREEZE")
    bundle = a_product(asker, status="ACTIVATE", bundle=True)
    product = a_product(asker, status="ACTIVATE", bundle=False)
    other = a_product(asker, status="ACTIVATE", bundle=False, warehouses=3)
    foreign = a_product(asker, 1, status="ACTIVATE")

    def body(*skus):
        return {"skus": [{"id": sku.id, "inventory": [{"quantity": 1}]} for sku in skus]}

    assert the_code(asker, "POST", path.format(frozen.id), body(frozen.skus[0])) == 12052901
    assert the_code(asker, "POST", path.format(bundle.id), body(bundle.skus[0])) == 12052850
    assert the_code(asker, "POST", path.format(product.id), body(other.skus[0])) == 12052557
    assert the_code(asker, "POST", path.format(product.id), body(product.skus[0], product.skus[0])) == 12052553
    assert the_code(asker, "POST", path.format(foreign.id), body(foreign.skus[0])) == 12052048
    assert the_code(asker, "POST", path.format(product.id), {"skus": []}) == 36009004
    many = {"skus": [{"id": str(number), "inventory": [{"quantity": 1}]} for number in range(101)]}
    assert the_code(asker, "POST", path.format(product.id), many) == 12052050


def test_what_is_sold_out_is_not_sold_any_more(new_world):
    asker = new_world(600, shops=1)
    shop = asker.world.shops[0]
    with asker.world.writing(asker.now) as life:
        for (key,) in asker.world.db.execute("SELECT key FROM products").fetchall():
            product = life.store.products[key]
            for sku in product.skus:
                sku.stock, sku.restocking = [0] * len(sku.stock), True
            life.store.products.put(key, product)
        asker.world.db.execute("DELETE FROM events WHERE kind IN (5, 6)")  # nobody brings new goods
    before = row_counts(asker.world)[shop.id]["orders"]
    asker.now += 3 * DAY
    asker.world.advance(asker.now)
    bought = asker.world.db.execute("SELECT doc FROM orders WHERE create_time > ?", (NOW,)).fetchall()
    assert row_counts(asker.world)[shop.id]["orders"] - before == len(bought) <= 2  # exchanges may still go out


# -- prices ------------------------------------------------------------------------------------------------


def set_price(asker, product, shop=0, **price):
    body = {"skus": [{"id": product.skus[0].id, **price}]}
    return asker.ask("POST", f"/product/202309/products/{product.id}/prices/update", None, body, shop)


def test_a_price_is_set_and_new_orders_pay_it(new_world):
    asker = new_world()
    product = a_product(asker, status="ACTIVATE", promotion=False, bundle=False)
    price = {"amount": "12.50", "currency": "USD"}
    assert set_price(asker, product, price=price, list_price={"amount": "15", "currency": "USD"}) == {}
    sku = asker.ask("GET", f"/product/202309/products/{product.id}")["skus"][0]
    assert sku["price"] == {"currency": "USD", "sale_price": "12.50", "tax_exclusive_price": "12.50"}
    assert sku["list_price"] == {"amount": "15.00", "currency": "USD"}
    set_price(asker, product, price=price, list_price={"amount": "12.49", "currency": "USD"})
    assert "list_price" not in asker.ask("GET", f"/product/202309/products/{product.id}")["skus"][0]


def test_british_prices_are_shown_with_and_without_vat(new_world):
    asker = new_world()
    product = a_product(asker, 1, status="ACTIVATE", promotion=False, bundle=False)
    set_price(asker, product, 1, price={"amount": "12.00", "currency": "GBP"})
    sku = asker.ask("GET", f"/product/202309/products/{product.id}", shop=1)["skus"][0]
    assert sku["price"] == {"currency": "GBP", "sale_price": "12.00", "tax_exclusive_price": "10.00"}


@pytest.mark.parametrize(
    ("price", "code"),
    [
        ({"price": {"amount": "12.50", "currency": "GBP"}}, 12052084),
        ({"price": {"amount": "12.505", "currency": "USD"}}, 12052012),
        ({"price": {"amount": "12,50", "currency": "USD"}}, 12052012),
        ({"price": {"amount": "0", "currency": "USD"}}, 12052073),
        ({"price": {"amount": "-1", "currency": "USD"}}, 12052073),
        ({"price": {"amount": "7600.01", "currency": "USD"}}, 12052570),
        ({"price": {"currency": "USD"}}, 12052571),
        ({"price": {"amount": "1", "currency": "USD"}, "list_price": {"amount": "2", "currency": "EUR"}}, 12052376),
        ({"price": {"amount": "1", "currency": "USD"}, "list_price": {"amount": "x", "currency": "USD"}}, 12052375),
        ({"price": {"amount": "1", "currency": "USD"}, "list_price": {"amount": "9999", "currency": "USD"}}, 12052383),
    ],
)
def test_each_rule_of_prices_has_its_code_and_changes_nothing(new_world, price, code):
    asker = new_world(30)
    product = a_product(asker, status="ACTIVATE", promotion=False, bundle=False, several=True)
    path = f"/product/202309/products/{product.id}"
    before = asker.ask("GET", path)
    good = {"id": product.skus[1].id, "price": {"amount": "3.33", "currency": "USD"}}
    body = {"skus": [good, {"id": product.skus[0].id, **price}]}
    assert the_code(asker, "POST", f"{path}/prices/update", body) == code
    assert asker.ask("GET", path) == before


def test_prices_are_locked_in_promotions_and_off_sale(new_world):
    asker = new_world(30)
    price = {"amount": "5", "currency": "USD"}
    for wanted, code in (({"promotion": True}, 12052038), ({"status": "SELLER_DEACTIVATED"}, 12052901)):
        product = a_product(asker, **{"status": "ACTIVATE", **wanted})
        with pytest.raises(ApiError) as refused:
            set_price(asker, product, price=price)
        assert refused.value.code == code


# -- listings ----------------------------------------------------------------------------------------------


def change(asker, verb, *ids):
    body = {"product_ids": list(ids)}
    if verb == "delete":
        return asker.ask("DELETE", "/product/202309/products", None, body)
    return asker.ask("POST", f"/product/202309/products/{verb}", None, body)


def status_of(asker, product):
    return asker.ask("GET", f"/product/202309/products/{product.id}")["status"]


def test_a_listing_goes_down_and_up_is_deleted_and_recovered(new_world):
    asker = new_world(30)
    product = a_product(asker, status="ACTIVATE")
    for verb, status in (
        ("deactivate", "SELLER_DEACTIVATED"),
        ("activate", "ACTIVATE"),
        ("delete", "DELETED"),
        ("recover", "SELLER_DEACTIVATED"),
    ):
        asker.now += 1
        assert change(asker, verb, product.id) == {}
        assert status_of(asker, product) == status
        assert asker.ask("GET", f"/product/202309/products/{product.id}")["update_time"] == asker.now


def test_a_draft_that_is_put_up_is_looked_at_first(new_world):
    asker = new_world(30)
    product = a_product(asker, status="DRAFT")
    change(asker, "activate", product.id)
    assert status_of(asker, product) == "PENDING"
    asker.now += 3 * DAY
    assert status_of(asker, product) in {"ACTIVATE", "FAILED", "SELLER_DEACTIVATED"}


def test_each_product_fails_for_itself(new_world):
    asker = new_world(30)
    live, frozen = a_product(asker, status="ACTIVATE"), a_product(asker, status="FREEZE")
    foreign = a_product(asker, 1, status="ACTIVATE")
    errors = change(asker, "deactivate", frozen.id, live.id, foreign.id, "17")["errors"]
    assert [(error["code"], error["detail"]["product_id"]) for error in errors] == [
        (12052003, frozen.id),
        (12052048, foreign.id),
        (12052048, "17"),
    ]
    assert status_of(asker, live) == "SELLER_DEACTIVATED"
    assert status_of(asker, frozen) == "FREEZE"


def test_a_refused_activation_says_why_one_level_deeper(new_world):
    asker = new_world(30)
    (error,) = change(asker, "activate", a_product(asker, status="FREEZE").id)["errors"]
    assert error["code"] == 12052990
    assert [extra["code"] for extra in error["detail"]["extra_errors"]] == [12052003]


@pytest.mark.parametrize("verb", ["activate", "deactivate", "delete", "recover"])
def test_at_most_twenty_products_go_at_once(new_world, verb):
    with pytest.raises(ApiError):
        change(new_world(1), verb, *map(str, range(21)))
