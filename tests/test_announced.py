"""Objects that events name come as the same records that windows, lists and questions bring."""

import copy

import pytest
from heard import Told
from tap_tiktokshop.streams.announced import EVENTS, KINDS, named_in

NAMES = tuple(way.stream for ways in KINDS.values() for way in ways)
# A kind of object -> a type of event that is about it, and what its data is, given the identity.
ABOUT = {
    "order": (1, lambda identity: {"order_id": identity}),
    "package": (4, lambda identity: {"package_list": [{"package_id": identity, "order_id_list": []}]}),
    "cancellation": (11, lambda identity: {"cancel_id": identity}),
    "return": (12, lambda identity: {"return_id": identity}),
    "after-sales request": (64, lambda identity: {"aftersales_request_id": identity}),
    "return merchandise authorisation": (65, lambda identity: {"rma_id": identity}),
    "product": (15, lambda identity: {"product_id": identity}),
    "stock": (27, lambda identity: {"product_id": int(identity)}),
    "conversation": (14, lambda identity: {"conversation_id": identity}),
    "promotion": (39, lambda identity: {"activity_id": identity}),
    "sample application": (56, lambda identity: {"application_id": identity}),
    "inbound order": (21, lambda identity: {"inbound_order_id": identity}),
    "goods": (24, lambda identity: {"goods_id": identity}),
    "size chart": (19, lambda identity: {"size_chart_template_id": identity}),
}
# The field of a stream's records that has the identity, where the way does not say.
OWN = {
    "order_price_details": "order_id",
    "external_order_references": "order_id",
    "order_tracking": "order_id",
    "package_details": "package_id",
    "return_records": "return_id",
    "product_details": "id",
    "messages": "conversation_id",
    "promotion_details": "activity_id",
    "fbt_inventory": "goods_id",
}
ASIDE = {"snapshot_at"}
NOT_IN_THIS_WORLD = {"external_order_references"}


def field_of(way):
    return OWN.get(way.stream) or way.found_by


def said(table):
    return {key: {name: value for name, value in row.items() if name not in ASIDE} for key, row in table.items()}


@pytest.mark.slow
def test_of_every_stream_what_an_event_names_comes_as_the_record_that_the_windows_bring(lab, tmp_path):
    told = Told(str(tmp_path / "inbox.sqlite"))
    told.deliver()
    first = lab.run(streams=NAMES, webhook_inbox=told.address)
    wanted = {}
    for kind, ways in KINDS.items():
        there = [way for way in ways if way.stream not in NOT_IN_THIS_WORLD]
        in_all = set.intersection(*({row[field_of(way)] for row in first.records(way.stream)} for way in there))
        chosen = [row for row in first.records(ways[0].stream) if row[field_of(ways[0])] in in_all][-3:]
        number, data = ABOUT[kind]
        for row in chosen:
            wanted.setdefault(kind, set()).add(row[field_of(ways[0])])
            shop_id = row.get("shop_id") or first.records("orders")[0]["shop_id"]
            told.tell(number, shop_id, data(row[field_of(ways[0])]), timestamp=1_750_000_000)  # and no time in its data
    second = lab.run(copy.deepcopy(first.state), streams=NAMES, webhook_inbox=told.address)
    early = second.messages[: [each["type"] for each in second.messages].index("STATE", 1)]
    found = lab.result(second.output)
    found.messages = early
    before, came = said(first.table()), said(found.table())
    assert {key: came[key] for key in came} == {key: before[key] for key in came}
    for kind, ways in KINDS.items():
        for way in ways:
            if way.stream not in NOT_IN_THIS_WORLD:
                here = {row[field_of(way)] for row in found.records(way.stream)}
                assert here & wanted[kind], way.stream


def test_every_kind_is_named_by_an_event_and_every_event_names_a_kind():
    assert {mention.kind for mentions in EVENTS.values() for mention in mentions} == KINDS.keys() == ABOUT.keys()
    assert len(NAMES) == len(set(NAMES))


def found(number, data):
    return [(each.kind, each.identity, each.time) for each in named_in(number, data)]


def test_ids_are_texts_to_the_last_digit_whatever_they_are_written_as():
    data = {"product_id": 576486316948490123, "update_time": "1644412885"}
    assert found(5, data) == [("product", "576486316948490123", 1_644_412_885)]


def test_an_event_about_several_objects_names_each_once():
    data = {
        "package_list": [{"package_id": "1", "order_id_list": ["7", "8"]}, {"package_id": "2", "order_id_list": ["8"]}],
        "update_time": 1_644_412_885,
    }
    assert [(kind, identity) for kind, identity, _ in found(4, data)] == [
        *(("package", "1"), ("package", "2")),
        *(("order", "7"), ("order", "8")),
    ]


@pytest.mark.parametrize(
    "data",
    [{}, *({"order_id": value} for value in (None, "", 0, True, ["1"], "../orders", {"id": "1"}, 1.5))],
)
def test_what_cannot_be_an_id_names_nothing(data):
    assert found(1, data) == []


@pytest.mark.parametrize("data", [{"package_list": "1"}, {"package_list": [None, 1, {"package_id": None}]}])
def test_a_list_that_is_none_names_nothing(data):
    assert found(4, data) == []


def test_a_type_that_nobody_knows_names_nothing():
    assert found(999, {"order_id": "1"}) == []
    assert found(None, {"order_id": "1"}) == []
