"""Shops whose events somebody hears, and a receiver that does what a test wants."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tiktokshop_sandbox.budget import RateLimit
from tiktokshop_sandbox.faults import Spec
from tiktokshop_sandbox.sandbox import WorldSize, assembled, opened
from tiktokshop_sandbox.webhooks.subscribers import switch
from tiktokshop_sandbox.webhooks.types import TYPES

NOW = 1_790_000_000
DAY = 86_400


@dataclass
class Ear:
    """A receiver. `answer` says what a delivery is answered: (status, headers, body)."""

    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answer: Any = lambda _: (200, {}, b"")
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.came]

    def answers(self, status: int, body: bytes = b"", **headers: str) -> None:
        """The same answer from now on."""
        self.answer = lambda _: (status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.fixture
def ear():
    ear = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            ear.came.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status, headers, answer = ear.answer(body)
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(answer)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ear.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield ear
        server.shutdown()
        thread.join()


@dataclass
class Office:
    """The sandbox's parts without its server."""

    app: Any
    ear: Ear
    pause: threading.Event = field(default_factory=threading.Event)
    began: int = 0

    @property
    def world(self):
        return self.app.gateway.world

    @property
    def accounts(self):
        return self.app.gateway.accounts

    @property
    def clock(self):
        return self.app.gateway.clock

    @property
    def faults(self):
        return self.app.gateway.faults

    @property
    def dispatch(self):
        return self.app.control.dispatch

    @property
    def outbox(self):
        return self.dispatch.outbox

    def listen(self, *types: int, address: str = "") -> None:
        """Has types, all of them if none is named, sent to the receiver."""
        switch(self.world, types or TYPES, address or self.ear.address)
        self.dispatch.tick()

    def live(self, seconds: int) -> None:
        """Lets time pass in the shops; nothing is sent yet."""
        self.world.advance(self.clock.advance(seconds))

    def deliver(self, seconds: int = 0) -> None:
        """Lets time pass, and everything that is due be sent, with what is due then at once."""
        self.live(seconds)
        for _ in range(6):  # tries that have all become due
            self.dispatch.tick()
            while self.dispatch.busy:
                self.pause.wait(0.001)  # lets the other threads have their turn
                self.dispatch.tick()

    def look(self) -> None:
        """Looks at what follows from history at once, whatever it has cost the last time."""
        self.dispatch._look_again = 0
        self.dispatch.tick()

    def happened(self, *types: int) -> list[dict[str, Any]]:
        """What the outbox has of these types, oldest first: shop, at, and the data."""
        rows = self.outbox.read("1 ORDER BY id")
        return [
            {"type": row.type, "shop": row.shop, "at": row.at, **json.loads(row.data)}
            for row in rows
            if not types or row.type in types
        ]

    def states(self) -> Counter[str]:
        return +Counter(self.outbox.counts())


@contextlib.contextmanager
def opened_office(path, ear, **size):
    """The parts over a file; several may be opened after each other, not at once."""
    with opened(str(path), WorldSize(**size)) as (world, clock):
        app = assembled(world, clock, seed=7, budget=RateLimit(1000), latency_ms=0)
        with contextlib.closing(app.control.dispatch):
            yield Office(app, ear)


@pytest.fixture
def office_at(ear):
    """Opens the shops of a file, with the test's receiver."""
    return lambda path, **size: opened_office(path, ear, **size)


@pytest.fixture(scope="module")
def lived(shop_file, tmp_path_factory):
    """Shops in which somebody has listened to everything for a fortnight, looking four times a day. Read only."""
    file = shutil.copy(shop_file(now=NOW, orders=1500, seed=7), tmp_path_factory.mktemp("lived") / "shop.sqlite")
    with opened_office(file, Ear(port=9)) as office:
        office.listen()
        office.faults.add(Spec("webhook_lost"))  # what happens is in the outbox, and nothing is sent
        office.began = office.clock.now()
        for _ in range(56):
            office.live(6 * 3_600)
            office.look()
        yield office


@pytest.fixture
def file_of(shop_file, tmp_path):
    """A copy of shops of a size, whose time stands still."""

    def made(**size):
        return shutil.copy(shop_file(now=NOW, **{"orders": 300, "seed": 7, **size}), tmp_path / "shop.sqlite")

    return made


@pytest.fixture
def office(office_at, file_of):
    with office_at(file_of()) as one:
        yield one
