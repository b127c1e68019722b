"""The testers' side of the sandbox: `/_sandbox/…`, plain JSON without a signature."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from starlette.routing import Route

from tiktokshop_sandbox.budget import Scope  # noqa: TC001 - msgspec reads the annotation
from tiktokshop_sandbox.counts import row_counts
from tiktokshop_sandbox.faults import KINDS, Spec
from tiktokshop_sandbox.life.ledger import balances
from tiktokshop_sandbox.rush import take_orders
from tiktokshop_sandbox.testers import PREFIX, ControlError, answering, body_of, number_of
from tiktokshop_sandbox.webhooks.control import HookControl

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from tiktokshop_sandbox.accounts import Accounts
    from tiktokshop_sandbox.clock import Clock
    from tiktokshop_sandbox.gateway import Gateway
    from tiktokshop_sandbox.journal import Journal
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.webhooks.dispatch import Dispatch

_DAYS: Final = 90 * 86_400  # busy shops take a quarter of a minute to simulate this
_YEAR: Final = 366 * 86_400
_MOST: Final = 1_000_000
_BUYERS: Final = 10_000


class ClockMove(msgspec.Struct, forbid_unknown_fields=True):
    """How to move the clocks, in seconds: the shops' forward by `advance`, at most 90 days; the gateway's `skew`."""

    advance: Annotated[int, msgspec.Meta(ge=0, le=_DAYS)] = 0
    skew: Annotated[int, msgspec.Meta(ge=-_YEAR, le=_YEAR)] | None = None


class Expire(msgspec.Struct, forbid_unknown_fields=True):
    """Which tokens run out now: `access`, or `refresh` (the grants themselves)."""

    which: str = "access"


class AppChange(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed of the app in the console."""

    redirect_uri: str


class Rush(msgspec.Struct, forbid_unknown_fields=True):
    """How many buyers come now, to one shop or to each, and whether they are one person, who buys all of it."""

    count: Annotated[int, msgspec.Meta(ge=1, le=_BUYERS)] = 1
    shop_id: str = ""
    one_buyer: bool = False


class Limit(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """How many requests a second the platform lets through from now on; `scope` says what it counts together."""

    requests_per_second: Annotated[int, msgspec.Meta(ge=1, le=_MOST)] | None = None
    scope: Scope | None = None


@dataclass(frozen=True)
class Control:
    """Everything a tester can see and switch, over the parts it belongs to."""

    world: World
    accounts: Accounts
    clock: Clock
    gateway: Gateway
    journal: Journal
    dispatch: Dispatch

    def routes(self) -> list[Route]:
        """The control endpoints, for the server's router."""
        table: tuple[tuple[str, str, Callable[[Request], Awaitable[object]]], ...] = (
            ("GET", "", self._status),
            ("GET", "/settings", self._settings),
            ("GET", "/counts", self._counts),
            ("GET", "/ledger", self._ledger),
            ("GET", "/stats", self._stats),
            ("DELETE", "/stats", self._forget),
            ("GET", "/requests", self._requests),
            ("GET", "/faults", self._faults),
            ("POST", "/faults", self._add_fault),
            ("DELETE", "/faults", self._clear_faults),
            ("DELETE", "/faults/{id}", self._remove_fault),
            ("GET", "/clock", self._time),
            ("POST", "/clock", self._move),
            ("POST", "/orders", self._rush),
            ("POST", "/tokens/expire", self._expire),
            ("POST", "/grants/revoke", self._revoke),
            ("PUT", "/app", self._change_app),
            ("PUT", "/limit", self._change_limit),
            *HookControl(self.dispatch).table(),
        )
        return [Route(PREFIX + path, answering(handler), methods=[method]) for method, path, handler in table]

    async def _status(self, _: Request) -> object:
        tokens = self.accounts.newest()
        app = self.accounts.app
        return {
            "api_base_url": self.gateway.host_url,
            "auth_base_url": self.gateway.host_url,
            "app": {
                "app_key": app.key,
                "app_secret": app.secret,
                "service_id": app.service_id,
                "redirect_uri": app.redirect_uri,
            },
            "tokens": tokens and tokens.data(),
            "shops": [
                {"id": shop.id, "name": shop.name, "region": shop.region, "cipher": shop.cipher}
                for shop in self.world.shops
            ],
            "requests_per_second": self.gateway.budget.rps,
            "scope": self.gateway.budget.scope,
            "clock": self._clock(),
        }

    async def _settings(self, _: Request) -> object:
        app, tokens = self.accounts.app, self.accounts.newest()
        return {
            "api_base_url": self.gateway.host_url,
            "auth_base_url": self.gateway.host_url,
            "app_key": app.key,
            "app_secret": app.secret,
            "access_token": tokens.access if tokens else "",
            "refresh_token": tokens.refresh if tokens else "",
        }

    async def _counts(self, _: Request) -> object:
        self.world.advance(self.clock.now())
        return row_counts(self.world)

    async def _ledger(self, _: Request) -> object:
        self.world.advance(self.clock.now())
        with self.world.reading() as store:
            return {shop.id: balances(store, shop) for shop in self.world.shops}

    async def _stats(self, _: Request) -> object:
        return {**self.journal.summary(), "faults": dict(self.gateway.faults.struck)}

    async def _forget(self, _: Request) -> object:
        self.journal.clear()
        self.gateway.faults.struck.clear()
        return {}

    async def _requests(self, request: Request) -> object:
        limit = number_of("limit", request.query_params.get("limit", "100"))
        newest = islice(reversed(self.journal.entries), min(max(limit, 0), len(self.journal.entries)))
        return {"requests": [asdict(entry) for entry in newest][::-1]}

    async def _faults(self, _: Request) -> object:
        return {"on": [fault.describe() for fault in self.gateway.faults.listed()], "kinds": KINDS}

    async def _add_fault(self, request: Request) -> object:
        return self.gateway.faults.add(await body_of(request, Spec)).describe()

    async def _clear_faults(self, _: Request) -> object:
        self.gateway.faults.clear()
        return {}

    async def _remove_fault(self, request: Request) -> object:
        if not self.gateway.faults.remove(number_of("id", request.path_params["id"])):
            raise ControlError("there is no fault with this id, or it has run out")
        return {}

    async def _time(self, _: Request) -> object:
        return self._clock()

    async def _move(self, request: Request) -> object:
        move = await body_of(request, ClockMove)
        if move.skew is not None:
            self.clock.skew = move.skew
        return {
            **self._clock(),
            "events": self.world.advance(self.clock.advance(move.advance)),
            "now": self.clock.now(),
        }

    async def _rush(self, request: Request) -> object:
        rush = await body_of(request, Rush)
        shops = [shop for shop in self.world.shops if rush.shop_id in {"", shop.id}]
        if not shops:
            raise ControlError(f"there is no shop {rush.shop_id}")
        now = self.clock.now()
        return {
            shop.id: [order.id for order in take_orders(self.world, now, shop, rush.count, one_buyer=rush.one_buyer)]
            for shop in shops
        }

    async def _expire(self, request: Request) -> object:
        which = (await body_of(request, Expire)).which
        if which not in {"access", "refresh"}:
            raise ControlError("which must be access or refresh")
        if which == "access":
            self.accounts.expire_access()
        else:
            self.accounts.expire_grants()
        return {}

    async def _revoke(self, _: Request) -> object:
        self.accounts.revoke()
        return {}

    async def _change_app(self, request: Request) -> object:
        self.accounts.set_redirect_uri((await body_of(request, AppChange)).redirect_uri)
        return {"redirect_uri": self.accounts.app.redirect_uri}

    async def _change_limit(self, request: Request) -> object:
        limit = await body_of(request, Limit)
        budget = self.gateway.budget
        if limit == Limit():
            raise ControlError("say requests_per_second, scope, or both")
        budget.rps = limit.requests_per_second or budget.rps
        budget.scope = limit.scope or budget.scope
        return msgspec.to_builtins(limit)

    def _clock(self) -> dict[str, Any]:
        clock = self.clock
        return {
            "now": clock.now(),
            "frozen": clock.frozen,
            "real": clock.real(),
            "told": clock.told(),
            "skew": clock.skew,
        }
