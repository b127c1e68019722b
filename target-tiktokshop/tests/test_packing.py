"""Packages that are split and combined: once each, as the platform's own calls allow."""

import contextlib
import threading
from itertools import pairwise

import pytest
from target_tiktokshop.streams.package_splits import CONTRACT, groups_of
from target_tiktokshop.writing.fields import FieldError

SPLIT = "POST /fulfillment/202309/orders/{order_id}/split"
COMBINE = "POST /fulfillment/202309/packages/combine"
UNCOMBINE = "POST /fulfillment/202309/packages/{package_id}/uncombine"
SHIP = "POST /fulfillment/202309/packages/ship"
OWN = "FULFILLMENT_BY_SELLER"


@pytest.fixture(scope="module")
def sizes():
    return {"orders": 3_000, "shops": 6}


@pytest.fixture
def lab(lab_of, sizes, tmp_path):
    with lab_of(**sizes) as made:
        made.config["labels_path"] = str(tmp_path / "labels")
        yield made


def waiting(lab, shop="GB", skus=2, count=1):
    found = [
        order
        for order in lab.orders(shop, order_status="AWAITING_SHIPMENT", shipping_type="TIKTOK")
        if order["fulfillment_type"] == OWN
        and not order["is_buyer_request_cancel"]
        and len(order["packages"]) < 2
        and len({line["sku_id"] for line in order["line_items"]}) >= skus
    ]
    assert len(found) >= count
    return found[:count]


def lines(order):
    return [line["id"] for line in order["line_items"]]


def split(lab, order, *groups, shop="GB", config=None, **more):
    record = {"order_id": order["id"], "groups": [list(group) for group in groups], **more}
    return lab.feed("package_splits", record, shop=shop, **(config or {}))


def packages(lab, order_id, shop):
    return {line["id"]: line["package_id"] for line in lab.order(order_id, shop)["line_items"]}


def pairs(lab, shop="VN", count=1):
    """Orders that the platform lets be combined, two by two."""
    from tiktokshop_client import operations

    pages = lab.client.pages(operations.SEARCH_COMBINABLE_PACKAGES, shop=lab.shops[shop])
    found = [draft["order_ids"][:2] for page in pages for draft in page.rows]
    assert len(found) >= count
    return found[:count]


def combine(lab, *groups, shop="VN", config=None, **more):
    records = ({"order_ids": list(group), **more} for group in groups)
    return lab.feed("package_combinations", *records, shop=shop, **(config or {}))


@pytest.mark.parametrize("number", [None, ""])
def test_an_order_with_a_line_item_that_has_no_id_is_not_split(lab, number):
    order = waiting(lab)[0]

    def after(path, answer):
        for shown in answer["data"]["orders"] if path.endswith("/202507/orders") else ():
            shown["line_items"][1]["id"] = number
        return answer

    with lab.between(after=after):
        run = split(lab, order, [lines(order)[0]], config={"max_rejected_percent": 100})
    assert (run.outcomes, run.writes) == ([("rejected", "odd_answer")], {})


def test_orders_whose_package_to_be_has_no_id_are_not_combined(lab):
    def after(path, answer):
        for draft in answer["data"]["combinable_packages"] if path.endswith("/combinable_packages/search") else ():
            draft["id"] = None
        return answer

    (two,) = pairs(lab)
    with lab.between(after=after):
        run = combine(lab, two, config={"max_rejected_percent": 100})
    assert (run.outcomes, run.writes) == ([("rejected", "not_combinable")], {})


# -- splitting -------------------------------------------------------------------------------------------------------


def test_an_order_is_split_once_and_what_no_group_names_stays_together(lab):
    order = waiting(lab)[0]
    first, *rest = lines(order)
    run = split(lab, order, [first])
    assert (run.outcomes, run.writes) == ([("applied", None)], {SPLIT: 1})
    now = packages(lab, order["id"], "GB")
    assert {now[line] for line in rest} == {now[rest[0]]} != {now[first]}
    made = {package["id"]: set(package["lines"]) for package in run.row["after"]["packages"]}
    assert made == {now[first]: {first}, now[rest[0]]: set(rest)}
    again = split(lab, order, rest, [first])
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})
    shipped = lab.feed("shipments", *({"order_id": order["id"], "package_id": package} for package in made), shop="GB")
    assert shipped.outcomes == [("applied", None)] * 2
    late = split(lab, order, [first])
    assert late.outcomes == [("unchanged", None)], "it is packed so, and shipped"


def test_orders_that_cannot_be_split_are_rejected_with_what_to_do_and_no_call(lab):
    order, single = waiting(lab)[0], waiting(lab, skus=1)[0]
    american, gone = waiting(lab, "US")[0], lab.orders("GB", order_status="IN_TRANSIT", shipping_type="TIKTOK")[0]
    own = lab.orders("GB", order_status="AWAITING_SHIPMENT")[0]
    apart = next(
        (each, line)
        for each in waiting(lab, "VN", 1, 2)
        for line in lines(each)
        if [item["sku_id"] for item in each["line_items"]].count(
            next(item["sku_id"] for item in each["line_items"] if item["id"] == line)
        )
        > 1
    )
    cases = [
        ({"id": "17"}, [["1"]], "GB", "unknown_order"),
        (order, [["1"]], "GB", "unknown_lines"),
        (order, [lines(order)], "GB", "one_group"),
        (gone, [lines(gone)[:1], lines(gone)[1:]] if len(lines(gone)) > 1 else [lines(gone)], "GB", None),
        (own, [lines(own)[:1]], "GB", "shipped_by_seller"),
        (american, [lines(american)[:1]], "US", "cannot_split"),
        (apart[0], [[apart[1]]], "VN", "whole_skus"),
    ]
    for each, groups, shop, code in cases:
        run = split(lab, each, *groups, shop=shop)
        assert run.writes == {}
        assert run.outcomes == [("rejected", code or run.row["code"])]
        assert len(run.row["message"]) > 20
    assert "feed its parts to shipments" in split(lab, american, lines(american)[:1], shop="US").row["message"]
    assert single


def test_what_is_cancelled_while_an_order_is_split_is_not_sent_again_as_an_order_without_lines(lab):
    order = waiting(lab)[0]
    first = lines(order)[0]
    sent = []

    def cancelled(path, answer):
        if path.endswith("/split"):
            sent.append(path)
            return {"code": 36009003, "message": "busy", "data": {}, "request_id": "1"} if len(sent) == 1 else None
        for each in (answer.get("data") or {}).get("orders") or [] if sent else []:
            for line in each["line_items"]:
                line["display_status"] = "CANCELLED" if line["id"] == first else line["display_status"]
        return answer

    with lab.between(after=cancelled):
        run = split(lab, order, [first], config={"max_rejected_percent": 100})
    assert (run.outcomes, len(sent)) == ([("rejected", "unknown_lines")], 1)


def test_groups_are_read_from_a_table_s_text_and_no_line_item_is_in_two():
    assert groups_of("1, 2;3") == (("1", "2"), ("3",))
    assert CONTRACT.read({"order_id": "9", "groups": [["1"], "2,3"]})["groups"] == (("1",), ("2", "3"))
    for bad in ("1;1", [], [[]], 7, "1;;x y"):
        with pytest.raises(FieldError):
            groups_of(bad)


@pytest.mark.parametrize("kind", ["truncated_json", "reset_middle", "http_500", "reset_before"])
def test_after_an_unclear_outcome_nothing_is_split_or_combined_twice(lab, kind):
    order, pair = waiting(lab)[0], pairs(lab)[0]
    done = kind in {"truncated_json", "reset_middle"}
    lab.fault(kind, path="/fulfillment/*/split", next=1)
    run = split(lab, order, lines(order)[:1])
    assert (run.outcomes, run.writes) == ([("applied", None)], {SPLIT: 1 if done else 2})
    lab.fault(kind, path="/fulfillment/*/combine", next=1)
    run = combine(lab, pair)
    assert (run.outcomes, run.writes) == ([("applied", None)], {COMBINE: 1 if done else 2})
    lab.fault(kind, path="/fulfillment/*/uncombine", next=1)
    run = combine(lab, pair, status="separate")
    assert (run.outcomes, run.writes) == ([("applied", None)], {UNCOMBINE: 1 if done else 2})


# -- combining -------------------------------------------------------------------------------------------------------


def test_orders_are_combined_in_one_call_shipped_with_one_label_and_nothing_is_done_again(lab):
    groups = pairs(lab)
    run = combine(lab, *groups)
    assert (run.outcomes, run.writes) == ([("applied", None)] * len(groups), {COMBINE: 1})
    for group, row in zip(groups, run.rows, strict=True):
        shown = {package for order in group for package in packages(lab, order, "VN").values()}
        assert shown == {row["after"]["package_id"]}
    again = combine(lab, *groups)
    assert (again.outcomes, again.writes) == ([("unchanged", None)] * len(groups), {})
    first, second = groups[0]
    shipped = lab.feed("shipments", {"order_id": first}, {"order_id": second}, shop="VN")
    assert [row["outcome"] for row in shipped.rows] == ["superseded", "applied"], "it is one package"
    assert shipped.writes == {SHIP: 1}
    assert {lab.order(each, "VN")["status"] for each in (first, second)} == {"AWAITING_COLLECTION"}
    late = combine(lab, [first, second], status="separate")
    assert late.outcomes == [("rejected", "packages_made")]


def test_orders_are_taken_apart_again_into_packages_of_their_own(lab):
    pair = pairs(lab)[0]
    combine(lab, pair)
    run = combine(lab, pair, status="separate")
    assert (run.outcomes, run.writes) == ([("applied", None)], {UNCOMBINE: 1})
    shown = {order: set(packages(lab, order, "VN").values()) for order in pair}
    assert shown[pair[0]].isdisjoint(shown[pair[1]])
    assert run.row["after"]["packages"] == {order: list(ids) for order, ids in shown.items()}
    again = combine(lab, pair, status="separate")
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})


def test_what_the_platform_does_not_let_be_combined_is_rejected_without_a_call(lab):
    pair = pairs(lab)[0]
    british = [order["id"] for order in waiting(lab, skus=1, count=2)]
    stranger = next(order["id"] for order in waiting(lab, "VN", skus=1, count=3) if order["id"] not in pair)
    for group, shop, code in (
        (british, "GB", "not_combinable"),
        ([pair[0], stranger], "VN", "not_combinable"),
        ([pair[0], "17"], "VN", "unknown_order"),
    ):
        run = combine(lab, group, shop=shop)
        assert (run.outcomes, run.writes) == ([("rejected", code)], {})
    one = combine(lab, pair[:1])
    assert one.outcomes == [("rejected", "bad_record")]
    both = combine(lab, pair, [pair[0], stranger], config={"max_rejected_percent": 100})
    assert both.outcomes == [("applied", None), ("rejected", "overlapping_orders")]


def test_max_repacked_stops_before_the_batch_that_would_change_too_many(lab):
    order = waiting(lab)[0]
    run = split(lab, order, lines(order)[:1], config={"max_repacked": 0})
    assert (run.outcomes, run.writes) == ([("guarded", "max_repacked")], {})
    assert "1 changes of packages would be made, more than max_repacked (0)" in str(run.error)


# -- plans -----------------------------------------------------------------------------------------------------------


def test_a_plan_of_several_batches_and_streams_is_what_the_run_then_does_row_for_row(lab):
    order = waiting(lab)[0]
    other = next(each for each in waiting(lab, skus=1, count=2) if each["id"] != order["id"])
    american = waiting(lab, "US")[0]
    pair, own = pairs(lab)[0], {"GB": lab.shops["GB"].id, "US": lab.shops["US"].id, "VN": lab.shops["VN"].id}
    first, *rest = lines(order)
    part = lines(american)[:1]
    morning = [
        ("package_splits", {"shop_id": own["GB"], "order_id": order["id"], "groups": [[first]]}),
        ("package_splits", {"shop_id": own["GB"], "order_id": order["id"], "groups": [[first], rest]}),
        ("package_combinations", {"shop_id": own["VN"], "order_ids": pair}),
        ("package_combinations", {"shop_id": own["VN"], "order_ids": pair}),
        ("package_combinations", {"shop_id": own["VN"], "order_ids": pair, "status": "separate"}),
        ("shipments", {"shop_id": own["GB"], "order_id": order["id"]}),
        ("shipments", {"shop_id": own["GB"], "order_id": order["id"], "order_line_item_ids": [first]}),
        ("shipments", {"shop_id": own["GB"], "order_id": other["id"]}),
        ("shipments", {"shop_id": own["GB"], "order_id": other["id"]}),
        ("shipments", {"shop_id": own["US"], "order_id": american["id"], "order_line_item_ids": part}),
        ("shipments", {"shop_id": own["US"], "order_id": american["id"], "order_line_item_ids": part}),
        ("shipments", {"shop_id": own["US"], "order_id": american["id"]}),
        ("package_splits", {"shop_id": own["GB"], "order_id": other["id"], "groups": [lines(other)[:1]]}),
    ]
    text = lab.lines(*morning)
    plan, run = (lab.run(text, dry_run=dry, max_rejected_percent=100, batch_size_rows=1) for dry in (True, False))
    assert plan.writes == {"POST /fulfillment/202309/orders/{order_id}/shipping_services/query": 1}, "a question"

    def told(rows, done):
        return sorted(
            (
                row["row"],
                row["stream"],
                {done: "done"}.get(row["outcome"], row["outcome"]),
                row["code"],
                row["operation"],
            )
            for row in rows
        )

    assert told(plan.rows, "planned") == told(run.rows, "applied")
    outcomes = [row["outcome"] for row in sorted(run.rows, key=lambda row: row["row"])]
    assert outcomes == [
        *("applied", "unchanged", "applied", "unchanged", "applied", "rejected", "applied", "applied", "unchanged"),
        *("applied", "unchanged", "rejected", "rejected"),
    ]


# -- two runs at once ------------------------------------------------------------------------------------------------


def test_of_two_runs_over_the_same_order_one_buys_its_label_and_the_other_waits_and_fetches_it(lab):
    order, runs = waiting(lab, "US", skus=1)[0], []
    buy = "POST /fulfillment/202512/packages"
    second = threading.Thread(
        target=lambda: runs.append(lab.feed("shipments", {"order_id": order["id"]}, api_base_url=straight)), daemon=True
    )
    straight, begun = lab.config["api_base_url"], threading.Event()

    def before(path):
        if path.endswith("/202512/packages") and not begun.is_set():
            begun.set()
            second.start()
            second.join(1.5)

    with contextlib.suppress(AttributeError), lab.between(before=before):
        first = lab.feed("shipments", {"order_id": order["id"]})
    second.join(60)
    (other,) = runs
    assert first.outcomes == other.outcomes == [("applied", None)]
    assert other.row["operation"] == "get_shipping_document"
    assert first.row["after"]["package_id"] == other.row["after"]["package_id"]
    assert {**first.writes, **other.writes}.get(buy, 0) <= 1
    assert len(lab.order(order["id"])["packages"]) == 1
    assert all(a <= b for a, b in pairwise(sorted([first.calls, other.calls])))
