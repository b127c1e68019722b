"""How an order is packed, and whether that can be changed: decided from the order alone, as the shop shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client.operations import same_region

from target_tiktokshop.streams.parcels import WAITING, held_up, not_of_platform
from target_tiktokshop.streams.shipments import GONE, id_of, package_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tiktokshop_client import Shop

WHOLE_SKUS = frozenset({"BR", "ID", "MY", "PH", "SG", "TH", "VN"})
"""Markets in which all items of a SKU travel in one package; in Mexico those of local sellers do."""
COMBINED = "COMBINED"


def lines_of(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The line items that are not cancelled."""
    return [line for line in order.get("line_items") or [] if line.get("display_status") not in GONE]


def packages_of(order: Mapping[str, Any]) -> dict[str, list[str]]:
    """Package -> the line items in it; those without one are under ""."""
    found: dict[str, list[str]] = {}
    for line in lines_of(order):
        found.setdefault(package_of(line, order), []).append(id_of(line))
    return found


def unchangeable(order: Mapping[str, Any] | None) -> str:
    """Why an order cannot be packed anew; "" if it can. A key of `outcomes.REASONS`."""
    if order is None:
        return "unknown_order"
    reason = not_of_platform(order) or held_up(order)
    if reason and reason != "invoice_first":
        return reason
    if not lines_of(order):
        return "no_lines"
    left = any(line.get("package_status") not in {None, "", WAITING} for line in lines_of(order))
    return "packages_made" if left or order.get("status") != "AWAITING_SHIPMENT" else ""


def is_combined(order: Mapping[str, Any]) -> bool:
    """Whether its package has items of other orders, too."""
    return order.get("split_or_combine_tag") == COMBINED


def parted_skus(order: Mapping[str, Any], parts: Sequence[Iterable[str]], shop: Shop) -> bool:
    """Whether items of one SKU would travel apart where they may not."""
    region = same_region(shop.region)
    if region not in WHOLE_SKUS and not (region == "MX" and shop.seller_type != "CROSS_BORDER"):
        return False
    skus = {str(line.get("id")): str(line.get("sku_id") or line.get("id")) for line in lines_of(order)}
    return sum(len({skus[line] for line in part}) for part in parts) > len(set(skus.values()))


def together(orders: Iterable[Mapping[str, Any]]) -> str:
    """The package in which all of some orders travel; "" if there is none."""
    packages = {package for order in orders for package in packages_of(order)}
    return packages.pop() if len(packages) == 1 else ""
