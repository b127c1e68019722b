"""What a dry run has planned so far, so that what comes later in the feed is planned as the real run would do it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHIPPED = "PROCESSING"


@dataclass
class Foreseen:
    """Line items of orders, by (shop, order): what the plan has made of them.

    Attributes:
        lines: (shop, order) -> line item -> the fields that it would have.
        tags: (shop, order) -> the order's own fields.
        shipped: Packages that would be on their way, with their documents in place.
    """

    lines: dict[tuple[str, str], dict[str, dict[str, Any]]] = field(default_factory=dict)
    tags: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    shipped: set[str] = field(default_factory=set)
    _made: int = 0

    def ship(self, shop: str, lines: Mapping[str, Sequence[str]], package_id: str) -> None:
        """Line items, by order, would be shipped in one package, which is new if it has no id."""
        package = package_id or self._new()
        self.shipped.add(package)
        for order_id, line_ids in lines.items():
            self._add(shop, order_id, line_ids, {"package_id": package, "package_status": SHIPPED})

    def pack(self, shop: str, groups: Mapping[str, Sequence[Sequence[str]]], tag: str) -> None:
        """Line items, by order, would be packed anew: the nth groups of all orders travel together."""
        for order_id in groups:
            self.tags[shop, order_id] = {"split_or_combine_tag": tag}
        for place in range(max(map(len, groups.values()))):
            package = self._new()
            for order_id, parts in groups.items():
                if place < len(parts):
                    self._add(shop, order_id, parts[place], {"package_id": package, "package_status": "TO_FULFILL"})

    def of(self, shop: str, order: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """An order as it would be by now."""
        if order is None:
            return None
        key = (shop, str(order.get("id")))
        if key not in self.lines:
            return order
        changed = self.lines[key]
        items = [{**line, **changed.get(str(line.get("id")), {})} for line in order.get("line_items") or []]
        packages = list(dict.fromkeys(str(line["package_id"]) for line in items if line.get("package_id")))
        return {**order, **self.tags.get(key, {}), "line_items": items, "packages": [{"id": each} for each in packages]}

    def _add(self, shop: str, order_id: str, line_ids: Sequence[str], facts: Mapping[str, Any]) -> None:
        known = self.lines.setdefault((shop, order_id), {})
        for line_id in line_ids:
            known.setdefault(line_id, {}).update(facts)

    def _new(self) -> str:
        self._made += 1
        return f"new-{self._made}"
