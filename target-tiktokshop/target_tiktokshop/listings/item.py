"""A product on its way to the shop with the records that are about it, and what its review says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from target_tiktokshop.listings.difference import Difference
from target_tiktokshop.listings.illustrated import Illustrated
from target_tiktokshop.listings.pictures import CheckedPicture
from target_tiktokshop.listings.proposal import Proposal
from target_tiktokshop.listings.reading import is_nested, read
from target_tiktokshop.writing.live import DEACTIVATED, object_of, objects, texts
from target_tiktokshop.writing.outcomes import REJECTED
from target_tiktokshop.writing.rows import Row, by, still_open

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiktokshop_client import Shop

    from target_tiktokshop.listings.wanted import WantedListing

AUDITING = "AUDITING"
PRE_APPROVED = "PRE_APPROVED"
KEYED = "listing_key\n"
"""Before the key of flat records; no seller SKU has a blank."""
_encode = msgspec.json.Encoder(decimal_format="string", enc_hook=str, order="sorted").encode


@dataclass
class ListingItem:
    """A product on its way, with the records that are about it; it is the `subject` of each of them.

    Attributes:
        rows: The records.
        wanted: What they ask for together.
        id: The product, "" for a new one.
        status: Its status, if it is one that is to be protected.
        live: The product as the shop shows it, the version under review if there is one.
        proposal: What the platform would be sent, and `difference` what of it differs from the shop.
        titled: What the live product is called.
    """

    rows: list[Row]
    wanted: WantedListing
    id: str = ""
    status: str = ""
    live: dict[str, Any] | None = None
    proposal: Proposal = field(default_factory=Proposal)
    difference: Difference = field(default_factory=Difference)
    titled: str = ""
    numbered: bool = True

    @property
    def title(self) -> str:
        """What the plan calls it."""
        return self.titled or str(self.wanted.fields.get("title") or "")

    @property
    def seller_sku(self) -> str:
        """The number by which people know it; the records of a flat table have one each."""
        return next(iter(self.wanted.numbers), "") if is_nested(self.rows[0].values) else ""

    @property
    def names(self) -> set[str]:
        """What settings may call it: its SKUs, by either number."""
        return {name for sku in self.wanted.skus for name in (sku.seller_sku, sku.sku_id) if name}

    @property
    def numbers(self) -> str:
        """What the memory of begun products knows it by: the key of flat records, or else its seller SKUs."""
        key = self.rows[0].values.get("listing_key")
        return f"{KEYED}{key}" if key else "\n".join(self.wanted.numbers)

    @property
    def shop(self) -> Shop:
        """Whose it is."""
        return self.rows[0].the_shop

    def settle(self, outcome: str, code: str = "", message: str = "") -> None:
        """Gives its open records their outcome."""
        for row in still_open(self.rows):
            row.settle(outcome, code, message)

    def note(self, words: str) -> None:
        """Adds a sentence to the outcomes of its open records."""
        for row in still_open(self.rows):
            row.note(words)


def is_same(sku: Mapping[str, Any], seller_sku: str, sku_id: str) -> bool:
    """Whether a live SKU is the one that is meant."""
    if sku_id:
        return str(sku.get("id")) == sku_id
    return bool(seller_sku) and str(sku.get("seller_sku") or "") == seller_sku


def items_of(rows: Iterable[Row]) -> list[ListingItem]:
    """The products that rows are about: each nested row one, flat rows by their key, their product or themselves."""
    groups: Mapping[Any, list[Row]] = by(rows, _group)
    items = []
    for group in groups.values():
        item = ListingItem(group, read([row.values for row in group]))
        item.id = str(group[0].values.get("product_id") or "")
        for row in group:
            row.subject = item
        items.append(item)
    return items


def _group(row: Row) -> tuple[str, Any]:
    if is_nested(row.values):
        return "nested", row.number
    for name in ("listing_key", "product_id", "seller_sku"):
        if row.values.get(name):
            return name, str(row.values[name])
    return "alone", row.number


def together(values: Mapping[str, Any]) -> str | None:
    """What the flat rows of one product have in common; None for a nested row."""
    return None if is_nested(values) else values.get("listing_key") or values.get("product_id")


def editable(item: ListingItem) -> bool:
    """Whether a product's status lets it be edited; if not, its rows are rejected with what to do."""
    status = str((item.live or {}).get("status") or "")
    item.titled = str((item.live or {}).get("title") or "")
    item.status = status if status in DEACTIVATED else ""
    if status == "FREEZE":
        item.settle(REJECTED, "frozen", "the platform has frozen the product: see it in Seller Center")
    elif status == "DELETED":
        words = "the product is deleted: recover it first (stream product_status, status recovered)"
        item.settle(REJECTED, "deleted_product", words)
    return status not in {"FREEZE", "DELETED"}


def reviewed(live: Mapping[str, Any]) -> bool:
    """Whether the platform reviews it."""
    audit = str(object_of(live.get("audit")).get("status"))
    return live.get("status") == "PENDING" or audit in {AUDITING, PRE_APPROVED}


def refused(live: Mapping[str, Any]) -> bool:
    """Whether the last review refused it."""
    return live.get("status") == "FAILED" or object_of(live.get("audit")).get("status") == "FAILED"


def reasons(live: Mapping[str, Any]) -> str:
    """Why the platform's review failed, with the part that it is about and what it suggests."""
    told = []
    for row in objects(live.get("audit_failed_reasons")):
        why = "; ".join(texts(row.get("reasons")))
        hint = " ".join(texts(row.get("suggestions")))
        told.append(f"{row.get('position') or 'product'}: {why}" + (f" ({hint})" if hint else ""))
    return f"the platform's review refused it: {'; '.join(told) or 'it gives no reason'}"


def digest(difference: Difference) -> str:
    """A sum of what an edit would change."""
    return hashlib.sha256(_encode(difference.after)).hexdigest()


def digest_shown(difference: Difference) -> str:
    """A sum of what would change and of what the platform shows in its place."""
    return hashlib.sha256(_encode([difference.before, difference.after])).hexdigest()


def rewritten(sent: Difference, left: Difference) -> bool:
    """Whether the platform has taken what was sent and shows something of its own: neither that nor the old value."""
    return all(name in sent.after and left.before[name] != sent.before.get(name) for name in left.after)


def summary(item: ListingItem) -> dict[str, Any]:
    """A new product as its outcome shows it."""
    shown = {name: _named(value) for name, value in item.proposal.fields.items()}
    shown["skus"] = [
        {"seller_sku": sku.wanted.seller_sku, "price": sku.price, "stock": sku.stock} for sku in item.proposal.skus
    ]
    return shown


def _named(value: Any) -> Any:
    """A value in which a picture is its name."""
    if isinstance(value, CheckedPicture):
        return value.ref.name
    if isinstance(value, Illustrated):
        return value.html(lambda picture: picture.ref.name)
    if isinstance(value, (list, tuple)):
        return [_named(item) for item in value]
    if isinstance(value, dict):
        return {name: _named(item) for name, item in value.items()}
    return value
