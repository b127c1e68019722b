"""Webhook subscriptions: where the platform reports which events of a shop; changes by the app are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tiktokshop_sandbox.derived.promotion import opened
from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.life.engine import HOUR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived import Count
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

_FIRST = ("ORDER_STATUS_CHANGE", "PACKAGE_UPDATE")
_PERHAPS = "RETURN_STATUS_CHANGE"


class Subscription(msgspec.Struct, frozen=True):
    """One event's address. Times are unix seconds."""

    event_type: str
    address: str
    create_time: int
    update_time: int


_decode = msgspec.json.Decoder(list[Subscription]).decode


def subscriptions(world: World, shop: Shop) -> list[Subscription]:
    """The shop's subscriptions by event: as the app left them, or those the shop's first app made on its first day."""
    kept = changed(world, shop)
    return _opening(world, shop) if kept is None else kept


def changed(world: World, shop: Shop) -> list[Subscription] | None:
    """The shop's subscriptions as the app left them; None if it has never changed any."""
    kept = world.meta(_key(shop))
    return None if kept is None else _decode(kept)


def subscribe(world: World, shop: Shop, now: int, event_type: str, address: str) -> None:
    """Has an event reported to an address, and to no other any more."""
    others = subscriptions(world, shop)
    created = next((item.create_time for item in others if item.event_type == event_type), now)
    _keep(world, shop, [*_without(others, event_type), Subscription(event_type, address, created, now)])


def unsubscribe(world: World, shop: Shop, event_type: str) -> None:
    """Has an event not reported any more; it does not matter whether it was."""
    _keep(world, shop, _without(subscriptions(world, shop), event_type))


def _opening(world: World, shop: Shop) -> list[Subscription]:
    draws = Draws(shop.seed, shop.number, "webhooks")
    events = (*_FIRST, _PERHAPS) if draws.chance(500) else _FIRST
    made = opened(world) + draws.between(0, 4 * HOUR)
    return [
        Subscription(name, f"https://hooks.{shop.code.lower()}.example/{name.lower()}", made, made) for name in events
    ]


def _without(items: list[Subscription], event_type: str) -> list[Subscription]:
    return [item for item in items if item.event_type != event_type]


def _keep(world: World, shop: Shop, items: list[Subscription]) -> None:
    ordered = sorted(items, key=lambda item: item.event_type)
    world.set_meta(_key(shop), msgspec.json.encode(ordered).decode())


def _key(shop: Shop) -> str:
    return f"webhooks.{shop.id}"


COUNTS: Mapping[str, Count] = {"webhook_subscriptions": lambda world, shop, _: len(subscriptions(world, shop))}
