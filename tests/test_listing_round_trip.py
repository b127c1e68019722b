"""What the tap reads of products is a feed of listings as it is: written back, it changes nothing."""

import contextlib
import io
import json

from target_tiktokshop.target import TargetTikTokShop

STREAM_MAPS = {"product_details": {"__alias__": "listings"}}


def written_back(lab, records, **config):
    """A run of the target with records of the tap's stream, renamed by a stream map; its result lines."""
    path = lab.folder / "results.jsonl"
    schema = {"type": "SCHEMA", "stream": "product_details", "schema": {"properties": {}}, "key_properties": []}
    names = {name: {} for record in records for name in record}
    schema["schema"]["properties"] = names
    lines = [schema, *({"type": "RECORD", "stream": "product_details", "record": record} for record in records)]
    own = {"results_path": str(path), "listings_store": str(lab.folder / "listings.sqlite"), "dry_run": True}
    settings = {name: value for name, value in lab.config.items() if not name.startswith("analytics")}
    target = TargetTikTokShop(config={**settings, **own, "stream_maps": STREAM_MAPS, **config})
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            target.listen(io.StringIO("".join(f"{json.dumps(line)}\n" for line in lines)))
        finally:
            target.close()
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_product_that_the_tap_reads_in_two_markets_is_planned_to_stay_as_it_is(lab):
    details = lab.run(streams=("products", "product_details"), start_date="2025-01-01").records("product_details")
    details = [record for record in details if record.get("status") not in {"DELETED", "FREEZE", None}]
    assert len({record["shop_id"] for record in details}) == 2
    assert len(details) > 100
    rows = written_back(lab, details)
    assert len(rows) == len(details)
    odd = [(row["outcome"], row["code"], row["message"]) for row in rows if row["outcome"] != "unchanged"]
    reviewed = {record["id"] for record in details if record["status"] == "PENDING"}
    failed = {record["id"] for record in details if record["status"] == "FAILED"}
    assert len(odd) == len(reviewed) + len(failed), odd[:5]
    assert {outcome for outcome, _, _ in odd} <= {"in_review", "failed"}
