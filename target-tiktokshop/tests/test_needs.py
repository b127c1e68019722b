"""What a grant must cover for the sinks."""

from target_tiktokshop.needs import needs
from target_tiktokshop.sinks import WRITINGS


def test_every_sink_says_what_it_needs():
    assert [need.name for need in needs()] == [f"sink {name}" for name in WRITINGS]


def test_a_tap_s_catalog_says_nothing_of_sinks():
    assert needs({"streams": []}) == []


def test_writing_stock_needs_the_scope_that_reading_it_does_not():
    stock = next(need for need in needs() if need.name == "sink inventory")
    assert {operation.scope for operation in stock.operations} == {"seller.product.basic", "seller.product.write"}
