"""Orders that the platform ships: each package handed over once, each label on disk."""

import base64
import datetime as dt
import stat

import pytest
from target_tiktokshop.day_settings import DaySettings, checked_pattern, rule_of
from target_tiktokshop.settings import SETTINGS
from target_tiktokshop.streams.platform_shipments import CONTRACT
from target_tiktokshop.writing.fields import FieldError
from target_tiktokshop.writing.pickups import PickupSlot, chosen
from tiktokshop_client import operations
from tiktokshop_client.errors import ConfigurationError

SHIP = "POST /fulfillment/202309/packages/ship"
BUY = "POST /fulfillment/202512/packages"
SERVICES = "POST /fulfillment/202309/orders/{order_id}/shipping_services/query"
HOUR, DAY = 3_600, 86_400
OWN = "FULFILLMENT_BY_SELLER"


@pytest.fixture
def lab(lab_of, tmp_path):
    with lab_of(orders=2_000, shops=5) as made:
        made.config["labels_path"] = str(tmp_path / "labels")
        yield made


def waiting(lab, shop="GB", count=1, lines=1, status="AWAITING_SHIPMENT"):
    """Orders whose parcels the platform's carrier takes, ready to be shipped."""
    found = lab.orders(shop, order_status=status, shipping_type="TIKTOK")
    own = [
        order
        for order in found
        if order["fulfillment_type"] == OWN
        and not order["is_buyer_request_cancel"]
        and len(order["packages"]) < 2
        and len(order["line_items"]) >= lines
    ]
    assert len(own) >= count
    return own[:count]


def ship(lab, *orders, shop="GB", config=None, **more):
    return lab.feed("shipments", *({"order_id": order["id"], **more} for order in orders), shop=shop, **(config or {}))


def labels(lab):
    return sorted((lab.folder / "labels").rglob("*.pdf"))


def packages(lab, order, shop="GB"):
    return [package["id"] for package in lab.order(order["id"], shop)["packages"]]


# -- shipping --------------------------------------------------------------------------------------------------------


def test_packages_are_shipped_together_and_their_labels_are_private_pdf_files(lab):
    orders = waiting(lab, count=3)
    run = ship(lab, *orders)
    assert run.outcomes == [("applied", None)] * 3
    assert run.writes == {SHIP: 1}
    for order, row in zip(orders, run.rows, strict=True):
        now = lab.order(order["id"], "GB")
        (package,) = packages(lab, order)
        file = lab.folder / "labels" / f"{order['id']}-{package}-shipping_label.pdf"
        assert now["status"] == "AWAITING_COLLECTION"
        assert row["before"] == {"status": "TO_FULFILL", "tracking_number": None}
        assert row["after"] == {
            "status": "PROCESSING",
            "package_id": package,
            "files": [str(file)],
            "tracking_number": now["line_items"][0]["tracking_number"],
            "carrier": now["line_items"][0]["shipping_provider_name"],
        }
        assert file.read_bytes()[:4] == b"%PDF"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_same_feed_again_ships_nothing_and_a_label_that_is_gone_is_fetched_again(lab):
    order = waiting(lab)[0]
    ship(lab, order)
    (file,) = labels(lab)
    content = file.read_bytes()
    again = ship(lab, order)
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})
    assert again.row["after"]["files"] == [str(file)]
    file.write_bytes(b"<html>an error page</html>")
    fetched = ship(lab, order)
    assert (fetched.outcomes, fetched.writes) == ([("applied", None)], {})
    assert labels(lab) == [file]
    assert file.read_bytes() == content


def test_label_and_slip_come_in_the_size_and_under_the_name_that_are_asked_for(lab):
    order = waiting(lab)[0]
    names = {
        "label_documents": ["SHIPPING_LABEL", "PACKING_SLIP"],
        "label_name": "{shop_id}/{document}-{package_id}.pdf",
    }
    ship(lab, order, label_size="A5", config=names)
    (package,) = packages(lab, order)
    folder = lab.folder / "labels" / lab.shops["GB"].id
    assert labels(lab) == [folder / f"packing_slip-{package}.pdf", folder / f"shipping_label-{package}.pdf"]
    assert all(b"[0 0 420 595]" in file.read_bytes() for file in labels(lab))


def test_labels_are_put_into_an_object_store(lab):
    import fsspec

    order = waiting(lab)[0]
    run = ship(lab, order, config={"labels_path": "memory://bucket/labels"})
    (package,) = packages(lab, order)
    address = f"memory://bucket/labels/{order['id']}-{package}-shipping_label.pdf"
    assert run.row["after"]["files"] == [address]
    assert fsspec.filesystem("memory").cat_file(address)[:4] == b"%PDF"
    again = ship(lab, order, config={"labels_path": "memory://bucket/labels"})
    assert again.outcomes == [("unchanged", None)]


def test_what_the_carrier_has_already_needs_no_label(lab):
    run = ship(lab, *waiting(lab, status="IN_TRANSIT"), *waiting(lab, status="DELIVERED"))
    assert (run.outcomes, run.writes) == ([("unchanged", None)] * 2, {})
    assert labels(lab) == []


# -- slots -----------------------------------------------------------------------------------------------------------


def test_a_parcel_is_picked_up_in_the_earliest_slot_that_fits_the_rule(lab):
    order = waiting(lab)[0]
    rule = {"from": "13:00", "days": ["tue", "wed"], "time_zone": "Europe/London"}
    run = ship(lab, order, config={"handover_method": "PICKUP", "pickup_rule": rule})
    assert run.outcomes == [("applied", None)]
    start = dt.datetime.fromtimestamp(run.row["after"]["pickup_start"], dt.timezone.utc)
    assert (start.weekday() in {1, 2}, start.hour) == (True, 12), "13 o'clock in London's summer"


def test_a_slot_that_is_asked_for_is_taken_and_one_that_is_not_there_is_rejected(lab):
    first, second = waiting(lab, count=2)
    offered = ship(lab, first, pickup_start=1, config={"dry_run": True})
    assert offered.outcomes == [("rejected", "no_slot")]
    assert "there are: 2026-06-0" in offered.row["message"]
    told = offered.row["message"].split("there are: ")[1].split(", ")[-1]
    run = ship(lab, second, pickup_start=told)
    assert run.outcomes == [("applied", None)]
    assert run.row["after"]["handover_method"] == "PICKUP"
    wanted = dt.datetime.fromisoformat(told.replace("Z", "+00:00")).timestamp()
    assert run.row["after"]["pickup_start"] == wanted
    none = ship(lab, first, config={"handover_method": "PICKUP", "pickup_rule": {"after_minutes": 60 * 24 * 30}})
    assert (none.outcomes, none.writes) == ([("rejected", "no_slot")], {})


def test_a_parcel_is_not_handed_over_without_a_slot_while_all_slots_are_full(lab):
    def after(path, answer):
        for slot in answer["data"]["pickup_slots"] if path.endswith("/handover_time_slots") else ():
            slot["avaliable"] = False
        return answer

    with lab.between(after=after):
        run = ship(lab, *waiting(lab), config={"handover_method": "PICKUP", "max_rejected_percent": 100})
    assert (run.outcomes, run.writes) == ([("rejected", "no_slot")], {})


def test_a_parcel_that_no_carrier_comes_for_is_rejected_with_the_way_that_is_left(lab):
    def after(path, answer):
        if path.endswith("/handover_time_slots"):
            answer["data"] |= {"can_pickup": False, "pickup_slots": []}
        return answer

    with lab.between(after=after):
        run = ship(lab, *waiting(lab), config={"handover_method": "PICKUP", "max_rejected_percent": 100})
    assert (run.outcomes, run.writes) == ([("rejected", "no_pickup")], {})
    assert run.row["message"].endswith("set handover_method to DROP_OFF")


def test_a_rule_is_about_the_hours_and_days_of_its_zone():
    rule = rule_of({"after_minutes": 60, "from": "09:00", "to": "12:00", "days": ["Monday"], "time_zone": "Asia/Tokyo"})
    monday = int(dt.datetime(2026, 6, 1, tzinfo=dt.timezone.utc).timestamp())  # 9 o'clock in Tokyo
    slots = [PickupSlot(monday + place * HOUR, monday + (place + 2) * HOUR) for place in (-1, 0, 1, 2)]
    assert chosen(slots, rule, monday - DAY, None) == slots[1]
    assert chosen(slots, rule, monday - HOUR // 2, None) == slots[2]
    assert chosen(slots[3:], rule, monday - DAY, None) is None
    assert chosen(slots, rule, monday, monday - HOUR) == slots[0], "what is asked for counts more than the rule"


@pytest.mark.parametrize(
    "rule",
    [
        {"from": "9", "time_zone": "Asia/Tokyo"},
        {"time_zone": "Moon"},
        {"from": "09:00"},
        {"days": ["x"], "time_zone": "UTC"},
    ],
)
def test_a_rule_that_makes_no_sense_ends_the_run_before_it_begins(rule):
    with pytest.raises(ConfigurationError, match="pickup_rule"):
        rule_of(rule)


@pytest.mark.parametrize(
    "pattern",
    [
        "{package_id}.pdf",
        "{document}.pdf",
        "../{package_id}{document}",
        "/{package_id}{document}",
        "{x}{package_id}{document}",
        "{package_id}{document}{",
    ],
)
def test_a_name_under_which_labels_would_collide_or_leave_the_folder_is_refused(pattern):
    with pytest.raises(ConfigurationError, match="label_name"):
        checked_pattern(pattern)


def test_the_defaults_of_the_settings_and_of_their_class_are_the_same():
    found = {name: spec.get("default") for name, spec in SETTINGS.items()}
    assert DaySettings.from_found(found) == DaySettings()


# -- labels that are bought ------------------------------------------------------------------------------------------


def test_in_the_united_states_a_label_is_bought_once_from_the_service_that_is_asked_for(lab):
    order = waiting(lab, "US")[0]
    run = ship(lab, order, shop="US", shipping_service="fedex 2day", weight="1.5", weight_unit="POUND")
    assert run.outcomes == [("applied", None)]
    assert run.writes == {BUY: 1, SERVICES: 1}
    assert run.row["after"]["shipping_service"] == "FedEx 2Day"
    assert (run.row["after"]["price"], run.row["after"]["currency"]) == ("15.00", "USD")
    assert len(labels(lab)) == len(packages(lab, order, "US")) == 1
    again = ship(lab, order, shop="US", shipping_service="fedex 2day")
    assert (again.outcomes, again.writes) == ([("unchanged", None)], {})


def test_the_platform_s_default_is_bought_without_asking_and_the_cheapest_where_a_setting_says_so(lab):
    usual, cheap = waiting(lab, "US", count=2)
    first = ship(lab, usual, shop="US")
    assert first.writes == {BUY: 1}
    assert (first.row["after"]["shipping_service"], first.row["after"]["price"]) == ("USPS Ground Advantage", "4.75")
    second = ship(lab, cheap, shop="US", config={"shipping_service": "cheapest"})
    assert second.row["after"]["shipping_service"] == "UPS Ground Saver"
    wrong = ship(lab, waiting(lab, "US")[0], shop="US", shipping_service="Pony")
    assert (wrong.outcomes, wrong.writes) == ([("rejected", "unknown_service")], {SERVICES: 1})


@pytest.mark.parametrize(
    ("missing", "record", "config"),
    [
        ("id", {"shipping_service": "fedex 2day"}, {}),
        ("id", {}, {"shipping_service": "cheapest"}),
        ("price", {}, {"shipping_service": "cheapest"}),
    ],
)
def test_no_other_service_is_bought_in_place_of_one_that_is_offered_without_its_id_or_price(
    lab, missing, record, config
):
    def after(path, answer):
        for service in answer["data"]["shipping_services"] if path.endswith("/query") else ():
            del service[missing]
        return answer

    order = waiting(lab, "US")[0]
    with lab.between(after=after):
        run = ship(lab, order, shop="US", config={"max_rejected_percent": 100, **config}, **record)
    assert (run.outcomes, run.writes) == ([("rejected", "odd_answer")], {SERVICES: 1})


def test_parts_of_an_order_get_a_label_each(lab):
    order = waiting(lab, "US", lines=2)[0]
    first, *rest = [line["id"] for line in order["line_items"]]
    one = ship(lab, order, shop="US", order_line_item_ids=[first])
    unclear = ship(lab, order, shop="US")
    two = ship(lab, order, shop="US", order_line_item_ids=rest)
    assert (one.outcomes, two.outcomes) == ([("applied", None)], [("applied", None)])
    assert (unclear.outcomes, unclear.writes) == ([("rejected", "partly_packed")], {})
    assert len(packages(lab, order, "US")) == len(labels(lab)) == 2


# -- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["truncated_json", "reset_middle", "http_500", "reset_before"])
@pytest.mark.parametrize(
    ("shop", "path", "call"), [("GB", "/fulfillment/*/packages/ship", SHIP), ("US", "/fulfillment/*/packages", BUY)]
)
def test_after_an_unclear_outcome_the_order_is_read_first_so_that_nothing_is_shipped_or_bought_twice(
    lab, kind, shop, path, call
):
    order = waiting(lab, shop)[0]
    lab.fault(kind, path=path, next=1)
    run = ship(lab, order, shop=shop)
    assert run.outcomes == [("applied", None)]
    assert run.writes == {call: 1 if kind in {"truncated_json", "reset_middle"} else 2}
    assert len(packages(lab, order, shop)) == len(labels(lab)) == 1


@pytest.mark.parametrize("kind", ["html_page", "http_500", "truncated_json", "reset_middle"])
def test_an_error_page_in_place_of_a_label_is_not_kept_and_the_label_is_asked_for_again(lab, kind):
    order = waiting(lab)[0]
    lab.fault(kind, path="/papers/*", next=1)
    run = ship(lab, order)
    assert run.outcomes == [("applied", None)]
    (file,) = labels(lab)
    assert file.read_bytes().startswith(b"%PDF")
    assert file.read_bytes().endswith(b"%%EOF\n")


def test_a_label_that_cannot_be_fetched_leaves_the_row_unconfirmed_and_the_next_run_fetches_it(lab):
    order = waiting(lab)[0]
    lab.fault("refused", path="/fulfillment/*/shipping_documents", code=21008043)
    run = ship(lab, order)
    assert run.outcomes == [("unconfirmed", "label_missing")]
    assert "it is shipped" in run.row["message"]
    lab.sandbox.control("DELETE", "/faults")
    again = ship(lab, order)
    assert (again.outcomes, again.writes) == ([("applied", None)], {})
    assert len(labels(lab)) == 1


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_folder_that_cannot_be_written_stops_plan_and_run_before_any_package_leaves(lab, dry_run):
    order = waiting(lab)[0]
    (lab.folder / "file").write_text("")
    run = ship(lab, order, config={"labels_path": str(lab.folder / "file" / "labels"), "dry_run": dry_run})
    assert f"labels_path cannot be used ({lab.folder / 'file'} is no folder)" in str(run.error)
    assert run.writes == {}
    assert ship(lab, order).outcomes == [("applied", None)]


def test_a_folder_that_becomes_unwritable_on_the_way_is_said_and_the_package_is_not_shipped_twice(lab, monkeypatch):
    order = waiting(lab)[0]
    (lab.folder / "file").write_text("")
    monkeypatch.setattr("target_tiktokshop.writing.labels.Folder.closed", lambda _: "")
    run = ship(lab, order, config={"labels_path": str(lab.folder / "file" / "labels")})
    assert run.outcomes == [("unconfirmed", "label_missing")]
    assert "cannot be written" in run.row["message"]
    assert ship(lab, order).writes == {}


def test_a_store_that_does_not_answer_is_said_without_its_words_and_stops_a_run_that_only_looks(lab, monkeypatch):
    from fsspec.implementations.memory import MemoryFileSystem

    def fails(*_, **__):
        raise RuntimeError("secret-of-the-store")

    order = waiting(lab)[0]
    monkeypatch.setattr(MemoryFileSystem, "pipe_file", fails)
    run = ship(lab, order, config={"labels_path": "memory://other/labels"})
    assert run.outcomes == [("unconfirmed", "label_missing")]
    assert "RuntimeError" in run.row["message"]
    monkeypatch.setattr(MemoryFileSystem, "cat_file", fails)
    stopped = ship(lab, order, config={"labels_path": "memory://other/labels"})
    assert "labels_path cannot be looked into" in str(stopped.error)
    assert "secret-of-the-store" not in f"{run.row} {stopped.error}"
    assert stopped.writes == {}


def test_one_package_that_is_refused_leaves_the_others_shipped(lab):
    orders = waiting(lab, count=3)
    with lab.between(before=cancel_first(lab, orders[0])):
        run = ship(lab, *orders)
    assert [row["outcome"] for row in run.rows] == ["rejected", "applied", "applied"]
    assert len(labels(lab)) == 2


def cancel_first(lab, order):
    """Cancels an order right before its package would be shipped."""
    from tiktokshop_client import operations

    done = []

    def before(path):
        if path.endswith("/packages/ship") and not done:
            done.append(path)
            body = {"order_id": order["id"], "cancel_reason": "seller_cancel_reason_out_of_stock"}
            lab.client.call(operations.CANCEL_ORDER, shop=lab.shops["GB"], body=body)

    return before


def test_a_batch_that_is_refused_as_a_whole_is_narrowed_down(lab):
    orders = waiting(lab, count=3)
    lab.fault("refused", path="/fulfillment/*/packages/ship", code=21001001, next=1)
    run = ship(lab, *orders)
    assert run.outcomes == [("applied", None)] * 3
    assert run.writes == {SHIP: 3}


def test_packages_of_one_order_that_are_named_twice_are_shipped_once(lab):
    order = waiting(lab)[0]
    run = ship(lab, order, order)
    assert run.outcomes == [("superseded", None), ("applied", None)]


# -- rules and guards ------------------------------------------------------------------------------------------------


def rejected(lab, code, order, shop="GB", **more):
    run = ship(lab, order, shop=shop, **more)
    assert (run.outcomes, run.writes) == ([("rejected", code)], {})
    assert len(run.row["message"]) > 20


def test_orders_that_cannot_be_shipped_are_rejected_with_what_to_do_and_no_call(lab):
    rejected(lab, "unknown_order", {"id": "17"})
    rejected(lab, "shipped_by_seller", lab.orders("GB", order_status="AWAITING_SHIPMENT")[0])
    platform = lab.orders("GB", shipping_type="TIKTOK")
    rejected(lab, "fulfilled_by_platform", next(order for order in platform if order["fulfillment_type"] != OWN))
    own = [order for order in platform if order["fulfillment_type"] == OWN]
    rejected(lab, "cancelled", next(order for order in own if order["status"] == "CANCELLED"))
    rejected(lab, "unknown_lines", waiting(lab)[0], order_line_item_ids=["17"])
    rejected(lab, "unknown_package", waiting(lab)[0], package_id="17")
    assert labels(lab) == []


@pytest.mark.parametrize(
    "values",
    [
        {"pickup_start": 1, "handover_method": "DROP_OFF"},
        {"pickup_start": "tomorrow"},
        {"pickup_start": "9" * 5_000},
        {"pickup_start": "2026-06-01T09:00:00"},
        {"handover_method": "PIGEON"},
        {"weight": "1"},
        {"length": "1", "width": "2", "size_unit": "CM"},
        {"label_size": "A4"},
        {"order_id": ""},
    ],
)
def test_a_record_with_a_value_that_cannot_be_used_is_rejected(values):
    with pytest.raises(FieldError):
        CONTRACT.read({"order_id": "1", **values})


def test_max_shipments_stops_before_the_batch_that_would_ship_too_many(lab):
    orders = waiting(lab, count=3)
    run = ship(lab, *orders, config={"max_shipments": 2})
    assert (run.outcomes, run.writes) == ([("guarded", "max_shipments")] * 3, {})
    assert "3 packages would be shipped, more than max_shipments (2)" in str(run.error)
    assert ship(lab, *orders[:2], config={"max_shipments": 2}).outcomes == [("applied", None)] * 2
    assert ship(lab, *orders[:2], config={"max_shipments": 0}).outcomes == [("unchanged", None)] * 2


def test_the_plan_says_what_the_run_then_does(lab):
    orders = [*waiting(lab, count=2), *waiting(lab, status="IN_TRANSIT"), {"id": "17"}]
    bought = waiting(lab, "US")[0]
    config = {"handover_method": "PICKUP"}
    plan, run = (
        ship(lab, *orders, config={**config, "dry_run": dry, "max_rejected_percent": 50}) for dry in (True, False)
    )
    assert plan.writes == {}
    assert plan.outcomes == [("planned", None)] * 2 + [("unchanged", None), ("rejected", "unknown_order")]
    assert run.outcomes == [("applied", None)] * 2 + [("unchanged", None), ("rejected", "unknown_order")]
    assert [row["operation"] for row in plan.rows] == [row["operation"] for row in run.rows]
    for planned, done in zip(plan.rows[:2], run.rows[:2], strict=True):
        assert planned["after"].items() <= done["after"].items()
    plan, run = (ship(lab, bought, shop="US", config={"dry_run": dry}) for dry in (True, False))
    assert plan.row["after"]["price"] == run.row["after"]["price"] == "4.75"


# -- markets where an invoice comes first, and label printers ----------------------------------------------------------


def test_in_brazil_an_order_without_invoice_is_told_what_to_do_and_then_ships_with_a_label_as_zpl(lab_of, tmp_path):
    upload = operations.Operation("upload_invoice", "POST", "/fulfillment/202502/invoice/upload", "")
    with lab_of(orders=1_000, shops=1, regions=("BR",)) as lab:
        lab.config["labels_path"] = str(tmp_path / "labels")
        order = waiting(lab, "BR")[0]
        rejected(lab, "invoice_first", order, shop="BR")
        file = base64.b64encode(b"<nfeProc/>").decode()
        invoice = {"package_id": order["packages"][0]["id"], "file_type": "XML", "file": file}
        lab.client.call(upload, shop=lab.shops["BR"], body={"invoices": [invoice]})
        rejected(lab, "invoice_first", order, shop="BR")
        lab.sandbox.control("POST", "/clock", {"advance": 61})
        both = {"label_documents": ["SHIPPING_LABEL", "INVOICE_LABEL"]}
        run = ship(lab, order, shop="BR", label_format="zpl", config=both)
    assert run.outcomes == [("applied", None)]
    found = sorted((tmp_path / "labels").iterdir())
    assert [file.suffix for file in found] == [".zpl", ".zpl"]
    assert all(file.read_bytes().startswith(b"^XA") for file in found)


def test_where_labels_are_pdf_only_zpl_is_rejected_before_anything_is_shipped(lab):
    order = waiting(lab)[0]
    run = ship(lab, order, config={"label_format": "ZPL"})
    assert (run.outcomes, run.writes) == ([("rejected", "label_format")], {})
    both = {"label_documents": ["SHIPPING_LABEL", "INVOICE_LABEL", "HAZMAT_LABEL"]}
    assert ship(lab, order, config=both).outcomes == [("applied", None)]
    assert [file.name.split("-")[2] for file in labels(lab)] == ["shipping_label.pdf"], "there are no others here"
