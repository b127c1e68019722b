"""The types of events that the platform announces: their numbers, names, and whom the envelope names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class HookType(NamedTuple):
    """A type of event.

    `by_api` is whether it can be subscribed by API; the others are switched on for the app, in Partner Center. `whose`
    is the field of the envelope that says whom the event is about.
    """

    number: int
    name: str
    by_api: bool = False
    whose: str = "shop_id"


_SELLER: Final = "seller_open_id"
_TABLE: Final = (
    HookType(1, "ORDER_STATUS_CHANGE", by_api=True),
    HookType(2, "REVERSE_STATUS_UPDATE", by_api=True),
    HookType(3, "RECIPIENT_ADDRESS_UPDATE", by_api=True),
    HookType(4, "PACKAGE_UPDATE", by_api=True),
    HookType(5, "PRODUCT_STATUS_CHANGE", by_api=True),
    HookType(6, "SELLER_DEAUTHORIZATION", by_api=True),
    HookType(7, "UPCOMING_AUTHORIZATION_EXPIRATION", by_api=True),
    HookType(11, "CANCELLATION_STATUS_CHANGE", by_api=True),
    HookType(12, "RETURN_STATUS_CHANGE", by_api=True),
    HookType(13, "NEW_CONVERSATION", by_api=True),
    HookType(14, "NEW_MESSAGE", by_api=True),
    HookType(15, "PRODUCT_INFORMATION_CHANGE", by_api=True),
    HookType(16, "PRODUCT_CREATION", by_api=True),
    HookType(18, "PRODUCT_CATEGORY_CHANGE", by_api=True),
    HookType(19, "SIZE_CHART_CHANGE", whose=_SELLER),
    HookType(21, "INBOUND_FBT_ORDER_STATUS_CHANGE", whose=_SELLER),
    HookType(23, "GOODS_MATCH", whose=_SELLER),
    HookType(24, "FBT_INVENTORY_UPDATE", whose=_SELLER),
    HookType(27, "INVENTORY_STATUS_CHANGE"),
    HookType(33, "NEW_MESSAGE_LISTENER", by_api=True),
    HookType(36, "INVOICE_STATUS_CHANGE", by_api=True),
    HookType(37, "PRODUCT_AUDIT_STATUS_CHANGE", by_api=True),
    HookType(39, "ACTIVITY_STATUS_CHANGE"),
    HookType(50, "SKU_STATUS_CHANGE"),
    HookType(56, "SAMPLE_APPLICATION_STATUS_CHANGE"),
    HookType(63, "ACTIVITY_CHANGE"),
    HookType(64, "AFTERSALES_REQUEST_STATUS_UPDATE"),
    HookType(65, "RMA_STATUS_UPDATE"),
    HookType(67, "REFUND_SUCCESS"),
    HookType(68, "INVENTORY_CHANGED", whose=_SELLER),
    HookType(71, "INVENTORY_CHANGED_BY_SHOP"),
)
"""What can happen in the shops here."""
TYPES: Final[Mapping[int, HookType]] = {each.number: each for each in _TABLE}
BY_NAME: Final[Mapping[str, HookType]] = {each.name: each for each in _TABLE}


class Happening(NamedTuple):
    """Something that the platform announces.

    `shop` is the shop's number, `type` the event's, `at` when it happened (unix seconds), `data` what is told of it.
    """

    shop: int
    type: int
    at: int
    data: Mapping[str, object]
