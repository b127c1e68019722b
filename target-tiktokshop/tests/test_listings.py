"""Listings: new products, edits, pictures, reviews; every rule with a record that breaks it."""

import json

import pytest
from stalls import CREATE, UPLOAD, png

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


FAULTS = {
    "a title of nothing": ({"title": None}, "title: missing"),
    "a long title": ({"title": "a b" * 100}, "title: it has 300 characters, and must have 1 to 255"),
    "an escaped title": ({"title": "Mugs &amp; more"}, "title: it has HTML escapes"),
    "an emoji": ({"title": "Mug \U0001f600"}, "title: it has emoji"),
    "ten equal letters": ({"title": "Mug !!!!!!!!!!"}, "title: it has ten equal characters in a row"),
    "Chinese": ({"title": "Mug 杯子"}, "title: it has Chinese characters"),
    "no description": ({"description": None}, "description: missing"),
    "a script": ({"description": "<script>x</script>"}, "description: the tag <script> is not accepted"),
    "a tag left open": ({"description": "<b>x"}, "description: the tag <b> is not closed"),
    "an end without a beginning": ({"description": "x</b>"}, "description: the tag </b> closes nothing"),
    "escaped twice": ({"description": "&lt;p&gt;x&lt;/p&gt;"}, "description: it is escaped twice"),
    "a foreign picture": (
        {"description": '<img src="http://10.0.0.1/c.png" width="9" height="9">'},
        "description: the picture c.png cannot be fetched: it is in a private network",
    ),
    "too much description": ({"description": "<p>" + "ab " * 3_500 + "</p>"}, "more than 10,000"),
    "no category": ({"category": None}, "category: missing"),
    "an unknown category": ({"category": "Home Supplies > Hats"}, "category: the shop has no category"),
    "a category with others below": ({"category": "Home Supplies > Drinkware"}, "has others below it"),
    "an unknown brand": ({"brand": "Nobody & Sons"}, "brand: there is no brand Nobody & Sons"),
    "no picture": ({"main_images": None}, "main_images: missing"),
    "ten pictures": ({"main_images": ["MAIN"] * 10}, "main_images: there are 10, and there must be 1 to 9"),
    "a picture that is not there": ({"main_images": ["no.png"]}, "the picture no.png cannot be read"),
    "no weight": ({"package_weight": None}, "package_weight: missing"),
    "a weight of nothing": ({"package_weight": 0}, "package_weight: must be above 0"),
    "three decimals of a pound": ({"package_weight": "0.125"}, "package_weight: may have 2 decimals in POUND"),
    "a unit of elsewhere": ({"package_weight_unit": "GRAM"}, "its unit must be POUND or KILOGRAM here"),
    "a weight in words": ({"package_weight": "light"}, "package_weight must be a decimal number"),
    "half an inch": ({"package_length": "4.5"}, "the length must be a whole number above 0, not 4.5"),
    "no width": ({"package_width": None}, "package_width is missing"),
    "two systems": ({"package_dimension_unit": "CENTIMETER"}, "are of different systems"),
    "a mandatory attribute missing": ({"attributes": None}, "attributes: Material is missing"),
    "an unknown attribute": ({"attributes": {"Taste": "Sweet"}}, "the category has no attribute Taste"),
    "two values of one": (
        {"attributes": {"Material": ["Stoneware", "Linen"]}},
        "Material takes one value only",
    ),
    "a value that is not listed": (
        {"attributes": {"Material": "Linen", "Occasion": "Tuesday"}},
        "Occasion has no value Tuesday; it has Birthday",
    ),
    "cash on delivery": ({"is_cod_allowed": True}, "is_cod_allowed: cash on delivery is not supported here"),
    "a size chart of nobody": ({"size_chart": {"template": {"id": "7"}}}, "size_chart: the category has none"),
    "no SKU": ({"skus": []}, "skus: missing"),
    "a mode of nobody": ({"save_mode": "later"}, "save_mode must be listing or draft"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_record_that_breaks_a_rule_is_rejected_before_any_call(stall, name):
    changes, words = FAULTS[name]
    if changes.get("main_images") == ["MAIN"] * 10:
        changes = {"main_images": [stall.picture()] * 10}
    run = stall.feed(stall.record(**changes), max_rejected_percent=100)
    assert run.outcomes == [("rejected", "bad_listing")]
    assert words in run.row["message"]
    assert run.writes == {}


SKU_FAULTS = {
    "no price": ({"price": None}, "SKU A: price is missing"),
    "a price out of range": ({"price": "7600.01"}, "the price 7600.01 is outside 0.01 to 7600 USD"),
    "three decimals": ({"price": "1.005"}, "has more decimals than USD has"),
    "another currency": ({"currency": "EUR"}, "the currency must be USD, not EUR"),
    "no units": ({"quantity": 0}, "a new SKU needs 1 to 99,999 units, not 0"),
    "too many units": ({"quantity": 100_000}, "a new SKU needs 1 to 99,999 units, not 100000"),
    "half a unit": ({"quantity": "1.5"}, "the quantity must be a whole number, not 1.5"),
    "no quantity": ({"quantity": None}, "SKU A: quantity is missing"),
    "a warehouse of nobody": ({"warehouse_id": "1"}, "the warehouse 1 is not one of the shop"),
    "no number": ({"seller_sku": None}, "seller_sku is missing"),
    "a blank in the number": ({"seller_sku": "A B"}, "SKU A B: seller_sku must have at most 50 characters"),
    "a short code": ({"upc": "12345"}, "UPC 12345 must have 12 characters"),
    "a wrong check digit": ({"ean": "4006381333932"}, "EAN 4006381333932 is not valid"),
    "a wrong check letter": ({"isbn": "080442957X"[:9] + "1"}, "ISBN 0804429571 is not valid"),
    "a kind of code of nobody": (
        {"identifier_code": "123", "identifier_type": "ASIN"},
        "has the type ASIN, not one of GTIN",
    ),
    "other variations": ({"variations": {"Pack": "2 pcs"}}, "skus: all SKUs of a product need the same variations"),
    "the variations of another": ({"variations": {"Color": "Oak"}}, "it has the same variations as SKU A"),
    "a long value": ({"variations": {"Color": "Oak" * 20}}, "has more than 50 characters"),
    "a picture for one value": ({"sku_image": "MAIN"}, "sku_image is missing for Oak"),
    "a status of nobody": ({"status": "gone"}, "SKU A: status must be active or deleted"),
}


@pytest.mark.parametrize("name", SKU_FAULTS)
def test_a_sku_that_breaks_a_rule_is_rejected_before_any_call(stall, name):
    changes, words = SKU_FAULTS[name]
    if changes.get("sku_image") == "MAIN":
        changes = {"sku_image": stall.picture("black.png")}
    first = {**stall.sku("A", variations={"Color": "Black"}), **changes}
    run = stall.feed(stall.record(first, stall.sku("B", variations={"Color": "Oak"})), max_rejected_percent=100)
    assert run.outcomes == [("rejected", "bad_listing")]
    assert words in run.row["message"]
    assert run.writes == {}


PICTURES = {
    "a GIF": (b"GIF89a" + bytes(20), "is not one of JPEG, PNG"),
    "a damaged one": (b"\x89PNG\r\n\x1a\n" + bytes(4), "is damaged"),
    "a small one": (png(299, 400), "has 299 x 400 pixels; each side must have 300 to 4,000"),
    "a large one": (png(4_001, 4_000), "has 4001 x 4000 pixels"),
    "a heavy one": (png() + bytes(10 * 1024 * 1024), "has more than 10 MB"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_that_breaks_a_rule_is_rejected_before_any_call(stall, name):
    content, words = PICTURES[name]
    path = stall.folder / "bad.png"
    path.write_bytes(content)
    run = stall.feed(stall.record(main_images=[str(path)]), max_rejected_percent=100)
    assert run.outcomes == [("rejected", "bad_listing")]
    assert f"main_images: the picture bad.png {words}" in run.row["message"]
    assert run.writes == {}


def test_all_faults_of_a_record_are_in_one_outcome(stall):
    bad = stall.record(stall.sku(price=None, quantity=0), title=None, package_weight=None, brand="Nobody & Sons")
    run = stall.feed(bad, max_rejected_percent=100)
    (message,) = [row["message"] for row in run.rows]
    for words in ("title: missing", "package_weight: missing", "brand: there is", "price is missing", "not 0"):
        assert words in message
    assert run.writes == {}


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
