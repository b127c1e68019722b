"""Carrying out a plan makes the live activity what is wished, touches nothing else, and leaves nothing to plan."""

from copy import deepcopy
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from target_tiktokshop.promotions.difference import (
    compare,
    live_offers,
    new_body,
    put_body,
    put_calls,
    remove_body,
    update_body,
)
from target_tiktokshop.promotions.wanted import WantedOffer

PRODUCTS, SKUS = ("11", "12", "13"), ("1", "2")
KINDS = {"FIXED_PRICE": "activity_price", "DIRECT_DISCOUNT": "discount"}
limits = st.sampled_from((None, -1, 1, 5))


@st.composite
def activities(draw):
    """A live activity as the platform shows it, {} for none."""
    kind, level = draw(st.sampled_from(sorted(KINDS))), draw(st.sampled_from(("PRODUCT", "VARIATION")))
    live = {"activity_type": kind, "product_level": level, "title": "A", "begin_time": 100, "end_time": 200}
    live["status"] = draw(st.sampled_from(("DRAFT", "NOT_START", "ONGOING")))

    def offer():
        value = draw(st.integers(1, 9))
        shown = {"quantity_limit": draw(st.sampled_from((-1, 3))), "quantity_per_user": draw(st.sampled_from((-1, 2)))}
        is_price = kind == "FIXED_PRICE"
        return shown | ({"activity_price": {"amount": f"{value}.00"}} if is_price else {"discount": str(value)})

    products = []
    for product in draw(st.lists(st.sampled_from(PRODUCTS), unique=True)):
        skus = draw(st.lists(st.sampled_from(SKUS), unique=True, min_size=1))
        own = offer() if level == "PRODUCT" else {"skus": [{"id": product + sku, **offer()} for sku in skus]}
        products.append({"id": product, **own})
    return live | {"products": products} if draw(st.booleans()) else {"activity_type": kind, "product_level": level}


@st.composite
def wishes(draw, live):
    """Fields and offers of a record that fits the activity."""
    by_sku, is_price = live["product_level"] == "VARIATION", live["activity_type"] == "FIXED_PRICE"
    keys = [(product, product + sku if by_sku else "") for product in PRODUCTS for sku in (SKUS if by_sku else ("",))]
    offers = []
    for product, sku in draw(st.lists(st.sampled_from(keys), unique=True)):
        value = draw(st.integers(1, 9))
        offer = WantedOffer(product, sku, limit=draw(limits), per_user=draw(limits), removed=draw(st.booleans()))
        offer.price, offer.percent = (Decimal(value), None) if is_price else (None, value)
        offers.append(offer)
    fields = draw(
        st.fixed_dictionaries({}, optional={"title": st.sampled_from("AB"), "end_time": st.sampled_from((200, 300))})
    )
    return fields, offers


def carried_out(live, difference, kind, level, fields):
    """What the platform makes of the calls: PUT adds or changes, DELETE takes out; the rest stays."""
    made = new_body({"title": "A", "begin_time": 100, "end_time": 200, **fields, "activity_type": kind}, level)
    after = deepcopy(live) if "title" in live else {**made, "status": "DRAFT", "products": []}
    if difference.fields:
        after |= update_body(live, difference.fields)
    items = {
        (row["id"], sku["id"] if sku else ""): sku or row
        for row in after["products"]
        for sku in (row["skus"] if level == "VARIATION" else [None])
    }
    for part in put_calls(level, difference.puts):
        for row in put_body(kind, level, live, part)["products"]:
            for sku in row.pop("skus") or [row]:
                shown = {name: value for name, value in sku.items() if name != "activity_price_amount"}
                if "activity_price_amount" in sku:
                    shown["activity_price"] = {"amount": sku["activity_price_amount"]}
                items[row["id"], sku["id"] if level == "VARIATION" else ""] = shown
    body = remove_body(level, difference.removes)
    gone = set(body.get("sku_ids", ())) | set(body.get("product_ids", ()))
    items = {key: value for key, value in items.items() if (key[1] or key[0]) not in gone}
    if level == "PRODUCT":
        return {**after, "products": [{"id": key, **value} for (key, _), value in items.items()]}
    products = dict.fromkeys(key for key, _ in items)
    grouped = {key: [{**row, "id": sku} for (own, sku), row in items.items() if own == key] for key in products}
    return {**after, "products": [{"id": key, "skus": skus} for key, skus in grouped.items()]}


@settings(max_examples=40)
@given(st.data())
def test_a_plan_that_is_carried_out_leaves_nothing_to_plan_and_touches_nothing_else(data):
    live = data.draw(activities())
    fields, offers = data.draw(wishes(live))
    known = live if "title" in live else {}
    difference = compare(known, fields, offers)
    after = carried_out(live, difference, live["activity_type"], live["product_level"], fields)
    left = compare(after, fields, offers)
    assert left.empty, (left.fields, left.puts, left.removes)
    before, now = live_offers(live), live_offers(after)
    wanted = {offer.key: offer for offer in offers}
    for key, offer in wanted.items():
        if offer.removed:
            assert key not in now
            continue
        assert (now[key].price, now[key].percent) == (offer.price, offer.percent and Decimal(offer.percent))
        kept = before.get(key)
        for asked, has, was in (
            (offer.limit, now[key].limit, kept.limit if kept else -1),
            (offer.per_user, now[key].per_user, kept.per_user if kept else -1),
        ):
            assert has == (was if asked is None else asked)
    assert {key: value for key, value in now.items() if key not in wanted} == {
        key: value for key, value in before.items() if key not in wanted
    }
    assert after["title"] == fields.get("title", "A")


@given(st.integers(0, 1_500), st.integers(1, 7), st.sampled_from(("PRODUCT", "VARIATION")))
def test_no_call_takes_more_than_300_and_every_offer_is_in_one(count, skus, level):
    offers = [
        WantedOffer(str(n // skus), str(n)) if level == "VARIATION" else WantedOffer(str(n)) for n in range(count)
    ]
    parts = list(put_calls(level, offers))
    assert [offer for part in parts for offer in part] == offers
    assert all(0 < len(part) <= 300 for part in parts)
    whole = [{offer.product_id for offer in part} for part in parts]
    assert all(not one & other for number, one in enumerate(whole) for other in whole[:number])
