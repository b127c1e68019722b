"""Conversations and messages, as events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiktokshop_sandbox.derived.coupons import claimable
from tiktokshop_sandbox.derived.customer_service import conversations
from tiktokshop_sandbox.documents.customer_service import Cards, buyer_of, message_document, people_in
from tiktokshop_sandbox.webhooks.types import Happening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiktokshop_sandbox.derived.customer_service import Conversation, Said
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop


def said(world: World, shop: Shop, since: int, until: int) -> Iterator[Happening]:
    """What buyers and shop have said: two events a message, one more if it is a conversation's first."""
    for conversation in conversations(world, shop, until):
        if conversation.begin > since:
            data = {"conversation_id": conversation.id, "create_time": conversation.begin}
            yield Happening(shop.number, 13, conversation.begin, data)
        for place in range(conversation.count(since), conversation.count(until)):
            yield from _message(world, shop, conversation, place)


def _message(world: World, shop: Shop, conversation: Conversation, place: int) -> Iterator[Happening]:
    said = conversation.said[place]
    with world.reading() as store:
        first = store.orders[shop.key(conversation.sessions[0].chat.order)]
        people = people_in(shop, conversation, buyer_of(shop, first))
        product = store.orders[shop.key(said.session.chat.order)].lines[0].product
    shown = message_document(shop, conversation, place, people, _cards(world, shop, said, product))
    sender = shown["sender"]
    where = {"index": shown["index"], "message_id": shown["id"], "conversation_id": conversation.id}
    yield Happening(
        shop.number,
        14,
        said.at,
        {
            **where,
            "type": shown["type"],
            "content": shown["content"],
            "create_time": said.at,
            "is_visible": shown["is_visible"],
            "sender": {"im_user_id": sender["im_user_id"], "role": sender["role"]},
        },
    )
    yield Happening(
        shop.number,
        33,
        said.at,
        {
            **where,
            "msg_type": shown["type"],
            "content": shown["content"],
            "create_time": str(said.at),
            "sender": {"sender_im_user_id": sender["im_user_id"]},
        },
    )


def _cards(world: World, shop: Shop, said: Said, product: int) -> Cards:
    coupon = claimable(world, shop, said.at) if said.message.type == "COUPON_CARD" else None
    return Cards(said.session.order, shop.identify("product", product), coupon.id if coupon else "")
