"""What happens to orders, cancellations and returns, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tiktokshop_sandbox.webhooks.types import Happening

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tiktokshop_sandbox.states import Cancellation, Order, Return
    from tiktokshop_sandbox.storefront import Shop

_ORDER_STATUSES: Final[Mapping[str, str]] = {"CANCELLED": "CANCEL"}  # the only one that events spell otherwise
_CANCEL_STATUSES: Final[Mapping[str, str]] = {"CANCELLATION_REQUEST_CANCEL": "CANCELLATION_REQUEST_CANCELLED"}

# What the older event says of the same in numbers: whose it is, and how far. (A guess: no text has the numbers.)
_USERS: Final[Mapping[str, int]] = {"BUYER": 1, "SELLER": 2, "OPERATOR": 3, "SYSTEM": 4}
_CANCELLED, _BUYER_CANCELS = 1, 4
_REVERSE_STATUSES: Final[Mapping[str, int]] = {
    "CANCELLATION_REQUEST_PENDING": 1,
    "CANCELLATION_REQUEST_SUCCESS": 51,
    "CANCELLATION_REQUEST_CANCEL": 99,
    "CANCELLATION_REQUEST_COMPLETE": 100,
}
_REVERSE_EVENTS: Final[Mapping[str, str]] = {
    "CANCELLATION_REQUEST_PENDING": "ORDER_REQUEST_CANCEL",
    "CANCELLATION_REQUEST_SUCCESS": "ORDER_CANCEL",
    "CANCELLATION_REQUEST_CANCEL": "ORDER_REQUEST_CANCEL_REJECT",
    "CANCELLATION_REQUEST_COMPLETE": "ORDER_REFUND",
}

OrderMark = tuple[str, bool, tuple[Any, ...], tuple[tuple[str, bool], ...]]


def status_mark(item: Cancellation | Return) -> str:
    """What a cancellation or a return is compared by."""
    return item.status


def order_mark(order: Order) -> OrderMark:
    """What an order is compared by: status, hold, whom it goes to, and its packages, each combined or not."""
    to = order.recipient
    whom = (to.first, to.last, to.phone, to.street, to.postcode, to.place)
    return order.status, order.hold, whom, tuple((each.id, bool(each.partners)) for each in order.active)


def status_event(shop: Shop, order: Order, at: int) -> Happening:
    """The event of an order's status as it is."""
    data = {
        "order_id": order.id,
        "order_status": _ORDER_STATUSES.get(order.status, order.status),
        "is_on_hold_order": order.hold,
        "update_time": order.updated,
    }
    return Happening(shop.number, 1, at, data)


def order_events(shop: Shop, before: OrderMark | None, order: Order, _: str = "") -> Iterator[Happening]:
    """What has happened to an order."""
    status, hold, whom, packages = order_mark(order)
    if before is None or before[:2] != (status, hold):
        yield status_event(shop, order, order.updated)
    if before and before[2] != whom:
        data = {"order_id": order.id, "update_time": order.updated}
        yield Happening(shop.number, 3, order.updated, data)
    kind = _regrouped(before[3] if before else (), packages, order)
    if kind:
        yield _packed_anew(shop, order, kind)


def _regrouped(before: tuple[tuple[str, bool], ...], now: tuple[tuple[str, bool], ...], order: Order) -> str:
    """How an order's packages were split, combined or taken apart; "" if they were not. One of a group tells it."""
    combined = [package for package in order.active if package.partners]
    if combined:
        new = (combined[0].id, True) not in before
        return "COMBINE" if new and combined[0].partners[0] == order.n else ""
    if any(together for _, together in before):
        return "CANCEL_COMBINE"
    return "SPLIT" if len(now) > max(1, len(before)) else ""


def _packed_anew(shop: Shop, order: Order, kind: str) -> Happening:
    parcels = [
        {"package_id": package.id, "order_id_list": [shop.identify("order", n) for n in package.partners or [order.n]]}
        for package in order.active
    ]
    data = {"sc_type": kind, "role_type": "SELLER", "package_list": parcels, "update_time": order.updated}
    return Happening(shop.number, 4, order.updated, data)


def cancellation_events(shop: Shop, _: str | None, item: Cancellation, __: str = "") -> Iterator[Happening]:
    """What has happened to a cancellation: the event of today, and the older one beside it."""
    order = shop.identify("order", item.n)
    yield Happening(
        shop.number,
        11,
        item.updated,
        {
            "order_id": order,
            "cancellations_role": item.role,
            "cancel_status": _CANCEL_STATUSES.get(item.status, item.status),
            "cancel_id": item.id,
            "update_time": item.updated,  # where the documentation has `create_time`; this is what really comes
        },
    )
    yield Happening(
        shop.number,
        2,
        item.updated,
        {
            "order_id": order,
            "reverse_order_id": item.id,
            "reverse_type": _BUYER_CANCELS if item.kind == "BUYER_CANCEL" else _CANCELLED,
            "reverse_order_status": _REVERSE_STATUSES.get(item.status, 0),
            "reverse_user": _USERS.get(item.role, 0),
            "reverse_event_type": _REVERSE_EVENTS.get(item.status, item.status),
            "update_time": item.updated,
        },
    )


def return_events(shop: Shop, _: str | None, item: Return, __: str = "") -> Iterator[Happening]:
    """What has happened to a return."""
    data = {
        "order_id": shop.identify("order", item.n),
        "return_role": item.records[-1].role if item.records else "BUYER",
        "return_type": item.kind,
        "return_status": item.status,
        "return_id": item.id,
        "create_time": item.created,
        "update_time": item.updated,
    }
    yield Happening(shop.number, 12, item.updated, data)
