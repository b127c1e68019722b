"""Where each event of each shop goes: subscriptions by API, and what is switched on in Partner Center."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from tiktokshop_sandbox.derived.event import changed
from tiktokshop_sandbox.webhooks.types import BY_NAME, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_sandbox.shops import World

ALL: Final = "all"
_KEY: Final = "webhooks.app"
_READING: Final = "webhooks.unauthorized"
# Names that are nobody's, for ever.
_NOBODYS: Final = ("example", "invalid", "test", "example.com", "example.net", "example.org")
_decode = msgspec.json.Decoder(dict[int, str]).decode

Addresses = dict[tuple[int, int], str]


def goes_to_nobody(address: str) -> bool:
    """Whether the host of an address is a name that is kept for examples: nothing is ever sent there."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    return any(host == name or host.endswith(f".{name}") for name in _NOBODYS)


def addresses(world: World) -> Addresses:
    """(number of a shop, number of a type) -> the address that it is sent to.

    A shop's subscription by API goes before what is switched on for all shops. (A guess: no text says what happens if
    both are there.) A shop's first subscriptions, which another app has made, go to names that are nobody's.
    """
    everywhere = switched_on(world)
    found: Addresses = {}
    for shop in world.shops:
        own = {BY_NAME[item.event_type].number: item.address for item in changed(world, shop) or ()}
        for there in (everywhere, own):
            found |= {(shop.number, number): to for number, to in there.items() if not goes_to_nobody(to)}
    return found


def switched_on(world: World) -> dict[int, str]:
    """What is switched on in Partner Center for the app, in all of its shops: number of a type -> address."""
    return _decode(world.meta(_KEY) or "{}")


def switch(world: World, types: Iterable[int], address: str) -> None:
    """Has types of events sent to an address from now on, or, if it is empty, not sent any more."""
    left: Mapping[int, str] = switched_on(world) | dict.fromkeys(types, address)
    kept = {number: there for number, there in sorted(left.items()) if there}
    world.set_meta(_KEY, msgspec.json.encode(kept).decode())


def types_of(names: Iterable[str | int]) -> list[int]:
    """The numbers of types that are named, by number or name; `all` stands for those that no API subscribes.

    Raises:
        ValueError: there is no such type here.
    """
    found: dict[int, None] = {}
    for name in names:
        if name == ALL:
            found |= dict.fromkeys(each.number for each in TYPES.values() if not each.by_api)
            continue
        text = str(name).strip().upper()
        number = int(text) if text.isascii() and text.isdecimal() else BY_NAME[text].number if text in BY_NAME else -1
        if number not in TYPES:
            raise ValueError(f"there is no event {text[:60]!r} here; there are: {ALL}, {', '.join(BY_NAME)}")
        found[number] = None
    return list(found)


def ends_with_401(world: World) -> bool:
    """Whether a 401 ends the delivery of an event, or is a failure that is tried again.

    The platform names 401 beside 200 as an answer, and does not say which; the sandbox ends it unless it is told to.
    """
    return world.meta(_READING) != "retry"


def read_401(world: World, reading: str) -> None:
    """What a 401 means from now on: `end` or `retry`."""
    world.set_meta(_READING, reading)
