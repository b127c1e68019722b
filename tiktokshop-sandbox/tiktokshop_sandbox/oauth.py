"""The seller's consent page, and the token host that turns codes and refresh tokens into token pairs."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tiktokshop_sandbox.accounts import SCOPES, SELLER_NAME
from tiktokshop_sandbox.contract import ApiError
from tiktokshop_sandbox.exchange import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request as Visit

    from tiktokshop_sandbox.accounts import Accounts, App, Tokens
    from tiktokshop_sandbox.exchange import Request
    from tiktokshop_sandbox.gateway import Gateway
    from tiktokshop_sandbox.shops import World

TOKEN_HOST: Final = "/api/v2/"  # noqa: S105 - a path
CONSENT: Final = ("/open/authorize", "/oauth/authorize")
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Authorise {app}</title>
<h1>{app} asks for access</h1>
<p>to the shops of {seller}:</p>
<form method="post">
{shops}
<p>It will be allowed to use: {scopes}</p>
<button name="decision" value="approve">Authorise</button>
<button name="decision" value="deny">Cancel</button>
</form></html>
"""
_SHOP: Final = '<p><label><input type="checkbox" name="shop" value="{id}" checked> {name} ({region})</label></p>'
_NO_APP: Final = "<!doctype html><title>Unknown app</title><h1>This app does not exist</h1>\n"


@dataclass(frozen=True)
class TokenHost:
    """`GET /api/v2/token/get` and `/refresh`. Neither signature nor timestamp: the app's secret is the proof.

    Anything else on this host is a plain-text 404, a POST to these paths included. Refusals come as an
    envelope with HTTP 200.
    """

    accounts: Accounts
    gateway: Gateway

    def answer(self, request: Request) -> Answer:
        """The answer to a request for tokens."""
        step = _STEPS.get(request.path) if request.method == "GET" else None
        if step is None:
            return Answer(404, None, b"404 page not found\n", content_type="text/plain; charset=utf-8")
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
        return Answer(200, 0, msgspec.json.encode(envelope))

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
    """The page on which a seller lets an app into their shops, as a plain HTML form."""

    accounts: Accounts
    world: World

    def routes(self) -> list[Route]:
        """Both addresses of the page: by `service_id`, and the older one by `app_key`."""
        return [Route(path, handler, methods=[method]) for path in CONSENT for method, handler in self._handlers()]

    def _handlers(self) -> tuple[tuple[str, Callable[[Visit], object]], ...]:
        return (("GET", self._show), ("POST", self._decide))

    async def _show(self, visit: Visit) -> Response:
        app = self._app_asked_for(visit)
        if app is None:
            return HTMLResponse(_NO_APP, 400)
        shops = "\n".join(
            _SHOP.format(id=shop.id, name=html.escape(shop.name), region=shop.region) for shop in self.world.shops
        )
        scopes = ", ".join(SCOPES)
        return HTMLResponse(_PAGE.format(app=html.escape(app.name), seller=SELLER_NAME, shops=shops, scopes=scopes))

    async def _decide(self, visit: Visit) -> Response:
        app = self._app_asked_for(visit)
        if app is None:
            return HTMLResponse(_NO_APP, 400)
        form = parse_qs((await visit.body()).decode())
        owned = [shop for shop in self.world.shops if shop.id in form.get("shop", [])]
        back = {"state": visit.query_params.get("state", ""), "app_key": app.key, "locale": "en"}
        if form.get("decision") == ["approve"] and owned:
            code = self.accounts.new_code(self.accounts.new_grant(shop.id for shop in owned))
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


def _with_query(uri: str, query: Mapping[str, str]) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *query.items()])))
