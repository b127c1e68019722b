"""Products, their stock, and what they are listed with."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import IDENTITY, Children, Listed, Parents, TimeFilter, Windows
from tap_tiktokshop.streams.declaration import Declaration
from tap_tiktokshop.streams.shapes import leaf_categories, stock, tombstones

READ_PRODUCTS = Windows(
    operation=operations.SEARCH_PRODUCTS,
    filter=TimeFilter("update_time", inclusive=True),
    key="id",
    also=({"status": "DELETED"},),
)
CHANGED_PRODUCTS = Parents(READ_PRODUCTS, "id", ("status",), where=lambda product: product.get("status") != "DELETED")
ALL_PRODUCTS = Parents(
    READ_PRODUCTS,
    "id",
    ("status",),
    where=lambda product: product.get("status") != "DELETED",
    once=IDENTITY,
    whole=True,
)

PRODUCTS = Declaration(
    name="products",
    summary="Products with their SKUs, prices and stock per warehouse; deleted ones have the time of deletion.",
    keys=("shop_id", "id"),
    replication_key="update_time",
    reading=READ_PRODUCTS,
    shape=tombstones,
)

READ_PRODUCT_DETAILS = Children(
    parents=(CHANGED_PRODUCTS,),
    operation=operations.GET_PRODUCT,
    key=None,
    path="product_id",
    name="id",
)

PRODUCT_DETAILS = Declaration(
    name="product_details",
    summary="Everything about a product: category, brand, description, images, attributes, dimensions.",
    keys=("shop_id", "id"),
    replication_key="update_time",
    how="of changed products",
    reading=READ_PRODUCT_DETAILS,
)

READ_INVENTORY = Children(
    parents=(ALL_PRODUCTS,),
    operation=operations.SEARCH_INVENTORY,
    key="product_id",
    ids="body.product_ids",
    most=100,
)

INVENTORY = Declaration(
    name="inventory",
    summary="Stock of every SKU in every warehouse, available and committed, as of `snapshot_at`.",
    keys=("shop_id", "product_id", "sku_id", "warehouse_id"),
    how="whole, each run: a snapshot",
    shape=stock,
    reading=READ_INVENTORY,
)

ON_SALE = Parents(READ_PRODUCTS, "id", ("status",), where=lambda product: product.get("status") == "ACTIVATE")

PRODUCT_DIAGNOSES = Declaration(
    name="product_diagnoses",
    summary="What the platform would improve about a listing.",
    keys=("shop_id", "id"),
    follows="update_time",
    how="of changed products that are on sale",
    reading=Children(
        parents=(ON_SALE,),
        operation=operations.GET_PRODUCT_DIAGNOSES,
        key="id",
        ids="query.product_ids",
        most=100,
    ),
)

CATEGORIES = Declaration(
    name="categories",
    summary="The categories that products can be listed in.",
    keys=("shop_id", "id"),
    reading=Listed(operations.GET_CATEGORIES, "id"),
)

BRANDS = Declaration(
    name="brands",
    summary="The brands that products can be listed under.",
    keys=("shop_id", "id"),
    reading=Listed(operations.GET_BRANDS, "id"),
)

IN_USE = Parents(READ_PRODUCT_DETAILS, leaf_categories, ("category_chains",), once=IDENTITY)

CATEGORY_RULES = Declaration(
    name="category_rules",
    summary="What the platform demands of products in a category that the shop uses.",
    keys=("shop_id", "category_id"),
    follows="update_time",
    how="of categories in use: all once a day, those of changed products at once",
    reading=Children(
        parents=(IN_USE,),
        operation=operations.GET_CATEGORY_RULES,
        key=None,
        path="category_id",
        name="category_id",
        remember=True,
    ),
)

CATEGORY_ATTRIBUTES = Declaration(
    name="category_attributes",
    summary="The attributes of products in a category that the shop uses, with their values.",
    keys=("shop_id", "category_id", "id"),
    follows="update_time",
    how="of categories in use: all once a day, those of changed products at once",
    reading=Children(
        parents=(IN_USE,),
        operation=operations.GET_CATEGORY_ATTRIBUTES,
        key="id",
        path="category_id",
        name="category_id",
        remember=True,
    ),
)

STREAMS = (
    PRODUCTS,
    PRODUCT_DETAILS,
    INVENTORY,
    PRODUCT_DIAGNOSES,
    CATEGORIES,
    BRANDS,
    CATEGORY_RULES,
    CATEGORY_ATTRIBUTES,
)
