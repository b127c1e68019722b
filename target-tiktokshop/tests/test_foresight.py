"""The plan: what the shop tells beforehand is planned so, and the real run finds the same."""

from decimal import Decimal

import pytest
from target_tiktokshop.writing import foresight
from target_tiktokshop.writing.foresight import OUT_OF_REACH, PRICE_RANGES, REFUSALS
from target_tiktokshop.writing.live import Product, Sku
from target_tiktokshop.writing.rows import Row
from tiktokshop_client import Answer, Shop, operations


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
OUT_OF_STOCK = "seller_cancel_reason_out_of_stock"
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


def test_a_reason_that_the_order_does_not_allow_is_planned_so_and_the_real_run_finds_the_same(lab_of):
    with lab_of(orders=3_000) as lab:
        waiting = lab.orders(order_status="AWAITING_SHIPMENT", shipping_type="TIKTOK")
        order = next(order for order in waiting if not order["is_buyer_request_cancel"])
        for reason, outcome in (("because", ("rejected", "25001014")), (OUT_OF_STOCK, ("planned", None))):
            record = {"order_id": order["id"], "cancel_reason": reason}
            plan = lab.feed("order_cancellations", record, dry_run=True, **LOOSE)
            assert (plan.outcomes, plan.writes) == ([outcome], {})
        real = lab.feed("order_cancellations", {**record, "cancel_reason": "because"}, **LOOSE)
        assert real.outcomes == [("rejected", "25001014")]


ELIGIBILITY = {
    # What the order says of its lines -> the code of the plan for the reason "a" and the lines L1 and L2 of the record.
    "nothing": ([], None),
    "the reason is there": ([{"eligible": True, "available_reason_names": ["a", "b"]}], None),
    "another is there": ([{"eligible": True, "available_reason_names": ["b"]}], "25001014"),
    "no names are told": ([{"eligible": True}], None),
    "no names of one part": ([{"eligible": True, "available_reason_names": ["b"]}, {"eligible": True}], None),
    "one part has it": (
        [{"eligible": True, "available_reason_names": ["b"]}, {"eligible": True, "available_reason_names": ["a"]}],
        None,
    ),
    "no part may be cancelled": ([{"eligible": False, "ineligible_code": 25001045}], "25001045"),
    "no code is told": ([{"eligible": False}], "business"),
    "one part may be": (
        [{"eligible": False, "ineligible_code": 1}, {"eligible": True, "available_reason_names": ["a"]}],
        None,
    ),
    "another line may not be": ([{"eligible": False, "ineligible_code": 1, "order_line_items_ids": ["L9"]}], None),
    "it is not said whether": ([{"available_reason_names": ["a"]}], None),
    "a refund is not allowed": ([{"request_type": "REFUND", "eligible": False, "ineligible_code": 1}], None),
}


class Answers:
    """A run whose shop has one answer for everything."""

    def __init__(self, data):
        self.client, self.data, self.asked = self, data, 0

    def call(self, _operation, **_parameters):
        self.asked += 1
        return Answer(self.data, "r", "")

    @staticmethod
    def each(work, items):
        return [work(item) for item in items]


@pytest.mark.parametrize("name", ELIGIBILITY)
def test_an_order_s_own_word_decides_whether_a_cancellation_is_planned(name):
    lines, code = ELIGIBILITY[name]
    lines = [{"request_type": "CANCEL", "order_line_items_ids": ["L1"], **line} for line in lines]
    row = Row("order_cancellations", 1, {}, shop=shop_of("US"))
    row.values = {"order_id": "1", "cancel_reason": "a", "order_line_item_ids": ("L1", "L2")}
    foresight.cancellations(Answers({"sku_eligibility": [{"line_item_eligibility": lines}]}), [row])
    assert row.code == (code or "")
    assert row.open == (code is None)


# -- stock ---------------------------------------------------------------------------------------------------


def combined(lab):
    product = next(product for product in lab.products() if product["title"].endswith("bundle"))
    return stock_of(product, 1) | {"warehouse_id": product["skus"][0]["inventory"][0]["warehouse_id"]}


def test_stock_of_a_combined_product_is_planned_as_refused_and_the_real_run_finds_the_same(lab):
    record = combined(lab)
    plan = lab.feed("inventory", record, dry_run=True, **LOOSE)
    real = lab.feed("inventory", record, **LOOSE)
    assert plan.outcomes == real.outcomes == [("rejected", "12052850")]
    assert "send stock of those" in plan.row["message"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"effect_status": "DISABLED"}, "12052531"),
        ({"type": "RETURN_WAREHOUSE"}, "12052532"),
        ({"effect_status": "RESTRICTED"}, None),
        ({"effect_status": None, "type": None}, None),
        ({"id": "17"}, None),
    ],
)
def test_stock_of_a_warehouse_that_is_closed_for_it_is_planned_as_refused(lab, change, code):
    def after(path, answer):
        if path.endswith("/warehouses"):
            answer["data"]["warehouses"] = [row | change for row in answer["data"]["warehouses"]]
            return answer
        return None

    with lab.between(after=after):
        plan = lab.feed("inventory", stock_of(lab.free(), 1), dry_run=True, **LOOSE)
    assert plan.outcomes == [("rejected", code) if code else ("planned", None)]


def test_warehouses_that_cannot_be_read_keep_nothing_else_from_being_told(lab):
    lab.fault("scope_withheld", scope="seller.logistics")
    records = [combined(lab), stock_of(lab.free(), 1)]
    plan = lab.feed("inventory", *records, dry_run=True, **LOOSE)
    assert (plan.outcomes, plan.error) == ([("rejected", "12052850"), ("planned", None)], None)


def test_a_combined_product_is_asked_about_once_a_run():
    shop, run = shop_of("US"), Answers({"product_types": [], "skus": [{"combined_skus": [{"sku_id": "3"}]}]})
    products = foresight.Combined(run)
    assert products.among(shop, ["2", "2"]) == products.among(shop, ["2"]) == {"2"}
    assert run.asked == 1


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
