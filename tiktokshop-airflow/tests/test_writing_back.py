"""A feed: planned, stored, and sent as it was planned."""

import json
from dataclasses import replace

import psycopg
import pytest
from tiktokshop_airflow.running import Fate, Programs
from tiktokshop_airflow.store import FleetStore
from tiktokshop_airflow.writing_back import propose, send

FEED = ("printf", '{"n": 1}\\n{"n": 2}\\n')
TARGET = """
import json, os, sys
rows = sys.stdin.read()
dry = json.loads(os.environ["TARGET_DRY_RUN"])
with open("dry" if dry else "sent", "a") as file:
    file.write(rows)
if dry:
    with open(os.environ["TARGET_RESULTS_PATH"], "a") as file:
        for line in rows.splitlines():
            file.write(json.dumps({"outcome": "planned" if json.loads(line)["n"] > 1 else "unchanged"}) + "\\n")
    print(json.dumps({"level": "INFO", "message": "a line of the log"}), file=sys.stderr)
    print("Nothing was sent.\\n  2 -> 3", file=sys.stderr)
sys.exit(json.loads(os.environ["TARGET_CODE"]))
"""


@pytest.fixture
def writing(pipeline, program):
    program("target", TARGET)
    return replace(pipeline, target=("target",), target_settings={"code": 0})


def test_what_is_sent_is_what_was_planned_byte_for_byte(writing, store, errand, tmp_path):
    fate, proposal = propose(writing, store, errand("mugs"), FEED, "run", Programs())
    assert (fate, proposal.planned, proposal.text) == (Fate(0), 1, "Nothing was sent.\n  2 -> 3")
    assert not (tmp_path / "mugs" / "sent").exists()
    assert send(writing, store, errand("mugs"), proposal.digest, "run", Programs()) == Fate(0)
    assert (tmp_path / "mugs" / "sent").read_bytes() == b'{"n": 1}\n{"n": 2}\n'
    assert (tmp_path / "mugs" / "dry").read_bytes() == b'{"n": 1}\n{"n": 2}\n'


@pytest.mark.parametrize(
    "statement", ["UPDATE tiktokshop_feeds SET feed = feed || 'x'", "DELETE FROM tiktokshop_feeds"]
)
def test_a_feed_that_is_not_what_was_approved_is_not_sent(writing, store, errand, tmp_path, statement):
    _, proposal = propose(writing, store, errand("mugs"), FEED, "run", Programs())
    with psycopg.connect(store.address, autocommit=True) as db:
        db.execute(statement)
    fate = send(writing, store, errand("mugs"), proposal.digest, "run", Programs())
    assert fate == Fate(2, "What was approved for mugs is not there any more: run the plan again.")
    assert not (tmp_path / "mugs" / "sent").exists()


@pytest.mark.parametrize("code", [1, 2, 3])
def test_a_plan_that_a_guard_or_an_error_stops_is_nobodys_to_approve(writing, store, errand, code):
    stopped = replace(writing, target_settings={"code": code})
    fate, proposal = propose(stopped, store, errand("mugs"), FEED, "run", Programs())
    assert (fate.code, proposal) == (code, None)


def test_a_feed_that_fails_is_not_planned(writing, store, errand, tmp_path):
    fate, proposal = propose(writing, store, errand("mugs"), ("false",), "run", Programs())
    assert (fate.code, proposal) == (1, None)
    assert not (tmp_path / "mugs" / "dry").exists()


def test_a_store_makes_its_tables_once_however_often_it_is_asked_and_forgets_what_is_old(store):
    store.keep_feed("run", "mugs", b"old")
    store.note("run", 1, "mugs", Fate(0))
    with psycopg.connect(store.address, autocommit=True) as db:
        db.execute("UPDATE tiktokshop_feeds SET made = now() - interval '31 days'")
        db.execute("UPDATE tiktokshop_outcomes SET ended = now() - interval '89 days'")
    FleetStore(store.address).prepare()
    with psycopg.connect(store.address) as db:
        assert db.execute("SELECT count(*) FROM tiktokshop_feeds").fetchone() == (0,)
    assert json.dumps(store.noted("run")["mugs"].code) == "0"
