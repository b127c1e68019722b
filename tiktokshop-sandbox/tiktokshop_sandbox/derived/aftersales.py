"""After-sales requests and return merchandise authorisations (RMAs): the shops' returns, seen from the request.

Both exist in the US and the UK only. An order has at most one return here, so that its request bundles this one. The
request follows the return's status; its RMA begins when the seller agrees that the goods come back, and then goes on
by the return's history and, between two entries of it, by itself: a label is made, a parcel arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.states import Return

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.derived import Count
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

MARKETS = frozenset({"US", "GB"})
REQUEST_STATUSES = ("INIT", "PENDING_REQUEST_REVIEW", "REQUEST_REVIEW_COMPLETED")
RMA_STATUSES = (
    "INIT",
    "AWAITING_BUYER_RETURN",
    "RETURN_IN_TRANSIT",
    "PENDING_PACKAGE_REVIEW",
    "PACKAGE_REVIEW_COMPLETED",
)
_MINUTE = 60
_AGREED = "SELLER_AGREE_RETURN"
_decoded = msgspec.msgpack.Decoder(Return).decode


class AftersalesRequest(NamedTuple):
    """An after-sales request. `key` and `item` are the return it bundles."""

    id: str
    order_id: str
    buyer_id: str
    status: str
    return_type: str
    create_time: int
    update_time: int
    key: int
    item: Return


class Rma(NamedTuple):
    """A return merchandise authorisation. `package_id` is empty until there is a label; `key` is the return's."""

    id: str
    package_id: str
    request_id: str
    order_id: str
    status: str
    create_time: int
    update_time: int
    key: int


class _Stage(NamedTuple):
    """What an RMA is at from an event on, and what it comes to by itself within so many minutes."""

    status: str
    then: str = ""
    low: int = 0
    high: int = 0


# Event of a return's history -> the stage it begins. The next event never comes sooner than what happens by itself,
# unless the seller decides through the API: then the decision counts.
_STAGES: Mapping[str, _Stage] = {
    _AGREED: _Stage("INIT", "AWAITING_BUYER_RETURN", 5, 40),
    "TIMEOUT": _Stage("AWAITING_BUYER_RETURN"),  # nothing came, and there is no status for that
    "BUYER_SHIP": _Stage("RETURN_IN_TRANSIT", "PENDING_PACKAGE_REVIEW", 20 * 60, 38 * 60),
    "SELLER_AGREE_REFUND": _Stage("PACKAGE_REVIEW_COMPLETED"),
    "SELLER_REJECT_PARCEL": _Stage("PACKAGE_REVIEW_COMPLETED"),
}


def requests(world: World, shop: Shop) -> Sequence[AftersalesRequest]:
    """The shop's after-sales requests, oldest order first; none outside `MARKETS`."""
    if shop.region not in MARKETS:
        return ()

    def compute() -> list[AftersalesRequest]:
        sql = "SELECT key, order_id, user_id, state FROM returns WHERE shop = ? ORDER BY key"
        return [_request(shop, *row) for row in world.db.execute(sql, (shop.number,))]

    return world.remembered(("aftersales requests", shop.number), compute)


def _request(shop: Shop, key: int, order_id: str, user_id: str, state: bytes) -> AftersalesRequest:
    item = _decoded(state)
    # INIT passes before anybody can look; the review is over as soon as somebody has done something.
    status = "PENDING_REQUEST_REVIEW" if item.status.endswith("_PENDING") else "REQUEST_REVIEW_COMPLETED"
    number = shop.identify("aftersales", item.n)
    return AftersalesRequest(number, order_id, user_id, status, item.kind, item.created, item.updated, key, item)


def rma(shop: Shop, request: AftersalesRequest, now: int) -> Rma | None:
    """The request's RMA as it is at `now`, or None when no goods are to come back (or not yet)."""
    item = request.item
    staged = {record.event: record.at for record in item.records if record.event in _STAGES}
    if _AGREED not in staged:
        return None
    event, since = next(reversed(staged.items()))
    stage = _STAGES[event]
    status, updated = stage.status, item.updated
    if stage.then:
        wait = _wait(shop, item, event)
        if since + wait <= now:
            status, updated = stage.then, max(updated, since + wait)
    package = "" if status == "INIT" else shop.identify("return_package", item.n)
    number = shop.identify("rma", item.n)
    return Rma(number, package, request.id, request.order_id, status, staged[_AGREED], updated, request.key)


def request_course(item: Return) -> list[tuple[int, str]]:
    """When a return's request got which status, oldest first."""
    course = [(item.created, REQUEST_STATUSES[1])]
    return course + [(record.at, REQUEST_STATUSES[2]) for record in item.records[1:2]]


def rma_course(shop: Shop, item: Return) -> list[tuple[int, str]]:
    """When a return's RMA got which status, oldest first, all that is certain by now; nothing if there is none."""
    staged = [record for record in item.records if record.event in _STAGES]
    if all(record.event != _AGREED for record in staged):
        return []
    course: list[tuple[int, str]] = []
    for place, record in enumerate(staged):
        stage = _STAGES[record.event]
        course.append((record.at, stage.status))
        if stage.then:
            by_itself = record.at + _wait(shop, item, record.event)
            if place + 1 == len(staged) or by_itself < staged[place + 1].at:
                course.append((by_itself, stage.then))
    return course


def _wait(shop: Shop, item: Return, event: str) -> int:
    """How long a stage lasts until it goes on by itself, in seconds."""
    stage = _STAGES[event]
    return Draws(shop.seed, shop.number, "rma", item.n, event).between(stage.low, stage.high) * _MINUTE


def rmas(world: World, shop: Shop, now: int) -> list[Rma]:
    """All RMAs of the shop as they are at `now`."""
    found = (rma(shop, request, now) for request in requests(world, shop) if request.return_type == "RETURN_AND_REFUND")
    return [item for item in found if item is not None]


# Keys: (shop_id, id) in both lists.
COUNTS: Mapping[str, Count] = {
    "aftersales": lambda world, shop, _: len(requests(world, shop)),
    "rmas": lambda world, shop, now: len(rmas(world, shop, now)),
}
