"""The fields that records of listings have. Their values are looked at later, all of a record together."""

from __future__ import annotations

from target_tiktokshop.listings.reading import SKU_FIELDS
from target_tiktokshop.writing.fields import SHOP_ID, Contract, Field, as_it_is, identifier, own_key

PRODUCT_FIELDS = (
    "title",
    "description",
    "category_id",
    "category",
    "category_chains",
    "brand_id",
    "brand",
    "main_images",
    "attributes",
    "product_attributes",
    "package_weight",
    "package_weight_unit",
    "package_dimensions",
    "package_length",
    "package_width",
    "package_height",
    "package_dimension_unit",
    "size_chart",
    "certifications",
    "manufacturer_ids",
    "responsible_person_ids",
    "delivery_option_ids",
    "delivery_options",
    "is_cod_allowed",
    "external_product_id",
    "save_mode",
    "skus",
)
NUMBERS = frozenset({"package_weight", "package_length", "package_width", "package_height", "price", "quantity"})
CONTRACT = Contract(
    (
        SHOP_ID,
        Field("product_id", identifier, other_name="id"),
        Field("listing_key", own_key),
        *(Field(name, as_it_is, "number" if name in NUMBERS else "string") for name in PRODUCT_FIELDS),
        *(Field(name, as_it_is, "number" if name in NUMBERS else "string") for name in SKU_FIELDS),
    ),
)
