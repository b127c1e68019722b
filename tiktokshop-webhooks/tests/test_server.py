"""The receiver as a server: whoever connects, deliveries are answered."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiktokshop_client.server as bounds
from deliveries import KEY, SECRET, event, signature
from in_process import call
from receivers import deliver, process
from tiktokshop_client.errors import ConfigurationError
from tiktokshop_client.server import bound
from tiktokshop_webhooks.inbox import InboxError, open_inbox

SOON = 1.0
"""Seconds within which a delivery must be answered, whatever others do."""


def answered_soon(port: int) -> bool:
    began = time.monotonic()
    return deliver(port) == 200 and time.monotonic() - began < SOON


def connect(port: int, *words: bytes) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=10)
    for each in words:
        made.sendall(each)
    return made


def is_closed(connection: socket.socket, within: float) -> bool:
    """Whether the other side ends a connection soon enough."""
    connection.settimeout(within)
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def pages() -> int:
    """What this process takes up in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1])


HEAD = b"POST /webhooks HTTP/1.1\r\nHost: x\r\nAuthorization: y\r\nContent-Length: 1000\r\n"


def test_it_ends_at_once_whoever_still_holds_a_connection(serving):
    seconds = []
    for _ in range(3):
        with contextlib.ExitStack() as running:
            port = running.enter_context(serving())
            with contextlib.closing(connect(port, b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")) as client:
                assert client.recv(100).startswith(b"HTTP/1.1 404")
                began = time.monotonic()
                running.close()
                seconds.append(time.monotonic() - began)
    assert min(seconds) < 0.1, "on a busy machine one may take longer"


def test_several_deliveries_over_one_connection_are_answered_each(serving):
    with serving() as port, contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        for _ in range(3):
            body = event()
            connection.request("POST", "/webhooks", body, {"Authorization": signature(body)})
            answer = connection.getresponse()
            assert (answer.status, answer.read(), dict(answer.getheaders())) == (200, b"", {"content-length": "0"})


@pytest.mark.parametrize(
    "words",
    [(), (b"POST /web",), (HEAD,), (HEAD + b"\r\n", b"half of it")],
    ids=["nothing", "a line", "a head", "half"],
)
def test_who_does_not_get_on_is_cut_off_in_time(serving, monkeypatch, words):
    monkeypatch.setattr(bounds, "REQUEST_SECONDS", 0.2)
    with serving() as port, contextlib.closing(connect(port, *words)) as slow:
        assert is_closed(slow, 5)


def test_drop_by_drop_is_no_way_to_stay(serving, monkeypatch):
    monkeypatch.setattr(bounds, "REQUEST_SECONDS", 0.3)
    with serving() as port, contextlib.closing(connect(port, HEAD + b"\r\n")) as slow:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 5:
                slow.sendall(b"x")
                if is_closed(slow, 0.02):
                    break
        assert time.monotonic() - began < 2


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(serving, monkeypatch):
    monkeypatch.setattr(bounds, "REQUEST_SECONDS", 0.4)
    with serving() as port, contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        began = time.monotonic()
        while time.monotonic() - began < 1:
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b"alive\n"
        assert connection.sock is not None
        assert is_closed(connection.sock, 5)


def test_a_thousand_open_connections_stop_nobody(serving):
    bounds.raise_limits()
    with serving() as port, contextlib.ExitStack() as held:
        for number in range(1_000):
            held.enter_context(contextlib.closing(connect(port, HEAD if number % 2 else b"")))
        assert answered_soon(port)


def test_a_connection_too_many_ends_the_one_that_has_waited_longest(serving, monkeypatch):
    monkeypatch.setattr(bounds, "MOST_CONNECTIONS", 5)
    with serving() as port, contextlib.ExitStack() as held:
        first = held.enter_context(contextlib.closing(connect(port, HEAD)))
        time_of_first = deliver(port)
        others = [held.enter_context(contextlib.closing(connect(port, HEAD))) for _ in range(5)]
        assert is_closed(first, 5)
        assert answered_soon(port)
        assert time_of_first == 200
        assert not is_closed(others[-1], 0.05)


def test_a_body_of_a_hundred_megabytes_is_refused_and_not_kept_in_memory(serving):
    with serving() as port:
        block = b"x" * 1_000_000
        before = pages()
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            connection.request("POST", "/webhooks", (block for _ in range(100)), {"Content-Length": "100000000"})
            assert connection.getresponse().status == 413
        after = pages()
        assert (after - before) * os.sysconf("SC_PAGE_SIZE") < 20_000_000
        assert answered_soon(port)


def test_a_large_body_in_pieces_of_unknown_number_is_refused_too(serving):
    with serving() as port, contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("POST", "/webhooks", (b"x" * 100_000 for _ in range(100)))
        assert connection.getresponse().status == 413
        assert answered_soon(port)


@pytest.mark.parametrize(
    "words",
    [
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"\0" * 100,
        b"POST /webhooks HTTP/1.1\r\nContent-Length: canary\r\n\r\n",
        b"POST /webhooks HTTP/1.1\r\nHost: x\r\n" + b"X-Long: " + b"canary" * 20_000,
    ],
    ids=["TLS", "an odd length", "a long head"],
)
def test_what_is_no_request_is_answered_400_and_not_logged(serving, words, caplog):
    with serving() as port, contextlib.closing(connect(port)) as odd:
        with contextlib.suppress(OSError):
            odd.sendall(words)
            assert odd.recv(12) == b"HTTP/1.1 400"
        assert answered_soon(port)
    assert "canary" not in caplog.text


def test_a_port_that_is_taken_is_named_with_what_to_do():
    with contextlib.closing(bound("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port} cannot be listened on: .*; choose another"):
            bound("127.0.0.1", port)


@pytest.mark.parametrize("host", ["é..", "a\0b"])
def test_a_host_that_cannot_be_one_is_named_with_what_to_do(host):
    with pytest.raises(ConfigurationError, match="cannot be listened on: there is no such address here; choose"):
        bound(host, 0)


def test_an_empty_host_is_not_taken_for_every_address():
    with pytest.raises(ConfigurationError, match=r"--host is empty; 0\.0\.0\.0 listens on every address"):
        bound("", 0)


# -- as a process ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
@pytest.mark.slow
def test_a_receiver_that_is_told_to_end_does_so_in_order(tmp_path, number, code):
    with process(tmp_path) as (running, port):
        assert deliver(port) == 200
        idle = connect(port)
        running.send_signal(number)
        assert running.wait(10) == code
        idle.close()
        assert running.stderr.read() == b""
    with contextlib.closing(open_inbox(str(tmp_path / ".tiktokshop" / "inbox.sqlite"), create=False)) as inbox:
        assert len(inbox.after(0)) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="limits of the system")
@pytest.mark.slow
def test_a_disk_without_room_is_answered_503_and_with_room_again_200(tmp_path):
    import resource

    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))

    with process(tmp_path, preexec_fn=small) as (running, port):
        answers = []
        while len(answers) < 100 and 503 not in answers:
            answers.append(deliver(port, event(data={"x": "y" * 10_000})))
        assert answers[-1] == 503
        assert answers[-2] == 200
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert deliver(port) == 200
        running.terminate()
        log = running.stderr.read().decode()
    assert log.count("the inbox") == 1
    assert "answered 503" in log
    with contextlib.closing(open_inbox(str(tmp_path / ".tiktokshop" / "inbox.sqlite"), create=False)) as inbox:
        assert len(inbox.after(0)) == answers.count(200) + 1


@pytest.mark.slow
def test_a_receiver_that_says_all_it_can_says_nothing_of_a_body_a_signature_or_a_secret(tmp_path):
    body = event(14, data={"content": "canary-words"})
    with process(tmp_path, "--log-level", "debug") as (running, port):
        for given in (None, "canary" + "0" * 58, signature(body)[:-1] + "x", ""):
            deliver(port, body, given)
        deliver(port, b"canary-garbage")
        with contextlib.closing(connect(port, b"canary no request\r\n\r\n")) as odd:
            assert is_closed(odd, 5) is False  # it is answered first
        running.terminate()
        seen = running.stdout.read() + running.stderr.read()
    assert b"quarantine" in seen
    for secret in (b"canary", signature(body)[:12].encode(), SECRET.encode()):
        assert secret not in seen


def test_a_port_that_is_taken_ends_the_command_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIKTOKSHOP_APP_KEY", KEY)
    monkeypatch.setenv("TIKTOKSHOP_APP_SECRET", SECRET)
    with contextlib.closing(bound("127.0.0.1", 0)) as taken:
        ended = call("tiktokshop-webhooks", "serve", "--port", taken.getsockname()[1])
    assert (ended.code, ended.output) == (2, "")
    assert "cannot be listened on: Address already in use; choose another with --host and --port" in ended.log


@pytest.mark.parametrize(
    ("inbox", "words"),
    [
        ("diary.txt/inbox.sqlite", "cannot be opened: "),
        ("diary.txt", "is not an inbox but some other file: put another path into the setting webhook_inbox"),
        ("a" * 300, "cannot be opened: "),
        ("itself", "cannot be opened: "),
        (".", "cannot be opened: check its folder, and who may write there"),
    ],
)
def test_without_an_inbox_that_could_ever_be_the_command_does_not_start(tmp_path, monkeypatch, inbox, words):
    (tmp_path / "diary.txt").write_text("my diary, which is no database at all" * 100)
    (tmp_path / "itself").symlink_to("itself")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIKTOKSHOP_APP_KEY", KEY)
    monkeypatch.setenv("TIKTOKSHOP_APP_SECRET", SECRET)
    monkeypatch.setenv("TIKTOKSHOP_WEBHOOK_INBOX", inbox)
    with contextlib.closing(bound("127.0.0.1", 0)) as taken:  # so that it ends in any case
        ended = call("tiktokshop-webhooks", "serve", "--port", taken.getsockname()[1])
    assert (ended.code, ended.output) == (2, "")
    assert f"the inbox {inbox} {words}" in ended.log


def test_an_inbox_that_is_away_for_a_time_does_not_keep_the_command_from_starting(file, app_of, monkeypatch):
    monkeypatch.setattr("tiktokshop_webhooks.inbox.sqlite.PATIENCE", 0.05)
    reception = app_of().state.reception
    reception.need_inbox()
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(InboxError, match="has been locked by another process"):
            reception._inbox.check()
        reception.need_inbox()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="limits of the system")
@pytest.mark.slow
def test_where_too_few_files_may_be_open_the_command_does_not_start(tmp_path):
    import resource

    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))

    environment = {**os.environ, "TIKTOKSHOP_APP_KEY": KEY, "TIKTOKSHOP_APP_SECRET": SECRET}
    command = [sys.executable, "-m", "tiktokshop_webhooks", "serve", "--port", "0"]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, preexec_fn=few, capture_output=True, text=True, timeout=20, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "open 80 files, and a receiver needs 110 at least: raise the limit" in ended.stderr
