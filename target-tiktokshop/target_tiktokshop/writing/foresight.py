"""What the platform would refuse, as far as the shop tells beforehand: for the plan of a dry run.

The real run sends such rows all the same, because the platform decides.
"""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import BusinessError, TikTokShopError
from tiktokshop_client.operations import GET_ACTIVITY, GET_REJECT_REASONS, SEARCH_ACTIVITIES, same_region

from target_tiktokshop.writing.planning import objects, whole
from target_tiktokshop.writing.rows import by, by_shop, still_open

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tiktokshop_client import Shop

    from target_tiktokshop.writing.desk import Desk
    from target_tiktokshop.writing.rows import Row

# The platform's codes of refusals that can be known before, in our words.
REFUSALS: Mapping[str, str] = {
    "12052393": "the product is in a running promotion, and its stock may not go below what it is now",
    "12052038": "a running promotion locks the price of the product",
    "12052901": "the status of the product does not allow it",
    "12052570": "the price is outside of what the platform takes in this market",
    "12052055": "the platform takes at most 99,999 units a warehouse",
    "25001014": "the reason is none of those that the platform takes for this request",
    "21011022": "the shipping provider is none of those that the order's delivery option has",
}
MOST_UNITS = 99_999
# Kinds of promotions that are about the price of single products, and so lock it and the stock.
LOCKING = ("FIXED_PRICE", "DIRECT_DISCOUNT", "FLASHSALE")
STOCK_EDITABLE = frozenset({"DRAFT", "PENDING", "FAILED", "ACTIVATE", "SELLER_DEACTIVATED"})
# Status that is wanted -> live statuses from which the platform does not let it be reached.
OUT_OF_REACH: Mapping[str, frozenset[str]] = {
    "active": frozenset({"FREEZE", "DELETED"}),
    "inactive": frozenset({"DRAFT", "PENDING", "FAILED", "FREEZE", "DELETED", "PLATFORM_DEACTIVATED"}),
}
_EURO = ("0.01", "6300")
# Market -> what the price of a SKU of a local seller may be.
PRICE_RANGES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("DE", "ES", "FR", "IE", "IT"), _EURO),
    "BR": ("0.5", "10000"),
    "GB": ("0.01", "5600"),
    "ID": ("100", "100000000"),
    "JP": ("1", "500000"),
    "MX": ("1", "50000"),
    "MY": ("0.01", "320000"),
    "PH": ("0.01", "400000"),
    "SG": ("0.01", "10000"),
    "TH": ("30", "260000"),
    "US": ("0.01", "7600"),
    "VN": ("1", "180000000"),
}
ANY_PRICE = ("0", "Infinity")

logger = logging.getLogger("target-tiktokshop")


def refuse(rows: Iterable[Row], code: str, because: str = "") -> None:
    """Rejects rows that the platform would refuse."""
    for row in rows:
        row.reject(code, f"the platform would refuse it: {REFUSALS[code]}{because}")


def unless_unknown(see: Callable[[list[Row]], None], rows: list[Row]) -> None:
    """Looks ahead; what the shop does not tell stays planned.

    Raises:
        TikTokShopError: The run cannot go on.
    """
    try:
        see(rows)
    except TikTokShopError as error:
        if error.reach != "stream":
            raise
        logger.info("What the platform would refuse cannot be read, so the plan may be too hopeful: %s", error)
    except Exception as error:
        logger.info("What the platform would refuse cannot be read, so the plan may be too hopeful.")
        logger.debug("A surprise", exc_info=error)


class Promotions:
    """Products that a running promotion locks, by shop, read once a run."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[str, frozenset[str]] = {}

    def products(self, shop: Shop) -> frozenset[str]:
        """Their ids.

        Raises:
            TikTokShopError: They cannot be read, because the scope was not granted for example.
        """
        if shop.id not in self._known:
            running = whole(self._desk, SEARCH_ACTIVITIES, shop, {"status": "ONGOING"})
            ids = [str(row.get("id")) for row in running if row.get("activity_type") in LOCKING]
            found = self._desk.each(lambda activity: self._of(shop, activity), ids)
            self._known[shop.id] = frozenset(product for part in found for product in part)
        return self._known[shop.id]

    def _of(self, shop: Shop, activity_id: str) -> list[str]:
        answer = self._desk.client.call(GET_ACTIVITY, shop=shop, path={"activity_id": activity_id})
        return [str(product.get("id")) for product in objects(answer.data.get("products"))]


def stock(rows: Sequence[Row], statuses: Mapping[str, str], promotions: Promotions) -> None:
    """Stock: the product's status, the range of units, the floor of a running promotion.

    Args:
        rows: Rows of any shops.
        statuses: By product id, as far as they are known.
        promotions: Of the shops.
    """
    for row in rows:
        status = statuses.get(row.subject.product_id, "")
        if status and status not in STOCK_EDITABLE:
            refuse([row], "12052901", f" ({status})")
        elif row.after["quantity"] > MOST_UNITS:
            refuse([row], "12052055")
    for shop, group in by_shop(still_open(rows)):
        lower = [row for row in group if row.after["quantity"] < (row.before["quantity"] or 0)]
        locked = promotions.products(shop) if lower else frozenset()
        skus = {row.subject.id for row in lower if row.subject.product_id in locked}
        refuse([row for row in group if row.subject.id in skus], "12052393")


def prices(calls: Iterable[list[Row]], statuses: Mapping[str, str], promotions: Promotions) -> None:
    """Prices: the product's status, a running promotion, the market's range; one SKU costs its whole call."""
    for rows in calls:
        shop, product_id = rows[0].the_shop, rows[0].subject.product_id
        status = statuses.get(product_id, "")
        local = shop.seller_type != "CROSS_BORDER"
        low, high = map(Decimal, PRICE_RANGES.get(same_region(shop.region) if local else "", ANY_PRICE))
        outside = [row for row in rows if not low <= Decimal(row.after["price"]) <= high]
        if status and status != "ACTIVATE":
            refuse(rows, "12052901", f" ({status})")
        elif product_id in promotions.products(shop):
            refuse(rows, "12052038")
        elif outside:
            refuse(outside, "12052570")
            others = " (of another SKU of the product, and the platform takes the prices of a product all or none)"
            refuse(still_open(rows), "12052570", others)


def product_status(rows: Sequence[Row]) -> None:
    """Status: from where it can be reached."""
    for row in rows:
        if row.before["status"] in OUT_OF_REACH[row.values["status"]]:
            refuse([row], "12052901", f" ({row.before['status']})")


def reasons(desk: Desk, rows: Sequence[Row], key: str) -> None:
    """Rejections of requests: the reason is one of those that the platform lists for the request."""
    asked = [row for row in rows if "reject_reason" in row.values]

    def names(row: Row) -> set[Any]:
        query = {"return_or_cancel_id": row.values[key]}
        try:
            answer = desk.client.call(GET_REJECT_REASONS, shop=row.the_shop, query=query)
        except BusinessError:
            return set()
        return {reason.get("name") for reason in objects(answer.data.get("reasons"))}

    for row, known in zip(asked, desk.each(names, asked), strict=True):
        if known and row.values["reject_reason"] not in known:
            refuse([row], "25001014", f"; there are: {', '.join(sorted(map(str, known)))}")


def carriers(rows: Sequence[Row], known: Callable[[Row], Sequence[tuple[str, str]]]) -> None:
    """Tracking numbers: the shipping provider is one of those that the order's delivery option has."""
    for group in by(rows, lambda row: (row.the_shop.id, str(row.subject.get("delivery_option_id") or ""))).values():
        options = known(group[0])
        ids = {number for number, _ in options}
        wrong = [row for row in group if ids and row.values["shipping_provider_id"] not in ids]
        refuse(wrong, "21011022", f"; there are: {', '.join(f'{name} ({number})' for number, name in options)}")
