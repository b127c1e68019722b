"""Whatever the platform shows of a shop, each record has one outcome, and nothing is sent that is not described.

The answers are those of the sandbox with fields left out, nulls, empty texts, words that nobody knows, numbers for
texts and texts for numbers, empty lists, and fields that nobody described. What is sent all the while is held against
the descriptions, as in all tests here. In most examples the writes are refused, so that the next one finds the shop as
it was.
"""

import copy
import random
import time

import pytest
from fairs import Fair
from hypothesis import given, settings
from hypothesis import strategies as st
from stalls import Stall
from target_tiktokshop.listings.exported import rows_of
from target_tiktokshop.listings.reviews import _last_word
from test_packing import waiting
from tiktokshop_client import TikTokShopError, operations

DELIVERED = "ecom_order_delivered_refund_reason_damaged_seller"
ALL = {"max_rejected_percent": 100, "max_refunds_percent": 100, "max_discount_percent": 90}

PRODUCT = {
    "id": "1729592969712207008",
    "title": "Socks",
    "status": "ACTIVATE",
    "audit": {"status": "FAILED"},
    "audit_failed_reasons": [{"position": "title", "reasons": ["too short"], "suggestions": ["make it longer"]}],
    "category_chains": [{"id": "853000", "is_leaf": True}],
    "brand": {"id": "7082427311584347905"},
    "main_images": [{"uri": "tos/1"}],
    "package_weight": {"value": "1.32", "unit": "KILOGRAM"},
    "package_dimensions": {"length": "10", "width": "10", "height": "10", "unit": "CENTIMETER"},
    "product_attributes": [{"id": "1", "name": "Material", "values": [{"id": "2", "name": "Wool"}]}],
    "certifications": [{"id": "602362", "images": [{"uri": "tos/2"}], "files": [{"id": "3", "name": "a.pdf"}]}],
    "size_chart": {"template": {"id": "7267563252536723205"}},
    "manufacturer_ids": ["1", "2"],
    "responsible_person_ids": ["3"],
    "delivery_options": [{"id": "4"}],
    "skus": [
        {
            "id": "10001",
            "seller_sku": "S-1",
            "price": {"sale_price": "117.5", "currency": "USD"},
            "inventory": [{"warehouse_id": "5", "quantity": 9}, {"warehouse_id": "6", "quantity": 1}],
            "sales_attributes": [{"id": "1", "name": "Color", "value_name": "Red", "sku_img": {"uri": "tos/3"}}],
            "identifier_code": {"type": "GTIN", "code": "10000000000010"},
        }
    ],
}


def odd(draw, value):
    """Another value in place of one, as the live platform may have it."""
    swapped = str(value) if not isinstance(value, str) else int(value) if value.isdecimal() else f"{value}_OF_2027"
    return draw.choice([None, "", [], {}, swapped, swapped])


def perturb(draw, value, share):
    """Alters so much of an answer in its place."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        if isinstance(value[key], (dict, list)) and draw.random() > share:
            perturb(draw, value[key], share)
        elif draw.random() < share:
            value[key] = odd(draw, value[key])
    if isinstance(value, dict) and value:
        for key in [key for key in value if draw.random() < share]:
            del value[key]
        value["undescribed"] = draw.choice([1, "x", None, {"a": [1]}])


def picked_up(lab):
    config, orders = {"labels_path": str(lab.folder / "labels")}, waiting(lab, "GB", skus=1, count=3)
    path = {"package_id": orders[0]["packages"][0]["id"]}
    slots = lab.client.call(operations.GET_HANDOVER_SLOTS, shop=lab.shops["GB"], path=path).data["pickup_slots"]
    start = next(slot["start_time"] for slot in slots if slot["avaliable"])
    return "shipments", [{"order_id": order["id"], "pickup_start": start} for order in orders], "GB", config


def bought(lab):
    config = {"shipping_service": "cheapest", "labels_path": str(lab.folder / "labels")}
    return "shipments", [{"order_id": order["id"]} for order in waiting(lab, "US", skus=1, count=3)], "US", config


def split(lab):
    orders = waiting(lab, "GB")
    records = [{"order_id": order["id"], "groups": [[order["line_items"][0]["id"]]]} for order in orders]
    return "package_splits", records, "GB", {}


def combined(lab):
    pages = lab.client.pages(operations.SEARCH_COMBINABLE_PACKAGES, shop=lab.shops["VN"])
    drafts = [draft for page in pages for draft in page.rows][:2]
    return "package_combinations", [{"order_ids": draft["order_ids"][:2]} for draft in drafts], "VN", {}


def refunded(lab):
    pages = lab.client.pages(operations.SEARCH_ORDERS, shop=lab.us, body={"order_status": "DELIVERED"})
    orders = [order for page in pages for order in page.rows][:3]
    more = [{}, {"amount": "1.00", "currency": "USD"}, {}]
    records = [{"order_id": row["id"], "reason": DELIVERED, **also} for row, also in zip(orders, more, strict=True)]
    return "refunds", records, "US", {}


def answered(lab):
    found = [row for page in lab.client.pages(operations.GET_CONVERSATIONS, shop=lab.us) for row in page.rows]
    ids = [row["id"] for row in found if row["can_send_message"]][:3]
    config = {"message_keys_path": str(lab.folder / "keys.sqlite")}
    records = [{"message_key": key, "conversation_id": key, "text": "It left today"} for key in ids]
    return "messages", records, "US", config


def promoted(lab):
    fair = Fair(lab)
    fair.now = int(time.time())  # what passes between has this machine's date
    config = {"promotion_keys_path": str(lab.folder / "promotions.sqlite")}
    terms = {
        "shipping_discount": {
            "threshold_type": "MINIMAL_ORDER_AMOUNT",
            "threshold_value": "30",
            "type": "FREE_SHIPPING",
        }
    }
    live = fair.activity(
        "Free delivery", "SHIPPING_DISCOUNT", activity_key="free", product_level="SHOP", discount=terms
    )
    offers = fair.flat(fair.sku(0, quantity_limit=5), fair.sku(1), title="Spring", activity_key="spring")
    assert {outcome for outcome, _ in fair.feed(live, *offers).outcomes} == {"applied"}
    changed = {**live, "title": "Free delivery again"}
    cheaper = {**offers[0], "activity_price": fair.price(fair.skus[0][1], 30), "quantity_limit": None}
    fresh = fair.flat(fair.sku(2), fair.sku(3), title="Autumn", activity_key="autumn")
    return "promotions", [changed, cheaper, *fresh], "US", config


def listed(lab):
    stall = Stall(lab)
    colors = [stall.sku(f"MUG-{color}", variations={"Color": color}) for color in ("Black", "Oak")]
    record, product = stall.live(*colors)
    renamed = {**record, "title": "A mug of stoneware from Porto", "attributes": {"Material": "Porcelain"}}
    coded = {"product_id": product["id"], "skus": [{"seller_sku": "MUG-Oak", "external_sku_id": "E-1"}]}
    fresh = stall.record(stall.sku("CUP-1"), title="A cup of stoneware from Lisbon")
    config = {"listings_store": str(stall.folder / "listings.sqlite")}
    return "listings", [renamed, coded, fresh][1:], "US", config


def replicated(lab):
    stall = Stall(lab)
    stall.live(*(stall.sku(f"MUG-{color}", variations={"Color": color}) for color in ("Black", "Oak")))
    found = lab.client.call(operations.GET_WAREHOUSES, shop=lab.shops["GB"]).data["warehouses"]
    place = next(row["id"] for row in found if row["type"] == "SALES_WAREHOUSE")
    records = [
        {"seller_sku": f"MUG-{color}", "region": "UK", "price": "9.99", "quantity": 4, "warehouse_id": place}
        for color in ("Black", "Oak")
    ]
    return "replications", records, "US", {"listings_store": str(stall.folder / "listings.sqlite")}


WRITES = (
    "/fulfillment/*/packages",
    "/fulfillment/*/packages/ship",
    "/fulfillment/*/split",
    "/fulfillment/*/packages/combine",
    "/return_refund/*/returns",
    "/customer_service/202606/*",
    "/promotion/202309/activities",
    "/promotion/202309/activities/*/products",
    "/product/202309/products",
    "/product/*/partial_edit",
    "/product/*/global_replicate",
)
FEEDS = (picked_up, bought, split, combined, refunded, answered, promoted, listed, replicated)


@settings(max_examples=300)
@given(seed=st.integers(0, 10**9), share=st.sampled_from([0.02, 0.1, 0.3]))
def test_an_odd_product_is_exported_and_its_review_is_told_without_a_surprise(seed, share):
    live = copy.deepcopy(PRODUCT)
    perturb(random.Random(seed), live, share)
    assert all(isinstance(cell, str) for row in rows_of("1", "2", live) for cell in row.values())
    assert [str(part) for part in _last_word(live) or ()] == list(_last_word(live) or ())


@pytest.mark.slow
@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.__name__)
def test_an_odd_shop_costs_no_record_its_one_outcome_and_nothing_undescribed_is_sent(lab_of, feed):
    with lab_of(orders=3_000, shops=6) as lab:
        stream, records, shop, config = feed(lab)
        assert records

        @settings(max_examples=8)
        @given(seed=st.integers(0, 10**9), share=st.sampled_from([0.01, 0.03, 0.1]), refuse=st.sampled_from([1, 1, 0]))
        def run(seed, share, refuse):
            draw = random.Random(seed)
            lab.sandbox.control("DELETE", "/faults")
            for path in WRITES if refuse else ():
                lab.fault("refused", path=path, code=36009004)

            def after(path, answer):
                if path.startswith("/authorization/") or draw.random() < 0.3:
                    return None
                perturb(draw, answer.get("data"), share)
                return answer

            with lab.between(after=after):
                done = lab.feed(stream, *records, shop=shop, **{**ALL, **config})
            assert done.error is None or isinstance(done.error, TikTokShopError), done.error
            assert [row["row"] for row in done.rows] == list(range(1, len(records) + 1))

        run()
