"""The parts of listings and promotions in requests: their fields with their types, as the platform describes them."""

from __future__ import annotations

from typing import Final

from tiktokshop_sandbox.contract import Param
from tiktokshop_sandbox.endpoints._listing import TEXT, TEXTS, TIME

COUNT = Param("integer")


def part(*texts: str, **others: Param) -> Param:
    """An object with some texts, and fields of other types."""
    return Param("object", fields={**dict.fromkeys(texts, TEXT), **others})


def parts(*texts: str, **others: Param) -> Param:
    """A list of such objects."""
    return Param("array", items=part(*texts, **others))


# -- listings --------------------------------------------------------------------------------------------------------

IMAGE = part("uri")
IMAGES = parts("uri")
MEASURED = part("id", metric_value_module_infos=parts("id", "value", "unit_id"))
ATTRIBUTES = parts("id", values=parts("id", "name", metric_standard_info=MEASURED))
CERTIFICATIONS = parts("id", images=IMAGES, files=parts("id", "name", "format"), expiration_date=TIME)
SIZE_CHART = part(image=IMAGE, template=part("id"))
SIZE = part("length", "width", "height", "unit")
WEIGHT = part("value", "unit")
STOCK = parts("warehouse_id", quantity=COUNT, backorder_quantity=COUNT, handling_time=COUNT)
SKUS = parts(
    "id",
    "seller_sku",
    "external_sku_id",
    "sku_unit_count",
    price=part("currency", "amount", "sale_price", "starting_bid_price"),
    inventory=STOCK,
    sales_attributes=parts("id", "name", "value_id", "value_name", sku_img=IMAGE, supplementary_sku_images=IMAGES),
    identifier_code=part("type", "code"),
    combined_skus=parts("product_id", "sku_id", sku_count=COUNT),
    external_urls=TEXTS,
    extra_identifier_codes=TEXTS,
    pre_sale=part("type", fulfillment_type=part(handling_duration_days=COUNT, release_date=TIME)),
    list_price=part("amount", "currency"),
    external_list_prices=parts("source", "amount", "currency"),
    fees=parts("type", "amount", "additional_attribute"),
    sku_dimensions=SIZE,
    sku_weight=WEIGHT,
)
MODE = Param("string", values=("EXCLUSIVE", "SHARED"))
TARGETS = parts(
    "region",
    inventory_mode=MODE,
    certifications=CERTIFICATIONS,
    manufacturer_ids=TEXTS,
    responsible_person_ids=TEXTS,
    product_attributes=ATTRIBUTES,
    skus=parts("source_sku_id", "seller_sku", price=part("sale_price", "currency"), inventory=STOCK),
)

# -- promotions ------------------------------------------------------------------------------------------------------

_THRESHOLD = ("threshold_type", "threshold_value")
DISCOUNT = part(
    shipping_discount=part(
        *_THRESHOLD,
        "type",
        "value",
        "shipping_method",
        "inventory_type",
        area_scope=part("type", specific_areas=TEXTS),
    ),
    bmsm_discount=part(details=parts(*_THRESHOLD, "type", "value", tier=COUNT)),
    gift_discount=part(
        "gift_receiving_type",
        gift_infos=parts(*_THRESHOLD, tier=COUNT, gift_details=parts("product_id", "sku_id", "total_claim_limit")),
    ),
    bxgy_discount=part(
        *_THRESHOLD,
        "discount_type",
        "discount_value",
        "benefit_max_applicable_quantity",
        "benefit_max_applicable_times",
    ),
)
AUDIENCE = part("user_type")
LIMITS = parts("type")

# -- returns ---------------------------------------------------------------------------------------------------------

EVIDENCE = parts("image_id", "mime_type", height=COUNT, width=COUNT)
PARTIAL_REFUND: Final[dict[str, Param]] = {"partial_refund_amount": part("partial_refund_total", "currency")}
