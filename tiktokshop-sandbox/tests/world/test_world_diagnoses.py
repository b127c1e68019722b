"""What the platform finds wanting in listings."""

import pytest
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.derived import all_counts

DAY = 86_400
DIAGNOSES = "/product/202405/products/diagnoses"
SEARCH = "/product/202502/products/search"
TIERS = ("POOR", "FAIR", "GOOD", "EXCELLENT")


def products(asker, status="ACTIVATE", shop=0):
    return asker.pages("POST", SEARCH, "products", {"page_size": 100}, {"status": status}, shop)


def diagnoses(asker, ids, shop=0):
    found = []
    for start in range(0, len(ids), 200):
        found += asker.ask("GET", DIAGNOSES, {"product_ids": ids[start : start + 200]}, shop=shop)["products"]
    return {row["id"]: row for row in found}


def codes(row):
    return {result["code"] for item in row["diagnoses"] for result in item["diagnosis_results"]}


@pytest.mark.parametrize("shop", [0, 1])
def test_every_product_on_sale_has_a_diagnosis(asker, undocumented, shop):
    ids = [row["id"] for row in products(asker, shop=shop)]
    found = diagnoses(asker, ids, shop)
    assert found.keys() == set(ids)
    assert len(ids) == all_counts()["product_diagnoses"](asker.world, asker.world.shops[shop], asker.now)
    answer = asker.ask("GET", DIAGNOSES, {"product_ids": ids[:200]}, shop=shop)
    assert undocumented(answer, "GET", DIAGNOSES) == set()


def test_ids_of_others_and_of_products_that_are_not_on_sale_are_left_out(asker):
    mine, theirs = products(asker)[0]["id"], products(asker, shop=1)[0]["id"]
    others = [products(asker, status)[0]["id"] for status in ("DELETED", "DRAFT", "SELLER_DEACTIVATED")]
    assert diagnoses(asker, [theirs, mine, *others, "17"]).keys() == {mine}
    assert asker.ask("GET", DIAGNOSES, {"product_ids": "17"}).get("products", []) == []


def test_at_least_one_and_at_most_two_hundred_products_are_diagnosed_at_once(asker):
    for query in ({}, {"product_ids": [str(number) for number in range(201)]}):
        with pytest.raises(ApiError) as refused:
            asker.ask("GET", DIAGNOSES, query)
        assert refused.value.code == 36009004


def test_the_better_the_tier_of_a_listing_the_less_is_found(asker):
    listed = {row["id"]: row for row in products(asker)}
    for number, row in diagnoses(asker, list(listed)).items():
        results = [result for item in row["diagnoses"] for result in item["diagnosis_results"]]
        tier = row["listing_quality"]["current_tier"]
        assert tier == listed[number]["listing_quality_tier"]
        assert row["listing_quality"]["remaining_recommendations"] == len(results)
        assert sorted(TIERS.index(result["quality_tier"]) for result in results) == list(
            range(TIERS.index(tier) + 1, len(TIERS))
        )
        assert len({result["code"] for result in results}) == len(results)


def test_tiers_are_told_in_the_us_only(asker):
    rows = diagnoses(asker, [row["id"] for row in products(asker, shop=1)], shop=1)
    assert not any("listing_quality" in row for row in rows.values())
    results = [result for row in rows.values() for item in row["diagnoses"] for result in item["diagnosis_results"]]
    assert results
    assert not any("quality_tier" in result for result in results)


def test_what_is_found_fits_the_listing(asker):
    listed = {row["id"]: row for row in products(asker)}
    fields = set()
    for number, row in diagnoses(asker, list(listed)).items():
        for item in row["diagnoses"]:
            fields.add(item["field"])
            codes = {result["code"] for result in item["diagnosis_results"]}
            if "TITLE_LESS_THAN_40_CHARACTERS" in codes:
                assert len(listed[number]["title"]) < 40
            if item["field"] == "IMAGE":
                product = asker.ask("GET", f"/product/202309/products/{number}")
                assert item["suggestion"]["images"][0]["uri"] == product["main_images"][0]["uri"]
            if item["field"] == "SIZE_CHART":
                assert "size_chart" in asker.ask("GET", f"/product/202309/products/{number}")
    assert fields == {"TITLE", "DESCRIPTION", "IMAGE", "ATTRIBUTE", "SIZE_CHART"}


def test_a_new_title_is_looked_at_anew_and_the_rest_stays(new_world):
    asker = new_world(1, shops=1)
    ids = [row["id"] for row in products(asker)]
    titles = {row["id"]: row["title"] for row in products(asker)}
    before = diagnoses(asker, ids)
    assert before == diagnoses(asker, ids)
    asker.now += 20 * DAY
    after = diagnoses(asker, ids)
    edited = {row["id"] for row in products(asker) if row["title"] != titles.get(row["id"])}
    changed = {number for number in before.keys() & after.keys() if before[number] != after[number]}
    assert changed <= edited
    assert any(codes(before[number]) != codes(after[number]) for number in changed)
