"""What belongs to the seller rather than to a shop: the global catalogue, size charts, compliance data."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import Children, Listed, Parents, TimeFilter, Windows
from tap_tiktokshop.streams.declaration import Declaration

TAKEN_DOWN = (
    "the platform has been taking global products down since January 2026; a product is made in one shop now, and "
    "replicated to others, so read the stream products"
)
"""Why streams of global products come back empty."""

READ_GLOBAL_PRODUCTS = Windows(
    operation=operations.SEARCH_GLOBAL_PRODUCTS,
    filter=TimeFilter("update_time", inclusive=True),
    key="id",
)

GLOBAL_PRODUCTS = Declaration(
    name="global_products",
    summary="Products of a cross-border seller, from which those of the shops are made.",
    keys=("id",),
    replication_key="update_time",
    reading=READ_GLOBAL_PRODUCTS,
    empty=TAKEN_DOWN,
)

GLOBAL_PRODUCT_DETAILS = Declaration(
    name="global_product_details",
    summary="Everything about a global product.",
    keys=("id",),
    replication_key="update_time",
    how="of changed global products",
    empty=TAKEN_DOWN,
    reading=Children(
        parents=(Parents(READ_GLOBAL_PRODUCTS, "id"),),
        operation=operations.GET_GLOBAL_PRODUCT,
        key=None,
        path="global_product_id",
        name="id",
    ),
)

READ_SIZE_CHARTS = Listed(operations.SEARCH_SIZE_CHARTS, "template_id")

SIZE_CHARTS = Declaration(
    name="size_charts",
    summary="The seller's size charts.",
    keys=("template_id",),
    reading=READ_SIZE_CHARTS,
)

MANUFACTURERS = Declaration(
    name="manufacturers",
    summary="Manufacturers of the seller's products, as European law requires.",
    keys=("id",),
    reading=Listed(operations.SEARCH_MANUFACTURERS, "id"),
)

RESPONSIBLE_PERSONS = Declaration(
    name="responsible_persons",
    summary="The persons responsible for the seller's products, as European law requires.",
    keys=("id",),
    reading=Listed(operations.SEARCH_RESPONSIBLE_PERSONS, "id"),
)

STREAMS = (GLOBAL_PRODUCTS, GLOBAL_PRODUCT_DETAILS, SIZE_CHARTS, MANUFACTURERS, RESPONSIBLE_PERSONS)
