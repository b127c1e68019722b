"""Putting products on sale, taking them off, deleting and recovering them, twenty in a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client import partial_errors
from tiktokshop_client.errors import BusinessError
from tiktokshop_client.operations import (
    ACTIVATE_PRODUCTS,
    DEACTIVATE_PRODUCTS,
    DELETE_PRODUCTS,
    GET_PRODUCT,
    RECOVER_PRODUCTS,
)

from target_tiktokshop.writing import foresight
from target_tiktokshop.writing.fields import SHOP_ID, Contract, Field, identifier, one_of
from target_tiktokshop.writing.live import SEARCHED_A_CALL, SELLER_OFF, UNSEEN, Product, product_of
from target_tiktokshop.writing.rows import Row, by, by_shop, last_wins, still_open
from target_tiktokshop.writing.surprises import apart
from target_tiktokshop.writing.writer import Writer, Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_client import Operation, Shop

PRODUCTS_A_CALL = 20
ACTIVE, DELETED = "ACTIVATE", "DELETED"
RECOVERED = frozenset({SELLER_OFF, ACTIVE, "PENDING", "DRAFT", "FAILED", "PLATFORM_DEACTIVATED", "FREEZE"})
"""What a product can be that is not deleted."""

# Status wanted -> call, and the platform's statuses that amount to it.
CHANGES: Mapping[str, tuple[Operation, frozenset[str]]] = {
    "active": (ACTIVATE_PRODUCTS, frozenset({ACTIVE, "PENDING"})),
    "inactive": (DEACTIVATE_PRODUCTS, frozenset({SELLER_OFF})),
    "deleted": (DELETE_PRODUCTS, frozenset({DELETED})),
    "recovered": (RECOVER_PRODUCTS, RECOVERED),
}
REACHED = {"active": ACTIVE, "inactive": SELLER_OFF, "deleted": DELETED, "recovered": SELLER_OFF}
UNDER_REVIEW = "the platform reviews the product before it goes on sale"
CONTRACT = Contract(
    (
        SHOP_ID,
        Field("product_id", identifier, needed=True),
        Field("status", one_of(*CHANGES), needed=True),
    ),
)


class StatusWriter(Writer):
    """Whether products are on sale. `subject` is the `Product`; its status is blank unless it is to be protected."""

    def look(self, rows: list[Row]) -> None:
        """Reads the products one by one if they are few, else the whole list."""
        for shop, group in by_shop(still_open(rows)):
            live = self._products(shop, [row.values["product_id"] for row in group])
            for row in group:
                with apart(row):
                    self._compare(row, live.get(row.values["product_id"]))
        last_wins(rows, lambda row: (row.the_shop.id, row.values["product_id"]))

    def _compare(self, row: Row, product: Product | None) -> None:
        if product is None:
            words = f"shop {row.the_shop.id} has no product {row.values['product_id']}: check product_id"
            row.reject("unknown_product", words)
            return
        operation, reached = CHANGES[row.values["status"]]
        row.operation = operation.name
        row.before, row.after = {"status": product.status}, {"status": REACHED[row.values["status"]]}
        own = {SELLER_OFF, ACTIVE, "DRAFT", "PENDING", "FAILED"}
        theirs = product.status not in own | ({DELETED} if row.values["status"] in {"recovered", "deleted"} else set())
        row.subject = Product(product.id, (product.status or UNSEEN) if theirs else "", product.skus, product.title)
        if self.settings.skip_unchanged and product.status in reached:
            row.unchanged(UNDER_REVIEW if product.status == "PENDING" else "")

    def _products(self, shop: Shop, ids: list[str]) -> dict[str, Product]:
        if len(ids) > SEARCHED_A_CALL:
            return {product.id: product for product in self.catalogue(shop).all()} | self._deleted(shop, ids)

        return self._each(shop, ids)

    def _deleted(self, shop: Shop, ids: list[str]) -> dict[str, Product]:
        """Those of some products that are deleted, which the list of all does not have."""
        found = {product.id: product for product in self.catalogue(shop).all(DELETED)}
        return {product_id: found[product_id] for product_id in ids if product_id in found}

    def _each(self, shop: Shop, ids: list[str]) -> dict[str, Product]:
        def one(product_id: str) -> Product | None:
            try:
                answer = self.run.client.call(GET_PRODUCT, shop=shop, path={"product_id": product_id})
            except BusinessError:
                return None
            return product_of({"id": product_id, **answer.data})

        return {product.id: product for product in self.run.each(one, ids) if product is not None}

    def foresee(self, rows: list[Row]) -> None:
        """From which status the wanted one can be reached."""
        foresight.product_status(rows)

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """Twenty products a call."""
        for group in by(rows, lambda row: (row.the_shop.id, row.values["status"])).values():
            for start in range(0, len(group), PRODUCTS_A_CALL):
                yield group[start : start + PRODUCTS_A_CALL]

    def send(self, rows: list[Row]) -> None:
        """Each product may be refused for itself."""
        operation, _ = CHANGES[rows[0].values["status"]]
        by_product = {row.values["product_id"]: row for row in rows}
        answer = self.run.client.call(operation, shop=rows[0].the_shop, body={"product_ids": list(by_product)})
        for row in rows:
            row.request_id = answer.request_id
        for error in partial_errors(operation, answer.data):
            named = error.ids.get("product_id")
            for row in [by_product[named]] if named in by_product else rows:
                row.reject(str(error.code), f"the platform refused it: {error.message}", answer.request_id)

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The products have the status; one that was never on sale is reviewed first."""
        done: dict[int, bool] = {}
        for shop, group in by_shop(rows):
            live = self._products(shop, [row.values["product_id"] for row in group])
            for row in group:
                product = live.get(row.values["product_id"])
                done[id(row)] = product is not None and product.status in CHANGES[row.values["status"]][1]
                if product is not None and product.status == "PENDING":
                    row.message = UNDER_REVIEW
        return [done[id(row)] for row in rows]


PRODUCT_STATUS = Writing(
    "product_status", "Whether products are on sale, deleted or recovered.", CONTRACT, StatusWriter
)
