"""A promotion that the target has written is read back by the tap; fed again, what the tap reads changes nothing."""

import contextlib
import io
import json
from decimal import Decimal

from target_tiktokshop.target import TargetTikTokShop


def fed(lab, records, *, alias="promotions", **config):
    """A run of the target with records; its result lines."""
    path = lab.folder / f"results-{len(list(lab.folder.glob('results-*')))}.jsonl"
    names = {name: {} for record in records for name in record}
    schema = {"type": "SCHEMA", "stream": alias, "schema": {"properties": names}, "key_properties": []}
    lines = [schema, *({"type": "RECORD", "stream": alias, "record": record} for record in records)]
    own = {"results_path": str(path), "promotion_keys_path": str(lab.folder / "promotion-keys.sqlite")}
    settings = {name: value for name, value in lab.config.items() if not name.startswith("analytics")}
    maps = {} if alias == "promotions" else {"stream_maps": {alias: {"__alias__": "promotions"}}}
    target = TargetTikTokShop(config={**settings, **own, **maps, **config})
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            target.listen(io.StringIO("".join(f"{json.dumps(line)}\n" for line in lines)))
        finally:
            target.close()
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_promotion_is_read_back_and_what_the_tap_reads_of_all_promotions_is_planned_to_stay_as_it_is(lab):
    read = lab.run(streams=("products", "promotions", "promotion_details", "coupons"), start_date="2025-01-01")
    taken = {product["id"] for row in read.records("promotion_details") for product in row.get("products") or ()}
    products = [row for row in read.records("products") if row["status"] == "ACTIVATE" and row["id"] not in taken]
    product, shop_id = products[0], products[0]["shop_id"]
    price = str((Decimal(product["skus"][0]["price"]["sale_price"]) * Decimal("0.7")).quantize(Decimal("0.01")))
    latest = max(row["create_time"] for row in read.records("promotions"))
    record = {
        "shop_id": shop_id,
        "activity_key": "round",
        "title": "Round trip",
        "activity_type": "FIXED_PRICE",
        "begin_time": f"{int(latest[:4]) + 1}{latest[4:]}",
        "end_time": f"{int(latest[:4]) + 1}{latest[4:8]}28T23:00:00Z",
        "sku_id": product["skus"][0]["id"],
        "activity_price": price,
    }
    (row,) = fed(lab, [record])
    assert row["outcome"] == "applied", row["message"]
    again = lab.run(streams=("promotions", "promotion_details"), start_date="2025-01-01")
    (written,) = [
        one for one in again.records("promotion_details") if one["activity_id"] == row["after"]["activity_id"]
    ]
    assert (written["title"], written["status"], written["product_level"]) == ("Round trip", "NOT_START", "VARIATION")
    (shown,) = written["products"]
    assert (shown["id"], shown["skus"][0]["id"]) == (product["id"], record["sku_id"])
    assert Decimal(shown["skus"][0]["activity_price"]["amount"]) == Decimal(price)
    open_ones = [
        one for one in again.records("promotion_details") if one["status"] in {"NOT_START", "ONGOING", "DEACTIVATED"}
    ]
    planned = fed(lab, open_ones, alias="promotion_details", dry_run=True)
    assert len(planned) == len(open_ones) > 20
    odd = [(one["outcome"], one["code"], one["message"]) for one in planned if one["outcome"] != "unchanged"]
    assert odd == []
