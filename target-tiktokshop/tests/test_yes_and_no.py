"""A yes or no of the platform means the same in whatever form it comes: the text "false" holds nothing back."""

from decimal import Decimal

import pytest
from target_tiktokshop.streams.one_label import is_dangerous
from target_tiktokshop.streams.parcels import held_up
from target_tiktokshop.streams.shipments import closed
from target_tiktokshop.writing.live import truth_of
from target_tiktokshop.writing.pickups import slots_of

YES = [True, "true", "True", 1, "1", Decimal(1)]
NO = [False, "false", "False", 0, "0", Decimal(0)]
NEITHER = [None, "", "N/A", 2, [], {}, [True]]
FORMS = [*[(each, True) for each in YES], *[(each, False) for each in NO], *[(each, None) for each in NEITHER]]


@pytest.mark.parametrize(("said", "meant"), FORMS, ids=repr)
def test_an_order_is_held_up_and_a_slot_is_full_only_where_the_platform_says_so(said, meant):
    assert truth_of(said) is meant
    yes = meant is True
    asked, on_hold = {"is_buyer_request_cancel": said}, {"is_on_hold_order": said}
    assert [closed(asked), held_up(asked)] == ["after_sale" if yes else ""] * 2
    assert [closed(on_hold), held_up(on_hold)] == ["on_hold" if yes else ""] * 2
    assert is_dangerous({"line_items": [{"is_dangerous_good": said}]}) is yes
    slot = {"start_time": 1, "end_time": 2, "avaliable": said}
    assert bool(slots_of({"pickup_slots": [slot]})) == (meant is not False)
