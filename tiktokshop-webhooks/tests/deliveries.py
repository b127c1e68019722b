"""Deliveries as the platform makes them, and an ASGI application asked without a server."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
from dataclasses import dataclass
from typing import Any

import psycopg
from store_places import PASSWORD
from tiktokshop_webhooks.inbox.statements import COUNTERS, EVENTS, QUARANTINE, SEEN

KEY, SECRET = "68xu9ks5p4i8", "canary-app-secret-of-webhooks"
SHOP = "7495540735365777507"
NOW = 1_780_000_000_000
_numbers = itertools.count(7_380_066_284_010_030_000)


def event(number: int = 1, /, **changes: Any) -> bytes:
    """An event with an id of its own; what is None is left out."""
    content = {
        "type": number,
        "tts_notification_id": str(next(_numbers)),
        "shop_id": SHOP,
        "timestamp": 1_718_305_585,
        "data": {"order_id": "576653688135258178", "order_status": "UNPAID", "update_time": 1_718_305_585},
        **changes,
    }
    return json.dumps({name: value for name, value in content.items() if value is not None}).encode()


def signature(body: bytes, key: str = KEY, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), key.encode() + body, hashlib.sha256).hexdigest()


@dataclass
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(app: Any, path: str = "/webhooks", body: Any = b"", method: str = "POST", **headers: str) -> Answered:
    """What an application answers; `body` may be its pieces."""
    pieces = [body] if isinstance(body, bytes) else list(body)
    incoming = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    asyncio.run(app(scope, receive, send))
    start, *rest = sent
    told = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answered(start["status"], told, b"".join(each.get("body", b"") for each in rest))


def deliver(app: Any, body: bytes, signed: str | None = None, path: str = "/webhooks") -> int:
    """The status that a delivery is answered with."""
    return ask(app, path, body, authorization=signature(body) if signed is None else signed).status


def emptied(port: int) -> str:
    """The address of a database without an inbox."""
    address = f"postgresql://owner:{PASSWORD}@127.0.0.1:{port}/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {EVENTS}, {QUARANTINE}, {SEEN}, {COUNTERS}")
    return address
