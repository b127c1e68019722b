"""Whole commands against a platform whose answers are not as documented: one sentence each, and nobody else's rows.

Behind it is a sandbox; what one endpoint of it answers is changed on its way.
"""

import contextlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest
import tiktokshop_sandbox
from in_process import call
from relay import relay

from conftest import NOON, catalog

pytestmark = pytest.mark.slow

STREAMS = ("shops", "orders", "products", "warehouses")
SHOPS, ORDERS, PRODUCTS = "/authorization/202309/shops", "/orders/search", "/products/search"
EACH = {"shops": 2, "orders": 60, "products": 144, "warehouses": 8}
ALL_BUT_ORDERS = {name: rows for name, rows in EACH.items() if name != "orders"}
ALL_BUT_PRODUCTS = {name: rows for name, rows in EACH.items() if name != "products"}


@pytest.fixture(scope="module")
def sandbox():
    with tiktokshop_sandbox.start(orders=30, rps=100_000, now=NOON) as running:
        yield running


@pytest.fixture
def odd(sandbox, tmp_path, monkeypatch):
    """Runs a command while one endpoint answers with what a test makes of its data."""
    monkeypatch.chdir(tmp_path)
    names = ("app_key", "app_secret", "access_token", "refresh_token", "auth_base_url")
    common = {name: getattr(sandbox, name) for name in names}
    common |= {"token_store": "", "requests_per_second": 100_000, "max_tries": 1}

    @contextlib.contextmanager
    def between(where, change):
        def after(path, answer):
            good = path.endswith(where) and answer["code"] == 0
            return {**answer, "data": change(answer["data"])} if good else None

        with relay(sandbox.api_base_url, before=None, after=after) as url:
            yield {**common, "api_base_url": url}

    def run(name, where, change, *arguments, typed="", **config):
        with between(where, change) as connection:
            (tmp_path / "config.json").write_text(json.dumps({**connection, **config}))
            return call(name, "--config", "config.json", *arguments, typed=typed)

    return run


def with_data(**fields):
    return lambda data: {**data, **fields}


def first(name, **fields):
    """Something else in the first row of a list."""
    return lambda data: {**data, name: [{**data[name][0], **fields}, *data[name][1:]]}


def before(name, row):
    """Something else before the rows of a list."""
    return lambda data: {**data, name: [row, *data[name]]}


def every_sku(**fields):
    def change(data):
        rows = [{**row, "skus": [{**sku, **fields} for sku in row["skus"]]} for row in data["products"]]
        return {**data, "products": rows}

    return change


def each_shop(**fields):
    return lambda data: {"shops": [{**shop, **fields} for shop in data["shops"]]}


NO_LIST, NO_ID, NO_OBJECT = "the answer's {} is not a list", "no shop of the answer has an id", "data is not an object"
NO_SHOP, NO_CIPHER = "covers no shop: authorise the app", "the platform's list of shops has no cipher for it"
LEFT_OUT, NULL = "Left out 1 of the rows of", "Values of stream {} did not fit their fields and are null: {} ("

# What is odd -> (endpoint, change, what is read all the same, exit code, words of the line, lines that say it).
ANSWERS = {
    **{
        f"shops {odd!r}": (SHOPS, with_data(shops=odd), {}, 2 if words == NO_SHOP else 1, words, 1)
        for odd, words in [
            (5, NO_LIST.format("shops")),
            ("x", NO_LIST.format("shops")),
            ({"a": 1}, NO_LIST.format("shops")),
            ([None], NO_ID),
            ([5, "x", []], NO_ID),
            ([{"id": {"a": 1}}], NO_ID),
            ([{"id": True}, {"id": []}], NO_ID),
            (None, NO_SHOP),
            ([], NO_SHOP),
        ]
    },
    **{
        f"cipher {odd!r}": (SHOPS, each_shop(cipher=odd), {"shops": 2}, 2, NO_CIPHER, 2) for odd in (None, "", 5, {})
    },
    "a shop of odd texts": (SHOPS, each_shop(name=5, code=[1]), EACH, 0, NULL.format("shops", "code"), 1),
    **{
        f"shops' data {odd!r}": (SHOPS, lambda _, odd=odd: odd, {}, 2 if words == NO_SHOP else 1, words, 1)
        for odd, words in [("x", NO_OBJECT), ([1], NO_OBJECT), ([], NO_OBJECT), (None, NO_SHOP)]
    },
    "shops' data in a list": (SHOPS, lambda data: [data], {}, 1, NO_OBJECT, 1),
    **{
        f"orders' data {odd!r}": (ORDERS, lambda _, odd=odd: odd, ALL_BUT_ORDERS, 1, NO_OBJECT, 2)
        for odd in ("x", 5, True)
    },
    "orders' data in a list": (ORDERS, lambda data: [data], ALL_BUT_ORDERS, 1, NO_OBJECT, 2),
    "orders' data behind a row": (ORDERS, lambda data: [data["orders"][0], data], ALL_BUT_ORDERS, 1, NO_OBJECT, 2),
    "orders' rows as data": (ORDERS, lambda data: data["orders"], EACH, 0, "", 0),
    **{
        f"orders {odd!r}": (ORDERS, with_data(orders=odd), ALL_BUT_ORDERS, 1, NO_LIST.format("orders"), 2)
        for odd in (5, "x", {"a": 1}, True)
    },
    **{f"row {odd!r}": (ORDERS, before("orders", odd), EACH, 0, LEFT_OUT, 2) for odd in (5, None, "x", [], {}, True)},
    "id null": (ORDERS, first("orders", id=None), {**EACH, "orders": 58}, 0, LEFT_OUT, 2),
    **{
        f"{field} {odd!r}": (ORDERS, first("orders", **{field: odd}), EACH, 0, NULL.format("orders", where), 1)
        for field, odd, where in [
            ("update_time", "soon", "update_time"),
            ("update_time", 10**30, "update_time"),
            ("line_items", 5, "line_items"),
            ("line_items", [5], "line_items[]"),
            ("payment", "free", "payment"),
        ]
    },
    **{
        f"total_count {odd!r}": (ORDERS, with_data(total_count=odd), EACH, 0, "", 0)
        for odd in ("many", "", {}, [1], 1.5, -4, 10**40, True, None)
    },
    **{
        f"next_page_token {odd!r}": (ORDERS, with_data(next_page_token=odd), EACH, code, words, 2 * code)
        for odd, code, words in [(7, 1, "page token"), (True, 1, "page token"), ({}, 0, ""), ([], 0, ""), (None, 0, "")]
    },
    **{
        f"price {odd!r}": (PRODUCTS, every_sku(price=odd), EACH, 0, NULL.format("products", "skus[].price"), 1)
        for odd in (5, "free", [5])
    },
    "skus 5": (PRODUCTS, lambda d: {**d, "products": [{**row, "skus": 5} for row in d["products"]]}, EACH, 0,
               NULL.format("products", "skus"), 1),
    "products 5": (PRODUCTS, with_data(products=5), ALL_BUT_PRODUCTS, 1, NO_LIST.format("products"), 2),
}  # fmt: skip


def sentences(log):
    """What is said besides news, without what a logger puts before it."""
    assert "Traceback" not in log
    assert "this program" not in log
    assert not re.search(r"\bbug\b", log)
    lines = [line for line in log.splitlines() if " INFO " not in line]
    assert all(re.search(r" \| (WARNING|ERROR) +\| ", line) for line in lines), log
    return [line for line in lines if "of the run's parts could not be read" not in line]


@pytest.mark.parametrize("name", ANSWERS)
def test_the_tap_says_an_odd_answer_in_one_sentence_and_reads_the_rest(odd, tmp_path, name):
    where, change, rows, code, words, lines = ANSWERS[name]
    (tmp_path / "catalog.json").write_text(json.dumps(catalog(STREAMS)))
    ended = odd("tap-tiktokshop", where, change, "--catalog", "catalog.json")
    messages = [json.loads(line) for line in ended.output.splitlines()]
    assert Counter(each["stream"] for each in messages if each["type"] == "RECORD") == rows
    assert ended.code == code, ended.log
    said = sentences(ended.log)
    assert [words in line for line in said] == [True] * lines, ended.log
    assert all(" of stream orders of shop 1000" in line for line in said if "Left out" in line), ended.log


def price_feed(sandbox_shops):
    schema = {"type": "SCHEMA", "stream": "prices", "schema": {"properties": {}}, "key_properties": []}
    records = [
        {
            "type": "RECORD",
            "stream": "prices",
            "record": {"shop_id": shop, "seller_sku": sku, "amount": "1.00", "currency": "USD"},
        }
        for shop, sku in sandbox_shops
    ]
    return "".join(f"{json.dumps(message)}\n" for message in [schema, *records])


TARGETS = {
    **{
        name: (*ANSWERS[name][:2], ANSWERS[name][4])
        for name in ANSWERS
        if name.startswith("shops ") and ANSWERS[name][3]
    },
    **{name: (*ANSWERS[name][:2], NO_CIPHER) for name in ANSWERS if name.startswith("cipher ")},
}


@pytest.mark.parametrize("name", TARGETS)
def test_the_target_says_an_odd_list_of_shops_in_one_sentence_and_sends_nothing(odd, sandbox, name):
    where, change, words = TARGETS[name]
    shop = sandbox.control("GET", "")["shops"][0]["id"]
    sandbox.control("DELETE", "/stats")
    ended = odd("target-tiktokshop", where, change, typed=price_feed([(shop, "A")]))
    assert ended.code == (2 if words in {NO_SHOP, NO_CIPHER} else 1)
    assert words in ended.log, ended.log
    assert len(sentences(ended.log)) == 1, ended.log
    assert not [name for name in sandbox.control("GET", "/stats")["operations"] if "update" in name]


@pytest.mark.parametrize("odd_price", [5, "free", [5], None])
def test_a_price_that_cannot_be_read_is_guarded_and_the_run_says_so(odd, sandbox, odd_price):
    shops = sandbox.control("GET", "")["shops"]
    found = []

    def change(data):
        found.extend(sku["seller_sku"] for row in data["products"][:1] for sku in row["skus"])
        return every_sku(price=odd_price)(data)

    odd("target-tiktokshop", PRODUCTS, change, typed=price_feed([(shops[0]["id"], "A")]))
    feed = price_feed([(shops[0]["id"], found[0])])
    ended = odd("target-tiktokshop", PRODUCTS, change, typed=feed, results_path="results.jsonl")
    (row,) = [json.loads(line) for line in Path("results.jsonl").read_text().splitlines()]
    assert (ended.code, row["outcome"], row["code"]) == (3, "guarded", "max_price_change_percent")
    assert len(sentences(ended.log)) == 1, ended.log
