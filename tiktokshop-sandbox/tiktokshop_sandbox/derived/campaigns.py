"""Promotion activities that were made, or changed, through the API: kept, beside those that the simulated seller plans.

A planned activity that is changed is kept from then on as it was at that moment, and its plan no longer counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tiktokshop_sandbox.activities import LOCKING, KeptActivity, all_kept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_sandbox.derived import Count
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

FIRST_NUMBER = 10**6
"""Numbers of activities from here on are those made through the API; planned ones stay far below."""


def kept(world: World, shop: Shop) -> Mapping[str, KeptActivity]:
    """All kept activities of a shop by id, to look at and not to change."""
    return world.remembered(("kept activities", shop.id), lambda: {item.id: item for item in all_kept(world.db, shop)})


def keep(world: World, shop: Shop, activity: KeptActivity) -> None:
    """Keeps an activity, new or changed."""
    world.set_meta(f"campaign.{shop.id}.{activity.id}", msgspec.json.encode(activity).decode())


def copy_of(world: World, shop: Shop, activity_id: str) -> KeptActivity | None:
    """A kept activity to be changed, None if there is none."""
    value = world.meta(f"campaign.{shop.id}.{activity_id}")
    return None if value is None else msgspec.json.decode(value, type=KeptActivity)


def next_number(world: World, shop: Shop) -> int:
    """A number for a new activity."""
    counter = f"campaign-count.{shop.id}"
    number = int(world.meta(counter) or FIRST_NUMBER)
    world.set_meta(counter, str(number + 1))
    return number


def locked_by_api(world: World, shop: Shop, product_id: str, now: int) -> bool:
    """Whether a kept activity that runs locks a product's price."""
    return any(
        product_id in item.products and item.kind in LOCKING and item.status_at(now) == "ONGOING"
        for item in kept(world, shop).values()
    )


COUNTS: Mapping[str, Count] = {}  # `promotion` counts them among all activities
