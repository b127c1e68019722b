"""The catalogue of a cross-border seller, and how it hangs together with its shops."""

import pytest
from tiktokshop_sandbox.catalog import first_product
from tiktokshop_sandbox.contract import ApiCall, ApiError, Grant
from tiktokshop_sandbox.derived import all_counts
from tiktokshop_sandbox.documents.compliance import manufacturer
from tiktokshop_sandbox.documents.global_products import global_document
from tiktokshop_sandbox.endpoints import Router, all_endpoints
from tiktokshop_sandbox.params import typed_body, typed_query
from tiktokshop_sandbox.storefront import storefront

DAY = 86_400
SEARCH = "/product/202312/global_products/search"
DETAIL = "/product/202309/global_products/{}"
CROSS_BORDER = 4  # the number of the first shop that crosses borders
SHOPS = {"ID": CROSS_BORDER, "GB": 9}  # both of the seller's, by region
STATUSES = ("DRAFT", "PUBLISHED", "UNPUBLISHED", "DELETED")


@pytest.fixture(scope="module")
def seller(asker):
    """A seller with ten shops, two of which cross borders, as good as without orders. Read only."""
    world = type(asker.world).open(":memory:", seed=7, shops=10, orders=1, now=asker.now)
    yield type(asker)(world)
    world.close()


def found(asker, body=None, size=100):
    return asker.pages("POST", SEARCH, "global_products", {"page_size": size}, body)


def whole(asker):
    return {row["id"]: row for row in found(asker) + found(asker, {"status": "DELETED"})}


def local(asker, product):
    return asker.ask("GET", f"/product/202309/products/{product['id']}", shop=SHOPS[product.get("region", "ID")])


def count(asker, name, shop):
    return all_counts()[name](asker.world, asker.world.shops[shop], asker.now)


def refusal(asker, method, path, query=None, body=None):
    with pytest.raises(ApiError) as refused:
        asker.ask(method, path, query, body)
    return refused.value.code


def test_paging_finds_what_the_world_counts(seller):
    counts = [count(seller, "global_products", shop) for shop in range(10)]
    assert [shop for shop in range(10) if counts[shop]] == list(SHOPS.values())
    assert counts == [count(seller, "global_product_details", shop) for shop in range(10)]
    expected = sum(counts)
    for size in (100, 7):
        ids = [row["id"] for row in found(seller, size=size)]
        assert len(ids) == len(set(ids)) == expected > 30
    assert seller.ask("POST", SEARCH, {"page_size": 1})["total_count"] == expected


@pytest.mark.parametrize("query", [{}, {"page_size": 0}, {"page_size": 101}])
def test_page_sizes_outside_the_range_are_refused(seller, query):
    assert refusal(seller, "POST", SEARCH, query) == 36009004


def test_the_newest_come_first(seller):
    times = [row["create_time"] for row in found(seller)]
    assert times == sorted(times, reverse=True)


def test_sellers_without_a_cross_border_shop_have_none(asker):
    assert found(asker) == []
    assert count(asker, "global_products", 0) == count(asker, "global_products", 1) == 0


def ask_with_grant(asker, numbers, method, path, query):
    """What a seller sees whose grant covers the shops of these numbers."""
    route = Router(all_endpoints()).find(path)
    endpoint = route.endpoints[method]
    shops = frozenset(asker.world.shops[number].id for number in numbers)
    grant = Grant(1, "s", "Seller", "US", "open", frozenset(), shops)
    typed = {"query": typed_query(query, endpoint.query), "body": typed_body({}, endpoint.body)}
    call = ApiCall(
        endpoint=endpoint, world=asker.world, grant=grant, now=asker.now, host_url="", path=route.path, **typed
    )
    return endpoint.handler(call)


def test_only_shops_that_the_grant_covers_are_answered_for(seller):
    some = found(seller, {"status": "PUBLISHED"})[0]["id"]
    for numbers, expected in (({0, CROSS_BORDER}, count(seller, "global_products", CROSS_BORDER)), ({0, 1}, 0)):
        data = ask_with_grant(seller, numbers, "POST", SEARCH, {"page_size": "1"})
        assert data["total_count"] == expected
    (region,) = {item["region"] for item in seller.ask("GET", DETAIL.format(some))["products"]}
    assert ask_with_grant(seller, {SHOPS[region]}, "GET", DETAIL.format(some), {})["id"] == some
    with pytest.raises(ApiError):
        ask_with_grant(seller, set(range(10)) - {SHOPS[region]}, "GET", DETAIL.format(some), {})
    charts = "/product/202407/sizecharts/search"
    few = ask_with_grant(seller, {1}, "POST", charts, {"page_size": "1"})["total_count"]
    assert few == count(seller, "size_charts", 1)


@pytest.mark.parametrize("status", STATUSES)
def test_the_status_filter_keeps_products_of_that_status(seller, status):
    rows = found(seller, {"status": status})
    assert {row["status"] for row in rows} == {status}
    shown = {row["id"] for row in found(seller)}
    assert {row["id"] for row in rows} <= shown if status != "DELETED" else shown.isdisjoint(row["id"] for row in rows)


@pytest.mark.parametrize("field", ["create_time", "update_time"])
def test_bounds_are_inclusive_on_both_sides(seller, field):
    times = sorted(row[field] for row in found(seller))
    edge = times[len(times) // 2]
    upto = [row[field] for row in found(seller, {f"{field}_le": edge})]
    since = [row[field] for row in found(seller, {f"{field}_ge": edge})]
    assert max(upto) == min(since) == edge
    assert len(upto) + len(since) - times.count(edge) == len(times)
    code = {"create_time": 12019118, "update_time": 12019119}[field]
    assert refusal(seller, "POST", SEARCH, {"page_size": 1}, {f"{field}_ge": 2, f"{field}_le": 1}) == code


def test_products_are_found_by_seller_sku(seller):
    product = found(seller)[3]
    code = product["skus"][-1]["seller_sku"]
    rows = found(seller, {"seller_skus": [code, "none"]})
    assert product["id"] in {row["id"] for row in rows}
    assert all(code in {sku["seller_sku"] for sku in row["skus"]} for row in rows)
    assert refusal(seller, "POST", SEARCH, {"page_size": 1}, {"status": "ALL"}) == 36009004


def test_what_is_unknown_or_deleted_cannot_be_looked_at(seller):
    for number in ("17", found(seller, {"status": "DELETED"})[0]["id"]):
        assert refusal(seller, "GET", DETAIL.format(number)) == 12052260


def test_both_sides_name_each_other_sku_by_sku(seller):
    for row in found(seller):
        detail = seller.ask("GET", DETAIL.format(row["id"]))
        assert ("products" in detail) is (row["status"] != "DRAFT")
        assert [(sku["id"], sku["seller_sku"]) for sku in detail["skus"]] == [
            (sku["id"], sku["seller_sku"]) for sku in row["skus"]
        ]
        for product in detail.get("products", []):
            shown = local(seller, product)
            association = {"global_product_id": row["id"], "sku_mappings": product["sku_mappings"]}
            assert shown["global_product_association"] == association
            pairs = {item["global_sku_id"]: item["local_sku_id"] for item in product["sku_mappings"]}
            assert list(pairs) == [sku["id"] for sku in detail["skus"]]
            assert list(pairs.values()) == [sku["id"] for sku in shown["skus"]]
            assert [sku["global_quantity"] for sku in detail["skus"]] == [
                sum(place["quantity"] for place in sku["inventory"]) for sku in shown["skus"]
            ]
            for sku, mapped in zip(detail["skus"], product["sku_mappings"], strict=True):
                assert [(item["id"], item["value_id"]) for item in sku["sales_attributes"]] == [
                    (item["local_attribute_id"], item["local_value_id"]) for item in mapped["sales_attribute_mappings"]
                ]


def test_some_products_of_the_shop_and_all_of_other_shops_are_only_local(seller):
    query = {"page_size": 100}
    listed = seller.pages("POST", "/product/202502/products/search", "products", query, shop=CROSS_BORDER)
    associated = ["global_product_association" in local(seller, row) for row in listed]
    assert 0 < associated.count(False) < associated.count(True)
    home = seller.ask("POST", "/product/202502/products/search", {"page_size": 1})["products"][0]["id"]
    assert "global_product_association" not in seller.ask("GET", f"/product/202309/products/{home}")


def test_products_that_are_not_published_yet_or_deleted_name_no_global_product(seller):
    for status in ("DRAFT", "DELETED"):
        rows = seller.pages(
            "POST",
            "/product/202502/products/search",
            "products",
            {"page_size": 100},
            {"status": status},
            CROSS_BORDER,
        )
        assert rows
        assert not any("global_product_association" in local(seller, row) for row in rows)


def test_what_a_global_product_names_is_known(seller):
    tree = seller.ask("GET", "/product/202309/categories", shop=CROSS_BORDER)["categories"]
    leaves = {row["id"] for row in tree if row["is_leaf"]}
    brands = {row["id"] for row in seller.pages("GET", "/product/202309/brands", "brands", {"page_size": 100})}
    charts = seller.pages("POST", "/product/202407/sizecharts/search", "size_chart", {"page_size": 100})
    known = {row["template_id"] for row in charts}
    named = set()
    for row in found(seller):
        detail = seller.ask("GET", DETAIL.format(row["id"]))
        assert detail["category"]["id"] in leaves
        assert detail["brand"]["id"] in brands
        named |= {detail["size_chart"]["template"]["id"]} if "size_chart" in detail else set()
        assert detail["package_weight"]["unit"] == "KILOGRAM"
        assert {sku["price"]["currency"] for sku in detail["skus"]} == {"USD"}
        assert all(sku["price"]["amount"] > "0" for sku in detail["skus"])
    assert named
    assert named <= known


def test_sellers_inside_the_eu_have_their_contacts_and_euros(asker):
    shop = storefront(7, 14)
    assert (shop.region, shop.seller_type) == ("FR", "CROSS_BORDER")
    product = first_product(shop, 50, asker.now)
    shown = global_document(shop, product, "s")
    assert shown["source_locale"] == "fr-FR"
    assert shown["manufacturer_ids"] == [manufacturer(shop, 1).id]
    assert shown["manufacturer"]["name"] == manufacturer(shop, 1).name
    for sku, local_sku in zip(shown["skus"], product.skus, strict=True):
        without_tax = round(local_sku.price / 1.2)
        assert sku["price"] == {"amount": shop.amount(without_tax), "currency": "EUR"}


def test_only_documented_fields_are_sent(seller, undocumented):
    answer = seller.ask("POST", SEARCH, {"page_size": 100})
    assert undocumented(answer, "POST", SEARCH) == set()
    template = DETAIL.format("{global_product_id}")
    for row in found(seller)[:20]:
        assert undocumented(seller.ask("GET", DETAIL.format(row["id"])), "GET", template) == set()
        for product in seller.ask("GET", DETAIL.format(row["id"])).get("products", []):
            shown = local(seller, product)
            assert undocumented(shown, "GET", "/product/202309/products/{product_id}") == set()


def test_a_day_later_some_have_changed_and_none_is_lost(new_world):
    asker = new_world(60, shops=5)
    before, earlier = whole(asker), asker.now
    asker.now += DAY
    after = whole(asker)
    assert before.keys() <= after.keys()
    changed = [number for number, row in before.items() if after[number] != row]
    assert changed
    assert all(earlier < after[number]["update_time"] <= asker.now for number in changed)
    assert all(row["create_time"] <= row["update_time"] <= asker.now for row in after.values())
    assert {row["id"] for row in found(asker, {"update_time_ge": earlier + 1})} >= set(changed) - {
        number for number in changed if after[number]["status"] == "DELETED"
    }


def test_weeks_later_there_are_new_ones(new_world):
    asker = new_world(60, shops=5)
    before = whole(asker)
    asker.now += 30 * DAY
    new = [row for number, row in whole(asker).items() if number not in before]
    assert new
    assert all(row["create_time"] > asker.now - 30 * DAY for row in new)


def test_a_draft_is_published_when_its_product_goes_on_sale(new_world):
    asker = new_world(60, shops=5)
    draft = found(asker, {"status": "DRAFT"})[0]
    rows = asker.pages(
        "POST", "/product/202502/products/search", "products", {"page_size": 100}, {"status": "DRAFT"}, CROSS_BORDER
    )
    product = next(row for row in rows if row["skus"][0]["seller_sku"] == draft["skus"][0]["seller_sku"])
    body = {"product_ids": [product["id"]]}
    asker.ask("POST", "/product/202309/products/activate", None, body, CROSS_BORDER)
    detail = asker.ask("GET", DETAIL.format(draft["id"]))
    assert [item["id"] for item in detail["products"]] == [product["id"]]
    assert detail["update_time"] == asker.now
    assert draft["id"] in {row["id"] for row in found(asker, {"status": "PUBLISHED"})}


def test_two_worlds_of_one_seed_agree(new_world, tmp_path):
    one, same = new_world(1, shops=5), new_world(1, shops=5, path=tmp_path / "same.db")
    other = new_world(1, shops=5, seed=8, path=tmp_path / "other.db")
    details = [[w.ask("GET", DETAIL.format(row["id"])) for row in found(w)] for w in (one, same, other)]
    assert details[0] == details[1] != details[2]
