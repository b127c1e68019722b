"""A sandbox shop to write to, and runs of the target against it, inside this process."""

import contextlib
import datetime as dt
import io
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import tiktokshop_sandbox
from described import faults_of
from fairs import Fair
from older_sandbox import as_before
from relay import relay
from stalls import Stall
from target_tiktokshop.settings import SETTINGS
from target_tiktokshop.target import TargetTikTokShop
from target_tiktokshop.writing.outcomes import documented
from tiktokshop_client import Client, Settings, operations
from tiktokshop_client.http.transport import Transport

# The shops' time stands still unless a test moves it.
NOON = int(dt.datetime(2026, 6, 1, 12, tzinfo=dt.timezone.utc).timestamp())
READS = ("/search",)


@dataclass
class Run:
    """What a run of the target left behind."""

    rows: list
    states: list
    writes: dict
    error: Exception | None = None
    calls: int = 0

    @property
    def row(self):
        assert len(self.rows) == 1
        return self.rows[0]

    @property
    def outcomes(self):
        return [(row["outcome"], row["code"]) for row in self.rows]


def lines_of(*messages):
    """SCHEMA before the first record of a stream, then what is given: (stream, record) or a state."""
    seen, lines = set(), []
    for message in messages:
        if isinstance(message, dict):
            lines.append(json.dumps({"type": "STATE", "value": message}))
            continue
        stream, record = message
        if stream not in seen:
            seen.add(stream)
            schema = {"type": "object", "properties": {}}
            lines.append(json.dumps({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": []}))
        lines.append(json.dumps({"type": "RECORD", "stream": stream, "record": record}))
    return "".join(f"{line}\n" for line in lines)


@dataclass
class Lab:
    """A sandbox, what is in it, and a configuration of the target that writes to it."""

    sandbox: tiktokshop_sandbox.Running
    folder: Path
    config: dict
    runs: int = 0
    client: Client = field(init=False)

    def __post_init__(self):
        self.client = Client(Settings.from_config(self.config))
        self.shops = {shop.region: shop for shop in self.client.shops()}
        self.us = self.shops.get("US")

    def feed(self, stream, *records, shop="US", **config):
        """A run with records of one stream, for the US shop unless they say otherwise."""
        named = [{"shop_id": self.shops[shop].id, **record} if shop else record for record in records]
        return self.run(lines_of(*((stream, record) for record in named)), **config)

    def run(self, text, **config):
        """A run with lines of input."""
        self.runs += 1
        path = self.folder / f"results-{self.runs}.jsonl"
        self.sandbox.control("DELETE", "/stats")
        target = TargetTikTokShop(config={**self.config, "results_path": str(path), **config})
        output, error = io.StringIO(), None
        with contextlib.redirect_stdout(output):
            try:
                target.listen(io.StringIO(text))
            except Exception as caught:  # noqa: BLE001 - whatever it is, the test looks at it
                error = caught
            finally:
                target.close()
        lines = path.read_text().splitlines() if path.exists() else []
        rows = [json.loads(line) for line in lines if line.endswith("}")]
        for row in rows:
            assert documented(row["outcome"], row["code"], frozenset(SETTINGS)), row
        states = [json.loads(line) for line in output.getvalue().splitlines()]
        counts = self.sandbox.control("GET", "/stats")["operations"]
        writes = {
            name: count
            for name, count in counts.items()
            if not name.startswith("GET") and not name.endswith(READS) and "/api/v2/" not in name
        }
        return Run(rows, states, writes, error, sum(counts.values()))

    @staticmethod
    def lines(*messages):
        return lines_of(*messages)

    def products(self, status="ACTIVATE", shop="US"):
        """Products of a shop, as they are now."""
        pages = self.client.pages(operations.SEARCH_PRODUCTS, shop=self.shops[shop], body={"status": status})
        return [row for page in pages for row in page.rows]

    def plain(self, warehouses=1, skus=1, shop="US"):
        """Products on sale with so many warehouses and at least so many SKUs, that can be changed freely."""
        found = []
        for product in self.products(shop=shop):
            first = product["skus"][0]
            if len(first["inventory"]) != warehouses or len(product["skus"]) < skus:
                continue
            if product["title"].endswith("bundle") or self.in_promotion(product, shop):
                continue
            found.append(product)
        return found

    def free(self):
        """A product that no running promotion lists."""
        return self.unlisted()[0]

    def unlisted(self):
        """Products that no running promotion lists: the sandbox locks by its standing one, the platform by any."""
        listed = set()
        for page in self.client.pages(operations.SEARCH_ACTIVITIES, shop=self.us, body={"status": "ONGOING"}):
            for activity in page.rows:
                path = {"activity_id": activity["id"]}
                answer = self.client.call(operations.GET_ACTIVITY, shop=self.us, path=path)
                listed |= {product["id"] for product in answer.data.get("products") or []}
        return [product for product in self.plain() if product["id"] not in listed]

    def in_promotion(self, product, shop="US"):
        """Whether prices are locked; the platform tells only those who try, so try what is there already."""
        sku = product["skus"][0]
        price = {"amount": sku["price"]["sale_price"], "currency": sku["price"]["currency"]}
        body = {"skus": [{"id": sku["id"], "price": price}]}
        try:
            path = {"product_id": product["id"]}
            self.client.call(operations.UPDATE_PRICES, shop=self.shops[shop], path=path, body=body)
        except Exception:  # noqa: BLE001 - any refusal will do
            return True
        return False

    def stock(self, *sku_ids, shop="US"):
        """Units by (SKU, warehouse)."""
        body = {"sku_ids": list(sku_ids)}
        answer = self.client.call(operations.SEARCH_INVENTORY, shop=self.shops[shop], body=body)
        return {
            (sku["id"], place["warehouse_id"]): place["available_quantity"]
            for product in answer.data["inventory"]
            for sku in product["skus"]
            for place in sku["warehouse_inventory"]
        }

    def price(self, sku_id, shop="US"):
        pages = self.client.pages(operations.SEARCH_PRODUCTS, shop=self.shops[shop], body={"sku_ids": [sku_id]})
        skus = [sku for page in pages for row in page.rows for sku in row["skus"]]
        return next(sku["price"]["sale_price"] for sku in skus if sku["id"] == sku_id)

    def orders(self, shop="US", **filters):
        """Orders, newest first."""
        body = {"shipping_type": "SELLER", **filters}
        pages = self.client.pages(operations.SEARCH_ORDERS, shop=self.shops[shop], body=body)
        return [row for page in pages for row in page.rows]

    def order(self, order_id, shop="US"):
        answer = self.client.call(operations.GET_ORDERS, shop=self.shops[shop], query={"ids": [order_id]})
        return answer.data["orders"][0]

    @contextlib.contextmanager
    def between(self, *, before=None, after=None):
        """While it lasts, every request of the target passes a test's hands on its way.

        `before(path)` is called when a request has arrived, `after(path, answer)` when its answer is there; what the
        latter returns, if anything, is passed on in place of the answer. `path` is without its query.
        """
        straight = self.config["api_base_url"]
        with relay(straight, before=before, after=after) as url:
            self.config["api_base_url"] = url
            try:
                yield
            finally:
                self.config["api_base_url"] = straight

    def fault(self, kind, **more):
        """Switches a fault on."""
        self.sandbox.control("POST", "/faults", {"kind": kind, **more})


@pytest.fixture(autouse=True)
def held_against_the_descriptions(monkeypatch):
    """No test may have anything sent that the platform's own descriptions do not have."""
    faults, send = [], Transport.send

    def held(self, method, url, *, headers, body=None, **more):
        if "x-tts-access-token" in headers:
            faults.extend(faults_of(method, url, headers, body or b""))
        return send(self, method, url, headers=headers, body=body, **more)

    monkeypatch.setattr(Transport, "send", held)
    yield faults
    assert faults == []


@pytest.fixture
def lab_of(tmp_path, shop_file):
    """Makes a lab around shops of a size."""

    @contextlib.contextmanager
    def make(orders=600, shops=2, *, older=False, regions=(), **more):
        size = {"shops": len(regions), "regions": regions} if regions else {"shops": shops}
        path = shutil.copy(shop_file(orders=orders, now=NOON, **size), tmp_path / "shop.sqlite")
        if older:  # its shops cannot be told from real ones
            as_before(path)
        with tiktokshop_sandbox.start(path, **{"rps": 100_000, "now": NOON, **more}) as sandbox:
            config = sandbox.settings(token_store=str(tmp_path / "tokens.json"), requests_per_second=100_000)
            lab = Lab(sandbox, tmp_path, config)
            yield lab
            lab.client.close()

    return make


@pytest.fixture
def lab(lab_of):
    with lab_of() as made:
        yield made


@pytest.fixture
def stall(lab):
    return Stall(lab)


@pytest.fixture
def fair(lab):
    return Fair(lab)
