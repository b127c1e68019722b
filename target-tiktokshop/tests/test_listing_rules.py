"""Every rule of a listing with a record that breaks it: one outcome, which names all faults, and no write."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stalls import Stall, png
from target_tiktokshop.listings.markup import faults
from target_tiktokshop.listings.texts import name_faults

MARKETS = ("US", "GB", "DE", "ID", "JP")
DRESS = "846728"
PNG = '<img src="https://a.b/c.png" width="9" height="9">'
LONG = "a b" * 100
MATERIAL = "attributes: Material is missing: the category demands it (like Stoneware, Linen, Soy wax, Papier-mâché)"
SETS = "skus: all SKUs of a product need the same variations, like Color and Size"
# What of the product is changed -> its faults; {folder} is where the pictures are.
PRODUCT = {
    "US": [
        ({"title": None}, ["title: missing"]),
        ({"title": LONG}, ["title: it has 300 characters, and must have 1 to 255"]),
        (
            {"title": "&amp; \U0001f600 !!!!!!!!!! 杯子 \a"},
            [
                "title: it has HTML escapes; write the characters themselves",
                "title: it has emoji",
                "title: it has control characters",
                "title: it has ten equal characters in a row",
                "title: it has Chinese characters: write it in the language of the market",
            ],
        ),
        ({"title": "--- !"}, ["title: it has neither letters nor digits"]),
        ({"description": None}, ["description: missing"]),
        (
            {"description": f"<script>x</script><b>\u2705</i>{PNG}"},
            [
                "description: the tag <script> is not accepted",
                "description: the tag </i> closes nothing",
                (
                    "description: an image is not one that was uploaded to the platform "
                    "(its src must be the url of an upload)"
                ),
                "description: it has emoji",
                "description: the tag <b> is not closed",
            ],
        ),
        (
            {"description": "&lt;p&gt;x&lt;/p&gt;"},
            ["description: it is escaped twice: it shows its tags (&lt;p&gt;) instead of using them"],
        ),
        (
            {"description": "<p>Salt &amp;amp; pepper</p>"},
            ["description: it is escaped twice: it shows characters like &amp;amp; or &amp;nbsp; as they are written"],
        ),
        (
            {"description": "<p>杯子 " + "ab " * 3_500 + "</p>"},
            [
                "description: it has 10,510 characters, more than 10,000",
                "description: it has Chinese characters: write it in the language of the market",
            ],
        ),
        (
            {"description": "<p>x</p>" + '<img src="https://p16.ibyteimg.com/a" width="5000">' * 31},
            [
                "description: an image needs a width below 4000",
                "description: an image needs a height below 4000",
                "description: it has 31 images, more than 30",
            ],
        ),
        ({"category": None}, ["category: missing: name category_id or category, like Home > Lamps > Desk"]),
        ({"category": "Home Supplies > Hats"}, ["category: the shop has no category Home Supplies > Hats"]),
        (
            {"category": "Home Supplies > Drinkware"},
            [
                (
                    "category: the category Home Supplies > Drinkware has others below it, and one of those is needed: "
                    "Mugs, Glasses, Travel Cups"
                )
            ],
        ),
        ({"brand": "Nobody & Sons"}, ["brand: there is no brand Nobody & Sons"]),
        ({"main_images": None}, ["main_images: missing"]),
        ({"main_images": ["main.png"] * 10}, ["main_images: there are 10, and there must be 1 to 9"]),
        (
            {"main_images": ["none.png", "gif.png", "damaged.png", "small.png", "large.png", "heavy.png", "bar.png"]},
            [
                "main_images: the picture none.png cannot be read: No such file or directory",
                "main_images: the picture gif.png is not one of JPEG, PNG, BMP, WEBP, HEIC",
                "main_images: the picture damaged.png is damaged: it does not tell its size",
                "main_images: the picture small.png has 299 x 400 pixels; each side must have 300 to 4,000",
                "main_images: the picture large.png has 4001 x 4000 pixels; each side must have 300 to 4,000",
                "main_images: the picture heavy.png has more than 10 MB",
            ],
        ),
        ({"package_weight": None}, ["package_weight: missing"]),
        (
            {"package_weight": 0, "package_weight_unit": "GRAM"},
            ["package_weight: its unit must be POUND or KILOGRAM here, not GRAM", "package_weight: must be above 0"],
        ),
        ({"package_weight": "0.125"}, ["package_weight: may have 2 decimals in POUND"]),
        ({"package_weight": "light"}, ["package_weight must be a decimal number", "package_weight: missing"]),
        (
            {"package_length": "4.5", "package_width": "0", "package_dimension_unit": "CENTIMETER"},
            [
                "package_dimensions: the length must be a whole number above 0, not 4.5",
                "package_dimensions: the width must be a whole number above 0, not 0",
                "package_dimensions: CENTIMETER and POUND are of different systems: use one for both",
            ],
        ),
        ({"package_width": None}, ["package_width is missing"]),
        (
            dict.fromkeys(("package_length", "package_width", "package_height")),
            ["package_dimensions: missing: package_length, package_width and package_height"],
        ),
        (
            {"attributes": {"Taste": "Sweet"}},
            [
                "attributes: the category has no attribute Taste; it has Occasion, Material",
                MATERIAL,
            ],
        ),
        (
            {"attributes": {"Material": ["Stoneware", "Linen"], "Occasion": ["Tuesday", "Wedding", "wedding"]}},
            [
                "attributes: Material takes one value only",
                "attributes: Occasion has no value Tuesday; it has Birthday, Wedding, Everyday, Día de la Madre",
                "attributes: Occasion has a value twice",
            ],
        ),
        (
            {"attributes": {"Material": "cl&#97;y \u2b50 " + "ab " * 700}},
            [
                "attributes: Material has HTML escapes; write the characters themselves",
                "attributes: Material has emoji",
                "attributes: Material has more than 2,000 characters",
            ],
        ),
        (
            {"attributes": "Material=Stoneware; Material=Linen"},
            [
                "attributes has Material twice: write its values together, like Material=One|Two",
                MATERIAL,
            ],
        ),
        (
            {
                "is_cod_allowed": True,
                "delivery_option_ids": "1",
                "manufacturer_ids": "1",
                "responsible_person_ids": "2",
            },
            [
                "manufacturer_ids: only listings in the European Union have them",
                "responsible_person_ids: only listings in the European Union have them",
                "is_cod_allowed: cash on delivery is not supported here, and the platform refuses it",
                "delivery_option_ids: the market has none, and the platform would silently drop them",
            ],
        ),
        (
            {"size_chart": {"template": {"id": "7"}}},
            ["size_chart: the category has none, and the platform would silently drop it"],
        ),
        (
            {"category": "Dresses > Midi Dresses", "attributes": "Fabric=Cotton", "size_chart": "main.png"},
            ["size_chart: the picture main.png has 600 x 600 pixels; the shorter side of a size chart must have 1,024"],
        ),
        (
            {"category_id": "910216", "attributes": "Contains batteries or cells?=Yes;Battery capacity (mAh)=none"},
            [
                "attributes: Battery capacity (mAh) must be a number above 0, not none",
                "attributes: Battery type is missing: the category demands it (like Lithium-ion, Alkaline)",
                "certifications: Safety data sheet for batteries (602490) is missing: the category demands it",
            ],
        ),
        (
            {
                "category_id": "910216",
                "attributes": "Contains batteries or cells?=No",
                "certifications": [
                    {"id": "602490", "files": [{"id": "1", "name": "a.doc", "format": "DOC"}]},
                    {"id": "602490", "images": ["main.png"], "expiration_date": "2020-01-01"},
                    {"id": "1"},
                ],
            },
            [
                "certifications: Safety data sheet for batteries needs an expiration_date",
                "certifications: Safety data sheet for batteries has the file a.doc, which is no PDF",
                "certifications: Safety data sheet for batteries has expired (2020-01-01)",
                "certifications: the category knows no certificate 1",
                "certifications: 1 has neither images nor files",
                "certifications: 602490 stands twice",
            ],
        ),
        ({"external_product_id": "9" * 1_000}, ["external_product_id: has more than 999 characters"]),
        ({"save_mode": "later"}, ["save_mode must be listing or draft"]),
        ({"skus": []}, ["skus: missing: a product needs at least one SKU"]),
        (
            {"title": None, "package_weight": None, "brand": "Nobody & Sons", "attributes": None},
            [
                "title: missing",
                "brand: there is no brand Nobody & Sons",
                "package_weight: missing",
                MATERIAL,
            ],
        ),
    ],
    "GB": [
        (
            {"package_weight_unit": "POUND", "package_dimension_unit": "INCH"},
            [
                "package_weight: its unit must be KILOGRAM here, not POUND",
                "package_dimensions: their unit must be CENTIMETER here, not INCH",
            ],
        ),
        ({"package_weight": "0.1234"}, ["package_weight: may have 3 decimals in KILOGRAM"]),
    ],
    "DE": [
        (
            {"manufacturer_ids": None, "responsible_person_ids": None},
            [
                "manufacturer_ids: missing: the law of the market demands it (the tap's streams list their ids)",
                "responsible_person_ids: missing: the law of the market demands it (the tap's streams list their ids)",
            ],
        ),
        (
            {"manufacturer_ids": "1", "responsible_person_ids": ["2"]},
            [
                "manufacturer_ids: the seller has no manufacturer 1 (the tap's streams list their ids)",
                "responsible_person_ids: the seller has no responsible person 2 (the tap's streams list their ids)",
            ],
        ),
        (
            {"category": "Soft Drinks", "attributes": None},
            [
                (
                    "the category Food & Beverages > Drinks > Soft Drinks is by invitation: the product waits until "
                    "the shop is approved for it"
                ),
                "certifications: Food business registration (602618) is missing: the category demands it",
                "category: it demands a fee (PFAND) of each SKU: list the product in Seller Center",
            ],
        ),
    ],
    "ID": [
        ({"title": "A short title"}, ["title: it has 13 characters, and must have 25 to 255"]),
        (
            {"category": "Ceremonial Daggers"},
            ["category: the shop has no category Ceremonial Daggers"],
        ),
    ],
}
# What of the first of two SKUs is changed -> the faults; {a} and {b} are how the SKUs are called.
SKUS = {
    "US": [
        ({"price": None, "quantity": None}, ["{a}: price is missing", "{a}: quantity is missing"]),
        ({"price": "7600.01"}, ["{a}: the price 7600.01 is outside 0.01 to 7600 USD"]),
        ({"price": "1.005"}, ["{a}: the price has more decimals than USD has"]),
        ({"currency": "EUR"}, ["{a}: the currency must be USD, not EUR"]),
        ({"list_price": "12.49"}, ["{a}: list_price is below the price; the platform would silently drop it"]),
        ({"list_price": "7601"}, ["{a}: list_price 7601 is above 7600 or finer than a cent"]),
        ({"quantity": 0}, ["{a}: a new SKU needs 1 to 99,999 units, not 0"]),
        ({"quantity": 100_000}, ["{a}: a new SKU needs 1 to 99,999 units, not 100000"]),
        ({"quantity": "1.5"}, ["{a}: the quantity must be a whole number, not 1.5"]),
        ({"seller_sku": None}, ["SKU (without a number): seller_sku is missing; by it the product is found again"]),
        ({"seller_sku": "A B"}, ["SKU A B: seller_sku must have at most 50 characters and no blanks"]),
        ({"seller_sku": "{b}"}, ["{b}: the number stands twice in the product"]),
        ({"upc": "12345"}, ["{a}: UPC 12345 must have 12 characters"]),
        ({"gtin": "4006381333931"}, ["{a}: GTIN 4006381333931 must have 14 characters"]),
        ({"ean": "4006381333932"}, ["{a}: EAN 4006381333932 is not valid: its check digit does not fit"]),
        ({"isbn": "0804429571"}, ["{a}: ISBN 0804429571 is not valid: its check digit does not fit"]),
        ({"jan": "49012345678x4"}, ["{a}: JAN 49012345678x4 is not valid: its check digit does not fit"]),
        (
            {"identifier_code": "123", "identifier_type": "ASIN"},
            ["{a}: has the type ASIN, not one of GTIN, EAN, UPC, ISBN, JAN"],
        ),
        ({"identifier_code": "123"}, ["{a}: the code 123 needs identifier_type, one of GTIN, EAN, UPC, ISBN, JAN"]),
        ({"gtin": "05901234123457"}, ["{b}: EAN 5901234123457 is the code of {a}, too"]),
        ({"variations": {"Pack": "2 pcs"}}, [SETS]),
        ({"variations": None}, [SETS]),
        ({"variations": {"Color": "oak"}}, ["{b}: it has the same variations as {a}"]),
        ({"variations": "Color=Red|Blue"}, ["{a}: variations has several values for Color: each SKU has one", SETS]),
        (
            {"variations": "Color=Red; Color=Blue"},
            ["{a}: variations has Color twice: write its values together, like Color=One|Two", SETS],
        ),
        (
            {"variations": {"Color": "\U0001f600&amp;杯" + "Oak" * 20}},
            [
                "{a}: the value of the variation Color has HTML escapes; write the characters themselves",
                "{a}: the value of the variation Color has emoji",
                "{a}: the value of the variation Color has more than 50 characters",
                "{a}: the value of the variation Color has Chinese characters: write it in the language of the market",
            ],
        ),
        (
            {"variations": {"Color": "Red", "A": "1", "B": "2", "C": "3"}},
            ["skus: a SKU may have 3 variations", SETS],
        ),
        ({"sku_image": "main.png"}, ["skus: sku_image is missing for Oak: either every value has one, or none"]),
        ({"sku_image": "gif.png"}, ["{a}: the picture gif.png is not one of JPEG, PNG, BMP, WEBP, HEIC"]),
        ({"external_sku_id": "9" * 1_000}, ["{a}: external_sku_id has more than 999 characters"]),
        ({"status": "gone"}, ["{a}: status must be active or deleted"]),
    ],
    "GB": [
        ({"price": "5600.01"}, ["{a}: the price 5600.01 is outside 0.01 to 5600 GBP"]),
        ({"list_price": "20"}, ["{a}: list_price is for US dollars only"]),
    ],
    "ID": [
        ({"price": "12500.50"}, ["{a}: the price has more decimals than IDR has"]),
        ({"price": "99"}, ["{a}: the price 99 is outside 100 to 100000000 IDR"]),
    ],
    "JP": [({"price": "12.5"}, ["{a}: the price has more decimals than JPY has"])],
}
PICTURES = {
    "main.png": png(),
    "gif.png": b"GIF89a" + bytes(20),
    "damaged.png": b"\x89PNG\r\n\x1a\n" + bytes(4),
    "small.png": png(299, 400),
    "large.png": png(4_001, 4_000),
    "heavy.png": png() + bytes(10 * 1024 * 1024),
    "bar.png": png(300, 3_000),
}


@pytest.fixture
def market(lab_of, monkeypatch, tmp_path):
    """Makes a stall in a market, in a folder with pictures."""
    monkeypatch.chdir(tmp_path)
    for name, content in PICTURES.items():
        (tmp_path / name).write_bytes(content)
    with lab_of(orders=60, regions=MARKETS) as lab:
        yield lambda region: Stall(lab, region)


def case(stall, number, changes=None, sku=None):
    """A good record with the SKUs A and B, changed."""
    units = {} if stall.region == "US" else {"package_weight_unit": "KILOGRAM", "package_dimension_unit": None}
    price = {"ID": "12500", "JP": "1250"}.get(stall.region, "12.50")
    people = {"manufacturer_ids": stall.people[0], "responsible_person_ids": stall.people[1]}
    first = stall.sku(f"A{number}", variations={"Color": "Black"}, price=price)
    second = stall.sku(f"B{number}", variations={"Color": "Oak"}, price=price)
    for name, value in (sku or {}).items():
        first[name] = f"B{number}" if value == "{b}" else value
    if first.get("gtin") == "05901234123457":
        second["ean"] = "5901234123457"
    record = stall.record(first, second, **units, **people, main_images=["main.png"])
    return {**record, **(changes or {})}


@pytest.mark.parametrize("region", MARKETS)
def test_a_record_that_breaks_a_rule_has_one_outcome_with_all_its_faults_and_nothing_is_written(market, region):
    stall, records, wanted = market(region), [], []
    cases = [(changes, None, words) for changes, words in PRODUCT.get(region, ())]
    cases += [(None, changes, words) for changes, words in SKUS.get(region, ())]
    for number, (changes, sku, words) in enumerate(cases):
        records.append(case(stall, number, changes, sku))
        labels = {"a": f"SKU A{number}", "b": f"SKU B{number}"}
        wanted.append("; ".join(words).format(**labels))
    run = stall.feed(*records, max_rejected_percent=100)
    assert run.writes == {}
    assert run.outcomes == [("rejected", "bad_listing")] * len(cases)
    for row, words in zip(run.rows, wanted, strict=True):
        assert row["message"] == words


# Faults that have nothing to do with each other: what is changed of the product, of its first SKU, and the words.
ALONE = (
    ({"title": None}, {}, "title: missing"),
    ({"description": "<b>x"}, {}, "description: the tag <b> is not closed"),
    ({"brand": "Nobody & Sons"}, {}, "brand: there is no brand Nobody & Sons"),
    ({"main_images": None}, {}, "main_images: missing"),
    ({"package_weight": None}, {}, "package_weight: missing"),
    ({"package_width": None}, {}, "package_width is missing"),
    ({"attributes": {"Material": "\u2b50 clay"}}, {}, "attributes: Material has emoji"),
    ({"is_cod_allowed": "maybe"}, {}, "is_cod_allowed must be true or false"),
    (
        {"size_chart": {"template": {"id": "7"}}},
        {},
        "size_chart: the category has none, and the platform would silently drop it",
    ),
    ({"external_product_id": "9" * 1_000}, {}, "external_product_id: has more than 999 characters"),
    ({"save_mode": "later"}, {}, "save_mode must be listing or draft"),
    ({}, {"price": "a lot"}, "SKU A0: price must be a decimal number"),
    ({}, {"quantity": 0}, "SKU A0: a new SKU needs 1 to 99,999 units, not 0"),
    ({}, {"upc": "12345"}, "SKU A0: UPC 12345 must have 12 characters"),
    ({}, {"sku_image": "gif.png"}, "SKU A0: the picture gif.png is not one of JPEG, PNG, BMP, WEBP, HEIC"),
    ({}, {"external_sku_id": "9" * 1_000}, "SKU A0: external_sku_id has more than 999 characters"),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.sets(st.integers(0, len(ALONE) - 1), min_size=1))
def test_however_many_rules_a_record_breaks_one_outcome_names_them_all(market, chosen):
    product = {name: value for place in chosen for name, value in ALONE[place][0].items()}
    sku = {name: value for place in chosen for name, value in ALONE[place][1].items()}
    stall = market("US")
    run = stall.feed(case(stall, 0, product, sku), max_rejected_percent=100)
    missing = {"SKU A0: price is missing"} if sku.get("price") else set()  # a price that is none is missing, too
    assert run.outcomes == [("rejected", "bad_listing")]
    assert set(run.row["message"].split("; ")) == {ALONE[place][2] for place in chosen} | missing
    assert run.writes == {}


@pytest.mark.parametrize("text", ["Salt & pepper", "R&D; more", "Étui «été»", "10\xa0kg", "A" * 9, "2 m², 9 %", "™ ®"])
def test_an_ordinary_text_has_no_fault(text):
    assert name_faults(text) == ([] if any(map(str.isalnum, text)) else ["has neither letters nor digits"])
    assert faults(f"<p>{text.replace('&', '&amp;')} a</p>\n\t<p>b</p>") == []


SIDES = ("package_length", "package_width", "package_height")
COLUMNS = ("description", "attributes", "package_weight", *SIDES, "main_images", "category")
BROKEN = {
    "half its columns are lost": lambda record: {key: value for key, value in record.items() if key not in COLUMNS},
    "its HTML is escaped twice": lambda record: {**record, "description": "&lt;p&gt;Holds tea.&lt;/p&gt;"},
    "its ampersands are escaped twice": lambda record: {**record, "description": "<p>Tea &amp;amp; milk</p>"},
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_feed_of_new_products_is_stopped_before_its_first_write_where(market, what):
    stall = market("US")
    records = [BROKEN[what](case(stall, number)) for number in range(12)]
    run = stall.feed(*records, batch_size_rows=5)
    assert run.writes == {}
    assert run.outcomes == [("rejected", "bad_listing")] * 5
    assert "5 of the 5 records of a batch are rejected or guarded, more than max_rejected_percent" in str(run.error)


def test_a_feed_of_edits_that_lost_columns_changes_nothing_and_one_that_is_escaped_twice_is_stopped(market):
    stall = market("US")
    records = [case(stall, number) for number in range(3)]
    assert stall.feed(*records).outcomes == [("in_review", None)] * 3
    stall.review()
    short = stall.feed(*map(BROKEN["half its columns are lost"], records))
    assert (short.outcomes, short.writes) == ([("unchanged", None)] * 3, {})
    twice = stall.feed(*map(BROKEN["its HTML is escaped twice"], records))
    assert (twice.outcomes, twice.writes) == ([("rejected", "bad_listing")] * 3, {})
    assert "more than max_rejected_percent" in str(twice.error)


def test_a_new_sku_may_not_take_the_code_of_a_live_one_and_needs_a_picture_where_the_others_have_one(market):
    stall = market("US")
    names = ("Black", "Oak")
    skus = [
        stall.sku(f"P-{color}", variations={"Pack": "1 pc", "Color": color}, sku_image=stall.picture("main.png"))
        for color in names
    ]
    skus[0]["ean"] = "4006381333931"
    record, product = stall.live(*skus)
    new = stall.sku("P-Red", variations={"Color": "Red", "Pack": "2 pcs"}, gtin="04006381333931")
    bad = stall.feed({"product_id": product["id"], "skus": [new]}, max_rejected_percent=100)
    assert bad.row["message"] == (
        "SKU P-Red: GTIN 04006381333931 is the code of SKU P-Black, too; "
        "SKU P-Red: sku_image is missing for 2 pcs: the other values of Pack have one"
    )
    assert (bad.writes, record["skus"]) == ({}, skus)
    new |= {"gtin": None, "sku_image": stall.picture("bar.png", 400, 400)}
    assert stall.feed({"product_id": product["id"], "skus": [new]}).outcomes == [("in_review", None)]
    stall.review()
    shown = stall.shown(product["id"])["skus"]
    assert [(one["name"], "sku_img" in one) for sku in shown for one in sku["sales_attributes"]] == [
        ("Pack", True),
        ("Color", False),
    ] * 3
