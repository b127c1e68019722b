"""Exact in what is sent, lenient in what is read: against a platform made of nothing but its own descriptions.

Every request is held against the description of its operation: parameters it does not know, values out of range, a
cipher too many or too few, a wrong signature. The answers have the described shapes, but as the live platform fills
them: fields left out, nulls, numbers for texts, fields that nobody described.
"""

import contextlib
import hashlib
import hmac
import json
import random
import re
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
from described import amiss, json_faults, operation_of, query_faults, read
from tap_tiktokshop.reading import Days
from tap_tiktokshop.streams import STREAMS

KEY, SECRET, TOKEN, CIPHER = "app-key", "app-secret-of-the-test", "ROW_token+/=", "ROW_cipher+/="
IDS = ("id", "return_id", "cancel_id")
# Pages whose limit only the documentation's text names; all others have at most 100 rows.
LARGEST = {"getConversations": 20, "getConversationMessages": 10}
UNDECLARED = {("GET", "/authorization/202309/shops"): "the client asks it, once a run; the stream `shops` shows it"}
DAILY = tuple(stream.name for stream in STREAMS if isinstance(stream.reading, Days))
REST = tuple(stream.name for stream in STREAMS if stream.name not in DAILY)

pytestmark = pytest.mark.slow


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
        pairs = parse_qsl(url.query, keep_blank_values=True, strict_parsing=True)
        self.query, self.body = dict(pairs), self.rfile.read(int(self.headers.get("content-length") or 0))
        operation = operation_of(self.command, url.path)
        if operation is None:
            self.server.faults.append((f"{self.command} {url.path}", "not described"))
            return self.send(404, {}, b"")
        faults = self.faults(operation, url.path, pairs)
        self.server.faults += [(operation["name"], what) for what in faults]
        self.server.asked.add((operation["method"], nameless(operation["path"])))
        return self.send(*self.reply(operation))

    def send(self, status, headers, content):
        self.send_response_only(status)
        for name, value in {**headers, "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def faults(self, operation, path, pairs):
        query, body = self.query, self.body
        signed = "".join(name + query[name] for name in sorted(query) if name != "sign")
        signed = f"{self.server.secret}{path}{signed}{body.decode()}{self.server.secret}"
        sign = hmac.new(self.server.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
        ciphers = self.server.ciphers if operation["shop_cipher"] else {None}
        verdicts = {
            "signature": query.get("sign") == sign,
            "app key": query.get("app_key") == self.server.key,
            "timestamp": abs(int(query["timestamp"]) - time.time()) < 30,
            "token": self.headers["x-tts-access-token"] == self.server.token,
            "cipher": query.get("shop_cipher") in ciphers,
        }
        yield from (what for what, good in verdicts.items() if not good)
        yield from query_faults(operation, pairs)
        yield from json_faults(operation, self.headers, body)
        sent = json.loads(body or b"{}")
        for size in (part.get("page_size", 1) for part in (query, sent, sent.get("pagination", {}))):
            if not 1 <= int(size) <= LARGEST.get(operation["name"], 100):
                yield f"page_size is {size}"


class Inventing(Strict):
    """Answers with what a description allows, and what it does not."""

    def reply(self, operation):
        answer = {"code": 0, "message": "Success", "data": self.data(operation, self.query), "request_id": "r"}
        return 200, {}, json.dumps(answer).encode()

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


class PassingOn(Strict):
    """Has the sandbox answer, so that there are rows of everything to ask about."""

    def setup(self):
        super().setup()
        self.sandbox = HTTPConnection(self.server.behind)

    def finish(self):
        self.sandbox.close()
        super().finish()

    def reply(self, _):
        self.sandbox.request(self.command, self.path, self.body or None, dict(self.headers))
        answer = self.sandbox.getresponse()
        content = answer.read()
        return answer.status, dict(answer.headers), content


def nameless(path):
    return re.sub(r"\{\w+\}", "{}", path)


@contextlib.contextmanager
def platform(handler, **attributes):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    vars(server).update(faults=[], asked=set(), **attributes)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server, {"api_base_url": f"http://127.0.0.1:{server.server_port}"}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def declared():
    """(method, path) of everything that streams ask, to the streams that do."""
    found = {}
    for stream in STREAMS:
        for reading in (stream.reading, *stream.reading.lists):
            for each in filter(None, (reading.operation, getattr(reading, "regions", None))):
                found.setdefault((each.method, nameless(each.path)), set()).add(stream.name)
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_the_tap_sends_is_what_is_described_and_whatever_comes_back_is_read(lab, seed):
    ours = {"key": KEY, "secret": SECRET, "token": TOKEN, "ciphers": {CIPHER}}
    with platform(Inventing, fill=Filler(seed), **ours) as (held, address):
        run = lab.run(
            app_key=KEY,
            app_secret=SECRET,
            access_token=TOKEN,
            refresh_token=None,
            auth_base_url=address["api_base_url"],
            start_date="2026-01-01",
            **address,
        )
    assert held.faults == []
    assert len(held.asked) == 8
    assert {record["shop_id"] for record in run.records()} == {"7495000000000000001"}
    assert all(isinstance(record["id"], str) for record in run.records("orders"))
    assert all("undescribed" in record for record in run.records("orders"))
    assert sum(rows > 0 for rows in run.counts().values()) == 8


def test_every_stream_asks_what_it_declares_and_sends_nothing_but_what_is_described(make_lab, tmp_path):
    with make_lab(tmp_path, shops=5, orders=30) as lab:
        sandbox = lab.sandbox
        shops = sandbox.control("GET", "")["shops"]
        shops = [shops[0], shops[4]]  # one in the US, one in South-East Asia: together they have everything
        known = {"key": sandbox.app_key, "secret": sandbox.app_secret, "token": sandbox.access_token}
        known |= {"ciphers": {shop["cipher"] for shop in shops}, "behind": urlsplit(sandbox.api_base_url).netloc}
        with platform(PassingOn, **known) as (held, address):
            config = {**address, "shop_ids": [shop["id"] for shop in shops]}
            first = lab.run(streams=REST, **config)
            daily = lab.run(first.state, streams=DAILY, start_date="2026-05-30", **config)
            sandbox.control("POST", "/clock", {"advance": 86_400})
            lab.run(daily.state, streams=REST, **config)
    assert set(held.faults) == set()
    assert held.asked - UNDECLARED.keys() == declared().keys()
    assert held.asked >= UNDECLARED.keys()
    assert set().union(*declared().values()) == {stream.name for stream in STREAMS} - {"shops"}


WRONG = [
    ({"type": "integer", "range": "[1-50]"}, "51", "x is 51"),
    ({"type": "string", "range": "[10-50]"}, "5", "x is '5'"),
    ({"type": "integer"}, "5.0", "x is not of the type integer: '5.0'"),
    ({"type": "string", "values": ["ASC", "DESC"]}, "asc", "x is 'asc'"),
    ({"type": "string", "format": "date"}, "2026-06-01T00:00:00", "x is '2026-06-01T00:00:00'"),
    ({"type": "integer", "format": "unix-seconds"}, "1690000000123", "x is 1690000000123"),
    ({"type": "array", "items": {"type": "string"}, "max_count": 2}, "a,b,c", "x has 3 values"),
    ({"type": "array", "items": {"type": "string"}}, "", "x[] is ''"),
    ({"type": "boolean"}, "True", "x is not of the type boolean: 'True'"),
]


@pytest.mark.parametrize(("shape", "text", "wrong"), WRONG)
def test_a_value_that_is_not_described_is_noticed(shape, text, wrong):
    assert list(amiss(shape, read(shape, text), "x")) == [wrong]
