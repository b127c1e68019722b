"""One label for several orders: bought once, with an outcome for each record, as the plan has said."""

import pytest
from target_tiktokshop.streams.one_label import parcel_of_all
from target_tiktokshop.streams.platform_shipments import CONTRACT
from target_tiktokshop.writing.fields import FieldError
from test_platform_shipments import BUY, OWN, lab, labels, packages, ship, waiting  # noqa: F401 - a fixture is among them
from tiktokshop_client import Claims


def free(lab):  # noqa: F811 - the fixture
    """Orders in the United States for which a label can be bought."""
    found = lab.orders("US", order_status="AWAITING_SHIPMENT", shipping_type="TIKTOK")
    return [each for each in found if each["fulfillment_type"] == OWN and not each["is_buyer_request_cancel"]]


@pytest.fixture
def three(lab):  # noqa: F811 - the fixture
    """Three of one buyer's orders that the platform would send together."""
    lab.sandbox.control("POST", "/orders", {"count": 8, "shop_id": lab.us.id, "one_buyer": True})
    lab.sandbox.control("POST", "/clock", {"advance": 7_200})
    groups = {}
    for order in free(lab):
        groups.setdefault(order["auto_combine_group_id"], []).append(order)
    found = max(groups.values(), key=len)
    assert len(found) > 2
    return found[:3]


def named(*orders):
    return {"order_ids": [order["id"] for order in orders]}


def package_of_all(lab, orders):  # noqa: F811 - the fixture
    (package,) = {package for order in orders for package in packages(lab, order, "US")}
    return package


def test_one_record_buys_one_label_for_its_orders_once_as_its_plan_says(lab, three):  # noqa: F811
    plan, run, again = (lab.feed("shipments", named(*three), dry_run=dry) for dry in (True, False, False))
    assert [each.outcomes for each in (plan, run, again)] == [
        [("planned", None)],
        [("applied", None)],
        [("unchanged", None)],
    ]
    assert (plan.writes.get(BUY), run.writes, again.writes) == (None, {BUY: 1}, {})
    assert plan.row["after"]["order_ids"] == run.row["after"]["order_ids"] == [order["id"] for order in three]
    assert run.row["after"]["package_id"] == package_of_all(lab, three)
    assert [str(file) for file in labels(lab)] == run.row["after"]["files"]
    assert {lab.order(order["id"], "US")["status"] for order in three} == {"AWAITING_COLLECTION"}


def test_records_that_the_platform_groups_share_a_label_and_have_an_outcome_each(lab, three):  # noqa: F811
    alone = next(order for order in free(lab) if order["user_id"] != three[0]["user_id"])
    wanted = [three[0], alone, *three[1:]]
    plan, run, again = (
        ship(lab, *wanted, shop="US", config={"combine_labels": True, "dry_run": dry}) for dry in (True, False, False)
    )
    assert plan.outcomes == [("planned", None)] * 4
    assert run.outcomes == [("applied", None)] * 4
    assert run.writes == {BUY: 2}
    package = package_of_all(lab, three)
    assert [row["after"]["package_id"] == package for row in run.rows] == [True, False, True, True]
    assert len({row["after"]["files"][0] for row in run.rows}) == len(labels(lab)) == 2
    assert ["price" in row["after"] for row in run.rows] == [False, True, False, True], "what it costs is told once"
    for planned, done in zip(plan.rows, run.rows, strict=True):
        assert planned["after"].get("order_ids") == done["after"].get("order_ids")
    assert again.writes == {}
    assert [outcome for outcome, _ in again.outcomes] == ["superseded", "unchanged", "superseded", "unchanged"]
    assert len(labels(lab)) == 2, "none is fetched under a second name"


def test_without_the_setting_each_order_gets_a_label_of_its_own(lab, three):  # noqa: F811
    run = ship(lab, *three, shop="US")
    assert (run.outcomes, run.writes) == ([("applied", None)] * 3, {BUY: 3})


@pytest.mark.parametrize("kind", ["truncated_json", "http_500"])
@pytest.mark.parametrize("grouped", [True, False])
def test_after_an_unclear_answer_the_orders_are_read_before_a_label_is_bought_again(lab, three, kind, grouped):  # noqa: F811
    lab.fault(kind, path="/fulfillment/*/packages", next=1)
    records = [{"order_id": order["id"]} for order in three] if grouped else [named(*three)]
    run = lab.feed("shipments", *records, combine_labels=grouped)
    assert run.outcomes == [("applied", None)] * len(records)
    assert package_of_all(lab, three)
    assert len(labels(lab)) == 1
    assert run.writes[BUY] == (1 if kind == "truncated_json" else 2)


def test_a_refused_label_is_the_outcome_of_every_record_that_it_was_for(lab, three):  # noqa: F811
    lab.fault("refused", path="/fulfillment/*/packages", code=21011037)
    run = ship(lab, *three, shop="US", config={"combine_labels": True, "max_rejected_percent": 100})
    assert run.outcomes == [("rejected", "21011037")] * 3
    assert run.writes == {BUY: 1}
    cheapest = {"combine_labels": True, "max_rejected_percent": 100, "dry_run": True}
    unknown = ship(lab, *three, shop="US", shipping_service="Pony", config=cheapest)
    assert unknown.outcomes == [("rejected", "unknown_service")] * 3


def test_orders_that_cannot_share_a_label_are_rejected_with_what_to_do_and_no_call(lab, three):  # noqa: F811
    british = waiting(lab, "GB", count=2)
    ship(lab, three[0], shop="US")
    packed = lab.feed("shipments", named(*three), max_rejected_percent=100)
    assert (packed.outcomes, packed.writes) == ([("rejected", "not_together")], {})
    assert "ship each of them by itself" in packed.row["message"]
    combined = lab.feed("package_combinations", named(*three[1:]), max_rejected_percent=100)
    assert (combined.outcomes, combined.writes) == ([("rejected", "one_label")], {})
    unknown = lab.feed("shipments", {"order_ids": [three[1]["id"], "17"]}, max_rejected_percent=100)
    assert unknown.outcomes == [("rejected", "unknown_order")]
    assert unknown.row["message"].startswith("order 17: ")
    abroad = lab.feed("shipments", named(*british), shop="GB", max_rejected_percent=100)
    assert abroad.writes == {BUY: 1}, "the platform's pages contradict one another, so it is asked"
    assert abroad.outcomes[0][0] == "rejected"
    assert [len(packages(lab, order)) for order in british] == [1, 1]


LINE = {"id": "1", "sku_id": "9"}


def seen(number, package="", status="", **more):
    line = {**LINE, "id": number, "package_id": package, "package_status": status, **more}
    return {"id": number, "status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK", "line_items": [line]}


@pytest.mark.parametrize(
    ("orders", "region", "wanted"),
    [
        ([seen("1"), seen("2")], "US", ("buy", "")),
        ([seen("1"), seen("2", is_dangerous_good=True)], "US", ("", "dangerous_together")),
        ([seen("1", "7", "PROCESSING"), seen("2", "7", "PROCESSING")], "US", ("print", "")),
        ([seen("1", "7", "PROCESSING"), seen("2")], "US", ("", "not_together")),
        ([seen("1", "7", "PROCESSING"), seen("2", "8", "PROCESSING")], "US", ("", "not_together")),
        ([seen("1", "7", "TO_FULFILL"), seen("2", "7", "TO_FULFILL")], "VN", ("ship", "")),
        ([seen("1", "7", "TO_FULFILL"), seen("2", "8", "TO_FULFILL")], "VN", ("", "not_together")),
        ([seen("1", "7", "TO_FULFILL"), seen("2", "8", "TO_FULFILL")], "DE", ("buy", "")),
        ([seen("1"), {**seen("2"), "is_buyer_request_cancel": True}], "US", ("", "after_sale")),
        ([seen("1"), None], "US", ("", "unknown_order")),
    ],
)
def test_what_several_orders_need_follows_from_all_of_them(orders, region, wanted):
    parcel = parcel_of_all(orders, region, {})
    assert (parcel.next, parcel.reason) == wanted
    assert parcel.line_ids == (("1", "2") if parcel.next else ())


def test_a_record_names_one_order_or_several():
    assert CONTRACT.read({"order_ids": "8,9"}) == {"order_id": "8", "order_ids": ("8", "9")}
    assert CONTRACT.read({"order_ids": ["8"]}) == {"order_id": "8"}
    for bad in ({}, {"order_ids": ["8", "9"], "package_id": "7"}, {"order_id": "7", "order_ids": ["8", "9"]}):
        with pytest.raises(FieldError):
            CONTRACT.read(bad)


@pytest.mark.parametrize("grouped", [True, False])
def test_who_stood_still_while_another_run_claimed_the_orders_buys_nothing(lab, three, monkeypatch, grouped):  # noqa: F811
    take, other = Claims.take, Claims(lab.client.claims()._place, 60, alive=False)

    def taken_over(claims, key, since):
        claim = take(claims, key, since)
        if claims is not other and key.endswith(three[1]["id"]):
            claims.give_back(claim)  # it ends, as by the time that passes
            assert take(other, key, since)
        return claim

    monkeypatch.setattr(Claims, "take", taken_over)
    records = [{"order_id": order["id"]} for order in three] if grouped else [named(*three)]
    run = lab.feed("shipments", *records, combine_labels=grouped, max_rejected_percent=100)
    assert run.outcomes == [("rejected", "claimed")] * len(records)
    assert run.writes == {}
