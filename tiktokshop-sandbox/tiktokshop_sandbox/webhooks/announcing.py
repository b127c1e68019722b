"""Puts what happens in the shops into the outbox, in the transaction in which it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tiktokshop_sandbox.webhooks.noticing import Noticing
from tiktokshop_sandbox.webhooks.outbox import Outbox
from tiktokshop_sandbox.webhooks.subscribers import addresses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.webhooks.subscribers import Addresses
    from tiktokshop_sandbox.webhooks.types import Happening

_GRANTS = "SELECT shops FROM gateway_grants WHERE revoked = 0"


class Announcing:
    """Announces what happens in a world to those who have subscribed to it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.outbox = Outbox(world.db)
        self._noticing: Noticing | None = None
        self._to: Addresses = {}

    def listening(self) -> Addresses:
        """Who hears of what now: nobody of a shop whose seller has taken back every grant."""
        everybody = addresses(self._world)
        if not everybody:
            return {}
        granted = self._granted()
        return {key: there for key, there in everybody.items() if granted is None or key[0] in granted}

    def _granted(self) -> set[int] | None:
        """The shops that a seller lets the app see; None in a file that has had no grant yet."""
        if self._world.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'gateway_grants'").fetchone() is None:
            return None
        ids = {shop for (text,) in self._world.db.execute(_GRANTS) for shop in msgspec.json.decode(text)}
        return {shop.number for shop in self._world.shops if shop.id in ids}

    def watch(self, *, by_api: bool) -> Noticing | None:
        """What to tell of the objects of the next transaction; None if nobody has subscribed to anything."""
        self._to = self.listening()
        self._noticing = Noticing("OPEN_API" if by_api else "SELLER_CENTER") if self._to else None
        return self._noticing

    def announce(self) -> None:
        """The transaction is about to be kept: what happened in it goes into the outbox."""
        if self._noticing:
            self.put(self._noticing.happened, self._to)
        self._noticing = None

    def put(self, happened: Iterable[Happening], to: Addresses) -> None:
        """Puts what somebody has subscribed to into the outbox, in the caller's transaction."""
        known = [(item, to[item.shop, item.type]) for item in happened if (item.shop, item.type) in to]
        if known:
            self.outbox.add(known)
