"""What the platform would refuse, as far as the shop's data shows: for the plan of a dry run.

The real run sends such rows anyway, because the platform decides.
"""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import BusinessError, Category, TikTokShopError
from tiktokshop_client.operations import (
    GET_ACTIVITY,
    GET_AFTERSALE_ELIGIBILITY,
    GET_PRODUCT,
    GET_REJECT_REASONS,
    GET_WAREHOUSES,
    SEARCH_ACTIVITIES,
    same_region,
)

from target_tiktokshop.writing.live import objects, truth_of, whole
from target_tiktokshop.writing.rows import by, by_shop, still_open

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tiktokshop_client import Shop

    from target_tiktokshop.writing.rows import Row
    from target_tiktokshop.writing.run import WriteRun

# The platform's codes of refusals that can be known before, in our words.
REFUSALS: Mapping[str, str] = {
    "12052393": "the product is in a running promotion, and its stock may not go below what it is now",
    "12052038": "a running promotion locks the price of the product",
    "12052901": "the status of the product does not allow it",
    "12052570": "the price is outside what the platform accepts in this market",
    "12052055": "the platform accepts at most 99,999 units in a warehouse",
    "12052531": "the warehouse is disabled",
    "12052532": "the warehouse is for returns, not for sales",
    "12052850": "the stock of a combined product follows from its parts: send stock of those",
    "25001014": "the reason is not one that the platform accepts for this request or order",
    "21011022": "the shipping provider is not one that the order's delivery option has",
}
MOST_UNITS = 99_999
# Kinds of promotions that are about the price of single products, and so lock it and the stock.
LOCKING = ("FIXED_PRICE", "DIRECT_DISCOUNT", "FLASHSALE")
STOCK_EDITABLE = frozenset({"DRAFT", "PENDING", "FAILED", "ACTIVATE", "SELLER_DEACTIVATED"})
# Status that is wanted -> live statuses from which the platform does not let it be reached.
OUT_OF_REACH: Mapping[str, frozenset[str]] = {
    "active": frozenset({"FREEZE", "DELETED"}),
    "inactive": frozenset({"DRAFT", "PENDING", "FAILED", "FREEZE", "DELETED", "PLATFORM_DEACTIVATED"}),
    "deleted": frozenset({"FREEZE"}),
    "recovered": frozenset(),
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
# Field of a warehouse, what it may be, and the platform's code where stock of such a one is refused.
CLOSED = (("effect_status", "DISABLED", "12052531"), ("type", "RETURN_WAREHOUSE", "12052532"))
COMBINED = "COMBINED_PRODUCT"

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
        logger.info("What the platform would refuse cannot be read, so the plan may be too optimistic: %s", error)
    except Exception as error:
        logger.info("What the platform would refuse cannot be read, so the plan may be too optimistic.")
        logger.debug("A surprise", exc_info=error)


class Warehouses:
    """What is known of a shop's warehouses, read once a run."""

    def __init__(self, run: WriteRun) -> None:
        self._run = run
        self._known: dict[str, dict[str, str]] = {}

    def closed(self, shop: Shop) -> dict[str, str]:
        """Those whose stock cannot be set, with the platform's code of the refusal.

        Raises:
            TikTokShopError: They cannot be read.
        """
        if shop.id not in self._known:
            found = self._run.client.call(GET_WAREHOUSES, shop=shop).data.get("warehouses")
            self._known[shop.id] = {
                str(row.get("id")): code
                for row in objects(found)
                for name, value, code in CLOSED
                if row.get(name) == value
            }
        return self._known[shop.id]


class Combined:
    """Products that are made of others, asked for one by one, remembered for the run."""

    def __init__(self, run: WriteRun) -> None:
        self._run = run
        self._known: dict[str, bool] = {}

    def among(self, shop: Shop, product_ids: Iterable[str]) -> set[str]:
        """Those of some products that are combined; no more calls than writing their stock would take.

        Raises:
            TikTokShopError: They cannot be read.
        """
        wanted = list(dict.fromkeys(product_ids))
        new = [product_id for product_id in wanted if product_id not in self._known]
        found = self._run.each(lambda product_id: self._is_combined(shop, product_id), new)
        self._known |= dict(zip(new, found, strict=True))
        return {product_id for product_id in wanted if self._known[product_id]}

    def _is_combined(self, shop: Shop, product_id: str) -> bool:
        try:
            product = self._run.client.call(GET_PRODUCT, shop=shop, path={"product_id": product_id}).data
        except BusinessError:
            return False
        types = product.get("product_types") or []
        return COMBINED in types or any(sku.get("combined_skus") for sku in objects(product.get("skus")))


class Promotions:
    """Products that a running promotion locks, by shop, read once a run."""

    def __init__(self, run: WriteRun) -> None:
        self._run = run
        self._known: dict[str, frozenset[str]] = {}

    def products(self, shop: Shop) -> frozenset[str]:
        """Their ids.

        Raises:
            TikTokShopError: They cannot be read, because the scope was not granted for example.
        """
        if shop.id not in self._known:
            running = whole(self._run, SEARCH_ACTIVITIES, shop, {"status": "ONGOING"})
            ids = [str(row.get("id")) for row in running if row.get("activity_type") in LOCKING]
            found = self._run.each(lambda activity: self._of(shop, activity), ids)
            self._known[shop.id] = frozenset(product for part in found for product in part)
        return self._known[shop.id]

    def _of(self, shop: Shop, activity_id: str) -> list[str]:
        answer = self._run.client.call(GET_ACTIVITY, shop=shop, path={"activity_id": activity_id})
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


def places(rows: Sequence[Row], warehouses: Warehouses) -> None:
    """Stock: the warehouse is open for it; one that is not costs the whole SKU."""
    for shop, group in by_shop(rows):
        closed = warehouses.closed(shop)
        for of_sku in by(group, lambda row: row.subject.id).values():
            for code in sorted({closed[place] for row in of_sku if (place := row.after["warehouse_id"]) in closed}):
                refuse(still_open(of_sku), code)


def combined(rows: Sequence[Row], products: Combined) -> None:
    """Stock: a combined product has none of its own."""
    for shop, group in by_shop(rows):
        found = products.among(shop, (row.subject.product_id for row in group))
        refuse([row for row in group if row.subject.product_id in found], "12052850")


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


def reasons(run: WriteRun, rows: Sequence[Row], key: str) -> None:
    """Rejections of requests: the reason is one of those that the platform lists for the request."""
    asked = [row for row in rows if "reject_reason" in row.values]

    def names(row: Row) -> set[Any]:
        query = {"return_or_cancel_id": row.values[key]}
        try:
            answer = run.client.call(GET_REJECT_REASONS, shop=row.the_shop, query=query)
        except BusinessError:
            return set()
        return {reason.get("name") for reason in objects(answer.data.get("reasons"))}

    for row, known in zip(asked, run.each(names, asked), strict=True):
        if known and row.values["reject_reason"] not in known:
            refuse([row], "25001014", f"; there are: {', '.join(sorted(map(str, known)))}")


def cancellations(run: WriteRun, rows: Sequence[Row]) -> None:
    """Cancellations by the seller: the order can be cancelled, for the reason that is given."""

    def eligibility(row: Row) -> list[dict[str, Any]]:
        path = {"order_id": row.values["order_id"]}
        query = {"initiate_aftersale_user": "SELLER", "request_types": ["CANCEL"]}
        try:
            answer = run.client.call(GET_AFTERSALE_ELIGIBILITY, shop=row.the_shop, path=path, query=query)
        except BusinessError:
            return []
        skus = objects(answer.data.get("sku_eligibility"))
        lines = [line for sku in skus for line in objects(sku.get("line_item_eligibility"))]
        return [line for line in lines if line.get("request_type") in {"CANCEL", None}]

    for row, lines in zip(rows, run.each(eligibility, rows), strict=True):
        _judge(row, lines)


def _judge(row: Row, lines: Iterable[Mapping[str, Any]]) -> None:
    """Refuses a cancellation of which no line is eligible, or whose reason no line has, as far as that is said."""
    wanted = set(row.values.get("order_line_item_ids", ()))
    of_row = [line for line in lines if not wanted or wanted & set(map(str, line.get("order_line_items_ids") or []))]
    eligible = [line for line in of_row if truth_of(line.get("eligible")) is not False]
    names = [line.get("available_reason_names") or [] for line in eligible]
    if of_row and not eligible:
        code = str(of_row[0].get("ineligible_code") or "")
        because = of_row[0].get("ineligible_reason") or "it gives no reason"
        words = f"the platform would refuse it: the order cannot be cancelled by the seller now ({because})"
        row.reject(code if code.isdecimal() else Category.BUSINESS.value, words)
    elif names and all(names) and not any(row.values["cancel_reason"] in known for known in names):
        known = sorted({str(name) for part in names for name in part})
        refuse([row], "25001014", f"; there are: {', '.join(known)}")


def carriers(rows: Sequence[Row], known: Callable[[Row], Sequence[tuple[str, str]]]) -> None:
    """Tracking numbers: the shipping provider is one of those that the order's delivery option has."""
    for group in by(rows, lambda row: (row.the_shop.id, str(row.subject.get("delivery_option_id") or ""))).values():
        options = known(group[0])
        ids = {number for number, _ in options}
        wrong = [row for row in group if ids and row.values["shipping_provider_id"] not in ids]
        refuse(wrong, "21011022", f"; there are: {', '.join(f'{name} ({number})' for number, name in options)}")
