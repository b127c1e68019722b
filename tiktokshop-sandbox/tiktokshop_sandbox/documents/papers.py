"""What is printed for a parcel: its label, and the slip that goes into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox import paper
from tiktokshop_sandbox.documents.recipients import recipient_address

if TYPE_CHECKING:
    from tiktokshop_sandbox.documents.packages import Parts
    from tiktokshop_sandbox.storefront import Shop

LABEL, SLIP, BOTH = "SHIPPING_LABEL", "PACKING_SLIP", "SHIPPING_LABEL_AND_PACKING_SLIP"
TITLES = {LABEL: "Shipping label", SLIP: "Packing slip", BOTH: "Shipping label and packing slip"}


def printed(shop: Shop, parts: Parts, kind: str, size: str) -> bytes:
    """The document as PDF. Whom it goes to stands on the label, what is inside on the slip."""
    order, package = parts[0]
    lines = [f"Order {', '.join(mate.id for mate, _ in parts)}", f"Package {package.id}"]
    lines.append(shop.market.carriers[package.carrier][1])
    if kind in {LABEL, BOTH}:
        address = recipient_address(shop, order)
        lines += ["", "To:", *(str(address[name]) for name in ("name", "full_address") if address[name])]
    if kind in {SLIP, BOTH}:
        lines += ["", "Inside:"]
        inside = [mate.lines[index] for mate, part in parts for index in part.lines]
        lines += [f"1 x {line.seller_sku}  {line.product_name}" for line in inside]
    return paper.page(size, TITLES[kind], lines, package.tracking)
