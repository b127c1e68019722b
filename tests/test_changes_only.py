"""Whole runs with `snapshot_changes_only`: what a table holds is what it would hold without, with far fewer records."""

import copy
import json

import pytest
from tap_tiktokshop.run.snapshots import DIGEST
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.tap import TapTikTokShop

from conftest import CONFIG

DAY = 86_400
WHOLE = tuple(stream.name for stream in STREAMS if stream.whole)
ASIDE = {"snapshot_at", "_sdc_deleted_at"}
"""When a run read a row is not what a row says."""


def said(table):
    """What the rows of a table say, whenever they were read."""
    return {key: {name: value for name, value in row.items() if name not in ASIDE} for key, row in table.items()}


def alive(table):
    return {key for key, row in table.items() if row.get("_sdc_deleted_at") is None}


def run(lab, state=None, **more):
    return lab.run(copy.deepcopy(state), streams=more.pop("streams", WHOLE), snapshot_changes_only=True, **more)


@pytest.mark.slow
def test_after_a_day_a_table_holds_what_it_would_without_and_few_records_have_come(lab):
    first = run(lab)
    again = run(lab, first.state)
    assert again.records() == []
    lab.sandbox.control("POST", "/clock", {"advance": DAY})
    second = run(lab, first.state)
    without = lab.run(first.state, streams=WHOLE)
    assert said(first.table() | second.table()) == said(first.table() | without.table())
    assert alive(first.table() | second.table()) == alive(first.table() | without.table())
    assert 0 < len(second.records()) < len(without.records()) / 4
    assert {key[0] for key in second.table()} >= {"inventory", "unsettled_transactions"}
    assert len(json.dumps(second.state)) < 120_000


@pytest.mark.slow
def test_cut_anywhere_and_resumed_a_table_holds_what_it_would_without(lab):
    first = run(lab)
    lab.sandbox.control("POST", "/clock", {"advance": DAY})
    whole = run(lab, first.state)
    wanted = said(first.table() | whole.table())
    lines = whole.output.splitlines(keepends=True)
    for number in range(6):
        cut = lab.result("".join(lines[: len(lines) * number // 6]))
        resumed = run(lab, cut.state or first.state)
        assert said(first.table() | cut.table() | resumed.table()) == wanted


def test_switched_off_a_run_forgets_how_its_lists_were_before_it_writes_a_row(lab):
    first = run(lab, streams=("warehouses", "brands"))
    assert DIGEST in json.dumps(first.state)
    second = lab.run(first.state, streams=("warehouses", "brands"))
    assert len(second.records()) == len(first.records()) > 0
    kinds = [message["type"] for message in second.messages]
    assert "STATE" in kinds[: kinds.index("RECORD")]
    assert not any(DIGEST in json.dumps(state) for state in second.states)


@pytest.mark.parametrize(
    "more",
    [
        {"stream_maps": {"warehouses": {"shop_id": "shop_id", "id": "id", "__else__": None}}},
        {"stream_maps": {"warehouses": {"name": None}}},
        {"flattening_enabled": True, "flattening_max_depth": 1},
    ],
    ids=["some fields", "all but one field", "flattening"],
)
def test_records_that_are_made_otherwise_all_come_again(lab, more):
    first = run(lab, streams=("warehouses",))
    assert run(lab, first.state, streams=("warehouses",)).records() == []
    assert len(run(lab, first.state, streams=("warehouses",), **more).records()) == len(first.records())


def test_a_deselected_field_and_another_type_in_a_catalogue_make_other_records(catalog_of):
    def setup(change):
        catalog = copy.deepcopy(catalog_of("warehouses"))
        (entry,) = (each for each in catalog["streams"] if each["tap_stream_id"] == "warehouses")
        change(entry)
        return TapTikTokShop(config=CONFIG, catalog=catalog).streams["warehouses"].setup

    def deselect(entry):
        entry["metadata"] += [{"breadcrumb": ["properties", "name"], "metadata": {"selected": False}}]

    def retype(entry):
        entry["schema"]["properties"]["name"] = {"type": ["integer", "null"]}

    made = [setup(change) for change in (lambda _: None, deselect, retype, lambda _: None)]
    assert made[0] == made[3]
    assert len(set(made)) == 3
