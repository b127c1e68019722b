"""The bytes of a delivery, made anew for each try, because the platform writes the time of the try into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tiktokshop_sandbox.webhooks.types import TYPES

if TYPE_CHECKING:
    from tiktokshop_sandbox.webhooks.outbox import Outgoing

_WITH_SELLER = 68
"""The type whose data name the seller, as a number."""


class Sender(NamedTuple):
    """What envelopes say of the seller."""

    open_id: str
    seller_id: str


def body_of(posting: Outgoing, shop_id: str, sender: Sender, stamp: int) -> bytes:
    """The body of a try made at `stamp`, unix seconds of the shops."""
    if posting.raw:
        return posting.data
    kind = TYPES.get(posting.type)
    whose = kind.whose if kind else "shop_id"
    data: object = msgspec.Raw(posting.data)
    if posting.type == _WITH_SELLER:
        data = {"seller_id": int(sender.seller_id), **msgspec.json.decode(posting.data)}
    return msgspec.json.encode(
        {
            "type": posting.type,
            "tts_notification_id": posting.notification,
            whose: shop_id if whose == "shop_id" else sender.open_id,
            "timestamp": stamp,
            "data": data,
        }
    )
