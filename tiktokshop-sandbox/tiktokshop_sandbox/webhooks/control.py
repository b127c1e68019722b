"""The testers' side of webhooks: `/_sandbox/webhooks…`, as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tiktokshop_sandbox.endpoints.event import LONGEST_ADDRESS, is_reachable
from tiktokshop_sandbox.testers import ControlError, body_of, number_of
from tiktokshop_sandbox.webhooks.outbox import STATES
from tiktokshop_sandbox.webhooks.subscribers import (
    addresses,
    ends_with_401,
    read_401,
    switch,
    switched_on,
    types_of,
)
from tiktokshop_sandbox.webhooks.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from tiktokshop_sandbox.webhooks.dispatch import Dispatch
    from tiktokshop_sandbox.webhooks.outbox import Outgoing

    Handler = Callable[[Request], Awaitable[object]]

MOST_SHOWN = 10_000


class HookChange(msgspec.Struct, forbid_unknown_fields=True):
    """What to change: events of Partner Center and their address ("" switches them off), or what a 401 means."""

    event_types: list[str | int] = []
    address: str = ""
    unauthorized: Literal["end", "retry"] | None = None


@dataclass(frozen=True)
class HookControl:
    """What a tester can see and switch of webhooks."""

    dispatch: Dispatch

    def table(self) -> tuple[tuple[str, str, Handler], ...]:
        """Method, path and handler of each endpoint."""
        return (
            ("GET", "/webhooks", self._status),
            ("PUT", "/webhooks", self._change),
            ("GET", "/webhooks/deliveries", self._deliveries),
            ("POST", "/webhooks/deliveries/{id}", self._again),
        )

    async def _status(self, _: Request) -> object:
        world = self.dispatch.world
        return {
            "deliveries": self.dispatch.outbox.counts(),
            "unauthorized": "end" if ends_with_401(world) else "retry",
            "partner_center": {TYPES[number].name: address for number, address in switched_on(world).items()},
            "addresses": [
                {"shop_id": world.shops[shop].id, "event_type": TYPES[number].name, "address": address}
                for (shop, number), address in sorted(addresses(world).items())
            ],
        }

    async def _change(self, request: Request) -> object:
        change = await body_of(request, HookChange)
        if change == HookChange():
            raise ControlError("say event_types with their address, unauthorized, or both")
        if change.address:
            check_address(change.address)
        if change.event_types:
            switch_on(self.dispatch, change.event_types, change.address)
        if change.unauthorized:
            read_401(self.dispatch.world, change.unauthorized)
        return await self._status(request)

    async def _deliveries(self, request: Request) -> object:
        asked = request.query_params
        limit = max(0, min(number_of("limit", asked.get("limit", "100")), MOST_SHOWN))
        state = asked.get("state", "")
        if state and state not in STATES:
            raise ControlError(f"there is no state {state[:60]!r}; there are: {', '.join(STATES)}")
        found = self.dispatch.outbox.read("(state = ? OR ? = '') ORDER BY id DESC LIMIT ?", state, state, limit)
        return {"deliveries": [self._shown(posting) for posting in reversed(found)]}

    async def _again(self, request: Request) -> object:
        if not self.dispatch.send_again(number_of("id", request.path_params["id"])):
            raise ControlError("there is no such delivery, or it is under way")
        return {}

    def _shown(self, posting: Outgoing) -> dict[str, Any]:
        kind = TYPES.get(posting.type)
        return {
            "id": posting.id,
            "shop_id": self.dispatch.world.shops[posting.shop].id,
            "type": posting.type,
            "event_type": kind.name if kind else "",
            "tts_notification_id": posting.notification,
            "address": posting.address,
            "data": None if posting.raw else msgspec.Raw(posting.data),
            "happened": posting.at,
            "due": posting.due,
            "tries": posting.tries,
            "state": posting.state,
            "fault": posting.fault,
            "http": posting.http,
            "told": posting.told,
        }


def check_address(address: str) -> None:
    """Refuses an address that nothing would be sent to.

    Raises:
        ControlError: it is one.
    """
    if len(address) > LONGEST_ADDRESS or not is_reachable(address):
        raise ControlError("the address must be https and a domain name without a port, or http on this machine")


def switch_on(dispatch: Dispatch, names: list[str | int], address: str) -> list[int]:
    """Has types sent to an address, or not any more; returns their numbers.

    Raises:
        ControlError: there is no such type.
    """
    try:
        types = types_of(names)
    except ValueError as error:
        raise ControlError(str(error)) from None
    switch(dispatch.world, types, address)
    return types
