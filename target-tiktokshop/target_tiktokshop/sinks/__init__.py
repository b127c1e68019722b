"""The streams that the target accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_tiktokshop.sinks.base import WriteSink, Writing
from target_tiktokshop.sinks.cancellations import ORDER_CANCELLATIONS
from target_tiktokshop.sinks.decisions import CANCELLATION_DECISIONS, RETURN_DECISIONS
from target_tiktokshop.sinks.inventory import INVENTORY
from target_tiktokshop.sinks.prices import PRICES
from target_tiktokshop.sinks.product_status import PRODUCT_STATUS
from target_tiktokshop.sinks.references import EXTERNAL_ORDER_REFERENCES
from target_tiktokshop.sinks.tracking import TRACKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WRITINGS", "WriteSink", "Writing"]

WRITINGS: Mapping[str, Writing] = {
    writing.name: writing
    for writing in (
        INVENTORY,
        PRICES,
        TRACKING,
        PRODUCT_STATUS,
        ORDER_CANCELLATIONS,
        CANCELLATION_DECISIONS,
        RETURN_DECISIONS,
        EXTERNAL_ORDER_REFERENCES,
    )
}
WriteSink.writings = WRITINGS
