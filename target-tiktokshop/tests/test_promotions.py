"""Promotions fed to a sandbox shop, and what became of them."""

from fairs import CREATE, PRODUCTS


def test_rows_of_a_flat_table_become_one_activity_and_a_second_run_writes_nothing(fair):
    rows = fair.flat(fair.sku(0), fair.sku(1, 30, quantity_per_user=2), fair.sku(2))
    run = fair.feed(*rows)
    assert run.outcomes == [("applied", None)] * 3, [row["message"] for row in run.rows]
    assert run.writes == {CREATE: 1, PRODUCTS: 1}
    live = fair.named()
    assert fair.offers(live) == {row["sku_id"]: row["activity_price"] for row in rows}
    assert (live["status"], live["product_level"], live["activity_type"]) == ("NOT_START", "VARIATION", "FIXED_PRICE")
    assert {row["after"]["activity_id"] for row in run.rows} == {live["activity_id"]}
    again = fair.feed(*rows)
    assert (again.outcomes, again.writes) == ([("unchanged", None)] * 3, {})
