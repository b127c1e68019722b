"""Several records of one key: the last that can be carried out wins, and the others say which it was."""

from hypothesis import given
from hypothesis import strategies as st
from target_tiktokshop.writing.outcomes import GUARDED, REJECTED, SUPERSEDED, UNCHANGED
from target_tiktokshop.writing.rows import Row, last_wins

NUMBER = "940011234567000000012"


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["", UNCHANGED, REJECTED, GUARDED])), max_size=12))
def test_the_last_usable_one_of_a_key_wins_and_is_named_whatever_is_around_it(rows):
    made = [Row("inventory", place + 1, {}, outcome=outcome, subject=key) for place, (key, outcome) in enumerate(rows)]
    last_wins(made, lambda row: row.subject)
    for key in "ab":
        usable = [row for row, (_, outcome) in zip(made, rows, strict=True) if outcome in {"", UNCHANGED}]
        usable = [row for row in usable if row.subject == key]
        assert all(row.outcome == SUPERSEDED for row in usable[:-1])
        assert all(f"record {usable[-1].number} of the run" in row.message for row in usable[:-1])
        assert all(row.outcome in {"", UNCHANGED} for row in usable[-1:])
    for row, (_, outcome) in zip(made, rows, strict=True):
        assert outcome in {"", UNCHANGED} or row.outcome == outcome


def test_a_bad_record_behind_a_good_one_does_not_bury_it(lab):
    sku = lab.plain()[0]["skus"][0]
    price = {"sku_id": sku["id"], "amount": sku["price"]["sale_price"], "currency": "USD"}
    good = {**price, "amount": f"{float(price['amount']) + 1:.2f}"}
    first = {**price, "amount": f"{float(price['amount']) + 2:.2f}"}
    run = lab.feed("prices", first, good, {**price, "currency": "EUR"}, max_rejected_percent=50)
    assert run.outcomes == [("superseded", None), ("applied", None), ("rejected", "wrong_currency")]
    assert lab.price(sku["id"]) == good["amount"]
    assert "record 2 of the run" in run.rows[0]["message"]


def test_of_tracking_numbers_the_bad_one_buries_none(lab_of):
    with lab_of(orders=2_000, shops=5) as lab:
        order = next(
            each for each in lab.orders(order_status="AWAITING_SHIPMENT") if not each["is_buyer_request_cancel"]
        )
        good = {"order_id": order["id"], "tracking_number": NUMBER, "shipping_provider": "USPS"}
        bad = {**good, "tracking_number": NUMBER + "1", "shipping_provider": "Pony Express"}
        run = lab.feed("tracking", good, bad, max_rejected_percent=50)
        assert run.outcomes == [("applied", None), ("rejected", "unknown_carrier")]


def test_what_the_shop_has_already_and_is_said_last_is_not_overwritten_by_what_was_said_before(lab):
    product = lab.plain()[0]
    rows = [{"product_id": product["id"], "status": "inactive"}, {"product_id": product["id"], "status": "active"}]
    run = lab.feed("product_status", *rows)
    assert run.outcomes == [("superseded", None), ("unchanged", None)]
    assert run.writes == {}
