"""The seller's consent page, and the token host that turns codes and refresh tokens into token pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tiktokshop_sandbox.accounts import SCOPES, SELLER_NAME
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.exchange import RawResponse
from tiktokshop_sandbox.markup import page, tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.requests import Request as Visit

    from tiktokshop_sandbox.accounts import Accounts, App, Tokens
    from tiktokshop_sandbox.exchange import RawRequest
    from tiktokshop_sandbox.gateway import Gateway
    from tiktokshop_sandbox.markup import Markup
    from tiktokshop_sandbox.shops import Shop, World

_SCOPE_WORDS: Final = {
    "seller.authorization.info": "See which shops it may access",
    "seller.shop.info": "See the shops' markets and permissions",
    "seller.order.info": "Read orders",
    "seller.fulfillment.basic": "Read and ship packages",
    "seller.fulfillment.package.write": "Choose pick-up slots, split and combine packages",
    "seller.logistics": "Read warehouses and carriers",
    "seller.delivery.status.write": "Report deliveries",
    "seller.product.basic": "Read products and stock",
    "seller.product.write": "Change products, stock and prices",
    "seller.product.delete": "Delete products",
    "serller.product.optimize": "Get advice on products",
    "seller.global_product.info": "Read global products",
    "seller.return_refund.basic": "Read returns and cancellations",
    "seller.finance.info": "Read statements and payments",
    "seller.promotion.info": "Read promotions",
    "seller.promotion.write": "Make and change promotions",
    "seller.customer_service": "Talk to customers",
    "data.shop_analytics.public.read": "Read the shops' analytics",
}
TOKEN_HOST: Final = "/api/v2/"  # noqa: S105 - a path
CONSENT: Final = ("/open/authorize", "/oauth/authorize")


@dataclass(frozen=True)
class TokenHost:
    """`GET /api/v2/token/get` and `/refresh`. Neither signature nor timestamp: the app's secret is the proof.

    Anything else on this host is a plain-text 404, a POST to these paths included. Refusals come as an
    envelope with HTTP 200.
    """

    accounts: Accounts
    gateway: Gateway

    def answer(self, request: RawRequest) -> RawResponse:
        """The answer to a request for tokens."""
        step = _STEPS.get(request.path) if request.method == "GET" else None
        if step is None:
            return RawResponse(404, None, b"404 page not found\n", content_type="text/plain; charset=utf-8")
        try:
            tokens = self._tokens(step, request.query)
        except ApiError as error:
            return self.gateway.refuse(error)
        envelope = {
            "code": 0,
            "message": "success",
            "data": tokens.data(),
            "request_id": self.gateway.request_id(),
        }
        return RawResponse(200, 0, msgspec.json.encode(envelope))

    def _tokens(self, step: _Step, query: Mapping[str, str]) -> Tokens:
        app = self.accounts.app
        for name, right in (("app_key", app.key), ("app_secret", app.secret), ("grant_type", step.grant_type)):
            if query.get(name) != right:
                raise ApiError(
                    36009004, f"Invalid credentials. Invalid '{name}' query parameter.", 200, ApiError.ABSENT
                )
        return step.take(self.accounts, query.get(step.parameter, ""))


@dataclass(frozen=True)
class _Step:
    """One of the two ways to a token pair."""

    grant_type: str
    parameter: str
    take: Callable[[Accounts, str], Tokens]


_STEPS: Final[Mapping[str, _Step]] = {
    "/api/v2/token/get": _Step("authorized_code", "auth_code", lambda accounts, code: accounts.exchange(code)),
    "/api/v2/token/refresh": _Step("refresh_token", "refresh_token", lambda accounts, token: accounts.refresh(token)),
}


@dataclass(frozen=True)
class Consent:
    """The page on which a seller lets an app into their shops, for what scopes, as a plain HTML form."""

    accounts: Accounts
    world: World

    def routes(self) -> list[Route]:
        """Both addresses of the page: by `service_id`, and the older one by `app_key`."""
        return [Route(path, handler, methods=[method]) for path in CONSENT for method, handler in self._handlers()]

    def _handlers(self) -> tuple[tuple[str, Callable[[Visit], object]], ...]:
        return (("GET", self._show), ("POST", self._decide))

    async def _show(self, visit: Visit) -> Response:
        app = self._app_asked_for(visit)
        return _no_app() if app is None else _asking(app, self.world.shops)

    async def _decide(self, visit: Visit) -> Response:
        app = self._app_asked_for(visit)
        if app is None:
            return _no_app()
        form = parse_qs((await visit.body()).decode())
        owned = [shop for shop in self.world.shops if shop.id in form.get("shop", [])]
        # Only a form that showed the scopes can withhold some.
        scopes = [scope for scope in SCOPES if "scopes" not in form or scope in form.get("scope", [])]
        back = {"state": visit.query_params.get("state", ""), "app_key": app.key, "locale": "en"}
        if form.get("decision") == ["approve"] and owned:
            code = self.accounts.new_code(self.accounts.new_grant((shop.id for shop in owned), scopes))
            back = {"code": code, "shop_region": owned[0].region, **back}
        else:
            back["error"] = "access_denied"
        return RedirectResponse(_with_query(app.redirect_uri, back), 302)

    def _app_asked_for(self, visit: Visit) -> App | None:
        app = self.accounts.app
        asked, known = visit.query_params.get("service_id"), app.service_id
        if visit.url.path == "/oauth/authorize":
            asked, known = visit.query_params.get("app_key"), app.key
        return app if asked == known else None


def _no_app() -> HTMLResponse:
    words = "Check the link's service_id (or app_key): the sandbox knows one app, whose link it prints when it starts."
    return page("Unknown app", tag("main", tag("h1", "This app does not exist"), tag("p", words)), status=400)


def _asking(app: App, shops: Iterable[Shop]) -> HTMLResponse:
    """The seller's question: which shops, which scopes, yes or no."""
    chosen = [_check("shop", shop.id, f"{shop.name} ({shop.region})", shop.id) for shop in shops]
    scopes = [_check("scope", scope, _SCOPE_WORDS.get(scope, ""), scope) for scope in SCOPES]
    decline = tag("button", "Cancel", name="decision", value="deny", id="deny")
    approve = tag("button", "Authorise", name="decision", value="approve", id="approve", class_="main")
    form = tag(
        "form",
        tag("input", type="hidden", name="scopes", value="shown"),
        tag("fieldset", tag("legend", "Shops"), chosen),
        tag("fieldset", tag("legend", "What the app may do"), scopes),
        tag("div", approve, decline, class_="buttons"),
        method="post",
    )
    what = f"{SELLER_NAME}, choose what {app.name} may see and do. You can take it back at any time."
    where = f"Afterwards the browser goes to {urlsplit(app.redirect_uri)._replace(query='').geturl()}."
    main = tag("main", tag("h1", f"{app.name} asks for access"), tag("p", what), form, tag("p", where, class_="quiet"))
    return page(f"Authorise {app.name}", tag("div", main, class_="narrow"))


def _check(name: str, value: str, words: str, code: str) -> Markup:
    box = tag("input", type="checkbox", name=name, value=value, checked=True)
    return tag("label", box, " ", words, " " if words else None, tag("code", code, class_="quiet"), class_="check")


def _with_query(uri: str, query: Mapping[str, str]) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *query.items()])))
