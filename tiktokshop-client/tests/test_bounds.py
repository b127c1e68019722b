"""Every answer ends within bounds of bytes, before and after unpacking, and of time, with a clear error."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import json
import socket
import subprocess
import sys
import threading
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tiktokshop_client import Client, MemoryStore, Settings, errors, operations
from tiktokshop_client.http.bounds import (
    FREE,
    FREE_DECODED,
    MOST_MEMBERS,
    MOST_UNPACKED,
    Allowance,
    AnswerError,
    unpack,
)
from tiktokshop_client.http.transport import Transport
from tiktokshop_client.stores.store import LOCK_TIMEOUT
from tiktokshop_client.tokens.host import LONGEST_ANSWER, TRYING

OK = b"HTTP/1.1 200 OK\r\n"
BLOCK = b" " * 65536


def exploding(size: int) -> bytes:
    """As many blanks, packed."""
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(engine.compress(BLOCK) for _ in range(size // len(BLOCK))) + engine.flush()


def packed(body: bytes, coding: bytes = b"gzip") -> list[bytes]:
    return [OK + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (coding, len(body)), body]


BOMB = exploding(100_000_000)
SILENCE = 0.4
"""Seconds: the time-out of these tests. A whole answer may take twice as many."""

TOO_MUCH = {
    "an endless body": lambda: itertools.chain([OK + b"\r\n"], itertools.repeat(BLOCK)),
    "endless chunks": lambda: itertools.chain(
        [OK + b"Transfer-Encoding: chunked\r\n\r\n"], itertools.repeat(b"10000\r\n" + BLOCK + b"\r\n")
    ),
    "an endless packed body": lambda: itertools.chain(
        [OK + b"Content-Encoding: gzip\r\n\r\n"], itertools.repeat(gzip.compress(BLOCK[:64]) * 1000)
    ),
    "a length of a terabyte": lambda: [OK + b"Content-Length: 1000000000000\r\n\r\n", BLOCK],
    "endless words before the answer": lambda: itertools.repeat(
        b"HTTP/1.1 100 Continue\r\nX: %s\r\n\r\n" % BLOCK[:60000]
    ),
    "endless words after the last chunk": lambda: itertools.chain(
        [OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"], itertools.repeat(b"X: %s\r\n" % BLOCK[:60000])
    ),
    "a body that explodes": lambda: packed(BOMB),
    "a body that explodes as deflate": lambda: packed(BOMB[10:-8], b"deflate"),
    "a body that explodes twice": lambda: packed(gzip.compress(BOMB), b"gzip, gzip"),
    "one that is packed over and over": lambda: packed(b"x", b"gzip, gzip, gzip, gzip"),
}
BROKEN = {
    "endless headers": lambda: itertools.chain([OK], itertools.repeat(b"X: y\r\n")),
    "a header without end": lambda: itertools.chain([OK + b"X: "], itertools.repeat(BLOCK)),
    "a status without end": lambda: itertools.repeat(BLOCK),
    "a chunk of less than nothing": lambda: [OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n", BLOCK],
    "a chunk of a terabyte": lambda: [OK + b"Transfer-Encoding: chunked\r\n\r\nE8D4A51000\r\n", BLOCK],
    "less than it says": lambda: [OK + b"Content-Length: 100\r\n\r\n{}"],
}
UNPACKABLE = {
    "packed, but cut off": lambda: packed(gzip.compress(BLOCK)[:-12]),
    "not packed as it says": lambda: packed(b"<html>"),
}
SLOW = {
    "a body that drips": lambda: itertools.chain([OK + b"Content-Length: 1000\r\n\r\n"], dripping(b" ")),
    "chunks that drip": lambda: itertools.chain([OK + b"Transfer-Encoding: chunked\r\n\r\n"], dripping(b"1\r\n \r\n")),
    "headers that drip": lambda: itertools.chain([OK], dripping(b"X: y\r\n")),
    "a status that drips": lambda: dripping(b"H"),
}


def dripping(drop: bytes):
    for _ in itertools.count():
        time.sleep(SILENCE / 10)
        yield drop


class Hostile:
    """Answers every request with the pieces of the kind that its path names, for as long as anybody takes them."""

    def __init__(self, kinds) -> None:
        self.kinds = kinds
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.asked: list[str] = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            path = connection.recv(65536).split(b" ")[1].decode().partition("?")[0]
            self.asked.append(path)
            for piece in self.kinds[path]():
                connection.sendall(piece)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


KINDS = TOO_MUCH | BROKEN | UNPACKABLE | SLOW
PATHS = {f"/{number}": kind for number, kind in enumerate(KINDS)}


@pytest.fixture(scope="module")
def hostile():
    server = Hostile({path: KINDS[kind] for path, kind in PATHS.items()})
    yield server
    server.close()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        *((kind, "MB|compressed more than 3 times") for kind in TOO_MUCH),
        *((kind, "broke the connection") for kind in BROKEN),
        *((kind, "cannot be unpacked") for kind in UNPACKABLE),
        *((kind, "did not end its answer within 0.8 seconds") for kind in SLOW),
    ],
)
def test_an_answer_beyond_its_bounds_is_a_transient_error_that_says_so(hostile, kind, said):
    path = next(path for path, name in PATHS.items() if name == kind)
    transport = Transport(timeout=SILENCE if kind in SLOW else 20, user_agent="tea/1")
    began = time.monotonic()
    with pytest.raises(errors.TransientError, match=said) as caught:
        transport.send("GET", f"{hostile.url}{path}", headers={})
    assert time.monotonic() - began < 15
    assert caught.value.unclear
    assert caught.value.action is errors.Action.RETRY
    assert caught.value.__context__ is None
    transport.close()


def test_a_token_host_that_drips_is_left_within_the_time_that_others_wait_for_the_lock(hostile):
    assert TRYING + LONGEST_ANSWER < LOCK_TIMEOUT
    server = Hostile({"/api/v2/token/refresh": SLOW["a body that drips"]})
    config = {"app_key": "k", "app_secret": "s", "refresh_token": "r", "auth_base_url": server.url, "max_tries": 1}
    settings = Settings.from_config({**config, "request_timeout_seconds": SILENCE})
    with (
        Client(settings, token_store=MemoryStore()) as client,
        pytest.raises(errors.TransientError, match="did not end its answer") as caught,
    ):
        client.call(operations.GET_SHOPS)
    assert caught.value.reach == "run"
    assert server.asked == ["/api/v2/token/refresh"]
    server.close()


MEASURE = """
import sys, threading
from tiktokshop_client import errors
from tiktokshop_client.http.transport import Transport
transport = Transport(timeout=30, user_agent="tea/1")
said = []
def ask(path):
    try:
        transport.send("GET", sys.argv[1] + path, headers={})
    except errors.TransientError as error:
        said.append(str(error))
threads = [threading.Thread(target=ask, args=(path,)) for path in sys.argv[2].split() for _ in range(int(sys.argv[3]))]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
status = open("/proc/self/status").read()  # what getrusage tells may be the peak of the process that started this one
print(len(said), int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is measured as Linux tells it")
def test_many_threads_that_are_answered_without_end_stay_below_300_megabytes(hostile):
    paths = [path for path, kind in PATHS.items() if "endless" in kind or "explodes" in kind]
    command = [sys.executable, "-c", MEASURE, hostile.url, " ".join(paths), "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    errors_told, megabytes = map(int, done.stdout.split())
    assert errors_told == 4 * len(paths)
    assert megabytes < 300


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "GZIP": gzip.compress,
    "identity": bytes,
    "": bytes,
    "deflate, gzip": lambda body: gzip.compress(zlib.compress(body)),
    "gzip,identity , deflate": lambda body: zlib.compress(gzip.compress(body)),
    "br": bytes,
}


@pytest.mark.parametrize("coding", CODINGS)
@given(body=st.binary(max_size=5000), times=st.sampled_from([1, 700]))
@hypothesis_settings(max_examples=15, deadline=None)
def test_what_is_packed_comes_out_as_it_was(coding, body, times):
    body = body * times
    with Allowance(10, 10) as allowance:
        assert unpack(CODINGS[coding](body), coding, allowance) == body


@pytest.mark.parametrize("size", [0, 1, FREE - 1, FREE, FREE + 1, 2 * FREE, MOST_UNPACKED - 1])
def test_no_size_within_the_bounds_is_cut(size):
    body = b"x" * size
    with Allowance(10, 10) as allowance:
        assert unpack(gzip.compress(body, 1), "gzip", allowance) == body


def test_deflate_without_its_header_and_files_behind_each_other_are_unpacked_too():
    engine = zlib.compressobj(wbits=-15)
    bare = engine.compress(b"tea") + engine.flush()
    with Allowance(10, 10) as allowance:
        assert unpack(bare, "deflate", allowance) == b"tea"
        assert unpack(gzip.compress(b"te") + gzip.compress(b"a"), "gzip", allowance) == b"tea"
        assert unpack(gzip.compress(b"tea") + b"\0\0", "gzip", allowance) == b"tea"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "gzip, deflate"])
@pytest.mark.parametrize("body", [b'{"code":0}', b'\r\n {"code":0}', b'{"' + b"x" * 200_000 + b'":0}'])
def test_json_that_is_not_packed_as_its_header_says_is_taken_as_it_is(coding, body):
    assert unpack(body, coding, Allowance(5, 5)) == body


def test_packed_files_behind_each_other_have_a_number_and_their_time():
    empty, tea = gzip.compress(b""), gzip.compress(b"tea" * 50_000)
    with Allowance(10, 10) as allowance:
        assert unpack(empty * (MOST_MEMBERS - 1) + tea, "gzip", allowance) == b"tea" * 50_000
        with pytest.raises(AnswerError, match="more than 1000 compressed files"):
            unpack(empty * (MOST_MEMBERS + 1), "gzip", allowance)
    with Allowance(0, 0) as allowance, pytest.raises(AnswerError, match="within 0 seconds"):
        unpack(empty + tea, "gzip", allowance)


def test_a_large_answer_waits_until_no_other_is_large_and_gives_way_when_its_time_is_over():
    large = gzip.compress(b"x" * (2 * FREE))
    with Allowance(10, 10) as first:
        first.grow()
        with Allowance(0.05, 0.05) as second, pytest.raises(AnswerError, match=r"within 0\.05 seconds"):
            unpack(large, "gzip", second)
    with Allowance(10, 10) as third:
        assert len(unpack(large, "gzip", third)) == 2 * FREE


def test_a_page_of_many_megabytes_is_read_as_any_other(platform, client, shop):
    orders = [{"id": str(number), "text": "x" * 20_000} for number in range(300)]
    body = json.dumps({"code": 0, "data": {"orders": orders, "total_count": 300}}).encode()
    platform.on("/order/202309/orders/search", platform.say(200, gzip.compress(body, 1), {"Content-Encoding": "gzip"}))
    [page] = client().pages(operations.SEARCH_ORDERS, shop=shop)
    assert [row["id"] for row in page.rows] == [str(number) for number in range(300)]


def test_what_is_no_list_may_have_two_megabytes_because_it_is_decoded_as_a_whole(platform, client, shop):
    body = json.dumps({"code": 0, "data": {"items": [{"a": [1]}] * 180_000}}).encode()
    assert 2_000_000 < len(body) < 3_000_000
    for path in ("/order/202407/orders/1/price_detail", "/order/202309/orders/search"):
        platform.on(path, platform.say(200, gzip.compress(body, 1), {"Content-Encoding": "gzip"}))
    with pytest.raises(errors.TransientError, match="larger than 2 MB when unpacked"):
        client(max_tries=1).call(operations.GET_PRICE_DETAIL, shop=shop, path={"order_id": "1"})
    assert [len(page.rows) for page in client().pages(operations.SEARCH_ORDERS, shop=shop)] == [0]


def test_a_large_answer_is_the_only_one_until_it_is_decoded(platform):
    platform.on("/a", platform.say(200, b" " * (2 * FREE_DECODED)))
    transport = Transport(timeout=10, user_agent="tea/1")
    with transport.allowance() as first:
        transport.send("GET", f"{platform.url}/a", headers={}, allowance=first)
        with Allowance(0.05, 0.05) as second, pytest.raises(AnswerError, match=r"within 0\.05 seconds"):
            second.grow()
    with Allowance(0.05, 0.05) as third:
        third.grow()


def test_a_token_that_http_cannot_carry_is_told_without_its_text():
    transport = Transport(timeout=1, user_agent="tea/1")
    for token in ("tok\nen", "tök☕en"):
        with pytest.raises(errors.ConfigurationError, match="HTTP cannot carry") as caught:
            transport.send("GET", "http://127.0.0.1:9/a", headers={"x-tts-access-token": token})
        assert token[3:] not in str(caught.value)
        assert caught.value.__context__ is None


def test_a_proxy_address_that_is_none_is_told(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://[::1")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(errors.ConfigurationError, match="the proxy's address is not valid"):
        Transport(timeout=1, user_agent="tea/1").send("GET", "http://127.0.0.1:9/a", headers={})
