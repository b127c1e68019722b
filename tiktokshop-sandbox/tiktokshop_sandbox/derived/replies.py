"""What sellers have written to buyers through the API, and up to when they have read, beside the simulated chats."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived import Count
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

FIRST_NUMBER = 10**9
"""Numbers of messages from here on are those of replies; simulated ones stay far below."""


class KeptReply(NamedTuple):
    """A message: its number, when it was sent (unix seconds), its type and its content as JSON."""

    number: int
    at: int
    kind: str
    content: str


def replies(world: World, shop: Shop) -> Mapping[str, list[KeptReply]]:
    """All replies of a shop by conversation, the oldest first."""
    return {
        name: msgspec.json.decode(value, type=list[KeptReply]) for name, value in _kept(world, shop, "replies").items()
    }


def read_marks(world: World, shop: Shop) -> Mapping[str, int]:
    """Up to when each conversation has been read."""
    return {name: int(value) for name, value in _kept(world, shop, "read").items()}


def add_reply(world: World, shop: Shop, conversation: str, now: int, kind: str, content: str) -> int:
    """Keeps a message; returns its number."""
    counter = f"reply-count.{shop.id}"
    number = int(world.meta(counter) or FIRST_NUMBER)
    world.set_meta(counter, str(number + 1))
    said = replies(world, shop).get(conversation, [])
    said = [*said, KeptReply(number, now, kind, content)]
    world.set_meta(f"replies.{shop.id}.{conversation}", msgspec.json.encode(said).decode())
    return number


def mark_read(world: World, shop: Shop, conversation: str, now: int) -> None:
    """Everything up to now has been read."""
    world.set_meta(f"read.{shop.id}.{conversation}", str(now))


def _kept(world: World, shop: Shop, what: str) -> dict[str, str]:
    head = f"{what}.{shop.id}."
    rows = world.db.execute("SELECT key, value FROM meta WHERE key >= ? AND key < ?", (head, f"{head}~"))
    return {key.removeprefix(head): value for key, value in rows}


COUNTS: Mapping[str, Count] = {}  # `customer_service` counts them among its messages
