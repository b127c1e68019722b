"""Creators' applications for samples, and what happens to them.

Who is approved gets an order of a sample; of such an application one hears when its order comes in, because those that
the seller has already decided for are approved at once. The others wait for the seller and come to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tiktokshop_sandbox.derived.affiliate.invitations import accepted_by, running
from tiktokshop_sandbox.derived.affiliate.sales import ledger
from tiktokshop_sandbox.derived.analytics.creators import AFFILIATE, creator
from tiktokshop_sandbox.derived.analytics.days import world_start
from tiktokshop_sandbox.draws import Draws
from tiktokshop_sandbox.kept import kept
from tiktokshop_sandbox.life.engine import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktokshop_sandbox.derived.affiliate.invitations import Invitation
    from tiktokshop_sandbox.derived.analytics.creators import Creator
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.states import Order, Product, Sku
    from tiktokshop_sandbox.storefront import Shop

TO_DECIDE: Final = 7 * DAY  # then the application lapses
TO_SHIP: Final = 7 * DAY
TO_POST: Final = 30 * DAY
_EVERY: Final = 40 * HOUR
_ENDINGS: Final = (
    (400, "REJECT_CANCELLED"),
    (300, "OVERDUE_CANCELLED"),
    (250, "WITHDRAW_CANCELLED"),
    (50, "DEL_OPEN_COLLAB"),
)
_OF_ORDERS: Final = {
    "AWAITING_COLLECTION": "SHIPPED",
    "IN_TRANSIT": "SHIPPED",
    "DELIVERED": "CONTENT_PENDING",
    "COMPLETED": "CONTENT_PENDING",
}
_CANCELLED_BY: Final = {"SELLER": "SELLER_NOT_SHIP_CANCELLED", "BUYER": "WITHDRAW_CANCELLED"}


class Application(NamedTuple):
    """An application for one unit of a product.

    `order` is the key of its order, -1 without one; then `product` and `sku` say what was asked for (a number, and any
    number, whose remainder picks the SKU) and `ending` and `decided` what comes of it when.
    """

    at: int
    id: str
    number: int
    creator: Creator
    invitation: Invitation | None
    order: int = -1
    product: int = -1
    sku: int = -1
    ending: str = ""
    decided: int = 0


def applications(world: World, shop: Shop, now: int) -> Sequence[Application]:
    """The shop's sample applications as of `now`, oldest first."""
    approved = kept(world, ("approved samples", shop.number), list[Application])
    for number, sample in enumerate(ledger(world, shop).samples[len(approved) :], start=len(approved)):
        approved.append(_approved(world, shop, number, sample.at, sample.key))
    waiting = kept(world, ("other samples", shop.number), list[Application])
    while len(waiting) < others_until(world, now):
        waiting.append(_waiting(world, shop, len(waiting)))
    return sorted([*approved, *waiting])


def others_until(world: World, now: int) -> int:
    """How many applications that will not be approved a shop has had by `now`."""
    return (now - world_start(world)) // _EVERY


def _approved(world: World, shop: Shop, number: int, at: int, key: int) -> Application:
    with world.reading() as store:
        product = store.orders[key].lines[0].product
    draws = Draws(shop.seed, shop.number, "approved sample", number)
    who, invitation = _applicant(world, shop, at, product, draws)
    return Application(at, shop.identify("sample_application", number * 2), number * 2, who, invitation, order=key)


def _waiting(world: World, shop: Shop, number: int) -> Application:
    draws = Draws(shop.seed, shop.number, "other sample", number)
    at = world_start(world) + (number + 1) * _EVERY
    (listed,) = world.db.execute(
        "SELECT count(*) FROM products WHERE shop = ? AND create_time < ?", (shop.number, world_start(world))
    ).fetchone()
    product = draws.skewed(listed)
    who, invitation = _applicant(world, shop, at, product, draws)
    ending = draws.weighted(_ENDINGS)
    wait = TO_DECIDE if ending == "OVERDUE_CANCELLED" else draws.between(10 * HOUR, TO_DECIDE - HOUR)
    identifier = shop.identify("sample_application", number * 2 + 1)
    sku = draws.between(0, 99)
    return Application(
        at, identifier, number * 2 + 1, who, invitation, product=product, sku=sku, ending=ending, decided=at + wait
    )


def _applicant(world: World, shop: Shop, moment: int, product: int, draws: Draws) -> tuple[Creator, Invitation | None]:
    """Who applies: somebody invited with a free sample, or somebody from the open collaboration."""
    invited = [
        (member.creator, item)
        for item in running(world, shop, moment, product)
        if item.has_free_sample
        for member in accepted_by(item.members, moment)
    ]
    return draws.pick(invited) if invited else (creator(shop, AFFILIATE, draws), None)


def status(shop: Shop, item: Application, order: Order | None, now: int) -> tuple[str, str]:
    """The application's status at `now`, and how far the creator is with the content ("" before there is a sample)."""
    if order is None:
        return (item.ending if now >= item.decided else "PENDING"), ""
    if order.cancelled:
        return _CANCELLED_BY.get(order.cancelled_by, "UNFULFILLABLE_CANCELLED"), "CANCELLED"
    found = _OF_ORDERS.get(order.status, "AWAITING_SHIPMENT")
    if found != "CONTENT_PENDING":
        return found, "PENDING"
    posted, over = _content(shop, item, order)
    if not posted:
        return ("UNFULFILL_CANCELLED", "OVERDUE") if now >= over else (found, "PENDING")
    if now < posted:
        return found, "PENDING"
    return ("COMPLETED", "SUCCEED") if now >= over else (found, "ONGOING")


def _content(shop: Shop, item: Application, order: Order) -> tuple[int, int]:
    """When the creator of a sample that has arrived posts about it (0: never), and when the matter is over."""
    draws = Draws(shop.seed, shop.number, "sample content", item.number)
    if draws.chance(200):
        return 0, order.delivered + TO_POST
    posted = order.delivered + draws.between(2, 16) * DAY
    return posted, posted + 2 * DAY


def course(shop: Shop, item: Application, order: Order | None) -> list[tuple[int, str]]:
    """When an application got, or will get, which status as far as it is certain by now; oldest first."""
    if order is None:
        return [(item.at, "PENDING"), (item.decided, item.ending)]
    found = [(item.at, "AWAITING_SHIPMENT")]
    found += [(order.rts, "SHIPPED")] if order.rts else []
    if order.cancelled:
        return [*found, (order.cancelled, status(shop, item, order, order.cancelled)[0])]
    if order.delivered:
        posted, over = _content(shop, item, order)
        found += [(order.delivered, "CONTENT_PENDING"), (over, "COMPLETED" if posted else "UNFULFILL_CANCELLED")]
    return found


def asked_for(item: Application, product: Product) -> Sku:
    """The SKU that an application without an order is for."""
    return product.skus[item.sku % len(product.skus)]
