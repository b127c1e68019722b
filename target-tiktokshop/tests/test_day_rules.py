"""A bad record of a seller's day gets one outcome that says what to do instead, and nothing is sent for it."""

from pathlib import Path

import pytest
from fairs import Fair
from target_tiktokshop.settings import SETTINGS
from target_tiktokshop.writing.guards import GUARDS
from target_tiktokshop.writing.masses import CAPS, MASSES
from target_tiktokshop.writing.outcomes import CODES, REJECTED
from test_packing import combine, lines, pairs, split, waiting
from tiktokshop_client import operations

CALCULATE = "POST /return_refund/202602/refunds/calculate"
DAMAGED = "ecom_order_delivered_refund_reason_damaged_seller"
OWN = "FULFILLMENT_BY_SELLER"
UNKNOWN = "576400000000000017"


def order(lab, fits=lambda _: True, **filters):
    """An order of any shop, as a record has it."""
    return next(
        {"shop_id": lab.shops[shop].id, "order_id": row["id"]}
        for shop in lab.shops
        for row in lab.orders(shop, **filters)
        if fits(row)
    )


def found_in(lab, operation, shop="US", **body):
    return [row for page in lab.client.pages(operation, shop=lab.shops[shop], body=body) for row in page.rows]


def parcels(lab):
    """Orders that cannot be shipped by the platform's carriers."""
    ours = {"shipping_type": "TIKTOK"}
    unpaid, cancelled = (
        order(lab, lambda row: row["fulfillment_type"] == OWN, order_status=status, **ours)
        for status in ("UNPAID", "CANCELLED")
    )
    theirs = order(lab, lambda row: row["fulfillment_type"] != OWN, shipping_type="TIKTOK")
    own_carrier = order(lab, order_status="AWAITING_SHIPMENT", shipping_type="SELLER")
    waits = order(lab, lambda row: row["fulfillment_type"] == OWN, order_status="AWAITING_SHIPMENT", **ours)
    yield "shipments", unpaid, "unpaid", "feed it again once it is"
    yield "shipments", cancelled, "cancelled", "do not ship it"
    yield "shipments", theirs, "fulfilled_by_platform", "there is nothing to send for it"
    yield "shipments", own_carrier, "shipped_by_seller", "feed its tracking number"
    yield "shipments", {"order_id": UNKNOWN}, "unknown_order", "check order_id"
    yield "shipments", {**waits, "order_line_item_ids": ["1"]}, "unknown_lines", "check order_line_item_ids"


def packing(lab):
    """Orders that cannot be split, or combined; some were, by a run before."""
    pair = next(two for two in pairs(lab) if len(lines(lab.order(two[0], "VN"))) > 1)
    cut = next(row for row in waiting(lab, "VN") if row["id"] not in pair)
    other = next(row for row in waiting(lab, "VN", skus=1, count=4) if row["id"] not in {*pair, cut["id"]})
    assert combine(lab, pair).outcomes == [("applied", None)]
    sku = cut["line_items"][0]["sku_id"]
    part = [line["id"] for line in cut["line_items"] if line["sku_id"] == sku]
    assert split(lab, cut, part, shop="VN").outcomes == [("applied", None)]
    asia, britain = {"shop_id": lab.shops["VN"].id}, {"shop_id": lab.shops["GB"].id}
    joined = {"order_id": pair[0], "groups": [lines(lab.order(pair[0], "VN"))[:1]], **asia}
    yield "package_splits", joined, "combined_before", "as separate first"
    yield "package_combinations", {"order_ids": [cut["id"], other["id"]], **asia}, "split_before", "ship each of them"
    british = waiting(lab)[0]
    whole = {"order_id": british["id"], "groups": [lines(british)], **britain}
    yield "package_splits", whole, "one_group", "name at least two groups"
    strange = {"order_id": british["id"], "groups": [["1"]], **britain}
    yield "package_splits", strange, "unknown_lines", "check order_line_item_ids"
    both = [row["id"] for row in waiting(lab, skus=1, count=2)]
    yield "package_combinations", {"order_ids": both, **britain}, "not_combinable", "to one address"


def refunds(lab):
    """Orders that are not refunded, or not so much, or not for this reason."""
    asked = [row["order_id"] for row in found_in(lab, operations.SEARCH_RETURNS)]
    waits = next(
        {"shop_id": lab.shops[shop].id, "order_id": row["order_id"]}
        for shop in lab.shops
        for row in found_in(lab, operations.SEARCH_RETURNS, shop)
        if row["return_status"].endswith("PENDING") and row["role"] != "SELLER"
    )
    delivered = found_in(lab, operations.SEARCH_ORDERS, order_status="DELIVERED")
    free = [row for row in delivered if row["id"] not in asked and float(row["payment"]["total_amount"]) > 1]
    orders = [{"order_id": row["id"], "reason": DAMAGED} for row in free[:4]]
    yield "refunds", {**waits, "reason": DAMAGED}, "return_open", "with return_decisions"
    yield "refunds", {**orders[0], "amount": "99999", "currency": "USD"}, "above_refundable", "can be refunded"
    yield "refunds", {**orders[1], "amount": "1", "currency": "GBP"}, "wrong_currency", "paid in USD"
    yield "refunds", {**orders[2], "reason": "because"}, "25001014", "there are: "
    yield "refunds", orders[3], "max_refund_amount", "is above max_refund_amount (0.01 USD)"
    unpaid = order(lab, order_status="UNPAID", shipping_type="TIKTOK")
    yield "refunds", {**unpaid, "reason": DAMAGED}, "unpaid", "nothing to refund"


def answers(lab):
    """Answers that cannot be given (any more)."""
    late = next(
        row["id"]
        for page in lab.client.pages(operations.GET_CONVERSATIONS, shop=lab.us)
        for row in page.rows
        if not row["can_send_message"]
    )
    say = {"message_key": "late", "conversation_id": late, "text": "Thank you"}
    yield "messages", say, "window_closed", "wait until the buyer writes again"
    stranger = {**say, "message_key": "nobody", "conversation_id": UNKNOWN}
    yield "messages", stranger, "unknown_conversation", "check conversation_id"


def promotions(lab):
    """Promotions that cost too much, or are not there."""
    fair = Fair(lab)

    def own(name, *parts):
        return {**fair.activity(name), "activity_key": name, **{k: v for part in parts for k, v in part.items()}}

    yield "promotions", own("Deep", fair.sku(0, 60)), "max_discount_percent", "more than max_discount_percent (50 %)"
    costly = own("Costly", fair.sku(1), {"cost": "9999"})
    yield "promotions", costly, "min_margin_percent", "less than min_margin_percent (0 %)"
    yield "promotions", {"activity_id": "17", "status": "ended"}, "unknown_activity", "check activity_id"
    coupon = own("Coupon", fair.sku(2), {"activity_type": "COUPON"})
    yield "promotions", coupon, "bad_promotion", "in Seller Center"


@pytest.mark.slow
def test_every_bad_record_of_a_day_has_one_outcome_with_what_to_do_and_no_call_is_made_for_it(lab_of, tmp_path):
    with lab_of(orders=3_000, shops=6) as lab:
        lab.config |= {"labels_path": str(tmp_path / "labels"), "message_keys_path": str(tmp_path / "messages.sqlite")}
        bad = [case for cases in (parcels, packing, refunds, answers, promotions) for case in cases(lab)]
        text = lab.lines(*((stream, {"shop_id": lab.us.id, **record}) for stream, record, *_ in bad))
        config = {
            "max_rejected_percent": 100,
            "max_refunds_percent": 100,
            "max_refund_amount": {"USD": "0.01"},
            "promotion_keys_path": str(tmp_path / "promotions.sqlite"),
        }
        plan, run = (lab.run(text, dry_run=dry, **config) for dry in (True, False))
    said = {row["row"]: (row["stream"], row["code"]) for row in run.rows}
    assert [said[number] for number in range(1, len(bad) + 1)] == [(stream, code) for stream, _, code, _ in bad]
    told = {row["row"]: row["message"] for row in run.rows}
    assert [
        (code, told[number]) for number, (_, _, code, words) in enumerate(bad, 1) if words not in told[number]
    ] == []
    assert len(run.rows) == len(bad)
    assert {row["row"]: row["code"] for row in plan.rows} == {row["row"]: row["code"] for row in run.rows}
    assert (set(plan.writes) | set(run.writes)) - {CALCULATE} == set()


ELSEWHERE = {"max_decided_percent", "max_activated_percent"}
"""`test_guards.py` makes a row of every one of `MASSES`, without its name."""


def test_every_code_and_every_guard_is_the_outcome_of_some_test():
    texts = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    caps = {cap.name for cap in CAPS.values()} | {mass.name for mass in MASSES}
    guards = {guard.name for group in GUARDS.values() for guard in group} | caps
    assert guards <= set(SETTINGS)
    rejections = {name for name, code in CODES.items() if REJECTED in code.outcomes}
    named = {name for name in rejections | guards if texts.count(f'"{name}"') > (name in ELSEWHERE)}
    assert (rejections | guards) - named == ELSEWHERE
