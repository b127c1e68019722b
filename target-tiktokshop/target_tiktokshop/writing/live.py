"""Reading the shop in bulk: what is live now, so that only what differs is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from tiktokshop_client.errors import TOO_MANY_HITS, BusinessError, PageTokenInvalid, TikTokShopError
from tiktokshop_client.operations import (
    GET_ORDERS,
    GET_SHIPPING_PROVIDERS,
    SEARCH_CANCELLATIONS,
    SEARCH_INVENTORY,
    SEARCH_PRODUCTS,
    SEARCH_RETURNS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tiktokshop_client import Operation, Shop

    from target_tiktokshop.writing.rows import Row
    from target_tiktokshop.writing.run import WriteRun

STOCK_A_CALL = 600
PRODUCTS_OF_STOCK_A_CALL = 100
SEARCHED_A_CALL = 10
ORDERS_A_CALL = 50
NEAR_PAGES = 20
"""In shops of so many pages of products a seller SKU that nobody has is looked for with other blanks and cases too."""
FEW_CALLS = 3
"""So many calls are made for a few SKUs without asking whether the whole list would be cheaper."""
PAGE_TOKEN_TRIES = 3
MOST_DIGITS = 20
"""Of a number before its point, and zeros behind it: whole numbers of a million digits take minutes to write."""
TRUTHS = {"true": True, "1": True, "false": False, "0": False}

SELLER_OFF = "SELLER_DEACTIVATED"
UNSEEN = "unseen"
"""In place of a status that the shop does not show."""
DEACTIVATED = (SELLER_OFF, "PLATFORM_DEACTIVATED", "FREEZE")


@dataclass(slots=True)
class Sku:
    """A SKU as the shop shows it now.

    Attributes:
        id: The platform's id.
        seller_sku: The seller's own number, "" if it has none.
        product_id: The product it belongs to.
        status: The product's status; "" where it is not asked for or does not matter, `UNSEEN` where it is not shown.
        numbered: Whether the shop shows the seller's number, were it only to say that there is none.
        available: Units by warehouse, without those that orders have taken.
        committed: Units by warehouse that orders have taken.
        unseen: Warehouses whose units cannot be read; they count as 0 above.
        price: What the buyer pays, None if unknown.
        list_price: The list price, None if there is none.
        currency: Of the prices.
        title: What its product is called, "" where the call that was made does not tell it.
    """

    id: str
    seller_sku: str
    product_id: str
    status: str = ""
    numbered: bool = True
    available: dict[str, int] = field(default_factory=dict)
    committed: dict[str, int] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    price: Decimal | None = None
    list_price: Decimal | None = None
    currency: str = ""
    title: str = ""


def stock_after(rows: Sequence[Row]) -> dict[str, int]:
    """All warehouses of a SKU with what its rows ask for, the others as they are."""
    sku: Sku = rows[0].subject
    return sku.available | {row.after["warehouse_id"]: row.after["quantity"] for row in rows}


@dataclass(slots=True)
class Product:
    """A product as a search shows it."""

    id: str
    status: str
    skus: list[Sku]
    title: str = ""


class Catalogue:
    """One shop's products. Seller SKUs are remembered for the run, prices and stock are read again each time."""

    def __init__(self, run: WriteRun, shop: Shop) -> None:
        self._run = run
        self._shop = shop
        self._by_seller_sku: dict[str, list[Sku]] = {}
        self._near: dict[str, list[Sku]] | None = None
        self._pages = 0  # how many pages the whole list had when it was last begun

    # -- stock ---------------------------------------------------------------------------------------------------

    def stock(self, sku_ids: Iterable[str]) -> dict[str, Sku]:
        """Stock by SKU id; what the shop does not have is left out."""
        return self._run.in_bulk(lambda ids: self._stock({"sku_ids": ids}), sku_ids, STOCK_A_CALL)

    def stock_again(self, sku_ids: list[str]) -> dict[str, Sku]:
        """The same in the thread that asks: one call, for not more SKUs than it takes."""
        return self._run.halving(lambda ids: self._stock({"sku_ids": ids}), sku_ids)

    def stock_of_products(self, product_ids: Iterable[str]) -> dict[str, Sku]:
        """Stock of all SKUs of some products, by SKU id."""
        return self._run.in_bulk(lambda ids: self._stock({"product_ids": ids}), product_ids, PRODUCTS_OF_STOCK_A_CALL)

    def _stock(self, body: Mapping[str, Any]) -> dict[str, Sku]:
        answer = self._run.client.call(SEARCH_INVENTORY, shop=self._shop, body=body)
        found: dict[str, Sku] = {}
        for product in objects(answer.data.get("inventory")):
            for sku_id, row in by_id(product.get("skus")).items():
                sku = Sku(sku_id, str(row.get("seller_sku") or ""), str(product.get("product_id") or ""))
                sku.numbered = row.get("seller_sku") is not None
                for place in objects(row.get("warehouse_inventory")):
                    warehouse = str(place.get("warehouse_id") or "")
                    units = units_of(place.get("available_quantity"))
                    if units is None:
                        sku.unseen.add(warehouse)
                    sku.available[warehouse] = units or 0
                    sku.committed[warehouse] = units_of(place.get("committed_quantity")) or 0
                found[sku.id] = sku
        return found

    # -- products ------------------------------------------------------------------------------------------------

    def seller_skus(self, wanted: Iterable[str]) -> Mapping[str, list[Sku]]:
        """All SKUs that carry each of the seller's numbers, remembered for the run."""
        unknown = set(wanted) - self._by_seller_sku.keys()
        if unknown:
            self._by_seller_sku.update({number: [] for number in unknown})
            for product in self.search("seller_skus", unknown):
                for sku in product.skus:
                    if sku.seller_sku in unknown:
                        self._by_seller_sku[sku.seller_sku].append(sku)
        return self._by_seller_sku

    def near(self, seller_sku: str) -> list[Sku]:
        """All SKUs whose seller's number differs in blanks around it and in case only, if the shop is not too large."""
        if self._near is None:
            self._near = {}
            for product in self._listed(NEAR_PAGES):
                for sku in product.skus:
                    self._near.setdefault(plain(sku.seller_sku), []).append(sku)
        return self._near.get(plain(seller_sku), [])

    def offers(self, sku_ids: Iterable[str]) -> dict[str, Sku]:
        """SKUs with price and status, by id, as they are now."""
        wanted = set(sku_ids)
        products = self.search("sku_ids", wanted)
        return {sku.id: sku for product in products for sku in product.skus if sku.id in wanted}

    def deactivated(self, skus: Iterable[Sku]) -> dict[str, str]:
        """Status by product id, of those products of the SKUs that somebody has deactivated, or `UNSEEN`."""
        one_each = {sku.product_id: sku.id for sku in skus}
        if len(one_each) <= FEW_CALLS * SEARCHED_A_CALL:
            return self._statuses(one_each)
        try:
            lists = self._run.each(lambda status: list(self._pages_of({"status": status})), DEACTIVATED)
        except BusinessError as error:
            if error.code != TOO_MANY_HITS:
                raise
            return self._statuses(one_each)
        listed = {product.id: status for status, found in zip(DEACTIVATED, lists, strict=True) for product in found}
        return {product_id: status for product_id, status in listed.items() if product_id in one_each}

    def _statuses(self, one_each: Mapping[str, str]) -> dict[str, str]:
        """The same, asked for by one SKU of each product."""
        shown = {product.id: product.status for product in self._targeted("sku_ids", list(one_each.values()))}
        found = {product_id: shown.get(product_id) or UNSEEN for product_id in one_each}
        return {product_id: status for product_id, status in found.items() if status in {*DEACTIVATED, UNSEEN}}

    def search(self, name: str, wanted: Iterable[str]) -> Iterable[Product]:
        """Products that have any of the SKUs, asked for by `sku_ids` or `seller_skus`, the cheaper way.

        Ten at a time, or the whole list of products, whichever takes fewer calls; others may come along.
        """
        values = list(wanted)
        calls = -(-len(values) // SEARCHED_A_CALL)
        if calls <= FEW_CALLS or 0 < self._pages >= calls:
            return self._targeted(name, values)
        return self._listed(calls) or self._targeted(name, values)

    def titles(self, sku_ids: Iterable[str]) -> dict[str, str]:
        """What the products of SKUs are called, by SKU id."""
        return {sku.id: sku.title for product in self._targeted("sku_ids", list(sku_ids)) for sku in product.skus}

    def all(self, status: str = "") -> Iterable[Product]:
        """The whole list of products of a status, or of all products that are not deleted."""
        return self._pages_of({"status": status} if status else {})

    def _listed(self, cheaper_than: int) -> list[Product]:
        """The whole list, or [] if it has more than `cheaper_than` pages."""
        products: list[Product] = []
        try:
            for page in self._run.client.pages(SEARCH_PRODUCTS, shop=self._shop, body={}):
                if page.number == 1 and page.total_count:
                    self._pages = -(-page.total_count // (SEARCH_PRODUCTS.page_size or 1))
                if max(self._pages, page.number) > cheaper_than:
                    return []
                products.extend(map(product_of, objects(page.rows)))
        except PageTokenInvalid:
            return list(self.all())
        except BusinessError as error:
            if error.code != TOO_MANY_HITS:
                raise
            return []
        return products

    def _pages_of(self, body: Mapping[str, Any]) -> Iterator[Product]:
        return map(product_of, whole(self._run, SEARCH_PRODUCTS, self._shop, body))

    def _targeted(self, name: str, values: list[str]) -> list[Product]:
        def read(part: list[str]) -> dict[str, Product]:
            return {product.id: product for product in self._pages_of({name: part})}

        return list(self._run.in_bulk(read, values, SEARCHED_A_CALL).values())


def plain(name: str) -> str:
    """A name without what often gets lost or added: blanks around it, and case."""
    return name.strip().casefold()


def whole(run: WriteRun, operation: Operation, shop: Shop, body: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """All rows of a list; begun again when the platform does not take its own page token back."""
    for _ in range(PAGE_TOKEN_TRIES):
        try:
            return [row for page in run.client.pages(operation, shop=shop, body=body) for row in objects(page.rows)]
        except PageTokenInvalid:  # noqa: PERF203 - three tries
            continue
    return [row for page in run.client.pages(operation, shop=shop, body=body) for row in objects(page.rows)]


def objects(rows: Any) -> list[dict[str, Any]]:
    """The objects in a list from the platform; anything that is not a list, or not an object in it, is ignored."""
    if isinstance(rows, (str, dict)) or not isinstance(rows, Sequence):
        return []
    return [row for row in rows if isinstance(row, dict)]


def by_id(rows: Any) -> dict[str, dict[str, Any]]:
    """The objects in a list from the platform by their ids; one without an id, which cannot be named, is left out."""
    return {str(row["id"]): row for row in objects(rows) if row.get("id")}


def texts(value: Any) -> list[str]:
    """The texts and numbers in a list from the platform; of a text in place of a list, the text."""
    found = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [str(one) for one in found if isinstance(one, (str, int, float)) and not isinstance(one, bool) and one != ""]


def object_of(value: Any) -> dict[str, Any]:
    """An object from the platform, empty where it is not an object."""
    return value if isinstance(value, dict) else {}


def truth_of(value: Any) -> bool | None:
    """A yes or no from the platform, were it written as a text or a number; None where it says neither."""
    return TRUTHS.get(str(value).lower())


def is_perhaps(value: Any) -> bool:
    """Whether something may be a yes, so that what a yes forbids is left: it is there, and it is no clear no."""
    return bool(value) and truth_of(value) is not False


def product_of(row: Mapping[str, Any]) -> Product:
    """A product of a search, or of Get Product."""
    product_id, status = str(row.get("id") or ""), str(row.get("status") or row.get("product_status") or "")
    skus = [sku_of(item, product_id, status) for item in by_id(row.get("skus")).values()]
    title = str(row.get("title") or "")
    for sku in skus:
        sku.title = title
    return Product(product_id, status, skus, title)


def sku_of(item: Mapping[str, Any], product_id: str, status: str) -> Sku:
    """A SKU of a product. What the buyer sees is `sale_price`, or `tax_exclusive_price` where that is missing."""
    price, listed = object_of(item.get("price")), object_of(item.get("list_price"))
    shown = price.get("sale_price") or price.get("amount") or price.get("tax_exclusive_price")
    return Sku(
        id=str(item.get("id") or ""),
        seller_sku=str(item.get("seller_sku") or ""),
        numbered=item.get("seller_sku") is not None,
        product_id=product_id,
        status=status,
        price=decimal_of(shown),
        list_price=decimal_of(listed.get("amount")),
        currency=str(price.get("currency") or ""),
    )


def units_of(value: Any) -> int | None:
    """A number of units from the platform, None if it cannot be read."""
    number = decimal_of(value)
    return int(number) if number is not None and number == number.to_integral_value() else None


def decimal_of(value: Any) -> Decimal | None:
    """An amount from the platform, None if it is missing or cannot be read, or is none that anybody could pay."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= MOST_DIGITS else None


# -- orders, cancellations, returns --------------------------------------------------------------------------------


def orders(run: WriteRun, shop: Shop, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Orders by id; those of nobody or of another shop are left out."""
    return run.in_bulk(lambda part: some_orders(run, shop, part), ids, ORDERS_A_CALL)


def some_orders(run: WriteRun, shop: Shop, ids: list[str]) -> dict[str, dict[str, Any]]:
    """As many orders as one call gives."""
    rows = run.client.call(GET_ORDERS, shop=shop, query={"ids": ids}).data.get("orders")
    return by_id(rows)


def orders_again(run: WriteRun, shop: Shop, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Orders as they are now, asked for in the thread of a call, which must not wait for others of its kind."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(wanted), ORDERS_A_CALL):
        found |= some_orders(run, shop, wanted[start : start + ORDERS_A_CALL])
    return found


@dataclass(frozen=True)
class Search:
    """A list that can be asked for by ids."""

    operation: Operation
    filter: str
    key: str


CANCELLATIONS = Search(SEARCH_CANCELLATIONS, "cancel_ids", "cancel_id")
CANCELLATIONS_OF_ORDERS = Search(SEARCH_CANCELLATIONS, "order_ids", "order_id")
RETURNS = Search(SEARCH_RETURNS, "return_ids", "return_id")


def searched(run: WriteRun, shop: Shop, search: Search, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Rows of a list by their key, asked for by ids; of several with one key the last one wins."""

    def read(part: list[str]) -> dict[str, dict[str, Any]]:
        rows = whole(run, search.operation, shop, {search.filter: part})
        return {str(row.get(search.key)): row for row in rows}

    return run.in_bulk(read, ids, search.operation.page_size or 1)


class Carriers:
    """The shipping providers that a shop may name, by delivery option, remembered for the run."""

    def __init__(self, run: WriteRun, shop: Shop) -> None:
        self._run = run
        self._shop = shop
        self._known: dict[str, list[tuple[str, str]] | TikTokShopError] = {}

    def of(self, delivery_option_id: str) -> list[tuple[str, str]]:
        """(id, name) of each.

        Raises:
            BusinessError: The platform ships orders of this option itself.
        """
        if delivery_option_id not in self._known:
            self._known[delivery_option_id] = self._ask(delivery_option_id)
        known = self._known[delivery_option_id]
        if isinstance(known, TikTokShopError):
            raise known
        return known

    def _ask(self, delivery_option_id: str) -> list[tuple[str, str]] | TikTokShopError:
        path = {"delivery_option_id": delivery_option_id}
        try:
            answer = self._run.client.call(GET_SHIPPING_PROVIDERS, shop=self._shop, path=path)
        except BusinessError as error:
            return error
        known = by_id(answer.data.get("shipping_providers"))
        return [(number, str(row.get("name") or "")) for number, row in known.items()]
