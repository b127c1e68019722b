"""What inventory and prices share: a record names a SKU, and one call carries the SKUs of a product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client import partial_errors

from target_tiktokshop.writing.rows import Row, by, by_shop, still_open
from target_tiktokshop.writing.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_client import Answer, Operation

    from target_tiktokshop.writing.live import Sku

SKUS_A_CALL = 100


class SkuWriter(Writer):
    """Rows about SKUs. `subject` becomes the live `Sku`."""

    def resolve(self, rows: list[Row]) -> None:
        """Finds the SKU ids of seller SKUs; unknown and ambiguous ones are rejected, never guessed."""
        for shop, group in by_shop(rows):
            named = [row for row in group if "sku_id" not in row.values]
            if not named:
                continue
            found = self.catalogue(shop).seller_skus(row.values["seller_sku"] for row in named)
            for row in named:
                number = row.values["seller_sku"]
                _choose(row, found.get(number) or self._near(row, number))

    def _near(self, row: Row, number: str) -> list[Sku]:
        """SKUs whose number is nearly the same, where none has it exactly; the outcome says what was taken."""
        skus = self.catalogue(row.the_shop).near(number)
        exact = [sku for sku in skus if sku.seller_sku == number]
        if not exact and len({sku.seller_sku for sku in skus}) == 1:
            row.note(f"no SKU has the seller SKU {number!r}; {skus[0].seller_sku!r} was taken")
        return exact or skus

    def find(self, row: Row, live: Mapping[str, Sku]) -> None:
        """Gives the row its SKU, or rejects it."""
        sku = live.get(row.values["sku_id"])
        product_id = row.values.get("product_id")
        if sku is None:
            row.reject("unknown_sku", f"shop {row.the_shop.id} has no SKU {row.values['sku_id']}: check sku_id")
        elif product_id and product_id != sku.product_id:
            row.reject("unknown_sku", f"SKU {sku.id} belongs to product {sku.product_id}, not {product_id}")
        else:
            row.subject = sku

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """One call a product, and no more SKUs in it than a product can have."""
        for group in by(rows, lambda row: (row.the_shop.id, row.subject.product_id)).values():
            skus = list(by(group, lambda row: row.subject.id).values())
            for start in range(0, len(skus), SKUS_A_CALL):
                yield [row for part in skus[start : start + SKUS_A_CALL] for row in part]

    def update(self, operation: Operation, rows: list[Row], skus: list[dict[str, Any]]) -> Answer:
        """Sends SKUs of one product, and rejects the rows of those that the answer names as refused."""
        answer = self.run.client.call(
            operation, shop=rows[0].the_shop, path={"product_id": rows[0].subject.product_id}, body={"skus": skus}
        )
        for row in rows:
            row.request_id = answer.request_id
        for error in partial_errors(operation, answer.data):
            for row in still_open(rows):
                if error.ids.get("sku_id") in {None, row.subject.id}:
                    where = f" (warehouse {error.ids['warehouse_id']})" if error.ids.get("warehouse_id") else ""
                    row.reject(str(error.code), f"the platform refused it: {error.message}{where}", answer.request_id)
        return answer


def _choose(row: Row, skus: list[Sku]) -> None:
    number, product_id = row.values["seller_sku"], row.values.get("product_id")
    if product_id:
        skus = [sku for sku in skus if sku.product_id == product_id]
    if len(skus) == 1:
        row.values["sku_id"] = skus[0].id
    elif skus:
        ids = ", ".join(f"{sku.id} ({sku.seller_sku!r} of product {sku.product_id})" for sku in skus)
        row.reject("ambiguous_sku", f"{len(skus)} SKUs have the seller SKU {number}, or nearly so: {ids}; name sku_id")
    else:
        row.reject("unknown_sku", f"shop {row.the_shop.id} has no SKU with the seller SKU {number}: check it")
