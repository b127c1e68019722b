"""What the platform tells of a seller's grant itself: that it was taken back, and that it ends soon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tiktokshop_sandbox.webhooks.types import Happening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiktokshop_sandbox.shops import World

SOON: Final = 30 * 86_400
"""How long before its end a grant ends soon, in seconds. (A guess.)"""
_TOLD: Final = "webhooks.grants"
_ROWS: Final = "SELECT id, shops, expires, revoked FROM gateway_grants"
_GONE, _ENDING = 6, 7


def grant_events(world: World, now: int, real: int) -> list[Happening]:
    """What is new of the grants, once each; `now` is the shops' time, `real` that by which grants live.

    What is so when this is asked for the first time was told before.
    """
    kept = world.meta(_TOLD)
    before = set(msgspec.json.decode(kept or "[]", type=list[tuple[int, int]]))
    rows = world.db.execute(_ROWS).fetchall()
    so = {
        (identifier, number): (shops, expires)
        for identifier, shops, expires, revoked in rows
        for number, holds in ((_GONE, revoked), (_ENDING, not revoked and expires - real <= SOON))
        if holds
    }
    if kept is not None and so.keys() == before:
        return []
    world.set_meta(_TOLD, msgspec.json.encode(sorted(so)).decode())
    new = [] if kept is None else sorted(so.keys() - before)
    return [item for key in new for item in _events(world, key[1], so[key], (now, real))]


def _events(world: World, number: int, grant: tuple[str, int], times: tuple[int, int]) -> Iterator[Happening]:
    shops, expires = grant
    now, real = times
    covered = msgspec.json.decode(shops, type=list[str])
    for shop in world.shops:
        if shop.id not in covered:
            continue
        if number == _GONE:
            data = {"message": f"Shop_id {shop.id} is deauthorized from your APP by merchant."}
        else:
            days = max(0, expires - real) // 86_400
            words = f"Authorization of shop_id {shop.id} is expirating in {days} days. "
            data = {
                "message": words + "Please direct the merchant to re-authorize.",
                "expiration_time": str(expires),
            }
        yield Happening(shop.number, number, now, data)
