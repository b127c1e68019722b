"""Which address shows which page, and which button does what."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tiktokshop_sandbox.console import deliveries, pages
from tiktokshop_sandbox.console.actions import ACTIONS, ActionError
from tiktokshop_sandbox.console.hook_actions import HOOK_ACTIONS

if TYPE_CHECKING:
    from starlette.requests import Request

    from tiktokshop_sandbox.control import Control
    from tiktokshop_sandbox.gateway import Gateway

PATH: Final = pages.ROOT
_LARGEST: Final = 10_000
_HIGHEST: Final = 2**63 - 1


@dataclass
class Console:
    """The pages under `/console`. Buttons carry a token that only these pages know."""

    gateway: Gateway
    control: Control
    _token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    _note: tuple[str, bool] | None = None  # what the last button did, shown on the next page, and whether it worked

    def routes(self) -> list[Route]:
        """For the server's router."""
        return [
            Route(PATH, self._overview, methods=["GET"]),
            Route(f"{PATH}/requests", self._log, methods=["GET"]),
            Route(f"{PATH}/requests/{{number}}", self._signature, methods=["GET"]),
            Route(f"{PATH}/webhooks", self._deliveries, methods=["GET"]),
            Route(f"{PATH}/webhooks/{{number:int}}", self._delivery, methods=["GET"]),
            Route(f"{PATH}/{{action}}", self._act, methods=["POST"]),
        ]

    async def _overview(self, _: Request) -> HTMLResponse:
        note, self._note = self._note, None
        return pages.overview(self.gateway, self._token, note)

    async def _log(self, request: Request) -> HTMLResponse:
        journal = self.control.journal
        return pages.log(list(journal.entries), dict(request.query_params), journal.rejections)

    async def _signature(self, request: Request) -> HTMLResponse:
        journal, number = self.control.journal, request.path_params["number"]
        entry = next((entry for entry in journal.entries if str(entry.number) == number), None)
        found = journal.rejections.get(entry.number) if entry else None
        return pages.signature(entry, found) if entry and found else pages.missing()

    async def _deliveries(self, request: Request) -> HTMLResponse:
        note, self._note = self._note, None
        return deliveries.overview(self.control.dispatch, dict(request.query_params), self._token, note)

    async def _delivery(self, request: Request) -> HTMLResponse:
        found = self.control.dispatch.outbox.one(min(request.path_params["number"], _HIGHEST))
        return deliveries.detail(self.control.dispatch, found, self._token) if found else pages.missing()

    async def _act(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body())[:_LARGEST].decode("utf-8", "replace")))
        if not hmac.compare_digest(form.get("token", "").encode(), self._token.encode()):
            return Response("this button belongs to another run of the sandbox: load the page again\n", 403)
        action = request.path_params["action"]
        try:
            if action in ACTIONS:
                self._note = (ACTIONS[action](self.gateway, form), True)
            elif action in HOOK_ACTIONS:
                self._note = (HOOK_ACTIONS[action](self.control.dispatch, form), True)
            else:
                return pages.missing()
        except ActionError as error:
            self._note = (str(error), False)
        return RedirectResponse(f"{PATH}/webhooks" if action in HOOK_ACTIONS else PATH, 303)
