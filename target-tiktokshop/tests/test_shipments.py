"""Which call an order asks for, in states that a shop shows rarely."""

import pytest
from target_tiktokshop.streams.shipments import Wanted, next_step
from target_tiktokshop.writing.outcomes import REASONS

NOW = 1_790_000_000
T1 = Wanted("T1", "carrier")


def order(*lines, **more):
    """An order of the seller's that waits; lines are (package, number) pairs."""
    items = [
        {"id": str(place), "package_id": package, "tracking_number": number, "rts_time": NOW - 60 if number else None}
        for place, (package, number) in enumerate(lines)
    ]
    packages = [{"id": package} for package in dict.fromkeys(package for package, _ in lines if package)]
    facts = {"id": "9", "status": "AWAITING_SHIPMENT", "shipping_type": "SELLER", "packages": packages}
    return {**facts, "line_items": items, **more}


def step(shown, wanted=T1, region="US"):
    return next_step(shown, wanted, region, NOW)


@pytest.mark.parametrize(("region", "name"), [("US", "mark_package_as_shipped"), ("UK", "mark_package_as_shipped")])
def test_where_the_seller_makes_packages_the_order_is_marked(region, name):
    found = step(order((None, None), (None, None)), region=region)
    assert found.operation.name == name
    assert found.body["order_line_list"] == [{"order_line_id": "0"}, {"order_line_id": "1"}]
    older, body = found.older
    assert older.name == "mark_package_as_shipped_202309"
    assert body["order_line_item_ids"] == ["0", "1"]


def test_where_the_platform_makes_packages_and_has_not_made_one_the_order_has_to_wait():
    assert step(order((None, None)), region="VN").reason == "market"


def test_a_package_that_only_the_order_names_is_shipped():
    found = step(order((None, None), packages=[{"id": "p"}]), region="VN")
    assert (found.operation.name, found.path) == ("ship_package", {"package_id": "p"})
    assert found.body == {"self_shipment": {"tracking_number": "T1", "shipping_provider_id": "carrier"}}


def test_two_packages_that_wait_need_a_name():
    shown = order(("p", None), ("q", None))
    assert step(shown).reason == "several_packages"
    assert step(shown, Wanted("T1", "c", package_id="q")).path == {"package_id": "q"}


def test_lines_of_which_some_have_the_number_are_not_packed_again():
    shown = order(("p", "T1"), (None, None))
    assert step(shown).done
    assert step(shown, Wanted("T1", "c", ("0",))).done
    assert step(shown, Wanted("T1", "c", ("0", "1"))).reason == "partly_shipped"
    assert step(shown, Wanted("T1", "c", ("1",))).reason == "number_in_use"
    assert step(shown, Wanted("T2", "c")).body["order_line_list"] == [{"order_line_id": "1"}]


def test_a_correction_after_72_hours_is_too_late():
    shown = order(("p", "T0"), status="IN_TRANSIT")
    assert step(shown).operation.name == "update_order_shipping_info"
    shown["line_items"][0]["rts_time"] = NOW - 72 * 3_600 - 1
    assert step(shown).reason == "too_late"


def test_cancelled_lines_are_not_shipped():
    shown = order((None, None), (None, None))
    shown["line_items"][0]["display_status"] = "CANCELLED"
    assert step(shown).body["order_line_list"] == [{"order_line_id": "1"}]


def test_the_same_number_is_done_whatever_state_the_order_is_in():
    for status in ("DELIVERED", "COMPLETED", "CANCELLED"):
        assert step(order(("p", "T1"), status=status)).done


def test_every_reason_says_what_to_do():
    assert all(":" in text or "stays" in text for text in REASONS.values())
