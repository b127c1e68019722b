"""What the platform sends in another form than described, before it is a record: times, switches, lists."""

from datetime import date
from decimal import Decimal

import pytest
from tap_tiktokshop.reading import Source
from tap_tiktokshop.reading.days import until
from tap_tiktokshop.reading.roster import Roster
from tap_tiktokshop.streams.shapes import leaf_categories, stock
from tap_tiktokshop.times import unix

TIMES = [
    (1_690_000_000, 1_690_000_000),
    ("1690000000", 1_690_000_000),
    (1_690_000_000_123, 1_690_000_000),
    (Decimal("1690000000.0"), 1_690_000_000),
    (Decimal("1.69E+9"), 1_690_000_000),
    (253_402_300_799, 253_402_300_799),
    *[(odd, None) for odd in (0, "0", -1, True, None, "", "soon", {}, [])],
    *[(odd, None) for odd in (10**18, 2**63, 10**40, "9" * 20, Decimal("1E+300"), Decimal("-5.5"), Decimal("0.1"))],
]


@pytest.mark.parametrize(("sent", "seconds"), TIMES, ids=repr)
def test_a_time_is_read_in_whatever_form_it_comes_and_none_is_beyond_the_calendar(sent, seconds):
    assert unix(sent) == seconds


@pytest.mark.parametrize("odd", [10**40, 2**63, Decimal("1E+300"), -(10**40), "9" * 20, {}, "soon"], ids=repr)
def test_a_report_whose_latest_day_is_beyond_the_calendar_says_nothing_of_it(odd):
    behind = date(2026, 6, 1)
    assert until({"latest_available_date": odd}, behind, Source(None, None)) == behind


LEAVES = [(True, ["7"]), ("true", ["7"]), (1, ["7"]), ("1", ["7"])]
NO_LEAVES = [(odd, []) for odd in (False, "false", "False", 0, "0", None, "", "perhaps", {})]


@pytest.mark.parametrize(("said", "asked"), [*LEAVES, *NO_LEAVES], ids=repr)
def test_a_category_is_asked_about_only_if_it_is_a_leaf_in_whatever_form_that_is_said(said, asked):
    chain = [{"id": "1", "is_leaf": False}, {"id": "7", "is_leaf": said}, {"is_leaf": True}]
    assert list(leaf_categories({"category_chains": chain})) == asked


SKU = {"id": "2", "seller_sku": "A", "warehouse_inventory": [{"warehouse_id": "3", "available_quantity": 4}]}
PLACED = {"product_id": "1", "sku_id": "2", "seller_sku": "A", "snapshot_at": 9}
STOCK = [
    ({"skus": [SKU, None]}, [{**PLACED, "warehouse_id": "3", "available_quantity": 4}]),
    ({"skus": SKU}, [{"product_id": "1", "sku_id": "", "snapshot_at": 9, "warehouse_id": "", "skus": SKU}]),
    ({"skus": "[]"}, [{"product_id": "1", "sku_id": "", "snapshot_at": 9, "warehouse_id": "", "skus": "[]"}]),
    (
        {"skus": [{**SKU, "warehouse_inventory": {"warehouse_id": "3"}}]},
        [{**PLACED, "warehouse_id": "", "warehouse_inventory": {"warehouse_id": "3"}}],
    ),
    *[({"skus": nothing}, []) for nothing in (None, "", [], {}, "null")],
    *[
        ({"skus": [{**SKU, "warehouse_inventory": nothing}]}, [{**PLACED, "warehouse_id": ""}])
        for nothing in (None, "", [], {})
    ],
]


@pytest.mark.parametrize(("product", "rows"), STOCK, ids=repr)
def test_stock_that_comes_as_something_else_than_a_list_is_a_row_that_has_it(product, rows):
    assert list(stock([{"product_id": "1", **product}], 9)) == rows


@pytest.mark.parametrize(
    "time", [10**40, 2**64, Decimal("1780000000.0"), Decimal("1E+300"), "soon", None, {"a": [1]}], ids=repr
)
def test_a_row_is_kept_for_others_with_whatever_the_platform_calls_its_time(time):
    reading = object()
    roster = Roster({id(reading): ("id", "update_time")})
    roster.keep(reading, [("1", time), ("2", 1_780_000_000)])
    assert list(roster.rows(reading)) == [{"id": "1", "update_time": time}, {"id": "2", "update_time": 1_780_000_000}]
    (block,) = roster.blocks(reading, "update_time", 1_700_000_000, None, 10)
    assert block.first == min(unix(time) or 1_700_000_000, 1_780_000_000)
