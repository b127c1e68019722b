"""Stream maps of the target: a mistake in one is a sentence that names setting, stream and field, and no value."""

import contextlib
import io
import json

import pytest
from target_tiktokshop.target import TargetTikTokShop
from tiktokshop_client.errors import ConfigurationError

SCHEMA = {name: {"type": "string"} for name in ("sku_id", "buyer_email")} | {"quantity": {"type": "integer"}}
LINES = [
    {
        "type": "SCHEMA",
        "stream": "inventory",
        "schema": {"type": "object", "properties": SCHEMA},
        "key_properties": ["sku_id"],
    },
    {
        "type": "RECORD",
        "stream": "inventory",
        "record": {"sku_id": "1", "quantity": 4, "buyer_email": "jane@example.org"},
    },
]
MISTAKES = [
    ({"inventory": {"quantity": "int(buyer_email)"}}, "stream_maps.inventory.quantity fails on a row (ValueError)"),
    ({"inventory": {"x": "no_such"}}, "stream_maps.inventory.x names no_such, which the stream does not have"),
    ({"inventory": {"x": "sku_id +"}}, "stream_maps.inventory.x is not a valid expression"),
    ({"inventory": {"sku_id": None}}, "stream_maps.inventory.sku_id drops a part of the key"),
    ({"inventory": {"x": 5}}, "The setting stream_maps.inventory"),
    ({"inventory": {"x": "1/0"}}, "stream_maps.inventory.x fails on a row (ZeroDivisionError)"),
    ({"inventory": {"x": "buyer_email.foo"}}, "stream_maps.inventory.x fails on a row"),
    ({"inventory": {"__filter__": "no_such > 1"}}, "stream_maps.inventory.__filter__ names no_such"),
    ({"inventory": {"__filter__": "1 +"}}, "stream_maps.inventory cannot be used"),
    ({"inventory": "no"}, "The setting stream_maps.inventory"),
    ({"inventory": {"__else__": "x"}}, "The setting stream_maps holds something"),
    ({"__no__": None}, "The setting stream_maps cannot be used"),
]


def feed(maps, folder):
    config = dict.fromkeys(("app_key", "app_secret", "access_token", "refresh_token"), "x")
    config |= {"stream_maps": maps, "results_path": str(folder / "results.jsonl")}
    with contextlib.closing(TargetTikTokShop(config=config)) as target:
        target.listen(io.StringIO("".join(f"{json.dumps(line)}\n" for line in LINES)))


@pytest.mark.parametrize(("maps", "words"), MISTAKES, ids=[json.dumps(maps) for maps, _ in MISTAKES])
def test_a_mistake_in_a_stream_map_is_named_without_any_value(maps, words, tmp_path, caplog):
    with pytest.raises(ConfigurationError) as caught:
        feed(maps, tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "@" not in caplog.text + str(caught.value)


def test_a_map_that_makes_sense_is_followed(lab):
    sku = lab.free()["skus"][0]
    record = {"sku": f" {sku['id']}", "units": sku["inventory"][0]["quantity"] + 1}
    maps = {"stock": {"__alias__": "inventory", "sku_id": "sku.strip()", "quantity": "units", "sku": None}}
    schema = {"type": "object", "properties": {"sku": {"type": "string"}, "units": {"type": "integer"}}}
    lines = [
        {"type": "SCHEMA", "stream": "stock", "schema": schema, "key_properties": []},
        {"type": "RECORD", "stream": "stock", "record": record},
    ]
    shops = [lab.us.id]
    run = lab.run("".join(f"{json.dumps(line)}\n" for line in lines), stream_maps=maps, shop_ids=shops, dry_run=True)
    assert run.outcomes == [("planned", None)]
