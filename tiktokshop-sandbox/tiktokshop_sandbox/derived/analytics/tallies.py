"""Units of sales added up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from tiktokshop_sandbox.derived.analytics.sales import Unit

    K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class SalesTally:
    """Sums of some units, amounts in minor units.

    A SKU order is an order's units of one SKU. Buyers and products count once, however often they come up.
    """

    gmv: int = 0
    funding: int = 0
    tax: int = 0
    shipping: int = 0
    units: int = 0
    refunds: int = 0
    refunded_units: int = 0
    orders: set[int] = field(default_factory=set)
    sku_orders: set[tuple[int, str]] = field(default_factory=set)
    buyers: set[str] = field(default_factory=set)
    products: set[int] = field(default_factory=set)
    undone: set[int] = field(default_factory=set)
    refunded_buyers: set[str] = field(default_factory=set)

    def add(self, unit: Unit) -> None:
        """Counts one more unit."""
        self.gmv += unit.sale
        self.funding += unit.funding
        self.tax += unit.tax
        self.shipping += unit.shipping
        self.units += 1
        self.orders.add(unit.order)
        self.sku_orders.add((unit.order, unit.sku))
        self.buyers.add(unit.buyer)
        self.products.add(unit.product)
        if unit.undone:
            self.undone.add(unit.order)
        if unit.refund is not None:
            self.refunds += unit.refund
            self.refunded_units += 1
            self.refunded_buyers.add(unit.buyer)


def tallies(units: Iterable[Unit], key: Callable[[Unit], K]) -> dict[K, SalesTally]:
    """Units added up by what `key` says of each, in the order of their first unit."""
    found: dict[K, SalesTally] = {}
    for unit in units:
        name = key(unit)
        if name not in found:
            found[name] = SalesTally()
        found[name].add(unit)
    return found


def tally(units: Iterable[Unit]) -> SalesTally:
    """All of them added up."""
    whole = SalesTally()
    for unit in units:
        whole.add(unit)
    return whole
