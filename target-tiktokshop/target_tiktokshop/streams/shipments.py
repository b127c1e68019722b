"""Which call a tracking number needs: decided from the order alone, as the shop shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiktokshop_client.operations import (
    MARK_PACKAGE_AS_SHIPPED,
    MARK_PACKAGE_AS_SHIPPED_202309,
    SHIP_PACKAGE,
    UPDATE_ORDER_SHIPPING_INFO,
    UPDATE_PACKAGE_SHIPPING_INFO,
    UPDATE_PACKAGE_SHIPPING_INFO_202309,
    same_region,
)

from target_tiktokshop.writing.live import is_perhaps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_client import Operation

CORRECTION_SECONDS = 72 * 3_600
CLOSED = {"DELIVERED": "delivered", "COMPLETED": "delivered", "CANCELLED": "cancelled", "UNPAID": "unpaid"}
GONE = frozenset({"CANCELLED"})


@dataclass(frozen=True)
class Wanted:
    """What a record says: the number, the carrier, and for which part of the order, if not for all of it."""

    tracking_number: str
    provider_id: str
    line_ids: tuple[str, ...] = ()
    package_id: str = ""


@dataclass(frozen=True)
class Step:
    """What must be done.

    Attributes:
        reason: A key of `outcomes.REASONS` when nothing can be done.
        done: Whether the order has the number already.
        operation: The call, else.
        path: Its path parameters.
        body: Its body.
        older: The call and body to use where the platform does not know the first.
        before: The tracking number that is there now, None for none.
    """

    reason: str = ""
    done: bool = False
    operation: Operation | None = None
    path: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None
    older: tuple[Operation, Mapping[str, Any]] | None = None
    before: str | None = None


def next_step(order: Mapping[str, Any] | None, wanted: Wanted, region: str, now: int) -> Step:
    """The call that brings the tracking number to the order, or why there is none.

    Args:
        order: The order as Get Order Detail shows it, None if the shop has none.
        wanted: What the record asks for.
        region: The shop's market.
        now: Unix seconds by the platform's clock.
    """
    if order is None:
        return Step(reason="unknown_order")
    every = [line for line in order.get("line_items") or [] if line.get("display_status") not in GONE]
    lines, reason = _chosen(every, order, wanted)
    before = next((number for line in lines if (number := number_of(line))), None)
    named = bool(wanted.line_ids or wanted.package_id)
    carried = [line for line in lines if number_of(line) == wanted.tracking_number]
    if lines and (len(carried) == len(lines) or (carried and not named)):
        return Step(done=True, before=wanted.tracking_number)
    reason = reason or closed(order)
    if not reason and carried:
        reason = "partly_shipped"
    elsewhere = [line for line in every if line not in lines]
    if not reason and any(number_of(line) == wanted.tracking_number for line in elsewhere):
        reason = "number_in_use"
    if reason:
        return Step(reason=reason, before=before)
    if not lines:
        return Step(reason="no_lines")
    waiting = [line for line in lines if not number_of(line)]
    if waiting and (not named or len(waiting) == len(lines)):
        return _ship(order, waiting, every, wanted, region)
    return _correct(order, lines, wanted, before, now)


def number_of(line: Mapping[str, Any]) -> str:
    """A line item's tracking number, "" if it has none."""
    return str(line.get("tracking_number") or "")


def id_of(line: Mapping[str, Any]) -> str:
    """A line item's id, for a call that names it.

    Raises:
        ValueError: The shop shows it without one.
    """
    if not line.get("id"):
        raise ValueError("a line item is shown without its id")
    return str(line["id"])


def package_of(line: Mapping[str, Any], order: Mapping[str, Any]) -> str:
    """The package a line item is in: what it says, or the order's only one where no line item says any."""
    packages = order.get("packages") or []
    if len(packages) == 1 and not any(item.get("package_id") for item in order.get("line_items") or []):
        return str(packages[0].get("id") or "")
    return str(line.get("package_id") or "")


def closed(order: Mapping[str, Any]) -> str:
    """Why the seller cannot ship anything of the order, or correct it; "" if that is possible."""
    status = str(order.get("status") or "")
    if order.get("fulfillment_type") not in {None, "", "FULFILLMENT_BY_SELLER"}:
        return "fulfilled_by_platform"
    if order.get("shipping_type") not in {None, "", "SELLER"}:
        return "shipped_by_platform"
    if status in CLOSED:
        return CLOSED[status]
    if status == "ON_HOLD" or is_perhaps(order.get("is_on_hold_order")):
        return "on_hold"
    return "after_sale" if is_perhaps(order.get("is_buyer_request_cancel")) else ""


def _chosen(
    every: Sequence[Mapping[str, Any]], order: Mapping[str, Any], wanted: Wanted
) -> tuple[Sequence[Mapping[str, Any]], str]:
    """The line items a record is about, and what is wrong with its choice."""
    lines = every
    if wanted.package_id:
        lines = [line for line in lines if package_of(line, order) == wanted.package_id]
        if not lines:
            return [], closed(order) or "unknown_package"
    if wanted.line_ids:
        lines = [line for line in lines if str(line.get("id")) in wanted.line_ids]
        if len(lines) < len(wanted.line_ids):
            return [], closed(order) or "unknown_lines"
    return lines, ""


def _info(wanted: Wanted) -> dict[str, str]:
    return {"tracking_number": wanted.tracking_number, "shipping_provider_id": wanted.provider_id}


def _ship(
    order: Mapping[str, Any],
    waiting: Sequence[Mapping[str, Any]],
    every: Sequence[Mapping[str, Any]],
    wanted: Wanted,
    region: str,
) -> Step:
    """For the first time: into the package that is there, or as a new one."""
    packages = {package_of(line, order) for line in waiting}
    if len(packages) > 1:
        return Step(reason="several_packages")
    package = packages.pop()
    if package:
        whole = {id(line) for line in every if package_of(line, order) == package}
        if whole != {id(line) for line in waiting}:
            return Step(reason="several_packages")
        return Step(operation=SHIP_PACKAGE, path={"package_id": package}, body={"self_shipment": _info(wanted)})
    if MARK_PACKAGE_AS_SHIPPED.excluded_from(same_region(region)):
        return Step(reason="market")
    ids = [id_of(line) for line in waiting]
    return Step(
        operation=MARK_PACKAGE_AS_SHIPPED,
        path={"order_id": str(order.get("id"))},
        body={"order_line_list": [{"order_line_id": line} for line in ids], "shipping_info_list": [_info(wanted)]},
        older=(MARK_PACKAGE_AS_SHIPPED_202309, {"order_line_item_ids": ids, **_info(wanted)}),
    )


def _correct(
    order: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    wanted: Wanted,
    before: str | None,
    now: int,
) -> Step:
    """A number that is there already is replaced, of the whole order or of one package."""
    times = [int(line.get("rts_time") or order.get("rts_time") or 0) for line in lines]
    if max(times, default=0) and now - max(times) > CORRECTION_SECONDS:
        return Step(reason="too_late", before=before)
    packages = {package_of(line, order) for line in lines}
    if len(packages) > 1:
        return Step(reason="several_packages", before=before)
    package = packages.pop()
    if len(order.get("packages") or []) > 1 and package:
        return Step(
            operation=UPDATE_PACKAGE_SHIPPING_INFO,
            path={"package_id": package},
            body={"shipping_info_list": [_info(wanted)]},
            older=(UPDATE_PACKAGE_SHIPPING_INFO_202309, _info(wanted)),
            before=before,
        )
    return Step(
        operation=UPDATE_ORDER_SHIPPING_INFO,
        path={"order_id": str(order.get("id"))},
        body=_info(wanted),
        before=before,
    )
