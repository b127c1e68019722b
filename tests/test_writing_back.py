"""From DuckDB to the shops and back: the whole way of records, also when killed and struck by faults."""

import contextlib
import datetime as dt
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import tiktokshop_sandbox
from tiktokshop_client import Client, MemoryStore, Settings, TikTokShopError, operations
from tiktokshop_sandbox.faults import TRANSPORT

NOON = int(dt.datetime(2026, 6, 1, 12, tzinfo=dt.timezone.utc).timestamp())
SIZES = {"inventory": 5_000, "prices": 2_000, "tracking": 300}
ROWS = sum(SIZES.values())
CARRIERS = {"US": "USPS", "GB": "Evri"}
WRITES = ("inventory/update", "prices/update", "/packages", "shipping_info/update")
SOURCE = Path(__file__).with_name("duckdb_source.py")


def settings(sandbox):
    return Settings.from_config(sandbox.settings(requests_per_second=100_000))


def products(client, shop):
    pages = client.pages(operations.SEARCH_PRODUCTS, shop=shop, body={"status": "ACTIVATE"})
    return [row for page in pages for row in page.rows if not row["title"].split(" · ")[0].endswith("bundle")]


def locked(client, shop, product):
    """Whether a promotion locks the prices, which the platform tells only those who try."""
    sku = product["skus"][0]
    price = {"amount": sku["price"]["sale_price"], "currency": sku["price"]["currency"]}
    body = {"skus": [{"id": sku["id"], "price": price}]}
    try:
        client.call(operations.UPDATE_PRICES, shop=shop, path={"product_id": product["id"]}, body=body)
    except TikTokShopError:
        return True
    return False


def trackable(client, shop):
    """Orders that the seller can ship or correct now."""
    found = []
    for status in ("AWAITING_SHIPMENT", "AWAITING_COLLECTION", "IN_TRANSIT"):
        body = {"order_status": status, "shipping_type": "SELLER", "is_buyer_request_cancel": False}
        for page in client.pages(operations.SEARCH_ORDERS, shop=shop, body=body):
            found += [row for row in page.rows if row.get("rts_time", NOON) > NOON - 70 * 3_600]
    return [row for row in found if len(row.get("packages") or []) < 2]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """A sandbox file, and a DuckDB file with what its shops are to become."""
    folder = tmp_path_factory.mktemp("warehouse")
    tables = {name: [] for name in SIZES}
    made = tiktokshop_sandbox.start(folder / "new.sqlite", orders=18_000, rps=100_000, now=NOON)
    with made as sandbox, Client(settings(sandbox), token_store=MemoryStore()) as client:
        for shop in client.shops():
            for product in products(client, shop):
                free = len(tables["prices"]) < SIZES["prices"] and not locked(client, shop, product)
                for sku in product["skus"]:
                    tables["inventory"] += [
                        (shop.id, sku["seller_sku"], sku["id"], place["warehouse_id"], place["quantity"] + 5)
                        for place in sku["inventory"]
                    ]
                    if free:
                        price = (Decimal(sku["price"]["sale_price"]) * Decimal("1.1")).quantize(Decimal("0.01"))
                        tables["prices"].append((shop.id, sku["id"], price, sku["price"]["currency"]))
            for order in trackable(client, shop):
                number = f"94001{order['id'][-15:]}"
                tables["tracking"].append((shop.id, order["id"], number, CARRIERS[shop.region]))
    database = duckdb.connect(str(folder / "warehouse.duckdb"))
    database.execute("create table inventory (shop_id text, sku_id text, warehouse_id text, quantity integer)")
    database.execute("create table prices (shop_id text, sku_id text, amount decimal(18, 2), currency text)")
    database.execute(
        "create table tracking (shop_id text, order_id text, tracking_number text, shipping_provider text)"
    )
    tables["inventory"] = [(shop, sku, place, units) for shop, _, sku, place, units in tables["inventory"]]
    for name, rows in tables.items():
        assert len(rows) >= SIZES[name], name
        tables[name] = rows[: SIZES[name]]
        marks = ", ".join("?" * 4)
        database.executemany(f"insert into {name} values ({marks})", tables[name])
    database.close()
    return folder, tables


def feed(lab, folder):
    """What the source says, as a file."""
    path = lab.folder / "input.singer"
    with path.open("wb") as output:
        subprocess.run([sys.executable, SOURCE, folder / "warehouse.duckdb"], stdout=output, check=True)
    return path


def start(lab, text, **config):
    """The target as a process of its own, under way."""
    settings = lab.folder / "target.json"
    kept = {**lab.config, "results_path": str(lab.folder / "results.jsonl"), "max_repriced_percent": 100, **config}
    settings.write_text(json.dumps(kept))
    command = [sys.executable, "-m", "target_tiktokshop", "--config", settings, "--input", text]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=lab.folder)


def written(lab):
    """Write calls that the sandbox has answered since the last look."""
    counts = lab.calls()["operations"]
    lab.sandbox.control("DELETE", "/stats")
    return {name: count for name, count in counts.items() if name.startswith("POST") and name.endswith(WRITES)}


def results(lab):
    """Outcomes by run, in order."""
    runs = {}
    for line in (lab.folder / "results.jsonl").read_text().splitlines():
        if line.endswith("}"):
            row = json.loads(line)
            runs.setdefault(row["run"], []).append(row)
    return list(runs.values())


def check_shops(lab, tables):
    """The shops are as the warehouse says."""
    stock, prices, numbers = {}, {}, {}
    with Client(Settings.from_config(lab.config)) as client:
        for shop in client.shops():
            for product in products(client, shop):
                for sku in product["skus"]:
                    prices[sku["id"]] = Decimal(sku["price"]["sale_price"])
                    stock.update({(sku["id"], place["warehouse_id"]): place["quantity"] for place in sku["inventory"]})
            ids = [row[1] for row in tables["tracking"] if row[0] == shop.id]
            for first in range(0, len(ids), 50):
                orders = client.call(operations.GET_ORDERS, shop=shop, query={"ids": ids[first : first + 50]})
                for order in orders.data["orders"]:
                    numbers[order["id"]] = {line.get("tracking_number") for line in order["line_items"]}
                    assert len(order["packages"]) == 1
    assert [stock[sku, place] for _, sku, place, _ in tables["inventory"]] == [row[3] for row in tables["inventory"]]
    assert [prices[sku] for _, sku, _, _ in tables["prices"]] == [row[2] for row in tables["prices"]]
    assert [numbers[order] for _, order, _, _ in tables["tracking"]] == [{row[2]} for row in tables["tracking"]]


@pytest.mark.slow
def test_from_duckdb_to_the_shops_and_the_tap_reads_back_exactly_what_changed(warehouse, tmp_path, lab_of):
    folder, tables = warehouse
    with lab_of(path=shutil.copy(folder / "new.sqlite", tmp_path / "shop.sqlite")) as lab:
        streams = ["products", "orders"]
        lab.sandbox.control("POST", "/clock", {"advance": 60})
        before = lab.run(streams=streams, start_date=(dt.datetime.fromtimestamp(NOON, dt.timezone.utc)).isoformat())
        assert lab.sandbox.control("POST", "/clock", {"advance": 1})["events"] == 0
        text = feed(lab, folder)
        written(lab)
        first = start(lab, text)
        output, log = first.communicate(timeout=120)
        assert first.returncode == 0, log.decode()
        assert json.loads(output.splitlines()[-1]) == {"n": ROWS}
        assert Counter(row["outcome"] for row in results(lab)[0]) == {"applied": ROWS}
        calls = written(lab)
        assert sum(calls.values()) <= 2 * 500 * 2 + SIZES["tracking"]
        check_shops(lab, tables)

        second = start(lab, text)
        second.communicate(timeout=120)
        assert second.returncode == 0
        assert Counter(row["outcome"] for row in results(lab)[1]) == {"unchanged": ROWS}
        assert written(lab) == {}

        assert lab.sandbox.control("POST", "/clock", {"advance": 1})["events"] == 0
        after = lab.run(before.state, streams=streams, lookback_seconds=0)
        assert {row["id"] for row in after.records("orders")} == {row[1] for row in tables["tracking"]}
        skus = {row[1] for name in ("inventory", "prices") for row in tables[name]}
        changed = after.records("products")
        assert all(skus & {sku["id"] for sku in row["skus"]} for row in changed)
        shown = {sku["id"]: Decimal(sku["price"]["sale_price"]) for row in changed for sku in row["skus"]}
        assert skus <= shown.keys()
        assert all(shown[sku] == price for _, sku, price, _ in tables["prices"])


@pytest.mark.slow
def test_killed_at_ten_random_moments_with_faults_and_run_again_everything_is_applied_once(warehouse, tmp_path, lab_of):
    folder, tables = warehouse
    moments = random.Random(4)
    with lab_of(path=shutil.copy(folder / "new.sqlite", tmp_path / "shop.sqlite")) as lab:
        text = feed(lab, folder)
        for kind in TRANSPORT:
            lab.fault(kind, probability=0.05 / len(TRANSPORT), seconds=0.01)
        marked = Counter()
        for _ in range(10):
            process, limit = start(lab, text), moments.randrange(5, 400)
            while process.poll() is None and lab.calls()["requests"] < limit:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.02)
            process.kill()
            output, _ = process.communicate()
            marked += marks(lab)
            lab.sandbox.control("DELETE", "/stats")
            states = [json.loads(line)["n"] for line in output.splitlines() if line.endswith(b"}")]
            rows = {row["row"] for run in results(lab)[-1:] for row in run} if states else set()
            assert not states or rows >= set(range(1, states[-1] + 1))
        last = start(lab, text)
        _, log = last.communicate(timeout=120)
        assert last.returncode == 0, log.decode()
        marked += marks(lab)
        lab.sandbox.control("DELETE", "/faults")

        final = results(lab)[-1]
        assert [row["row"] for row in sorted(final, key=lambda row: row["row"])] == list(range(1, ROWS + 1))
        assert {row["outcome"] for row in final} <= {"applied", "unchanged"}
        check_shops(lab, tables)
        assert set(marked.values()) == {1}


def marks(lab):
    """How often each order's shipping was carried out since the journal was cleared."""
    entries = lab.sandbox.control("GET", "/requests?limit=10000")["requests"]
    return Counter(
        row["path"]
        for row in entries
        if row["path"].endswith("/packages") and row["method"] == "POST" and row["code"] == 0
    )
