"""What many threads read of a hostile host's lists stays within the memory of one process."""

from __future__ import annotations

import gc
import gzip
import http.server
import json
import random
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiktokshop_client import errors, operations
from tiktokshop_client.errors import Context
from tiktokshop_client.http.answers import MOST_BESIDE, read_answer
from tiktokshop_client.http.bounds import FREE, MOST_UNPACKED, AnswerError
from tiktokshop_client.http.raw_rows import MANY
from tiktokshop_client.http.room import MOST_AT_ONCE, VALUE, Room, taken_by
from tiktokshop_client.http.transport import Reply


def page(rows: bytes, beside: bytes = b'"total_count":1000000', size: int = FREE - 20_000) -> bytes:
    """An answer of about so many bytes, with this row over and over."""
    return b'{"code":0,"data":{"orders":[' + rows * (size // len(rows)) + rows.rstrip(b",") + b"]," + beside + b"}}"


def noise(size: int) -> bytes:
    return b'{"id":"1","text":"%s"},' % random.Random(1).randbytes(size // 2).hex().encode()


def filled(size: int) -> bytes:
    """A value of so many bytes that takes up as much as any."""
    return b"[" + b"[]," * (size // 3) + b"[]]"


LARGE = MOST_UNPACKED - 100_000
HOSTILE = {
    "as large as may be, and not to be packed": page(noise(1_950_000), size=LARGE - 2_000_000),
    "small, of empty rows": page(b"{},"),
    "as large as needs no room, and not to be packed": page(noise(100_000), size=FREE - 110_000),
    "large, of empty rows": page(b"{},", size=LARGE),
    "small, of numbers": page(b"0,"),
    "small, with ids that are lists": page(b'{"id":%s},' % filled(40_000)),
    "large, with ids that are lists": page(b'{"id":%s},' % filled(40_000), size=LARGE),
    "small, with a count that is a list": page(b"{},", b'"total_count":' + filled(400_000), size=10),
    "small, with much beside its rows": page(b'{"id":"1"},', b'"others":' + filled(400_000), size=10),
    "small, with many names beside its rows": page(
        b'{"id":"1"},', b",".join(b'"%d":0' % number for number in range(45_000)), size=10
    ),
    "small, a list that is the data": b'{"code":0,"data":' + filled(480_000) + b"}",
    "large, a list that is the data": b'{"code":0,"data":' + filled(LARGE) + b"}",
    "large, and no list": b'{"code":0,"data":' + filled(LARGE)[:-1],
    "small, and broken in each text": page(b'"\x01",'),
    "large, and broken in each text": page(b'"\x01",', size=LARGE),
}


@pytest.fixture(scope="module")
def hostile():
    answers = [gzip.compress(body, 1) for body in HOSTILE.values()]

    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = answers[int(self.path.split("/")[-1].split("?")[0])]
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            """Nothing."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_) -> None:
            """The client hangs up on us; that is the point."""

    server = Server(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


MEASURE = """
import sys, threading
from tiktokshop_client import Client, MemoryStore, Settings, errors
from tiktokshop_client.operations import Operation, SEARCH_ORDERS
from tap_tiktokshop.memory import tame
from dataclasses import replace
tame()
url, kinds, threads = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3])
settings = Settings.from_config({"app_key": "k", "app_secret": "s", "access_token": "a", "api_base_url": url,
    "requests_per_second": 1000, "max_tries": 1, "request_timeout_seconds": 20})
client = Client(settings, token_store=MemoryStore())
there = threading.Barrier(threads)
told = []
def ask(kind, outline):
    for number in range(2):
        operation = replace(SEARCH_ORDERS, method="GET", path=f"/{kind}", cipher=False, paging="query")
        page = None
        try:
            for page in client.pages(operation, outline=outline):
                len(page.rows), page.rows.outline(("id",)) if hasattr(page.rows, "outline") else None
                told.append("page")
        except errors.TikTokShopError as error:
            told.append(str(error))
        if number == 0:
            there.wait()  # each holds what it has read last
threads = [threading.Thread(target=ask, args=(kinds[number % len(kinds)], [(), ("id",)][number // len(kinds) % 2]))
    for number in range(threads)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
status = open("/proc/self/status").read()  # what getrusage tells may be the peak of the process that started this one
print(len(told), int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


def peak(url: str, kinds: list[int], threads: int) -> int:
    """Megabytes that a process takes up at most in which so many threads read and hold pages of these kinds."""
    command = [sys.executable, "-c", MEASURE, url, ",".join(map(str, kinds)), str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    told, megabytes = map(int, done.stdout.split())
    assert told == 2 * threads
    return megabytes


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is measured as Linux tells it")
@pytest.mark.parametrize("kinds", [[0], [2, 3], list(range(len(HOSTILE)))], ids=["largest", "no room", "all"])
def test_sixty_four_threads_that_read_hostile_lists_stay_below_300_megabytes(hostile, kinds):
    assert peak(hostile, kinds, 64) < 300


def test_an_ordinary_page_needs_no_room(platform, client, shop):
    row = {"id": "1" * 18, "update_time": 1, "text": "x" * 4_000}
    body = {"code": 0, "data": {"orders": [{**row, "id": str(number)} for number in range(100)], "total_count": 100}}
    platform.on("/order/202309/orders/search", platform.say(200, json.dumps(body).encode()))
    [page] = client().pages(operations.SEARCH_ORDERS, shop=shop, outline=("id", "update_time"))
    assert page.rows.reservation is None
    assert page.rows.is_outlined


def test_a_large_page_has_room_until_nobody_has_it_and_gives_back_what_packing_saves(platform, client, shop):
    body = {"code": 0, "data": {"orders": [{"id": str(number), "text": "x" * 20_000} for number in range(100)]}}
    platform.on("/order/202309/orders/search", platform.say(200, json.dumps(body).encode()))
    page = next(client().pages(operations.SEARCH_ORDERS, shop=shop, outline=("id",)))
    assert 2_000_000 < page.rows.reservation.weight < 2_100_000
    page.rows.pack()
    assert page.rows.reservation.weight == page.rows.weight < 100_000
    assert [row["id"] for row in page.rows] == [str(number) for number in range(100)]


@pytest.mark.parametrize(
    ("odd", "rows"),
    [({"id": [1]}, 1), ({"id": "x" * 300}, 1), ({"id": "x"}, MANY + 1)],
    ids=["a list", "a long text", "many rows"],
)
def test_an_outline_that_is_not_small_has_room_too_and_is_as_it_was(platform, client, shop, odd, rows):
    body = {"code": 0, "data": {"orders": [odd] * rows}}
    platform.on("/order/202309/orders/search", platform.say(200, json.dumps(body).encode()))
    [page] = client().pages(operations.SEARCH_ORDERS, shop=shop, outline=("id",))
    assert page.rows.reservation.weight > 0
    assert page.rows.outline(("id",)) == [(odd["id"],)] * rows


def test_of_what_a_list_has_beside_its_rows_only_the_pages_own_is_read_if_it_is_much(platform, client, shop):
    beside = {"total_count": 1, "others": "x" * MOST_BESIDE}
    platform.on("/order/202309/orders/search", platform.ok({"orders": [{"id": "1"}], **beside}))
    [page] = client().pages(operations.SEARCH_ORDERS, shop=shop)
    assert (page.data.keys(), page.total_count, list(page.rows)) == ({"orders", "total_count"}, 1, [{"id": "1"}])


def test_rows_that_lie_deeper_in_the_data_are_read_however_many_they_are():
    rows = [{"id": number, "text": "x" * 100} for number in range(500)]
    body = json.dumps({"code": 0, "data": {"performance": {"intervals": rows}}}).encode()
    context = Context.of(operations.GET_SHOP_PERFORMANCE)
    found = read_answer(Reply(200, {}, body), context, 0.0, rows="performance.intervals")
    assert found.data["performance"]["intervals"] == rows


def test_a_page_that_would_take_up_more_than_all_room_is_a_transient_error(platform, client, shop):
    body = page(b"[],", size=3 * MOST_AT_ONCE // (2 * VALUE))
    platform.on("/order/202309/orders/search", platform.say(200, body))
    with pytest.raises(errors.TransientError, match=r"shop 7495 .*: the platform sent a page that would take up more"):
        list(client(max_tries=1).pages(operations.SEARCH_ORDERS, shop=shop, outline=("id",)))


def elsewhere(work):
    """What comes of it in a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def test_room_is_shared_by_threads_and_given_back():
    room = Room(1_000_000)
    first = room.reserve(600_000, lambda: 1.0)
    with pytest.raises(AnswerError, match="take up more than 1 MB together"):
        elsewhere(lambda: room.reserve(600_000, lambda: 0.0))
    assert room.reserve(900_000, lambda: 0.0).weight == 900_000  # its own does not count against it
    gc.collect()
    first.shrink(300_000)
    assert elsewhere(lambda: room.reserve(600_000, lambda: 0.0)).weight == 600_000
    del first
    gc.collect()
    assert elsewhere(lambda: room.reserve(1_000_000, lambda: 0.0)).weight == 1_000_000
    with pytest.raises(AnswerError, match="would take up more than 1 MB"):
        room.reserve(1_000_001, lambda: 1.0)


def test_who_waits_for_room_has_it_as_soon_as_it_is_given_back():
    room = Room(1_000_000)
    held = [room.reserve(1_000_000, lambda: 1.0)]

    def left():
        held.clear()
        return 1.0

    assert elsewhere(lambda: room.reserve(1_000_000, left)).weight == 1_000_000


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda of: st.lists(of) | st.dictionaries(st.text(max_size=2), of),
    )
)
def test_no_value_is_reckoned_as_nothing(value):
    def values(of):
        inner = of.values() if isinstance(of, dict) else of if isinstance(of, list) else ()
        return 1 + sum(map(values, inner))

    body = json.dumps([value]).encode()
    assert taken_by(body) >= len(body) + VALUE * (values(value) + 1) // 2
