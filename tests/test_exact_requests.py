"""Exact in what is sent, lenient in what is read: against a platform made of nothing but its own descriptions.

Every request is held against the description of its operation: parameters it does not know, values out of range, a
cipher too many or too few, a wrong signature. The answers have the described shapes, but as the live platform fills
them: fields left out, nulls, numbers for texts, fields that nobody described.
"""

import hashlib
import hmac
import json
import random
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

API = Path(__file__).parent.parent.parent / "shared" / "api"
KEY, SECRET, TOKEN, CIPHER = "app-key", "app-secret-of-the-test", "ROW_token+/=", "ROW_cipher+/="
COMMON = {"app_key", "timestamp", "sign", "shop_cipher"}
IDS = ("id", "return_id", "cancel_id")
JSON_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}

pytestmark = [
    pytest.mark.skipif(not API.exists(), reason="the platform's descriptions (../shared/api) are not here"),
    pytest.mark.slow,
]


def described():
    operations = [json.loads(file.read_text()) for file in sorted(API.glob("operations/*.json"))]
    return [
        (operation["method"], re.compile(re.sub(r"\{\w+\}", "[^/]+", operation["path"])), operation)
        for family in operations
        if isinstance(family, list)
        for operation in family
    ]


class Filler:
    """Values of a described shape, as the live platform may send them."""

    def __init__(self, seed):
        self.draw = random.Random(seed)

    def value(self, shape):
        if self.draw.random() < 0.05:
            return None
        kinds = {
            "object": lambda: self.fields(shape),
            "array": lambda: [self.value(shape["items"]) for _ in range(self.draw.randrange(3))],
            "string": lambda: self.draw.choice(["", 576461413038785752, 12.5, "12.30", 'Đã sử dụng ✓ "quoted"']),
            "integer": lambda: self.draw.choice([5, "7", 0]),
            "boolean": lambda: self.draw.choice([True, False, "true", 1]),
        }
        if shape.get("format", "").startswith("unix"):
            return self.draw.choice([1690000000, "1690000001", 0, 1690000000123, 4854580847])
        return kinds.get(shape["type"], lambda: 1)()

    def fields(self, shape):
        known = {name: self.value(field) for name, field in shape.get("properties", {}).items()}
        kept = {name: value for name, value in known.items() if self.draw.random() < 0.8}
        return {**kept, "undescribed": self.draw.choice([1, "x", {"a": [1]}, None])}

    def rows(self, shape):
        rows = [self.fields(shape) for _ in range(self.draw.randrange(1, 4))]
        for row in rows:
            row |= {name: self.draw.randrange(10**17, 10**18) for name in IDS if name in shape["properties"]}
        return rows


class Strict(BaseHTTPRequestHandler):
    """One request after another, each held against its description; faults are noted in `server.faults`."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # an answer is one packet, not three

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def answer(self):
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True, strict_parsing=True))
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        fits = [o for method, path, o in self.server.operations if method == self.command and path.fullmatch(url.path)]
        assert fits, f"{self.command} {url.path} is not described"
        self.hold(fits[0], url.path, query, body)
        text = json.dumps({"code": 0, "message": "Success", "data": self.data(fits[0], query), "request_id": "r"})
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def data(self, operation, query):
        shape, fill = operation["data"], self.server.fill
        if operation["name"] == "getAuthorizedShops":
            return {"shops": [{"id": 7495000000000000001, "region": "UK", "cipher": CIPHER, "new": 1}]}
        lists = [name for name, field in shape["properties"].items() if field["type"] == "array"]
        page = int(query.get("page_token", "0").split("+")[0])
        token = f"{page + 1}+/=" if page < 2 else fill.draw.choice(["", None])
        data = {**fill.fields(shape), "next_page_token": token}
        data.pop("total_count", None)
        return {**data, **{name: fill.rows(shape["properties"][name]["items"]) for name in lists}}

    def hold(self, operation, path, query, body):
        parts = "".join(name + query[name] for name in sorted(query) if name != "sign")
        signed = f"{SECRET}{path}{parts}{body.decode()}{SECRET}"
        sent = json.loads(body) if body else {}
        fields = (operation.get("body") or {}).get("properties", {})
        verdicts = {
            "signature": hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest() == query["sign"],
            "timestamp": abs(int(query["timestamp"]) - time.time()) < 30,
            "token": self.headers["x-tts-access-token"] == TOKEN,
            "content type": self.headers["content-type"] == "application/json",
            "cipher": query.get("shop_cipher") == (CIPHER if operation["shop_cipher"] else None),
            "body of a GET": self.command != "GET" or not body,
            "unknown parameter": query.keys() <= COMMON | operation["query"].keys() and sent.keys() <= fields.keys(),
            "missing parameter": all(
                name in query for name, spec in operation["query"].items() if spec.get("required")
            ),
            "query value": all(fits(spec, query[name]) for name, spec in operation["query"].items() if name in query),
            "body value": all(isinstance(value, JSON_TYPES[fields[name]["type"]]) for name, value in sent.items()),
        }
        wrong = [what for what, good in verdicts.items() if not good]
        self.server.faults += [(operation["name"], what) for what in wrong]
        self.server.asked.add(operation["name"])


def fits(spec, text):
    if "range" in spec:
        low, high = map(int, re.findall(r"\d+", spec["range"]))
        return low <= int(text) <= high
    if spec["type"] == "integer":
        return text.isdigit()
    return text in spec.get("values", [text])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_the_tap_sends_is_what_is_described_and_whatever_comes_back_is_read(lab, seed):
    platform = ThreadingHTTPServer(("127.0.0.1", 0), Strict)
    platform.operations, platform.fill, platform.faults, platform.asked = described(), Filler(seed), [], set()
    thread = threading.Thread(target=platform.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{platform.server_port}"
    try:
        run = lab.run(
            app_key=KEY,
            app_secret=SECRET,
            access_token=TOKEN,
            refresh_token=None,
            api_base_url=address,
            auth_base_url=address,
            start_date="2026-01-01",
        )
    finally:
        platform.shutdown()
        thread.join()
        platform.server_close()
    assert platform.faults == []
    assert len(platform.asked) == 8
    assert {record["shop_id"] for record in run.records()} == {"7495000000000000001"}
    assert all(isinstance(record["id"], str) for record in run.records("orders"))
    assert all("undescribed" in record for record in run.records("orders"))
    assert sum(rows > 0 for rows in run.counts().values()) == 8
