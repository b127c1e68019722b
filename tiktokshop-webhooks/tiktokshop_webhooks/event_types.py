"""The types of events that the platform is known to send: deliveries have their numbers, subscriptions their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DEAUTHORISED = 6
ABOUT_TO_END = 7
GRANT_TYPES = (DEAUTHORISED, ABOUT_TO_END)
"""What the platform tells about the seller's grant itself."""


@dataclass(frozen=True)
class EventType:
    """A type of event.

    Attributes:
        number: The ``type`` of its deliveries.
        name: The platform's ``event_type``; ours for those that only Partner Center switches on.
        by_api: Whether it can be subscribed by API. All others are switched on for the app, in Partner Center.
        used: Whether it is about rows that the tap reads, or about the grant.
    """

    number: int
    name: str
    by_api: bool = False
    used: bool = False


_TABLE = (
    EventType(1, "ORDER_STATUS_CHANGE", by_api=True, used=True),
    EventType(2, "REVERSE_STATUS_UPDATE", by_api=True, used=True),
    EventType(3, "RECIPIENT_ADDRESS_UPDATE", by_api=True, used=True),
    EventType(4, "PACKAGE_UPDATE", by_api=True, used=True),
    EventType(5, "PRODUCT_STATUS_CHANGE", by_api=True, used=True),
    EventType(DEAUTHORISED, "SELLER_DEAUTHORIZATION", by_api=True, used=True),
    EventType(ABOUT_TO_END, "UPCOMING_AUTHORIZATION_EXPIRATION", by_api=True, used=True),
    EventType(11, "CANCELLATION_STATUS_CHANGE", by_api=True, used=True),
    EventType(12, "RETURN_STATUS_CHANGE", by_api=True, used=True),
    EventType(13, "NEW_CONVERSATION", by_api=True, used=True),
    EventType(14, "NEW_MESSAGE", by_api=True, used=True),
    EventType(15, "PRODUCT_INFORMATION_CHANGE", by_api=True, used=True),
    EventType(16, "PRODUCT_CREATION", by_api=True, used=True),
    EventType(17, "SHOPPABLE_CONTENT_POSTING"),
    EventType(18, "PRODUCT_CATEGORY_CHANGE", by_api=True, used=True),
    EventType(19, "SIZE_CHART_CHANGE", used=True),
    EventType(20, "CREATOR_DEAUTHORIZATION"),
    EventType(21, "INBOUND_FBT_ORDER_STATUS_CHANGE", used=True),
    EventType(22, "FBT_MERCHANT_ONBOARDING"),
    EventType(23, "GOODS_MATCH"),
    EventType(24, "FBT_INVENTORY_UPDATE", used=True),
    EventType(25, "OPPORTUNITY_MATCHING_STATUS_CHANGE"),
    EventType(27, "INVENTORY_STATUS_CHANGE", used=True),
    EventType(33, "NEW_MESSAGE_LISTENER", by_api=True, used=True),
    EventType(35, "TOKOPEDIA_MIRROR_STATUS_CHANGE"),
    EventType(36, "INVOICE_STATUS_CHANGE", by_api=True, used=True),
    EventType(37, "PRODUCT_AUDIT_STATUS_CHANGE", by_api=True, used=True),
    EventType(38, "STRIKETHROUGH_PRICE_EXPIRED"),
    EventType(39, "ACTIVITY_STATUS_CHANGE", used=True),
    EventType(42, "COMBINED_LISTING_CHANGE"),
    EventType(46, "IMAGE_TRANSLATION_COMPLETED"),
    EventType(50, "SKU_STATUS_CHANGE", used=True),
    EventType(51, "GLOBAL_REPLICATION_STATUS_CHANGE"),
    EventType(52, "GLOBAL_LISTING_METHOD_CHANGE"),
    EventType(55, "VIDEO_PRECHECK_RESULT"),
    EventType(56, "SAMPLE_APPLICATION_STATUS_CHANGE", used=True),
    EventType(58, "FBT_MCF_ORDER_STATUS"),
    EventType(59, "SHOPPABLE_VIDEO_PRECHECK_TASKS_RESULT"),
    EventType(62, "PRODUCT_PACKAGE_RECOMMENDED"),
    EventType(63, "ACTIVITY_CHANGE", used=True),
    EventType(64, "AFTERSALES_REQUEST_STATUS_UPDATE", used=True),
    EventType(65, "RMA_STATUS_UPDATE", used=True),
    EventType(66, "APPEAL_COMPLETED"),
    EventType(67, "REFUND_SUCCESS", used=True),
    EventType(68, "INVENTORY_CHANGED", used=True),
    EventType(71, "INVENTORY_CHANGED_BY_SHOP", used=True),
)
TYPES: Mapping[int, EventType] = {each.number: each for each in _TABLE}
BY_NAME: Mapping[str, EventType] = {each.name: each for each in _TABLE}


def name_of(number: int | None) -> str:
    """What people call a type: its name, or its number where it has none, or that it has not even that."""
    if number is None:
        return "an event that cannot be understood"
    return TYPES[number].name if number in TYPES else f"type {number}"
