"""The platform's gateway: every check between the wire and an endpoint, in the platform's order."""

from __future__ import annotations

import hmac
import random
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tiktokshop_sandbox import paging
from tiktokshop_sandbox.contract import ApiCall, ApiError
from tiktokshop_sandbox.exchange import RawResponse
from tiktokshop_sandbox.faults import Target
from tiktokshop_sandbox.forms import FormError, read_form
from tiktokshop_sandbox.params import typed_body, typed_query
from tiktokshop_sandbox.refusals import REFUSALS, refusal
from tiktokshop_sandbox.signature import expected_sign, media_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.accounts import Accounts, Holder
    from tiktokshop_sandbox.budget import RateLimit
    from tiktokshop_sandbox.clock import Clock
    from tiktokshop_sandbox.contract import Endpoint
    from tiktokshop_sandbox.endpoints import Route, Router
    from tiktokshop_sandbox.exchange import RawRequest
    from tiktokshop_sandbox.faults import Faults
    from tiktokshop_sandbox.shops import Shop, World

EARLIEST: Final = 300
LATEST: Final = 30
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")
_MEDIA_TYPES: Final = frozenset({"application/json", "multipart/form-data"})


@dataclass
class Visit:
    """One request on its way through the checks; each check adds what it found."""

    request: RawRequest
    route: Route = field(init=False)
    endpoint: Endpoint = field(init=False)
    holder: Holder = field(init=False)
    shop: Shop | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    retry_after: int | None = None


@dataclass
class Gateway:
    """Carries out signed requests. `host_url` is the address the sandbox can be reached under."""

    world: World
    accounts: Accounts
    clock: Clock
    faults: Faults
    budget: RateLimit
    router: Router
    host_url: str = ""

    def __post_init__(self) -> None:
        self._shops = {shop.cipher: shop for shop in self.world.shops}
        self._rng = random.Random(self.accounts.seed)  # noqa: S311 - request ids are no secrets

    def answer(self, request: RawRequest) -> RawResponse:
        """The answer to a request, good or bad; only a bug in the sandbox raises."""
        visit = Visit(request)
        try:
            for check in CHECKS:
                check(self, visit)
            data = self._carry_out(visit)
        except ApiError as error:
            headers = () if visit.retry_after is None else (("retry-after", str(visit.retry_after)),)
            return self.refuse(error, headers)
        if not isinstance(data, bytes):
            data = msgspec.json.encode(data)
        tail = f',"message":"Success","request_id":"{self.request_id()}"}}'.encode()
        return RawResponse(200, 0, b"".join((b'{"code":0,"data":', data, tail)))

    def refuse(self, error: ApiError, headers: tuple[tuple[str, str], ...] = ()) -> RawResponse:
        """A refusal in the platform's envelope."""
        envelope = {"code": error.code, "data": error.data, "message": error.message}
        if error.data is ApiError.ABSENT:
            del envelope["data"]
        envelope["request_id"] = self.request_id()
        return RawResponse(error.http, error.code, msgspec.json.encode(envelope), headers)

    def request_id(self) -> str:
        """An id as the platform's: the UTC time and twenty hex digits."""
        stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(self.clock.real()))
        return f"{stamp}{self._rng.getrandbits(80):020X}"

    def shop_of(self, cipher: str) -> Shop | None:
        """The shop a cipher stands for."""
        return self._shops.get(cipher)

    def operation_of(self, request: RawRequest) -> str | None:
        """The name of the operation a request asks for: method and path template."""
        route = self.router.find(request.path)
        endpoint = route.endpoints.get(request.method) if route else None
        return f"{endpoint.method} {endpoint.path}" if endpoint else None

    def _carry_out(self, visit: Visit) -> Mapping[str, Any] | bytes:
        now = self.clock.now()
        self.world.advance(now)
        fault = self.faults.strike(
            Target(visit.request.path, visit.shop.id if visit.shop else None), "refused", "not_kept"
        )
        if fault and fault.kind == "not_kept":
            return {}
        if fault:
            raise ApiError(fault.code, "The platform refuses this on demand.", 400)
        return visit.endpoint.handler(
            ApiCall(
                endpoint=visit.endpoint,
                world=self.world,
                grant=visit.holder.grant,
                now=now,
                host_url=self.host_url,
                shop=visit.shop,
                path=visit.route.path,
                query=visit.query,
                body=visit.body,
                files=visit.files,
            )
        )


def _path(gateway: Gateway, visit: Visit) -> None:
    route = gateway.router.find(visit.request.path)
    if route is None:
        raise refusal("path")
    visit.route = route


def _method(gateway: Gateway, visit: Visit) -> None:
    endpoint = visit.route.endpoints.get(visit.request.method)
    if endpoint is None:
        raise refusal("method")
    if endpoint.retired and gateway.clock.now() >= endpoint.retired:
        raise refusal("version")
    visit.endpoint = endpoint


def _app_key(gateway: Gateway, visit: Visit) -> None:
    if visit.request.query.get("app_key") != gateway.accounts.app.key:
        raise refusal("app_key")


def _timestamp(gateway: Gateway, visit: Visit) -> None:
    text = visit.request.query.get("timestamp", "")
    if not text:
        raise refusal("timestamp missing")
    if not _NUMBER.fullmatch(text):
        raise refusal("timestamp text")
    if int(text) < 0:
        raise refusal("timestamp negative")
    # One time on the real platform. Here the shops' may be another than the machine's: either will do.
    age = min((now - int(text) for now in (gateway.clock.real(), gateway.clock.told())), key=abs)
    if age > EARLIEST:
        raise refusal("timestamp early")
    if age < -LATEST:
        raise refusal("timestamp late")


def _sign(gateway: Gateway, visit: Visit) -> None:
    request = visit.request
    sign = request.query.get("sign", "")
    if not sign:
        raise refusal("sign missing")
    content_type = request.headers.get("content-type", "")
    expected = expected_sign(gateway.accounts.app.secret, request.path, request.query, content_type, request.body)
    if not hmac.compare_digest(expected.encode(), sign.encode("utf-8", "surrogateescape")):
        raise refusal("sign")


def _token(gateway: Gateway, visit: Visit) -> None:
    request, accounts = visit.request, gateway.accounts
    access = request.headers.get("x-tts-access-token") or request.query.get("access_token") or ""
    holder = accounts.holder(access)
    if holder is None:
        raise refusal("token")
    if gateway.faults.strike(Target(request.path), "token_expired"):
        accounts.expire_access(access)
    if gateway.faults.strike(Target(request.path), "grant_revoked"):
        accounts.revoke(holder.grant.id)
    holder = accounts.holder(access) or holder
    if holder.expires <= gateway.clock.real():
        raise refusal("token expired")
    if holder.revoked:
        raise refusal("token")
    visit.holder = holder


def _seller(gateway: Gateway, visit: Visit) -> None:
    if gateway.faults.strike(Target(visit.request.path), "seller_inactive"):
        raise refusal("seller inactive")


def _scope(gateway: Gateway, visit: Visit) -> None:
    scope = visit.endpoint.scope
    if not scope:
        return
    target = Target(visit.request.path, scope=scope)
    if scope not in visit.holder.grant.granted_scopes or gateway.faults.strike(target, "scope_withheld"):
        raise refusal("scope", scope)


def _cipher(gateway: Gateway, visit: Visit) -> None:
    cipher = visit.request.query.get("shop_cipher", "")
    if not visit.endpoint.cipher:
        if cipher:
            raise refusal("cipher not required")
        return
    if not cipher:
        raise refusal("cipher missing")
    shop = gateway.shop_of(cipher)
    if shop is None or shop.id not in visit.holder.grant.shop_ids:
        raise refusal("cipher foreign")
    if gateway.faults.strike(Target(visit.request.path, shop_id=shop.id), "cipher_foreign"):
        raise refusal("cipher foreign")
    # The older name of the same shop, which some clients still send along.
    if visit.request.query.get("shop_id") not in {None, "", shop.id}:
        raise refusal("shop_id")
    visit.shop = shop
    if gateway.faults.strike(Target(visit.request.path, shop_id=shop.id), "shop_inactive"):
        raise refusal("shop inactive")


def _content_type(_: Gateway, visit: Visit) -> None:
    request = visit.request
    if request.body and media_type(request.headers.get("content-type", "")) not in _MEDIA_TYPES:
        raise refusal("content type")


def _parameters(gateway: Gateway, visit: Visit) -> None:
    request, endpoint = visit.request, visit.endpoint
    visit.query = typed_query(request.query, endpoint.query)
    sent: Mapping[str, Any] = {}
    if endpoint.form:
        sent, visit.files = _form(request)
    elif request.body and endpoint.body:
        sent = _json_object(request)
    visit.body = typed_body(sent, endpoint.body)
    paged = bool(paging.sent_token(visit.query, visit.body))
    if paged and gateway.faults.strike(Target(request.path), "page_token_invalid"):
        raise paging.invalid_page_token()


def _form(request: RawRequest) -> tuple[Mapping[str, str], Mapping[str, bytes]]:
    content_type = request.headers.get("content-type", "")
    if media_type(content_type) != "multipart/form-data":
        raise refusal("form")
    try:
        return read_form(content_type, request.body)
    except FormError:
        raise refusal("form broken") from None


def _json_object(request: RawRequest) -> Mapping[str, Any]:
    try:
        sent = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, RecursionError):
        raise refusal("body") from None
    if sent is None or sent == []:  # "no filters", as PHP and Go clients write an empty body
        return {}
    if not isinstance(sent, dict):
        raise refusal("body")
    return sent


def _market(_: Gateway, visit: Visit) -> None:
    endpoint, shop = visit.endpoint, visit.shop
    markets = endpoint.markets
    if markets is not None and shop is not None and shop.region not in markets:
        known = f"market of {endpoint.family}"
        raise refusal(known if known in REFUSALS else "market", shop.region)


def _budget(gateway: Gateway, visit: Visit) -> None:
    shop_id = visit.shop.id if visit.shop else None
    storm = gateway.faults.strike(Target(visit.request.path, shop_id), "rate_limit", "rate_limit_200")
    if storm:
        visit.retry_after = storm.retry_after
        raise refusal("budget", http=200 if storm.kind == "rate_limit_200" else None)
    whose = shop_id or visit.holder.grant.open_id
    if not gateway.budget.take(gateway.accounts.app.key, whose, visit.endpoint, at=visit.request.arrived):
        raise refusal("budget")


CHECKS: Final[tuple[Callable[[Gateway, Visit], None], ...]] = (
    _path,
    _method,
    _app_key,
    _timestamp,
    _sign,
    _token,
    _seller,
    _scope,
    _cipher,
    _content_type,
    _parameters,
    _market,
    _budget,
)
