"""What an edit repeats of a live product: the fields that the call takes, and their types."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_tiktokshop.writing.shaped import Shape

_AMOUNT: Mapping[str, Shape] = {"amount": str, "currency": str}
SKU: Mapping[str, Shape] = {
    "id": str,
    "seller_sku": str,
    "external_sku_id": str,
    "identifier_code": {"type": str, "code": str},
    "sku_unit_count": str,
    "external_urls": [str],
    "extra_identifier_codes": [str],
    "pre_sale": {"type": str, "fulfillment_type": {"handling_duration_days": int, "release_date": int}},
    "list_price": _AMOUNT,
    "external_list_prices": [{"source": str, **_AMOUNT}],
    "fees": [{"type": str, "amount": str, "additional_attribute": str}],
    "sku_dimensions": {"length": str, "width": str, "height": str, "unit": str},
    "sku_weight": {"value": str, "unit": str},
}
"""What a call that carries SKUs must repeat of each of them: what it leaves out would become blank."""
AXIS: Mapping[str, Shape] = {
    "id": str,
    "name": str,
    "value_id": str,
    "value_name": str,
    "sku_img": {"uri": str},
    "supplementary_sku_images": [{"uri": str}],
}
"""A sales attribute of a SKU."""
