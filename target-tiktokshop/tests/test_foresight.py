"""The plan: what the shop tells beforehand is planned so, and the real run finds the same."""

from decimal import Decimal

import pytest
from target_tiktokshop.writing import foresight
from target_tiktokshop.writing.foresight import OUT_OF_REACH, PRICE_RANGES, REFUSALS
from target_tiktokshop.writing.planning import Product, Sku
from target_tiktokshop.writing.rows import Row
from tiktokshop_client import Shop, operations


def promoted(lab):
    """A product in a running promotion, with stock to take away."""
    return next(
        product
        for product in lab.products()
        if len(product["skus"][0]["inventory"]) == 1
        and product["skus"][0]["inventory"][0]["quantity"] > 2
        and not product["title"].endswith("bundle")
        and lab.in_promotion(product)
    )


def stock_of(product, change):
    sku = product["skus"][0]
    place = sku["inventory"][0]
    return {"sku_id": sku["id"], "warehouse_id": place["warehouse_id"], "quantity": place["quantity"] + change}


def price_of(product, change):
    sku = product["skus"][0]
    price = str(Decimal(sku["price"]["sale_price"]) + change)
    return {"sku_id": sku["id"], "amount": price, "currency": "USD"}


def status_of(product):
    return {"product_id": product["id"], "status": "inactive"}


# What the shop tells -> stream, record, settings that let it through, the code of the plan.
SIGHTS = {
    "stock below the floor of a promotion": ("inventory", lambda lab: stock_of(promoted(lab), -1), "12052393"),
    "stock above the floor of a promotion": ("inventory", lambda lab: stock_of(promoted(lab), +1), None),
    "too much stock": ("inventory", lambda lab: stock_of(lab.plain()[0], 100_000), "12052055"),
    "stock of what the platform took down": (
        "inventory",
        lambda lab: stock_of(lab.products("PLATFORM_DEACTIVATED")[0], 1),
        "12052901",
    ),
    "a price that a promotion locks": ("prices", lambda lab: price_of(promoted(lab), 1), "12052038"),
    "a price of a draft": ("prices", lambda lab: price_of(lab.products("DRAFT")[0], 1), "12052901"),
    "a price above the market's": ("prices", lambda lab: price_of(lab.free(), 7_600), "12052570"),
    "a plain price": ("prices", lambda lab: price_of(lab.free(), 1), None),
    "a draft to be taken down": ("product_status", lambda lab: status_of(lab.products("DRAFT")[0]), "12052901"),
}
LOOSE = {
    "protect_status": False,
    "max_quantity": 999_999,
    "max_price_change_percent": 1_000_000,
    "max_rejected_percent": 100,
}


@pytest.mark.parametrize("name", SIGHTS)
def test_what_the_shop_tells_beforehand_is_planned_so_and_the_real_run_finds_the_same(lab, name):
    stream, record, code = SIGHTS[name]
    record = record(lab)
    plan = lab.feed(stream, record, dry_run=True, **LOOSE)
    assert plan.writes == {}
    assert plan.outcomes == [("rejected", code) if code else ("planned", None)]
    assert (REFUSALS[code] in plan.row["message"]) if code else not plan.row["message"]
    real = lab.feed(stream, record, **LOOSE)
    assert real.row["outcome"] == ("rejected" if code else "applied")
    if code and stream != "product_status":
        assert real.row["code"] == code


def test_one_locked_sku_is_planned_to_cost_the_prices_of_its_whole_call(lab):
    product = next(product for product in lab.products() if len(product["skus"]) > 1 and lab.in_promotion(product))
    records = [
        {"sku_id": sku["id"], "amount": str(Decimal(sku["price"]["sale_price"]) + 1), "currency": "USD"}
        for sku in product["skus"]
    ]
    plan = lab.feed("prices", *records, dry_run=True, **LOOSE)
    assert {(row["outcome"], row["code"]) for row in plan.rows} == {("rejected", "12052038")}


def test_promotions_that_cannot_be_read_leave_the_plan_as_it_is(lab):
    record = stock_of(promoted(lab), -1)
    lab.fault("scope_withheld", scope="seller.promotion.info")
    plan = lab.feed("inventory", record, dry_run=True)
    assert (plan.outcomes, plan.error) == ([("planned", None)], None)


def test_the_real_run_reads_no_promotions(lab):
    seen = []
    record = stock_of(promoted(lab), -1)
    with lab.between(before=seen.append):
        lab.feed("inventory", record, **LOOSE)
    assert not [path for path in seen if "/promotion/" in path]


def test_a_reason_that_the_platform_does_not_take_is_planned_so(lab_of):
    with lab_of(orders=3_000) as lab:
        for _ in range(20):
            body = {"cancel_status": ["CANCELLATION_REQUEST_PENDING"]}
            pages = lab.client.pages(operations.SEARCH_CANCELLATIONS, shop=lab.us, body=body)
            pending = [row for page in pages for row in page.rows]
            if pending:
                break
            lab.sandbox.control("POST", "/clock", {"advance": 10_800})
        record = {"cancel_id": pending[0]["cancel_id"], "decision": "reject"}
        good = "seller_reject_apply_product_has_been_packed"
        wrong = lab.feed("cancellation_decisions", {**record, "reject_reason": "because"}, dry_run=True, **LOOSE)
        assert wrong.outcomes == [("rejected", "25001014")]
        assert good in wrong.row["message"]
        right = lab.feed("cancellation_decisions", {**record, "reject_reason": good}, dry_run=True)
        assert right.outcomes == [("planned", None)]


def test_a_carrier_that_the_order_does_not_have_is_planned_so(lab_of):
    with lab_of(orders=3_000) as lab:
        waiting = lab.orders(order_status="AWAITING_SHIPMENT")
        order = next(order for order in waiting if not order["is_buyer_request_cancel"])
        record = {"order_id": order["id"], "tracking_number": "940011234567000000012", "shipping_provider_id": "17"}
        plan = lab.feed("tracking", record, dry_run=True, **LOOSE)
        real = lab.feed("tracking", record, **LOOSE)
    assert plan.outcomes == real.outcomes == [("rejected", "21011022")]


# -- tables --------------------------------------------------------------------------------------------------


def shop_of(region, seller_type="LOCAL"):
    return Shop(id="7", name="S", region=region, cipher="c", code="s", seller_type=seller_type)


class Nothing:
    """No promotion runs."""

    def products(self, _shop):
        return frozenset()


def price_row(region, price, seller_type="LOCAL"):
    sku = Sku("1", "A", "2")
    row = Row("prices", 1, {}, shop=shop_of(region, seller_type), subject=sku)
    row.after = {"price": str(price)}
    return row


@pytest.mark.parametrize("region", [*PRICE_RANGES, "UK"])
def test_each_market_s_range_of_prices_holds_to_the_hair(region):
    low, high = map(Decimal, PRICE_RANGES[{"UK": "GB"}.get(region, region)])
    step = Decimal("0.01")
    for price, good in ((low, True), (high, True), (low - step, False), (high + step, False)):
        row = price_row(region, price)
        foresight.prices([[row]], {}, Nothing())
        assert row.open == good


def test_a_cross_border_seller_and_an_unknown_market_have_no_range():
    for row in (price_row("US", 9_000_000, "CROSS_BORDER"), price_row("AU", 9_000_000)):
        foresight.prices([[row]], {}, Nothing())
        assert row.open


@pytest.mark.parametrize("wanted", OUT_OF_REACH)
def test_a_status_out_of_reach_is_told_and_others_are_not(wanted):
    for status in ("ACTIVATE", "SELLER_DEACTIVATED", "DRAFT", "FREEZE", "DELETED", "PENDING", "", "NEW"):
        row = Row("product_status", 1, {}, values={"status": wanted}, shop=shop_of("US"), subject=Product("2", "", []))
        row.before = {"status": status}
        foresight.product_status([row])
        assert row.open == (status not in OUT_OF_REACH[wanted])


def test_an_answer_that_nobody_expected_leaves_the_plan_as_it_is():
    row = price_row("US", 1)

    def see(_rows):
        raise KeyError("odd")

    foresight.unless_unknown(see, [row])
    assert row.open
