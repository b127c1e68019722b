"""The schemas against what is known of the platform: its operations, and real answers to some of them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from platform_facts import SAMPLES, samples
from tap_tiktokshop.records.convert import RecordPlan
from tap_tiktokshop.streams import OFFERED
from tap_tiktokshop.streams.declaration import load_schema

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", SAMPLES)
def test_real_answers_become_records_that_fit_the_schema(name):
    rows_key, stream = SAMPLES[name]
    schema = load_schema(stream)
    found = samples(name)
    assert found
    for data in found:
        inherited = {"statement_id": data.get("statement_id")} if stream == "statement_transactions" else {}
        for row in data[rows_key]:
            sent = json.loads(json.dumps(row))
            record = RecordPlan(schema).record(row, {"shop_id": "7", **inherited})
            Draft202012Validator(schema).validate(record)
            assert record.keys() >= sent.keys() - {"cipher"}


def test_the_schemas_are_what_a_rebuild_makes_of_the_facts():
    build = [sys.executable, "tap-tiktokshop/scripts/build_schemas.py", "--check"]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"0 of {len(OFFERED)} schemas would change\n"), done.stderr


def test_unknown_fields_of_real_answers_are_kept():
    row = samples("payments")[0]["payments"][0]
    record = RecordPlan(load_schema("payments")).record({**row, "brand_new": {"a": 1}}, {"shop_id": "7"})
    assert record["brand_new"] == {"a": 1}
    assert record["create_time"] == "2021-11-05T09:49:56Z"
    assert record["amount"] == {"currency": "GBP", "value": "100"}
