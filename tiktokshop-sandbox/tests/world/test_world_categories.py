"""What goods are listed under: categories with their attributes and rules, and brands."""

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.derived import all_counts

DAY = 86_400
CATEGORIES = "/product/202309/categories"
BRANDS = "/product/202309/brands"
V2 = {"category_version": "v2"}
MUGS, LAMPS, CARDIGANS, SOCKS, SERUMS = "853000", "910088", "842504", "844168", "849544"
GERMANY, INDONESIA, VIETNAM = 2, 4, 5


@pytest.fixture(scope="module")
def abroad(asker):
    """Six shops in six markets, as good as without orders. Read only."""
    world = type(asker.world).open(":memory:", seed=7, shops=6, orders=1, now=asker.now)
    yield type(asker)(world)
    world.close()


def tree(asker, query=None, shop=0):
    return {row["id"]: row for row in asker.ask("GET", CATEGORIES, V2 | (query or {}), shop=shop)["categories"]}


def of_category(asker, category, what, shop=0):
    return asker.ask("GET", f"{CATEGORIES}/{category}/{what}", V2, shop=shop)


def attributes(asker, category, shop=0):
    return {row["id"]: row for row in of_category(asker, category, "attributes", shop)["attributes"]}


def products(asker, shop=0):
    listed = asker.pages("POST", "/product/202502/products/search", "products", {"page_size": 100}, shop=shop)
    return [asker.ask("GET", f"/product/202309/products/{row['id']}", shop=shop) for row in listed]


def count(asker, name, shop=0):
    return all_counts()[name](asker.world, asker.world.shops[shop], asker.now)


def refusal(asker, path, query, shop=0):
    with pytest.raises(ApiError) as refused:
        asker.ask("GET", path, query, shop=shop)
    return refused.value.code


# -- categories --------------------------------------------------------------------------------------------


def test_every_category_hangs_on_a_root_and_only_leaves_have_nothing_below(asker):
    shown = tree(asker)
    parents = {row["parent_id"] for row in shown.values()}
    assert parents - {"0"} <= set(shown)
    assert {row["id"] for row in shown.values() if not row["is_leaf"]} == parents - {"0"}
    assert sum(row["parent_id"] == "0" for row in shown.values()) == 8
    assert count(asker, "categories") == count(asker, "categories", 1) == len(shown) == 57


def test_a_keyword_is_looked_for_in_the_names(asker):
    assert {row["local_name"] for row in tree(asker, {"keyword": "DRESS"}).values()} == {"Dresses", "Midi Dresses"}
    assert tree(asker, {"keyword": "décor"}).keys() == {"852104"}
    data = asker.ask("GET", CATEGORIES, V2 | {"keyword": "no such thing"})
    assert data.get("categories", []) == []


def test_names_come_in_the_language_asked_for(asker):
    assert tree(asker)["600001"]["local_name"] == "Home Supplies"
    assert tree(asker, {"locale": "vi-VN"})["600001"]["local_name"] == "Đồ gia dụng"
    assert tree(asker, {"locale": "de-AT"})["600001"]["local_name"] == "Haushaltswaren"
    assert tree(asker, {"locale": "vi-VN"})[MUGS]["local_name"] == "Mugs"
    assert refusal(asker, CATEGORIES, V2 | {"locale": "en"}) == 36009004


def test_prohibited_categories_are_shown_on_demand_where_the_market_tells_permissions(abroad):
    query = {"include_prohibited_categories": "true"}
    for shop, tells in ((0, False), (1, False), (GERMANY, True), (INDONESIA, True)):
        usual, all_of_them = tree(abroad, shop=shop), tree(abroad, query, shop)
        more = [all_of_them[number] for number in all_of_them.keys() - usual.keys()]
        assert len(more) == (2 if tells else 0)
        assert all(row["permission_statuses"] == ["PROHIBITED"] and row["is_leaf"] for row in more)
        assert all(("permission_statuses" in row) is tells for row in usual.values())
    permissions = {status for row in tree(abroad, shop=GERMANY).values() for status in row["permission_statuses"]}
    assert permissions == {"AVAILABLE", "INVITE_ONLY", "NON_MAIN_CATEGORY"}


def test_in_the_us_the_seven_level_tree_has_to_be_asked_for(asker):
    for path in (CATEGORIES, f"{CATEGORIES}/{MUGS}/rules", f"{CATEGORIES}/{MUGS}/attributes"):
        assert refusal(asker, path, {}) == 12052217
        assert asker.ask("GET", path, shop=1) == asker.ask("GET", path, V2, shop=1)


@pytest.mark.parametrize("what", ["rules", "attributes"])
def test_only_leaves_have_rules_and_attributes(asker, what):
    assert refusal(asker, f"{CATEGORIES}/17/{what}", V2) == 12052023
    assert refusal(asker, f"{CATEGORIES}/600001/{what}", V2) == 12052024


# -- rules and attributes ----------------------------------------------------------------------------------


def test_a_product_is_described_in_the_words_of_its_category(abroad):
    for shop in (0, VIETNAM):
        shown, seen = tree(abroad, shop=shop), set()
        for product in products(abroad, shop):
            chain = product["category_chains"]
            assert [shown[item["id"]]["local_name"] for item in chain] == [item["local_name"] for item in chain]
            assert [shown[item["id"]]["parent_id"] for item in chain] == [item["parent_id"] for item in chain]
            known = attributes(abroad, chain[-1]["id"], shop)
            for sku in product["skus"]:
                for item in sku["sales_attributes"]:
                    row = known[item["id"]]
                    assert (row["type"], row["name"]) == ("SALES_PROPERTY", item["name"])
                    assert {"id": item["value_id"], "name": item["value_name"]}.items() <= {
                        pair for value in row["values"] if value["id"] == item["value_id"] for pair in value.items()
                    }
            for item in product["product_attributes"]:
                row, (value,) = known[item["id"]], item["values"]
                assert (row["type"], row["name"]) == ("PRODUCT_PROPERTY", item["name"])
                assert value in row.get("values", []) or row["is_customizable"]
                seen.add(item["id"])
            required = {number for number, row in known.items() if row.get("is_requried")}
            assert required <= {item["id"] for item in product["product_attributes"]}
        assert ("101489" in seen) is (shop == VIETNAM)


def test_what_depends_on_another_attribute_is_filled_in_when_that_one_says_so(abroad):
    condition = {"condition_type": "VALUE_ID_MATCH", "attribute_id": "101395", "attribute_value_id": "1000058"}
    assert attributes(abroad, LAMPS)["101400"]["requirement_conditions"] == [condition]
    found = set()
    for product in products(abroad):
        values = {item["id"]: item["values"][0]["id"] for item in product["product_attributes"]}
        if "101395" in values:
            found.add((values["101395"] == "1000058", "101400" in values, "101401" in values))
    assert found == {(True, True, True), (False, False, False)}


def test_sales_attributes_are_the_axes_on_which_goods_vary(asker):
    rows = attributes(asker, CARDIGANS)
    assert [row["name"] for row in rows.values() if row["type"] == "SALES_PROPERTY"] == [
        "Color",
        "Size",
        "Specification",
    ]
    assert [value["name"] for value in rows["100007"]["values"]] == ["XS", "S", "M", "L", "XL", "2XL"]
    assert "is_requried" not in rows["100007"]
    assert attributes(asker, SERUMS)["100437"]["metric_standards"][0]["metric_value_modules"][0]["units"] == [
        {"id": "301", "name": "ml"},
        {"id": "302", "name": "fl oz"},
    ]


def test_what_a_category_asks_for_depends_on_the_goods_and_on_the_market(abroad):
    sizes = {category: of_category(abroad, category, "rules")["size_chart"] for category in (CARDIGANS, SOCKS, MUGS)}
    assert [(row["is_supported"], row["is_required"]) for row in sizes.values()] == [
        (True, True),
        (True, False),
        (False, False),
    ]
    by_shop = {shop: of_category(abroad, LAMPS, "rules", shop) for shop in (0, 1, GERMANY, VIETNAM)}
    assert by_shop[0]["allowed_special_product_types"] == ["PRE_ORDER", "MADE_TO_ORDER", "CUSTOM"]
    assert by_shop[1]["allowed_special_product_types"] == ["PRE_ORDER"]
    assert [row["epr"]["is_required"] for row in by_shop.values()] == [False, False, True, False]
    assert ["manufacturer" in row for row in by_shop.values()] == [False, False, True, False]
    assert ["cod" in row for row in by_shop.values()] == [False, False, False, True]
    assert of_category(abroad, "914824", "rules", GERMANY)["fees"] == [{"type": "PFAND", "is_required": True}]
    (certificate,) = by_shop[0]["product_certifications"]
    (when,) = certificate["requirement_conditions"]
    named = attributes(abroad, LAMPS)[when["attribute_id"]]
    assert when["attribute_value_id"] in {value["id"] for value in named["values"]}


def test_the_world_counts_rules_and_attributes_of_the_categories_in_use(abroad):
    for shop in (0, GERMANY, VIETNAM):
        found = products(abroad, shop)
        used = {product["category_chains"][-1]["id"] for product in found}
        assert count(abroad, "category_rules", shop) == len(used)
        assert count(abroad, "category_attributes", shop) == sum(len(attributes(abroad, leaf, shop)) for leaf in used)
        assert count(abroad, "product_details", shop) == len(found)


# -- brands ------------------------------------------------------------------------------------------------


def brands(asker, query=None, shop=0, size=100):
    return asker.pages("GET", BRANDS, "brands", {"page_size": size} | (query or {}), shop=shop)


@pytest.mark.parametrize("shop", [0, 1])
def test_paging_through_brands_finds_what_the_world_counts(asker, shop):
    expected = count(asker, "brands", shop)
    for size in (100, 13):
        found = [row["id"] for row in brands(asker, shop=shop, size=size)]
        assert len(found) == len(set(found)) == expected == 247
    assert asker.ask("GET", BRANDS, {"page_size": 1}, shop=shop)["total_count"] == expected
    for size in (0, 101):
        assert refusal(asker, BRANDS, {"page_size": size}) == 36009004
    assert refusal(asker, BRANDS, {}) == 36009004


def test_products_bear_brands_that_the_shop_is_authorised_for(abroad):
    for shop in (0, GERMANY):
        known = {row["id"]: row for row in brands(abroad, {"is_authorized": "true"}, shop)}
        borne = {product["brand"]["id"]: product["brand"]["name"] for product in products(abroad, shop)}
        assert len(borne) == 7
        assert {number: known[number]["name"] for number in borne} == borne


def test_authorised_brands_can_be_asked_for_alone_and_names_by_their_beginning(asker):
    everything = brands(asker)
    statuses = {row["authorized_status"] for row in everything}
    assert statuses == {"AUTHORIZED", "UNAUTHORIZED"}
    authorised = [row for row in everything if row["authorized_status"] == "AUTHORIZED"]
    assert brands(asker, {"is_authorized": "true"}) == authorised
    assert brands(asker, {"is_authorized": "false"}) == everything
    assert {row["name"] for row in brands(asker, {"brand_name": "åsa"})} >= {"Åsahaven", "Åsa Søn"}
    assert brands(asker, {"brand_name": "haven"}) == []
    assert any(row["is_t1_brand"] for row in everything)
    assert brands(asker, shop=1) != everything


def test_a_category_tells_where_authorised_brands_may_be_used_and_hides_none(asker):
    usual = brands(asker)
    assert not any("brand_status" in row for row in usual)
    for_mugs = brands(asker, V2 | {"category_id": MUGS})
    assert [row["id"] for row in for_mugs] == [row["id"] for row in usual]
    assert {(row["authorized_status"], row.get("brand_status")) for row in for_mugs} == {
        ("AUTHORIZED", "AVAILABLE"),
        ("AUTHORIZED", "UNAVAILABLE"),
        ("UNAUTHORIZED", None),
    }
    assert refusal(asker, BRANDS, {"page_size": 1, "category_id": "17"} | V2) == 12052023
    assert refusal(asker, BRANDS, {"page_size": 1, "category_id": MUGS}) == 12052217


def test_authorisations_come_with_time_and_stay(new_world):
    asker = new_world(1, shops=1)
    before = {row["id"] for row in brands(asker, {"is_authorized": "true"})}
    asker.now += 90 * DAY
    after = {row["id"] for row in brands(asker, {"is_authorized": "true"})}
    assert before < after


# -- all of them -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shop", [0, GERMANY, VIETNAM])
def test_only_documented_fields_are_sent(abroad, undocumented, shop):
    cases = [(CATEGORIES, "", V2), (BRANDS, "", {"page_size": 100, "category_id": MUGS} | V2)]
    leaves = (MUGS, LAMPS, CARDIGANS, SERUMS, "914824")
    cases += [(f"{CATEGORIES}/{{category_id}}/{what}", leaf, V2) for what in ("rules", "attributes") for leaf in leaves]
    for template, leaf, query in cases:
        answer = abroad.ask("GET", template.replace("{category_id}", leaf), query, shop=shop)
        assert undocumented(answer, "GET", template) == set()


def test_two_worlds_of_one_seed_agree(new_world, tmp_path):
    one, same = new_world(1, shops=1), new_world(1, shops=1, path=tmp_path / "same.db")
    other = new_world(1, shops=1, seed=8, path=tmp_path / "other.db")
    assert brands(one) == brands(same) != brands(other)
    assert products(one) == products(same)
    assert tree(one) == tree(other)
