"""Customer service: chats put together to conversations (one a buyer), their messages, and their sessions.

A conversation is a buyer's for ever: chats about later orders of the same buyer, and late questions, go on in it.
Each chat is a session of it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tiktokshop_sandbox.derived.chats import AGENT, BUYER, ORDERS_A_CHAT, SYSTEM, Chat, Message, chats
from tiktokshop_sandbox.derived.promotion import opened
from tiktokshop_sandbox.derived.replies import KeptReply, read_marks, replies
from tiktokshop_sandbox.life.engine import HOUR
from tiktokshop_sandbox.zones import zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from tiktokshop_sandbox.derived import Count
    from tiktokshop_sandbox.shops import World
    from tiktokshop_sandbox.storefront import Shop

IN_TIME = 24 * HOUR
SATISFIED = 4


class Session(NamedTuple):
    """A chat about an order that was placed at a time (unix seconds)."""

    begin: int
    chat: Chat
    placed: int
    order: str
    user: str

    @property
    def end(self) -> int:
        """When it is over."""
        return self.placed + self.chat.end

    @property
    def replied(self) -> int:
        """When a person first answered; 0 if nobody ever did."""
        return self.chat.replied and self.placed + self.chat.replied

    @property
    def rated(self) -> int:
        """When the buyer gave it a score; 0 if never."""
        return self.chat.rated and self.placed + self.chat.rated


class Said(NamedTuple):
    """A message with its time (unix seconds), and the session it belongs to."""

    at: int
    message: Message
    session: Session


@dataclass(frozen=True)
class Conversation:
    """A buyer's conversation with the shop, with everything that the orders placed so far will lead to.

    `read` is up to when the seller has read it (unix seconds).
    """

    id: str
    user: str
    sessions: tuple[Session, ...]
    said: tuple[Said, ...]
    times: tuple[int, ...] = field(repr=False)
    read: int = 0

    @property
    def begin(self) -> int:
        """When its first message was sent."""
        return self.times[0]

    def said_by(self, now: int) -> tuple[Said, ...]:
        """The messages up to a time, the oldest first; a message's place in it is its index for ever."""
        return self.said[: bisect_right(self.times, now)]

    def count(self, now: int) -> int:
        """How many messages it has by then."""
        return bisect_right(self.times, now)

    def last(self, now: int) -> Said:
        """Its latest message by then."""
        return self.said[self.count(now) - 1]

    def unread(self, now: int) -> int:
        """How many of the buyer's messages wait for an answer; none does once the chat is closed."""
        waiting = 0
        for said in reversed(self.said_by(now)):
            if said.message.role in {AGENT, SYSTEM} or said.at <= self.read:
                break
            waiting += said.message.role == BUYER
        return waiting

    def session(self, now: int) -> Session | None:
        """The session that is open then."""
        return next((item for item in reversed(self.sessions) if item.begin <= now < item.end), None)


@dataclass(frozen=True)
class _Desk:
    """All conversations of a shop by id, and its sessions by their begin."""

    conversations: Mapping[str, Conversation]
    sessions: tuple[tuple[Session, Conversation], ...]
    begins: tuple[int, ...]


def conversations(world: World, shop: Shop, now: int) -> list[Conversation]:
    """The conversations that have begun."""
    return [item for item in _desk(world, shop).conversations.values() if item.begin <= now]


def conversation(world: World, shop: Shop, now: int, identifier: str) -> Conversation | None:
    """The conversation of that id, if it has begun."""
    found = _desk(world, shop).conversations.get(identifier)
    return found if found is not None and found.begin <= now else None


def sessions(
    world: World, shop: Shop, now: int, begin_ge: int | None = None, begin_lt: int | None = None
) -> tuple[tuple[Session, Conversation], ...]:
    """The sessions that have begun, within bounds, the oldest first, each with its conversation."""
    desk = _desk(world, shop)
    low = 0 if begin_ge is None else bisect_left(desk.begins, begin_ge)
    high = bisect_right(desk.begins, now)
    if begin_lt is not None:
        high = min(high, bisect_left(desk.begins, begin_lt))
    return desk.sessions[low:high]


def _desk(world: World, shop: Shop) -> _Desk:
    return world.remembered(("conversations", shop.number), lambda: _put_together(world, shop, _held(world, shop)))


def _held(world: World, shop: Shop) -> list[Session]:
    """Every chat about an order that exists."""
    (newest,) = world.db.execute("SELECT max(key) FROM orders WHERE key < ?", (shop.key(0) + (1 << 32),)).fetchone()
    if newest is None or newest < shop.key(0):
        return []
    turns = range((newest - shop.key(0)) // ORDERS_A_CHAT + 1)
    planned = {shop.key(held[0].order): held for held in (chats(shop.seed, shop.number, turn) for turn in turns)}
    rows = world.db.execute(
        "SELECT o.key, create_time, o.id, user_id FROM json_each(?) AS wanted JOIN orders AS o ON o.key = wanted.value",
        (msgspec.json.encode(list(planned)).decode(),),
    )
    return [
        Session(placed + chat.begin, chat, placed, order, user)
        for key, placed, order, user in rows
        for chat in planned[key]
    ]


def _put_together(world: World, shop: Shop, held: Iterable[Session]) -> _Desk:
    by_begin = sorted(held)  # by begin, then by the chat's number
    by_user: dict[str, list[Session]] = {}
    for session in by_begin:
        by_user.setdefault(session.user, []).append(session)
    sent, read = replies(world, shop), read_marks(world, shop)
    found: dict[str, Conversation] = {}
    for user, own in by_user.items():
        identifier = shop.identify("conversation", own[0].chat.number)
        written = sent.get(identifier, [])
        found[identifier] = _conversation(identifier, user, own, written, read.get(identifier, 0))
    of_user = {item.user: item for item in found.values()}
    pairs = tuple((session, of_user[session.user]) for session in by_begin)
    return _Desk(found, pairs, tuple(session.begin for session in by_begin))


def _conversation(
    identifier: str, user: str, own: list[Session], written: Iterable[KeptReply], read: int
) -> Conversation:
    said = [Said(item.placed + message.after, message, item) for item in own for message in item.chat.messages]
    for reply in written:
        session = next(item for item in reversed(own) if item.begin <= reply.at)
        said.append(Said(reply.at, Message(reply.number, 0, AGENT, reply.kind, "", reply.content), session))
    said.sort()  # by time, then by the message's number
    return Conversation(identifier, user, tuple(own), tuple(said), tuple(item.at for item in said), read)


class Performance(NamedTuple):
    """How the sessions of some days went, as known at a time: counts, seconds, and minor units of the currency."""

    sessions: int = 0
    replied: int = 0
    in_time: int = 0
    waited: int = 0
    rated: int = 0
    satisfied: int = 0
    sold: int = 0
    revenue: int = 0


def performance(world: World, shop: Shop, now: int, first: date, after: date) -> Performance:
    """The performance over the days from `first` to the one before `after`, in the shop's time zone."""
    here = zone(shop.region)
    bounds = (int(datetime(day.year, day.month, day.day, tzinfo=here).timestamp()) for day in (first, after))
    begun = [session for session, _ in sessions(world, shop, now, *bounds)]
    waits = [session.replied - session.begin for session in begun if 0 < session.replied <= now]
    scores = [session.chat.score for session in begun if 0 < session.rated <= now]
    sales = [sale for sale in _sales(world, shop, begun) if sale]
    return Performance(
        sessions=len(begun),
        replied=len(waits),
        in_time=sum(wait <= IN_TIME for wait in waits),
        waited=sum(waits),
        rated=len(scores),
        satisfied=sum(score >= SATISFIED for score in scores),
        sold=len(sales),
        revenue=sum(sales),
    )


def _sales(world: World, shop: Shop, begun: Iterable[Session]) -> list[int]:
    """What the buyers who asked before buying have paid for their goods (0: nothing yet)."""
    with world.reading() as store:
        orders = [store.orders[shop.key(session.chat.order)] for session in begun if session.chat.sells]
        return [sum(line.sale for line in order.lines) if order.paid else 0 for order in orders]


def _days(world: World, shop: Shop, now: int) -> int:
    first, today = (datetime.fromtimestamp(moment, zone(shop.region)).date() for moment in (opened(world), now))
    return (today - first).days


COUNTS: Mapping[str, Count] = {
    "conversations": lambda world, shop, now: len(conversations(world, shop, now)),
    "messages": lambda world, shop, now: sum(item.count(now) for item in conversations(world, shop, now)),
    "customer_service_sessions": lambda world, shop, now: len(sessions(world, shop, now)),
    "customer_service_performance": _days,
}
