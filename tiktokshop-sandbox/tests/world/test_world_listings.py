"""Listings: pictures, new products with their category's rules, edits, reviews, omissions."""

from __future__ import annotations

import struct
import zlib
from copy import deepcopy

import pytest
from tiktokshop_sandbox.contract import ApiError

UPLOAD = "/product/202309/images/upload"
PRODUCTS = "/product/202309/products"
CHECK = f"{PRODUCTS}/listing_check"
MUGS, DRESSES, LAMPS = "853000", "842504", "910088"
STONEWARE = {"id": "100701", "values": [{"id": "1004101"}]}
REVIEWED = 3_600


def png(width=600, height=600):
    """A picture of that size, as small as can be."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (height * (width // 8 + 2)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class Desk:
    """Writes listings into one shop of a world."""

    def __init__(self, asker, shop=0):
        self.asker, self.shop = asker, shop
        self.the_shop = asker.world.shops[shop]
        self.warehouse = self.the_shop.warehouses[0].id

    def ask(self, method, path, body=None, query=None):
        return self.asker.ask(method, path, query, body, self.shop)

    def upload(self, content, use_case="MAIN_IMAGE"):
        return self.asker.ask("POST", UPLOAD, None, {"use_case": use_case}, files={"data": content})

    def body(self, *values, **more):
        """What a product of a category takes, with a SKU for each value of the attribute Color."""
        variants = [{"name": "Color", "value_name": value} for value in values]
        return {
            "title": "A mug of stoneware from Lisbon",
            "description": "<p>Holds tea.</p>",
            "category_id": MUGS,
            "category_version": "v2",
            "main_images": [{"uri": self.upload(png())["uri"]}],
            "package_weight": {"value": "0.5", "unit": "KILOGRAM"},
            "package_dimensions": {"length": "10", "width": "10", "height": "9", "unit": "CENTIMETER"},
            "product_attributes": [STONEWARE],
            "skus": [self.sku(f"MUG-{n}", [one]) for n, one in enumerate(variants)] or [self.sku("MUG-0", [])],
            **more,
        }

    def sku(self, number, attributes):
        return {
            "seller_sku": number,
            "price": {"amount": "12.50", "currency": self.the_shop.currency},
            "inventory": [{"warehouse_id": self.warehouse, "quantity": 5}],
            "sales_attributes": attributes,
        }

    def create(self, *values, **more):
        return self.ask("POST", PRODUCTS, self.body(*values, **more))

    def shown(self, product_id, **query):
        return self.ask("GET", f"{PRODUCTS}/{product_id}", None, query)

    def edit(self, product_id, **parts):
        return self.ask("POST", f"/product/202509/products/{product_id}/partial_edit", parts)

    def review(self):
        self.asker.now += REVIEWED
        self.asker.world.advance(self.asker.now)

    def live(self, *values, **more):
        """A product that has passed its review."""
        product_id = self.create(*values, **more)["product_id"]
        self.review()
        assert self.shown(product_id)["status"] == "ACTIVATE"
        return product_id


@pytest.fixture
def desk(new_world):
    return Desk(new_world())


def refused(work, *arguments, **more):
    with pytest.raises(ApiError) as error:
        work(*arguments, **more)
    return error.value.code


@pytest.mark.parametrize(
    ("content", "use_case", "code"),
    [
        (b"", "MAIN_IMAGE", 12038002),
        (b"GIF89a" + bytes(20), "MAIN_IMAGE", 12038015),
        (b"\x89PNG\r\n\x1a\n" + bytes(4), "MAIN_IMAGE", 12038004),
        (png() + bytes(10 * 1024 * 1024), "MAIN_IMAGE", 12038005),
        (png(299, 400), "MAIN_IMAGE", 12038014),
        (png(4_001, 3_200), "MAIN_IMAGE", 12038014),
        (png(99, 120), "DESCRIPTION_IMAGE", 12038014),
        (png(1_023, 1_500), "SIZE_CHART_IMAGE", 12038014),
    ],
)
def test_a_picture_that_breaks_a_rule_is_refused(desk, content, use_case, code):
    assert refused(desk.upload, content, use_case) == code


@pytest.mark.parametrize(
    ("size", "use_case", "shown"),
    [
        ((600, 800), "MAIN_IMAGE", (600, 800)),
        ((600, 900), "MAIN_IMAGE", (900, 900)),
        ((800, 400), "ATTRIBUTE_IMAGE", (800, 800)),
        ((600, 900), "DESCRIPTION_IMAGE", (600, 900)),
    ],
)
def test_a_main_picture_outside_three_to_four_is_made_square(desk, size, use_case, shown):
    answer = desk.upload(png(*size), use_case)
    assert (answer["width"], answer["height"], answer["use_case"]) == (*shown, use_case)


def test_a_new_product_is_reviewed_and_read_back_as_it_was_written(desk):
    answer = desk.create("Black", "Oak")
    product = desk.shown(answer["product_id"])
    assert answer["warnings"] == []
    assert (product["status"], product["audit"]) == ("PENDING", {"status": "AUDITING"})
    desk.review()
    product = desk.shown(answer["product_id"])
    assert (product["status"], product["audit"]) == ("ACTIVATE", {"status": "APPROVED"})
    assert product["title"] == "A mug of stoneware from Lisbon"
    assert product["description"] == "<p>Holds tea.</p>"
    assert [link["id"] for link in product["category_chains"]] == ["600001", "851848", MUGS]
    assert product["product_attributes"] == [
        {"id": "100701", "name": "Material", "values": [{"id": "1004101", "name": "Stoneware"}]}
    ]
    assert product["package_weight"] == {"value": "0.5", "unit": "KILOGRAM"}
    assert [sku["seller_sku"] for sku in product["skus"]] == ["MUG-0", "MUG-1"]
    assert [sku["sales_attributes"][0]["value_name"] for sku in product["skus"]] == ["Black", "Oak"]
    assert [sku["inventory"] for sku in product["skus"]] == [[{"warehouse_id": desk.warehouse, "quantity": 5}]] * 2
    assert "brand" not in product
    found = desk.ask("POST", "/product/202502/products/search", {"seller_skus": ["MUG-1"]}, {"page_size": 10})
    assert [row["id"] for row in found["products"]] == [answer["product_id"]]


def test_the_same_key_again_gives_the_same_product(desk):
    body = desk.body(idempotency_key="one")
    first = desk.ask("POST", PRODUCTS, body)
    assert desk.ask("POST", PRODUCTS, body) == first
    assert desk.ask("POST", PRODUCTS, {**body, "idempotency_key": "two"})["product_id"] != first["product_id"]


BAD = {
    "no version of the tree": ({"category_version": "v1"}, 12052217),
    "no such category": ({"category_id": "1"}, 12052023),
    "not a leaf": ({"category_id": "851848"}, 12052024),
    "a long title": ({"title": "a b" * 100}, 12052051),
    "an escaped title": ({"title": "Mugs &amp; more"}, 12052931),
    "no description": ({"description": ""}, 12052015),
    "a foreign picture": ({"description": '<img src="https://a.b/c.png" width="9" height="9">'}, 12052340),
    "no picture": ({"main_images": []}, 12052028),
    "an unknown picture": ({"main_images": [{"uri": "tos/1"}]}, 12052300),
    "no weight": ({"package_weight": None}, 12052006),
    "a weight of nothing": ({"package_weight": {"value": "0", "unit": "KILOGRAM"}}, 12052181),
    "a unit of elsewhere": ({"package_weight": {"value": "1", "unit": "GRAM"}}, 12052916),
    "no dimensions": ({"package_dimensions": None}, 12052116),
    "half a centimetre": (
        {"package_dimensions": {"length": "1.5", "width": "1", "height": "1", "unit": "CENTIMETER"}},
        12052005,
    ),
    "a mandatory attribute missing": ({"product_attributes": []}, 12052104),
    "no size chart": ({"category_id": DRESSES}, 12052673),
    "a brand that needs an authorisation": ({"brand_id": "7082427311584001008"}, 12052208),
    "cash on delivery": ({"is_cod_allowed": True}, 12052222),
    "no SKU": ({"skus": []}, 12052050),
}


@pytest.mark.parametrize("name", BAD)
def test_a_listing_that_breaks_a_rule_is_refused_and_nothing_is_listed(desk, name):
    changes, code = BAD[name]
    if "skus" not in changes and name == "no size chart":
        changes = {**changes, "product_attributes": [{"id": "100398", "values": [{"id": "1001601"}]}]}
    assert refused(desk.create, **changes) == code
    checked = desk.ask("POST", CHECK, desk.body(**changes))
    told = {reason["code"] for reason in checked["fail_reasons"]}
    assert (checked["check_result"], code in told) == (
        ("PASS", False) if name == "no version of the tree" else ("FAILED", True)  # the check has no such parameter
    )
    found = desk.ask("POST", "/product/202502/products/search", {"seller_skus": ["MUG-0"]}, {"page_size": 10})
    assert found["total_count"] == 0


BAD_SKUS = {
    "no price": (lambda sku: sku.pop("price"), 12052571),
    "another currency": (lambda sku: sku["price"].update(currency="EUR"), 12052084),
    "no warehouse": (lambda sku: sku.pop("inventory"), 12019022),
    "a warehouse of nobody": (lambda sku: sku["inventory"][0].update(warehouse_id="1"), 12052530),
    "no units": (lambda sku: sku["inventory"][0].update(quantity=0), 12052055),
    "a number with blanks": (lambda sku: sku.update(seller_sku="A B"), 12019059),
    "a code that is too short": (
        lambda sku: sku.update(identifier_code={"type": "UPC", "code": "12345"}),
        12052591,
    ),
    "an attribute more": (
        lambda sku: sku["sales_attributes"].append({"name": "Pack", "value_name": "2 pcs"}),
        12052550,
    ),
    "the combination of another": (lambda sku: sku["sales_attributes"][0].update(value_name="Oak"), 12052910),
    "a picture on one value only": (
        lambda sku: sku["sales_attributes"][0].update(sku_img={"uri": "tos/1"}),
        12052522,
    ),
}


@pytest.mark.parametrize("name", BAD_SKUS)
def test_a_sku_that_breaks_a_rule_is_refused(desk, name):
    spoil, code = BAD_SKUS[name]
    body = desk.body("Black", "Oak")
    spoil(body["skus"][0])
    assert refused(desk.ask, "POST", PRODUCTS, body) == code


def test_a_bad_brand_and_a_bad_code_are_warned_of_beside_success(desk):
    body = desk.body(brand_id="17")
    body["skus"][0]["identifier_code"] = {"type": "EAN", "code": "4006381333932"}
    answer = desk.ask("POST", PRODUCTS, body)
    assert [warning["message"] for warning in answer["warnings"]] == [
        "The brand 17 is invalid. The product is listed without a brand.",
        "The EAN 4006381333932 is invalid and was removed.",
    ]
    product = desk.shown(answer["product_id"])
    assert "brand" not in product
    assert "identifier_code" not in product["skus"][0]


@pytest.mark.parametrize(
    ("changes", "position"),
    [
        ({"title": "Miracle mug of stoneware"}, "Title"),
        ({"description": "<p>Ask us on WhatsApp</p>"}, "Description"),
        ({"category_id": "905736", "product_attributes": []}, "Category"),
    ],
)
def test_a_review_fails_with_its_reasons(desk, changes, position):
    answer = desk.create(**changes)
    desk.review()
    product = desk.shown(answer["product_id"])
    assert (product["status"], product["audit"]["status"]) == ("FAILED", "FAILED")
    assert [reason["position"] for reason in product["audit_failed_reasons"]] == [position]


def test_an_edit_stays_beside_the_live_version_until_its_review(desk):
    product_id = desk.live("Black", "Oak")
    assert refused(desk.shown, product_id, return_under_review_version=True) == 12052547
    answer = desk.edit(product_id, title="A mug of the finest stoneware")
    assert answer["audit"] == {"status": "AUDITING"}
    live, reviewed = desk.shown(product_id), desk.shown(product_id, return_under_review_version=True)
    assert (live["title"], live["status"]) == ("A mug of stoneware from Lisbon", "ACTIVATE")
    assert live["audit"]["status"] == reviewed["audit"]["status"] == "AUDITING"
    assert reviewed["title"] == "A mug of the finest stoneware"
    desk.review()
    after = desk.shown(product_id)
    assert after["title"] == "A mug of the finest stoneware"
    changed = {name for name in after if after[name] != live.get(name)}
    assert changed == {"title", "audit", "update_time"}


def test_an_edit_that_fails_leaves_the_live_version(desk):
    product_id = desk.live()
    desk.edit(product_id, title="A replica of a mug")
    desk.review()
    product = desk.shown(product_id)
    assert (product["title"], product["status"]) == ("A mug of stoneware from Lisbon", "ACTIVATE")
    assert product["audit"] == {"status": "FAILED"}
    assert product["audit_failed_reasons"][0]["position"] == "Title"


def test_skus_that_an_edit_leaves_out_are_deleted(desk):
    product_id = desk.live("Black", "Oak")
    first, second = desk.shown(product_id)["skus"]
    kept = {"id": second["id"], **desk.sku("MUG-1", [{"id": "100000", "value_name": "Oak"}])}
    fresh = desk.sku("MUG-2", [{"id": "100000", "value_name": "Sage"}])
    desk.edit(product_id, skus=[kept, fresh])
    desk.review()
    skus = desk.shown(product_id)["skus"]
    assert [sku["seller_sku"] for sku in skus] == ["MUG-1", "MUG-2"]
    assert skus[0]["id"] == second["id"]
    assert first["id"] not in {sku["id"] for sku in skus}
    gone = desk.ask("POST", "/product/202502/products/search", {"seller_skus": ["MUG-0"]}, {"page_size": 10})
    assert gone["total_count"] == 0


def test_stock_that_is_sold_during_a_review_stays_sold(desk):
    product_id = desk.live()
    (sku,) = desk.shown(product_id)["skus"]
    desk.edit(product_id, title="A mug of the finest stoneware")
    stock = {"skus": [{"id": sku["id"], "inventory": [{"warehouse_id": desk.warehouse, "quantity": 2}]}]}
    desk.ask("POST", f"{PRODUCTS}/{product_id}/inventory/update", stock)
    desk.review()
    (after,) = desk.shown(product_id)["skus"]
    assert after["inventory"][0]["quantity"] == 2


def test_a_full_edit_blanks_what_it_leaves_out_but_price_and_stock(desk):
    product_id = desk.live(external_product_id="mine")
    (sku,) = desk.shown(product_id)["skus"]
    body = desk.body()
    body["skus"] = [{"id": sku["id"], "seller_sku": "MUG-0"}]
    desk.ask("PUT", f"/product/202509/products/{product_id}", body)
    desk.review()
    product = desk.shown(product_id)
    assert "external_product_id" not in product
    assert product["skus"][0]["price"]["sale_price"] == "12.50"
    assert product["skus"][0]["inventory"] == sku["inventory"]


def test_a_part_that_is_not_sent_stays_and_one_that_is_sent_is_replaced_whole(desk):
    product_id = desk.live(external_product_id="mine")
    before = deepcopy(desk.shown(product_id))
    desk.edit(product_id, package_dimensions={"length": "20", "width": "10", "height": "9", "unit": "CENTIMETER"})
    desk.review()
    after = desk.shown(product_id)
    assert after["package_dimensions"]["length"] == "20"
    assert {name for name in before if before[name] != after.get(name)} == {"package_dimensions", "update_time"}


def test_an_identifier_is_fixed_once_the_product_is_no_draft(desk):
    body = desk.body()
    body["skus"][0]["identifier_code"] = {"type": "EAN", "code": "4006381333931"}
    product_id = desk.ask("POST", PRODUCTS, body)["product_id"]
    desk.review()
    (sku,) = desk.shown(product_id)["skus"]
    other = {"id": sku["id"], **desk.sku("MUG-0", []), "identifier_code": {"type": "EAN", "code": "5901234123457"}}
    assert refused(desk.edit, product_id, skus=[other]) == 12052922


def test_a_draft_is_not_reviewed_until_it_is_handed_in(desk):
    product_id = desk.create(save_mode="AS_DRAFT")["product_id"]
    desk.review()
    assert desk.shown(product_id)["status"] == "DRAFT"
    desk.edit(product_id, title="A mug of the finest stoneware")
    desk.review()
    assert desk.shown(product_id)["status"] == "ACTIVATE"


def test_a_deleted_product_takes_no_edit_until_it_is_recovered(desk):
    product_id = desk.live()
    desk.ask("DELETE", PRODUCTS, {"product_ids": [product_id]})
    assert refused(desk.edit, product_id, title="A mug of the finest stoneware") == 12052901
    desk.ask("POST", f"{PRODUCTS}/recover", {"product_ids": [product_id]})
    assert desk.shown(product_id)["status"] == "SELLER_DEACTIVATED"


def test_a_product_of_the_shop_itself_can_be_edited_and_keeps_the_rest(desk):
    search = desk.ask("POST", "/product/202502/products/search", {"status": "ACTIVATE"}, {"page_size": 50})
    product_id = next(row["id"] for row in search["products"] if "bundle" not in row["title"])
    before = desk.shown(product_id)
    desk.edit(product_id, title="A quite new title for it")
    desk.review()
    after = desk.shown(product_id)
    assert after["title"] == "A quite new title for it"
    same = {name for name in before if before[name] == after.get(name)}
    assert before.keys() - same <= {"title", "update_time", "skus"}
    assert [sku["id"] for sku in after["skus"]] == [sku["id"] for sku in before["skus"]]


def test_listings_outlive_a_restart(new_world, tmp_path):
    desk = Desk(new_world(path=tmp_path / "own.db"))
    product_id = desk.live("Black", "Oak")
    before, now = desk.shown(product_id), desk.asker.now
    desk.asker.world.close()
    again = Desk(new_world(path=tmp_path / "own.db", now=now))
    again.asker.now = now
    assert again.shown(product_id) == before


def test_a_title_leads_to_a_category(desk):
    path = "/product/202309/categories/recommend"
    found = desk.ask("POST", path, {"product_title": "A desk lamp with a cable", "category_version": "v2"})
    assert found["leaf_category_id"] == LAMPS
    assert [level["level"] for level in found["categories"]] == [1, 2, 3]
    assert refused(desk.ask, "POST", path, {"product_title": "Zzz"}) == 12019064
