"""What a seller keeps for all its shops: size charts, manufacturers, responsible persons."""

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.derived import all_counts

DAY = 86_400
CHARTS = "/product/202407/sizecharts/search"
MANUFACTURERS = "/product/202501/compliance/manufacturers/search"
PERSONS = "/product/202501/compliance/responsible_persons/search"
# name of the list as pipelines call it -> path, rows, id, filter by ids
LISTS = {
    "size_charts": (CHARTS, "size_chart", "template_id", "ids"),
    "manufacturers": (MANUFACTURERS, "manufacturers", "id", "manufacturer_ids"),
    "responsible_persons": (PERSONS, "responsible_persons", "id", "responsible_person_ids"),
}
CONTACTS = ("manufacturers", "responsible_persons")


@pytest.fixture(scope="module")
def abroad(asker):
    """A seller with shops in the US, Britain, Germany and Spain, as good as without orders. Read only."""
    world = type(asker.world).open(":memory:", seed=7, shops=4, orders=1, now=asker.now)
    yield type(asker)(world)
    world.close()


def rows(asker, name, body=None, query=None, size=100):
    path, field, _, _ = LISTS[name]
    return asker.pages("POST", path, field, {"page_size": size} | (query or {}), body)


def ids(asker, name, body=None, **more):
    return [row[LISTS[name][2]] for row in rows(asker, name, body, **more)]


def products(asker, shop, status="ALL"):
    query, body = {"page_size": 100}, {"status": status}
    listed = asker.pages("POST", "/product/202502/products/search", "products", query, body, shop)
    return [asker.ask("GET", f"/product/202309/products/{row['id']}", shop=shop) for row in listed]


def total(asker, name):
    return sum(all_counts()[name](asker.world, shop, asker.now) for shop in asker.world.shops)


def refusal(asker, path, query, body=None):
    with pytest.raises(ApiError) as refused:
        asker.ask("POST", path, query, body)
    return refused.value.code


@pytest.mark.parametrize("name", LISTS)
def test_paging_finds_what_the_world_counts_over_all_shops(abroad, name):
    expected = total(abroad, name)
    for size in (100, 1):
        found = ids(abroad, name, size=size)
        assert len(found) == len(set(found)) == expected > 1
    path = LISTS[name][0]
    assert abroad.ask("POST", path, {"page_size": 1})["total_count"] == expected
    for query in ({"page_size": 0}, {"page_size": 101}, {}):
        assert refusal(abroad, path, query) == 36009004


@pytest.mark.parametrize("name", LISTS)
def test_ids_find_their_rows_and_win_over_a_keyword(abroad, name):
    some = ids(abroad, name)[1:3]
    wanted = {LISTS[name][3]: [*some, "17"], "keyword": "no such word"}
    assert ids(abroad, name, wanted) == some
    assert ids(abroad, name, {"keyword": "no such word"}) == []


@pytest.mark.parametrize("name", LISTS)
def test_only_documented_fields_are_sent(abroad, undocumented, name):
    answer = abroad.ask("POST", LISTS[name][0], {"page_size": 100})
    assert undocumented(answer, "POST", LISTS[name][0]) == set()


def test_two_worlds_of_one_seed_agree(new_world, tmp_path):
    one, same = new_world(1, shops=3), new_world(1, shops=3, path=tmp_path / "same.db")
    other = new_world(1, shops=3, seed=8, path=tmp_path / "other.db")
    for name in LISTS:
        assert rows(one, name) == rows(same, name) != rows(other, name)


@pytest.mark.parametrize("name", LISTS)
def test_rows_are_added_as_products_are_and_none_is_lost(new_world, name):
    asker = new_world(1, shops=3)
    before = rows(asker, name)
    asker.now += 400 * DAY
    after = rows(asker, name)
    assert all(row in after for row in before)
    assert len(after) > len(before)
    assert len(after) == total(asker, name)


# -- size charts -------------------------------------------------------------------------------------------


def test_what_comes_in_sizes_has_a_chart_for_its_category(abroad):
    known = {row["template_id"]: row for row in rows(abroad, "size_charts")}
    modes = set()
    for shop in range(2):
        for product in products(abroad, shop) + products(abroad, shop, "DELETED"):
            sized = product["category_chains"][-1]["id"] in {"842504", "846216"}
            assert ("size_chart" in product) is sized
            if sized:
                chart = known[product["size_chart"]["template"]["id"]]
                assert chart["related_category_ids"] == [product["category_chains"][-1]["id"]]
                modes.add(chart["size_chart_mode"])
    assert modes == {"PRODUCT_SCOPED", "REUSABLE_TEMPLATE"}


def test_a_chart_outlives_the_only_product_it_was_made_for(new_world):
    asker = new_world(1, shops=1)
    charts = rows(asker, "size_charts")
    scoped = {row["template_id"] for row in charts if row["size_chart_mode"] == "PRODUCT_SCOPED"}
    product = next(
        item
        for item in products(asker, 0)
        if item["status"] == "ACTIVATE" and item.get("size_chart", {}).get("template", {}).get("id") in scoped
    )
    asker.ask("DELETE", "/product/202309/products", None, {"product_ids": [product["id"]]})
    assert rows(asker, "size_charts") == charts


def test_charts_are_found_by_name_and_mode(abroad):
    named = rows(abroad, "size_charts", {"keyword": "yoga"})
    assert {row["related_category_ids"][0] for row in named} == {"846216"}
    reusable = ids(abroad, "size_charts", {"size_chart_mode": "REUSABLE_TEMPLATE"})
    scoped = ids(abroad, "size_charts", {"size_chart_mode": "PRODUCT_SCOPED"})
    assert sorted(reusable + scoped) == sorted(ids(abroad, "size_charts"))
    assert len(reusable) == 2 * len(abroad.world.shops)
    assert refusal(abroad, CHARTS, {"page_size": 1}, {"ids": [str(number) for number in range(51)]}) == 36009004
    assert refusal(abroad, CHARTS, {"page_size": 1}, {"size_chart_mode": "ANY"}) == 36009004


def heads(row):
    return {
        item["locale"]: [head["name"] for head in item["size_chart_data"]["table"]["headers"]]
        for item in row["size_chart_datas"]
    }


def test_a_chart_is_shown_in_the_languages_asked_for_that_it_was_drawn_in(abroad):
    german = {"ids": [rows(abroad, "size_charts", {"keyword": "Cardigan sizes"})[2]["template_id"]]}
    (usual,) = rows(abroad, "size_charts", german)
    assert heads(usual) == {"de-DE": ["Größe", "Hüfte", "Taille", "Länge"]}
    (both,) = rows(abroad, "size_charts", german, {"locales": "en-US,de-DE,ja-JP"})
    assert heads(both) == heads(usual) | {"en-US": ["Size", "Hips", "Waist", "Length"]}
    assert [image["locale"] for image in both["images"]] == ["de-DE", "en-US"]
    (neither,) = rows(abroad, "size_charts", german, {"locales": "ja-JP"})
    assert neither["images"] == neither["size_chart_datas"] == []
    assert refusal(abroad, CHARTS, {"page_size": 1, "locales": "en"}) == 36009004


def test_sizes_grow_and_americans_measure_them_in_inches(abroad):
    american, british = rows(abroad, "size_charts", {"keyword": "Cardigan sizes"})[:2]
    systems = []
    for row in (american, british):
        data = row["size_chart_datas"][0]["size_chart_data"]
        systems.append(data["unit_system"])
        cells = [[cell["value"] for cell in line["cells"]] for line in data["table"]["rows"]]
        assert [line[0] for line in cells] == ["XS", "S", "M", "L", "XL", "2XL"]
        hips = [float(line[1]) for line in cells]
        assert hips == sorted(set(hips))
        assert (30 < hips[0] < 40) is (row is american)
    assert systems == ["IMPERIAL", "METRIC"]


# -- contacts ----------------------------------------------------------------------------------------------


def test_products_in_the_eu_name_who_makes_them_and_who_answers_for_them(abroad):
    makers, persons = set(ids(abroad, "manufacturers")), set(ids(abroad, "responsible_persons"))
    named = [product for shop in (2, 3) for product in products(abroad, shop)]
    assert {number for product in named for number in product["manufacturer_ids"]} == makers
    assert {number for product in named for number in product["responsible_person_ids"]} == persons
    assert "manufacturer_ids" not in products(abroad, 0)[0]


def test_sellers_without_shops_in_the_eu_have_neither(asker):
    for name in CONTACTS:
        assert rows(asker, name) == []
        assert total(asker, name) == 0


@pytest.mark.parametrize("name", CONTACTS)
def test_a_contact_is_written_in_its_own_language_or_in_those_asked_for(abroad, name):
    usual = rows(abroad, name)
    assert {profile["locale"] for row in usual for profile in row["regional_profiles"]} == {"de-DE", "es-ES"}
    (first, *_) = rows(abroad, name, {"locales": ["it-IT", "en-IE"]})
    assert [profile["locale"] for profile in first["regional_profiles"]] == ["it-IT", "en-IE"]
    for profile, country in zip(first["regional_profiles"], ("Germania", "Germany"), strict=True):
        address = profile["address"]
        assert (address if isinstance(address, str) else address["street_address_line1"]).endswith(f", {country}")
    assert refusal(abroad, LISTS[name][0], {"page_size": 1}, {"locales": ["en-GB"]}) == 36009004


@pytest.mark.parametrize("name", CONTACTS)
def test_contacts_are_found_by_name_number_and_mail(abroad, name):
    (first, *_) = rows(abroad, name)
    (profile,) = first["regional_profiles"]
    for text in (profile["name"].upper(), profile["phone_number"]["local_number"][2:], profile["email"]):
        assert first["id"] in ids(abroad, name, {"keyword": text})


@pytest.mark.parametrize("name", CONTACTS)
def test_contacts_are_not_searched_for_with_more_ids_than_a_page_holds_or_endless_words(abroad, name):
    path, _, _, filter_name = LISTS[name]
    assert refusal(abroad, path, {"page_size": 1}, {filter_name: ["1", "2"]}) == 36009004
    assert refusal(abroad, path, {"page_size": 1}, {"keyword": "x" * 201}) == 36009004
    assert abroad.ask("POST", path, {"page_size": 1}, {"keyword": "x" * 200})["total_count"] == 0


def test_parts_of_an_address_that_have_moved_into_its_line_are_empty_texts(abroad):
    address = rows(abroad, "responsible_persons")[0]["regional_profiles"][0]["address"]
    assert {address[name] for name in ("city", "district", "province", "street_address_line2")} == {""}
    assert (address["country"], len(address["postal_code"])) == ("DE", 5)


def test_a_manufacturer_without_a_telephone_says_so(new_world):
    asker = new_world(1, shops=3)
    asker.now += 1_500 * DAY
    phones = [row["regional_profiles"][0]["phone_number"] for row in rows(asker, "manufacturers")]
    assert phones[4] == {"availability": "UNAVAILABLE"}
    assert phones[0].keys() == {"availability", "country_code", "local_number"}
