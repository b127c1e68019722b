"""Requests held against the platform's descriptions of its operations: parameters, types, limits, values, forms."""

import json
import re
from functools import cache
from urllib.parse import parse_qsl, urlsplit

import platform_facts

COMMON = {"app_key", "timestamp", "sign", "shop_cipher"}
JSON_TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "map": dict,
}
NO_FIELDS = {"type": "object", "properties": {}}
# Values that the descriptions have beside the wrong field, or that hang on another one; and stock of 0, which
# connectors send though the description begins at 1.
LOOSE = re.compile(
    r"\.(identifier_code\.code|(package|sku)_weight\.\w+|sku_dimensions\.unit|title|content|reject_reason|comment|images"
    r"|partial_refund_total|currency|value|discount|discount_value|quantity|participation_limit|status"
    r"|handling_duration_days|release_date)$"
)
FILES = re.compile(rb'name="data"; filename="[^"]+"')


@cache
def operations(older):
    """Method -> pattern and description of each operation, those of `older` versions too; fewest gaps first."""
    found = {}
    for operation in platform_facts.operations().values() if older else platform_facts.current():
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", operation["path"]))
        found.setdefault(operation["method"], []).append((operation["path"].count("{"), pattern, operation))
    return {method: sorted(rows, key=lambda row: row[0]) for method, rows in found.items()}


@cache
def operation_of(method, path, *, older=False):
    """The description of what is called, None for none."""
    return next((found for _, pattern, found in operations(older).get(method, ()) if pattern.fullmatch(path)), None)


def faults_of(method, url, headers, body):
    """Whatever a request has that the description of its operation does not allow, or lacks that it demands."""
    parts = urlsplit(url)
    operation = operation_of(method, parts.path, older=True)
    if operation is None:
        yield f"{method} {parts.path} is not described"
        return
    faults = [
        *query_faults(operation, parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)),
        *(form_faults if "form" in operation else json_faults)(operation, headers, body),
    ]
    yield from (f"{method} {operation['path']}: {fault}" for fault in faults)


def query_faults(operation, pairs):
    query, described = dict(pairs), {k: v for k, v in (operation.get("query") or {}).items() if k != "shop_cipher"}
    if len(query) < len(pairs):
        yield "a parameter stands twice"
    if ("shop_cipher" in query) != operation.get("shop_cipher", "shop_cipher" in (operation.get("query") or {})):
        yield "a cipher too many or too few"
    yield from (f"{name} is unknown" for name in query.keys() - COMMON - described.keys())
    yield from (f"{name} is missing" for name in described if described[name]["required"] and name not in query)
    for name in described.keys() & query.keys():
        yield from amiss(described[name], read(described[name], query[name]), name)


def json_faults(operation, headers, body):
    if headers.get("content-type") != "application/json":
        yield "the content type is not JSON"
    elif operation["method"] == "GET":
        yield from ["a GET has a body"] if body else []
    else:
        yield from amiss(operation.get("body") or NO_FIELDS, json.loads(body or b"{}"), "body")


def form_faults(operation, headers, body):
    if not headers.get("content-type", "").startswith("multipart/form-data; boundary="):
        yield "the content type is not that of a form"
        return
    names = set(re.findall(rb'form-data; name="([^"]+)"', body))
    described = operation["form"]["properties"]
    yield from (f"{name.decode()} is unknown" for name in names if name.decode() not in described)
    if not FILES.search(body):
        yield "the file `data` is missing"


def read(shape, text):
    """A query parameter as the value that it stands for; the text where it stands for none."""
    if shape["type"] == "array":
        return [read(shape["items"], part) for part in text.split(",")]
    kinds = {"integer": r"\d+", "boolean": "true|false"}
    return json.loads(text) if re.fullmatch(kinds.get(shape["type"], "(?!)"), text) else text


def amiss(shape, value, where):
    """Whatever a sent value has that its description does not allow."""
    kind = shape["type"]
    if kind == "any":
        return
    if not isinstance(value, JSON_TYPES[kind]) or isinstance(value, bool) != (kind == "boolean"):
        yield f"{where} is not of the type {kind}: {value!r}"
    elif kind == "object":
        known = shape.get("properties", {})
        yield from (f"{where}.{name} is unknown" for name in value.keys() - known.keys())
        for name in value.keys() & known.keys():
            yield from amiss(known[name], value[name], f"{where}.{name}")
    elif kind == "map":
        yield from (f"{where}.{name} is unknown" for name in value)
    elif kind == "array":
        empty_means_none = where.endswith("].skus")  # how products of an activity say that they have one price
        if not (value or empty_means_none) or len(value) > shape.get("max_count", len(value)):
            yield f"{where} has {len(value)} values"
        for item in value:
            yield from amiss(shape["items"], item, f"{where}[]")
    elif not within(shape, value, where):
        yield f"{where} is {value!r}"


def within(shape, value, where):
    if value in {"", "None"} or len(str(value)) > shape.get("max_length", len(str(value))):
        return False
    return bool(LOOSE.search(where)) or allowed(shape, value)


def allowed(shape, value):
    if "range" in shape:
        low, high = re.fullmatch(r"\[([\d.]+)(?:-|, )([\d.,]+)\]", shape["range"]).groups()
        return float(low) <= float(value) <= float(high.replace(",", ""))
    if "max_count" in shape:
        return int(value) <= shape["max_count"]
    if shape.get("format") == "unix-seconds":
        return value == 0 or 1_500_000_000 < int(value) < 2_000_000_000
    if shape.get("format") == "date":
        return re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", value) is not None
    return value in shape.get("values", [value])
