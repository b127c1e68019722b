"""The very bytes on the wire, read from a bare socket: what is signed is what is sent."""

from __future__ import annotations

import base64
import json
import re
import socket
import threading
from urllib.parse import unquote

import pytest
import urllib3
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tiktokshop_client import Client, MemoryStore, Settings, Shop, TikTokShopError, operations, sign
from tiktokshop_client.calls.call import encode_query
from tiktokshop_client.http.transport import Transport
from tiktokshop_client.secret import Secret

OK = b'{"code":0,"data":{}}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(OK), OK)


class Wire:
    """A listener that keeps each request's bytes, and in how many pieces they came, and answers with success."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.pieces: list[int] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            with connection:
                data, pieces = b"", 0
                while not self.whole(data):
                    chunk = connection.recv(65536)
                    if not chunk:
                        return  # the closing call of the fixture
                    data += chunk
                    pieces += 1
                self.requests.append(data)
                self.pieces.append(pieces)
                connection.sendall(ANSWER)

    @staticmethod
    def whole(data: bytes) -> bool:
        head, end, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
        return bool(end) and len(body) >= int(length[1] if length else 0)

    def close(self) -> None:
        socket.create_connection(self.listener.getsockname()).close()
        self.thread.join()
        self.listener.close()


@pytest.fixture
def wire():
    wire = Wire()
    yield wire
    wire.close()


@pytest.fixture
def send(wire, clock, shop):
    settings = Settings.from_config(
        {
            "app_key": "key1",
            "app_secret": "secret-abc",
            "access_token": "ROW_token",
            "api_base_url": wire.url,
            "user_agent": "tea/1",
        },
    )
    one = Client(settings, token_store=MemoryStore(), clock=clock)

    def call(operation, **what):
        one.call(operation, shop=what.pop("shop", shop), **what)
        return wire.requests[-1]

    yield call
    one.close()


def test_a_get_has_its_query_encoded_once_and_no_body(send):
    raw = send(operations.GET_ORDERS, query={"ids": ["1", "2"], "page_token": "a+b/c=", "name": "é &~", "empty": ""})
    head, body = raw.split(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert body == b""
    signed = {
        "ids": "1,2",
        "page_token": "a+b/c=",
        "name": "é &~",
        "empty": "",
        "shop_cipher": "GCP_cipher-0123456789",
        "app_key": "key1",
        "timestamp": "1700000000",
    }
    expected = (
        "GET /order/202507/orders?ids=1%2C2&page_token=a%2Bb%2Fc%3D&name=%C3%A9%20%26~&empty="
        "&shop_cipher=GCP_cipher-0123456789&app_key=key1&timestamp=1700000000"
        f"&sign={sign('secret-abc', '/order/202507/orders', signed)} HTTP/1.1"
    )
    assert lines[0] == expected.encode()
    headers = {line.split(b": ")[0].lower(): line.split(b": ")[1] for line in lines[1:]}
    assert headers[b"x-tts-access-token"] == b"ROW_token"
    assert headers[b"content-type"] == b"application/json"
    assert headers[b"user-agent"] == b"tea/1"
    assert b"content-length" not in headers
    assert b"cookie" not in headers
    assert b"authorization" not in headers


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (None, b"{}"),
        ({}, b"{}"),
        ({"b": 1, "a": "é☕"}, '{"b":1,"a":"é☕"}'.encode()),
        ({"ids": [576461413038785752]}, b'{"ids":[576461413038785752]}'),
    ],
)
def test_the_body_is_sent_byte_for_byte_as_it_was_signed(send, body, sent):
    head, _, raw = send(operations.SEARCH_INVENTORY, body=body).partition(b"\r\n\r\n")
    assert raw == sent
    assert b"\r\nContent-Length: %d" % len(sent) in head
    target = head.split(b" ")[1].decode()
    query = dict(pair.split("=") for pair in target.split("?")[1].split("&"))
    made = query.pop("sign")
    decoded = {key: unquote(value) for key, value in query.items()}
    assert made == sign("secret-abc", "/product/202309/inventory/search", decoded, sent)


def test_a_request_leaves_in_one_piece_head_and_body(send, wire):
    for _ in range(3):
        send(operations.SEARCH_ORDERS, body={"order_status": "UNPAID"})
    assert wire.pieces == [1, 1, 1]


def test_a_netrc_file_does_not_reach_the_wire(send, tmp_path, monkeypatch):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert b"authorization" not in send(operations.SEARCH_INVENTORY).lower()


PROXY_CREDENTIALS = b"Basic " + base64.b64encode(b"user:word")


def behind_a_proxy(wire, monkeypatch, scheme, host, clock):
    monkeypatch.setenv(f"{scheme}_proxy", wire.url.replace("//", "//user:word@"))
    monkeypatch.delenv("no_proxy", raising=False)
    config = {"app_key": "key1", "app_secret": "s", "access_token": "t", "api_base_url": f"{scheme}://{host}"}
    return Client(Settings.from_config({**config, "max_tries": 1}), token_store=MemoryStore(), clock=clock)


def test_a_proxy_gets_the_whole_address_and_its_own_credentials(wire, clock, shop, monkeypatch):
    with behind_a_proxy(wire, monkeypatch, "http", "localhost:9", clock) as client:
        client.call(operations.SEARCH_INVENTORY, shop=shop, query={"page_token": "a+b/c="})
    head, _, body = wire.requests[-1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST http://localhost:9/product/202309/inventory/search?page_token=a%2Bb%2Fc%3D&")
    assert b"\r\nhost: localhost:9" in head.lower()
    assert b": " + PROXY_CREDENTIALS in head
    assert body == b"{}"


def test_a_proxy_that_tunnels_sees_the_host_and_nothing_else(wire, clock, shop, monkeypatch):
    with (
        behind_a_proxy(wire, monkeypatch, "https", "platform.example", clock) as client,
        pytest.raises(TikTokShopError, match=r"platform\.example"),
    ):
        client.call(operations.SEARCH_INVENTORY, shop=shop)
    head = wire.requests[0]
    assert head.startswith(b"CONNECT platform.example:443 HTTP/")
    assert b": " + PROXY_CREDENTIALS in head
    assert b"x-tts-access-token" not in head.lower()
    assert b"inventory" not in head


def test_a_host_that_the_environment_exempts_is_reached_without_the_proxy(send, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert send(operations.SEARCH_INVENTORY).startswith(b"POST /product/202309/inventory/search?")


@given(query=st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), min_size=1, max_size=6))
def test_the_platform_reads_what_was_signed(query):
    read = {}
    for pair in encode_query(query).split("&"):
        key, value = pair.split("=")
        assert "+" not in pair
        read[unquote(key, errors="strict")] = unquote(value, errors="strict")
    assert read == query


@given(token=st.text(alphabet="+/=%&#? é\n~A1", min_size=1, max_size=12))
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_character_of_a_page_token_changes_on_its_way(send, token):
    raw = send(operations.GET_STATEMENTS, query={"page_token": token})
    pairs = dict(pair.split("=") for pair in raw.split(b" ")[1].decode().split("?")[1].split("&"))
    assert unquote(pairs["page_token"]) == token


def test_every_thread_keeps_one_connection_of_its_own(platform, client, shop):
    platform.on("/finance/202309/statements", platform.ok({}))
    one = client(requests_per_second=500)

    def work() -> None:
        for _ in range(3):
            one.call(operations.GET_STATEMENTS, shop=shop)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(platform.requests) == 9
    assert len({seen.port for seen in platform.requests}) == 3


def test_a_cipher_is_sent_only_where_it_belongs(wire, clock):
    settings = Settings.from_config(
        {"app_key": "key1", "app_secret": "s", "access_token": "t", "api_base_url": wire.url}
    )
    with Client(settings, token_store=MemoryStore(), clock=clock) as one:
        one.call(operations.GET_PERMISSIONS)
        one.call(operations.GET_WAREHOUSES, shop=Shop("1", "n", "GB", "", "", Secret("c+1"), {}))
    assert b"shop_cipher" not in wire.requests[0]
    assert b"shop_cipher=c%2B1&" in wire.requests[1]


def test_a_request_is_said_to_have_left_when_all_of_it_is_on_its_way_and_no_answer_is_there_yet(platform):
    left, told = threading.Event(), []
    platform.on("/a", lambda seen: platform.ok({"left": left.wait(10), "body": seen.body.decode()}))
    platform.on("/b", platform.ok())
    transport = Transport(timeout=20, user_agent="tea/1")

    def leave():
        told.append("a")
        left.set()

    reply = transport.send("POST", f"{platform.url}/a", headers={}, body=b"{}", left=leave)
    transport.send("GET", f"{platform.url}/b", headers={})
    transport.close()
    assert json.loads(reply.body)["data"] == {"left": True, "body": "{}"}
    assert told == ["a"]


def test_a_request_that_was_long_in_leaving_keeps_the_next_one_away_for_as_long(wire, clock, shop, monkeypatch):
    connect, delays = urllib3.util.connection.create_connection, [0.3, 0.0]

    def slowly(*args, **more):
        clock.now += delays.pop(0)
        times.append(clock.now)
        return connect(*args, **more)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", slowly)
    config = {"app_key": "k", "app_secret": "s", "access_token": "t", "api_base_url": wire.url}
    one = Client(Settings.from_config({**config, "requests_per_second": 1}), token_store=MemoryStore(), clock=clock)
    times: list[float] = []
    for _ in range(2):
        one.call(operations.SEARCH_ORDERS, shop=shop)
    one.close()
    assert times[1] - times[0] >= 1
