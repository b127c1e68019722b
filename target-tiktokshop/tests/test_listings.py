"""Listings: new products, edits, pictures, reviews, guards."""

import json

import pytest
from stalls import CREATE, UPLOAD

MUGS = "853000"
PARTIAL = "POST /product/202509/products/{product_id}/partial_edit"


def test_a_new_product_is_listed_and_read_back_field_by_field(stall):
    sizes = [stall.sku(f"MUG-{n}", variations={"Color": color}) for n, color in enumerate(("Black", "Oak"))]
    sizes[0] |= {"upc": "036000291452", "external_sku_id": "e1"}
    run = stall.feed(stall.record(*sizes, brand="Maple Atelier", external_product_id="own-1"))
    assert run.outcomes == [("in_review", None)]
    assert run.writes == {CREATE: 1, UPLOAD: 1}
    assert run.row["operation"] == "create_product"
    stall.review()
    product = stall.product(run)
    assert product["status"] == "ACTIVATE"
    assert product["title"] == "A mug of stoneware from Lisbon"
    assert product["description"] == "<p>Holds <b>tea</b>.</p>"
    assert product["brand"]["name"] == "Maple Atelier"
    assert product["category_chains"][-1]["id"] == MUGS
    assert product["package_weight"] == {"value": "0.5", "unit": "POUND"}
    assert product["package_dimensions"] == {"length": "4", "width": "4", "height": "4", "unit": "INCH"}
    assert product["product_attributes"][0]["values"] == [{"id": "1004101", "name": "Stoneware"}]
    assert product["external_product_id"] == "own-1"
    assert (len(product["main_images"]), product["main_images"][0]["width"]) == (1, 600)
    first, second = product["skus"]
    assert first["identifier_code"] == {"type": "UPC", "code": "036000291452"}
    assert first["external_sku_id"] == "e1"
    assert first["price"]["sale_price"] == "12.50"
    assert first["inventory"] == [{"warehouse_id": stall.places[0], "quantity": 5}]
    assert [sku["sales_attributes"][0]["value_name"] for sku in (first, second)] == ["Black", "Oak"]


def test_the_same_record_again_is_in_review_and_then_unchanged_with_no_write(stall):
    record = stall.record()
    first = stall.feed(record)
    again = stall.feed(record)
    assert (again.outcomes, again.writes) == ([("in_review", None)], {})
    stall.review()
    later = stall.feed(record)
    assert (later.outcomes, later.writes) == ([("unchanged", None)], {})
    assert stall.product(first)["status"] == "ACTIVATE"


def test_rows_of_a_flat_table_with_one_key_are_one_product(stall):
    base = stall.record()
    del base["skus"]
    rows = [
        {"listing_key": "mug", **base, **stall.sku("MUG-0"), "variations": "Color=Black"},
        {"listing_key": "mug", **stall.sku("MUG-1"), "variations": "Color=Oak"},
        {"listing_key": "bowl", **base, **stall.sku("BOWL-0"), "title": "A bowl of stoneware from Lisbon"},
    ]
    rows[0]["attributes"] = "Material=Stoneware; Occasion=Birthday|Wedding"
    rows[0]["main_images"] = f"{base['main_images'][0]}|{stall.picture('b.png')}"
    run = stall.feed(*rows)
    assert run.outcomes == [("in_review", None)] * 3
    assert run.writes == {CREATE: 2, UPLOAD: 2}
    assert run.rows[0]["after"]["product_id"] == run.rows[1]["after"]["product_id"]
    stall.review()
    product = stall.product(run)
    assert [sku["seller_sku"] for sku in product["skus"]] == ["MUG-0", "MUG-1"]
    assert len(product["main_images"]) == 2
    named = {item["name"]: [value["name"] for value in item["values"]] for item in product["product_attributes"]}
    assert named == {"Material": ["Stoneware"], "Occasion": ["Birthday", "Wedding"]}


def test_an_edit_sends_exactly_what_differs_and_leaves_the_rest(stall):
    colors = [stall.sku(f"MUG-{n}", variations={"Color": color}) for n, color in enumerate(("Black", "Oak", "Sage"))]
    record, before = stall.live(*colors, external_product_id="own-1")
    record["title"] = "A mug of the finest stoneware"
    record["main_images"] = [stall.picture("new.png")]
    record["attributes"] = {"Occasion": "Wedding"}
    record["skus"] = [
        {"seller_sku": "MUG-1", "status": "deleted"},
        stall.sku("MUG-3", variations={"Color": "Navy"}),
    ]
    del record["description"]
    plan = stall.feed(record, dry_run=True, allow_delete=True)
    assert plan.writes == {}
    run = stall.feed(record, allow_delete=True)
    assert (plan.row["outcome"], run.row["outcome"]) == ("planned", "in_review")
    assert plan.row["before"] == run.row["before"]
    assert {**plan.row["after"], "product_id": before["id"]} == run.row["after"]
    assert run.row["before"]["title"] == "A mug of stoneware from Lisbon"
    assert run.row["after"]["SKU MUG-1"] == "deleted"
    assert run.writes == {PARTIAL: 1, UPLOAD: 1}
    sent = next(
        json.loads(one["body"])
        for one in stall.lab.sandbox.control("GET", "/requests?limit=100")["requests"]
        if one["operation"] == PARTIAL
    )
    assert sent.keys() == {"title", "main_images", "product_attributes", "skus", "category_version"}
    stall.review()
    after = stall.shown(before["id"])
    assert after["title"] == "A mug of the finest stoneware"
    assert [sku["seller_sku"] for sku in after["skus"]] == ["MUG-0", "MUG-2", "MUG-3"]
    assert after["skus"][:2] == [before["skus"][0], before["skus"][2]]
    assert {item["name"] for item in after["product_attributes"]} == {"Material", "Occasion"}
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed == {"title", "main_images", "product_attributes", "skus", "update_time"}
    assert stall.feed(record, allow_delete=True).outcomes == [("unchanged", None)]


def test_skus_that_a_record_leaves_out_stay(stall):
    colors = [stall.sku(f"MUG-{n}", variations={"Color": color}) for n, color in enumerate(("Black", "Oak"))]
    record, before = stall.live(*colors)
    run = stall.feed({**record, "skus": [stall.sku("MUG-0"), stall.sku("MUG-2", variations={"Color": "Sage"})]})
    assert run.outcomes == [("in_review", None)]
    stall.review()
    assert [sku["seller_sku"] for sku in stall.shown(before["id"])["skus"]] == ["MUG-0", "MUG-1", "MUG-2"]


def test_a_review_that_fails_is_told_with_its_reasons_and_not_sent_again(stall):
    record = stall.record(title="A miracle mug of stoneware")
    stall.feed(record)
    stall.review()
    run = stall.feed(record, max_rejected_percent=100)
    assert run.outcomes == [("failed", "audit_failed")]
    assert run.writes == {}
    assert "Title: The title makes a claim that is not allowed." in run.row["message"]
    better = stall.feed({**record, "title": "A fine mug of stoneware"})
    assert better.outcomes == [("in_review", None)]


def test_an_edit_whose_review_failed_is_told_and_not_sent_again(stall):
    record, before = stall.live()
    record["title"] = "A replica of a mug"
    assert stall.feed(record).outcomes == [("in_review", None)]
    other = stall.feed({**record, "title": "A third title of it"}, max_rejected_percent=100)
    assert (other.outcomes, other.writes) == ([("rejected", "under_review")], {})
    stall.review()
    run = stall.feed(record, max_rejected_percent=100)
    assert (run.outcomes, run.writes) == ([("failed", "audit_failed")], {})
    assert stall.shown(before["id"])["title"] == "A mug of stoneware from Lisbon"


def test_a_picture_is_uploaded_once_for_its_content(stall):
    same = [stall.picture("a.png", text=b"x"), stall.picture("b.png", text=b"x"), stall.picture("c.png")]
    run = stall.feed(stall.record(main_images=same))
    assert run.writes == {CREATE: 1, UPLOAD: 2}
    other = stall.feed(stall.record(stall.sku("MUG-2"), main_images=same[:1]))
    assert other.writes == {CREATE: 1}


def test_pictures_of_variations_stand_on_each_value(stall):
    paths = {color: stall.picture(f"{color}.png") for color in ("Black", "Oak")}
    skus = [
        stall.sku(f"MUG-{color}-{pack[0]}", variations={"Color": color, "Pack": pack}, sku_image=path)
        for color, path in paths.items()
        for pack in ("1 pc", "2 pcs")
    ]
    record, product = stall.live(*skus)
    uris = [sku["sales_attributes"][0]["sku_img"]["uri"] for sku in product["skus"]]
    assert len(set(uris)) == 2
    assert uris[0] == uris[1]
    assert stall.feed(record).outcomes == [("unchanged", None)]


def test_a_price_and_a_stock_that_differ_are_left_to_their_own_streams(stall):
    record, before = stall.live()
    record["skus"] = [stall.sku(price="13.00", quantity=9)]
    run = stall.feed(record)
    assert (run.outcomes, run.writes) == ([("unchanged", None)], {})
    assert "written by the streams prices and inventory" in run.row["message"]
    assert stall.shown(before["id"])["skus"] == before["skus"]


def test_what_the_platform_shows_of_its_own_products_is_written_back_without_a_change(stall):
    found = stall.lab.products()[:12]
    details = [stall.shown(product["id"]) for product in found]
    run = stall.feed(*details)
    assert [row["outcome"] for row in run.rows] == ["unchanged"] * 12, [row["message"] for row in run.rows]
    assert run.writes == {}


def test_a_product_is_not_created_twice_when_the_answer_is_lost(stall):
    stall.lab.fault("reset_middle", next=1, path="/product/202309/products")
    run = stall.feed(stall.record())
    assert run.outcomes == [("in_review", None)]
    assert run.writes == {CREATE: 1, UPLOAD: 1}
    assert len(stall.lab.products("PENDING")) == len({row["id"] for row in stall.lab.products("PENDING")})
    found = [row for row in stall.lab.products("PENDING") if row["skus"][0]["seller_sku"] == "MUG-1"]
    assert len(found) == 1


def test_a_draft_is_not_handed_in(stall):
    run = stall.feed(stall.record(save_mode="draft"))
    assert run.outcomes == [("applied", None)]
    stall.review()
    assert stall.product(run)["status"] == "DRAFT"


def test_warnings_beside_success_are_told(stall):
    run = stall.feed(stall.record(brand_id="7082427311584999999"))
    assert "the platform warns: The brand 7082427311584999999 is invalid" in run.row["message"]
    assert run.row["outcome"] == "unconfirmed"


GUARDS = {
    "max_new_listings": {"max_new_listings": 1},
    "min_price": {"min_price": {"USD": "20"}, "max_rejected_percent": 100},
    "max_price": {"max_price": {"USD": "10"}, "max_rejected_percent": 100},
    "max_quantity": {"max_quantity": 4, "max_rejected_percent": 100},
    "deny_skus": {"deny_skus": ["MUG-1", "MUG-2"]},
    "allow_skus": {"allow_skus": ["OTHER"]},
}


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_holds_new_listings_back_before_any_call(stall, name):
    records = [stall.record(), stall.record(stall.sku("MUG-2"))]
    run = stall.feed(*records, **GUARDS[name])
    assert run.outcomes == [("guarded", name)] * 2
    assert run.writes == {}


def test_too_many_edits_stop_the_run_before_any_call(stall):
    found = [row for row in stall.lab.products() if len(row["skus"]) == 1][:8]
    edits = [{"product_id": row["id"], "title": f"Quite another title {n}"} for n, row in enumerate(found)]
    run = stall.feed(*edits, max_changed_listings_percent=1)
    assert run.outcomes == [("guarded", "max_changed_listings_percent")] * 8
    assert run.writes == {}


def test_a_sku_is_deleted_only_where_that_is_allowed(stall):
    colors = [stall.sku(f"MUG-{n}", variations={"Color": color}) for n, color in enumerate(("Black", "Oak"))]
    _, before = stall.live(*colors)
    record = {"product_id": before["id"], "skus": [{"seller_sku": "MUG-1", "status": "deleted"}]}
    held = stall.feed(record, max_rejected_percent=100)
    assert (held.outcomes, held.writes) == ([("guarded", "allow_delete")], {})
    assert stall.feed(record, allow_delete=True).outcomes == [("in_review", None)]
    stall.review()
    assert [sku["seller_sku"] for sku in stall.shown(before["id"])["skus"]] == ["MUG-0"]


def test_a_product_is_deleted_where_that_is_allowed_and_recovered(stall):
    _, before = stall.live()
    row = {"product_id": before["id"], "status": "deleted"}
    held = stall.lab.feed("product_status", row, max_rejected_percent=100)
    assert (held.outcomes, held.writes) == ([("guarded", "allow_delete")], {})
    assert stall.lab.feed("product_status", row, allow_delete=True).outcomes == [("applied", None)]
    assert stall.shown(before["id"])["status"] == "DELETED"
    edit = stall.feed({"product_id": before["id"], "title": "Another title of it"}, max_rejected_percent=100)
    assert edit.outcomes == [("rejected", "deleted_product")]
    back = stall.lab.feed("product_status", {"product_id": before["id"], "status": "recovered"})
    assert back.outcomes == [("applied", None)]
    assert stall.shown(before["id"])["status"] == "SELLER_DEACTIVATED"
