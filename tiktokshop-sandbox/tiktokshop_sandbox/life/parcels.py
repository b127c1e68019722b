"""What travels together: packages that are made, split, combined and taken apart; an old one never comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from tiktokshop_sandbox.states import Package

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tiktokshop_sandbox.life.engine import Life
    from tiktokshop_sandbox.states import Order
    from tiktokshop_sandbox.storefront import Shop

MOST_PACKAGES = 60
"""So many packages an order may have had; its number has room for 64."""


def touch(life: Life, order: Order) -> None:
    """Every change moves `update_time`, and the search follows it."""
    order.updated = life.now
    order.indexed = 0
    life.store.orders.put(order.key, order)


def wrap(life: Life, shop: Shop, order: Order, indexes: Sequence[int]) -> Package:
    """Puts some lines into a new package."""
    package = Package(
        id=shop.identify("package", order.n * 64 + len(order.packages)),
        created=life.now,
        updated=life.now,
        status="TO_FULFILL",
        sub_status="STOCKING",
        lines=list(indexes),
    )
    for index in indexes:
        order.lines[index].package = len(order.packages)
    order.packages.append(package)
    return package


def split(life: Life, shop: Shop, order: Order, groups: Sequence[Sequence[int]]) -> list[Package]:
    """Puts an order's lines into a new package for each group; whatever it had is gone."""
    for package in order.active:
        _retire(life, package)
    made = [wrap(life, shop, order, group) for group in groups]
    touch(life, order)
    return made


def combine(life: Life, shop: Shop, orders: Sequence[Order]) -> Package:
    """Puts all that is in orders, packed or not, into one new package, which leaves when the first of them would."""
    lines = {
        order.n: [index for package in order.active for index in package.lines] or list(range(len(order.lines)))
        for order in orders
    }
    for order in orders:
        for package in order.active:
            _retire(life, package)
    return _join(life, shop, orders, lines)


def take_out(
    life: Life, shop: Shop, package: Package, order: Order, leaving: Collection[int]
) -> list[tuple[Package, list[Order]]]:
    """Takes orders, by their numbers, out of a combined package; what is left of it gets a new one, too."""
    parts = life.store.parts(order, package)
    lines = {mate.n: list(part.lines) for mate, part in parts}
    for _, part in parts:
        _retire(life, part)
    staying = [mate for mate, _ in parts if mate.n not in leaving]
    if len(staying) == 1:
        staying = []
    made = []
    for mate, _ in parts:
        if mate not in staying:
            made.append((wrap(life, shop, mate, lines[mate.n]), [mate]))
            touch(life, mate)
    if staying:
        made.append((_join(life, shop, staying, lines), staying))
    return made


def _join(life: Life, shop: Shop, orders: Sequence[Order], lines: Mapping[int, Sequence[int]]) -> Package:
    ordered = sorted(orders, key=lambda order: order.n)
    parts = [wrap(life, shop, order, lines[order.n]) for order in ordered]
    lead = ordered[0].plan
    for order, part in zip(ordered, parts, strict=True):
        part.id, part.partners = parts[0].id, [each.n for each in ordered]
        order.plan = structs.replace(order.plan, collect=lead.collect, deliver=lead.deliver)
    for order in ordered:
        touch(life, order)
    return parts[0]


def _retire(life: Life, package: Package) -> None:
    """The package is no more: a search shows it as cancelled and empty, its order does not show it at all."""
    package.status = package.sub_status = "CANCELLED"
    package.retired, package.lines, package.updated = True, [], life.now
