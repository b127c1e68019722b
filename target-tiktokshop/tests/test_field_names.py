"""Fields of records that the streams do not have: ignored and named once, or refused if they are misspelt."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_tiktokshop.listings.exported import COLUMNS
from target_tiktokshop.singer.field_names import OF_THE_PLATFORM, FieldNames, MisspeltFieldError
from target_tiktokshop.streams import WRITINGS
from tiktokshop_client.endings import Ending, ending_of

LOG = logging.getLogger("names")
LOG.disabled = True
REFUNDS = WRITINGS["refunds"].contract


SLIPS = {
    "two letters swapped": lambda name, at: name[:at] + name[at + 1] + name[at] + name[at + 2 :],
    "a letter doubled": lambda name, at: name[:at] + name[at] + name[at:],
    "a letter left out": lambda name, at: name[:at] + name[at + 1 :],
    "capitals": lambda name, at: "".join(word.title() for word in name.split("_")),  # noqa: ARG005
    "blanks": lambda name, at: name.replace("_", " ").upper(),  # noqa: ARG005
}
TOO_SHORT = frozenset({"id", "ean", "jan", "upc"})
"""A letter more or less makes another word of these."""


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_a_slip_anywhere_in_any_field_of_any_stream_is_seen(slip):
    unseen = {
        (writing.name, wrong)
        for writing in WRITINGS.values()
        for name in writing.contract.names - TOO_SHORT
        for at in range(len(name) - 1)
        if (wrong := slip(name, at)) not in writing.contract.names and not writing.contract.slips([wrong])
    }
    assert unseen == set()


@pytest.fixture(scope="module")
def platform(pytestconfig):
    """The fields of the records of each stream of the tap and of each stream here, and of the export."""
    folder = pytestconfig.rootpath / "tap-tiktokshop" / "tap_tiktokshop" / "schemas"
    tap = [list(json.loads(file.read_text())["properties"]) for file in folder.glob("*.json")]
    assert len(tap) > 60
    return [*tap, *(writing.contract.names for writing in WRITINGS.values()), COLUMNS]


def test_no_field_of_the_tap_or_of_another_stream_is_taken_for_a_misspelt_one(platform):
    fields = {name for names in platform for name in names}
    alike = {name for writing in WRITINGS.values() for name in fields if writing.contract.meant(name)}
    assert alike == OF_THE_PLATFORM


def test_records_of_the_tap_and_of_the_export_are_taken_by_every_stream(platform):
    taken = 0
    for fields in platform:
        for writing in WRITINGS.values():
            FieldNames(writing.name, writing.contract, fields, LOG).check(
                dict.fromkeys([*fields, "_sdc_shop_idd"], "1")
            )
            taken += 1
    assert taken == len(platform) * len(WRITINGS)
    assert WRITINGS["listings"].contract.names >= set(COLUMNS)


@given(st.lists(st.lists(st.sampled_from(["order_id", "amount", "ammount", "amuont", "note"]), unique=True)), st.data())
def test_whatever_comes_before_a_record_is_refused_exactly_if_a_misspelt_field_of_it_is_not_beside_it(records, data):
    declared = data.draw(st.sets(st.sampled_from(["order_id", "amount", "note"])))
    names = FieldNames("refunds", REFUNDS, declared, LOG)
    for record in records:
        wrong = "amount" not in record and not {"ammount", "amuont"}.isdisjoint(record)
        try:
            names.check(dict.fromkeys(record, "1"))
            refused = False
        except MisspeltFieldError:
            refused = True
        assert refused == wrong


@pytest.mark.parametrize("declared", [True, False])
def test_a_part_refund_whose_amount_is_misspelt_is_refused_before_anything_is_asked(lab, declared):
    record = {"order_id": "576461413038785752", "reason": "damaged", "ammount": "1.00", "currency": "USD"}
    schema = {"type": "SCHEMA", "stream": "refunds", "schema": {"properties": {}}, "key_properties": []}
    schema["schema"]["properties"] = {name: {} for name in record} if declared else {}
    fine = {"type": "RECORD", "stream": "refunds", "record": {**record, "amount": "1.00"}}
    lines = [schema, fine, {"type": "RECORD", "stream": "refunds", "record": record}]
    run = lab.run("".join(f"{json.dumps(line)}\n" for line in lines))
    assert "has ammount, which the target does not know: call it amount if that is meant" in str(run.error)
    assert (ending_of(run.error), run.calls, run.states) == (Ending.PERSON, 0, [])
    undeclared = [("rejected", "run_stopped"), ("rejected", "bad_record")]
    assert run.outcomes == ([] if declared else undeclared)


def test_a_stream_map_that_renames_the_field_is_the_way_out(lab):
    lines = lab.lines(
        ("refunds", {"order_id": "576461413038785752", "reason": "x", "ammount": "1.00", "currency": "USD"})
    )
    maps = {"refunds": {"amount": "record['ammount']", "ammount": None}}
    run = lab.run(lines, stream_maps=maps, max_rejected_percent=100)
    assert run.row["record"]["amount"] == "1.00"
    assert (run.row["outcome"], type(run.error).__name__) == ("rejected", "NoneType"), "there is no such order"


def test_fields_that_a_stream_does_not_have_are_named_in_one_line(caplog):
    names = FieldNames(
        "refunds", REFUNDS, ["order_id", "shelf", "colour", "_sdc_batched_at"], logging.getLogger("told")
    )
    for record in ({"order_id": "1", "note": "a", "_sdc_sequence": 1}, {"order_id": "2", "note": "b", "shelf": "c"}):
        names.check(record)
    assert [record.message for record in caplog.records] == [
        "Fields that refunds does not have are ignored: colour, shelf.",
        "Fields that refunds does not have are ignored: note.",
    ]
