"""Lists that follow from the shops' data and history, and are not stored: one module for each API family.

Each is a function of the world, a shop and the time alone: asked twice at one moment it says the same, and what it has
once said of the past it does not take back. A module whose lists a pipeline may load names how many rows they have in
`COUNTS`: name of the list (as pipelines call their streams) -> rows of one shop at a time.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

Count: TypeAlias = "Callable[[World, Shop, int], int]"


class Item(NamedTuple):
    """A row of a list: what it is sorted by, its identifier, and what the platform shows of it."""

    sort: int
    id: str
    doc: dict[str, Any]


def all_counts() -> Mapping[str, Count]:
    """The `COUNTS` of every module in this package."""
    found: dict[str, Count] = {}
    for module in pkgutil.iter_modules(__path__):
        found |= importlib.import_module(f"{__name__}.{module.name}").COUNTS
    return found
