"""What is computed once for a world and then only added to: facts of the past, which no later event changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiktokshop_sandbox.shops import World

T = TypeVar("T")
_KEPT: WeakKeyDictionary[World, dict[object, object]] = WeakKeyDictionary()


def kept(world: World, key: object, make: Callable[[], T]) -> T:
    """What `make` returned when the world was first asked for `key`; it lasts as long as the world is open.

    `World.remembered` forgets whenever anything changes, which is right for what can change. A list that grows with
    every order would have to be read from its beginning each time; kept here, it reads what has come since.
    """
    things = _KEPT.setdefault(world, {})
    if key not in things:
        things[key] = make()
    return cast("T", things[key])
