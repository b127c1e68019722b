"""Our own data against the platform's descriptions, where those are at hand (they are in CI)."""

import json
import runpy
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tap_tiktokshop.records.convert import RecordPlan
from tap_tiktokshop.streams import STREAMS
from tap_tiktokshop.streams.declaration import load_schema

ROOT = Path(__file__).parent.parent
API = ROOT.parent / "shared" / "api"

described = pytest.mark.skipif(not API.exists(), reason="the platform's descriptions (../shared/api) are not here")

# A sample's name without its number, the list in it, and the stream its rows belong to.
SAMPLES = {
    "shops": ("shops", "shops"),
    "orders-search": ("orders", "orders"),
    "orders-detail": ("orders", "orders"),
    "products-search": ("products", "products"),
    "returns-search": ("return_orders", "returns"),
    "cancellations-search": ("cancellations", "cancellations"),
    "statements": ("statements", "statements"),
    "statement-transactions": ("statement_transactions", "statement_transactions"),
    "payments": ("payments", "payments"),
}


@described
@pytest.mark.parametrize("name", SAMPLES)
def test_real_answers_become_records_that_fit_the_schema(name):
    rows_key, stream = SAMPLES[name]
    schema = load_schema(stream)
    files = sorted(API.glob(f"samples/{name}-[0-9].json"))
    assert files
    for file in files:
        data = json.loads(file.read_text())["data"]
        inherited = {"statement_id": data.get("statement_id")} if stream == "statement_transactions" else {}
        for row in data[rows_key]:
            sent = json.loads(json.dumps(row))
            record = RecordPlan(schema).record(row, {"shop_id": "7", **inherited})
            Draft202012Validator(schema).validate(record)
            assert record.keys() >= sent.keys() - {"cipher"}


@described
def test_schemas_have_every_documented_field():
    builder = runpy.run_path(str(ROOT / "tap-tiktokshop" / "scripts" / "build_schemas.py"))
    for stream in STREAMS:
        assert builder["build"](API, stream) == load_schema(stream.name), f"{stream.name}: build the schemas again"


@described
def test_unknown_fields_of_real_answers_are_kept():
    row = json.loads((API / "samples" / "payments-1.json").read_text())["data"]["payments"][0]
    record = RecordPlan(load_schema("payments")).record({**row, "brand_new": {"a": 1}}, {"shop_id": "7"})
    assert record["brand_new"] == {"a": 1}
    assert record["create_time"] == "2021-11-05T09:49:56Z"
    assert record["amount"] == {"currency": "GBP", "value": "100"}
