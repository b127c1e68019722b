"""A dry run: to its end, each row's own fate, what would stop the real run, and shown so that a human can read it."""

from decimal import Decimal

import pytest
from target_tiktokshop.writing.live import Sku
from target_tiktokshop.writing.plan import MOST_LINES, Plan, change
from target_tiktokshop.writing.rows import Row
from tiktokshop_client import Shop

SHOP = Shop(id="7", name="Mugs and more", region="US", cipher="c", code="s", seller_type="LOCAL")


def mixed(lab):
    """Two batches of prices, of which the first is bad, and tracking rows behind them."""
    skus = [sku for product in lab.unlisted() for sku in product["skus"]][:20]
    assert len(skus) == 20
    prices = [(sku, Decimal(sku["price"]["sale_price"])) for sku in skus]
    bad = [{"sku_id": sku["id"], "amount": str(now * 100), "currency": "USD"} for sku, now in prices[:6]]
    good = [{"sku_id": sku["id"], "amount": str(now + 1), "currency": "USD"} for sku, now in prices[6:]]
    tracking = [{"order_id": "17", "tracking_number": "1", "shipping_provider_id": "1"}]
    named = [
        (stream, {"shop_id": lab.us.id, **record})
        for stream, records in (("prices", [*bad, *good]), ("tracking", tracking))
        for record in records
    ]
    return lab.lines(*named), skus


def test_a_dry_run_goes_to_its_end_and_tells_each_row_s_own_fate(lab):
    text, _ = mixed(lab)
    plan = lab.run(text, dry_run=True, batch_size_rows=10)
    assert [row["outcome"] for row in plan.rows] == ["guarded"] * 6 + ["planned"] * 14 + ["rejected"]
    assert {row["code"] for row in plan.rows[:6]} == {"max_price_change_percent"}
    assert plan.rows[-1]["code"] == "unknown_order"
    assert [row.get("stopped_by") for row in plan.rows] == (
        ["max_rejected_percent"] * 10 + [None] * 10 + ["max_rejected_percent"]
    )
    assert type(plan.error).__name__ == "PlanStoppedError"
    assert "prices: 6 of the 10 records" in str(plan.error)
    assert "tracking: 1 of the 1 records" in str(plan.error)
    assert plan.writes == {}
    real = lab.run(text, batch_size_rows=10)
    assert type(real.error).__name__ == "RunStoppedError"
    assert real.writes == {}


def test_the_plan_is_shown_in_one_piece_by_shop_and_product_with_what_would_stop_and_the_totals_last(lab, capsys):
    text, skus = mixed(lab)
    lab.run(text, dry_run=True, batch_size_rows=10)
    shown = capsys.readouterr().err.split("Nothing was sent.")[1]
    lines = shown.splitlines()
    assert f"Shop {lab.us.name} {lab.us.id}" in lines
    title = next(product["title"] for product in lab.products() if product["skus"][0]["id"] == skus[0]["id"])
    product = lines.index(f"  {title}")
    assert f"{skus[0]['seller_sku']} ({skus[0]['id']})" in lines[product + 1]
    assert "max_price_change_percent: from" in lines[product + 1]
    stop = lines.index("The real run would be stopped, and send nothing from there on")
    assert lines[stop + 1].startswith("  prices: 6 of the 10 records")
    totals = lines.index("Totals")
    assert totals > stop > product
    assert [line.split(maxsplit=1) for line in lines[totals + 1 : totals + 3]] == [
        ["prices", "6 guarded, 14 planned"],
        ["tracking", "1 rejected"],
    ]
    assert not any("METRIC" in line for line in lines)


def test_a_stock_row_is_shown_under_the_title_of_its_product(lab, capsys):
    product = lab.plain()[0]
    sku = product["skus"][0]
    now = sku["inventory"][0]["quantity"]
    lab.feed("inventory", {"sku_id": sku["id"], "quantity": now + 4}, dry_run=True)
    lines = capsys.readouterr().err.splitlines()
    under = lines[lines.index(f"  {product['title']}") + 1]
    assert f"{sku['seller_sku']} ({sku['id']})" in under
    assert f"{now} -> {now + 4} in {sku['inventory'][0]['warehouse_id']}" in under


# -- many rows -----------------------------------------------------------------------------------------------


def rows_of(count, outcome="planned", code="", title="Mug"):
    made = []
    for number in range(count):
        sku = Sku(str(number), f"MUG-{number}", "2", title=title)
        row = Row("inventory", number, {}, shop=SHOP, subject=sku)
        row.before, row.after = {"warehouse_id": "w", "quantity": 1}, {"warehouse_id": "w", "quantity": 2}
        row.settle(outcome, code)
        made.append(row)
    return made


def text_of(plan):
    return plan.text(lambda *_: {}, [])


def test_up_to_the_limit_every_row_is_shown_and_beyond_the_first_of_each_kind_with_a_count():
    plan = Plan()
    plan.add(rows_of(MOST_LINES))
    assert text_of(plan).count("MUG-") == MOST_LINES
    plan.add(rows_of(3, "rejected", "unknown_sku"))
    plan.add(rows_of(2, "rejected", "bad_record"))
    shown = text_of(plan)
    assert shown.count("MUG-") == 3
    assert f"planned and {MOST_LINES - 1} more" in shown
    assert "rejected and 2 more" in shown
    assert "rejected and 1 more" in shown
    assert f"{MOST_LINES} planned" in shown.split("Totals")[1].replace("rejected, ", "")


def test_a_plan_of_many_rows_is_short_and_keeps_little():
    plan = Plan()
    for _ in range(20):
        plan.add(rows_of(500))
    assert text_of(plan).count("\n") < 12
    assert "planned and 9,999 more" in text_of(plan)
    assert len(plan.lines()) == 1


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ({"warehouse_id": "w", "quantity": 1}, {"warehouse_id": "w", "quantity": 2}, "1 -> 2 in w"),
        ({"warehouse_id": "w", "quantity": None}, {"warehouse_id": "w", "quantity": 2}, "none -> 2 in w"),
        ({"warehouse_id": "w", "quantity": 2}, {"warehouse_id": "w", "quantity": 2}, "2 in w"),
        ({"price": "1.00", "currency": "USD"}, {"price": "2.00", "currency": "USD"}, "1.00 -> 2.00"),
        ({"status": "ACTIVATE"}, {"status": "SELLER_DEACTIVATED"}, "ACTIVATE -> SELLER_DEACTIVATED"),
        ({"status": "PENDING"}, {"decision": "APPROVE"}, "PENDING -> APPROVE"),
        ({"tracking_number": None}, {"tracking_number": "1"}, "none -> 1"),
        ({"external_order_ids": ["a", "b"]}, {"external_order_id": "c"}, "a, b -> c"),
        (
            {"status": "TO_FULFILL"},
            {"status": "PROCESSING", "handover_method": "PICKUP", "pickup_start": 1796029200, "pickup_end": 1796040000},
            "TO_FULFILL -> PROCESSING, PICKUP 2026-11-30 09:00 to 12:00 UTC",
        ),
        (
            {"status": "TO_FULFILL"},
            {"status": "PROCESSING", "handover_method": "PICKUP", "pickup_start": 1796079600, "pickup_end": 1796083200},
            "TO_FULFILL -> PROCESSING, PICKUP 2026-11-30 23:00 to 2026-12-01 00:00 UTC",
        ),
        (
            {"status": "TO_FULFILL"},
            {"status": "PROCESSING", "handover_method": "DROP_OFF"},
            "TO_FULFILL -> PROCESSING, DROP_OFF",
        ),
        (
            {"status": None},
            {"status": "PROCESSING", "shipping_service": "USPS Ground Advantage", "price": "4.75", "currency": "USD"},
            "none -> PROCESSING, USPS Ground Advantage for 4.75 USD",
        ),
        ({"refundable": None}, {"refund_total": None}, ""),
        (None, None, ""),
    ],
)
def test_a_change_is_shown_short(before, after, shown):
    assert change(before, after) == shown


def test_an_order_is_shown_by_what_is_in_it():
    order = {"line_items": [{"product_name": "Mug", "seller_sku": "MUG-1"}, {"product_name": "Lid"}]}
    row = Row("tracking", 1, {}, values={"order_id": "9"}, shop=SHOP, subject=order)
    row.reject("on_hold", "the order is on hold")
    plan = Plan()
    plan.add([row])
    lines = text_of(plan).splitlines()
    assert "MUG-1 (9)" in lines[lines.index("  Mug and 1 more") + 1]
    assert "on_hold: the order is on hold" in text_of(plan)
