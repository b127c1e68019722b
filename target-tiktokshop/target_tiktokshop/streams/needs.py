"""What the sinks need from the platform, for checking a grant before a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiktokshop_client import operations
from tiktokshop_client.health import Need

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktokshop_client import Operation

OPERATIONS: Mapping[str, tuple[Operation, ...]] = {
    "inventory": (operations.SEARCH_INVENTORY, operations.UPDATE_INVENTORY),
    "listings": (operations.GET_PRODUCT, operations.CREATE_PRODUCT, operations.UPLOAD_IMAGE),
    "prices": (operations.SEARCH_PRODUCTS, operations.UPDATE_PRICES),
    "tracking": (operations.GET_ORDERS, operations.GET_SHIPPING_PROVIDERS, operations.SHIP_PACKAGE),
    "product_status": (
        operations.GET_PRODUCT,
        operations.ACTIVATE_PRODUCTS,
        operations.DEACTIVATE_PRODUCTS,
    ),
    "order_cancellations": (operations.GET_ORDERS, operations.CANCEL_ORDER),
    "cancellation_decisions": (operations.SEARCH_CANCELLATIONS, operations.APPROVE_CANCELLATION),
    "return_decisions": (operations.SEARCH_RETURNS, operations.APPROVE_RETURN),
    "external_order_references": (operations.GET_EXTERNAL_ORDERS, operations.ADD_EXTERNAL_ORDERS),
    "package_splits": (operations.GET_ORDERS, operations.SPLIT_ORDER),
    "package_combinations": (operations.GET_ORDERS, operations.COMBINE_PACKAGES),
    "shipments": (operations.GET_ORDERS, operations.GET_HANDOVER_SLOTS, operations.SHIP_PACKAGES),
    "messages": (operations.GET_CONVERSATIONS, operations.SEND_MESSAGE),
    "refunds": (operations.GET_ORDERS, operations.CREATE_RETURN),
    "promotions": (operations.SEARCH_ACTIVITIES, operations.SEARCH_PRODUCTS, operations.CREATE_ACTIVITY),
    "replications": (operations.GET_REPLICAS, operations.REPLICATE_PRODUCT),
}
"""Stream -> operations that stand for all it calls: every scope it takes is among theirs.

Deleting and recovering products takes one more, which few need: the refusal names it.
"""


def needs(catalog: Mapping[str, Any] | None = None) -> list[Need]:
    """What each sink needs: which a run uses shows only in its records. Nothing, if a tap's catalog is given."""
    return [] if catalog is not None else [need_of(stream) for stream in OPERATIONS]


def need_of(stream: str) -> Need:
    """What the sink of one stream needs."""
    return Need(f"sink {stream}", OPERATIONS[stream])
