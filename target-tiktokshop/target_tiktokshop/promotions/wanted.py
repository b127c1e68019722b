"""What a record asks for: the activity's fields and its offers, each with everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from target_tiktokshop.writing.fields import CURRENCIES

if TYPE_CHECKING:
    from target_tiktokshop.writing.live import Sku


@dataclass
class WantedOffer:
    """A product or a SKU in an activity, as a record has it.

    Attributes:
        product_id: The product; "" until it is known.
        sku_id: The SKU, "" if the offer is for a whole product.
        seller_sku: The seller's number of the SKU, "" if the record does not say it.
        price: What it costs in the activity.
        percent: Or how much is off, in whole percent.
        currency: Of the price, "" if the record does not say it.
        limit: How many may be sent in the activity in all, -1 for any number; None if the record does not say it.
        per_user: How many one buyer may have, likewise.
        cost: What the seller pays for it.
        removed: Whether the record wants it out of the activity.
        faults: What is wrong with it, as sentences without a full stop.
        skus: The live SKUs that it is about.
        was: What it costs in the live activity, None if it is not in it.
    """

    product_id: str = ""
    sku_id: str = ""
    seller_sku: str = ""
    price: Decimal | None = None
    percent: int | None = None
    currency: str = ""
    limit: int | None = None
    per_user: int | None = None
    cost: Decimal | None = None
    removed: bool = False
    faults: list[str] = field(default_factory=list)
    skus: list[Sku] = field(default_factory=list)
    was: Decimal | None = None

    @property
    def label(self) -> str:
        """It in a sentence."""
        number = self.seller_sku or self.sku_id
        return f"SKU {number}" if number else f"product {self.product_id or '(without an id)'}"

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by in an activity."""
        return self.product_id, self.sku_id

    @property
    def identity(self) -> tuple[str, str, str]:
        """What two records must share to be about the same; a SKU that was not found is known by its number alone."""
        return (*self.key, "" if self.sku_id else self.seller_sku)

    @property
    def normal(self) -> tuple[Decimal | None, Decimal | None]:
        """The lowest and the highest price of its SKUs without the activity; None if one of them is not shown."""
        prices = [sku.price for sku in self.skus if sku.price is not None and sku.price > 0]
        return (min(prices), max(prices)) if prices and len(prices) == len(self.skus) else (None, None)

    @property
    def after(self) -> Decimal | None:
        """What a buyer would pay at least."""
        lowest = self.normal[0]
        if self.percent is None or lowest is None:
            return self.price
        decimals = CURRENCIES.get(self.skus[0].currency, 2)
        return (lowest * (100 - self.percent) / 100).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)

    @property
    def cut(self) -> Decimal | None:
        """How much is off at most, in percent; None if that is not known."""
        highest = self.normal[1]
        if self.percent is not None:
            return Decimal(self.percent)
        return (highest - self.price) * 100 / highest if self.price is not None and highest else None

    @property
    def margin(self) -> Decimal | None:
        """What is left of the price above the cost, in percent of the price."""
        after = self.after
        return (after - self.cost) * 100 / after if self.cost is not None and after else None

    def fault(self, words: str) -> None:
        """Notes what is wrong."""
        self.faults.append(f"{self.label}: {words}")


@dataclass
class WantedActivity:
    """What one record says of an activity, in the platform's words.

    Attributes:
        fields: Of the activity itself; `status` is `active` or `ended`.
        offers: Products and SKUs.
        faults: What is wrong with the fields, as sentences without a full stop.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    offers: list[WantedOffer] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
