"""What a parcel needs next, from the order alone: no label is bought where one may have been."""

import pytest
from target_tiktokshop.streams.parcels import BUY, parcel_of
from test_platform_shipments import BUY as BUYING
from test_platform_shipments import lab, ship, waiting  # noqa: F401 - the fixture is used by its name

LINES = [{"id": "1"}, {"id": "2"}]


def order(**more):
    return {"status": "AWAITING_SHIPMENT", "shipping_type": "TIKTOK", "line_items": LINES, "packages": [], **more}


@pytest.mark.parametrize(
    "seen",
    [
        order(packages=[{"id": "7"}, {"id": "8"}]),
        order(status="AWAITING_COLLECTION"),
        order(status="AWAITING_COLLECTION", packages=None),
    ],
)
def test_no_label_is_bought_where_one_was_that_the_order_does_not_show(seen):
    parcel = parcel_of(seen, "", (), "US", {})
    assert (parcel.next, parcel.reason) == ("", "unseen_package")


@pytest.mark.parametrize("missing", [{"status": None}, {"status": ""}, {"shipping_type": None}])
def test_no_label_is_bought_for_an_order_that_does_not_show_how_it_stands(missing):
    parcel = parcel_of(order(**missing), "", (), "US", {})
    assert (parcel.next, parcel.reason) == ("", "unseen_order")


def test_a_label_is_bought_for_what_has_none_beside_a_package_that_is_shown():
    assert parcel_of(order(), "", (), "US", {}).next == BUY
    packed = order(line_items=[{"id": "1", "package_id": "7"}, {"id": "2"}], packages=[{"id": "7"}])
    assert parcel_of(packed, "", ("2",), "US", {}).next == BUY


def test_a_line_item_that_two_records_name_gets_one_label(lab):  # noqa: F811 - the fixture
    found = waiting(lab, "US", lines=2)[0]
    line = found["line_items"][0]["id"]
    records = [{"order_id": found["id"], "order_line_item_ids": [line]}, {"order_id": found["id"]}]
    plan, run = (lab.feed("shipments", *records, dry_run=dry, max_rejected_percent=100) for dry in (True, False))
    assert plan.outcomes == [("planned", None), ("rejected", "overlapping_parcels")]
    assert run.outcomes == [("applied", None), ("rejected", "overlapping_parcels")]
    assert run.writes[BUYING] == 1
