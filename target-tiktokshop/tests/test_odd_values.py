"""What the platform shows in another form than described: yes and no, numbers that are none, fields of its own."""

from decimal import Decimal

import pytest
from target_tiktokshop.listings.difference import compare
from target_tiktokshop.listings.proposal import Proposal
from target_tiktokshop.streams.one_label import is_dangerous
from target_tiktokshop.streams.parcels import held_up
from target_tiktokshop.streams.shipments import closed
from target_tiktokshop.writing.live import decimal_of, truth_of, units_of
from target_tiktokshop.writing.pickups import slots_of

YES = [True, "true", "True", 1, "1", Decimal(1)]
NO = [False, "false", "False", 0, "0", Decimal(0)]
NEITHER = [None, "", "N/A", 2, [], {}, [True]]
FORMS = [*[(each, True) for each in YES], *[(each, False) for each in NO], *[(each, None) for each in NEITHER]]


@pytest.mark.parametrize(("said", "meant"), FORMS, ids=repr)
def test_an_order_is_held_up_by_what_may_be_a_yes_and_a_slot_is_full_only_where_the_platform_says_so(said, meant):
    assert truth_of(said) is meant
    yes, perhaps = meant is True, meant is True or said in ("N/A", 2, [True])
    asked, on_hold = {"is_buyer_request_cancel": said}, {"is_on_hold_order": said}
    assert [closed(asked), held_up(asked)] == ["after_sale" if perhaps else ""] * 2
    assert [closed(on_hold), held_up(on_hold)] == ["on_hold" if perhaps else ""] * 2
    assert is_dangerous({"line_items": [{"is_dangerous_good": said}]}) is yes
    slot = {"start_time": 1, "end_time": 2, "avaliable": said}
    assert bool(slots_of({"pickup_slots": [slot]})) == (meant is not False)


NUMBERS = [("12.50", Decimal("12.5")), (7, Decimal(7)), ("9" * 20, Decimal("9" * 20)), ("0.000", Decimal(0))]
NO_NUMBERS = [(odd, None) for odd in ("1e999999", "1e-999999", "-1e400", "NaN", "Infinity", "", "5 USD", None, {}, [1])]


@pytest.mark.parametrize(("shown", "number"), [*NUMBERS, *NO_NUMBERS], ids=repr)
def test_a_number_that_nobody_could_pay_or_stock_is_none_and_costs_no_time(shown, number):
    assert decimal_of(shown) == number
    assert units_of(shown) == (None if number is None or number % 1 else int(number))


@pytest.mark.parametrize("more", [{}, {"nobody_knows": 1}, {"Unit": "x", "new": {"a": [1]}}, {"value_in_grams": "500"}])
def test_a_measure_with_fields_that_nobody_described_is_the_same_measure(more):
    wanted = Proposal({"package_weight": {"value": "0.5", "unit": "KILOGRAM"}})
    assert compare(wanted, {"package_weight": {"value": "0.50", "unit": "KILOGRAM", **more}}, str).empty
    assert compare(wanted, {"package_weight": {"value": "0.6", "unit": "KILOGRAM", **more}}, str).about
