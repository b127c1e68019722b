"""Marks that change what a record means are honoured or refused by name, never lost."""

import json
import logging

import pytest
from target_tiktokshop.refeed import messages
from target_tiktokshop.singer.messages import DELETION_MARKS

WHEN = "2026-05-01T00:00:00Z"


@pytest.fixture
def record(lab):
    sku = lab.plain()[0]["skus"][0]
    return {"shop_id": lab.us.id, "sku_id": sku["id"], "quantity": sku["inventory"][0]["quantity"] + 3}


@pytest.mark.parametrize("mark", DELETION_MARKS)
@pytest.mark.parametrize("config", [{}, {"add_record_metadata": True}, {"stream_maps": {"inventory": dict.fromkeys(DELETION_MARKS)}}])  # fmt: skip  # noqa: E501
def test_a_row_that_is_marked_as_deleted_is_rejected_with_what_to_do(lab, record, mark, config):
    run = lab.feed("inventory", {**record, mark: WHEN}, **config)
    assert run.outcomes == [("rejected", "deleted_row")]
    assert mark in run.row["message"]
    assert "take such rows out of the feed" in run.row["message"]
    assert run.writes == {}


@pytest.mark.parametrize("value", [None, False, ""])
def test_a_mark_without_a_value_is_none(lab, record, value):
    marks = dict.fromkeys(DELETION_MARKS, value)
    run = lab.feed("inventory", {**record, **marks})
    assert run.outcomes == [("applied", None)]


def test_only_the_marked_row_is_rejected_and_it_buries_no_other(lab, record):
    run = lab.feed("inventory", record, {**record, "_sdc_deleted_at": WHEN}, max_rejected_percent=50)
    assert run.outcomes == [("applied", None), ("rejected", "deleted_row")]


def test_a_rejected_row_that_is_fed_again_is_still_deleted(lab, record):
    lab.feed("inventory", {**record, "_sdc_deleted_at": WHEN})
    again = list(messages(lab.folder / "results-1.jsonl", frozenset({"rejected"})))
    assert again[-1]["record"]["_sdc_deleted_at"] == WHEN
    run = lab.run("".join(f"{json.dumps(each)}\n" for each in again))
    assert run.outcomes == [("rejected", "deleted_row")]


def test_the_other_fields_of_the_protocol_are_no_unknown_ones(lab, record, caplog):
    run = lab.feed("inventory", {**record, "_sdc_lsn": 5, "_sdc_extracted_at": WHEN}, add_record_metadata=True)
    assert run.outcomes == [("applied", None)]
    assert "is not known" not in caplog.text


def test_activate_version_takes_nothing_away_and_says_so_once(lab, record, caplog):
    version = {"type": "ACTIVATE_VERSION", "stream": "inventory", "version": 5}
    text = json.dumps(version) + "\n" + lab.lines(("inventory", record)) + 2 * (json.dumps(version) + "\n")
    with caplog.at_level(logging.WARNING):
        run = lab.run(text)
    assert run.outcomes == [("applied", None)]
    assert caplog.text.count("stays in the shop as it is") == 1
    assert "inventory" in caplog.text


@pytest.mark.parametrize("encoding", [{"format": "jsonl", "compression": "gzip"}, None])
def test_a_batch_is_refused_by_name_and_no_state_behind_it_is_passed_on(lab, record, encoding):
    batch = {"type": "BATCH", "stream": "inventory", "encoding": encoding, "manifest": ["file:///x.gz"]}
    run = lab.run(lab.lines(("inventory", record)) + json.dumps(batch) + "\n" + lab.lines({"n": 1}))
    assert type(run.error).__name__ == "InputError"
    assert "BATCH message of stream inventory" in str(run.error)
    assert "batch_config" in str(run.error)
    assert (run.states, run.writes) == ([], {})
