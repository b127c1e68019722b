"""What a parcel of the platform's needs next: decided from the order alone, as the shop shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiktokshop_client.operations import same_region

from target_tiktokshop.streams.shipments import GONE, number_of, package_of
from target_tiktokshop.writing.live import is_perhaps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNITED_STATES = "US"
INVOICE_MISSING = frozenset({"NEED_INVOICE", "INVOICE_PROCESSING"})
"""Nothing is shipped before the platform has accepted the invoice."""
WAITING, SHIPPED = "TO_FULFILL", "PROCESSING"
ON_THE_WAY = frozenset({"FULFILLING", "COMPLETED"})
ENDED = frozenset({"IN_TRANSIT", "DELIVERED", "COMPLETED"})
BUY, SHIP, PRINT, DONE, ASK = "buy", "ship", "print", "done", "ask"
"""What is to be done: buy a label, ship the package, fetch its documents, nothing, or ask for the package's status."""


@dataclass(frozen=True)
class Parcel:
    """A part of an order that travels as one, and what it needs.

    Attributes:
        next: One of the words above, "" when nothing can be done.
        reason: A key of `outcomes.REASONS` then.
        package_id: Its package, "" before there is one.
        line_ids: The line items in it.
        whole: Whether they are all of the order that is left.
        status: The package's status, "" if none is shown.
        tracking_number: "" before it has one.
        carrier: The shipping provider's name, likewise.
    """

    next: str = ""
    reason: str = ""
    package_id: str = ""
    line_ids: tuple[str, ...] = ()
    whole: bool = True
    status: str = ""
    tracking_number: str = ""
    carrier: str = ""


def parcel_of(
    order: Mapping[str, Any] | None, package_id: str, line_ids: Sequence[str], region: str, statuses: Mapping[str, str]
) -> Parcel:
    """The parcel that a record is about.

    Args:
        order: The order as Get Order Detail shows it, None if the shop has none.
        package_id: The package that the record names, "" for none.
        line_ids: The line items that it names, none for all.
        region: The shop's market.
        statuses: Of packages whose status the order does not show.
    """
    if order is None:
        return Parcel(reason="unknown_order")
    reason = not_of_platform(order)
    every = [line for line in order.get("line_items") or [] if line.get("display_status") not in GONE]
    lines = [
        line
        for line in every
        if (not package_id or package_of(line, order) == package_id)
        and (not line_ids or str(line.get("id")) in line_ids)
    ]
    if not reason and len(lines) < len(line_ids):
        reason = "unknown_lines"
    if not reason and not lines:
        reason = "unknown_package" if package_id and every else "no_lines"
    packages = {package_of(line, order) for line in lines}
    if not reason and len(packages) > 1:
        reason = "partly_packed" if "" in packages else "several_packages"
    if reason:
        return Parcel(reason=reason)
    package = packages.pop()
    whole = len(lines) == len(every)
    found = Parcel(package_id=package, line_ids=tuple(str(line.get("id")) for line in lines), whole=whole)
    if not package:
        return _without_package(order, found, region)
    if len(lines) < sum(package_of(line, order) == package for line in every):
        return Parcel(reason="several_packages")
    return _with_package(order, found, lines[0], region, statuses)


def not_of_platform(order: Mapping[str, Any]) -> str:
    """Why the platform's carrier does not take it from the seller; "" if it does."""
    if order.get("fulfillment_type") not in {None, "", "FULFILLMENT_BY_SELLER"}:
        return "fulfilled_by_platform"
    if order.get("shipping_type") not in {None, "", "TIKTOK"}:
        return "shipped_by_seller"
    return {"CANCELLED": "cancelled", "UNPAID": "unpaid"}.get(str(order.get("status")), "")


def held_up(order: Mapping[str, Any]) -> str:
    """Why nothing can leave now."""
    if order.get("status") == "ON_HOLD" or is_perhaps(order.get("is_on_hold_order")):
        return "on_hold"
    if is_perhaps(order.get("is_buyer_request_cancel")):
        return "after_sale"
    return "invoice_first" if order.get("need_upload_invoice") in INVOICE_MISSING else ""


def _without_package(order: Mapping[str, Any], found: Parcel, region: str) -> Parcel:
    if order.get("status") in ENDED:
        return _now(found, DONE)
    if same_region(region) != UNITED_STATES:
        return Parcel(reason=held_up(order) or "market")
    reason = held_up(order) or _unseen(order)
    return Parcel(reason=reason) if reason else _now(found, BUY)


def _unseen(order: Mapping[str, Any]) -> str:
    """Why a label may have been bought already, or not be the seller's to buy, as far as the order shows; "" if not."""
    if not order.get("status") or not order.get("shipping_type"):
        return "unseen_order"
    lines = order.get("line_items") or []
    hidden = order.get("packages") and not any(line.get("package_id") for line in lines)
    return "unseen_package" if hidden or order.get("status") == "AWAITING_COLLECTION" else ""


def _with_package(
    order: Mapping[str, Any], found: Parcel, line: Mapping[str, Any], region: str, statuses: Mapping[str, str]
) -> Parcel:
    status = str(line.get("package_status") or statuses.get(found.package_id) or "")
    number = number_of(line)
    known = _now(found, "", status, number, str(line.get("shipping_provider_name") or ""))
    if status == "CANCELLED":
        return Parcel(reason="cancelled")
    if order.get("status") in ENDED or status in ON_THE_WAY:
        return _now(known, DONE)
    bought = same_region(region) == UNITED_STATES and number
    if status == SHIPPED or (status == WAITING and bought):
        return _now(known, PRINT)
    if status == WAITING:
        reason = held_up(order)
        return Parcel(reason=reason) if reason else _now(known, SHIP)
    return _now(known, ASK)


def _now(found: Parcel, what: str, status: str = "", number: str = "", carrier: str = "") -> Parcel:
    """The parcel with what is known of it, and what it needs."""
    return Parcel(
        what,
        "",
        found.package_id,
        found.line_ids,
        found.whole,
        status or found.status,
        number or found.tracking_number,
        carrier or found.carrier,
    )
