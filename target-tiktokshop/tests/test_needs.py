"""What a grant must cover for the sinks."""

import json

from target_tiktokshop.streams import WRITINGS
from target_tiktokshop.streams.needs import needs


def test_every_sink_says_what_it_needs():
    assert [need.name for need in needs()] == [f"sink {name}" for name in WRITINGS]


def test_a_tap_s_catalog_says_nothing_of_sinks():
    assert needs({"streams": []}) == []


def test_writing_stock_needs_the_scope_that_reading_it_does_not():
    stock = next(need for need in needs() if need.name == "sink inventory")
    assert {operation.scope for operation in stock.operations} == {"seller.product.basic", "seller.product.write"}


def test_a_run_warns_while_there_is_time(lab, tmp_path, caplog):
    stored = tmp_path / "grant.json"
    pair = {"access_token": lab.config["access_token"], "refresh_token": lab.config["refresh_token"], "seed": ""}
    known = {
        "refresh_expires_at": lab.sandbox.control("GET", "/clock")["now"] + 10 * 86400,
        "granted_scopes": ["seller.product.basic"],
    }
    stored.write_text(json.dumps({**pair, **known}))
    stored.chmod(0o600)
    sku = lab.plain(skus=1)[0]["skus"][0]
    bare = {"access_token": None, "refresh_token": None, "token_store": str(stored)}
    lab.feed("inventory", {"sku_id": sku["id"], "quantity": 7}, **bare)
    assert caplog.text.count("the seller's grant ends on") == 1
    assert "seller.product.write is missing for sink inventory" in caplog.text
