"""Listings from tables, end to end: tables become live products that the tap reads, edits touch what they name."""

import argparse
import contextlib
import io
import json
import shutil
import sqlite3

import list_tables
import pytest
from kill_listings import png
from target_tiktokshop.target import TargetTikTokShop
from tiktokshop_client import Client, MemoryStore, Settings, operations

CREATE = "POST /product/202309/products"
UPLOAD = "POST /product/202309/images/upload"
EDIT = "POST /product/202509/products/{product_id}/partial_edit"
GET = "GET /product/202309/products/{product_id}"
UNTOUCHED = ("skus", "desks", "orders", "packages", "cancellations", "returns", "transactions", "statements")


@pytest.mark.slow
@pytest.mark.parametrize("way", [list_tables.FromCsv, list_tables.FromDuckdb])
def test_products_of_a_table_are_listed_in_two_markets_and_the_tap_reads_what_was_written(way, capsys):
    assert list_tables.through(way, argparse.Namespace(), 23) == []
    said = capsys.readouterr().out
    assert "46 products compared field by field, 0 differences" in said
    assert f"{way.__name__} reviewed: {{'unchanged': 104, 'failed': 8}}, {{}}" in said


def feed(lab, *records, **config):
    """A run of the target; its result lines, and the calls that it made."""
    results = lab.folder / "results.jsonl"
    results.unlink(missing_ok=True)
    lab.sandbox.control("DELETE", "/stats")
    own = {"results_path": str(results), "listings_store": str(lab.folder / "listings.sqlite"), **config}
    settings = {name: value for name, value in lab.config.items() if not name.startswith("analytics")}
    lines = [{"type": "SCHEMA", "stream": "listings", "schema": {"properties": {}}, "key_properties": []}]
    lines += [{"type": "RECORD", "stream": "listings", "record": record} for record in records]
    target = TargetTikTokShop(config={**settings, **own})
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            target.listen(io.StringIO("".join(f"{json.dumps(line)}\n" for line in lines)))
        finally:
            target.close()
    return [json.loads(line) for line in results.read_text().splitlines()], lab.calls()["operations"]


def stored(path):
    """What the sandbox has on its shelves, and its products by their keys."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        tables = {name: database.execute(f"select * from {name}").fetchall() for name in UNTOUCHED}
        return tables, {row[0]: row for row in database.execute("select * from products")}


def read(lab, number):
    """A product as the tap reads it; one run is enough for those that have changed since the day began."""
    records = lab.run(streams=("products", "product_details"), start_date="2026-06-01").records("product_details")
    return next(record for record in records if record["id"] == number)


@pytest.mark.slow
def test_an_edit_makes_exactly_its_calls_and_everything_else_stays_in_the_store_and_for_the_tap(
    lab_of, shop_file, tmp_path
):
    path = shutil.copy(shop_file(orders=120, shops=2, now=1_780_315_200), tmp_path / "shop.sqlite")
    with lab_of(path=path) as lab:
        client = Client(Settings.from_config(lab.config), token_store=MemoryStore())
        shop = next(shop for shop in client.shops() if shop.region == "US")
        found = client.call(operations.GET_WAREHOUSES, shop=shop).data["warehouses"]
        place = next(row["id"] for row in found if row["type"] == "SALES_WAREHOUSE")
        for width in (400, 500, 600):
            (tmp_path / f"{width}.png").write_bytes(png(width))
        trade = {"price": "12.50", "quantity": 5, "warehouse_id": place}
        record = {
            "shop_id": shop.id,
            "title": "A mug of stoneware from Lisbon",
            "description": "<p>Holds tea.</p>",
            "category": "Home Supplies > Drinkware > Mugs",
            "main_images": [str(tmp_path / "400.png"), str(tmp_path / "500.png")],
            "attributes": {"Material": "Stoneware"},
            "package_weight": {"value": "0.5", "unit": "POUND"},
            "package_dimensions": {"length": 4, "width": 4, "height": 4, "unit": "INCH"},
            "skus": [
                {"seller_sku": f"MUG-{color}", "variations": {"Color": color}, **trade}
                for color in ("Black", "Oak", "Red")
            ],
        }
        (made,), _ = feed(lab, record)
        number = made["after"]["product_id"]
        lab.sandbox.control("POST", "/clock", {"advance": 3_600})
        seen, shelves, products = read(lab, number), *stored(path)

        def sent():
            entries = lab.sandbox.control("GET", "/requests?limit=50")["requests"]
            return next(json.loads(entry["body"]) for entry in entries if entry["operation"] == EDIT)

        new = {"seller_sku": "MUG-Sage", "variations": {"Color": "Sage"}, **trade}
        steps = (
            ({"title": "A mug of the finest stoneware"}, {"title"}, {EDIT: 1}),
            (
                {"main_images": [str(tmp_path / "400.png"), str(tmp_path / "600.png")]},
                {"main_images"},
                {EDIT: 1, UPLOAD: 1},
            ),
            ({"attributes": {"Occasion": "Wedding"}}, {"product_attributes"}, {EDIT: 1}),
            ({"skus": [new]}, {"skus"}, {EDIT: 1}),
            ({"skus": [{"seller_sku": "MUG-Oak", "status": "deleted"}]}, {"skus"}, {EDIT: 1}),
        )
        for change, named, calls in steps:
            (row,), made_calls = feed(lab, {"shop_id": shop.id, "product_id": number, **change}, allow_delete=True)
            assert row["outcome"] == "in_review", row
            writes = {name: count for name, count in made_calls.items() if name in {CREATE, EDIT, UPLOAD}}
            assert writes == calls
            assert sum(made_calls.values()) - sum(calls.values()) - made_calls[GET] <= 5, made_calls
            assert sent().keys() == named | {"category_version"}
            shelves_now, products_now = stored(path)
            assert {key for key in products if products[key] != products_now[key]} == {
                key for key, product in products.items() if product[2] == number
            }
            assert [name for name in UNTOUCHED if shelves[name] != shelves_now[name]] == []
            lab.sandbox.control("POST", "/clock", {"advance": 3_600})
            seen_now = read(lab, number)
            changed = {name for name in seen if seen[name] != seen_now[name]}
            assert changed == named | {"update_time"}
            seen, shelves, products = seen_now, *stored(path)
        assert seen["title"] == "A mug of the finest stoneware"
        assert [image["width"] for image in seen["main_images"]] == [400, 600]
        assert {item["name"]: item["values"][0]["name"] for item in seen["product_attributes"]} == {
            "Material": "Stoneware",
            "Occasion": "Wedding",
        }
        assert [sku["seller_sku"] for sku in seen["skus"]] == ["MUG-Black", "MUG-Red", "MUG-Sage"]
        assert [sku["inventory"][0]["quantity"] for sku in seen["skus"]] == [5, 5, 5]
        client.close()
