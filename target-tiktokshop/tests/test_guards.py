"""Guards: where each limit lies to the hair, what holds when the live value cannot be seen, and what is too much."""

import json
import shlex
import sys
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import call
from target_tiktokshop.settings import WritingSettings
from target_tiktokshop.writing.changes import Changes
from target_tiktokshop.writing.guards import GUARDS, check_batch
from target_tiktokshop.writing.live import UNSEEN, Product, Sku, decimal_of, product_of, units_of
from target_tiktokshop.writing.masses import MASSES, found
from target_tiktokshop.writing.outcomes import PLANNED
from target_tiktokshop.writing.rows import Row
from tiktokshop_client import Client, Shop

SHOP = Shop(id="7", name="Shop", region="US", cipher="c", code="s", seller_type="LOCAL")


def settings(**config):
    return WritingSettings.from_config(config)


def guarded(row, settings):
    """The settings that would hold a row back."""
    return [guard.name for guard in GUARDS[row.stream] if guard.finds(row, settings)]


# -- limits --------------------------------------------------------------------------------------------------


def price_row(before, after, currency="USD", status="", **values):
    sku = Sku("1", "A", "2", status=status, price=decimal_of(before), currency=currency)
    row = Row("prices", 1, {}, values={"amount": after, "currency": "USD", **values}, shop=SHOP, subject=sku)
    row.after = {"price": values.get("sale_price", after), "currency": "USD"}
    return row


@pytest.mark.parametrize(
    ("after", "held"),
    [("15.00", False), ("15.01", True), ("5.00", False), ("4.99", True), ("10.00", False)],
)
def test_a_price_at_the_very_limit_passes_and_a_cent_beyond_is_held_back(after, held):
    assert guarded(price_row("10.00", after), settings()) == ["max_price_change_percent"] * held


@pytest.mark.parametrize(
    ("setting", "amounts", "held"),
    [
        ({"min_price": {"USD": "9.00"}}, {}, False),
        ({"min_price": {"USD": "9.01"}}, {}, True),
        ({"max_price": {"USD": "9.00"}}, {}, False),
        ({"max_price": {"USD": "8.99"}}, {}, True),
        ({"max_price": {"USD": "9.00"}}, {"sale_price": "8.00"}, False),
        ({"max_price": {"USD": "8.50"}}, {"sale_price": "8.00"}, True),
        ({"min_price": {"USD": "8.50"}}, {"sale_price": "8.00"}, True),
    ],
)
def test_bounds_of_prices_hold_for_all_amounts_of_a_call_and_not_for_the_bound_itself(setting, amounts, held):
    assert guarded(price_row("9.00", "9.00", **amounts), settings(**setting)) == list(setting) * held


@pytest.mark.parametrize(("quantity", "held"), [(9, False), (10, False), (11, True)])
def test_a_quantity_of_the_very_limit_passes_and_one_more_is_held_back(quantity, held):
    row = Row("inventory", 1, {}, values={"quantity": quantity}, shop=SHOP, subject=Sku("1", "A", "2"))
    row.after = {"quantity": quantity}
    assert guarded(row, settings(max_quantity=10)) == ["max_quantity"] * held


def settled(count, failed):
    rows = [Row("inventory", number, {}) for number in range(count)]
    for row in rows[:failed]:
        row.reject("bad_record", "")
    return rows


@given(count=st.integers(1, 60), failed=st.integers(0, 60), percent=st.integers(0, 100))
def test_a_batch_is_stopped_exactly_when_more_than_the_part_has_failed(count, failed, percent):
    failed = min(failed, count)
    stops = list(check_batch(settled(count, failed), settings(max_rejected_percent=percent)))
    assert bool(stops) == (failed * 100 > percent * count)


def test_a_fifth_of_a_batch_may_fail_and_one_row_more_may_not():
    assert not list(check_batch(settled(10, 2), settings()))
    assert [stop.name for stop in check_batch(settled(10, 3), settings())] == ["max_rejected_percent"]


# -- masses --------------------------------------------------------------------------------------------------


@dataclass
class Tools:
    """As much of a run as the masses look at."""

    settings: WritingSettings
    changes: Changes = field(default_factory=Changes)
    client: Client | None = None


def stock_rows(*changes):
    """A row for each (units now, units wanted)."""
    rows = []
    for number, (before, after) in enumerate(changes):
        sku = Sku(str(number), "", "2", available={"w": before or 0}, unseen={"w"} if before is None else set())
        row = Row("inventory", number, {}, shop=SHOP, subject=sku, operation="update_inventory")
        row.after = {"warehouse_id": "w", "quantity": after}
        rows.append(row)
    return rows


FALLS = {
    "every SKU to one piece": ([(90, 1)] * 90, {}, ["max_fallen_percent"]),
    "every SKU to nothing": ([(90, 0)] * 90, {}, ["max_zeroed_percent", "max_fallen_percent"]),
    "three of ten to nothing": ([(90, 0)] * 3 + [(90, 91)] * 7, {}, []),
    "four of ten to nothing": ([(90, 0)] * 4 + [(90, 91)] * 6, {}, ["max_zeroed_percent"]),
    "half nearly to nothing": ([(90, 17)] * 5 + [(90, 91)] * 5, {}, []),
    "six of ten nearly to nothing": ([(90, 17)] * 6 + [(90, 91)] * 4, {}, ["max_fallen_percent"]),
    "to a fifth": ([(90, 18)] * 10, {}, []),
    "one SKU to nothing": ([(90, 0)], {}, []),
    "nothing stays nothing": ([(0, 0)] * 10, {}, []),
    "a rise": ([(0, 5)] * 10, {}, []),
    "nothing to see and then nothing": ([(None, 0)] * 2, {}, ["max_zeroed_percent", "max_fallen_percent"]),
    "nothing to see and some": ([(None, 5)] * 2, {}, ["max_fallen_percent"]),
    "nothing to see, insisted": ([(None, 5)] * 2, {"send_unseen": True}, []),
}


@pytest.mark.parametrize("name", FALLS)
def test_a_mass_fall_of_stock_stops_the_run(name):
    changes, setting, stops = FALLS[name]
    tools = Tools(settings(**setting), Changes(skus=len(changes)))
    assert [stop.name for stop in found(stock_rows(*changes), tools)] == stops


def mass_row(mass, number):
    """A row that makes the change that a mass counts."""
    key = str(number)
    operation = "edit_product_partly" if mass.stream == "listings" else "deactivate_products"
    row = Row(mass.stream, number, {}, shop=SHOP, operation=operation)
    sku = Sku(key, "", key, available={"w": 0}, price=Decimal(10))
    row.subject = sku if mass.stream in {"inventory", "prices"} else Product(key, "", [])
    row.values = dict.fromkeys(("order_id", "cancel_id", "return_id"), key)
    row.values["status"] = "active" if "activated" in mass.name and "de" not in mass.name else "inactive"
    row.before, row.after = {"status": "AWAITING_SHIPMENT"}, {"warehouse_id": "w", "quantity": 0, "price": "7.50"}
    return row


@given(mass=st.sampled_from(MASSES), total=st.integers(0, 80), changed=st.integers(0, 80), batch=st.integers(1, 30))
def test_a_run_is_stopped_exactly_when_it_changes_more_than_a_few_and_more_than_the_part(mass, total, changed, batch):
    percent = 25
    tools = Tools(settings(**{mass.name: percent}), Changes(totals={(mass.name, mass.stream, SHOP.id): total}))
    rows = [mass_row(mass, number) for number in range(changed)]
    stops = [
        stop
        for start in range(0, changed, batch)
        for stop in found(rows[start : start + batch], tools)
        if stop.name == mass.name
    ]
    assert bool(stops) == (changed > mass.few and changed * 100 > percent * total)


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ("10.00", "11.00", False),
        ("10.00", "11.01", True),
        ("10.00", "9.00", False),
        ("10.00", "8.99", True),
        ("0.00", "8.99", False),
        (None, "8.99", False),
    ],
)
def test_a_price_that_moves_by_a_tenth_is_none_of_the_mass_and_a_cent_more_is(before, after, moved):
    tools = Tools(settings(send_unseen=True))
    list(found([price_row(before, after)], tools))
    assert tools.changes.things == {("max_repriced_percent", "prices", SHOP.id): {"2"} if moved else set()}


@pytest.mark.parametrize("mass", MASSES, ids=lambda mass: f"{mass.name} {mass.stream}")
def test_where_the_shop_does_not_say_how_many_there_are_only_a_few_pass_unless_somebody_insists(mass):
    unknown = {(mass.name, mass.stream, SHOP.id): None}
    rows = [mass_row(mass, number) for number in range(mass.few + 1)]
    assert not list(found(rows[: mass.few], Tools(settings(), Changes(totals=dict(unknown)))))
    stops = list(found(rows, Tools(settings(), Changes(totals=dict(unknown)))))
    assert [stop.name for stop in stops] == [mass.name]
    assert "send_unseen" in stops[0].sentence
    assert not list(found(rows, Tools(settings(send_unseen=True), Changes(totals=dict(unknown)))))


@pytest.mark.parametrize(
    ("stream", "field_name"), [("tracking", "tracking_number"), ("external_order_references", "external_order_id")]
)
def test_one_number_for_more_orders_than_allowed_stops_the_run_over_all_its_batches(stream, field_name):
    tools = Tools(settings())

    def rows(*orders):
        return [Row(stream, 1, {}, values={"order_id": str(order), field_name: "same"}, shop=SHOP) for order in orders]

    assert not list(found(rows(*range(20)), tools))
    assert not list(found(rows(*range(20)), tools))
    stops = list(found(rows(20), tools))
    assert [stop.name for stop in stops] == ["max_orders_per_number"]
    assert "21 orders" in stops[0].sentence
    other = Row(stream, 1, {}, values={"order_id": "99", field_name: "another"}, shop=SHOP)
    assert not list(found([other], tools))


# -- what cannot be seen -------------------------------------------------------------------------------------

STATUS = Sku("1", "A", "2", status=UNSEEN)
NUMBER = Sku("1", "", "2", numbered=False)
BLIND = {
    "no price": (price_row(None, "9.00"), {}, "max_price_change_percent"),
    "price of nothing": (price_row("0.00", "9.00"), {}, "max_price_change_percent"),
    "negative price": (price_row("-9.00", "9.00"), {}, "max_price_change_percent"),
    "price in words": (price_row("on request", "9.00"), {}, "max_price_change_percent"),
    "price that is no number": (price_row("NaN", "9.00"), {}, "max_price_change_percent"),
    "no currency": (price_row("9.00", "9.00", currency=""), {}, "max_price_change_percent"),
    "no status of a price": (price_row("9.00", "9.10", status=UNSEEN), {}, "protect_status"),
    "no status of a stock": (Row("inventory", 1, {}, subject=STATUS, after={"quantity": 1}), {}, "protect_status"),
    "no status of a product": (Row("product_status", 1, {}, subject=Product("2", UNSEEN, [])), {}, "protect_status"),
    "no seller SKU": (
        Row("inventory", 1, {}, subject=NUMBER, after={"quantity": 1}),
        {"deny_skus": ["B"]},
        "deny_skus",
    ),
}


@pytest.mark.parametrize("name", BLIND)
def test_a_guard_that_cannot_see_holds_back_unless_somebody_insists(name):
    row, setting, guard = BLIND[name]
    assert guarded(row, settings(**setting)) == [guard]
    assert guarded(row, settings(**setting, send_unseen=True)) == []


def test_a_list_of_ids_needs_no_seller_sku():
    row = Row("inventory", 1, {}, subject=NUMBER, after={"quantity": 1})
    assert guarded(row, settings(deny_skus=["1729115635999637219"])) == []


@pytest.mark.parametrize("value", [None, "", "x", "NaN", "Infinity", [], {}, [1]])
def test_what_is_no_number_is_none(value):
    assert decimal_of(value) is None
    assert units_of(value) is None


@pytest.mark.parametrize(("value", "units"), [(0, 0), ("12", 12), (7.0, 7), (1.5, None), (True, None)])
def test_units_are_whole_numbers(value, units):
    assert units_of(value) == units


def test_a_product_without_a_status_or_a_price_shows_neither():
    product = product_of({"id": "2", "skus": [{"id": "1", "price": {"currency": "USD"}}]})
    assert (product.status, product.skus[0].price, product.skus[0].numbered) == ("", None, False)


def without(name):
    """Takes a field from all products of a search."""

    def after(path, answer):
        if not path.endswith("/products/search"):
            return None
        for product in answer["data"]["products"]:
            for item in (product, *product["skus"]):
                item.pop(name, None)
        return answer

    return after


def test_prices_and_stock_are_held_back_where_the_shop_shows_neither_price_nor_status(lab):
    sku = lab.free()["skus"][0]
    price = {"sku_id": sku["id"], "amount": str(Decimal(sku["price"]["sale_price"]) + 1), "currency": "USD"}
    stock = {"sku_id": sku["id"], "quantity": sku["inventory"][0]["quantity"] + 1}
    for name, stream, record, code in (
        ("price", "prices", price, "max_price_change_percent"),
        ("status", "prices", price, "protect_status"),
        ("status", "inventory", stock, "protect_status"),
    ):
        with lab.between(after=without(name)):
            run = lab.feed(stream, record, max_rejected_percent=100)
            assert (run.outcomes, run.writes) == ([("guarded", code)], {})
            plan = lab.feed(stream, record, max_rejected_percent=100, send_unseen=True, dry_run=True)
            assert plan.row["outcome"] == PLANNED


# -- the whole way -------------------------------------------------------------------------------------------


def stopped(run, code):
    assert type(run.error).__name__ == "RunStoppedError"
    assert {(row["outcome"], row["code"]) for row in run.rows} == {("guarded", code)}
    assert run.writes == {}
    return str(run.error)


def test_a_shop_is_not_emptied_in_one_run(lab):
    products = lab.products()
    words = stopped(
        lab.feed("product_status", *({"product_id": product["id"], "status": "inactive"} for product in products)),
        "max_deactivated_percent",
    )
    assert f"{len(products)} of {len(products)} products on sale would be deactivated" in words
    ones = [
        {"sku_id": sku["id"], "warehouse_id": place["warehouse_id"], "quantity": 1}
        for product in products
        for sku in product["skus"]
        for place in sku["inventory"]
    ]
    stopped(lab.feed("inventory", *ones), "max_fallen_percent")
    none = [{**record, "quantity": 0} for record in ones]
    sold_out = lab.feed("inventory", *none, on_zero="deactivate", max_zeroed_percent=100, max_fallen_percent=100)
    assert type(sold_out.error).__name__ == "RunStoppedError"
    assert ("guarded", "max_deactivated_percent") in sold_out.outcomes
    assert sold_out.writes == {}


def test_whom_the_user_names_is_told_when_a_guard_stops_a_run_and_not_of_a_plan(lab):
    told = lab.folder / "told"
    command = [sys.executable, "-c", f"import sys; open({str(told)!r}, 'a').write(sys.stdin.read())"]
    records = [{"shop_id": lab.us.id, "product_id": each["id"], "status": "inactive"} for each in lab.products()]
    (lab.folder / "input").write_text(lab.lines(*(("product_status", record) for record in records)))

    def run(**config):
        more = {"results_path": str(lab.folder / "results.jsonl"), "notify": [shlex.join(command), "/no/such/canary"]}
        (lab.folder / "config.json").write_text(json.dumps({**lab.config, **more, **config}))
        return call("target-tiktokshop", "--config", lab.folder / "config.json", "--input", lab.folder / "input")

    assert run(dry_run=True).code == 3
    assert not told.exists()
    ended = run()
    assert ended.code == 3
    (text,) = told.read_text().splitlines()
    assert text.startswith("target-tiktokshop: The run was stopped and nothing of the batch was sent: ")
    assert text.endswith("raise max_deactivated_percent.")
    assert "nobody was told by the setting notify: its command cannot be started" in ended.log
    assert "canary" not in ended.log


def test_a_whole_shop_is_not_repriced_in_one_run(lab):
    products = lab.products()
    records = [
        {"sku_id": sku["id"], "amount": f"{Decimal(sku['price']['sale_price']) * share:.2f}", "currency": "USD"}
        for share, part in (("0.75", products[::2]), ("1.25", products[1::2]))
        for share in [Decimal(share)]
        for product in part
        for sku in product["skus"]
    ]
    words = stopped(lab.feed("prices", *records), "max_repriced_percent")
    assert f"{len(products)} of {len(products)} products on sale would have a price moved" in words
    plan = lab.feed("prices", *records, dry_run=True)
    assert "max_repriced_percent" in str(plan.error)
    few = {sku["id"] for product in products[:5] for sku in product["skus"]}
    plan = lab.feed("prices", *(record for record in records if record["sku_id"] in few), dry_run=True)
    assert plan.error is None or "max_repriced_percent" not in str(plan.error)


def test_waiting_orders_are_not_all_cancelled_in_one_run(lab):
    waiting = lab.orders(order_status="AWAITING_SHIPMENT", shipping_type="TIKTOK")
    waiting = [order for order in waiting if not order["is_buyer_request_cancel"]]
    assert len(waiting) > 1
    records = [{"order_id": order["id"], "cancel_reason": "seller_cancel_reason_out_of_stock"} for order in waiting]
    words = stopped(lab.feed("order_cancellations", *records), "max_cancelled_percent")
    assert f"{len(waiting)} of " in words


@pytest.mark.parametrize("mass", MASSES, ids=lambda mass: f"{mass.name} {mass.stream}")
def test_how_many_there_are_is_what_the_lists_hold(lab, mass):
    listed = [
        row
        for operation, body in mass.lists
        for page in lab.client.pages(operation, shop=lab.us, body=body)
        for row in page.rows
    ]
    tools = Tools(settings(), client=lab.client)
    rows = [mass_row(mass, number) for number in range(mass.few + 1)]
    for row in rows:
        row.shop = lab.us
    list(found(rows, tools))
    assert tools.changes.totals == {(mass.name, mass.stream, lab.us.id): len(listed)}
