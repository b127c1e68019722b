"""Prices: one call for each product, which changes all of its SKUs or none."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tiktokshop_client.operations import UPDATE_PRICES

from target_tiktokshop.streams.skus import SkuWriter
from target_tiktokshop.writing import foresight
from target_tiktokshop.writing.fields import (
    SHOP_ID,
    Contract,
    Field,
    FieldError,
    amount,
    currency,
    identifier,
    money,
    text,
)
from target_tiktokshop.writing.live import DEACTIVATED, UNSEEN, Sku
from target_tiktokshop.writing.rows import Row, by_shop, last_wins, still_open
from target_tiktokshop.writing.surprises import apart
from target_tiktokshop.writing.writer import Writing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_tiktokshop.writing.run import WriteRun

AMOUNTS = ("amount", "sale_price", "list_price")


def _write_amounts(values: dict[str, Any]) -> None:
    """Amounts as the platform writes them; only the United States have list prices."""
    for name in AMOUNTS:
        if name in values:
            try:
                values[name] = money(values[name], values["currency"])
            except FieldError as error:
                raise FieldError(f"{name} {error}") from None
    listed = values.get("list_price")
    if listed and values["currency"] != "USD":
        raise FieldError("list_price is for US dollars only")
    if listed and Decimal(listed) < Decimal(asked(values)):
        raise FieldError("list_price is below the price; the platform would silently drop it")


def asked(values: dict[str, Any]) -> str:
    """The price that the buyer is to pay."""
    return str(values.get("sale_price") or values["amount"])


CONTRACT = Contract(
    (
        SHOP_ID,
        Field("product_id", identifier),
        Field("sku_id", identifier),
        Field("seller_sku", text),
        Field("amount", amount, needed=True),
        Field("currency", currency, needed=True),
        Field("sale_price", amount),
        Field("list_price", amount),
    ),
    either=(("sku_id", "seller_sku"),),
    check=_write_amounts,
)


class PriceWriter(SkuWriter):
    """Prices, compared as decimals in the shop's currency."""

    def __init__(self, run: WriteRun) -> None:
        super().__init__(run)
        self._statuses: dict[str, str] = {}  # by product id, as first read

    def look(self, rows: list[Row]) -> None:
        """Reads price and status of all SKUs."""
        self.resolve(rows)
        for shop, group in by_shop(still_open(rows)):
            live = self.catalogue(shop).offers(row.values["sku_id"] for row in group)
            for sku in live.values():  # once each: several rows may be about one SKU
                self._statuses[sku.product_id] = sku.status
                sku.status = protected_status(sku.status)
            for row in group:
                with apart(row):
                    self.find(row, live)
                    if row.open:
                        self._price(row)
        last_wins(rows, lambda row: row.subject.id)
        for row in still_open(rows):
            if self.settings.skip_unchanged and has(row.subject, row):
                row.unchanged()

    def _price(self, row: Row) -> None:
        sku: Sku = row.subject
        code = row.values["currency"]
        if sku.currency and sku.currency != code:
            row.reject("wrong_currency", f"SKU {sku.id} is sold in {sku.currency}, not {code}")
            return
        row.operation = UPDATE_PRICES.name
        row.before = {"price": _text(sku.price), "currency": sku.currency or code}
        row.after = {"price": asked(row.values), "currency": code}
        if "list_price" in row.values:
            row.before["list_price"] = _text(sku.list_price)
            row.after["list_price"] = row.values["list_price"]

    def foresee(self, rows: list[Row]) -> None:
        """The product's status, a running promotion, the range of prices."""
        foresight.prices(self.calls(rows), self._statuses, self.promotions)

    def send(self, rows: list[Row]) -> None:
        """The prices of one product; the platform takes all or none."""
        self.update(UPDATE_PRICES, rows, [_body(row) for row in rows])

    def kept(self, rows: list[Row]) -> Iterable[bool]:
        """The shop shows the prices that were sent."""
        now: dict[str, Sku] = {}
        for shop, group in by_shop(rows):
            now |= self.catalogue(shop).offers(row.subject.id for row in group)
        return [row.subject.id in now and has(now[row.subject.id], row) for row in rows]


def protected_status(status: str) -> str:
    """What the guard of deactivated products goes by: "" for others, `UNSEEN` where the shop does not say."""
    return status if status in DEACTIVATED else "" if status else UNSEEN


def has(sku: Sku, row: Row) -> bool:
    """Whether a SKU has the row's prices."""
    listed = row.after.get("list_price")
    return sku.price == Decimal(row.after["price"]) and (listed is None or sku.list_price == Decimal(listed))


def _text(price: Decimal | None) -> str | None:
    return None if price is None else str(price)


def _body(row: Row) -> dict[str, Any]:
    values = row.values
    price = {"amount": values["amount"], "currency": values["currency"]}
    if "sale_price" in values:
        price["sale_price"] = values["sale_price"]
    body: dict[str, Any] = {"id": row.subject.id, "price": price}
    if "list_price" in values:
        body["list_price"] = {"amount": values["list_price"], "currency": values["currency"]}
    return body


PRICES = Writing("prices", "Prices of SKUs.", CONTRACT, PriceWriter)
