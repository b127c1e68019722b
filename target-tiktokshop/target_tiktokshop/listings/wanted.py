"""What a record asks for: its values, in the platform's words, with everything that is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal

    from target_tiktokshop.listings.pictures import PictureRef


@dataclass
class WantedSku:
    """A SKU as a record has it.

    Attributes:
        seller_sku: The seller's number, "" if it has none.
        sku_id: The platform's id, "" if the record does not say it.
        axes: What makes it the variant it is: name (or id) and value, each as the record has it.
        picture: The picture of its first value.
        price: What the buyer pays, and `currency`.
        list_price: The list price.
        stock: (warehouse, units); the warehouse is "" where the record names none.
        code: Type and digits of its identifier.
        external_sku_id: Its number in another system.
        deleted: Whether the record wants it gone.
        named: The fields that the record has.
    """

    seller_sku: str = ""
    sku_id: str = ""
    axes: tuple[tuple[str, str], ...] = ()
    picture: PictureRef | None = None
    price: Decimal | None = None
    list_price: Decimal | None = None
    currency: str = ""
    stock: tuple[tuple[str, Decimal], ...] = ()
    code: tuple[str, str] | None = None
    external_sku_id: str = ""
    deleted: bool = False
    named: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """It in a sentence."""
        return f"SKU {self.seller_sku or self.sku_id or '(without a number)'}"


@dataclass
class WantedListing:
    """A product as its records have it, several of them where there is one for each SKU.

    Attributes:
        fields: What the records name of the product itself: our field -> value as it was read.
        skus: Its SKUs.
        faults: What is wrong: the field or the SKU it is about, and a sentence without a full stop.
        notes: What was chosen for them, as sentences for the outcome.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    skus: list[WantedSku] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fault(self, words: str, about: str) -> None:
        """Notes what is wrong, once."""
        if (about, words) not in self.faults:
            self.faults.append((about, words))

    @property
    def numbers(self) -> tuple[str, ...]:
        """The seller's numbers of its SKUs, sorted: by them a product is found again."""
        return tuple(sorted({sku.seller_sku for sku in self.skus if sku.seller_sku}))
