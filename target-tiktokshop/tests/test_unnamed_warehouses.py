"""Warehouses that no record names: what they have when the call arrives is what they keep, as far as can be known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_tiktokshop.streams.fresh import FRESH_SECONDS, SKUS_A_LOOK, Lot, aftermath, lots
from target_tiktokshop.streams.inventory import has
from target_tiktokshop.writing.live import Sku
from target_tiktokshop.writing.rows import Row
from tiktokshop_client import operations

SEARCH = "/product/202309/inventory/search"
PRODUCTS = "/product/202502/products/search"


@pytest.fixture
def pair(lab):
    """A SKU in two warehouses: (product, SKU, named warehouse, the other, units of each)."""
    product = next(p for p in lab.plain(warehouses=2) if all(i["quantity"] for i in p["skus"][0]["inventory"]))
    sku = product["skus"][0]
    one, two = sku["inventory"]
    return product, sku, one, two


def put(lab, product, sku, **units):
    """Somebody else sets stock, by warehouse."""
    places = [{"warehouse_id": place, "quantity": quantity} for place, quantity in units.items()]
    body = {"skus": [{"id": sku["id"], "inventory": places}]}
    lab.client.call(operations.UPDATE_INVENTORY, shop=lab.us, path={"product_id": product["id"]}, body=body)


def once(action):
    """`action`, the first time only."""
    left = [action]
    return lambda: left.pop()() if left else None


def test_a_change_after_the_first_reading_is_not_undone_and_both_values_are_told(lab, pair):
    product, sku, one, two = pair
    change = once(lambda: put(lab, product, sku, **{one["warehouse_id"]: one["quantity"], two["warehouse_id"]: 3}))
    record = {"sku_id": sku["id"], "warehouse_id": one["warehouse_id"], "quantity": one["quantity"] + 5}
    with lab.between(before=lambda path: change() if path == PRODUCTS else None):
        run = lab.feed("inventory", record)
    assert lab.stock(sku["id"]) == {
        (sku["id"], one["warehouse_id"]): one["quantity"] + 5,
        (sku["id"], two["warehouse_id"]): 3,
    }
    assert run.outcomes == [("applied", "changed_meanwhile")]
    assert f"warehouse {two['warehouse_id']} from {two['quantity']} to 3" in run.row["message"]


def test_a_change_after_the_call_is_told_with_both_values(lab, pair):
    product, sku, one, two = pair
    wanted = one["quantity"] + 5
    change = once(lambda: put(lab, product, sku, **{one["warehouse_id"]: wanted, two["warehouse_id"]: 3}))
    record = {"sku_id": sku["id"], "warehouse_id": one["warehouse_id"], "quantity": wanted}
    with lab.between(after=lambda path, _: change() if path.endswith("/inventory/update") else None):
        run = lab.feed("inventory", record)
    assert run.outcomes == [("applied", "changed_meanwhile")]
    assert f"was sent as {two['quantity']} and shows 3" in run.row["message"]


def sold(answer, sku_id, place, units):
    """An answer of the stock search in which orders have taken units that the call has given back."""
    for product in answer["data"]["inventory"]:
        for sku in product["skus"]:
            for row in sku["warehouse_inventory"]:
                if (sku["id"], row["warehouse_id"]) == (sku_id, place):
                    row["committed_quantity"] += units
    return answer


@pytest.mark.parametrize(
    ("restore", "outcome"), [(False, ("overwrote", "sold_meanwhile")), (True, ("applied", "put_right"))]
)
def test_units_that_the_call_gave_back_are_told_and_put_right_once_if_a_setting_allows(lab, pair, restore, outcome):
    _, sku, one, two = pair
    written = []

    def after(path, answer):
        if path.endswith("/inventory/update"):
            written.append(path)
        return sold(answer, sku["id"], two["warehouse_id"], 2) if path == SEARCH and written else None

    record = {"sku_id": sku["id"], "warehouse_id": one["warehouse_id"], "quantity": one["quantity"] + 5}
    with lab.between(after=after):
        run = lab.feed("inventory", record, restore_overwritten=restore)
    assert run.outcomes == [outcome]
    was, gave = two["quantity"] - 2, two["quantity"]
    assert f"{two['warehouse_id']}, which had {was} when {gave} were written" in run.row["message"]
    assert len(written) == 1 + restore
    assert lab.stock(sku["id"])[sku["id"], two["warehouse_id"]] == (was if restore else gave)
    assert lab.stock(sku["id"])[sku["id"], one["warehouse_id"]] == one["quantity"] + 5


def test_reading_again_takes_one_call_for_many_skus_and_none_where_all_warehouses_are_named(lab):
    products = lab.plain(warehouses=2)[:20]
    skus = [sku for product in products for sku in product["skus"]]
    one = [
        {"sku_id": sku["id"], "warehouse_id": place["warehouse_id"], "quantity": place["quantity"] + 1}
        for sku in skus
        for place in sku["inventory"][:1]
    ]
    looks = []
    with lab.between(before=lambda path: looks.append(path) if path == SEARCH else None):
        lab.feed("inventory", *one)
        assert len(looks) == 3  # at first, again, afterwards
        looks.clear()
        both = [
            {"sku_id": sku["id"], "warehouse_id": place["warehouse_id"], "quantity": place["quantity"] + 2}
            for sku in skus
            for place in sku["inventory"]
        ]
        run = lab.feed("inventory", *both)
    assert len(looks) == 2
    assert {row["outcome"] for row in run.rows} == {"applied"}


def test_a_warehouse_whose_units_cannot_be_read_is_not_written_as_nothing(lab, pair):
    _, sku, one, two = pair

    def blind(path, answer):
        if path != SEARCH:
            return None
        for product in answer["data"]["inventory"]:
            for item in product["skus"]:
                for row in item["warehouse_inventory"]:
                    if row["warehouse_id"] == two["warehouse_id"]:
                        row["available_quantity"] = None
        return answer

    record = {"sku_id": sku["id"], "warehouse_id": one["warehouse_id"], "quantity": one["quantity"] + 5}
    with lab.between(after=blind):
        run = lab.feed("inventory", record, max_rejected_percent=100)
        assert (run.outcomes, run.writes) == ([("rejected", "stock_not_shown")], {})
        assert two["warehouse_id"] in run.row["message"]
        named = {"sku_id": sku["id"], "warehouse_id": two["warehouse_id"], "quantity": 8}
        both = lab.feed("inventory", record, named, verify=False)
    assert both.outcomes == [("applied", None)] * 2
    assert both.rows[1]["before"]["quantity"] is None


# -- lots ----------------------------------------------------------------------------------------------------


def row(sku, place, units):
    made = Row("inventory", 1, {}, subject=sku)
    made.after = {"warehouse_id": place, "quantity": units}
    return made


def test_a_lot_is_read_once_while_it_is_fresh_and_again_for_the_rest_when_it_is_not():
    asked, clock = [], [100.0]

    def read(ids):
        asked.append(ids)
        return {sku_id: Sku(sku_id, "", "1") for sku_id in ids}

    lot = Lot(read, {"1", "2", "3"}, lambda: clock[0])
    assert lot.now(["1"]).keys() == {"1"}
    clock[0] += FRESH_SECONDS
    assert lot.now(["2"]).keys() == {"2"}
    assert asked == [["1", "2", "3"]]
    clock[0] += 0.1
    assert lot.now(["3"]).keys() == {"3"}
    assert asked == [["1", "2", "3"], ["3"]]


def test_lots_hold_the_skus_with_a_warehouse_that_no_row_names_in_the_order_of_their_calls():
    skus = [Sku(str(number), "", "1", available={"a": 1, "b": 2}) for number in range(SKUS_A_LOOK + 1)]
    calls = [[row(sku, "a", 5)] for sku in skus]
    whole = Sku("whole", "", "1", available={"a": 1})
    found = lots([*calls, [row(whole, "a", 5)]], dict)
    assert found.keys() == {sku.id for sku in skus}
    assert found["0"] is found[str(SKUS_A_LOOK - 1)]
    assert found["0"] is not found[str(SKUS_A_LOOK)]


# -- what became of it ---------------------------------------------------------------------------------------

units = st.integers(0, 50)


@given(start=units, early=units, late=units)
def test_orders_are_told_apart_by_whether_their_units_are_still_missing(start, early, late):
    early = min(early, start)
    late = min(late, start)
    before = Sku("1", "", "1", available={"w": start}, committed={"w": 7})
    now = Sku("1", "", "1", available={"w": start - late}, committed={"w": 7 + early + late})
    found = aftermath({"w": start}, set(), before, now)
    assert found.overwritten == ({"w": (start - early, start)} if early else {})
    assert found.changed == {}
    assert aftermath({"w": start}, {"w"}, before, now).overwritten == {}


@pytest.mark.parametrize(
    ("shown", "committed", "overwritten", "changed"),
    [
        (10, 0, {}, {}),  # nothing happened
        (7, 3, {}, {}),  # sold afterwards
        (10, 3, {"w": (7, 10)}, {}),  # sold before
        (8, 3, {"w": (9, 10)}, {}),  # one before, two afterwards
        (10, -3, {}, {}),  # parcels left, and what they held was not here any more
        (13, -3, {}, {}),  # orders were cancelled
        (3, 0, {}, {"w": (10, 3)}),  # somebody set it
        (50, 3, {}, {"w": (10, 50)}),
        (2, 3, {}, {"w": (10, 2)}),
    ],
)
def test_what_became_of_a_warehouse(shown, committed, overwritten, changed):
    before = Sku("1", "", "1", available={"w": 10}, committed={"w": 5})
    now = Sku("1", "", "1", available={"w": shown}, committed={"w": 5 + committed})
    found = aftermath({"w": 10}, set(), before, now)
    assert (found.overwritten, found.changed) == (overwritten, changed)


@pytest.mark.parametrize(
    ("shown", "committed", "kept"),
    [
        (20, 5, True),
        (17, 8, True),  # three sold afterwards
        (20, 8, True),  # three sold before
        (17, 5, False),  # nobody bought, so it was not kept
        (23, 8, False),
        (20, 2, True),  # three left the house
        (23, 2, True),  # three were cancelled
        (26, 2, False),
        (16, 8, False),
    ],
)
def test_units_that_orders_have_committed_since_count_as_there_and_no_others(shown, committed, kept):
    before = Sku("1", "", "1", available={"w": 10}, committed={"w": 5})
    now = Sku("1", "", "1", available={"w": shown}, committed={"w": committed})
    assert has(now, row(before, "w", 20)) == kept


def test_a_sku_that_is_gone_or_has_left_the_warehouse_has_nothing():
    before = Sku("1", "", "1", available={"w": 10}, committed={"w": 5})
    assert not has(None, row(before, "w", 20))
    assert not has(Sku("1", "", "1", available={"v": 20}), row(before, "w", 20))
