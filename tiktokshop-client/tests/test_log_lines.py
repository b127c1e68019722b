"""The log as JSON objects."""

import json
import logging

from tiktokshop_client.console import CleanRecord
from tiktokshop_client.errors import BusinessError
from tiktokshop_client.log_lines import RUN, JsonLines, facts_of
from tiktokshop_client.redaction import known
from tiktokshop_client.secret import Secret

SECRET = "canary-of-json-lines"


def line(message, *args, **extra):
    made = CleanRecord("tap", logging.WARNING, "tap.py", 1, message, args, None)
    made.__dict__.update(extra)
    return JsonLines().format(made)


def test_a_line_is_one_object_with_what_is_known():
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
