"""Stock: absolute numbers by warehouse, one call for each product, a SKU always sent with all its warehouses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client import partial_errors
from tiktokshop_client.errors import BusinessError, TikTokShopError
from tiktokshop_client.operations import DEACTIVATE_PRODUCTS, UPDATE_INVENTORY

from target_tiktokshop.streams.fresh import Lot, aftermath, lots, renew
from target_tiktokshop.streams.skus import SkuWriter
from target_tiktokshop.writing import foresight
from target_tiktokshop.writing.fields import SHOP_ID, Contract, Field, identifier, quantity, text
from target_tiktokshop.writing.live import DEACTIVATED, SELLER_OFF, Sku, stock_after
from target_tiktokshop.writing.outcomes import APPLIED, OVERWROTE
from target_tiktokshop.writing.rows import Row, by, by_shop, last_wins, still_open
from target_tiktokshop.writing.run import only_these_rows, refuse_all
from target_tiktokshop.writing.surprises import apart
from target_tiktokshop.writing.writer import Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tiktokshop_client import Shop

    from target_tiktokshop.writing.run import WriteRun

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

    def __init__(self, run: WriteRun) -> None:
        super().__init__(run)
        self._warehouses, self._combined = foresight.Warehouses(run), foresight.Combined(run)
        self._lots: dict[str, Lot] = {}
        self._sent: dict[str, dict[str, int]] = {}  # by SKU, what the last batch gave each of its warehouses
        self._changed: dict[str, str] = {}  # by SKU, what others had changed right before

    def look(self, rows: list[Row]) -> None:
        """Reads the stock of all SKUs, 600 a call."""
        self.resolve(rows)
        for shop, group in by_shop(still_open(rows)):
            live = self.catalogue(shop).stock(row.values["sku_id"] for row in group)
            for row in group:
                with apart(row):
                    self.find(row, live)
                    if row.open:
                        self._place(row)
        last_wins(rows, lambda row: (row.subject.id, row.after["warehouse_id"]))
        self.run.changes.skus += len({row.subject.id for row in still_open(rows)})
        for row in still_open(rows):
            if self.settings.skip_unchanged and row.before == row.after:
                row.unchanged()
        for group in by(still_open(rows), lambda row: row.subject.id).values():
            reject_blind(group)
        for shop, group in by_shop(still_open(rows)):
            self._read_statuses(shop, group)

    def _place(self, row: Row) -> None:
        """Which warehouse the row means, and what it would hold then."""
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
            wanted = max(0, row.values["quantity"] - self.settings.buffer_quantity)
            row.operation = UPDATE_INVENTORY.name
            seen = warehouse not in sku.unseen
            row.before = {"warehouse_id": warehouse, "quantity": sku.available[warehouse] if seen else None}
            row.after = {"warehouse_id": warehouse, "quantity": wanted}

    def _read_statuses(self, shop: Shop, rows: list[Row]) -> None:
        """Status of the products that would change, as far as a rule asks for it."""
        if self.settings.protect_status or self.settings.deactivate_on_zero:
            found = self.catalogue(shop).deactivated(row.subject for row in rows)
            for row in rows:
                row.subject.status = found.get(row.subject.product_id, "")
        if self.settings.deactivate_on_zero:
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
                if row.subject.status in DEACTIVATED:
                    row.unchanged("the product is deactivated, so nothing of it can be bought")
                row.operation = DEACTIVATE_PRODUCTS.name
                row.after = {**row.after, "status": SELLER_OFF}

    def foresee(self, rows: list[Row]) -> None:
        """The warehouse, the product's status, the range of units, the floor of a running promotion, what is combined.

        What cannot be read of these keeps none of the others from being told.
        """
        rows = [row for row in rows if row.operation == UPDATE_INVENTORY.name]
        statuses: dict[str, str] = {}
        for shop, group in by_shop(rows) if not self.settings.protect_status else ():
            found = self.catalogue(shop).deactivated(row.subject for row in group)
            statuses |= {key: status for key, status in found.items() if status in DEACTIVATED}
        for see in (
            lambda rows: foresight.places(rows, self._warehouses),
            lambda rows: foresight.stock(rows, statuses, self.promotions),
            lambda rows: foresight.combined(rows, self._combined),
        ):
            foresight.unless_unknown(see, still_open(rows))

    def calls(self, rows: list[Row]) -> Iterable[list[Row]]:
        """One call a product; which SKUs are read again together follows the order in which they go out."""
        calls = list(super().calls(rows))
        self._lots, self._sent, self._changed = {}, {}, {}
        for shop, _ in by_shop(rows):
            group = [call for call in calls if call[0].the_shop is shop and call[0].operation == UPDATE_INVENTORY.name]
            self._lots |= lots(group, self.catalogue(shop).stock_again)
        return calls

    def send(self, rows: list[Row]) -> None:
        """One product's SKUs, each with all of its warehouses; or the product's deactivation."""
        if rows[0].operation == DEACTIVATE_PRODUCTS.name:
            self._deactivate(rows)
            return
        rows = self._look_again(rows)
        after = {group[0].subject.id: stock_after(group) for group in by(rows, lambda row: row.subject.id).values()}
        if not after:
            return
        self._sent |= after
        try:
            self.update(UPDATE_INVENTORY, rows, [stock_body(sku_id, units) for sku_id, units in after.items()])
        except BusinessError as error:
            refuse_all(rows, error)
        for row in rows:
            if row.code == ZERO_REFUSED and not row.after["quantity"]:
                row.message += "; with on_zero: deactivate a product without stock is deactivated instead"

    def _deactivate(self, rows: list[Row]) -> None:
        body = {"product_ids": [rows[0].subject.product_id]}
        answer = self.run.client.call(DEACTIVATE_PRODUCTS, shop=rows[0].the_shop, body=body)
        for row in rows:
            row.request_id = answer.request_id
            for error in partial_errors(DEACTIVATE_PRODUCTS, answer.data):
                row.reject(str(error.code), f"the platform refused it: {error.message}", answer.request_id)

    def _look_again(self, rows: list[Row]) -> list[Row]:
        """Reads SKUs again that have a warehouse no row names; returns the rows that can still be sent.

        Raises:
            TikTokShopError: They cannot be read.
        """
        groups = by(rows, lambda row: row.subject.id)
        wanted = [sku_id for sku_id in groups if sku_id in self._lots]
        now: dict[str, Sku] = {}
        for lot in {id(self._lots[sku_id]): self._lots[sku_id] for sku_id in wanted}.values():
            now |= lot.now(sku_id for sku_id in wanted if self._lots[sku_id] is lot)
        for sku_id in wanted:
            group = groups[sku_id]
            if sku_id not in now:
                for row in group:
                    row.reject("unknown_sku", f"shop {row.the_shop.id} has no SKU {sku_id} any more: take it out")
                continue
            self._changed[sku_id] = renew(group, now[sku_id])
            reject_blind(group)
        return still_open(rows)

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The shop has what was sent, or less by what orders have taken in the meantime."""
        now: dict[str, Sku] = {}
        off: set[str] = set()
        for shop, group in by_shop(rows):
            stocked = [row.subject.id for row in group if row.operation == UPDATE_INVENTORY.name]
            now |= self.catalogue(shop).stock(stocked)
            others = [row.subject for row in group if row.operation != UPDATE_INVENTORY.name]
            off |= {key for key, status in self.catalogue(shop).deactivated(others).items() if status in DEACTIVATED}
        done = {id(row): row.subject.product_id in off or has(now.get(row.subject.id), row) for row in rows}
        sure = [row for row in rows if done[id(row)] and row.subject.id in self._sent and row.subject.id in now]
        for group in by(sure, lambda row: row.subject.id).values():
            self._look_at_others(group, now[group[0].subject.id])
        return [done[id(row)] for row in rows]

    def _look_at_others(self, rows: list[Row], now: Sku) -> None:
        """Says what became of the warehouses of a SKU that no row names, and puts them right if that is wanted."""
        sku: Sku = rows[0].subject
        found = aftermath(self._sent[sku.id], {row.after["warehouse_id"] for row in rows}, sku, now)
        if found.overwritten:
            words = ", ".join(
                f"warehouse {place}, which had {was} when {gave} were written"
                for place, (was, gave) in found.overwritten.items()
            )
            right = self.settings.restore_overwritten and self._put_right(rows[0].the_shop, now, found.overwritten)
            for row in rows:
                if right:
                    row.settle(APPLIED, "put_right", f"orders came in between; corrected afterwards: {words}")
                else:
                    row.settle(OVERWROTE, "sold_meanwhile", f"orders came in between; check the stock of {words}")
            return
        words = ", ".join(
            f"warehouse {place} was sent as {sent} and shows {shown}" for place, (sent, shown) in found.changed.items()
        )
        words = "; ".join(filter(None, (self._changed.get(sku.id, ""), words)))
        for row in rows if words else ():
            row.code = "changed_meanwhile"
            row.message = f"somebody else changed the stock while it was written: {words}"

    def _put_right(self, shop: Shop, now: Sku, overwritten: Mapping[str, tuple[int, int]]) -> bool:
        """Gives warehouses back what they had; once, and whether the shop shows it then."""
        wanted = {place: was for place, (was, _) in overwritten.items()}
        body = {"skus": [stock_body(now.id, now.available | wanted)]}
        try:
            answer = self.run.client.call(UPDATE_INVENTORY, shop=shop, path={"product_id": now.product_id}, body=body)
            shown = self.catalogue(shop).stock_again([now.id]).get(now.id)
        except TikTokShopError as error:
            if not only_these_rows(error):
                raise
            return False
        if shown is None or any(partial_errors(UPDATE_INVENTORY, answer.data)):
            return False
        return not aftermath(wanted, set(), now, shown).overwritten and all(
            shown.available.get(place, 0) <= units for place, units in wanted.items()
        )


def reject_blind(rows: Sequence[Row]) -> None:
    """Rejects the rows of a SKU with a warehouse that no row names and whose units cannot be read: it would go to 0."""
    blind = rows[0].subject.unseen - {row.after["warehouse_id"] for row in rows}
    for row in still_open(rows) if blind else ():
        words = "a SKU is written with all of its warehouses, and the shop does not show what is in"
        row.reject("stock_not_shown", f"{words} {', '.join(sorted(blind))}: add a record for it")


def stock_body(sku_id: str, units: Mapping[str, int]) -> dict[str, Any]:
    """A SKU with all of its warehouses, as a call carries it."""
    places = [{"warehouse_id": place, "quantity": quantity} for place, quantity in units.items()]
    return {"id": sku_id, "inventory": places}


def has(now: Sku | None, row: Row) -> bool:
    """Whether a SKU has the row's quantity; units that orders committed since it was read count as there."""
    warehouse, wanted = row.after["warehouse_id"], row.after["quantity"]
    if now is None or warehouse not in now.available:
        return False
    taken = now.committed.get(warehouse, 0) - row.subject.committed.get(warehouse, 0)
    return wanted in {now.available[warehouse], now.available[warehouse] + taken}


INVENTORY = Writing("inventory", "Stock of SKUs by warehouse.", CONTRACT, InventoryWriter)
