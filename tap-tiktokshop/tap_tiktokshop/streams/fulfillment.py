"""Packages, and where they leave from."""

from tiktokshop_client import operations

from tap_tiktokshop.reading import IDENTITY, Children, Listed, Parents, TimeFilter, Windows
from tap_tiktokshop.streams.declaration import Declaration

READ_PACKAGES = Windows(
    operation=operations.SEARCH_PACKAGES,
    filter=TimeFilter("update_time"),
    key="id",
    query={"sort_field": "update_time", "sort_order": "ASC"},
)

PACKAGES = Declaration(
    name="packages",
    summary="Packages with their orders, status and tracking number.",
    keys=("shop_id", "id"),
    replication_key="update_time",
    reading=READ_PACKAGES,
)

READ_PACKAGE_DETAILS = Children(
    parents=(Parents(READ_PACKAGES, "id"),),
    operation=operations.GET_PACKAGE,
    key=None,
    path="package_id",
    name="package_id",
)

PACKAGE_DETAILS = Declaration(
    name="package_details",
    summary="Everything about a package: addresses, weight, dimensions, delivery option, insurance.",
    keys=("shop_id", "package_id"),
    replication_key="update_time",
    off=True,
    how="of changed packages",
    reading=READ_PACKAGE_DETAILS,
)

READ_WAREHOUSES = Listed(operations.GET_WAREHOUSES, "id")

WAREHOUSES = Declaration(
    name="warehouses",
    summary="The shop's warehouses, for sales and for returns.",
    keys=("shop_id", "id"),
    reading=READ_WAREHOUSES,
)

READ_DELIVERY_OPTIONS = Children(
    parents=(Parents(READ_WAREHOUSES, "id"),),
    operation=operations.GET_DELIVERY_OPTIONS,
    key="id",
    path="warehouse_id",
    name="warehouse_id",
)

DELIVERY_OPTIONS = Declaration(
    name="delivery_options",
    summary="How parcels can leave a warehouse.",
    keys=("shop_id", "warehouse_id", "id"),
    reading=READ_DELIVERY_OPTIONS,
)

SHIPPING_PROVIDERS = Declaration(
    name="shipping_providers",
    summary="The carriers from which the seller may choose for a delivery option.",
    keys=("shop_id", "delivery_option_id", "id"),
    reading=Children(
        parents=(Parents(READ_DELIVERY_OPTIONS, "id", once=IDENTITY),),
        operation=operations.GET_SHIPPING_PROVIDERS,
        key="id",
        path="delivery_option_id",
        name="delivery_option_id",
    ),
)

STREAMS = (PACKAGES, PACKAGE_DETAILS, WAREHOUSES, DELIVERY_OPTIONS, SHIPPING_PROVIDERS)
