"""A gateway without a socket for the checks, and one running sandbox for what needs HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
import tiktokshop_sandbox
from tiktokshop_sandbox.accounts import Accounts
from tiktokshop_sandbox.budget import RateLimit
from tiktokshop_sandbox.clock import Clock
from tiktokshop_sandbox.contract import ApiCall, Endpoint, Param
from tiktokshop_sandbox.endpoints import Router
from tiktokshop_sandbox.exchange import RawRequest, RawResponse
from tiktokshop_sandbox.faults import Faults
from tiktokshop_sandbox.gateway import Gateway
from tiktokshop_sandbox.shops import World

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_780_000_000


def signature(secret: str, path: str, query: dict[str, str], body: bytes, *, multipart: bool = False) -> str:
    """The platform's signature, in as few lines as it takes."""
    parts = [secret, path, *(k + v for k, v in sorted(query.items()) if k not in ("sign", "access_token"))]
    message = "".join(parts).encode() + (b"" if multipart else body) + secret.encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def echo(call: ApiCall) -> dict[str, Any]:
    return {"path": dict(call.path), "query": dict(call.query), "body": dict(call.body), "now": call.now}


ENDPOINTS = (
    Endpoint("GET", "/authorization/202309/shops", "seller.authorization.info", echo, cipher=False),
    Endpoint(
        "POST",
        "/order/202309/orders/search",
        "seller.order.info",
        echo,
        query={
            "page_size": Param("integer", required=True, low=1, high=100),
            "page_token": Param("string"),
            "sort_order": Param("string", values=("ASC", "DESC"), default="DESC"),
        },
        body={"create_time_ge": Param("integer"), "buyer_user_id": Param("string")},
    ),
    Endpoint("GET", "/order/202407/orders/{order_id}/price_detail", "seller.order.info", echo),
    Endpoint("POST", "/product/202309/files/upload", "seller.product.write", echo, cipher=False),
    Endpoint("GET", "/finance/202309/payments", "seller.finance.info", echo, markets=frozenset({"GB"})),
    Endpoint("GET", "/finance/202309/unsold", "seller.finance.info", echo),
    Endpoint("GET", "/finance/202301/payments", "seller.finance.info", echo, retired=NOW),
    Endpoint("GET", "/finance/202302/payments", "seller.finance.info", echo, retired=NOW + 1),
    Endpoint("POST", "/fulfillment/202309/marks", "seller.order.info", echo, markets=frozenset({"US"})),
    Endpoint("GET", "/affiliate_seller/202410/anything", "seller.affiliate_messages.write", echo, cipher=False),
)


@dataclass
class Site:
    """A gateway over the test endpoints, with hands on its clocks, and a client that signs right by default."""

    world: World
    now: float = NOW
    monotonic: float = 0.0
    gateway: Gateway = field(init=False)

    def __post_init__(self) -> None:
        clock = Clock(NOW, source=lambda: self.now)
        accounts = Accounts(self.world, clock, seed=7)
        self.tokens = accounts.exchange(accounts.new_code(accounts.new_grant(s.id for s in self.world.shops)))
        budget = RateLimit(3, source=lambda: self.monotonic)
        self.gateway = Gateway(self.world, accounts, clock, Faults(7), budget, Router(ENDPOINTS))

    @property
    def accounts(self) -> Accounts:
        return self.gateway.accounts

    def shop(self, region: str) -> Any:
        return next(shop for shop in self.world.shops if shop.region == region)

    def query(self, shop: str | None = "US", **more: str) -> dict[str, str]:
        common = {"app_key": self.accounts.app.key, "timestamp": str(int(self.now))}
        return {**common, **({"shop_cipher": self.shop(shop).cipher} if shop else {}), **more}

    def request(
        self,
        method: str = "POST",
        path: str = "/order/202309/orders/search",
        query: dict[str, str] | None = None,
        body: bytes = b"",
        *,
        token: str | None = None,
        content_type: str = "application/json",
        sign: str | None = None,
    ) -> RawRequest:
        query = self.query(page_size="10") if query is None else query
        multipart = content_type.startswith("multipart/form-data")
        sign = signature(self.accounts.app.secret, path, query, body, multipart=multipart) if sign is None else sign
        headers = {"content-type": content_type, "x-tts-access-token": self.tokens.access if token is None else token}
        return RawRequest(method, path, {**query, "sign": sign} if sign else query, headers, body)

    def ask(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, Any]]:
        """HTTP status and envelope of the answer to `request(...)`."""
        answer = self.gateway.answer(self.request(*args, **kwargs))
        return answer.http, json.loads(answer.body)

    def answer(self, *args: Any, **kwargs: Any) -> RawResponse:
        return self.gateway.answer(self.request(*args, **kwargs))


@pytest.fixture(scope="session")
def small_world() -> Iterator[World]:
    world = World.open(":memory:", seed=7, shops=2, orders=20, now=NOW)
    yield world
    world.close()


@pytest.fixture
def site(small_world: World) -> Site:
    return Site(small_world)


@dataclass
class Shopper:
    """A client of the running sandbox over plain HTTP, with its own signature."""

    running: tiktokshop_sandbox.Running
    http: requests.Session

    def tokens(self) -> dict[str, Any]:
        return self.running.control("GET", "")["tokens"]

    def shops(self) -> list[dict[str, str]]:
        return self.running.control("GET", "")["shops"]

    def call(
        self, method: str, path: str, query: dict[str, str] | None = None, body: Any = None, *, shop: int | None = 0
    ) -> requests.Response:
        raw = b"" if body is None else json.dumps(body).encode()
        full = {"app_key": self.running.app_key, "timestamp": str(self.running.control("GET", "/clock")["real"])}
        if shop is not None:
            full["shop_cipher"] = self.shops()[shop]["cipher"]
        full |= query or {}
        full["sign"] = signature(self.running.app_secret, path, full, raw)
        url = f"{self.running.api_base_url}{path}?" + "&".join(f"{k}={quote(v, safe='')}" for k, v in full.items())
        headers = {"x-tts-access-token": self.tokens()["access_token"], "content-type": "application/json"}
        return self.http.request(method, url, data=raw, headers=headers, timeout=10, allow_redirects=False)

    def orders(self, **query: str) -> requests.Response:
        return self.call("POST", "/order/202309/orders/search", {"page_size": "10", **query}, {})

    def token_host(self, step: str, **query: str) -> requests.Response:
        query = {"app_key": self.running.app_key, "app_secret": self.running.app_secret, **query}
        return self.http.get(f"{self.running.auth_base_url}/api/v2/token/{step}", params=query, timeout=10)

    def consent(self, decision: str = "approve", state: str = "xyz", **form: Any) -> requests.Response:
        app = self.running.control("GET", "")["app"]
        url = f"{self.running.auth_base_url}/open/authorize"
        data = {"decision": decision, "shop": [shop["id"] for shop in self.shops()], **form}
        query = {"service_id": app["service_id"], "state": state}
        return self.http.post(url, params=query, data=data, allow_redirects=False, timeout=10)

    def renew(self) -> None:
        """A good token pair, no faults, clocks in step, empty statistics."""
        self.running.control("POST", "/clock", {"skew": 0})
        self.running.control("DELETE", "/faults")
        code = requests.utils.urlparse(self.consent().headers["location"]).query
        self.token_host(
            "get", auth_code=dict(p.split("=") for p in code.split("&"))["code"], grant_type="authorized_code"
        )
        self.running.control("DELETE", "/stats")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[tiktokshop_sandbox.Running]:
    with tiktokshop_sandbox.start(orders=60, rps=1000) as running:
        yield running


@pytest.fixture
def shopper(sandbox: tiktokshop_sandbox.Running) -> Iterator[Shopper]:
    with requests.Session() as http:
        http.trust_env = False
        shopper = Shopper(sandbox, http)
        shopper.renew()
        yield shopper
