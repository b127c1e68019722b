"""Stock: absolute numbers by warehouse, one call a product, a SKU always sent whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_client.errors import BusinessError
from tiktokshop_client.operations import DEACTIVATE_PRODUCTS, UPDATE_INVENTORY
from tiktokshop_client.row_errors import partial_errors

from target_tiktokshop.desk import refuse_all
from target_tiktokshop.fields import SHOP_ID, Contract, Field, identifier, quantity, text
from target_tiktokshop.planning import SELLER_OFF, Sku, stock_after
from target_tiktokshop.rows import Row, by, by_shop, last_wins, still_open
from target_tiktokshop.sinks.base import Writing
from target_tiktokshop.sinks.skus import SkuWriter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiktokshop_client import Shop

ZERO_REFUSED = "12052055"
CONTRACT = Contract(
    (
        SHOP_ID,
        Field("product_id", identifier),
        Field("sku_id", identifier),
        Field("seller_sku", text),
        Field("warehouse_id", identifier),
        Field("quantity", quantity, "number", needed=True),
    ),
    either=(("sku_id", "seller_sku"),),
)


class InventoryWriter(SkuWriter):
    """Stock. Warehouses that no row names keep their live value; what orders have committed is never touched."""

    def look(self, rows: list[Row]) -> None:
        """Reads the stock of all SKUs, 600 a call."""
        self.resolve(rows)
        for shop, group in by_shop(still_open(rows)):
            live = self.catalogue(shop).stock(row.values["sku_id"] for row in group)
            for row in group:
                self.find(row, live)
                if row.open:
                    self._place(row)
        last_wins(rows, lambda row: (row.subject.id, row.after["warehouse_id"]))
        self.desk.stock.seen += len({row.subject.id for row in still_open(rows)})
        for row in still_open(rows):
            if self.rules.skip_unchanged and row.before == row.after:
                row.unchanged()
        for shop, group in by_shop(still_open(rows)):
            self._read_statuses(shop, group)

    def _place(self, row: Row) -> None:
        """Which warehouse the row means, and what would become of it."""
        sku: Sku = row.subject
        warehouse = row.values.get("warehouse_id")
        if warehouse is None and len(sku.available) == 1:
            warehouse = next(iter(sku.available))
        if warehouse is None:
            words = f"SKU {sku.id} is in the warehouses {', '.join(sku.available) or '(none)'}: name warehouse_id"
            row.reject("warehouse_needed", words)
        elif warehouse not in sku.available:
            words = f"SKU {sku.id} is not in warehouse {warehouse}, only in {', '.join(sku.available) or '(none)'}"
            row.reject("unknown_warehouse", words)
        else:
            wanted = max(0, row.values["quantity"] - self.rules.buffer_quantity)
            row.operation = UPDATE_INVENTORY.name
            row.before = {"warehouse_id": warehouse, "quantity": sku.available[warehouse]}
            row.after = {"warehouse_id": warehouse, "quantity": wanted}

    def _read_statuses(self, shop: Shop, rows: list[Row]) -> None:
        """Status of the products that would change, as far as a rule asks for it."""
        if self.rules.protect_status or self.rules.deactivate_on_zero:
            found = self.catalogue(shop).deactivated(row.subject for row in rows)
            for row in rows:
                row.subject.status = found.get(row.subject.product_id, "")
        if self.rules.deactivate_on_zero:
            self._sell_out(shop, rows)

    def _sell_out(self, shop: Shop, rows: list[Row]) -> None:
        """Turns rows that leave a product without any stock into its deactivation."""
        zeroed = [
            group
            for group in by(rows, lambda row: row.subject.product_id).values()
            if not any(row.after["quantity"] for row in group)
        ]
        everything = self.catalogue(shop).stock_of_products(group[0].subject.product_id for group in zeroed)
        for group in zeroed:
            product_id = group[0].subject.product_id
            after = {sku.id: sku.available for sku in everything.values() if sku.product_id == product_id}
            after |= {part[0].subject.id: stock_after(part) for part in by(group, lambda row: row.subject.id).values()}
            if any(units for places in after.values() for units in places.values()):
                continue
            for row in group:
                if row.subject.status:
                    row.unchanged("the product is deactivated, so nothing of it can be bought")
                row.operation = DEACTIVATE_PRODUCTS.name
                row.after = {**row.after, "status": SELLER_OFF}

    def send(self, rows: list[Row]) -> None:
        """One product's SKUs, each with all of its warehouses; or the product's deactivation."""
        if rows[0].operation == DEACTIVATE_PRODUCTS.name:
            self._deactivate(rows)
            return
        skus = [
            {
                "id": group[0].subject.id,
                "inventory": [{"warehouse_id": key, "quantity": units} for key, units in stock_after(group).items()],
            }
            for group in by(rows, lambda row: row.subject.id).values()
        ]
        try:
            self.update(UPDATE_INVENTORY, rows, skus)
        except BusinessError as error:
            refuse_all(rows, error)
        for row in rows:
            if row.code == ZERO_REFUSED and not row.after["quantity"]:
                row.message += "; with on_zero: deactivate a product without stock is deactivated instead"

    def _deactivate(self, rows: list[Row]) -> None:
        body = {"product_ids": [rows[0].subject.product_id]}
        answer = self.desk.client.call(DEACTIVATE_PRODUCTS, shop=rows[0].the_shop, body=body)
        for row in rows:
            row.request_id = answer.request_id
            for error in partial_errors(DEACTIVATE_PRODUCTS, answer.data):
                row.reject(str(error.code), f"the platform refused it: {error.message}", answer.request_id)

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The shop has what was sent, or less by what orders have taken in the meantime."""
        now: dict[str, Sku] = {}
        off: dict[str, str] = {}
        for shop, group in by_shop(rows):
            stocked = [row.subject.id for row in group if row.operation == UPDATE_INVENTORY.name]
            now |= self.catalogue(shop).stock(stocked)
            others = [row.subject for row in group if row.operation != UPDATE_INVENTORY.name]
            off |= self.catalogue(shop).deactivated(others) if others else {}
        return [row.subject.product_id in off or has(now.get(row.subject.id), row) for row in rows]


def has(now: Sku | None, row: Row) -> bool:
    """Whether a SKU has the row's quantity; units that orders committed since it was read count as there."""
    warehouse, wanted = row.after["warehouse_id"], row.after["quantity"]
    if now is None or warehouse not in now.available:
        return False
    taken = now.committed.get(warehouse, 0) - row.subject.committed.get(warehouse, 0)
    return wanted in {now.available[warehouse], now.available[warehouse] + taken}


INVENTORY = Writing("inventory", "Stock of SKUs by warehouse.", CONTRACT, InventoryWriter)
