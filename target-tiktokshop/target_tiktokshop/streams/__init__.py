"""The streams that the target accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_tiktokshop.streams.cancellations import ORDER_CANCELLATIONS
from target_tiktokshop.streams.decisions import CANCELLATION_DECISIONS, RETURN_DECISIONS
from target_tiktokshop.streams.inventory import INVENTORY
from target_tiktokshop.streams.listings import LISTINGS
from target_tiktokshop.streams.messages import MESSAGES
from target_tiktokshop.streams.package_combinations import PACKAGE_COMBINATIONS
from target_tiktokshop.streams.package_splits import PACKAGE_SPLITS
from target_tiktokshop.streams.platform_shipments import SHIPMENTS
from target_tiktokshop.streams.prices import PRICES
from target_tiktokshop.streams.product_status import PRODUCT_STATUS
from target_tiktokshop.streams.promotions import PROMOTIONS
from target_tiktokshop.streams.references import EXTERNAL_ORDER_REFERENCES
from target_tiktokshop.streams.refunds import REFUNDS
from target_tiktokshop.streams.replications import REPLICATIONS
from target_tiktokshop.streams.tracking import TRACKING
from target_tiktokshop.writing.writer import Writing

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WRITINGS", "Writing"]

WRITINGS: Mapping[str, Writing] = {
    writing.name: writing
    for writing in (
        INVENTORY,
        LISTINGS,
        PRICES,
        TRACKING,
        PRODUCT_STATUS,
        ORDER_CANCELLATIONS,
        CANCELLATION_DECISIONS,
        RETURN_DECISIONS,
        EXTERNAL_ORDER_REFERENCES,
        PACKAGE_SPLITS,
        PACKAGE_COMBINATIONS,
        SHIPMENTS,
        MESSAGES,
        REFUNDS,
        PROMOTIONS,
        REPLICATIONS,
    )
}
