"""Changes that are right for some and a disaster for all: how much of what a shop has one run may change."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import TOO_MANY_HITS, TikTokShopError
from tiktokshop_client.operations import (
    COMBINE_PACKAGES,
    CREATE_ACTIVITY,
    CREATE_PACKAGE,
    CREATE_PRODUCT,
    DEACTIVATE_ACTIVITY,
    DEACTIVATE_PRODUCTS,
    EDIT_PRODUCT_PARTLY,
    REMOVE_ACTIVITY_PRODUCTS,
    REPLICATE_PRODUCT,
    SEARCH_CANCELLATIONS,
    SEARCH_ORDERS,
    SEARCH_PRODUCTS,
    SEARCH_RETURNS,
    SEND_MESSAGE,
    SHIP_PACKAGES,
    SPLIT_ORDER,
    UNCOMBINE_PACKAGE,
    UPDATE_ACTIVITY,
    UPDATE_ACTIVITY_PRODUCTS,
)

from target_tiktokshop.writing.changes import Stop
from target_tiktokshop.writing.live import SELLER_OFF, stock_after
from target_tiktokshop.writing.rows import by, by_shop, still_open

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tiktokshop_client import Operation, Shop

    from target_tiktokshop.writing.rows import Row
    from target_tiktokshop.writing.run import WriteRun

NEARLY_NOTHING = 5
"""A SKU is nearly sold out by a change that leaves it less than one part in so many of its units."""
DAY = 86_400
MOVED_PERCENT = 10
"""A price moves if it changes by more than this part, up or down."""
MOST_HITS = 10_000
"""So many hits the platform's product search counts; a shop that has more is taken to have these."""
WAITING = ("AWAITING_SHIPMENT", "ON_HOLD")
PENDING_RETURNS = ("RETURN_OR_REFUND_REQUEST_PENDING", "BUYER_SHIPPED_ITEM", "REPLACEMENT_REQUEST_PENDING")


@dataclass(frozen=True)
class Mass:
    """One kind of change that is counted, against what the shop has.

    Attributes:
        name: The setting, in percent.
        stream: The stream whose rows make it.
        thing: What a row changes, None if it is none of these changes.
        words: What would happen to them, for the sentence.
        lists: The list that has all there are, and its filters; their counts are added up.
        few: So many may always be changed.
        days: Of the lists, only what was created within so many days counts; all if 0.
    """

    name: str
    stream: str
    thing: Callable[[Row], str | None]
    words: str
    lists: tuple[tuple[Operation, Mapping[str, Any]], ...]
    few: int = 1
    days: int = 0


def _taken_down(row: Row) -> str | None:
    deleted = row.values["status"] == "deleted" and row.before["status"] == "ACTIVATE"
    return row.subject.id if row.values["status"] == "inactive" or deleted else None


def _put_up(row: Row) -> str | None:
    return row.subject.id if row.values["status"] == "active" else None


def _sold_out(row: Row) -> str | None:
    return str(row.subject.product_id) if row.operation == DEACTIVATE_PRODUCTS.name else None


def _cancelled(row: Row) -> str | None:
    return None if row.before["status"] == "UNPAID" else str(row.values["order_id"])


def _repriced(row: Row) -> str | None:
    before = row.subject.price  # where there is none, `max_price_change_percent` holds back or somebody insists
    moved = before and abs(Decimal(row.after["price"]) - before) * 100 > MOVED_PERCENT * before
    return str(row.subject.product_id) if moved else None


def _edited(row: Row) -> str | None:
    return str(row.subject.id) if row.operation == EDIT_PRODUCT_PARTLY.name else None


ANY: tuple[tuple[Operation, Mapping[str, Any]], ...] = ((SEARCH_PRODUCTS, {}),)
ON_SALE = ((SEARCH_PRODUCTS, {"status": "ACTIVATE"}),)
OFF_SALE = ((SEARCH_PRODUCTS, {"status": SELLER_OFF}), (SEARCH_PRODUCTS, {"status": "DRAFT"}))
FEW = 5
LISTING = frozenset({CREATE_PRODUCT.name, REPLICATE_PRODUCT.name})
MASSES = (
    Mass("max_deactivated_percent", "product_status", _taken_down, "products on sale would be deactivated", ON_SALE),
    Mass("max_deactivated_percent", "inventory", _sold_out, "products on sale would be deactivated", ON_SALE),
    Mass("max_activated_percent", "product_status", _put_up, "products not on sale would be put on it", OFF_SALE, FEW),
    Mass("max_changed_listings_percent", "listings", _edited, "products would be edited", ANY, FEW),
    Mass(
        "max_repriced_percent",
        "prices",
        _repriced,
        "products on sale would have a price moved by more than a tenth",
        ON_SALE,
        FEW,
    ),
    Mass(
        "max_cancelled_percent",
        "order_cancellations",
        _cancelled,
        "orders that wait to be shipped would be cancelled",
        tuple((SEARCH_ORDERS, {"order_status": status}) for status in WAITING),
    ),
    Mass(
        "max_decided_percent",
        "cancellation_decisions",
        lambda row: str(row.values["cancel_id"]),
        "cancellations that wait for a decision would be decided",
        ((SEARCH_CANCELLATIONS, {"cancel_status": ["CANCELLATION_REQUEST_PENDING"]}),),
        FEW,
    ),
    Mass(
        "max_decided_percent",
        "return_decisions",
        lambda row: str(row.values["return_id"]),
        "returns that wait for a decision would be decided",
        ((SEARCH_RETURNS, {"return_status": list(PENDING_RETURNS)}),),
        FEW,
    ),
    Mass(
        "max_refunds_percent",
        "refunds",
        lambda row: str(row.values["order_id"]),
        "orders of the last 30 days would be refunded",
        ((SEARCH_ORDERS, {}),),
        FEW,
        days=30,
    ),
)


def _promotion(row: Row) -> str:
    """The promotion that a row would make, change or end; many rows are about one."""
    campaign = row.subject.campaign
    return f"{row.the_shop.id} {campaign.key or campaign.id}"


@dataclass(frozen=True)
class Cap:
    """What one run may do so often at most, whatever the shop has.

    Attributes:
        name: The setting.
        words: What would happen, for the sentence.
        operations: The calls that do it.
        thing: What a row does it to; rows that share it count once.
    """

    name: str
    words: str
    operations: tuple[Operation, ...]
    thing: Callable[[Row], str] = lambda row: f"{row.stream} {row.number}"


REPACKED = "max_repacked", "changes of packages would be made"
CAPS: Mapping[str, Cap] = {
    "shipments": Cap("max_shipments", "packages would be shipped", (SHIP_PACKAGES, CREATE_PACKAGE)),
    "package_splits": Cap(*REPACKED, (SPLIT_ORDER,)),
    "package_combinations": Cap(*REPACKED, (COMBINE_PACKAGES, UNCOMBINE_PACKAGE)),
    "messages": Cap("max_messages", "messages would be sent to buyers", (SEND_MESSAGE,)),
    "promotions": Cap(
        "max_promotions",
        "promotions would be made, changed or ended",
        (
            CREATE_ACTIVITY,
            UPDATE_ACTIVITY,
            DEACTIVATE_ACTIVITY,
            UPDATE_ACTIVITY_PRODUCTS,
            REMOVE_ACTIVITY_PRODUCTS,
        ),
        _promotion,
    ),
}
"""Stream -> what bounds it."""
# Stream -> the field whose value no more than `max_orders_per_number` orders may share.
NUMBERS = {"tracking": "tracking_number", "external_order_references": "external_order_id"}


def found(rows: Sequence[Row], run: WriteRun) -> Iterator[Stop]:
    """What the open rows of a batch, with all that the run has changed before, would be too much of."""
    yield from _stock(rows, run)
    for mass in MASSES:
        for shop, group in by_shop(row for row in still_open(rows) if row.stream == mass.stream):
            yield from _too_many(mass, shop, group, run)
    yield from _repeated(rows, run)
    yield from _new(rows, run)
    yield from _beyond(rows, run)


def _beyond(rows: Sequence[Row], run: WriteRun) -> Iterator[Stop]:
    """More of something than a run may do, whatever the shop has."""
    for stream, group in by(still_open(rows), lambda row: row.stream).items():
        cap = CAPS.get(stream)
        if cap is None:
            continue
        done = run.changes.done.setdefault(cap.name, set())
        names = {operation.name for operation in cap.operations}
        done |= {cap.thing(row) for row in group if row.operation in names}
        most = getattr(run.settings.day, cap.name)
        if len(done) > most:
            yield Stop(cap.name, f"{len(done)} {cap.words}, more than {cap.name} ({most})")


def _stock(rows: Sequence[Row], run: WriteRun) -> Iterator[Stop]:
    changes, settings = run.changes, run.settings
    of_stock = [row for row in still_open(rows) if row.stream == "inventory"]
    for group in by(of_stock, lambda row: row.subject.id).values():
        before, after = sum(group[0].subject.available.values()), sum(stock_after(group).values())
        blind = bool(group[0].subject.unseen) and not settings.send_unseen
        changes.zeroed += not after and (bool(before) or blind)
        changes.fallen += blind or after * NEARLY_NOTHING < before
    for name, count, words in (
        ("max_zeroed_percent", changes.zeroed, "would go to 0"),
        ("max_fallen_percent", changes.fallen, "would lose more than four fifths of their stock"),
    ):
        if of_stock and count > 1 and count * 100 > settings.percent[name] * changes.skus:
            yield Stop(name, f"{count} of {changes.skus} SKUs {words}, more than {name} ({settings.percent[name]} %)")


def _too_many(mass: Mass, shop: Shop, rows: Sequence[Row], run: WriteRun) -> Iterator[Stop]:
    key = (mass.name, mass.stream, shop.id)
    things = run.changes.things.setdefault(key, set())
    before = len(things)
    things |= {thing for row in rows if (thing := mass.thing(row)) is not None}
    if len(things) in {0, before} or len(things) <= mass.few:
        return
    if key not in run.changes.totals:
        run.changes.totals[key] = _total(mass, shop, run)
    total, percent = run.changes.totals[key], run.settings.percent[mass.name]
    if total is None:
        if not run.settings.send_unseen:
            words = f"{len(things)} {mass.words}, and shop {shop.id} does not say how many there are"
            yield Stop(mass.name, f"{words}, so that {mass.name} cannot be checked (send_unseen sends anyway)")
    elif len(things) * 100 > percent * total:
        yield Stop(
            mass.name, f"{len(things)} of {total} {mass.words} in shop {shop.id}, more than {mass.name} ({percent} %)"
        )


def _total(mass: Mass, shop: Shop, run: WriteRun) -> int | None:
    """How many rows the lists of a mass have together; None if the platform does not say."""
    since = {"create_time_ge": run.client.now() - mass.days * DAY} if mass.days else {}
    counts = [_count(operation, {**body, **since}, shop, run) for operation, body in mass.lists]
    return None if None in counts else sum(count or 0 for count in counts)


def _count(operation: Operation, body: Mapping[str, Any], shop: Shop, run: WriteRun) -> int | None:
    try:
        page = next(iter(run.client.pages(operation, shop=shop, body=body)), None)
    except TikTokShopError as error:
        if error.reach != "stream":
            raise
        return MOST_HITS if error.code == TOO_MANY_HITS else None
    return None if page is None else page.total_count


def _new(rows: Sequence[Row], run: WriteRun) -> Iterator[Stop]:
    """More new products than anybody meant to list."""
    most = run.settings.max_new_listings
    for shop, group in by_shop(row for row in still_open(rows) if row.operation in LISTING):
        names = run.changes.things.setdefault(("max_new_listings", "listings", shop.id), set())
        names |= {row.subject.numbers for row in group}
        if len(names) > most:
            words = f"{len(names)} new products would be listed in shop {shop.id}"
            yield Stop("max_new_listings", f"{words}, more than max_new_listings ({most})")


def _repeated(rows: Sequence[Row], run: WriteRun) -> Iterator[Stop]:
    """A column that holds the same number for everybody."""
    most = run.settings.max_orders_per_number
    numbers = set()
    for row in still_open(rows):
        if row.stream in NUMBERS:
            key = (row.stream, row.the_shop.id, row.values[NUMBERS[row.stream]])
            orders = run.changes.numbers.setdefault(key, set())
            orders.add(row.values["order_id"])
            if len(orders) > most:
                numbers.add(key)
    for stream, shop_id, number in sorted(numbers):
        count = len(run.changes.numbers[stream, shop_id, number])
        yield Stop(
            "max_orders_per_number",
            f"{count} orders of shop {shop_id} would get the same {NUMBERS[stream]} ({number}), "
            f"more than max_orders_per_number ({most})",
        )
