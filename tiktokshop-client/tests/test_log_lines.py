"""The log as JSON objects."""

import json
import logging

import pytest
from tiktokshop_client import Settings, log_lines
from tiktokshop_client.console import CleanRecord
from tiktokshop_client.errors import BusinessError
from tiktokshop_client.log_lines import RUN, JsonLines, facts_of
from tiktokshop_client.places import unshared
from tiktokshop_client.redaction import known
from tiktokshop_client.secret import Secret

SECRET = "canary-of-json-lines"


def line(message, *args, **extra):
    made = CleanRecord("tap", logging.WARNING, "tap.py", 1, message, args, None)
    made.__dict__.update(extra)
    return JsonLines().format(made)


def test_a_line_is_one_object_with_what_is_known(monkeypatch):
    monkeypatch.setattr(log_lines, "_named", {})
    found = json.loads(line("was not read\nto its end: %s", "é", shop="7495", stream="orders"))
    assert found.pop("time").endswith("Z")
    assert found == {
        "level": "warning",
        "logger": "tap",
        "run": RUN,
        "message": "was not read\nto its end: é",
        "shop": "7495",
        "stream": "orders",
    }
    assert "\n" not in line("two\nlines")


def test_a_line_names_the_seller_of_the_process_unless_it_is_about_another(monkeypatch):
    monkeypatch.setattr(log_lines, "_named", {})
    log_lines.name_seller("Tea\n& Co")
    assert [json.loads(line("x", **more))["seller"] for more in ({}, {"seller": "bert"})] == ["Tea & Co", "bert"]
    monkeypatch.setenv("MELTANO_STATE_ID", "of-meltano")
    monkeypatch.setenv("TIKTOKSHOP_LOG_SELLER", "anna")
    assert json.loads(line("x")) | {"time": ""} == {
        "time": "",
        "level": "warning",
        "logger": "tap",
        "run": RUN,
        "message": "x",
        "seller": "anna",
        "state_id": "of-meltano",
    }


@pytest.mark.parametrize(
    ("store", "told"),
    [
        ("postgresql://h/d", True),
        ("s3://b/f", True),
        ("redis://h/0", False),
        ("tokens.json", False),
        ("env:TOKENS", False),
    ],
)
def test_a_token_store_in_which_no_budget_is_shared_is_told_unless_there_is_a_budget_store(store, told):
    settings = [
        Settings.from_config({"app_key": "k", "app_secret": "s", "token_store": store, **more})
        for more in ({}, {"budget_store": "redis://h/0"})
    ]
    sentences = [unshared(each.budget_store, each.token_store) for each in settings]
    assert ["budget_store" in each for each in sentences] == [told, False]


def test_no_line_holds_a_secret():
    known.add(Secret(SECRET))
    assert SECRET not in line("it is %s", SECRET, shop=f"x{SECRET}")


def test_an_error_says_what_it_is_about():
    error = BusinessError("x", code=12, request_id="r1", operation="get_order", shop_id="7")
    assert facts_of(error, stream="orders") == {
        "stream": "orders",
        "shop": "7",
        "operation": "get_order",
        "code": 12,
        "request_id": "r1",
    }
    assert facts_of(ValueError("x")) == {}
