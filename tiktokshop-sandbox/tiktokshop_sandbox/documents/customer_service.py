"""Conversations, messages and sessions as the customer service API shows them.

What a message carries is JSON inside a string, different for each type of message.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec

from tiktokshop_sandbox import money
from tiktokshop_sandbox.derived.chats import AGENT, BUYER, ROBOT, SYSTEM
from tiktokshop_sandbox.derived.customer_service import IN_TIME
from tiktokshop_sandbox.documents.products import image_url
from tiktokshop_sandbox.draws import Draws, number_of
from tiktokshop_sandbox.life.engine import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiktokshop_sandbox.derived.customer_service import Conversation, Performance, Said, Session
    from tiktokshop_sandbox.states import Order
    from tiktokshop_sandbox.storefront import Shop

Document = dict[str, Any]
People: TypeAlias = "Mapping[str, Document]"
REPLY_WINDOW, SILENCE = 7 * DAY, 6 * HOUR
UNSUPPORTED = "Some messages can only be seen in the app."
_PIXELS = ((1080, 1440), (1440, 1080), (720, 1280))


class Buyer(NamedTuple):
    """Whom the shop talks to, under the names that the buyer's orders show."""

    user: str
    nickname: str
    avatar: str
    platform: str


class Cards(NamedTuple):
    """What a message's card can name: the order, its first product, and the coupon of the time (empty: none)."""

    order: str
    product: str
    coupon: str


def buyer_of(shop: Shop, order: Order) -> Buyer:
    """The buyer of an order. A conversation keeps the nickname that old orders lose."""
    nickname = f"{order.recipient.first.lower()}{order.user[-4:]}"
    platform = "TOKOPEDIA" if shop.region == "ID" and order.n % 3 == 0 else "TIKTOK_SHOP"
    return Buyer(order.user, nickname, f"https://p16.tiktokcdn.com/avatar/{order.user}.webp", platform)


@lru_cache(maxsize=1 << 12)
def _im_id(*parts: object) -> str:
    """Everybody in a conversation has an id of the messenger's own."""
    return f"72{number_of('im', *parts) % 10**17:017d}"


def people_in(shop: Shop, conversation: Conversation, buyer: Buyer) -> People:
    """Who can be in a conversation, by role, as the messages' senders show them."""
    agent = Draws(shop.seed, shop.number, "agent", conversation.id).between(0, 3)
    names = shop.market.first_names
    people: dict[str, Document] = {
        BUYER: {"im_user_id": _im_id(buyer.user), "nickname": buyer.nickname, "avatar": buyer.avatar},
        "SHOP": {"im_user_id": _im_id(shop.id), "nickname": shop.name, "avatar": image_url(f"shop/{shop.id}")},
        AGENT: {
            "im_user_id": _im_id(shop.id, agent),
            "nickname": f"{names[agent % len(names)]} ({agent + 1})",
            "avatar": image_url(f"agent/{agent}"),
        },
        ROBOT: {"im_user_id": _im_id(shop.id, ROBOT), "nickname": "Assistant"},
        SYSTEM: {"im_user_id": "0", "nickname": "TikTok Shop"},
    }
    for role, person in people.items():
        person["role"] = role
    return people


def conversation_document(shop: Shop, conversation: Conversation, buyer: Buyer, cards: Cards, now: int) -> Document:
    """A conversation with its latest message; the agent is in it from the first answer on."""
    said = conversation.said_by(now)
    people = people_in(shop, conversation, buyer)
    roles = [BUYER, "SHOP", *([AGENT] if any(item.message.role == AGENT for item in said) else [])]
    participants = [people[role] for role in roles]
    participants[0] = {**participants[0], "user_id": buyer.user, "buyer_platform": buyer.platform}
    return {
        "id": conversation.id,
        "create_time": conversation.begin,
        "participant_count": len(participants),
        "participants": participants,
        "can_send_message": can_send(conversation, now),
        "unread_count": conversation.unread(now),
        "latest_message": message_document(shop, conversation, len(said) - 1, people, cards),
    }


def can_send(conversation: Conversation, now: int) -> bool:
    """Whether the shop may still answer: for days, where the buyer waits; for hours after an answer of its own."""
    last = {item.message.role: item.at for item in conversation.said_by(now)}
    waits = last.get(AGENT, 0) < last[BUYER]
    return now - last[BUYER] < REPLY_WINDOW if waits else now - last[AGENT] < SILENCE


def single_conversation(shop: Shop, conversation: Conversation, buyer: Buyer, now: int) -> Document:
    """A conversation by itself: who is in it, and how much of it is unread."""
    people = people_in(shop, conversation, buyer)
    return {
        "id": conversation.id,
        "create_time": conversation.begin,
        "participant_count": 2,
        "participants": [{**people[BUYER], "user_id": buyer.user, "platform": buyer.platform}, people["SHOP"]],
        "unread_count": conversation.unread(now),
    }


def open_session(shop: Shop, session: Session, now: int) -> Document:
    """The session that goes on in a conversation: who has it in hand."""
    greeted = any(message.role == ROBOT for message in session.chat.messages)
    phase = "ASSIGNED" if 0 < session.replied <= now else "AUTO_REPLY" if greeted else "QUEUED"
    return {"id": session_id(shop, session), "phase": phase}


def session_id(shop: Shop, session: Session) -> str:
    """The identifier of a session."""
    return shop.identify("session", session.chat.number)


def message_document(
    shop: Shop, conversation: Conversation, index: int, people: People, cards: Cards, *, plain: bool = False
) -> Document:
    """The message at that place of a conversation; `plain` adds it in words."""
    said = conversation.said[index]
    kind = said.message.type
    if kind == "COUPON_CARD" and not cards.coupon:
        kind = "TEXT"  # there is none to offer
    content, words = _sent(said) if said.message.content else _CONTENTS[kind](said, cards)
    role = said.message.role
    shown: Document = {
        "id": shop.identify("message", said.message.number),
        "type": kind,
        "content": msgspec.json.encode(content).decode(),
        "create_time": said.at,
        "is_visible": role != SYSTEM,
        "sender": people[role],
        "index": str(said.at * 1_000_000 + index),
    }
    if plain:
        shown["plaintext"] = words
    return shown


def _sent(said: Said) -> tuple[Document, str]:
    content: Document = msgspec.json.decode(said.message.content)
    return content, " ".join(map(str, content.values()))


def _text(said: Said, _: Cards) -> tuple[Document, str]:
    return {"content": said.message.words}, said.message.words


def _picture(said: Said, _: Cards) -> tuple[Document, str]:
    width, height = _PIXELS[said.message.number % len(_PIXELS)]
    url = image_url(f"im/{number_of('picture', said.session.user, said.message.number):016x}")
    return {"url": url, "width": width, "height": height}, f"[{said.message.type.title()}]"


def _order_card(_: Said, cards: Cards) -> tuple[Document, str]:
    return {"order_id": cards.order}, f"[Order {cards.order}]"


def _product_card(_: Said, cards: Cards) -> tuple[Document, str]:
    return {"product_id": cards.product}, f"[Product {cards.product}]"


def _coupon_card(_: Said, cards: Cards) -> tuple[Document, str]:
    return {"coupon_id": cards.coupon}, f"[Coupon {cards.coupon}]"


def _unsupported(_: Said, __: Cards) -> tuple[Document, str]:
    return {}, UNSUPPORTED


_CONTENTS: Mapping[str, Callable[[Said, Cards], tuple[Document, str]]] = {
    "TEXT": _text,
    "NOTIFICATION": _text,
    "IMAGE": _picture,
    "VIDEO": _picture,
    "ORDER_CARD": _order_card,
    "PRODUCT_CARD": _product_card,
    "COUPON_CARD": _coupon_card,
    "OTHER": _unsupported,
}


def session_document(shop: Shop, session: Session, conversation: Conversation, nickname: str, now: int) -> Document:
    """A session: the answer once there is one, the end once it is over, the score once it is given."""
    chat = session.chat
    replied = 0 < session.replied <= now
    shown: Document = {
        "id": session_id(shop, session),
        "conversation_id": conversation.id,
        "begin_time": session.begin,
        "buyer_nickname": nickname,
        "chat_tags": [chat.topic.tag] if replied else [],
        "first_response_late": (session.replied if replied else now) - session.begin > IN_TIME,
    }
    if replied:
        shown["first_response_time"] = session.replied - session.begin
    if session.end <= now:
        shown["end_time"] = session.end
    if 0 < session.rated <= now:
        shown["satisfaction_score"] = chat.score
        if chat.complaint:
            shown["dissatisfaction_reason"] = chat.complaint
    return shown


def performance_document(shop: Shop, found: Performance) -> Document:
    """Figures of a span of days; a share of nothing is left out."""
    shares = {
        "response_percentage": (100 * found.in_time, found.sessions),
        "satisfaction_percentage": (100 * found.satisfied, found.rated),
        "response_time_mins": (found.waited, 60 * found.replied),
        "conversion_rate": (100 * found.sold, found.sessions),
    }
    return {
        "support_session_count": found.sessions,
        **{name: money.text(part * 100 // whole, 2) for name, (part, whole) in shares.items() if whole},
        "cs_guided_gmv": shop.amount(found.revenue),
        "currency": shop.currency,
    }
