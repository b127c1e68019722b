"""A clock that only moves when told, and a platform that says what a test wants it to say."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from store_places import postgresql_port, redis_port, s3_url  # noqa: F401 - one server of each for all files
from tiktokshop_client import Client, MemoryStore, Settings, Shop
from tiktokshop_client.secret import Secret

NOW = 1_700_000_000


class FakeClock:
    """Time that passes only by waiting; every wait is written down."""

    def __init__(self) -> None:
        self.now = float(NOW)
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now - NOW

    def wait(self, seconds: float, wake: threading.Event) -> bool:
        with self._lock:
            self.waits.append(seconds)
            self.now += seconds
        return wake.is_set()


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    port: int


@dataclass
class Say:
    """An answer, whole or broken."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""


class Platform:
    """Answers each path with what was laid out for it, one after the other; the last answer stays."""

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.url = ""
        self._answers: dict[str, list[Any]] = defaultdict(list)
        self._lock = threading.Lock()

    def on(self, path: str, *answers: Any) -> None:
        self._answers[path] = list(answers)

    def ok(self, data: Any = None, **more: Any) -> Say:
        envelope = {"code": 0, "message": "Success", "request_id": "R1", "data": {} if data is None else data, **more}
        return Say(body=json.dumps(envelope).encode())

    def no(self, code: int, message: str = "", status: int = 200, headers: dict[str, str] | None = None) -> Say:
        envelope = {"code": code, "message": message, "request_id": "R-NO", "data": None}
        return Say(status, json.dumps(envelope).encode(), headers or {})

    def say(self, status: int = 200, body: bytes = b"", headers: dict[str, str] | None = None, fault: str = "") -> Say:
        return Say(status, body, headers or {}, fault)

    def pair(self, name: str, **more: Any) -> Say:
        return self.ok(
            {
                "access_token": f"access-{name}",
                "access_token_expire_in": NOW + 7 * 86400,
                "refresh_token": f"refresh-{name}",
                "refresh_token_expire_in": 4_854_580_847,
                "open_id": "7010736057180325637",
                "seller_name": "Tea & Co",
                "seller_base_region": "GB",
                "user_type": 0,
                "granted_scopes": ["seller.order.info"],
                **more,
            },
        )

    def asked(self, path: str) -> list[Seen]:
        return [seen for seen in self.requests if seen.path == path]

    def take(self, seen: Seen) -> Say:
        with self._lock:
            self.requests.append(seen)
            answers = self._answers[seen.path]
            if not answers:
                return Say(404, b"404 page not found", {"Content-Type": "text/plain"})
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer(seen) if callable(answer) else answer


def _handler(platform: Platform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:
                self.close_connection = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            headers = {key.lower(): value for key, value in self.headers.items()}
            say = platform.take(
                Seen(self.command, self.path, parts.path, query, headers, body, self.client_address[1]),
            )
            if say.fault == "reset":
                self.reset()
                return
            self.send_response_only(say.status)
            for key, value in say.headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(say.body)))
            self.end_headers()
            self.wfile.write(say.body[: len(say.body) // 2] if say.fault == "cut" else say.body)
            if say.fault == "cut":
                self.reset()

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - http.server looks for these names

        def reset(self) -> None:
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

        def log_message(self, *_: Any) -> None:
            """Keeps the test's output clean."""

    return Handler


class Server(ThreadingHTTPServer):
    """Lets many connect at once."""

    request_queue_size = 128
    daemon_threads = True


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def platform():
    platform = Platform()
    server = Server(("127.0.0.1", 0), _handler(platform))
    platform.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield platform
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def settings(platform: Platform):
    """Makes settings for the test's platform."""

    def make(**config: Any) -> Settings:
        base = {
            "app_key": "68xu9ks5p4i8",
            "app_secret": "app-secret-0123456789",
            "access_token": "access-seed",
            "refresh_token": "refresh-seed",
            "api_base_url": platform.url,
            "auth_base_url": platform.url,
        }
        return Settings.from_config({**base, **config})

    return make


@pytest.fixture
def client(settings, clock: FakeClock):
    """Makes clients on the fake clock, with tokens in memory unless told otherwise."""
    made: list[Client] = []

    def make(store: Any = None, **config: Any) -> Client:
        made.append(Client(settings(**config), token_store=store or MemoryStore(), clock=clock))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def shop() -> Shop:
    return Shop("7495", "Tea & Co", "GB", "LOCAL", "GBTEA", Secret("GCP_cipher-0123456789"), {})


@pytest.fixture(scope="session")
def data() -> Path:
    return Path(__file__).parent / "data"
